"""A database that is absent, frozen, killed, locked or read-only (D01, D02, D05, D07, D08, D17)."""

from __future__ import annotations

import asyncio
import random
import signal
import threading
import time
from pathlib import Path

import pytest

from tests.support.journals import Writer, call, mixed, until
from tests.support.ledger import (
    Database,
    admin,
    check_rows,
    postgres_copy,
    ship_all,
    shipping,
    sqlite_copy,
)
from tests.support.postgres import Postgres
from trunkline.ledger.record import CallRecord
from trunkline.store.engine import connect


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
        until(lambda: database.count() == 6000, 30)
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
            until(lambda: database.count() == len(calls), 30)  # noqa: B023 called before the next round
        assert shipper.stop() == 0
    check_rows(database, calls)


def test_a_stop_after_the_connection_died_still_ships(server: Postgres, root: Path) -> None:
    """SIGTERM finds a connection that the server has closed: the drain makes a new one (G01)."""
    database = postgres_copy(server, "migrated")
    writer = Writer(root)
    calls = mixed(100)
    with shipping(root, database.url) as shipper:
        until(lambda: shipper.status().state == "ok")
        shipper.process.send_signal(signal.SIGSTOP)
        name = database.url.rpartition("/")[2]
        admin(server, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        writer.calls(calls)
        shipper.process.send_signal(signal.SIGTERM)
        shipper.process.send_signal(signal.SIGCONT)
        assert shipper.process.wait(20) == 0
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


def test_migrations_make_the_declared_tables_on_postgresql_too(server: Postgres) -> None:
    """Names, NULLs and indexes; and a partition for today and tomorrow once rows came."""
    from tests.unit.store.test_tables import check_migrated

    async def run() -> None:
        engine = connect(server.url("postgres"))
        async with engine.connect() as connection:
            await connection.run_sync(check_migrated)
        await engine.dispose()

    asyncio.run(run())


def test_days_have_partitions_made_beside_the_traffic(server: Postgres, root: Path) -> None:
    """Each day's rows lie in its own table, and the next day's is there before midnight."""
    database = postgres_copy(server, "migrated")
    noon = 1_795_521_600_000_000  # 2026-11-24 12:00 UTC
    Writer(root).end(*(call(started_us=noon + day * 86_400_000_000) for day in (0, 1, 3)))
    ship_all(root, database)
    found = database.query(
        "SELECT tableoid::regclass::text AS part, count(*) AS calls FROM litellm_request_logs GROUP BY 1 ORDER BY 1"
    )
    assert [(row["part"][-8:], row["calls"]) for row in found] == [("20261124", 1), ("20261125", 1), ("20261127", 1)]
    assert database.query("SELECT to_regclass('litellm_request_logs_20261128') IS NOT NULL AS made") == [{"made": True}]
