"""A whole answer, read and written."""

from __future__ import annotations

from typing import Any

import pytest

from tests.wire.gemini.recorded import VERTEX, asked, reply_to
from trunkline.ir.answer import Answer, Choice, Finish
from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import (
    Citation,
    Foreign,
    Media,
    MediaKind,
    Native,
    Opaque,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.ir.usage import Usage
from trunkline.wire.codec import Members
from trunkline.wire.gemini import losses as why
from trunkline.wire.gemini.codec import CODEC
from trunkline.wire.gemini.ids import is_made

USAGE: Members = {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}


def answered(*parts: object, **candidate: object) -> Members:
    whole: Members = {"content": {"parts": list(parts), "role": "model"}, "finishReason": "STOP", **candidate}
    return {"candidates": [whole], "usageMetadata": USAGE, "modelVersion": "gemini-x", "responseId": "r"}


def choice_of(*parts: object, **candidate: object) -> Choice:
    return CODEC.decode_answer(answered(*parts, **candidate)).choices[0]


def written(answer: Answer, provider: str = "", deployment: str = "") -> tuple[Any, list[str]]:
    losses = Losses()
    body = CODEC.encode_answer(answer, reply_to(provider=provider, deployment=deployment), losses)
    return body, [loss.reason for loss in losses.found]


def said(*parts: Any, **members: Any) -> Answer:
    return Answer(choices=[Choice(parts=list(parts), finish=Finish.STOP, **members)])


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("STOP", Finish.STOP),
        ("MAX_TOKENS", Finish.LENGTH),
        ("CONTINUATION", Finish.LENGTH),
        ("SAFETY", Finish.CONTENT_FILTER),
        ("RECITATION", Finish.CONTENT_FILTER),
        ("LANGUAGE", Finish.CONTENT_FILTER),
        ("BLOCKLIST", Finish.CONTENT_FILTER),
        ("PROHIBITED_CONTENT", Finish.CONTENT_FILTER),
        ("SPII", Finish.CONTENT_FILTER),
        ("IMAGE_SAFETY", Finish.CONTENT_FILTER),
        ("NO_IMAGE", Finish.CONTENT_FILTER),
        ("MALFORMED_FUNCTION_CALL", Finish.BAD_CALL),
        ("UNEXPECTED_TOOL_CALL", Finish.BAD_CALL),
        ("OTHER", Finish.OTHER),
        ("A_NEW_ONE", Finish.OTHER),
        ("FINISH_REASON_UNSPECIFIED", None),
        (1, Finish.STOP),
        (2, Finish.LENGTH),
        (10, Finish.BAD_CALL),
        (99, Finish.OTHER),
        (None, None),
        ({}, None),
    ],
)
def test_finish_reasons_are_read_and_kept(reason: object, finish: Finish | None) -> None:
    """Words, protobuf's numbers, and what nobody knows; each comes back as it was."""
    body = answered({"text": "x"}, finishReason=reason)
    answer = CODEC.decode_answer(body)
    assert answer.choices[0].finish is finish
    assert written(answer) == (body, [])


def test_vertex_numbers_its_reasons_otherwise() -> None:
    """The same number is another word there."""
    body = answered({"text": "x"}, finishReason=9)
    assert VERTEX.decode_answer(body).choices[0].finish_native == "MALFORMED_FUNCTION_CALL"
    assert CODEC.decode_answer(body).choices[0].finish_native == "SPII"


def test_a_call_makes_the_finish_one_of_calls() -> None:
    """Gemini says `STOP` after calls too; another reason stays."""
    call = {"functionCall": {"name": "f", "args": {"a": 1}}}
    assert choice_of(call).finish is Finish.TOOL_CALLS
    assert choice_of(call, finishReason="MAX_TOKENS").finish is Finish.LENGTH


def test_made_ids_are_of_one_answer_only() -> None:
    """Calls without ids get ones that differ within the answer and between answers, and are the same when read again."""
    calls = [{"functionCall": {"name": "f", "args": {}}}] * 2
    ids = [part.id for part in choice_of(*calls).parts if isinstance(part, ToolCall)]
    assert len(set(ids)) == 2
    assert all(map(is_made, ids))
    again = CODEC.decode_answer(answered(*calls))
    assert [part.id for part in again.choices[0].parts if isinstance(part, ToolCall)] == ids
    other = CODEC.decode_answer({**answered(*calls), "responseId": "s"}).choices[0].parts[0]
    assert isinstance(other, ToolCall)
    assert other.id not in ids


def test_made_ids_differ_between_turns_without_answer_ids() -> None:
    """The prompt has grown by the next turn, so the same call has another id."""
    body = answered({"functionCall": {"name": "f", "args": {}}})
    del body["responseId"]
    grown = {**body, "usageMetadata": {**USAGE, "promptTokenCount": 30}}
    first, second = CODEC.decode_answer(body).choices[0].parts[0], CODEC.decode_answer(grown).choices[0].parts[0]
    assert isinstance(first, ToolCall)
    assert isinstance(second, ToolCall)
    assert first.id != second.id


def test_a_blocked_prompt_is_a_filtered_answer() -> None:
    """No candidates but a reason: the answer is empty and filtered, and comes back as it was."""
    body: Members = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 3}}
    answer = CODEC.decode_answer(body)
    (choice,) = answer.choices
    assert (choice.parts, choice.finish, choice.finish_native) == ([], Finish.CONTENT_FILTER, "SAFETY")
    assert written(answer) == (body, [])


def test_what_only_gemini_says_is_kept() -> None:
    """Metadata, ratings, unknown members, broken parts: an answer survives with all of it."""
    body = answered(
        {"text": "x", "new": 1},
        {"executableCode": {}},
        {"functionCall": {"name": ""}},
        {"functionResponse": {"name": "f", "response": {}}},
        {"text": 5},
        {},
        safetyRatings=[],
        avgLogprobs=-0.5,
        finishMessage="m",
        index=4,
        new={},
    )
    body |= {"createTime": "2026-01-01T00:00:01.5Z", "newThing": 1, "usageMetadata": {**USAGE, "new": 1}}
    answer = CODEC.decode_answer(body)
    assert [type(part) for part in answer.choices[0].parts] == [Text, Foreign, Foreign, Foreign, Foreign, Foreign]
    assert answer.created == 1767225601
    assert answer.native is not None
    assert answer.native.members["usage"] == body["usageMetadata"]
    assert written(answer) == (body, [])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"error": {"code": 400}},
        {"candidates": "x"},
        {"candidates": []},
        {"candidates": [5]},
    ],
)
def test_what_is_no_answer_is_a_bad_shape(body: Any) -> None:
    """An error, nothing at all, or the wrong types."""
    with pytest.raises(BadShape):
        CODEC.decode_answer(body)


def test_logprobs_are_read_as_openai_has_them() -> None:
    """Chosen tokens with their alternatives and bytes."""
    result = {
        "chosenCandidates": [{"token": "é", "logProbability": -0.1, "tokenId": 5}],
        "topCandidates": [
            {"candidates": [{"token": "é", "logProbability": -0.1}, {"token": "b", "logProbability": -2}]}
        ],
    }
    choice = choice_of({"text": "é"}, logprobsResult=result)
    assert choice.logprobs == {
        "content": [
            {
                "token": "é",
                "logprob": -0.1,
                "bytes": [195, 169],
                "top_logprobs": [
                    {"token": "é", "logprob": -0.1, "bytes": [195, 169]},
                    {"token": "b", "logprob": -2, "bytes": [98]},
                ],
            }
        ]
    }
    body, _ = written(said(Text(text="é"), logprobs=choice.logprobs))
    assert body["candidates"][0]["logprobsResult"] == {
        "chosenCandidates": [{"token": "é", "logProbability": -0.1}],
        "topCandidates": [
            {"candidates": [{"token": "é", "logProbability": -0.1}, {"token": "b", "logProbability": -2}]}
        ],
    }


def grounded(*supports: object, chunks: object = None) -> Members:
    named = [{"web": {"uri": "https://a", "title": "A"}}, {"retrievedContext": {"uri": "gs://b", "text": "words"}}]
    return {"groundingChunks": named if chunks is None else chunks, "groundingSupports": list(supports)}


def test_grounding_becomes_citations() -> None:
    """Segments are counted in bytes over all words of the answer; thoughts do not count, a wrong place is corrected."""
    metadata = grounded(
        {"segment": {"startIndex": 0, "endIndex": 3, "text": "Gö"}, "groundingChunkIndices": [0, 1, 7]},
        {"segment": {"startIndex": 7, "endIndex": 12, "text": "more"}, "groundingChunkIndices": [0]},
        {"segment": {"text": "nowhere"}, "groundingChunkIndices": [1]},
    )
    choice = choice_of(
        {"text": "hm", "thought": True}, {"text": "Göte "}, {"text": "and more"}, groundingMetadata=metadata
    )
    _, first, second = choice.parts
    assert isinstance(first, Text)
    assert isinstance(second, Text)
    assert first.citations == [
        Citation(url="https://a", title="A", start=0, end=2),
        Citation(source="gs://b", cited="words", start=0, end=2),
    ]
    assert second.citations == [
        Citation(url="https://a", title="A", start=4, end=8),
        Citation(source="gs://b", cited="words"),
    ]


@pytest.mark.parametrize("name", ["citationSources", "citations"])
def test_recitations_become_citations(name: str) -> None:
    """AI Studio and Vertex AI name the list differently."""
    choice = choice_of(
        {"text": "Gö"}, citationMetadata={name: [{"startIndex": 1, "endIndex": 3, "uri": "https://a"}, {}]}
    )
    (part,) = choice.parts
    assert isinstance(part, Text)
    assert part.citations == [Citation(url="https://a", start=1, end=2)]


@pytest.mark.parametrize(
    "metadata",
    [
        grounded(5, {"segment": 1, "groundingChunkIndices": [0]}, {"groundingChunkIndices": "x"}),
        grounded({"segment": {"startIndex": -9, "endIndex": 10**30}, "groundingChunkIndices": [True, 0.5, -1]}),
        grounded(chunks=[5, {"web": 1}, {"new": {}}]),
        {"groundingChunks": {}, "groundingSupports": {}},
        [],
    ],
)
def test_broken_grounding_does_no_harm(metadata: object) -> None:
    """Whatever stands there, the answer is read."""
    assert [type(part) for part in choice_of({"text": "x"}, groundingMetadata=metadata).parts] == [Text]


def test_an_answer_of_another_format_is_written() -> None:
    """Parts, citations in bytes, counts, and a finish in Google's words."""
    answer = Answer(
        model="other",
        choices=[
            Choice(
                parts=[
                    Reasoning(text="hm"),
                    Text(text="Grüße dort", citations=[Citation(url="https://a", title="A", start=6, end=10)]),
                    ToolCall(id="call_1", name="f", arguments='{"a":1}'),
                    Media(kind=MediaKind.IMAGE, mime="image/png", data="AAAA", name="n"),
                    Media(kind=MediaKind.IMAGE, url="s3://b/k"),
                ],
                finish=Finish.TOOL_CALLS,
                finish_native="tool_calls",
            )
        ],
        usage=Usage(input_total=10, output_total=5, cache_read=3, reasoning=2, audio_in=4),
        service_tier="flex",
    )
    assert written(answer) == (
        {
            "candidates": [
                {
                    "content": {
                        "role": "model",
                        "parts": [
                            {"text": "hm", "thought": True},
                            {"text": "Grüße dort"},
                            {"functionCall": {"id": "call_1", "name": "f", "args": {"a": 1}}},
                            {"inlineData": {"mimeType": "image/png", "data": "AAAA", "displayName": "n"}},
                            {"fileData": {"fileUri": "s3://b/k"}},
                        ],
                    },
                    "finishReason": "STOP",
                    "index": 0,
                    "groundingMetadata": {
                        "groundingChunks": [{"web": {"uri": "https://a", "title": "A"}}],
                        "groundingSupports": [
                            {
                                "segment": {"startIndex": 8, "endIndex": 12, "text": "dort", "partIndex": 1},
                                "groundingChunkIndices": [0],
                            }
                        ],
                    },
                }
            ],
            "usageMetadata": {
                "promptTokenCount": 10,
                "cachedContentTokenCount": 3,
                "candidatesTokenCount": 3,
                "thoughtsTokenCount": 2,
                "totalTokenCount": 15,
                "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 6}, {"modality": "AUDIO", "tokenCount": 4}],
                "serviceTier": "flex",
            },
            "modelVersion": "other",
            "responseId": "1",
        },
        [],
    )


@pytest.mark.parametrize(
    ("finish", "word"),
    [
        (Finish.STOP, "STOP"),
        (Finish.STOP_SEQUENCE, "STOP"),
        (Finish.TOOL_CALLS, "STOP"),
        (Finish.PAUSE, "STOP"),
        (Finish.LENGTH, "MAX_TOKENS"),
        (Finish.CONTEXT, "MAX_TOKENS"),
        (Finish.CONTENT_FILTER, "SAFETY"),
        (Finish.REFUSAL, "SAFETY"),
        (Finish.BAD_CALL, "MALFORMED_FUNCTION_CALL"),
        (Finish.OTHER, "OTHER"),
        (None, "OTHER"),
    ],
)
def test_every_finish_has_a_word(finish: Finish | None, word: str) -> None:
    """A client of Gemini's format looks for one."""
    body, _ = written(Answer(choices=[Choice(finish=finish)]))
    assert body["candidates"] == [{"content": {"role": "model"}, "finishReason": word, "index": 0}]


def test_state_is_sealed_and_comes_back() -> None:
    """Signatures go to a client in an envelope of the provider that answered, in base64, and come back out of it."""
    opaque = Opaque("anthropic.signature", "x/y+z=")
    mine = Opaque("gemini.signature", "c2ln")
    body, lost = written(said(Reasoning(text="t", opaque=opaque), Text(text="a", opaque=mine)), "p", "d")
    assert lost == []
    request = asked({"contents": [body["candidates"][0]["content"]]})
    thought, text = request.messages[0].parts
    assert isinstance(thought, Reasoning)
    assert thought.opaque == Opaque("anthropic.signature", "x/y+z=", "p", "d")
    assert isinstance(text, Text)
    assert text.opaque == Opaque("gemini.signature", "c2ln", "p", "d")


def test_geminis_own_state_without_an_origin_stays_raw() -> None:
    """Nobody said whose it is, so there is nothing to put into an envelope; another kind is sealed all the same."""
    body, _ = written(said(Text(text="a", opaque=Opaque("gemini.signature", "c2ln"))))
    assert body["candidates"][0]["content"]["parts"] == [{"text": "a", "thoughtSignature": "c2ln"}]
    body, _ = written(said(Text(text="a", opaque=Opaque("openai.encrypted", "e"))))
    assert body["candidates"][0]["content"]["parts"][0]["thoughtSignature"].startswith("dGxrMS")


def test_arguments_that_are_no_object_end_in_googles_word_for_it() -> None:
    """A call that cannot be written is none: the client reads `MALFORMED_FUNCTION_CALL`, as from Gemini itself."""
    body, lost = written(said(ToolCall(id="1", name="f", arguments='{"a":')))
    (candidate,) = body["candidates"]
    assert candidate["finishReason"] == "MALFORMED_FUNCTION_CALL"
    assert 'f({"a":)' in candidate["finishMessage"]
    assert lost == [why.BAD_ARGUMENTS]


def test_what_an_answer_cannot_hold_is_reported() -> None:
    """Parts of other formats, tool results, stop sequences, members without a place."""
    answer = said(
        Foreign(format=Format.ANTHROPIC_MESSAGES, kind="x", data={}),
        ToolResult(call_id="1"),
        Text(text="a", citations=[Citation()]),
        stop_sequence="END",
        native=Native(Format.OPENAI_CHAT, {"content_filter_results": {}}),
    )
    answer.native = Native(Format.OPENAI_CHAT, {"usage": {}, "system_fingerprint": "x"})
    body, lost = written(answer)
    assert body["candidates"][0]["content"]["parts"] == [{"text": "a"}]
    assert sorted(lost) == sorted(
        [
            *(why.FOREIGN_ANSWER, why.RESULT_IN_ANSWER, why.CITATION_SOURCE, why.STOP_SEQUENCE),
            *["a member that only its own format has"] * 2,
        ]
    )


def test_a_changed_finish_of_geminis_answer_counts() -> None:
    """A pipeline that ends an answer itself is obeyed."""
    answer = CODEC.decode_answer(answered({"text": "x"}, finishReason=1))
    answer.choices[0].finish, answer.choices[0].finish_native = Finish.CONTENT_FILTER, ""
    assert written(answer)[0]["candidates"][0]["finishReason"] == "SAFETY"


@pytest.mark.parametrize("created", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00Z", "yesterday", 5, None])
def test_times_that_are_none_are_kept_and_not_read(created: object) -> None:
    """A date beyond all calendars does not break the answer, whole or streamed."""
    body = {**answered({"text": "x"}), "createTime": created}
    answer = CODEC.decode_answer(body)
    assert answer.created == 0
    assert written(answer) == (body, [])


def test_an_empty_state_is_never_sent() -> None:
    """It would wedge the conversation (fidelity.md failure 6)."""
    body, _ = written(said(Text(text="a", opaque=Opaque("gemini.signature", ""))), "p", "d")
    assert body["candidates"][0]["content"]["parts"] == [{"text": "a"}]
