"""Names to addresses, each look-up in a daemon thread of its own.

libuv resolves in four threads that it shares with everything else: eight slow names starve all others, and a stuck one
keeps the process from ending (reliability U25). Here a slow name costs only those who asked for it.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any, Final

MAX_RUNNING: Final = 64
"""Look-ups at a time; beyond it a name fails at once, as when the resolver says to try again."""

Found = list[tuple[int, int, int, str, Any]]
"""What `socket.getaddrinfo` returns."""
Key = tuple[asyncio.AbstractEventLoop, str, int]
_running: dict[Key, asyncio.Future[Found]] = {}


async def lookup(host: str, port: int, loop: asyncio.AbstractEventLoop) -> Found:
    """Addresses of a name; callers that ask for one at the same time share a look-up.

    Raises:
        socket.gaierror: the name does not resolve, or too many look-ups are under way.
    """
    key = (loop, host, port)
    future = _running.get(key)
    if future is None:
        if len(_running) >= MAX_RUNNING:
            raise socket.gaierror(socket.EAI_AGAIN, "too many names are being looked up")
        future = _running[key] = loop.create_future()
        future.add_done_callback(lambda done: _forget(key, done))
        threading.Thread(target=_work, args=(host, port, loop, future), name="lookup", daemon=True).start()
    return await asyncio.shield(future)  # one caller that gives up must not end it for the others


def _forget(key: Key, done: asyncio.Future[Found]) -> None:
    _running.pop(key, None)
    if not done.cancelled():
        done.exception()  # seen, also where nobody waits any more


def _work(host: str, port: int, loop: asyncio.AbstractEventLoop, future: asyncio.Future[Found]) -> None:
    found: Found | OSError
    try:
        found = list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except OSError as error:
        found = error
    except UnicodeError:
        found = socket.gaierror(socket.EAI_NONAME, "no valid name")
    try:
        loop.call_soon_threadsafe(_tell, future, found)
    except RuntimeError:
        return  # the loop has ended meanwhile


def _tell(future: asyncio.Future[Found], found: Found | OSError) -> None:
    if future.done():
        return
    if isinstance(found, OSError):
        future.set_exception(found)
    else:
        future.set_result(found)
