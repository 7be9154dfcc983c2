"""A provider that writes down what it is sent and answers in five formats; the request's own text says how.

Words between double at signs in the body are orders: `@@status-429@@`, `@@think@@`. So one deployment a format is
enough, the orders pass through every translation, and nothing has to be scripted between two gateways. Without orders:
a tool call where there are tools and no result yet, else a line of text.
"""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self

from tests.oracle.faces import FACES
from tests.oracle.said import Face, Said

_ORDER: Final = re.compile(r"@@([a-z0-9_-]+)@@")
_RESULT: Final = re.compile(r'"role": ?"tool"|"tool_result"|"function_call_output"|"function_?[rR]esponse"')

_COMMAND: Final = "printf 'sea-%d' 42"
SHELLS: Final[dict[str, dict[str, Any]]] = {
    "Bash": {"command": _COMMAND, "description": "Say it"},
    "bash": {"command": _COMMAND, "description": "Say it"},
    "run_shell_command": {"command": _COMMAND},
    "exec_command": {"cmd": _COMMAND},
    "shell_command": {"command": _COMMAND},
    "shell": {"command": ["sh", "-c", _COMMAND]},
}
"""Under `@@shell@@`: the names that command-line agents give their shell, with a command whose output is `sea-42`."""


@dataclass(slots=True)
class Sent:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    """As JSON; text where it is none."""
    format: str = ""


@dataclass(slots=True)
class Recorder:
    """The server; in a `with`."""

    calls: list[Sent] = field(default_factory=list[Sent])
    _server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("content-length") or 0))
                recorder.answer(self, raw)

            def do_GET(self) -> None:
                recorder.answer(self, b"")

            def log_message(self, *_: object) -> None:
                """Nothing: what came is in `calls`."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """Nothing: a client that leaves is no error here."""

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Address without a path."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, handler: BaseHTTPRequestHandler, raw: bytes) -> None:
        """Read, write down, answer."""
        text = raw.decode("utf-8", "replace")
        try:
            body = json.loads(text) if text else None
        except ValueError:
            body = text
        face = next((one for one in FACES if one.path.search(handler.path.partition("?")[0])), None)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.calls.append(Sent(handler.command, handler.path, headers, body, face.name if face else ""))
        if face is None or not isinstance(body, dict):
            _whole(handler, 404, {"error": {"message": f"no such path: {handler.path}"}})
            return
        orders = set(_ORDER.findall(text))
        status = next((int(one[7:]) for one in orders if one.startswith("status-")), 0)
        if status or orders & {"context", "policy"}:
            kind = "context" if "context" in orders else "policy" if "policy" in orders else ""
            status, refused = face.failure(status or 400, kind)
            extra = {"retry-after": "1"} if status == 429 else {}
            _whole(handler, status, refused, {**extra, face.id_header: "req-oracle"})
            return
        said = _say(face, body, orders, text)
        if face.streams(handler.path, body):
            self._stream(handler, face, face.stream(said), orders)
        else:
            _whole(
                handler, 200, face.whole(said), {face.id_header: "req-oracle", "x-ratelimit-remaining-requests": "9"}
            )

    def _stream(self, handler: BaseHTTPRequestHandler, face: Face, events: list[bytes], orders: set[str]) -> None:
        handler.send_response(200)
        for name, value in (("content-type", face.stream_type), ("transfer-encoding", "chunked"),
                            (face.id_header, "req-oracle")):  # fmt: skip
            handler.send_header(name, value)
        handler.end_headers()
        broken = orders & {"cut", "fail", "quiet"}
        if broken:
            events = events[: max(2, len(events) // 2)]
        if "fail" in orders:
            events = [*events, face.error_event()]
        for at, event in enumerate(events):
            if broken and at == len(events) - 1:
                time.sleep(0.1)  # what came so far is on its way to the client
            handler.wfile.write(b"%x\r\n%b\r\n" % (len(event), event))
        if "cut" not in orders:
            handler.wfile.write(b"0\r\n\r\n")
        handler.close_connection = "cut" in orders


def _say(face: Face, body: dict[str, Any], orders: set[str], text: str) -> Said:
    said = Said(model=face.model(body), body=body)
    if "think" in orders:
        said.think = "Let me see: which sea is it?"
        said.reasoning = 7
    if "cached" in orders:
        said.cached = 8
    names = face.tools(body)
    if names and "words" not in orders and not _RESULT.search(text):
        name, arguments = names[0], '{"city": "Oslo", "days": 3}'
        if "shell" in orders:
            name = next(one for one in names if one in SHELLS)
            arguments = json.dumps(SHELLS[name])
        said.calls = [("call_a1", name, arguments)]
        if "two" in orders:
            said.calls.append(("call_a2", name, '{"city": "Rome"}'))
        if "both" not in orders:
            said.text = ""
    if "json" in orders and not said.calls:
        said.text = '{"city":"Oslo","days":3}'
    said.finish = (
        "tool" if said.calls else next((one for one in ("length", "filter", "matched") if one in orders), "stop")
    )
    if "empty" in orders:
        said.text = ""
    return said


def _whole(handler: BaseHTTPRequestHandler, status: int, value: object, headers: dict[str, str] | None = None) -> None:
    data = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    handler.send_response(status)
    handler.send_header("content-type", "application/json")
    handler.send_header("content-length", str(len(data)))
    for name, one in (headers or {}).items():
        handler.send_header(name, one)
    handler.end_headers()
    handler.wfile.write(data)
