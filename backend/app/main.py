"""The application: `app` for uvicorn, `create_app` for tests and for a process with settings of its own."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from fastapi.routing import APIRoute

from backend.app.api import (
    compare,
    conversations,
    export,
    files,
    health,
    models,
    preflight,
    runs,
    search,
    session,
    settings,
    usage,
)
from backend.app.api.schemas.errors import ErrorResponse
from backend.app.core.auth import ensure_local
from backend.app.core.db import Database
from backend.app.core.guard import Guard
from backend.app.core.handlers import add_handlers
from backend.app.core.migrate import MigrationError
from backend.app.core.settings import Settings, SettingsError, env_file, load
from backend.app.frontend import FrontEnd
from backend.app.services.gateway.environment import Environment
from backend.app.services.health import Monitor
from backend.app.services.housekeeping import housekeeping
from backend.app.version import VERSION

log = logging.getLogger(__name__)

ROUTERS = (health, session, models, runs, preflight, compare, export, conversations, search, files, settings, usage)


def operation_id(route: APIRoute) -> str:
    """Name an operation as its function, so that the generated client reads well."""
    return route.name


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Migrate, start what runs beside the requests, and end it in the opposite order."""
    db: Database = app.state.database
    async with AsyncExitStack() as stack:
        stack.push_async_callback(db.close)
        try:
            if not app.state.migrated:
                await db.start()
        except MigrationError as error:
            log.critical("the tables cannot be brought to this version: %s", error)
            raise SystemExit(3) from None
        await ensure_local(db)
        stack.push_async_callback(app.state.monitor.close)
        await stack.enter_async_context(housekeeping(db, app.state.settings))
        await stack.enter_async_context(models.lifespan(app))
        await stack.enter_async_context(runs.lifespan(app))
        yield


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the application. Raises `SettingsError` where the environment cannot be meant."""
    environment = _environment(settings)
    settings = settings or load()
    app = FastAPI(
        title="Trunkline application",
        version=VERSION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        telemetry={"auto_configure": False},
        lifespan=lifespan,
        generate_unique_id_function=operation_id,
        responses={"4XX": {"model": ErrorResponse}, "5XX": {"model": ErrorResponse}},
    )
    app.state.settings = settings
    app.state.migrated = False
    app.state.database = Database(settings.place)
    app.state.environment = environment
    app.state.monitor = Monitor(app.state.database, environment)
    for module in ROUTERS:
        app.include_router(module.router)
    app.add_route(
        "/{path:path}", FrontEnd(settings.app_frontend).answer, methods=["GET", "HEAD"], include_in_schema=False
    )
    add_handlers(app)
    app.add_middleware(Guard, settings=settings)
    return app


def _environment(settings: Settings | None) -> Environment:
    """Where the gateway is: what a caller gave stays; what the environment says is read again when `.env` changes."""
    if settings is None:
        return Environment(file=env_file())
    key = settings.litellm_api_key or settings.litellm_master_key
    return Environment(
        base_url=settings.litellm_base_url,
        api_key=key.get_secret_value() if key is not None else None,
        model=settings.model if "model" in settings.model_fields_set else None,
        file=settings.env_file,
    )


def __getattr__(name: str) -> FastAPI:
    """Make `app` when it is asked for, so that importing `create_app` reads no settings."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        made = create_app()
    except SettingsError as error:
        raise SystemExit(f"The application cannot start:\n{error}") from None
    globals()["app"] = made
    return made
