"""Who is shown what reached the database: the seam between the shipper and what hangs on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from trunkline.ledger.record import CallRecord
from trunkline.store.session import Session


class Onlooker(Protocol):
    """Looks on. Nothing here may wait for anybody else, and nothing that goes wrong here may stop the shipping."""

    def delivered(self, calls: Sequence[CallRecord]) -> None:
        """These calls are in the database now, for the first time. Must not block and must not raise."""

    async def tend(self, session: Session) -> None:
        """Called after each round while the database answers. Raises `Unavailable` where it does not any more."""

    async def close(self) -> None:
        """The shipper ends."""


class Nobody:
    """Looks at nothing."""

    def delivered(self, calls: Sequence[CallRecord]) -> None:
        """Nobody cares."""

    async def tend(self, session: Session) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Nothing to close."""
