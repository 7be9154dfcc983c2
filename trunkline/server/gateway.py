"""One worker of the gateway, alive: its state, its one timer, its reload. The admin API sees it as `Gateway`."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING

from trunkline.access import FormerKey, Gate, Principal, Refusal, Usage, settle
from trunkline.admin.gateway import ProbeResult, ReloadResult
from trunkline.config import load
from trunkline.config.dotenv import DOTENV, overlay
from trunkline.config.marks import FileMark, look
from trunkline.config.problems import ConfigError
from trunkline.config.snapshot import Deployment, EdgeLimits, Snapshot
from trunkline.ledger.journal import Journal
from trunkline.ledger.pace import BUSY_LOAD
from trunkline.local.bridge_process import Bridge
from trunkline.local.process import EmbeddedModel
from trunkline.pipeline.remember import Memory
from trunkline.pipeline.state import State
from trunkline.pipeline.worker import Worker
from trunkline.profiles.facts import Facts
from trunkline.profiles.price import Price
from trunkline.routing.plan import Routes
from trunkline.server import exposure
from trunkline.server.exposure import LOOPBACK
from trunkline.server.prices import Prices
from trunkline.server.watch import FileWatch
from trunkline.telemetry import ledger_state, watching
from trunkline.telemetry.logs import CallLog
from trunkline.telemetry.stats import Stats
from trunkline.upstream import Pools

if TYPE_CHECKING:
    from trunkline.server.edge import EdgeProtocol

TICK_SECONDS = 0.2
"""Grain of every time-out: one timer for all connections and calls, not a `call_later` for each."""
MEMORY_SECONDS = 5.0
"""How long a stop waits for responses that are being stored."""
_log = logging.getLogger(__name__)


class LiveGateway:
    """A worker and what it serves with."""

    def __init__(
        self,
        *,
        snapshot: Snapshot,
        config: Path,
        base: Mapping[str, str],
        data: Path,
        worker_id: str,
        loop: asyncio.AbstractEventLoop,
        log: CallLog,
        stats: Stats,
        on_secrets: Callable[[Snapshot], None] | None = None,
        reached_at: str = LOOPBACK,
    ) -> None:
        """`reached_at`: as `exposure.reached_at`; a server that looks at each caller itself leaves it out."""
        self.data = data
        self.worker_id = worker_id
        self.started_at = time.time()
        self.stats = stats
        self.draining = False
        self.closing = False
        self.date = b""
        self.suspects: set[EdgeProtocol] = set()
        self.connections: set[EdgeProtocol] = set()
        self.leaving = asyncio.Event()
        """A stop was asked for."""
        self.stopped = asyncio.Event()
        """There is nothing left to wait for."""
        self._config = config
        self._base = base
        self._loop = loop
        self._log = log
        self._on_secrets = on_secrets
        self._reached_at = reached_at
        self._pools = Pools(loop)
        self._former = Usage()
        self._prices = Prices(snapshot.price_file)
        self._model = EmbeddedModel(data=data)
        self._bridge = Bridge(self._bridge_environ)
        self._ticks = 0
        self._ticked = loop.time()
        self._cpu = (time.monotonic(), time.process_time())
        self._busy = False
        self._marker = data / "reload"
        self._watch = self._watch_for(snapshot, {})
        self._reloading = asyncio.Lock()
        self._tasks: set[asyncio.Task[object]] = set()
        self.limits: EdgeLimits = snapshot.limits
        journal = Journal(
            data / "journal" / worker_id,
            segment_bytes=snapshot.ledger.segment_bytes,
            carry=self._open_intents,
        )
        self.worker = Worker(
            loop=loop,
            journal=journal,
            stats=self.stats,
            state=self._derive(snapshot),
            log=log,
            embedded=self._model.ensure,
            bridge=self._bridge.ensure,
            power=snapshot.ledger.durability == "power",
            memory=Memory(loop, self.stats, self._database),
        )
        self._tick_date()

    # What the admin API asks.

    @property
    def snapshot(self) -> Snapshot:
        """The configuration that new calls get."""
        return self.worker.state.snapshot

    @property
    def routes(self) -> Routes:
        """Names and deployments of that configuration."""
        return self.worker.state.routes

    @property
    def journal_full(self) -> bool:
        """New calls cannot be recorded."""
        return not self.worker.metering()

    def check_key(self, headers: Sequence[tuple[bytes, bytes]], query: bytes = b"") -> Refusal | None:
        """Why the caller may not use the admin API, or `None`."""
        found = self.worker.state.gate.check(headers, query)
        return None if isinstance(found, Principal) else found

    def price(self, deployment: Deployment) -> Price | None:
        """The price that calls to a deployment are charged at."""
        return deployment.price or self._prices.find(deployment)

    def facts(self, deployment: Deployment) -> Facts:
        """Limits and abilities of the deployment's model, as the price data has them."""
        return self._prices.facts(deployment)

    async def probe(self, deployment: Deployment) -> ProbeResult:
        """One small real call, through the pipeline and into the ledger like any other."""
        from trunkline.server.probe import probe

        return await probe(self.worker, deployment)

    async def reload(self) -> ReloadResult:
        """Read the configuration again; swap it whole, or keep the old one and say why. Other workers follow."""
        result = await self.reload_here()
        if result.ok:
            # Other workers watch this file; writing it wakes them within a second.
            self._marker.write_text(f"{time.time()}\n", encoding="ascii")
            self._watch.seen({str(self._marker): look(str(self._marker))})
        return result

    async def reload_here(self) -> ReloadResult:
        """The part of `reload` that concerns this worker."""
        async with self._reloading:
            before = self._watch.look()  # what is written while we read is news
            try:
                snapshot = await asyncio.to_thread(self._load)
            except ConfigError as error:
                return self._refuse_reload(tuple(str(problem) for problem in error.problems), before)
            if self.snapshot.deployments and not snapshot.deployments:
                # A misspelt `model_list`, or a file saved half: nobody means to serve nothing while running.
                return self._refuse_reload(
                    (f"{self._config}: no models: write at least one entry under `model_list:`",), before
                )
            weak = exposure.trouble_anew(snapshot, self._reached_at, self._base)
            if weak is not None:
                return self._refuse_reload((weak,), before)
            if self._on_secrets is not None:
                self._on_secrets(snapshot)
            prices = Prices(snapshot.price_file)
            await asyncio.to_thread(prices.load)  # not on the loop, with the first call that needs one
            self._prices = prices
            self.worker.state = self._derive(snapshot)
            self.limits = snapshot.limits
            self._log.limit(snapshot.log_calls_per_second)
            self._watch = self._watch_for(snapshot, before)
            _log.info("configuration %s is in force", snapshot.version)
            return ReloadResult(ok=True, version=snapshot.version)

    def _watch_for(self, snapshot: Snapshot, before: Mapping[str, FileMark | None]) -> FileWatch:
        return FileWatch((*snapshot.files, str(DOTENV), str(self._marker)), {**before, **snapshot.marks})

    def _refuse_reload(self, problems: tuple[str, ...], before: Mapping[str, FileMark | None]) -> ReloadResult:
        _log.error("the new configuration is refused, the old one stays: %s", "; ".join(problems))
        self._watch.seen(before)
        return ReloadResult(ok=False, version=self.snapshot.version, problems=problems)

    def environ(self) -> Mapping[str, str]:
        """The process's environment over `.env`, as the configuration is read with."""
        return overlay(DOTENV, self._base)

    def _bridge_environ(self) -> Mapping[str, str]:
        """What LiteLLM's SDK finds its providers' own variables in."""
        return {**self.environ(), **self.snapshot.environment}

    def _load(self) -> Snapshot:
        return load(self._config, overlay(DOTENV, self._base))

    def _database(self) -> str:
        from trunkline.server.run import database_url

        return database_url(self.snapshot, self.data)

    def _open_intents(self) -> list[bytes]:
        return self.worker.open_intents()

    def count_refusal(self, status: int) -> None:
        """Count an answer of the edge itself, before any call began."""
        key = ("edge", status)
        self.stats.requests[key] = self.stats.requests.get(key, 0) + 1

    def _tell_shipper(self, snapshot: Snapshot) -> None:
        try:
            watching.write_wanted(self.data, watching.wanted_of(snapshot.observability, self._config))
        except OSError as error:
            _log.warning("callbacks and anomalies stay as they were: `%s`: %s", self.data, error.strerror)

    def _former_used(self, key: FormerKey) -> None:
        self.stats.former_key_uses += 1
        self._former.count(key)

    def _derive(self, snapshot: Snapshot) -> State:
        former = settle(snapshot.previous_keys, self.data)
        self._former.forget_all_but(former)
        self._tell_shipper(snapshot)
        return State(
            snapshot=snapshot,
            routes=Routes(snapshot, self.stats),
            gate=Gate(snapshot, former, self._former_used),
            pools=self._pools,
            stats=self.stats,
            find_price=self._prices.find,
        )

    # Time.

    def start(self) -> None:
        """Begin to tick; load what the start did not need."""
        self._loop.call_later(TICK_SECONDS, self._tick)
        self._spawn(asyncio.to_thread(self._prices.load))

    def reload_soon(self) -> None:
        """Reload from a signal handler or the file watch."""
        self._spawn(self.reload_here())

    def _spawn(self, work: object) -> None:
        task: asyncio.Task[object] = self._loop.create_task(work)  # type: ignore[arg-type]  # any awaitable coroutine
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _tick(self) -> None:
        if self.stopped.is_set():
            return
        self._loop.call_later(TICK_SECONDS, self._tick)
        self._ticks += 1
        now = self._loop.time()
        # After a pause (SIGSTOP, a busy machine, a long import) timers run before the sockets are read: what came in
        # meanwhile must count before anybody is called silent.
        late, self._ticked = now - self._ticked > 3 * TICK_SECONDS, now
        try:
            self.stats.fold()
            self._report_load()
            if not late:
                self.worker.sweep(now)
                self._sweep_connections(now)
            if self._ticks % 5 == 0:
                self._each_second(now)
        except Exception:  # noqa: BLE001 - the timer must go on
            _log.exception("the timer met something unforeseen")

    def _sweep_connections(self, now: float) -> None:
        for connection in [c for c in self.connections if c.deadline <= now]:
            connection.on_deadline(now)
        if self.suspects:
            self.suspects = {c for c in self.suspects if c.probe()}

    def _each_second(self, now: float) -> None:
        self._tick_date()
        self._log.new_second()
        worker = self.worker
        if worker.journal.full or worker.turn.unwritten:
            worker.journal.make_room()
            worker.turn.retry()
        self.stats.journal_records, self.stats.journal_bytes = worker.turn.frames, worker.journal.written
        if worker.journal.unsynced:
            self._spawn(asyncio.to_thread(worker.journal.sync))
        self._pools.sweep(now)
        if self._ticks % 10 == 0:
            backlog = ledger_state.read(self.data).backlog_bytes
            worker.spool_full = backlog > self.snapshot.ledger.spool_bytes
        if self._watch.changed():
            self.reload_soon()

    def _report_load(self) -> None:
        """Tell the shipper how busy this worker is: at once when it becomes busy or idle, else once a second."""
        wall, cpu = self._cpu
        self._cpu = (time.monotonic(), time.process_time())
        load = min((self._cpu[1] - cpu) / max(self._cpu[0] - wall, 1e-3), 1.0)
        busy = load > BUSY_LOAD
        if busy != self._busy or self._ticks % 50 == 0:
            self._busy = busy
            self.worker.journal.report_load(load)

    def _tick_date(self) -> None:
        self.date = b"date: %b\r\n" % formatdate(usegmt=True).encode()

    # The end.

    async def finish_calls(self, seconds: float) -> None:
        """Wait for running calls, then end what is left with an error in the client's format."""
        until = self._loop.time() + seconds
        # Calls end in callbacks; there is no event to wait for.
        while self.worker.active and self._loop.time() < until and not self.stopped.is_set():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        for call in list(self.worker.active):
            call.stop()
        self.worker.turn.flush()

    async def close(self) -> None:
        """Let go of everything; the journal is on the disk before this returns."""
        self.stopped.set()
        self.worker.turn.flush()
        await self.worker.memory.close(MEMORY_SECONDS)
        await self._model.stop()
        await self._bridge.stop()
        self._pools.close()
        for task in list(self._tasks):
            task.cancel()
        self.worker.journal.sync()
        self.worker.journal.close()


def new_worker_id() -> str:
    """A name that no other worker of this data folder ever had."""
    return f"{time.time_ns() // 1_000_000:013x}-{os.getpid()}-{os.urandom(3).hex()}"
