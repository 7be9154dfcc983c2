"""Search."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from backend.app.api.deps import CurrentUser, Db
from backend.app.api.schemas.search import SearchPage
from backend.app.services.search import search as find

router = APIRouter(prefix="/api/search", tags=["search"])


@router.get("")
async def search(
    user: CurrentUser,
    db: Db,
    q: Annotated[str, Query(min_length=1, max_length=500)],
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> SearchPage:
    """Find messages and titles that have all the words; the last word may be the beginning of one."""
    async with db.read() as connection:
        return await find(connection, user.id, q, cursor=cursor, limit=limit)
