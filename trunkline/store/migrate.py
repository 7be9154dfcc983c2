"""Bring the tables to this version: `python -m trunkline.store.migrate`, address in an environment variable.

The shipper runs this as a child where the stored revision differs from `columns.HEAD`: Alembic and SQLAlchemy would
stay in its memory otherwise (54 MiB instead of 26), and a child can be given up on.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from trunkline.store.columns import HEAD, REVISION_TABLE
from trunkline.store.engine import connect
from trunkline.store.url import DatabaseUrl, Kind, UrlError, parse

MIGRATION_LOCK = 0x7472756E6B00
"""Advisory lock: replicas that start together migrate one after the other. `trunk` in ASCII and a number."""
ENVIRONMENT = "TRUNKLINE_SHIPPER_DATABASE_URL"


class MigrationError(Exception):
    """The tables could not be brought to this version; nothing was changed."""


async def upgrade(url: DatabaseUrl, *, seconds: float = 600.0) -> str:
    """Create or migrate the tables in one transaction, under a lock; returns the revision. Raises `MigrationError`.

    `seconds` bounds each statement on PostgreSQL, waiting for the lock included.
    """
    if url.path is not None:
        url.path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(url.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    engine = connect(url, statement_seconds=seconds)
    try:
        async with engine.connect() as connection:
            if url.kind is Kind.SQLITE:
                _ = await connection.execution_options(sqlite_begin="EXCLUSIVE")
            async with connection.begin():
                if url.kind is Kind.POSTGRESQL:
                    await connection.execute(text("SET LOCAL lock_timeout = '60s'"))
                    await connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
                await connection.run_sync(_run)
    except SQLAlchemyError as error:
        raise MigrationError(str(getattr(error, "orig", None) or error)) from error
    finally:
        await engine.dispose()
    return HEAD


def _run(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    stored = _stored(connection)
    if stored is not None and stored not in known:
        raise MigrationError(
            f"the database has revision `{stored}`, which this version does not know (it knows up to `{HEAD}`): "
            "run the newer Trunkline, or restore the database of this one"
        )
    command.upgrade(config, HEAD)


def _stored(connection: Connection) -> str | None:
    if not inspect(connection).has_table(REVISION_TABLE):
        return None
    value = connection.execute(text(f"SELECT version_num FROM {REVISION_TABLE}")).scalar()  # noqa: S608 our own name
    return None if value is None else str(value)


def main() -> int:
    """Migrate the database that the environment names; 0, or 1 with one line on standard error."""
    try:
        asyncio.run(upgrade(parse(os.environ.get(ENVIRONMENT, ""))))
    except (MigrationError, UrlError, OSError) as error:
        sys.stderr.write(f"{error}\n".replace("\n", " ").strip() + "\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
