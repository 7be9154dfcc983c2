"""Log probabilities: Cohere's are of stretches of text, OpenAI's (the representation's) of tokens.

A stretch becomes one entry with the sum of its tokens, which is the stretch's own log probability; its parts travel
along in the entry.
"""

from __future__ import annotations

from collections.abc import Sequence

from trunkline.wire.codec import Members
from trunkline.wire.cohere_chat.shapes import is_object


def read_logprobs(items: Sequence[object]) -> Members:
    """Cohere's items in OpenAI's shape. What is no such item is left as it is: it goes back so."""
    return {"content": [_read_item(item) for item in items]}


def write_logprobs(logprobs: object) -> list[object]:
    """Items for a client of what has OpenAI's shape."""
    entries = logprobs.get("content") if is_object(logprobs) else None
    return [_write_item(entry) for entry in entries] if isinstance(entries, list) else []


def _read_item(item: object) -> object:
    if not is_object(item) or not isinstance(words := item.get("text"), str):
        return item
    values = item.get("logprobs")
    numbers = values if isinstance(values, list) else []
    total = sum(value for value in numbers if isinstance(value, int | float))
    entry: Members = {"token": words, "logprob": total, "bytes": list(words.encode("utf-8", "replace"))}
    entry["top_logprobs"] = []
    return {**entry, **{name: value for name, value in item.items() if name != "text"}}


def _write_item(entry: object) -> object:
    if not is_object(entry) or "token" not in entry:
        return entry
    openai = ("token", "logprob", "bytes", "top_logprobs")
    item: Members = {"text": entry["token"]}
    item.update((name, value) for name, value in entry.items() if name not in openai)
    if len(item) == 1:  # of another provider
        item |= {"token_ids": [], "logprobs": [entry.get("logprob")]}
    return item
