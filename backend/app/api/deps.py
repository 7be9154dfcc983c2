"""What endpoints ask for in their signatures."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from backend.app.core.db import Database
from backend.app.core.identity import Identity
from backend.app.core.settings import Settings


def settings(request: Request) -> Settings:
    """Return the process's settings."""
    found: Settings = request.app.state.settings
    return found


def database(request: Request) -> Database:
    """Return the process's database."""
    found: Database = request.app.state.database
    return found


async def current_user(request: Request) -> Identity:
    """Return the person, or refuse with 401: an endpoint that is open to all does not ask."""
    from backend.app.core.auth import identify

    return await identify(request)


CurrentUser = Annotated[Identity, Depends(current_user)]
Db = Annotated[Database, Depends(database)]
Config = Annotated[Settings, Depends(settings)]
