"""Unusual spending.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TIME = {"postgresql": "TIMESTAMPTZ", "sqlite": "TEXT"}


def _anomalies(dialect: str) -> str:
    time = _TIME[dialect]
    return f"""
CREATE TABLE trunkline_anomalies (
    scope TEXT NOT NULL,
    name TEXT NOT NULL,
    opened {time} NOT NULL,
    direction TEXT NOT NULL,
    last_hour {time} NOT NULL,
    closed {time},
    spend_pico BIGINT NOT NULL,
    usual_pico BIGINT NOT NULL,
    low_pico BIGINT NOT NULL,
    high_pico BIGINT NOT NULL,
    PRIMARY KEY (scope, name, opened)
)"""


def upgrade() -> None:
    """Make the table."""
    op.execute(_anomalies(op.get_bind().dialect.name))


def downgrade() -> None:
    """Drop what `upgrade` made."""
    op.execute("DROP TABLE trunkline_anomalies")
