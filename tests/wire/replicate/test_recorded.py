"""Every recorded exchange there and back: requests, predictions of every status, the stream cut anywhere."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.wire.replicate.recordings import PREDICTIONS, RECORDINGS, STREAMS, exchanges
from tests.wire.replicate.samples import BASE, REQUEST
from trunkline.ir.answer import Finish
from trunkline.ir.events import Event
from trunkline.ir.failure import FailureKind
from trunkline.ir.fold import fold
from trunkline.ir.grammar import check
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Text
from trunkline.wire.codec import Named, Reply
from trunkline.wire.replicate.codec import CODEC
from trunkline.wire.replicate.job import Done, Job, Send, Wait, create_path

SIZES = (1, 2, 3, 7, 1024, 1 << 30)
REPLY = Reply(id="ours", model="m", created=1, request=CODEC.decode_request(REQUEST))


def named(exchange: dict[str, Any]) -> Named:
    """What the path of a recorded request says."""
    found = re.fullmatch(r"/v1/models/([^/]+/[^/]+)/predictions", exchange["request"]["path"])
    return Named(model=found[1]) if found else Named()


def read(data: bytes, size: int = 1 << 30) -> list[Event]:
    """All events of a stream that is read in pieces of `size` bytes."""
    decoder = CODEC.stream_decoder()
    events = [event for at in range(0, len(data), size) for event in decoder.feed(data[at : at + size])]
    return check([*events, *decoder.end()])


@pytest.mark.parametrize("exchange", exchanges(PREDICTIONS, "request"))
def test_a_recorded_request_goes_back_as_it_came(exchange: dict[str, Any]) -> None:
    """Decoded and encoded again, a request is the same JSON, without losses, and is created where it was."""
    body, losses = exchange["request"]["body"], Losses()
    request = CODEC.decode_request(body, named(exchange))
    assert CODEC.encode_request(request, losses) == body
    assert losses.found == []
    assert "/v1" + create_path(request.model) == exchange["request"]["path"]


@pytest.mark.parametrize("exchange", exchanges(PREDICTIONS, "body"))
def test_a_recorded_answer_goes_back_as_it_came(exchange: dict[str, Any]) -> None:
    """Decoded and encoded again, a prediction is the same JSON; an error keeps its message."""
    body, status, losses = exchange["response"]["body"], exchange["response"]["status"], Losses()
    if status >= 400:
        failure = CODEC.decode_failure(status, json.dumps(body).encode())
        assert (failure.kind, failure.message) == (FailureKind.AUTHENTICATION, body["detail"])
        return
    answer = CODEC.decode_answer(body)
    assert CODEC.encode_answer(answer, REPLY, losses) == body
    assert losses.found == []


@pytest.mark.parametrize("exchange", exchanges(STREAMS, "sse"))
def test_a_recorded_stream_gives_the_same_events_however_it_is_cut(exchange: dict[str, Any]) -> None:
    """Reads of 1, 2, 3, 7 and 1024 bytes and the whole at once give the same events, in the order of the grammar."""
    data = exchange["response"]["sse"].encode()
    whole = read(data)
    for size in SIZES:
        assert read(data, size) == whole, size


@pytest.mark.parametrize("exchange", exchanges(STREAMS, "sse"))
def test_a_recorded_stream_says_what_the_whole_answer_says(exchange: dict[str, Any]) -> None:
    """The fold of the events has the text and the reason of the prediction that the pieces make."""
    text = exchange["response"]["sse"]
    pieces = [
        "\n".join(line[6:] for line in block.split("\n") if line.startswith("data: "))
        for block in text.split("\n\n")
        if block.startswith("event: output")
    ]
    answer = fold(read(text.encode()))
    whole = CODEC.decode_answer({"output": pieces, "status": "succeeded"})
    assert answer.choices == whole.choices


@pytest.mark.parametrize("exchange", exchanges(STREAMS, "sse"))
def test_a_recorded_stream_written_again_says_the_same(exchange: dict[str, Any]) -> None:
    """Events written as a stream and read again fold to the same answer, and the outputs are the same bytes."""
    text = exchange["response"]["sse"]
    events = read(text.encode())
    encoder = CODEC.stream_encoder(REPLY)
    written = b"".join(encoder.encode(event) for event in events)
    assert fold(read(written)) == fold(events)
    assert encoder.losses.found == []
    outputs = [re.sub(r"id: .*\n", "", form).split("\n\n") for form in (text, written.decode())]
    kept = [
        [block for block in blocks if block.startswith("event: ") and "data: \n" not in block + "\n"]
        for blocks in outputs
    ]
    assert kept[0][-5:] == kept[1][-5:]


@pytest.mark.parametrize("exchange", exchanges(STREAMS, "sse"))
def test_a_recorded_stream_that_stops_early_fails(exchange: dict[str, Any]) -> None:
    """Cut before its `done`, a stream ends in a failure, and never cleanly."""
    data = exchange["response"]["sse"].encode()
    end = data.index(b"event: done")
    for cut in (0, 1, end // 2, end, end + 20):
        kinds = [type(event).__name__ for event in read(data[:cut])]
        assert kinds[-1] == "Failed", cut
        assert "Ended" not in kinds, cut


def test_a_recorded_run_is_driven_to_its_end() -> None:
    """Create, look while it starts and runs, read the output: as Replicate's own client did."""
    folder = RECORDINGS / "replicate"
    steps = [
        "replicate.predictions/replicatepy-run-0.json",
        "replicate.predictions.get/replicatepy-run-2.json",
        "replicate.predictions.get/replicatepy-run-3.json",
        "replicate.predictions.get/replicatepy-run-12.json",
    ]
    if not folder.is_dir():
        pytest.skip("the recordings are not there: put them at `../shared/recordings`")
    recorded = [json.loads((folder / step).read_text()) for step in steps]
    request = CODEC.decode_request(recorded[0]["request"]["body"])
    job = Job(BASE, request.model, CODEC.encode_request(request, Losses()))
    events: list[Event] = []
    for exchange in recorded:
        step = job.next()
        if isinstance(step, Wait):
            step = job.next()
        assert isinstance(step, Send)
        assert step.method == exchange["request"]["method"]
        assert step.url == "https://" + exchange["request"]["host"] + exchange["request"]["path"]
        if step.body:
            assert json.loads(step.body) == exchange["request"]["body"]
        response = exchange["response"]
        events += job.received(response["status"], json.dumps(response["body"]).encode())
    done = job.next()
    assert isinstance(done, Done)
    assert done.answer.choices[0].finish is Finish.STOP
    (part,) = done.answer.choices[0].parts
    assert isinstance(part, Text)
    assert part.text == recorded[-1]["response"]["body"]["output"][0]
    assert fold(check(events)).choices == done.answer.choices
