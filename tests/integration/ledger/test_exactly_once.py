"""Every record exactly once, whatever happens (M01, D06, D15, D17)."""

from __future__ import annotations

import asyncio
import random
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.support.journals import Writer, call, intent_of, mixed, until
from tests.support.ledger import (
    Database,
    check_rows,
    ship_all,
    shipping,
)
from trunkline.ledger import visit
from trunkline.ledger.deliver import Batch, Fenced, deliver, position
from trunkline.ledger.reader import JournalFolder, Mark
from trunkline.ledger.record import CallRecord
from trunkline.ledger.status import ShipperStatus
from trunkline.store.errors import Unavailable
from trunkline.store.session import Session, open_session
from trunkline.store.url import parse


def test_the_same_journal_twice_gives_every_row_once(database: Database, root: Path) -> None:
    """A database that lost its positions, not its rows: nothing doubles, in no table (M01)."""
    calls = mixed(3000)
    Writer(root, segment_bytes=8 * 1024 * 1024).calls(calls)
    ship_all(root, database)
    database.query("DELETE FROM ledger_journals")
    status = ship_all(root, database)
    assert (status.rows_shipped, status.duplicates) == (0, 3000)
    check_rows(database, calls)


def test_a_record_that_stands_twice_in_one_batch_is_one_row(database: Database, root: Path) -> None:
    """And the hundred beside it are there."""
    calls = mixed(100)
    writer = Writer(root)
    writer.end(*calls, calls[50])
    assert ship_all(root, database).duplicates == 1
    check_rows(database, calls)


async def _session(url: str) -> Session:
    return await open_session(parse(url))


def test_whoever_comes_second_delivers_nothing(database: Database) -> None:
    """Two shippers hold the same batch: the journal's position fences the later one out (D17)."""
    start = Mark(segment=1, position=16, created=7)
    after = Mark(segment=1, position=500, created=7)

    async def both() -> list[CallRecord]:
        first, second = await _session(database.url), await _session(database.url)
        try:
            for each in (first, second):
                assert await position(each, "w", start) == (start, False)
            calls = mixed(10)
            batch = Batch(worker_id="w", before=start, after=after, calls=calls)
            assert (await deliver(first, batch)).rows == 10
            with pytest.raises(Fenced):
                await deliver(second, batch)
            # Even with other rows in it: what counts is where the journal was.
            with pytest.raises(Fenced):
                await deliver(second, Batch(worker_id="w", before=start, after=after, calls=mixed(10, seed=2)))
            assert await position(second, "w", start) == (after, False)
            return calls
        finally:
            await first.close()
            await second.close()

    check_rows(database, asyncio.run(both()))


class CutAtCommit:
    """A session whose connection dies with every third COMMIT, half of them after the server has done it (D06)."""

    def __init__(self, inner: Session, chance: random.Random) -> None:
        self._inner = inner
        self._chance = chance
        self.cuts = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def commit(self) -> None:
        if self._chance.random() < 0.34:
            self.cuts += 1
            if self._chance.random() < 0.5:
                await self._inner.commit()
            await self._inner.close()
            raise Unavailable("cut")
        await self._inner.commit()

    async def rollback(self) -> None:
        try:
            await self._inner.rollback()
        except Exception:  # noqa: BLE001 the connection is gone
            return


def test_commits_whose_end_nobody_saw_lose_and_double_nothing(
    database: Database, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut connections at COMMIT, before and after it took place, until a hundred cuts are through."""
    monkeypatch.setattr(visit, "MAX_CALLS", 20)
    chance = random.Random(5)
    calls = mixed(4000)
    writer = Writer(root, segment_bytes=256 * 1024)
    writer.calls(calls)
    writer.die()
    status = ShipperStatus()

    async def run() -> int:
        cuts = 0
        visitor = visit.Visitor(JournalFolder(root / writer.worker_id), status)
        while not visitor.gone:
            session = CutAtCommit(await _session(database.url), chance)
            try:
                while not visitor.gone:
                    await visitor.visit(session)
            except Unavailable:
                visitor.forget()
            await session.close()
            cuts += session.cuts
        return cuts

    assert asyncio.run(run()) > 50
    check_rows(database, calls)


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_twenty_kills_of_the_shipper_at_random_moments(database: Database, root: Path) -> None:
    """Every record exactly once, roll-ups equal to a recount, while one worker writes on and others die (D15)."""
    chance = random.Random(20)
    calls = [*mixed(2000)]
    living = Writer(root, segment_bytes=256 * 1024)
    dead = Writer(root, segment_bytes=256 * 1024)
    living.calls(calls[:1000])
    dead.calls(calls[1000:])
    opened = [call(end_user=f"open {number}") for number in range(10)]
    dead.begin(*map(intent_of, opened))
    dead.die()
    for number in range(20):
        more = mixed(1500, seed=number)
        writer = living if number % 2 else Writer(root, segment_bytes=256 * 1024)
        writer.calls(more[:750])
        with shipping(root, database.url) as shipper:
            threading.Event().wait(0.15 + chance.random() * 0.25)
            writer.calls(more[750:])
            shipper.kill9()
        if writer is not living:
            writer.die()
        calls += more
    with shipping(root, database.url) as shipper:
        until(lambda: shipper.status().state == "ok" and len(list(root.iterdir())) == 3, 60)
        assert shipper.stop() == 0
    rows = database.rows()
    assert rows.keys() == {each.request_id for each in [*calls, *opened]}
    assert {rows[each.request_id]["outcome"] for each in opened} == {"unknown"}
    assert sum(row["spend_pico"] for row in rows.values()) == sum(each.cost for each in calls) + 10 * 77_000_000
    database.check_rollups()
