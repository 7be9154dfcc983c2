"""Bodies with everything that the format has, written by hand from Replicate's documentation."""

from __future__ import annotations

from typing import Any

VERSION = "39ed52f2a78e934b3ba6e2a89f5b1c712de7dfea535525255b1aa35c5565e08b"
BASE = "https://api.replicate.com/v1"

REQUEST: dict[str, Any] = {
    "version": VERSION,
    "input": {
        "prompt": "What is this?",
        "system_prompt": "Be brief.",
        "image": "https://example.com/a.png",
        "max_new_tokens": 10,
        "temperature": 0.3,
        "top_p": 0.5,
        "top_k": 5,
        "seed": 1,
        "stop_sequences": "END,STOP",
        "frequency_penalty": 0.1,
        "presence_penalty": 0.2,
        "prompt_template": "{prompt}",
    },
    "stream": True,
    "webhook": "https://example.com/hook",
}

PREDICTION: dict[str, Any] = {
    "id": "gm3qorzdhgbfurvjtvhg6dckhu",
    "model": "meta/meta-llama-3-8b-instruct",
    "version": VERSION,
    "input": {"prompt": "hi"},
    "logs": "",
    "output": ["Hel", "lo", "!"],
    "error": None,
    "status": "succeeded",
    "created_at": "2024-10-04T18:07:40.328Z",
    "completed_at": "2024-10-04T18:07:41.328Z",
    "urls": {
        "get": f"{BASE}/predictions/gm3qorzdhgbfurvjtvhg6dckhu",
        "cancel": f"{BASE}/predictions/gm3qorzdhgbfurvjtvhg6dckhu/cancel",
        "stream": "https://stream.replicate.net/v1/streams/x",
    },
    "metrics": {"input_token_count": 5, "output_token_count": 3, "predict_time": 0.5},
}

ANSWER = PREDICTION

STREAM = (
    b": hi\n\n"
    b"event: output\nid: 1:0\ndata: Hel\n\n"
    b"event: logs\nid: 1:1\ndata: loading\n\n"
    b"event: output\nid: 1:2\ndata: lo\ndata: \ndata:  !\n\n"
    b"event: done\nid: 1:3\ndata: {}\n\n"
)
