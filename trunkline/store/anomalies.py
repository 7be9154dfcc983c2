"""Reads the table of unusual spending; the shipper writes it (`telemetry/anomalies/`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from trunkline.store.tables import anomalies


async def latest(engine: AsyncEngine, *, since: datetime, limit: int) -> list[Mapping[str, object]]:
    """Excursions that go on or ended after `since` (an aware time), the newest first, by column name."""
    table = anomalies.c
    question = (
        select(anomalies)
        .where((table.closed.is_(None)) | (table.closed >= since))
        .order_by(table.opened.desc(), table.scope, table.name)
        .limit(limit)
    )
    async with engine.connect() as connection:
        return [dict(row) for row in (await connection.execute(question)).mappings()]
