"""Requests and answers of the small router: no framework, so that a start does not wait for one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from trunkline.access.refusal import error_body

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

Headers = tuple[tuple[bytes, bytes], ...]

JSON: Final = b"application/json"
HTML: Final = b"text/html; charset=utf-8"

SECURITY: Final = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
}
"""On every answer; a page may bring its own policy. No CORS header is ever sent: a browser of another origin has no
business with the management API, and reflecting `Origin` would give it some."""

TRUE: Final = frozenset({"1", "true", "yes", "on"})


@dataclass(frozen=True, slots=True)
class Request:
    """What a handler needs of a request without a body."""

    headers: Sequence[tuple[bytes, bytes]]
    """Names in lower case."""
    query: bytes

    def values(self) -> dict[str, str]:
        """The query's parameters, the last of each name."""
        return dict(parse_qsl(self.query.decode("latin-1"), keep_blank_values=True, max_num_fields=100))

    def flag(self, name: str) -> bool:
        """Whether a parameter says yes."""
        return self.values().get(name, "").lower() in TRUE


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    status: int
    body: bytes
    content_type: bytes = JSON
    headers: Headers = ()


def json(value: object, status: int = 200) -> Answer:
    """Answer with JSON; `value` is anything msgspec encodes."""
    return Answer(status, msgspec.json.encode(value))


def error(status: int, message: str, kind: str, code: int | str | None = None, headers: Headers = ()) -> Answer:
    """Answer with OpenAI's error shape."""
    return Answer(status, error_body(message, kind, None, status if code is None else code), headers=headers)


INTERNAL: Final = Answer(500, b'{"error":{"message":"Internal server error","type":"internal_server_error"}}')
"""LiteLLM's body for what nobody foresaw (litellm.md 1.3)."""


def secured(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers with those of `SECURITY` that are missing."""
    present = {name.lower() for name, _ in headers}
    return [*headers, *(pair for pair in SECURITY.items() if pair[0] not in present)]


async def send_answer(send: Send, answer: Answer, *, head: bool = False) -> None:
    """Send it; for HEAD the headers alone, with the length that GET would have."""
    headers: list[tuple[bytes, bytes]] = [*answer.headers]
    if answer.status != 204:
        headers.append((b"content-type", answer.content_type))
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": secured(headers)})
    await send({"type": "http.response.body", "body": b"" if head else answer.body})
