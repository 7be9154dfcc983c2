"""Fixtures of the application's tests."""

from tests.backend.app_fixtures import app_postgres, application, client, place, start

__all__ = ["app_postgres", "application", "client", "place", "start"]
