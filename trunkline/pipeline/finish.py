"""The end of an attempt and of a call: usage to cost to record, then the last bytes."""

from __future__ import annotations

import difflib
import re
import time
from typing import TYPE_CHECKING, Final
from zlib import crc32

import msgspec

from trunkline.access import Refusal, refusal
from trunkline.ir import NO_USAGE, Usage, UsageSource
from trunkline.ledger.cost import Cost, cost
from trunkline.ledger.journal import pack_head
from trunkline.ledger.record import CALL, CALL_CRC, Attempt, CallRecord
from trunkline.pipeline import counting, remember
from trunkline.pipeline.failures import Trouble
from trunkline.pipeline.headers import common_block, passed_block, stream_block, whole_block
from trunkline.pipeline.state import State
from trunkline.pipeline.voice import error_event, refusal_body, trouble_body
from trunkline.routing.plan import Group

if TYPE_CHECKING:
    from trunkline.pipeline.call import Call

_VERSION: Final = re.compile(r"^/v[12](?:beta)?(?=/)")
"""LiteLLM's message names the operation without it."""
CLIENT_GONE_STATUS: Final = 499
"""nginx's number for a client that hung up before its answer."""
MAX_TEXT: Final = 1000
PROVIDER, DRAINED, ESTIMATED, NONE = (str(source.value) for source in UsageSource)
"""Plain strings: reading an enum's `value` costs as much as encoding half the record (0.2 us)."""
_FREE: Final = Cost(0, 0, 0, 0, 0, 0)

__all__ = [
    "abandoned", "answered", "answered_here", "attempt_failed", "crashed", "echoed_name", "failed", "failed_as_is",
    "no_model", "note_earlier", "refused", "status_in_error", "stream_block", "stopped", "stream_done",
    "stream_failed",
]  # fmt: skip


# What a call is asked while it runs.


def echoed_name(call: Call) -> bytes:
    """The requested model as a JSON string where answers are to name it, else nothing."""
    return msgspec.json.encode(call.model_group) if call.state.snapshot.echo_model else b""


def status_in_error(data: bytes) -> int:
    """The HTTP status that an error under 200 stands for: its numeric `code` or `status` (Azure's filter), else 502."""
    try:
        error = msgspec.json.decode(data)["error"]
        named = (error.get("code"), error.get("status"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError, TypeError, AttributeError):
        return 502
    numbers = (int(value) for value in map(str, named) if value.isdecimal() and len(value) == 3)
    return next((number for number in numbers if 400 <= number <= 599), 502)


def no_model(state: State, route: str, model: str, group: Group | None) -> Refusal:
    """Say why a model cannot be called, and what to write instead."""
    shown = model[:200]
    if group is not None:
        return refusal(
            503,
            f"`{shown}` is in the configuration but cannot be called: {group.why_not}",
            "model_unavailable",
            "model",
        )
    near = difflib.get_close_matches(shown, [n for n in state.routes.names() if "*" not in n], n=1)
    hint = f" Did you mean `{near[0]}`?" if near else ""
    return refusal(
        400,
        f"{_VERSION.sub('', route)}: Invalid model name passed in model={shown}."
        f" Call `/v1/models` to view available models for your key.{hint}",
        "invalid_request_error",
        "model",
    )


# The ends of an attempt.


def attempt_failed(call: Call, trouble: Trouble) -> None:
    """Count a failed attempt."""
    stats = call.prepared.stats
    stats.in_flight -= 1
    stats.failures += 1
    stats.fails_in_a_row += 1
    by_status = stats.failures_by_status
    by_status[trouble.provider_status] = by_status.get(trouble.provider_status, 0) + 1
    stats.last_failure = time.time()
    stats.last_error = trouble.message[:300]


def note_earlier(call: Call, trouble: Trouble) -> None:
    """Keep a failed attempt that will not be the call's last."""
    deployment = call.prepared.deployment
    call.earlier += (
        Attempt(
            call.attempts, call.attempt_started_us, time.time_ns() // 1000 - call.attempt_started_us, deployment.model,
            deployment.id, deployment.provider, call.prepared.api_base, trouble.provider_status,
            trouble.message[:MAX_TEXT], NONE, 0, 0, 0, "",
        ),
    )  # fmt: skip


def _attempt_succeeded(call: Call, usage: Usage, total: Cost) -> None:
    stats = call.prepared.stats
    stats.in_flight -= 1
    stats.successes += 1
    stats.fails_in_a_row = 0
    stats.input_tokens += usage.input_total
    stats.output_tokens += usage.output_total
    stats.cache_read_tokens += usage.cache_read
    stats.reasoning_tokens += usage.reasoning
    stats.spend_pico += total.total
    stats.typical_output += (usage.output_total - stats.typical_output) / 16
    if call.sent_bytes and usage is not NO_USAGE:
        stats.tokens_per_byte += (usage.input_total / call.sent_bytes - stats.tokens_per_byte) / 16
    stats.last_success = call.started_us / 1e6


# The ends of a call.


def answered(call: Call, body: bytes, usage: Usage, source: str) -> None:
    """A whole answer came: record it, then send it."""
    worker, prepared = call.worker, call.prepared
    price = prepared.price
    if price is not None:
        spent = cost(usage, price)
    else:
        prepared.stats.unpriced += 1
        spent = _FREE
    _attempt_succeeded(call, usage, spent)
    if call.gone:
        worker.turn.record(_close(call, "client_gone", CLIENT_GONE_STATUS, usage, DRAINED, spent))
        return
    now = worker.time()
    total = int((now - call.started) * 1e6)
    ours = total - int((call.answered - call.launched) * 1e6)
    block = whole_block(call, spent.total if price is not None else None, total, ours if ours > 0 else 0)  # noqa: FURB136 - max() is a call
    call.first_byte_us = total
    framed = _close(call, "ok", call.status, usage, source, spent, now=now)
    worker.turn.post(framed, call.sink.answer, call.status, block, body)


def answered_here(call: Call, body: bytes) -> None:
    """The gateway itself has the answer; no provider was asked."""
    block = b"content-type: application/json\r\nx-litellm-call-id: %b\r\n" % call.id.encode()
    call.worker.turn.post(_close(call, "ok", 200, NO_USAGE, NONE, _FREE), call.sink.answer, 200, block, body)


def stream_done(call: Call, last: bytes, status: int = 200) -> None:
    """A stream came to its end: record it, then send the last bytes. `status`: what its head said."""
    relay, carried = call.relay, call.carried
    assert relay is not None
    usage, source = _stream_usage(call)
    spent = _price(call, usage)
    _attempt_succeeded(call, usage, spent)
    if carried is not None and carried.keeps:
        remember.stream(call, last)
    if call.gone:
        gone = _close(call, "client_gone", CLIENT_GONE_STATUS, usage, DRAINED, spent)
        call.worker.turn.record(gone)
        return
    call.worker.turn.post(_close(call, "ok", status, usage, source, spent), call.sink.end, last)


def stream_failed(call: Call, trouble: Trouble, event: bytes) -> None:
    """A stream broke after its head was sent: one error event, and no end marker."""
    if not event:
        event = error_event(call.arrival.surface, call.relay, trouble)
    else:
        attempt_failed(call, trouble)
    usage, source = _stream_usage(call)
    spent = _price(call, usage)
    call.prepared.stats.spend_pico += spent.total
    framed = _close(call, trouble.outcome, 200, usage, source, spent, trouble.message)
    call.worker.turn.post(framed, call.sink.end, event)


def failed(call: Call, trouble: Trouble) -> None:
    """No attempt succeeded and nothing was sent: answer with the error."""
    block = b"content-type: application/json\r\nx-should-retry: false\r\n%b%b" % (
        common_block(call),
        passed_block(call) if trouble.provider_status else b"",
    )
    outcome = "client_gone" if call.gone else trouble.outcome
    framed = _close(call, outcome, trouble.status, NO_USAGE, NONE, _FREE, trouble.message)
    body = trouble_body(call.arrival.surface, trouble)
    call.worker.turn.post(framed, call.sink.answer, trouble.status, block, body)


def failed_as_is(call: Call, trouble: Trouble, body: bytes) -> None:
    """The provider's error answer goes on with its status, type and every byte (pass-through)."""
    content_type = call.headers.get(b"content-type", b"application/json")
    block = b"content-type: %b\r\n%b%b" % (content_type, common_block(call), passed_block(call))
    outcome = "client_gone" if call.gone else trouble.outcome
    framed = _close(call, outcome, call.status, NO_USAGE, NONE, _FREE, trouble.message)
    call.worker.turn.post(framed, call.sink.answer, call.status, block, body)


def abandoned(call: Call, outcome: str) -> None:
    """The call ends from our side or the client's while the provider was at work: charge what it did, by estimate."""
    usage, source = NO_USAGE, NONE
    call.worker.stats.client_gone += outcome == "client_gone"
    if call.attempts and not call.waiting:
        call.prepared.stats.in_flight -= 1
        if call.relay is not None:
            usage, source = _stream_usage(call)
        elif call.was_sent:
            usage, source = Usage(input_total=call.estimated_input), ESTIMATED
    spent = _price(call, usage) if call.attempts else _FREE
    if call.attempts:
        call.prepared.stats.spend_pico += spent.total
    status = {"client_gone": CLIENT_GONE_STATUS, "crashed": 500}.get(outcome, 503)
    call.worker.turn.record(_close(call, outcome, status, usage, source, spent))


def stopped(call: Call) -> None:
    """The gateway shuts down before the call is through."""
    _break_off(call, "shutdown", 503, "The gateway is shutting down; send the call again.", "server_shutdown")


def crashed(call: Call) -> None:
    """The gateway itself failed."""
    _break_off(call, "crashed", 500, "Internal server error", "internal_server_error")


def _break_off(call: Call, outcome: str, status: int, message: str, kind: str) -> None:
    trouble = Trouble(outcome, status, 0, message, kind, same_place=False, other_place=False)
    surface = call.arrival.surface
    began, gone = call.head_sent, call.gone
    abandoned(call, outcome)
    if gone:
        return
    if began:
        call.worker.turn.then(call.sink.end, error_event(surface, call.relay, trouble))
    else:
        block = b"content-type: application/json\r\nretry-after: 1\r\nx-litellm-call-id: %b\r\n" % call.id.encode()
        call.worker.turn.then(call.sink.answer, status, block, trouble_body(surface, trouble))


def refused(call: Call, why: Refusal) -> None:
    """The call was refused before anything left for a provider."""
    lines = [b"content-type: application/json\r\nx-litellm-call-id: %b\r\n" % call.id.encode()]
    lines += [b"%b: %b\r\n" % (name, value) for name, value in why.headers]
    framed = _close(call, "refused", why.status, NO_USAGE, NONE, _FREE, why.message)
    body = refusal_body(call.arrival.surface, why)
    call.worker.turn.post(framed, call.sink.answer, why.status, b"".join(lines), body)


def _stream_usage(call: Call) -> tuple[Usage, str]:
    relay = call.relay
    if relay is None:
        return NO_USAGE, NONE
    call.provider_model, call.provider_id = relay.model, relay.provider_id
    call.finish_reason = relay.finish_reason
    if relay.usage is not None:
        return relay.usage, NONE if relay.usage is NO_USAGE else PROVIDER
    return counting.stream_usage(call, relay), ESTIMATED


def _price(call: Call, usage: Usage) -> Cost:
    price = call.prepared.price
    if price is None:
        call.prepared.stats.unpriced += 1
        return _FREE
    return cost(usage, price)


def _with_counters(record: CallRecord, usage: Usage) -> CallRecord:
    counters = (
        usage.cache_write_long, usage.web_searches, usage.search_units, usage.images, usage.characters, usage.audio_ms,
    )  # fmt: skip
    return msgspec.structs.replace(record, counters=counters) if any(counters) else record


def _close(
    call: Call, outcome: str, http_status: int, usage: Usage, source: str, spent: Cost, error: str = "",
    now: float = 0.0,
) -> bytes:  # fmt: skip
    """Let go of a call; return its one record, framed for the journal. `now`: the time, where it was just read."""
    call.over = True
    worker = call.worker
    worker.active.discard(call)
    stats = worker.stats
    stats.in_flight -= 1
    arrival = call.arrival
    key = (arrival.surface.route, http_status)
    stats.requests[key] = stats.requests.get(key, 0) + 1
    duration = (now or worker.time()) - call.started
    if call.attempts:
        stats.samples.append((duration, duration - (call.answered - call.launched), call.prepared.stats))
        prepared = call.prepared
        deployment = prepared.deployment
        model, model_id, provider = deployment.model, deployment.id, deployment.provider
        api_base, price = prepared.api_base, prepared.price
    else:
        model, model_id, provider, api_base, price = call.model_group[:256], "", "", "", None
    record = CallRecord(
        call.id, call.started_us, int(duration * 1e6), call.first_byte_us, arrival.surface.call_type,
        call.model_group[:256], call.provider_model or model, model_id, provider, api_base, call.stream,
        "success" if outcome == "ok" else "failure", outcome, http_status, error and error[:MAX_TEXT], arrival.key_hash,
        call.end_user, call.sink.client_ip, source, usage.input_total, usage.output_total, usage.cache_read,
        usage.cache_write, usage.reasoning, usage.audio_in, usage.audio_out, spent.input, spent.output,
        spent.cache_read, spent.cache_write, spent.other, spent.total, price.version if price is not None else "",
        call.attempts, call.provider_id, call.state.snapshot.version, arrival.client_call_id, arrival.user_agent,
        call.finish_reason, call.earlier,
    )  # fmt: skip
    if spent.other or usage.cache_write or price is None:  # else there are none, or none that cost anything
        record = _with_counters(record, usage)
    lines = worker.log
    if lines.muted and outcome == "ok":
        lines.suppressed += 1
    else:
        lines.add(record)
    encode = worker.encode_record  # a function in an attribute, not a method: one step dearer to call where it lies
    content = encode(record)
    return pack_head(len(content) + 1, crc32(content, CALL_CRC), CALL) + content
