"""Annotations of a text: `url_citation`, `file_citation`, `container_file_citation`, `file_path`.

platform.openai.com/docs/api-reference/responses/object#responses/object-output
"""

from __future__ import annotations

from trunkline.ir.losses import Losses
from trunkline.ir.parts import Citation, Native
from trunkline.wire.openai_responses import losses as reasons
from trunkline.wire.openai_responses.shape import OWN, is_object, own, some_text


def read_citation(value: object) -> Citation:
    """An annotation; what it does not say in words of the representation travels in `native`, verbatim."""
    if not is_object(value):
        return Citation(native=Native(OWN, {"annotation": value}))
    return Citation(
        url=some_text(value.get("url")),
        title=some_text(value.get("title")) or some_text(value.get("filename")),
        start=_place(value.get("start_index")),
        end=_place(value.get("end_index")),
        source=some_text(value.get("file_id")),
        native=Native(OWN, {"annotation": value}),
    )


def own_annotation(citation: Citation) -> list[object]:
    """The annotation as this format wrote it; nothing where it came from another."""
    native = own(citation.native)
    return [] if native is None else [native.members.get("annotation")]


def client_annotation(citation: Citation, size: int, losses: Losses, path: str) -> list[object]:
    """The annotation for a client; nothing where the format has no place for it. `size`: characters of the text."""
    return own_annotation(citation) or _write_citation(citation, size, losses, path)


def _write_citation(citation: Citation, size: int, losses: Losses, path: str) -> list[object]:
    start = citation.start or 0
    if citation.cited:
        losses.add(f"{path}.cited", reasons.NO_CITED_WORDS)
    if citation.url:
        end = citation.end if citation.end is not None else size
        where = {"start_index": start, "end_index": end}
        return [{"type": "url_citation", **where, "title": citation.title, "url": citation.url}]
    if citation.source:
        index = citation.end if citation.end is not None else start
        name = citation.title or citation.source
        return [{"type": "file_citation", "file_id": citation.source, "filename": name, "index": index}]
    losses.add(path, reasons.NO_PLACE)
    return []


def _place(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
