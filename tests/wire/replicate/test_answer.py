"""Predictions and streams, both ways; their metrics; errors."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.wire.replicate.samples import PREDICTION, REQUEST, STREAM
from trunkline.ir.answer import Answer, Choice, Finish
from trunkline.ir.events import (
    CitationDelta,
    Ended,
    Event,
    Failed,
    Finished,
    OpaqueDelta,
    PartEnded,
    PartStarted,
    Ping,
    Started,
    TextDelta,
    UsageSeen,
)
from trunkline.ir.failure import Failure, FailureKind
from trunkline.ir.fold import fold
from trunkline.ir.format import Format
from trunkline.ir.grammar import check
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Citation, Foreign, Media, MediaKind, Opaque, Part, Reasoning, Text, ToolCall
from trunkline.ir.usage import Usage
from trunkline.wire.codec import Reply
from trunkline.wire.replicate.codec import CODEC
from trunkline.wire.replicate.losses import REASONS
from trunkline.wire.replicate.usage import read_usage

REPLY = Reply(id="ours", model="m", created=1_700_000_000, request=CODEC.decode_request(REQUEST))


def answered(answer: Answer) -> tuple[dict[str, Any], list[str]]:
    """The body for a client, and the paths of the losses."""
    losses = Losses()
    body: dict[str, Any] = CODEC.encode_answer(answer, REPLY, losses)
    assert {loss.reason for loss in losses.found} <= REASONS
    return body, [loss.path for loss in losses.found]


def read(data: bytes) -> list[Event]:
    """The events of a stream."""
    decoder = CODEC.stream_decoder()
    return check([*decoder.feed(data), *decoder.end()])


def failure_of(events: list[Event]) -> Failure:
    """How a stream failed."""
    last = events[-1]
    assert isinstance(last, Failed)
    return last.failure


@pytest.mark.parametrize("output", [["a", "b"], "ab", [], "", None, {"x": 1}, ["a", 1]])
def test_every_output_goes_back_as_it_came(output: object) -> None:
    """Pieces, a text, nothing, or whatever the model gives."""
    body = {**PREDICTION, "output": output}
    assert answered(CODEC.decode_answer(body)) == (body, [])


def test_pieces_are_one_text() -> None:
    """With the metrics as usage."""
    answer = CODEC.decode_answer(PREDICTION)
    assert answer.choices == [Choice(parts=[Text(text="Hello!")], finish=Finish.STOP, finish_native="succeeded")]
    assert (answer.id, answer.model, answer.created) == (PREDICTION["id"], PREDICTION["model"], 1728065260)
    assert answer.usage == Usage(5, 3)
    assert answer.native is not None
    assert answer.native.members["usage"] == PREDICTION["metrics"]


def test_another_output_is_foreign() -> None:
    """Nobody but a client of Replicate's can read it."""
    (part,) = CODEC.decode_answer({**PREDICTION, "output": {"x": 1}}).choices[0].parts
    assert part == Foreign(format=Format.REPLICATE, kind="output", data={"x": 1})


@pytest.mark.parametrize(
    ("status", "finish"),
    [("starting", None), ("processing", None), ("succeeded", Finish.STOP), ("failed", Finish.OTHER), ("new", None)],
)
def test_every_status_comes_back(status: str, finish: Finish | None) -> None:
    """Also one that is not known."""
    body = {**PREDICTION, "status": status}
    answer = CODEC.decode_answer(body)
    assert answer.choices[0].finish is finish
    assert answered(answer)[0] == body


def test_a_text_that_was_edited_is_sent_edited() -> None:
    """A guardrail that replaced the words is not undone by the pieces that travel along."""
    answer = CODEC.decode_answer(PREDICTION)
    answer.choices[0].parts = [Text(text="[removed]")]
    assert answered(answer)[0]["output"] == ["[removed]"]


def test_an_answer_of_another_format_is_a_finished_prediction() -> None:
    """With what clients of Replicate's expect of one."""
    answer = Answer(choices=[Choice(parts=[Text(text="a"), Text(text="b")], finish=Finish.LENGTH)], usage=Usage(5, 7))
    assert answered(answer) == (
        {
            "id": "ours",
            "model": "m",
            "version": "",
            "input": {},
            "logs": "",
            "output": ["a", "b"],
            "error": None,
            "status": "succeeded",
            "created_at": "2023-11-14T22:13:20Z",
            "completed_at": "2023-11-14T22:13:20Z",
            "urls": {},
            "metrics": {"input_token_count": 5, "output_token_count": 7},
        },
        [],
    )


def test_what_an_answer_cannot_hold_is_reported() -> None:
    """An answer is never refused: what has no place is left out and named."""
    parts: list[Part] = [
        Reasoning(text="hm"),
        Text(text="a", citations=[Citation(url="https://example.com")], opaque=Opaque("gemini.signature", "x")),
        ToolCall(id="c", name="f", arguments="{}"),
        Media(kind=MediaKind.IMAGE, data="AAAA", mime="image/png"),
        Foreign(format=Format.GEMINI, kind="executable_code", data={}),
    ]
    body, lost = answered(Answer(choices=[Choice(parts=parts, logprobs={"content": []}), Choice()]))
    assert body["output"] == ["a"]
    assert lost == [
        *("choices[1]", "output[0]", "output[1].citations", "output[1]", "output[2]", "output[3]", "output[4]"),
        "logprobs",
    ]


@pytest.mark.parametrize("name", ["id", "model", "status", "created_at"])
def test_a_wrong_shape_is_refused_by_name(name: str) -> None:
    """What is read must be text."""
    with pytest.raises(BadShape) as caught:
        CODEC.decode_answer({**PREDICTION, name: 3})
    assert caught.value.path == name


@pytest.mark.parametrize(
    ("metrics", "usage"),
    [
        ({"input_token_count": 5, "output_token_count": 7}, Usage(5, 7)),
        ({"predict_time": 1.5}, None),
        ({"input_token_count": 5}, None),
        ({"input_token_count": -5, "output_token_count": 7}, None),
        ({"input_token_count": 5, "output_token_count": 10**9}, None),
        ({"input_token_count": 5.5, "output_token_count": 7}, None),
        (None, None),
    ],
)
def test_metrics(metrics: object, usage: Usage | None) -> None:
    """Both counts or none; what cannot be true gives no usage."""
    assert read_usage(metrics) == usage


def test_a_stream_is_one_text() -> None:
    """Lines of one output are joined; logs are kept beside."""
    answer = fold(read(STREAM))
    assert answer.choices == [Choice(parts=[Text(text="Hello\n\n !")], finish=Finish.STOP, finish_native="succeeded")]
    assert answer.native is not None
    assert answer.native.members == {"logs": "loading"}


@pytest.mark.parametrize(
    ("event", "message", "kind"),
    [
        (b"event: error\ndata: out of memory\n\n", "out of memory", FailureKind.INTERNAL),
        (b'event: error\ndata: {"detail": "E003: busy"}\n\n', "E003: busy", FailureKind.OVERLOADED),
        (
            b'event: done\ndata: {"reason": "canceled"}\n\n',
            "the prediction ended with `canceled`",
            FailureKind.INTERNAL,
        ),
        (
            b"event: output\ndata: \xff\n\n",
            "the provider's stream holds text that is not UTF-8",
            FailureKind.UNAVAILABLE,
        ),
        (b"event: output\ndata: a\n\n", "the provider's stream stopped before its `done`", FailureKind.UNAVAILABLE),
    ],
)
def test_a_stream_that_fails(event: bytes, message: str, kind: FailureKind) -> None:
    """By an error, by its end, by what it holds: nothing follows."""
    failure = failure_of(read(event))
    assert (failure.message, failure.kind) == (message, kind)


def test_a_stream_of_another_format_goes_out() -> None:
    """Words with line ends in several lines; what has no place is reported."""
    events: list[Event] = [
        Started(),
        Ping(),
        PartStarted(index=0, part=Reasoning(text="hm")),
        TextDelta(0, "m"),
        PartEnded(0),
        PartStarted(index=1, part=Text(text="a")),
        TextDelta(1, "b\n\n c\r\nd"),
        OpaqueDelta(1, Opaque("gemini.signature", "x")),
        CitationDelta(1, Citation(url="https://example.com")),
        PartEnded(1, Text(text="ab\n\n c\r\nd!")),
        PartStarted(index=2, part=Text(text="other"), choice=1),
        PartEnded(2),
        Finished(finish=Finish.STOP),
        Finished(finish=Finish.STOP, choice=1),
        UsageSeen(Usage(1, 2)),
        Ended(),
    ]
    encoder = CODEC.stream_encoder(REPLY)
    data = b"".join(encoder.encode(item) for item in check(events))
    assert data == (
        b": hi\n\n"
        b"event: output\nid: 1700000000:0\ndata: a\n\n"
        b"event: output\nid: 1700000000:1\ndata: b\ndata: \ndata:  c\ndata: d\n\n"
        b"event: output\nid: 1700000000:2\ndata: !\n\n"
        b"event: done\nid: 1700000000:3\ndata: {}\n\n"
    )
    assert fold(read(data)).choices[0].parts == [Text(text="ab\n\n c\nd!")]
    assert [loss.path for loss in encoder.losses.found] == [
        "output[0]",
        "output[1]",
        "output[1].citations",
        "choices[1]",
    ]


def test_what_a_stream_cannot_hold_is_reported() -> None:
    """Calls, media and foreign parts are left out; Replicate's own output goes as it is."""
    parts: list[Part] = [
        Foreign(format=Format.REPLICATE, kind="output", data={"x": 1}),
        Foreign(format=Format.GEMINI, kind="executable_code", data={}),
        ToolCall(id="c", name="f", arguments="{}"),
        Media(kind=MediaKind.IMAGE, data="AAAA", mime="image/png"),
    ]
    encoder = CODEC.stream_encoder(REPLY)
    data = b""
    for index, part in enumerate(parts):
        data += encoder.encode(PartStarted(index=index, part=part)) + encoder.encode(PartEnded(index))
    assert data == b'event: output\nid: 1700000000:0\ndata: {"x":1}\n\n'
    assert [loss.path for loss in encoder.losses.found] == ["output[1]", "output[2]", "output[3]"]
    assert {loss.reason for loss in encoder.losses.found} <= REASONS


def test_a_failure_is_the_last_event() -> None:
    """`error`, and no `done`."""
    encoder = CODEC.stream_encoder(REPLY)
    failure = Failure(kind=FailureKind.UNAVAILABLE, status=502, message="gone\naway")
    data = encoder.encode(Started()) + encoder.encode(Failed(failure))
    assert data == b'event: error\nid: 1700000000:0\ndata: {"detail":"gone\\naway"}\n\n'
    assert failure_of(read(data)).message == "gone\naway"


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (
            401,
            {"title": "Unauthenticated", "detail": "no token", "status": 401},
            FailureKind.AUTHENTICATION,
            "no token",
        ),
        (402, {"title": "Insufficient credit"}, FailureKind.PAYMENT, "Insufficient credit"),
        (404, {"detail": "no such model"}, FailureKind.NOT_FOUND, "no such model"),
        (422, {"detail": "input.prompt: required"}, FailureKind.UNPROCESSABLE, "input.prompt: required"),
        (429, {"detail": "slow down", "retry_after": 7}, FailureKind.RATE_LIMIT, "slow down"),
        (500, {"error": "oh"}, FailureKind.INTERNAL, "oh"),
        (502, {}, FailureKind.UNAVAILABLE, "the provider answered HTTP 502 without saying why"),
    ],
)
def test_errors_have_their_kind(status: int, body: dict[str, Any], kind: FailureKind, message: str) -> None:
    """A problem of RFC 7807, or an `error`."""
    failure = CODEC.decode_failure(status, json.dumps(body).encode())
    assert (failure.kind, failure.message, failure.status) == (kind, message, status)
    assert failure.retry_after == body.get("retry_after")
    assert CODEC.encode_failure(failure) == {
        "title": kind.value.replace("_", " ").capitalize(),
        "detail": message,
        "status": status,
    }
