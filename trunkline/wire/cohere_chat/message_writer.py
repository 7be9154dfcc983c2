"""A conversation for a provider."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from trunkline.ir.losses import Losses
from trunkline.ir.parts import Foreign, Media, MediaKind, Message, Native, Part, Reasoning, Text, ToolCall, ToolResult
from trunkline.wire.codec import Members
from trunkline.wire.cohere_chat import losses as why
from trunkline.wire.cohere_chat.assistant_writer import write_assistant
from trunkline.wire.cohere_chat.content import document_of, write_image, write_text
from trunkline.wire.cohere_chat.shapes import OWN, is_plain_text, put_nulls, spelled, unsaid
from trunkline.wire.natives import put_back


def write_messages(messages: Sequence[Message], losses: Losses) -> tuple[list[object], list[object]]:
    """The conversation, and its grounding `documents`.

    Raises:
        Untranslatable: it holds what the format cannot express; so does all below.
    """
    written: list[object] = []
    documents: list[object] = []
    for i, message in enumerate(messages):
        path = f"messages[{i}]"
        if message.name:
            losses.add(f"{path}.name", why.NO_NAMES)
        for j, part in enumerate(message.parts):
            if not isinstance(part, Reasoning) and part.cache is not None:
                losses.add(f"{path}.content[{j}].cache", why.NO_CACHE)
        match message.role:
            case "system" | "developer":
                numbered = list(enumerate(message.parts))
                written.append(_write_plain("system", numbered, message.native, losses, path))
            case "user":
                _write_turn(message, written, documents, losses, path)
            case "assistant":
                written.append(write_assistant(message.parts, message.native, losses, path))
            case _:
                assert_never(message.role)
    return written, documents


def _write_turn(message: Message, written: list[object], documents: list[object], losses: Losses, path: str) -> None:
    """A user's message: each result of a tool is a message of its own here, documents stand beside the messages."""
    waiting: list[tuple[int, Part]] = []
    native: Native | None = message.native
    for i, part in enumerate(message.parts):
        if isinstance(part, ToolResult):
            if waiting:
                written.append(_write_plain("user", waiting, native, losses, path))
                waiting, native = [], None
            written.append(_write_result(part, losses, f"{path}.content[{i}]"))
        elif isinstance(part, Text) and (document := document_of(part, "documents")) is not None:
            documents.append(document)
        else:
            waiting.append((i, part))
    if waiting or not message.parts:
        written.append(_write_plain("user", waiting, native, losses, path))


def _write_plain(
    role: str, parts: Sequence[tuple[int, Part]], native: Native | None, losses: Losses, path: str
) -> Members:
    blocks: list[object] = []
    for i, part in parts:
        at = f"{path}.content[{i}]"
        match part:
            case Text():
                _note_state(part, losses, at)
                blocks.append(write_text(part, losses, at))
            case Media():
                if role == "system" and part.kind is MediaKind.IMAGE:
                    raise losses.refuse(at, why.NOT_HERE)
                _note_state(part, losses, at)
                blocks.append(write_image(part, losses, at))
            case Foreign():
                blocks.append(_write_foreign(part, losses, at))
            case Reasoning():
                losses.add(at, why.NO_REASONING)
            case ToolCall() | ToolResult():
                raise losses.refuse(at, why.NOT_HERE)
            case _:
                assert_never(part)
    message: Members = {"role": role}
    _put_content(message, blocks, native)
    put_back(message, native, OWN, losses, path)
    put_nulls(message, native)
    return message


def _write_result(part: ToolResult, losses: Losses, path: str) -> Members:
    if part.is_error:
        losses.add(f"{path}.is_error", why.NO_ERROR_FLAG)
    _note_state(part, losses, path)
    blocks: list[object] = []
    for i, inner in enumerate(part.content):
        at = f"{path}.content[{i}]"
        match inner:
            case Text():
                blocks.append(write_text(inner, losses, at))
            case Media():
                if inner.kind is MediaKind.IMAGE:
                    raise losses.refuse(at, why.NOT_HERE)
                blocks.append(write_image(inner, losses, at))
            case Foreign():
                blocks.append(_write_foreign(inner, losses, at))
            case _:
                assert_never(inner)
        if inner.cache is not None:
            losses.add(f"{at}.cache", why.NO_CACHE)
    message: Members = {"role": "tool", "tool_call_id": part.call_id}
    _put_content(message, blocks, part.native)
    put_back(message, part.native, OWN, losses, path)
    put_nulls(message, part.native)
    return message


def _put_content(message: Members, blocks: list[object], native: Native | None) -> None:
    """A lone text is written as a string, unless the client wrote a list; nothing as it was written."""
    if blocks:
        only = blocks[0]
        plain = len(blocks) == 1 and is_plain_text(only) and not spelled(native, "list")
        message["content"] = only["text"] if plain and isinstance(only, dict) else blocks
    elif (raw := spelled(native, "content")) is not None:
        message["content"] = raw
    elif not unsaid(native, "content"):
        message["content"] = ""


def _write_foreign(part: Foreign, losses: Losses, path: str) -> object:
    if part.format is not OWN:
        raise losses.refuse(path, why.FOREIGN)
    return part.data


def _note_state(part: Text | Media | ToolResult, losses: Losses, path: str) -> None:
    if part.opaque is not None:
        losses.add(path, why.NO_STATE)
