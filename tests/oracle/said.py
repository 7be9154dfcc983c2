"""What the recording provider answers, in no format, and what a format of it is; each is written by hand."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(slots=True)
class Said:
    """What is answered, in no format."""

    model: str
    body: dict[str, Any]
    text: str = "The sea is calm tonight."
    think: str = ""
    calls: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    """Id, name, arguments."""
    finish: str = "stop"
    """`stop`, `length`, `filter`, `tool`, `matched` (a stop sequence)."""
    input: int = 21
    output: int = 13
    cached: int = 0
    reasoning: int = 0


class Face(Protocol):
    """One format."""

    name: str
    path: re.Pattern[str]
    stream_type: str
    id_header: str

    def model(self, body: dict[str, Any]) -> str:
        """The model that is named."""

    def tools(self, body: dict[str, Any]) -> list[str]:
        """The names of the tools that may be called."""

    def streams(self, path: str, body: dict[str, Any]) -> bool:
        """A stream is asked for."""

    def whole(self, said: Said) -> object:
        """A whole answer."""

    def stream(self, said: Said) -> list[bytes]:
        """The events of a stream."""

    def failure(self, status: int, kind: str) -> tuple[int, object]:
        """Status and body of an error; `kind`: `context`, `policy` or nothing."""

    def error_event(self) -> bytes:
        """An error inside a stream."""


def sse(value: object, name: str = "") -> bytes:
    """One server-sent event."""
    return (f"event: {name}\n" if name else "").encode() + b"data: " + json.dumps(value).encode() + b"\n\n"


def pieces(text: str, count: int = 3) -> list[str]:
    """A text in pieces, none empty."""
    step = max(1, -(-len(text) // count))
    return [text[at : at + step] for at in range(0, len(text), step)]
