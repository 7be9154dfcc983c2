"""What embedding formats call the same things, and reading what an OpenAI-shaped client wrote for another provider."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, assert_never

from trunkline.ir.losses import Losses
from trunkline.ir.parts import Foreign, Media, MediaKind, Text
from trunkline.ir.small import EmbedAnswer, EmbedInput, EmbedRequest, Extra, Numbers, Truncate
from trunkline.wire.small import losses as why

THROUGH: Final = frozenset({"openai"})
"""Wires whose unknown members are meant for the provider (`shape.put_back`)."""

INTERPRETED: Final = frozenset(
    {
        *("input_type", "task", "task_type", "taskType"),
        *("output_dtype", "embedding_types", "embedding_type"),
        *("truncate", "truncation"),
        *("normalize", "normalized"),
        "model",
    }
)
"""Members that OpenAI's format does not have and LiteLLM's clients write: read into the request's own fields, so an
encoder writes them under its wire's names and never twice."""


ECHOES: Final = frozenset(
    {
        *("id", "object", "model", "provider", "usage", "usageMetadata", "meta", "metadata", "prompt_eval_count"),
        *("texts", "images", "response_type", "embeddingsByType", "inputTextTokenCount", "message"),
        *("total_duration", "load_duration"),
    }
)
"""Members of answers that repeat the request, or that `usage` holds: a client of another format misses nothing."""


class Purpose(StrEnum):
    """What vectors are for."""

    QUERY = "query"
    DOCUMENT = "document"
    SIMILARITY = "similarity"
    CLASSIFICATION = "classification"
    CLUSTERING = "clustering"
    QUESTION = "question"
    FACT = "fact"
    CODE = "code"
    IMAGE = "image"


_PURPOSES: Final[Mapping[str, Purpose]] = {
    "query": Purpose.QUERY,
    "search_query": Purpose.QUERY,
    "retrieval_query": Purpose.QUERY,
    "retrieval.query": Purpose.QUERY,
    "generic_retrieval": Purpose.QUERY,
    "document": Purpose.DOCUMENT,
    "passage": Purpose.DOCUMENT,
    "search_document": Purpose.DOCUMENT,
    "retrieval_document": Purpose.DOCUMENT,
    "retrieval.passage": Purpose.DOCUMENT,
    "generic_index": Purpose.DOCUMENT,
    "similarity": Purpose.SIMILARITY,
    "semantic_similarity": Purpose.SIMILARITY,
    "text-matching": Purpose.SIMILARITY,
    "classification": Purpose.CLASSIFICATION,
    "clustering": Purpose.CLUSTERING,
    "separation": Purpose.CLUSTERING,
    "question_answering": Purpose.QUESTION,
    "fact_verification": Purpose.FACT,
    "code_retrieval_query": Purpose.CODE,
    "code.query": Purpose.CODE,
    "image": Purpose.IMAGE,
}


def purpose_word(word: str | None, own: Mapping[Purpose, str], losses: Losses) -> str | None:
    """The wire's word for a purpose. One that no format is known to have goes through: the provider may know it."""
    if word is None or word in own.values():
        return word
    purpose = _PURPOSES.get(word.lower())
    if purpose is None:
        return word
    found = own.get(purpose)
    if found is None:
        losses.add("input_type", why.PURPOSE)
    return found


def interpret(request: EmbedRequest, extra: Extra | None) -> None:
    """Fill the request's own fields from `INTERPRETED` members, which stay in `extra` for their own wire."""
    if extra is None:
        return
    members = extra.members
    for name in ("input_type", "task", "task_type", "taskType"):
        word = members.get(name)
        if isinstance(word, str) and request.purpose is None:
            request.purpose = word
    for name in ("output_dtype", "embedding_types", "embedding_type"):
        kinds = members.get(name)
        if isinstance(kinds, str):
            request.kinds = [kinds]
        elif isinstance(kinds, list) and all(isinstance(kind, str) for kind in kinds):
            request.kinds = kinds
    for name in ("truncate", "truncation"):
        request.truncate = truncation(members.get(name)) or request.truncate
    for name in ("normalize", "normalized"):
        value = members.get(name)
        request.normalize = value if isinstance(value, bool) else request.normalize


def truncation(value: object) -> Truncate | None:
    """`true`, `"END"`, `"start"`, ... ; `None`: not said."""
    match value.lower() if isinstance(value, str) else value:
        case True | "end" | "right":
            return "end"
        case "start" | "left":
            return "start"
        case False | "none":
            return "none"
        case _:
            return None


def truncate_flag(request: EmbedRequest, losses: Losses) -> bool | None:
    """For wires that truncate at the end or not at all."""
    match request.truncate:
        case None:
            return None
        case "none":
            return False
        case "end":
            return True
        case "start":
            losses.add("truncate", why.TRUNCATE)
            return True
        case _:
            assert_never(request.truncate)


def plain_texts(request: EmbedRequest, losses: Losses) -> list[str]:
    """All inputs as texts.

    Raises:
        Untranslatable: one is no text.
    """
    return [plain_text(item, f"input[{place}]", losses) for place, item in enumerate(request.inputs)]


def plain_text(item: EmbedInput, path: str, losses: Losses) -> str:
    """One input as text.

    Raises:
        Untranslatable: it is no text.
    """
    if item.title:
        losses.add(f"{path}.title", why.TITLE)
    content = item.content
    if isinstance(content, str):
        return content
    pieces: list[str] = []
    for part in content:
        match part:
            case int():
                raise losses.refuse(path, why.TOKENS)
            case Text():
                pieces.append(part.text)
            case Media():
                raise losses.refuse(path, why.MEDIA)
            case Foreign():
                raise losses.refuse(path, why.FOREIGN)
            case _:
                assert_never(part)
    return "".join(pieces)


def parts_of(item: EmbedInput, path: str, losses: Losses) -> list[Text | Media]:
    """One input as parts; a text that is a `data:` URL of an image is that image, as LiteLLM's clients write it.

    Raises:
        Untranslatable: it is token ids, or something that only another format has.
    """
    content = item.content
    if isinstance(content, str):
        return [media_of_url(content) or Text(text=content)]
    found: list[Text | Media] = []
    for part in content:
        if isinstance(part, int):
            raise losses.refuse(path, why.TOKENS)
        if isinstance(part, Foreign):
            raise losses.refuse(path, why.FOREIGN)
        found.append(part)
    return found


def media_of_url(url: str) -> Media | None:
    """The medium in a `data:` URL with base64; `None` for every other text."""
    if not url.startswith("data:"):
        return None
    head, comma, data = url[5:].partition(";base64,")
    if not comma or "," in head or len(head) > 100:
        return None
    return Media(kind=kind_of(head), mime=head, data=data)


def kind_of(mime: str) -> MediaKind:
    """From the type's first half."""
    first = mime.partition("/")[0]
    return MediaKind(first) if first in ("image", "audio", "video") else MediaKind.DOCUMENT


def data_url(media: Media) -> str:
    """A URL for it: its own, or a `data:` URL."""
    return media.url or f"data:{media.mime or 'application/octet-stream'};base64,{media.data}"


def main_kind(answer: EmbedAnswer) -> tuple[str, list[Numbers]]:
    """The vectors for a client whose format has one kind: floats where there are any."""
    for kind in ("float", "base64"):
        if kind in answer.vectors:
            return kind, answer.vectors[kind]
    return next(iter(answer.vectors.items()), ("float", []))


def only_floats(request: EmbedRequest, losses: Losses) -> None:
    """Report every number format but floats."""
    if any(kind != "float" for kind in request.kinds):
        losses.add("embedding_types", why.KIND)
