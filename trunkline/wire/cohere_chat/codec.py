"""Cohere's chat format in both directions."""

from __future__ import annotations

from typing import Final

from trunkline.ir.answer import Answer
from trunkline.ir.failure import Failure
from trunkline.ir.format import Format
from trunkline.ir.losses import Losses
from trunkline.ir.request import Request
from trunkline.wire.codec import NOT_NAMED, Codec, Members, Named, Reply
from trunkline.wire.cohere_chat.answer import read_answer, write_answer
from trunkline.wire.cohere_chat.failure import read_failure, write_failure
from trunkline.wire.cohere_chat.request import read_request, write_request
from trunkline.wire.cohere_chat.stream_decoder import CohereStreamDecoder
from trunkline.wire.cohere_chat.stream_encoder import CohereStreamEncoder


class CohereChatCodec:
    """`/v2/chat`."""

    format: Format = Format.COHERE_CHAT
    stream_type: str = "text/event-stream"

    def decode_request(self, members: Members, named: Named = NOT_NAMED) -> Request:
        """A client's request.

        Raises:
            BadShape: it does not have the format's shape.
        """
        return read_request(members, named)

    def encode_request(self, request: Request, losses: Losses) -> Members:
        """The body for a provider.

        Raises:
            Untranslatable: it holds content, a tool or an output schema that the format cannot express.
        """
        return write_request(request, losses)

    def decode_answer(self, members: Members) -> Answer:
        """A provider's answer.

        Raises:
            BadShape: it does not have the format's shape.
        """
        return read_answer(members)

    def encode_answer(self, answer: Answer, reply: Reply, losses: Losses) -> Members:
        """The body for a client."""
        return write_answer(answer, reply, losses)

    def stream_decoder(self) -> CohereStreamDecoder:
        """For one stream of a provider."""
        return CohereStreamDecoder()

    def stream_encoder(self, reply: Reply) -> CohereStreamEncoder:
        """For one stream to a client."""
        return CohereStreamEncoder(reply)

    def decode_failure(self, status: int, body: bytes) -> Failure:
        """A provider's error answer."""
        return read_failure(status, body)

    def encode_failure(self, failure: Failure) -> Members:
        """The error body for a client."""
        return write_failure(failure)


CODEC: Final[Codec] = CohereChatCodec()
