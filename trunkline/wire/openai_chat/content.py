"""The content of a message: a string, or a list of typed parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, assert_never

from trunkline.ir.losses import Losses
from trunkline.ir.parts import CacheHint, Foreign, Media, Native, Opaque, Part, Reasoning, Text, ToolCall, ToolResult
from trunkline.wire.openai_chat import losses as why
from trunkline.wire.openai_chat.media import MEDIA_PARTS, read_media, write_media
from trunkline.wire.openai_chat.reasoning import ANTHROPIC, CONTENT, PLAIN, REDACTED, block_of, opened
from trunkline.wire.openai_chat.spelling import (
    BREAKPOINT,
    OWN,
    Json,
    as_list,
    as_object,
    as_text,
    cache_control,
    is_marked,
    is_own,
    read_cache,
    restore,
    spelt,
)

CACHE_HOSTS: Final = frozenset({"openrouter", "vercel", "databricks", "alibaba", "litellm_proxy"})
"""Dialects of hosts that take Anthropic's `cache_control` (providers.md Table A)."""

ContentPart = Text | Media | Foreign | Reasoning

_TEXT: Final = frozenset({"type", "text"})
_REFUSAL: Final = frozenset({"type", "refusal"})
_CHUNK: Final = frozenset({"type", "thinking"})
_THINKING: Final = frozenset({"type", "thinking", "signature"})
_REDACTED: Final = frozenset({"type", "data"})
_TYPED: Final = "block"
"""Mark of one of Anthropic's blocks inside the content."""


def read_parts(value: object, path: str) -> list[ContentPart]:
    """A list of content parts.

    Raises:
        BadShape: one of them has no type, or lacks what its type asks for.
    """
    return [_read_part(part, f"{path}[{place}]") for place, part in enumerate(as_list(value, path))]


def _read_part(value: object, path: str) -> ContentPart:
    part = as_object(value, path)
    kind = as_text(part.get("type"), f"{path}.type")
    match kind:
        case "text":
            text = as_text(part.get("text"), f"{path}.text")
            cache, marks = read_cache(part)
            return Text(text=text, cache=cache, native=spelt(part, _TEXT | set(marks), marks=marks))
        case "refusal":
            words = as_text(part.get("refusal"), f"{path}.refusal")
            return Text(text=words, refusal=True, native=spelt(part, _REFUSAL))
        case "thinking" | "redacted_thinking":
            return _read_thinking(part, kind)
        case _ if kind in MEDIA_PARTS:
            return read_media(part, kind, path)
        case _:
            return Foreign(format=OWN, kind=kind, data=value, cache=read_cache(part)[0])


def _read_thinking(part: Json, kind: str) -> Reasoning | Foreign:
    """Mistral's `thinking` (a list of texts), or one of Anthropic's blocks, which LiteLLM takes in the content."""
    thinking = part.get("thinking")
    if kind == "redacted_thinking" and isinstance(part.get("data"), str):
        return Reasoning(opaque=opened(part["data"], REDACTED), native=spelt(part, _REDACTED, marks=(CONTENT, _TYPED)))
    if isinstance(thinking, str):
        signature = opened(part.get("signature"), ANTHROPIC)
        return Reasoning(text=thinking, opaque=signature, native=spelt(part, _THINKING, marks=(CONTENT, _TYPED)))
    if isinstance(thinking, list) and (words := plain_words(thinking)) is not None:
        native = spelt(part, _CHUNK, marks=(CONTENT,))
        if len(thinking) != 1:
            native.quiet["thinking"] = thinking
        return Reasoning(text=words, opaque=Opaque(PLAIN, CONTENT), native=native)
    return Foreign(format=OWN, kind=kind, data=part)


def plain_words(pieces: list[object]) -> str | None:
    """The words of a list that holds texts only; `None` where it holds something else (Mistral's references)."""
    words: list[str] = []
    for piece in pieces:
        if not isinstance(piece, dict) or piece.keys() != _TEXT or piece["type"] != "text":
            return None
        if not isinstance(piece["text"], str):
            return None
        words.append(piece["text"])
    return "".join(words)


def stands_in_content(part: Reasoning) -> bool:
    """The reasoning is a part of the content and has no member of its own."""
    return is_marked(part.native, CONTENT) or (
        part.opaque is not None and part.opaque.kind == PLAIN and part.opaque.data == CONTENT
    )


def write_parts(parts: Sequence[ContentPart], losses: Losses, path: str, dialect: str) -> list[Json]:
    """The content as a list.

    Raises:
        Untranslatable: a part that the format cannot express.
    """
    return [_write_part(part, losses, f"{path}[{place}]", dialect) for place, part in enumerate(parts)]


def _write_part(part: ContentPart, losses: Losses, path: str, dialect: str) -> Json:
    match part:
        case Text():
            members: Json = {"type": "refusal", "refusal": part.text} if part.refusal else text_part(part.text)
            restore(members, part.native, losses, path)
            write_cache(members, part.cache, part.native, losses, path, dialect)
            return members
        case Media():
            members = write_media(part, losses, path, dialect)
            write_cache(members, part.cache, part.native, losses, path, dialect)
            return members
        case Reasoning():
            return _write_thinking(part, losses, path)
        case Foreign():
            if part.format is not OWN or not isinstance(part.data, dict):
                raise losses.refuse(path, why.FOREIGN)
            return part.data
        case _:
            assert_never(part)


def text_part(text: str) -> Json:
    """A part of plain text."""
    return {"type": "text", "text": text}


def _write_thinking(part: Reasoning, losses: Losses, path: str) -> Json:
    if is_marked(part.native, _TYPED):
        members = block_of(part, part.opaque.data if part.opaque is not None else "")
    else:
        members = {"type": "thinking", "thinking": [text_part(part.text)]}
        if is_marked(part.native, CONTENT):
            pieces = getattr(part.native, "quiet", {}).get("thinking")
            if isinstance(pieces, list) and plain_words(pieces) == part.text:
                members["thinking"] = pieces
        else:
            members["closed"] = True  # Mistral: what is sent back is over
    restore(members, part.native, losses, path)
    return members


def write_cache(
    members: Json, hint: CacheHint | None, native: Native | None, losses: Losses, path: str, dialect: str
) -> None:
    """A cache hint: as it was written, or where the host takes Anthropic's form."""
    if hint is None:
        return
    if is_marked(native, BREAKPOINT):
        members[BREAKPOINT] = {"mode": "explicit"}
    elif is_own(native) or dialect in CACHE_HOSTS:
        members["cache_control"] = cache_control(hint)
    else:
        losses.add(f"{path}.cache_control", why.CACHE)


def as_content(parts: Sequence[Part], losses: Losses, path: str) -> list[ContentPart]:
    """The parts, all of which must be able to stand in a content.

    Raises:
        Untranslatable: one of them cannot.
    """
    kept: list[ContentPart] = []
    for part in parts:
        match part:
            case Text() | Media() | Foreign():
                kept.append(part)
            case Reasoning():
                if stands_in_content(part):
                    kept.append(part)
                else:
                    losses.add(path, why.REASONING)
            case ToolCall() | ToolResult():
                raise losses.refuse(path, why.PLACE)
            case _:
                assert_never(part)
    return kept


def write_content(parts: Sequence[ContentPart], losses: Losses, path: str, dialect: str) -> str | list[Json]:
    """The content of a message that is no assistant's: a string where one plain text is all of it.

    Raises:
        Untranslatable: a part that the format cannot express.
    """
    if len(parts) == 1 and is_plain(parts[0], dialect):
        only = parts[0]
        assert isinstance(only, Text)
        if only.cache is not None:
            losses.add(f"{path}.cache_control", why.CACHE)
        restore({}, only.native, losses, path)
        return only.text
    return write_parts(parts, losses, path, dialect)


def is_plain(part: ContentPart, dialect: str) -> bool:
    """A text that needs no part of its own: it did not come in one, and carries nothing that the host would take."""
    return isinstance(part, Text) and not is_own(part.native) and (part.cache is None or dialect not in CACHE_HOSTS)
