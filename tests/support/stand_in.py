"""A provider that speaks every chat format at its real paths, on loopback: scripted, strict, and with books of its own.

What it says is written by hand (`stand_in_openai.py` and its sisters), not by the gateway's codecs, so that a codec
cannot hide its own mistake; what it is sent is checked as the real API would check it. A test scripts the next answer
with `play`, and reads what came from `calls`.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol, Self

from trunkline.ir import Usage
from trunkline.ir.answer import Answer

Fault = Literal["rate_limit", "overloaded", "auth", "context", "filter"]
End = Literal["whole", "error", "cut", "quiet"]
"""How a stream ends: as it should, with the format's error event, with a broken connection, or with a clean end of the
body where the format's end marker is missing."""
Item = tuple[Any, ...]
"""`("text", words)`, `("call", id, name, arguments, signature)`, `("result", id, failed, items)`,
`("think", words, signature)`, `("image" | "document" | "audio", mime, data)`, `("refusal", words)`."""


@dataclass(slots=True, kw_only=True)
class Scenario:
    """What the stand-in does with the next call of a model."""

    answer: Answer
    fault: Fault | None = None
    end: End = "whole"
    whole: dict[str, Any] | None = None
    """Instead of what the answer would be, word for word."""
    stream: list[bytes] | None = None
    """The same for streams."""


@dataclass(slots=True)
class Asked:
    """A request in one form, whatever format it came in. What a format cannot tell stays as it is here."""

    system: list[str] = field(default_factory=list[str])
    turns: list[tuple[str, list[Item]]] = field(default_factory=list[tuple[str, list[Item]]])
    tools: dict[str, Any] = field(default_factory=dict[str, Any])
    choice: str = ""
    schema: Any = None
    hints: int = 0
    max_tokens: int | None = None
    stream: bool = False

    def say(self, role: str, items: list[Item]) -> None:
        """Add to the conversation; neighbours of one role are one turn."""
        if self.turns and self.turns[-1][0] == role:
            self.turns[-1][1].extend(items)
        else:
            self.turns.append((role, list(items)))

    @property
    def items(self) -> list[tuple[str, Item]]:
        """Everything said, in its order, with who said it."""
        return [(role, item) for role, items in self.turns for item in items]

    def of(self, kind: str) -> list[Item]:
        """The items of one kind."""
        return [item for _, item in self.items if item[0] == kind]


@dataclass(slots=True)
class Called:
    """One request as it came."""

    format: str
    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    asked: Asked
    complaints: list[str]
    """What the real API would have refused."""


@dataclass(slots=True)
class Sending:
    """What goes out: one body, or pieces of a stream."""

    status: int
    content_type: str
    body: bytes = b""
    pieces: list[bytes] | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    broken: bool = False
    """The connection breaks behind the last piece."""


class Face(Protocol):
    """One format."""

    name: str
    stream_type: str

    def model(self, method: str, path: str, body: Mapping[str, Any]) -> str | None:
        """The model that is called; `None`: the path is not this format's."""

    def streams(self, path: str, body: Mapping[str, Any]) -> bool:
        """A stream is asked for."""

    def check(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> Iterable[str]:
        """What the real API would refuse of it."""

    def read(self, body: Mapping[str, Any]) -> Asked:
        """The request in the one form."""

    def whole(self, answer: Answer) -> dict[str, Any]:
        """A whole answer."""

    def stream(self, answer: Answer) -> list[bytes]:
        """The events of a stream; the last is what ends it."""

    def failure(self, fault: Fault) -> tuple[int, dict[str, Any], dict[str, str]]:
        """Status, body and headers of an error."""

    def error_event(self) -> bytes:
        """An error inside a stream."""

    def history(self, answer: Answer) -> list[Item]:
        """What must come back in the next turn, in its order, of what the answer said."""


class StandIn:
    """The server; in a `with`. Tests run one after the other, so there is one scenario a model."""

    def __init__(self, faces: Iterable[Face]) -> None:
        self.faces: Final = tuple(faces)
        self.calls: list[Called] = []
        self.tokens: list[tuple[int, int]] = []
        """Of each answer that was told in full with its usage: tokens in and out, as the stand-in counts."""
        self._scenarios: dict[str, Scenario] = {}
        self._jobs: dict[str, tuple[Face, Answer]] = {}
        self._server = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        """Address without a path."""
        return f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def play(self, model: str, scenario: Scenario) -> None:
        """The next calls of `model` get this; what was called before is forgotten."""
        self._scenarios[model] = scenario
        self.calls.clear()

    @property
    def last(self) -> Called:
        """The last call of a model (not a look at a job)."""
        return [call for call in self.calls if call.method == "POST"][-1]

    def face(self, name: str) -> Face:
        """A format by its name."""
        return next(face for face in self.faces if face.name == name)

    # Life ---------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for one in self._open:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()
        for thread in self._threads:
            thread.join(5)

    def _spawn(self, target: Any, *arguments: Any) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
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
            while True:
                line = reader.readline()
                if not line:
                    return
                method, path, _ = line.decode("latin-1").split(" ")
                headers: dict[str, str] = {}
                while line := reader.readline().rstrip(b"\r\n"):
                    name, _, value = line.decode("latin-1").partition(":")
                    headers[name.lower()] = value.strip()
                raw = reader.read(int(headers.get("content-length", "0")))
                sending = self._answer(method, path, headers, raw)
                _send(one, sending)
                if sending.broken:
                    return
        except OSError:
            pass
        finally:
            reader.close()
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    # Answers ------------------------------------------------------------------------------------------

    def _answer(self, method: str, path: str, headers: dict[str, str], raw: bytes) -> Sending:
        bare = path.partition("?")[0]
        if method == "GET" or bare.endswith("/cancel"):
            return self._job(method, bare, headers)
        try:
            body = json.loads(raw)
        except ValueError:
            return _json(400, {"error": "no JSON"})
        counted = self._count(method, bare, headers, body)
        if counted is not None:
            return counted
        for face in self.faces:
            model = face.model(method, bare, body)
            if model is not None:
                return self._call(face, model, method, path, headers, body)
        return _json(404, {"error": {"message": f"no such path: {method} {path}"}})

    def _count(self, method: str, path: str, headers: dict[str, str], body: Any) -> Sending | None:
        """Questions for a token count, which cost nothing."""
        if path.endswith("/messages/count_tokens"):
            name, answer = "messages", {"input_tokens": 21}
        elif path.endswith(":countTokens"):
            name, answer = "gemini", {"totalTokens": 21}
        else:
            return None
        face = self.face(name)
        self.calls.append(
            Called(name, method, path, headers, body, face.read(body.get("generateContentRequest", body)), [])
        )
        return _json(200, answer)

    def _call(self, face: Face, model: str, method: str, path: str, headers: dict[str, str], body: Any) -> Sending:
        complaints = list(face.check(body, headers))
        asked = face.read(body)
        asked.stream = face.streams(path, body)
        self.calls.append(Called(face.name, method, path, headers, body, asked, complaints))
        scenario = self._scenarios.get(model)
        if scenario is None:
            return _json(404, {"error": {"message": f"no scenario for the model {model}"}})
        if complaints:
            status, refused, more = face.failure("auth")
            why = json.dumps("; ".join(complaints))[1:-1]
            return _json(400, json.loads(json.dumps(refused).replace("invalid x-api-key", why)), more)
        if scenario.fault is not None:
            status, refused, more = face.failure(scenario.fault)
            if status == 200:  # Google's way to hold a prompt back; it is counted
                self.tokens.append((9, 0))
                if asked.stream:
                    return Sending(
                        200, face.stream_type, pieces=[b"data: " + json.dumps(refused).encode() + b"\r\n\r\n"]
                    )
            return _json(status, refused, more)
        if asked.stream:
            return self._stream(face, scenario)
        if scenario.whole is not None:
            self._note(scenario.answer.usage)
            return _json(200, scenario.whole)
        if scenario.end in ("cut", "quiet") and face.name != "replicate":
            whole = json.dumps(face.whole(scenario.answer)).encode()
            return Sending(200, "application/json", pieces=[whole[: len(whole) // 2]], broken=True)
        return self._told(face, scenario)

    def _told(self, face: Face, scenario: Scenario) -> Sending:
        members = face.whole(scenario.answer)
        if face.name == "replicate":
            job = str(members["id"])
            self._jobs[job] = (face, scenario.answer)
            if scenario.end == "whole" and scenario.answer.id.endswith("polled"):
                return _json(201, {**members, "status": "processing", "output": None, "metrics": {}})
            if scenario.end != "whole":
                return _json(201, {**members, "status": "failed", "output": None, "error": "the model crashed"})
        self._note(scenario.answer.usage)
        return _json(201 if face.name == "replicate" else 200, members)

    def _stream(self, face: Face, scenario: Scenario) -> Sending:
        events = scenario.stream or face.stream(scenario.answer)
        sending = Sending(200, face.stream_type, pieces=events)
        if scenario.end == "whole":
            self._note(scenario.answer.usage)
            return sending
        sending.pieces = events[: max(3, len(events) // 2)]
        if scenario.end == "error":
            sending.pieces = [*sending.pieces, face.error_event()]
        sending.broken = scenario.end == "cut"
        return sending

    def _job(self, method: str, path: str, headers: dict[str, str]) -> Sending:
        name = path.removesuffix("/cancel").rpartition("/")[2]
        self.calls.append(Called("replicate", method, path, headers, {}, Asked(), []))
        if name not in self._jobs:
            return _json(404, {"title": "Not found", "detail": f"no prediction {name}", "status": 404})
        face, answer = self._jobs[name]
        members = face.whole(answer)
        if path.endswith("/cancel"):
            return _json(200, {**members, "status": "canceled", "output": None})
        self._note(answer.usage)
        return _json(200, members)

    def _note(self, usage: Usage | None) -> None:
        if usage is not None:
            self.tokens.append((usage.input_total, usage.output_total))


def _json(status: int, members: object, headers: dict[str, str] | None = None) -> Sending:
    return Sending(status, "application/json", json.dumps(members).encode(), headers=headers or {})


def _send(one: socket.socket, sending: Sending) -> None:
    lines = [f"HTTP/1.1 {sending.status} Said", f"Content-Type: {sending.content_type}"]
    lines += [f"{name}: {value}" for name, value in sending.headers.items()]
    if sending.pieces is None:
        head = "\r\n".join([*lines, f"Content-Length: {len(sending.body)}", "", ""]).encode()
        one.sendall(head + sending.body)
        return
    one.sendall("\r\n".join([*lines, "Transfer-Encoding: chunked", "", ""]).encode())
    for number, piece in enumerate(sending.pieces):
        # Each third piece is cut in two, so that events do not come with their chunks.
        cuts = (piece,) if number % 3 else (piece[: len(piece) // 2], piece[len(piece) // 2 :])
        for cut in cuts:
            if cut:
                one.sendall(b"%x\r\n%b\r\n" % (len(cut), cut))
    if not sending.broken:
        one.sendall(b"0\r\n\r\n")


# What the faces share.


def sse(value: object, name: str = "") -> bytes:
    """One server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


def names(words: str) -> frozenset[str]:
    """Names that stand in one text."""
    return frozenset(words.split())


def halves(text: str, count: int = 3) -> list[str]:
    """A text in pieces, none of them empty."""
    step = max(1, -(-len(text) // count))
    return [text[at : at + step] for at in range(0, len(text), step)]


def parsed(arguments: str) -> Any:
    """The arguments of a call as an object."""
    return json.loads(arguments or "{}")


def canonical(value: Any) -> str:
    """Arguments in one spelling."""
    return json.dumps(json.loads(value or "{}") if isinstance(value, str) else value, sort_keys=True)


def data_url(url: str) -> tuple[str, str]:
    """Media type and base64 of a `data:` URL; of another URL: nothing, and the URL."""
    if not url.startswith("data:"):
        return "", url
    head, _, data = url[5:].partition(",")
    return head.removesuffix(";base64"), data
