"""Reading what a call consumed from a provider's own bytes, by the path that was called (reliability M25).

For calls whose bytes pass through in both directions: the path says which operation of which format it is, and the
format's codec reads usage, model and finish reason. Nothing here changes a byte.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from trunkline.ir.endpoint import Endpoint
from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape
from trunkline.ir.small import EmbedRequest
from trunkline.ir.usage import NO_USAGE, Usage
from trunkline.wire.codec import Codec, Named, StreamDecoder
from trunkline.wire.event_stream import FrameDecoder
from trunkline.wire.registry import client_codec, codec

_decode: Final = msgspec.json.Decoder().decode
_UNREADABLE: Final = (BadShape, msgspec.MsgspecError, RecursionError, UnicodeDecodeError)
MAX_PLAUSIBLE: Final = 100_000_000


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer says of itself."""

    usage: Usage | None = None
    """`None`: the answer was charged for and does not say how much."""
    model: str = ""
    provider_id: str = ""
    finish_reason: str = ""


FREE: Final = Reading(usage=NO_USAGE)
_FREE: Final = re.compile(
    r"/(?:files|uploads|batches|cachedContents|moderations|count_tokens|input_tokens|tokenize|detokenize|cancel|parts|"
    r"complete)(?:/|$)|:countTokens$|/count-tokens:rawPredict$"
)
"""Operations that providers do not charge for by themselves: counting, and keeping books."""

_Choose = Callable[[str], Codec]
_CHAT: Final[tuple[tuple[re.Pattern[str], _Choose], ...]] = (
    (re.compile(r"/chat/completions$"), lambda dialect: codec(Format.OPENAI_CHAT, dialect)),
    (re.compile(r"/completions$"), lambda _: client_codec(Endpoint.COMPLETIONS)),
    (re.compile(r"/responses$"), lambda _: codec(Format.OPENAI_RESPONSES)),
    (re.compile(r"/v1/messages$"), lambda _: codec(Format.ANTHROPIC_MESSAGES)),
    (re.compile(r"/v2/chat$"), lambda _: codec(Format.COHERE_CHAT)),
    (re.compile(r"/converse(?:-stream)?$"), lambda _: codec(Format.BEDROCK_CONVERSE)),
    (
        re.compile(r"/publishers/anthropic/models/[^/]+:(?:streamR|r)awPredict$"),
        lambda _: codec(Format.ANTHROPIC_MESSAGES),
    ),
    (re.compile(r":(?:streamR|r)awPredict$"), lambda dialect: codec(Format.OPENAI_CHAT, dialect)),
    (re.compile(r"/projects/.*:(?:streamG|g)enerateContent$"), lambda _: codec(Format.GEMINI, "vertex")),
    (re.compile(r":(?:streamG|g)enerateContent$"), lambda _: codec(Format.GEMINI)),
)
_SMALL: Final[tuple[tuple[re.Pattern[str], Endpoint, str], ...]] = (
    (re.compile(r"/embeddings$"), Endpoint.EMBEDDINGS, "openai"),
    (re.compile(r"/embed$"), Endpoint.COHERE_EMBED, "cohere"),
    (re.compile(r":embedContent$"), Endpoint.GEMINI_EMBED, "gemini"),
    (re.compile(r":batchEmbedContents$"), Endpoint.GEMINI_BATCH_EMBED, "gemini"),
    (re.compile(r"/models/imagen[^/]*:predict$"), Endpoint.IMAGES, "imagen"),
    (re.compile(r"/models/multimodalembedding[^/]*:predict$"), Endpoint.EMBEDDINGS, "vertex_multimodal"),
    (re.compile(r"/models/(?:text|gemini)[^/]*embedding[^/]*:predict$"), Endpoint.EMBEDDINGS, "vertex"),
    (re.compile(r"/rerank$"), Endpoint.RERANK, "cohere"),
    (re.compile(r"/images/generations$"), Endpoint.IMAGES, "openai"),
    (re.compile(r"/images/edits$"), Endpoint.IMAGE_EDITS, "openai"),
    (re.compile(r"/audio/speech$"), Endpoint.SPEECH, "openai"),
    (re.compile(r"/audio/transcriptions$"), Endpoint.TRANSCRIPTIONS, "openai"),
    (re.compile(r"/audio/translations$"), Endpoint.TRANSLATIONS, "openai"),
)
"""Path, the operation, and how the host words it (a name in `wire.small`)."""
_INVOKE: Final = re.compile(r"/invoke(?:-with-response-stream)?$")
_MODEL: Final = re.compile(r"/(?:model|deployments|engines)/([^/]+)/|/(?:models|tunedModels|endpoints)/([^/:]+)(?::|$)")
_STREAMS: Final = re.compile(r"(?::stream\w+|/converse-stream|/invoke-with-response-stream)$")


class Body(msgspec.Struct, gc=False):
    """What of a JSON request body says how it is to be counted."""

    model: object = None
    stream: object = None
    user: object = None


_decode_body: Final = msgspec.json.Decoder(Body).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request says of itself."""

    model: str = ""
    stream: bool = False
    user: str = ""


def read_request(path: str, content_type: str, body: bytes) -> Asked:
    """Model, streaming and end user of a request, from path and body; nothing of it has to be there."""
    found = Body()
    if body and "json" in (content_type or "json"):
        try:
            found = _decode_body(body)
        except _UNREADABLE:
            found = Body()
    elif content_type.lower().startswith("multipart/form-data"):
        found = _form(body, content_type)
    named = _MODEL.search(path)
    model = found.model if isinstance(found.model, str) else ""
    if not model and named is not None:
        model = _unquoted(named[1] or named[2])
    return Asked(
        model=model[:256],
        stream=found.stream is True or bool(_STREAMS.search(path)),
        user=found.user[:256] if isinstance(found.user, str) else "",
    )


def _form(body: bytes, content_type: str) -> Body:
    from trunkline.wire.small.multipart import parse

    try:
        form = parse(body, content_type)
        return Body(form.field("model"), form.field("stream") == "true", form.field("user"))
    except BadShape:
        return Body()


def _unquoted(text: str) -> str:
    return re.sub(r"%([0-9A-Fa-f]{2})", lambda hit: chr(int(hit[1], 16)), text)


class Meter:
    """How one call is counted."""

    __slots__ = ("_body", "_content_type", "_operation", "_path", "_wire", "codec", "free", "invoke", "metered")

    def __init__(self, method: str, path: str, content_type: str, body: bytes, dialect: str = "") -> None:
        """`path` without its query; `dialect`: how the host counts, where it speaks OpenAI's format."""
        self._path, self._content_type, self._body = path, content_type, body
        self.codec: Codec | None = None
        """The format, where the call is a conversation."""
        self._operation: Endpoint | None = None
        self._wire = ""
        self.free = method != "POST" or bool(_FREE.search(path))
        """Nothing is charged for the call."""
        self.invoke = not self.free and bool(_INVOKE.search(path))
        if not self.free:
            choose = next((choose for pattern, choose in _CHAT if pattern.search(path)), None)
            self.codec = None if choose is None else choose(dialect)
            if self.codec is None:
                found = next((row for row in _SMALL if row[0].search(path)), None)
                if found is not None:
                    _, self._operation, self._wire = found
        self.metered = self.codec is not None or self._operation is not None or self.invoke
        """The answer can be read; where it says nothing, tokens are estimated."""

    def whole(self, headers: Mapping[bytes, bytes], body: bytes) -> Reading:
        """What a whole answer says. Never raises."""
        if self.free:
            return FREE
        try:
            if self.codec is not None:
                return _conversation(self.codec, body)
            if self.invoke:
                return _invoked(headers, body)
            if self._operation is not None:
                return self._small(self._operation, headers, body)
            return _any(body)
        except _UNREADABLE:
            return Reading(usage=None if self.metered else NO_USAGE)

    def decoder(self) -> StreamDecoder | None:
        """Reads a stream of the call, where it is a conversation."""
        return None if self.codec is None else self.codec.stream_decoder()

    def _small(self, operation: Endpoint, headers: Mapping[bytes, bytes], body: bytes) -> Reading:
        from trunkline.wire.small.codec import Received
        from trunkline.wire.small.registry import OPERATIONS, PROVIDERS, SURFACES

        client, kind = OPERATIONS[operation]
        given = Received(body=self._body, content_type=self._content_type or "application/json", path=self._path)
        asked: Any
        if self._wire == client:
            asked = SURFACES[(client, kind)].decode_request(given, Named(model="any"))
        else:
            asked = EmbedRequest(model="any", inputs=[])  # these wires count in their answers alone
        if operation is Endpoint.SPEECH:
            return Reading(usage=Usage(characters=len(asked.input)))
        named = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()}
        content_type = named.get("content-type", "application/json")
        received = Received(body=body, content_type=content_type, headers=named)
        answer = PROVIDERS[(self._wire, kind)].decode_answer(received, asked)
        return Reading(usage=answer.usage, model=str(getattr(answer, "model", None) or ""))


def _conversation(own: Codec, body: bytes) -> Reading:
    members = _decode(body)
    if not isinstance(members, dict):
        raise BadShape("", "is no JSON object")
    answer = own.decode_answer(members)
    choice = answer.choices[0] if answer.choices else None
    finish = "" if choice is None else choice.finish_native or (choice.finish.value if choice.finish else "")
    return Reading(usage=answer.usage, model=answer.model, provider_id=answer.id, finish_reason=finish)


_COUNTS: Final = (b"x-amzn-bedrock-input-token-count", b"x-amzn-bedrock-output-token-count")


def _invoked(headers: Mapping[bytes, bytes], body: bytes) -> Reading:
    """Bedrock's InvokeModel: the body is the model's own, headers count; the cache's tokens stand in bodies alone."""
    try:
        reading = _conversation(codec(Format.ANTHROPIC_MESSAGES), body)
    except _UNREADABLE:
        reading = Reading()
    if reading.usage is not None:
        return reading
    read, wrote = (headers.get(name, b"") for name in _COUNTS)
    if not (read.isdigit() and len(read) < 10):
        return reading
    return Reading(usage=Usage(int(read), int(wrote) if wrote.isdigit() and len(wrote) < 10 else 0))


def _any(body: bytes) -> Reading:
    """An operation that nobody here knows: a `usage` that reads like one of the known ones counts."""
    from trunkline.wire.small.usage import tokens

    members = _decode(body)
    found = tokens(members.get("usage")) if isinstance(members, dict) else None
    return Reading(usage=found or NO_USAGE)


class InvokeCount:
    """Reads the counts that Bedrock puts behind the last chunk of an InvokeModel stream."""

    __slots__ = ("_frames", "usage")

    def __init__(self) -> None:
        self._frames = FrameDecoder()
        self.usage: Usage | None = None

    def feed(self, data: bytes) -> None:
        """Take bytes as they came."""
        for message in self._frames.feed(data):
            if b"bytes" not in message.payload:
                continue
            try:
                inner = _decode(b64decode(_decode(message.payload)["bytes"]))
                counts = inner.get("amazon-bedrock-invocationMetrics")
            except (*_UNREADABLE, Error, KeyError, TypeError, ValueError, AttributeError):
                continue
            if isinstance(counts, dict):
                self.usage = _metrics(counts) or self.usage


def _metrics(counts: dict[str, object]) -> Usage | None:
    names = ("inputTokenCount", "outputTokenCount", "cacheReadInputTokenCount", "cacheWriteInputTokenCount")
    values: list[int] = []
    for name in names:
        value = counts.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_PLAUSIBLE:
            return None
        values.append(value)
    read, wrote, cached, kept = values
    return Usage(read + cached + kept, wrote, cached, kept)
