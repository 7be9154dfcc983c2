"""Bodies and streams with everything that the format has, written by hand from Ollama's documentation and types."""

from __future__ import annotations

import json
from typing import Any

PNG = "iVBORw0KGgo="

REQUEST: dict[str, Any] = {
    "model": "gpt-oss:20b",
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "What is this?", "images": [PNG]},
        {
            "role": "assistant",
            "content": "I look.",
            "thinking": "Hm.",
            "tool_calls": [
                {"function": {"index": 0, "name": "weather", "arguments": {"city": "Bern", "days": 2}}},
                {"id": "call_abc", "function": {"name": "weather", "arguments": {"city": "Rom"}}},
            ],
        },
        {"role": "tool", "content": "12", "tool_name": "weather"},
        {"role": "tool", "content": "20", "tool_name": "weather", "tool_call_id": "call_abc"},
        {"role": "user", "content": "And now?"},
    ],
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "weather",
                "description": "Says the weather.",
                "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
            },
        }
    ],
    "format": {"type": "object", "properties": {"answer": {"type": "string"}}},
    "options": {
        "num_predict": 10,
        "temperature": 0,
        "top_p": 0.5,
        "top_k": 5,
        "min_p": 0.1,
        "stop": ["END"],
        "seed": 1,
        "frequency_penalty": 0.1,
        "presence_penalty": 0.2,
        "num_ctx": 4096,
    },
    "think": "low",
    "logprobs": True,
    "top_logprobs": 2,
    "keep_alive": "5m",
    "stream": False,
}

GENERATE: dict[str, Any] = {
    "model": "llama3",
    "prompt": "def f(",
    "suffix": "return 1",
    "system": "Be brief.",
    "images": [PNG],
    "template": "",
    "context": [1, 2, 3],
    "raw": False,
    "format": "json",
    "options": {},
    "keep_alive": None,
}

ANSWER: dict[str, Any] = {
    "model": "gpt-oss:20b",
    "created_at": "2026-08-07T06:08:11.017589123Z",
    "message": {
        "role": "assistant",
        "content": "I ask.",
        "thinking": "Hm.",
        "tool_calls": [{"id": "call_1", "function": {"index": 0, "name": "weather", "arguments": {"city": "Bern"}}}],
    },
    "done": True,
    "done_reason": "stop",
    "total_duration": 1671921584,
    "load_duration": 140923875,
    "prompt_eval_count": 310,
    "prompt_eval_duration": 155740000,
    "eval_count": 145,
    "eval_duration": 1361034000,
    "logprobs": [{"token": "I", "logprob": -0.5, "bytes": [73], "top_logprobs": []}],
    "remote_model": "gpt-oss:120b",
}


def lines(*objects: dict[str, Any]) -> bytes:
    """Objects as a stream."""
    return b"".join(json.dumps(item, ensure_ascii=False).encode() + b"\n" for item in objects)


def line(**message: object) -> dict[str, Any]:
    """One object of a chat's stream that is not the last."""
    said = {"role": "assistant", "content": "", **message}
    return {"model": ANSWER["model"], "created_at": ANSWER["created_at"], "message": said, "done": False}


LAST: dict[str, Any] = {
    **{name: value for name, value in ANSWER.items() if name != "logprobs"},
    "message": {"role": "assistant", "content": ""},
}

STREAM = lines(
    line(thinking="H"),
    line(thinking="m."),
    {**line(content="I"), "logprobs": ANSWER["logprobs"]},
    line(content=" ask."),
    line(tool_calls=ANSWER["message"]["tool_calls"]),
    LAST,
)
"""Says what `ANSWER` says."""
