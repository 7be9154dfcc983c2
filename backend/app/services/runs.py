"""Runs of this process: started by a request, going on without it, stopped by another, ended in order whatever happens.

Any process can answer for any run: what this one does not write itself it finds in the database.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from backend.app.api.schemas.errors import ErrorBody
from backend.app.api.schemas.events import AnsweredEvent, EndEvent, TitleEvent, UsageEvent
from backend.app.api.schemas.messages import Attachment, Receipt
from backend.app.api.schemas.runs import Run, RunAnswer, RunRequest
from backend.app.core.db import Database
from backend.app.core.errors import not_found
from backend.app.core.identity import Identity
from backend.app.core.settings import Settings
from backend.app.services import files, preferences, runs_create, runs_failures, runs_reader, runs_store
from backend.app.services.catalogue_watch import Catalogue
from backend.app.services.gateway.tasks import model_for
from backend.app.services.litellm_client import LiteLLMClient
from backend.app.services.messages import messages_of
from backend.app.services.receipts_settle import Settler
from backend.app.services.run_events import RunLog, Stored, encoded
from backend.app.services.runs_answer import Answer, Asked, Prepare
from backend.app.services.runs_context import Sent, sent, way_to
from backend.app.services.runs_draft import DRAFT, with_draft
from backend.app.services.runs_recovery import Watch, new_owner
from backend.app.services.runs_scribe import Scribe
from backend.app.services.runs_store import NotOwner, Outcome

LOOK_LATER_SECONDS: Final = 0.5
STOP_LOOK_SECONDS: Final = 0.25
DEAD_LOOK_SECONDS: Final = 3.0
TRIM_SECONDS: Final = 60.0
CLOSE_SECONDS: Final = 10.0
_STOPPING: Final = "The application was stopped in the middle of this answer."
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Running:
    run: Run
    log: RunLog
    user_id: str
    answers: dict[str, Answer] = field(default_factory=dict[str, Answer])
    tasks: dict[str, asyncio.Task[Outcome]] = field(default_factory=dict[str, asyncio.Task[Outcome]])
    told: set[str] = field(default_factory=set[str])
    """Answers whose end the readers know."""
    settling: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    """What waits for the ledger; the sweep does it where this is cancelled."""


class Runs:
    """The runs of one process."""

    def __init__(
        self, db: Database, settings: Settings, client: LiteLLMClient, catalogue: Catalogue, settler: Settler
    ) -> None:
        self._db: Final = db
        self._settings: Final = settings
        self._client: Final = client
        self._catalogue: Final = catalogue
        self._settler: Final = settler
        self._owner: Final = new_owner()
        self._scribe: Final = Scribe(db, self._owner, self._lost)
        self._watch: Final = Watch(db)
        self._running: dict[str, _Running] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._beside: list[asyncio.Task[None]] = []
        self._leaving: Final = asyncio.Event()

    async def start(self) -> None:
        """End what a process before this one has left, and begin to look after runs."""
        await self._look_for_dead()
        await self._trim()
        self._scribe.start()
        self._beside = [
            asyncio.create_task(_regularly(self._look_for_stops, STOP_LOOK_SECONDS)),
            asyncio.create_task(_regularly(self._look_for_dead, DEAD_LOOK_SECONDS)),
            asyncio.create_task(_regularly(self._trim, TRIM_SECONDS)),
        ]

    def leave(self) -> None:
        """The process is about to end: answers are cut and keep what they have, and every stream of events ends.

        Readers of a run of this process get its end; those of another's come back to another process.
        """
        self._leaving.set()
        for running in self._running.values():
            for message_id in running.tasks:
                self._stop(running, message_id, lambda: runs_failures.cut(_STOPPING))
            for task in running.settling:
                task.cancel()

    async def close(self) -> None:
        """End every run, in order."""
        self.leave()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_SECONDS)
        for task in [*self._beside, *self._tasks]:
            task.cancel()
        await asyncio.gather(*self._beside, *self._tasks, return_exceptions=True)
        await self._scribe.close()

    # What is asked for.

    async def create(self, user: Identity, request: RunRequest) -> tuple[Run, bool]:
        """Store and start a run; returns it, and whether it is new. Raises `AppError`."""
        # A look at the gateway is due, but the call goes first.
        asyncio.get_running_loop().call_later(LOOK_LATER_SECONDS, self._catalogue.asked)
        because = None
        if request.task is not None:
            request, because = await self._of_task(user, request, request.task)
        if not request.accept_losses:
            await self._refuse_losses(user, request)
        created = await runs_create.create(self._db, user.id, request, self._owner)
        if created.is_new:
            self._begin(user, request, created, because)
            await asyncio.sleep(0)  # the call leaves, then the answer to this request
        return self._fresh(created.run), created.is_new

    async def get(self, user: Identity, run_id: str) -> Run:
        """The run. Raises `AppError` where there is none of this person."""
        async with self._db.read() as connection:
            found = await connection.run_sync(runs_create.find, user.id, run_id)
        if found is None:
            raise not_found("run")
        return self._fresh(found)

    async def stop(self, user: Identity, run_id: str, column: int | None) -> Run:
        """Stop the run or one of its columns; what has ended already stays as it is."""
        found = await self.get(user, run_id)
        running = self._running.get(run_id)
        if running is not None:
            for answer in running.run.answers:
                if column is None or answer.column == column:
                    self._stop(running, answer.message_id, runs_failures.stopped)
        elif found.state == "running":
            await runs_store.ask_to_stop(self._db, run_id, column)
        return found

    async def events(self, user: Identity, run_id: str, after: int) -> AsyncIterator[bytes]:
        """The run's events after number `after`, as they are sent. Raises `AppError`: there is none of this person."""
        running = self._running.get(run_id)
        if running is None or running.user_id != user.id:
            _ = await self.get(user, run_id)
            running = self._running.get(run_id)
        log = None if running is None else running.log
        return runs_reader.read(self._db, run_id, after, log, self._leaving)

    async def _of_task(self, user: Identity, request: RunRequest, task: str) -> tuple[RunRequest, str]:
        """The request with the task's model in the person's settings, and why it is this one."""
        async with self._db.read() as connection:
            found = await preferences.get(connection, user.id, self._client.default_model)
        model = model_for(task, found.task_models)
        known = task in found.task_models
        because = f"For the task `{task}` your settings say `{model}`." if known else (
            f"Your settings have no model for the task `{task}`, so it is `{model}`."
        )  # fmt: skip
        return request.model_copy(update={"models": [model]}), because

    async def _refuse_losses(self, user: Identity, request: RunRequest) -> None:
        """Refuse what a model would not get whole, before anything is stored: the person decides, not we."""
        lacking = [
            known for model in request.models
            if (known := self._catalogue.find(model)) is not None
            and not (known.card.abilities.images and known.card.abilities.files)
        ]  # fmt: skip
        if not lacking or request.kind != "send":
            return
        async with self._db.read() as connection:
            if await connection.run_sync(runs_create.exists, request.id):
                return
            tree = await with_draft(
                connection, user.id, conversation_id=request.conversation_id, parent_id=request.parent_id,
                content=request.content, attachment_ids=request.attachment_ids,
            )  # fmt: skip
        for known in lacking:
            draft = await sent(
                way_to(tree, DRAFT), model=known.card.id, system=None, abilities=known.card.abilities, read=None
            )  # fmt: skip
            if draft.losses:
                raise runs_failures.losing(known.card.id, draft, self._catalogue.known)

    def _fresh(self, run: Run) -> Run:
        running = self._running.get(run.id)
        return run if running is None else run.model_copy(update={"last_event_id": running.log.last_id})

    # A run's life.

    def _begin(
        self, user: Identity, request: RunRequest, created: runs_create.Created, because: str | None
    ) -> None:  # fmt: skip
        run = created.run
        running = self._running[run.id] = _Running(run, self._scribe.open(run.id), user.id)
        if created.title is not None:
            running.log.append("title", TitleEvent(title=created.title))
        for answer in run.answers:
            asked = Asked(
                run_id=run.id, message_id=answer.message_id, column=answer.column, model=answer.model,
                user_id=user.id, user_name=user.name, params=created.params, because=because,
                prepare=self._preparing(user, request, created, answer),
            )  # fmt: skip
            writer = Answer(asked, client=self._client, catalogue=self._catalogue, log=running.log)
            running.answers[answer.message_id] = writer
            running.tasks[answer.message_id] = asyncio.create_task(writer.write())
        task = asyncio.create_task(self._accompany(running))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accompany(self, running: _Running) -> None:
        run_id = running.run.id
        try:
            async with asyncio.TaskGroup() as settling:
                async with asyncio.TaskGroup() as writing:
                    for message_id in running.tasks:
                        _ = writing.create_task(self._conclude(running, message_id, settling))
                running.log.append("answered", AnsweredEvent())
            await self._end(running)
        except* NotOwner:
            await self._disowned(running)
        except* Exception:  # noqa: BLE001 the run is left to the next look for the dead
            _log.exception("run %s could not be ended; it will be cut", run_id)
        finally:
            self._running.pop(run_id, None)
            self._scribe.forget(run_id)

    async def _disowned(self, running: _Running) -> None:
        """The run's row is another process's by now, which tells its readers the rest, or is gone."""
        run_id = running.run.id
        async with self._db.read() as connection:
            if await connection.run_sync(runs_create.exists, run_id):
                _log.warning("run %s was ended by another process", run_id)
                return
        _log.warning("the conversation of run %s was deleted", run_id)
        for message_id, writer in running.answers.items():
            self._stop(running, message_id, runs_failures.purged)
            if message_id not in running.told:
                writer.announce(writer.lost(runs_failures.purged()))
        running.log.append("end", EndEvent())

    async def _conclude(self, running: _Running, message_id: str, settling: asyncio.TaskGroup) -> None:
        """Wait for an answer, write it down, say so, and leave its receipt to `settling`: nobody waits for that."""
        writer, task = running.answers[message_id], running.tasks[message_id]
        await asyncio.wait({task})
        outcome = writer.never_begun() if task.cancelled() else task.result()

        await self._scribe.with_events(
            running.run.id, running.log, lambda connection: runs_store.finish(connection, outcome)
        )  # fmt: skip
        writer.announce(outcome)
        running.told.add(message_id)
        if outcome.receipt is not None and not self._leaving.is_set():
            running.settling.add(settling.create_task(self._settle(running, writer, outcome.receipt)))

    async def _settle(self, running: _Running, writer: Answer, estimate: Receipt) -> None:
        receipt = await self._settler.settle(writer.asked.message_id, estimate)
        if receipt is not None:
            running.log.append("usage", UsageEvent(**writer.about, receipt=receipt))

    async def _end(self, running: _Running) -> None:
        end = Stored(running.log.last_id + 1, "end", encoded(EndEvent()))

        await self._scribe.with_events(
            running.run.id, running.log,
            lambda connection: runs_store.end(connection, running.run.id, self._owner, end),
        )  # fmt: skip
        running.log.append_written(end)

    def _stop(self, running: _Running, message_id: str, reason: Callable[[], ErrorBody]) -> None:
        task = running.tasks.get(message_id)
        if task is not None and not task.done():
            running.answers[message_id].stop_reason = reason
            task.cancel()

    def _lost(self, run_id: str) -> None:
        """Another process took this one for dead: it has ended the run, and what comes now belongs nowhere."""
        running = self._running.get(run_id)
        if running is not None:
            for message_id in running.tasks:
                self._stop(running, message_id, lambda: runs_failures.cut(_STOPPING))

    # What a model is sent.

    def _preparing(
        self, user: Identity, request: RunRequest, created: runs_create.Created, answer: RunAnswer
    ) -> Prepare:
        async def prepare() -> Sent:
            if created.alone is not None:
                tree = [created.alone]
            else:
                async with self._db.read() as connection:
                    tree = await messages_of(connection, user.id, created.run.conversation_id)
            leaf = request.parent_id if request.kind == "continue" else created.run.user_message_id
            assert leaf is not None
            known = self._catalogue.find(answer.model)
            return await sent(
                way_to(tree, leaf, answer.column), model=answer.model, system=created.system,
                abilities=None if known is None else known.card.abilities, read=read,
                go_on=request.kind == "continue",
            )  # fmt: skip

        async def read(attachment: Attachment) -> bytes:
            return (await files.load(self._db, self._settings, user.id, attachment.id))[1]

        return prepare

    # Beside the runs.

    async def _look_for_stops(self) -> None:
        for message_id in await runs_store.stop_wishes(self._db, self._running):
            for running in self._running.values():
                self._stop(running, message_id, runs_failures.stopped)

    async def _look_for_dead(self) -> None:
        cut = await self._watch.look(asyncio.get_running_loop().time(), self._running)
        if cut:
            _log.warning("answers of a process that is gone were cut: %s", ", ".join(cut))
            self._settler.settle_later(cut)

    async def _trim(self) -> None:
        async with self._db.write() as connection:
            await connection.execute(runs_store.old_events())


async def _regularly(work: Callable[[], Awaitable[None]], seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except (SQLAlchemyError, OSError, TimeoutError):
            _log.warning("the database does not answer", exc_info=True)
