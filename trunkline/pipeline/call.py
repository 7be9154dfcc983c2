"""One call, from the client's body to the ledger row: attempt by attempt.

A `Call` is the `Exchange` that its upstream connection pushes into. There is no task per call: everything runs in
callbacks of the event loop, and only what must wait (dialling, starting the embedded model) is a task.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Sequence
from typing import Final
from zlib import crc32

from msgspec import UNSET

from trunkline.access import Refusal, refusal
from trunkline.config.snapshot import Deployment
from trunkline.ledger.journal import pack_head
from trunkline.ledger.record import INTENT, INTENT_CRC, Attempt, Intent
from trunkline.pipeline import counting, finish, lane, steps
from trunkline.pipeline.failures import Trouble, from_answer, from_failure, malformed
from trunkline.pipeline.finish import ESTIMATED, PROVIDER
from trunkline.pipeline.relay import Relay, echo_model
from trunkline.pipeline.request import NOT_READABLE, Asked, decode_asked, number, prepare, swap_model, why_not
from trunkline.pipeline.state import Prepared
from trunkline.pipeline.surface import Arrival, Sink
from trunkline.pipeline.voice import failure_of
from trunkline.pipeline.way import Carried, StreamRelay
from trunkline.pipeline.worker import Worker
from trunkline.routing.cooldown import cool, retry_after_seconds
from trunkline.routing.plan import Group
from trunkline.upstream import Connection, Headers, Kind, UpstreamFailure
from trunkline.wire.openai_chat.usage import parse_answer
from trunkline.wire.sse import EventTooLong

_log = logging.getLogger(__name__)
OURS: Final = b"tlk"
"""In everything that the gateway itself put into a conversation (looked for with `find`: `in` is ten times as dear)."""
NEVER: Final = float("inf")
MAX_ERROR_BYTES: Final = 64 * 1024
"""Of a provider's error body no more is read (reliability U16: a 100 MB body)."""
MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024
MAX_ATTEMPTS: Final = 10
BACKOFF_SECONDS: Final = 0.5
MAX_BACKOFF_SECONDS: Final = 8.0


class Call:
    """The state of one call.

    Slots: reading one costs a third of reading a class attribute through an instance, and the hot path reads a hundred.
    """

    __slots__ = (
        "answered", "arrival", "asked", "attempt_started_us", "attempts", "body", "carried", "chunks", "connection",
        "deadline", "earlier", "end_user", "estimated_input", "fallbacks", "fell_back", "finish_reason",
        "first_byte_us", "gone", "head_sent", "headers", "id", "intent", "launched", "losses", "model_group", "over",
        "own_retries", "plan", "position", "prepared", "provider_id", "provider_model", "relay", "request", "retries",
        "retry_timer", "sent_bytes", "sink", "size", "started", "started_us", "state", "status", "stream", "task",
        "total_deadline", "usage_added", "waiting", "was_sent", "worker",
    )  # fmt: skip

    prepared: Prepared
    """Set with the first attempt; `attempts` says whether there was one."""

    def __init__(self, worker: Worker, sink: Sink, arrival: Arrival, body: bytes) -> None:
        self.worker = worker
        self.sink = sink
        self.arrival = arrival
        self.body = body
        self.state = worker.state
        self.started = self.launched = self.answered = worker.time()
        self.started_us = now = time.time_ns() // 1000
        self.id = worker.ids.make(now)
        self.asked = _NOTHING
        self.model_group = self.end_user = self.provider_model = self.provider_id = self.finish_reason = ""
        self.stream = self.over = self.gone = self.head_sent = False
        self.usage_added = False
        """`stream_options.include_usage` was added on the way: its chunk is kept from the client."""
        self.waiting = False
        """Between two attempts."""
        self.was_sent = False
        """When the call was broken off, its request was on its way or answered: it may have cost something."""
        self.deadline = self.total_deadline = NEVER
        self.plan: Sequence[Deployment] = ()
        self.position = self.first_byte_us = -1
        self.attempts = self.attempt_started_us = self.estimated_input = self.status = self.size = self.sent_bytes = 0
        self.retries = self.fell_back = 0
        self.own_retries: float | None = None
        """`num_retries` of the body."""
        self.earlier: tuple[Attempt, ...] = ()
        self.losses: tuple[str, ...] = ()
        """Members of the request that were left out."""
        self.headers: Headers = _NO_HEADERS
        self.request = self.intent = b""
        self.chunks: list[bytes] | None = None
        self.relay: StreamRelay | None = None
        self.connection: Connection | None = None
        self.retry_timer: asyncio.TimerHandle | None = None
        self.task: asyncio.Task[None] | None = None
        self.fallbacks: list[Group] | None = None
        self.carried: Carried | None = None

    # From the body to the first attempt.

    def begin(self, chosen: Group | None = None) -> None:
        """Read the body, find the deployments, send to the first. `chosen`: a probe knows its deployment already."""
        worker, state, arrival = self.worker, self.state, self.arrival
        worker.active.add(self)
        worker.stats.in_flight += 1
        if (worker.journal.full or worker.spool_full) and not state.snapshot.ledger.serve_unmetered:
            worker.stats.refused_unmetered += 1
            self.refuse(NO_ROOM)
            return
        try:
            self.asked = asked = decode_asked(self.body)
        except NOT_READABLE as error:
            form = steps.read_form(self)
            if form is None:
                self.refuse(refusal(400, why_not(self.body, error), "invalid_request_error"))
                return
            self.asked = asked = form
        if asked.user is not None:
            self.end_user = asked.user[:256] if isinstance(asked.user, str) else ""
        surface = arrival.surface
        if asked.stream or surface.stream:
            self.stream = surface.streams
        model = arrival.path_model or asked.model
        if not model:
            self.refuse(_NO_MODEL_NAMED)
            return
        self.model_group = model
        group = chosen or state.routes.find(model)
        if group is None or not group.ready:
            self.refuse(finish.no_model(state, surface.route, model, group))
            return
        self.plan = plan = group.ready if len(group.ready) == 1 else state.routes.order(group, self.started)
        total = (arrival.stream_timeout if self.stream else None) or arrival.timeout or plan[0].timeouts.total
        if asked.timeout is not UNSET or asked.num_retries is not UNSET:
            total = number(asked.timeout, 0.001, 86400.0) or total
            self.own_retries = number(asked.num_retries, 0.0, float(MAX_ATTEMPTS))
        self.total_deadline = self.deadline = self.started + total
        prepared = state.prepared.get((plan[0], surface.route))
        if prepared is None:
            self.next_place()
            return
        self.position = 0
        self.prepared = prepared
        self.attempt()

    def refuse(self, why: Refusal) -> None:
        """End the call without an attempt."""
        finish.refused(self, why)

    def next_place(self) -> None:
        """Go on to the next deployment that offers the operation."""
        surface = self.arrival.surface
        while self.position + 1 < len(self.plan):
            self.position += 1
            prepared = self.state.prepare(self.plan[self.position], surface)
            if prepared is not None:
                self.prepared = prepared
                self.attempt()
                return
        if self.attempts == 0:
            if steps.count_here(self):
                return
            message = f"`{self.model_group}` does not offer {surface.route}: choose another model of `GET /v1/models`."
            self.refuse(refusal(400, message, "invalid_request_error", "model"))
            return
        raise AssertionError("no place left: `_try_on` looks before it comes here")

    def attempt(self) -> None:
        """Send the request to the present deployment, its intent first."""
        worker, prepared, asked, arrival = self.worker, self.prepared, self.asked, self.arrival
        body = None
        if prepared.same_format and (self.body.find(OURS) >= 0 or prepared.id_rule) and steps.must_read(self, prepared):
            # State of a provider that served an earlier turn, or ids that this one does not take: bytes may not pass.
            self.prepared = prepared = self.state.prepare(prepared.deployment, arrival.surface, anew=True) or prepared
        if prepared.way is not None:
            body = steps.make_body(self, prepared.way)
            if body is None:
                return
        self.attempts += 1
        began = self.started_us
        if self.attempts > 1:
            began = time.time_ns() // 1000
            self.status, self.chunks, self.relay, self.size = 0, None, None, 0
        self.attempt_started_us = began
        if body is None:
            edit = prepared.edit
            named = prepared.names.get(asked.model) or prepared.named_as(asked.model)
            if not self.stream and not edit.structural and asked.is_plain():
                body = swap_model(self.body, named, edit.model or named)
            if body is None:
                body, self.usage_added, self.losses = prepare(self.body, asked, named, edit, wants_usage=self.stream)
            self.request = b"%b%d\r\n\r\n%b" % (prepared.head, len(body), body)
        stats, price, deployment = prepared.stats, prepared.price, prepared.deployment
        self.sent_bytes = size = len(body)
        self.estimated_input = tokens_in = int(size * stats.tokens_per_byte)
        tokens_out, cost, version = int(stats.typical_output), 0, ""
        if price is not None:
            version, rates = price.version, price.base
            cost = rates.input * tokens_in + rates.output * tokens_out
            if not prepared.price_known:
                worker.know_price(price)
                prepared.price_known = True
        encode = worker.encode_record
        content = encode(
            Intent(
                self.id, began, arrival.surface.call_type, self.model_group, deployment.model, deployment.id,
                deployment.provider, prepared.api_base, self.stream, arrival.key_hash, self.end_user, self.attempts,
                tokens_in, tokens_out, cost, version,
            )
        )  # fmt: skip
        self.intent = framed = pack_head(len(content) + 1, crc32(content, INTENT_CRC), INTENT) + content
        stats.in_flight += 1
        stats.attempts += 1
        worker.turn.post(framed, self.launch)

    def launch(self) -> None:
        if self.over:
            return
        prepared = self.prepared
        self.launched = self.answered = now = self.worker.time()
        due = now + (self._first_byte_limit(prepared) if self.stream else prepared.timeouts.first_byte)
        self.deadline = due if due < self.total_deadline else self.total_deadline  # noqa: FURB136 - min() is a call
        pool = prepared.pool
        if pool is None:
            self.task = self.worker.loop.create_task(steps.launch_embedded(self))
            return
        if prepared.authorizer is not None and not steps.authorize(self, prepared.authorizer):
            return
        pool.start(self, prepared.timeouts.connect)

    # What the provider does (Exchange).

    def on_sent(self) -> None:
        self.deadline = min(self.total_deadline, self.worker.time() + self._first_byte_limit(self.prepared))

    def _first_byte_limit(self, prepared: Prepared) -> float:
        timeouts = prepared.timeouts
        return timeouts.stream_first_byte if self.stream and timeouts.stream_first_byte else timeouts.first_byte

    def on_whole(self, status: int, headers: Headers, body: bytes) -> None:
        if (self.stream and status == 200) or b"content-encoding" in headers:
            self.on_head(status, headers)
            self.on_data(body)
            self.on_end()
            return
        self.connection = None
        if self.over:
            return
        self.status = status
        self.headers = headers
        self.request = b""
        self.answered = self.worker.time()
        if status >= 300:
            self._bad_status(body[:MAX_ERROR_BYTES])
        else:
            self._whole_answer(body)

    def on_head(self, status: int, headers: Headers) -> None:
        self.status = status
        self.headers = headers
        self.request = b""
        if headers.get(b"content-encoding", b"identity").lower() not in (b"identity", b""):
            # Never asked for, and a few bytes of it can unfold to gigabytes (reliability U18).
            self._drop_connection()
            self.on_failure(UpstreamFailure(Kind.PROTOCOL, "the provider's answer is compressed, unasked"))
            return
        if status == 200 and self.stream:
            kind = headers.get(b"content-type", b"")
            if self.prepared.way is not None:
                self.relay = steps.open_relay(self, self.prepared.way, kind.lower())
                if self.relay is not None:
                    return
            elif kind[:17].lower() == b"text/event-stream":
                self.relay = Relay(
                    self.prepared.dialect,
                    hide_usage=self.usage_added,
                    echo=finish.echoed_name(self),
                )
                return
        self.chunks = []

    def on_data(self, data: bytes) -> None:
        relay = self.relay
        if relay is None:
            self._collect(data)
            return
        if self.over:
            return
        try:
            out = relay.feed(data)
        except EventTooLong as error:
            self._drop_connection()
            self.on_failure(UpstreamFailure(Kind.TOO_LARGE, str(error)))
            return
        now = self.worker.time()
        if relay.progressed:
            due = now + self.prepared.timeouts.idle
            self.deadline = due if due < self.total_deadline else self.total_deadline  # noqa: FURB136 - min() is a call
        if relay.error:
            self._error_event(relay, out)
            return
        if not self.head_sent:
            if not (relay.progressed or relay.done):
                return  # comments alone do not commit us: another deployment may still take over (U05, U10)
            self.start_stream(now)
        if relay.done:
            self.answered = now
            if self.connection is not None:
                self.connection.linger()
                self.connection = None
            finish.stream_done(self, out)
        elif out and not self.gone:
            self.sink.write(out)
            if self.sink.blocked:
                self.hold_back()
        lane.choose(self, data)

    def on_end(self) -> None:
        self.connection = None
        if self.over:
            return
        if self.relay is not None:
            last = self.relay.close(needs_marker=self.prepared.done_marker)
            if last is None:
                self.on_failure(UpstreamFailure(Kind.TRUNCATED, "the provider's stream ended without its end marker"))
                return
            if not self.head_sent:
                self.start_stream(self.worker.time())
            finish.stream_done(self, last)
            return
        self.answered = self.worker.time()
        chunks = self.chunks
        body = chunks[0] if chunks and len(chunks) == 1 else b"".join(chunks or ())
        if self.status >= 300:
            self._bad_status(body)
            return
        self._whole_answer(body)

    def on_failure(self, failure: UpstreamFailure) -> None:
        self.connection = None
        if self.over:
            return
        self.answered = self.worker.time()
        self.failed(from_failure(failure, self.prepared.deployment.provider))

    # What the client does.

    def client_gone(self) -> None:
        """The client hung up: free the upstream at once, or read on to the usage where the policy says so."""
        if self.over or self.gone:
            return
        self.gone = True
        lane.close(self.connection)
        if self.state.snapshot.ledger.on_client_gone == "drain" and self.status == 200 and self.attempts:
            return
        self.abandon("client_gone")

    def stop(self) -> None:
        """The gateway stops and waits no longer: an error in the client's format, and the row as it stands."""
        if self.over:
            return
        self._drop_connection()
        finish.stopped(self)

    def crashed(self) -> None:
        """A fault of our own: say so in the log, tell the client, keep the row. To be called from an `except`."""
        _log.exception("call %s failed inside the gateway", self.id)  # lint: hot-path (a fault of our own, once)
        if not self.over:
            self._drop_connection()
            finish.crashed(self)

    def abandon(self, outcome: str) -> None:
        """Stop the upstream and write the call down as it stands."""
        self._drop_connection()
        finish.abandoned(self, outcome)

    def hold_back(self) -> None:
        """The client reads slower than we write: the provider waits until `unblocked`."""
        if self.connection is not None:
            self.connection.pause()

    def unblocked(self) -> None:
        """The client reads again."""
        if self.connection is not None:
            self.connection.resume()
            self.deadline = min(self.total_deadline, self.worker.time() + self.prepared.timeouts.idle)

    def on_deadline(self, now: float) -> None:
        """A time-out is due."""
        timeouts = self.prepared.timeouts
        if self.waiting and self.retry_timer is None:
            # Something is being fetched or looked up; nothing has left for a provider.
            self._drop_connection()
            self.waiting = False
            steps.refuse(self, 408, f"the call took longer than its {self.total_deadline - self.started:g} s")
            return
        if now >= self.total_deadline:
            limit = self.total_deadline - self.started
            failure = UpstreamFailure(Kind.TOTAL_TIMEOUT, f"the call took longer than its {limit:g} s")
        elif self.sink.blocked:
            self.deadline = self.total_deadline  # the client holds the provider back; the edge ends dead ones
            return
        elif self.connection is not None and self.connection.write_paused:
            failure = UpstreamFailure(Kind.WRITE_TIMEOUT, "the provider does not take the request")
        elif self.head_sent or self.chunks:
            failure = UpstreamFailure(Kind.IDLE_TIMEOUT, f"the provider sent nothing for {timeouts.idle:g} s")
        else:
            failure = UpstreamFailure(Kind.FIRST_BYTE_TIMEOUT, "no answer within the time allowed for its first byte")
        self._drop_connection()
        self.on_failure(failure)

    # Between the two.

    def _collect(self, data: bytes) -> None:
        chunks = self.chunks
        if chunks is None:
            return
        chunks.append(data)
        self.size += len(data)
        if self.status >= 300:
            if self.size > MAX_ERROR_BYTES:
                self._drop_connection()
                self.on_end()
        elif self.size > MAX_ANSWER_BYTES:
            self._drop_connection()
            self.on_failure(UpstreamFailure(Kind.TOO_LARGE, f"the provider's answer passed {MAX_ANSWER_BYTES} bytes"))
        else:
            self.deadline = min(self.total_deadline, self.worker.time() + self.prepared.timeouts.idle)

    def start_stream(self, now: float) -> None:
        self.head_sent = True
        self.first_byte_us = int((now - self.started) * 1e6)
        self.prepared.stats.first_token.add(now - self.launched)
        self.sink.start(200, finish.stream_block(self))

    def _error_event(self, relay: StreamRelay, out: bytes) -> None:
        self._drop_connection()
        self.answered = self.worker.time()
        provider = self.prepared.deployment.provider
        if relay.malformed:
            if out and self.head_sent and not self.gone:
                self.sink.write(out)  # the good events before it, in the same read
            self.failed(malformed(provider, 200, "an event of the provider's stream is no JSON object"))
            return
        if relay.failure is not None:
            trouble = steps.error_in_stream(self, relay)
            if self.head_sent:
                out += relay.failed(failure_of(trouble)) or b""
        else:
            error, out = self.prepared.censored(relay.error), self.prepared.censored(out)
            trouble = from_answer(finish.status_in_error(error), error, provider)
        if self.head_sent:
            finish.stream_failed(self, trouble, out)
        else:
            self.failed(trouble)

    def _whole_answer(self, body: bytes) -> None:
        provider = self.prepared.deployment.provider
        if self.prepared.way is not None:
            steps.take_answer(self, self.prepared.way, body)
            return
        if self.stream:
            self.failed(malformed(provider, self.status, "a stream was asked for and the provider sent none"))
            return
        facts = parse_answer(body, self.prepared.dialect)
        if facts is None:
            self.failed(malformed(provider, self.status, "the provider's answer is no JSON object"))
            return
        if facts.has_error:
            body = self.prepared.censored(body)
            self.failed(from_answer(finish.status_in_error(body), body, provider))
            return
        self.provider_model, self.provider_id = facts.model or "", facts.id or ""
        self.finish_reason = facts.finish_reason or ""
        usage, source = facts.usage, PROVIDER
        if usage is None:
            usage, source = counting.usage(self, body), ESTIMATED
        if self.state.snapshot.echo_model:
            body = echo_model(body, finish.echoed_name(self))
        finish.answered(self, body, usage, source)

    def _bad_status(self, body: bytes) -> None:
        provider = self.prepared.deployment.provider
        if self.status < 400:
            self.failed(
                malformed(provider, self.status, f"the provider redirects ({self.status}); that is not followed")
            )
            return
        wait = retry_after_seconds(self.headers.get(b"retry-after"))
        if self.prepared.way is not None:
            trouble = steps.read_error(self, self.prepared.way, self.prepared.censored(body), wait)
            if trouble is not None:
                self.failed(trouble)
            return
        self.failed(from_answer(self.status, self.prepared.censored(body), provider, retry_after=wait))

    def failed(self, trouble: Trouble) -> None:
        """An attempt failed: try on while nothing was sent to the client and there is reason to, else end."""
        finish.attempt_failed(self, trouble)
        now = self.answered
        snapshot = self.state.snapshot
        deployment = self.prepared.deployment
        cool(
            deployment, self.prepared.stats, trouble.provider_status, trouble.retry_after, now,
            snapshot=snapshot, alone=len(self.plan) == 1,
        )  # fmt: skip
        if self.head_sent:
            finish.stream_failed(self, trouble, b"")
        elif self.gone or not self._try_on(trouble, now):
            finish.failed(self, trouble)

    def _try_on(self, trouble: Trouble, now: float) -> bool:
        """Start another attempt if there is one to make."""
        retries = self.own_retries if self.own_retries is not None else self.arrival.num_retries
        if retries is None:
            own = self.prepared.deployment.num_retries
            retries = own if own is not None else self.state.snapshot.router.num_retries
        if now < self.total_deadline and self.retries < retries and self.attempts < MAX_ATTEMPTS:
            more = any(self.state.prepare(d, self.arrival.surface) for d in self.plan[self.position + 1 :])
            if trouble.other_place and more:
                self.retries += 1
                finish.note_earlier(self, trouble)
                self.next_place()
                return True
            if trouble.same_place:
                self.retries += 1
                finish.note_earlier(self, trouble)
                self._retry_later(trouble, now)
                return True
        return trouble.other_place and self._fall_back(trouble, now)

    def _retry_later(self, trouble: Trouble, now: float) -> None:
        delay = trouble.retry_after
        if delay is None:
            delay = min(BACKOFF_SECONDS * 2 ** (self.retries - 1), MAX_BACKOFF_SECONDS) * random.uniform(0.5, 1.0)  # noqa: S311 - spreads retries, hides nothing
        delay = min(delay, max(self.total_deadline - now, 0.0))
        self.deadline = NEVER
        self.waiting = True
        self.retry_timer = self.worker.loop.call_later(delay, self._retry_now)

    def _retry_now(self) -> None:
        self.retry_timer = None
        self.waiting = False
        if not self.over:
            self.position = -1
            self.next_place()

    def _fall_back(self, trouble: Trouble, now: float) -> bool:
        if now >= self.total_deadline:
            return False
        if self.fallbacks is None:
            self.fallbacks = list(self.state.routes.fallbacks(self.model_group))
        surface = self.arrival.surface
        while self.fallbacks:
            group = self.fallbacks.pop(0)
            plan = [d for d in self.state.routes.order(group, now) if self.state.prepare(d, surface) is not None]
            if plan:
                finish.note_earlier(self, trouble)
                self.plan, self.position, self.fell_back = plan, -1, self.fell_back + 1
                self.next_place()
                return True
        return False

    def _drop_connection(self) -> None:
        connection, self.connection = self.connection, None
        self.was_sent = connection is not None or self.status != 0
        if connection is not None:
            connection.cancel()
        if self.attempts:
            pool = self.prepared.pool
            if pool is not None:
                pool.give_up(self)
            steps.let_go(self)
        if self.task is not None:
            self.task.cancel()
            self.task = None
        if self.retry_timer is not None:
            self.retry_timer.cancel()
            self.retry_timer = None


_NOTHING: Final = Asked()
_NO_HEADERS: Final[Headers] = {}
_NO_MODEL_NAMED: Final = refusal(
    400, "`model` is missing from the request body: name one of `GET /v1/models`.", "invalid_request_error", "model"
)
NO_ROOM: Final = refusal(
    503,
    "The gateway cannot record calls: its disk is full. Nothing was sent to a provider; free space in the data folder.",
    "service_unavailable",
    retry_after=5,
)
