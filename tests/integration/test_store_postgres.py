"""The ledger's way into the database, on SQLite and on a real PostgreSQL: every record exactly once, whatever happens.

See docs/concepts/ledger.md and M01-M15, D01-D09, D15-D17 of the test catalogue there.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support import postgres
from tests.support.journals import Writer, attempt, call, frame_of, intent_of, mixed, until
from tests.support.ledger import (
    Database,
    ShipperProcess,
    admin,
    check_rows,
    migrate,
    postgres_copy,
    ship_all,
    sqlite_copy,
)
from tests.support.postgres import Postgres
from trunkline.ledger import adopt, visit
from trunkline.ledger.deliver import Batch, Fenced, deliver, position
from trunkline.ledger.journal import frame
from trunkline.ledger.reader import HEADER, JournalFolder, Mark
from trunkline.ledger.record import CALL, CallRecord
from trunkline.ledger.status import ShipperStatus
from trunkline.store.errors import Unavailable
from trunkline.store.read import call as read_call
from trunkline.store.read import count_calls, spend_total
from trunkline.store.engine import connect
from trunkline.store.session import Session, open_session
from trunkline.store.url import Kind, parse


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """One PostgreSQL for the module."""
    with postgres.running() as running:
        migrate(running.url("postgres"))
        admin(running, "CREATE DATABASE migrated TEMPLATE template0")
        migrate(running.url("migrated"))
        yield running


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file."""
    path = tmp_path_factory.mktemp("template") / "t.db"
    database = migrate(f"sqlite:///{path}")
    database.query("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture(params=list(Kind))
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """An empty database of each kind."""
    if request.param is Kind.SQLITE:
        return sqlite_copy(request.getfixturevalue("template"), tmp_path)
    return postgres_copy(request.getfixturevalue("server"), "migrated")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """`<data>/journal`."""
    path = tmp_path / "journal"
    path.mkdir()
    return path


@contextmanager
def shipping(root: Path, url: str | None) -> Iterator[ShipperProcess]:
    """A shipper's process that is gone afterwards."""
    process = ShipperProcess(root.parent, url)
    try:
        yield process
    finally:
        if process.process.poll() is None:
            process.kill9()


# --- what a row is ---------------------------------------------------------------------------------------------------


def test_every_record_becomes_its_row_and_the_guides_sql_runs(database: Database, root: Path) -> None:
    """Calls, attempts, prices and roll-ups of three journals, two of them of dead workers."""
    calls = mixed(600)
    writers = [Writer(root, segment_bytes=64 * 1024) for _ in range(3)]
    for number, writer in enumerate(writers):
        writer.price()
        writer.calls(calls[number::3])
    for dead in writers[1:]:
        dead.die()
    status = ship_all(root, database)
    assert (status.state, status.rows_shipped, status.backlog_bytes) == ("ok", 600, 0)
    rows = check_rows(database, calls)
    guide = database.query("SELECT model, count(*), avg(total_tokens)\nFROM litellm_request_logs\nGROUP BY model;")
    assert [row["model"] for row in guide] == ["gpt-5-mini-2026-08-07"]
    assert float(guide[0]["avg"] if "avg" in guide[0] else guide[0]["avg(total_tokens)"]) == pytest.approx(
        sum(each.input_total + each.output_total for each in calls) / 600
    )
    one = calls[0]
    row = rows[one.request_id]
    assert int(row["start_time"].timestamp() * 1e6 + 0.5) == pytest.approx(one.started_us, abs=1)
    assert (row["litellm_call_id"], row["custom_llm_provider"]) == (one.request_id, "openai")
    assert row["total_tokens"] == one.input_total + one.output_total
    assert float(row["spend"]) == pytest.approx(one.cost / 1e12, rel=1e-12)
    assert (row["metadata"], row["request_tags"], row["user"]) == ({}, [], "")
    assert database.query("SELECT version FROM litellm_prices") == [{"version": "fedcba9876543210"}]
    assert os.listdir(root / writers[0].worker_id)
    assert [name for name in os.listdir(root) if name.startswith("w-")] == [writers[0].worker_id]


def test_provider_attempts_count_what_the_provider_saw(database: Database, root: Path) -> None:
    """Earlier attempts and last ones, none for a call that was refused here (M05)."""
    writer = Writer(root)
    retried = call(attempts=3, earlier=(attempt(1), attempt(2)))
    writer.end(retried, call(attempts=0, status="failure", outcome="refused", provider=""), call())
    ship_all(root, database)
    seen = database.query("SELECT request_id, number, http_status FROM litellm_provider_attempts ORDER BY number")
    assert len(seen) == 4
    assert [(row["number"], row["http_status"]) for row in seen if row["request_id"] == retried.request_id] == [
        (1, 503), (2, 503), (3, 200),
    ]  # fmt: skip


def test_money_is_exact_beyond_a_float(database: Database, root: Path) -> None:
    """Nine million dollars and a pico, twice: past a float, and in sum past 64 bits (M13)."""
    writer = Writer(root)
    big = 9_007_199_254_740_993_001
    writer.end(call(cost=big), call(cost=1), call(cost=big, model_group="other"))
    ship_all(root, database)
    assert sorted(row["spend_pico"] for row in database.rows().values()) == [1, big, big]

    async def ask() -> Decimal:
        engine = connect(database.url)
        try:
            return (await spend_total(engine)).spend
        finally:
            await engine.dispose()

    assert asyncio.run(ask()) == Decimal("18014398.509481986003")


def test_an_absurd_sum_stops_at_its_columns_end_and_keeps_nothing_out(database: Database, root: Path) -> None:
    """Three calls of nine million dollars in one quarter of an hour: their rows are right, and shipping goes on."""
    writer = Writer(root)
    big = 2**63 - 1
    for _ in range(2):
        writer.end(call(cost=big), call(cost=big), call())
        assert ship_all(root, database).state == "ok"
    assert len(database.rows()) == 6
    assert [row["spend_pico"] for row in database.query("SELECT spend_pico FROM litellm_usage_rollups")] == [big]


def test_totals_come_from_the_rollups(database: Database, root: Path) -> None:
    """By time, by key, by model; exact; and one call can be looked up."""
    calls = mixed(200)
    Writer(root).calls(calls)
    ship_all(root, database)

    async def ask() -> None:
        engine = connect(database.url)
        try:
            total = await spend_total(engine)
            assert total.calls == await count_calls(engine) == 200
            assert total.spend_pico == sum(each.cost for each in calls)
            key = calls[0].api_key
            mine = await spend_total(engine, api_key=key, model_group="a")
            assert mine.calls == sum((each.api_key, each.model_group) == (key, "a") for each in calls)
            row = await read_call(engine, calls[7].request_id)
            assert row is not None
            assert row["spend_pico"] == calls[7].cost
            assert await read_call(engine, "nobody") is None
        finally:
            await engine.dispose()

    asyncio.run(ask())


# --- exactly once ----------------------------------------------------------------------------------------------------


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
        until(lambda: len(os.listdir(root)) == 3 and shipper.status().backlog_bytes == 0, 60)
        assert shipper.stop() == 0
    rows = database.rows()
    assert rows.keys() == {each.request_id for each in [*calls, *opened]}
    assert {rows[each.request_id]["outcome"] for each in opened} == {"unknown"}
    assert sum(row["spend_pico"] for row in rows.values()) == sum(each.cost for each in calls) + 10 * 77_000_000
    database.check_rollups()


# --- what a journal can look like ------------------------------------------------------------------------------------


def test_a_dead_workers_torn_end_is_counted_and_its_call_closed(database: Database, root: Path) -> None:
    """The record is torn, the intent is not: the call has a row of unknown outcome."""
    whole, torn = call(), call()
    writer = Writer(root)
    writer.calls([whole])
    writer.begin(intent_of(torn))
    writer.journal.append(frame_of(torn)[:60])
    writer.die()
    status = ship_all(root, database)
    assert (status.torn_frames, status.closed_unknown, status.rows_shipped) == (1, 1, 2)
    rows = database.rows()
    assert rows[whole.request_id]["outcome"] == "ok"
    assert rows[torn.request_id]["outcome"] == "unknown"


def test_a_living_workers_unfinished_frame_is_waited_for(database: Database, root: Path) -> None:
    """It is no damage until the worker is dead or has gone on to the next segment."""
    first, second = call(), call()
    writer = Writer(root)
    writer.end(first)
    data = frame_of(second)
    writer.journal.append(data[:60])
    status = ship_all(root, database)
    assert (status.rows_shipped, status.torn_frames) == (1, 0)
    writer.journal.append(data[60:])
    ship_all(root, database)
    check_rows(database, [first, second])


def test_damage_within_a_finished_segment_costs_only_what_it_hit(database: Database, root: Path) -> None:
    """Reading goes on in the next segment, and it is said."""
    calls = mixed(60, earlier=(), attempts=1)
    writer = Writer(root, segment_bytes=16 * 1024)
    writer.calls(calls)
    path = root / writer.worker_id / "000001.tlj"
    content = bytearray(path.read_bytes())
    content[HEADER.size + 20] ^= 0xFF
    path.write_bytes(content)
    status = ship_all(root, database)
    assert status.torn_frames == 1
    assert 0 < status.rows_shipped < 60
    assert database.rows().keys() < {each.request_id for each in calls}


def test_open_calls_of_a_dead_worker_become_rows_with_an_estimate(database: Database, root: Path) -> None:
    """Also over a rotation, and with the attempts there were; calls with a record are not touched."""
    done, opened, retried = call(), call(end_user="anna"), call()
    writer = Writer(root, segment_bytes=32 * 1024)
    first = intent_of(retried, model="first")
    writer.begin(intent_of(opened), first, intent_of(done))
    writer.calls(filler := mixed(60))
    assert JournalFolder(root / writer.worker_id).succeeded(1)
    writer.begin(intent_of(retried, attempt=2, started_us=first.started_us + 5_000_000, estimated_cost=88))
    writer.end(done)
    ship_all(root, database)
    assert database.rows().keys() == {each.request_id for each in [done, *filler]}, "a living worker's calls are open"
    writer.die()
    status = ship_all(root, database)
    assert status.closed_unknown == 2
    rows = database.rows()
    assert rows[done.request_id]["outcome"] == "ok"
    row = rows[opened.request_id]
    assert (row["status"], row["outcome"], row["usage_source"]) == ("failure", "unknown", "estimated")
    assert (row["prompt_tokens"], row["completion_tokens"], row["spend_pico"]) == (100, 64, 77_000_000)
    assert (row["attempts"], row["end_user"], row["http_status"]) == (1, "anna", 0)
    assert row["start_time"] <= row["end_time"]
    assert (rows[retried.request_id]["attempts"], rows[retried.request_id]["spend_pico"]) == (2, 88)
    seen = database.query("SELECT number, model FROM litellm_provider_attempts WHERE request_id = "
                          f"'{retried.request_id}' ORDER BY number")  # fmt: skip
    assert [row["model"] for row in seen] == ["first", retried.model]
    assert not (root / writer.worker_id).exists()
    database.check_rollups()


def test_an_adoption_cut_before_its_files_were_removed_is_finished(
    database: Database, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between commit and removal, and within the removal: nothing comes twice, the folder goes."""
    writer = Writer(root, segment_bytes=32 * 1024)
    calls = mixed(100)
    writer.calls(calls)
    writer.begin(intent_of(opened := call()))
    writer.die()
    with monkeypatch.context() as patch:
        patch.setattr(adopt, "remove", lambda folder: folder.release())
        ship_all(root, database)
    assert (root / writer.worker_id).exists()
    again = ship_all(root, database)
    assert (again.rows_shipped, again.duplicates, again.closed_unknown) == (0, 0, 0)
    assert not (root / writer.worker_id).exists()
    assert database.rows().keys() == {each.request_id for each in [*calls, opened]}
    database.check_rollups()


def test_a_worker_name_used_again_is_another_journal(database: Database, root: Path) -> None:
    """A container that starts with the same name: its new calls are not taken for the old ones."""
    first, second = mixed(50), mixed(20, seed=2)
    for calls in (first, second):
        writer = Writer(root, "same")
        writer.calls(calls)
        writer.die()
        ship_all(root, database)
    check_rows(database, [*first, *second])


def test_shipped_segments_are_deleted_while_the_worker_lives(database: Database, root: Path) -> None:
    """Disk is given back one segment after another; open calls are carried over."""
    writer = Writer(root, segment_bytes=32 * 1024)
    writer.begin(intent_of(opened := call()))
    writer.calls(calls := mixed(300))
    ship_all(root, database)
    assert len(JournalFolder(root / writer.worker_id).numbers()) == 1
    writer.end(opened)
    ship_all(root, database)
    check_rows(database, [*calls, opened])


# --- poison ----------------------------------------------------------------------------------------------------------

POISON: dict[str, dict[str, Any]] = {
    "nul": {"model_group": "gpt\0", "error": "\0\0"},
    "surrogate": {"end_user": "\ud800", "user_agent": "\udfff"},
    "wide key": {name: "".join(map(chr, range(0x1F300, 0x1F900))) for name in ("model", "model_group", "end_user")},
    "megabyte": {"end_user": "t" * 1_000_000},
    "ten megabytes": {"error": "p" * 10_000_000},
    "beyond a column": {"input_total": 2**63 + 5, "output_total": 3},
    "a time that is none": {"started_us": 2**62},
    "in an attempt": {"earlier": (attempt(1, error="\0"),), "attempts": 2},
    "number in an attempt": {"earlier": (attempt(1, cost=2**63),), "attempts": 2},
    "bad id": {"request_id": "0\0\ud800"},
}


def _raw(record: CallRecord) -> bytes:
    """The frame of a record with surrogates, which msgspec would not write."""
    values = msgspec.structs.astuple(record)
    parts = [_pack(value) for value in values]
    return frame(CALL + b"\xdc" + struct.pack(">H", len(parts)) + b"".join(parts))


def _pack(value: object) -> bytes:
    if isinstance(value, str):
        data = value.encode("utf-8", "surrogatepass")
        return b"\xdb" + struct.pack(">I", len(data)) + data
    return msgspec.msgpack.encode(value)


@pytest.mark.parametrize("poison", POISON)
def test_one_bad_row_in_a_hundred_spoils_no_other(database: Database, root: Path, poison: str) -> None:
    """All hundred are there, the bad one with its numbers and its text escaped, cut or dropped, and counted (M12)."""
    calls = mixed(99, earlier=(), attempts=1)
    bad = call(cost=12_345, **POISON[poison])
    writer = Writer(root)
    writer.end(*calls[:50])
    writer.journal = _roomy(writer)
    writer.journal.append(_raw(bad))
    writer.end(*calls[50:])
    status = ship_all(root, database)
    assert (status.state, status.rows_shipped, status.poisoned) == ("ok", 100, 1)
    rows = database.rows()
    other = [row for key, row in rows.items() if key not in {each.request_id for each in calls}]
    assert len(rows) == 100
    assert len(other) == 1
    assert other[0]["spend_pico"] == 12_345
    assert other[0]["completion_tokens"] == bad.output_total
    if bad.input_total < 2**63:
        assert other[0]["prompt_tokens"] == bad.input_total
    database.check_rollups()


def _roomy(writer: Writer) -> Any:
    """The journal, on a segment with room for a record of ten megabytes."""
    writer.journal._segment_bytes = 32 * 1024 * 1024
    return writer.journal


def test_ten_bad_rows_among_two_thousand(database: Database, root: Path) -> None:
    """Halving finds each of them."""
    calls = mixed(2000, earlier=(), attempts=1)
    chosen = set(random.Random(3).sample(range(2000), 10))
    calls = [
        msgspec.structs.replace(each, cache_write=2**63) if at in chosen else each for at, each in enumerate(calls)
    ]
    Writer(root, segment_bytes=8 * 1024 * 1024).end(*calls)
    status = ship_all(root, database)
    assert (status.rows_shipped, status.poisoned) == (2000, 10)
    assert sum(row["spend_pico"] for row in database.rows().values()) == sum(each.cost for each in calls)
    database.check_rollups()


def test_no_text_of_a_row_is_ever_logged(
    database: Database, root: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """LiteLLM #21290 wrote the failing query, prompt and all, to its log."""
    writer = Writer(root)
    writer.journal.append(_raw(call(end_user="canary-text\0\ud800", input_total=2**63, error="canary-text")))
    status = ship_all(root, database)
    said = "".join(capfd.readouterr()) + caplog.text + repr(status) + (root / "shipper.json").read_text()
    assert "canary" not in said


def test_a_record_of_another_version_is_kept_aside(database: Database, root: Path) -> None:
    """Unreadable with a right checksum: not lost, not in the way."""
    writer = Writer(root)
    strange = frame(b"X" + msgspec.msgpack.encode({"new": 1}))
    writer.end(first := call())
    writer.journal.append(strange)
    writer.end(second := call())
    assert ship_all(root, database).poisoned == 1
    check_rows(database, [first, second])
    assert (root / visit.UNREADABLE_FILE).read_bytes() == strange


# --- a database in trouble -------------------------------------------------------------------------------------------


def test_an_absent_database_is_waited_for(server: Postgres, root: Path) -> None:
    """Nothing listens: the state says so without the password, and calls are shipped once it is there (D08)."""
    database = postgres_copy(server, "migrated")
    secret = "s3cr3t-canary"
    url = database.url.replace("trunkline@", f"trunkline:{secret}@")
    calls = mixed(100)
    Writer(root).calls(calls)
    server.kill9()
    with shipping(root, url) as shipper:
        try:
            until(lambda: shipper.status().state == "database_down")
            until(lambda: shipper.status().backlog_bytes > 50_000)
            assert shipper.status().lag_seconds > 0
        finally:
            server.restart()
        until(lambda: shipper.status().rows_shipped == 100)
        assert shipper.status().state == "ok"
        assert shipper.stop() == 0
        assert secret not in (root / "shipper.json").read_text() + shipper.log.read_text()
    check_rows(database, calls)


@pytest.mark.timeout(180)
def test_a_frozen_database_loses_nothing_and_is_left_within_seconds(server: Postgres, root: Path) -> None:
    """SIGSTOP under load: the shipper says so in time, and goes on by itself after SIGCONT (D01)."""
    database = postgres_copy(server, "migrated")
    writer = Writer(root)
    calls = mixed(6000)
    with shipping(root, database.url) as shipper:
        writer.calls(calls[:2000])
        until(lambda: shipper.status().rows_shipped == 2000)
        server.freeze()
        try:
            began = time.monotonic()
            writer.calls(calls[2000:])
            until(lambda: shipper.status().state == "database_down", 15)
            assert time.monotonic() - began < 12
            assert "no answer within 5 s" in shipper.status().last_error
        finally:
            server.thaw()
        until(lambda: shipper.status().rows_shipped + shipper.status().duplicates >= 6000, 30)
        assert shipper.stop() == 0
    check_rows(database, calls)


@pytest.mark.timeout(180)
def test_five_kills_of_the_database_under_load(server: Postgres, root: Path) -> None:
    """kill -9 and restart, five times, while a worker writes: 0 lost, 0 twice (D02)."""
    database = postgres_copy(server, "migrated")
    writer = Writer(root)
    calls: list[CallRecord] = []
    with shipping(root, database.url) as shipper:
        for number in range(5):
            more = mixed(1000, seed=number)
            writer.calls(more[:500])
            threading.Event().wait(random.Random(number).random() * 0.2)
            server.kill9()
            writer.calls(more[500:])
            calls += more
            server.restart()
            until(lambda: shipper.status().state == "ok" and shipper.status().backlog_bytes == 0, 30)
        assert shipper.stop() == 0
    check_rows(database, calls)


def test_a_locked_table_delays_and_a_read_only_database_too(server: Postgres, root: Path) -> None:
    """ACCESS EXCLUSIVE on the table ends in a lock time-out, read-only in an error; both pass (D05, D07)."""
    database = postgres_copy(server, "migrated")
    writer = Writer(root)
    calls = mixed(30)
    name = database.url.rpartition("/")[2]
    with shipping(root, database.url) as shipper:
        writer.calls(calls[:10])
        until(lambda: shipper.status().rows_shipped == 10)

        async def lock() -> None:
            engine = connect(database.url)
            try:
                async with engine.begin() as connection:
                    await connection.exec_driver_sql("LOCK TABLE litellm_request_logs IN ACCESS EXCLUSIVE MODE")
                    writer.calls(calls[10:20])
                    await asyncio.to_thread(until, lambda: "lock timeout" in shipper.status().last_error, 15)
            finally:
                await engine.dispose()

        asyncio.run(lock())
        until(lambda: shipper.status().rows_shipped == 20)
        admin(server, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        admin(server, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        writer.calls(calls[20:])
        until(lambda: "25006" in shipper.status().last_error, 15)
        admin(server, f"ALTER DATABASE {name} RESET default_transaction_read_only")
        admin(server, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        until(lambda: shipper.status().rows_shipped == 30, 30)
        assert shipper.stop() == 0
    check_rows(database, calls)


def test_a_locked_sqlite_file_is_waited_for(template: Path, root: Path, tmp_path: Path) -> None:
    """Somebody else's long write transaction delays the ledger and costs it nothing."""
    import sqlite3

    database = sqlite_copy(template, tmp_path)
    writer = Writer(root)
    calls = mixed(20)
    with shipping(root, None) as shipper:
        writer.calls(calls[:10])
        until(lambda: shipper.status().rows_shipped == 10)
        other = sqlite3.connect(tmp_path / "trunkline.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        writer.calls(calls[10:])
        until(lambda: shipper.status().state == "database_down", 15)
        assert "locked" in shipper.status().last_error
        other.execute("ROLLBACK")
        other.close()
        until(lambda: shipper.status().rows_shipped == 20)
        assert shipper.stop() == 0
    check_rows(database, calls)


def test_a_shipper_stopped_for_a_while_settles_nothing_twice(database: Database, root: Path) -> None:
    """SIGSTOP in the middle, another shipper's work meanwhile, SIGCONT: the first finds itself fenced out (D17)."""
    calls = mixed(8000)
    writer = Writer(root, segment_bytes=4 * 1024 * 1024)
    with shipping(root, database.url) as first:
        writer.calls(calls)
        until(lambda: bool(database.query("SELECT 1 FROM ledger_journals")))
        first.process.send_signal(signal.SIGSTOP)
        until(lambda: _ships(root, database))
        first.process.send_signal(signal.SIGCONT)
        until(lambda: first.status().backlog_bytes == 0 and first.status().state == "ok")
        assert first.stop() == 0
    check_rows(database, calls)


def _ships(root: Path, database: Database) -> bool:
    """Another shipper (in this process, past the lock) gets through; a stopped one may hold its locks for a while."""
    status = ship_all(root, database)
    return status.state == "ok" and status.backlog_bytes == 0


# --- the process -----------------------------------------------------------------------------------------------------


def test_it_makes_its_tables_and_stops_when_told(root: Path) -> None:
    """No address: SQLite in the data folder, made and migrated; SIGTERM ships what is there and ends with 0."""
    writer = Writer(root)
    with shipping(root, None) as shipper:
        until(lambda: shipper.status().state == "ok")
        assert shipper.status().database == "sqlite"
        second = ShipperProcess(root.parent, None)
        assert second.process.wait(10) == 2, "one shipper for one data folder"
        calls = mixed(500)
        writer.calls(calls)
        writer.begin(intent_of(opened := call()))
        writer.die()
        assert shipper.stop() == 0
    database = Database(f"sqlite:///{root.parent / 'trunkline.db'}")
    assert database.rows().keys() == {each.request_id for each in [*calls, opened]}
    assert (root.parent / "trunkline.db").stat().st_mode & 0o077 == 0


def test_tables_of_a_newer_version_are_left_alone(database: Database, root: Path) -> None:
    """Nothing is shipped, and the state says why."""
    database.query("UPDATE trunkline_revision SET version_num = '9999'")
    Writer(root).calls(mixed(10))
    with shipping(root, database.url) as shipper:
        until(lambda: shipper.status().state == "migration_failed")
        assert "`9999`" in shipper.status().last_error
        database.query("UPDATE trunkline_revision SET version_num = '0001'")
        assert shipper.stop() == 0
    assert len(database.rows()) == 10, "the last look before the end found the right tables"


def test_replicas_that_start_together_migrate_once(server: Postgres, tmp_path: Path) -> None:
    """An advisory lock puts them in a row, and both ship."""
    admin(server, "CREATE DATABASE fresh TEMPLATE template0")
    roots = [tmp_path / name / "journal" for name in ("a", "b")]
    calls = mixed(100)
    for number, each in enumerate(roots):
        each.mkdir(parents=True)
        Writer(each).calls(calls[number::2])
    database = Database(server.url("fresh"))
    with shipping(roots[0], database.url) as first, shipping(roots[1], database.url) as second:
        until(lambda: first.status().rows_shipped + second.status().rows_shipped == 100, 30)
        assert (first.stop(), second.stop()) == (0, 0)
    check_rows(database, calls)


def test_its_parents_death_ends_it_after_the_last_row(root: Path) -> None:
    """A gateway that was killed leaves no shipper behind, and no record unshipped."""
    import subprocess
    import sys

    calls = mixed(300)
    writer = Writer(root)
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-m', 'trunkline.ledger.shipper_main', '--data', sys.argv[1]])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(root.parent)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    try:
        until(lambda: (root / "shipper.json").exists() and '"ok"' in (root / "shipper.json").read_text())
        writer.calls(calls)
        writer.die()
    finally:
        parent.kill()
        parent.wait(10)
        parent.stdout.close()
    until(lambda: not _alive(pid))
    check_rows(Database(f"sqlite:///{root.parent / 'trunkline.db'}"), calls)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z" if os.path.exists("/proc") else True
