"""What one's calls took."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query

from backend.app.api.deps import CurrentUser, Db
from backend.app.api.schemas.usage import UsageReport
from backend.app.services.usage import report

router = APIRouter(prefix="/api/usage", tags=["usage"])


@router.get("")
async def get_usage(
    user: CurrentUser,
    db: Db,
    days: Annotated[int, Query(ge=1, le=400, description="How many days, with today.")] = 30,
    zone: Annotated[str, Query(max_length=100, description="IANA name of the zone whose days are meant.")] = "UTC",
) -> UsageReport:
    """Sum up the calls of the last days by day and by model."""
    async with db.read() as connection:
        return await report(connection, user.id, days=days, zone=zone, now=datetime.now(UTC))
