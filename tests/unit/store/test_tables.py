"""The tables as declared, as migrated, and as the shipper names them without SQLAlchemy."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Table, inspect

import trunkline.store
from tests.support.ledger import Database, migrate
from trunkline.store import columns, tables
from trunkline.store.engine import connect
from trunkline.store.tables import METADATA, UtcTime


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """A migrated SQLite file."""
    return migrate(f"sqlite:///{tmp_path_factory.mktemp('tables') / 't.db'}")


def _names(table: Table, *, written: bool = True) -> list[str]:
    return [each.name for each in table.columns if not written or (each.computed is None and not each.server_default)]


def test_the_shippers_columns_are_the_tables() -> None:
    """The names it writes by are those that have neither a default nor a formula, and two more."""
    skipped = {"team_id", "organization_id", "session_id"}
    expected = {*_names(tables.logs), "created_at", "metadata"} - skipped
    assert set(columns.LOG_COLUMNS) == expected
    assert set(columns.ATTEMPT_COLUMNS) == set(_names(tables.attempts))
    assert ["day_start", *columns.ROLLUP_KEY[1:], *columns.ROLLUP_SUMS] == _names(tables.days)
    assert list(columns.ROLLUP_KEY + columns.ROLLUP_SUMS) == _names(tables.rollups)


def test_the_head_revision_is_the_newest_migration() -> None:
    """The shipper compares with a name that it cannot ask Alembic for."""
    config = Config()
    folder = Path(trunkline.store.__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder))
    assert ScriptDirectory.from_config(config).get_current_head() == columns.HEAD


def check_migrated(connection: Connection) -> None:
    """Compare what the migrations made with `tables.py`."""
    found = inspect(connection)
    for table in METADATA.sorted_tables:
        made = {each["name"]: each for each in found.get_columns(table.name)}
        assert made.keys() == {each.name for each in table.columns}
        for column in table.columns:
            if column.computed is None:
                assert made[column.name]["nullable"] == column.nullable, f"{table.name}.{column.name}"
        indexes = {each["name"]: each["column_names"] for each in found.get_indexes(table.name)}
        assert indexes == {str(each.name): [part.name for part in each.columns] for each in table.indexes}


def test_migrations_make_the_tables_as_they_are_declared(database: Database) -> None:
    """Names, NULLs and indexes."""

    async def run() -> None:
        engine = connect(database.url)
        async with engine.connect() as connection:
            await connection.run_sync(check_migrated)
        await engine.dispose()

    asyncio.run(run())


def test_migrating_again_changes_nothing(database: Database) -> None:
    """A start with the tables there is a start."""
    before = database.query("SELECT name, sql FROM sqlite_master ORDER BY name")
    migrate(database.url)
    assert database.query("SELECT name, sql FROM sqlite_master ORDER BY name") == before


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """All in one transaction, on SQLite too: a table in the way, and no other is made."""
    path = tmp_path / "t.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE litellm_prices (x)")
    connection.close()
    from trunkline.store.migrate import MigrationError

    with pytest.raises(MigrationError, match="litellm_prices"):
        migrate(f"sqlite:///{path}")
    names = {row["name"] for row in Database(f"sqlite:///{path}").query("SELECT name FROM sqlite_master")}
    assert names == {"litellm_prices"}


def test_every_column_is_explained() -> None:
    """The reference page is made of these."""
    for table in METADATA.sorted_tables:
        assert table.comment
        for column in table.columns:
            assert column.comment, f"{table.name}.{column.name}"


def test_sqlites_times_compare_with_its_own_functions(database: Database) -> None:
    """The text sorts among what `datetime()` returns, so that ordinary filters work."""
    moment = datetime(2026, 11, 24, 10, 3, 0, 5, tzinfo=UTC)
    from sqlalchemy.dialects import sqlite

    written = UtcTime().process_bind_param(moment, sqlite.dialect())
    assert written == "2026-11-24 10:03:00.000005+00:00"
    found = database.query(
        f"SELECT '{written}' > datetime('2026-11-24 10:02:59') AS after, '{written}' < datetime('2026-11-24 10:03:01') "
        f"AS before, '{written}' >= '2026-11-24' AS day, date('{written}') AS date"
    )
    assert found == [{"after": 1, "before": 1, "day": 1, "date": "2026-11-24"}]


def test_a_time_without_a_zone_is_refused() -> None:
    """It would be read as UTC by one and as local by another."""
    from sqlalchemy.dialects import sqlite

    with pytest.raises(ValueError, match="without a zone"):
        UtcTime().process_bind_param(datetime(2026, 1, 1), sqlite.dialect())  # noqa: DTZ001 what is tested


def test_the_reference_page_is_what_the_tables_say() -> None:
    """`make docs` writes it; nobody edits it."""
    from trunkline.store import reference

    assert reference.PAGE.read_text() == reference.page()
