"""Failed requests by time, for the list of errors.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index: a second or two for a million rows; a row that did not fail costs nothing more to insert."""
    op.execute(
        "CREATE INDEX litellm_request_logs_failures ON litellm_request_logs (start_time) WHERE status = 'failure'"
    )


def downgrade() -> None:
    """Drop what `upgrade` made."""
    op.execute("DROP INDEX litellm_request_logs_failures")
