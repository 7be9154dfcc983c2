"""Replicate's format in both directions."""

from __future__ import annotations

from typing import Final

from trunkline.ir.answer import Answer
from trunkline.ir.failure import Failure
from trunkline.ir.format import Format
from trunkline.ir.losses import Losses
from trunkline.ir.request import Request
from trunkline.wire.codec import NOT_NAMED, Codec, Members, Named, Reply
from trunkline.wire.replicate.answer import read_answer, write_answer
from trunkline.wire.replicate.failure import read_failure, write_failure
from trunkline.wire.replicate.request import read_request, write_request
from trunkline.wire.replicate.stream_decoder import ReplicateStreamDecoder
from trunkline.wire.replicate.stream_encoder import ReplicateStreamEncoder


class ReplicateCodec:
    """Bodies and streams of predictions; `job.py` says which requests a prediction takes."""

    format: Format = Format.REPLICATE
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

    def stream_decoder(self) -> ReplicateStreamDecoder:
        """For one stream of a provider."""
        return ReplicateStreamDecoder()

    def stream_encoder(self, reply: Reply) -> ReplicateStreamEncoder:
        """For one stream to a client."""
        return ReplicateStreamEncoder(reply)

    def decode_failure(self, status: int, body: bytes) -> Failure:
        """A provider's error answer."""
        return read_failure(status, body)

    def encode_failure(self, failure: Failure) -> Members:
        """The error body for a client."""
        return write_failure(failure)


CODEC: Final[Codec] = ReplicateCodec()
