"""Fixtures of the application's tests."""

from tests.backend.app_fixtures import (
    app_postgres,
    application,
    client,
    empty_place,
    place,
    postgres_template,
    sqlite_template,
    start,
)

__all__ = [
    "app_postgres",
    "application",
    "client",
    "empty_place",
    "place",
    "postgres_template",
    "sqlite_template",
    "start",
]
