"""Whole answers, both ways; their counts; errors."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from tests.wire.ollama.samples import ANSWER, PNG, REQUEST
from trunkline.ir.answer import Answer, Choice, Finish
from trunkline.ir.failure import Failure, FailureKind
from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Citation, Foreign, Media, MediaKind, Opaque, Part, Reasoning, Text, ToolCall
from trunkline.ir.usage import Usage
from trunkline.wire.codec import Reply
from trunkline.wire.ollama.codec import CODEC
from trunkline.wire.ollama.finish import write_finish
from trunkline.wire.ollama.losses import REASONS
from trunkline.wire.ollama.usage import read_usage

REPLY = Reply(id="ours", model="m", created=1_700_000_000, request=CODEC.decode_request(REQUEST))
PROMPT = replace(REPLY, request=CODEC.decode_request({"model": "m", "prompt": "hi"}))
GENERATED: dict[str, Any] = {
    "model": "llama3",
    "created_at": "2024-05-24T20:48:36Z",
    "response": "yes",
    "thinking": "hm",
    "done": True,
    "done_reason": "length",
    "context": [1, 2],
    "eval_count": 3,
}


def answered(answer: Answer, reply: Reply = REPLY) -> tuple[dict[str, Any], list[str]]:
    """The body for a client, and the paths of the losses."""
    losses = Losses()
    body: dict[str, Any] = CODEC.encode_answer(answer, reply, losses)
    assert {loss.reason for loss in losses.found} <= REASONS
    return body, [loss.path for loss in losses.found]


@pytest.mark.parametrize("body", [ANSWER, GENERATED, {**GENERATED, "image": PNG, "response": ""}])
def test_everything_goes_back_as_it_came(body: dict[str, Any]) -> None:
    """An answer with every member of either format is the same again, without losses."""
    assert answered(CODEC.decode_answer(body)) == (body, [])


def test_the_parts_are_in_their_order() -> None:
    """Thinking, text, calls; `stop` after calls is a stop for calls."""
    answer = CODEC.decode_answer(ANSWER)
    choice = answer.choices[0]
    assert [type(part).__name__ for part in choice.parts] == ["Reasoning", "Text", "ToolCall"]
    assert (choice.finish, choice.finish_native) == (Finish.TOOL_CALLS, "stop")
    assert (answer.model, answer.created) == ("gpt-oss:20b", 1786082891)
    assert answer.usage == Usage(310, 145)
    assert answer.native is not None
    assert answer.native.members["usage"] == {
        name: ANSWER[name] for name in ANSWER if name.endswith(("count", "duration"))
    }


def test_calls_without_id_get_one_that_no_other_answer_has() -> None:
    """The same answer gives the same ids, another one of the same calls gives others; none of them is sent back."""
    call = {"function": {"name": "f", "arguments": {"a": 1}}}
    body = {**ANSWER, "message": {"role": "assistant", "content": "", "tool_calls": [call, call]}}
    first, again = CODEC.decode_answer(body), CODEC.decode_answer(body)
    later = CODEC.decode_answer({**body, "created_at": "2026-08-07T06:08:11.017589124Z"})
    ids = [part.id for answer in (first, later) for part in answer.choices[0].parts if isinstance(part, ToolCall)]
    assert len(set(ids)) == 4
    assert again == first
    assert answered(first)[0] == body


def test_an_answer_of_another_format_goes_out() -> None:
    """With time, counts and reason in Ollama's words."""
    parts: list[Part] = [
        Reasoning(text="hm"),
        Text(text="a"),
        ToolCall(id="c1", name="f", arguments='{"a":1}'),
        ToolCall(id="c2", name="g", arguments=""),
    ]
    answer = Answer(model="x", choices=[Choice(parts=parts, finish=Finish.TOOL_CALLS)], usage=Usage(5, 7, 2))
    assert answered(answer) == (
        {
            "model": "x",
            "created_at": "2023-11-14T22:13:20Z",
            "message": {
                "role": "assistant",
                "content": "a",
                "thinking": "hm",
                "tool_calls": [
                    {"id": "c1", "function": {"index": 0, "name": "f", "arguments": {"a": 1}}},
                    {"id": "c2", "function": {"index": 1, "name": "g", "arguments": {}}},
                ],
            },
            "done": True,
            "done_reason": "stop",
            "prompt_eval_count": 5,
            "eval_count": 7,
        },
        [],
    )


def test_a_prompt_is_answered_in_its_own_shape() -> None:
    """Who asked `/api/generate` gets a `response`."""
    answer = Answer(choices=[Choice(parts=[Text(text="a")], finish=Finish.LENGTH)])
    body, _ = answered(answer, PROMPT)
    assert (body["response"], body["done_reason"]) == ("a", "length")
    assert "message" not in body


def test_what_an_answer_cannot_hold_is_reported() -> None:
    """An answer is never refused: what has no place is left out and named."""
    parts: list[Part] = [
        Reasoning(text="hm", opaque=Opaque("gemini.signature", "x")),
        Text(text="a", citations=[Citation(url="https://example.com")]),
        Media(kind=MediaKind.IMAGE, data=PNG, mime="image/png"),
        Media(kind=MediaKind.AUDIO, data="AAAA", mime="audio/wav"),
        Foreign(format=Format.GEMINI, kind="executable_code", data={}),
        ToolCall(id="d", name="g", arguments="x", custom=True),
    ]
    body, lost = answered(Answer(choices=[Choice(parts=parts, finish=Finish.STOP), Choice()]))
    assert body["message"] == {"role": "assistant", "content": "a", "thinking": "hm", "images": [PNG]}
    assert lost == [
        *("choices[1]", "message.content[0]", "message.content[1].citations"),
        *("message.content[3]", "message.content[4]", "message.content[5]"),
    ]


@pytest.mark.parametrize(
    ("finish", "own", "word"),
    [
        (Finish.STOP, "stop", "stop"),
        (Finish.STOP, "end_turn", "stop"),
        (Finish.STOP_SEQUENCE, "", "stop"),
        (Finish.TOOL_CALLS, "tool_use", "stop"),
        (Finish.LENGTH, "length", "length"),
        (Finish.CONTEXT, "", "length"),
        (Finish.OTHER, "unload", "unload"),
        (Finish.CONTENT_FILTER, "SAFETY", "stop"),
        (None, "", "stop"),
    ],
)
def test_reasons_have_ollama_s_words(finish: Finish | None, own: str, word: str) -> None:
    """The provider's own word where it is Ollama's and means the same, else the nearest."""
    assert write_finish(finish, own, None) == word


@pytest.mark.parametrize("change", [{"done_reason": "new"}, {"done_reason": None}, {"done": False}])
def test_odd_ends_come_back(change: dict[str, Any]) -> None:
    """A reason that is not known, none at all, an answer that says that it is not done."""
    body = {**ANSWER, **change}
    assert answered(CODEC.decode_answer(body))[0] == body
    without = {name: value for name, value in ANSWER.items() if name not in change}
    assert answered(CODEC.decode_answer(without))[0] == without


def test_an_answer_without_message_is_none() -> None:
    """It raises, and says what is missing."""
    with pytest.raises(BadShape, match="message"):
        CODEC.decode_answer({"model": "x"})


@pytest.mark.parametrize(
    ("counts", "usage"),
    [
        ({"prompt_eval_count": 17, "eval_count": 50}, Usage(17, 50)),
        ({"eval_count": 50}, Usage(0, 50)),
        ({}, None),
        ({"total_duration": 5}, None),
        ({"prompt_eval_count": -1, "eval_count": 50}, None),
        ({"prompt_eval_count": 17, "eval_count": 1.5}, None),
        ({"prompt_eval_count": 17, "eval_count": 10**9}, None),
        ({"prompt_eval_count": True, "eval_count": 1}, None),
    ],
)
def test_counts(counts: dict[str, object], usage: Usage | None) -> None:
    """A prompt from the cache has no count; what cannot be true gives no usage."""
    assert read_usage(counts) == usage


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (404, 'model "x" not found, try pulling it first', FailureKind.NOT_FOUND),
        (400, '"llama3" does not support thinking', FailureKind.INVALID_REQUEST),
        (400, "the input length exceeds the context length", FailureKind.CONTEXT_WINDOW),
        (401, "unauthorized", FailureKind.AUTHENTICATION),
        (429, "slow down", FailureKind.RATE_LIMIT),
        (500, "model runner has unexpectedly stopped", FailureKind.INTERNAL),
        (503, "server busy, please try again", FailureKind.OVERLOADED),
    ],
)
def test_errors_have_their_kind(status: int, error: str, kind: FailureKind) -> None:
    """By status, and by their words where those say more; hosted servers wrap the text."""
    for body in ({"error": error}, {"error": {"message": error}}):
        failure = CODEC.decode_failure(status, json.dumps(body).encode())
        assert (failure.kind, failure.status, failure.message) == (kind, status, error)
    assert CODEC.encode_failure(Failure(kind=kind, status=status, message=error)) == {"error": error}
