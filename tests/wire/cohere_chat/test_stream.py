"""Streams, both ways, with what the recordings do not hold."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from tests.wire.cohere_chat.samples import ANSWER, REQUEST, START, STREAM, end, event, sse
from trunkline.ir.answer import Finish
from trunkline.ir.envelope import open_envelope
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
from trunkline.wire.cohere_chat.codec import CODEC
from trunkline.wire.cohere_chat.losses import REASONS

REPLY = Reply(id="ours", model="m", created=1, request=CODEC.decode_request(REQUEST), provider="p", deployment="d")


def read(*events: dict[str, Any]) -> list[Event]:
    """The events of a stream."""
    decoder = CODEC.stream_decoder()
    return check([*decoder.feed(sse(*events)), *decoder.end()])


def written(events: Iterable[Event]) -> tuple[list[dict[str, Any]], list[str]]:
    """The events of the wire, without the end mark, and the paths of the losses."""
    encoder = CODEC.stream_encoder(REPLY)
    data = b"".join(encoder.encode(item) for item in events)
    blocks = [block.split(b"\n") for block in data.split(b"\n\n") if block]
    found = [json.loads(lines[-1][6:]) for lines in blocks if lines[0].startswith(b"event: ")]
    assert [lines[0][7:].decode() for lines in blocks if len(lines) > 1] == [item["type"] for item in found]
    assert {loss.reason for loss in encoder.losses.found} <= REASONS
    return found, [loss.path for loss in encoder.losses.found]


def failure_of(events: list[Event]) -> Failure:
    """How a stream failed."""
    last = events[-1]
    assert isinstance(last, Failed)
    return last.failure


def test_a_stream_says_what_the_whole_answer_says() -> None:
    """Thinking, text with citations and log probabilities, a plan, a call, usage: the fold is the whole answer."""
    decoder = CODEC.stream_decoder()
    events = check([*decoder.feed(STREAM), *decoder.end()])
    assert fold(events) == CODEC.decode_answer(ANSWER)


def test_a_stream_written_again_folds_to_the_same() -> None:
    """Also where the whole answer is written as a stream."""
    decoder = CODEC.stream_decoder()
    events = [*decoder.feed(STREAM), *decoder.end()]
    answer = fold(events)
    for form in (events, list(unfold(answer))):
        encoder, again = CODEC.stream_encoder(REPLY), CODEC.stream_decoder()
        data = b"".join(encoder.encode(item) for item in form)
        back = fold(check([*again.feed(data), *again.end()]))
        assert (back.choices[0].parts, back.usage, back.id) == (answer.choices[0].parts, answer.usage, answer.id)


def test_a_citation_may_come_behind_the_end_of_its_text() -> None:
    """A text stays open until the next part begins, so that late citations find it."""
    events = read(
        START,
        event("content-start", 0, content={"type": "text", "text": ""}),
        event("content-delta", 0, content={"text": "12 °C"}),
        event("content-end", 0),
        event("citation-start", 0, citations={"start": 0, "end": 2, "text": "12", "sources": []}),
        event("citation-end", 0),
        end(finish_reason="COMPLETE"),
    )
    (text,) = fold(events).choices[0].parts
    assert isinstance(text, Text)
    assert [(c.start, c.end) for c in text.citations] == [(0, 2)]


def test_a_citation_without_a_text_is_kept_for_cohere() -> None:
    """One of the plan belongs to no text; a client of Cohere's gets it."""
    citation = {"start": 0, "end": 1, "text": "I", "sources": [], "type": "PLAN"}
    events = read(
        START,
        event("tool-plan-delta", tool_plan="I go."),
        event("citation-start", 0, citations=citation),
        end(finish_reason="COMPLETE"),
    )
    again, lost = written(events)
    assert [item["delta"]["message"]["citations"] for item in again if item["type"] == "citation-start"] == [citation]
    assert lost == []


def test_deltas_without_a_start_open_their_part() -> None:
    """Some hosts leave `content-start` out; thinking and text of one index are two parts."""
    events = read(
        event("content-delta", 0, content={"thinking": "hm"}),
        event("content-delta", 0, content={"text": "yes"}),
        end(finish_reason="COMPLETE"),
    )
    parts = fold(events).choices[0].parts
    assert [(type(part), part.text) for part in parts if isinstance(part, Text | Reasoning)] == [
        (Reasoning, "hm"),
        (Text, "yes"),
    ]


def test_a_call_that_comes_whole_or_has_no_arguments_is_one_call() -> None:
    """What the start carries counts (fidelity.md failure 9); a call that is not closed is closed at the end."""
    function = {"name": "f", "arguments": '{"a":1}'}
    events = read(
        START,
        event("tool-call-start", 0, tool_calls={"id": "c1", "type": "function", "function": function}),
        event("tool-call-start", 1, tool_calls={"id": "c2", "type": "function", "function": {"name": "g"}}),
        event("tool-call-end", 1),
        end(finish_reason="TOOL_CALL"),
    )
    calls = fold(events).choices[0].parts
    assert [(part.id, part.arguments) for part in calls if isinstance(part, ToolCall)] == [
        ("c1", '{"a":1}'),
        ("c2", ""),
    ]


def test_a_call_without_id_gets_one() -> None:
    """And one without a name cannot be run: the stream fails."""
    events = read(START, event("tool-call-start", 0, tool_calls={"function": {"name": "f"}}), end())
    (call,) = fold(events).choices[0].parts
    assert isinstance(call, ToolCall)
    assert call.id
    assert "name" in failure_of(read(START, event("tool-call-start", 0, tool_calls={"id": "c"}), end())).message


def test_an_unknown_block_comes_whole() -> None:
    """Its strings are joined, and a client of Cohere's gets it."""
    events = read(
        START,
        event("content-start", 0, content={"type": "audio", "audio": "AA"}),
        event("content-delta", 0, content={"audio": "BB"}),
        event("content-end", 0),
        end(finish_reason="COMPLETE"),
    )
    (part,) = fold(events).choices[0].parts
    assert part == Foreign(format=Format.COHERE_CHAT, kind="audio", data={"type": "audio", "audio": "AABB"})
    again, _ = written(events)
    assert again[1]["delta"]["message"]["content"] == {"type": "audio", "audio": "AABB"}


def test_an_unknown_event_is_kept_for_cohere() -> None:
    """`debug` and whatever comes later are given back before the end."""
    debug = {"type": "debug", "prompt": "<BOS>"}
    events = read(START, debug, end(finish_reason="COMPLETE"))
    assert isinstance(events[-1], Ended)
    assert written(events)[0][-2:] == [debug, end(finish_reason="COMPLETE")]


@pytest.mark.parametrize(
    ("delta", "kind", "status"),
    [
        ({"finish_reason": "ERROR", "error": "oh no"}, FailureKind.INTERNAL, 502),
        ({"finish_reason": "ERROR", "error": "too many tokens: 9"}, FailureKind.CONTEXT_WINDOW, 400),
        ({"finish_reason": "TIMEOUT"}, FailureKind.TIMEOUT, 504),
    ],
)
def test_an_answer_that_failed_is_a_failure(delta: dict[str, Any], kind: FailureKind, status: int) -> None:
    """`message-end` with `ERROR` or `TIMEOUT` is no clean end; what was consumed is told before."""
    usage = {"tokens": {"input_tokens": 1, "output_tokens": 2}}
    events = read(START, end(**delta, usage=usage))
    failure = failure_of(events)
    assert (failure.kind, failure.status) == (kind, status)
    assert failure.message == delta.get("error", "the provider ended the answer with TIMEOUT")
    assert events[-2] == UsageSeen(Usage(1, 2), usage)


@pytest.mark.parametrize(
    "data",
    [
        b"data: {\n\n",
        b"data: []\n\n",
        b'data: {"message": "Internal error", "id": "x"}\n\n',
        b"data: \xff\n\n",
        b"data: " + b"[" * 100_000 + b"\n\n",
        b"data: [DONE]\n\n",
        b"",
    ],
)
def test_a_stream_that_is_none_fails(data: bytes) -> None:
    """Nothing is raised, nothing follows, and the end mark alone is no end."""
    decoder = CODEC.stream_decoder()
    events = [*decoder.feed(data), *decoder.end()]
    failure = failure_of(check(events))
    assert failure.message
    assert decoder.feed(STREAM) == []


def test_an_event_that_does_not_end_is_a_failure() -> None:
    """At the splitter's limit, and not when the memory is full."""
    decoder = CODEC.stream_decoder()
    found = [item for _ in range(80) for item in decoder.feed(b"x" * 65536)]
    assert failure_of(found).kind is FailureKind.UNAVAILABLE


def test_a_failure_is_the_last_event_and_has_no_end_mark() -> None:
    """Cohere's event for it is a `message-end` with the reason and the error."""
    encoder = CODEC.stream_encoder(REPLY)
    failure = Failure(kind=FailureKind.UNAVAILABLE, status=502, message="gone")
    data = encoder.encode(Started()) + encoder.encode(Failed(failure))
    assert data.endswith(
        b'event: message-end\ndata: {"type":"message-end","delta":{"finish_reason":"ERROR","error":"gone"}}\n\n'
    )
    timeout = Failure(kind=FailureKind.TIMEOUT, status=504, message="late")
    assert b'"finish_reason":"TIMEOUT"' in CODEC.stream_encoder(REPLY).encode(Failed(timeout))


def test_a_part_that_begins_while_another_is_open_waits() -> None:
    """Parallel calls of another format come one after the other, complete and in order."""
    events: list[Event] = [
        Started(),
        PartStarted(index=0, part=Text(text="a")),
        PartStarted(index=1, part=ToolCall(id="c1", name="f", arguments="")),
        TextDelta(1, '{"x"'),
        PartStarted(index=2, part=ToolCall(id="c2", name="g", arguments='{"y":2}')),
        TextDelta(0, "b"),
        PartEnded(2),
        TextDelta(1, ":1}"),
        PartEnded(0),
        PartEnded(1),
        Finished(finish=Finish.TOOL_CALLS),
        Ended(),
    ]
    found, lost = written(check(events))
    kinds = [item["type"] for item in found]
    assert kinds == [
        *("message-start", "content-start", "content-delta", "content-delta", "content-end"),
        *("tool-call-start", "tool-call-delta", "tool-call-delta", "tool-call-end"),
        *("tool-call-start", "tool-call-delta", "tool-call-end", "message-end"),
    ]
    assert [item["index"] for item in found if item["type"] == "tool-call-start"] == [0, 1]
    assert lost == []


def test_arguments_are_sent_even_where_there_are_none() -> None:
    """`{}`, so that a client has JSON to read."""
    events: list[Event] = [
        Started(),
        PartStarted(index=0, part=ToolCall(id="c", name="f", arguments="")),
        PartEnded(0),
        Finished(finish=Finish.TOOL_CALLS),
        Ended(),
    ]
    found, _ = written(events)
    assert found[2]["delta"]["message"]["tool_calls"] == {"function": {"arguments": "{}"}}


def test_what_only_the_end_of_a_part_tells_is_sent_there() -> None:
    """The whole part that a provider repeats counts: the rest of its text, and its state."""
    state = Opaque("openai.encrypted", "blob")
    events: list[Event] = [
        Started(),
        PartStarted(index=0, part=Reasoning(text="a")),
        OpaqueDelta(0, Opaque("openai.encrypted", "early")),
        PartEnded(0, Reasoning(text="abc", opaque=state)),
        Finished(finish=Finish.STOP),
        Ended(),
    ]
    found, _ = written(events)
    assert [item["delta"]["message"]["content"]["thinking"] for item in found if item["type"] == "content-delta"] == [
        "a",
        "bc",
    ]
    assert open_envelope(found[-2]["signature"]) == Opaque("openai.encrypted", "blob", "p", "d")


def test_a_citation_of_another_format_quotes_the_text_so_far() -> None:
    """Its stretch is cut out of what has been written."""
    events: list[Event] = [
        Started(),
        PartStarted(index=0, part=Text(text="It is ")),
        TextDelta(0, "sunny."),
        CitationDelta(0, Citation(start=6, end=11, url="https://example.com")),
        PartEnded(0),
        Finished(finish=Finish.STOP),
        Ended(),
    ]
    found, _ = written(events)
    citation = next(item for item in found if item["type"] == "citation-start")["delta"]["message"]["citations"]
    assert (citation["text"], citation["sources"][0]["id"]) == ("sunny", "https://example.com")


def test_what_a_stream_cannot_hold_is_reported() -> None:
    """Second answers, media, foreign parts and free-text calls are left out, and the rest goes on."""
    parts: list[Part] = [
        Media(kind=MediaKind.IMAGE, data="AAAA", mime="image/png"),
        Foreign(format=Format.GEMINI, kind="executable_code", data={}),
        ToolCall(id="c", name="f", arguments="x", custom=True),
        Text(text="words"),
    ]
    events: list[Event] = [Started(), Ping()]
    for index, part in enumerate(parts):
        events += (PartStarted(index=index, part=part), PartEnded(index))
    events += [
        PartStarted(index=4, part=Text(text="other"), choice=1),
        TextDelta(4, "!"),
        PartEnded(4),
        Finished(finish=Finish.STOP),
        Finished(finish=Finish.LENGTH, choice=1),
        UsageSeen(Usage(1, 2)),
        Ended(),
    ]
    found, lost = written(check(events))
    assert [item["type"] for item in found] == [
        *("message-start", "content-start", "content-delta", "content-end", "message-end"),
    ]
    assert found[-1]["delta"]["finish_reason"] == "COMPLETE"
    assert found[-1]["delta"]["usage"]["tokens"] == {"input_tokens": 1, "output_tokens": 2}
    assert lost == ["message.content[0]", "message.content[1]", "message.content[2]", "choices[1]"]


def test_log_probabilities_travel_with_their_words() -> None:
    """An event has room for one item; the others follow without words."""
    entries = [{"token": "a", "logprob": -1.0}, {"token": "b", "logprob": -2.0}]
    events: list[Event] = [
        Started(),
        PartStarted(index=0, part=Text(text="")),
        TextDelta(0, "ab", {"content": entries}),
        PartEnded(0),
        Finished(finish=Finish.STOP),
        Ended(),
    ]
    found, _ = written(events)
    deltas = [item for item in found if item["type"] == "content-delta"]
    assert [item["delta"]["message"]["content"]["text"] for item in deltas] == ["ab", ""]
    assert [item["logprobs"]["text"] for item in deltas] == ["a", "b"]
