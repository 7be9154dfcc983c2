"""Streams of providers: the oddities of hosts, and everything that is no clean end."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.wire.openai_responses.recorded import read
from trunkline.ir.answer import Finish
from trunkline.ir.events import (
    Ended,
    Event,
    Failed,
    Finished,
    PartEnded,
    PartStarted,
    Ping,
    Started,
    TextDelta,
    UsageSeen,
)
from trunkline.ir.failure import FailureKind
from trunkline.ir.fold import fold
from trunkline.ir.parts import Foreign, Opaque, Reasoning, Text, ToolCall
from trunkline.ir.usage import Usage
from trunkline.wire.openai_responses.codec import CODEC

USAGE = {"input_tokens": 3, "output_tokens": 2}
CREATED = {
    "type": "response.created",
    "response": {"id": "resp_1", "model": "m", "created_at": 7, "service_tier": "auto"},
}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "f"}


def told(*events: dict[str, Any]) -> bytes:
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)


def done(*output: object, **more: object) -> dict[str, Any]:
    response = {"id": "resp_1", "status": "completed", "output": list(output), "usage": USAGE, **more}
    return {"type": f"response.{response['status']}", "response": response}


def added(item: dict[str, Any], place: int = 0) -> dict[str, Any]:
    return {"type": "response.output_item.added", "output_index": place, "item": item}


def finished(item: dict[str, Any], place: int = 0) -> dict[str, Any]:
    return {"type": "response.output_item.done", "output_index": place, "item": item}


def delta(kind: str, text: str, place: int = 0, **more: object) -> dict[str, Any]:
    return {"type": f"response.{kind}.delta", "output_index": place, "delta": text, **more}


def message(text: str, **more: object) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {"type": "message", "id": "msg_1", "role": "assistant", "content": content, **more}


def of(events: list[Event], kind: type[Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def test_a_stream_has_start_parts_usage_and_end() -> None:
    """The events of a plain answer, in order; which tier serves is not known at the start."""
    item = message("hi")
    events = read(
        told(
            CREATED,
            added({**item, "content": []}),
            delta("output_text", "h"),
            delta("output_text", "i"),
            finished(item),
            done(item),
        )
    )
    assert [type(event) for event in events] == [
        Started, PartStarted, TextDelta, TextDelta, PartEnded, UsageSeen, Finished, Ended,
    ]  # fmt: skip
    start = of(events, Started)[0]
    assert (start.id, start.model, start.created, start.service_tier) == ("resp_1", "m", 7, "")
    assert events[5] == UsageSeen(Usage(3, 2), USAGE)
    assert of(events, Finished)[0].finish is Finish.STOP


def test_arguments_that_come_only_at_the_end_are_given_out() -> None:
    """LM Studio sends no argument deltas."""
    whole = {**CALL, "arguments": '{"a": 1}'}
    events = read(told(CREATED, added({**CALL, "arguments": ""}), finished(whole), done(whole)))
    assert [event.text for event in of(events, TextDelta)] == ['{"a": 1}']
    call = fold(events).choices[0].parts[0]
    assert isinstance(call, ToolCall)
    assert call.arguments == '{"a": 1}'
    assert of(events, Finished)[0].finish is Finish.TOOL_CALLS


def test_contents_are_matched_in_order() -> None:
    """vLLM counts the contents of a stream from 1, and those of the item from 0: one text, not two."""
    item = message("hi")
    events = read(
        told(
            CREATED,
            added({**item, "content": []}),
            delta("output_text", "hi", content_index=1),
            finished(item),
            done(item),
        )
    )
    assert len(of(events, PartStarted)) == 1
    assert fold(events).choices[0].parts[0] == of(events, PartEnded)[0].part


def test_an_item_without_its_beginning_is_read() -> None:
    """Deltas before `output_item.added`, and an item that comes only with the end, are parts all the same."""
    item = message("hi")
    events = read(told(CREATED, delta("output_text", "hi"), finished(item), done(item, {**CALL, "arguments": "{}"})))
    assert [type(part) for part in fold(events).choices[0].parts] == [Text, ToolCall]
    assert [type(part) for part in fold(read(told(done(item)))).choices[0].parts] == [Text]


def test_an_item_without_its_end_is_closed() -> None:
    """A host that leaves out `output_item.done` still has whole parts, from the last event."""
    item = message("hi")
    events = read(told(CREATED, added({**item, "content": []}), delta("output_text", "h"), done(item)))
    assert [event.text for event in of(events, TextDelta)] == ["h", "i"]
    events = read(told(CREATED, delta("output_text", "h"), done()))
    assert fold(events).choices[0].parts[0].text == "h"  # type: ignore[union-attr]


def test_several_summaries_are_one_text() -> None:
    """They are parted by an empty line, in the stream as in the whole answer."""
    summary = [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "b"}]
    item = {"type": "reasoning", "id": "rs_1", "summary": summary, "encrypted_content": "blob"}
    events = read(told(
        CREATED, added({**item, "summary": [], "encrypted_content": "early"}),
        delta("reasoning_summary_text", "a", summary_index=0), delta("reasoning_summary_text", "b", summary_index=1),
        finished(item), done(item),
    ))  # fmt: skip
    assert "".join(event.text for event in of(events, TextDelta)) == "a\n\nb"
    assert of(events, PartStarted)[0].part.summary
    assert fold(events).choices[0].parts == CODEC.decode_answer({"output": [item]}).choices[0].parts


def test_state_is_taken_from_the_finished_item() -> None:
    """The blob of an item that has just begun is not that of the reasoning (fidelity failure 12)."""
    item = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "final"}
    part = (
        fold(read(told(CREATED, added({**item, "encrypted_content": "early"}), finished(item), done(item))))
        .choices[0]
        .parts[0]
    )
    assert isinstance(part, Reasoning)
    assert part.opaque == Opaque("openai.encrypted", "final", id="rs_1")


def test_silent_reasoning_keeps_its_place() -> None:
    """Reasoning without text stands before the text that began while it went on."""
    thought, item = {"type": "reasoning", "id": "rs_1", "summary": []}, message("hi")
    events = read(
        told(
            CREATED,
            added(thought),
            added({**item, "content": []}, 1),
            delta("output_text", "hi", 1),
            finished(item, 1),
            finished(thought),
            done(thought, item),
        )
    )
    assert [type(event.part) for event in of(events, PartStarted)] == [Reasoning, Text]


def test_the_content_counts_more_than_the_summary() -> None:
    """A host that streams the one and keeps the other is read as its whole item says."""
    item = {
        "type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "short"}],
        "content": [{"type": "reasoning_text", "text": "very long"}],
    }  # fmt: skip
    events = read(
        told(
            CREATED,
            added({**item, "summary": [], "content": []}),
            delta("reasoning_summary_text", "short", summary_index=0),
            finished(item),
            done(item),
        )
    )
    assert [event.text for event in of(events, TextDelta)] == ["short"]
    part = fold(events).choices[0].parts[0]
    assert isinstance(part, Reasoning)
    assert (part.text, part.summary) == ("very long", False)


def test_a_refusal_is_a_text() -> None:
    """It has deltas of its own."""
    item = {**message(""), "content": [{"type": "refusal", "refusal": "no"}]}
    events = read(told(CREATED, added({**item, "content": []}), delta("refusal", "no"), finished(item), done(item)))
    assert of(events, PartStarted)[0].part.refusal
    assert of(events, Finished)[0].finish is Finish.REFUSAL


def test_server_tools_come_whole_and_show_life_before() -> None:
    """What only this format has is a part when it is done; its progress is none."""
    item = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    progress = {"type": "response.web_search_call.searching", "output_index": 0, "item_id": "ws_1"}
    events = read(told(CREATED, added({**item, "status": "in_progress"}), progress, finished(item), done(item)))
    assert [type(event) for event in events[1:5]] == [Ping, Ping, PartStarted, PartEnded]
    assert isinstance(events[3], PartStarted)
    assert isinstance(events[3].part, Foreign)
    assert events[3].part.data == item


def test_logprobs_that_come_late_are_kept() -> None:
    """A host that sends them with the finished text only."""
    item = message("hi")
    item["content"][0]["logprobs"] = [{"token": "hi"}]
    events = read(told(CREATED, added({**item, "content": []}), delta("output_text", "h"), finished(item), done(item)))
    assert fold(events).choices[0].logprobs == {"content": [{"token": "hi"}]}


def test_done_is_no_end() -> None:
    """`[DONE]`, which one host adds, ends nothing and breaks nothing."""
    assert isinstance(read(told(CREATED, done()) + b"data: [DONE]\n\n")[-1], Ended)
    assert isinstance(read(told(CREATED) + b"data: [DONE]\n\n")[-1], Failed)


def test_an_incomplete_response_is_an_end() -> None:
    """It says why."""
    events = read(told(CREATED, done(status="incomplete", incomplete_details={"reason": "content_filter"})))
    assert of(events, Finished)[0].finish is Finish.CONTENT_FILTER
    assert isinstance(events[-1], Ended)


@pytest.mark.parametrize(
    ("event", "kind", "message_"),
    [
        (
            {"type": "error", "code": "rate_limit_exceeded", "message": "slow down", "param": None},
            FailureKind.RATE_LIMIT, "slow down",
        ),
        (
            {"type": "error", "error": {"type": "insufficient_quota", "code": "insufficient_quota", "message": "no money"}},
            FailureKind.RATE_LIMIT, "no money",
        ),
        ({"error": {"message": "internal", "code": "server_error"}}, FailureKind.INTERNAL, "internal"),
        ({"type": "error"}, FailureKind.INTERNAL, "the provider broke"),
        (done(status="failed", error={"code": "server_error", "message": "oops"}), FailureKind.INTERNAL, "oops"),
        (done(status="failed", error=None), FailureKind.INTERNAL, "the response failed"),
        ({"type": "response.failed"}, FailureKind.INTERNAL, "the response failed"),
        ({"type": "response.cancelled", "response": {}}, FailureKind.UNAVAILABLE, "cancelled"),
        ({"type": "response.completed", "response": {"error": {"message": "oops"}}}, FailureKind.INTERNAL, "oops"),
        (
            done(status="failed", error={"code": "context_length_exceeded", "message": "too long"}),
            FailureKind.CONTEXT_WINDOW, "too long",
        ),
    ],
)  # fmt: skip
def test_every_form_of_error_is_a_failure(event: dict[str, Any], kind: FailureKind, message_: str) -> None:
    """Errors, failed and cancelled responses end the stream; nothing follows, whatever comes."""
    events = read(told(CREATED, event, done()))
    last = events[-1]
    assert isinstance(last, Failed)
    assert last.failure.kind is kind
    assert message_ in last.failure.message
    assert not of(events, Ended)


@pytest.mark.parametrize(
    "data",
    [b"data: {\n\n", b"data: []\n\n", b"data: 1\n\n", b'data: {"type": 1}\n\n', b"data: \xff\n\n", b"data: " + b"[" * 9000 + b"\n\n"],
)  # fmt: skip
def test_what_is_no_event_breaks_the_stream(data: bytes) -> None:
    """Bad JSON, bad UTF-8, endless nesting and what has no type: a failure, and nothing is raised."""
    events = read(told(CREATED) + data + told(done()))
    assert isinstance(events[-1], Failed)


def test_an_event_without_end_breaks_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event that passes the limit of the splitter is a failure."""
    monkeypatch.setattr("trunkline.wire.openai_responses.stream_in.LARGE_EVENT_BYTES", 100)
    assert isinstance(read(b"data: " + b"x" * 200)[-1], Failed)


def test_nothing_at_all_is_a_failure() -> None:
    """A stream that ends before it began."""
    assert [type(event) for event in read(b"")] == [Failed]


def test_a_stream_that_goes_on_from_a_place_has_a_start() -> None:
    """`starting_after` begins in the middle: without a response, and all the same with a start."""
    item = message("hi")
    assert isinstance(read(told(delta("output_text", "hi"), finished(item), done(item)))[0], Started)
