"""Learning that the process is about to end, before the server waits for its connections.

A server ends its applications when the last connection has closed; a stream of events, open for as long as an answer
takes, would hold it up until its patience is over. The signal comes first.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def on_signal(work: Callable[[], None]) -> Iterator[None]:
    """Call `work` in the running loop when SIGTERM or SIGINT comes; the server's own handler is called as before.

    Only the main thread can be told of signals: elsewhere, and beside a handler that is not Python's, nothing is done.
    """
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    if threading.current_thread() is not threading.main_thread() or not all(map(callable, before.values())):
        yield
        return
    loop = asyncio.get_running_loop()

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(work)
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for number in _SIGNALS:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) is handle:
                signal.signal(number, handler)
