"""Request ids: made by the server, unique, and sortable by time."""

from __future__ import annotations

import os
from typing import Final

_LAST: Final = 1 << 48


class IdMaker:
    """Makes UUIDs of version 7 (RFC 9562, 6.2 method 1): milliseconds, random bits, and a counter with a random start.

    Sortable ids keep the primary key's B-tree growing at its right edge, which makes an insert several times
    cheaper than random ids do. 26 bits are drawn anew each millisecond and the counter starts at 47 random bits, so
    that two workers meet with a chance of less than 2**-70 even in the same millisecond.
    """

    __slots__ = ("_counter", "_head", "_millis")

    def __init__(self) -> None:
        self._counter = int.from_bytes(os.urandom(6), "big") >> 1
        self._millis = -1
        self._head = ""

    def make(self, microseconds: int) -> str:
        """Return a new id for a moment of the wall clock, for example `019ab2c4-5d6e-7f01-8234-56789abcdef0`."""
        millis = microseconds // 1000
        if millis != self._millis:
            self._millis = millis
            stamp, chance = f"{millis:012x}", os.urandom(4).hex()
            variant = "89ab"[int(chance[3], 16) & 3]
            self._head = f"{stamp[:8]}-{stamp[8:]}-7{chance[:3]}-{variant}{chance[4:7]}-"
        self._counter = counter = (self._counter + 1) % _LAST
        return f"{self._head}{counter:012x}"
