"""What goes through the pipes between shipper and sender: a length, then MessagePack."""

from __future__ import annotations

from typing import Final

import msgspec

from trunkline.ledger.record import CallRecord

LENGTH: Final = 4
"""Bytes of the length before each message, big-endian."""
MAX_CALLS: Final = 500
"""A parcel has no more: what does not fit any more is dropped a parcel at a time."""


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """Spending left its usual band."""

    scope: str
    """`model` or `key`."""
    name: str
    """The model group, or the SHA-256 of the key, hex."""
    direction: str
    """`high` or `low`."""
    hour: str
    """Its start, ISO 8601 in UTC."""
    spend: str
    """USD of that hour (so far), to the hundredth of a cent, as the others."""
    usual: str
    """USD, the median of such hours."""
    low: str
    """USD, the band's lower end."""
    high: str
    """USD, the band's upper end."""

    @property
    def text(self) -> str:
        """One sentence for people."""
        what = "the model" if self.scope == "model" else "the key with SHA-256"
        name = self.name if self.scope == "model" else f"{self.name[:12]}..."
        word = "above" if self.direction == "high" else "below"
        return (
            f"spending of {what} `{name}` in the hour from {self.hour} is ${self.spend}, {word} its usual band of"
            f" ${self.low} to ${self.high} (median ${self.usual})"
        )


class Parcel(msgspec.Struct, array_like=True, frozen=True):
    """From the shipper: what is new."""

    number: int
    """Counts up from 1 for each sender."""
    calls: list[CallRecord] = []
    alerts: list[Alert] = []


class Report(msgspec.Struct, array_like=True, frozen=True):
    """From the sender: what became of things so far, by destination. Sums since its start."""

    sent: dict[str, int]
    failed: dict[str, int]
    dropped: dict[str, int]


ENCODER: Final = msgspec.msgpack.Encoder()
PARCELS: Final = msgspec.msgpack.Decoder(Parcel)
REPORTS: Final = msgspec.msgpack.Decoder(Report)


def framed(message: Parcel | Report) -> bytes:
    """The message as it goes into the pipe."""
    payload = ENCODER.encode(message)
    return len(payload).to_bytes(LENGTH, "big") + payload
