"""A stream, written as Gemini sends one: chunks of the whole answer's shape, as server-sent events or one array.

Words go out as they come. Calls, media and whatever else go out whole, since Gemini has no pieces of them, and a
signature stands on an empty part behind the words that went before it, as Google's own streams have it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, assert_never

import msgspec
from msgspec.structs import replace

from trunkline.ir.answer import Choice
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
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Foreign, Media, Part, Reasoning, Text, ToolCall, ToolResult
from trunkline.wire.codec import Members, Reply
from trunkline.wire.gemini.answer_out import Written, is_ours, put_answer_members, put_finish, put_time
from trunkline.wire.gemini.failure import encode_failure
from trunkline.wire.gemini.form import spelled
from trunkline.wire.gemini.parts_out import Aim
from trunkline.wire.gemini.usage import encode_usage

_encode: Final = msgspec.json.Encoder().encode


class _Open:
    """A part under way."""

    __slots__ = ("choice", "part", "pieces", "sent")

    def __init__(self, part: Part, choice: int) -> None:
        self.part = part
        self.choice = choice
        self.pieces: list[str] = []
        self.sent = False

    def whole(self) -> Part:
        """The part with all that came for it."""
        more = "".join(self.pieces)
        part = self.part
        if not more:
            return part
        match part:
            case Text() | Reasoning():
                return replace(part, text=part.text + more)
            case ToolCall():
                return replace(part, arguments=part.arguments + more)
            case Media():
                return replace(part, data=part.data + more)
            case Foreign() | ToolResult():
                return part
            case _:
                assert_never(part)


class GeminiStreamEncoder:
    """Writes one stream; `array`: the framing without `alt=sse`."""

    __slots__ = (
        *("_aim", "_array", "_base", "_begun", "_choices", "_counts", "_finished", "_open", "_ours", "_reply", "_tier"),
        *("_early", "_owed", "losses"),
    )

    def __init__(self, reply: Reply, *, vertex: bool, array: bool = False) -> None:
        self.losses = Losses()
        self._aim = Aim(
            losses=self.losses, vertex=vertex, client=True, provider=reply.provider, deployment=reply.deployment
        )
        self._array = array
        self._reply = reply
        self._begun = False
        self._ours = False
        self._base: Members = {"modelVersion": reply.model, "responseId": reply.id}
        self._tier = ""
        self._early: Members = {}
        self._owed: dict[int, Members] = {}
        self._open: dict[int, _Open] = {}
        self._choices: dict[int, Written] = {}
        self._finished: dict[int, Finished] = {}
        self._counts: object = None

    def encode(self, event: Event) -> bytes:
        """The bytes of one event."""
        match event:
            case TextDelta():
                return self._delta(event)
            case PartStarted():
                return self._start(event)
            case PartEnded():
                return self._end_part(event)
            case OpaqueDelta():
                held = self._open[event.index]
                if not isinstance(held.part, Foreign):
                    held.part = replace(held.part, opaque=event.opaque)
            case CitationDelta():
                held = self._open[event.index]
                if isinstance(held.part, Text):
                    held.part = replace(held.part, citations=[*held.part.citations, event.citation])
            case Started():
                self._ours = is_ours(event.native)
                self._tier = event.service_tier
                self._early = {"usageMetadata": {"serviceTier": self._tier}} if self._tier else {}
                self._base = {}
                if event.model or not self._ours:
                    self._base["modelVersion"] = event.model or self._reply.model
                if event.id or not self._ours:
                    self._base["responseId"] = event.id or self._reply.id
                if event.created and self._ours:  # to the second; the last chunk has it as it was
                    self._base["createTime"] = datetime.fromtimestamp(event.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
                put_answer_members(self._base, event.native, self.losses)
            case Finished():
                self._finished[event.choice] = event
            case UsageSeen():
                raw = event.native if self._ours else None
                self._counts = raw if raw is not None else encode_usage(event.usage, self._tier)
            case Ended():
                return self._close(event)
            case Failed():
                return self._frame(encode_failure(event.failure)) + (b"]" if self._array else b"")
            case Ping():
                pass
            case _:
                assert_never(event)
        return b""

    def _start(self, event: PartStarted) -> bytes:
        part = event.part
        held = self._open[event.index] = _Open(part, event.choice)
        if isinstance(part, Text | Reasoning) and part.text and part.opaque is None and part.native is None:
            held.sent = True
            return self._say(event.choice, part, part.text)
        return b""

    def _delta(self, event: TextDelta) -> bytes:
        held = self._open[event.index]
        part, text = held.part, event.text
        if not isinstance(part, Text | Reasoning):
            held.pieces.append(text)
            return b""
        if not text:
            return b""
        held.pieces.append(text)
        if not held.sent:
            held.sent = True
            text = part.text + text
        return self._say(held.choice, part, text)

    def _say(self, choice: int, part: Text | Reasoning, text: str) -> bytes:
        """A chunk of words or thoughts."""
        said: Members = {"text": text} if isinstance(part, Text) else {"text": text, "thought": True}
        return self._part(choice, said)

    def _part(self, choice: int, part: Members) -> bytes:
        owed = self._owed.pop(choice, None)
        content = {"parts": [part] if owed is None else [owed, part], "role": "model"}
        return self._frame({"candidates": [{"content": content, "index": choice}], **self._early, **self._base})

    def _end_part(self, event: PartEnded) -> bytes:
        held = self._open.pop(event.index)
        written = self._written(held.choice)
        part = event.part if event.part is not None else held.whole()
        path = f"choices[{held.choice}].content[{event.index}]"
        if held.sent and isinstance(part, Text | Reasoning):
            if isinstance(part, Text) and part.citations:
                written.cite(len(written.parts), part.text, part.citations)
            written.parts.append({})
            if part.opaque is None:
                return b""
            rest = written.add(_signature_of(part), path)
        else:
            rest = written.add(part, path)
        if rest is None:
            return b""
        if rest.get("text") == "" and held.choice not in self._owed:
            self._owed[held.choice] = rest  # Google's goes with the last chunk, beside `groundingMetadata`
            return b""
        return self._part(held.choice, rest)

    def _written(self, choice: int) -> Written:
        written = self._choices.get(choice)
        if written is None:
            written = self._choices[choice] = Written(self._aim)
        return written

    def _close(self, event: Ended) -> bytes:
        said: Members = {}
        put_answer_members(said, event.native, self.losses)
        last = {**self._base, **said}
        candidates = [
            self._candidate(finished)
            for _, finished in sorted(self._finished.items())
            if not spelled(finished.native, "blocked")
        ]
        chunk: Members = {"candidates": candidates} if candidates else {}
        for finished in self._finished.values():
            put_time(last, finished.native)
        if self._counts is not None:
            last.setdefault("usageMetadata", self._counts)
        return self._frame({**chunk, **last}) + (b"]" if self._array else b"")

    def _candidate(self, finished: Finished) -> Members:
        choice = Choice(
            finish=finished.finish,
            finish_native=finished.finish_native,
            stop_sequence=finished.stop_sequence,
            native=finished.native,
        )
        last = self._owed.pop(finished.choice, None)
        out: Members = {"content": {"parts": [last if last is not None else {"text": ""}], "role": "model"}}
        put_finish(out, choice)
        out["index"] = finished.choice
        self._written(finished.choice).close(out, choice)
        return out

    def _frame(self, chunk: Members) -> bytes:
        data = _encode(chunk)
        if not self._array:
            return b"data: " + data + b"\r\n\r\n"
        begun, self._begun = self._begun, True
        return (b",\r\n" if begun else b"[") + data


def _signature_of(part: Text | Reasoning) -> Text | Reasoning:
    """The state of a part whose words went out already."""
    if isinstance(part, Text):
        return Text(text="", opaque=part.opaque)
    return Reasoning(opaque=part.opaque)
