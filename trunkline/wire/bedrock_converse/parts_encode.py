"""From parts to Converse's content blocks: for Bedrock, and for a client."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Protocol, assert_never

from trunkline.ir.losses import Losses, Untranslatable
from trunkline.ir.parts import (
    CacheHint,
    Citation,
    Foreign,
    Media,
    Opaque,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.ir.tool_ids import BEDROCK, map_id
from trunkline.wire.bedrock_converse import losses as words
from trunkline.wire.bedrock_converse.families import caches
from trunkline.wire.bedrock_converse.media import Names, encode_media
from trunkline.wire.bedrock_converse.opaque import (
    OWN_KINDS,
    REDACTED,
    SIGNATURE,
    carried_for,
    redacted_for,
    signature_for,
)
from trunkline.wire.bedrock_converse.parts_decode import parse_input
from trunkline.wire.bedrock_converse.shape import Members, json_text, without
from trunkline.wire.bedrock_converse.spelling import OWN, is_own, own_members, report, spelling
from trunkline.wire.codec import Reply

Blocks = list[Members]

PLACEHOLDER: Final = "."
"""The shortest text that Bedrock takes where it wants one."""


_TOOL_ID: Final = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")
"""What the service model takes; older models take no `.` and `:` (`tool_ids.BEDROCK`). A client of this format may
have got an id from another provider, so its ids are looked at too."""


class Side(Protocol):
    """What differs between writing for Bedrock and writing for a client."""

    losses: Losses
    keeps_blank: bool
    """Blank text may stay."""

    def tool_id(self, own: str) -> str:
        """The id of a call."""

    def cache_point(self, hint: CacheHint, path: str) -> Blocks:
        """The block behind a part that has a hint."""

    def citations(self, found: list[Citation], path: str) -> list[Members]:
        """A text's sources."""

    def reasoning(self, part: Reasoning, path: str) -> Blocks:
        """A thought."""

    def state(self, opaque: Opaque, path: str) -> Blocks:
        """What is to follow a part that has opaque state and no place for it."""

    def media(self, part: Media, path: str) -> Blocks:
        """A file."""

    def foreign(self, part: Foreign, path: str) -> Blocks:
        """What only one format has."""


def encode_part(part: Part, path: str, side: Side) -> Blocks:
    """The blocks of one part, with what must follow it."""
    match part:
        case Text():
            blocks = [_text(part, path, side)]
        case Reasoning():
            return side.reasoning(part, path)
        case ToolCall():
            blocks = [_tool_use(part, path, side)]
        case ToolResult():
            blocks = [_tool_result(part, path, side)]
            hint = next((item.cache for item in part.content if item.cache is not None), None)
            if part.cache is None and hint is not None:
                blocks += side.cache_point(hint, path)
        case Media():
            blocks = side.media(part, path)
        case Foreign():
            blocks = side.foreign(part, path)
        case _:
            assert_never(part)
    if not isinstance(part, Foreign) and part.opaque is not None:
        blocks += side.state(part.opaque, path)
    if part.cache is not None:
        blocks += side.cache_point(part.cache, path)
    return blocks


def _text(part: Text, path: str, side: Side) -> Members:
    members, mark = own_members(part.native), spelling(part.native)
    report(part.native, side.losses, path)
    guard = members.get("guardContent")
    if isinstance(guard, dict):
        return {"guardContent": {"text": {"text": part.text, **guard}}}
    citations = side.citations(part.citations, path) if part.citations else []
    if not citations and "citations" not in mark:
        return _plain(part.text, members, mark)
    inner: Members = dict(members)
    if "content" in mark:
        inner["content"] = mark["content"]
    elif part.text:
        inner["content"] = [{"text": part.text}]
    if citations:
        inner["citations"] = citations
    elif mark.get("citations") is not None:
        inner["citations"] = mark["citations"]
    return {"citationsContent": inner}


def _plain(text: str, members: Mapping[str, object], mark: Mapping[str, object]) -> Members:
    block: Members = {"type": mark["type"]} if "type" in mark else {}
    return {**block, "text": text, **members}


def citation_members(citation: Citation) -> Members:
    """A citation for a client, from any format's."""
    own = own_members(citation.native)
    if own:
        return dict(own)
    found: Members = {}
    if citation.title:
        found["title"] = citation.title
    if citation.source or citation.url:
        found["source"] = citation.source or citation.url
    if citation.cited:
        found["sourceContent"] = [{"text": citation.cited}]
    if citation.url:
        found["location"] = {"web": {"url": citation.url}}
    return found


def call_input(part: ToolCall, path: str, losses: Losses) -> object:
    """The JSON of a call's arguments."""
    if part.custom:
        losses.add(f"{path}.input", words.CALL_CUSTOM)
        return {"input": part.arguments}
    try:
        return parse_input(part.arguments)
    except ValueError:
        losses.add(f"{path}.input", words.ARGUMENTS)
        return {"arguments": part.arguments}


def _tool_use(part: ToolCall, path: str, side: Side) -> Members:
    report(part.native, side.losses, path)
    return {
        "toolUse": {
            "toolUseId": side.tool_id(part.id),
            "name": part.name,
            "input": call_input(part, path, side.losses),
            **spelling(part.native),
            **own_members(part.native),
        }
    }


def _tool_result(part: ToolResult, path: str, side: Side) -> Members:
    report(part.native, side.losses, path)
    content: Blocks = []
    for at, item in enumerate(part.content):
        content += _result_item(item, f"{path}.content[{at}]", side)
    inner: Members = {"toolUseId": side.tool_id(part.call_id), "content": content}
    if part.is_error:
        inner["status"] = "error"
    elif "status" in spelling(part.native):
        inner["status"] = "success"
    inner.update(own_members(part.native))
    return {"toolResult": inner}


def _result_item(item: Text | Media | Foreign, path: str, side: Side) -> Blocks:
    match item:
        case Text():
            mark = spelling(item.native)
            if "json" in mark and json_text(mark["json"]) == item.text:
                return [{"json": mark["json"]}]
            report(item.native, side.losses, path)
            if not side.keeps_blank and not item.text.strip():
                side.losses.add(path, words.BLANK)
                return []
            return [_plain(item.text, own_members(item.native), mark)]
        case Media():
            return side.media(item, path)
        case Foreign():
            return side.foreign(item, path)
        case _:
            assert_never(item)


class ForBedrock:
    """A request. `own`: the client spoke this format too, so what it wrote stays as it is."""

    __slots__ = ("keeps_blank", "losses", "model", "names", "own")

    def __init__(self, losses: Losses, model: str, *, own: bool) -> None:
        self.losses = losses
        self.model = model
        self.own = self.keeps_blank = own
        self.names = Names()

    def tool_id(self, own: str) -> str:
        if self.own and _TOOL_ID.fullmatch(own):
            return own
        return map_id(own, BEDROCK)

    def cache_point(self, hint: CacheHint, path: str) -> Blocks:
        if not self.own and not caches(self.model):
            self.losses.add(f"{path}.cache", words.CACHE)
            return []
        return [cache_block(hint, own=self.own)]

    def citations(self, found: list[Citation], path: str) -> list[Members]:
        kept = found if self.own else [citation for citation in found if is_own(citation.native)]
        if len(kept) < len(found):
            self.losses.add(f"{path}.citations", words.CITATIONS)
        return [citation_members(citation) for citation in kept]

    def reasoning(self, part: Reasoning, path: str) -> Blocks:
        opaque = part.opaque
        foreign = opaque is not None and opaque.kind not in OWN_KINDS
        unsigned = opaque is None and (not self.own or "signature" in spelling(part.native))
        if foreign or unsigned:
            self.losses.add(path, words.REASONING)
            return []
        report(part.native, self.losses, path)
        if opaque is not None and opaque.kind == REDACTED:
            return [{"reasoningContent": {"redactedContent": opaque.data}}]
        whole: Members = {"text": part.text}
        if opaque is not None:
            whole["signature"] = opaque.data
        return [{"reasoningContent": {"reasoningText": {**whole, **own_members(part.native)}}}]

    def state(self, opaque: Opaque, path: str) -> Blocks:
        del opaque
        self.losses.add(f"{path}.opaque", words.OPAQUE)
        return []

    def media(self, part: Media, path: str) -> Blocks:
        return [_guarded(part, encode_media(part, path, self.losses, None if self.own else self.names))]

    def foreign(self, part: Foreign, path: str) -> Blocks:
        if part.format is not OWN or not isinstance(part.data, dict):
            raise self.losses.refuse(f"{path}.{part.kind}", words.FOREIGN)
        return [part.data]


class ForClient:
    """An answer. What cannot be said is left out and reported: the answer is there and paid for."""

    __slots__ = ("keeps_blank", "losses", "reply")

    def __init__(self, losses: Losses, reply: Reply) -> None:
        self.losses = losses
        self.reply = reply
        self.keeps_blank = True

    def tool_id(self, own: str) -> str:
        return own

    def cache_point(self, hint: CacheHint, path: str) -> Blocks:
        del path
        return [cache_block(hint, own=True)]

    def citations(self, found: list[Citation], path: str) -> list[Members]:
        if any(citation.start is not None or citation.end is not None for citation in found):
            self.losses.add(f"{path}.citations", words.CITED_WHERE)
        return [citation_members(citation) for citation in found]

    def reasoning(self, part: Reasoning, path: str) -> Blocks:
        report(part.native, self.losses, path)
        opaque = part.opaque
        if opaque is not None and is_hidden(part):
            return [{"reasoningContent": {"redactedContent": redacted_for(opaque, self.reply)}}]
        whole: Members = {"text": part.text}
        if opaque is not None:
            whole["signature"] = signature_for(opaque, self.reply)
        return [{"reasoningContent": {"reasoningText": {**whole, **own_members(part.native)}}}]

    def state(self, opaque: Opaque, path: str) -> Blocks:
        del path
        return [{"reasoningContent": {"redactedContent": carried_for(opaque, self.reply)}}]

    def media(self, part: Media, path: str) -> Blocks:
        try:
            return [_guarded(part, encode_media(part, path, self.losses, None))]
        except Untranslatable as error:
            self.losses.add(error.path, error.reason)
            return []

    def foreign(self, part: Foreign, path: str) -> Blocks:
        if part.format is OWN and isinstance(part.data, dict):
            return [part.data]
        self.losses.add(f"{path}.{part.kind}", words.FOREIGN)
        return []


def is_hidden(part: Reasoning) -> bool:
    """The thought has no text for clients, so that its state stands alone in `redactedContent`."""
    assert part.opaque is not None
    return part.opaque.kind == REDACTED or (not part.text and part.opaque.kind != SIGNATURE)


def cache_block(hint: CacheHint, *, own: bool) -> Members:
    """A cache point. Five minutes is what Bedrock does unasked, and older models know no `ttl`."""
    point: Members = {"type": "default"}
    if hint.ttl and (own or hint.ttl != "5m"):
        point["ttl"] = hint.ttl
    return {"cachePoint": point}


def _guarded(part: Media, block: Members) -> Members:
    guard = own_members(part.native).get("guardContent")
    if guard is None:
        return block
    inner = block[part.kind.value]
    assert isinstance(inner, dict)
    return {"guardContent": {"image": without(inner, "guardContent")}}
