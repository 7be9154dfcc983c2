"""Cursors of keyset pages: where the last page ended, so that a new row never shifts the next one."""

from __future__ import annotations

import base64
import binascii

from backend.app.core.errors import invalid
from backend.app.core.ids import is_id


def encode(at_us: int, row_id: str) -> str:
    """Return the cursor of the last row of a page."""
    return base64.urlsafe_b64encode(f"{at_us}:{row_id}".encode()).decode().rstrip("=")


def decode(cursor: str) -> tuple[int, str]:
    """Return what `encode` was given. Raises `AppError` for anything else."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        at, _, row_id = text.partition(":")
        value = int(at)
    except (binascii.Error, ValueError):
        value, row_id = -1, ""
    if not 0 <= value < 2**63 or not is_id(row_id):
        raise invalid("This cursor is not one of ours.", "Start with the first page.", field="cursor")
    return value, row_id
