"""The conversation of `/api/chat`: a message has one text, images, thinking and tool calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, assert_never

from msgspec.structs import replace

from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Foreign, Media, Message, Native, Part, Reasoning, Role, Text, ToolCall, ToolResult
from trunkline.wire.codec import Members
from trunkline.wire.natives import put_back
from trunkline.wire.ollama import losses as why
from trunkline.wire.ollama.calls import CallIds, read_call, write_call
from trunkline.wire.ollama.images import document_text, is_text_document, read_image, write_image
from trunkline.wire.ollama.shapes import (
    OWN,
    a_list,
    an_object,
    kept,
    needed_text,
    put_idle,
    spelled,
    text,
)

_MESSAGE: Final = frozenset({"role", "content", "images", "thinking", "tool_calls"})
_TOOL: Final = frozenset({"role", "content", "images", "tool_name", "tool_call_id"})


def read_messages(raw: object) -> list[Message]:
    """A conversation. Results of tools that follow each other stand in one `user` message.

    Raises:
        BadShape: it is none; so does all below.
    """
    found: list[Message] = []
    ids = CallIds()
    results: Message | None = None
    for i, item in enumerate(a_list(raw, "messages")):
        path = f"messages[{i}]"
        message = an_object(item, path)
        role = needed_text(message, "role", path)
        if role == "tool":
            if results is None:
                results = Message(role="user", parts=[])
                found.append(results)
            results.parts.append(_read_result(message, path, ids))
            continue
        results = None
        match role:
            case "system" | "developer" | "user" | "assistant":
                found.append(_read_message(message, role, path, ids))
            case _:
                raise BadShape(f"{path}.role", f"`{role}` is none of system, user, assistant, tool")
    return found


def read_parts(message: Members, path: str, spelling: dict[str, object]) -> list[Part]:
    """Thinking, images and text of a message, as its template gives them to the model. Calls are left to the caller."""
    parts: list[Part] = []
    if thinking := text(message, "thinking", path):
        parts.append(Reasoning(text=thinking))
    elif thinking == "":
        spelling["thinking"] = ""
    parts += read_images(message, path, spelling)
    if content := text(message, "content", path):
        parts.append(Text(text=content))
    elif "content" not in message:
        spelling["no_content"] = True
    return parts


def read_images(message: Members, path: str, spelling: dict[str, object]) -> list[Media]:
    """The images of a message or request."""
    images = message.get("images")
    if images is None:
        return []
    listed = a_list(images, f"{path}.images" if path else "images")
    if not listed:
        spelling["images"] = True
    return [read_image(image, f"{path}.images[{i}]") for i, image in enumerate(listed)]


def _read_message(message: Members, role: Role, path: str, ids: CallIds) -> Message:
    spelling: dict[str, object] = {}
    parts = read_parts(message, path, spelling)
    if (calls := message.get("tool_calls")) is not None:
        listed = a_list(calls, f"{path}.tool_calls")
        if not listed:
            spelling["tool_calls"] = True
        if role != "assistant" and listed:
            raise BadShape(f"{path}.tool_calls", "only an assistant's message can hold tool calls")
        for i, value in enumerate(listed):
            call = read_call(value, f"{path}.tool_calls[{i}]")
            parts.append(replace(call, id=ids.call(call.id, call.name)))
    return Message(role=role, parts=parts, native=kept(message, _MESSAGE, spelling))


def _read_result(message: Members, path: str, ids: CallIds) -> ToolResult:
    spelling: dict[str, object] = {}
    content: list[Text | Media | Foreign] = list(read_images(message, path, spelling))
    if words := text(message, "content", path):
        content.append(Text(text=words))
    elif "content" not in message:
        spelling["no_content"] = True
    name, own_id = text(message, "tool_name", path), text(message, "tool_call_id", path)
    call_id, tool = ids.result(own_id or "", name or "")
    if not own_id:
        spelling["made_id"] = [own_id] if "tool_call_id" in message else []
    if not name:
        spelling["no_name"] = [name] if "tool_name" in message else []
    return ToolResult(call_id=call_id, content=content, name=name or tool, native=kept(message, _TOOL, spelling))


def write_messages(messages: Sequence[Message], losses: Losses) -> list[object]:
    """The conversation for a provider.

    Raises:
        Untranslatable: it holds what the format cannot express; so does all below.
    """
    written: list[object] = []
    tools = {part.id: part.name for message in messages for part in message.parts if isinstance(part, ToolCall)}
    for i, message in enumerate(messages):
        path = f"messages[{i}]"
        if message.name:
            losses.add(f"{path}.name", why.NO_NAMES)
        role = "system" if message.role == "developer" else message.role
        draft, begun = Draft(role, losses, path), False
        for j, part in enumerate(message.parts):
            at = f"{path}.content[{j}]"
            if isinstance(part, ToolResult):
                if begun:
                    written.append(draft.message(message.native))
                    draft, begun = Draft(role, losses, path), False
                written.append(_write_result(part, part.name or tools.get(part.call_id, ""), losses, at))
            else:
                draft.add(part, at)
                begun = True
        if begun or not message.parts:
            written.append(draft.message(message.native))
    return written


class Draft:
    """A message under way, for a provider, or for a client (`answer`): there what has no place is only reported."""

    def __init__(self, role: str, losses: Losses, path: str, *, answer: bool = False) -> None:
        self._role, self._losses, self._path, self._answer = role, losses, path, answer
        self.texts: list[str] = []
        self.thinking: list[str] = []
        self.images: list[str] = []
        self.calls: list[object] = []

    def add(self, part: Part, path: str) -> None:
        """Take one part."""
        losses = self._losses
        if not isinstance(part, Reasoning | Foreign) and part.opaque is not None:
            losses.add(path, why.NO_STATE)
        if not isinstance(part, Reasoning) and part.cache is not None and not self._answer:
            losses.add(f"{path}.cache", why.NO_CACHE)
        match part:
            case Text():
                self._text(part, path)
            case Reasoning():
                self._reason(part, path)
            case ToolCall():
                self._call(part, path)
            case Media():
                self._media(part, path)
            case Foreign():
                self._reject(path, why.FOREIGN)
            case ToolResult():
                self._reject(path, why.NOT_HERE)
            case _:
                assert_never(part)

    def message(self, native: Native | None) -> Members:
        """The message, with the members of this format that were on it."""
        message: Members = {"role": self._role}
        self.put_parts(message, native)
        put_back(message, native, OWN, self._losses, self._path)
        put_idle(message, native)
        return message

    def put_parts(self, message: Members, native: Native | None, text_name: str = "content") -> None:
        """Everything but the role. `text_name`: what the text is called; `/api/generate` has another word."""
        words = "\n".join(self.texts)
        if words or not spelled(native, "no_content"):
            message[text_name] = words
        if self.thinking:
            message["thinking"] = "\n".join(self.thinking)
        elif spelled(native, "thinking") == "":
            message["thinking"] = ""
        if self.images or spelled(native, "images"):
            message["images"] = self.images
        if self.calls or spelled(native, "tool_calls"):
            message["tool_calls"] = self.calls
        idle = spelled(native, "idle")
        if not words and isinstance(idle, dict) and text_name in idle:
            del message[text_name]  # it was `null`, and goes back so

    def _text(self, part: Text, path: str) -> None:
        if self.calls:
            self._losses.add(path, why.ORDER)
        if part.citations and self._answer:
            self._losses.add(f"{path}.citations", why.NO_CITATIONS)
        put_back({}, part.native, OWN, self._losses, path)
        self.texts.append(part.text)

    def _reason(self, part: Reasoning, path: str) -> None:
        if self._role != "assistant":
            self._losses.add(path, why.NO_REASONING)
            return
        if not self._answer and (part.opaque is not None or part.summary):
            self._losses.add(path, why.NO_REASONING)
            return
        if part.opaque is not None:
            self._losses.add(path, why.NO_STATE)
        if self.texts or self.calls:
            self._losses.add(path, why.ORDER)
        put_back({}, part.native, OWN, self._losses, path)
        if part.text:
            self.thinking.append(part.text)

    def _call(self, part: ToolCall, path: str) -> None:
        if part.custom:
            self._reject(path, why.NO_CUSTOM_TOOLS)
        elif self._role != "assistant":
            self._reject(path, why.NOT_HERE)
        else:
            index = len(self.calls) if self._answer else None
            self.calls.append(write_call(part, index, self._losses, path))

    def _media(self, part: Media, path: str) -> None:
        if is_text_document(part) and not self._answer:
            self.texts.append(document_text(part, self._losses, path))
        elif not self._answer:
            if self.texts:
                self._losses.add(path, why.ORDER)
            self.images.append(write_image(part, self._losses, path))
        elif part.data and part.kind == "image":
            self.images.append(part.data)
        else:
            self._losses.add(path, why.NO_MEDIA)

    def _reject(self, path: str, reason: str) -> None:
        if not self._answer:
            raise self._losses.refuse(path, reason)
        self._losses.add(path, reason)


def _write_result(part: ToolResult, name: str, losses: Losses, path: str) -> Members:
    native = part.native
    draft = Draft("tool", losses, path)
    for i, inner in enumerate(part.content):
        draft.add(inner, f"{path}.content[{i}]")
    if part.opaque is not None:
        losses.add(path, why.NO_STATE)
    if part.cache is not None:
        losses.add(f"{path}.cache", why.NO_CACHE)
    if part.is_error:
        losses.add(f"{path}.is_error", why.NO_ERROR_FLAG)
    message: Members = {"role": "tool"}
    draft.put_parts(message, native)
    unnamed, made = spelled(native, "no_name"), spelled(native, "made_id")
    if not isinstance(unnamed, list):
        if name:
            message["tool_name"] = name
    elif unnamed:
        message["tool_name"] = unnamed[0]
    if not isinstance(made, list):
        message["tool_call_id"] = part.call_id
    elif made:
        message["tool_call_id"] = made[0]
    put_back(message, native, OWN, losses, path)
    put_idle(message, native)
    return message
