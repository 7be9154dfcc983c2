"""The official `cohere` client, version 2 of its API: plain, streamed, a tool's round trip."""

# Its libraries are in an environment of their own.
# mypy: ignore-errors

from __future__ import annotations

import json
import sys
from typing import Any

import cohere

base, key, model = sys.argv[1:4]
client = cohere.ClientV2(api_key=key, base_url=base, timeout=30)
hello: list[Any] = [{"role": "user", "content": "Which sea is it?"}]
schema = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city"],
}
tools: list[Any] = [{"type": "function", "function": {"name": "get_weather", "parameters": schema}}]


def words(message: Any) -> str:
    """The text of an answer."""
    return "".join(one.text for one in message.content or [] if one.type == "text")


plain = client.chat(model=model, messages=hello)
text, usage = "", 0
for event in client.chat_stream(model=model, messages=hello):
    each: Any = event
    if each.type == "content-delta":
        text += each.delta.message.content.text or ""
    elif each.type == "message-end":
        tokens = each.delta.usage.tokens
        usage = int(tokens.input_tokens + tokens.output_tokens)
first = client.chat(model=model, messages=hello, tools=tools)
calls: list[Any] = first.message.tool_calls or []
results = [{"role": "tool", "tool_call_id": one.id, "content": "5 degrees"} for one in calls]
second = client.chat(model=model, messages=[*hello, first.message, *results], tools=tools)
counted: Any = plain.usage
print(json.dumps({
    "as": "cohere", "plain": words(plain.message), "stream": text,
    "tool": [json.loads(one.function.arguments) for one in calls], "after": words(second.message),
    "usage": [int(counted.tokens.input_tokens + counted.tokens.output_tokens), usage],
}))  # fmt: skip
