"""Asks a deployment about a response that it made: its state, to cancel it, to delete it. Not for calls to models."""

from __future__ import annotations

import asyncio
from typing import Final

from trunkline.config.snapshot import Deployment
from trunkline.ir import Endpoint
from trunkline.pipeline.heads import host_header, in_path, request_head
from trunkline.pipeline.worker import Worker
from trunkline.providers.settings import UnavailableError
from trunkline.upstream import Connection, Headers, Kind, Origin, UpstreamFailure

SECONDS: Final = 30.0
MAX_BYTES: Final = 64 * 1024 * 1024


class OwnerGone(Exception):
    """The deployment cannot be asked; the text says why and is fit for the client."""


class _Question:
    """One request without a body, and its whole answer (an `Exchange`)."""

    def __init__(self, loop: asyncio.AbstractEventLoop, request: bytes) -> None:
        self.connection: Connection | None = None
        self.request = request
        self.done: asyncio.Future[tuple[int, bytes]] = loop.create_future()
        self._status = 0
        self._pieces: list[bytes] = []
        self._size = 0

    def on_sent(self) -> None:
        """It is on its way."""

    def on_whole(self, status: int, headers: Headers, body: bytes) -> None:
        """The whole answer."""
        self.on_head(status, headers)
        self.on_data(body)
        self.on_end()

    def on_head(self, status: int, headers: Headers) -> None:
        """Status and headers."""
        del headers
        self.request = b""
        self._status = status

    def on_data(self, data: bytes) -> None:
        """A piece of the body."""
        self._pieces.append(data)
        self._size += len(data)
        if self._size > MAX_BYTES:
            self.give_up()
            self.on_failure(UpstreamFailure(Kind.TOO_LARGE, f"the provider's answer passed {MAX_BYTES} bytes"))

    def on_end(self) -> None:
        """The answer is whole."""
        self.connection = None
        if not self.done.done():
            self.done.set_result((self._status, b"".join(self._pieces)))

    def on_failure(self, failure: UpstreamFailure) -> None:
        """There will be none."""
        self.connection = None
        if not self.done.done():
            self.done.set_exception(OwnerGone(failure.text))

    def give_up(self) -> None:
        """Wait no longer."""
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.cancel()


def find(worker: Worker, deployment_id: str) -> Deployment | None:
    """The deployment by its id, where it is still configured and has stored responses."""
    for one in worker.state.snapshot.deployments:
        if one.id == deployment_id and one.target is not None and Endpoint.RESPONSES in one.target.paths:
            return one
    return None


async def ask(worker: Worker, deployment: Deployment, method: str, tail: str) -> tuple[int, bytes]:
    """Status and body of `method` on `tail` (`/resp_123/cancel`) below the deployment's path of responses.

    Raises:
        OwnerGone: it could not be asked.
    """
    target = deployment.target
    assert target is not None
    path, mark, query = target.paths[Endpoint.RESPONSES].partition("?")
    path = f"{path}{tail}{mark}{query}"
    head = request_head(deployment, path, method=method)
    if target.authorizer is not None:
        where = (method, host_header(target), in_path(path, deployment.model), b"")
        found = target.authorizer.headers(*where)
        if found is None:
            try:
                await target.authorizer.refresh()
            except UnavailableError as error:
                raise OwnerGone(str(error)) from None
            found = target.authorizer.headers(*where) or ()
        lines = "".join(f"{name}: {value}\r\n" for name, value in found).encode("latin-1", "replace")
        head = head.removesuffix(b"content-length: ") + lines + b"content-length: "
    question = _Question(worker.loop, head + b"0\r\n\r\n")
    pool = worker.state.pools.of(Origin(target.scheme, target.host, target.port))
    pool.start(question, deployment.timeouts.connect)
    try:
        async with asyncio.timeout(SECONDS):
            return await question.done
    except TimeoutError:
        raise OwnerGone("no answer within the time allowed") from None
    finally:
        pool.give_up(question)
        question.give_up()
