"""A conversation as one prompt.

A lone question is the prompt itself. A longer conversation gets the plainest chat template, since the models put the
prompt into their own: each turn under the name of its speaker, and the model's name at the end for it to go on.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from collections.abc import Sequence
from typing import assert_never

import msgspec

from trunkline.ir.losses import Losses
from trunkline.ir.parts import Foreign, Media, MediaKind, Message, Part, Reasoning, Text, ToolCall, ToolResult
from trunkline.wire.natives import put_back
from trunkline.wire.replicate import losses as why
from trunkline.wire.replicate.shapes import OWN, spelled


class Prompt(msgspec.Struct, kw_only=True):
    """What a conversation became."""

    system: list[str] = msgspec.field(default_factory=list[str])
    turns: list[tuple[str, str]] = msgspec.field(default_factory=list[tuple[str, str]])
    """Speaker (`user` or `assistant`) and text."""
    images: list[str] = msgspec.field(default_factory=list[str])
    """URLs, of inline images as `data:` URLs."""

    def text(self) -> str:
        """The prompt."""
        if not self.turns:
            return ""
        if len(self.turns) == 1 and self.turns[0][0] == "user":
            return self.turns[0][1]
        lines = [f"{'User' if speaker == 'user' else 'Assistant'}: {words}" for speaker, words in self.turns]
        if self.turns[-1][0] == "user":
            lines.append("Assistant:")
        return "\n\n".join(lines)


def write_prompt(messages: Sequence[Message], losses: Losses) -> Prompt:
    """The prompt of a conversation.

    Raises:
        Untranslatable: it holds what no prompt can.
    """
    prompt = Prompt()
    for i, message in enumerate(messages):
        path = f"messages[{i}]"
        if message.name:
            losses.add(f"{path}.name", why.NO_NAMES)
        put_back({}, message.native, OWN, losses, path)
        texts: list[str] = []
        for j, part in enumerate(message.parts):
            _add(part, message, prompt, texts, losses, f"{path}.content[{j}]")
        words = "\n".join(texts)
        match message.role:
            case "system" | "developer":
                if prompt.turns:
                    losses.add(path, why.ORDER)
                prompt.system.append(words)
            case "user" | "assistant":
                if texts:
                    prompt.turns.append((message.role, words))
            case _:
                assert_never(message.role)
    if prompt.images and len(prompt.turns) > 1:
        losses.add("messages", why.ORDER)
    return prompt


def _add(part: Part, message: Message, prompt: Prompt, texts: list[str], losses: Losses, path: str) -> None:
    if not isinstance(part, Reasoning):
        if part.cache is not None:
            losses.add(f"{path}.cache", why.NO_CACHE)
        if not isinstance(part, Foreign) and part.opaque is not None:
            losses.add(path, why.NO_STATE)
    match part:
        case Text():
            put_back({}, part.native, OWN, losses, path)
            texts.append(part.text)
        case Reasoning():
            losses.add(path, why.NO_REASONING)
        case Media():
            if part.kind is MediaKind.DOCUMENT and part.data and part.mime.startswith("text/"):
                texts.append(_document(part, losses, path))
            elif message.role != "user":
                raise losses.refuse(path, why.NOT_HERE)
            else:
                put_back({}, part.native, OWN, losses, path)
                prompt.images.append(_image(part, losses, path))
        case ToolCall() | ToolResult():
            raise losses.refuse(path, why.NO_TOOLS)
        case Foreign():
            raise losses.refuse(path, why.FOREIGN)
        case _:
            assert_never(part)


def _image(part: Media, losses: Losses, path: str) -> str:
    if part.kind is not MediaKind.IMAGE:
        raise losses.refuse(path, why.NO_MEDIA)
    if part.file_id:
        raise losses.refuse(path, why.NO_FILE_IDS)
    if part.data:
        header = spelled(part.native, "header")
        if not isinstance(header, str):
            if not part.mime:
                raise losses.refuse(path, why.NO_MIME)
            header = f"data:{part.mime};base64,"
        return header + part.data
    if not part.url.startswith(("https://", "http://")):
        raise losses.refuse(path, why.NO_SUCH_URL)
    return part.url


def _document(part: Media, losses: Losses, path: str) -> str:
    losses.add(path, why.AS_TEXT)
    try:
        words = b64decode(part.data).decode()
    except (Error, ValueError) as error:
        raise losses.refuse(path, why.NOT_TEXT) from error
    return f"{part.name}\n\n{words}" if part.name else words
