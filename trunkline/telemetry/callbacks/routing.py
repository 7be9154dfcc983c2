"""Which destination gets what."""

from __future__ import annotations

from collections.abc import Iterable

from trunkline.ledger.record import CallRecord
from trunkline.telemetry.watching import Wanted


def expected(wanted: Wanted, calls: Iterable[CallRecord], alerts: int) -> dict[str, int]:
    """How many things each destination is to get of these: what its counts must add up to in the end."""
    failures = sum(call.status != "success" for call in calls)
    successes = sum(1 for _ in calls) - failures
    found: dict[str, int] = {}
    for names, count in ((wanted.success, successes), (wanted.failure, failures), (wanted.alerting, alerts)):
        for name in names:
            if count:
                found[name] = found.get(name, 0) + count
    return found
