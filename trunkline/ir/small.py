"""The small operations whose subject is text: embeddings, reranking, moderation. `small_media.py` has the others.

A chat turn is a conversation; these are one question and one answer, so each has a plain request and a plain answer.
What a wire format has beyond them travels in `Extra`, under the name of that wire, and goes back to the same wire.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from trunkline.ir.parts import Foreign, Media, Text
from trunkline.ir.usage import Usage


class Extra(msgspec.Struct, gc=False):
    """Members of one wire format that have no place in the representation."""

    wire: str
    """The wire's name in the registry of small codecs."""
    members: dict[str, object]


Truncate = Literal["none", "start", "end"]
"""What to cut of an input that is too long: nothing (an error), its start, or its end."""


class EmbedInput(msgspec.Struct, kw_only=True):
    """One input, which gets one vector."""

    content: str | list[int] | list[Text | Media | Foreign]
    """Text; token ids; or parts, where text and media make one vector together."""
    title: str = ""
    """Title of a document that is to be found."""
    extra: Extra | None = None


class EmbedRequest(msgspec.Struct, kw_only=True):
    """Texts (or more) to be turned into vectors."""

    model: str
    inputs: list[EmbedInput]
    single: bool = False
    """The client gave one input and no list of them."""
    encoding: str | None = None
    """How the vectors are to be written: `float` (a list of numbers) or `base64` (little-endian, packed)."""
    kinds: list[str] = msgspec.field(default_factory=list[str])
    """Number formats: `float`, `int8`, `uint8`, `binary`, `ubinary`; empty: floats."""
    dimensions: int | None = None
    purpose: str | None = None
    """What the vectors are for, in the client's word (`search_document`, `RETRIEVAL_QUERY`, `query`, ...)."""
    truncate: Truncate | None = None
    normalize: bool | None = None
    user: str | None = None
    extra: Extra | None = None


Numbers = list[float] | str
"""One vector: numbers, or base64 of its packed little-endian form (float32, or bytes for the one-byte kinds)."""


class EmbedAnswer(msgspec.Struct, kw_only=True):
    """Vectors, in the order of the inputs."""

    vectors: dict[str, list[Numbers]]
    """By number format; most answers have `float` alone."""
    id: str = ""
    model: str = ""
    usage: Usage | None = None
    extra: Extra | None = None
    items: list[dict[str, object]] | None = None
    """What the wire of `extra` said beside each vector."""


class RerankRequest(msgspec.Struct, kw_only=True):
    """Documents to be put in order of how well they answer a query."""

    model: str
    query: str
    documents: list[str | dict[str, object]]
    """Texts, or objects with fields (`{"text": ...}` is a text)."""
    top_n: int | None = None
    """How many of the best to give back."""
    return_documents: bool | None = None
    rank_fields: list[str] | None = None
    """Fields of object documents that count; LiteLLM's and Cohere v1's word."""
    max_chunks_per_doc: int | None = None
    max_tokens_per_doc: int | None = None
    truncate: Truncate | None = None
    extra: Extra | None = None


class RerankResult(msgspec.Struct, kw_only=True, gc=False):
    """One document's place."""

    index: int
    """Of the document in the request."""
    score: float
    document: object = None
    """The document as the provider repeated it: a text or an object."""
    extra: dict[str, object] | None = None


class RerankAnswer(msgspec.Struct, kw_only=True):
    """Documents in order, the best first."""

    results: list[RerankResult]
    id: str = ""
    model: str = ""
    usage: Usage | None = None
    extra: Extra | None = None


class ModerationRequest(msgspec.Struct, kw_only=True):
    """Contents to be judged."""

    inputs: list[str | list[Text | Media | Foreign]]
    """Each gets one result."""
    model: str = ""
    """Empty: the provider's default."""
    single: bool = False
    """The client gave one input and no list of them."""
    extra: Extra | None = None


class Moderation(msgspec.Struct, kw_only=True):
    """The judgement of one input."""

    flagged: bool
    categories: dict[str, object] = msgspec.field(default_factory=dict[str, object])
    """Category to `True` or `False` (or null, where the model does not know the category)."""
    scores: dict[str, object] = msgspec.field(default_factory=dict[str, object])
    """Category to confidence, 0 to 1."""
    applied: dict[str, object] | None = None
    """Category to the kinds of input (`text`, `image`) that it was judged by."""
    extra: dict[str, object] | None = None


class ModerationAnswer(msgspec.Struct, kw_only=True):
    """Judgements, in the order of the inputs."""

    results: list[Moderation]
    id: str = ""
    model: str = ""
    usage: Usage | None = None
    extra: Extra | None = None
