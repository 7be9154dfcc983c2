"""`groundingMetadata` and `citationMetadata`, and the citations of the representation.

Segments are counted in bytes of UTF-8 (ai.google.dev/api/generate-content#Segment), citations here in characters.
A segment names its part by `partIndex`, which the API mostly leaves out: recorded segments count from the start of
the answer's words, so the words of all text parts are read as one, and `segment.text` is the proof.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Final

from trunkline.ir.losses import Losses
from trunkline.ir.parts import Citation
from trunkline.wire.codec import Members
from trunkline.wire.gemini.form import is_list, is_object
from trunkline.wire.gemini.losses import CITATION_SOURCE

GROUNDING: Final = "groundingMetadata"
CITED: Final = "citationMetadata"
_LISTS: Final = ("citationSources", "citations")
"""AI Studio's name for the list, and Vertex AI's."""

_MOST: Final = 2000
"""Citations of one answer; more are noise, or an attack."""


def searches_of(metadata: object) -> tuple[int, bool]:
    """Web searches that were run, and whether a search or maps brought tokens into the prompt.

    A URL that the model read (`urlContextMetadata`) gives chunks too, but no queries, and its tokens are billed.
    """
    if not is_object(metadata):
        return 0, False
    queries = metadata.get("webSearchQueries")
    count = sum(1 for query in queries if query) if is_list(queries) else 0
    chunks = metadata.get("groundingChunks")
    maps = is_list(chunks) and any(is_object(chunk) and "maps" in chunk for chunk in chunks)
    return count, count > 0 or maps


def citations_of(members: Members, texts: Sequence[str]) -> list[tuple[int, Citation]]:
    """The citations of a candidate, each with the number of the text that it belongs to."""
    if not texts or (GROUNDING not in members and CITED not in members):
        return []
    whole = _Whole(texts)
    found = chain(_grounded(members.get(GROUNDING), whole), _cited(members.get(CITED), whole))
    return list(islice(found, _MOST))


class _Whole:
    """The texts of a candidate as one, to find a stretch of bytes in."""

    __slots__ = ("_data", "_starts", "_texts")

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        pieces = [text.encode("utf-8", "surrogatepass") for text in texts]
        self._data = b"".join(pieces)
        self._starts = [0]
        for piece in pieces:
            self._starts.append(self._starts[-1] + len(piece))

    @property
    def last(self) -> int:
        """The last text that says anything."""
        return next((n for n in range(len(self._texts) - 1, -1, -1) if self._texts[n]), 0)

    def find(self, start: int, end: int, said: str) -> tuple[int, int | None, int | None]:
        """Text, first and last character of a stretch; without proof of its place, the whole of the last text."""
        if said:
            proof = said.encode("utf-8", "surrogatepass")
            if self._data[start:end] != proof:
                start = self._data.find(proof)
                end = start + len(proof)
        if not 0 <= start < end <= len(self._data):
            return self.last, None, None
        number = next(n for n in range(len(self._texts)) if start < self._starts[n + 1])
        first = self._characters(self._starts[number], start)
        return number, first, first + self._characters(start, min(end, self._starts[number + 1]))

    def _characters(self, start: int, end: int) -> int:
        return len(self._data[start:end].decode("utf-8", "replace"))


def _grounded(metadata: object, whole: _Whole) -> Iterator[tuple[int, Citation]]:
    if not is_object(metadata) or not is_list(chunks := metadata.get("groundingChunks")):
        return
    supports = metadata.get("groundingSupports")
    if not is_list(supports) or not supports:
        for chunk in chunks:  # file search names its sources without saying where (recorded)
            if (source := _source(chunk)) is not None:
                yield whole.last, source
        return
    for support in supports:
        if not is_object(support):
            continue
        segment = support.get("segment")
        if not is_object(segment):
            segment = {}
        said = segment.get("text")
        number, first, last = whole.find(
            _index(segment, "startIndex"), _index(segment, "endIndex"), said if isinstance(said, str) else ""
        )
        indexes = support.get("groundingChunkIndices")
        for index in indexes if is_list(indexes) else ():
            if isinstance(index, int) and 0 <= index < len(chunks) and (source := _source(chunks[index])) is not None:
                source.start, source.end = first, last
                yield number, source


def _cited(metadata: object, whole: _Whole) -> Iterator[tuple[int, Citation]]:
    if not is_object(metadata):
        return
    for name in _LISTS:
        sources = metadata.get(name)
        for source in sources if is_list(sources) else ():
            if is_object(source) and (uri := _word(source, "uri")):
                number, first, last = whole.find(_index(source, "startIndex"), _index(source, "endIndex"), "")
                yield number, Citation(url=uri, title=_word(source, "title"), start=first, end=last)


def _index(members: Members, name: str) -> int:
    value = members.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _word(members: Members, name: str) -> str:
    value = members.get(name)
    return value if isinstance(value, str) else ""


def _source(chunk: object) -> Citation | None:
    if not is_object(chunk):
        return None
    for kind in ("web", "maps", "retrievedContext", "image"):
        if is_object(inner := chunk.get(kind)):
            uri = _word(inner, "uri") or _word(inner, "sourceUri")
            source = uri or _word(inner, "documentName") or _word(inner, "fileSearchStore")
            link = source.startswith(("https://", "http://"))
            return Citation(
                url=source if link else "",
                title=_word(inner, "title"),
                cited=_word(inner, "text"),
                source="" if link else source,
            )
    return None


def encode_citations(texts: Sequence[tuple[int, str, Sequence[Citation]]], losses: Losses) -> Members | None:
    """`groundingMetadata` of citations that other formats made: number of the part, its text, its citations."""
    chunks: list[object] = []
    places: dict[tuple[str, str, str], int] = {}
    supports: list[object] = []
    for number, text, citations in texts:
        for citation in citations:
            if not (citation.url or citation.source or citation.title or citation.cited):
                losses.add("citations", CITATION_SOURCE)
                continue
            key = (citation.url, citation.source, citation.title)
            place = places.setdefault(key, len(chunks))
            if place == len(chunks):
                chunks.append(_chunk(citation))
            start, end = citation.start or 0, len(text) if citation.end is None else citation.end
            said = text[start:end]
            first = len(text[:start].encode("utf-8", "surrogatepass"))
            segment: Members = {"endIndex": first + len(said.encode("utf-8", "surrogatepass")), "text": said}
            if first:
                segment["startIndex"] = first
            if number:
                segment["partIndex"] = number
            supports.append({"segment": segment, "groundingChunkIndices": [place]})
    return {"groundingChunks": chunks, "groundingSupports": supports} if chunks else None


def _chunk(citation: Citation) -> Members:
    title: Members = {"title": citation.title} if citation.title else {}
    if citation.url:
        return {"web": {"uri": citation.url, **title}}
    inner: Members = dict(title)
    if citation.source:
        inner["uri"] = citation.source
    if citation.cited:
        inner["text"] = citation.cited
    return {"retrievedContext": inner}
