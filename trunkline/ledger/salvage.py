"""Reading a record whose text is not UTF-8.

Its checksum is right, so these are the bytes that the worker wrote: a lone surrogate, say, that came through as it
was. msgspec refuses the whole record then; here each field is read on its own.
"""

from __future__ import annotations

import struct
from typing import Final, TypeVar

import msgspec

from trunkline.ledger.record import CallRecord, Intent, PriceRecord

R = TypeVar("R", CallRecord, Intent, PriceRecord)

_fields: Final = msgspec.msgpack.Decoder(list[msgspec.Raw])
_LENGTHS: Final = {0xD9: ">B", 0xDA: ">H", 0xDB: ">I"}


def salvage(payload: bytes, kind: type[R]) -> R | None:
    """Return the record with its text as it stands, surrogates included; `None` where even that cannot be read."""
    try:
        raw = _fields.decode(payload)
        values = [_value(bytes(each)) for each in raw[: len(kind.__struct_fields__)]]
        return msgspec.convert(values, kind)
    except (msgspec.MsgspecError, ValueError, IndexError, struct.error):
        return None


def _value(raw: bytes) -> object:
    first = raw[0]
    if 0xA0 <= first <= 0xBF:
        return _text(raw[1:])
    if first in _LENGTHS:
        return _text(raw[1 + struct.calcsize(_LENGTHS[first]) :])
    return msgspec.msgpack.decode(raw)


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return raw.decode("utf-8", "backslashreplace")
