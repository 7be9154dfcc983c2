"""A TCP proxy that makes trouble between the gateway and a server: Toxiproxy's list, as far as we need it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self


class TcpProxy:
    """Listens on a free port of 127.0.0.1 and passes bytes to `target`; runs in a thread of its own.

    Faults hold for all connections, those open and those to come, until `heal()`.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.connections = 0
        """Accepted so far."""
        self._latency = 0.0
        self._frozen = False
        self._refusing = False
        self._limit: int | None = None
        self._cut_after: bytes | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port: int = self._listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._thaw = asyncio.Event()
        self._thaw.set()
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        started.wait(5)

    # Faults -------------------------------------------------------------------------------------------

    def latency(self, seconds: float) -> None:
        """Delay every piece of data, in each direction."""
        self._latency = seconds

    def blackhole(self) -> None:
        """Take bytes and connections, pass nothing on."""
        self._frozen = True
        self._call(self._thaw.clear)

    def refuse(self) -> None:
        """Reset what is open, and every new connection at once."""
        self._refusing = True
        self.reset()

    def limit_data(self, count: int) -> None:
        """Reset each direction of a connection after it carried `count` bytes from now on."""
        self._limit = count

    def cut_after(self, mark: bytes) -> None:
        """Pass the client's bytes that hold `mark` on, then reset the client before the server's answer."""
        self._cut_after = mark

    def reset(self) -> None:
        """Reset every open connection, once."""
        self._call(self._reset_all)

    def heal(self) -> None:
        """End all faults; what a blackhole held back is delivered."""
        self._latency, self._frozen, self._refusing = 0.0, False, False
        self._limit = self._cut_after = None
        self._call(self._thaw.set)

    # Workings -----------------------------------------------------------------------------------------

    def _call(self, function: Callable[[], object]) -> None:
        done = threading.Event()

        def run() -> None:
            function()
            done.set()

        self._loop.call_soon_threadsafe(run)
        done.wait(5)

    def _run(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(asyncio.start_server(self._accept, sock=self._listener))
        started.set()
        self._loop.run_forever()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self._refusing:
            abort(writer)
            return
        try:
            server_reader, server_writer = await asyncio.open_connection(*self.target)
        except OSError:
            abort(writer)
            return
        self._writers |= {writer, server_writer}
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, server_writer, writer, client=writer))
                group.create_task(self._pump(server_reader, writer, server_writer))
        finally:
            self._writers -= {writer, server_writer}
            for one in (writer, server_writer):
                one.close()

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        back: asyncio.StreamWriter,
        client: asyncio.StreamWriter | None = None,
    ) -> None:
        """Carry one direction; `back` leads to the sender, `client` is given where the client speaks."""
        left: int | None = None
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while data := await reader.read(65536):
                await self._thaw.wait()
                if self._latency:
                    await asyncio.sleep(self._latency)
                if self._limit is not None:
                    left = self._limit if left is None else left
                    data, left = data[:left], left - len(data)
                writer.write(data)
                await writer.drain()
                if left is not None and left <= 0:
                    # This connection alone: another may still be dying of an earlier fault.
                    abort(writer)
                    abort(back)
                    return
                if client is not None and self._cut_after is not None and self._cut_after in data:
                    await asyncio.sleep(0.02)
                    abort(client)
                    return
            writer.write_eof()

    def _reset_all(self) -> None:
        for writer in list(self._writers):
            abort(writer)

    def close(self) -> None:
        """Stop listening and drop everything."""
        self._call(self._reset_all)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._listener.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.01))
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def abort(writer: asyncio.StreamWriter) -> None:
    """Close with a reset."""
    handle = writer.get_extra_info("socket")
    if handle is not None:
        with contextlib.suppress(OSError):
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
