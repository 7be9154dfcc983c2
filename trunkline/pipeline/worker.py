"""Everything a worker's calls share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

import msgspec

from trunkline.ledger.ids import IdMaker
from trunkline.ledger.journal import Journal, frame
from trunkline.ledger.record import PRICE, CallRecord, PriceRecord
from trunkline.ledger.turn import Turn
from trunkline.pipeline.remember import Memory
from trunkline.pipeline.state import State
from trunkline.profiles.book import rates_json
from trunkline.telemetry.stats import Stats

if TYPE_CHECKING:
    from trunkline.local.bridge_process import Running
    from trunkline.pipeline.call import Call
    from trunkline.profiles.adapt import Fetched
    from trunkline.profiles.price import Price
    from trunkline.upstream.egress import Egress


class Log(Protocol):
    """Takes the records of finished calls, off the hot path."""

    muted: bool
    """Enough successes were logged this second; the others are only counted, in `suppressed`."""
    suppressed: int

    def add(self, record: CallRecord) -> None:
        """Keep the record for a log line; must not block."""


class Worker:
    """One event loop's share of the gateway."""

    def __init__(
        self,
        *,
        loop: asyncio.AbstractEventLoop,
        journal: Journal,
        stats: Stats,
        state: State,
        log: Log,
        embedded: Callable[[], Awaitable[tuple[str, int]]],
        bridge: Callable[[], Awaitable[Running]] | None = None,
        power: bool = False,
        memory: Memory | None = None,
    ) -> None:
        self.loop = loop
        self.time = loop.time
        self.journal = journal
        self.turn = Turn(loop, journal, power=power)
        self.stats = stats
        self.state = state
        self.log = log
        self.embedded = embedded
        """Starts the embedded model if need be; returns its host and port."""
        self.bridge = bridge
        """The same for the process of LiteLLM's SDK, with the token that it wants."""
        self.memory = memory or Memory(loop, stats, str)
        self._egress: Egress | None = None
        self.ids = IdMaker()
        self.active: set[Call] = set()
        self.draining = False
        self.spool_full = False
        """Journals that wait for the database take more room than allowed."""
        self._known_prices: set[str] = set()
        self.encode_record = msgspec.msgpack.Encoder().encode

    def sweep(self, now: float) -> None:
        """Fire the time-outs that are due. One coarse timer for all calls instead of a `call_later` each."""
        due = [call for call in self.active if call.deadline <= now]
        for call in due:
            call.on_deadline(now)

    def metering(self) -> bool:
        """Records can be kept: the journal has room ahead and the spool is under its cap."""
        return not (self.journal.full or self.spool_full)

    def know_price(self, price: Price) -> None:
        """Write a price into the journal the first time it is used, so that any row can be recomputed."""
        if price.version in self._known_prices:
            return
        self._known_prices.add(price.version)
        record = PriceRecord(price.version, price.source, rates_json(price))
        self.turn.record(frame(PRICE + self.encode_record(record)))

    async def fetch(self, url: str) -> Fetched:
        """What a URL holds that a client named. Raises `EgressError`."""
        if self._egress is None:
            from trunkline.upstream.egress import Egress  # with its client 25 ms that few starts need

            self._egress = Egress(self.state.snapshot.egress_allow)
        return await self._egress.fetch(url)

    def open_intents(self) -> list[bytes]:
        """Frames of all calls under way, to be carried into a new segment."""
        return [call.intent for call in self.active if call.intent]
