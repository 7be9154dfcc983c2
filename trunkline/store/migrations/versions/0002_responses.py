"""Stored responses.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TIME = {"postgresql": "TIMESTAMPTZ", "sqlite": "TEXT"}


def _responses(dialect: str) -> str:
    return f"""
CREATE TABLE trunkline_responses (
    id TEXT NOT NULL,
    key_hash TEXT NOT NULL,
    created {_TIME[dialect]} NOT NULL,
    expires {_TIME[dialect]} NOT NULL,
    model_group TEXT NOT NULL,
    model_id TEXT NOT NULL,
    provider_response_id TEXT NOT NULL,
    previous_response_id TEXT NOT NULL,
    status TEXT NOT NULL,
    input TEXT NOT NULL,
    response TEXT NOT NULL,
    PRIMARY KEY (id, key_hash)
)"""


_ITEMS = """
CREATE TABLE trunkline_response_items (
    item_id TEXT NOT NULL,
    key_hash TEXT NOT NULL,
    response_id TEXT NOT NULL,
    PRIMARY KEY (item_id, key_hash, response_id)
)"""


def upgrade() -> None:
    """Make the two tables."""
    op.execute(_responses(op.get_bind().dialect.name))
    op.execute(_ITEMS)
    # What is over is found by time and deleted in small batches; items go with their response.
    op.execute("CREATE INDEX trunkline_responses_expires ON trunkline_responses (expires)")
    op.execute("CREATE INDEX trunkline_response_items_response ON trunkline_response_items (response_id)")


def downgrade() -> None:
    """Drop what `upgrade` made."""
    op.execute("DROP TABLE trunkline_response_items")
    op.execute("DROP TABLE trunkline_responses")
