"""Alembic's entry: runs on the connection that `core/migrate.py` opened and locked, never on one of its own."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from backend.app.core.migrate import REVISION_TABLE
from backend.app.core.tables import METADATA

connection = context.config.attributes.get("connection")
if not isinstance(connection, Connection):
    raise SystemExit("run migrations with `python -m backend.app.core.migrate`: it takes the lock that they need")
context.configure(
    connection=connection,
    target_metadata=METADATA,
    version_table=REVISION_TABLE,
    transaction_per_migration=False,
)
context.run_migrations()
