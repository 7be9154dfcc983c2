"""Content blocks as parts. Blocks that only this format has become `Foreign`, whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from trunkline.ir.envelope import is_envelope, open_envelope
from trunkline.ir.losses import BadShape
from trunkline.ir.parts import Citation, Foreign, Media, Native, Opaque, Part, Reasoning, Text, ToolCall, ToolResult
from trunkline.wire.anthropic_messages.media import read_media
from trunkline.wire.anthropic_messages.shape import (
    BROKEN_JSON,
    OWN,
    a_list,
    a_string,
    an_object,
    cache_hint,
    kept,
    maybe_flag,
    maybe_string,
    under,
)
from trunkline.wire.codec import Members

SIGNATURE: Final = "anthropic.signature"
REDACTED: Final = "anthropic.redacted"
REDACTED_KINDS: Final = frozenset({REDACTED, "bedrock.redacted"})
"""Opaque state that is a thinking block of its own; any other in `redacted_thinking` belongs to the part before."""
UNSIGNED: Final = "unsigned"
"""Kind of the envelope on thinking that has no state: clients want a signature, and an empty one is never written."""

_TEXT: Final = frozenset({"type", "text", "citations", "cache_control"})
_THINKING: Final = frozenset({"type", "thinking", "signature"})
_REDACTED: Final = frozenset({"type", "data"})
_CALL: Final = frozenset({"type", "id", "name", "input", "cache_control"})
_RESULT: Final = frozenset({"type", "tool_use_id", "content", "is_error", "cache_control"})

_to_json: Final = msgspec.json.Encoder().encode


def read_blocks(blocks: list[object], path: str, *, from_client: bool) -> list[Part]:
    """The parts of a message. `from_client`: opaque state may be in an envelope.

    Raises:
        BadShape: a block has no type, or not what its type needs.
    """
    parts: list[Part] = []
    for place, value in enumerate(blocks):
        if isinstance(value, dict) and len(value) == 2 and value.get("type") == "text":
            text = value.get("text")
            if isinstance(text, str):
                parts.append(Text(text=text, citations=[]))
                continue
        at = f"{path}[{place}]"
        block = an_object(value, at)
        part = read_block(block, at)
        if from_client and isinstance(part, Reasoning) and part.opaque is not None and is_envelope(part.opaque.data):
            opened = _opened(part, parts)
            if opened is not None:
                parts.append(opened)
            continue
        parts.append(part)
    return parts


def _opened(part: Reasoning, before: list[Part]) -> Reasoning | None:
    """Thinking whose state came in an envelope; `None` where it was the carrier of another part's, or is damaged."""
    assert part.opaque is not None
    carrier = part.opaque.kind == REDACTED
    part.opaque = open_envelope(part.opaque.data)
    if part.opaque is not None and part.opaque.kind == UNSIGNED:
        part.opaque = None
    if not carrier:
        return part
    if part.opaque is None:
        return None
    if part.opaque.kind not in REDACTED_KINDS and before:
        owner = before[-1]
        if isinstance(owner, Text | ToolCall | Media) and owner.opaque is None:
            owner.opaque = part.opaque
            return None
    return part


def read_block(block: Members, path: str) -> Part:
    """One block, its opaque state as it stands there.

    Raises:
        BadShape: it has no type, or not what its type needs.
    """
    kind = block.get("type")
    if not isinstance(kind, str):
        raise BadShape(under(path, "type"), "every content block needs its type, a string")
    reader = _READERS.get(kind)
    if reader is not None:
        return reader(block, path)
    return Foreign(format=OWN, kind=kind, data=block, cache=cache_hint(block, path))


def _text(block: Members, path: str) -> Text:
    part = Text(text=a_string(block, "text", path))
    if len(block) == 2:
        return part
    citations = block.get("citations")
    if citations is not None:
        at = under(path, "citations")
        part.citations = [read_citation(an_object(one, at)) for one in a_list(citations, path, "citations")]
    part.cache = cache_hint(block, path)
    part.native = kept(block, _TEXT, silent={"citations": []} if citations == [] else None)
    return part


def read_citation(value: Members) -> Citation:
    """A citation. `start` and `end` stay empty: Anthropic's count in the document, and the whole text is the stretch.

    One with an empty `encrypted_index` was written by us for another provider's, so it is no native one.
    """
    title = value.get("title") or value.get("document_title")
    url, source, index = value.get("url"), value.get("source"), value.get("document_index")
    cited, file_id = value.get("cited_text"), value.get("file_id")
    if not isinstance(url, str) and isinstance(source, str) and source.startswith(("https://", "http://")):
        url, source = source, None
    if not isinstance(source, str):
        source = file_id if isinstance(file_id, str) else str(index) if isinstance(index, int) else ""
    return Citation(
        url=url if isinstance(url, str) else "",
        title=title if isinstance(title, str) else "",
        cited=cited if isinstance(cited, str) else "",
        source=source,
        native=None if value.get("encrypted_index") == "" else Native(OWN, value),
    )


def _thinking(block: Members, path: str) -> Reasoning:
    signature = maybe_string(block, "signature", path)
    return Reasoning(
        text=a_string(block, "thinking", path),
        opaque=Opaque(SIGNATURE, signature) if signature else None,
        native=kept(block, _THINKING, silent={"signature": ""} if block.get("signature") == "" else None),
    )


def _redacted(block: Members, path: str) -> Reasoning:
    data = maybe_string(block, "data", path)
    return Reasoning(opaque=Opaque(REDACTED, data) if data else None, native=kept(block, _REDACTED))


def _call(block: Members, path: str) -> ToolCall:
    value = block.get("input")
    arguments = "{}" if value is None or value in ({}, "") else as_json(an_object(value, path, "input"), path)
    native = kept(block, _CALL) if len(block) != 4 or value is None else None
    return ToolCall(
        id=_filled(block, "id", path),
        name=_filled(block, "name", path),
        arguments=arguments,
        cache=cache_hint(block, path),
        native=native,
    )


def as_json(value: object, path: str) -> str:
    """The JSON text of a call's input.

    Raises:
        BadShape: it holds what JSON text cannot.
    """
    try:
        return _to_json(value).decode()
    except BROKEN_JSON:
        raise BadShape(under(path, "input"), "cannot be written as JSON") from None


def _filled(block: Members, name: str, path: str) -> str:
    value = a_string(block, name, path)
    if not value:
        raise BadShape(under(path, name), "must not be empty")
    return value


def _result(block: Members, path: str) -> ToolResult:
    value = block.get("content")
    silent: Members = {}
    content: list[Text | Media | Foreign] = []
    if isinstance(value, str):
        content.append(Text(text=value))
    elif value is not None:
        at = under(path, "content")
        for place, inner in enumerate(a_list(value, path, "content")):
            part = read_block(an_object(inner, f"{at}[{place}]"), f"{at}[{place}]")
            if isinstance(part, Text | Media | Foreign):
                content.append(part)
            else:
                raise BadShape(f"{at}[{place}].type", "may not stand in a tool result")
        if not content:
            silent["content"] = []
    is_error = maybe_flag(block, "is_error", path)
    if is_error is False:
        silent["is_error"] = False
    return ToolResult(
        call_id=_filled(block, "tool_use_id", path),
        content=content,
        is_error=bool(is_error),
        cache=cache_hint(block, path),
        native=kept(block, _RESULT, silent=silent, as_text=isinstance(value, str)),
    )


_READERS: Final[Mapping[str, Callable[[Members, str], Part]]] = {
    "text": _text,
    "thinking": _thinking,
    "redacted_thinking": _redacted,
    "tool_use": _call,
    "tool_result": _result,
    "image": read_media,
    "document": read_media,
}
