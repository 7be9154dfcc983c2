"""Every recorded exchange there and back: requests, whole answers, streams cut anywhere, errors."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.wire.cohere_chat.recordings import exchanges
from trunkline.ir.events import Event
from trunkline.ir.failure import FailureKind
from trunkline.ir.fold import fold
from trunkline.ir.grammar import check
from trunkline.ir.losses import Losses
from trunkline.wire.codec import Reply
from trunkline.wire.cohere_chat.codec import CODEC

SIZES = (1, 2, 3, 7, 1024, 1 << 30)


def reply_to(exchange: dict[str, Any]) -> Reply:
    """What the encoder of an answer knows of the recorded request."""
    request = CODEC.decode_request(exchange["request"]["body"])
    return Reply(id="ours", model="m", created=1, request=request)


def read(data: bytes, size: int = 1 << 30) -> list[Event]:
    """All events of a stream that is read in pieces of `size` bytes."""
    decoder = CODEC.stream_decoder()
    events = [event for at in range(0, len(data), size) for event in decoder.feed(data[at : at + size])]
    return check([*events, *decoder.end()])


def whole_of(events: list[dict[str, Any]]) -> dict[str, Any]:
    """The whole answer that says what Cohere's events say, built as its documentation describes them."""
    body: dict[str, Any] = {"message": {"role": "assistant"}}
    message = body["message"]
    for event in events:
        new = event.get("delta", {}).get("message", {})
        match event["type"]:
            case "message-start":
                body["id"] = event["id"]
            case "content-start":
                message.setdefault("content", []).append(dict(new["content"]))
            case "content-delta":
                for name, words in new["content"].items():
                    message["content"][event["index"]][name] += words
            case "tool-plan-delta":
                message["tool_plan"] = message.get("tool_plan", "") + new["tool_plan"]
            case "tool-call-start":
                message.setdefault("tool_calls", []).append(new["tool_calls"])
            case "tool-call-delta":
                function = message["tool_calls"][event["index"]]["function"]
                function["arguments"] += new["tool_calls"]["function"]["arguments"]
            case "citation-start":
                message.setdefault("citations", []).append(new["citations"])
            case "message-end":
                body |= event["delta"]
    return body


def sse_json(text: str) -> list[dict[str, Any]]:
    """The JSON of a recorded stream, line by line."""
    return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]


@pytest.mark.parametrize("exchange", exchanges("request"))
def test_a_recorded_request_goes_back_as_it_came(exchange: dict[str, Any]) -> None:
    """Decoded and encoded again, a request is the same JSON, and nothing is reported as lost."""
    body, losses = exchange["request"]["body"], Losses()
    assert CODEC.encode_request(CODEC.decode_request(body), losses) == body
    assert losses.found == []


@pytest.mark.parametrize("exchange", exchanges("body"))
def test_a_recorded_answer_goes_back_as_it_came(exchange: dict[str, Any]) -> None:
    """Decoded and encoded again, an answer is the same JSON; an error keeps its message."""
    body, status, losses = exchange["response"]["body"], exchange["response"]["status"], Losses()
    if status >= 400:
        failure = CODEC.decode_failure(status, json.dumps(body).encode())
        assert failure.kind is FailureKind.AUTHENTICATION
        assert CODEC.encode_failure(failure)["message"] == body["message"]
        return
    answer = CODEC.decode_answer(body)
    assert answer.usage is not None
    assert CODEC.encode_answer(answer, reply_to(exchange), losses) == body
    assert losses.found == []


@pytest.mark.parametrize("exchange", exchanges("sse"))
def test_a_recorded_stream_gives_the_same_events_however_it_is_cut(exchange: dict[str, Any]) -> None:
    """Reads of 1, 2, 3, 7 and 1024 bytes and the whole at once give the same events, in the order of the grammar."""
    data = exchange["response"]["sse"].encode()
    whole = read(data)
    for size in SIZES:
        assert read(data, size) == whole, size


@pytest.mark.parametrize("exchange", exchanges("sse"))
def test_a_recorded_stream_says_what_the_whole_answer_says(exchange: dict[str, Any]) -> None:
    """The fold of the events is what the whole answer decodes to."""
    text = exchange["response"]["sse"]
    assert fold(read(text.encode())) == CODEC.decode_answer(whole_of(sse_json(text)))


@pytest.mark.parametrize("exchange", exchanges("sse"))
def test_a_recorded_stream_written_again_says_the_same(exchange: dict[str, Any]) -> None:
    """Events written as a stream and read again fold to the same answer, and the events of the wire are the same."""
    text = exchange["response"]["sse"]
    events = read(text.encode())
    encoder = CODEC.stream_encoder(reply_to(exchange))
    written = b"".join(encoder.encode(event) for event in events)
    assert fold(read(written)) == fold(events)
    assert encoder.losses.found == []
    assert sse_json(written.decode()) == sse_json(text)
    assert written.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize("exchange", exchanges("sse"))
def test_a_recorded_stream_that_stops_early_fails(exchange: dict[str, Any]) -> None:
    """Cut before its `message-end`, a stream ends in a failure, and never cleanly."""
    data = exchange["response"]["sse"].encode()
    end = data.index(b"event: message-end")
    for cut in (0, 1, end // 2, end):
        kinds = [type(event).__name__ for event in read(data[:cut])]
        assert kinds[-1] == "Failed", cut
        assert "Ended" not in kinds, cut
