"""The messages of a request, written for a provider."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from trunkline.ir.losses import Losses
from trunkline.ir.parts import Media, Message, Part, Text, ToolResult
from trunkline.wire.openai_chat import losses as why
from trunkline.wire.openai_chat.assistant_write import lifted, write_assistant
from trunkline.wire.openai_chat.content import (
    ContentPart,
    as_content,
    is_plain,
    text_part,
    write_cache,
    write_content,
    write_parts,
)
from trunkline.wire.openai_chat.media import write_media
from trunkline.wire.openai_chat.messages import FUNCTION, NO_ID
from trunkline.wire.openai_chat.spelling import Json, is_marked, is_own, restore


def write_messages(messages: Sequence[Message], losses: Losses, dialect: str) -> list[Json]:
    """The conversation.

    Raises:
        Untranslatable: it holds what the format cannot express; says where.
    """
    writer = _Writer(losses, dialect)
    for place, message in enumerate(messages):
        writer.write(message, f"messages[{place}]")
    writer.flush()
    return writer.written


class _Writer:
    """Writes messages one after another; what must not stand between results of tools waits until they are over."""

    __slots__ = ("_attached", "_dialect", "_losses", "written")

    def __init__(self, losses: Losses, dialect: str) -> None:
        self._losses = losses
        self._dialect = dialect
        self._attached: list[Json] = []
        self.written: list[Json] = []

    def write(self, message: Message, path: str) -> None:
        """Write one message, which may become several."""
        if message.role == "assistant":
            self.flush()
            self.written.append(write_assistant(message, self._losses, path, self._dialect))
            return
        rest: list[Part] = []
        results = False
        for place, part in enumerate(message.parts):
            if isinstance(part, ToolResult):  # an answer to a call must follow it at once, so results go first
                self._result(part, f"{path}.content[{place}]")
                results = True
            else:
                rest.append(part)
        if results and not rest:
            return
        attached, self._attached = self._attached, []
        members = self._said(replace(message, parts=rest) if results else message, path)
        if attached and message.role == "user":
            content = members.get("content")
            said = content if isinstance(content, list) else [text_part(str(content or ""))]
            members["content"] = [*attached, *said]
        elif attached:
            self.written.append({"role": "user", "content": attached})
        self.written.append(members)

    def flush(self) -> None:
        """Write the media that tools gave back, as a message of the user."""
        if self._attached:
            self.written.append({"role": "user", "content": self._attached})
            self._attached = []

    def _said(self, message: Message, path: str) -> Json:
        members: Json = {"role": message.role}
        parts, hint, _ = lifted(message)
        content: list[ContentPart] = as_content(parts, self._losses, f"{path}.content")
        if content:
            members["content"] = write_content(content, self._losses, f"{path}.content", self._dialect)
        elif not is_own(message.native):
            members["content"] = ""
        if message.name:
            members["name"] = message.name
        restore(members, message.native, self._losses, path)
        if hint is not None:
            write_cache(members, hint, message.native, self._losses, path, self._dialect)
        return members

    def _result(self, result: ToolResult, path: str) -> None:
        own, native = is_own(result.native), result.native
        members: Json = {"role": "function" if is_marked(native, FUNCTION) else "tool"}
        if not is_marked(native, NO_ID):
            members["tool_call_id"] = result.call_id
        kept: list[ContentPart] = []
        for part in result.content:
            if isinstance(part, Media) and not is_own(part.native):
                self._attach(part, result.call_id, path)
            else:
                kept.append(part)
        if kept or not own:
            members["content"] = self._result_content(kept, path)
        if result.name and own:  # OpenAI's tool messages have no name
            members["name"] = result.name
        if result.is_error:
            self._losses.add(f"{path}.is_error", why.IS_ERROR)
        if result.opaque is not None:
            self._losses.add(path, why.OPAQUE)
        restore(members, native, self._losses, path)
        if result.cache is not None:
            write_cache(members, result.cache, native, self._losses, path, self._dialect)
        self.written.append(members)

    def _result_content(self, kept: Sequence[ContentPart], path: str) -> str | list[Json]:
        """Plain texts as one string: few hosts take a list here."""
        if not all(is_plain(part, self._dialect) for part in kept):
            return write_parts(kept, self._losses, path, self._dialect)
        texts: list[str] = []
        for part in kept:
            assert isinstance(part, Text)
            if part.cache is not None:
                self._losses.add(f"{path}.cache_control", why.CACHE)
            restore({}, part.native, self._losses, path)
            texts.append(part.text)
        return "\n".join(texts)

    def _attach(self, media: Media, call_id: str, path: str) -> None:
        """Tool messages hold text only: the medium follows in a message of the user, which says whose it is."""
        part = write_media(media, self._losses, path, self._dialect)
        self._attached += [text_part(f"From the result of tool call {call_id}:"), part]
