"""What goes by itself: conversations deleted 30 days ago, files nobody refers to, sessions that are over."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.app.core import tables
from backend.app.core.clock import DAY_US, now_us
from backend.app.core.db import Database
from backend.app.core.settings import Settings
from backend.app.services.conversations import RESTORABLE_US, purge_rows, without_runs

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 3600.0
ORPHAN_US: Final = DAY_US
"""A file that was uploaded and never sent is kept this long: its message may still be a draft."""
_AT_ONCE: Final = 200


@asynccontextmanager
async def housekeeping(db: Database, settings: Settings) -> AsyncIterator[None]:
    """Tidy now and every hour until the end. Replicas may do it at the same time."""
    task = asyncio.create_task(_keep(db, settings))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _keep(db: Database, settings: Settings) -> None:
    while True:
        try:
            await tidy(db, settings, now_us())
        except Exception:
            log.exception("tidying up failed; it is tried again in an hour")
        await asyncio.sleep(EVERY_SECONDS)


async def tidy(db: Database, settings: Settings, now: int) -> None:
    """Do it once, as of an instant in microseconds."""
    while await _purge_some(db, now):
        pass
    async with db.write() as connection:
        for table in (tables.sessions, tables.sign_in_flows):
            await connection.execute(delete(table).where(table.c.expires_us < now))
        unused = await _forget_files(connection, now)
    if db.kind == "sqlite" and unused:
        await asyncio.to_thread(_sweep, settings.trunkline_data / "files", unused)


async def _purge_some(db: Database, now: int) -> bool:
    table, runs = tables.conversations, tables.runs
    async with db.write() as connection:
        old = await connection.execute(
            select(table.c.id)
            .where(table.c.deleted_us < now - RESTORABLE_US)
            .where(~exists().where(runs.c.conversation_id == table.c.id, runs.c.state == "running"))
            .limit(_AT_ONCE)
        )
        ids = await without_runs(connection, list(old.scalars()))
        if ids:
            await purge_rows(connection, ids)
    return len(ids) == _AT_ONCE


async def _forget_files(connection: AsyncConnection, now: int) -> set[str]:
    """Delete files without a message; returns the contents that nobody has any more."""
    files, links, blobs = tables.attachments, tables.message_attachments, tables.blobs
    gone = await connection.execute(
        delete(files)
        .where(files.c.created_us < now - ORPHAN_US, ~exists().where(links.c.attachment_id == files.c.id))
        .returning(files.c.sha256)
    )
    contents = set(gone.scalars())
    if contents:
        kept = await connection.execute(select(files.c.sha256).where(files.c.sha256.in_(contents)))
        contents -= set(kept.scalars())
        await connection.execute(delete(blobs).where(blobs.c.sha256.in_(contents)))
    return contents


def _sweep(folder: Path, contents: set[str]) -> None:
    """Remove bytes; those touched within the last minute belong to an upload whose row is about to come."""
    for digest in contents:
        path = folder / digest[:2] / digest
        try:
            if time.time() - path.stat().st_mtime > 60:
                path.unlink()
        except OSError:
            continue
