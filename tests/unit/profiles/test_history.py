"""Roles, tool ids and names, tool choice, cache hints, and the end of a conversation."""

from __future__ import annotations

import re

import pytest

from tests.unit.profiles.adapting import ANTHROPIC, BEDROCK, GEMINI, OPENAI, RESPONSES, adapt, ask
from trunkline.ir.format import Format
from trunkline.ir.losses import Untranslatable
from trunkline.ir.parts import CacheHint, Message, Native, Part, Role, Text, ToolCall, ToolResult
from trunkline.ir.request import Request, Thinking, Tool, ToolChoice

HINT = CacheHint()
TOOL = Tool(name="t", schema={"type": "object"})
FORCED = ToolChoice(mode="required")


def talk(*turns: tuple[Role, str]) -> Request:
    messages = [Message(role=role, parts=[Text(text=text)]) for role, text in turns]
    return Request(model="m", messages=messages, native=Native(Format.OPENAI_CHAT, {}))


def test_system_messages_in_the_middle() -> None:
    """Kept from Opus 4.8 on; a user's words before, and said; what stands in front is never touched."""
    request = talk(("system", "a"), ("user", "b"), ("system", "c"), ("user", "d"))
    old = adapt(request, "claude-opus-4-7", ANTHROPIC)
    assert [message.role for message in old.request.messages] == ["system", "user", "user", "user"]
    assert set(old.losses) == {"messages[2]"}
    assert adapt(request, "claude-opus-4-8", ANTHROPIC).request.messages == request.messages
    assert adapt(request, "gpt-5.1", RESPONSES).request.messages == request.messages


def test_developer_is_openais_word() -> None:
    """Other hosts of the chat format get `system`, which means the same."""
    request = talk(("developer", "a"), ("user", "b"))
    adapted = adapt(request, "some-model", ("groq", Format.OPENAI_CHAT))
    assert (adapted.request.messages[0].role, adapted.losses) == ("system", {})
    assert adapt(request, "gpt-5.1", OPENAI).request.messages[0].role == "developer"


@pytest.mark.parametrize(
    ("at", "model", "pattern"),
    [
        (ANTHROPIC, "claude-sonnet-4-6", r"[a-zA-Z0-9_-]+"),
        (BEDROCK, "us.anthropic.claude-sonnet-4-6", r"[a-zA-Z0-9_-]{1,64}"),
        (OPENAI, "gpt-4o", r".{1,64}"),
        (("mistral", Format.OPENAI_CHAT), "mistral-large-latest", r"[a-zA-Z0-9]{9}"),
        (("vertex_ai", Format.OPENAI_CHAT), "mistral-medium-3", r"[a-zA-Z0-9]{9}"),
    ],
)
def test_tool_ids_fit_the_target_and_still_pair(at: tuple[str, Format], model: str, pattern: str) -> None:
    """Call and result go through the same mapping; a valid id stays."""
    bad = "call.1/" + "x" * 80
    messages = [
        Message(role="assistant", parts=[ToolCall(id=bad, name="t", arguments="{}")]),
        Message(role="user", parts=[ToolResult(call_id=bad)]),
    ]
    fitted = adapt(Request(model="m", messages=messages), model, at).request.messages
    call, result = fitted[0].parts[-1], fitted[1].parts[0]
    assert isinstance(call, ToolCall)
    assert isinstance(result, ToolResult)
    assert call.id == result.call_id
    assert re.fullmatch(pattern, call.id)


def test_a_tool_name_that_the_target_refuses() -> None:
    """Refused with the pattern; hosts whose rule nobody knows get it."""
    request = ask(tools=[Tool(name="my.tool", schema={})])
    with pytest.raises(Untranslatable, match="rename the tool"):
        adapt(request, "claude-sonnet-4-6", ANTHROPIC)
    assert adapt(request, "gemini-3-pro", GEMINI).request.tools == request.tools
    assert adapt(request, "m", ("custom_openai", Format.OPENAI_CHAT)).request.tools == request.tools


def test_a_model_without_tools() -> None:
    """The client would wait for a call that never comes."""
    with pytest.raises(Untranslatable, match="takes no tools"):
        adapt(ask(tools=[TOOL]), "grok-4.20-multi-agent", ("xai", Format.OPENAI_CHAT))
    with pytest.raises(Untranslatable, match="tools"):
        adapt(ask(tools=[TOOL]), "some-model", ("nscale", Format.OPENAI_CHAT))


@pytest.mark.parametrize(
    ("model", "at", "thinking", "kept"),
    [
        ("claude-sonnet-4-6", ANTHROPIC, None, True),
        ("claude-opus-5-5", ANTHROPIC, None, False),
        ("claude-haiku-5-5", ANTHROPIC, None, True),
        ("claude-sonnet-4-5", ANTHROPIC, Thinking(effort="low"), False),
        ("claude-sonnet-4-5", ANTHROPIC, None, True),
        ("deepseek-v4-pro", ("deepseek", Format.OPENAI_CHAT), None, False),
        ("deepseek-v4-pro", ("deepseek", Format.OPENAI_CHAT), Thinking(enabled=False), True),
        ("kimi-k2.5", ("moonshot", Format.OPENAI_CHAT), None, False),
        ("llama-3.3", ("deepinfra", Format.OPENAI_CHAT), None, False),
    ],
)
def test_a_model_that_cannot_be_forced_is_left_to_choose(
    model: str, at: tuple[str, Format], thinking: Thinking | None, kept: bool
) -> None:
    """Some never, some while they think."""
    adapted = adapt(ask(tools=[TOOL], tool_choice=FORCED, thinking=thinking), model, at)
    assert (adapted.request.tool_choice == FORCED) is kept
    assert ("tool_choice" in adapted.losses) is not kept


def test_a_choice_among_some_tools_stays_one_among_them() -> None:
    """Only the force goes; `drop_params: false` refuses even that."""
    choice = ToolChoice(mode="required", names=["t"])
    adapted = adapt(ask(tools=[TOOL], tool_choice=choice), "claude-opus-5-5", ANTHROPIC)
    assert adapted.request.tool_choice == ToolChoice(mode="auto", names=["t"])
    with pytest.raises(Untranslatable, match="tool_choice"):
        adapt(ask(tools=[TOOL], tool_choice=choice), "claude-opus-5-5", ANTHROPIC, drop_params=False)


def test_the_beginning_of_an_answer() -> None:
    """Newer Claude refuses it: refused, or mended where that is allowed; a client of the same format knows better."""
    request = talk(("user", "a"), ("assistant", "Once"))
    with pytest.raises(Untranslatable, match="modify_params"):
        adapt(request, "claude-sonnet-4-6", ANTHROPIC)
    mended = adapt(request, "claude-sonnet-4-6", ANTHROPIC, modify_params=True)
    assert mended.request.messages[-1] == Message(role="user", parts=[Text(text="Continue.")])
    assert adapt(request, "claude-sonnet-4-5", ANTHROPIC).request.messages == request.messages
    own = Request(model="m", messages=request.messages, native=Native(Format.ANTHROPIC_MESSAGES, {}))
    assert adapt(own, "claude-sonnet-4-6", ANTHROPIC).request.messages == request.messages


def test_the_latest_four_cache_hints_are_kept() -> None:
    """Tools stand in front of the messages; a hint for the whole request counts too."""
    tool = Tool(name="t", schema={}, cache=HINT)
    texts: list[Part] = [Text(text=str(n), cache=HINT) for n in range(3)]
    result = ToolResult(call_id="c", content=[Text(text="r", cache=HINT)], cache=HINT)
    request = ask(*texts, result, tools=[tool], cache=HINT)
    adapted = adapt(request, "claude-sonnet-4-6", ANTHROPIC)
    assert adapted.request.tools[0].cache is None
    kept = adapted.request.messages[0].parts
    assert [part.cache for part in kept if isinstance(part, Text)] == [None, None, HINT]
    assert kept[3] == result
    assert "4 cache hints" in adapted.losses["cache_control"]
    four = ask(*texts, tools=[tool])
    assert adapt(four, "claude-sonnet-4-6", ANTHROPIC).request.tools[0].cache == HINT
