"""The short way of a stream's plain events: from the provider's read to the client's socket in one step.

Nearly all events of a stream are the same but for their text. Once a relay has taken one, the next ones need no more
than a comparison; what differs in anything else is left to the relay.

A lane is there only while the answer has begun and the call is neither over nor left by its client: the call chooses it
anew behind each event that goes through the relay, and the connection lets go of it with the call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from trunkline.pipeline.codec_relay import KEPT, Translating
from trunkline.pipeline.relay import BACKSLASH, CR, LF, QUOTE, Relay
from trunkline.upstream.chunks import FRAMINGS, SIZE_LINES

if TYPE_CHECKING:
    from collections.abc import Callable

    from trunkline.pipeline.call import Call
    from trunkline.pipeline.codec_relay import Retelling
    from trunkline.pipeline.relay import Frame
    from trunkline.upstream import Connection

_CRLF: Final = b"\r\n"


def choose(call: Call, data: bytes) -> None:
    """Let events like `data`, which the relay has just taken, go past it from now on, where that can be done."""
    relay, connection = call.relay, call.connection
    if connection is None:
        return
    lane = connection.lane
    write = None if call.gone else call.sink.chunk_writer()
    if write is None:
        connection.shorten(None)
    elif isinstance(relay, Relay):
        frame = relay.frame
        if frame is None or relay.held:
            connection.shorten(None)
        elif not (isinstance(lane, Lane) and lane.frame is frame):
            connection.shorten(Lane(call, relay, frame, write))
    elif type(relay) is Translating:  # and none of those that change the events
        retelling = relay.retelling(data)
        connection.shorten(None if retelling is None else Retold(call, relay, retelling, write))


def close(connection: Connection | None) -> None:
    """The client has gone: nothing more is to be written."""
    if connection is not None:
        connection.shorten(None)


class _Way:
    """What both kinds need of a call: when it is due next, and where its answer goes."""

    __slots__ = ("_call", "_idle", "_latest", "_time", "_turn", "_write")

    def __init__(self, call: Call, write: Callable[[bytes], None]) -> None:
        """`write` takes pieces in their chunk framing."""
        self._call = call
        self._write = write
        self._time = call.worker.time
        self._idle = call.prepared.timeouts.idle
        self._latest = call.total_deadline
        self._turn = self._latest - self._idle
        """From here on the whole call's deadline comes first."""


class Lane(_Way):
    """Takes reads that are one chunk with one plain event of the client's own format."""

    __slots__ = ("_back", "_front", "_hidden", "_relay", "_shown_back", "_size", "frame")

    def __init__(self, call: Call, relay: Relay, frame: Frame, write: Callable[[bytes], None]) -> None:
        super().__init__(call, write)
        self.frame = frame
        self._front = frame.front
        self._back = frame.back + _CRLF
        self._size = len(frame.front) + len(frame.back)
        self._shown_back = frame.shown_back + _CRLF
        self._hidden = len(frame.back) - len(frame.shown_back)
        """Bytes that are kept from the client."""
        self._relay = relay

    def take(self, data: bytes) -> bool:
        """Send a plain event on; `False`: it is something else, and nothing was done with it."""
        try:
            line, size = FRAMINGS[len(data)]
        except IndexError:
            return False
        # `startswith` and `endswith` cost twice as much. All three were there if the lengths agree: the front cannot
        # stand where the size line should be, and no sum of two of them is the sum of all.
        event = data.removeprefix(line).removesuffix(self._back)
        text = event.removeprefix(self._front)
        if size - len(text) != self._size or not text:
            return False
        if QUOTE in text or LF in text or CR in text or text[-1] == BACKSLASH:
            return False  # more than a text: with no quote in it, it cannot hold anything else
        relay = self._relay
        relay.events += 1
        relay.size += size
        now = self._time()
        self._call.deadline = now + self._idle if now < self._turn else self._latest
        if self._hidden:
            data = b"".join((SIZE_LINES[size - self._hidden], event, self._shown_back))
        self._write(data)
        return True


class Retold(_Way):
    """Takes reads that are one chunk with one event of nothing but text, and writes it in the client's format."""

    __slots__ = ("_back", "_front", "_keep", "_longer", "_relay", "_shown_back", "_shown_front", "_size", "_writer")

    def __init__(self, call: Call, relay: Translating, retelling: Retelling, write: Callable[[bytes], None]) -> None:
        super().__init__(call, write)
        read, told = retelling.read, retelling.told
        self._front, self._back = read.front, read.back + _CRLF
        self._size = len(read.front) + len(read.back)
        self._shown_front, self._shown_back = told.front, told.back + _CRLF
        self._longer = len(told.front) + len(told.back) - self._size
        """Bytes of the client's event over the provider's; may be negative."""
        self._keep = read.pieces.append
        self._writer = told.writer
        self._relay = relay

    def take(self, data: bytes) -> bool:
        """Write an event of text anew; `False`: it is something else, and nothing was done with it."""
        try:
            line, size = FRAMINGS[len(data)]
            shown_line = SIZE_LINES[size + self._longer]
        except IndexError:
            return False
        raw = data.removeprefix(line).removesuffix(self._back).removeprefix(self._front)
        if size - len(raw) != self._size or QUOTE in raw or BACKSLASH in raw:
            return False
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            return False
        if not text or not text.isprintable():
            return False  # a line end or another character that is not written as it is read
        length = len(text)
        relay = self._relay
        relay.events += 1
        if relay.characters < KEPT:
            relay.beginning.append(text)
        relay.characters += length
        self._writer.size += length
        self._keep(text)
        now = self._time()
        self._call.deadline = now + self._idle if now < self._turn else self._latest
        self._write(b"".join((shown_line, self._shown_front, raw, self._shown_back)))
        return True
