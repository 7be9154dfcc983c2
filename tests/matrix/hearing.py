"""What the clients of the matrix share: what one heard, and how streams are read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.support.stand_in import Item
from trunkline.ir.parts import ToolResult
from trunkline.ir.request import Request


@dataclass(slots=True)
class Heard:
    """An answer in one form, whatever format it came in."""

    items: list[Item] = field(default_factory=list[Item])
    finish: str = ""
    """The client format's own word."""
    tokens: tuple[int, int] = (0, 0)
    """In and out, cached ones and thinking included."""
    cached: int = 0
    model: str = ""
    id: str = ""

    def of(self, kind: str) -> list[Item]:
        """The items of one kind."""
        return [item for item in self.items if item[0] == kind]

    @property
    def text(self) -> str:
        """All words."""
        return "".join(item[1] for item in self.of("text"))


class BrokenOff(AssertionError):
    """The stream ended with an error event; the text is the event's message."""

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


class Client(Protocol):
    """A program that knows one format and nothing else."""

    name: str
    """Of its surface."""

    def path(self, model: str, *, stream: bool) -> str:
        """Where it calls."""

    def body(self, request: Request, model: str, *, stream: bool) -> dict[str, Any]:
        """What it sends."""

    def assemble(self, stream: bytes) -> dict[str, Any]:
        """The whole answer that a stream is.

        Raises:
            BrokenOff: it ended with an error event.
            AssertionError: it is no stream of the format, or ended without its end.
        """

    def hear(self, answer: dict[str, Any]) -> Heard:
        """A whole answer, strictly read."""

    def follow(self, body: dict[str, Any], answer: dict[str, Any], results: Sequence[ToolResult]) -> dict[str, Any]:
        """The next turn: everything so far, the answer as it came, and what the tools gave."""

    def error(self, body: dict[str, Any]) -> tuple[str, str]:
        """Type and message of an error body, strictly read."""


def events(stream: bytes, ending: bytes = b"\n\n") -> list[tuple[str, Any]]:
    """The events of a stream of server-sent events: name and data; `[DONE]` as it is."""
    assert stream.endswith(ending), f"the stream ends inside an event: {stream[-200:]!r}"
    found: list[tuple[str, Any]] = []
    for block in stream.replace(b"\r\n", b"\n").decode().split("\n\n"):
        lines = [line for line in block.split("\n") if line and not line.startswith(":")]
        if not lines:
            continue
        name = next((line[7:] for line in lines if line.startswith("event: ")), "")
        data = "\n".join(line[6:] for line in lines if line.startswith("data: "))
        assert len(lines) == (2 if name else 1), f"an event of other lines: {block!r}"
        found.append((name, data if data == "[DONE]" else json.loads(data)))
    return found


def words_of(result: ToolResult) -> str:
    """The text that a tool gave."""
    return "".join(part.text for part in result.content if hasattr(part, "text"))
