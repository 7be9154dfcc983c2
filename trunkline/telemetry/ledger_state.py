"""How the ledger is doing, as the shipper wrote it down in `<data>/journal/shipper.json`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import msgspec

STALE_SECONDS: Final = 15.0
"""The shipper writes every few seconds; an older file says nothing about now."""

UNKNOWN: Final = "unknown"


class LedgerState(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the way from the journals to the database."""

    state: str = UNKNOWN
    """`starting`, `ok`, `database_down`, `migrating`, `migration_failed`, or `unknown`: nobody has said so lately."""
    last_error: str = ""
    """For people with a key only: it may name a host."""
    backlog_bytes: int = 0
    """Journal bytes that are not in the database yet."""
    rows_shipped: int = 0
    """Since the shipper's start, as the counts below."""
    closed_unknown: int = 0
    """Rows closed with outcome unknown because their worker died in the middle."""
    poisoned: int = 0
    """Records whose text had to be escaped, cut or dropped, or that could not be read."""
    torn_frames: int = 0
    """Damaged ends of journals, from a crash of the machine."""
    lag_seconds: float = 0.0
    """Age of the oldest record that is not in the database yet."""
    database: str = ""
    """`sqlite` or `postgresql`."""
    at: float = 0.0
    """Wall clock seconds when this was written."""

    @property
    def db(self) -> str:
        """LiteLLM's word for the readiness answer: `connected`, `disconnected` or `Not connected`."""
        match self.state:
            case "ok" | "migrating":
                return "connected"
            case "database_down" | "migration_failed":
                return "disconnected"
            case _:
                return "Not connected"

    @property
    def note(self) -> str:
        """One sentence for people."""
        match self.state:
            case "ok":
                return "records reach the database"
            case "starting":
                return "the shipper is starting; records wait in the journal"
            case "migrating":
                return "the database is being migrated; records wait in the journal and are shipped after it"
            case "database_down":
                return "the database does not answer; records wait in the journal and none is lost"
            case "migration_failed":
                return "the database migration failed; records wait in the journal until it is mended"
            case _:
                return "the shipper has not reported lately; records wait in the journal and none is lost"


def read(data: Path, *, now: float | None = None) -> LedgerState:
    """Read the shipper's last word from the data folder.

    A file that is missing, unreadable or older than `STALE_SECONDS` gives state `unknown`; its counts are kept.
    """
    try:
        found = msgspec.json.decode((data / "journal" / "shipper.json").read_bytes(), type=LedgerState, strict=False)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return LedgerState()
    age = (time.time() if now is None else now) - found.at
    return found if age <= STALE_SECONDS else msgspec.structs.replace(found, state=UNKNOWN)
