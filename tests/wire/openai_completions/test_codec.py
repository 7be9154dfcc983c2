"""Text completions: recorded ones, and those that a chat model serves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.wire.openai_chat import recorded
from trunkline.ir.answer import Answer, Choice, Finish
from trunkline.ir.events import Ended, Event, Failed, Finished, PartEnded, PartStarted, Started, TextDelta, UsageSeen
from trunkline.ir.failure import Failure, FailureKind
from trunkline.ir.fold import fold
from trunkline.ir.grammar import check
from trunkline.ir.losses import BadShape, Losses, Untranslatable
from trunkline.ir.parts import Message, Part, Reasoning, Text, ToolCall
from trunkline.ir.request import OutputSchema, Request, Tool
from trunkline.ir.usage import Usage
from trunkline.wire.openai_chat.codec import CODEC as CHAT
from trunkline.wire.openai_completions.codec import CODEC

SURFACE = frozenset({"completions"})


def is_text(prompt: object) -> bool:
    """The prompt is one text, which is all that can be translated."""
    return isinstance(prompt, str)


@pytest.mark.parametrize("body", recorded.requests(SURFACE))
def test_a_request_comes_out_as_it_went_in(body: dict[str, Any]) -> None:
    """A recorded prompt of text is read and written again; tokens are refused with a sentence that helps."""
    if not is_text(body["prompt"]):
        with pytest.raises(BadShape, match="send text"):
            CODEC.decode_request(body)
        return
    losses = Losses()
    assert json.loads(json.dumps(CODEC.encode_request(CODEC.decode_request(body), losses))) == body
    assert losses.found == []


@pytest.mark.parametrize("exchange", recorded.answers(SURFACE))
def test_an_answer_comes_out_as_it_went_in(exchange: dict[str, Any]) -> None:
    """With its usage and its words."""
    body, losses = exchange["response"]["body"], Losses()
    answer = CODEC.decode_answer(body)
    assert answer.usage is not None
    assert [part for choice in answer.choices for part in choice.parts] == [
        Text(text=entry["text"]) for entry in body["choices"] if entry["text"]
    ]
    assert json.loads(json.dumps(CODEC.encode_answer(answer, recorded.reply(), losses))) == body
    assert losses.found == []


@pytest.mark.parametrize("data", recorded.streams(SURFACE))
def test_a_stream_is_read(data: bytes) -> None:
    """However it is cut, and written again it says the same."""
    decoder, events = CODEC.stream_decoder(), []
    for at in range(0, len(data), 7):
        events += decoder.feed(data[at : at + 7])
    events += decoder.end()
    whole = fold(check(events))
    words = "".join(one["choices"][0]["text"] for one in recorded.chunks(data) if one.get("choices"))
    assert recorded.plain(whole.choices[0].parts) == recorded.plain([Text(text=words)])
    encoder, again = CODEC.stream_encoder(recorded.reply()), CODEC.stream_decoder()
    back = fold(check([*again.feed(b"".join(encoder.encode(event) for event in events)), *again.end()]))
    assert recorded.plain(back.choices[0].parts) == recorded.plain(whole.choices[0].parts)
    assert back.usage == whole.usage


def read(**members: Any) -> Request:
    return CODEC.decode_request({"model": "m", "prompt": "hi", **members})


def test_a_prompt_is_what_the_user_says() -> None:
    """A string, or a list with one."""
    for prompt in ("hi", ["hi"]):
        request = read(prompt=prompt, max_tokens=5, stop="x", n=2)
        assert [(message.role, message.parts) for message in request.messages] == [("user", [Text(text="hi")])]
        assert (request.sampling.max_tokens, request.sampling.stop, request.sampling.candidates) == (5, ["x"], 2)
        assert CODEC.encode_request(request, Losses())["prompt"] == prompt


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ([1, 2], "send text"),
        ([[1], [2]], "send text"),
        (["a", "b"], "one per call"),
        (None, "string"),
        ([], "string"),
        (5, "string"),
    ],
)
def test_a_prompt_that_is_not_one_text_is_told_what_to_do(prompt: object, words: str) -> None:
    """Tokens and several prompts mean nothing to a chat model."""
    with pytest.raises(BadShape, match=words) as caught:
        read(prompt=prompt)
    assert caught.value.path == "prompt"


def test_what_only_completions_have_is_lost_on_a_chat_model() -> None:
    """And said, but for defaults, which say nothing."""
    losses = Losses()
    body = CHAT.encode_request(read(echo=True, suffix="end", best_of=3, logprobs=2), losses)
    assert body == {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    assert sorted(loss.path for loss in losses.found) == ["best_of", "echo", "logprobs", "suffix"]
    losses = Losses()
    CHAT.encode_request(read(echo=False, suffix=None, best_of=1, logprobs=None, stream=False), losses)
    assert losses.found == []


def test_a_chat_models_answer_has_the_shape_of_a_completion() -> None:
    """Its text; what completions have no place for is reported."""
    parts: list[Part] = [
        Reasoning(text="hm"),
        Text(text="a"),
        ToolCall(id="x", name="f", arguments="{}"),
        Text(text="b"),
    ]
    answer = Answer(choices=[Choice(parts=parts, finish=Finish.TOOL_CALLS)], usage=Usage(1, 2))
    losses = Losses()
    body = CODEC.encode_answer(answer, recorded.reply(), losses)
    assert body["object"] == "text_completion"
    assert body["id"] == "cmpl-ours"
    assert body["choices"] == [{"text": "ab", "index": 0, "logprobs": None, "finish_reason": "stop"}]
    assert len(losses.found) == 2


def test_a_chat_models_stream_has_the_shape_of_a_completion() -> None:
    """Text chunks, the reason, the usage where asked for, and the end."""
    events: list[Event] = [
        Started(id="m1", model="claude"), PartStarted(index=0, part=Reasoning(text="")), TextDelta(0, "hm"), PartEnded(0),
        PartStarted(index=1, part=Text(text="a")), TextDelta(1, "b"), PartEnded(1), UsageSeen(Usage(1, 2)),
        Finished(finish=Finish.LENGTH), Ended(),
    ]  # fmt: skip
    encoder = CODEC.stream_encoder(recorded.reply())
    found = recorded.chunks(b"".join(encoder.encode(event) for event in events))
    assert [one["choices"][0]["text"] for one in found[:3]] == ["a", "b", ""]
    assert found[2]["choices"][0]["finish_reason"] == "length"
    assert found[3]["usage"]["total_tokens"] == 3
    assert found[4] == {}
    assert {one["object"] for one in found if one} == {"text_completion"}
    assert len(encoder.losses.found) == 1


def test_a_broken_stream_ends_in_an_error() -> None:
    """And no `[DONE]`."""
    encoder = CODEC.stream_encoder(recorded.reply())
    failure = Failure(kind=FailureKind.RATE_LIMIT, status=429, message="slow")
    found = recorded.chunks(encoder.encode(Failed(failure)))
    assert found == [{"error": {"message": "slow", "type": "rate_limit_error", "param": None, "code": "429"}}]


@pytest.mark.parametrize(
    "request_",
    [
        Request(model="m", messages=[Message(role="assistant", parts=[Text(text="x")])]),
        Request(model="m", messages=[], tools=[Tool(name="f")]),
        Request(model="m", messages=[], output=OutputSchema()),
    ],
)
def test_a_conversation_is_no_prompt(request_: Request) -> None:
    """A provider of text completions takes one text."""
    with pytest.raises(Untranslatable):
        CODEC.encode_request(request_, Losses())
