"""Who hangs on the shipper is shown each call once, when its row is there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from tests.support.journals import Writer, call, intent_of, mixed
from tests.support.ledger import Database
from trunkline.ledger.record import CallRecord
from trunkline.ledger.shipper import Shipper
from trunkline.store.session import Session
from trunkline.store.url import parse
from trunkline.telemetry.watcher import Watcher
from trunkline.telemetry.watching import Wanted, read_status, write_wanted


class Memory:
    """Remembers what it was shown."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.tended = 0
        self.closed = False

    def delivered(self, calls: Sequence[CallRecord]) -> None:
        self.seen += [call.request_id for call in calls]

    async def tend(self, session: Session) -> None:
        self.tended += 1

    async def close(self) -> None:
        self.closed = True


def ship(root: Path, database: Database, onlooker: Memory | Watcher) -> Shipper:
    """Ship until nothing is left."""
    shipper = Shipper(root, parse(database.url), onlooker)
    shipper.stop()
    asyncio.run(shipper.run())
    return shipper


def test_each_row_is_shown_once(database: Database, root: Path) -> None:
    """Rows that are there already, from another journal or an earlier run, are not shown again."""
    calls = mixed(50)
    first = Writer(root)
    first.calls(calls)
    memory = Memory()
    ship(root, database, memory)
    assert sorted(memory.seen) == sorted(call.request_id for call in calls)
    second = Writer(root)
    fresh = call(end_user="fresh")
    second.calls([*calls[:20], fresh])
    later = Memory()
    ship(root, database, later)
    assert later.seen == [fresh.request_id]
    assert later.tended > 0
    assert later.closed
    assert len(database.rows()) == 51


def test_calls_of_a_worker_that_died_are_shown(database: Database, root: Path) -> None:
    """What was closed for it with an unknown outcome is told like any call."""
    writer = Writer(root)
    opened = call(end_user="open")
    writer.begin(intent_of(opened))
    writer.die()
    memory = Memory()
    ship(root, database, memory)
    assert memory.seen == [opened.request_id]


def test_the_watch_looks_while_rows_are_shipped(database: Database, root: Path) -> None:
    """The look belongs to the round: its result stands in the status file, and every row is there."""
    write_wanted(root.parent, Wanted(anomalies=True, interval_seconds=1.0))
    writer = Writer(root)
    calls = mixed(20)
    writer.calls(calls)
    ship(root, database, Watcher(root.parent))
    assert len(database.rows()) == 20
    assert read_status(root.parent).anomalies_open == {"model": 0, "key": 0}
