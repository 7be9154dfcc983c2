"""What every small codec offers. A wire here is one provider's way to write one operation.

`Provider` is the side towards the one who answers, `Surface` the side towards the one who asks; a codec of a format
that clients speak too has both. Nothing here does I/O: a body comes in as bytes with its content type, and goes out as
`Body`, which says all that a request line, headers and body need and the provider's table does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Generic, Protocol, TypeVar

import msgspec

from trunkline.ir.failure import Failure
from trunkline.ir.losses import Losses
from trunkline.ir.small import EmbedAnswer, EmbedRequest
from trunkline.ir.small_media import SmallEvent
from trunkline.wire.codec import NOT_NAMED, Named

JSON_TYPE: Final = "application/json"

Asked = TypeVar("Asked")
"""The request's struct (`EmbedRequest`, ...)."""
Asked_contra = TypeVar("Asked_contra", contravariant=True)
Answered_contra = TypeVar("Answered_contra", contravariant=True)
Answered_co = TypeVar("Answered_co", covariant=True)

_encode: Final = msgspec.json.Encoder().encode


class Operation(StrEnum):
    """One kind of question; the value is the tail of the path that OpenAI (or, for rerank, Cohere) has for it."""

    EMBED = "embeddings"
    RERANK = "rerank"
    MODERATE = "moderations"
    IMAGE = "images/generations"
    """Making and changing images: what is asked decides the path."""
    SPEAK = "audio/speech"
    TRANSCRIBE = "audio/transcriptions"
    """Transcription and translation."""


class Received(msgspec.Struct, kw_only=True):
    """A body as it came, with what its headers say."""

    body: bytes
    content_type: str = JSON_TYPE
    headers: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])
    """Names in lower case; some providers count tokens there."""
    path: str = ""
    """Path of a request, where two operations share a codec (`images/edits`, `:embedContent`)."""


class Body(msgspec.Struct, kw_only=True):
    """A body to be sent, and what goes with it."""

    content: object = None
    """A JSON value, unless there is `data`."""
    data: bytes | None = None
    content_type: str = JSON_TYPE
    path: str = ""
    """Requests: the path behind the provider's base URL; `{model}` stands for the model's id, to be percent-encoded
    by whoever builds the URL."""
    query: list[tuple[str, str]] = msgspec.field(default_factory=list[tuple[str, str]])
    """Requests: to be percent-encoded too."""
    accept: str = ""
    """Requests: value of the header, where the provider asks for one."""
    status: int = 200
    """Answers: 400 where a filter held back all there was."""

    def encoded(self) -> bytes:
        """The bytes of the body."""
        return self.data if self.data is not None else _encode(self.content)


class Reply(msgspec.Struct, Generic[Asked], kw_only=True):
    """What an answer's encoder must know of the request that it answers."""

    request: Asked
    """As the client's format was decoded."""
    id: str = ""
    """Ours, without prefix, for formats whose answers have one; the provider's is used where there is one."""
    model: str = ""
    """The name for the answer where the provider gave none."""
    created: int = 0
    """Unix seconds."""


class Provider(Protocol[Asked_contra, Answered_co]):
    """The side towards the one who answers."""

    @property
    def wire(self) -> str:
        """Name of the format, which `Extra` carries; a format's variants share it."""

    def encode_request(self, request: Asked_contra, losses: Losses, /) -> Body:
        """The request for a provider; the model's id is `request.model`.

        Raises:
            Untranslatable: it holds content that the wire cannot express.
        """

    def decode_answer(self, received: Received, request: Asked_contra, /) -> Answered_co:
        """A provider's whole answer to `request`.

        Raises:
            BadShape: it does not have the wire's shape, whatever bytes it is.
        """


class EmbedProvider(Provider[EmbedRequest, EmbedAnswer], Protocol):
    """What embeddings have beside."""

    def most_inputs(self, model: str, /) -> int | None:
        """How many inputs one request may hold, as the provider documents it; `batches.py` splits and joins."""


class Surface(Protocol[Asked, Answered_contra]):
    """The side towards the one who asks."""

    @property
    def wire(self) -> str:
        """Name of the format, which `Extra` carries; a format's variants share it."""

    def decode_request(self, received: Received, named: Named = NOT_NAMED, /) -> Asked:
        """A client's request.

        Raises:
            BadShape: it does not have the format's shape; says where.
        """

    def encode_answer(self, answer: Answered_contra, reply: Reply[Asked], losses: Losses, /) -> Body:
        """The answer for a client."""

    def encode_failure(self, failure: Failure, /) -> Body:
        """The error for a client."""


class StreamDecoder(Protocol):
    """Reads the stream of an answer."""

    def feed(self, data: bytes) -> list[SmallEvent]:
        """Events that `data` completes. A malformed stream gives `Failed`; nothing is raised."""

    def end(self) -> list[SmallEvent]:
        """The peer closed: what is left. A stream that was not at its end gives `Failed`."""


class StreamEncoder(Protocol):
    """Writes the stream of an answer, framing included."""

    def encode(self, event: SmallEvent) -> bytes:
        """The bytes of one event; may be empty."""
