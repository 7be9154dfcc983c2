"""Runs whose process is gone: their answers are cut, with the text that had reached the database.

Gone is who is no longer there (on this machine), or who has given no sign of life for so long as this process has been
watching. Clocks of two machines are never compared.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.app.api.schemas.messages import Loss, Receipt, Route
from backend.app.core.clock import now_us
from backend.app.core.db import Database
from backend.app.core.ids import new_id
from backend.app.core.tables import UNFINISHED, messages, run_events, runs
from backend.app.services import runs_store
from backend.app.services.receipts import estimated_tokens
from backend.app.services.runs_failures import cut
from backend.app.services.runs_store import CUT_GAP, Outcome

SILENT_SECONDS: Final = 10.0
"""Owners give a sign of life every two."""
_PROCESS: Final = new_id()
"""Tells this process from one before it with the same number: the first process of a container is always 1."""
_WHY: Final = "The application stopped in the middle of this answer."


def new_owner() -> str:
    """A name for what writes runs in this process."""
    return f"{socket.gethostname()}/{os.getpid()}/{_PROCESS}/{new_id()}"


def is_gone(owner: str) -> bool:
    """Whether a process is known to have ended; of one on another machine nothing is known."""
    host, _, rest = owner.partition("/")
    pid, _, rest = rest.partition("/")
    process = rest.partition("/")[0]
    if host != socket.gethostname() or not pid.isdecimal():
        return False
    if int(pid) == os.getpid():
        return process != _PROCESS
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


class Watch:
    """Looks for runs of the dead."""

    def __init__(self, db: Database) -> None:
        self._db: Final = db
        self._seen: dict[str, tuple[int, float]] = {}

    async def look(self, now: float, here: Container[str] = ()) -> list[str]:
        """Cut what is to be cut; returns the ids of the answers.

        `now`: a clock that never goes back, seconds. `here`: the runs that this process is writing.
        """
        question = select(runs.c.id, runs.c.owner, runs.c.heartbeat_us).where(runs.c.state == "running")
        async with self._db.read() as connection:
            found = [row for row in await connection.execute(question) if row.id not in here]
        silent = [row for row in found if self._is_silent(row, now)]
        self._seen = {row.id: self._seen[row.id] for row in found}
        answers: list[str] = []
        for row in silent:
            answers += await self._cut(row.id, row.owner)
        return answers

    def _is_silent(self, row: Row[str, str, int], now: float) -> bool:
        heartbeat, since = self._seen.get(row.id, (row.heartbeat_us, now))
        if heartbeat != row.heartbeat_us:
            heartbeat, since = row.heartbeat_us, now
        self._seen[row.id] = heartbeat, since
        return now - since > SILENT_SECONDS or is_gone(row.owner)

    async def _cut(self, run_id: str, owner: str) -> list[str]:
        async with self._db.write() as connection:
            taken = (
                update(runs)
                .where(runs.c.id == run_id, runs.c.owner == owner, runs.c.state == "running")
                .values(state="ended", ended_us=now_us(), last_event_id=runs.c.last_event_id + CUT_GAP)
            )
            if (await connection.execute(taken)).rowcount == 0:
                return []  # another process was faster, or the owner has come back and ended it
            return await _close_answers(connection, run_id)


async def _close_answers(connection: AsyncConnection, run_id: str) -> list[str]:
    open_answers = select(messages.c.id, messages.c.model).where(
        messages.c.run_id == run_id, messages.c.role == "assistant", messages.c.status.in_(UNFINISHED)
    )
    rows = (await connection.execute(open_answers)).all()
    events = await connection.execute(
        select(run_events.c.type, run_events.c.data).where(run_events.c.run_id == run_id).order_by(run_events.c.id)
    )
    told = _read_events((row.type, json.loads(row.data)) for row in events)
    for row in rows:
        await connection.run_sync(runs_store.finish, told.get(row.id, _Told()).outcome(row.id))
    # What readers had seen beyond the last write is not here: everybody gets a snapshot instead.
    await connection.execute(delete(run_events).where(run_events.c.run_id == run_id))
    return [row.id for row in rows]


@dataclass(slots=True)
class _Told:
    """What the events say of an answer."""

    text: list[str] = field(default_factory=list[str])
    reasoning: list[str] = field(default_factory=list[str])
    receipt: Receipt | None = None
    route: Route | None = None
    losses: list[Loss] = field(default_factory=list[Loss])

    def take(self, kind: str, data: dict[str, Any]) -> None:
        match kind:
            case "delta":
                self.text.append(data["text"])
            case "reasoning":
                self.reasoning.append(data["text"])
            case "usage":
                self.receipt = Receipt.model_validate(data["receipt"])
            case "route":
                self.route = Route.model_validate(data["route"])
            case "loss":
                self.losses = [Loss.model_validate(loss) for loss in data["losses"]]
            case _:
                pass

    def outcome(self, message_id: str) -> Outcome:
        text, reasoning = "".join(self.text), "".join(self.reasoning)
        return Outcome(
            message_id=message_id, status="cut", content=text, reasoning=reasoning, reasoning_ms=None,
            finish_reason=None, error=cut(_WHY), receipt=self._receipt(text + reasoning), route=self.route,
            losses=self.losses,
        )  # fmt: skip

    def _receipt(self, written: str) -> Receipt | None:
        """The one of the opening says the call's id; the output is estimated until the ledger's row is there."""
        if self.receipt is None or self.receipt.usage.output is not None:
            return self.receipt
        usage = self.receipt.usage.model_copy(update={"output": estimated_tokens(written)})
        return self.receipt.model_copy(update={"usage": usage, "estimated": True})


def _read_events(events: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, _Told]:
    told: dict[str, _Told] = {}
    for kind, data in events:
        message_id = data.get("message_id")
        if message_id is not None:
            told.setdefault(message_id, _Told()).take(kind, data)
    return told
