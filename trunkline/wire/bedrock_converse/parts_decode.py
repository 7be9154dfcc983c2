"""From Converse's content blocks to parts."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from trunkline.ir.losses import BadShape
from trunkline.ir.parts import CacheHint, Citation, Foreign, Media, Opaque, Part, Reasoning, Text, ToolCall, ToolResult
from trunkline.wire.bedrock_converse.media import MEDIA_KEYS, decode_media
from trunkline.wire.bedrock_converse.opaque import REDACTED, SIGNATURE, Opened, open_redacted, open_signature
from trunkline.wire.bedrock_converse.shape import (
    Members,
    a_list,
    a_text,
    an_object,
    json_text,
    optional_text,
    parsed,
    unknown,
    without,
)
from trunkline.wire.bedrock_converse.spelling import OWN, kept, own_members, spelling

_KEYS: Final = frozenset(
    {"text", "toolUse", "toolResult", "reasoningContent", "citationsContent", "guardContent", "cachePoint"} | MEDIA_KEYS
)


class Carried:
    """State that belongs to the part before (`opaque.py`)."""

    __slots__ = ("opened",)

    def __init__(self, opened: Opened) -> None:
        self.opened = opened


def decode_blocks(blocks: list[object], path: str, *, assistant: bool, sealed: bool) -> list[Part]:
    """The parts of one message. A cache point becomes a hint on the part before it.

    `sealed`: a client wrote it, so state may be in our envelopes. What a provider says is its own, whatever it is.

    Raises:
        BadShape: a block that does not have the format's shape.
    """
    parts: list[Part] = []
    for at, value in enumerate(blocks):
        here = f"{path}[{at}]"
        block = an_object(value, here)
        hint = _cache_hint(block)
        if hint is not None and parts and _can_hold(parts[-1]):
            parts[-1] = _with_hint(parts[-1], hint)
            continue
        found = _block(block, here, assistant=assistant, sealed=sealed)
        if isinstance(found, Carried):
            opaque = found.opened.opaque
            if opaque is not None and parts and not isinstance(parts[-1], Foreign):
                parts[-1] = replace(parts[-1], opaque=opaque)
        elif found is not None:
            parts.append(found)
    return parts


def _cache_hint(block: Members) -> CacheHint | None:
    """The hint of a block that is a cache point and nothing else that we do not know."""
    match block:
        case {"cachePoint": {"type": "default", **more}} if len(block) == 1:
            if not more:
                return CacheHint()
            ttl = more.get("ttl")
            return CacheHint(ttl) if len(more) == 1 and isinstance(ttl, str) and ttl else None
        case _:
            return None


def read_hint(block: Members) -> CacheHint | None:
    """The same for `system` and `tools`."""
    return _cache_hint(block)


def _can_hold(part: Part) -> bool:
    return not isinstance(part, Reasoning) and part.cache is None and not _is_cache_point(part)


def _is_cache_point(part: Part) -> bool:
    return isinstance(part, Foreign) and part.kind == "cachePoint"


def _with_hint(part: Part, hint: CacheHint) -> Part:
    assert not isinstance(part, Reasoning)
    return replace(part, cache=hint)


def foreign(block: Members) -> Foreign:
    """A block that has no place in the representation."""
    return Foreign(format=OWN, kind=next(iter(block), ""), data=block)


def _block(block: Members, path: str, *, assistant: bool, sealed: bool) -> Part | Carried | None:
    """The part of one block; `None`: it held state that is damaged."""
    key = next((name for name, value in block.items() if value is not None and name in _KEYS), None)
    key = key or next((name for name in block if name in _KEYS), None)
    if key is None:
        if not block:
            raise BadShape(path, "is an empty block: it must have one of `text`, `image`, `toolUse`, ...")
        return foreign(block)
    if key == "text":
        return text_part(block, path)
    if len(block) > 1:
        return foreign(block)
    inner, here = block[key], f"{path}.{key}"
    match key:
        case "toolUse":
            return _tool_use(block, an_object(inner, here), here)
        case "toolResult":
            return foreign(block) if assistant else _tool_result(an_object(inner, here), here)
        case "reasoningContent":
            return _reasoning(block, an_object(inner, here), here, sealed=sealed)
        case "citationsContent":
            return _cited(an_object(inner, here), here)
        case "guardContent":
            return _guarded(block, an_object(inner, here), here)
        case "cachePoint":
            return foreign(block)
        case _:
            return decode_media(key, inner, here) or foreign(block)


def text_part(block: Members, path: str) -> Text:
    """The part of a text block."""
    text = a_text(block["text"], f"{path}.text")
    if len(block) == 1:
        return Text(text=text)
    if block.get("type") == "text":
        return Text(text=text, native=kept(without(block, "text", "type"), {"type": "text"}))
    return Text(text=text, native=kept(without(block, "text")))


def _tool_use(block: Members, inner: Members, path: str) -> Part:
    kind = inner.get("type")
    if kind not in (None, "tool_use"):
        return foreign(block)
    return ToolCall(
        id=a_text(inner.get("toolUseId"), f"{path}.toolUseId"),
        name=a_text(inner.get("name"), f"{path}.name"),
        arguments=json_text(inner.get("input", {})),
        native=kept(unknown(inner, "toolUseId", "name", "input", "type"), {"type": kind} if kind else None),
    )


def _tool_result(inner: Members, path: str) -> ToolResult:
    items = a_list(inner.get("content"), f"{path}.content")
    content: list[Text | Media | Foreign] = []
    for at, value in enumerate(items):
        here = f"{path}.content[{at}]"
        content.append(_result_item(an_object(value, here), here))
    status = optional_text(inner, "status", path)
    if status not in (None, "error", "success"):
        raise BadShape(f"{path}.status", "must be `success` or `error`")
    return ToolResult(
        call_id=a_text(inner.get("toolUseId"), f"{path}.toolUseId"),
        content=content,
        is_error=status == "error",
        native=kept(
            unknown(inner, "toolUseId", "content", "status"), {"status": status} if status == "success" else None
        ),
    )


def _result_item(block: Members, path: str) -> Text | Media | Foreign:
    if "text" in block:
        return text_part(block, path)
    if len(block) == 1:
        key, inner = next(iter(block.items()))
        if key == "json":
            return Text(text=json_text(inner), native=kept({}, {"json": inner}))
        if key in MEDIA_KEYS:
            return decode_media(key, inner, f"{path}.{key}") or foreign(block)
    return foreign(block)


def _reasoning(block: Members, inner: Members, path: str, *, sealed: bool) -> Part | Carried | None:
    if inner.keys() == {"redactedContent"}:
        data = a_text(inner["redactedContent"], f"{path}.redactedContent")
        if not data:
            return foreign(block)
        opened = open_redacted(data) if sealed else Opened(Opaque(REDACTED, data))
        if opened.carried:
            return Carried(opened)
        return Reasoning(opaque=opened.opaque) if opened.opaque is not None else None
    if inner.keys() != {"reasoningText"}:
        return foreign(block)
    here = f"{path}.reasoningText"
    whole = an_object(inner["reasoningText"], here)
    text = a_text(whole.get("text"), f"{here}.text")
    signature = optional_text(whole, "signature", here)
    more = kept(unknown(whole, "text", "signature"), {"signature": ""} if signature == "" else None)
    if not signature:
        return Reasoning(text=text, native=more)
    opened = open_signature(signature) if sealed else Opened(Opaque(SIGNATURE, signature))
    return Reasoning(text=text, opaque=opened.opaque, native=more) if opened.opaque is not None else None


def _guarded(block: Members, inner: Members, path: str) -> Part:
    """Content that the guardrail is to look at: the content is everybody's, the mark is Bedrock's own."""
    if len(inner) != 1:
        return foreign(block)
    if "text" in inner:
        whole = an_object(inner["text"], f"{path}.text")
        text = a_text(whole.get("text"), f"{path}.text.text")
        return Text(text=text, native=kept({"guardContent": without(whole, "text")}))
    if "image" in inner:
        image = decode_media("image", inner["image"], f"{path}.image")
        if image is not None:
            return replace(
                image, native=kept({**own_members(image.native), "guardContent": {}}, dict(spelling(image.native)))
            )
    return foreign(block)


def _cited(inner: Members, path: str) -> Text:
    """Text with its sources. Bedrock says no content at all where a citation stands between two texts."""
    pieces, mark = inner.get("content"), Members()
    text = ""
    if pieces is not None:
        found = [
            an_object(piece, f"{path}.content[{at}]") for at, piece in enumerate(a_list(pieces, f"{path}.content"))
        ]
        text = "".join(a_text(piece.get("text"), f"{path}.content") for piece in found)
        if pieces != [{"text": text}] or not text:
            mark["content"] = pieces
    written = a_list(inner.get("citations", []), f"{path}.citations")
    citations = [
        read_citation(an_object(value, f"{path}.citations[{at}]"), f"{path}.citations[{at}]")
        for at, value in enumerate(written)
    ]
    if not citations:
        mark["citations"] = inner.get("citations")
    return Text(text=text, citations=citations, native=kept(unknown(inner, "content", "citations"), mark))


def read_citation(whole: Members, path: str) -> Citation:
    """One citation. Its positions are the source's, so they stay in `native`."""
    source = optional_text(whole, "source", path) or ""
    url = source if source.startswith(("https://", "http://")) else ""
    match whole.get("location"):
        case {"web": {"url": str() as found}}:
            url = url or found
        case _:
            pass
    pieces = whole.get("sourceContent")
    cited = [p["text"] for p in pieces if isinstance(p, dict) and isinstance(p.get("text"), str)] if isinstance(
        pieces, list
    ) else []  # fmt: skip
    return Citation(
        url=url,
        title=optional_text(whole, "title", path) or "",
        cited="".join(cited),
        source="" if url == source else source,
        native=kept(whole),
    )


def parse_input(text: str) -> object:
    """The JSON of a call's arguments.

    Raises:
        ValueError: they are none.
    """
    return parsed(text) if text.strip() else {}
