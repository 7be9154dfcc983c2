"""Amazon's event stream framing (`application/vnd.amazon.eventstream`), both directions.

A message is `total length u32, headers length u32, CRC-32 of these 8 bytes, headers, payload, CRC-32 of all before`,
everything big-endian; a header is `name length u8, name, type u8, value`. Facts: the specification at
https://smithy.io/2.0/aws/amazon-eventstream.html, read against the recordings.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from struct import error as struct_error
from typing import Final
from uuid import UUID
from zlib import crc32

import msgspec

CONTENT_TYPE: Final = "application/vnd.amazon.eventstream"
MAX_MESSAGE: Final = 24 * 1024 * 1024
"""Bytes of one message; the service's own limit of a payload is 24 MiB in newer SDKs and 16 MiB in older ones."""
MAX_HEADERS: Final = 128 * 1024
"""Bytes of one message's headers (the specification's limit)."""

_PRELUDE: Final = Struct(">III")
_U32: Final = Struct(">I")
_U16: Final = Struct(">H")
_OVERHEAD: Final = 16
"""Prelude and the CRC at the end."""
_CACHED: Final = 64
"""Header blocks that are kept read: a stream has as many as it has kinds of events."""


class Byte(int):
    """A header of one byte, signed; a plain `int` is written with four bytes."""


class Short(int):
    """A header of two bytes, signed."""


class Long(int):
    """A header of eight bytes, signed."""


class Timestamp(int):
    """A header of milliseconds since 1970."""


HeaderValue = bool | int | bytes | str | UUID
Headers = Mapping[str, HeaderValue]

_NUMBERS: Final[tuple[tuple[int, type[int], Struct], ...]] = (
    (2, Byte, Struct(">b")),
    (3, Short, Struct(">h")),
    (5, Long, Struct(">q")),
    (8, Timestamp, Struct(">q")),
    (4, int, Struct(">i")),
)
"""Types of fixed width. `int` is last: the others are `int` too."""
_BY_TYPE: Final = {number: (kind, layout) for number, kind, layout in _NUMBERS}


class Message(msgspec.Struct, frozen=True, gc=False):
    """One message. `headers` may be shared between messages of the same kind: it is not to be changed."""

    headers: Headers
    payload: bytes

    def text(self, name: str) -> str:
        """A header that is text; empty where it is missing or something else."""
        value = self.headers.get(name)
        return value if isinstance(value, str) else ""


class FrameDecoder:
    """Cuts bytes into messages; never raises for what a peer sent.

    After the first message that cannot be true nothing more is read: `broken` says why.
    """

    __slots__ = ("_buffer", "_known", "_limit", "_need", "broken")

    def __init__(self, limit: int = MAX_MESSAGE) -> None:
        """`limit`: bytes that one message may have."""
        self._buffer = bytearray()
        self._known: dict[bytes, Headers] = {}
        self._limit = limit
        self._need = _PRELUDE.size
        self.broken = ""

    @property
    def waiting(self) -> int:
        """Bytes of a message that is not complete; not 0 at the end of a connection: it was cut."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Message]:
        """The messages that `data` completes, in order."""
        found: list[Message] = []
        if self.broken:
            return found
        buffer = self._buffer
        buffer += data
        at, size = 0, len(buffer)
        while size - at >= self._need:
            total, head, crc = _PRELUDE.unpack_from(buffer, at)
            if self._need == _PRELUDE.size:
                self.broken = self._prelude_problem(buffer, at, total, head, crc)
                if self.broken:
                    break
                self._need = total
                continue
            message = self._message(bytes(buffer[at : at + total]), head)
            if message is None:
                break
            found.append(message)
            at += total
            self._need = _PRELUDE.size
        del buffer[:at]
        if self.broken:
            buffer.clear()
        return found

    def _prelude_problem(self, buffer: bytearray, at: int, total: int, head: int, crc: int) -> str:
        if crc32(buffer[at : at + 8]) != crc:
            return "the first bytes of a message do not match their checksum"
        if total > self._limit:
            return f"a message of {total} bytes is longer than {self._limit}"
        if head > MAX_HEADERS or total < head + _OVERHEAD:
            return "the lengths of a message contradict each other"
        return ""

    def _message(self, whole: bytes, head: int) -> Message | None:
        """The message; `None` sets `broken`."""
        if crc32(memoryview(whole)[:-4]) != _U32.unpack_from(whole, len(whole) - 4)[0]:
            self.broken = "a message does not match its checksum"
            return None
        block = whole[12 : 12 + head]
        headers = self._known.get(block)
        if headers is None:
            try:
                headers = read_headers(block)
            except ValueError as error:
                self.broken = str(error)
                return None
            if len(self._known) < _CACHED and len(block) < 512:
                self._known[block] = headers
        return Message(headers, whole[12 + head : -4])


def read_headers(block: bytes) -> dict[str, HeaderValue]:
    """The headers of one message.

    Raises:
        ValueError: they do not have the format's shape.
    """
    headers: dict[str, HeaderValue] = {}
    at, size = 0, len(block)
    try:
        while at < size:
            end = at + 1 + block[at]
            name = block[at + 1 : end].decode()
            value, at = _value(block, end)
            if at > size or not name:
                raise ValueError("the headers of a message end too early")
            headers[name] = value
    except (IndexError, struct_error) as error:
        raise ValueError("the headers of a message end too early") from error
    except UnicodeDecodeError as error:
        raise ValueError("a header of a message is not UTF-8") from error
    return headers


def _value(block: bytes, at: int) -> tuple[HeaderValue, int]:
    """The value whose type stands at `at`, and where the next header begins."""
    kind = block[at]
    at += 1
    match kind:
        case 0 | 1:
            return kind == 0, at
        case 6 | 7:
            end = at + 2 + _U16.unpack_from(block, at)[0]
            raw = block[at + 2 : end]
            return (raw if kind == 6 else raw.decode()), end
        case 9:
            raw = block[at : at + 16]
            if len(raw) < 16:
                raise IndexError
            return UUID(bytes=raw), at + 16
        case _ if kind in _BY_TYPE:
            number, layout = _BY_TYPE[kind]
            return number(layout.unpack_from(block, at)[0]), at + layout.size
        case _:
            raise ValueError(f"a header of a message has the unknown type {kind}")


def write_headers(headers: Headers) -> bytes:
    """The headers of one message, in their order.

    Raises:
        ValueError: a name longer than 255 bytes, or a value that its type cannot hold.
    """
    pieces: list[bytes] = []
    for name, value in headers.items():
        written = name.encode()
        if not 0 < len(written) < 256:
            raise ValueError("the name of a header must have 1 to 255 bytes")
        pieces += (bytes((len(written),)), written, _written(value))
    return b"".join(pieces)


def _written(value: HeaderValue) -> bytes:
    try:
        match value:
            case bool():
                return b"\x00" if value else b"\x01"
            case str():
                raw = value.encode()
                return b"\x07" + _U16.pack(len(raw)) + raw
            case bytes():
                return b"\x06" + _U16.pack(len(value)) + value
            case UUID():
                return b"\x09" + value.bytes
            case int():
                number, _, layout = next(row for row in _NUMBERS if isinstance(value, row[1]))
                return bytes((number,)) + layout.pack(value)
    except struct_error as error:
        raise ValueError("the value of a header is too large for its type") from error


def encode_message(headers: Headers, payload: bytes) -> bytes:
    """One message, framed.

    Raises:
        ValueError: a header that cannot be written.
    """
    return encode_framed(write_headers(headers), payload)


def encode_framed(block: bytes, payload: bytes) -> bytes:
    """One message, framed, whose headers `write_headers` has written already."""
    lengths = _PRELUDE.pack(len(block) + len(payload) + _OVERHEAD, len(block), 0)[:8]
    whole = b"".join((lengths, _U32.pack(crc32(lengths)), block, payload))
    return whole + _U32.pack(crc32(whole))
