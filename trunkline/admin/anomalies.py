"""`GET /trunkline/anomalies`: hours in which spending left its usual band."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Final, Literal, cast

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from trunkline.admin.management import Here
from trunkline.admin.ui_session import KeyOrSession
from trunkline.admin.usage_routes import ask
from trunkline.store import anomalies

router: Final = APIRouter(prefix="/trunkline", tags=["Ledger"])

MAX_ROWS: Final = 1000


class Anomaly(BaseModel):
    """One excursion: spending that left its band, from the first hour until an hour was inside again."""

    scope: Literal["model", "key"] = Field(description="What it is of.")
    name: str = Field(description="The model group, or the key's SHA-256, hex.")
    direction: Literal["high", "low"]
    opened: datetime = Field(description="Start of its first hour, UTC.")
    last_hour: datetime = Field(description="Start of its last hour so far, UTC.")
    closed: datetime | None = Field(description="When an hour was inside again; `null` while it goes on.")
    spend: str = Field(description="USD of the hour that was furthest outside.")
    usual: str = Field(description="USD, the median of such hours when it began.")
    low: str = Field(description="USD, the band's lower end.")
    high: str = Field(description="USD, the band's upper end.")


class Anomalies(BaseModel):
    """What was unusual, and whether anybody looks."""

    watching: bool = Field(description="`general_settings.trunkline.anomaly_detection`.")
    open: int = Field(description="How many go on now.")
    anomalies: list[Anomaly] = Field(description="The newest first.")


@router.get("/anomalies", operation_id="trunkline_anomalies")
async def list_anomalies(
    _: KeyOrSession,
    gateway: Here,
    days: Annotated[int, Query(ge=1, le=90, description="Those that go on, and those that ended in so many days.")] = 7,
    limit: Annotated[int, Query(ge=1, le=MAX_ROWS)] = 200,
) -> Anomalies:
    """List hours in which a model's or a key's spending left its usual band."""
    since = datetime.now(UTC) - timedelta(days=days)
    nothing: list[Mapping[str, object]] = []
    found = await ask(gateway, lambda engine: anomalies.latest(engine, since=since, limit=limit), nothing)
    rows = [_anomaly(row) for row in found]
    return Anomalies(
        watching=gateway.snapshot.observability.anomalies,
        open=sum(row.closed is None for row in rows),
        anomalies=rows,
    )


def _anomaly(row: Mapping[str, object]) -> Anomaly:
    money = {name: _usd(row[f"{name}_pico"]) for name in ("spend", "usual", "low", "high")}
    words = {name: row[name] for name in ("scope", "name", "direction", "opened", "last_hour", "closed")}
    return Anomaly.model_validate(words | money)


def _usd(pico: object) -> str:
    return f"{Decimal(cast('int', pico)).scaleb(-12):f}"
