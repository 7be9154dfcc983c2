"""The circuit of a model: what opens it, who may try, what closes it; for any order of events."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.app.services.gateway.breaker import (
    Breaker,
    BreakerPolicy,
    Breakers,
    Permit,
    State,
    blames_provider,
)
from backend.app.services.gateway.errors import (
    BadRequest,
    CircuitOpen,
    GatewayDown,
    GatewayError,
    NoKey,
    ProviderDown,
    RateLimited,
    StreamCut,
    TimedOut,
)
from tests.backend.litellm_client_moments import Clock, moment

POLICY = BreakerPolicy(in_a_row=5, rate=0.5, window=10, window_s=60, open_s=10, longest_s=40)


def _breaker() -> tuple[Breaker, Clock]:
    clock = Clock()
    return Breaker("gpt-4", POLICY, clock), clock


def _fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        breaker.ask().failed()


def test_failures_in_a_row_open_it() -> None:
    """The fifth in a row does, the fourth does not; a success between them starts the count anew."""
    breaker, _ = _breaker()
    _fail(breaker, 4)
    breaker.ask().succeeded()
    _fail(breaker, 4)
    assert breaker.report().state is State.CLOSED
    _fail(breaker)
    with pytest.raises(CircuitOpen):
        breaker.ask()


def test_a_rate_of_failures_opens_it() -> None:
    """Half of the last ten calls do, though no two failures follow one another."""
    breaker, _ = _breaker()
    for _ in range(4):
        _fail(breaker)
        breaker.ask().succeeded()
    breaker.ask().succeeded()
    assert breaker.report().state is State.CLOSED
    _fail(breaker)
    assert breaker.report().state is State.OPEN


def test_old_failures_count_for_no_rate() -> None:
    """What is longer ago than `window_s` is forgotten."""
    breaker, clock = _breaker()
    for _ in range(4):
        _fail(breaker)
        breaker.ask().succeeded()
    clock.now += 61
    for _ in range(5):
        breaker.ask().succeeded()
    _fail(breaker)
    assert breaker.report().state is State.CLOSED


def test_an_open_circuit_says_until_when() -> None:
    """`CircuitOpen` and the report name the model, when it may be tried, and since when it fails."""
    breaker, clock = _breaker()
    before = datetime.now(UTC)
    _fail(breaker, 5)
    clock.now += 4
    with pytest.raises(CircuitOpen, match=r"`gpt-4` .* 6 s") as caught:
        breaker.ask()
    report = breaker.report()
    assert (report.state, report.failures) == (State.OPEN, 5)
    assert report.since == caught.value.since
    assert report.since is not None
    assert before <= report.since <= datetime.now(UTC)
    assert 5 < (caught.value.until - datetime.now(UTC)).total_seconds() <= 6


def test_one_may_try_when_its_time_is_over() -> None:
    """The first to ask is let through, all others are refused until the try has ended."""
    breaker, clock = _breaker()
    _fail(breaker, 5)
    clock.now += 10
    assert breaker.report().state is State.HALF_OPEN
    trying = breaker.ask()
    for _ in range(3):
        with pytest.raises(CircuitOpen):
            breaker.ask()
    trying.succeeded()
    breaker.ask()
    assert breaker.report().state is State.CLOSED
    assert breaker.since is None


def test_failed_tries_wait_longer_and_longer() -> None:
    """10, 20, 40 and again 40 seconds; after a success it begins anew."""
    breaker, clock = _breaker()
    _fail(breaker, 5)
    for wait in (10, 20, 40, 40):
        clock.now += wait - 0.1
        assert breaker.report().state is State.OPEN
        clock.now += 0.1
        _fail(breaker)
    clock.now += 40
    breaker.ask().succeeded()
    _fail(breaker, 5)
    clock.now += 10
    assert breaker.report().state is State.HALF_OPEN


def test_a_first_word_lets_others_in_but_proves_nothing_yet() -> None:
    """After a try's first word others pass; one more failure opens it again at once."""
    breaker, clock = _breaker()
    _fail(breaker, 5)
    clock.now += 10
    trying = breaker.ask()
    trying.alive()
    breaker.ask().withdrawn()
    trying.failed()
    assert breaker.report().state is State.OPEN


def test_late_answers_change_nothing() -> None:
    """Calls that began before it opened neither close it nor make it wait longer."""
    breaker, clock = _breaker()
    early = [breaker.ask() for _ in range(4)]
    _fail(breaker, 5)
    until = breaker.report().until
    early[0].succeeded()
    early[1].failed()
    early[2].withdrawn()
    assert breaker.report().state is State.OPEN
    assert until is not None
    clock.now += 10
    breaker.ask()
    early[3].succeeded()
    assert breaker.report().state is State.HALF_OPEN


Step = tuple[str, int]


@given(
    st.lists(
        st.tuples(st.sampled_from(["ask", "succeed", "fail", "withdraw", "alive", "wait"]), st.integers(0, 30)),
        max_size=120,
    )
)
def test_any_order_of_events_leaves_a_way_back(steps: list[Step]) -> None:
    """Whatever happens in whatever order: at most one unproven try is under way, and once all calls have ended and the
    longest wait is over, somebody may try, and a success closes the circuit."""
    breaker, clock = _breaker()
    open_permits: list[Permit] = []
    for what, number in steps:
        match what:
            case "wait":
                clock.now += number
            case "ask":
                tries = sum(permit._probe and not permit._over for permit in open_permits)
                assert tries <= 1
                try:
                    open_permits.append(breaker.ask())
                except CircuitOpen:
                    assert breaker.report().state is State.OPEN or tries == 1
            case _ if open_permits:
                permit = open_permits[number % len(open_permits)]
                if what == "alive":
                    permit.alive()
                else:
                    open_permits.remove(permit)
                    {"succeed": permit.succeeded, "fail": permit.failed, "withdraw": permit.withdrawn}[what]()
    for permit in open_permits:
        permit.withdrawn()
    clock.now += POLICY.longest_s
    breaker.ask().succeeded()
    assert breaker.report().state is State.CLOSED
    assert breaker.report().failures == 0


BLAMED: list[tuple[GatewayError, bool]] = [
    (ProviderDown("x"), True), (StreamCut("x", text=""), True), (TimedOut("first_byte"), True),
    (TimedOut("provider"), True), (TimedOut("connect"), False), (CircuitOpen("m", moment(1)), False),
    (RateLimited(), False), (BadRequest("x"), False), (NoKey("X_API_KEY"), False), (GatewayDown("u", "x"), False),
]  # fmt: skip


@pytest.mark.parametrize(("error", "blamed"), BLAMED, ids=lambda value: getattr(value, "which", type(value).__name__))
def test_only_the_providers_failures_count(error: GatewayError, blamed: bool) -> None:
    """The caller's errors, limits, missing keys and a gateway that is away say nothing of a model."""
    assert blames_provider(error) is blamed


def test_names_from_callers_do_not_pile_up() -> None:
    """However many model names are asked, a bounded number of circuits is kept, and the failing one among them."""
    breakers = Breakers(POLICY)
    breakers.of("failing").ask().failed()
    for number in range(2000):
        breakers.of(f"model-{number}").ask().succeeded()
    report = breakers.report()
    assert len(report) <= Breakers.MOST
    assert report["failing"].failures == 1
