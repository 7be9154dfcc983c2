"""Opaque state and reasoning of a history: who can read it gets it, nobody else."""

from __future__ import annotations

import pytest

from tests.unit.profiles.adapting import ANTHROPIC, BEDROCK, GEMINI, OPENAI, RESPONSES, Adapted, adapt, body
from trunkline.ir.format import Format
from trunkline.ir.parts import Message, Native, Opaque, Part, Reasoning, Text, ToolCall
from trunkline.ir.request import Request, Thinking

SIGNATURE = Opaque("anthropic.signature", "sig")
DEEPSEEK = ("deepseek", Format.OPENAI_CHAT)


def turn(*parts: Part, model: str, at: tuple[str, Format], thinking: Thinking | None = None) -> Adapted:
    """A history with one turn of the assistant, for a model."""
    messages = [
        Message(role="user", parts=[Text(text="hi")]),
        Message(role="assistant", parts=list(parts)),
        Message(role="user", parts=[Text(text="more")]),
    ]
    return adapt(Request(model="m", messages=messages, thinking=thinking), model, at)


def parts_of(adapted: Adapted) -> list[Part]:
    return adapted.request.messages[1].parts


@pytest.mark.parametrize(
    ("opaque", "model", "at", "kept"),
    [
        (SIGNATURE, "claude-sonnet-4-6", ANTHROPIC, True),
        (Opaque("anthropic.signature", "s", "anthropic", "other"), "claude-sonnet-4-6", ANTHROPIC, True),
        (Opaque("anthropic.signature", "s", "vertex_ai", "d"), "claude-sonnet-4-6", ANTHROPIC, False),
        (Opaque("bedrock.signature", "s"), "claude-sonnet-4-6", ANTHROPIC, False),
        (SIGNATURE, "claude-sonnet-4-6", BEDROCK, False),
        (Opaque("openai.encrypted", "s", "openai", "here"), "gpt-5.1", RESPONSES, True),
        (Opaque("openai.encrypted", "s", "openai", "there"), "gpt-5.1", RESPONSES, False),
        (Opaque("openai.encrypted", "s"), "gpt-5.1", RESPONSES, True),
        (Opaque("gemini.signature", "s", "vertex_ai_beta"), "gemini-3-pro", ("vertex_ai", Format.GEMINI), True),
        (Opaque("gemini.signature", "s"), "gpt-5.1", RESPONSES, False),
    ],
)
def test_state_goes_back_to_who_made_it(opaque: Opaque, model: str, at: tuple[str, Format], kept: bool) -> None:
    """By kind and provider; encrypted reasoning also by deployment, because another account cannot decrypt it."""
    adapted = turn(Reasoning(text="hm", opaque=opaque), Text(text="a"), model=model, at=at)
    assert parts_of(adapted)[0] == (Reasoning(text="hm", opaque=opaque) if kept else Text(text="a"))
    assert ("messages[1].content[0]" in adapted.losses) is not kept


def test_lost_reasoning_is_said_once() -> None:
    """However many parts there were."""
    adapted = turn(
        Reasoning(text="a", opaque=SIGNATURE), Text(text="x"), Reasoning(text="b", opaque=SIGNATURE), Text(text="y"),
        model="gpt-5.1", at=RESPONSES,
    )  # fmt: skip
    assert parts_of(adapted) == [Text(text="x"), Text(text="y")]
    assert len(adapted.losses) == 1


def test_words_and_calls_stay_when_their_signature_goes() -> None:
    """Only the signature is another model's."""
    foreign = Opaque("gemini.signature", "s")
    call = ToolCall(id="toolu_1", name="t", arguments="{}", opaque=foreign)
    adapted = turn(Text(text="x", opaque=foreign), call, model="claude-sonnet-4-6", at=ANTHROPIC)
    assert parts_of(adapted) == [Text(text="x"), ToolCall(id="toolu_1", name="t", arguments="{}")]
    assert len(adapted.losses) == 1


def test_words_of_reasoning_go_only_where_they_are_taken() -> None:
    """DeepSeek takes `reasoning_content` back; OpenAI, Claude and Gemini take no reasoning without state."""
    plain = Reasoning(text="hm")
    adapted = turn(plain, Text(text="a"), model="deepseek-v4-pro", at=DEEPSEEK)
    written = body(adapted.request, DEEPSEEK, "deepseek")["messages"]
    assert isinstance(written, list)
    assert written[1] == {"role": "assistant", "content": "a", "reasoning_content": "hm"}
    for model, at in (("gpt-4o", OPENAI), ("claude-sonnet-4-6", ANTHROPIC), ("gemini-3-pro", GEMINI)):
        assert parts_of(turn(plain, Text(text="a"), model=model, at=at)) == [Text(text="a")]
    own = Reasoning(text="hm", native=Native(Format.GEMINI, {}))
    assert parts_of(turn(own, Text(text="a"), model="gemini-3-pro", at=GEMINI)) == [own, Text(text="a")]


def test_a_clients_own_reasoning_member_stays_where_it_is_known() -> None:
    """OpenAI has no such member; another host may have made it."""
    part = Reasoning(text="hm", opaque=Opaque("openai_chat.reasoning", "reasoning"))
    kept = turn(part, Text(text="a"), model="some-model", at=("groq", Format.OPENAI_CHAT))
    assert parts_of(kept)[0] is part
    assert parts_of(turn(part, Text(text="a"), model="gpt-4o", at=OPENAI)) == [Text(text="a")]
    named = Reasoning(text="hm", opaque=Opaque("openai_chat.reasoning", "reasoning", "groq"))
    assert parts_of(turn(named, Text(text="a"), model="deepseek-v4-pro", at=DEEPSEEK))[0] == Reasoning(
        text="hm", opaque=Opaque("openai_chat.reasoning", "reasoning_content")
    )


def test_gemini_3_gets_googles_placeholder_on_the_first_call_of_a_foreign_turn() -> None:
    """It answers 400 to calls without a signature; one on the thought before them is enough."""
    first, second = (ToolCall(id=name, name="t", arguments="{}") for name in "ab")
    adapted = turn(first, second, model="gemini-3-pro", at=GEMINI)
    opaques = [part.opaque for part in parts_of(adapted) if isinstance(part, ToolCall)]
    assert opaques[0] is not None
    assert opaques[0].data == "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="
    assert opaques[1] is None
    signed = Reasoning(text="hm", opaque=Opaque("gemini.signature", "s"))
    assert parts_of(turn(signed, first, model="gemini-3-pro", at=GEMINI)) == [signed, first]
    assert parts_of(turn(first, second, model="gemini-2.5-pro", at=GEMINI)) == [first, second]


def test_deepseek_wants_reasoning_before_the_calls_of_a_turn() -> None:
    """A space is enough, and only while it thinks."""
    call = ToolCall(id="c", name="t", arguments="{}")
    filled = parts_of(turn(call, model="deepseek-v4-pro", at=DEEPSEEK))
    assert filled[0] == Reasoning(text=" ", opaque=Opaque("openai_chat.reasoning", "reasoning_content"))
    off = turn(call, model="deepseek-v4-pro", at=DEEPSEEK, thinking=Thinking(enabled=False, effort="none"))
    assert parts_of(off) == [call]
