"""Namespaces, free-text tools and providers' own tools, towards targets without them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.unit.profiles.adapting import ANTHROPIC, BEDROCK, GEMINI, OPENAI, RESPONSES, Adapted, adapt, body
from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape, Untranslatable
from trunkline.ir.parts import ToolCall, ToolResult
from trunkline.ir.request import Request, Tool, ToolChoice
from trunkline.wire.registry import codec

HOST = ("custom_openai", Format.OPENAI_CHAT)
ASK: dict[str, Any] = {"type": "function", "name": "ask", "parameters": {"type": "object"}, "strict": False}
SEA: dict[str, Any] = {"type": "namespace", "name": "mcp__sea", "tools": [ASK]}
PLAIN: dict[str, Any] = {**ASK, "name": "plain"}
PATCH: dict[str, Any] = {"type": "custom", "name": "patch", "description": "A patch."}
SEARCH: dict[str, Any] = {"type": "web_search"}
AT = pytest.mark.parametrize(
    ("at", "model"),
    [(ANTHROPIC, "claude-sonnet-4-6"), (GEMINI, "gemini-2.5-pro"), (BEDROCK, "us.anthropic.claude-sonnet-4-6"),
     (("cohere", Format.COHERE_CHAT), "command-a-03-2025"), (("ollama", Format.OLLAMA), "qwen3"), (HOST, "m")],
)  # fmt: skip


def asked(*tools: dict[str, Any], **members: Any) -> Request:
    """A Responses request with tools."""
    whole = {"model": "m", "input": "hi", "tools": list(tools), **members}
    return codec(Format.OPENAI_RESPONSES).decode_request(whole)


def names(adapted: Adapted) -> list[str]:
    return [tool.name for tool in adapted.request.tools]


@AT
def test_a_namespace_becomes_its_functions(at: tuple[str, Format], model: str) -> None:
    """Under flat names, in its place; nothing is lost, and the codec takes them."""
    adapted = adapt(asked(PLAIN, SEA), model, at)
    assert (names(adapted), adapted.losses) == (["plain", "mcp__sea__ask"], {})
    assert "mcp__sea__ask" in str(body(adapted.request, at))


def test_a_namespace_stays_where_the_format_has_it() -> None:
    """On Responses, whoever hosts it."""
    request = asked(PLAIN, SEA)
    assert adapt(request, "gpt-5.1", RESPONSES).request.tools == request.tools


def test_what_a_namespace_says_of_itself_stands_before_each_of_its_tools() -> None:
    """And that tools are to be found by a search says nothing where all are there."""
    lazy = {**SEA, "description": "Seas", "tools": [{**ASK, "defer_loading": True}, {**PLAIN, "description": "Plain"}]}
    adapted = adapt(asked(lazy), "m", HOST)
    assert [tool.description for tool in adapted.request.tools] == ["Seas", "Seas\n\nPlain"]
    assert adapted.losses == {}
    assert "defer_loading" not in str(body(adapted.request, HOST))


def test_flat_names_are_short_valid_and_different() -> None:
    """Too long, odd, and taken names get a hash; the same one every time."""
    tools = (
        {**ASK, "name": "mcp__sea__ask"}, SEA, {**SEA, "name": "1 sea"}, {**SEA, "name": "n" * 80},
        {**SEA, "name": "a", "tools": [{**ASK, "name": "b__c"}]},
        {**SEA, "name": "a__b", "tools": [{**ASK, "name": "c"}]},
    )  # fmt: skip
    found = names(adapt(asked(*tools), "gemini-2.5-pro", GEMINI))
    assert len(set(found)) == len(found) == 6
    assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", name) for name in found)
    assert found == names(adapt(asked(*tools), "claude-sonnet-4-6", ANTHROPIC))
    assert found[1] != "mcp__sea__ask"


def test_calls_in_the_history_have_the_name_of_their_function() -> None:
    """With the tool or without; and the result names it the same way."""
    call = {"type": "function_call", "call_id": "c1", "name": "ask", "namespace": "mcp__sea", "arguments": "{}"}
    result = {"type": "function_call_output", "call_id": "c1", "name": "ask", "output": "x"}
    for tools in ([SEA], []):
        adapted = adapt(asked(*tools, input=[call, result]), "m", HOST)
        first, second = (message.parts[0] for message in adapted.request.messages)
        assert isinstance(first, ToolCall)
        assert isinstance(second, ToolResult)
        assert (first.name, second.name, adapted.losses) == ("mcp__sea__ask", "mcp__sea__ask", {})
        assert "namespace" not in str(body(adapted.request, HOST))


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"type": "function", "name": "ask"}, ToolChoice(mode="required", names=["mcp__sea__ask"])),
        ({"type": "function", "name": "plain"}, ToolChoice(mode="required", names=["plain"])),
        (
            {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "namespace", "name": "mcp__sea"}, SEARCH]},
            ToolChoice(mode="auto", names=["mcp__sea__ask"]),
        ),
        ({"type": "allowed_tools", "mode": "auto", "tools": [SEARCH]}, ToolChoice(mode="none")),
    ],
)
def test_a_choice_goes_by_the_new_names(choice: dict[str, Any], expected: ToolChoice) -> None:
    """Of functions, of whole namespaces, and without tools that are left out."""
    found = adapt(asked(PLAIN, SEA, SEARCH, tool_choice=choice), "gpt-4o", OPENAI).request.tool_choice
    assert found is not None
    assert (found.mode, found.names) == (expected.mode, expected.names)


def test_a_broken_namespace_is_the_clients_mistake() -> None:
    """And is said so."""
    for broken in ({**SEA, "tools": [{"type": "function"}]}, {**SEA, "tools": "ask"}, {"type": "namespace"}):
        with pytest.raises(BadShape):
            adapt(asked(broken), "m", HOST)


@AT
def test_a_providers_own_tool_is_left_out_by_name(at: tuple[str, Format], model: str) -> None:
    """Where the model is free not to use it; other tools stay."""
    adapted = adapt(asked(SEARCH, PLAIN), model, at)
    assert names(adapted) == ["plain"]
    assert set(adapted.losses) == {"tools[0]"}
    assert adapted.losses["tools[0]"].startswith("a tool of another provider's own (`web_search`)")


def test_no_choice_among_no_tools() -> None:
    """Hosts refuse a choice without tools."""
    adapted = adapt(asked(SEARCH, tool_choice="auto", parallel_tool_calls=True), "m", HOST)
    assert (adapted.request.tools, adapted.request.tool_choice, adapted.request.parallel_tools) == ([], None, None)


@pytest.mark.parametrize(
    ("client", "tool", "at", "model"),
    [
        (Format.ANTHROPIC_MESSAGES, {"type": "web_search_20250305", "name": "web_search"}, RESPONSES, "gpt-5.1"),
        (Format.ANTHROPIC_MESSAGES, {"type": "code_execution_20250825", "name": "code_execution"}, HOST, "m"),
        (Format.GEMINI, {"googleSearch": {}}, ANTHROPIC, "claude-sonnet-4-6"),
    ],
)
def test_other_clients_tools_are_left_out_too(
    client: Format, tool: dict[str, Any], at: tuple[str, Format], model: str
) -> None:
    """Whoever's they are."""
    words: dict[str, Any] = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 9}
    if client is Format.GEMINI:
        words = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
    adapted = adapt(codec(client).decode_request({"model": "m", "tools": [tool], **words}), model, at)
    assert (adapted.request.tools, set(adapted.losses)) == ([], {"tools[0]"})


@pytest.mark.parametrize(
    ("tools", "choice", "policy"),
    [
        ((SEARCH, PLAIN), {"type": "web_search"}, None),
        ((SEARCH,), "required", None),
        ((SEARCH, PLAIN), "auto", False),
        (({"type": "local_shell"}, PLAIN), "auto", None),
    ],
)
def test_what_must_not_be_left_out_is_refused(tools: tuple[Any, ...], choice: object, policy: bool | None) -> None:
    """A tool that is forced, one under `drop_params: false`, and one that the client runs itself."""
    adapted = adapt(asked(*tools, tool_choice=choice), "claude-sonnet-4-6", ANTHROPIC, drop_params=policy)
    with pytest.raises(Untranslatable) as error:
        body(adapted.request, ANTHROPIC)
    assert error.value.path == "tools[0]"


def test_required_is_fine_with_other_tools() -> None:
    """The model may call one of these."""
    adapted = adapt(asked(SEARCH, PLAIN, tool_choice="required"), "claude-sonnet-4-6", ANTHROPIC)
    assert names(adapted) == ["plain"]
    assert adapted.request.tool_choice is not None


@AT
def test_a_free_text_tool_becomes_a_function_with_one_string(at: tuple[str, Format], model: str) -> None:
    """Calls and results in the history with it."""
    history = [
        {"type": "custom_tool_call", "call_id": "c1", "name": "patch", "input": 'say "hi"'},
        {"type": "custom_tool_call_output", "call_id": "c1", "output": "done"},
    ]
    adapted = adapt(asked(PATCH, input=history), model, at)
    tool = adapted.request.tools[0]
    assert (tool.custom, tool.description, (tool.schema or {})["required"]) == (False, "A patch.", ["input"])
    first, second = (message.parts[0] for message in adapted.request.messages)
    assert isinstance(first, ToolCall)
    assert isinstance(second, ToolResult)
    assert (first.custom, first.arguments, second.custom) == (False, '{"input":"say \\"hi\\""}', False)
    assert "patch" in str(body(adapted.request, at))


@pytest.mark.parametrize(("at", "model"), [(RESPONSES, "gpt-5.1"), (OPENAI, "gpt-5.1")])
def test_openai_has_free_text_tools(at: tuple[str, Format], model: str) -> None:
    """In both of its formats, so they stay."""
    assert adapt(asked(PATCH), model, at).request.tools[0].custom


def test_a_grammar_goes_into_the_description() -> None:
    """And is reported; the two formats write it differently; plain text is no grammar."""
    flat = {"type": "grammar", "syntax": "lark", "definition": "start: WORD"}
    deep = {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: WORD"}}
    chat = codec(Format.OPENAI_CHAT).decode_request({
        "model": "m", "messages": [{"role": "user", "content": "hi"}],
        "tools": [{"type": "custom", "custom": {"name": "patch", "description": "A patch.", "format": deep}}],
    })  # fmt: skip
    for request in (asked({**PATCH, "format": flat}), chat):
        adapted = adapt(request, "claude-sonnet-4-6", ANTHROPIC)
        assert adapted.request.tools[0].description.startswith("A patch.\n\n")
        assert adapted.request.tools[0].description.endswith("(lark):\nstart: WORD")
        assert set(adapted.losses) == {"tools[0].format"}
    adapted = adapt(asked({**PATCH, "format": {"type": "text"}}), "claude-sonnet-4-6", ANTHROPIC)
    assert (adapted.request.tools[0].description, adapted.losses) == ("A patch.", {})


def test_a_free_text_tool_in_a_namespace() -> None:
    """Is both: flat, and a function where the target has no free text."""
    inside = asked({**SEA, "tools": [PATCH]})
    tool = adapt(inside, "claude-sonnet-4-6", ANTHROPIC).request.tools[0]
    assert (tool.name, tool.custom) == ("mcp__sea__patch", False)
    assert adapt(inside, "gpt-5.1", OPENAI).request.tools[0].custom


def test_other_tools_are_left_alone() -> None:
    """Not even copied."""
    request = Request(model="m", messages=[], tools=[Tool(name="t", schema={"type": "object"})])
    assert adapt(request, "m", HOST).request is request
