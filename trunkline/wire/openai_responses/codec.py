"""OpenAI's Responses API as client and as server."""

from __future__ import annotations

from typing import Final

from trunkline.ir.answer import Answer
from trunkline.ir.failure import Failure
from trunkline.ir.format import Format
from trunkline.ir.losses import Losses
from trunkline.ir.request import Request
from trunkline.wire.codec import NOT_NAMED, Codec, Members, Named, Reply, StreamDecoder, StreamEncoder
from trunkline.wire.free_text import freed, freeing
from trunkline.wire.openai_responses.answer import read_answer, write_answer
from trunkline.wire.openai_responses.failure import read_failure, write_failure
from trunkline.wire.openai_responses.namespaces import all_free_text_names
from trunkline.wire.openai_responses.request_in import read_request
from trunkline.wire.openai_responses.request_out import write_request
from trunkline.wire.openai_responses.stream_in import ResponsesStreamDecoder
from trunkline.wire.openai_responses.stream_out import ResponsesStreamEncoder


class OpenAIResponsesCodec:
    """The codec; it keeps no state, and `CODEC` will do for everybody."""

    format: Format = Format.OPENAI_RESPONSES
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
        """A provider's whole answer; whether it failed under HTTP 200, `failure.failure_in` tells.

        Raises:
            BadShape: it holds no output.
        """
        return read_answer(members)

    def encode_answer(self, answer: Answer, reply: Reply, losses: Losses) -> Members:
        """The body for a client."""
        return write_answer(freed(answer, all_free_text_names(reply.request)), reply, losses)

    def stream_decoder(self) -> StreamDecoder:
        """For one stream of a provider."""
        return ResponsesStreamDecoder()

    def stream_encoder(self, reply: Reply) -> StreamEncoder:
        """For one stream to a client."""
        return freeing(ResponsesStreamEncoder(reply), all_free_text_names(reply.request))

    def decode_failure(self, status: int, body: bytes) -> Failure:
        """A provider's error answer; any bytes will do."""
        return read_failure(status, body)

    def encode_failure(self, failure: Failure) -> Members:
        """The error body for a client."""
        return write_failure(failure)


CODEC: Final[Codec] = OpenAIResponsesCodec()
