"""A database with the ledger's tables, and questions to it: the same for SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Table, select, text

from tests.support.postgres import Postgres
from trunkline.ledger import status as status_file
from trunkline.ledger.record import CallRecord
from trunkline.ledger.shipper import Shipper
from trunkline.ledger.status import ShipperStatus
from trunkline.store.columns import BUCKET_SECONDS, ROLLUP_KEY, ROLLUP_SUMS
from trunkline.store.engine import connect
from trunkline.store.migrate import ENVIRONMENT, upgrade
from trunkline.store.tables import days, logs, rollups
from trunkline.store.url import parse

Row = dict[str, Any]
_names = itertools.count(1)


class Database:
    """One empty, migrated database."""

    def __init__(self, url: str) -> None:
        self.url = url

    def query(self, sql: str) -> list[Row]:
        """Run SQL as it stands."""

        async def run() -> list[Row]:
            engine = connect(self.url)
            try:
                async with engine.connect() as connection:
                    result = await connection.execute(text(sql))
                    found = [dict(row) for row in result.mappings()] if result.returns_rows else []
                    await connection.commit()
                    return found
            finally:
                await engine.dispose()

        return asyncio.run(run())

    def table(self, table: Table) -> list[Row]:
        """All rows of a table, with Python types."""

        async def run() -> list[Row]:
            engine = connect(self.url)
            try:
                async with engine.connect() as connection:
                    return [dict(row) for row in (await connection.execute(select(table))).mappings()]
            finally:
                await engine.dispose()

        return asyncio.run(run())

    def count(self) -> int:
        """How many rows `litellm_request_logs` has."""
        return int(self.query("SELECT count(*) AS calls FROM litellm_request_logs")[0]["calls"])

    def rows(self) -> dict[str, Row]:
        """All rows of `litellm_request_logs` by id; fails where an id is there twice."""
        found = self.table(logs)
        by_id = {row["request_id"]: row for row in found}
        assert len(by_id) == len(found), "a request id is in two rows"
        return by_id

    def check_rollups(self) -> None:
        """The roll-ups are what a recount of the rows gives, by quarter of an hour and by day."""
        for table, start, length in ((rollups, "bucket_start", BUCKET_SECONDS), (days, "day_start", 86_400)):
            self._check_sums(table, start, length)

    def _check_sums(self, table: Table, start: str, length: int) -> None:
        expected: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0] * len(ROLLUP_SUMS))
        for row in self.table(logs):
            seconds = int(row["start_time"].timestamp()) // length * length
            sums = expected[seconds, *(row[name] for name in ROLLUP_KEY[1:])]
            for place, value in enumerate(_share(row)):
                sums[place] += value
        stored = {
            (int(row[start].timestamp()), *(row[name] for name in ROLLUP_KEY[1:])): [row[name] for name in ROLLUP_SUMS]
            for row in self.table(table)
        }
        # A sum stops at 64 bits (see trunkline/ledger/rollups.py); no sane one gets there.
        assert stored == {key: [min(each, 2**63 - 1) for each in sums] for key, sums in expected.items()}


def _share(row: Row) -> Iterable[int]:
    first = row["completion_start_time"]
    waited = None if first is None else round((first - row["start_time"]).total_seconds() * 1e6) // 1000
    yield 1
    yield from (row[name] for name in ROLLUP_SUMS[1:9])
    yield row["request_duration_ms"]
    yield waited or 0
    yield 0 if waited is None else 1
    yield 1 if not row["price_version"] and (row["prompt_tokens"] or row["completion_tokens"]) else 0


def migrate(url: str) -> Database:
    """Make the tables."""
    asyncio.run(upgrade(parse(url)))
    return Database(url)


def sqlite_copy(template: Path, folder: Path) -> Database:
    """A fresh SQLite database, copied from a migrated file."""
    path = folder / "trunkline.db"
    shutil.copyfile(template, path)
    return Database(f"sqlite:///{path}")


def postgres_copy(server: Postgres, template: str) -> Database:
    """A fresh PostgreSQL database, copied from a migrated one."""
    name = f"t{next(_names)}"
    admin(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    return Database(server.url(name))


def admin(server: Postgres, sql: str) -> None:
    """Run SQL outside of a transaction."""
    import asyncpg

    async def run() -> None:
        connection = await asyncpg.connect(server.url(), timeout=10)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    asyncio.run(run())


def ship_all(root: Path, database: Database) -> ShipperStatus:
    """Run a shipper in this process until nothing is left to ship or to adopt."""
    shipper = Shipper(root, parse(database.url))
    shipper.stop()
    asyncio.run(shipper.run())
    return shipper.status


class ShipperProcess:
    """The shipper as the gateway starts it."""

    def __init__(self, data: Path, url: str | None) -> None:
        self.root = data / "journal"
        environment = {key: value for key, value in os.environ.items() if key != ENVIRONMENT}
        if url is not None:
            environment[ENVIRONMENT] = url
        self.log = data / "shipper.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "trunkline.ledger.shipper_main", "--data", str(data)],
                env=environment,
                stderr=log,
            )

    def status(self) -> ShipperStatus:
        """What it last said about itself."""
        found = status_file.read(self.root)
        return found if found is not None and found.pid == self.process.pid else ShipperStatus()

    def kill9(self) -> None:
        """SIGKILL, wherever it is."""
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> int:
        """SIGTERM; returns the exit code, and says on standard output what the shipper said where it is not 0."""
        self.process.terminate()
        code = self.process.wait(20)
        if code != 0:
            print(self.log.read_text())
        return code


def check_rows(database: Database, calls: Sequence[CallRecord]) -> dict[str, Row]:
    """Each of the calls has its exact row, and there is no other row; the roll-ups agree."""
    rows = database.rows()
    wanted = {each.request_id: at for at, each in enumerate(calls)}
    missing = sorted(at for each, at in wanted.items() if each not in rows)
    assert not missing, f"{len(missing)} calls have no row: numbers {missing[:5]} to {missing[-1]}"
    assert not rows.keys() - wanted.keys(), "there are rows of calls that nobody made"
    for each in calls:
        row = rows[each.request_id]
        assert (row["prompt_tokens"], row["completion_tokens"], row["spend_pico"], row["status"]) == (
            each.input_total, each.output_total, each.cost, each.status,
        )  # fmt: skip
    database.check_rollups()
    return rows


@contextmanager
def shipping(root: Path, url: str | None) -> Iterator[ShipperProcess]:
    """A shipper's process that is gone afterwards."""
    process = ShipperProcess(root.parent, url)
    try:
        yield process
    finally:
        if process.process.poll() is None:
            process.kill9()
