"""Streams: odd ones from Bedrock, and events of other providers written for a client of Bedrock's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.bedrock_converse.recorded import events_of, framed
from trunkline.ir.answer import Finish
from trunkline.ir.envelope import seal
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
from trunkline.ir.fold import BrokenStream, fold
from trunkline.ir.format import Format
from trunkline.ir.grammar import check
from trunkline.ir.parts import (
    Citation,
    Foreign,
    Media,
    MediaKind,
    Native,
    Opaque,
    Part,
    Reasoning,
    Text,
    ToolCall,
)
from trunkline.ir.request import Request
from trunkline.ir.usage import Usage
from trunkline.wire.bedrock_converse.codec import CODEC
from trunkline.wire.codec import Reply
from trunkline.wire.event_stream import FrameDecoder, encode_message

REPLY = Reply(id="1", model="m", created=1, request=Request(model="m", messages=[]))
ORIGIN = Reply(id="1", model="m", created=1, request=Request(model="m", messages=[]), provider="p", deployment="d")
START = ("messageStart", {"role": "assistant"})
STOP = ("messageStop", {"stopReason": "end_turn"})
USAGE = ("metadata", {"usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}, "metrics": {"latencyMs": 5}})


def delta(index: int, **inner: Any) -> tuple[str, object]:
    return "contentBlockDelta", {"contentBlockIndex": index, "delta": inner}


def begin(index: int, **inner: Any) -> tuple[str, object]:
    return "contentBlockStart", {"contentBlockIndex": index, "start": inner}


def close(index: int) -> tuple[str, object]:
    return "contentBlockStop", {"contentBlockIndex": index}


def parts_of(*events: tuple[str, object]) -> list[Part]:
    """The parts of a stream with these content events."""
    return fold(check(events_of(framed(START, *events, STOP, USAGE)))).choices[0].parts


def test_the_end_comes_with_the_usage() -> None:
    """A client need not wait for the connection to close."""
    decoder = CODEC.stream_decoder()
    events = decoder.feed(framed(START, delta(0, text="a"), close(0), STOP, USAGE))
    assert events == [
        Started(),
        PartStarted(index=0, part=Text(text="")),
        TextDelta(0, "a"),
        PartEnded(0),
        Finished(finish=Finish.STOP, finish_native="end_turn"),
        UsageSeen(Usage(1, 2), {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}),
        Ended(Native(Format.BEDROCK_CONVERSE, {"usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}, "metrics": {"latencyMs": 5}})),
    ]  # fmt: skip
    assert decoder.feed(b"more") == []
    assert decoder.end() == []


def test_usage_may_be_missing_or_come_before_the_end() -> None:
    """The stop reason is the end; without it there is none."""
    assert isinstance(events_of(framed(START, STOP))[-1], Ended)
    assert isinstance(events_of(framed(START, USAGE, STOP))[-1], Ended)
    assert isinstance(events_of(framed(START, delta(0, text="a"), close(0), USAGE))[-1], Failed)


@pytest.mark.parametrize("cut", [0, 1, 50, -1])
def test_a_cut_stream_never_ends_as_a_clean_one(cut: int) -> None:
    """Wherever the connection broke: a failure, and no end."""
    data = framed(START, delta(0, text="a"), close(0), STOP)
    events = check(events_of(data[:cut]))
    assert isinstance(events[-1], Failed)
    assert events[-1].failure.kind is FailureKind.UNAVAILABLE
    with pytest.raises(BrokenStream):
        fold(events)


def test_calls_may_be_whole_empty_or_parallel() -> None:
    """Start and payload in one read; arguments that never come are an empty object; two calls."""
    parts = parts_of(
        begin(0, toolUse={"toolUseId": "a", "name": "f", "type": "tool_use"}),
        delta(0, toolUse={"input": ""}),
        close(0),
        begin(1, toolUse={"toolUseId": "b", "name": "g"}),
        delta(1, toolUse={"input": '{"x"'}),
        delta(1, toolUse={"input": ":1}"}),
        close(1),
    )
    assert [(part.id, part.name, part.arguments) for part in parts if isinstance(part, ToolCall)] == [
        ("a", "f", "{}"),
        ("b", "g", '{"x":1}'),
    ]


def test_blocks_may_overlap_and_lack_their_end() -> None:
    """Parts keep the order of their start; `messageStop` ends what is open."""
    parts = parts_of(
        delta(0, text="a"), begin(1, toolUse={"toolUseId": "b", "name": "g"}), delta(0, text="b"),
        delta(1, toolUse={"input": "{}"}),
    )  # fmt: skip
    assert parts == [Text(text="ab"), ToolCall(id="b", name="g", arguments="{}")]


def test_thoughts() -> None:
    """Text, then its signature, which may come in pieces; hidden ones whole; an empty signature is none."""
    parts = parts_of(
        delta(0, reasoningContent={"text": "t"}),
        delta(0, reasoningContent={"signature": "s1"}),
        delta(0, reasoningContent={"signature": "s2"}),
        close(0),
        delta(1, reasoningContent={"redactedContent": "cmU="}),
        delta(1, reasoningContent={"redactedContent": "ZA=="}),
        close(1),
        delta(2, reasoningContent={"text": "u"}),
        delta(2, reasoningContent={"signature": ""}),
        close(2),
        delta(3, reasoningContent={"signature": "only"}),
        close(3),
    )
    assert parts == [
        Reasoning(text="t", opaque=Opaque("bedrock.signature", "s1s2")),
        Reasoning(opaque=Opaque("bedrock.redacted", "cmVk")),
        Reasoning(text="u"),
        Reasoning(opaque=Opaque("bedrock.signature", "only")),
    ]


def test_what_is_whole_only_comes_whole() -> None:
    """A server's tool with its result, an image, and what nobody knows yet."""
    parts = parts_of(
        begin(0, toolUse={"toolUseId": "a", "name": "g", "type": "server_tool_use"}),
        delta(0, toolUse={"input": '{"q":1}'}),
        close(0),
        begin(1, toolResult={"toolUseId": "a", "type": "r"}),
        delta(1, toolResult=[{"text": "x"}]),
        delta(1, toolResult=[{"json": {}}]),
        close(1),
        begin(2, image={"format": "png"}),
        delta(2, image={"source": {"bytes": "YQ=="}}),
        delta(2, image={"source": {"bytes": "Yg=="}}),
        close(2),
        delta(3, video={"x": 1}),
        delta(3, video={"x": 2}),
    )
    own = Format.BEDROCK_CONVERSE
    assert parts[0] == Foreign(
        format=own, kind="toolUse",
        data={"toolUse": {"toolUseId": "a", "name": "g", "type": "server_tool_use", "input": {"q": 1}}},
    )  # fmt: skip
    assert parts[1] == Foreign(
        format=own, kind="toolResult",
        data={"toolResult": {"toolUseId": "a", "type": "r", "content": [{"text": "x"}, {"json": {}}]}},
    )  # fmt: skip
    assert parts[2] == Media(kind=MediaKind.IMAGE, mime="image/png", data="YWI=")
    assert isinstance(parts[3], Foreign)
    assert parts[3].kind == "video"


def test_unknown_events_are_kept() -> None:
    """They stand with the provider's other words at the end."""
    answer = fold(events_of(framed(START, ("newEvent", {"p": "abc", "x": 1}), STOP, USAGE)))
    assert answer.native is not None
    assert answer.native.members["newEvent"] == {"x": 1}


@pytest.mark.parametrize(
    ("kind", "found", "status"),
    [
        ("throttlingException", FailureKind.RATE_LIMIT, 429),
        ("modelStreamErrorException", FailureKind.INTERNAL, 502),
        ("validationException", FailureKind.INVALID_REQUEST, 400),
        ("internalServerException", FailureKind.INTERNAL, 500),
        ("serviceUnavailableException", FailureKind.UNAVAILABLE, 503),
        ("newException", FailureKind.INTERNAL, 500),
    ],
)
def test_exceptions_inside_a_stream(kind: str, found: FailureKind, status: int) -> None:
    """They end it, and nothing that follows is read. Written by hand from the service model: none was recorded."""
    broken = encode_message(
        {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"},
        b'{"message":"Too many of these"}',
    )
    events = check(events_of(framed(START, delta(0, text="a")) + broken + framed(STOP)))
    assert isinstance(events[-1], Failed)
    failure = events[-1].failure
    assert (failure.kind, failure.status, failure.code, failure.message) == (found, status, kind, "Too many of these")


def test_an_error_that_the_framing_reports() -> None:
    """`:message-type: error` has its words in headers."""
    broken = encode_message({":message-type": "error", ":error-code": "X", ":error-message": "went away"}, b"")
    event = events_of(broken)[-1]
    assert isinstance(event, Failed)
    assert (event.failure.code, event.failure.message) == ("X", "went away")


@pytest.mark.parametrize(
    "events",
    [
        [delta(0)],
        [("contentBlockDelta", {"contentBlockIndex": "0", "delta": {"text": "a"}})],
        [("contentBlockDelta", {"delta": {"text": "a"}})],
        [delta(0, text=1)],
        [begin(0, toolUse={"name": "f"})],
        [begin(0, toolUse={"toolUseId": "", "name": "f"})],
        [begin(0)],
        [begin(0, toolUse={"toolUseId": "a", "name": "f"}), delta(0, toolUse={"input": 1})],
        [("contentBlockStart", [])],
        [STOP, delta(0, text="a")],
        [STOP, STOP],
    ],
)
def test_malformed_streams_fail(events: list[tuple[str, object]]) -> None:
    """With an event, not with an exception."""
    found = check(events_of(framed(START, *events)))
    assert isinstance(found[-1], Failed)
    assert found[-1].failure.status == 502


def test_a_page_for_browsers_fails() -> None:
    """A proxy's error under 200."""
    event = events_of(b"<html><body>Bad gateway</body></html>")[-1]
    assert isinstance(event, Failed)
    assert "checksum" in event.failure.message


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("text", "toolUse", "toolResult", "reasoningContent", "citation", "image", "input", "signature"),
                    *("redactedContent", "start", "delta", "contentBlockIndex", "stopReason", "usage", "inputTokens"),
                    *("toolUseId", "name", "bytes", "source", "type", "content", "citations"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)
_names = st.sampled_from(
    ["messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata", "", "x"]
)


_word = st.sampled_from(["", "a", "{}", "ä€", "cmVk"])
_delta = st.one_of(
    st.fixed_dictionaries({"text": _word}),
    st.fixed_dictionaries({"toolUse": st.fixed_dictionaries({"input": _word})}),
    st.fixed_dictionaries({"reasoningContent": st.fixed_dictionaries({"text": _word})}),
    st.fixed_dictionaries({"reasoningContent": st.fixed_dictionaries({"signature": _word})}),
    st.fixed_dictionaries({"reasoningContent": st.fixed_dictionaries({"redactedContent": _word})}),
    st.fixed_dictionaries({"citation": st.fixed_dictionaries({}, optional={"title": _word, "source": _word})}),
    st.fixed_dictionaries({"toolResult": st.lists(st.fixed_dictionaries({"text": _word}), max_size=2)}),
    _json,
)
_start = st.one_of(
    st.fixed_dictionaries(
        {"toolUse": st.fixed_dictionaries({"toolUseId": _word, "name": _word}, optional={"type": _word})}
    ),
    st.fixed_dictionaries({"toolResult": st.fixed_dictionaries({"toolUseId": _word})}),
    st.fixed_dictionaries({"image": st.fixed_dictionaries({"format": st.just("png")})}),
    _json,
)
_number = st.integers(0, 2)
_event = st.one_of(
    st.tuples(st.just("contentBlockDelta"), st.fixed_dictionaries({"contentBlockIndex": _number, "delta": _delta})),
    st.tuples(st.just("contentBlockStart"), st.fixed_dictionaries({"contentBlockIndex": _number, "start": _start})),
    st.tuples(st.just("contentBlockStop"), st.fixed_dictionaries({"contentBlockIndex": _number})),
    st.tuples(_names, _json),
)


@given(st.lists(_event, max_size=10), st.integers(1, 64), st.booleans())
def test_any_events_keep_to_the_grammar(events: list[tuple[str, object]], size: int, ends: bool) -> None:
    """Whatever a peer sends: events by the grammar, and `Failed` at the worst; written again they are the same."""
    found = check(events_of(framed(*events, *([STOP, USAGE] if ends else [])), size))
    encoder = CODEC.stream_encoder(REPLY)
    again = b"".join(encoder.encode(event) for event in found)
    strange = any(isinstance(event, PartStarted) and "deltas" in repr(event.part) for event in found)
    if isinstance(found[-1], Ended) and not encoder.losses.found and not strange:
        assert fold(check(events_of(again))) == fold(found)


@given(st.binary(max_size=200))
def test_any_payload_is_survived(payload: bytes) -> None:
    """No JSON, half a character, a thousand brackets."""
    for name in ("contentBlockDelta", "metadata"):
        frame = encode_message({":event-type": name, ":message-type": "event"}, payload)
        check(events_of(framed(START) + frame))


def test_deep_nesting_is_survived() -> None:
    """A decoder that recurses must not take the worker with it."""
    deep = b'{"delta":' + b"[" * 100_000
    event = events_of(encode_message({":event-type": "contentBlockDelta"}, deep))[-1]
    assert isinstance(event, Failed)


def written(events: list[Event], reply: Reply = REPLY) -> list[tuple[str, Any]]:
    """The events as frames."""
    encoder = CODEC.stream_encoder(reply)
    data = b"".join(encoder.encode(event) for event in events)
    return [
        (message.text(":event-type") or message.text(":exception-type"), json.loads(message.payload))
        for message in FrameDecoder().feed(data)
    ]


def streamed(*events: Event) -> list[Event]:
    """The events of an answer of another format."""
    return check(
        [Started(id="x", native=Native(Format.OPENAI_CHAT, {})), *events, Finished(finish=Finish.STOP), Ended()]
    )


def test_the_frames_of_another_formats_answer() -> None:
    """Start, blocks in turn, stop, metadata; `start` for calls only, as Bedrock has it."""
    events = streamed(
        PartStarted(index=0, part=Text(text="a")),
        TextDelta(0, "b"),
        PartEnded(0),
        PartStarted(index=1, part=ToolCall(id="c", name="f", arguments="")),
        TextDelta(1, '{"x":1}'),
        PartEnded(1),
    )
    events.insert(-1, UsageSeen(Usage(5, 2), {"prompt_tokens": 5}))
    assert written(events) == [
        ("messageStart", {"role": "assistant"}),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "a"}}),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "b"}}),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        ("contentBlockStart", {"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "c", "name": "f"}}}),
        ("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"toolUse": {"input": '{"x":1}'}}}),
        ("contentBlockStop", {"contentBlockIndex": 1}),
        ("messageStop", {"stopReason": "end_turn"}),
        ("metadata", {"metrics": {"latencyMs": 0}, "usage": {"inputTokens": 5, "outputTokens": 2, "totalTokens": 7}}),
    ]


def test_parts_that_overlap_are_written_one_after_the_other() -> None:
    """The later one waits for the earlier one's end."""
    calls = [ToolCall(id=f"c{number}", name="f", arguments="") for number in range(3)]
    frames = written(
        streamed(
            PartStarted(index=0, part=calls[0]), PartStarted(index=1, part=calls[1]), TextDelta(1, "1"),
            TextDelta(0, "0"), PartStarted(index=2, part=calls[2]), PartEnded(1), TextDelta(2, "2"), TextDelta(0, "0"),
            PartEnded(0), TextDelta(2, "2"), PartEnded(2),
        )
    )  # fmt: skip
    inputs = [
        (payload["contentBlockIndex"], payload["delta"]["toolUse"]["input"])
        for name, payload in frames
        if name == "contentBlockDelta"
    ]
    assert inputs == [(0, "0"), (0, "0"), (1, "1"), (2, "2"), (2, "2")]
    stops = [payload["contentBlockIndex"] for name, payload in frames if name == "contentBlockStop"]
    assert stops == [0, 1, 2]


def test_a_providers_state_is_its_own() -> None:
    """Another gateway's envelope is not opened: it goes back there as it came."""
    sealed = seal(Opaque("gemini.signature", "x"))
    parts = parts_of(delta(0, reasoningContent={"text": "t"}), delta(0, reasoningContent={"signature": sealed}))
    assert parts == [Reasoning(text="t", opaque=Opaque("bedrock.signature", sealed))]


def test_state_goes_behind_its_part_and_comes_back() -> None:
    """Signatures of thoughts at their end, of texts and calls in a block of their own, all in envelopes."""
    events = streamed(
        PartStarted(index=0, part=Reasoning(text="t")),
        OpaqueDelta(0, Opaque("anthropic.signature", "old")),
        OpaqueDelta(0, Opaque("anthropic.signature", "s0")),
        PartEnded(0),
        PartStarted(index=1, part=Reasoning(opaque=Opaque("openai.encrypted", "e", id="rs"))),
        PartEnded(1),
        PartStarted(index=2, part=Reasoning()),
        PartEnded(2, Reasoning(text="late", opaque=Opaque("gemini.signature", "s2"))),
        PartStarted(index=3, part=ToolCall(id="c", name="f", arguments="")),
        TextDelta(3, "{}"),
        OpaqueDelta(3, Opaque("gemini.signature", "s3")),
        PartEnded(3),
    )
    encoder = CODEC.stream_encoder(ORIGIN)
    answer = fold(check(events_of(b"".join(encoder.encode(event) for event in events))))
    content: Any = CODEC.encode_answer(answer, REPLY, encoder.losses)["output"]
    back = CODEC.decode_request({"messages": [content["message"]]}).messages[0].parts
    assert encoder.losses.found == []
    assert back == [
        Reasoning(text="t", opaque=Opaque("anthropic.signature", "s0", "p", "d")),
        Reasoning(opaque=Opaque("openai.encrypted", "e", "p", "d", "rs")),
        Reasoning(text="late", opaque=Opaque("gemini.signature", "s2", "p", "d")),
        ToolCall(id="c", name="f", arguments="{}", opaque=Opaque("gemini.signature", "s3", "p", "d")),
    ]


def test_citations_media_and_free_text_calls() -> None:
    """What Converse has another form for."""
    frames = written(
        streamed(
            PartStarted(index=0, part=Text(text="", citations=[Citation(source="d")])),
            TextDelta(0, "a"),
            CitationDelta(0, Citation(url="https://x")),
            PartEnded(0),
            PartStarted(index=1, part=Media(kind=MediaKind.IMAGE, mime="image/png")),
            TextDelta(1, "YWI="),
            PartEnded(1),
            PartStarted(index=2, part=ToolCall(id="c", name="f", arguments="", custom=True)),
            TextDelta(2, "free"),
            PartEnded(2),
        )
    )
    deltas = [payload["delta"] for name, payload in frames if name == "contentBlockDelta"]
    assert deltas == [
        {"citation": {"source": "d"}},
        {"text": "a"},
        {"citation": {"source": "https://x", "location": {"web": {"url": "https://x"}}}},
        {"image": {"source": {"bytes": "YWI="}}},
        {"toolUse": {"input": '{"input":"free"}'}},
    ]


def test_what_cannot_be_streamed_is_left_out_and_named() -> None:
    """Other formats' own blocks, files that ConverseStream has no form for, and further answers."""
    encoder = CODEC.stream_encoder(REPLY)
    events = check(
        [
            Started(native=Native(Format.GEMINI, {"fingerprint": 1})),
            PartStarted(index=0, part=Foreign(format=Format.GEMINI, kind="executableCode", data={})),
            PartEnded(0),
            PartStarted(index=1, part=Media(kind=MediaKind.AUDIO, mime="audio/wav", data="aa")),
            PartEnded(1),
            PartStarted(index=2, part=Text(text="other"), choice=1),
            TextDelta(2, "x"),
            PartEnded(2),
            PartStarted(index=3, part=Text(text="")),
            PartEnded(3),
            Finished(finish=Finish.STOP),
            Finished(finish=Finish.LENGTH, choice=1),
            Ended(),
        ]
    )
    data = b"".join(encoder.encode(event) for event in events)
    answer = fold(check(events_of(data)))
    assert answer.choices[0].parts == [Text(text="")]
    assert answer.choices[0].finish is Finish.STOP
    assert [loss.path for loss in encoder.losses.found] == [
        "fingerprint",
        "parts.executableCode",
        "parts.audio",
        "choices",
    ]


def test_a_failure_is_an_exception_and_the_last_frame() -> None:
    """No end marker follows; what came before is not taken back."""
    failure = Failure(kind=FailureKind.RATE_LIMIT, status=429, message="slow down")
    frames = written([Started(), PartStarted(index=0, part=Text(text="a")), Ping(), Failed(failure)])
    assert frames[-1] == ("throttlingException", {"message": "slow down"})
    assert [name for name, _ in frames].count("messageStop") == 0


@pytest.mark.parametrize("kind", FailureKind)
def test_every_failure_can_be_streamed(kind: FailureKind) -> None:
    """As one of the five exceptions that a ConverseStream has."""
    (name, payload), *rest = written([Failed(Failure(kind=kind, status=500, message="m"))])
    assert name in {
        "throttlingException", "modelStreamErrorException", "validationException", "internalServerException",
        "serviceUnavailableException",
    }  # fmt: skip
    assert payload == {"message": "m"}
    assert not rest
