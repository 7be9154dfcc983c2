"""How fast the shipper goes."""

from __future__ import annotations

import pytest

from trunkline.ledger.pace import Backoff, pause

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("load", "backlog", "share"),
    [
        (0.0, 0, 1.0),
        (0.15, MIB, 1.0),
        (0.16, 0, 0.01),
        (0.9, 31 * MIB, 0.01),
        (0.9, 32 * MIB, 0.15),
        (1.0, 128 * MIB, 1.0),
    ],
)
def test_a_busy_worker_is_left_its_processor(load: float, backlog: int, share: float) -> None:
    """Above a load of 0.15 the shipper keeps to 1 %, to 15 % from 32 MiB of backlog, and to nothing from 128 MiB."""
    rest = pause(worked=0.05, load=load, backlog=backlog)
    assert 0.05 / (0.05 + rest) == pytest.approx(share)


def test_no_pause_is_longer_than_five_seconds() -> None:
    """A database that took a second for a batch keeps no row for half a minute."""
    assert pause(worked=1.0, load=1.0, backlog=0) == 5.0


def test_waits_for_a_database_grow_to_five_seconds_and_differ() -> None:
    """0.2 s doubling to 5 s, each with jitter; a success begins again."""
    backoff = Backoff()
    waits = [backoff.wait() for _ in range(10)]
    for wait, limit in zip(waits, (0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5, 5, 5), strict=True):
        assert limit / 2 <= wait <= limit
    assert len(set(waits)) == len(waits)
    backoff.reset()
    assert backoff.wait() <= 0.2
