"""Citations: OpenAI's `annotations` of type `url_citation`, with places counted in characters of the content."""

from __future__ import annotations

from collections.abc import Sequence

from trunkline.ir.losses import Losses
from trunkline.ir.parts import Citation, Native, Part, Text
from trunkline.wire.openai_chat import losses as why
from trunkline.wire.openai_chat.spelling import OWN, Json, is_own


def read_annotation(value: object) -> Citation | None:
    """One annotation as a citation; `None` where it is of another type (OpenRouter's parsed files)."""
    if not isinstance(value, dict) or value.get("type") != "url_citation":
        return None
    inner = value.get("url_citation")
    if not isinstance(inner, dict) or not isinstance(inner.get("url"), str):
        return None
    title, cited = inner.get("title"), inner.get("content")
    return Citation(
        url=inner["url"],
        title=title if isinstance(title, str) else "",
        cited=cited if isinstance(cited, str) else "",
        start=_place(inner.get("start_index")),
        end=_place(inner.get("end_index")),
        native=Native(OWN, value),
    )


def _place(value: object) -> int | None:
    return value if type(value) is int and value >= 0 else None


def read_annotations(value: object, parts: Sequence[Part]) -> bool:
    """Hang a message's annotations on its texts; tells whether that was all of them."""
    texts = [part for part in parts if isinstance(part, Text) and not part.refusal]
    if not isinstance(value, list) or not texts:
        return False
    whole = True
    for entry in value:
        citation = read_annotation(entry)
        if citation is None:
            whole = False
            continue
        text, before = _text_at(texts, citation.start or 0)
        if before and citation.start is not None:
            citation.start -= before
        if before and citation.end is not None:
            citation.end -= before
        text.citations.append(citation)
    return whole


def _text_at(texts: Sequence[Text], start: int) -> tuple[Text, int]:
    """The text that holds a place of the content, and how much of the content stands before it."""
    before = 0
    for text in texts[:-1]:
        if start < before + len(text.text):
            return text, before
        before += len(text.text)
    return texts[-1], before


def write_annotation(citation: Citation, before: int, length: int, losses: Losses, path: str) -> Json | None:
    """An annotation; `None` where the citation has no URL.

    `before`: characters of the content ahead of the text, `length` its own.
    """
    if is_own(citation.native):
        return citation.native.members
    if not citation.url:
        losses.add(path, why.CITATION)
        return None
    inner: Json = {
        "url": citation.url,
        "title": citation.title,
        "start_index": before + (citation.start or 0),
        "end_index": before + (length if citation.end is None else citation.end),
    }
    if citation.cited:
        inner["content"] = citation.cited
    return {"type": "url_citation", "url_citation": inner}
