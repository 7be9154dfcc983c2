"""What a call keeps of itself so that its response can be fetched and gone on from.

It is written to the database after the answer has left, by one task, in batches; no answer waits for it. Until it is
written it is found here, by this worker. What cannot be written (the database is down for longer than
`GIVE_UP_SECONDS`, or more waits than `MAX_WAITING_BYTES`) is lost: counted, logged, and said in a header as soon as it
is known.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
from msgspec import UNSET, Raw, UnsetType

from trunkline.ir import Endpoint
from trunkline.store.errors import BadRow, SchemaMismatch, StoreError, Unavailable
from trunkline.store.kept import Kept
from trunkline.store.url import parse
from trunkline.telemetry.stats import Stats

if TYPE_CHECKING:
    from trunkline.pipeline.call import Call
    from trunkline.store.responses import Responses

MAX_BYTES: Final = 8 * 1024 * 1024
"""A larger response (or input) is not stored."""
MAX_ID: Final = 256
MAX_WAITING_BYTES: Final = 64 * 1024 * 1024
"""What waits to be written, of one worker."""
BATCH_ROWS: Final = 50
BATCH_BYTES: Final = 8 * 1024 * 1024
GIVE_UP_SECONDS: Final = 60.0
"""How long a response waits for a database that is down."""
RETRY_SECONDS: Final = 1.0
READ_SECONDS: Final = 5.0
"""A question to a database that has not answered by then gets a 503."""
PATIENCE: Final = (0.03, 0.07, 0.15, 0.25, 0.45)
"""Seconds between looks for a response that is not there (0.95 in all): another worker may be about to write it."""
NOT_STORED: Final = "store (the database is down: the response may not be stored)"
"""What the header of losses says, where it is known before the answer."""
NOT_READABLE_NOW: Final = "Stored responses cannot be read now: the database does not answer. Send the request again."
_DAY_US: Final = 86_400 * 1_000_000
_LONGEST_DAYS: Final = 36_500.0
_TERMINAL: Final = frozenset({"response.completed", "response.incomplete"})
_Found = TypeVar("_Found")
_log = logging.getLogger(__name__)


class _Asked(msgspec.Struct, gc=False):
    """What of a request is stored, and whether."""

    store: bool | None = None
    input: Raw = Raw(b"[]")
    previous_response_id: str | None = None


class _Item(msgspec.Struct, gc=False):
    id: object = None


class _Answered(msgspec.Struct, gc=False):
    id: str
    status: str = "completed"
    store: object = None
    output: list[_Item] = []


class _Event(msgspec.Struct, gc=False):
    type: str
    response: Raw | UnsetType = UNSET


_asked: Final = msgspec.json.Decoder(_Asked).decode
_answered: Final = msgspec.json.Decoder(_Answered).decode
_event: Final = msgspec.json.Decoder(_Event).decode


class Memory:
    """The stored responses as one worker sees them: those that wait to be written, and the database."""

    def __init__(self, loop: asyncio.AbstractEventLoop, stats: Stats, address: Callable[[], str]) -> None:
        """`address` gives the database's; it is asked once, at the first use."""
        self._loop = loop
        self._stats = stats
        self._address = address
        self._waiting: dict[tuple[str, str], tuple[Kept, float]] = {}
        self._bytes = 0
        self._writing: asyncio.Task[None] | None = None
        self._opening: asyncio.Future[Responses] | None = None
        self._asking: set[asyncio.Future[Any]] = set()
        self._said = 0.0
        self.trouble = ""
        """Why the database could not be written the last time; empty while it can."""

    # Writing.

    def keep(self, kept: Kept) -> None:
        """Write a response soon; it can be found from now on."""
        size = kept.size
        if self._bytes + size > MAX_WAITING_BYTES:
            self.lose(f"{self._bytes} bytes wait to be written already")
            return
        key = (kept.id, kept.key_hash)
        before = self._waiting.pop(key, None)
        if before is not None:
            self._bytes -= before[0].size
        self._waiting[key] = (kept, self._loop.time() + GIVE_UP_SECONDS)
        self._bytes += size
        if self._writing is None or self._writing.done():
            self._writing = self._loop.create_task(self._write())

    def lose(self, why: str, count: int = 1) -> None:
        """Responses are not stored: count them, and say why at most once a second."""
        self._stats.responses_lost += count
        now = self._loop.time()
        if now - self._said >= 1.0:
            self._said = now
            # lint: hot-path (a fault, at most once a second)
            _log.error("%d responses are not stored: %s", self._stats.responses_lost, why)

    async def _write(self) -> None:
        while self._waiting:
            batch = self._batch()
            try:
                store = await self._open()
                await store.save(batch)
            except BadRow:
                await self._one_by_one(batch)
            except SchemaMismatch as error:
                await self._failed(f"{error}", starting=True)
            except StoreError as error:
                await self._failed(f"{error}")
            except Exception as error:  # noqa: BLE001 - whatever it is, answers go on and later responses are tried
                await self._failed(f"{type(error).__name__}: {error}")
            else:
                self._written(batch)

    def _batch(self) -> list[Kept]:
        batch: list[Kept] = []
        size = 0
        for kept, _ in self._waiting.values():
            size += kept.size
            if batch and (size > BATCH_BYTES or len(batch) == BATCH_ROWS):
                break
            batch.append(kept)
        return batch

    async def _one_by_one(self, batch: list[Kept]) -> None:
        for kept in batch:
            try:
                store = await self._open()
                await store.save([kept])
            except BadRow as error:
                self._forget(kept)
                self.lose(f"the database refuses `{kept.id[:80]}` ({error})")
            except StoreError as error:
                await self._failed(f"{error}")
                return
            else:
                self._written([kept])

    def _written(self, batch: Iterable[Kept]) -> None:
        self.trouble = ""
        for kept in batch:
            self._stats.responses_stored += 1
            self._forget(kept)

    def _forget(self, kept: Kept) -> None:
        key = (kept.id, kept.key_hash)
        held = self._waiting.get(key)
        if held is not None and held[0] is kept:  # a newer state may have come meanwhile
            del self._waiting[key]
            self._bytes -= kept.size

    async def _failed(self, why: str, *, starting: bool = False) -> None:
        """`starting`: the tables are not there yet, which is how every first start begins."""
        if not starting:
            if not self.trouble:
                _log.warning("responses wait to be stored: %s", why)  # lint: hot-path (a fault, once)
            self.trouble = why
        now = self._loop.time()
        over = [kept for kept, until in self._waiting.values() if until <= now]
        for kept in over:
            self._forget(kept)
        if over:
            self.lose(why, len(over))
        if self._waiting:
            await asyncio.sleep(RETRY_SECONDS)  # lint: hot-path (the writing task's, no call waits for it)

    # Reading.

    async def find(self, response_id: str, key_hash: str, *, patient: bool = True) -> tuple[Kept | None, bool]:
        """The response; and whether it is there but another key's.

        `patient`: look again for a second where it is not there: another worker may be about to write it.

        Raises:
            Unavailable: the database cannot be asked, or has no tables yet (in the first seconds of its life).
        """
        for wait in (*PATIENCE, 0.0) if patient else (0.0,):
            held = self._waiting.get((response_id, key_hash))
            if held is not None:
                return held[0], False
            store = await self._open()
            try:
                found, others = await self._ask(store.find(response_id, key_hash))
            except SchemaMismatch as error:
                if not wait:
                    raise Unavailable(f"{error}") from None
            else:
                if found is not None or others or not wait:
                    return found, others
            await asyncio.sleep(wait)  # lint: hot-path (a look-up's own task)
        raise AssertionError("the last look does not wait")

    async def chain(self, response_id: str, key_hash: str) -> list[Kept]:
        """A response and what it goes on from, the oldest first; ends where one is gone.

        Raises:
            StoreError, TooLong.
        """
        later: list[Kept] = []
        while (held := self._waiting.get((response_id, key_hash))) is not None and len(later) < len(self._waiting):
            later.append(held[0])
            response_id = held[0].previous_id
        earlier: list[Kept] = []
        if response_id:
            store = await self._open()
            earlier = await self._ask(store.chain(response_id, key_hash))
        return earlier + later[::-1]

    async def holding(self, item_ids: Iterable[str], key_hash: str) -> tuple[list[Kept], bool]:
        """The responses that hold these items of providers; and whether another key's do.

        Raises:
            StoreError.
        """
        wanted = set(item_ids)
        found = [
            kept for kept, _ in self._waiting.values() if kept.key_hash == key_hash and wanted.intersection(kept.items)
        ]
        wanted.difference_update(*(kept.items for kept in found))
        if not wanted:
            return found, False
        store = await self._open()
        stored, others = await self._ask(store.holding(wanted, key_hash))
        return found + stored, others

    async def delete(self, kept: Kept) -> None:
        """Delete a response.

        Raises:
            StoreError.
        """
        self._waiting_no_more(kept.id, kept.key_hash)
        writing = self._writing
        if writing is not None and not writing.done():
            await asyncio.wait({writing}, timeout=READ_SECONDS)  # it may be in the batch that is being written
        store = await self._open()
        await self._ask(store.delete(kept.id, kept.key_hash))

    def _waiting_no_more(self, response_id: str, key_hash: str) -> None:
        held = self._waiting.get((response_id, key_hash))
        if held is not None:
            self._forget(held[0])

    async def _ask(self, question: Awaitable[_Found]) -> _Found:
        """An answer within `READ_SECONDS`. The question is not cancelled: a frozen server does not answer that either,
        and the driver's own limit ends it.
        """
        task = asyncio.ensure_future(question)
        self._asking.add(task)
        task.add_done_callback(self._over)
        done, _ = await asyncio.wait({task}, timeout=READ_SECONDS)
        if not done:
            raise Unavailable(f"no answer within {READ_SECONDS:g} s")
        return task.result()

    def _over(self, task: asyncio.Future[_Found]) -> None:
        self._asking.discard(task)
        if not task.cancelled():
            task.exception()  # somebody who waited no longer does not want to hear of it

    async def _open(self) -> Responses:
        """The database; loads what it needs at the first use, in a thread: 25 MiB that many workers never need."""
        if self._opening is None or (self._opening.done() and self._opening.exception() is not None):
            self._opening = asyncio.ensure_future(asyncio.to_thread(_load, self._address()))
        return await asyncio.shield(self._opening)

    async def close(self, seconds: float) -> None:
        """Write what waits, for so long at most, then let go."""
        writing = self._writing
        if writing is not None and not writing.done():
            await asyncio.wait({writing}, timeout=seconds)
            if not writing.done():
                writing.cancel()
                await asyncio.wait({writing}, timeout=1.0)
        if self._waiting:
            self.lose(self.trouble or "the gateway stopped", len(self._waiting))
        opening = self._opening
        if opening is not None and opening.done() and opening.exception() is None:
            closing = asyncio.ensure_future(opening.result().close())
            await asyncio.wait({closing}, timeout=2.0)


def _load(address: str) -> Responses:
    from trunkline.store.responses import Responses

    return Responses(parse(address))


# From a call to what is kept of it.


def keeps(call: Call) -> bool:
    """Whether the call makes a response that is to be stored."""
    return (
        call.arrival.surface.endpoint is Endpoint.RESPONSES
        and call.state.snapshot.ledger.response_retention_days > 0
        and not _says_no(call)
    )


def _says_no(call: Call) -> bool:
    body = call.body
    if body.find(b'"store"') >= 0:
        try:
            said = _asked(body).store
        except msgspec.MsgspecError:
            return True  # it will be refused for its shape
        if said is not None:
            return not said
    return call.plan[0].defaults.get("store") is False


def whole(call: Call, body: bytes) -> None:
    """A whole answer is on its way to the client: keep it, when it has left."""
    call.worker.loop.call_soon(_keep, call, body)


def stream(call: Call, last: bytes) -> None:
    """The last bytes of a stream are on their way: they hold the event with the whole response."""
    call.worker.loop.call_soon(_keep_stream, call, last)


def _keep_stream(call: Call, last: bytes) -> None:
    found = final_response(last)
    if found is None:
        call.worker.memory.lose("the stream ended without the whole response")
    else:
        _keep(call, found)


def final_response(last: bytes) -> bytes | None:
    """The response in the last event of a stream."""
    for line in reversed(last.splitlines()):
        if line.startswith(b"data:"):
            try:
                event = _event(line[5:])
            except msgspec.MsgspecError:
                continue
            if event.type in _TERMINAL and event.response is not UNSET:
                return bytes(event.response)
    return None


def _keep(call: Call, body: bytes) -> None:
    memory, carried = call.worker.memory, call.carried
    assert carried is not None
    turns = carried.turns
    asked_body = call.body if turns is None else turns.body
    if len(body) > MAX_BYTES or len(asked_body) > MAX_BYTES:
        memory.lose(f"it is larger than {MAX_BYTES // 1024 // 1024} MB")
        return
    try:
        asked, answered = _asked(asked_body), _answered(body)
        kept = _kept(call, asked, answered, body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        memory.lose(f"it cannot be read: {error}")
        return
    if not is_plain(kept.id):
        memory.lose("its id is none")
        return
    memory.keep(kept)


def is_plain(response_id: str) -> bool:
    """An id as it can stand in a path and a column."""
    plain = response_id.isascii() and response_id.isprintable() and "/" not in response_id
    return plain and 0 < len(response_id) <= MAX_ID


def _end(now_us: int, days: float) -> int:
    """When it is over: on a grid of a thirtieth of the term, so that turns of a conversation mostly end together."""
    term = int(days * _DAY_US)
    grid = max(term // 30, 1)
    return -(-(now_us + term) // grid) * grid


def _kept(call: Call, asked: _Asked, answered: _Answered, body: bytes) -> Kept:
    prepared = call.prepared
    target = prepared.deployment.target
    theirs = target is not None and Endpoint.RESPONSES in target.paths
    days = min(call.state.snapshot.ledger.response_retention_days, _LONGEST_DAYS)
    now = call.started_us
    return Kept(
        id=answered.id,
        key_hash=call.arrival.key_hash,
        created_us=now,
        expires_us=_end(now, days),
        model_group=call.model_group,
        deployment=prepared.deployment.id,
        provider_id=answered.id if theirs and answered.store is True else "",
        previous_id=asked.previous_response_id or "",
        status=answered.status,
        input=bytes(asked.input).decode(),
        response=body.decode(),
        items=tuple(item.id for item in answered.output if isinstance(item.id, str)) if theirs else (),
    )
