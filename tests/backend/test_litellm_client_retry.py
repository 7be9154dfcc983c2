"""Waits and the retry budget, for any draw and any order of calls."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.app.services.gateway.errors import (
    BadRequest,
    BudgetExceeded,
    CircuitOpen,
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
    StreamCut,
    TimedOut,
    TooLong,
)
from backend.app.services.gateway.retry import Budget, RetryPolicy, may_repeat
from tests.backend.litellm_client_moments import moment

DONE_NOTHING = Facts(sent=False)


@given(
    events=st.lists(st.sampled_from(["call", "retry"]), max_size=400),
    percent=st.integers(0, 100),
    reserve=st.integers(0, 20),
)
def test_retries_never_exceed_their_share(events: list[str], percent: int, reserve: int) -> None:
    """Over every stretch from the start, retries are at most the reserve and `percent` of the calls."""
    budget, calls, retries = Budget(percent=percent, reserve=reserve), 0, 0
    for event in events:
        if event == "call":
            budget.call()
            calls += 1
        else:
            retries += budget.take()
        assert retries <= reserve + percent * calls / 100
        assert 0 <= budget.left <= reserve


@given(st.integers(1, 50))
def test_a_quiet_time_saves_no_more_than_the_reserve(reserve: int) -> None:
    """However many calls went well, a bad hour begins with the reserve and no more."""
    budget = Budget(percent=10, reserve=reserve)
    for _ in range(reserve * 100):
        budget.call()
    assert sum(budget.take() for _ in range(reserve * 2)) == reserve


@given(
    attempt=st.integers(1, 10_000),
    base=st.floats(0.001, 10),
    longest=st.floats(0.001, 60),
    share=st.floats(0, 1),
)
def test_jitter_is_drawn_from_none_to_a_bounded_range(attempt: int, base: float, longest: float, share: float) -> None:
    """The range begins at 0 (full jitter), doubles with each attempt and ends at `longest_s`."""
    ranges: list[tuple[float, float]] = []

    def draw(low: float, high: float) -> float:
        ranges.append((low, high))
        return low + share * (high - low)

    wait = RetryPolicy(base_s=base, longest_s=longest, draw=draw).jitter(attempt)
    ((low, high),) = ranges
    assert low == 0
    assert high == min(longest, base * 2 ** min(attempt - 1, 30))
    assert 0 <= wait <= longest


@given(told=st.floats(0, 20), attempt=st.integers(1, 2))
def test_a_wait_is_never_shorter_than_told(told: float, attempt: int) -> None:
    """`retry-after` is a floor, and jitter comes on top of it."""
    policy = RetryPolicy()
    wait = policy.wait(RateLimited(facts=Facts(sent=False, retry_after=told)), attempt, idempotent=False)
    assert wait is not None
    assert told <= wait <= told + policy.longest_s


@given(told=st.floats(20.001, 1e6))
def test_a_wait_beyond_patience_is_none(told: float) -> None:
    """Who is told to wait for longer than `patience_s` hears so at once."""
    assert RetryPolicy().wait(RateLimited(facts=Facts(sent=False, retry_after=told)), 1, idempotent=True) is None


TRANSIENT: list[GatewayError] = [
    GatewayDown("http://x", "no", facts=DONE_NOTHING), RateLimited(facts=DONE_NOTHING),
    ProviderDown("no", facts=DONE_NOTHING), TimedOut("connect", 5, facts=DONE_NOTHING),
]  # fmt: skip
FINAL: list[GatewayError] = [
    NoKey("X_API_KEY", facts=DONE_NOTHING), KeyRefused("gateway", facts=DONE_NOTHING),
    NotPermitted("no", facts=DONE_NOTHING), NotFound("no", facts=DONE_NOTHING), BadRequest("no", facts=DONE_NOTHING),
    TooLong(9, 8, facts=DONE_NOTHING), Filtered("no", facts=DONE_NOTHING),
    BudgetExceeded("gateway", "no", facts=DONE_NOTHING), CircuitOpen("m", moment(1)),
    StreamCut("no", text="", facts=DONE_NOTHING),
]  # fmt: skip


@pytest.mark.parametrize("error", TRANSIENT, ids=lambda error: type(error).__name__)
def test_what_passes_by_itself_may_be_repeated(error: GatewayError) -> None:
    """Where surely nothing was done; where something may have been, only with an idempotency key; never against the
    gateway's word."""
    assert may_repeat(error, idempotent=False)
    error.facts = Facts(sent=True)
    assert not may_repeat(error, idempotent=False)
    assert may_repeat(error, idempotent=True)
    error.facts = Facts(sent=False, retry_allowed=False)
    assert not may_repeat(error, idempotent=True)


@pytest.mark.parametrize("error", FINAL, ids=lambda error: type(error).__name__)
def test_what_would_fail_again_is_not_repeated(error: GatewayError) -> None:
    """Not even with an idempotency key."""
    assert not may_repeat(error, idempotent=True)
