"""Server-sent events without I/O: cut a byte stream at event boundaries, and read events.

Written from the WHATWG specification (html.spec.whatwg.org, section 9.2.6): a line ends with CR LF, LF or CR, an
empty line dispatches the event, and an event without its empty line is none.
"""

from __future__ import annotations

import re
from typing import Final

MAX_EVENT_BYTES: Final = 4 * 1024 * 1024
"""A longer event is an error: text never has one, and it must not fill the memory."""
LARGE_EVENT_BYTES: Final = 32 * 1024 * 1024
"""The same for formats whose events hold images: 20 MB are 27 MB in base64."""

_BOUNDARY: Final = re.compile(rb"(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r)")
_LINE_END: Final = re.compile(rb"\r\n|\n|\r")
_BOM: Final = b"\xef\xbb\xbf"
_CR, _LF = b"\r\n"
"""As numbers: `b"\\r" in data` raises and swallows a TypeError before it looks."""


class EventTooLong(ValueError):
    """An event passed `MAX_EVENT_BYTES` without its end."""


class SseSplitter:
    """Cuts a stream into runs of whole events, byte for byte: what `feed` returned, joined, is what came in,
    less the tail in `rest` whose end has not come.
    """

    __slots__ = ("_limit", "_parts", "_size", "_tail")

    def __init__(self, limit: int | None = None) -> None:
        """`limit`: bytes of one event; `MAX_EVENT_BYTES` unless told."""
        self._limit = MAX_EVENT_BYTES if limit is None else limit
        self._parts: list[bytes] = []
        self._size = 0
        self._tail = b""

    @property
    def pending(self) -> bool:
        """There are bytes of an event that is not whole yet."""
        return bool(self._parts)

    @property
    def rest(self) -> bytes:
        """Bytes of an event that is not whole yet."""
        return b"".join(self._parts)

    def feed(self, data: bytes) -> bytes:
        """Take bytes as they were read; return all whole events now at hand, `b""` where there is none.

        Raises:
            EventTooLong: the event under way passed the limit.
        """
        if not self._parts:
            if data.endswith(b"\n\n"):
                return data
            return self._cut(data, 0)
        # Only the seam and the new bytes can hold a new boundary, so that one-byte reads stay linear.
        seam = self._tail + data
        end = _last_boundary(seam)
        if end <= 0:
            return self._keep(data)
        held = b"".join(self._parts)
        self._parts, self._size, self._tail = [], 0, b""
        return self._cut(held + data, len(held) - len(seam) + len(data))

    def _cut(self, data: bytes, start: int) -> bytes:
        end = _last_boundary(data[start:] if start else data)
        if end <= 0:
            return self._keep(data)
        end += start
        if end < len(data):
            self._keep(data[end:])
        return data[:end]

    def _keep(self, data: bytes) -> bytes:
        self._parts.append(data)
        self._size += len(data)
        self._tail = (self._tail + data[-3:])[-3:]
        if self._size > self._limit:
            raise EventTooLong(f"an event of the stream passed {self._limit} bytes without its end")
        return b""


def _last_boundary(data: bytes) -> int:
    """Index behind the last empty line of `data`, or 0. A final CR may be half of a CR LF; the event has ended."""
    if _CR not in data:
        end = data.rfind(b"\n\n")
        return end + 2 if end >= 0 else 0
    end = 0
    for match in _BOUNDARY.finditer(data):
        end = match.end()
    return end


def event_data(block: bytes, *, start: bool = False) -> list[bytes]:
    """Read whole events; return the data of each that has any (several `data` lines joined by LF).

    `start`: the block begins the stream, where a byte order mark is left out.
    """
    if start:
        block = block.removeprefix(_BOM)
    if _CR in block:
        split = _LINE_END.split(block)
    elif block.startswith(b"data: ") and block.find(b"\n") == len(block) - 2 and block[-1] == _LF:
        return [block[6:-2]]
    else:
        split = block.split(b"\n")  # a tenth of what the pattern costs
    found: list[bytes] = []
    lines: list[bytes] = []
    for line in split:
        if not line:
            if lines:
                found.append(b"\n".join(lines))
                lines = []
        elif line.startswith(b"data:"):
            value = line[5:]
            lines.append(value[1:] if value.startswith(b" ") else value)
        elif line == b"data":
            lines.append(b"")
    return found


def has_data(block: bytes) -> bool:
    """Tell whether whole events hold data, or only comments, pings and empty lines."""
    return block.startswith((b"data", _BOM + b"data")) or b"\ndata" in block or b"\rdata" in block
