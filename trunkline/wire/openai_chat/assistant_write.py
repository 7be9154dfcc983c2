"""Writing an assistant's message of a history, for a provider."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, assert_never

import msgspec
from msgspec.structs import replace

from trunkline.ir.losses import Losses
from trunkline.ir.parts import CacheHint, Foreign, Media, Message, Opaque, Part, Reasoning, Text, ToolCall, ToolResult
from trunkline.wire.openai_chat import losses as why
from trunkline.wire.openai_chat.assistant import ALSO, CACHE_HERE
from trunkline.wire.openai_chat.calls import (
    SIGNED,
    is_legacy,
    put_signature,
    write_call,
    write_hints,
    write_legacy_call,
)
from trunkline.wire.openai_chat.content import ContentPart, is_plain, stands_in_content, write_cache, write_parts
from trunkline.wire.openai_chat.media import AUDIO_ANSWER, MADE_IMAGE, write_made_image, write_spoken
from trunkline.wire.openai_chat.reasoning import (
    ANTHROPIC,
    BLOCKS,
    DETAILS,
    FIELDS,
    GEMINI,
    PLAIN,
    REDACTED,
    block_of,
    detail_of,
    is_block,
    unsigned_as_written,
)
from trunkline.wire.openai_chat.spelling import Json, is_marked, is_own, marks_of, restore

_IMAGE_HOSTS: Final = frozenset({"openrouter", "vercel", "litellm_proxy"})
"""Dialects of hosts that take `images` of an earlier answer back."""
_BLOCK_HOSTS: Final = frozenset({"litellm_proxy"})


class Grouped(msgspec.Struct):
    """The parts of a message by the member that they go into, each with its place."""

    content: list[tuple[int, ContentPart]] = msgspec.field(default_factory=list)
    refusals: list[Text] = msgspec.field(default_factory=list)
    reasoning: list[tuple[int, Reasoning]] = msgspec.field(default_factory=list)
    media: list[tuple[int, Media]] = msgspec.field(default_factory=list)
    calls: list[tuple[int, ToolCall]] = msgspec.field(default_factory=list)
    usual: bool = True
    """They stand in the usual order, which is what the format is read as."""


def grouped(parts: Sequence[Part]) -> Grouped:
    """Sort the parts of an assistant's message. A `ToolResult`, which has no business there, is left out."""
    groups = Grouped()
    last = 0
    for place, part in enumerate(parts):
        match part:
            case Text():
                if part.refusal and not is_own(part.native):
                    groups.refusals.append(part)
                else:
                    groups.content.append((place, part))
                rank = 2
            case Reasoning():
                if stands_in_content(part):
                    groups.content.append((place, part))
                    rank = 2
                else:
                    groups.reasoning.append((place, part))
                    rank = 1
            case Media():
                apart = is_marked(part.native, AUDIO_ANSWER) or is_marked(part.native, MADE_IMAGE)
                if apart or not is_own(part.native):
                    groups.media.append((place, part))
                else:
                    groups.content.append((place, part))
                rank = 3 if apart else 2
            case ToolCall():
                groups.calls.append((place, part))
                rank = 4
            case Foreign():
                groups.content.append((place, part))
                rank = 2
            case ToolResult():
                rank = last
            case _:
                assert_never(part)
        groups.usual = groups.usual and rank >= last
        last = rank
    return groups


def lifted(message: Message) -> tuple[list[Part], CacheHint | None, Opaque | None]:
    """The parts, and what this format says of the whole message instead of a part: cache hint and signature."""
    parts, native = message.parts, message.native
    hint: CacheHint | None = None
    signature: Opaque | None = None
    marks = marks_of(native)
    if not marks or not parts:
        return parts, None, None
    parts = list(parts)
    last = parts[-1]
    if CACHE_HERE in marks and isinstance(last, Text | Media | ToolCall | Foreign):
        hint, parts[-1] = last.cache, replace(last, cache=None)
    if any(mark.startswith(SIGNED) for mark in marks):
        for place, part in enumerate(parts):
            if isinstance(part, Text | ToolCall) and part.opaque is not None and part.opaque.kind == GEMINI:
                signature, parts[place] = part.opaque, replace(part, opaque=None)
                break
    return parts, hint, signature


def write_assistant(message: Message, losses: Losses, path: str, dialect: str) -> Json:
    """An assistant's message.

    Raises:
        Untranslatable: it holds what the format cannot express.
    """
    parts, hint, signature = lifted(message)
    if signature is None and dialect == "gemini":
        parts, signature = _signed_text(parts)
    groups = grouped(parts)
    members: Json = {"role": "assistant"}
    own = is_own(message.native)
    if not own and not groups.usual:
        losses.add(path, why.ORDER)
    if any(isinstance(part, ToolResult) for part in parts):
        raise losses.refuse(path, why.PLACE)
    _write_content(groups, members, losses, path, dialect, own=own)
    _write_reasoning(groups.reasoning, members, message, losses, path, dialect)
    _write_media(groups.media, members, losses, path, dialect)
    _write_calls(groups.calls, members, losses, path, dialect)
    if message.name:
        members["name"] = message.name
    if is_own(message.native) and "annotations" in message.native.members:
        members.pop("annotations", None)  # it holds others besides, in their order
    restore(members, message.native, losses, path)
    if signature is not None:
        put_signature(members, signature.data, marks_of(message.native))
    if hint is not None:
        write_cache(members, hint, message.native, losses, path, dialect)
    return members


def _signed_text(parts: list[Part]) -> tuple[list[Part], Opaque | None]:
    """Google's face takes a text's signature beside the content; that of a call stands on the call."""
    for place, part in enumerate(parts):
        if isinstance(part, Text) and part.opaque is not None and part.opaque.kind == GEMINI:
            return [*parts[:place], replace(part, opaque=None), *parts[place + 1 :]], part.opaque
    return parts, None


def _write_content(groups: Grouped, members: Json, losses: Losses, path: str, dialect: str, *, own: bool) -> None:
    content = groups.content
    if groups.refusals:
        words = "".join(text.text for text in groups.refusals)
        if own:
            members["refusal"] = words
        else:
            content = [*content, (len(content) + 1, Text(text=words))]
    citations: list[Json] = []
    for _, part in content:
        if isinstance(part, Text):
            for citation in part.citations:
                if is_own(citation.native):
                    citations.append(citation.native.members)
                else:
                    losses.add(f"{path}.content.citations", why.CITATION)
            if part.opaque is not None:
                losses.add(f"{path}.content", why.OPAQUE)
    if citations:
        members["annotations"] = citations
    if not content:
        if not own:
            members["content"] = None if groups.calls else ""
        return
    if not all(is_plain(part, dialect) for _, part in content):
        members["content"] = write_parts([part for _, part in content], losses, f"{path}.content", dialect)
        return
    texts: list[str] = []
    before = content[0][0] - 1
    for place, part in content:
        assert isinstance(part, Text)
        if place != before + 1:
            texts.append("\n\n")  # something stood between them
        if part.cache is not None:
            losses.add(f"{path}.content.cache_control", why.CACHE)
        restore({}, part.native, losses, f"{path}.content")
        texts.append(part.text)
        before = place
    members["content"] = "".join(texts)


def _write_reasoning(
    reasoning: Sequence[tuple[int, Reasoning]],
    members: Json,
    message: Message,
    losses: Losses,
    path: str,
    dialect: str,
) -> None:
    details: list[Json] = []
    blocks: list[Json] = []
    words: list[str] = []
    for place, part in reasoning:
        kind = part.opaque.kind if part.opaque is not None else ""
        entry: Json | None = None
        if kind == DETAILS and (entry := detail_of(part)) is not None:
            details.append(entry)
        elif kind == PLAIN and part.opaque is not None and part.opaque.data in FIELDS:
            before = members.get(part.opaque.data)
            members[part.opaque.data] = f"{before}{part.text}" if before else part.text
        elif (entry := _block(part, kind, dialect)) is not None:
            restore(entry, part.native, losses, path)
            blocks.append(entry)
        else:
            losses.add(f"{path}.content[{place}]", why.REASONING)
            restore({}, None if is_own(part.native) else part.native, losses, f"{path}.content[{place}]")
            continue
        words.append(part.text)
    if details:
        members["reasoning_details"] = details
    if blocks:
        members[BLOCKS] = blocks
    for mark in marks_of(message.native):
        if mark.startswith(ALSO) and any(words):
            members.setdefault(mark[len(ALSO) :], "".join(words))


def _block(part: Reasoning, kind: str, dialect: str) -> Json | None:
    """One of Anthropic's blocks, where the client wrote it so or the host takes them."""
    if not is_block(part) and dialect not in _BLOCK_HOSTS:
        return None
    if kind in (ANTHROPIC, REDACTED) and part.opaque is not None:
        return block_of(part, part.opaque.data)
    return block_of(part, "") if unsigned_as_written(part) else None


def _write_media(media: Sequence[tuple[int, Media]], members: Json, losses: Losses, path: str, dialect: str) -> None:
    images: list[Json] = []
    for place, part in media:
        if is_marked(part.native, AUDIO_ANSWER):
            members["audio"] = write_spoken(part)
        elif is_marked(part.native, MADE_IMAGE) or (part.kind == "image" and dialect in _IMAGE_HOSTS):
            images.append(write_made_image(part, len(images)))
        else:
            raise losses.refuse(f"{path}.content[{place}]", why.ASSISTANT_MEDIA)
    if images:
        members["images"] = images


def _write_calls(calls: Sequence[tuple[int, ToolCall]], members: Json, losses: Losses, path: str, dialect: str) -> None:
    listed: list[Json] = []
    for place, call in calls:
        where = f"{path}.content[{place}]"
        if is_legacy(call):
            members["function_call"] = write_legacy_call(call)
            continue
        entry = write_call(call, losses, where)
        write_hints(entry, call, losses, where, dialect)
        listed.append(entry)
    if listed:
        members["tool_calls"] = listed
