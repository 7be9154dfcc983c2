"""When a deployment is left alone for a while: LiteLLM's default rules (litellm.md 3.5)."""

from __future__ import annotations

from typing import Final

from trunkline.config.snapshot import Deployment, Snapshot
from trunkline.telemetry.stats import DeploymentStats

FAIL_MINIMUM: Final = 5
"""Failures in a row, from this many on, cool a deployment that has companions."""
MAX_SECONDS: Final = 30.0
"""A provider's `Retry-After` is believed up to this (reliability U17: 10^12 and garbage were seen)."""
COOLING: Final = frozenset({401, 402, 404, 408, 429})


def cool(
    deployment: Deployment,
    stats: DeploymentStats,
    status: int,
    retry_after: float | None,
    now: float,
    *,
    snapshot: Snapshot,
    alone: bool,
) -> None:
    """Note a failure; leave the deployment alone for a while where the rules say so.

    `status` 0 stands for a connection that failed, which never cools (LiteLLM: `APIConnectionError`).
    """
    if alone or status == 0 or (status < 500 and status not in COOLING):
        return
    allowed = snapshot.router.allowed_fails
    if allowed is not None:
        due = stats.fails_in_a_row > allowed
    else:
        due = status in (401, 402, 404, 429) or stats.fails_in_a_row >= FAIL_MINIMUM
    if due:
        configured = deployment.cooldown_seconds
        seconds = configured if configured is not None else retry_after
        if seconds is None:
            seconds = snapshot.router.cooldown_seconds
        stats.cooled_until = now + min(seconds, MAX_SECONDS)
        stats.cooled_count += 1


def retry_after_seconds(value: bytes | None) -> float | None:
    """Read a `Retry-After` of seconds; dates, negatives and garbage count as none, large ones are capped."""
    if value is None:
        return None
    text = value.strip()
    if not text.isdigit() or len(text) > 15:
        return MAX_SECONDS if text.isdigit() else None
    return min(float(text), MAX_SECONDS)
