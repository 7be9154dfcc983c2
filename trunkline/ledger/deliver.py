"""One batch into the database, exactly once.

The journal's position moves in the same transaction as its rows, compared with where it was: whoever comes second
(after a kill, an unknown commit, a woken twin) finds it moved and delivers nothing. A row that is there already is
left out, and out of the roll-ups. A row that the database refuses is found by halving, and loses its text, not its
numbers.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from trunkline.ledger import rollups
from trunkline.ledger.projection import LAST_DAY, attempt_rows, clean, log_row, needs_cleaning, strip
from trunkline.ledger.reader import Mark
from trunkline.ledger.record import CallRecord, PriceRecord
from trunkline.store.columns import ATTEMPT_COLUMNS
from trunkline.store.errors import BadRow, DuplicateRow
from trunkline.store.session import Row, Session

_DAY_US: Final = 86_400_000_000

_KNOW: Final = (
    "INSERT INTO ledger_journals "
    "(worker_id, segment, position, segment_created, shipped_rows, closed, updated_at) "
    "VALUES ($1, $2, $3, $4, 0, FALSE, $5) ON CONFLICT (worker_id) DO NOTHING"
)
_WHERE: Final = "SELECT segment, position, segment_created, closed FROM ledger_journals WHERE worker_id = $1"
_MOVE: Final = (
    "UPDATE ledger_journals SET segment = $1, position = $2, segment_created = $3, closed = $4, updated_at = $5 "
    "WHERE worker_id = $6 AND segment = $7 AND position = $8 AND segment_created = $9"
)
_COUNT: Final = "UPDATE ledger_journals SET shipped_rows = shipped_rows + $1 WHERE worker_id = $2"
_FORGET: Final = "DELETE FROM ledger_journals WHERE closed AND updated_at < $1"
_ATTEMPT: Final = (
    f"INSERT INTO litellm_request_attempts ({', '.join(ATTEMPT_COLUMNS)}) "  # noqa: S608 our own names
    f"VALUES ({', '.join(f'${number}' for number in range(1, len(ATTEMPT_COLUMNS) + 1))}) "
    "ON CONFLICT (request_id, number) DO NOTHING"
)
_PRICE: Final = (
    "INSERT INTO litellm_prices (version, source, rates_json, first_seen) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (version) DO NOTHING"
)


class Fenced(Exception):
    """The journal's position is not where it was: somebody else has delivered this."""


@dataclass(slots=True, kw_only=True)
class Batch:
    """What one transaction brings."""

    worker_id: str
    before: Mark
    after: Mark
    calls: Sequence[CallRecord] = ()
    prices: Sequence[PriceRecord] = ()
    close: bool = False
    """The journal ends here: `calls` are those of its open intents."""
    durable: bool = False
    """A segment will be deleted after this: everything so far must be on disk."""


@dataclass(slots=True, kw_only=True)
class Delivered:
    """What became of a batch."""

    rows: int = 0
    duplicates: int = 0
    mended: int = 0
    """Rows whose text was escaped, cut or dropped."""
    calls: Sequence[CallRecord] = ()
    """The calls whose rows are new."""


@dataclass(slots=True, kw_only=True)
class _Insert:
    session: Session
    now: object
    mended: int = 0
    inserted: list[CallRecord] = field(default_factory=list[CallRecord])


def now_us() -> int:
    """Wall clock, microseconds since 1970 UTC."""
    return time.time_ns() // 1000


async def position(session: Session, worker_id: str, start: Mark) -> tuple[Mark, bool]:
    """Return how far a journal was delivered and whether it is closed; a new one is entered at `start`."""
    found = await session.fetch(_WHERE, worker_id)
    if not found:
        await session.execute(_KNOW, worker_id, start.segment, start.position, start.created, session.stamp(now_us()))
        found = await session.fetch(_WHERE, worker_id)
    segment, place, created, closed = found[0]
    assert isinstance(segment, int)
    assert isinstance(place, int)
    assert isinstance(created, int)
    return Mark(segment=segment, position=place, created=created), bool(closed)


async def forget_closed(session: Session, days: int) -> None:
    """Delete the positions of journals that were closed (and removed) so many days ago."""
    await session.execute(_FORGET, session.stamp(now_us() - days * _DAY_US))


async def deliver(session: Session, batch: Batch) -> Delivered:
    """Bring one batch. Raises `Fenced`, `Unavailable`, `SchemaMismatch`; nothing of the batch is there then."""
    calls = batch.calls
    changed = 0
    if any(map(needs_cleaning, calls)):
        cleaned = [clean(call) for call in calls]
        changed = sum(new is not old for new, old in zip(cleaned, calls, strict=True))
        calls = cleaned
    if calls:
        days = {max(0, min(call.started_us // _DAY_US, LAST_DAY)) for call in calls}
        await session.prepare_days(sorted(days | {min(max(days) + 1, LAST_DAY)}))
    if not batch.close:
        try:
            return await _at_once(session, batch, calls, changed)
        except (BadRow, DuplicateRow):
            pass
    return await _one_by_one(session, batch, calls, changed)


async def _at_once(session: Session, batch: Batch, calls: Sequence[CallRecord], changed: int) -> Delivered:
    stamp = session.stamp
    now = stamp(now_us())
    rows = [log_row(call, stamp, now) for call in calls]
    await session.begin(durable=batch.durable)
    try:
        await _move(session, batch, now)
        if rows:
            await session.load_logs(rows)
        earlier = [row for call in calls if call.earlier for row in attempt_rows(call, stamp)]
        if earlier:
            await session.execute_many(_ATTEMPT, earlier)
        await _rest(session, batch, calls, now)
        await session.commit()
    except BaseException:
        await session.rollback()
        raise
    return Delivered(rows=len(rows), mended=changed, calls=calls)


async def _one_by_one(session: Session, batch: Batch, calls: Sequence[CallRecord], changed: int) -> Delivered:
    work = _Insert(session=session, now=session.stamp(now_us()), mended=changed)
    await session.begin(durable=batch.durable)
    try:
        await _move(session, batch, work.now)
        known = await session.existing([call.request_id for call in calls])
        fresh = {call.request_id: call for call in calls if call.request_id not in known}
        await _halve(work, list(fresh.values()))
        await _rest(session, batch, work.inserted, work.now)
        await session.commit()
    except BaseException:
        await session.rollback()
        raise
    return Delivered(
        rows=len(work.inserted),
        duplicates=len(calls) - len(work.inserted),
        mended=work.mended,
        calls=work.inserted,
    )


async def _move(session: Session, batch: Batch, now: object) -> None:
    before, after = batch.before, batch.after
    moved = await session.execute(
        _MOVE, after.segment, after.position, after.created, batch.close, now,
        batch.worker_id, before.segment, before.position, before.created,
    )  # fmt: skip
    if moved != 1:
        raise Fenced(batch.worker_id)


async def _rest(session: Session, batch: Batch, inserted: Sequence[CallRecord], now: object) -> None:
    """Count the rows, add the prices, and the roll-ups last: their locks are the ones that replicas share."""
    if inserted:
        await session.execute(_COUNT, len(inserted), batch.worker_id)
    if batch.prices:
        prices = sorted({price.version: clean(price) for price in batch.prices}.values(), key=lambda each: each.version)
        await session.execute_many(_PRICE, [(each.version, each.source, each.rates_json, now) for each in prices])
    if inserted:
        await rollups.add(session, inserted)


async def _halve(work: _Insert, calls: Sequence[CallRecord]) -> None:
    """Insert what can be inserted; where a stretch is refused, its halves, down to the row."""
    if not calls:
        return
    try:
        await _try(work, calls)
    except (BadRow, DuplicateRow) as error:
        if len(calls) > 1:
            middle = len(calls) // 2
            await _halve(work, calls[:middle])
            await _halve(work, calls[middle:])
        elif isinstance(error, BadRow):
            await _stripped(work, calls[0])
    else:
        work.inserted += calls


async def _stripped(work: _Insert, call: CallRecord) -> None:
    bare = strip(call)
    try:
        await _try(work, [bare])
    except DuplicateRow:
        return
    work.inserted.append(bare)
    work.mended += 1


async def _try(work: _Insert, calls: Sequence[CallRecord]) -> None:
    session = work.session
    rows: list[Row] = [log_row(call, session.stamp, work.now) for call in calls]
    earlier = [row for call in calls for row in attempt_rows(call, session.stamp)]
    await session.savepoint()
    try:
        await session.load_logs(rows)
        if earlier:
            await session.execute_many(_ATTEMPT, earlier)
    except (BadRow, DuplicateRow):
        await session.undo()
        raise
    await session.release()
