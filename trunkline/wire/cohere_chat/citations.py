"""Citations: a list beside the content, each with its stretch of one content block's text and its sources.

The representation's citation has one source: one with several becomes several, of which the first holds the original.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from trunkline.ir.parts import Citation, Foreign, Media, Reasoning, Text, ToolCall, ToolResult
from trunkline.wire.codec import Members
from trunkline.wire.cohere_chat.shapes import OWN, Spelled, is_object, spelled

OF_TEXT: Final = "TEXT_CONTENT"
"""The type of a citation in a text; those of `PLAN` and `THINKING_CONTENT` belong to reasoning, which has none here."""

AnyPart = Text | Reasoning | ToolCall | ToolResult | Media | Foreign


def read_citation(raw: object, at: int | None) -> list[Citation]:
    """The citations that one of Cohere's becomes; none where it is not one of a text.

    `at`: the place of that text among the content blocks.
    """
    if not is_object(raw) or raw.get("type") not in (OF_TEXT, None):
        return []
    start, end = _index(raw.get("start")), _index(raw.get("end"))
    sources = raw.get("sources")
    found = [
        _citation(source, start, end) for source in (sources if isinstance(sources, list) else ()) if is_object(source)
    ]
    if not found:
        found.append(Citation(start=start, end=end))
    found[0].native = Spelled(OWN, {}, {"citation": raw, "at": at})
    for other in found[1:]:
        other.native = Spelled(OWN, {}, {"repeats": True})
    return found


def place_citations(parts: Sequence[AnyPart], raw: list[object], blocks: int) -> tuple[list[AnyPart], list[object]]:
    """The parts with their citations, and, with their positions, the citations that belong to no text.

    The first `blocks` parts are the content.
    """
    placed, left = list(parts), list[object]()
    first = next((i for i in range(blocks) if isinstance(parts[i], Text)), None)
    for position, item in enumerate(raw):
        named = _index(item.get("content_index")) if is_object(item) else None
        at = named if named is not None and named < blocks else first
        found = read_citation(item, at)
        part = placed[at] if at is not None else None
        if found and at is not None and isinstance(part, Text):
            placed[at] = replace(part, citations=[*part.citations, *found])
        else:
            left.append((position, item))
    return placed, left


def put_left(written: list[object], left: object) -> list[object]:
    """The citations of texts, and those of none where they stood."""
    if isinstance(left, list):
        for position, item in left:
            written.insert(position, item)
    return written


def write_citation(citation: Citation, words: str, index: int) -> Members | None:
    """A citation for a peer; `None` where another one of the same original says it already.

    `words`: the text that it stands in. `index`: the place of that text among the content blocks.
    """
    if spelled(citation.native, "repeats"):
        return None
    raw = spelled(citation.native, "citation")
    if is_object(raw):
        moved = spelled(citation.native, "at") != index  # blocks before it may have been left out
        return {**raw, "content_index": index} if moved and "content_index" in raw else raw
    start = citation.start if citation.start is not None else 0
    end = citation.end if citation.end is not None else len(words)
    written: Members = {"start": start, "end": end, "text": words[start:end], "sources": _sources(citation)}
    written["type"] = OF_TEXT
    if index:
        written["content_index"] = index
    return written


def _citation(source: Members, start: int | None, end: int | None) -> Citation:
    document = source.get("document")
    fields = document if is_object(document) else source.get("tool_output")
    fields = fields if is_object(fields) else {}
    return Citation(
        url=_text(fields.get("url")),
        title=_text(fields.get("title")),
        cited=_text(fields.get("snippet")),
        start=start,
        end=end,
        source=_text(source.get("id")),
    )


def _sources(citation: Citation) -> list[object]:
    named = {"title": citation.title, "url": citation.url, "snippet": citation.cited}
    document: Members = {name: value for name, value in named.items() if value}
    own = citation.source or citation.url
    return [{"type": "document", "id": own, "document": {"id": own, **document}}]


def _index(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
