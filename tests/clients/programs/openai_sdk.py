"""The official `openai` client: chat and Responses, each plain, streamed and with a tool's round trip."""

# Its libraries are in an environment of their own.
# mypy: ignore-errors

from __future__ import annotations

import json
import sys
from typing import Any

import openai

base, key, model = sys.argv[1:4]
client = openai.OpenAI(base_url=f"{base}/v1", api_key=key, max_retries=0, timeout=30)
hello: list[Any] = [{"role": "user", "content": "Which sea is it?"}]
schema = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city"],
}

plain = client.chat.completions.create(model=model, messages=hello)
with client.chat.completions.stream(model=model, messages=hello, stream_options={"include_usage": True}) as stream:
    streamed = stream.get_final_completion()
tools: list[Any] = [{"type": "function", "function": {"name": "get_weather", "parameters": schema}}]
first = client.chat.completions.create(model=model, messages=hello, tools=tools).choices[0]
calls = first.message.tool_calls or []
answers = [{"role": "tool", "tool_call_id": one.id, "content": "5 degrees"} for one in calls]
second = client.chat.completions.create(
    model=model, messages=[*hello, first.message.model_dump(exclude_none=True), *answers], tools=tools
)
print(json.dumps({
    "as": "chat", "plain": plain.choices[0].message.content, "stream": streamed.choices[0].message.content,
    "tool": [json.loads(one.function.arguments) for one in calls], "after": second.choices[0].message.content,
    "usage": [plain.usage.total_tokens if plain.usage else 0, streamed.usage.total_tokens if streamed.usage else 0],
}))  # fmt: skip

answer = client.responses.create(model=model, input="Which sea is it?")
with client.responses.stream(model=model, input="Which sea is it?") as events:
    whole = events.get_final_response()
functions: list[Any] = [{"type": "function", "name": "get_weather", "parameters": schema, "strict": False}]
asked = client.responses.create(model=model, input=hello, tools=functions)
made = [one for one in asked.output if one.type == "function_call"]
results: list[Any] = [{"type": "function_call_output", "call_id": one.call_id, "output": "5 degrees"} for one in made]
items: list[Any] = [one.model_dump(exclude_none=True) for one in asked.output]
last = client.responses.create(model=model, input=[*hello, *items, *results], tools=functions)
print(json.dumps({
    "as": "responses", "plain": answer.output_text, "stream": whole.output_text,
    "tool": [json.loads(one.arguments) for one in made], "after": last.output_text,
    "usage": [answer.usage.total_tokens if answer.usage else 0, whole.usage.total_tokens if whole.usage else 0],
}))  # fmt: skip
