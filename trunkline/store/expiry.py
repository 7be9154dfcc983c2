"""Deletes stored responses whose time is over: run by the shipper, never on the way of a call."""

from __future__ import annotations

import time
from typing import Final

from trunkline.store.session import Session

BATCH: Final = 200
"""Rows a transaction: a response may be megabytes, and nobody waits behind this for long."""
MAX_BATCHES: Final = 20
"""A visit deletes no more; the next one goes on."""


async def delete_expired(session: Session, *, now_us: int | None = None) -> int:
    """Delete responses past their `expires`, a batch a transaction; returns how many went.

    Raises what the session raises.
    """
    moment = session.stamp(time.time_ns() // 1000 if now_us is None else now_us)
    gone = 0
    for _ in range(MAX_BATCHES):
        await session.begin()
        try:
            rows = await session.fetch(
                f"SELECT id, key_hash FROM trunkline_responses WHERE expires < $1 LIMIT {BATCH}",  # noqa: S608 a number
                moment,
            )
            # The time once more: a conversation may have gone on from it meanwhile.
            await session.execute_many(
                "DELETE FROM trunkline_responses WHERE id = $1 AND key_hash = $2 AND expires < $3",
                [(*row, moment) for row in rows],
            )
            await session.execute_many(
                "DELETE FROM trunkline_response_items WHERE response_id = $1 AND key_hash = $2 AND NOT EXISTS "
                "(SELECT 1 FROM trunkline_responses WHERE id = $1 AND key_hash = $2)",
                rows,
            )
            await session.commit()
        except BaseException:
            await session.rollback()
            raise
        gone += len(rows)
        if len(rows) < BATCH:
            break
    return gone
