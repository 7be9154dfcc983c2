"""A pass-through call: recorded like any other, but nothing is tried again and nothing is changed."""

from __future__ import annotations

from typing import Final, Protocol

import trunkline
from trunkline.config.snapshot import Deployment, Timeouts
from trunkline.ir import NO_USAGE, Secret, Usage
from trunkline.pipeline import finish
from trunkline.pipeline.call import NO_ROOM, Call
from trunkline.pipeline.failures import Trouble, from_failure, malformed, named
from trunkline.pipeline.finish import ESTIMATED, NONE, PROVIDER
from trunkline.pipeline.heads import header_value, host_header
from trunkline.pipeline.pass_way import Passed, PassRelay, PassWay, is_streamed
from trunkline.pipeline.request import Edit
from trunkline.pipeline.state import MIN_SECRET, Prepared, State
from trunkline.pipeline.surface import Arrival, Sink
from trunkline.pipeline.worker import Worker
from trunkline.profiles.price import Price, Rates
from trunkline.profiles.rates import make_price
from trunkline.providers.target import Target
from trunkline.telemetry.stats import DeploymentStats
from trunkline.upstream import Headers, Kind, Origin, UpstreamFailure

CALL_TYPE: Final = "pass_through_endpoint"
"""LiteLLM's name for it in its logs."""
UNKNOWN: Final = "unknown"
"""LiteLLM's model where a call names none."""
BYTES_PER_TOKEN: Final = 5
"""Of an answer's JSON, where the provider does not say how much it was."""
_FREE_PRICE: Final = make_price(Rates(input=0, output=0), (), "config:free")
_NO_EDIT: Final = Edit(
    model=b"", defaults={}, drop=frozenset(), silent=frozenset(), rename={}, stream_options=False, structural=False
)


class Cuttable(Sink, Protocol):
    """A sink that can also end an answer so that the client sees it broken."""

    def cut(self) -> None:
        """End the answer before its end: the connection closes."""


class _Cut:
    """Ends a broken answer that has no way to say so, by closing the connection."""

    blocked = False

    def __init__(self, sink: Cuttable) -> None:
        self._sink = sink
        self.client_ip = sink.client_ip

    def answer(self, status: int, block: bytes, body: bytes) -> None:
        """An answer has begun already."""
        self._sink.answer(status, block, body)

    def start(self, status: int, block: bytes) -> None:
        """An answer has begun already."""
        self._sink.start(status, block)

    def write(self, data: bytes) -> None:
        """No bytes of ours go into somebody's file."""

    def end(self, data: bytes) -> None:
        """The answer is not whole."""
        del data
        self._sink.cut()

    def chunk_writer(self) -> None:
        """Nothing more is sent."""


class PassCall(Call):
    """One call whose bytes pass."""

    __slots__ = ("_cuttable", "_passed", "_provider", "_target")

    def __init__(
        self, worker: Worker, sink: Cuttable, arrival: Arrival, body: bytes, *, passed: Passed, provider: str,
        target: Target,
    ) -> None:  # fmt: skip
        super().__init__(worker, sink, arrival, body)
        self._cuttable = sink
        self._passed = passed
        self._provider = provider
        self._target = target

    def begin(self, chosen: object = None) -> None:
        """Send the request, its intent first."""
        del chosen
        worker, state, asked = self.worker, self.state, self._passed.asked
        worker.active.add(self)
        worker.stats.in_flight += 1
        if (worker.journal.full or worker.spool_full) and not state.snapshot.ledger.serve_unmetered:
            worker.stats.refused_unmetered += 1
            self.refuse(NO_ROOM)
            return
        self.end_user, self.stream = asked.user, asked.stream
        self.model_group = asked.model or UNKNOWN
        self.prepared = prepared = self._prepare()
        self.plan, self.position = (prepared.deployment,), 0
        total = (self.arrival.stream_timeout if self.stream else None) or self.arrival.timeout
        self.total_deadline = self.deadline = self.started + (total or prepared.timeouts.total)
        self.attempt()

    def _prepare(self) -> Prepared:
        state, target, asked, meter = self.state, self._target, self._passed.asked, self._passed.meter
        like = _like(state, self._provider, asked.model)
        deployment = Deployment(
            id=f"{CALL_TYPE}/{self._provider}",
            group=self.model_group,
            provider=self._provider,
            model=self.model_group,
            litellm_model=f"{self._provider}/{self.model_group}",
            target=target,
            timeouts=like.timeouts if like is not None else Timeouts(),
        )
        host, path = host_header(target), self._passed.path
        return Prepared(
            deployment=deployment,
            head=b"",
            edit=_NO_EDIT,
            timeouts=deployment.timeouts,
            stats=_stats(state, deployment.id, countable=meter.metered and self.body[:1] == b"{"),
            dialect="",
            done_marker=False,
            answer_block=b"x-litellm-model-id: %b\r\nx-litellm-model-api-base: %b\r\nx-litellm-version: %b\r\n"
            % (header_value(deployment.id), header_value(target.base_url), trunkline.__version__.encode()),
            api_base=target.base_url,
            price=self._price(like, deployment),
            secrets=_secrets(target),
            pool=state.pools.of(Origin(target.scheme, target.host, target.port)),
            way=PassWay(self._passed, target),
            authorizer=target.authorizer,
            path=path,
            stream_path=path,
            host=host,
            same_format=False,
            native_headers=True,
        )

    def _price(self, like: Deployment | None, deployment: Deployment) -> Price | None:
        if self._passed.meter.free:
            return _FREE_PRICE
        if deployment.model == UNKNOWN:
            return None
        if like is not None and like.model == deployment.model and like.price is not None:
            return like.price
        return self.state.find_price(deployment)

    # What the provider does.

    def on_head(self, status: int, headers: Headers) -> None:
        self.status, self.headers, self.request = status, headers, b""
        if headers.get(b"content-encoding", b"identity").lower() not in (b"identity", b""):
            self._drop_connection()
            self.on_failure(UpstreamFailure(Kind.PROTOCOL, "the provider's answer is compressed, unasked"))
        elif status < 300 and self._passed.rewrite is None and is_streamed(headers, asked=self.stream):
            carried = self.carried
            assert carried is not None
            assert self.prepared.way is not None
            self.relay = self.prepared.way.relay(self, carried)
        else:
            self.chunks = []

    def on_end(self) -> None:
        if self.relay is None:
            super().on_end()
            return
        self.connection = None
        if self.over:
            return
        last = self.relay.close(needs_marker=False) or b""
        now = self.answered = self.worker.time()
        if not self.head_sent:
            self.start_stream(now)
        finish.stream_done(self, last, self.status)

    def start_stream(self, now: float) -> None:
        """Begin the answer, with the provider's status and length."""
        self.head_sent = True
        self.first_byte_us = int((now - self.started) * 1e6)
        self.prepared.stats.first_token.add(now - self.launched)
        block, length = finish.stream_block(self), self.headers.get(b"content-length")
        if length is not None and length.isdigit():
            block += b"content-length: %b\r\n" % length
        self.sink.start(self.status, block)

    def _whole_answer(self, body: bytes) -> None:
        passed = self._passed
        reading = passed.meter.whole(self.headers, body)
        self.provider_model, self.provider_id = reading.model, reading.provider_id
        self.finish_reason = reading.finish_reason
        usage, source = reading.usage, PROVIDER
        if usage is None:
            usage, source = Usage(self.estimated_input, len(body) // BYTES_PER_TOKEN), ESTIMATED
        elif usage is NO_USAGE:
            source = NONE
        if passed.rewrite is not None:
            body = passed.rewrite(body)
        finish.answered(self, body, usage, source)

    def _bad_status(self, body: bytes) -> None:
        provider, status = self._provider, self.status
        if status < 400 and status != 304:
            self.failed(malformed(provider, status, f"the provider redirects ({status}); that is not followed"))
            return
        message, kind = named(status, provider, f"the provider answered {status}")
        trouble = Trouble("upstream_error", status, status, message, kind, same_place=False, other_place=False)
        finish.attempt_failed(self, trouble)
        finish.failed_as_is(self, trouble, self.prepared.censored(body))

    def failed(self, trouble: Trouble) -> None:
        """The attempt failed, and it was the only one: sending the bytes again is the client's business."""
        finish.attempt_failed(self, trouble)
        if self.head_sent:
            self._may_cut()
            finish.stream_failed(self, trouble, b"")
        else:
            finish.failed(self, trouble)

    def on_failure(self, failure: UpstreamFailure) -> None:
        self.connection = None
        if not self.over:
            self.answered = self.worker.time()
            self.failed(from_failure(failure, self._provider))

    # What ends it otherwise.

    def stop(self) -> None:
        self._may_cut()
        super().stop()

    def crashed(self) -> None:
        self._may_cut()
        super().crashed()

    def _may_cut(self) -> None:
        """An error event has no place in a file that is half sent."""
        if self.head_sent and not self.over and isinstance(self.relay, PassRelay) and self.relay.raw:
            self.sink = _Cut(self._cuttable)


def _like(state: State, provider: str, model: str) -> Deployment | None:
    """The configured deployment most like a call: its time-outs hold, and its price where it is the same model."""
    found = [d for d in state.snapshot.deployments if d.provider == provider]
    return next((d for d in found if d.model == model or d.group == model), None) or next(
        iter(found or state.snapshot.deployments), None
    )


def _stats(state: State, deployment_id: str, *, countable: bool) -> DeploymentStats:
    """Counts apart from those of any deployment, so that nothing here cools one down."""
    if countable:
        return state.stats.deployment(deployment_id)
    stats = state.stats.deployment(f"{deployment_id}/uncounted")
    stats.tokens_per_byte = stats.typical_output = 0.0  # bytes of files say nothing of tokens
    return stats


def _secrets(target: Target) -> tuple[bytes, ...]:
    found = [value.reveal().removeprefix("Bearer ").strip() for _, value in target.headers if isinstance(value, Secret)]
    return tuple(text.encode("latin-1", "replace") for text in found if len(text) >= MIN_SECRET)
