"""What of a run goes into the database while it runs, and what is read back. Every write names the owner.

A process that was away so long that another has ended its run finds that the row is no longer its own, and writes
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Delete, delete, insert, select, update

from backend.app.api.schemas.errors import ErrorBody
from backend.app.api.schemas.messages import Loss, MessageStatus, Receipt, Route
from backend.app.core.clock import SECOND_US, now_us
from backend.app.core.db import Database
from backend.app.core.tables import UNFINISHED, messages, run_answers, run_events, runs
from backend.app.services.run_events import Stored

KEEP_EVENTS_SECONDS: Final = 600
"""After a run's end; then a `snapshot` stands in for its events."""
CUT_GAP: Final = 1_000_000
"""A run that was cut ends with a number beyond any that its readers may have seen before its owner died."""
PAGE: Final = 500


class NotOwner(Exception):
    """The run belongs to another process, or has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """An answer as it is kept."""

    message_id: str
    status: MessageStatus
    content: str
    reasoning: str
    reasoning_ms: float | None
    finish_reason: str | None
    error: ErrorBody | None
    receipt: Receipt | None
    route: Route | None
    losses: Sequence[Loss]


# While it runs.


def write_events(connection: Connection, run_id: str, owner: str, events: Sequence[Stored]) -> None:
    """Add events and a sign of life. Raises `NotOwner`."""
    now = now_us()
    values: dict[str, Any] = {"heartbeat_us": now}
    if events:
        values["last_event_id"] = events[-1].id
    own = update(runs).where(runs.c.id == run_id, runs.c.owner == owner, runs.c.state == "running").values(values)
    if connection.execute(own).rowcount == 0:
        raise NotOwner(run_id)
    if events:
        rows = [
            {"run_id": run_id, "id": event.id, "type": event.type, "data": event.data, "created_us": now}
            for event in events
        ]
        connection.execute(insert(run_events), rows)


def receipt_columns(receipt: Receipt | None) -> dict[str, Any]:
    """A receipt as the columns of `messages`."""
    if receipt is None:
        return {}
    usage = receipt.usage
    return {
        "receipt": receipt.model_dump(mode="json"), "provider": receipt.provider, "call_id": receipt.call_id,
        "input_tokens": usage.input, "output_tokens": usage.output, "total_tokens": usage.total,
        "cost_nano": receipt.cost_nano, "settled": receipt.settled, "first_word_ms": receipt.timing.first_word_ms,
    }  # fmt: skip


def storable(text: str) -> str:
    """Text as every database takes it: models can write NUL and halves of surrogate pairs, which nobody can read."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def finish(connection: Connection, outcome: Outcome) -> None:
    """Write an answer down as it ended."""
    connection.execute(
        update(messages)
        .where(messages.c.id == outcome.message_id, messages.c.status.in_(UNFINISHED))
        .values(
            status=outcome.status,
            content=storable(outcome.content),
            reasoning=storable(outcome.reasoning) or None,
            reasoning_ms=outcome.reasoning_ms,
            finish_reason=outcome.finish_reason,
            error=None if outcome.error is None else outcome.error.model_dump(mode="json"),
            route=None if outcome.route is None else outcome.route.model_dump(mode="json"),
            losses=[loss.model_dump(mode="json") for loss in outcome.losses],
            **receipt_columns(outcome.receipt),
        )
    )


async def settle(db: Database, message_id: str, receipt: Receipt) -> None:
    """Put the ledger's row in place of the estimate."""
    change = update(messages).where(messages.c.id == message_id).values(receipt_columns(receipt))
    async with db.write() as connection:
        await connection.execute(change)


def end(connection: Connection, run_id: str, owner: str, event: Stored) -> None:
    """End a run with its last event. Raises `NotOwner`."""
    write_events(connection, run_id, owner, [event])
    connection.execute(update(runs).where(runs.c.id == run_id).values(state="ended", ended_us=now_us()))


# Stopping, from any process.


async def ask_to_stop(db: Database, run_id: str, column: int | None) -> None:
    """Note the wish; the owner looks for it several times a second."""
    now = now_us()
    async with db.write() as connection:
        if column is None:
            wish = update(runs).where(runs.c.id == run_id, runs.c.stop_us.is_(None)).values(stop_us=now)
        else:
            wish = (
                update(run_answers)
                .where(run_answers.c.run_id == run_id, run_answers.c.column_no == column)
                .values(stop_us=now)
            )
        await connection.execute(wish)


async def stop_wishes(db: Database, run_ids: Iterable[str]) -> set[str]:
    """The ids of answers that somebody wants stopped, among these runs."""
    wanted = [*run_ids]
    if not wanted:
        return set()
    question = (
        select(run_answers.c.message_id)
        .join(runs, runs.c.id == run_answers.c.run_id)
        .where(runs.c.id.in_(wanted), runs.c.stop_us.is_not(None) | run_answers.c.stop_us.is_not(None))
    )
    async with db.read() as connection:
        return set((await connection.execute(question)).scalars())


# Reading back.


@dataclass(frozen=True, slots=True)
class Page:
    """Events in a row from the one that was asked for."""

    events: list[Stored]
    ended: bool
    last_id: int


async def page(db: Database, run_id: str, after: int) -> Page:
    """The events that follow `after` without a gap; none where they are not there (any more)."""
    async with db.read() as connection:
        # The run first: what it counts is there when the events are read.
        run = (await connection.execute(select(runs.c.state, runs.c.last_event_id).where(runs.c.id == run_id))).first()
        if run is None:
            return Page([], ended=True, last_id=after)
        question = (
            select(run_events.c.id, run_events.c.type, run_events.c.data)
            .where(run_events.c.run_id == run_id, run_events.c.id > after)
            .order_by(run_events.c.id)
            .limit(PAGE)
        )
        rows = (await connection.execute(question)).all()
    events = [Stored(row.id, row.type, row.data) for row in rows]
    if events and events[0].id != after + 1:
        events = []
    return Page(events, ended=run.state == "ended", last_id=run.last_event_id)


async def answers_of(db: Database, run_id: str) -> list[Mapping[str, Any]]:
    """The rows of a run's answers, in the order of its columns."""
    question = (
        select(messages)
        .join(run_answers, run_answers.c.message_id == messages.c.id)
        .where(run_answers.c.run_id == run_id)
        .order_by(run_answers.c.position)
    )
    async with db.read() as connection:
        return [*(await connection.execute(question)).mappings()]


def old_events() -> Delete:
    """What deletes the events of runs that ended a while ago."""
    before = now_us() - KEEP_EVENTS_SECONDS * SECOND_US
    ended = select(runs.c.id).where(runs.c.state == "ended", runs.c.ended_us < before)
    return delete(run_events).where(run_events.c.created_us < before, run_events.c.run_id.in_(ended))
