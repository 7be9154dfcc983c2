"""Stands in for LiteLLM's SDK: the three functions that the bridge calls, and no provider behind them.

What the last message says is what happens: `status-429` fails so, `break` ends a stream in an error, `wait` never
answers, `exit` and the first `exit once` end the process; all else is answered with itself. Each call is written, with
its arguments, as a line into the file that the entry names in `seen_file`.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

print("the SDK says something while it is loaded")

telemetry = True
num_retries = None

USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}


class StandInError(Exception):
    """As the SDK's exceptions: a status and a message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status_code = status
        self.message = message


class Answer:
    """As the SDK's pydantic objects."""

    def __init__(self, **members: Any) -> None:
        self.members = members

    def model_dump(self, *, mode: str, exclude_none: bool = False) -> dict[str, Any]:
        assert mode == "json"
        return {key: value for key, value in self.members.items() if value is not None or not exclude_none}


def _note(name: str, arguments: dict[str, Any]) -> None:
    line = {"name": name, "pid": os.getpid(), "master": os.environ.get("LITELLM_MASTER_KEY"), **arguments}
    with Path(arguments["seen_file"]).open("a") as file:
        file.write(json.dumps(line) + "\n")


async def _heed(text: str, arguments: dict[str, Any]) -> None:
    order = re.search(r"status-(\d{3})", text)
    if order:
        raise StandInError(int(order[1]), f"litellm.StandInError: no, {arguments['api_key']}")
    if text == "exit" or (text == "exit once" and Path(arguments["seen_file"]).read_text().count(text) == 1):
        os._exit(3)
    if text == "wait":
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            _note("cancelled", arguments)
            raise


async def acompletion(**arguments: Any) -> Any:
    _note("acompletion", arguments)
    text = arguments["messages"][-1]["content"]
    await _heed(text, arguments)
    if arguments.get("stream"):
        return _chunks(arguments, text)
    message = {"role": "assistant", "content": text, "tool_calls": None}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    return Answer(id="c-1", object="chat.completion", created=1, model=arguments["model"], choices=choices, usage=USAGE)


async def _chunks(arguments: dict[str, Any], text: str) -> AsyncIterator[Answer]:
    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> Answer:
        choice = {"index": 0, "delta": delta} | ({"finish_reason": finish} if finish else {})
        head = {"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": arguments["model"]}
        return Answer(**head, choices=[choice], **more)

    for word in text.split():
        yield chunk({"role": "assistant", "content": word + " "})
        if word == "break":
            await asyncio.sleep(0.3)  # what came before is on its way by then
            raise StandInError(503, "the provider went away")
    yield chunk({}, "stop")
    if (arguments.get("stream_options") or {}).get("include_usage"):
        yield chunk({"role": "assistant"}, usage=USAGE)


async def atext_completion(**arguments: Any) -> Any:
    _note("atext_completion", arguments)
    choices = [{"index": 0, "text": arguments["prompt"], "finish_reason": "stop"}]
    return Answer(id="t-1", object="text_completion", created=1, model="x", choices=choices, usage=USAGE)


async def aembedding(**arguments: Any) -> Any:
    _note("aembedding", arguments)
    data = [{"object": "embedding", "index": 0, "embedding": [0.5, -0.25]}]
    return Answer(object="list", model="x", data=data, usage={"prompt_tokens": 4, "total_tokens": 4})
