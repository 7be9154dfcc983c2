"""Connections to one origin: kept alive, lent last-in first-out, made on demand."""

from __future__ import annotations

import asyncio
import ssl
from typing import Final

from trunkline.upstream.connect import ConnectError, Origin, connect
from trunkline.upstream.connection import Connection, Exchange
from trunkline.upstream.failure import UpstreamFailure

IDLE_SECONDS: Final = 45.0
"""Idle connections are closed after this: most hosts close theirs at 60 s, and ours should be first."""
LINGER_SECONDS: Final = 1.0
RESEND_CONNECT_SECONDS: Final = 5.0
MAX_IDLE: Final = 512


class Pool:
    """All connections of this worker to one origin.

    `resend` gives a request a second, silent chance when a kept connection died before a single byte of its answer
    came: the usual race between our request and the provider's idle close.
    """

    def __init__(self, origin: Origin, context: ssl.SSLContext | None, loop: asyncio.AbstractEventLoop) -> None:
        self.origin = origin
        self._context = context
        self._loop = loop
        self._idle: list[Connection] = []
        self._lingering: dict[Connection, float] = {}
        self._dialling: dict[Exchange, asyncio.Task[None]] = {}
        self.open = 0

    def start(self, exchange: Exchange, connect_seconds: float) -> None:
        """Send the exchange's request on a kept connection, or on a new one once it stands."""
        idle = self._idle
        while idle:
            connection = idle.pop()
            if not connection.transport.is_closing():
                connection.send(exchange)
                return
        self._dial(exchange, connect_seconds)

    def resend(self, exchange: Exchange) -> bool:
        """Send the request once more, on a new connection; tell whether it is still there to be sent."""
        if not exchange.request:
            return False
        self._dial(exchange, RESEND_CONNECT_SECONDS)
        return True

    def give_up(self, exchange: Exchange) -> None:
        """The exchange no longer wants the connection that is being made for it."""
        task = self._dialling.pop(exchange, None)
        if task is not None:
            task.cancel()

    def release(self, connection: Connection, *, keep: bool) -> None:
        """A connection has served a whole answer."""
        lingering = bool(self._lingering) and self._lingering.pop(connection, None) is not None
        if connection.served == 1 and self._context is not None:
            self._keep_session(connection)
        if keep and (lingering or not connection.transport.is_closing()) and len(self._idle) < MAX_IDLE:
            connection.idle_since = self._loop.time()
            self._idle.append(connection)
        else:
            connection.transport.close()

    def linger(self, connection: Connection) -> None:
        """Wait a moment for the end of an answer that nobody needs any more."""
        self._lingering[connection] = self._loop.time() + LINGER_SECONDS

    def forget(self, connection: Connection) -> None:
        """A connection is gone."""
        self.open -= 1
        self._lingering.pop(connection, None)
        if connection in self._idle:
            self._idle.remove(connection)

    def sweep(self, now: float) -> None:
        """Close what has idled or lingered too long. Called about once a second."""
        stale = [c for c in self._idle if now - c.idle_since > IDLE_SECONDS]
        for connection in stale:
            self._idle.remove(connection)
            connection.transport.close()
        for connection in [c for c, until in self._lingering.items() if until <= now]:
            connection.transport.abort()

    def close(self) -> None:
        """Close every idle connection and stop dialling."""
        for connection in self._idle:
            connection.transport.close()
        for task in list(self._dialling.values()):
            task.cancel()
        self._idle.clear()

    def _keep_session(self, connection: Connection) -> None:
        # TLS 1.3 sends its tickets after the handshake, so the session is complete only once an answer came.
        context, shaken = self._context, connection.transport.get_extra_info("ssl_object")
        remember = getattr(context, "remember", None)
        if remember is not None and shaken is not None:
            remember(self.origin.host, getattr(shaken, "session", None))

    def _dial(self, exchange: Exchange, seconds: float) -> None:
        self._dialling[exchange] = self._loop.create_task(self._connect(exchange, seconds))

    async def _connect(self, exchange: Exchange, seconds: float) -> None:
        try:
            connection = await connect(self.origin, self._context, lambda: Connection(self), seconds, self._loop)
        except ConnectError as error:
            if self._dialling.pop(exchange, None) is not None:
                exchange.on_failure(UpstreamFailure(error.kind, error.text))
            return
        self.open += 1
        if self._dialling.pop(exchange, None) is None:
            self.release(connection, keep=True)
            return
        connection.send(exchange)
        exchange.on_sent()


class Pools:
    """The pools of a worker, by origin."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._pools: dict[Origin, Pool] = {}
        self._context: ssl.SSLContext | None = None

    def of(self, origin: Origin) -> Pool:
        """The pool of an origin, made on first use."""
        pool = self._pools.get(origin)
        if pool is None:
            context = self._tls() if origin.scheme == "https" else None
            pool = self._pools[origin] = Pool(origin, context, self._loop)
        return pool

    def sweep(self, now: float) -> None:
        """Close what idles too long."""
        for pool in self._pools.values():
            pool.sweep(now)

    def close(self) -> None:
        """Close all idle connections."""
        for pool in self._pools.values():
            pool.close()

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            from trunkline.upstream.tls import client_context

            self._context = client_context()
        return self._context
