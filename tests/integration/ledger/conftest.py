"""Databases for the tests of this folder: each gets an empty one of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import postgres
from tests.support.ledger import (
    Database,
    admin,
    migrate,
    postgres_copy,
    sqlite_copy,
)
from tests.support.postgres import Postgres
from trunkline.store.url import Kind


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """One PostgreSQL for all of these tests."""
    with postgres.running() as running:
        migrate(running.url("postgres"))
        admin(running, "CREATE DATABASE migrated TEMPLATE template0")
        migrate(running.url("migrated"))
        yield running


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file."""
    path = tmp_path_factory.mktemp("template") / "t.db"
    database = migrate(f"sqlite:///{path}")
    database.query("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture(params=list(Kind))
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """An empty database of each kind."""
    if request.param is Kind.SQLITE:
        return sqlite_copy(request.getfixturevalue("template"), tmp_path)
    return postgres_copy(request.getfixturevalue("server"), "migrated")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """`<data>/journal`."""
    path = tmp_path / "journal"
    path.mkdir()
    return path
