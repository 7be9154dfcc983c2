"""From the words of gateways and providers to errors that say what to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.app.services.gateway.errors import (
    BadRequest,
    BudgetExceeded,
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
from backend.app.services.gateway.failures import from_answer, from_event, retry_after

ATTEMPTED = {"x-litellm-model-id": "d1", "x-litellm-model-name": "openai/gpt-4", "x-litellm-call-id": "c1"}


def _error(status: int, message: str, headers: dict[str, str] | None = None, **more: str) -> GatewayError:
    body = {"error": {"message": message, "type": None, "param": None, "code": None} | more}
    return from_answer(status, ATTEMPTED if headers is None else headers, body, url="http://gw:4000", model="gpt-4")


WORDS: list[tuple[int, str, dict[str, str], type[GatewayError], dict[str, object]]] = [
    (503, "`m` is in the configuration but cannot be called: `MISTRAL_API_KEY` is not set: put it into `.env`",
     {"type": "model_unavailable"}, NoKey, {"variable": "MISTRAL_API_KEY"}),
    (503, "`m` is in the configuration but cannot be called: no Google credentials: set `GOOGLE_APPLICATION_CREDENTIALS`",
     {"type": "model_unavailable"}, NoKey, {"variable": "GOOGLE_APPLICATION_CREDENTIALS"}),
    (503, "`m` is in the configuration but cannot be called: the file is no JSON", {"type": "model_unavailable"}, NoKey,
     {"variable": None}),
    (401, "litellm.AuthenticationError: Missing Anthropic API Key. Please set `ANTHROPIC_API_KEY` in your environment vars",
     {}, NoKey, {"variable": "ANTHROPIC_API_KEY"}),
    (500, "OpenAIException - pass an `api_key` or set the `OPENAI_API_KEY` or `OPENAI_ADMIN_KEY` environment variable.",
     {}, NoKey, {"variable": "OPENAI_API_KEY"}),
    (400, "Budget has been exceeded! Current cost: 51.2, Max budget: 50.0", {"type": "budget_exceeded"}, BudgetExceeded,
     {"whose": "gateway"}),
    (429, "You exceeded your current quota, please check your plan", {"code": "insufficient_quota"}, BudgetExceeded,
     {"whose": "provider"}),
    (402, "Insufficient Balance", {}, BudgetExceeded, {"whose": "provider"}),
    (400, "This model's maximum context length is 128000 tokens. However, your messages resulted in 163210 tokens.",
     {"code": "context_length_exceeded"}, TooLong, {"tokens": 163210, "limit": 128000}),
    (400, "prompt is too long: 212345 tokens > 200000 maximum", {}, TooLong, {"tokens": 212345, "limit": 200000}),
    (400, "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", {}, TooLong,
     {"tokens": 1200000, "limit": 1048576}),
    (400, "Input is too long for requested model.", {}, TooLong, {"tokens": None, "limit": None}),
    (400, "The response was filtered", {"code": "content_filter"}, Filtered, {}),
    (404, "The model `gpt-9` does not exist", {"code": "model_not_found"}, NotFound, {}),
    (401, "Incorrect API key provided", {"code": "invalid_api_key"}, KeyRefused, {"whose": "provider"}),
    (403, "key not allowed to access model", {"type": "key_model_access_denied"}, NotPermitted, {}),
    (429, "Rate limit reached", {}, RateLimited, {"retry_after": None}),
    (408, "silent", {}, TimedOut, {"which": "provider"}),
    (504, "silent", {}, TimedOut, {"which": "provider"}),
    (500, "boom", {}, ProviderDown, {}),
    (529, "overloaded", {}, ProviderDown, {}),
    (422, "`temperature` is no number", {}, BadRequest, {}),
    (503, "The gateway is shutting down", {"type": "server_shutdown"}, GatewayDown, {"url": "http://gw:4000"}),
    (302, "elsewhere", {}, GatewayDown, {}),
]  # fmt: skip


@pytest.mark.parametrize(("status", "message", "more", "kind", "known"), WORDS)
def test_words_and_status_decide(
    status: int, message: str, more: dict[str, str], kind: type[GatewayError], known: dict[str, object]
) -> None:
    """Each phrase of this gateway, of LiteLLM's and of the providers becomes its error, with what can be read of it."""
    error = _error(status, message, None, **more)
    assert type(error) is kind
    assert {name: getattr(error, name) for name in known} == known
    assert error.facts.said == message
    assert error.facts.call_id == "c1"
    assert error.message in str(error)
    assert error.fix in str(error)


def test_a_gateways_own_refusal_of_a_key() -> None:
    """401 without a deployment is about our key, and the fix names the variables."""
    error = _error(401, "Authentication Error, Invalid proxy server token passed.", {}, type="token_not_found_in_db")
    assert isinstance(error, KeyRefused)
    assert error.whose == "gateway"
    assert "LITELLM_API_KEY" in error.fix


def test_the_provider_is_named() -> None:
    """From the header of this gateway, or from LiteLLM's message."""
    assert "openai" in _error(500, "boom").message
    assert "groq" in _error(500, "litellm.InternalServerError: GroqException - boom", {}).message


@pytest.mark.parametrize(("header", "allowed"), [("false", False), ("TRUE", True), ("", None), ("maybe", None)])
def test_the_gateways_word_on_retries_is_kept(header: str, allowed: bool | None) -> None:
    """`x-should-retry`, where it says something."""
    assert _error(503, "no", ATTEMPTED | {"x-should-retry": header}).facts.retry_allowed is allowed


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"retry-after": "7"}, 7.0), ({"retry-after": "0.5"}, 0.5), ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
     ({"llm_provider-retry-after": "3"}, 3.0), ({}, None), ({"retry-after": "soon"}, None),
     ({"retry-after": "-1"}, None)],
)  # fmt: skip
def test_retry_after_in_numbers(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, milliseconds, LiteLLM's name for the provider's header; nonsense is none."""
    assert retry_after(headers) == seconds


def test_retry_after_as_a_date() -> None:
    """A date is the time until then; one that is over is no wait."""
    now = datetime.now(UTC)
    wait = retry_after({"retry-after": format_datetime(now + timedelta(seconds=60), usegmt=True)})
    assert wait is not None
    assert 50 < wait <= 60
    assert retry_after({"retry-after": format_datetime(now - timedelta(seconds=60), usegmt=True)}) == 0


@pytest.mark.parametrize(
    ("error", "kind"),
    [({"message": "x", "type": "rate_limit_error"}, RateLimited), ({"message": "x", "code": "429"}, RateLimited),
     ({"message": "x", "code": 503}, ProviderDown), ({"message": "x", "type": "invalid_request_error"}, BadRequest),
     ({"message": "prompt is too long"}, TooLong), ({"message": "x"}, ProviderDown), ("x", ProviderDown),
     (None, ProviderDown)],
)  # fmt: skip
def test_an_error_event_is_read_as_an_answer(error: Any, kind: type[GatewayError]) -> None:
    """By its words, its code or its type; and never sent again, as the provider was at work."""
    found = from_event(error, url="http://gw", headers=ATTEMPTED, model="m")
    assert type(found) is kind
    assert found.facts.sent
    assert found.facts.retry_allowed is False


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["error", "message", "type", "code", "detail", "status"]), inner, max_size=4)
    ),
    max_leaves=10,
)
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "retry-after-ms", "x-should-retry", "x-litellm-model-name", "x-litellm-model-id"]),
    st.text(max_size=20),
)


@given(status=st.integers(300, 599), headers=HEADERS, body=JSON)
def test_any_answer_is_some_error(status: int, headers: dict[str, str], body: object) -> None:
    """Whatever comes, the result is an error with a message and a fix, never another exception."""
    error = from_answer(status, headers, body, url="http://gw", model="m")
    assert error.message.strip()
    assert error.fix
    assert from_event(body, url="http://gw", headers=headers, model="m").message.strip()
