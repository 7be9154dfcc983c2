"""Whole chunks of a chunked body, taken without the parser: a stream's events mostly come one chunk to a read."""

from __future__ import annotations

import re
from typing import Final

CHUNK_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,7})\r\n")
"""A chunk's size line without extensions (RFC 9112, 7.1); `int` alone would take `0x10`, `+5` and `1_0`."""

KNOWN_SIZES: Final = 2048
SIZE_LINES: Final = tuple(b"%x\r\n" % size for size in range(KNOWN_SIZES))
"""Size lines as most hosts write them: a third less than formatting one."""
LENGTHS: Final = tuple(b"%d" % size for size in range(KNOWN_SIZES))
"""Values of `content-length`."""


def _framings() -> tuple[tuple[bytes, int], ...]:
    found = {len(line) + size + 2: (line, size) for size, line in enumerate(SIZE_LINES) if size}
    return tuple(found.get(length, NO_FRAMING) for length in range(KNOWN_SIZES))


NO_FRAMING: Final = (b"", -1)
FRAMINGS: Final = _framings()
"""By the length of a read that is one whole chunk: its size line and the size of its content; `NO_FRAMING` where no
chunk is that long.
"""


def take_chunks(data: bytes) -> tuple[bytes, bytes]:
    """Take whole chunks off the front of `data`, which begins at a chunk; return their content and what is left.

    What is left begins with the last chunk (size 0), with one that is not whole, or with what the parser must judge.
    """
    match = CHUNK_SIZE.match(data)
    if match is None:
        return b"", data
    start = match.end()
    end = start + int(match[1], 16)
    if end == start or data[end : end + 2] != b"\r\n":
        return b"", data
    if len(data) == end + 2:
        return data[start:end], b""
    parts, at = [data[start:end]], end + 2
    while (match := CHUNK_SIZE.match(data, at)) is not None:
        start = match.end()
        end = start + int(match[1], 16)
        if end == start or data[end : end + 2] != b"\r\n":
            break
        parts.append(data[start:end])
        at = end + 2
    return b"".join(parts), data[at:]
