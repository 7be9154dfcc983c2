"""When a deployment is left alone for a while: LiteLLM's default rules."""

from __future__ import annotations

import pytest

from tests.unit.pipeline.parts import deployment, snapshot
from trunkline.config.snapshot import RouterSettings
from trunkline.routing.cooldown import FAIL_MINIMUM, MAX_SECONDS, cool, retry_after_seconds
from trunkline.telemetry.stats import DeploymentStats


def cooled(
    status: int, *, in_a_row: int = 1, retry_after: float | None = None, alone: bool = False,
    allowed_fails: int | None = None, own: float | None = None,
) -> float:  # fmt: skip
    """Seconds that one failure cools a deployment for, at clock 100."""
    stats = DeploymentStats()
    stats.fails_in_a_row = in_a_row
    one = deployment(cooldown_seconds=own)
    router = RouterSettings(cooldown_seconds=5.0, allowed_fails=allowed_fails)
    cool(one, stats, status, retry_after, 100.0, snapshot=snapshot(one, router=router), alone=alone)
    return max(stats.cooled_until - 100.0, 0.0)


@pytest.mark.parametrize("status", [401, 402, 404, 429])
def test_these_statuses_cool_at_once(status: int) -> None:
    """A wrong key, an empty account, a missing model and a rate limit will not be better at the next call."""
    assert cooled(status) == 5.0


@pytest.mark.parametrize("status", [408, 500, 502, 503])
def test_others_cool_when_they_repeat(status: int) -> None:
    """A provider's failure cools from the fifth in a row on."""
    assert cooled(status, in_a_row=FAIL_MINIMUM - 1) == 0
    assert cooled(status, in_a_row=FAIL_MINIMUM) == 5.0


@pytest.mark.parametrize("status", [0, 400, 403, 409, 413, 422])
def test_these_never_cool(status: int) -> None:
    """The client's mistakes, and connections that failed (LiteLLM: `APIConnectionError`)."""
    assert cooled(status, in_a_row=50) == 0


def test_a_deployment_without_companions_is_never_cooled() -> None:
    """With nowhere else to go, cooling would only make an outage longer."""
    assert cooled(429, alone=True) == 0


def test_allowed_fails_replaces_the_rule() -> None:
    """`allowed_fails: 2` cools with the third failure in a row, whatever its status."""
    assert cooled(429, in_a_row=2, allowed_fails=2) == 0
    assert cooled(500, in_a_row=3, allowed_fails=2) == 5.0


def test_how_long() -> None:
    """The deployment's own setting, else what the provider asked for, else the router's; never above the cap."""
    assert cooled(429, retry_after=7.0) == 7.0
    assert cooled(429, retry_after=7.0, own=2.0) == 2.0
    assert cooled(429, own=500.0) == MAX_SECONDS
    assert cooled(429, own=0.0) == 0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None), (b"3", 3.0), (b" 0 ", 0.0), (b"1000000000000", MAX_SECONDS), (b"9" * 400, MAX_SECONDS),
        (b"-1", None), (b"1.5", None), (b"soon", None), (b"", None), (b"Wed, 21 Oct 2026 07:28:00 GMT", None),
        (b"\xb2", None),
    ],
)  # fmt: skip
def test_retry_after_is_believed_within_reason(value: bytes | None, seconds: float | None) -> None:
    """U17: seconds count up to the cap; dates, negatives and garbage count as none."""
    assert retry_after_seconds(value) == seconds
