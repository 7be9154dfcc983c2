"""An answer's events, written as a stream for a client.

Anthropic's blocks follow one another, so a part that starts while another is open is held back until that one has ended
(fidelity.md failure 10). What is held is what came, no more. `message_delta` waits for the end of the provider's
stream, because its usage may come last.
"""

from __future__ import annotations

from collections import deque
from typing import Final, assert_never

import msgspec

from trunkline.ir.answer import Finish
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
from trunkline.ir.usage import Usage
from trunkline.wire.anthropic_messages import losses as why
from trunkline.wire.anthropic_messages.answer import TIERS, is_own, without_usage
from trunkline.wire.anthropic_messages.failure import write_failure
from trunkline.wire.anthropic_messages.finish import write_stop_reason
from trunkline.wire.anthropic_messages.for_client import AnswerWriter
from trunkline.wire.anthropic_messages.shape import restore
from trunkline.wire.anthropic_messages.stream_blocks import Block, frame
from trunkline.wire.anthropic_messages.usage import write_usage
from trunkline.wire.codec import Members, Reply

PING: Final = b'event: ping\ndata: {"type":"ping"}\n\n'
STOP: Final = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
_IN_DELTA: Final = frozenset({"container"})
"""Members of an answer that a stream brings inside `message_delta.delta`; the rest stands beside it (recorded)."""

_PartEvent = TextDelta | OpaqueDelta | CitationDelta | PartEnded


class _Part(msgspec.Struct):
    """A part that is open, or waits for its turn."""

    start: PartStarted
    waiting: list[_PartEvent] = msgspec.field(default_factory=list)


class AnthropicStreamEncoder:
    """Writes one stream, framing included."""

    __slots__ = (
        "_block", "_calls", "_finish", "_index", "_native_usage", "_over", "_own", "_parts", "_queue", "_reply",
        "_usage", "_writer", "losses",
    )  # fmt: skip

    def __init__(self, reply: Reply) -> None:
        self.losses = Losses()
        self._reply = reply
        self._writer = AnswerWriter(reply, self.losses, own=False)
        self._own = False
        self._parts: dict[int, _Part] = {}
        """Open parts by their index."""
        self._queue: deque[_Part] = deque()
        """The same in their order; the first is being written."""
        self._block: Block | None = None
        self._index = 0
        """Blocks that are complete."""
        self._calls = False
        self._finish: Finished | None = None
        self._usage: Usage | None = None
        self._native_usage: object = None
        self._over = False

    def encode(self, event: Event) -> bytes:
        """The bytes of one event; may be empty. After `Failed`: an `error` event, and nothing more."""
        if self._over:
            return b""
        match event:
            case TextDelta() | OpaqueDelta() | CitationDelta() | PartEnded():
                return self._in_part(event)
            case PartStarted():
                return self._part_started(event)
            case Started():
                return self._started(event)
            case Finished():
                if event.choice == 0:
                    self._finish = event
                return b""
            case UsageSeen():
                self._usage, self._native_usage = event.usage, event.native
                return b""
            case Ended():
                return self._ended(event)
            case Failed():
                self._over = True
                return frame("error", write_failure(event.failure))
            case Ping():
                return PING
            case _:
                assert_never(event)

    def _started(self, event: Started) -> bytes:
        self._own = self._writer.own = is_own(event.native)
        message: Members = {
            "id": event.id or f"msg_{self._reply.id}",
            "type": "message",
            "role": "assistant",
            "model": event.model or self._reply.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
        }
        restore(message, without_usage(event.native), self.losses, "")
        if not isinstance(message.get("usage"), dict):
            # The counts of other providers come at the end; clients need the totals here, and take the last ones. They
            # never take a later `cache_creation`, so none is given here.
            message["usage"] = usage = write_usage(Usage())
            del usage["cache_creation"]
            if event.service_tier in TIERS:
                usage["service_tier"] = event.service_tier
        return frame("message_start", {"type": "message_start", "message": message})

    def _part_started(self, event: PartStarted) -> bytes:
        if event.choice != 0:
            self.losses.add("choices", why.ONE_CHOICE)
            return b""
        part = self._parts[event.index] = _Part(event)
        self._queue.append(part)
        return self._open(part) if len(self._queue) == 1 else b""

    def _open(self, part: _Part) -> bytes:
        self._block = Block(part.start, self._index, self._writer)
        return self._block.start()

    def _in_part(self, event: _PartEvent) -> bytes:
        part = self._parts.get(event.index)
        if part is None:  # of another choice
            return b""
        if part is not self._queue[0]:
            part.waiting.append(event)
            return b""
        if not isinstance(event, PartEnded):
            return self._write(event)
        return self._write(event) + self._next()

    def _write(self, event: _PartEvent) -> bytes:
        block = self._block
        assert block is not None
        match event:
            case TextDelta():
                return block.text(event.text)
            case OpaqueDelta():
                block.opaque = event.opaque
                return b""
            case CitationDelta():
                return block.cite([event.citation])
            case PartEnded():
                written = block.end(event.part)
                self._index = block.index
                self._calls = self._calls or block.is_call
                part = self._queue.popleft()
                del self._parts[part.start.index]
                return written
            case _:
                assert_never(event)

    def _next(self) -> bytes:
        """What was held back: each part that has ended whole, and then the first that has not, as far as it came."""
        written: list[bytes] = []
        while self._queue:
            part = self._queue[0]
            written.append(self._open(part))
            waiting, part.waiting = part.waiting, []
            written.extend(self._write(event) for event in waiting)
            if self._queue and self._queue[0] is part:
                break
        return b"".join(written)

    def _ended(self, event: Ended) -> bytes:
        written = b""
        while self._queue:  # the grammar forbids it; a client still gets whole blocks
            written += self._in_part(PartEnded(self._queue[0].start.index))
        self._over = True
        finish = self._finish if self._finish is not None else Finished(finish=Finish.OTHER)
        delta: Members = {
            "stop_reason": write_stop_reason(finish.finish, finish.finish_native, own=self._own, calls=self._calls),
            "stop_sequence": finish.stop_sequence or None,
        }
        restore(delta, finish.native, self.losses, "choices[0]")
        whole: Members = {"type": "message_delta", "delta": delta}
        beside: Members = {}
        restore(beside, without_usage(event.native), self.losses, "")
        for name, value in beside.items():
            (delta if name in _IN_DELTA else whole).setdefault(name, value)
        whole["usage"] = self._final_usage(beside.get("usage"))
        return written + frame("message_delta", whole) + STOP

    def _final_usage(self, native: object) -> object:
        if isinstance(native, dict):
            return native
        if self._own and isinstance(self._native_usage, dict):
            return self._native_usage
        return write_usage(self._usage if self._usage is not None else Usage())
