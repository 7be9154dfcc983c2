"""Every recorded exchange there and back: requests, whole answers, streams cut anywhere."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.wire.ollama.recordings import exchanges
from trunkline.ir.answer import Answer
from trunkline.ir.events import Event
from trunkline.ir.fold import fold
from trunkline.ir.grammar import check
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Native
from trunkline.wire.codec import Reply
from trunkline.wire.ollama.codec import CODEC

SIZES = (1, 2, 3, 7, 1024, 1 << 30)


def reply_to(exchange: dict[str, Any]) -> Reply:
    """What the encoder of an answer knows of the recorded request."""
    return Reply(id="ours", model="m", created=1, request=CODEC.decode_request(exchange["request"]["body"]))


def read(data: bytes, size: int = 1 << 30) -> list[Event]:
    """All events of a stream that is read in pieces of `size` bytes."""
    decoder = CODEC.stream_decoder()
    events = [event for at in range(0, len(data), size) for event in decoder.feed(data[at : at + size])]
    return check([*events, *decoder.end()])


def plain(answer: Answer) -> Answer:
    """The answer without the spelling, which a fold does not keep."""
    if answer.native is not None:
        answer.native = Native(answer.native.format, answer.native.members)
    return answer


def whole_of(objects: list[dict[str, Any]]) -> dict[str, Any]:
    """The whole answer that says what the objects of a stream say: the last, with all words, from the first's time."""
    body = {**objects[-1], "created_at": objects[0]["created_at"]}
    if "response" in body:
        return {**body, "response": "".join(item["response"] for item in objects)}
    message = {"role": "assistant", "content": "".join(item["message"]["content"] for item in objects)}
    if thinking := "".join(item["message"].get("thinking", "") for item in objects):
        message["thinking"] = thinking
    calls = [call for item in objects for call in item["message"].get("tool_calls", [])]
    return {**body, "message": {**message, "tool_calls": calls} if calls else message}


@pytest.mark.parametrize("exchange", exchanges("request"))
def test_a_recorded_request_goes_back_as_it_came(exchange: dict[str, Any]) -> None:
    """Decoded and encoded again, a request is the same JSON, and nothing is reported as lost."""
    body, losses = exchange["request"]["body"], Losses()
    assert CODEC.encode_request(CODEC.decode_request(body), losses) == body
    assert losses.found == []


@pytest.mark.parametrize("exchange", exchanges("body"))
def test_a_recorded_answer_goes_back_as_it_came(exchange: dict[str, Any]) -> None:
    """Decoded and encoded again, an answer is the same JSON, and nothing is reported as lost."""
    body, losses = exchange["response"]["body"], Losses()
    answer = CODEC.decode_answer(body)
    assert answer.usage is not None
    assert CODEC.encode_answer(answer, reply_to(exchange), losses) == body
    assert losses.found == []


@pytest.mark.parametrize("exchange", exchanges("ndjson"))
def test_a_recorded_stream_gives_the_same_events_however_it_is_cut(exchange: dict[str, Any]) -> None:
    """Reads of 1, 2, 3, 7 and 1024 bytes and the whole at once give the same events, in the order of the grammar."""
    data = exchange["response"]["ndjson"].encode()
    whole = read(data)
    for size in SIZES:
        assert read(data, size) == whole, size


@pytest.mark.parametrize("exchange", exchanges("ndjson"))
def test_a_recorded_stream_says_what_the_whole_answer_says(exchange: dict[str, Any]) -> None:
    """The fold of the events is what the whole answer decodes to."""
    text = exchange["response"]["ndjson"]
    whole = whole_of([json.loads(line) for line in text.splitlines()])
    assert plain(fold(read(text.encode()))) == plain(CODEC.decode_answer(whole))


@pytest.mark.parametrize("exchange", exchanges("ndjson"))
def test_a_recorded_stream_written_again_says_the_same(exchange: dict[str, Any]) -> None:
    """Events written as a stream and read again fold to the same answer; the words of each line are the same."""
    text = exchange["response"]["ndjson"]
    events = read(text.encode())
    encoder = CODEC.stream_encoder(reply_to(exchange))
    written = b"".join(encoder.encode(event) for event in events)
    assert fold(read(written)) == fold(events)
    assert encoder.losses.found == []
    before, after = ([json.loads(line) for line in form.splitlines()] for form in (text, written))
    time = before[0]["created_at"]
    assert [{**item, "created_at": time} for item in before] == after


@pytest.mark.parametrize("exchange", exchanges("ndjson"))
def test_a_recorded_stream_that_stops_early_fails(exchange: dict[str, Any]) -> None:
    """Cut before its last object, a stream ends in a failure, and never cleanly."""
    data = exchange["response"]["ndjson"].encode()
    last = data.rstrip().rindex(b"\n")
    for cut in (0, 1, last // 2, last, last + 9):
        kinds = [type(event).__name__ for event in read(data[:cut])]
        assert kinds[-1] == "Failed", cut
        assert "Ended" not in kinds, cut
