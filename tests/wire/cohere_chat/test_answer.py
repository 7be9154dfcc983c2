"""Whole answers, both ways."""

from __future__ import annotations

import math

import pytest

from tests.wire.cohere_chat.samples import ANSWER, REQUEST
from trunkline.ir.answer import Answer, Choice, Finish
from trunkline.ir.envelope import open_envelope
from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Citation, Foreign, Media, MediaKind, Opaque, Part, Reasoning, Text, ToolCall
from trunkline.ir.usage import Usage
from trunkline.wire.codec import Members, Reply
from trunkline.wire.cohere_chat.codec import CODEC
from trunkline.wire.cohere_chat.finish import write_finish
from trunkline.wire.cohere_chat.losses import REASONS

REPLY = Reply(id="ours", model="m", created=1, request=CODEC.decode_request(REQUEST), provider="p", deployment="d")


def answered(choice: Choice, **more: object) -> tuple[Members, list[str]]:
    """The body for a client, and the paths of the losses."""
    losses = Losses()
    body = CODEC.encode_answer(Answer(choices=[choice], **more), REPLY, losses)  # type: ignore[arg-type]
    assert {loss.reason for loss in losses.found} <= REASONS
    return body, [loss.path for loss in losses.found]


def test_everything_goes_back_as_it_came() -> None:
    """An answer with every member of the format is the same again, without losses."""
    losses = Losses()
    assert CODEC.encode_answer(CODEC.decode_answer(ANSWER), REPLY, losses) == ANSWER
    assert losses.found == []


def test_the_parts_are_in_their_order() -> None:
    """Content, then the plan, then the calls."""
    answer = CODEC.decode_answer(ANSWER)
    choice = answer.choices[0]
    assert [type(part).__name__ for part in choice.parts] == ["Reasoning", "Text", "Reasoning", "ToolCall"]
    assert (answer.id, choice.finish, choice.finish_native) == ("a1", Finish.TOOL_CALLS, "TOOL_CALL")
    assert answer.usage == Usage(92, 17, 80, reasoning=3)


def test_a_citation_of_two_sources_is_two_citations() -> None:
    """Each source is told to other formats; Cohere gets its one citation back."""
    text = CODEC.decode_answer(ANSWER).choices[0].parts[1]
    assert isinstance(text, Text)
    assert [(c.start, c.end, c.source, c.url, c.title) for c in text.citations] == [
        (6, 11, "d1", "https://example.com", "T"),
        (6, 11, "c1:0", "", ""),
    ]


def test_citations_go_to_the_text_that_they_name() -> None:
    """By `content_index`, else to the first text; those of a plan stay where they were in the list."""
    content = [{"type": "text", "text": "ab"}, {"type": "text", "text": "cd"}]
    cited = [
        {"start": 0, "end": 1, "text": "I", "type": "PLAN"},
        {"start": 0, "end": 2, "text": "ab"},
        {"start": 0, "end": 2, "text": "cd", "content_index": 1},
    ]
    body: Members = {
        "id": "x",
        "finish_reason": "COMPLETE",
        "message": {"role": "assistant", "content": content, "citations": cited},
    }
    answer = CODEC.decode_answer(body)
    assert [len(part.citations) for part in answer.choices[0].parts if isinstance(part, Text)] == [1, 1]
    assert CODEC.encode_answer(answer, REPLY, Losses()) == body


def test_a_citation_of_another_format_gets_cohere_s_shape() -> None:
    """With the words that it is about, and its source as a document."""
    cited = Citation(start=0, end=5, url="https://example.com", title="T", cited="words")
    body, _ = answered(Choice(parts=[Reasoning(text="hm"), Text(text="Sunny now.", citations=[cited])]))
    message = body["message"]
    assert isinstance(message, dict)
    assert message["citations"] == [
        {
            "start": 0,
            "end": 5,
            "text": "Sunny",
            "sources": [
                {
                    "type": "document",
                    "id": "https://example.com",
                    "document": {
                        "id": "https://example.com",
                        "title": "T",
                        "url": "https://example.com",
                        "snippet": "words",
                    },
                }
            ],
            "type": "TEXT_CONTENT",
            "content_index": 1,
        }
    ]


def test_state_is_sealed_with_the_names_of_those_who_can_read_it() -> None:
    """On thinking (also where its words are hidden), text and calls, never inside an id."""
    own = Opaque("gemini.signature", "c2ln")
    parts: list[Part] = [
        Reasoning(opaque=own),
        Text(text="x", opaque=own),
        ToolCall(id="c", name="f", arguments="", opaque=own),
    ]
    body, lost = answered(Choice(parts=parts, finish=Finish.TOOL_CALLS))
    message = body["message"]
    assert isinstance(message, dict)
    for block in [*message["content"], *message["tool_calls"]]:
        assert open_envelope(block["signature"]) == Opaque("gemini.signature", "c2ln", "p", "d")
    assert message["tool_calls"][0]["id"] == "c"
    assert lost == []


def test_what_an_answer_cannot_hold_is_reported() -> None:
    """An answer is never refused: parts without a place are left out and named."""
    parts: list[Part] = [
        ToolCall(id="c", name="f", arguments="{}"),
        Text(text="late"),
        Media(kind=MediaKind.IMAGE, data="AAAA", mime="image/png"),
        Foreign(format=Format.GEMINI, kind="executable_code", data={}),
        ToolCall(id="d", name="g", arguments="x", custom=True),
    ]
    losses = Losses()
    answer = Answer(choices=[Choice(parts=parts, finish=Finish.STOP), Choice(parts=[Text(text="2nd")])])
    body = CODEC.encode_answer(answer, REPLY, losses)
    message = body["message"]
    assert isinstance(message, dict)
    assert message["content"] == [{"type": "text", "text": "late"}]
    assert [call["id"] for call in message["tool_calls"]] == ["c"]
    assert [loss.path for loss in losses.found] == ["choices[1]", *(f"message.content[{i}]" for i in (1, 2, 3, 4))]


def test_an_empty_answer_has_an_empty_text() -> None:
    """Users of the SDK read `message.content[0].text`; ids, usage and reason are there too."""
    body, _ = answered(Choice(finish=Finish.LENGTH), usage=Usage(5, 7, 2, reasoning=1, search_units=3))
    assert body == {
        "id": "ours",
        "finish_reason": "MAX_TOKENS",
        "message": {"role": "assistant", "content": [{"type": "text", "text": ""}]},
        "usage": {
            "billed_units": {"input_tokens": 5, "output_tokens": 7, "search_units": 3},
            "tokens": {"input_tokens": 5, "output_tokens": 7, "reasoning_tokens": 1},
            "cached_tokens": 2,
        },
    }


def test_log_probabilities_become_openai_s_and_back() -> None:
    """A stretch of text is one entry with the sum of its tokens."""
    logprobs = CODEC.decode_answer(ANSWER).choices[0].logprobs
    assert isinstance(logprobs, dict)
    (entry,) = logprobs["content"]
    assert (entry["token"], entry["bytes"]) == ("It is", list(b"It is"))
    assert math.isclose(entry["logprob"], -0.75)
    body, _ = answered(
        Choice(logprobs={"content": [{"token": "a", "logprob": -1.0, "bytes": [97], "top_logprobs": []}]})
    )
    assert body["logprobs"] == [{"text": "a", "token_ids": [], "logprobs": [-1.0]}]


def test_a_reason_that_is_not_known_comes_back() -> None:
    """Another format gets `OTHER`, Cohere's client its own word."""
    body: Members = {**ANSWER, "finish_reason": "NEW_ONE"}
    answer = CODEC.decode_answer(body)
    assert answer.choices[0].finish is Finish.OTHER
    assert CODEC.encode_answer(answer, REPLY, Losses()) == body


@pytest.mark.parametrize(
    ("finish", "own", "word"),
    [
        (Finish.STOP, "end_turn", "COMPLETE"),
        (Finish.STOP, "COMPLETE", "COMPLETE"),
        (Finish.STOP_SEQUENCE, "", "STOP_SEQUENCE"),
        (Finish.LENGTH, "length", "MAX_TOKENS"),
        (Finish.CONTEXT, "ERROR_LIMIT", "ERROR_LIMIT"),
        (Finish.CONTEXT, "", "MAX_TOKENS"),
        (Finish.TOOL_CALLS, "tool_use", "TOOL_CALL"),
        (Finish.CONTENT_FILTER, "SAFETY", "ERROR"),
        (Finish.BAD_CALL, "", "ERROR"),
        (Finish.REFUSAL, "refusal", "COMPLETE"),
        (Finish.PAUSE, "", "COMPLETE"),
        (Finish.OTHER, "TIMEOUT", "TIMEOUT"),
        (None, "", "COMPLETE"),
    ],
)
def test_reasons_have_cohere_s_words(finish: Finish | None, own: str, word: str) -> None:
    """The provider's own word where it is Cohere's and means the same, else the nearest."""
    assert write_finish(finish, own) == word


def test_an_answer_without_message_is_none() -> None:
    """It raises, and says what is missing."""
    with pytest.raises(BadShape, match="message"):
        CODEC.decode_answer({"id": "x"})
