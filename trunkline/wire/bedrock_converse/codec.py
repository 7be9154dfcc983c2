"""The codec of Bedrock's Converse and ConverseStream."""

from __future__ import annotations

from typing import Final

from trunkline.ir.answer import Answer
from trunkline.ir.failure import Failure
from trunkline.ir.format import Format
from trunkline.ir.losses import Losses
from trunkline.ir.request import Request
from trunkline.wire.bedrock_converse import answer as answers
from trunkline.wire.bedrock_converse import failure as failures
from trunkline.wire.bedrock_converse.request_decode import decode_request
from trunkline.wire.bedrock_converse.request_encode import encode_request
from trunkline.wire.bedrock_converse.stream_decode import ConverseStreamDecoder
from trunkline.wire.bedrock_converse.stream_encode import ConverseStreamEncoder
from trunkline.wire.codec import NOT_NAMED, Codec, Members, Named, Reply
from trunkline.wire.event_stream import CONTENT_TYPE


class BedrockConverseCodec:
    """Reads and writes Converse; the model and whether to stream stand in the path."""

    format: Format = Format.BEDROCK_CONVERSE
    stream_type: str = CONTENT_TYPE

    def decode_request(self, members: Members, named: Named = NOT_NAMED) -> Request:
        """A client's request.

        Raises:
            BadShape: it does not have Converse's shape; says where.
        """
        return decode_request(members, named)

    def encode_request(self, request: Request, losses: Losses) -> Members:
        """The body for Bedrock.

        Raises:
            Untranslatable: content, a tool or an output schema that Converse does not have.
        """
        return encode_request(request, losses)

    def decode_answer(self, members: Members) -> Answer:
        """Bedrock's whole answer.

        Raises:
            BadShape: it does not have Converse's shape.
        """
        return answers.decode_answer(members)

    def encode_answer(self, answer: Answer, reply: Reply, losses: Losses) -> Members:
        """The body for a client."""
        return answers.encode_answer(answer, reply, losses)

    def stream_decoder(self) -> ConverseStreamDecoder:
        """For one stream of Bedrock's, framed as it comes from the wire."""
        return ConverseStreamDecoder()

    def stream_encoder(self, reply: Reply) -> ConverseStreamEncoder:
        """For one stream to a client, framed."""
        return ConverseStreamEncoder(reply)

    def decode_failure(self, status: int, body: bytes) -> Failure:
        """Bedrock's error answer."""
        return failures.decode_failure(status, body)

    def encode_failure(self, failure: Failure) -> Members:
        """The error body for a client; `failure.error_type` is for its header `x-amzn-errortype`."""
        return failures.encode_failure(failure)


CODEC: Final[Codec] = BedrockConverseCodec()
