"""Errors: what the many hosts of OpenAI's chat format say when something is wrong, and LiteLLM's form for clients."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, assert_never

import msgspec

from trunkline.ir.failure import Failure, FailureKind
from trunkline.wire.openai_chat.spelling import Json

MAX_MESSAGE: Final = 2000
"""Characters of a provider's message that are passed on."""

_BY_STATUS: Final[Mapping[int, FailureKind]] = {
    400: FailureKind.INVALID_REQUEST,
    401: FailureKind.AUTHENTICATION,
    402: FailureKind.PAYMENT,
    403: FailureKind.PERMISSION,
    404: FailureKind.NOT_FOUND,
    408: FailureKind.TIMEOUT,
    413: FailureKind.TOO_LARGE,
    422: FailureKind.UNPROCESSABLE,
    429: FailureKind.RATE_LIMIT,
    434: FailureKind.PERMISSION,  # Z.AI: no access to the model
    498: FailureKind.OVERLOADED,  # Groq: capacity of the flex tier
    502: FailureKind.UNAVAILABLE,
    503: FailureKind.UNAVAILABLE,
    504: FailureKind.TIMEOUT,
    524: FailureKind.TIMEOUT,  # Together, and all behind Cloudflare
    529: FailureKind.OVERLOADED,
}
_BY_CODE: Final[Mapping[str, FailureKind]] = {
    "context_length_exceeded": FailureKind.CONTEXT_WINDOW,
    "too_many_prompt_tokens": FailureKind.CONTEXT_WINDOW,  # Perplexity (recorded)
    "string_above_max_length": FailureKind.INVALID_REQUEST,
    "1261": FailureKind.CONTEXT_WINDOW,  # Z.AI
    "content_policy_violation": FailureKind.CONTENT_POLICY,
    "content_filter": FailureKind.CONTENT_POLICY,
    "ResponsibleAIPolicyViolation": FailureKind.CONTENT_POLICY,
    "moderation_blocked": FailureKind.CONTENT_POLICY,
    "data_inspection_failed": FailureKind.CONTENT_POLICY,  # Alibaba
    "1301": FailureKind.CONTENT_POLICY,  # Z.AI
    "insufficient_quota": FailureKind.RATE_LIMIT,
    "rate_limit_exceeded": FailureKind.RATE_LIMIT,
    "model_not_found": FailureKind.NOT_FOUND,
    "invalid_api_key": FailureKind.AUTHENTICATION,
    "overloaded_error": FailureKind.OVERLOADED,
    "engine_overloaded_error": FailureKind.OVERLOADED,  # Moonshot
}
"""What a code or type means, whatever the status below 500."""

CONTEXT_TEXTS: Final = (
    "maximum context length",
    "exceed context limit",
    "prompt is too long",
    "prompt too long",
    "input is too long",
    "maximum context limit",
    "exceeds the available context size",
    "exceeds the maximum number of tokens allowed",
    "context_length_exceeded",
    "input tokens exceed the configured limit",
    "max context length",
    "context window",
    "total length of all messages is too long",
    "current length is",
    "maximum prompt length",
    "too large for model with",
)
"""Lower case. The first ten are LiteLLM's (litellm.md section 10); then Ollama, OpenRouter's resellers, Perplexity
(recorded), Cerebras ("Current length is X while limit is Y"), xAI, Mistral."""
POLICY_TEXTS: Final = (
    "content management policy",
    "content_policy_violation",
    "rejected as a result of our safety system",
    "responsible ai policy",
    "violating our usage policy",
    "content violates usage guidelines",
    "content was flagged",
    "requires moderation",
)
"""Lower case: Azure, OpenAI, xAI, OpenRouter."""
_MINIMAX: Final[Mapping[int, FailureKind]] = {
    1002: FailureKind.RATE_LIMIT, 1041: FailureKind.RATE_LIMIT, 1004: FailureKind.AUTHENTICATION,
    1008: FailureKind.PAYMENT, 1026: FailureKind.CONTENT_POLICY, 1027: FailureKind.CONTENT_POLICY,
    1039: FailureKind.CONTEXT_WINDOW, 2013: FailureKind.INVALID_REQUEST,
}  # fmt: skip
"""MiniMax's `base_resp.status_code`, which comes with HTTP 200 (providers.md Table A)."""

_WAIT: Final = re.compile(
    r"try again in (?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m(?!s))?(?:(\d+(?:\.\d+)?)(ms|s))?", re.IGNORECASE
)
_decode: Final = msgspec.json.Decoder().decode


def read_failure(status: int, body: bytes) -> Failure:
    """A provider's error answer; any bytes will do."""
    try:
        value: object = _decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return made_failure(status, _plain(body))
    if isinstance(value, list) and len(value) == 1:  # Google's compatible face
        value = value[0]
    if isinstance(value, str):
        return made_failure(status, value)
    if not isinstance(value, dict):
        return made_failure(status, "")
    return _of_base_resp(value) or _of_object(value, status)


def failure_inside(members: Json) -> Failure | None:
    """The error inside an answer or stream event that came with HTTP 200; `None` where there is none.

    OpenRouter, Groq and Azure have `error`, MiniMax `base_resp`, Mistral and older vLLM a flat body.
    """
    if members.get("error"):
        return _of_object(members, 0)
    if "choices" in members:
        return None
    if members.get("object") == "error" or (_text(members.get("message")) and {"code", "type"} & members.keys()):
        return _of_object(members, 0)
    return _of_base_resp(members)


def _of_base_resp(members: Json) -> Failure | None:
    told = members.get("base_resp")
    code = told.get("status_code") if isinstance(told, dict) else None
    if not isinstance(told, dict) or type(code) is not int or code == 0:
        return None
    kind = _MINIMAX.get(code, FailureKind.INTERNAL)
    return Failure(kind=kind, status=_STATUS[kind], message=_text(told.get("status_msg")), code=str(code))


def _of_object(members: Json, status: int) -> Failure:
    error = members.get("error")
    inner: Json = error if isinstance(error, dict) else members
    message = _text(inner.get("message")) or _text(error) or _detail(members.get("detail"))
    message = message or _text(inner.get("error_description")) or _text(members.get("message"))
    raw_code, kind = inner.get("code"), _text(inner.get("type"))
    code = _text(raw_code)
    if not status:
        status = _status_inside(inner, raw_code)
    if code.isdigit() and len(code) == 3:
        code = ""  # a status
    policy = inner.get("innererror") or inner.get("inner_error")
    if isinstance(policy, dict) and _text(policy.get("code")):
        message = message or _text(policy.get("message"))
        if _BY_CODE.get(_text(policy.get("code"))) is FailureKind.CONTENT_POLICY:
            code = code or "content_filter"
    if type(raw_code) is int and not 100 <= raw_code < 600:
        code = str(raw_code)
    failure = made_failure(status, message, code or kind, also=kind)
    failure.param = _text(inner.get("param"))
    wait = inner.get("retry_after")
    if isinstance(wait, int | float) and not isinstance(wait, bool) and 0 <= wait < 86400:
        failure.retry_after = float(wait)
    return failure


def _status_inside(error: Json, code: object) -> int:
    """The status that an error inside a good answer names."""
    for value in (error.get("status_code"), error.get("status"), error.get("statusCode"), code):
        number = int(value) if isinstance(value, str) and value.isdigit() and len(value) == 3 else value
        if type(number) is int and 400 <= number < 600:
            return number
    named = _BY_CODE.get(_text(code)) or _BY_CODE.get(_text(error.get("type")))
    return _STATUS[named] if named is not None else 400 if error.get("type") == "invalid_request_error" else 500


def made_failure(status: int, message: str, code: str = "", *, also: str = "") -> Failure:
    """A failure of a status and the provider's words; `also` is a second code.

    The status counts more than the words: a 500 that mentions a policy is an outage.
    """
    kind = _BY_STATUS.get(status) or (FailureKind.INTERNAL if status >= 500 else FailureKind.INVALID_REQUEST)
    if status < 500 and status != 401:
        named = _BY_CODE.get(code) or _BY_CODE.get(also)
        words = message.lower()
        if named is not None and (status != 429 or named is FailureKind.OVERLOADED):
            kind = named
        elif status in (400, 413, 422) and any(text in words for text in CONTEXT_TEXTS):
            kind = FailureKind.CONTEXT_WINDOW
        elif status in (400, 403, 422) and any(text in words for text in POLICY_TEXTS):
            kind = FailureKind.CONTENT_POLICY
    wait: float | None = None
    if kind is FailureKind.RATE_LIMIT:
        wait = _wait(message)
    words = message[:MAX_MESSAGE] or f"the provider answered {status} without saying why"
    return Failure(kind=kind, status=status, message=words, code=code, retry_after=wait)


def _wait(message: str) -> float | None:
    """Seconds of `Please try again in 6m1.5s` (OpenAI, Groq)."""
    found = _WAIT.search(message)
    if found is None or not any(found.groups()):
        return None
    hours, minutes, rest, unit = found.groups()
    seconds = float(rest or 0) / (1000 if unit and unit.lower() == "ms" else 1)
    return float(hours or 0) * 3600 + float(minutes or 0) * 60 + seconds


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _detail(value: object) -> str:
    """FastAPI's `detail` (Mistral, AI21, vLLM): words, or a list of what is wrong where."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        told: list[str] = []
        for entry in value:
            if isinstance(entry, dict) and isinstance(entry.get("msg"), str):
                place = entry.get("loc")
                steps = ".".join(str(step) for step in place) if isinstance(place, list) else ""
                told.append(f"{steps}: {entry['msg']}" if steps else entry["msg"])
        return "; ".join(told)
    return _text(value.get("message")) if isinstance(value, dict) else ""


def _plain(body: bytes) -> str:
    """The words of a body that is no JSON; the page of a proxy says nothing that anybody wants to read."""
    words = body[: MAX_MESSAGE * 4].decode("utf-8", "replace").strip()
    return "" if words.startswith("<") else words


_STATUS: Final[Mapping[FailureKind, int]] = {
    FailureKind.INVALID_REQUEST: 400, FailureKind.AUTHENTICATION: 401, FailureKind.PAYMENT: 402,
    FailureKind.PERMISSION: 403, FailureKind.NOT_FOUND: 404, FailureKind.TOO_LARGE: 413,
    FailureKind.UNPROCESSABLE: 422, FailureKind.RATE_LIMIT: 429, FailureKind.CONTEXT_WINDOW: 400,
    FailureKind.CONTENT_POLICY: 400, FailureKind.TIMEOUT: 408, FailureKind.OVERLOADED: 503,
    FailureKind.UNAVAILABLE: 503, FailureKind.INTERNAL: 500,
}  # fmt: skip


def error_type(failure: Failure) -> str:
    """LiteLLM's `type` (litellm.md 1.3)."""
    match failure.kind:
        case FailureKind.AUTHENTICATION:
            return "authentication_error"
        case FailureKind.PERMISSION:
            return "permission_error"
        case FailureKind.RATE_LIMIT:
            return "rate_limit_error"
        case FailureKind.TIMEOUT:
            return "timeout_error"
        case FailureKind.OVERLOADED | FailureKind.UNAVAILABLE | FailureKind.INTERNAL:
            return "internal_server_error"
        case (
            FailureKind.INVALID_REQUEST | FailureKind.PAYMENT | FailureKind.NOT_FOUND | FailureKind.TOO_LARGE
            | FailureKind.UNPROCESSABLE | FailureKind.CONTEXT_WINDOW | FailureKind.CONTENT_POLICY
        ):  # fmt: skip
            return "invalid_request_error"
        case _:
            assert_never(failure.kind)


def write_failure(failure: Failure) -> Json:
    """The error body for a client, as LiteLLM has it: `code` is always a string (litellm.md 1.3)."""
    return {
        "error": {
            "message": failure.message,
            "type": error_type(failure),
            "param": failure.param or None,
            "code": failure.code or str(failure.status),
        }
    }
