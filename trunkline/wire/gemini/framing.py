"""The two ways in which Google frames a stream: server-sent events (`alt=sse`), and one JSON array that grows."""

from __future__ import annotations

from typing import Final

MAX_OBJECT_BYTES: Final = 64 * 1024 * 1024
"""A longer element is an error: the largest pictures that Gemini makes have a few tens of megabytes as base64."""

_SPACE: Final = b" \t\r\n,"


class ArraySplitter:
    """Cuts `[{...},{...}]` into its objects, at reads of any size; each byte is looked at once.

    What stands inside strings is skipped at the speed of `bytes.find`.
    """

    __slots__ = ("_depth", "_escaped", "_pieces", "_quoted", "_size", "_within", "broken", "closed")

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0
        self._depth = 0
        self._quoted = False
        self._escaped = False
        self._within = False
        self.closed = False
        self.broken = ""
        """What was wrong with the stream; nothing comes of it any more."""

    def feed(self, data: bytes) -> list[bytes]:
        """Whole objects that `data` completes; look at `broken` behind them."""
        found: list[bytes] = []
        start = at = 0
        while at < len(data) and not self.broken:
            if self._quoted:
                at = self._skip_string(data, at)
            elif self._depth:
                at, whole = self._skip_structure(data, at)
                if whole:
                    found.append(b"".join((*self._pieces, data[start:at])))
                    self._pieces, self._size = [], 0
                    start = at
            else:
                start = self._next_object(data, at)
                at = start + 1
        if self._depth:
            self._pieces.append(data[start:])
            self._size += len(data) - start
            if self._size > MAX_OBJECT_BYTES:
                self.broken = f"an element passed {MAX_OBJECT_BYTES} bytes without its end"
        return found

    def _skip_string(self, data: bytes, at: int) -> int:
        if self._escaped:
            self._escaped = False
            return at + 1
        quote = data.find(b'"', at)
        slash = data.find(b"\\", at, quote if quote >= 0 else len(data))
        if slash >= 0:
            self._escaped = True
            return slash + 1
        if quote < 0:
            return len(data)
        self._quoted = False
        return quote + 1

    def _skip_structure(self, data: bytes, at: int) -> tuple[int, bool]:
        quote = data.find(b'"', at)
        end = quote if quote >= 0 else len(data)
        closing = data.count(b"}", at, end)
        if closing < self._depth:
            self._depth += data.count(b"{", at, end) - closing
        else:  # the end may be among these few bytes
            for place in range(at, end):
                byte = data[place]
                if byte == 0x7B:
                    self._depth += 1
                elif byte == 0x7D:
                    self._depth -= 1
                    if not self._depth:
                        return place + 1, True
        self._quoted = quote >= 0
        return end + 1 if quote >= 0 else end, False

    def _next_object(self, data: bytes, at: int) -> int:
        while at < len(data):
            byte = data[at]
            if byte == 0x7B and self._within and not self.closed:
                self._depth = 1
                return at
            if byte == 0x5B and not self._within:
                self._within = True
            elif byte == 0x5D and self._within and not self.closed:
                self.closed = True
            elif byte not in _SPACE:
                self.broken = f"byte {byte:#04x} stands between its elements"
                break
            at += 1
        return at
