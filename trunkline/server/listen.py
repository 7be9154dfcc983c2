"""The listening socket."""

from __future__ import annotations

import errno
import socket
from typing import Final

from trunkline.server.holder import holders

BACKLOG: Final = 4096
"""Connections the kernel keeps while a worker is busy: 3,000 new ones a second are none too many (reliability C11)."""


class PortTaken(Exception):
    """The address cannot be listened on; the text says why and what to write instead."""


def listen(host: str, port: int) -> socket.socket:
    """Bind and listen.

    Raises:
        PortTaken: somebody else has the port, or the address is not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host.strip("[]"), port))
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise PortTaken(_why(error, host, port)) from None
    except OverflowError:
        sock.close()
        raise PortTaken(f"{port} is no port: write one from 0 to 65535.") from None
    sock.setblocking(False)
    sock.set_inheritable(True)
    return sock


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        holder = next(holders(port), "another program")
        return f"Port {port} on {host} is taken by {holder}: stop it, or choose another with `--port {port + 1}`."
    if error.errno == errno.EACCES:
        return f"Port {port} on {host} needs more rights: choose one above 1023 with `--port`."
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return f"`{host}` is no address of this machine: write `--host 127.0.0.1`, or `--host 0.0.0.0` for all."
    return f"Cannot listen on {host}:{port}: {error.strerror}."


def address(sock: socket.socket) -> str:
    """The URL that a socket listens at."""
    host, port = sock.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"
