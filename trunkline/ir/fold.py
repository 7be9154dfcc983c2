"""From events to a whole answer, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from msgspec.structs import replace

from trunkline.ir.answer import Answer, Choice
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
from trunkline.ir.failure import Failure
from trunkline.ir.parts import Foreign, Media, Native, Part, Reasoning, Text, ToolCall, ToolResult


class BrokenStream(Exception):
    """The stream that was folded failed; what had come is in `answer`."""

    def __init__(self, failure: Failure | None, answer: Answer) -> None:
        super().__init__(failure.message if failure is not None else "the stream ended without its end")
        self.failure = failure
        self.answer = answer


class _Open:
    """A part under way."""

    __slots__ = ("choice", "part", "pieces")

    def __init__(self, part: Part, choice: int) -> None:
        self.part = part
        self.choice = choice
        self.pieces: list[str] = []

    def closed(self) -> Part:
        part, more = self.part, "".join(self.pieces)
        match part:
            case Text() | Reasoning():
                return replace(part, text=part.text + more) if more else part
            case ToolCall():
                return replace(part, arguments=part.arguments + more) if more else part
            case Media():
                return replace(part, data=part.data + more) if more else part
            case Foreign() | ToolResult():
                return part
            case _:
                assert_never(part)


class Folder:
    """Builds the answer while events pass by; `answer()` may be asked at any time."""

    __slots__ = ("_answer", "_choices", "_logprobs", "_open", "_parts", "ended", "failure")

    def __init__(self) -> None:
        self._answer = Answer()
        self._choices: dict[int, Choice] = {}
        self._open: dict[int, _Open] = {}
        self._parts: dict[int, Part] = {}
        self._logprobs: dict[int, list[object]] = {}
        self.ended = False
        self.failure: Failure | None = None

    def add(self, event: Event) -> None:
        """Take one event."""
        match event:
            case TextDelta():
                held = self._open[event.index]
                held.pieces.append(event.text)
                if event.logprobs is not None:
                    self._logprobs.setdefault(held.choice, []).append(event.logprobs)
            case PartStarted():
                self._open[event.index] = _Open(event.part, event.choice)
                self._choice(event.choice)
            case PartEnded():
                held = self._open[event.index]
                self._parts[event.index] = event.part if event.part is not None else held.closed()
            case OpaqueDelta():
                self._set_opaque(self._open[event.index], event)
            case CitationDelta():
                held = self._open[event.index]
                if isinstance(held.part, Text):
                    held.part = replace(held.part, citations=[*held.part.citations, event.citation])
            case Started():
                whole = self._answer
                whole.id, whole.model, whole.created = event.id, event.model, event.created
                whole.service_tier = event.service_tier
                self._keep(event.native)
            case Finished():
                choice = self._choice(event.choice)
                choice.finish, choice.finish_native = event.finish, event.finish_native
                choice.stop_sequence, choice.native = event.stop_sequence, event.native
            case UsageSeen():
                self._answer.usage = event.usage
            case Ended():
                self.ended = True
                self._keep(event.native)
            case Failed():
                self.failure = event.failure
            case Ping():
                pass
            case _:
                assert_never(event)

    def answer(self) -> Answer:
        """All that has come so far."""
        whole = replace(self._answer, choices=[replace(self._choices[n], parts=[]) for n in sorted(self._choices)])
        places = {number: place for place, number in enumerate(sorted(self._choices))}
        for index in sorted(self._open):
            held = self._open[index]
            part = self._parts.get(index)
            whole.choices[places[held.choice]].parts.append(part if part is not None else held.closed())
        for number, entries in self._logprobs.items():
            whole.choices[places[number]].logprobs = _joined(entries)
        return whole

    def _choice(self, number: int) -> Choice:
        found = self._choices.get(number)
        if found is None:
            found = self._choices[number] = Choice()
        return found

    def _keep(self, native: Native | None) -> None:
        if native is not None:
            before = self._answer.native
            members = {**before.members, **native.members} if before is not None else native.members
            self._answer.native = Native(native.format, members)

    def _set_opaque(self, held: _Open, event: OpaqueDelta) -> None:
        part = held.part
        if not isinstance(part, Foreign):
            held.part = replace(part, opaque=event.opaque)


def _joined(entries: list[object]) -> object:
    """Pieces of OpenAI's `logprobs`, as one."""
    joined: dict[str, object] = {}
    for entry in entries:
        if isinstance(entry, dict):
            for key, value in entry.items():
                before = joined.get(key)
                joined[key] = [*before, *value] if isinstance(before, list) and isinstance(value, list) else value
    return joined


def fold(events: Iterable[Event]) -> Answer:
    """The whole answer of a stream.

    Raises:
        BrokenStream: it failed, or stopped before its end.
    """
    folder = Folder()
    for event in events:
        folder.add(event)
    if folder.failure is not None or not folder.ended:
        raise BrokenStream(folder.failure, folder.answer())
    return folder.answer()


def unfold(answer: Answer) -> Iterator[Event]:
    """A whole answer as the events of a stream, each part whole in its `PartStarted`."""
    yield Started(
        id=answer.id,
        model=answer.model,
        created=answer.created,
        service_tier=answer.service_tier,
        native=answer.native,
    )
    index = 0
    for number, choice in enumerate(answer.choices):
        for part in choice.parts:
            yield PartStarted(index=index, part=part, choice=number)
            yield PartEnded(index)
            index += 1
        yield Finished(
            finish=choice.finish,
            finish_native=choice.finish_native,
            stop_sequence=choice.stop_sequence,
            choice=number,
            native=choice.native,
        )
    if answer.usage is not None:
        yield UsageSeen(answer.usage)
    yield Ended()
