"""A provider that takes any method, path and body, writes down what came byte for byte, and answers as it was told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it came."""

    method: str
    target: str
    """Path and query of the request line."""
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The only value of a header, `None` where there is none."""
        found = [value for key, value in self.headers if key.lower() == name]
        assert len(found) < 2, f"{name} came {len(found)} times"
        return found[0] if found else None

    @property
    def names(self) -> set[str]:
        """Names of the headers, in lower case."""
        return {name.lower() for name, _ in self.headers}

    @property
    def path(self) -> str:
        """Without the query."""
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Canned:
    """An answer."""

    status: int = 200
    content_type: str = "application/json"
    body: bytes = b'{"ok": true}'
    pieces: tuple[bytes, ...] = ()
    """Sent one by one, chunked, instead of `body`."""
    pause: float = 0.0
    """Seconds before each piece but the first."""
    headers: tuple[tuple[str, str], ...] = ()
    cut: bool = False
    """Half of the body, then the connection closes."""


@dataclass(slots=True)
class OpenProvider:
    """What was seen, and what is to be answered."""

    port: int = 0
    seen: list[Seen] = field(default_factory=list[Seen])
    answer: Callable[[Seen], Canned] = field(default=lambda _: Canned())
    connections: int = 0

    @property
    def url(self) -> str:
        """Its address without a path."""
        return f"http://127.0.0.1:{self.port}"

    def last(self) -> Seen:
        """The request that came last."""
        return self.seen[-1]


@contextmanager
def open_provider() -> Iterator[OpenProvider]:
    """Serve on a free port until the end of the block."""
    state = OpenProvider()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            state.connections += 1
            super().setup()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Quietly."""

        def serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            seen = Seen(self.command, self.path, tuple(self.headers.items()), body)
            state.seen.append(seen)
            self._answer(state.answer(seen))

        def _answer(self, canned: Canned) -> None:
            self.send_response(canned.status)
            if canned.content_type:
                self.send_header("Content-Type", canned.content_type)
            for name, value in canned.headers:
                self.send_header(name, value)
            if canned.pieces:
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for at, piece in enumerate(canned.pieces):
                    if at:
                        time.sleep(canned.pause)
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                    self.wfile.flush()
                if canned.cut:
                    self.close_connection = True
                    return
                self.wfile.write(b"0\r\n\r\n")
                return
            if canned.status in (204, 304):
                self.end_headers()
                return
            self.send_header("Content-Length", str(len(canned.body)))
            self.end_headers()
            self.wfile.write(canned.body[: len(canned.body) // 2] if canned.cut else canned.body)
            if canned.cut:
                self.close_connection = True

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"):
        setattr(Handler, f"do_{method}", Handler.serve)

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that hangs up is part of the tests."""

    server = Server(("127.0.0.1", 0), Handler)
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


SECRETS: Final = {
    "OPENAI_API_KEY": "sk-env-0penai-b7d1f0c2a9e84455", "ANTHROPIC_API_KEY": "sk-ant-env-77aa01b2c3d4e5f6",
    "GEMINI_API_KEY": "AIzaEnvB7d1f0c2a9e84455aa01b2", "COHERE_API_KEY": "c0here7aa01b2c3d4e5f6b7d1f0",
    "MISTRAL_API_KEY": "m1stral7aa01b2c3d4e5f6b7d1f", "AZURE_API_KEY": "az7aa01b2c3d4e5f6b7d1f0c2a9",
    "AWS_ACCESS_KEY_ID": "AKIA7AA01B2C3D4E5F6G", "AWS_SECRET_ACCESS_KEY": "s7Aa01b2c3D4e5f6b7d1f0c2a9e84455aa01b2c3",
}  # fmt: skip
"""The environment's keys: nobody else's."""


def environment(provider: OpenProvider) -> dict[str, str]:
    """Variables that send every provider's calls to this one, with its key."""
    url = provider.url
    return SECRETS | {
        "OPENAI_BASE_URL": f"{url}/v1", "ANTHROPIC_BASE_URL": url, "GEMINI_API_BASE": f"{url}/v1beta",
        "COHERE_API_BASE": url, "MISTRAL_API_BASE": f"{url}/v1", "AZURE_API_BASE": url, "VERTEXAI_API_BASE": url,
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": url, "AWS_REGION": "eu-west-1",
    }  # fmt: skip
