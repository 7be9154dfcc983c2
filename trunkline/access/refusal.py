"""A refusal before any work was done, in the client's own format."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the client is told: an HTTP status, a JSON body, extra headers (names in lower case)."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    message: str = ""
    """The body's message, for the ledger and the log."""


def error_body(message: str, kind: str, param: str | None, code: int | str) -> bytes:
    """LiteLLM's and OpenAI's error shape; `code` is a string there (litellm.md 1.3, section 15)."""
    return msgspec.json.encode({"error": {"message": message, "type": kind, "param": param, "code": str(code)}})


def refusal(
    status: int, message: str, kind: str, param: str | None = None, *, retry_after: int | None = None
) -> Refusal:
    """Make a refusal; `retry_after` in seconds."""
    headers = ((b"retry-after", str(retry_after).encode()),) if retry_after is not None else ()
    return Refusal(status, error_body(message, kind, param, status), headers, message)
