"""Receipts meet the gateway's ledger: a call's row is asked for until it is there, and takes the estimate's place."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from backend.app.api.schemas.messages import Receipt
from backend.app.core.clock import DAY_US, now_us
from backend.app.core.db import Database
from backend.app.core.tables import UNFINISHED, messages
from backend.app.services import runs_store
from backend.app.services.gateway.errors import GatewayError
from backend.app.services.gateway_api import GatewayApi, NoLedger
from backend.app.services.receipts import settled

WAITS: Final = (0.15, 0.25, 0.4, 0.6, 0.8, 1.0, 1.3, 1.7, 2.0)
"""Seconds between questions: a row comes about a second after the answer's end. After them the sweep takes over."""
SWEEP_SECONDS: Final = 60.0
SWEEP_ROWS: Final = 500
"""Of the newest messages; what was settled by nobody within a day stays an estimate."""
NO_LEDGER_SECONDS: Final = 300.0
_log = logging.getLogger(__name__)


class Settler:
    """Asks the ledger, for the runs of this process and for what others left behind."""

    def __init__(self, db: Database, api: GatewayApi) -> None:
        self._db: Final = db
        self._api: Final = api
        self._no_ledger_until = float("-inf")
        self._sweeping: asyncio.Task[None] | None = None
        self._later: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to sweep."""
        self._sweeping = asyncio.create_task(self._sweep_now_and_then())

    async def close(self) -> None:
        """Stop."""
        tasks = [*self._later, *([] if self._sweeping is None else [self._sweeping])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def settle_later(self, message_ids: Sequence[str]) -> None:
        """Settle answers that nobody waits for: those that a dead process has left."""
        task = asyncio.create_task(self._settle_all(message_ids))
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _settle_all(self, message_ids: Sequence[str]) -> None:
        question = select(messages.c.id, messages.c.receipt).where(
            messages.c.id.in_(message_ids), messages.c.call_id.is_not(None)
        )
        async with self._db.read() as connection:
            rows = (await connection.execute(question)).all()
        for row in rows:
            _ = await self.settle(row.id, Receipt.model_validate(row.receipt))

    async def settle(self, message_id: str, receipt: Receipt) -> Receipt | None:
        """The settled receipt, stored; `None` where the row did not come in a few seconds, or never will."""
        if receipt.call_id is None:
            return None
        for wait in WAITS:
            if not self._has_ledger():
                return None
            await asyncio.sleep(wait)
            found = await self._once(message_id, receipt)
            if found is not None:
                return found
        return None

    def _has_ledger(self) -> bool:
        return asyncio.get_running_loop().time() >= self._no_ledger_until

    async def _once(self, message_id: str, receipt: Receipt) -> Receipt | None:
        assert receipt.call_id is not None
        try:
            row = await self._api.ledger_row(receipt.call_id)
            if row is None:
                return None
            found = settled(receipt, row)
            await runs_store.settle(self._db, message_id, found)
        except NoLedger:
            self._no_ledger_until = asyncio.get_running_loop().time() + NO_LEDGER_SECONDS
        except (GatewayError, SQLAlchemyError, ValueError) as error:
            _log.info("the receipt of %s is not settled yet: %s", message_id, error)
        else:
            return found
        return None

    async def _sweep_now_and_then(self) -> None:
        while True:
            try:
                _ = await self.sweep()
            except SQLAlchemyError:
                _log.warning("receipts cannot be looked for now", exc_info=True)
            await asyncio.sleep(SWEEP_SECONDS)

    async def sweep(self) -> int:
        """Try what is not settled, once each; returns how many were."""
        if not self._has_ledger():
            return 0
        newest = select(messages.c.seq).order_by(messages.c.seq.desc()).limit(SWEEP_ROWS)
        question = select(messages.c.id, messages.c.receipt).where(
            messages.c.seq.in_(newest),
            messages.c.settled.is_(False),
            messages.c.call_id.is_not(None),
            messages.c.status.not_in(UNFINISHED),
            messages.c.created_us > now_us() - DAY_US,
        )
        async with self._db.read() as connection:
            rows = (await connection.execute(question)).all()
        done = 0
        for row in rows:
            if self._has_ledger() and row.receipt is not None:
                done += await self._once(row.id, Receipt.model_validate(row.receipt)) is not None
        return done
