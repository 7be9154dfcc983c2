"""Streams of a provider: server-sent events `output`, `logs`, `error`, `done`; an output's data is plain text.

`done` has `{}` as its data, or the reason why there is no more (replicate.com/docs/topics/predictions/streaming).
"""

from __future__ import annotations

from typing import Final

import msgspec

from trunkline.ir.answer import Finish
from trunkline.ir.events import Ended, Event, Failed, Finished, PartEnded, PartStarted, Started, TextDelta
from trunkline.ir.failure import Failure
from trunkline.ir.parts import Native, Text
from trunkline.wire.codec import Members
from trunkline.wire.replicate.failure import broken, failed
from trunkline.wire.replicate.shapes import BROKEN, OWN, is_object
from trunkline.wire.sse import EventTooLong, SseSplitter

_decode: Final = msgspec.json.Decoder().decode
_BOM: Final = b"\xef\xbb\xbf"
_MOST: Final = 64
"""Pieces of logs, and events of unknown names, that are kept."""


class ReplicateStreamDecoder:
    """Reads one stream."""

    __slots__ = ("_begun", "_kept", "_open", "_over", "_splitter", "_started")

    def __init__(self) -> None:
        self._splitter = SseSplitter()
        self._begun = False
        self._started = False
        self._open = False
        self._over = False
        self._kept: dict[str, list[object]] = {}

    def feed(self, data: bytes) -> list[Event]:
        """Events that `data` completes."""
        if self._over:
            return []
        try:
            block = self._splitter.feed(data)
        except EventTooLong as error:
            return self._fail(broken(str(error)))
        if not block:
            return []
        if not self._begun:
            self._begun, block = True, block.removeprefix(_BOM)
        events: list[Event] = []
        for name, value in named_events(block):
            if not self._take(name, value, events):
                break
        return events

    def end(self) -> list[Event]:
        """The peer closed."""
        if self._over:
            return []
        return self._fail(broken("the provider's stream stopped before its `done`"))

    def _take(self, name: bytes, value: bytes, events: list[Event]) -> bool:
        """Take one event; tells whether there may be more."""
        if not self._started:
            self._started = True
            events.append(Started())
        try:
            words = value.decode()
        except UnicodeDecodeError:
            events += self._fail(broken("the provider's stream holds text that is not UTF-8"))
            return False
        match name:
            case b"output":
                if words:
                    if not self._open:
                        self._open = True
                        events.append(PartStarted(index=0, part=Text(text="")))
                    events.append(TextDelta(0, words))
            case b"done":
                self._done(words, events)
            case b"error":
                events += self._fail(failed(_detail(words)))
            case _:
                kept = self._kept.setdefault("logs" if name == b"logs" else "events", [])
                if len(kept) < _MOST:
                    kept.append(words if name == b"logs" else [name.decode("utf-8", "replace"), words])
        return not self._over

    def _done(self, words: str, events: list[Event]) -> None:
        try:
            value = _decode(words or "{}")
        except BROKEN:
            value = {}
        reason = value.get("reason") if is_object(value) else None
        if isinstance(reason, str) and reason:
            events += self._fail(failed(f"the prediction ended with `{reason}`"))
            return
        if self._open:
            events.append(PartEnded(0))
        events.append(Finished(finish=Finish.STOP, finish_native="succeeded"))
        members: Members = {}
        if logs := self._kept.get("logs"):
            members["logs"] = "".join(piece for piece in logs if isinstance(piece, str))
        if unknown := self._kept.get("events"):
            members["events"] = unknown
        events.append(Ended(Native(OWN, members) if members else None))
        self._over = True

    def _fail(self, failure: Failure) -> list[Event]:
        self._over = True
        return [Failed(failure)]


def named_events(block: bytes) -> list[tuple[bytes, bytes]]:
    """Name and data of each of some whole events; those without data are none."""
    found: list[tuple[bytes, bytes]] = []
    name, lines = b"", list[bytes]()
    for line in block.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"):
        if not line:
            if lines:
                found.append((name, b"\n".join(lines)))
            name, lines = b"", []
        elif line.startswith(b"data:"):
            value = line[5:]
            lines.append(value.removeprefix(b" "))
        elif line.startswith(b"event:"):
            name = line[6:].removeprefix(b" ")
        elif line == b"data":
            lines.append(b"")
    return found


def _detail(words: str) -> str:
    try:
        value = _decode(words)
    except BROKEN:
        return words or "the prediction failed without saying why"
    detail = value.get("detail") if is_object(value) else value
    return detail if isinstance(detail, str) and detail else "the prediction failed without saying why"
