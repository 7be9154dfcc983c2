"""OpenAI's chat completions, as OpenAI, Azure and some 130 other hosts speak them."""

from __future__ import annotations

from typing import Final

from trunkline.ir.answer import Answer
from trunkline.ir.failure import Failure
from trunkline.ir.format import Format
from trunkline.ir.losses import Losses
from trunkline.ir.request import Request
from trunkline.wire.codec import NOT_NAMED, Codec, Members, Named, Reply, StreamEncoder
from trunkline.wire.free_text import free_text_names, freed, freeing
from trunkline.wire.openai_chat.answer import read_answer, write_answer
from trunkline.wire.openai_chat.failure import read_failure, write_failure
from trunkline.wire.openai_chat.request import read_request, write_request
from trunkline.wire.openai_chat.spelling import OWN
from trunkline.wire.openai_chat.stream_decode import ChatStreamDecoder
from trunkline.wire.openai_chat.stream_encode import ChatStreamEncoder


class OpenAIChatCodec:
    """The codec; implements `wire.codec.Codec`."""

    format: Format = OWN
    stream_type: str = "text/event-stream"

    def __init__(self, dialect: str = "openai") -> None:
        """`dialect` names the host's row in `dialects.py`: how it counts tokens, and where it differs in words."""
        self._dialect = dialect

    def decode_request(self, members: Members, named: Named = NOT_NAMED) -> Request:
        """A client's request.

        Raises:
            BadShape: it does not have the format's shape; says where.
        """
        return read_request(members, named)

    def encode_request(self, request: Request, losses: Losses) -> Members:
        """The body for a provider.

        Raises:
            Untranslatable: it holds content, a tool or an output schema that the format cannot express.
        """
        return write_request(request, losses, self._dialect)

    def decode_answer(self, members: Members) -> Answer:
        """A provider's whole answer.

        Raises:
            BadShape: it does not have the format's shape, or holds an error (`failure.failure_inside` reads it).
        """
        return read_answer(members, self._dialect)

    def encode_answer(self, answer: Answer, reply: Reply, losses: Losses) -> Members:
        """The body for a client."""
        return write_answer(freed(answer, free_text_names(reply.request)), reply, losses)

    def stream_decoder(self) -> ChatStreamDecoder:
        """For one stream of a provider."""
        return ChatStreamDecoder(self._dialect)

    def stream_encoder(self, reply: Reply) -> StreamEncoder:
        """For one stream to a client."""
        return freeing(ChatStreamEncoder(reply), free_text_names(reply.request))

    def decode_failure(self, status: int, body: bytes) -> Failure:
        """A provider's error answer; any bytes will do."""
        return read_failure(status, body)

    def encode_failure(self, failure: Failure) -> Members:
        """The error body for a client, in LiteLLM's form."""
        return write_failure(failure)


CODEC: Final[Codec] = OpenAIChatCodec()
