"""The application in this process, on a fresh SQLite file or a fresh database of a real PostgreSQL."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from backend.app.core import database_url
from backend.app.core.db import Database
from backend.app.core.ids import new_id
from backend.app.core.migrate import upgrade
from backend.app.core.settings import Settings
from backend.app.main import create_app
from tests.support import postgres
from tests.support.postgres import Postgres

CSRF = {"x-trunkline-csrf": "1"}
NOBODY = "http://127.0.0.1:9"
"""A gateway that does not answer."""


@pytest.fixture(scope="session")
def app_postgres() -> Iterator[Postgres]:
    """One server for all tests; each makes a database of its own."""
    with postgres.running() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the tables in it: to copy it takes milliseconds, to migrate one takes half a second."""
    file = tmp_path_factory.mktemp("template") / "app.db"
    asyncio.run(upgrade(database_url.parse(f"sqlite:///{file}")))
    return file


@pytest.fixture(scope="session")
def postgres_template(app_postgres: Postgres) -> str:
    """The name of a database with the tables in it."""
    url = new_database(app_postgres)
    asyncio.run(upgrade(database_url.parse(url)))
    return url.rpartition("/")[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database with tables and without rows, once of each kind."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        return f"sqlite:///{shutil.copy(template, tmp_path / 'app.db')}"
    name: str = request.getfixturevalue("postgres_template")
    return new_database(request.getfixturevalue("app_postgres"), name)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'app.db'}"
    return new_database(request.getfixturevalue("app_postgres"))


def new_database(server: Postgres, template: str = "template1") -> str:
    """Make a database; returns its address."""

    async def make() -> str:
        name = f"app_{new_id().lower()}"
        connection = await asyncpg.connect(server.url())
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        await connection.close()
        return server.url(name)

    return asyncio.run(make())


def settings_for(place: str, data: Path, **given: Any) -> Settings:
    """Settings that depend on nothing outside of the test."""
    values = {
        "trunkline_data": data,
        "litellm_base_url": NOBODY,
        "model": "fake-model",
        "app_frontend": data / "no-build",
    }
    return Settings(**{"_env_file": None, "app_database_url": place, **values, **given})


class Running:
    """A started application."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.settings: Settings = app.state.settings
        self.db: Database = app.state.database

    def client(self, base_url: str = "http://127.0.0.1", **given: Any) -> httpx.AsyncClient:
        """A browser of its own; sends the header that changes need."""
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=base_url, headers=CSRF, **given)


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Running]:
    """Start the application, as uvicorn would, and stop it."""
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        yield Running(app)


Start = Callable[..., AbstractAsyncContextManager[Running]]


@pytest.fixture
def start(place: str, tmp_path: Path) -> Start:
    """Start an application on the fresh database, with the settings that are given."""
    return lambda **given: running(settings_for(place, tmp_path, **given))


@pytest.fixture
async def application(start: Start) -> AsyncIterator[Running]:
    """The application with sign-in off."""
    async with start() as app:
        yield app


@pytest.fixture
async def client(application: Running) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in front of it."""
    async with application.client() as browser:
        yield browser
