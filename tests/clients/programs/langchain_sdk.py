"""`langchain-openai`, with chat completions and with Responses: plain, streamed, a tool's round trip."""

# Its libraries are in an environment of their own.
# mypy: ignore-errors

from __future__ import annotations

import json
import sys
from typing import Any

from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

base, key, model = sys.argv[1:4]


@tool
def get_weather(city: str, days: int = 1) -> str:
    """The weather."""
    return "5 degrees"


for responses in (False, True):
    llm = ChatOpenAI(
        base_url=f"{base}/v1", api_key=key, model=model, max_retries=0, timeout=30, use_responses_api=responses,
        stream_usage=True,
    )  # fmt: skip
    plain = llm.invoke("Which sea is it?")
    whole: Any = None
    for piece in llm.stream("Which sea is it?"):
        whole = piece if whole is None else whole + piece
    asked = llm.bind_tools([get_weather])
    first: Any = asked.invoke("Which sea is it?")
    results = [ToolMessage(content="5 degrees", tool_call_id=one["id"]) for one in first.tool_calls]
    second = asked.invoke([HumanMessage("Which sea is it?"), first, *results])
    print(json.dumps({
        "as": "langchain responses" if responses else "langchain chat", "plain": plain.text, "stream": whole.text,
        "tool": [one["args"] for one in first.tool_calls], "after": second.text,
        "usage": [(one.usage_metadata or {}).get("total_tokens") for one in (plain, whole)],
    }))  # fmt: skip
