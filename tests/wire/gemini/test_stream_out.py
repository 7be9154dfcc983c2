"""A stream, written for a client."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.wire.gemini.recorded import ARRAY, payloads, read, reply_to, written
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
from trunkline.ir.fold import fold, unfold
from trunkline.ir.format import Format
from trunkline.ir.parts import Citation, Foreign, Media, MediaKind, Native, Opaque, Part, Reasoning, Text, ToolCall
from trunkline.ir.usage import Usage
from trunkline.wire.gemini.codec import CODEC
from trunkline.wire.gemini.signature import read_signature


def stream(*events: Event, finish: Finish = Finish.STOP) -> list[Event]:
    """Events of one choice, with start and end around them."""
    return [Started(id="r", model="m"), *events, Finished(finish=finish), Ended()]


def part(index: int, whole: Part, *deltas: Event) -> list[Event]:
    return [PartStarted(index=index, part=whole), *deltas, PartEnded(index)]


def parts_of(*events: Event) -> list[Any]:
    """The parts of every chunk but the last one's empty words."""
    found = []
    for piece in payloads(written(stream(*events))):
        for candidate in piece["candidates"]:
            found += candidate["content"]["parts"]
    return found[:-1] if found[-1] == {"text": ""} else found


def test_words_go_out_as_they_come() -> None:
    """A chunk per delta, in camel case, with model and id; the last one has the finish and the counts."""
    events = stream(
        *part(0, Text(text=""), TextDelta(0, "a"), TextDelta(0, ""), TextDelta(0, "b")),
        UsageSeen(Usage(3, 2, reasoning=1)),
        Ping(),
        finish=Finish.LENGTH,
    )
    base = {"modelVersion": "m", "responseId": "r"}
    assert payloads(written(events)) == [
        {"candidates": [{"content": {"parts": [{"text": "a"}], "role": "model"}, "index": 0}], **base},
        {"candidates": [{"content": {"parts": [{"text": "b"}], "role": "model"}, "index": 0}], **base},
        {
            "candidates": [
                {"content": {"parts": [{"text": ""}], "role": "model"}, "finishReason": "MAX_TOKENS", "index": 0}
            ],
            "usageMetadata": {
                "promptTokenCount": 3,
                "candidatesTokenCount": 1,
                "thoughtsTokenCount": 1,
                "totalTokenCount": 5,
            },
            **base,
        },
    ]


def test_calls_go_out_whole() -> None:
    """Arguments are held back until they are complete, however they overlap with other parts."""
    events: list[Event] = [
        PartStarted(index=0, part=ToolCall(id="call_1", name="f", arguments='{"a":')),
        PartStarted(index=1, part=ToolCall(id="tlkgem_x_0", name="g", arguments="")),
        TextDelta(0, "1"),
        PartEnded(1),
        TextDelta(0, "}"),
        PartEnded(0),
    ]
    assert parts_of(*events) == [
        {"functionCall": {"name": "g", "args": {}}},
        {"functionCall": {"name": "f", "args": {"a": 1}, "id": "call_1"}},
    ]


def test_a_call_that_cannot_be_read_ends_in_googles_word() -> None:
    """Broken arguments make no call, and the finish says so."""
    events = stream(*part(0, ToolCall(id="1", name="f", arguments='{"a"')), finish=Finish.TOOL_CALLS)
    (last,) = payloads(written(events))
    assert last["candidates"][0]["finishReason"] == "MALFORMED_FUNCTION_CALL"
    assert last["candidates"][0]["content"]["parts"] == [{"text": ""}]


def test_media_go_out_whole() -> None:
    """Pieces of base64 are one picture."""
    picture = Media(kind=MediaKind.IMAGE, mime="image/png", data="AA")
    assert parts_of(*part(0, picture, TextDelta(0, "AA"))) == [
        {"inlineData": {"data": "AAAA", "mimeType": "image/png"}}
    ]


def test_state_stands_behind_its_words() -> None:
    """A signature that comes with or after words goes out on an empty part behind them, sealed with its origin."""
    late = Opaque("anthropic.signature", "late")
    events = [
        *part(0, Reasoning(text="t"), TextDelta(0, "u"), OpaqueDelta(0, Opaque("x.y", "early")), OpaqueDelta(0, late)),
        *part(1, Text(text="w")),
    ]
    chunks = payloads(written(stream(*events), reply=reply_to(provider="p", deployment="d")))
    parts = [piece["candidates"][0]["content"]["parts"] for piece in chunks]
    assert parts[0] == [{"text": "t", "thought": True}]
    assert parts[1] == [{"text": "u", "thought": True}]
    empty, words = parts[2]
    assert (empty["text"], empty["thought"], words) == ("", True, {"text": "w"})
    assert read_signature(empty["thoughtSignature"]) == Opaque("anthropic.signature", "late", "p", "d")


def test_a_whole_signed_part_is_one_chunk() -> None:
    """Words that come with their signature, and no more, stay together."""
    opaque = Opaque("gemini.signature", "c2ln")
    events = part(0, Text(text="w", opaque=opaque))
    assert parts_of(*events) == [{"text": "w", "thoughtSignature": "c2ln"}]
    events = part(0, Text(text="w", opaque=opaque), TextDelta(0, "x"))
    assert parts_of(*events) == [{"text": "wx"}, {"text": "", "thoughtSignature": "c2ln"}]


def test_the_part_that_ends_counts() -> None:
    """A provider that repeats a part whole, with its state, is believed."""
    whole = Reasoning(text="t", opaque=Opaque("gemini.signature", "c2ln"))
    events: list[Event] = [PartStarted(index=0, part=Reasoning()), TextDelta(0, "t"), PartEnded(0, whole)]
    assert parts_of(*events)[-1] == {"text": "", "thought": True, "thoughtSignature": "c2ln"}
    call = ToolCall(id="1", name="f", arguments='{"a":1}')
    assert parts_of(PartStarted(index=0, part=ToolCall(id="1", name="f", arguments="")), PartEnded(0, call)) == [
        {"functionCall": {"name": "f", "args": {"a": 1}, "id": "1"}}
    ]


def test_citations_go_out_with_the_last_chunk() -> None:
    """They may come at any time, and are counted in bytes over the part's words."""
    events = stream(
        *part(0, Text(text="Gö"), CitationDelta(0, Citation(url="https://a", start=2, end=4)), TextDelta(0, "te"))
    )
    *_, last = payloads(written(events))
    assert last["candidates"][0]["groundingMetadata"] == {
        "groundingChunks": [{"web": {"uri": "https://a"}}],
        "groundingSupports": [
            {"segment": {"startIndex": 3, "endIndex": 5, "text": "te"}, "groundingChunkIndices": [0]}
        ],
    }


def test_parts_of_other_formats_are_reported() -> None:
    """They have no place in the stream."""
    encoder = CODEC.stream_encoder(reply_to())
    foreign = Foreign(format=Format.ANTHROPIC_MESSAGES, kind="x", data={})
    native = Native(Format.OPENAI_CHAT, {"system_fingerprint": "x", "usage": {}})
    for event in [Started(native=native), *part(0, foreign), Finished(finish=Finish.STOP), Ended()]:
        encoder.encode(event)
    assert [loss.path for loss in encoder.losses.found] == ["system_fingerprint", "choices[0].content[0]"]


def test_geminis_own_foreign_parts_pass() -> None:
    """Code and its result, as they came."""
    data = {"executableCode": {"code": "1"}}
    assert parts_of(*part(0, Foreign(format=Format.GEMINI, kind="executableCode", data=data))) == [data]


def test_choices_keep_their_numbers() -> None:
    """Two answers at once, both finished by the last chunk."""
    answer = Answer(
        choices=[Choice(parts=[Text(text="a")], finish=Finish.STOP), Choice(parts=[Text(text="b")], finish=None)]
    )
    *words, last = payloads(written(list(unfold(answer))))
    assert [piece["candidates"][0]["index"] for piece in words] == [0, 1]
    assert [(one["index"], one["finishReason"]) for one in last["candidates"]] == [(0, "STOP"), (1, "OTHER")]


@pytest.mark.parametrize("array", [False, True])
def test_a_failure_is_an_error_among_the_chunks(array: bool) -> None:
    """Google's shape, no finish reason; the array is closed, for else no client could read it."""
    failure = Failure(kind=FailureKind.OVERLOADED, status=503, message="busy", retry_after=2)
    events: list[Event] = [Started(id="r", model="m"), PartStarted(index=0, part=Text(text="a")), Failed(failure)]
    data = written(events, ARRAY if array else CODEC)
    chunks = json.loads(data) if array else payloads(data)
    assert chunks[-1]["error"]["status"] == "UNAVAILABLE"
    assert "finishReason" not in json.dumps(chunks)
    last = read(data)[-1]
    assert isinstance(last, Failed)
    assert (last.failure.message, last.failure.retry_after) == ("busy", 2)


def test_an_array_is_one_json_value() -> None:
    """Without `alt=sse` the chunks are elements, framed as Google does, and a failure alone is an array too."""
    data = written(stream(*part(0, Text(text="a"))), ARRAY)
    assert data.startswith(b'[{"candidates"')
    assert b",\r\n{" in data
    assert len(json.loads(data)) == 2
    only = ARRAY.stream_encoder(reply_to()).encode(Failed(Failure(kind=FailureKind.INTERNAL, status=500, message="m")))
    assert json.loads(only)[0]["error"]["code"] == 500


def test_names_of_the_reply_fill_in() -> None:
    """A provider without model and id gets the reply's."""
    (last,) = payloads(written([Started(), Finished(finish=Finish.STOP), Ended()]))
    assert (last["modelVersion"], last["responseId"]) == ("m", "1")


def test_logprobs_and_tiers_survive() -> None:
    """The service tier stands in every chunk's counts, as in Google's streams."""
    events: list[Event] = [
        Started(service_tier="flex"),
        *part(0, Text(text="a")),
        Finished(finish=Finish.STOP),
        UsageSeen(Usage(1, 1)),
        Ended(),
    ]
    answer = fold(read(written(events)))
    assert (answer.service_tier, answer.usage) == ("flex", Usage(1, 1))
