"""From an answer that is none to the error that says what to do.

What a gateway says is read in this order: the words (`code`, `type`, message) where they are sure, else the status.
The words are this gateway's, LiteLLM's proxy's, and the providers' own, which both pass on. Tables, not branches: a new
provider's phrase is a new row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from backend.app.services.gateway.errors import (
    BadRequest,
    BudgetExceeded,
    Facts,
    Filtered,
    GatewayDown,
    GatewayError,
    KeyRefused,
    NoKey,
    NotFound,
    NotPermitted,
    ProviderDown,
    RateLimited,
    TimedOut,
    TooLong,
)

_VARIABLE: Final = (
    re.compile(r"cannot be called: `([A-Z][A-Z0-9_]+)` is not set"),  # this gateway
    re.compile(r"cannot be called: .*\bset `([A-Z][A-Z0-9_]+)`"),  # this gateway, where several would do
    re.compile(r"\bset(?:ting)? (?:the )?`?([A-Z][A-Z0-9_]*_API_KEY)\b"),
    re.compile(r"[Mm]issing .{0,40}\b([A-Z][A-Z0-9_]*_API_KEY)\b"),
)
"""Which variable holds the missing key; the last two are LiteLLM's."""

_GATEWAY_BUDGET: Final = ("budget_exceeded", "exceededbudget", "budget has been exceeded")
_PROVIDER_MONEY: Final = (
    "insufficient_quota",
    "insufficient balance",
    "insufficient_balance",
    "credit balance is too low",
    "exceeded your current quota",
)
_TOO_LONG: Final = (
    "context_length_exceeded",
    "contextwindowexceeded",
    "maximum context length",
    "prompt is too long",
    "input is too long",
    "exceeds the maximum number of tokens",
)
_FILTERED: Final = ("content_policy_violation", "contentpolicyviolation", "content_filter", "contentfilter")
_NO_SUCH_MODEL: Final = ("invalid model name passed in", "model_not_found")
_SIZES: Final = (
    (
        re.compile(r"maximum context length (?:is|of) ([\d,]+)"),
        re.compile(r"(?:resulted in|requested) ([\d,]+) tokens"),
    ),
    (re.compile(r"tokens? > ([\d,]+) maximum"), re.compile(r"too long: ([\d,]+) tokens")),
    (re.compile(r"maximum number of tokens allowed \(?([\d,]+)"), re.compile(r"token count \(?([\d,]+)")),
)
"""How the makers say the limit, and what was sent: OpenAI, Anthropic, Google."""

_OURS_TO_THE_CALLER: Final = ("auth_error", "token_not_found_in_db", "expired_key")
"""Types with which a gateway, not a provider, refuses a key."""
_NO_KEYS_AT_ALL: Final = ("no_db_connection", "no connected db")
"""LiteLLM without a database knows its master key only, and says this of any other, with status 400."""
_KEY_MAY_NOT: Final = (
    "_model_access_denied",
    "key_model_access",
    "not allowed to access model",
    "not_allowed_to_access",
)


def from_answer(status: int, headers: Mapping[str, str], body: object, *, url: str, model: str) -> GatewayError:
    """The error that an answer of `status` (300 and above) stands for. `headers`: names in lower case."""
    error = _error_of(body)
    said, words = _said(error, body), _words(error)
    attempted = "x-litellm-model-id" in headers
    facts = Facts(
        model=model,
        status=status,
        call_id=headers.get("x-litellm-call-id"),
        provider=provider_of(headers) or _provider_in(said),
        said=said or None,
        sent=status not in (429, 503, 529),  # these say that nothing was done
        retry_allowed={"true": True, "false": False}.get(headers.get("x-should-retry", "").lower()),
        retry_after=retry_after(headers),
    )
    return _by_words(words, facts, attempted=attempted) or _by_status(status, words, facts, url, attempted=attempted)


def from_event(body: object, *, url: str, headers: Mapping[str, str], model: str) -> GatewayError:
    """The error that an event in a stream reports, before any of the answer came."""
    error = _error_of(body)
    number = str(error.get("code") or error.get("status") or "")
    status = int(number) if re.fullmatch(r"[45]\d\d", number) else _STATUS_OF_TYPE.get(str(error.get("type")), 502)
    found = from_answer(status, headers, body, url=url, model=model)
    found.facts = replace(found.facts, sent=True, retry_allowed=False)
    return found


_STATUS_OF_TYPE: Final = {
    "rate_limit_error": 429, "authentication_error": 401, "permission_error": 403, "invalid_request_error": 400,
    "timeout_error": 408, "overloaded_error": 503,
}  # fmt: skip
"""An error event has no status of its own; its type is one of a few words."""


def said_in(body: object) -> str:
    """The words of an error body; empty where there are none."""
    return _said(_error_of(body), body)


def _by_words(words: str, facts: Facts, *, attempted: bool) -> GatewayError | None:
    """What the words say for sure, whatever the status."""
    said = facts.said or ""
    variable = next((found[1] for pattern in _VARIABLE if (found := pattern.search(said))), None)
    if variable is not None or "model_unavailable" in words:
        return NoKey(variable, facts=facts)
    if _any(_NO_KEYS_AT_ALL, words):
        return KeyRefused("gateway", facts=facts)
    if _any(_GATEWAY_BUDGET, words):
        return BudgetExceeded("gateway", said, facts=facts)
    if facts.status == 402 or _any(_PROVIDER_MONEY, words):
        message = f"The account at {facts.provider or 'the provider'} is used up."
        return BudgetExceeded("provider", message, facts=facts)
    if _any(_TOO_LONG, words):
        return TooLong(*_sizes(said), facts=facts)
    if _any(_FILTERED, words):
        return Filtered(said, facts=facts)
    if _any(_NO_SUCH_MODEL, words):
        return NotFound(_no_such(facts, attempted=attempted), facts=facts)
    return None


def _by_status(status: int, words: str, facts: Facts, url: str, *, attempted: bool) -> GatewayError:
    """What the status says; HTTP's own meaning, as both gateways use it (docs/adr/0008-failure-statuses.md)."""
    said = facts.said or ""
    who = facts.provider or "The provider"
    match status:
        case 401 | 403 if _any(_KEY_MAY_NOT, words):
            return NotPermitted(said, facts=facts)
        case 401:
            whose = _any(_OURS_TO_THE_CALLER, words) or not (attempted or _provider_in(said))
            return KeyRefused("gateway" if whose else "provider", facts=facts)
        case 403:
            return NotPermitted(said or f"{who} does not permit this.", facts=facts)
        case 404:
            return NotFound(_no_such(facts, attempted=attempted), facts=facts)
        case 408 | 504:
            return TimedOut("provider", facts=facts)
        case 429:
            return RateLimited(facts=facts)
        case 503 if "server_shutdown" in words:
            # It may have been at work when it was told to stop: not surely unpaid.
            return GatewayDown(url, "it is shutting down", facts=replace(facts, sent=True))
        case _ if status >= 500:
            return ProviderDown(f"{who} failed ({status}).", facts=facts)
        case _ if status >= 400:
            return BadRequest(said or f"The request was refused ({status}).", facts=facts)
        case _:
            return GatewayDown(url, f"it answered {status}, which no gateway does", facts=facts)


def _no_such(facts: Facts, *, attempted: bool) -> str:
    where = facts.provider or "the provider" if attempted else "the gateway"
    return f"There is no model `{facts.model}` at {where}."


def _any(phrases: tuple[str, ...], words: str) -> bool:
    return any(phrase in words for phrase in phrases)


def _error_of(body: object) -> Mapping[str, object]:
    """`{"error": {...}}`, or what was in it; empty for all else."""
    inner = body.get("error", body) if isinstance(body, Mapping) else body
    return inner if isinstance(inner, Mapping) else {}


def _said(error: Mapping[str, object], body: object) -> str:
    message = error.get("message") or error.get("detail")
    if not isinstance(message, str):
        inner = body.get("error") if isinstance(body, Mapping) else body
        message = inner if isinstance(inner, str) and not inner.lstrip().startswith("<") else ""
    return message.strip()[:2000]


def _words(error: Mapping[str, object]) -> str:
    return " ".join(str(error.get(name) or "") for name in ("code", "type", "message")).lower()


def _sizes(said: str) -> tuple[int | None, int | None]:
    """(tokens sent, tokens taken), where they are said."""
    for limit, sent in _SIZES:
        if found := limit.search(said):
            other = sent.search(said)
            return (_number(other[1]) if other else None), _number(found[1])
    return None, None


def _number(digits: str) -> int:
    return int(digits.replace(",", ""))


def provider_of(headers: Mapping[str, str]) -> str | None:
    """Who answers: the first part of `x-litellm-model-name` (`openai/gpt-4o`)."""
    name, slash, _ = headers.get("x-litellm-model-name", "").partition("/")
    return name if slash and name else None


def _provider_in(said: str) -> str | None:
    """LiteLLM names the provider in its message only: `litellm.RateLimitError: GroqException - ...`."""
    found = re.search(r"\b(\w+?)Exception - ", said)
    return found[1].lower() if found else None


_RETRY_AFTER: Final = (
    ("retry-after-ms", 0.001), ("retry-after", 1.0), ("llm_provider-retry-after-ms", 0.001),
    ("llm_provider-retry-after", 1.0),
)  # fmt: skip
"""Header -> its unit in seconds; LiteLLM hands the provider's on under the longer name only."""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from a number or a date; `None` where none is said that can be read."""
    return next(
        (wait for name, unit in _RETRY_AFTER if (wait := _seconds(headers.get(name, ""), unit)) is not None), None
    )


def _seconds(text: str, unit: float) -> float | None:
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text.strip()):
        return float(text) * unit
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())
