"""Recorded exchanges through the codec, both ways: nothing is lost and nothing is added."""

from __future__ import annotations

import json

import pytest

from tests.wire.anthropic_messages.recorded import (
    ABSENT,
    ANSWERS,
    ERRORS,
    EXCHANGES,
    FRAMED,
    REQUESTS,
    STREAMS,
    Exchange,
    comparable,
    each,
    message_of,
    payloads,
    read,
    reply_to,
    same_json,
    written,
)
from trunkline.ir.events import Ended, Event, Failed, UsageSeen
from trunkline.ir.fold import fold, unfold
from trunkline.ir.grammar import check
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Foreign, ToolResult
from trunkline.ir.request import Request
from trunkline.wire.anthropic_messages import count_tokens
from trunkline.wire.anthropic_messages.codec import CODEC

SIZES = (1, 2, 3, 7, 1024)


def test_the_recordings_are_there() -> None:
    """Without recordings the tests below check nothing, which is said."""
    if not EXCHANGES:
        pytest.skip(ABSENT)
    assert len(REQUESTS) > 90
    assert len(ANSWERS) > 50
    assert len(STREAMS) > 25


def decoded(exchange: Exchange) -> Request | None:
    """The recorded request, where there is one that Anthropic itself took for one."""
    if not exchange.body:
        return None
    try:
        return CODEC.decode_request(exchange.body)
    except BadShape:
        assert exchange.status == 400
        return None


@each(REQUESTS)
def test_a_request_comes_out_as_it_went_in(exchange: Exchange) -> None:
    """Every recorded request is the same JSON after decoding and encoding, and nothing is reported as lost."""
    request, losses = decoded(exchange), Losses()
    if request is None:
        return
    codec = count_tokens if "count_tokens" in exchange.name else CODEC
    assert same_json(codec.encode_request(request, losses), exchange.body)
    assert losses.found == []


@each(REQUESTS)
def test_cache_hints_in_are_cache_hints_out(exchange: Exchange) -> None:
    """Every `cache_control` is a hint of the representation (fidelity.md failure 11)."""
    request = decoded(exchange)
    if request is None:
        return
    assert hints(request) == json.dumps(exchange.body).count('"cache_control": {')


def hints(request: Request) -> int:
    """The hints of a request."""
    parts = [part for message in request.messages for part in message.parts]
    inner = [piece for part in parts if isinstance(part, ToolResult) for piece in part.content]
    found = [tool.cache for tool in request.tools] + [request.cache]
    found += [getattr(part, "cache", None) for part in (*parts, *inner)]
    return sum(hint is not None for hint in found)


@each(ANSWERS)
def test_an_answer_comes_out_as_it_went_in(exchange: Exchange) -> None:
    """Every recorded answer is the same JSON after decoding and encoding, and nothing is reported as lost."""
    losses = Losses()
    answer = CODEC.decode_answer(exchange.answer)
    assert same_json(CODEC.encode_answer(answer, reply_to(decoded(exchange)), losses), exchange.answer)
    assert losses.found == []


@each(ANSWERS)
def test_an_answer_survives_as_a_stream(exchange: Exchange) -> None:
    """A whole answer that is streamed to a client adds up to itself."""
    answer = CODEC.decode_answer(exchange.answer)
    stream = written(list(unfold(answer)))
    assert comparable(fold(read(stream))).choices == comparable(answer).choices
    assert same_json(message_of(payloads(stream))["content"], exchange.answer["content"])


@each(ANSWERS)
def test_the_counts_of_an_answer_add_up(exchange: Exchange) -> None:
    """The input is what the three counts say together, and more only where iterations lie outside of them."""
    usage = CODEC.decode_answer(exchange.answer).usage
    counts = exchange.answer["usage"]
    assert usage is not None
    names = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    extra = [one for one in counts.get("iterations") or () if one["type"] not in ("message", "fallback_message")]
    assert usage.input_total == sum(one.get(name) or 0 for one in (counts, *extra) for name in names)
    assert usage.output_total == sum(one["output_tokens"] for one in (counts, *extra))


@each(STREAMS)
def test_every_cut_gives_the_same_events(exchange: Exchange) -> None:
    """However the bytes are read, the events are the same and keep to the grammar."""
    whole = read(exchange.stream)
    assert isinstance(whole[-1], Ended)
    for size in SIZES:
        assert read(exchange.stream, size) == whole


@each(STREAMS)
def test_a_stream_adds_up_to_its_whole_answer(exchange: Exchange) -> None:
    """Folding the events gives what decoding the accumulated message gives."""
    whole = CODEC.decode_answer(message_of(plain(exchange.stream)))
    assert comparable(fold(read(exchange.stream))) == comparable(whole)


@each(STREAMS)
def test_a_stream_written_again_adds_up_to_the_same(exchange: Exchange) -> None:
    """The events written for a client of the same format are the same answer."""
    events = read(exchange.stream)
    again = written(events, reply_to(decoded(exchange)))
    assert fold(read(again)) == fold(events)
    assert same_json(message_of(payloads(again)), message_of(plain(exchange.stream)))


@each(FRAMED)
def test_events_without_their_frame_are_read(exchange: Exchange) -> None:
    """Bedrock's events, taken out of their frames, are the stream."""
    decoder = CODEC.stream_decoder()
    events = check([*decoder.feed_events(exchange.events), *decoder.end()])
    whole = CODEC.decode_answer(message_of([json.loads(data) for data in exchange.events if b"metrics" not in data]))
    answer = fold(events)
    assert comparable(answer).choices == comparable(whole).choices
    assert answer.usage == whole.usage


@each([*STREAMS, *FRAMED])
def test_a_stream_cut_short_never_ends_cleanly(exchange: Exchange) -> None:
    """Cut anywhere before its last event, a stream fails and does not end; what usage had come is there."""
    events = plain(exchange.stream) if exchange.stream else [json.loads(data) for data in exchange.events]
    for count in range(len(events)):
        decoder = CODEC.stream_decoder()
        found: list[Event] = decoder.feed_events([json.dumps(event).encode() for event in events[:count]])
        found = check([*found, *decoder.end()])
        assert isinstance(found[-1], Failed)
        assert not any(isinstance(event, Ended) for event in found)
        assert count == 0 or any(isinstance(event, UsageSeen) for event in found)


@each(ERRORS)
def test_a_recorded_error_is_told_from_its_body(exchange: Exchange) -> None:
    """The message is the provider's, the status stays, and the body for a client has Anthropic's shape."""
    failure = CODEC.decode_failure(exchange.status, json.dumps(exchange.answer).encode())
    error = exchange.answer.get("error", exchange.answer)
    assert failure.message == error["message"]
    assert failure.status == exchange.status
    body = CODEC.encode_failure(failure)
    assert body["type"] == "error"
    if "type" in error:
        assert body["error"] == error


@each(ANSWERS)
def test_only_what_has_no_place_is_foreign(exchange: Exchange) -> None:
    """Texts, thinking and calls of the client's tools are parts of their own kind."""
    parts = CODEC.decode_answer(exchange.answer).choices[0].parts
    kinds = {part.kind for part in parts if isinstance(part, Foreign)}
    assert not kinds & {"text", "thinking", "redacted_thinking", "tool_use"}


def plain(stream: bytes) -> list[object]:
    """The data of a recorded stream's events."""
    return [json.loads(line[5:]) for line in stream.decode().split("\n") if line.startswith("data:")]
