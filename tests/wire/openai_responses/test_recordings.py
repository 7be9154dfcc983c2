"""Every recorded exchange there and back: requests, whole answers, streams cut anywhere, errors."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.wire.openai_responses.recorded import comparable, datas, exchanges, read, reply_to
from trunkline.ir.events import Failed, Finished, UsageSeen
from trunkline.ir.failure import FailureKind
from trunkline.ir.fold import BrokenStream, fold
from trunkline.ir.losses import Losses
from trunkline.wire.openai_responses.codec import CODEC
from trunkline.wire.openai_responses.stored import token_count, write_token_count

SIZES = (1, 2, 3, 7, 1024)
ENDS = ("response.completed", "response.incomplete")


@pytest.mark.parametrize("exchange", exchanges("request"))
def test_a_request_comes_back_as_it_was(exchange: dict[str, Any]) -> None:
    """Decoded and encoded again, a client's request is the same JSON, without a loss."""
    losses = Losses()
    body = exchange["request"]["body"]
    assert CODEC.encode_request(CODEC.decode_request(body), losses) == body
    assert losses.found == []


@pytest.mark.parametrize("exchange", exchanges("body"))
def test_an_answer_comes_back_as_it_was(exchange: dict[str, Any]) -> None:
    """Decoded and encoded again, a provider's answer is the same JSON, without a loss; an error has its kind."""
    body, status = exchange["response"]["body"], exchange["response"]["status"]
    if status != 200:
        failure = CODEC.decode_failure(status, json.dumps(body).encode())
        assert failure.message == body["error"]["message"]
        assert CODEC.encode_failure(failure)["error"]["message"] == failure.message  # type: ignore[index]
        assert (failure.kind is FailureKind.AUTHENTICATION) == (status == 401)
        assert (failure.kind is FailureKind.CONTEXT_WINDOW) == (failure.code == "context_length_exceeded")
        return
    if body.get("object") == "response.input_tokens":
        assert write_token_count(token_count(body) or 0) == body
        return
    losses = Losses()
    answer = CODEC.decode_answer(body)
    assert CODEC.encode_answer(answer, reply_to(exchange), losses) == body
    assert losses.found == []
    if answer.usage is not None:
        assert answer.usage.input_total == body["usage"]["input_tokens"]
        assert answer.usage.output_total == body["usage"]["output_tokens"]


@pytest.mark.parametrize("exchange", exchanges("sse"))
def test_every_cut_gives_the_same_events(exchange: dict[str, Any]) -> None:
    """However a stream is cut into reads, its events are the same, and keep to the grammar."""
    data = exchange["response"]["sse"].encode()
    whole = read(data)
    for size in SIZES:
        assert read(data, size) == whole


@pytest.mark.parametrize("exchange", exchanges("sse"))
def test_a_stream_folds_into_its_whole_answer(exchange: dict[str, Any]) -> None:
    """A folded stream is the answer that its last event holds whole; a failed one says why."""
    stream = exchange["response"]["sse"]
    events = read(stream.encode())
    final = next((entry["response"] for entry in datas(stream) if entry["type"] in ENDS), None)
    if final is None:
        with pytest.raises(BrokenStream) as broken:
            fold(events)
        assert broken.value.failure is not None
        assert broken.value.failure.message
        return
    assert comparable(fold(events)) == comparable(CODEC.decode_answer(final))


@pytest.mark.parametrize("exchange", exchanges("sse"))
def test_a_stream_written_anew_says_the_same(exchange: dict[str, Any]) -> None:
    """The events of a stream, encoded and decoded again, fold into the same answer, without a loss."""
    events = read(exchange["response"]["sse"].encode())
    encoder = CODEC.stream_encoder(reply_to(exchange))
    again = read(b"".join(encoder.encode(event) for event in events))
    assert encoder.losses.found == []
    if isinstance(events[-1], Failed):
        assert isinstance(again[-1], Failed)
        assert again[-1].failure.message == events[-1].failure.message
        return
    assert comparable(fold(again)) == comparable(fold(events))


@pytest.mark.parametrize("exchange", exchanges("sse"))
def test_a_stream_that_stops_early_fails(exchange: dict[str, Any]) -> None:
    """Cut anywhere before its end event, a stream ends in a failure, never in a clean end."""
    data = exchange["response"]["sse"].encode()
    for part in (3, 2):
        events = read(data[: len(data) // part])
        assert isinstance(events[-1], Failed)
        assert not any(isinstance(event, Finished | UsageSeen) for event in events)
