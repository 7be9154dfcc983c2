"""Streams of a provider: odd ones, broken ones, and what is told of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.wire.anthropic_messages.recorded import read, written
from trunkline.ir.answer import Finish
from trunkline.ir.events import Ended, Event, Failed, Finished, Ping, UsageSeen
from trunkline.ir.failure import FailureKind
from trunkline.ir.fold import Folder, fold
from trunkline.ir.grammar import check
from trunkline.ir.parts import Foreign, Opaque, Reasoning, Text, ToolCall
from trunkline.wire.anthropic_messages.codec import CODEC

START = {
    "type": "message_start",
    "message": {"id": "i", "model": "m", "content": [], "usage": {"input_tokens": 7, "output_tokens": 1}},
}
DELTA = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}}
STOP = {"type": "message_stop"}


def block(index: int, content: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    """The events of one block."""
    return [
        {"type": "content_block_start", "index": index, "content_block": content},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


TEXT = block(0, {"type": "text", "text": ""}, {"type": "text_delta", "text": "hi"})


def sse(*events: dict[str, Any]) -> bytes:
    """Events in their frame."""
    return b"".join(b"event: %b\ndata: %b\n\n" % (e["type"].encode(), json.dumps(e).encode()) for e in events)


def events(*sent: dict[str, Any]) -> list[Event]:
    """What the decoder makes of events; the grammar is checked."""
    return read(sse(*sent))


def test_usage_is_right_whatever_order_its_members_come_in() -> None:
    """Counts are totals; what a later event does not name has not changed."""
    start = {**START, "message": {"usage": {"input_tokens": 7, "cache_read_input_tokens": 3, "output_tokens": 1}}}
    found = events(start, *TEXT, {**DELTA, "usage": {"output_tokens": 5, "cache_read_input_tokens": None}}, STOP)
    usage = fold(found).usage
    assert usage is not None
    assert (usage.input_total, usage.cache_read, usage.output_total) == (10, 3, 5)
    late = [{**DELTA, "usage": {}}, {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 9}}]
    assert [event.usage.output_total for event in events(start, *TEXT, *late, STOP) if isinstance(event, UsageSeen)] == [
        1, 1, 9,
    ]  # fmt: skip


def test_usage_that_cannot_be_true_is_none() -> None:
    """A slip of the provider never becomes a bill; the object is kept as it came."""
    start = {**START, "message": {"usage": {"input_tokens": 10**9, "output_tokens": 1}}}
    found = events(start, *TEXT, DELTA, STOP)
    assert not any(isinstance(event, UsageSeen) for event in found)
    answer = fold(found)
    assert answer.native is not None
    assert answer.native.members["usage"] == {"input_tokens": 10**9, "output_tokens": 5}


def test_a_call_without_deltas_has_empty_arguments() -> None:
    """Anthropic sends an empty delta or none for a tool without arguments."""
    call = {"type": "tool_use", "id": "a", "name": "f", "input": {}}
    none: list[dict[str, Any]] = []
    for deltas in (none, [{"type": "input_json_delta", "partial_json": ""}]):
        assert fold(events(START, *block(0, call, *deltas), DELTA, STOP)).choices[0].parts == [
            ToolCall(id="a", name="f", arguments="{}")
        ]


def test_arguments_in_the_start_count_where_no_deltas_come() -> None:
    """Hosts of this format differ in where they put the input (fidelity.md failure 9)."""
    call = {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}}
    delta = {"type": "input_json_delta", "partial_json": '{"x": 1}'}
    assert fold(events(START, *block(0, call), DELTA, STOP)).choices[0].parts == [
        ToolCall(id="a", name="f", arguments='{"x":1}')
    ]
    assert fold(events(START, *block(0, call, delta), DELTA, STOP)).choices[0].parts == [
        ToolCall(id="a", name="f", arguments='{"x": 1}')
    ]


def test_a_signature_comes_after_or_with_its_thinking() -> None:
    """The last one counts; an empty one is none."""
    thinking = {"type": "thinking", "thinking": "", "signature": ""}
    deltas = [
        {"type": "thinking_delta", "thinking": "t"},
        {"type": "signature_delta", "signature": ""},
        {"type": "signature_delta", "signature": "sig"},
    ]
    found = events(START, *block(0, thinking, *deltas), *block(1, {**thinking, "signature": "now"}), DELTA, STOP)
    assert fold(found).choices[0].parts == [
        Reasoning(text="t", opaque=Opaque("anthropic.signature", "sig")),
        Reasoning(opaque=Opaque("anthropic.signature", "now")),
    ]


def test_a_server_tools_block_comes_whole_with_its_input() -> None:
    """Foreign parts have no deltas, so the decoder waits for the end of the block."""
    call = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
    deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in ("", '{"query"', ': "x"}')]
    parts = fold(events(START, *block(0, call, *deltas), DELTA, STOP)).choices[0].parts
    assert [part.data for part in parts if isinstance(part, Foreign)] == [{**call, "input": {"query": "x"}}]


def test_deltas_to_come_add_to_their_block() -> None:
    """A delta of an unknown type brings members of its block: none is skipped in silence."""
    novel = {"type": "novelty", "words": "a"}
    deltas: list[dict[str, Any]] = [
        {"type": "novel_delta", "words": "b"},
        {"type": "novel_delta", "words": "c", "n": 1},
    ]
    found = events(START, *block(0, novel, *deltas), *block(1, {"type": "text", "text": "x"}, *deltas), DELTA, STOP)
    foreign, text = fold(found).choices[0].parts
    assert isinstance(foreign, Foreign)
    assert foreign.data == {"type": "novelty", "words": "abc", "n": 1}
    assert isinstance(text, Text)
    assert text.text == "x"
    assert text.native is not None
    assert text.native.members == {"words": "bc", "n": 1}


def test_a_missing_block_stop_is_supplied() -> None:
    """Some hosts leave out the last one; the message's own end shows that nothing was cut off."""
    found = events(START, *TEXT[:-1], DELTA, STOP)
    assert fold(found).choices[0].parts == [Text(text="hi")]


def test_a_missing_stop_reason_is_none() -> None:
    """The provider did not say."""
    found = events(START, *TEXT, {**DELTA, "delta": {}}, STOP)
    assert [event.finish for event in found if isinstance(event, Finished)] == [None]


def test_pings_and_events_to_come_are_signs_of_life() -> None:
    """At any place, also before the start."""
    found = events({"type": "ping"}, START, {"type": "novel_event", "x": 1}, *TEXT, DELTA, STOP)
    assert sum(isinstance(event, Ping) for event in found) == 2


def test_nothing_is_read_behind_the_end() -> None:
    """What follows `message_stop` or an error is left alone."""
    assert isinstance(events(START, *TEXT, DELTA, STOP, START, *TEXT)[-1], Ended)
    decoder = CODEC.stream_decoder()
    decoder.feed(sse(START, {"type": "error", "error": {}}))
    assert decoder.feed(sse(*TEXT)) == []
    assert decoder.end() == []


def test_a_last_event_without_its_empty_line_counts() -> None:
    """The JSON is whole; only the frame is short."""
    assert isinstance(read(sse(START, *TEXT, DELTA, STOP)[:-2])[-1], Ended)
    assert isinstance(read(sse(START, *TEXT, DELTA, STOP)[:-3])[-1], Failed)


def test_line_ends_and_a_byte_order_mark() -> None:
    """Any line end of the specification will do."""
    plain = sse(START, *TEXT, DELTA, STOP)
    assert read(b"\xef\xbb\xbf" + plain.replace(b"\n", b"\r\n"), 5) == read(plain)


def test_a_character_cut_in_two_does_not_break_the_stream() -> None:
    """Bytes that are no UTF-8 are replaced."""
    raw = sse(START, *TEXT, DELTA, STOP).replace(b'"hi"', b'"h\xf0\x9f"')
    assert fold(read(raw)).choices[0].parts == [Text(text="h�")]


@pytest.mark.parametrize(
    "sent",
    [
        TEXT,
        [DELTA],
        [STOP],
        [START, START],
        [START, *TEXT[1:]],
        [START, TEXT[0], TEXT[0]],
        [START, TEXT[2]],
        [START, *TEXT, DELTA, *TEXT],
        [START, *block(0, {"type": "text"})],
        [START, *block(0, {"type": "tool_use", "name": "f", "input": {}})],
        [START, *block(0, {"type": "tool_result", "tool_use_id": "a"})],
        [START, *block(0, {"type": "text", "text": ""}, {"type": "input_json_delta", "partial_json": ""})],
        [START, *block(0, {"type": "text", "text": ""}, {"type": "text_delta"})],
        [START, *block(0, {"type": "text", "text": ""}, {"text": "x"})],
        [START, {"type": "content_block_start", "index": "0", "content_block": {"type": "text", "text": ""}}],
        [{"type": "message_start", "message": []}],
        [START, {"type": "message_delta"}],
    ],
)
def test_a_malformed_stream_fails(sent: list[dict[str, Any]]) -> None:
    """With a text that says what was wrong, and nothing is raised."""
    last = events(*sent)[-1]
    assert isinstance(last, Failed)
    assert last.failure.message.startswith("the provider's stream is malformed")


@pytest.mark.parametrize(
    "raw",
    [
        b"data: {\n\n",
        b"data: [1]\n\n",
        b"data: null\n\n",
        b'data: {"type": ["x"]}\n\n',
        b"data: " + b"[" * 5000 + b"\n\n",
    ],
)
def test_data_that_is_no_event_fails(raw: bytes) -> None:
    """Whatever the bytes are."""
    assert isinstance(read(sse(START) + raw)[-1], Failed)


def test_an_event_without_end_fails() -> None:
    """It must not fill the memory."""
    decoder = CODEC.stream_decoder()
    found: list[Event] = []
    for _ in range(80):
        found += decoder.feed(b"data: " + b"x" * 65536)
    assert [type(event) for event in check(found)] == [Failed]


@pytest.mark.parametrize(
    ("word", "kind", "status"),
    [
        ("overloaded_error", FailureKind.OVERLOADED, 529),
        ("rate_limit_error", FailureKind.RATE_LIMIT, 429),
        ("api_error", FailureKind.INTERNAL, 500),
        ("novel_error", FailureKind.INTERNAL, 500),
    ],
)
def test_an_error_event_fails_with_its_kind(word: str, kind: FailureKind, status: int) -> None:
    """Also after parts have come; nothing follows."""
    error = {"type": "error", "error": {"type": word, "message": "busy"}}
    last = events(START, *TEXT[:2], error)[-1]
    assert isinstance(last, Failed)
    assert (last.failure.kind, last.failure.status, last.failure.message) == (kind, status, "busy")
    assert last.failure.code == word


def test_a_stream_that_stops_says_so() -> None:
    """What had come is there, and the failure is one of the provider's."""
    found = events(START, *TEXT)
    folder = Folder()
    for event in found:
        folder.add(event)
    assert folder.failure is not None
    assert folder.failure.kind is FailureKind.UNAVAILABLE
    assert folder.answer().choices[0].parts == [Text(text="hi")]
    assert not folder.ended


def test_members_beside_the_stop_reason_are_the_answers() -> None:
    """Container and context management stand where a whole answer has them, and come back in a stream."""
    delta = {
        **DELTA,
        "delta": {"stop_reason": "refusal", "stop_details": {"type": "refusal"}, "container": {"id": "c"}},
        "context_management": {"applied_edits": []},
    }
    found = events(START, *TEXT, delta, STOP)
    answer = fold(found)
    assert answer.native is not None
    assert answer.native.members.keys() >= {"container", "context_management", "usage"}
    assert answer.choices[0].finish is Finish.REFUSAL
    assert fold(read(written(found))) == answer
