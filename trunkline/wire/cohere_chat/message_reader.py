"""Messages as a peer wrote them: conversations of clients, and the one message of a provider's answer."""

from __future__ import annotations

from typing import Final

from trunkline.ir.losses import BadShape
from trunkline.ir.parts import (
    Foreign,
    Media,
    Message,
    Native,
    Opaque,
    Part,
    Reasoning,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.wire.codec import Members
from trunkline.wire.cohere_chat.citations import place_citations
from trunkline.wire.cohere_chat.content import (
    CALL_KIND,
    PLAN,
    PLAN_SIGNATURE,
    SIGNATURE,
    Block,
    document_text,
    read_content,
    take_opaque,
)
from trunkline.wire.cohere_chat.shapes import (
    OWN,
    Spelled,
    a_list,
    an_object,
    is_object,
    kept,
    needed_text,
    nested,
    text,
)

_MESSAGE: Final = frozenset({"role", "content"})
_ASSISTANT: Final = frozenset({"role", "content", "tool_plan", "tool_calls", "citations", PLAN_SIGNATURE})
_TOOL: Final = frozenset({"role", "content", "tool_call_id"})
_CALL: Final = frozenset({"id", "type", "function"})
_FUNCTION: Final = frozenset({"name", "arguments"})


def read_messages(raw: object) -> list[Message]:
    """A conversation. Results of tools that follow each other stand in one `user` message.

    Raises:
        BadShape: it is none; so does all below.
    """
    if raw is None:
        raise BadShape("messages", "is missing; it must be an array")
    found: list[Message] = []
    results: Message | None = None
    for i, item in enumerate(a_list(raw, "messages")):
        path = f"messages[{i}]"
        message = an_object(item, path)
        role = needed_text(message, "role", path)
        if role == "tool":
            if results is None:
                results = Message(role="user", parts=[])
                found.append(results)
            results.parts.append(_read_result(message, path))
            continue
        results = None
        match role:
            case "system" | "user":
                found.append(_read_plain(message, role, path))
            case "assistant":
                parts, native = read_assistant(message, path)
                found.append(Message(role="assistant", parts=parts, native=native))
            case _:
                raise BadShape(f"{path}.role", f"`{role}` is none of system, user, assistant, tool")
    return found


def read_assistant(message: Members, path: str, *, answer: bool = False) -> tuple[list[Part], Native | None]:
    """The parts of an assistant's message: its content, its plan, its tool calls; and what else was there."""
    spelling: dict[str, object] = {}
    parts: list[Part] = list(_spell_content(message, spelling, path))
    if answer:  # there the content is always a list, and left out beside tool calls
        spelling.pop("list", None)
        if isinstance(message.get("content"), str):
            spelling["content"] = message["content"]
        elif message.get("tool_calls"):
            spelling.pop("missing", None)
    blocks = len(parts)
    plan = text(message, "tool_plan", path)
    opaque, _ = take_opaque({SIGNATURE: message.get(PLAN_SIGNATURE)})
    if plan or opaque is not None:
        parts.append(Reasoning(text=plan or "", opaque=opaque, native=plan_mark()))
    elif plan == "":
        spelling["empty_plan"] = True
    if (calls := message.get("tool_calls")) is not None:
        listed = a_list(calls, f"{path}.tool_calls")
        parts += [_read_call(call, f"{path}.tool_calls[{i}]") for i, call in enumerate(listed)]
        if not listed:
            spelling["no_calls"] = True
    if (cited := message.get("citations")) is not None:
        listed = a_list(cited, f"{path}.citations")
        parts, left = place_citations(parts, listed, blocks)
        if left or not listed:
            spelling["citations"] = left
    return parts, kept(message, _ASSISTANT, spelling)


def read_documents(raw: object) -> list[Part]:
    """The request's `documents` as texts, each with the document that it was."""
    found: list[Part] = []
    for i, document in enumerate(a_list(raw, "documents")):
        if not isinstance(document, str | dict):
            raise BadShape(f"documents[{i}]", "must be an object or a string")
        found.append(Text(text=document_text(document), native=Spelled(OWN, {}, {"documents": document})))
    return found


def plan_mark() -> Native:
    """Says of a reasoning that it is the plan before tool calls, and stands in `tool_plan`."""
    return Spelled(OWN, {}, {"place": PLAN})


def _read_plain(message: Members, role: Role, path: str) -> Message:
    spelling: dict[str, object] = {}
    blocks = _spell_content(message, spelling, path)
    parts = [_no_thinking(block, f"{path}.content[{i}]") for i, block in enumerate(blocks)]
    return Message(role=role, parts=parts, native=kept(message, _MESSAGE, spelling))


def _no_thinking(block: Block, path: str) -> Part:
    if isinstance(block, Reasoning):
        raise BadShape(path, "only an assistant's message can hold thinking")
    return block


def _spell_content(message: Members, spelling: dict[str, object], path: str) -> list[Block]:
    """The blocks of `content`, and in `spelling` how it was written: a lone text as a string is the plain form.

    A list of empty texts, as clients send it beside tool calls, is nothing: other formats refuse empty texts.
    """
    content = message.get("content")
    if content is None:
        if "content" not in message:
            spelling["missing"] = "content"
        return []
    blocks = read_content(content, f"{path}.content")
    if all(isinstance(b, Text) and not b.text and b.native is None and b.opaque is None for b in blocks):
        spelling["content"] = content
        return []
    if isinstance(content, list):
        spelling["list"] = True
    return blocks


def _read_result(message: Members, path: str) -> ToolResult:
    spelling: dict[str, object] = {}
    content: list[Text | Media | Foreign] = []
    for i, block in enumerate(_spell_content(message, spelling, path)):
        if isinstance(block, Reasoning):
            raise BadShape(f"{path}.content[{i}]", "only an assistant's message can hold thinking")
        content.append(block)
    call_id = needed_text(message, "tool_call_id", path)
    return ToolResult(call_id=call_id, content=content, native=kept(message, _TOOL, spelling))


def _read_call(value: object, path: str) -> Part:
    opaque: Opaque | None
    opaque, call = take_opaque(an_object(value, path))
    kind = text(call, "type", path)
    if kind not in ("function", None):
        return Foreign(format=OWN, kind=CALL_KIND + kind, data=value)
    function = an_object(call.get("function"), f"{path}.function")
    arguments = text(function, "arguments", f"{path}.function")
    spelling: dict[str, object] = {}
    if "type" not in call:
        spelling["missing"] = "type"
    if not arguments:
        spelling["arguments"] = [arguments] if "arguments" in function else []
    rest = {name: held for name, held in function.items() if name not in _FUNCTION}
    return ToolCall(
        id=needed_text(call, "id", path),
        name=needed_text(function, "name", f"{path}.function"),
        arguments=arguments or "",
        opaque=opaque,
        native=nested(kept(call, _CALL, spelling), "function", rest),
    )


def empty_message(value: object) -> bool:
    """The message of a stream's start says nothing yet, as it always does."""
    return is_object(value) and all(not held or name == "role" for name, held in value.items())
