"""One's own settings."""

from __future__ import annotations

from fastapi import APIRouter, Request

from backend.app.api.deps import CurrentUser, Db
from backend.app.api.schemas.settings import AppSettings, AppSettingsUpdate
from backend.app.services import preferences

router = APIRouter(prefix="/api/settings", tags=["settings"])


@router.get("")
async def get_settings(request: Request, user: CurrentUser, db: Db) -> AppSettings:
    """Show the settings."""
    async with db.read() as connection:
        return await preferences.get(connection, user.id, request.app.state.environment.model)


@router.put("")
async def update_settings(request: Request, user: CurrentUser, db: Db, body: AppSettingsUpdate) -> AppSettings:
    """Change the settings that are sent."""
    async with db.write() as connection:
        return await preferences.change(connection, user.id, body, request.app.state.environment.model)
