"""Bring the tables to this version, one process at a time: replicas start together."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from backend.app.core.database_url import DatabaseUrl
from backend.app.core.db import connect

HEAD: Final = "0001"
REVISION_TABLE: Final = "app_revision"
"""Not Alembic's own name: the gateway may share the database, and has a table of that kind too."""
LOCK: Final = 0x7472756E6B10
"""Advisory lock. `trunk` in ASCII and a number that the gateway does not use."""
SECONDS: Final = 600.0


class MigrationError(Exception):
    """The tables could not be brought to this version; nothing was changed."""


async def upgrade(url: DatabaseUrl) -> str:
    """Create or migrate the tables in one transaction under a lock; returns the revision. Raises `MigrationError`."""
    if url.path is not None:
        try:
            url.path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(url.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise MigrationError(f"cannot open `{url.path}`: {error.strerror}") from error
    engine = connect(url, pool_size=1, statement_seconds=SECONDS)
    try:
        async with engine.connect() as connection:
            if url.kind == "sqlite":
                # The lock: whoever comes second waits here and finds the tables made.
                _ = await connection.execution_options(sqlite_begin="EXCLUSIVE")
            async with connection.begin():
                if url.kind == "postgresql":
                    await connection.execute(text("SET LOCAL lock_timeout = '60s'"))
                    await connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
                await connection.run_sync(_run)
    except SQLAlchemyError as error:
        raise MigrationError(f"{url}: {getattr(error, 'orig', None) or error}") from error
    except OSError as error:
        raise MigrationError(f"{url}: {error.strerror or error}") from error
    finally:
        await engine.dispose()
    return HEAD


def _run(connection: Connection) -> None:
    stored = stored_revision(connection)
    if stored == HEAD:
        return  # Alembic need not be imported: 70 ms of every start but the first
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[2] / "migrations"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if stored is not None and stored not in known:
        raise MigrationError(
            f"the database has revision `{stored}`, which this version does not know (it knows up to `{HEAD}`): "
            "run the newer version, or restore the database of this one"
        )
    command.upgrade(config, HEAD)


def stored_revision(connection: Connection) -> str | None:
    """Return the revision of the tables, None where there are none."""
    if not inspect(connection).has_table(REVISION_TABLE):
        return None
    value = connection.execute(text(f"SELECT version_num FROM {REVISION_TABLE}")).scalar()  # noqa: S608 our own name
    return None if value is None else str(value)
