"""A provider that makes answers as jobs: create, look again until it is finished, and stop it when nobody waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never
from urllib.parse import urlsplit

from trunkline.config.snapshot import Deployment
from trunkline.ir import Endpoint
from trunkline.ir.answer import Answer
from trunkline.ir.failure import Failure, FailureKind
from trunkline.ir.fold import unfold
from trunkline.ir.losses import BadShape, Losses
from trunkline.pipeline.codec_relay import Restreamed, Translating
from trunkline.pipeline.heads import request_head
from trunkline.pipeline.request import Sent
from trunkline.pipeline.translate import Translation, echoed
from trunkline.pipeline.way import Again, Carried, Refused, Whole
from trunkline.upstream import Connection, Headers, UpstreamFailure
from trunkline.wire.replicate.job import Broken, Done, Follow, Job, Send, Wait

if TYPE_CHECKING:
    from trunkline.pipeline.call import Call


class JobWay(Translation):
    """Any client's format to predictions."""

    __slots__ = ()

    def request(self, call: Call, carried: Carried) -> Sent:
        """The request that creates the prediction."""
        losses = Losses()
        members = self.checked(call, carried, losses)
        try:
            job = Job(_base(self.deployment), self.deployment.model, members)
        except BadShape as error:
            failure = Failure(kind=FailureKind.INVALID_REQUEST, status=400, message=str(error), param=error.path)
            raise Refused(failure) from None
        carried.job = job
        first = job.next()
        assert isinstance(first, Send)
        carried.head = _head(self.deployment, first)
        return Sent(first.body, losses=tuple(f"{loss.path} ({loss.reason})" for loss in losses.found))

    def whole(
        self, call: Call, carried: Carried, status: int, headers: Headers, body: bytes
    ) -> Whole | Again | Failure:
        """The client's answer, or the next look."""
        del headers
        job = carried.job
        assert job is not None
        job.received(status, body)
        found = next_look(self.deployment, job)
        call.status = 200  # a creation is answered with 201, which says nothing to a client of another format
        return self.written(call, carried, found) if isinstance(found, Answer) else found

    def restream(self, call: Call, carried: Carried, whole: bytes) -> Restreamed | None:
        """The finished answer as the stream that was asked for."""
        del whole
        step = carried.job.next() if carried.job is not None else None
        if not isinstance(step, Done):
            return None
        encoder = self.client_encoder(call, carried)
        return Restreamed(self.provider_decoder(), encoder, list(unfold(step.answer)), echo=echoed(call))

    def relay(self, call: Call, carried: Carried) -> Translating:
        """Jobs have no stream of their own here."""
        del call, carried
        raise AssertionError("`stream_type` is empty")


def next_look(deployment: Deployment, job: Job) -> Answer | Again | Failure:
    """What comes next of a job whose last answer was taken."""
    pause = 0.0
    while True:
        step = job.next()
        match step:
            case Done():
                return step.answer
            case Broken():
                return step.failure
            case Wait():
                pause = step.seconds
            case Send():
                return Again(request=_head(deployment, step) + b"0\r\n\r\n", wait_seconds=pause)
            case Follow():
                raise AssertionError("streams were not asked for")
            case _:
                assert_never(step)


def stop(call: Call, job: Job) -> None:
    """Nobody waits any more: stop the prediction, which would go on and cost."""
    last = job.cancel()
    pool = call.prepared.pool
    if last is not None and pool is not None:
        errand = Errand(_head(call.prepared.deployment, last) + b"0\r\n\r\n")
        pool.start(errand, call.prepared.timeouts.connect)


class Errand:
    """A request whose answer nobody reads."""

    def __init__(self, request: bytes) -> None:
        self.connection: Connection | None = None
        self.request = request

    def on_sent(self) -> None:
        """On its way."""

    def on_whole(self, status: int, headers: Headers, body: bytes) -> None:
        """Answered."""

    def on_head(self, status: int, headers: Headers) -> None:
        """Answered."""

    def on_data(self, data: bytes) -> None:
        """Answered."""

    def on_end(self) -> None:
        """Answered."""

    def on_failure(self, failure: UpstreamFailure) -> None:
        """The prediction runs on; there is nobody left to tell."""


def _base(deployment: Deployment) -> str:
    target = deployment.target
    assert target is not None
    path = target.paths[Endpoint.PREDICTIONS].partition("/models/")[0].partition("/{model}")[0]
    return target.base_url + path.removesuffix("/predictions")


def _head(deployment: Deployment, step: Send) -> bytes:
    parts = urlsplit(step.url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return request_head(deployment, path, accept="application/json", method=step.method)
