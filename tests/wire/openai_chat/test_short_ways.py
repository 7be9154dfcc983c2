"""The short ways of the codec give what the long ones would."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from trunkline.ir.answer import Answer, Choice, Finish
from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Citation, Message, Native, Opaque, Part, Text, ToolCall
from trunkline.ir.request import Request
from trunkline.ir.usage import Usage
from trunkline.wire.codec import Members, Named, Reply
from trunkline.wire.openai_chat import answer as answers
from trunkline.wire.openai_chat.codec import CODEC

_REPLY = Reply(id="1", model="m", created=7, request=Request(model="m", messages=[]), provider="p", deployment="d")
_OTHER = Format.ANTHROPIC_MESSAGES


@pytest.mark.parametrize(
    "members",
    [
        {"model": "m", "messages": [], "temperature": 1, "max_tokens": 5, "stop": "x", "stream": False},
        {"model": "", "messages": [], "stream": True, "seed": 1, "random_seed": 2, "n": 3.0},
        {"model": None, "messages": [], "max_tokens": 1, "max_completion_tokens": 2, "temperature": None},
        {"messages": [], "logprobs": True, "top_logprobs": 2, "logit_bias": {"7": -1}, "top_k": 4, "min_p": 0.1},
    ],
)
def test_a_plain_request_is_read_as_the_long_way_reads_it(members: Members) -> None:
    """A null that says nothing (`user`) sends a request the long way: all else is the same."""
    named = Named(model="named", stream=True)
    short, long = CODEC.decode_request(members, named), CODEC.decode_request({**members, "user": None}, named)
    assert replace(short, native=None) == replace(long, native=None)
    assert {**CODEC.encode_request(short, Losses()), "user": None} == CODEC.encode_request(long, Losses())
    assert CODEC.encode_request(CODEC.decode_request(members), Losses()) == members


@pytest.mark.parametrize("value", [True, "5", 1.5, [], {}])
@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens", "seed", "random_seed", "n", "top_logprobs"])
def test_an_integer_that_is_none_is_refused(name: str, value: object) -> None:
    """Booleans and halves are no integers."""
    with pytest.raises(BadShape, match=name):
        CODEC.decode_request({"model": "m", "messages": [], name: value})


@pytest.mark.parametrize("value", [True, "0.5", []])
@pytest.mark.parametrize("name", ["temperature", "top_p", "top_k", "min_p", "presence_penalty", "frequency_penalty"])
def test_a_number_that_is_none_is_refused(name: str, value: object) -> None:
    """A boolean is no number, though Python has it so."""
    with pytest.raises(BadShape, match=name):
        CODEC.decode_request({"model": "m", "messages": [], name: value})


@pytest.mark.parametrize("role", ["system", "developer", "user"])
def test_a_plain_message_is_read_as_the_long_way_reads_it(role: str) -> None:
    """The same with a null beside it, which goes the long way."""
    said: Members = {"role": role, "content": "words"}
    short, long = (_message(one) for one in (said, {**said, "name": None}))
    assert (short.role, short.parts) == (long.role, long.parts) == (role, [Text(text="words")])


def _message(said: Members) -> Message:
    return CODEC.decode_request({"model": "m", "messages": [said]}).messages[0]


@pytest.mark.parametrize("said", [{"role": [], "content": "x"}, {"role": "tool", "content": "x"}])
def test_a_message_of_two_members_may_be_a_bad_one(said: Members) -> None:
    """What only looks like a plain one goes the long way, to its error."""
    with pytest.raises(BadShape, match=r"messages\[0\]"):
        _message(said)


def test_a_message_of_two_members_may_have_no_content() -> None:
    """It has no parts, and what stood there is kept."""
    said: Members = {"role": "user", "odd": 1}
    assert _message(said).parts == []
    assert CODEC.encode_request(CODEC.decode_request({"messages": [said]}), Losses())["messages"] == [said]


@pytest.mark.parametrize(
    "parts",
    [
        [Text(text="words")],
        [Text(text="")],
        [],
        [Text(text="no", refusal=True)],
        [Text(text="words", citations=[Citation(url="https://example.org", title="t")])],
        [Text(text="words", opaque=Opaque("gemini.signature", "x"))],
        [Text(text="words", native=Native(_OTHER, {"odd": 1}))],
        [Text(text="a"), Text(text="b")],
        [ToolCall(id="c", name="look", arguments="{}")],
    ],
)
@pytest.mark.parametrize("native", [None, Native(_OTHER, {}), Native(_OTHER, {"stop_details": {"type": "x"}})])
@pytest.mark.parametrize(("finish", "word"), [(Finish.STOP, "end_turn"), (Finish.LENGTH, "length"), (None, "")])
def test_a_plain_answer_is_written_as_the_long_way_writes_it(
    parts: list[Part], native: Native | None, finish: Finish | None, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Body and losses are the same with the short way and without it."""
    choice = Choice(parts=parts, finish=finish, finish_native=word, native=native)
    answer = Answer(id="i", model="n", choices=[choice, replace(choice, logprobs={"content": []})], usage=Usage(3, 4))
    short, long = Losses(), Losses()
    written = CODEC.encode_answer(answer, _REPLY, short)
    monkeypatch.setattr(answers, "_said", lambda *_: None)
    assert written == CODEC.encode_answer(answer, _REPLY, long)
    assert short.found == long.found
