"""Gemini's `generateContent`: AI Studio's and Vertex AI's."""

from __future__ import annotations

from typing import Final

from trunkline.ir.answer import Answer
from trunkline.ir.failure import Failure
from trunkline.ir.format import Format
from trunkline.ir.losses import Losses
from trunkline.ir.request import Request
from trunkline.wire.codec import NOT_NAMED, Members, Named, Reply
from trunkline.wire.gemini.answer import decode_answer
from trunkline.wire.gemini.answer_out import encode_answer
from trunkline.wire.gemini.failure import decode_failure, encode_failure
from trunkline.wire.gemini.request import decode_request
from trunkline.wire.gemini.request_out import Rules, encode_request
from trunkline.wire.gemini.stream import GeminiStreamDecoder
from trunkline.wire.gemini.stream_out import GeminiStreamEncoder

ARRAY_TYPE: Final = "application/json; charset=UTF-8"
"""`content-type` of a stream without `alt=sse`."""


class GeminiCodec:
    """Both directions of the format (see `wire.codec.Codec`).

    `array`: the client did not ask for `alt=sse`, so its streams are one JSON array (streams of a provider are read
    in either framing). `rules`: what host and model take, where `vertex` does not say it all.
    """

    format: Format = Format.GEMINI

    def __init__(self, *, vertex: bool = False, array: bool = False, rules: Rules | None = None) -> None:
        self.rules = rules if rules is not None else Rules(vertex=vertex)
        self._array = array
        self.stream_type = ARRAY_TYPE if array else "text/event-stream"

    def decode_request(self, members: Members, named: Named = NOT_NAMED) -> Request:
        """A client's request; the model and whether to stream stand in the path.

        Raises:
            BadShape: it does not have the format's shape; says where.
        """
        return decode_request(members, named)

    def encode_request(self, request: Request, losses: Losses) -> Members:
        """The body for Gemini.

        Raises:
            Untranslatable: it holds content, a tool or an output schema that the format cannot express.
        """
        return encode_request(request, losses, self.rules)

    def decode_answer(self, members: Members) -> Answer:
        """A whole answer of Gemini.

        Raises:
            BadShape: it does not have the format's shape.
        """
        return decode_answer(members, vertex=self.rules.vertex)

    def encode_answer(self, answer: Answer, reply: Reply, losses: Losses) -> Members:
        """The body for a client."""
        return encode_answer(answer, reply, losses, vertex=self.rules.vertex)

    def stream_decoder(self) -> GeminiStreamDecoder:
        """For one stream of Gemini, in either framing."""
        return GeminiStreamDecoder(vertex=self.rules.vertex)

    def stream_encoder(self, reply: Reply) -> GeminiStreamEncoder:
        """For one stream to a client."""
        return GeminiStreamEncoder(reply, vertex=self.rules.vertex, array=self._array)

    def decode_failure(self, status: int, body: bytes) -> Failure:
        """An error answer of Gemini; any bytes will do."""
        return decode_failure(status, body)

    def encode_failure(self, failure: Failure) -> Members:
        """The error body for a client."""
        return encode_failure(failure)


CODEC: Final = GeminiCodec()
VERTEX: Final = GeminiCodec(vertex=True)
ARRAY: Final = GeminiCodec(array=True)
