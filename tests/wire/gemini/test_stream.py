"""A stream, read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.wire.gemini.recorded import VERTEX, chunk, heard, read, sse
from trunkline.ir.answer import Finish
from trunkline.ir.events import (
    Ended,
    Event,
    Failed,
    Finished,
    PartEnded,
    PartStarted,
    Started,
    TextDelta,
    UsageSeen,
)
from trunkline.ir.failure import FailureKind
from trunkline.ir.fold import BrokenStream, fold
from trunkline.ir.parts import Citation, Foreign, Media, Opaque, Reasoning, Text, ToolCall
from trunkline.ir.usage import Usage
from trunkline.wire.codec import Members
from trunkline.wire.gemini.codec import CODEC

STOP: Members = {"finishReason": "STOP"}
CALL = {"functionCall": {"name": "f", "args": {"a": 1}}}


def parts_of(*chunks: object) -> list[Any]:
    return list(heard(*chunks).choices[0].parts)


def failure_of(data: bytes) -> Failed:
    last = read(data)[-1]
    assert isinstance(last, Failed)
    return last


def test_words_come_as_they_are_heard() -> None:
    """Consecutive chunks of words are deltas of one part; finish and counts come at the end."""
    usage = {"promptTokenCount": 3, "candidatesTokenCount": 1, "totalTokenCount": 4}
    first = {**chunk({"text": "a"}), "responseId": "r", "modelVersion": "m", "usageMetadata": {"serviceTier": "flex"}}
    events = read(sse(first, chunk({"text": "b"}), {**chunk({"text": "c"}, **STOP), "usageMetadata": usage}))
    started = events[0]
    assert isinstance(started, Started)
    assert (started.id, started.model, started.service_tier) == ("r", "m", "flex")
    assert events[1:5] == [
        PartStarted(index=0, part=Text(text="a")),
        TextDelta(0, "b"),
        TextDelta(0, "c"),
        UsageSeen(Usage(3, 1), usage),
    ]
    assert events[5] == PartEnded(0)
    assert isinstance(events[6], Finished)
    assert (events[6].finish, events[6].finish_native) == (Finish.STOP, "STOP")
    assert isinstance(events[-2], UsageSeen)
    assert isinstance(events[-1], Ended)


def test_thoughts_words_and_signatures_are_parts_of_their_own() -> None:
    """A new part begins where the kind changes, and where a signature stands; what is empty and unsigned is nothing."""
    assert parts_of(
        chunk({"text": "t1", "thought": True}),
        chunk({"text": "t2", "thought": True}),
        chunk({"text": "w1"}, {"text": ""}),
        chunk({"text": "w2", "thought": False}),
        chunk({"text": "", "thoughtSignature": "c2ln"}),
        chunk({"text": "w3", "thoughtSignature": "c2ln"}, {"text": "w4"}),
        chunk({"text": ""}, **STOP),
    ) == [
        Reasoning(text="t1t2"),
        Text(text="w1w2"),
        Text(text="", opaque=Opaque("gemini.signature", "c2ln")),
        Text(text="w3", opaque=Opaque("gemini.signature", "c2ln")),
        Text(text="w4"),
    ]


def test_a_call_comes_whole_with_its_signature() -> None:
    """Name, arguments and state are in one event, and nothing of it is lost (fidelity.md failure 9)."""
    part: Members = {**CALL, "thoughtSignature": "c2ln"}
    events = read(sse(chunk({"text": "w"}), chunk(part, CALL), chunk({"text": ""}, **STOP)))
    calls = [event.part for event in events if isinstance(event, PartStarted) and isinstance(event.part, ToolCall)]
    assert [(call.name, call.arguments) for call in calls] == [("f", '{"a":1}')] * 2
    assert calls[0].opaque == Opaque("gemini.signature", "c2ln")
    assert calls[0].id != calls[1].id
    assert not any(isinstance(event, TextDelta) for event in events)
    assert fold(events).choices[0].finish is Finish.TOOL_CALLS


def test_ids_are_those_of_the_whole_answer() -> None:
    """A call without id has the same one whether its answer was streamed or not."""
    body = {**chunk(CALL, CALL, **STOP), "responseId": "r"}
    assert heard({**chunk(CALL), "responseId": "r"}, {**chunk(CALL, **STOP), "responseId": "r"}) == CODEC.decode_answer(
        body
    )


def test_other_parts_come_whole() -> None:
    """Pictures and code between the words."""
    picture = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}
    code = {"executableCode": {"code": "1"}}
    found = parts_of(chunk({"text": "a"}), chunk(picture), chunk(code, {"text": "b"}, 5), chunk(**STOP))
    assert [type(part) for part in found] == [Text, Media, Foreign, Text, Foreign]


def test_the_last_finish_reason_counts() -> None:
    """`STOP` in every chunk, or before a filter cut in, is not the end yet."""
    answer = heard(chunk({"text": "a"}, **STOP), chunk({"text": "b"}, **STOP), chunk(finishReason="RECITATION"))
    assert answer.choices[0].parts == [Text(text="ab")]
    assert answer.choices[0].finish is Finish.CONTENT_FILTER


def test_a_stream_without_its_finish_reason_fails() -> None:
    """It was cut off, and never ends as a clean one; what had come is kept."""
    with pytest.raises(BrokenStream) as caught:
        heard(chunk({"text": "a"}), chunk({"text": "b"}, finishReason="FINISH_REASON_UNSPECIFIED"))
    assert caught.value.answer.choices[0].parts == [Text(text="ab")]
    assert caught.value.failure is not None
    assert caught.value.failure.status == 502


@pytest.mark.parametrize("data", [b"", b"\n\n", b": ping\n\n", b"data: {}\n\n", b"{}", b"[]", b"[", b"x\n\n"])
def test_a_stream_of_nothing_fails(data: bytes) -> None:
    """No candidates and no reason for that."""
    assert failure_of(data).failure.kind is FailureKind.UNAVAILABLE


def test_every_candidate_must_finish() -> None:
    """Two answers at once: one that stopped in the middle breaks the stream."""
    one = {"content": {"parts": [{"text": "a"}]}, "index": 0, "finishReason": "STOP"}
    two = {"content": {"parts": [{"text": "b"}]}, "index": 1}
    assert isinstance(read(sse({"candidates": [one, two]}))[-1], Failed)
    answer = heard({"candidates": [two, one]}, {"candidates": [{"index": 1, "finishReason": "MAX_TOKENS"}]})
    assert [choice.parts for choice in answer.choices] == [[Text(text="a")], [Text(text="b")]]
    assert [choice.finish for choice in answer.choices] == [Finish.STOP, Finish.LENGTH]


def test_a_blocked_prompt_ends_the_stream() -> None:
    """A reason without candidates is an answer, also where words had come before."""
    blocked: Members = {"promptFeedback": {"blockReason": "SAFETY"}}
    answer = heard(blocked)
    assert (answer.choices[0].finish, answer.choices[0].finish_native) == (Finish.CONTENT_FILTER, "SAFETY")
    assert answer.native is not None
    assert answer.native.members == blocked
    answer = heard(chunk({"text": "a"}), blocked)
    assert answer.choices[0].finish is Finish.CONTENT_FILTER


@pytest.mark.parametrize("array", [False, True])
def test_an_error_in_the_stream_fails_it(array: bool) -> None:
    """Google puts an error object among the chunks; nothing follows it."""
    error = {"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}
    chunks = [chunk({"text": "a"}), error, chunk({"text": "b"}, **STOP)]
    data = json.dumps(chunks).encode() if array else sse(*chunks)
    events = read(data)
    assert isinstance(events[-1], Failed)
    assert events[-1].failure.kind is FailureKind.OVERLOADED
    assert [type(event) for event in events] == [Started, PartStarted, Failed]
    assert failure_of(sse([error])).failure.status == 503


def test_an_error_that_is_the_whole_body_fails() -> None:
    """Under status 200, without any framing."""
    body = b'{\n "error": {"code": 429, "message": "m", "details": [{"retryDelay": "3s"}]}}'
    for size in (0, 1, 7):
        failed = read(body, size)[-1]
        assert isinstance(failed, Failed)
        assert (failed.failure.kind, failed.failure.retry_after) == (FailureKind.RATE_LIMIT, 3.0)


def test_a_whole_answer_is_read_as_a_stream() -> None:
    """A host that does not stream gives one object."""
    assert fold(read(json.dumps(chunk({"text": "a"}, **STOP)).encode())).choices[0].parts == [Text(text="a")]


@pytest.mark.parametrize(
    "data",
    [
        b"data: {\n\n",
        b"data: 5\n\n",
        b"data: " + b"[" * 5000 + b"\n\n",
        b"data: \xff\n\n",
        b"[5]",
        b"[{}{}x",
        b'[{"a":1}] [',
        b"data: " + b"x" * 100,
    ],
)
def test_what_cannot_be_read_fails(data: bytes) -> None:
    """Broken JSON, other types, other bytes."""
    for size in (0, 1, 3):
        assert isinstance(read(data, size)[-1], Failed)


def test_an_array_without_its_end_fails() -> None:
    """Though every chunk came, the closing bracket tells that there is no more."""
    whole = json.dumps([chunk({"text": "a"}, **STOP)]).encode()
    assert isinstance(read(whole)[-1], Ended)
    assert isinstance(read(whole[:-1])[-1], Failed)


def test_framing_details_are_forgiven() -> None:
    """A byte order mark, white space ahead, other line ends, `[DONE]`, and a last event without its empty line."""
    whole = sse(chunk({"text": "a"}, **STOP))
    events = read(whole)
    for data in (
        b"\xef\xbb\xbf" + whole,
        b"\r\n" + whole.replace(b"\r\n", b"\n"),
        whole + b"data: [DONE]\n\n",
        whole.rstrip(),
        b": hello\n\n" + whole,
    ):
        for size in (0, 1, 2):
            assert read(data, size) == events
    array = b"\xef\xbb\xbf \n" + json.dumps([chunk({"text": "a"}, **STOP)]).encode() + b"\n"
    assert read(array) == read(array, 1) == events


def test_nothing_comes_after_the_end() -> None:
    """A decoder that failed or ended stays silent."""
    decoder = CODEC.stream_decoder()
    assert isinstance(decoder.feed(b"data: {\n\n")[-1], Failed)
    assert decoder.feed(sse(chunk({"text": "a"}))) == decoder.end() == []
    decoder = CODEC.stream_decoder()
    decoder.feed(sse(chunk({"text": "a"}, **STOP)))
    assert isinstance(decoder.end()[-1], Ended)
    assert decoder.end() == []


def test_citations_find_the_words_that_came_before() -> None:
    """Grounding comes with the last chunk, beside a signature, and speaks of all words."""
    metadata: Members = {
        "groundingChunks": [{"web": {"uri": "https://a"}}],
        "groundingSupports": [{"segment": {"startIndex": 3, "endIndex": 6}, "groundingChunkIndices": [0]}],
        "webSearchQueries": ["q"],
    }
    usage: Members = {"promptTokenCount": 3, "toolUsePromptTokenCount": 9, "totalTokenCount": 12}
    signature: Members = {"text": "", "thoughtSignature": "c2ln"}
    last = {**chunk(signature, groundingMetadata=metadata, **STOP), "usageMetadata": usage}
    answer = heard(chunk({"text": "Gö"}, groundingMetadata={}), chunk({"text": "tec"}), last)
    first, second = answer.choices[0].parts
    assert isinstance(first, Text)
    assert first.citations == [Citation(url="https://a", start=2, end=5)]
    assert isinstance(second, Text)
    assert second.citations == []
    assert answer.usage == Usage(3, 0, web_searches=1)


def test_recitations_of_all_chunks_count() -> None:
    """Each chunk names its own sources."""

    def source(end: int, uri: str) -> Members:
        return {"citationMetadata": {"citationSources": [{"endIndex": end, "uri": uri}]}}

    answer = heard(
        chunk({"text": "abc"}, **source(2, "https://a")), chunk({"text": "def"}, **source(5, "https://b"), **STOP)
    )
    (part,) = answer.choices[0].parts
    assert isinstance(part, Text)
    assert [(citation.url, citation.end) for citation in part.citations] == [("https://a", 2), ("https://b", 5)]


def test_logprobs_go_with_their_words() -> None:
    """Each chunk brings its own tokens; together they are those of the whole answer."""

    def tokens(word: str) -> Members:
        return {"logprobsResult": {"chosenCandidates": [{"token": word, "logProbability": -1}]}}

    answer = heard(
        chunk({"text": "a"}, **tokens("a")),
        chunk({"text": "b"}, **tokens("b")),
        chunk({"text": ""}, **tokens("c"), **STOP),
    )
    choice = answer.choices[0]
    assert isinstance(choice.logprobs, dict)
    assert [entry["token"] for entry in choice.logprobs["content"]] == ["a", "b", "c"]


def test_arguments_in_pieces_are_put_together() -> None:
    """Vertex AI streams arguments where the client asked for it; the call still comes whole."""

    def piece(**call: object) -> Members:
        return chunk({"functionCall": call})

    answer = heard(
        chunk({"functionCall": {"name": "f", "willContinue": True}, "thoughtSignature": "c2ln"}),
        piece(partialArgs=[{"jsonPath": "$.a.b[1]", "stringValue": "x", "willContinue": True}], willContinue=True),
        piece(partialArgs=[{"jsonPath": "$.a.b[1]", "stringValue": "y"}], willContinue=True),
        piece(partialArgs=[{"jsonPath": "$['c d']", "numberValue": 2}], willContinue=True),
        piece(partialArgs=[{"jsonPath": "$.e", "boolValue": True}, {"jsonPath": "$.n", "nullValue": None}]),
        chunk({"text": ""}, **STOP),
        codec=VERTEX,
    )
    (call,) = answer.choices[0].parts
    assert isinstance(call, ToolCall)
    assert json.loads(call.arguments) == {"a": {"b": [None, "xy"]}, "c d": 2, "e": True, "n": None}
    assert call.opaque == Opaque("gemini.signature", "c2ln")
    assert answer.choices[0].finish is Finish.TOOL_CALLS


@pytest.mark.parametrize("path", ["$", "$.", "$[", "$[x]", "$[99999999]", "$.a.b", "$[0]"])
def test_broken_paths_of_arguments_fail_the_stream(path: str) -> None:
    """A path into nowhere is no reason to crash, and no call is made of it."""
    events = read(
        sse(
            chunk({"functionCall": {"name": "f", "args": {"a": 1}, "willContinue": True}}),
            chunk({"functionCall": {"partialArgs": [{"jsonPath": path, "stringValue": "x"}]}}, **STOP),
        )
    )
    assert isinstance(events[-1], Failed)


def test_counts_are_told_as_they_grow() -> None:
    """A client that goes away has left counts behind; the same ones are not told twice in a row."""

    def usage(candidates: int) -> Members:
        return {"usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": candidates}}

    decoder = CODEC.stream_decoder()
    events: list[Event] = []
    for count in (1, 1, 2):
        events += decoder.feed(sse({**chunk({"text": "a"}), **usage(count)}))
    assert [event.usage.output_total for event in events if isinstance(event, UsageSeen)] == [1, 2]


def test_whole_and_streamed_answers_keep_the_same_members() -> None:
    """Ratings, messages, times and unknown members of the last chunk are those of the answer."""
    members: Members = {"createTime": "2026-01-01T00:00:00Z", "newThing": 1, "responseId": "r", "modelVersion": "m"}
    aside: Members = {
        "finishReason": "STOP",
        "safetyRatings": [{"category": 1}],
        "finishMessage": "x",
        "avgLogprobs": -1,
    }
    first = {**chunk({"text": "a"}), **members}
    last = {**chunk({"text": "b"}, **aside), **members}
    assert heard(first, last) == CODEC.decode_answer({**chunk({"text": "ab"}, **aside), **members})
