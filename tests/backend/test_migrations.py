"""Tables: made at start, once, whoever else starts at the same time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from backend.app.core import database_url
from backend.app.core.db import Database
from backend.app.core.migrate import HEAD, REVISION_TABLE, MigrationError, stored_revision, upgrade
from backend.app.core.tables import METADATA
from tests.backend import rows
from tests.backend.app_fixtures import Start


def _differences(connection: Connection) -> list[str]:
    context = MigrationContext.configure(connection, opts={"version_table": REVISION_TABLE})
    found = [str(difference) for difference in compare_metadata(context, METADATA)]
    return [difference for difference in found if "_search" not in difference]


async def test_migrations_make_what_the_code_expects(empty_place: str) -> None:
    """After the migrations there is no difference between the database and `core/tables.py`."""
    url = database_url.parse(empty_place)
    assert await upgrade(url) == HEAD
    db = Database(url)
    async with db.read() as connection:
        assert await connection.run_sync(_differences) == []
        assert await connection.run_sync(stored_revision) == HEAD
    await db.close()


async def test_replicas_that_start_together_migrate_once(empty_place: str) -> None:
    """Six processes' worth of migrations at the same moment all succeed, and the tables exist once."""
    url = database_url.parse(empty_place)
    assert await asyncio.gather(*(upgrade(url) for _ in range(6))) == [HEAD] * 6
    db = Database(url)
    async with db.read() as connection:
        stored = await connection.execute(text(f"SELECT version_num FROM {REVISION_TABLE}"))
        assert list(stored.scalars()) == [HEAD]
    await db.close()


async def test_a_second_start_keeps_everything(start: Start) -> None:
    """What was stored is there after a stop and a start."""
    async with start() as app:
        made = await rows.conversation(app.db, title="Kept")
    async with start() as app, app.client() as client:
        assert (await client.get(f"/api/conversations/{made}")).json()["title"] == "Kept"


async def test_tables_of_a_newer_version_are_left_alone(empty_place: str) -> None:
    """A revision that this version does not know is refused with what to do, and nothing is changed."""
    url = database_url.parse(empty_place)
    await upgrade(url)
    db = Database(url)
    async with db.write() as connection:
        await connection.execute(text(f"UPDATE {REVISION_TABLE} SET version_num = '9999'"))
    with pytest.raises(MigrationError, match=r"`9999`.*run the newer version"):
        await upgrade(url)
    async with db.read() as connection:
        assert await connection.run_sync(stored_revision) == "9999"
    await db.close()


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """Where the database's file cannot be opened the message has its path and the system's reason."""
    (tmp_path / "file").write_text("")
    url = database_url.parse(f"sqlite:///{tmp_path / 'file' / 'app.db'}")
    with pytest.raises(MigrationError, match=r"app\.db.*(Not a directory|File exists)"):
        await upgrade(url)


@pytest.mark.parametrize(
    ("written", "kind", "where"),
    [
        ("postgres://u:p@db:5432/app", "postgresql", "postgresql://db:5432/app"),
        ("postgresql+asyncpg://u:p@db/app?sslmode=require&pgbouncer=true", "postgresql", "postgresql://db/app"),
        ("sqlite+aiosqlite:////var/x.db", "sqlite", "sqlite:////var/x.db"),
    ],
)
def test_addresses_are_read_as_people_write_them(written: str, kind: str, where: str) -> None:
    """Drivers' names and other programs' options do no harm, and the password is not shown."""
    url = database_url.parse(written)
    assert (url.kind, str(url)) == (kind, where)
    assert "pgbouncer" not in url.dsn


@pytest.mark.parametrize("written", ["mysql://u:secret@h/d", "sqlite://", "sqlite:///:memory:", "secret"])
def test_other_addresses_are_refused_without_repeating_them(written: str) -> None:
    """The message says what would do; it never has the address, which may have a password."""
    with pytest.raises(database_url.DatabaseUrlError) as caught:
        database_url.parse(written)
    assert "secret" not in str(caught.value)
    assert "sqlite:///" in str(caught.value)
