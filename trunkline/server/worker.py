"""One worker process: event loop, uvicorn, the edge, and the order of its stop."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import uvicorn

import trunkline
from trunkline.config.snapshot import Snapshot
from trunkline.server import exposure
from trunkline.server.edge import EdgeProtocol
from trunkline.server.gateway import LiveGateway, new_worker_id
from trunkline.server.listen import BACKLOG, address
from trunkline.server.shipping import Shipping
from trunkline.telemetry import share
from trunkline.telemetry.logs import CallLog, level_from, setup
from trunkline.telemetry.redact import known_secrets
from trunkline.telemetry.stats import Stats


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPlan:
    """What a worker is started with."""

    snapshot: Snapshot
    config: Path
    environ: Mapping[str, str]
    """What the configuration was read against."""
    base: Mapping[str, str]
    """The same without `.env`, which is read again at each reload."""
    data: Path
    sock: socket.socket
    host: str


class WorkerServer(uvicorn.Server):
    """uvicorn's server with our order of stopping: readiness, then the socket, then the calls, then the ledger."""

    gateway: LiveGateway

    async def main_loop(self) -> None:
        """Wait for the stop; once a second let uvicorn renew its Date header (it would look ten times a second)."""
        while not self.should_exit:
            await self.on_tick(0)
            await _sleep_unless(self.gateway.leaving, 1.0)

    def stop(self) -> None:
        """First signal: finish what runs. Second: hurry."""
        if self.should_exit:
            self.force_exit = True
            self.gateway.stopped.set()
        self.gateway.draining = self.gateway.closing = True
        self.gateway.leaving.set()
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop in order; nothing that runs is cut before its time, and every record is written."""
        gateway = self.gateway
        limits = gateway.limits
        # Answers carry `connection: close` from now on, while new connections are still taken: a load balancer has
        # `drain_seconds` to notice, and no kept connection is closed under a request (reliability G04, G07).
        if limits.drain_seconds and not self.force_exit:
            await _sleep_unless(gateway.stopped, limits.drain_seconds)
        for server in self.servers:
            server.close()
        for sock in sockets or []:
            sock.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await gateway.finish_calls(0 if self.force_exit else limits.shutdown_seconds)
        for task in list(self.server_state.tasks):
            task.cancel()
        until = gateway._loop.time() + 2.0  # noqa: SLF001 - the loop of this very process
        while self.server_state.connections and gateway._loop.time() < until and not self.force_exit:  # noqa: SLF001
            for connection in list(self.server_state.connections):
                connection.shutdown()
            await asyncio.sleep(0.02)


async def _sleep_unless(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return


def run_worker(plan: WorkerPlan, *, alone: bool, shipping: Shipping | None = None) -> int:
    """Serve until told to stop; return the exit code. `alone`: there is no supervisor, the shipper is ours to keep."""
    if alone:
        from trunkline.server.run import database_url

        shipping = Shipping(plan.data, database_url(plan.snapshot, plan.data), plan.environ, plan.base)
        shipping.ensure()
    factory: Callable[[], asyncio.AbstractEventLoop]
    try:
        import uvloop

        factory = uvloop.new_event_loop
    except ImportError:  # Windows has none; asyncio's own loop serves, slower
        factory = asyncio.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(_serve(plan, shipping if alone else None))
    if alone and shipping is not None:
        shipping.stop()
    return 0


async def _serve(plan: WorkerPlan, shipping: Shipping | None) -> None:
    loop = asyncio.get_running_loop()
    level = level_from(plan.environ)
    writer = setup(level, secrets=known_secrets(plan.snapshot))
    stats = Stats()
    log = CallLog(stats, writer, level=level, per_second=plan.snapshot.log_calls_per_second)
    gateway = LiveGateway(
        snapshot=plan.snapshot, config=plan.config, base=plan.base, data=plan.data, worker_id=new_worker_id(),
        loop=loop, log=log, stats=stats, on_secrets=lambda snapshot: writer.redact.update(known_secrets(snapshot)),
        reached_at=exposure.reached_at(plan.host, plan.base),
    )  # fmt: skip
    log.start()
    server = _server(gateway)
    server.gateway = gateway
    gateway.connections = server.server_state.connections  # type: ignore[assignment]  # all of them are EdgeProtocol
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    loop.add_signal_handler(signal.SIGHUP, gateway.reload_soon)
    gateway.start()
    publishing = loop.create_task(share.publish(gateway))
    keeping = loop.create_task(_keep(shipping)) if shipping is not None else None
    loop.call_soon(_announce, plan, shipping is not None)
    gc.collect()
    gc.freeze()
    # Calls leave no cycles: their objects go when the last reference does, so collections find next to nothing. But not
    # never: what does form cycles (a failed TLS handshake, an exception's frames) must not add up for hours.
    gc.set_threshold(20_000, 10, 10)
    try:
        await server._serve([plan.sock])  # noqa: SLF001 - `serve` would take the signals and raise them again at the end
    finally:
        publishing.cancel()
        if keeping is not None:
            keeping.cancel()
        await asyncio.gather(publishing, return_exceptions=True)
        await gateway.close()
        await _close_log(log)


def _server(gateway: LiveGateway) -> WorkerServer:
    from trunkline.server.app import create_app

    config = uvicorn.Config(
        create_app(gateway),
        http=type("Edge", (EdgeProtocol,), {"gateway": gateway}),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        proxy_headers=False,
    )
    return WorkerServer(config)


def _announce(plan: WorkerPlan, alone: bool) -> None:
    if alone:
        print(f"Trunkline {trunkline.__version__} serves on {address(plan.sock)}", flush=True)


async def _keep(shipping: Shipping) -> None:
    while True:
        await asyncio.sleep(1.0)
        shipping.ensure()


async def _close_log(log: CallLog) -> None:
    await asyncio.to_thread(log.close, 1.0)
    sys.stdout.flush()
