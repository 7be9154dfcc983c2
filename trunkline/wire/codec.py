"""What every chat codec offers: one class per format, both directions, no I/O.

`decode_*` read what a peer wrote in the format, `encode_*` write it. A client surface is a codec used as server
(`decode_request`, `encode_answer`, `stream_encoder`, `encode_failure`), a provider the same codec used as client
(`encode_request`, `decode_answer`, `stream_decoder`, `decode_failure`).
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import msgspec

from trunkline.ir.answer import Answer
from trunkline.ir.events import Event, TextDelta
from trunkline.ir.failure import Failure
from trunkline.ir.format import Format
from trunkline.ir.losses import Losses
from trunkline.ir.request import Request

Members = dict[str, object]
"""A JSON object."""


class Named(msgspec.Struct, kw_only=True, frozen=True):
    """What a format says outside its body (Gemini's and Bedrock's path, Ollama's default)."""

    model: str = ""
    stream: bool | None = None


NOT_NAMED = Named()


class Reply(msgspec.Struct, kw_only=True):
    """What an answer's encoder must know of the request that it answers."""

    id: str
    """Ours, for formats whose answers have one; without prefix. An encoder uses the provider's where there is one."""
    model: str
    """The name that the answer is to carry where the provider gave none."""
    created: int
    """Unix seconds."""
    request: Request
    """As the client's format was decoded (the Responses object repeats much of it)."""
    provider: str = ""
    """Provider and deployment that answer: opaque state is sealed with their names."""
    deployment: str = ""


class StreamDecoder(Protocol):
    """Reads one stream."""

    def feed(self, data: bytes) -> list[Event]:
        """Events that `data` completes, in order. A malformed stream gives `Failed`; nothing is raised."""

    def end(self) -> list[Event]:
        """The peer closed: what is left. A stream without its end marker gives `Failed`, never `Ended`."""


class StreamEncoder(Protocol):
    """Writes one stream, framing included."""

    losses: Losses

    def encode(self, event: Event) -> bytes:
        """The bytes of one event; may be empty. After `Failed`: the format's error event, and no end marker."""


class Repeated(msgspec.Struct, frozen=True):
    """An event of text as it is read, without its text."""

    front: bytes
    """Up to the quote that begins the text."""
    back: bytes
    """From the quote that ends it."""
    pieces: list[str]
    """Where the decoder keeps the texts: one that comes past `feed` is put there."""


@runtime_checkable
class Repeats(Protocol):
    """A decoder whose events of text can be told from one another by their text alone."""

    def repeats(self, data: bytes, event: TextDelta) -> Repeated | None:
        """What `data`, fed last and read as `event`, is made of: until something else is fed, the same bytes around
        any other printable text without quotes and backslashes mean that text. `None` where that is not so.
        """


class Sized(Protocol):
    """Counts what was written of a part."""

    size: int
    """Characters."""


class Retold(msgspec.Struct, frozen=True):
    """An event of text as it is written, without its text."""

    front: bytes
    back: bytes
    writer: Sized
    """Knows how much was written: what is written past `encode` is added."""


@runtime_checkable
class Retells(Protocol):
    """An encoder whose events of text differ in their text alone."""

    def retells(self, event: TextDelta) -> Retold | None:
        """What the bytes of `event`, written last, are made of around its text; `None` where they hold more."""


class Codec(Protocol):
    """One chat format."""

    format: Format
    stream_type: str
    """`content-type` of a stream."""

    def decode_request(self, members: Members, named: Named = NOT_NAMED) -> Request:
        """A client's request.

        Raises:
            BadShape: it does not have the format's shape; says where.
        """

    def encode_request(self, request: Request, losses: Losses) -> Members:
        """The body for a provider; the model of the path formats stands in none.

        Raises:
            Untranslatable: it holds content, a tool or an output schema that the format cannot express.
        """

    def decode_answer(self, members: Members) -> Answer:
        """A provider's whole answer.

        Raises:
            BadShape: it does not have the format's shape.
        """

    def encode_answer(self, answer: Answer, reply: Reply, losses: Losses) -> Members:
        """The body for a client."""

    def stream_decoder(self) -> StreamDecoder:
        """For one stream of a provider."""

    def stream_encoder(self, reply: Reply) -> StreamEncoder:
        """For one stream to a client."""

    def decode_failure(self, status: int, body: bytes) -> Failure:
        """A provider's error answer; any bytes will do (HTML of a proxy, nothing at all)."""

    def encode_failure(self, failure: Failure) -> Members:
        """The error body for a client, in the format's shape."""
