"""Bedrock's errors: as an HTTP answer, as a message inside a stream, and back.

An HTTP error is `{"message": ...}` with the type in the header `x-amzn-errortype`, or in the body's `__type`. Types
and their statuses are the service model's; texts are those of providers.md B6 and litellm.md section 10.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from trunkline.ir.failure import Failure, FailureKind
from trunkline.wire.bedrock_converse.shape import Members, json_bytes, parsed
from trunkline.wire.event_stream import Message, encode_message

_TYPES: Final[Mapping[str, tuple[FailureKind, int]]] = {
    "accessdeniedexception": (FailureKind.PERMISSION, 403),
    "conflictexception": (FailureKind.INVALID_REQUEST, 400),
    "expiredtokenexception": (FailureKind.AUTHENTICATION, 401),
    "incompletesignatureexception": (FailureKind.AUTHENTICATION, 401),
    "internalserverexception": (FailureKind.INTERNAL, 500),
    "invalidsignatureexception": (FailureKind.AUTHENTICATION, 401),
    "missingauthenticationtokenexception": (FailureKind.AUTHENTICATION, 401),
    "modelerrorexception": (FailureKind.INTERNAL, 502),
    "modelnotreadyexception": (FailureKind.RATE_LIMIT, 429),
    "modelstreamerrorexception": (FailureKind.INTERNAL, 502),
    "modeltimeoutexception": (FailureKind.TIMEOUT, 408),
    "resourcenotfoundexception": (FailureKind.NOT_FOUND, 404),
    "servicequotaexceededexception": (FailureKind.RATE_LIMIT, 429),
    "serviceunavailableexception": (FailureKind.UNAVAILABLE, 503),
    "throttlingexception": (FailureKind.RATE_LIMIT, 429),
    "unrecognizedclientexception": (FailureKind.AUTHENTICATION, 401),
    "validationexception": (FailureKind.INVALID_REQUEST, 400),
}
_STATUSES: Final[Mapping[int, tuple[FailureKind, int]]] = {
    401: (FailureKind.AUTHENTICATION, 401),
    402: (FailureKind.PAYMENT, 402),
    403: (FailureKind.PERMISSION, 403),
    404: (FailureKind.NOT_FOUND, 404),
    408: (FailureKind.TIMEOUT, 408),
    413: (FailureKind.TOO_LARGE, 413),
    422: (FailureKind.UNPROCESSABLE, 422),
    424: (FailureKind.INTERNAL, 502),
    429: (FailureKind.RATE_LIMIT, 429),
    500: (FailureKind.INTERNAL, 500),
    502: (FailureKind.UNAVAILABLE, 502),
    503: (FailureKind.UNAVAILABLE, 503),
    504: (FailureKind.TIMEOUT, 504),
    529: (FailureKind.OVERLOADED, 529),
}
"""424 is the model's own error: for a client the server's fault, not its own."""

_CONTEXT: Final = (
    "input is too long",
    "prompt is too long",
    "too many input tokens",
    "too many tokens",
    "exceed context limit",
    "exceeds the maximum number of tokens",
    "maximum context l",
    "context window",
    "expected maxlength",
)
_POLICY: Final = (
    "content filtering policy",
    "blocked by our content filter",
    "blocked by content filter",
    "content has been blocked",
    "content policy",
    "acceptable use policy",
)
_AUTHENTICATION: Final = ("security token", "signature", "api key", "bearer token", "credential", "authentication")
"""Texts of 403 answers that mean who is asking, not what they may do."""
_NO_MODEL: Final = ("model identifier is invalid", "model id is invalid", "end of its life", "end of life")

_NAMES: Final[Mapping[FailureKind, tuple[str, str]]] = {
    FailureKind.INVALID_REQUEST: ("ValidationException", "validationException"),
    FailureKind.AUTHENTICATION: ("UnrecognizedClientException", "validationException"),
    FailureKind.PAYMENT: ("AccessDeniedException", "validationException"),
    FailureKind.PERMISSION: ("AccessDeniedException", "validationException"),
    FailureKind.NOT_FOUND: ("ResourceNotFoundException", "validationException"),
    FailureKind.TOO_LARGE: ("ValidationException", "validationException"),
    FailureKind.UNPROCESSABLE: ("ValidationException", "validationException"),
    FailureKind.RATE_LIMIT: ("ThrottlingException", "throttlingException"),
    FailureKind.CONTEXT_WINDOW: ("ValidationException", "validationException"),
    FailureKind.CONTENT_POLICY: ("ValidationException", "validationException"),
    FailureKind.TIMEOUT: ("ModelTimeoutException", "modelStreamErrorException"),
    FailureKind.OVERLOADED: ("ServiceUnavailableException", "serviceUnavailableException"),
    FailureKind.UNAVAILABLE: ("ServiceUnavailableException", "serviceUnavailableException"),
    FailureKind.INTERNAL: ("InternalServerException", "internalServerException"),
}
"""For clients: the type of an HTTP answer, and that of a message in a stream (which knows five only)."""

_LONGEST: Final = 2000
"""Characters of a message that are kept."""


def decode_failure(status: int, body: bytes) -> Failure:
    """A provider's error answer, whatever its bytes are."""
    message, code = _read(body)
    kind, for_client = _TYPES.get(code.lower()) or _STATUSES.get(status) or _by_hundred(status)
    return _refined(kind, for_client, message or f"the provider answered {status}", code)


def stream_failure(message: Message) -> Failure:
    """What a message in a stream says that is no event (`:message-type` is `exception` or `error`)."""
    text, _ = _read(message.payload)
    code = message.text(":exception-type") or message.text(":error-code")
    text = text or message.text(":error-message") or code or "the provider broke the stream off"
    kind, status = _TYPES.get(code.lower()) or (FailureKind.INTERNAL, 500)
    return _refined(kind, status, text, code)


def malformed(why: str) -> Failure:
    """A stream that cannot be read."""
    return Failure(kind=FailureKind.INTERNAL, status=502, message=f"the provider's stream cannot be read: {why}")


TRUNCATED: Final = Failure(
    kind=FailureKind.UNAVAILABLE, status=502, message="the provider closed the connection before the answer's end"
)
"""A stream that stopped before its end."""


def _by_hundred(status: int) -> tuple[FailureKind, int]:
    if 400 <= status < 500:
        return FailureKind.INVALID_REQUEST, status
    return FailureKind.INTERNAL, status if 500 < status < 600 else 500


def _refined(kind: FailureKind, status: int, message: str, code: str) -> Failure:
    """With what only the text tells."""
    lowered = message.lower()
    if kind in {FailureKind.INVALID_REQUEST, FailureKind.TOO_LARGE}:
        if any(text in lowered for text in _CONTEXT):
            kind, status = FailureKind.CONTEXT_WINDOW, 400
        elif any(text in lowered for text in _POLICY):
            kind, status = FailureKind.CONTENT_POLICY, 400
        elif any(text in lowered for text in _NO_MODEL):
            kind, status = FailureKind.NOT_FOUND, 404
    elif kind is FailureKind.PERMISSION and any(text in lowered for text in _AUTHENTICATION):
        kind, status = FailureKind.AUTHENTICATION, 401
    return Failure(kind=kind, status=status, message=message, code=code)


def _read(body: bytes) -> tuple[str, str]:
    """(message, type) of an error body; both may be empty."""
    try:
        found = parsed(body)
    except (ValueError, UnicodeDecodeError):
        return _plain(body), ""
    if not isinstance(found, dict):
        return _plain(body), ""
    message = next((v for n in ("message", "Message", "errorMessage") if isinstance(v := found.get(n), str)), "")
    written = found.get("__type")
    code = written if isinstance(written, str) else ""
    original = found.get("originalMessage")
    if isinstance(original, str) and original and original not in message:
        message = f"{message} ({original})" if message else original
    return message[:_LONGEST], code.rpartition("#")[2].partition(":")[0][:200]


def _plain(body: bytes) -> str:
    """The text of a body that is no JSON; nothing of a page for browsers."""
    text = body[:_LONGEST].decode("utf-8", "replace").strip()
    return "" if text.startswith("<") else text


def error_type(failure: Failure) -> str:
    """What belongs into the header `x-amzn-errortype` of an answer to a client: SDKs choose their exception by it."""
    code = failure.code
    return code if code.lower() in _TYPES and code[:1].isupper() else _NAMES[failure.kind][0]


def encode_failure(failure: Failure) -> Members:
    """The error body for a client."""
    return {"message": failure.message, "__type": error_type(failure)}


def encode_stream_failure(failure: Failure) -> bytes:
    """The message that ends a stream to a client."""
    headers = {
        ":exception-type": _NAMES[failure.kind][1],
        ":content-type": "application/json",
        ":message-type": "exception",
    }
    return encode_message(headers, json_bytes({"message": failure.message}))
