"""Alembic's entry: runs on the connection that `store/migrate.py` opened and locked, never on one of its own."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from trunkline.store.columns import REVISION_TABLE
from trunkline.store.tables import METADATA

connection = context.config.attributes.get("connection")
if not isinstance(connection, Connection):
    raise SystemExit("run migrations with `python -m trunkline.store.migrate`: it takes the lock that they need")
context.configure(
    connection=connection,
    target_metadata=METADATA,
    version_table=REVISION_TABLE,
    transaction_per_migration=False,
)
context.run_migrations()
