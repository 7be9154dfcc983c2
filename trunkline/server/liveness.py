"""Is the peer of a connection still there? What the kernel knows, and a byte to make it find out."""

from __future__ import annotations

import asyncio
import fcntl
import socket
import struct
import sys
import termios
from typing import Final

TCP_CLOSE: Final = 7
"""State of a socket that was reset (linux/include/net/tcp_states.h)."""


class PeerProbe:
    """Watches one connection whose peer sent its end.

    A peer that only half-closed takes what we send; one that is gone answers it with a reset, which the kernel shows
    in the socket's state. Where that state cannot be read, a second write fails instead.
    """

    __slots__ = ("_pokes", "_socket", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._socket = transport.get_extra_info("socket")
        self._pokes = 0

    def is_dead(self) -> bool:
        """The peer has reset the connection."""
        if self._transport.is_closing():
            return True
        if not sys.platform.startswith("linux") or self._socket is None:
            return False
        try:
            info = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8)
        except OSError:
            return self._pokes > 0  # no TCP: an end of input is the end
        return bool(info and info[0] == TCP_CLOSE)

    def poke(self, data: bytes) -> bool:
        """Send something harmless, twice at most; return whether to look again."""
        if data and self._pokes < 2:
            self._transport.write(data)
        self._pokes += 1
        return True


def queued_bytes(transport: asyncio.Transport) -> int:
    """Bytes written that the peer has not taken yet: ours and the kernel's."""
    size = transport.get_write_buffer_size()
    sock = transport.get_extra_info("socket")
    try:
        waiting = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0\0\0\0")
    except (AttributeError, OSError):
        return size
    return size + int(struct.unpack("i", waiting)[0])
