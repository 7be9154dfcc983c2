"""Bodies and streams with everything that the format has, written by hand from Cohere's documentation and SDK types."""

from __future__ import annotations

import json
from typing import Any

TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Says the weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}

REQUEST: dict[str, Any] = {
    "model": "command-a",
    "messages": [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"}},
                {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
            ],
        },
        {
            "role": "assistant",
            "content": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "I look."}],
            "tool_plan": "I will look at the weather.",
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Bern"}'}},
                {"id": "c2", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Rom"}'}},
            ],
            "citations": [
                {"start": 0, "end": 1, "text": "I", "sources": [], "type": "TEXT_CONTENT", "content_index": 1},
                {"start": 0, "end": 1, "text": "I", "sources": [], "type": "PLAN"},
            ],
        },
        {
            "role": "tool",
            "tool_call_id": "c1",
            "content": [{"type": "document", "document": {"data": {"output": "12"}}}],
        },
        {"role": "tool", "tool_call_id": "c2", "content": "20"},
        {"role": "user", "content": [{"type": "text", "text": "And now?"}]},
    ],
    "documents": ["a bare text", {"id": "d1", "data": {"title": "T", "text": "words"}}],
    "citation_options": {"mode": "FAST"},
    "tools": [TOOL],
    "tool_choice": "REQUIRED",
    "strict_tools": True,
    "response_format": {"type": "json_object", "json_schema": {"type": "object"}},
    "thinking": {"type": "enabled", "token_budget": 100},
    "safety_mode": "STRICT",
    "max_tokens": 10,
    "temperature": 0.3,
    "p": 0.5,
    "k": 5,
    "seed": 1,
    "stop_sequences": ["END"],
    "frequency_penalty": 0.1,
    "presence_penalty": 0.2,
    "logprobs": True,
    "priority": 1,
    "stream": True,
}

ANSWER: dict[str, Any] = {
    "id": "a1",
    "finish_reason": "TOOL_CALL",
    "message": {
        "role": "assistant",
        "content": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "It is 12 °C."}],
        "tool_plan": "I will ask again.",
        "tool_calls": [{"id": "c3", "type": "function", "function": {"name": "weather", "arguments": "{}"}}],
        "citations": [
            {
                "start": 6,
                "end": 11,
                "text": "12 °C",
                "sources": [
                    {
                        "type": "document",
                        "id": "d1",
                        "document": {"id": "d1", "title": "T", "url": "https://example.com"},
                    },
                    {"type": "tool", "id": "c1:0", "tool_output": {"output": "12"}},
                ],
                "type": "TEXT_CONTENT",
                "content_index": 1,
            }
        ],
    },
    "usage": {
        "billed_units": {"input_tokens": 15, "output_tokens": 17},
        "tokens": {"input_tokens": 92, "output_tokens": 17, "reasoning_tokens": 3},
        "cached_tokens": 80,
    },
    "logprobs": [{"text": "It is", "token_ids": [1, 2], "logprobs": [-0.5, -0.25]}],
}


def event(kind: str, index: int | None = None, **message: object) -> dict[str, Any]:
    """One event, with its part of the message."""
    made: dict[str, Any] = {"type": kind}
    if index is not None:
        made["index"] = index
    if message:
        made["delta"] = {"message": message}
    return made


def end(**delta: object) -> dict[str, Any]:
    """The last event."""
    return {"type": "message-end", "delta": delta}


def sse(*events: dict[str, Any]) -> bytes:
    """Events as a stream, framed as in the recordings."""
    blocks = [f"event: {item.get('type')}\ndata: {json.dumps(item, ensure_ascii=False)}\n\n" for item in events]
    return "".join([*blocks, "data: [DONE]\n\n"]).encode()


START = {"type": "message-start", "id": "a1", "delta": {"message": {"role": "assistant", "content": []}}}

STREAM = sse(
    START,
    event("content-start", 0, content={"type": "thinking", "thinking": ""}),
    event("content-delta", 0, content={"thinking": "Hm."}),
    event("content-end", 0),
    event("content-start", 1, content={"type": "text", "text": ""}),
    {
        **event("content-delta", 1, content={"text": "It is"}),
        "logprobs": {"text": "It is", "token_ids": [1, 2], "logprobs": [-0.5, -0.25]},
    },
    event("content-delta", 1, content={"text": " 12 °C."}),
    event("citation-start", 0, citations=ANSWER["message"]["citations"][0]),
    event("citation-end", 0),
    event("content-end", 1),
    event("tool-plan-delta", tool_plan="I will"),
    event("tool-plan-delta", tool_plan=" ask again."),
    event("tool-call-start", 0, tool_calls={**ANSWER["message"]["tool_calls"][0]}),
    event("tool-call-end", 0),
    end(finish_reason="TOOL_CALL", usage=ANSWER["usage"]),
)
"""Says what `ANSWER` says."""
