"""A provider that answers with recordings, on a socket of its own in a thread; it keeps every request as it came."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


@dataclass(slots=True)
class Seen:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Reply:
    """One answer: how it is cut decides how the gateway's reads fall."""

    status: int
    content_type: str
    body: bytes
    cut: int = 0
    """Bytes a chunk; 0 for a body with a length, sent at once."""


@dataclass(slots=True)
class Replayer:
    """Answers each request with the next reply of the path's last words, else with the one reply set."""

    reply: Reply = field(default_factory=lambda: Reply(200, "application/json", b"{}"))
    seen: list[Seen] = field(default_factory=list[Seen])
    _server: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _open: list[socket.socket] = field(default_factory=list[socket.socket])
    _threads: list[threading.Thread] = field(default_factory=list[threading.Thread])

    @property
    def url(self) -> str:
        """Address without a path."""
        return f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for one in self._open:
            one.close()
        for thread in self._threads:
            thread.join(5)

    def _spawn(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]  # bound methods
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                one, _ = self._server.accept()
            except OSError:
                return
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open.append(one)
            self._spawn(self._serve, one)

    def _serve(self, one: socket.socket) -> None:
        reader = one.makefile("rb")
        try:
            while self._answer_one(one, reader):
                pass
        except OSError:
            pass
        finally:
            reader.close()
            one.close()

    def _answer_one(self, one: socket.socket, reader: object) -> bool:
        line = reader.readline()  # type: ignore[attr-defined]  # a binary file
        if not line:
            return False
        method, path, _ = line.decode("latin-1").split(" ")
        headers: dict[str, str] = {}
        while line := reader.readline().decode("latin-1").rstrip("\r\n"):  # type: ignore[attr-defined]  # see above
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = reader.read(int(headers.get("content-length", "0")))  # type: ignore[attr-defined]  # see above
        self.seen.append(Seen(method, path, headers, body))
        self._send(one, self.reply)
        return True

    def _send(self, one: socket.socket, reply: Reply) -> None:
        head = f"HTTP/1.1 {reply.status} Recorded\r\nContent-Type: {reply.content_type}\r\n"
        if not reply.cut:
            one.sendall(f"{head}Content-Length: {len(reply.body)}\r\n\r\n".encode() + reply.body)
            return
        one.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        body, cut = reply.body, reply.cut
        chunks = [b"%x\r\n%b\r\n" % (len(p), p) for p in (body[at : at + cut] for at in range(0, len(body), cut))]
        step = max(1, 4000 // (cut + 6))  # many small chunks a packet: the parser hands them on one by one
        for at in range(0, len(chunks), step):
            one.sendall(b"".join(chunks[at : at + step]))
        one.sendall(b"0\r\n\r\n")
