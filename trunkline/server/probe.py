"""A probe: one small real call to one deployment, asked for by somebody with a key."""

from __future__ import annotations

import asyncio
import time
from typing import Final

import msgspec

from trunkline.admin.gateway import ProbeResult
from trunkline.config.snapshot import Deployment
from trunkline.ir import Endpoint
from trunkline.pipeline.call import Call
from trunkline.pipeline.surface import Arrival
from trunkline.pipeline.worker import Worker
from trunkline.routing.plan import Group
from trunkline.surfaces import operations

PROBE_SECONDS = 30.0
_BODIES: Final[dict[Endpoint, dict[str, object]]] = {
    Endpoint.CHAT: {"messages": [{"role": "user", "content": "ping"}], "max_tokens": 5},
    Endpoint.COMPLETIONS: {"prompt": "ping", "max_tokens": 5},
    Endpoint.EMBEDDINGS: {"input": "ping"},
}


class ProbeSink:
    """Takes the answer of a probe."""

    client_ip = ""
    blocked = False

    def __init__(self) -> None:
        self.done: asyncio.Future[tuple[int, bytes]] = asyncio.get_running_loop().create_future()

    def answer(self, status: int, block: bytes, body: bytes) -> None:  # noqa: ARG002 - a Sink's signature
        """Keep the whole answer."""
        if not self.done.done():
            self.done.set_result((status, body))

    def start(self, status: int, block: bytes) -> None:
        """Probes are not streamed."""

    def write(self, data: bytes) -> None:
        """Probes are not streamed."""

    def end(self, data: bytes) -> None:
        """Probes are not streamed."""

    def chunk_writer(self) -> None:
        """Probes are not streamed."""


async def probe(worker: Worker, deployment: Deployment) -> ProbeResult:
    """Call one deployment and no other; the call is recorded and priced like any."""
    surface = operations.EMBEDDINGS if deployment.mode == "embedding" else operations.CHAT
    if deployment.mode == "completion":
        surface = operations.COMPLETIONS
    began = time.monotonic()
    if deployment.unavailable is not None or worker.state.prepare(deployment, surface) is None:
        return ProbeResult(
            ok=False, status=0, seconds=0.0, error=deployment.unavailable or "the operation is not offered"
        )
    body = msgspec.json.encode({"model": deployment.group, **_BODIES[surface.endpoint]})
    arrival = Arrival(
        surface=surface,
        key_hash="",
        path_model=deployment.group,
        user_agent="probe",
        timeout=PROBE_SECONDS,
        num_retries=0,
    )
    sink = ProbeSink()
    call = Call(worker, sink, arrival, body)
    call.begin(Group(deployment.group, (deployment,)))
    status, answer = await sink.done
    error = "" if status == 200 else _message(answer)
    return ProbeResult(ok=status == 200, status=status, seconds=time.monotonic() - began, error=error)


def _message(body: bytes) -> str:
    try:
        return str(msgspec.json.decode(body)["error"]["message"])[:300]
    except (msgspec.DecodeError, KeyError, TypeError):
        return "no error message"
