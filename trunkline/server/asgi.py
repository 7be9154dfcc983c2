"""The gateway as a plain ASGI application: any server, HTTP/2, tests, or a mount inside somebody's own FastAPI.

Slower than the edge (DESIGN section 4 has the figures), and the same in everything else: both are mouths of one
pipeline. What the edge does for its own sockets (limits on heads, time-outs, a closing that waits) is the server's
matter here.

    uvicorn --factory trunkline.server.asgi:create_app

Inside another application its life has to be that application's, because a mount gets no lifespan of its own:

    gateway = create_app(Path("litellm-config.yaml"))

    @asynccontextmanager
    async def lifespan(app):
        async with gateway:
            yield

    app = FastAPI(lifespan=lifespan)
    app.mount("/llm", gateway)
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote

from trunkline.access import Refusal, refusal
from trunkline.config import load
from trunkline.config.dotenv import overlay
from trunkline.config.problems import ConfigError
from trunkline.pipeline.call import Call
from trunkline.pipeline.surface import Sink
from trunkline.server import exposure, head
from trunkline.server.app import App, Receive, Scope, Send
from trunkline.server.app import create_app as create_rest
from trunkline.server.asgi_sink import HIGH_WATER, AsgiSink, client_of, converse, refuse, whole_body
from trunkline.server.gateway import LiveGateway, new_worker_id
from trunkline.server.noticed import NoticedSink
from trunkline.server.shipping import Shipping
from trunkline.surfaces import routes
from trunkline.telemetry import share
from trunkline.telemetry.logs import CallLog, level_from
from trunkline.telemetry.redact import known_secrets
from trunkline.telemetry.stats import Stats
from trunkline.telemetry.writer import LineWriter

CONFIG_FILE: Final = "litellm-config.yaml"
__all__ = ["HIGH_WATER", "AsgiGateway", "AsgiSink", "create_app"]


class AsgiGateway:
    """The application. It serves between `start` and `stop`: the server's lifespan, or `async with`."""

    def __init__(self, config: Path | None = None, environ: Mapping[str, str] | None = None) -> None:
        self._config = config
        self._environ = environ
        self._running: _Running | None = None

    async def start(self) -> None:
        """Read the configuration and open the ledger.

        Raises:
            ConfigError: the configuration cannot be used; its text says why.
        """
        if self._running is None:
            environ = overlay(Path(".env"), os.environ) if self._environ is None else dict(self._environ)
            config = self._config or Path(environ.get("CONFIG_FILE_PATH") or CONFIG_FILE)
            self._running = _Running(config, environ, base=os.environ if self._environ is None else self._environ)

    async def stop(self) -> None:
        """Finish the calls that run, write the ledger, let go of everything."""
        running, self._running = self._running, None
        if running is not None:
            await running.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI 3."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if self._running is None:
            raise RuntimeError(
                "the gateway is not started: run the server with its lifespan on, or, where the gateway is mounted,"
                " write `async with gateway:` into the lifespan of your own application"
            )
        await self._running.serve(_unmounted(scope), receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self.start()
                except (ConfigError, OSError) as error:
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    return
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return


class _Running:
    """One life of the application: a worker, its shipper, and their tasks."""

    def __init__(self, config: Path, environ: Mapping[str, str], base: Mapping[str, str]) -> None:
        """`base`: the environment without `.env`, which a reload reads anew."""
        from trunkline.server.run import database_url

        snapshot = load(config, environ)
        data = Path(environ.get("TRUNKLINE_DATA") or "data")
        (data / "journal").mkdir(parents=True, exist_ok=True, mode=0o700)
        loop = asyncio.get_running_loop()
        stats, writer = Stats(), LineWriter()
        writer.redact.update(known_secrets(snapshot))
        self._log = CallLog(stats, writer, level=level_from(environ), per_second=snapshot.log_calls_per_second)
        self.gateway = LiveGateway(
            snapshot=snapshot, config=config, base=dict(base), data=data, worker_id=new_worker_id(), loop=loop,
            log=self._log, stats=stats, on_secrets=lambda changed: writer.redact.update(known_secrets(changed)),
        )  # fmt: skip
        self._shipping = Shipping(data, database_url(snapshot, data), environ, base)
        self._shipping.ensure()
        self._log.start()
        self.gateway.start()
        self._rest: App = create_rest(self.gateway)
        self._tasks = [loop.create_task(share.publish(self.gateway)), loop.create_task(self._keep())]

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            self._shipping.ensure()

    async def stop(self) -> None:
        """The order of the worker: calls first, then the ledger, then its shipper."""
        gateway = self.gateway
        gateway.draining = gateway.closing = True
        await gateway.finish_calls(gateway.limits.shutdown_seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await gateway.close()
        await asyncio.to_thread(self._log.close, 1.0)
        await asyncio.to_thread(self._shipping.stop)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        if self._is_exposed(scope):
            await refuse(send, _EXPOSED)
            return
        matched = routes.match(scope["raw_path"], scope.get("query_string", b"")) if scope["method"] == "POST" else None
        if matched is None:
            await self._rest(scope, receive, send)
            return
        headers = [(bytes(name).lower(), bytes(value)) for name, value in scope["headers"]]
        found = head.arrival(
            self.gateway.worker.state, *matched, headers, scope.get("query_string", b""), keep_alive=True, http10=False
        )
        if isinstance(found, Refusal):
            self.gateway.count_refusal(found.status)
            await refuse(send, found)
            return
        body = await whole_body(receive, self.gateway.limits.body_bytes)
        if body is None:
            return
        if isinstance(body, Refusal):
            self.gateway.count_refusal(body.status)
            await refuse(send, body)
            return
        sink = AsgiSink(client_of(scope))
        told: Sink = NoticedSink(sink, found.notice) if found.notice else sink
        call = sink.call = Call(self.gateway.worker, told, found, body)
        try:
            call.begin()
        except Exception:  # noqa: BLE001 - a fault of our own must end in an answer and a row
            call.crashed()
        await converse(call, sink, receive, send)

    def _is_exposed(self, scope: Scope) -> bool:
        """A key that is good for loopback only, and a caller from elsewhere (the listener is not ours to refuse)."""
        client = client_of(scope)
        if not client or exposure.is_loopback(client):
            return False
        return exposure.trouble(self.gateway.snapshot, client) is not None


def _unmounted(scope: Scope) -> Scope:
    """The scope with the path that is ours: without the place where we are mounted, and with its raw form."""
    raw = scope.get("raw_path") or quote(scope["path"], safe="/:@!$&'()*+,;=~%-._").encode()
    mount = scope.get("root_path", "").rstrip("/")
    path = scope["path"]
    if mount and path.startswith(f"{mount}/"):
        path = path[len(mount) :]
        prefix = quote(mount).encode()
        raw = raw[len(prefix) :] if raw.startswith(prefix) else quote(path).encode()
    return {**scope, "path": path, "raw_path": raw.partition(b"?")[0]}


def create_app(config: Path | None = None, environ: Mapping[str, str] | None = None) -> AsgiGateway:
    """The gateway as an ASGI application.

    `config` defaults to `CONFIG_FILE_PATH`, else `litellm-config.yaml` in the working folder; `environ` to the
    process's environment over `.env`.
    """
    return AsgiGateway(config, environ)


_EXPOSED: Final = refusal(
    403,
    "The gateway has no master key of its own, so that only this machine may call it: set LITELLM_MASTER_KEY.",
    "auth_error",
)
