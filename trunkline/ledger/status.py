"""`<data>/journal/shipper.json`: how the shipper is doing, for readiness, spool caps and metrics."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

FILE: Final = "shipper.json"


class ShipperStatus(msgspec.Struct, kw_only=True):
    """Counts are since the shipper's start."""

    state: str = "starting"
    """`starting`, `ok`, `database_down`, `migrating`, `migration_failed`."""
    last_error: str = ""
    """Of the present state, or the last there was; no credential, no row."""
    database: str = ""
    """`sqlite` or `postgresql`."""
    backlog_bytes: int = 0
    """In journals and not in the database yet."""
    lag_seconds: float = 0.0
    """Age of the oldest record that waits; 0 when none does."""
    rows_shipped: int = 0
    closed_unknown: int = 0
    """Calls of dead workers that were closed without their record; among `rows_shipped`."""
    poisoned: int = 0
    """Records whose text had to be escaped, cut or dropped, or that could not be read at all."""
    torn_frames: int = 0
    """Damaged ends of segments."""
    duplicates: int = 0
    """Records that were in the database already."""
    journals: int = 0
    at: float = 0.0
    """When this was written, seconds since 1970 UTC."""
    pid: int = 0


def write(root: Path, status: ShipperStatus) -> None:
    """Replace the file whole. A full disk is no reason to stop shipping: the old one stays then."""
    temporary = root / f"{FILE}.tmp"
    try:
        temporary.write_bytes(msgspec.json.format(msgspec.json.encode(status), indent=2) + b"\n")
        temporary.replace(root / FILE)
    except OSError:
        return


def read(root: Path) -> ShipperStatus | None:
    """Return what the shipper of this `<data>/journal` last said; `None` where it never did."""
    try:
        return msgspec.json.decode((root / FILE).read_bytes(), type=ShipperStatus)
    except (OSError, msgspec.MsgspecError):
        return None
