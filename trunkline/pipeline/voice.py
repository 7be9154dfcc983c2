"""Errors in the words of the client's own format."""

from __future__ import annotations

from typing import Final

import msgspec

from trunkline.access import Refusal, error_body
from trunkline.ir.events import Failed
from trunkline.ir.failure import Failure, FailureKind
from trunkline.ir.format import Format
from trunkline.ir.request import Request
from trunkline.pipeline.failures import Trouble
from trunkline.pipeline.surface import Surface
from trunkline.pipeline.way import StreamRelay
from trunkline.wire.codec import Reply
from trunkline.wire.registry import codec

_encode: Final = msgspec.json.Encoder().encode


class _Error(msgspec.Struct):
    param: str | None = None
    code: str | None = None


class _Body(msgspec.Struct):
    error: _Error


_decode: Final = msgspec.json.Decoder(_Body).decode
_KINDS: Final = {
    400: FailureKind.INVALID_REQUEST, 401: FailureKind.AUTHENTICATION, 402: FailureKind.PAYMENT,
    403: FailureKind.PERMISSION, 404: FailureKind.NOT_FOUND, 408: FailureKind.TIMEOUT, 413: FailureKind.TOO_LARGE,
    422: FailureKind.UNPROCESSABLE, 429: FailureKind.RATE_LIMIT, 503: FailureKind.UNAVAILABLE,
    504: FailureKind.TIMEOUT, 529: FailureKind.OVERLOADED,
}  # fmt: skip


def kind_of(status: int) -> FailureKind:
    """What a status means where nothing else is known."""
    return _KINDS.get(status) or (FailureKind.INTERNAL if status >= 500 else FailureKind.INVALID_REQUEST)


def failure_of(trouble: Trouble) -> Failure:
    """A failed attempt as the formats' encoders take it."""
    failure = trouble.failure
    if failure is None:
        return Failure(kind=kind_of(trouble.status), status=trouble.status, message=trouble.message)
    return Failure(
        kind=failure.kind, status=trouble.status, message=trouble.message, code=_code(failure), param=failure.param
    )


_CODES: Final = {
    FailureKind.CONTEXT_WINDOW: "context_length_exceeded",
    FailureKind.CONTENT_POLICY: "content_policy_violation",
}
"""Words that programs look for. Everything else is the status, as LiteLLM has it: another maker's word says nothing to
a client that knows one maker's."""


def _code(failure: Failure) -> str:
    return _CODES.get(failure.kind, "")


def trouble_body(surface: Surface, trouble: Trouble) -> bytes:
    """The body of an error answer; the provider's own where it has the client's shape already."""
    if trouble.body:
        return trouble.body
    if surface.errors is Format.OPENAI_CHAT:
        failure = trouble.failure
        param, code = (failure.param or None, _code(failure)) if failure is not None else (None, "")
        return error_body(trouble.message, trouble.kind, param, code or trouble.status)
    return _encode(codec(surface.errors).encode_failure(failure_of(trouble)))


def refusal_body(surface: Surface, why: Refusal) -> bytes:
    """The body of a refusal."""
    if surface.errors is Format.OPENAI_CHAT or not why.message:
        return why.body
    param, code = _named(why.body)
    if param == "None":  # LiteLLM's own word for nothing, in OpenAI's shape only
        param = ""
    failure = Failure(kind=kind_of(why.status), status=why.status, message=why.message, param=param, code=code)
    return _encode(codec(surface.errors).encode_failure(failure))


def _named(body: bytes) -> tuple[str, str]:
    """The member that a refusal is about, and its code where that is more than the status."""
    error = _decode(body).error
    code = error.code or ""
    return error.param or "", "" if code.isdigit() else code


def error_event(surface: Surface, relay: StreamRelay | None, trouble: Trouble) -> bytes:
    """The event that ends a stream which broke; no end marker follows."""
    failure = failure_of(trouble)
    written = relay.failed(failure) if relay is not None else None
    if written is not None:
        return written
    if surface.errors is Format.OPENAI_CHAT:
        return b"data: %b\n\n" % trouble_body(surface, trouble)
    reply = Reply(id="", model="", created=0, request=Request(model="", messages=[]))
    return codec(surface.errors).stream_encoder(reply).encode(Failed(failure))
