"""Checks that a stream of events keeps to the grammar of `events.py`. Runs over every stream in the tests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from trunkline.ir.events import (
    CitationDelta,
    Ended,
    Event,
    Failed,
    Finished,
    OpaqueDelta,
    PartEnded,
    PartStarted,
    Ping,
    Started,
    TextDelta,
    UsageSeen,
)
from trunkline.ir.parts import Foreign, Text, ToolCall, ToolResult


class GrammarError(AssertionError):
    """A stream that breaks the grammar; the text says where and how."""


class Checker:
    """Takes events one by one; raises `GrammarError` at the first that may not stand there."""

    def __init__(self) -> None:
        self._count = 0
        self._started = False
        self._over = False
        self._parts: dict[int, PartStarted] = {}
        self._ended: set[int] = set()
        self._finished: set[int] = set()

    def add(self, event: Event) -> None:
        """Take one event."""
        self._count += 1
        self._must(not self._over, event, "nothing may follow the end")
        match event:
            case Ping():
                return
            case Failed():
                self._over = True
                return
            case Started():
                self._must(not self._started, event, "the stream has started already")
                self._started = True
                return
            case _:
                self._must(self._started, event, "the stream has not started")
        match event:
            case PartStarted():
                self._must(event.index == len(self._parts), event, f"index {len(self._parts)} is next")
                self._must(event.choice not in self._finished, event, "its choice is finished")
                self._must(not isinstance(event.part, ToolResult), event, "an answer holds no tool results")
                if isinstance(event.part, ToolCall):
                    self._must(bool(event.part.id), event, "a call without id")
                    self._must(bool(event.part.name), event, "a call without name")
                self._parts[event.index] = event
            case TextDelta():
                self._open(event.index, event)
                self._must(not isinstance(self._parts[event.index].part, Foreign), event, "a foreign part comes whole")
            case OpaqueDelta():
                self._open(event.index, event)
                self._must(bool(event.opaque.data), event, "empty opaque state")
            case CitationDelta():
                self._open(event.index, event)
                self._must(isinstance(self._parts[event.index].part, Text), event, "citations belong to texts")
            case PartEnded():
                self._open(event.index, event)
                self._ended.add(event.index)
            case Finished():
                self._must(event.choice not in self._finished, event, "the choice is finished already")
                left = [i for i, p in self._parts.items() if p.choice == event.choice and i not in self._ended]
                self._must(not left, event, f"parts {left} are open")
                self._finished.add(event.choice)
            case UsageSeen():
                pass
            case Ended():
                left = [i for i in self._parts if i not in self._ended]
                self._must(not left, event, f"parts {left} are open")
                self._must(bool(self._finished), event, "no choice is finished")
                self._over = True
            case _:
                assert_never(event)

    def close(self) -> None:
        """The stream has no more events: it must have ended or failed."""
        if not self._over:
            raise GrammarError(f"after {self._count} events the stream has neither ended nor failed")

    def _open(self, index: int, event: Event) -> None:
        self._must(index in self._parts, event, "the part has not started")
        self._must(index not in self._ended, event, "the part has ended")

    def _must(self, holds: bool, event: Event, why: str) -> None:
        if not holds:
            raise GrammarError(f"event {self._count}: {event!r}: {why}")


def check(events: Iterable[Event]) -> list[Event]:
    """The events, checked to the end.

    Raises:
        GrammarError: they break the grammar.
    """
    checker = Checker()
    passed: list[Event] = []
    for event in events:
        checker.add(event)
        passed.append(event)
    checker.close()
    return passed
