"""Strict reading of HTTP/1.1 answers and of OpenAI's streams, without I/O.

Strict on purpose: what a lenient client forgives, a test must see (RFC 9112 sections 2, 4, 6 and 7).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Final

STATUS_LINE: Final = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2}) ([\t \x21-\x7e\x80-\xff]*)")
FIELD: Final = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*((?:[\t \x21-\x7e\x80-\xff])*?)[ \t]*")
CHUNK: Final = re.compile(rb"([0-9a-fA-F]{1,15})")


@dataclass(slots=True)
class Answer:
    """One answer as it came. `error` says what was wrong with its framing; empty when it was whole."""

    status: int = 0
    reason: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    body: bytes = b""
    interim: list[int] = field(default_factory=list[int])
    """Statuses of 1xx heads before it."""
    complete: bool = False
    error: str = ""

    def header(self, name: str) -> str | None:
        """Value of the header, `None` where it is missing; a doubled one is an error in every test."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(values) <= 1, f"`{name}` is there {len(values)} times"
        return values[0] if values else None

    @property
    def json(self) -> dict[str, object]:
        """The body as a JSON object."""
        decoded = json.loads(self.body)
        assert isinstance(decoded, dict), decoded
        return decoded

    @property
    def error_body(self) -> dict[str, object]:
        """The `error` object; checks OpenAI's form; ours has a string for its code, a provider may say null."""
        error = self.json["error"]
        assert isinstance(error, dict)
        assert {"message", "type", "param", "code"} <= error.keys(), error
        assert isinstance(error["message"], str), error
        assert error["code"] is None or isinstance(error["code"], str), error
        return error

    @property
    def stream(self) -> Stream:
        """The body read as an event stream."""
        return read_stream(self.body)


class AnswerParser:
    """Fed with bytes, yields one answer; `answer.complete` or `answer.error` says when it is over."""

    def __init__(self, method: str = "POST") -> None:
        self.answer = Answer()
        self.buffer = bytearray()
        self.body = bytearray()
        self._method = method
        self._mode = "head"
        self._left = 0

    @property
    def over(self) -> bool:
        """The answer is complete, or broken beyond reading."""
        return self.answer.complete or bool(self.answer.error)

    def feed(self, data: bytes) -> None:
        """Take bytes; those after the answer's end stay in `buffer`."""
        self.buffer += data
        while not self.over and self._step():
            pass
        if self.over:
            self.answer.body = bytes(self.body)

    def eof(self) -> None:
        """The connection ended."""
        if not self.over:
            if self._mode == "close":
                self.answer.complete = True
            else:
                self.answer.error = f"connection ended in `{self._mode}`"
        self.answer.body = bytes(self.body)

    def lost(self, error: OSError) -> None:
        """The connection broke."""
        if not self.over:
            self.answer.error = f"connection broke in `{self._mode}`: {type(error).__name__}"
        self.answer.body = bytes(self.body)

    def _step(self) -> bool:
        match self._mode:
            case "head":
                return self._read_head()
            case "length" | "chunk":
                return self._read_sized()
            case "close":
                self.body += self.buffer
                self.buffer.clear()
                return False
            case "size":
                return self._read_chunk_size()
            case _:
                return self._read_trailer()

    def _line(self) -> bytes | None:
        end = self.buffer.find(b"\n")
        if end < 0:
            return None
        line = bytes(self.buffer[: end + 1])
        del self.buffer[: end + 1]
        if not line.endswith(b"\r\n"):
            self.answer.error = f"a line ends in a bare LF: {line[:80]!r}"
        return line[:-2]

    def _read_head(self) -> bool:
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self.buffer) > 1 << 20:
                self.answer.error = "head of more than 1 MiB"
            return False
        first, *lines = bytes(self.buffer[:end]).split(b"\r\n")
        del self.buffer[: end + 4]
        status = STATUS_LINE.fullmatch(first)
        fields = [FIELD.fullmatch(line) for line in lines]
        if status is None or None in fields:
            bad = first if status is None else lines[fields.index(None)]
            self.answer.error = f"malformed head: {bad[:80]!r}"
            return False
        code = int(status[1])
        if code < 200:
            self.answer.interim.append(code)
            return True
        self.answer.status, self.answer.reason = code, status[2].decode("latin-1")
        self.answer.headers = [(m[1].decode(), m[2].decode("latin-1")) for m in fields if m is not None]
        self._choose_framing()
        return True

    def _choose_framing(self) -> None:
        lengths = [v for k, v in self.answer.headers if k.lower() == "content-length"]
        codings = [v for k, v in self.answer.headers if k.lower() == "transfer-encoding"]
        if (lengths and codings) or len(lengths) > 1 or codings not in ([], ["chunked"]):
            self.answer.error = f"ambiguous framing: {lengths} {codings}"
        elif self._method == "HEAD" or self.answer.status in (204, 304):
            self.answer.complete = True
        elif codings:
            self._mode = "size"
        elif lengths:
            if not re.fullmatch("[0-9]+", lengths[0]):
                self.answer.error = f"malformed Content-Length: {lengths[0]!r}"
            self._mode, self._left = "length", int(lengths[0])
            self.answer.complete = self._left == 0
        else:
            self._mode = "close"

    def _read_sized(self) -> bool:
        if not self.buffer:
            return False
        data = bytes(self.buffer[: self._left])
        del self.buffer[: len(data)]
        self._left -= len(data)
        self.body += data
        if self._left:
            return False
        if self._mode == "length":
            self.answer.complete = True
        else:
            self._mode = "chunk end"
        return True

    def _read_chunk_size(self) -> bool:
        line = self._line()
        if line is None or self.answer.error:
            return False
        if not CHUNK.fullmatch(line):
            self.answer.error = f"malformed chunk size: {line[:40]!r}"
            return False
        self._left = int(line, 16)
        self._mode = "chunk" if self._left else "trailer"
        return True

    def _read_trailer(self) -> bool:
        line = self._line()
        if line is None or self.answer.error:
            return False
        if self._mode == "chunk end":
            if line:
                self.answer.error = f"chunk is longer than it said: {line[:40]!r}"
            self._mode = "size"
        elif not line:
            self.answer.complete = True
        return True


@dataclass(slots=True)
class Stream:
    """An event stream taken apart."""

    events: list[dict[str, object]] = field(default_factory=list[dict[str, object]])
    """Decoded objects but for errors, in order."""
    errors: list[dict[str, object]] = field(default_factory=list[dict[str, object]])
    done: int = 0
    """How many `[DONE]`."""
    after_end: int = 0
    """Events after the first error or `[DONE]`."""
    comments: int = 0
    broken: list[str] = field(default_factory=list[str])
    """Data that is no JSON object, fields other than `data`, and a last event without its blank line."""

    @property
    def text(self) -> str:
        """The content of the first choice, joined."""
        parts: list[str] = []
        for event in self.events:
            choices = event.get("choices")
            if isinstance(choices, list) and choices:
                delta = choices[0].get("delta") or choices[0]
                parts.append(delta.get("content") or delta.get("text") or "")
        return "".join(parts)

    @property
    def content_events(self) -> int:
        """Events that carry text."""
        return sum(1 for event in self.events if Stream(events=[event]).text)

    @property
    def usage(self) -> list[dict[str, object]]:
        """Every usage object in the stream."""
        return [usage for event in self.events if isinstance(usage := event.get("usage"), dict)]


def read_stream(body: bytes) -> Stream:
    """Take a body apart as the WHATWG event stream format says, and be strict about what OpenAI sends in it."""
    stream = Stream()
    *blocks, rest = re.split(rb"\r\n\r\n|\n\n|\r\r", body)
    if rest.strip():
        stream.broken.append(f"no blank line after {rest[:60]!r}")
    for block in blocks:
        lines = re.split(rb"\r\n|\n|\r", block)
        stream.comments += sum(line.startswith(b":") for line in lines)
        lines = [line for line in lines if line and not line.startswith(b":")]
        if not lines:
            continue
        if any(not line.startswith(b"data:") for line in lines):
            stream.broken.append(f"not a data line: {lines[0][:60]!r}")
            continue
        _sort(stream, b"\n".join(line[5:].removeprefix(b" ") for line in lines))
    return stream


def _sort(stream: Stream, data: bytes) -> None:
    """Put one event's data where it belongs."""
    stream.after_end += bool(stream.done or stream.errors)
    if data == b"[DONE]":
        stream.done += 1
        return
    try:
        value = json.loads(data.decode())
    except ValueError:
        stream.broken.append(f"no JSON: {data[:60]!r}")
        return
    if not isinstance(value, dict):
        stream.broken.append(f"no object: {data[:60]!r}")
    elif "error" in value:
        stream.errors.append(value["error"])
    else:
        stream.events.append(value)
