"""What gateway and shipper tell each other about callbacks and anomalies, through two small files.

`<data>/watching.json`: what is wanted, written by the workers with every configuration; no secret is in it.
`<data>/watched.json`: how it goes, written by the shipper, read for `/metrics`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import msgspec

from trunkline.config.snapshot import Observability

WANTED: Final = "watching.json"
STATUS: Final = "watched.json"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the shipper is to do beside shipping."""

    config: str = ""
    """Path of the configuration: the sender reads the credentials there and in the environment itself."""
    success: tuple[str, ...] = ()
    failure: tuple[str, ...] = ()
    alerting: tuple[str, ...] = ()
    anomalies: bool = False
    sensitivity: float = 4.0
    floor_usd: float = 1.0
    interval_seconds: float = 60.0


class Counts(msgspec.Struct, kw_only=True):
    """What became of the records for one destination, since the shipper's start."""

    sent: int = 0
    failed: int = 0
    """Handed to the destination, which refused or did not answer."""
    dropped: int = 0
    """Never handed over: the queue was full, or the sender died with them."""


class Watched(msgspec.Struct, kw_only=True):
    """How it goes."""

    callbacks: dict[str, Counts] = msgspec.field(default_factory=dict[str, Counts])
    """By destination: `langfuse`, `sentry`, `slack`, `webhook`."""
    anomalies_open: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    """By scope (`model`, `key`): excursions that go on now."""
    anomalies: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    """By scope: excursions that this shipper was the first to see, since its start."""


def wanted_of(watched: Observability, config: Path) -> Wanted:
    """What a configuration asks for."""
    return Wanted(
        config=str(config.absolute()),
        success=watched.success,
        failure=watched.failure,
        alerting=watched.alerting,
        anomalies=watched.anomalies,
        sensitivity=watched.anomaly_sensitivity,
        floor_usd=watched.anomaly_floor_usd,
        interval_seconds=watched.anomaly_interval_seconds,
    )


def write_wanted(data: Path, wanted: Wanted) -> None:
    """Tell the shipper; nothing is written where it knows already. Raises `OSError`."""
    if read_wanted(data) != wanted:
        _replace(data / WANTED, msgspec.json.encode(wanted))


def read_wanted(data: Path) -> Wanted:
    """What the workers want; nothing where they have not said."""
    try:
        return msgspec.json.decode((data / WANTED).read_bytes(), type=Wanted)
    except (OSError, msgspec.MsgspecError):
        return Wanted()


def write_status(data: Path, status: Watched) -> None:
    """Replace the status. On a full disk the old one stays."""
    try:
        _replace(data / STATUS, msgspec.json.encode(status))
    except OSError:
        return


def read_status(data: Path) -> Watched:
    """What the shipper last said; nothing where it never did."""
    try:
        return msgspec.json.decode((data / STATUS).read_bytes(), type=Watched)
    except (OSError, msgspec.MsgspecError):
        return Watched()


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(content)
    temporary.chmod(0o600)
    temporary.replace(path)
