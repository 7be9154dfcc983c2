"""A client that can send any bytes, stop anywhere, read as slowly as it likes, and reads answers strictly."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import time
from types import TracebackType
from typing import Self

from tests.support.answers import Answer, AnswerParser, Stream, read_stream

__all__ = ["Answer", "RawConnection", "Stream", "exchange", "json_request", "read_stream", "request_bytes"]


def request_bytes(
    method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None, host: str = "127.0.0.1"
) -> bytes:
    """A well-formed HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def json_request(path: str, value: object, key: str, headers: dict[str, str] | None = None) -> bytes:
    """A POST of `value` as JSON with `key` as its bearer token."""
    head = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"} | (headers or {})
    return request_bytes("POST", path, json.dumps(value).encode(), head)


class RawConnection:
    """One blocking TCP connection."""

    def __init__(self, port: int, *, timeout: float = 20.0, receive_buffer: int = 0) -> None:
        self.socket = socket.socket()
        self.socket.settimeout(timeout)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            self.socket.connect(("127.0.0.1", port))
        except OSError:
            self.socket.close()
            raise
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.left = b""
        """Bytes that came after the last answer."""

    def send(self, data: bytes) -> None:
        """Send bytes; a peer that has closed already is no error here (the answer says what happened)."""
        with contextlib.suppress(ConnectionError):
            self.socket.sendall(data)

    def half_close(self) -> None:
        """End the sending direction."""
        self.socket.shutdown(socket.SHUT_WR)

    def receive(self, size: int = 65536) -> bytes:
        """Some bytes, `b""` at the end."""
        if self.left:
            data, self.left = self.left, b""
            return data
        return self.socket.recv(size)

    def receive_until(self, mark: bytes, seconds: float = 10.0) -> bytes:
        """Bytes up to (at least) the first `mark`; what came so far when the connection ends before."""
        limit = time.monotonic() + seconds
        data = b""
        while mark not in data:
            if time.monotonic() > limit:
                raise TimeoutError(f"no {mark!r} within {seconds} s, only {data[-200:]!r}")
            more = self.receive()
            if not more:
                break
            data += more
        return data

    def answer(self, method: str = "POST", seconds: float | None = None, begun: bytes = b"") -> Answer:
        """Read one answer; `begun` is what was received of it before. Raises `TimeoutError` after `seconds` in all."""
        limit = time.monotonic() + (seconds or self.socket.gettimeout() or 20.0)
        parser = AnswerParser(method)
        parser.feed(begun + self.left)
        self.left = b""
        while not parser.over:
            left = limit - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"no whole answer in time; so far {bytes(parser.body[-200:])!r}")
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                continue
            except OSError as error:
                parser.lost(error)
                break
            if not data:
                parser.eof()
                break
            parser.feed(data)
        self.left = bytes(parser.buffer)
        return parser.answer

    def closed_within(self, seconds: float) -> float | None:
        """Read to the end of the connection; seconds it took, `None` when it was still open at the limit."""
        start = time.monotonic()
        while (left := seconds - (time.monotonic() - start)) > 0:
            self.socket.settimeout(left)
            try:
                if not self.socket.recv(65536):
                    return time.monotonic() - start
            except TimeoutError:
                return None
            except OSError:
                return time.monotonic() - start
        return None

    def reset(self) -> None:
        """Close with a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self) -> None:
        """Close in order."""
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def exchange(port: int, data: bytes, *, method: str = "POST", seconds: float = 20.0) -> Answer:
    """Send bytes on a new connection and read one answer."""
    with RawConnection(port, timeout=seconds) as connection:
        connection.send(data)
        return connection.answer(method)
