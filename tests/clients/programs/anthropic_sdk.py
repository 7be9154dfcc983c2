"""The official `anthropic` client, of either major version: plain, streamed, a tool's round trip."""

# Its libraries are in an environment of their own.
# mypy: ignore-errors

from __future__ import annotations

import json
import sys
from typing import Any

import anthropic

base, key, model = sys.argv[1:4]
client = anthropic.Anthropic(base_url=base, api_key=key, max_retries=0, timeout=30)
hello: list[Any] = [{"role": "user", "content": "Which sea is it?"}]
schema = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city"],
}
tools: list[Any] = [{"name": "get_weather", "description": "The weather", "input_schema": schema}]


def words(message: Any) -> str:
    """The text of an answer."""
    return "".join(one.text for one in message.content if one.type == "text")


plain = client.messages.create(model=model, max_tokens=64, messages=hello)
with client.messages.stream(model=model, max_tokens=64, messages=hello) as stream:
    streamed = stream.get_final_message()
with client.messages.stream(model=model, max_tokens=64, messages=hello, tools=tools) as stream:
    first = stream.get_final_message()
calls = [one for one in first.content if one.type == "tool_use"]
results = [{"type": "tool_result", "tool_use_id": one.id, "content": "5 degrees"} for one in calls]
again: list[Any] = [
    *hello,
    {
        "role": "assistant",
        "content": [
            one.model_dump(exclude_none=True, include={"type", "id", "name", "input", "text"}) for one in first.content
        ],
    },
    {"role": "user", "content": results},
]
second = client.messages.create(model=model, max_tokens=64, messages=again, tools=tools)
print(json.dumps({
    "as": f"anthropic {anthropic.__version__}", "plain": words(plain), "stream": words(streamed),
    "tool": [one.input for one in calls], "after": words(second),
    "usage": [one.usage.input_tokens + one.usage.output_tokens for one in (plain, streamed)],
}))  # fmt: skip
