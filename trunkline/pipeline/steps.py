"""The steps of a call that speaks with its deployment in another way than OpenAI's bytes."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Final, assert_never

from trunkline.access import Refusal, error_body
from trunkline.ir import Secret
from trunkline.ir.envelope import PREFIX
from trunkline.ir.failure import Failure, FailureKind
from trunkline.ir.losses import BadShape
from trunkline.pipeline import continued, counting, finish, remember
from trunkline.pipeline.failures import Trouble, from_codec, malformed, named
from trunkline.pipeline.finish import ESTIMATED, PROVIDER
from trunkline.pipeline.request import Asked
from trunkline.pipeline.way import Again, Carried, Fetch, Refused, StreamRelay, Way, Whole
from trunkline.providers.bridge import OPTIONS
from trunkline.providers.settings import UnavailableError
from trunkline.providers.target import Authorizer
from trunkline.store.errors import StoreError
from trunkline.store.kept import TooLong
from trunkline.upstream import Kind, Origin, UpstreamFailure
from trunkline.upstream.failure import EgressError

if TYPE_CHECKING:
    from trunkline.pipeline.call import Call
    from trunkline.pipeline.continued import Turns
    from trunkline.pipeline.state import Prepared

MAX_POLLS: Final = 600
"""Of a whole answer's JSON, where the provider gives no usage."""
_TAIL: Final = b"content-length: "
ENVELOPE: Final = PREFIX.encode()
MINTED: Final = b"_tlk"
"""In ids of items that this gateway made (`wire/openai_responses/ids.py`)."""
_CALL_ID: Final = re.compile(rb'"tool_call_id"\s*:\s*"([^"\\]*)"')


# Before it leaves.


def must_read(call: Call, prepared: Prepared) -> bool:
    """A request in the provider's own format whose bytes may not pass.

    It carries state in an envelope, or ids of items that this gateway made and no provider knows, or tool-call ids of
    another provider that this one refuses (a conversation that began elsewhere).
    """
    body = call.body
    if body.find(ENVELOPE) >= 0 or body.find(MINTED) >= 0:
        return True
    rule = prepared.id_rule
    return rule is not None and any(rule.fullmatch(own) is None for own in _CALL_ID.findall(body))


def make_body(call: Call, way: Way) -> bytes | None:
    """The provider's body; `None` where the call has gone another way: refused, or waiting for what must be fetched."""
    carried = call.carried
    if carried is None:
        asked = call.asked.strict
        carried = call.carried = Carried(strict=call.arrival.strict or asked == b"true")
        carried.keeps, carried.turns = remember.keeps(call), continued.of(call)
    carried.head, carried.path = b"", ""
    turns = carried.turns
    if turns is not None and not turns.is_ready(call):
        call.waiting = True
        call.deadline = call.total_deadline
        call.task = call.worker.loop.create_task(_recall(call, turns))
        return None
    try:
        sent = (way if turns is None else turns.apply(call)).request(call, carried)
    except Refused as why:
        _refused_here(call, why.failure)
        return None
    except Fetch as needed:
        call.waiting = True
        call.deadline = call.total_deadline
        call.task = call.worker.loop.create_task(_fetch(call, carried, needed.urls))
        return None
    carried.body = body = sent.body
    call.usage_added, call.losses = sent.usage_added, sent.losses
    if carried.keeps and call.worker.memory.trouble:
        call.losses += (remember.NOT_STORED,)
    call.request = _framed(_head(call), carried, body)
    return body


def read_form(call: Call) -> Asked | None:
    """What the gateway minds of a multipart body; `None` where it is none."""
    kind = call.arrival.content_type
    if not kind.lower().startswith("multipart/form-data"):
        return None
    from trunkline.wire.small.multipart import parse

    try:
        form = parse(call.body, kind)
        return Asked(model=form.field("model"), stream=form.field("stream") == "true", user=form.field("user"))
    except BadShape:
        return None


def _head(call: Call, more: tuple[tuple[str, str], ...] = ()) -> bytes:
    prepared, carried = call.prepared, call.carried
    head = prepared.stream_head if call.stream and prepared.stream_head else prepared.head
    if carried is not None and carried.head:
        head = carried.head
    passed = call.arrival.passed if prepared.same_format else ()
    if not more and not passed:
        return head
    lines = "".join(f"{name}: {value}\r\n" for name, value in (*passed, *more)).encode("latin-1", "replace")
    return head.removesuffix(_TAIL) + lines + _TAIL


def _framed(head: bytes, carried: Carried | None, body: bytes) -> bytes:
    """The request, from a head that ends in `content-length: `."""
    if carried is not None and carried.bare:
        return head.removesuffix(_TAIL) + b"\r\n"
    return b"%b%d\r\n\r\n%b" % (head, len(body), body)


async def _fetch(call: Call, carried: Carried, urls: tuple[str, ...]) -> None:
    """Get what URLs of the request hold, all at once, then go on."""
    try:
        found = await asyncio.gather(*(call.worker.fetch(url) for url in urls))
    except EgressError as error:
        call.task, call.waiting = None, False
        if not call.over:
            refuse(call, 400, f"{error}")
        return
    except Exception:  # noqa: BLE001 - a fault of our own must end in an answer and a row
        call.task, call.waiting = None, False
        call.crashed()
        return
    call.task, call.waiting = None, False
    if not call.over:
        carried.fetched.update(zip(urls, found, strict=True))
        call.attempt()


async def _recall(call: Call, turns: Turns) -> None:
    """Look up the stored conversation that the request goes on from, then go on."""
    failure: Failure | None = None
    try:
        await turns.look(call, call.worker.memory)
    except Refused as why:
        failure = why.failure
    except TooLong as error:
        failure = Failure(kind=FailureKind.INVALID_REQUEST, status=400, message=f"{error}: send its items yourself")
    except StoreError:
        failure = Failure(kind=FailureKind.UNAVAILABLE, status=503, message=remember.NOT_READABLE_NOW)
    except Exception:  # noqa: BLE001 - a fault of our own must end in an answer and a row
        call.task, call.waiting = None, False
        call.crashed()
        return
    call.task, call.waiting = None, False
    if call.over:
        return
    if failure is not None:
        refuse(call, failure.status, failure.message, failure.param, failure.code)
        return
    holder = turns.steer(call)
    if holder is None:
        call.attempt()
        return
    call.plan = [holder, *(one for one in call.plan if one is not holder)]
    call.position = -1
    call.next_place()


def _refused_here(call: Call, failure: Failure) -> None:
    """This deployment cannot serve the request; another of the plan may."""
    surface = call.arrival.surface
    if any(call.state.prepare(d, surface) is not None for d in call.plan[call.position + 1 :]):
        call.next_place()
        return
    refuse(call, failure.status, failure.message, failure.param, failure.code)


def refuse(call: Call, status: int, message: str, param: str = "", code: str = "") -> None:
    """End the call before anything left: the request cannot be served."""
    _, kind = named(status, "", "")
    call.refuse(Refusal(status, error_body(message, kind, param or None, code or status), message=message))


async def launch_embedded(call: Call) -> None:
    """Start the child process that serves the deployment if need be, then go on to it."""
    target = call.prepared.deployment.target
    headers: tuple[tuple[str, str | Secret], ...] = ()
    try:
        if target is not None and target.bridge:
            assert call.worker.bridge is not None
            running = await call.worker.bridge()
            host, port, headers = running.host, running.port, _bridge_headers(call, running.token)
        else:
            host, port = await call.worker.embedded()
    except Exception as error:  # noqa: BLE001 - whatever kept it from starting is the reason to give
        call.task = None
        call.on_failure(UpstreamFailure(Kind.UNAVAILABLE, str(error)))
        return
    call.task = None
    if call.over:
        return
    head_bytes = len(call.prepared.head)
    call.prepared = call.state.prepare_embedded(call.prepared, Origin("http", host, port), headers)
    call.request = call.prepared.head + call.request[head_bytes:]
    call.launch()


def _bridge_headers(call: Call, token: Secret) -> tuple[tuple[str, str | Secret], ...]:
    """The token, and what of the gateway's settings the library has to know."""
    deployment = call.prepared.deployment
    timeouts, policy = deployment.timeouts, deployment.policy
    limit = timeouts.stream_first_byte if call.stream and timeouts.stream_first_byte else timeouts.first_byte
    options = {"timeout": limit, "drop_params": bool(policy.drop_params), "allowed": sorted(policy.allowed)}
    return (
        ("authorization", Secret(f"Bearer {token.reveal()}")),
        (OPTIONS, json.dumps(options)),
    )


def authorize(call: Call, authorizer: Authorizer) -> bool:
    """Put this request's authentication into its head; `False` where it must be fetched first."""
    prepared, carried = call.prepared, call.carried
    body = carried.body if carried is not None else call.request.partition(b"\r\n\r\n")[2]
    path = prepared.stream_path if call.stream else prepared.path
    if carried is not None and carried.path:
        path = carried.path
    method = carried.method if carried is not None else "POST"
    found = authorizer.headers(method, prepared.host, path, body)
    if found is None:
        call.task = call.worker.loop.create_task(_refresh(call, authorizer))
        return False
    call.request = _framed(_head(call, found), carried, body)
    return True


async def _refresh(call: Call, authorizer: Authorizer) -> None:
    try:
        await authorizer.refresh()
    except UnavailableError as error:
        call.task = None
        call.on_failure(UpstreamFailure(Kind.UNAVAILABLE, str(error)))
        return
    except Exception:  # noqa: BLE001 - a fault of our own must end in an answer and a row
        call.task = None
        call.crashed()
        return
    call.task = None
    if not call.over:
        call.launch()


# When it comes back.


def open_relay(call: Call, way: Way, content_type: bytes) -> StreamRelay | None:
    """The relay of a stream that begins; `None` where the provider sends no stream."""
    if not way.stream_type or not content_type.startswith(way.stream_type.partition(b";")[0]):
        return None
    assert call.carried is not None
    if way.client_stream_type:
        call.headers = {**call.headers, b"content-type": way.client_stream_type}
    return way.relay(call, call.carried)


def take_answer(call: Call, way: Way, body: bytes) -> None:
    """A whole answer."""
    carried = call.carried
    assert carried is not None
    provider = call.prepared.deployment.provider
    found = way.whole(call, carried, call.status, call.headers, body)
    match found:
        case Whole():
            if call.stream and not found.streamed:
                _restream(call, way, carried, body)
                return
            call.provider_model, call.provider_id = found.model, found.provider_id
            call.finish_reason = found.finish_reason
            call.headers = {**call.headers, b"content-type": found.content_type}
            call.losses += found.losses
            usage, source = found.usage, PROVIDER
            if usage is None:
                usage, source = counting.usage(call, found.body), ESTIMATED
            finish.answered(call, found.body, usage, source)
            if carried.keeps:
                remember.whole(call, found.body)
        case Again():
            _ask_again(call, carried, found)
        case Failure():
            call.failed(from_codec(found, call.status, b"", provider))
        case _:
            assert_never(found)


def _restream(call: Call, way: Way, carried: Carried, body: bytes) -> None:
    relay = way.restream(call, carried, body)
    if relay is None:
        provider = call.prepared.deployment.provider
        call.failed(malformed(provider, call.status, "a stream was asked for and the provider sent none"))
        return
    call.relay = relay
    if way.client_stream_type:
        call.headers = {**call.headers, b"content-type": way.client_stream_type}
    out = relay.feed(b"")
    call.start_stream(call.answered)
    finish.stream_done(call, out)


def _ask_again(call: Call, carried: Carried, again: Again) -> None:
    carried.polls += 1
    now = call.worker.time()
    if carried.polls > MAX_POLLS or now + again.wait_seconds > call.total_deadline:
        call.on_failure(UpstreamFailure(Kind.TOTAL_TIMEOUT, "the provider was still at work when the time was up"))
        return
    call.deadline = call.total_deadline
    call.retry_timer = call.worker.loop.call_later(again.wait_seconds, _poll, call, again.request)


def _poll(call: Call, request: bytes) -> None:
    call.retry_timer = None
    if call.over:
        return
    call.status, call.chunks, call.size = 0, None, 0
    call.request = request
    pool = call.prepared.pool
    assert pool is not None
    pool.start(call, call.prepared.timeouts.connect)


def read_error(call: Call, way: Way, body: bytes, retry_after: float | None) -> Trouble | None:
    """What a provider's error answer means; `None` where the call goes on: a job is looked at again, or a conversation
    whose state the provider has lost is sent whole.
    """
    carried = call.carried
    if carried is not None and carried.job is not None and carried.polls:
        from trunkline.pipeline.job_way import next_look

        carried.job.received(call.status, body, retry_after)
        found = next_look(call.prepared.deployment, carried.job)
        if isinstance(found, Again):
            _ask_again(call, carried, found)
            return None
    if call.status == 401 and call.prepared.authorizer is not None:
        call.prepared.authorizer.rejected()
    failure, passed = way.failure(call.status, body)
    provider = call.prepared.deployment.provider
    trouble = from_codec(failure, call.status, passed, provider, retry_after=retry_after)
    turns = carried.turns if carried is not None else None
    if turns is not None and continued.is_gone(failure) and turns.lost():
        finish.attempt_failed(call, trouble)
        finish.note_earlier(call, trouble)
        call.attempt()
        return None
    return trouble


def let_go(call: Call) -> None:
    """The provider's work is not wanted any more."""
    carried = call.carried
    if carried is not None and carried.job is not None:
        from trunkline.pipeline.job_way import stop

        stop(call, carried.job)
        carried.job = None


def error_in_stream(call: Call, relay: StreamRelay) -> Trouble:
    """What a provider's error inside a stream means."""
    failure = relay.failure
    assert failure is not None
    return from_codec(failure, failure.status or 502, b"", call.prepared.deployment.provider)


# Without a provider.


def count_here(call: Call) -> bool:
    """Answer a question for a token count by estimate, where the provider of the model offers none."""
    answer = counting.estimate(call)
    if answer is None:
        return False
    if isinstance(answer, Refusal):
        call.refuse(answer)
    else:
        finish.answered_here(call, answer)
    return True
