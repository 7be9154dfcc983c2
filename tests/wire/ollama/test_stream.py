"""Streams, both ways, with what the recordings do not hold."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from msgspec.structs import replace

from tests.wire.ollama.samples import ANSWER, LAST, PNG, REQUEST, STREAM, line, lines
from tests.wire.ollama.test_recorded import plain
from trunkline.ir.answer import Finish
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
from trunkline.ir.fold import fold, unfold
from trunkline.ir.format import Format
from trunkline.ir.grammar import check
from trunkline.ir.parts import Citation, Foreign, Media, MediaKind, Opaque, Part, Reasoning, Text, ToolCall
from trunkline.ir.usage import Usage
from trunkline.wire.codec import Reply
from trunkline.wire.ollama.codec import CODEC
from trunkline.wire.ollama.losses import REASONS
from trunkline.wire.ollama.stream_decoder import MAX_LINE_BYTES

REPLY = Reply(id="ours", model="m", created=1_700_000_000, request=CODEC.decode_request(REQUEST))
PROMPT = replace(REPLY, request=CODEC.decode_request({"model": "m", "prompt": "hi"}))
HEAD = {"model": "m", "created_at": "2023-11-14T22:13:20Z"}


def read(data: bytes) -> list[Event]:
    """The events of a stream."""
    decoder = CODEC.stream_decoder()
    return check([*decoder.feed(data), *decoder.end()])


def written(events: Iterable[Event], reply: Reply = REPLY) -> tuple[list[dict[str, Any]], list[str]]:
    """The objects of the wire, and the paths of the losses."""
    encoder = CODEC.stream_encoder(reply)
    data = b"".join(encoder.encode(item) for item in events)
    assert data.endswith(b"\n")
    assert {loss.reason for loss in encoder.losses.found} <= REASONS
    return [json.loads(item) for item in data.splitlines()], [loss.path for loss in encoder.losses.found]


def failure_of(events: list[Event]) -> Failure:
    """How a stream failed."""
    last = events[-1]
    assert isinstance(last, Failed)
    return last.failure


def test_a_stream_says_what_the_whole_answer_says() -> None:
    """Thinking, text with log probabilities, a call, counts: the fold is the whole answer."""
    assert plain(fold(read(STREAM))) == plain(CODEC.decode_answer(ANSWER))


def test_a_stream_written_again_folds_to_the_same() -> None:
    """Also where the whole answer is written as a stream."""
    events = read(STREAM)
    answer = fold(events)
    for form in (events, list(unfold(CODEC.decode_answer(ANSWER)))):
        encoder = CODEC.stream_encoder(REPLY)
        back = fold(read(b"".join(encoder.encode(item) for item in form)))
        assert (back.choices[0].parts, back.model) == (answer.choices[0].parts, answer.model)
        assert back.choices[0].finish is Finish.TOOL_CALLS
        assert back.usage == answer.usage
        assert encoder.losses.found == []


def test_the_last_line_may_lack_its_end() -> None:
    """A peer that closes right behind the last object has said all."""
    assert isinstance(read(STREAM.rstrip(b"\n"))[-1], Ended)
    assert isinstance(read(STREAM.rstrip(b"}\n"))[-1], Failed)


def test_an_error_line_is_a_failure() -> None:
    """Under HTTP 200, in the middle of an answer; nothing behind it counts."""
    for error in ("out of memory", {"message": "out of memory"}):
        events = read(lines(line(content="a"), {"error": error}, LAST))
        assert failure_of(events).message == "out of memory"
    assert failure_of(read(lines({"error": None}))).message


def test_a_stream_without_its_last_object_has_failed() -> None:
    """However much came."""
    assert failure_of(read(lines(line(content="a")))).kind is FailureKind.UNAVAILABLE


@pytest.mark.parametrize(
    "data",
    [
        b"{\n",
        b"[]\n",
        b"\xff\n",
        b"[" * 100_000 + b"\n",
        b"<html>\n",
        b'{"message": {"tool_calls": [{"function": {}}]}}\n',
        b'{"message": {"images": [3]}}\n',
        b"",
        b"\n \n",
    ],
)
def test_a_stream_that_is_none_fails(data: bytes) -> None:
    """Nothing is raised, and nothing follows."""
    decoder = CODEC.stream_decoder()
    events = check([*decoder.feed(data), *decoder.end()])
    assert failure_of(events).message
    assert decoder.feed(STREAM) == []


def test_a_line_that_does_not_end_is_a_failure() -> None:
    """At the limit, and not when the memory is full."""
    decoder, block = CODEC.stream_decoder(), b"x" * (1 << 20)
    found = [item for _ in range(MAX_LINE_BYTES // len(block) + 1) for item in decoder.feed(block)]
    assert failure_of(found).kind is FailureKind.UNAVAILABLE


def test_an_object_that_says_nothing_is_a_sign_of_life() -> None:
    """The model may take a while to say its first word."""
    assert [type(item) for item in CODEC.stream_decoder().feed(lines(line()))] == [Started, Ping]


def test_calls_of_several_lines_get_ids_of_their_own() -> None:
    """Where the server gives none."""
    call = {"function": {"name": "f", "arguments": {}}}
    answer = fold(read(lines(line(tool_calls=[call]), line(tool_calls=[call, call]), LAST)))
    ids = [part.id for part in answer.choices[0].parts if isinstance(part, ToolCall)]
    assert len(set(ids)) == 3
    assert answer.choices[0].finish is Finish.TOOL_CALLS


def test_a_prompt_s_stream_is_read_and_written_in_its_own_shape() -> None:
    """`response` and `thinking` at the top, and an image that was made."""
    head = {"model": "m", "created_at": "2024-05-24T20:48:36Z"}
    objects: list[dict[str, Any]] = [
        {**head, "response": "", "thinking": "hm", "done": False},
        {**head, "response": "a", "done": False},
        {**head, "response": "", "image": PNG, "done": False},
        {**head, "response": "", "done": True, "done_reason": "stop", "context": [1]},
    ]
    events = read(lines(*objects))
    parts = fold(events).choices[0].parts
    assert [type(part) for part in parts] == [Reasoning, Text, Media]
    assert written(events) == (objects, [])


def test_members_that_only_ollama_has_come_back() -> None:
    """Of the answer and of its message, wherever in the stream they stood."""
    events = read(
        lines({**line(content="a"), "remote_host": "h"}, {**LAST, "message": {"role": "assistant", "mood": 1}})
    )
    found, lost = written(events)
    assert found[-1]["remote_host"] == "h"
    assert found[-1]["message"]["mood"] == 1
    assert lost == []


def test_a_stream_of_another_format_goes_out() -> None:
    """Words as they come, calls whole when they are complete, in the order of their ends."""
    events: list[Event] = [
        Started(),
        PartStarted(index=0, part=Reasoning(text="h")),
        TextDelta(0, "m"),
        PartEnded(0),
        PartStarted(index=1, part=Text(text="")),
        TextDelta(1, "a", {"content": [{"token": "a", "logprob": -1.0}]}),
        PartEnded(1, Text(text="abc")),
        PartStarted(index=2, part=ToolCall(id="c1", name="f", arguments="")),
        PartStarted(index=3, part=ToolCall(id="c2", name="g", arguments='{"y":2}')),
        TextDelta(2, '{"x"'),
        PartEnded(3),
        TextDelta(2, ":1}"),
        PartEnded(2),
        Finished(finish=Finish.TOOL_CALLS, finish_native="tool_use"),
        UsageSeen(Usage(1, 2)),
        Ended(),
    ]
    found, lost = written(check(events))

    def said(**message: object) -> dict[str, Any]:
        return {**HEAD, "message": {"role": "assistant", "content": "", **message}, "done": False}

    assert found == [
        said(thinking="h"),
        said(thinking="m"),
        {**said(content="a"), "logprobs": [{"token": "a", "logprob": -1.0}]},
        said(content="bc"),
        said(tool_calls=[{"id": "c2", "function": {"index": 0, "name": "g", "arguments": {"y": 2}}}]),
        said(tool_calls=[{"id": "c1", "function": {"index": 1, "name": "f", "arguments": {"x": 1}}}]),
        {**said(), "done": True, "done_reason": "stop", "prompt_eval_count": 1, "eval_count": 2},
    ]
    assert lost == []


def test_a_failure_is_the_last_line() -> None:
    """`{"error": ...}`, and no object with `done`."""
    failure = Failure(kind=FailureKind.UNAVAILABLE, status=502, message="gone")
    for reply in (REPLY, PROMPT):
        found, _ = written([Started(), Failed(failure)], reply)
        assert found == [{"error": "gone"}]


def test_what_a_stream_cannot_hold_is_reported() -> None:
    """State, citations, second answers, media, foreign parts and free-text calls are left out, and the rest goes on."""
    parts: list[Part] = [
        Media(kind=MediaKind.AUDIO, data="AAAA", mime="audio/wav"),
        Foreign(format=Format.GEMINI, kind="executable_code", data={}),
        ToolCall(id="c", name="f", arguments="x", custom=True),
    ]
    events: list[Event] = [Started(), Ping()]
    for index, part in enumerate(parts):
        events += (PartStarted(index=index, part=part), PartEnded(index))
    events += [
        PartStarted(index=3, part=Text(text="a")),
        OpaqueDelta(3, Opaque("gemini.signature", "x")),
        CitationDelta(3, Citation(url="https://example.com")),
        PartEnded(3),
        PartStarted(index=4, part=Text(text="other"), choice=1),
        TextDelta(4, "!"),
        PartEnded(4),
        Finished(finish=Finish.STOP),
        Finished(finish=Finish.LENGTH, choice=1),
        Ended(),
    ]
    found, lost = written(check(events))
    assert [item["message"]["content"] for item in found] == ["a", ""]
    assert found[-1]["done_reason"] == "stop"
    assert lost == [
        *("message.content[0]", "message.content[1]", "message.content[2]", "message.content[3]"),
        *("message.content[3].citations", "choices[1]"),
    ]


def test_images_of_an_answer_are_lines_of_their_own() -> None:
    """Whole, also where they came in pieces, and in the member that either shape has for them."""
    events: list[Event] = [
        Started(),
        PartStarted(index=0, part=Media(kind=MediaKind.IMAGE, mime="image/png", data=PNG[:4])),
        TextDelta(0, PNG[4:]),
        PartEnded(0),
        Finished(finish=Finish.STOP),
        Ended(),
    ]
    assert written(events)[0][0]["message"] == {"role": "assistant", "content": "", "images": [PNG]}
    assert written(events, PROMPT)[0][0] == {**HEAD, "response": "", "image": PNG, "done": False}


def test_text_behind_a_call_is_written_and_reported() -> None:
    """The format has no order between texts and calls."""
    events: list[Event] = [
        Started(),
        PartStarted(index=0, part=ToolCall(id="c", name="f", arguments="{}")),
        PartEnded(0, ToolCall(id="c", name="f", arguments='{"a":1}')),
        PartStarted(index=1, part=Text(text="late")),
        PartEnded(1),
        Finished(finish=Finish.TOOL_CALLS),
        Ended(),
    ]
    found, lost = written(events)
    assert found[0]["message"]["tool_calls"][0]["function"]["arguments"] == {"a": 1}
    assert found[1]["message"]["content"] == "late"
    assert lost == ["message.content[1]"]
