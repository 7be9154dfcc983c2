"""Files: stored once by their content, given back to their owner only.

With SQLite the bytes are in the data folder; with PostgreSQL in the database, because several replicas serve it.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
import unicodedata
from pathlib import Path
from typing import Any, BinaryIO, Final

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.app.api.schemas.errors import ErrorCode
from backend.app.api.schemas.messages import Attachment
from backend.app.core import tables
from backend.app.core.clock import now_us
from backend.app.core.db import Database
from backend.app.core.errors import AppError, invalid, not_found
from backend.app.core.guard import MEGABYTE, too_large
from backend.app.core.ids import is_id, new_id
from backend.app.core.settings import Settings
from backend.app.services.messages import attachment_of
from backend.app.services.sniff import HEAD, sniff

MAX_NAME: Final = 200
_CHUNK: Final = 1 << 20


async def store(db: Database, settings: Settings, user_id: str, name: str, file: BinaryIO) -> Attachment:
    """Keep a file. Raises `AppError` where it is empty, too large, or more than the person may have."""
    size, digest, head = await asyncio.to_thread(_read, file)
    if size == 0:
        raise invalid("The file is empty.", field="file")
    if size > settings.app_max_file_mb * MEGABYTE:
        raise too_large(settings.app_max_file_mb * MEGABYTE)
    if db.kind == "sqlite":
        await asyncio.to_thread(_write, blob_path(settings, digest), file)
    found = sniff(head, whole=size <= len(head))
    row = {
        "id": new_id(), "user_id": user_id, "name": clean_name(name), "media_type": found.media_type,
        "kind": found.kind, "bytes": size, "width": found.width, "height": found.height, "sha256": digest,
        "created_us": now_us(),
    }  # fmt: skip
    async with db.write() as connection:
        await _check_room(connection, settings, user_id, size)
        if db.kind == "postgresql":
            await _keep_blob(connection, digest, file)
        await connection.execute(insert(tables.attachments).values(**row))
    return attachment_of(row)


async def load(db: Database, settings: Settings, user_id: str, file_id: str) -> tuple[Attachment, bytes]:
    """Return a file of this person with its bytes. Raises 404."""
    row = await _own(db, user_id, file_id)
    if db.kind == "sqlite":
        try:
            return attachment_of(row), await asyncio.to_thread(blob_path(settings, row["sha256"]).read_bytes)
        except FileNotFoundError:
            raise not_found("file") from None
    async with db.read() as connection:
        data = await connection.execute(select(tables.blobs.c.data).where(tables.blobs.c.sha256 == row["sha256"]))
        found = data.scalar()
    if found is None:
        raise not_found("file")
    return attachment_of(row), bytes(found)


def blob_path(settings: Settings, digest: str) -> Path:
    """Return where a file's bytes are with SQLite."""
    return settings.trunkline_data / "files" / digest[:2] / digest


def clean_name(name: str) -> str:
    """Return the last part of a name, without what could mislead: control signs and signs that turn the direction."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    name = "".join(
        char for char in name if unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    )
    name = name.strip(" .") or "file"
    if len(name) > MAX_NAME:
        stem, dot, suffix = name.rpartition(".")
        name = f"{stem[: MAX_NAME - 20]}{dot}{suffix}"[:MAX_NAME] if dot and len(suffix) < 20 else name[:MAX_NAME]
    return name


async def _own(db: Database, user_id: str, file_id: str) -> Any:
    table = tables.attachments
    if is_id(file_id):
        async with db.read() as connection:
            found = await connection.execute(select(table).where(table.c.id == file_id, table.c.user_id == user_id))
            row = found.mappings().first()
        if row is not None:
            return row
    raise not_found("file")


async def _check_room(connection: AsyncConnection, settings: Settings, user_id: str, size: int) -> None:
    table = tables.attachments
    used = await connection.execute(select(func.coalesce(func.sum(table.c.bytes), 0)).where(table.c.user_id == user_id))
    if int(used.scalar_one()) + size > settings.app_max_storage_mb * MEGABYTE:
        raise AppError(
            ErrorCode.TOO_LARGE,
            f"Your files would take more than the {settings.app_max_storage_mb} MB that one person has here.",
            "Delete conversations with files for good, or raise APP_MAX_STORAGE_MB.",
            variable="APP_MAX_STORAGE_MB",
        )


async def _keep_blob(connection: AsyncConnection, digest: str, file: BinaryIO) -> None:
    from sqlalchemy.dialects.postgresql import insert as upsert

    file.seek(0)
    data = await asyncio.to_thread(file.read)
    await connection.execute(upsert(tables.blobs).values(sha256=digest, data=data).on_conflict_do_nothing())


def _read(file: BinaryIO) -> tuple[int, str, bytes]:
    file.seek(0)
    size, digest, head = 0, hashlib.sha256(), b""
    while chunk := file.read(_CHUNK):
        head = head or chunk[:HEAD]
        size += len(chunk)
        digest.update(chunk)
    return size, digest.hexdigest(), head


def _write(path: Path, file: BinaryIO) -> None:
    """Write beside and rename: a crash leaves no half file under a name that says its content."""
    if path.exists():
        os.utime(path)  # it is wanted again: housekeeping must not take it for an old orphan
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file.seek(0)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            while chunk := file.read(_CHUNK):
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
