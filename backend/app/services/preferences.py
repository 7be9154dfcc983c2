"""A person's settings: what was set, and the defaults for the rest."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.app.api.schemas.settings import AppSettings, AppSettingsUpdate
from backend.app.core import tables
from backend.app.core.clock import now_us
from backend.app.core.errors import invalid
from backend.app.services.gateway.tasks import TASK_MODEL_MAP
from backend.app.services.usage import zone_of

_NULLABLE = frozenset({"default_model", "zone"})


async def get(connection: AsyncConnection, user_id: str, model: str) -> AppSettings:
    """Return the settings; `model` is the server's default."""
    return _complete(await _stored(connection, user_id), model)


async def change(connection: AsyncConnection, user_id: str, body: AppSettingsUpdate, model: str) -> AppSettings:
    """Change what was sent."""
    sent = body.model_dump(mode="json", exclude_unset=True)
    if sent.get("zone") is not None:
        zone_of(sent["zone"])
    if any(value is None and name not in _NULLABLE for name, value in sent.items()):
        raise invalid("Only `default_model` and `zone` can be null.")
    stored = {**await _stored(connection, user_id), **sent}
    table = tables.settings
    await connection.execute(delete(table).where(table.c.user_id == user_id))
    await connection.execute(insert(table).values(user_id=user_id, value=stored, updated_us=now_us()))
    return _complete(stored, model)


async def _stored(connection: AsyncConnection, user_id: str) -> dict[str, Any]:
    table = tables.settings
    found = await connection.execute(select(table.c.value).where(table.c.user_id == user_id))
    return found.scalar() or {}


def _complete(stored: dict[str, Any], model: str) -> AppSettings:
    defaults: dict[str, Any] = {
        "task_models": dict(TASK_MODEL_MAP),
        "send_key": "enter",
        "shortcuts": True,
        "read_answers": False,
        "prompts": [],
        "pinned_models": [],
        "zone": None,
    }
    return AppSettings(**{**defaults, **stored, "default_model": stored.get("default_model") or model})
