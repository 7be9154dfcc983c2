"""Whether what arrived is what was meant: plain comparisons, with what a format cannot say taken off first."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from tests.matrix.hearing import Heard, words_of
from tests.matrix.refused import PATTERNS
from tests.support.stand_in import Asked, Face, Item, canonical
from trunkline.ir.answer import Answer, Finish
from trunkline.ir.parts import Media, Reasoning, Text, ToolCall, ToolResult
from trunkline.ir.request import Request

ORDERED: Final = frozenset({"messages", "gemini", "converse", "responses"})
"""Formats that keep the order of texts, thoughts and calls."""
FLAGS: Final = frozenset({"messages", "gemini", "converse"})
"""Formats that can say that a tool failed."""
HINTS: Final = frozenset({"messages", "converse"})
"""Upstream formats that take cache hints."""
ENVELOPE: Final = "tlk1."
_REASON: Final = re.compile(r" \((?:" + "|".join(PATTERNS) + r")+\)(?=, |$)")
_PATH: Final = re.compile(r"[^\x00]+\x00(?:, [^\x00]+\x00)*")


def losses_of(header: str | None) -> list[str]:
    """The paths of the losses that a header names; every reason must stand in the written lists."""
    if header is None:
        return []
    rest = _REASON.sub("\x00", header)
    assert _PATH.fullmatch(rest), f"a reason that stands in no list: {header}"
    assert "(" not in rest.replace("()", ""), f"a reason that stands in no list: {rest!r}"
    return [part.strip("\x00") for part in rest.split("\x00, ")]


def sent(client: str, upstream: str, request: Request, asked: Asked, losses: list[str]) -> None:
    """What reached the provider is what the client meant."""
    if upstream == "replicate":
        _one_prompt(request, asked)
        return
    texts = [p.text for m in request.messages if m.role == "system" for p in m.parts if isinstance(p, Text)]
    if client != "completions":
        assert "".join(asked.system) == "".join(texts), asked.system
    wanted: list[tuple[str, Any]] = [(m.role, p) for m in request.messages if m.role != "system" for p in m.parts]
    if upstream not in ORDERED:
        wanted = _grouped(wanted)
    if upstream == "ollama":
        wanted = _one_text(wanted)
    found = [(role, item) for role, item in asked.items if item[0] != "think"]
    assert _kinds(wanted) == [(role, item[0]) for role, item in found], (asked.turns, losses)
    ids: dict[str, str] = {}
    for (_, part), (_, item) in zip(wanted, found, strict=True):
        _same(client, upstream, part, item, ids, losses)
    assert set(asked.tools) == {tool.name for tool in request.tools}
    for tool in request.tools:
        assert _properties(asked.tools[tool.name]) == _properties(tool.schema)
    if request.output is not None:
        assert _properties(asked.schema) == _properties(request.output.schema)
    _knobs(client, upstream, request, asked, losses)


def _knobs(client: str, upstream: str, request: Request, asked: Asked, losses: list[str]) -> None:
    if request.sampling.max_tokens is not None:
        assert asked.max_tokens == request.sampling.max_tokens or any("max" in path for path in losses), (
            asked.max_tokens
        )
    hints = sum(getattr(p, "cache", None) is not None for m in request.messages for p in m.parts)
    if hints and upstream in HINTS:
        assert asked.hints == hints, "cache hints counted in are not those counted out"
    elif hints and upstream != client:
        assert asked.hints == 0
        assert any("cache" in path for path in losses), f"the hints are lost without a word: {losses}"
    choice = request.tool_choice
    if choice is not None and choice.mode == "required":
        assert asked.choice.lower() in ("required", "any") or any("choice" in path for path in losses), asked.choice


def _one_prompt(request: Request, asked: Asked) -> None:
    """All words stand in the prompt (or the system prompt), in their order."""
    prompt = "".join(asked.system) + asked.of("text")[0][1]
    at = 0
    for message in request.messages:
        for part in message.parts:
            if isinstance(part, Text) and message.role != "system":
                at = prompt.index(part.text, at) + len(part.text)
            elif isinstance(part, Media):
                assert any(item[2] == part.data for item in asked.of("image"))


def _grouped(wanted: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """As a format without order writes it: in each turn of the assistant the texts first, then the calls."""
    found: list[tuple[str, Any]] = []
    for role, part in wanted:
        at = len(found)
        if isinstance(part, Text) and role == "assistant":
            while at and found[at - 1][0] == role and isinstance(found[at - 1][1], ToolCall):
                at -= 1
        found.insert(at, (role, part))
    return found


def _one_text(wanted: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """As a format writes it whose messages have one text: the texts of a turn are lines of the first."""
    found: list[tuple[str, Any]] = []
    for role, part in wanted:
        before = next((i for i in range(len(found) - 1, -1, -1) if isinstance(found[i][1], Text)), None)
        turn = before is not None and all(who == role for who, _ in found[before:])
        if isinstance(part, Text) and before is not None and turn:
            found[before] = (role, Text(text=f"{found[before][1].text}\n{part.text}"))
        else:
            found.append((role, part))
    return found


def _kinds(wanted: list[tuple[str, Any]]) -> list[tuple[str, str]]:
    names: dict[Any, str] = {Text: "text", ToolCall: "call", ToolResult: "result"}
    return [(role, part.kind.value if isinstance(part, Media) else names[type(part)]) for role, part in wanted]


def _same(client: str, upstream: str, part: Any, item: Item, ids: dict[str, str], losses: list[str]) -> None:
    match part:
        case Text():
            assert item[1] == part.text
        case Media():
            assert item[2] == part.data
        case ToolCall():
            assert (item[2], item[3]) == (part.name, canonical(part.arguments))
            assert item[1], "a call without an id"
            assert item[1] not in ids.values(), "two calls with one id"
            ids[part.id] = item[1]
        case ToolResult():
            assert item[1] == ids[part.call_id], f"the result {part.call_id} answers another call: {item}"
            said = words_of(part)
            assert said in _inside(item[3]), item
            if part.is_error and client in FLAGS:
                assert item[2] is True or any("error" in path for path in losses), "the failure is lost without a word"
        case _:
            raise AssertionError(part)


def _inside(items: list[Item]) -> str:
    """The words of a result; those inside JSON too."""
    return "".join(" ".join(map(str, json.loads(i[1]).values())) if i[0] == "json" else i[1] for i in items)


def _properties(schema: Any) -> list[str]:
    return sorted((schema or {}).get("properties") or {})


# Answers ----------------------------------------------------------------------------------------------

FINISHES: Final = {
    "chat": {Finish.STOP: "stop", Finish.LENGTH: "length", Finish.TOOL_CALLS: "tool_calls", Finish.CONTENT_FILTER: "content_filter", Finish.REFUSAL: "content_filter"},
    "responses": {Finish.STOP: "completed", Finish.LENGTH: "max_output_tokens", Finish.TOOL_CALLS: "completed", Finish.CONTENT_FILTER: "content_filter", Finish.REFUSAL: "completed"},
    "messages": {Finish.STOP: "end_turn", Finish.LENGTH: "max_tokens", Finish.TOOL_CALLS: "tool_use", Finish.CONTENT_FILTER: "refusal", Finish.REFUSAL: "refusal"},
    "gemini": {Finish.STOP: "STOP", Finish.LENGTH: "MAX_TOKENS", Finish.TOOL_CALLS: "STOP", Finish.CONTENT_FILTER: "SAFETY", Finish.REFUSAL: "SAFETY"},
    "cohere": {Finish.STOP: "COMPLETE", Finish.LENGTH: "MAX_TOKENS", Finish.TOOL_CALLS: "TOOL_CALL", Finish.CONTENT_FILTER: "ERROR", Finish.REFUSAL: "COMPLETE"},
    "completions": {Finish.STOP: "stop", Finish.LENGTH: "length", Finish.TOOL_CALLS: "stop", Finish.CONTENT_FILTER: "content_filter", Finish.REFUSAL: "content_filter"},
}  # fmt: skip
"""How each client's format says why the model stopped."""
TELLS: Final = {
    "chat": {Finish.REFUSAL: Finish.STOP},
    "responses": {},
    "messages": {Finish.CONTENT_FILTER: Finish.REFUSAL},
    "gemini": {Finish.REFUSAL: Finish.CONTENT_FILTER},
    "converse": {},
    "cohere": {Finish.REFUSAL: Finish.CONTENT_FILTER},
    "ollama": {Finish.REFUSAL: Finish.STOP, Finish.CONTENT_FILTER: Finish.STOP},
    "replicate": {Finish.REFUSAL: Finish.STOP, Finish.CONTENT_FILTER: Finish.STOP, Finish.LENGTH: Finish.STOP},
}  # fmt: skip
"""What a provider's format makes of why the model stopped, where it has no word for it."""
REFUSES: Final = frozenset({"chat", "responses"})
"""Formats in which a refusal stands apart from the text."""


def heard(client: str, face: Face, answer: Answer, got: Heard, losses: list[str]) -> None:
    """What the client got is what the provider said."""
    said = face.history(answer)
    if face.name in REFUSES and client not in REFUSES:
        said = [("text", item[1]) if item[0] == "refusal" else item for item in said]
    texts = "".join(i[1] for i in said if i[0] in ("text", "refusal"))
    assert "".join(i[1] for i in got.items if i[0] in ("text", "refusal")) == texts
    if client == "completions":
        assert got.items == [("text", texts)]
    else:
        _same_answer(client, face, said, got, losses)
    finish = answer.choices[0].finish or Finish.STOP
    finish = TELLS[face.name].get(finish, finish)
    refused = any(isinstance(p, Text) and p.refusal for p in answer.choices[0].parts)
    words = {FINISHES[client][finish]} | ({"ERROR_TOXIC"} if client == face.name == "cohere" else set())
    if refused:  # a refusal apart from the text is a refusal, whatever the finish says
        words |= {FINISHES[client][Finish.REFUSAL], FINISHES[client][Finish.STOP]}
    assert got.finish in words, f"finish `{got.finish}`, not one of {words}"
    usage = answer.usage
    assert usage is not None
    assert got.tokens == (usage.input_total, usage.output_total)
    assert got.id
    assert got.model or client == "cohere"


def _same_answer(client: str, face: Face, said: list[Item], got: Heard, losses: list[str]) -> None:
    calls = [item for item in said if item[0] == "call"]
    told = got.of("call")
    assert [(item[2], item[3]) for item in told] == [(item[2], item[3]) for item in calls]
    ids = [item[1] for item in told]
    assert len(set(ids)) == len(ids) or not any(ids), "two calls with one id"
    assert all(ids) or client == face.name == "gemini", "a call without an id"  # Google's own calls need none
    thoughts = "".join(item[1] for item in said if item[0] == "think")
    assert "".join(item[1] for item in got.of("think")) == thoughts or any("easoning" in p for p in losses), losses
    if client in ORDERED and face.name in ORDERED:
        wanted = [item[0] for item in said]
        # A signature of another format travels in a thought without words.
        assert [item[0] for item in got.items if item[0] != "think" or item[1]] == wanted, (
            "the order of the parts is not what it was"
        )


def no_leak(body: object) -> None:
    """An envelope of the gateway's means nothing to a provider."""
    assert ENVELOPE not in json.dumps(body)


def thoughts_of(answer: Answer) -> list[tuple[str, str]]:
    """Words and signature of each thought."""
    return [(p.text, p.opaque.data if p.opaque else "") for p in answer.choices[0].parts if isinstance(p, Reasoning)]
