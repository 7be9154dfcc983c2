"""The fake provider's process: sockets, HTTP reading, ledger, control port.

Run as `python -m tests.support.provider_server FOLDER`; the first line on standard output is `Ports` as JSON.
It ends when its standard input closes, so that it never outlives the tests.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import socket
import ssl
import sys
import time
from pathlib import Path

import msgspec
from typing_extensions import override

from tests.support.provider_exchange import ClientGone, Exchange
from tests.support.provider_faults import FAULTS
from tests.support.provider_ledger import Counts, Entry, Ports
from tests.support.provider_tls import server_contexts

Head = tuple[str, str, list[tuple[str, str]]]


class Provider:
    """Ledger, counters, and the memory of which markers have had their fault."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.counts = Counts()
        self.seen: dict[str, int] = {}
        self.canary_port = 0

    def record(self, connection: int, head: Head, body: bytes) -> tuple[Entry, dict[str, object], dict[str, str]]:
        """Write a request down; returns entry, decoded body and the fault's arguments."""
        method, path, headers = head
        try:
            decoded = json.loads(body) if body else {}
        except ValueError:
            decoded = {}
        content: dict[str, object] = decoded if isinstance(decoded, dict) else {}
        model, marker = str(content.get("model", "")), str(content.get("user", ""))
        token = next((value for name, value in headers if name.lower() in ("authorization", "api-key")), "")
        name, arguments = self._fault(model, marker)
        entry = Entry(
            number=len(self.entries),
            connection=connection,
            arrived=time.monotonic(),
            method=method,
            path=path.partition("?")[0],
            headers=[(n, v if n.lower() not in ("authorization", "api-key") else "***") for n, v in headers],
            key=hashlib.sha256(token.removeprefix("Bearer ").encode()).hexdigest()[:12],
            marker=marker,
            model=model,
            stream=content.get("stream") is True,
            fault=name,
            body_bytes=len(body),
            body_sha256=hashlib.sha256(body).hexdigest(),
            prompt_tokens=7 + sum(marker.encode()) % 90,
            completion_tokens=0 if path.partition("?")[0].endswith("/embeddings") else int(arguments.get("n", "5")),
        )
        self.entries.append(entry)
        return entry, content, arguments

    def _fault(self, model: str, marker: str) -> tuple[str, dict[str, str]]:
        """`fault:<name>:<k=v,k=v>`; `times=3` limits it to a marker's first three requests."""
        if not model.startswith("fault:"):
            return "ok", {}
        _, _, rest = model.partition(":")
        name, _, tail = rest.partition(":")
        arguments = dict(item.partition("=")[::2] for item in tail.split(",") if item)
        count = self.seen[marker] = self.seen.get(marker, 0) + 1
        if "times" in arguments and count > int(arguments["times"]):
            return "ok", arguments
        return name, arguments


class Connection(asyncio.Protocol):
    """One client connection: reads requests, runs their answers, notices when the client closes."""

    transport: asyncio.Transport

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.buffer = bytearray()
        self.gone = asyncio.Event()
        self._arrived = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self.current: Entry | None = None
        self.number = 0

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        counts = self.provider.counts
        counts.connections += 1
        counts.open_connections += 1
        self.number = counts.connections
        self.task = asyncio.get_running_loop().create_task(self._serve())

    @override
    def data_received(self, data: bytes) -> None:
        if self.current is not None and self.current.ended == "open":
            self.provider.counts.early_bytes += 1
        self.buffer += data
        self._arrived.set()

    @override
    def eof_received(self) -> bool:
        self._closed()
        return False

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.provider.counts.open_connections -= 1
        self._closed()
        self._writable.set()

    @override
    def pause_writing(self) -> None:
        self._writable.clear()

    @override
    def resume_writing(self) -> None:
        self._writable.set()

    def _closed(self) -> None:
        if not self.gone.is_set() and self.current is not None:
            now = time.monotonic()
            if self.current.ended in ("open", "done"):
                self.current.client_closed_at = now
            if self.current.ended == "open":
                self.current.ended, self.current.ended_at = "client_closed", now
        self.gone.set()
        self._arrived.set()

    def close(self) -> None:
        """Close in order once everything is written."""
        self.transport.close()

    async def flushed(self) -> None:
        """Wait until the kernel has everything that was written."""
        for _ in range(500):
            if self.transport.get_write_buffer_size() == 0 or self.gone.is_set():
                return
            await asyncio.sleep(0.01)

    async def write(self, data: bytes) -> None:
        """Write and wait for room; raises `ClientGone`."""
        if self.gone.is_set() or self.transport.is_closing():
            raise ClientGone
        self.transport.write(data)
        await self._writable.wait()

    async def _serve(self) -> None:
        while not self.transport.is_closing():
            request = await self._read_request()
            if request is None:
                break
            entry, body, arguments = self.provider.record(self.number, *request)
            self.current = entry
            self.provider.counts.open_requests += 1
            exchange = Exchange(self, entry, body, arguments)
            try:
                await FAULTS[entry.fault](exchange)
            except ClientGone:
                break
            finally:
                self.provider.counts.open_requests -= 1
            if not exchange.keep:
                return
        self.close()

    async def _read_request(self) -> tuple[Head, bytes] | None:
        started = False
        while b"\r\n\r\n" not in self.buffer:
            started = started or bool(self.buffer)
            if not await self._more():
                self.provider.counts.unfinished += bool(self.buffer)
                return None
        raw, _, rest = bytes(self.buffer).partition(b"\r\n\r\n")
        try:
            head = parse_head(raw)
            length = body_length(head[2])
        except ValueError:
            self.provider.counts.malformed += 1
            return None
        self.buffer = bytearray(rest)
        body = await (self._read_chunked() if length is None else self._read_exact(length))
        if body is None:
            self.provider.counts.unfinished += 1
            return None
        return head, body

    async def _more(self) -> bool:
        self._arrived.clear()
        if self.gone.is_set():
            return False
        await self._arrived.wait()
        return not self.gone.is_set()

    async def _read_exact(self, length: int) -> bytes | None:
        while len(self.buffer) < length:
            if not await self._more():
                return None
        data = bytes(self.buffer[:length])
        del self.buffer[:length]
        return data

    async def _read_line(self) -> bytes | None:
        while b"\r\n" not in self.buffer:
            if not await self._more():
                return None
        line, _, rest = bytes(self.buffer).partition(b"\r\n")
        self.buffer = bytearray(rest)
        return line

    async def _read_chunked(self) -> bytes | None:
        body = bytearray()
        while True:
            line = await self._read_line()
            if line is None:
                return None
            size = int(line.partition(b";")[0], 16)
            data = await self._read_exact(size + 2)
            if data is None:
                return None
            body += data[:-2]
            if size == 0:
                return bytes(body)


def parse_head(raw: bytes) -> Head:
    """Request line and headers; raises `ValueError` for anything that is not plain HTTP/1.1."""
    first, *lines = raw.decode("latin-1").split("\r\n")
    method, path, version = first.split(" ")
    if version != "HTTP/1.1" or not path.startswith("/"):
        raise ValueError(first)
    headers: list[tuple[str, str]] = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip() or "\n" in line:
            raise ValueError(line)
        headers.append((name, value.strip()))
    return method, path, headers


def body_length(headers: list[tuple[str, str]]) -> int | None:
    """Length of the body in bytes, `None` for chunked; raises `ValueError` where both or several are given."""
    lengths = [value for name, value in headers if name.lower() == "content-length"]
    codings = [value for name, value in headers if name.lower() == "transfer-encoding"]
    if (codings and (lengths or codings != ["chunked"])) or len(lengths) > 1:
        raise ValueError("framing")
    return None if codings else int(lengths[0]) if lengths else 0


class Control(asyncio.Protocol):
    """`GET /ledger?since=N`, `GET /counts`, `POST /reset`: one answer a connection."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    @override
    def data_received(self, data: bytes) -> None:
        path = data.split(b" ", 2)[1].decode()
        value: object = self.provider.counts
        if path.startswith("/ledger"):
            value = self.provider.entries[int(path.partition("=")[2] or 0) :]
        body = msgspec.json.encode(value)
        self.transport.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        self.transport.close()


class Canary(asyncio.Protocol):
    """Counts who connects, and drops them."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.provider.counts.canary += 1
        transport.close()


class Stall(asyncio.Protocol):
    """Accepts and never says a word."""


def listening(host: str = "127.0.0.1", port: int = 0, backlog: int = 4096) -> socket.socket:
    """A listening socket on `port`, or on a free one."""
    # asyncio turns Nagle's delay off only where the protocol is named; without it every answer takes 40 ms.
    handle = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    handle.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    handle.bind((host, port))
    handle.listen(backlog)
    handle.setblocking(False)
    return handle


def blackhole(host: str = "127.0.0.1", port: int = 0) -> list[socket.socket]:
    """A port that drops SYNs: its backlog of one is full. Returns the sockets to keep alive, the listener first."""
    server = listening(host, port, backlog=0)
    kept = [server]
    for _ in range(4):
        handle = socket.socket(server.family)
        handle.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            handle.connect(server.getsockname()[:2])
        kept.append(handle)
    return kept


def port_of(handle: socket.socket) -> int:
    """The port a socket is bound to."""
    port = handle.getsockname()[1]
    assert isinstance(port, int)
    return port


async def serve(folder: Path) -> None:
    """Open every port, say where, and answer until standard input closes."""
    provider = Provider()
    loop = asyncio.get_running_loop()
    contexts, ca_file = server_contexts(folder)
    where: dict[str, int] = {}

    async def listen(label: str, kind: type[asyncio.Protocol], context: ssl.SSLContext | None = None) -> None:
        handle = listening()
        where[label] = port_of(handle)
        factory = (lambda: kind(provider)) if kind is not Stall else kind  # type: ignore[call-arg]  # Protocol's own init takes none
        await loop.create_server(factory, sock=handle, ssl=context)

    await listen("http", Connection)
    await listen("control", Control)
    await listen("canary", Canary)
    await listen("tls_stall", Stall)
    for label, context in contexts.items():
        await listen(label, Connection, context)
    holes = blackhole()
    kept, where["dual"] = [*holes], 0
    with contextlib.suppress(OSError):
        double = listening()
        kept += blackhole("::1", port_of(double))
        await loop.create_server(lambda: Connection(provider), sock=double)
        where["dual"] = port_of(double)
    unused = socket.socket()
    unused.bind(("127.0.0.1", 0))  # bound, not listening: a connect is refused, and nobody else gets the port
    provider.canary_port = where["canary"]
    ports = Ports(**where, closed=port_of(unused), blackhole=port_of(holes[0]), ca_file=str(ca_file))
    print(msgspec.json.encode(ports).decode(), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    for handle in [*kept, unused]:
        handle.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
