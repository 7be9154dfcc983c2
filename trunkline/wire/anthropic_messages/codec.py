"""The codec of Anthropic's Messages format."""

from __future__ import annotations

from typing import Final

from trunkline.ir.answer import Answer
from trunkline.ir.failure import Failure
from trunkline.ir.format import Format
from trunkline.ir.losses import Losses
from trunkline.ir.request import Request
from trunkline.wire.anthropic_messages.answer import read_answer, write_answer
from trunkline.wire.anthropic_messages.failure import read_failure, write_failure
from trunkline.wire.anthropic_messages.request_in import read_request
from trunkline.wire.anthropic_messages.request_out import write_request
from trunkline.wire.anthropic_messages.stream_in import AnthropicStreamDecoder
from trunkline.wire.anthropic_messages.stream_out import AnthropicStreamEncoder
from trunkline.wire.codec import NOT_NAMED, Codec, Members, Named, Reply


class AnthropicMessagesCodec:
    """Implements `wire.codec.Codec`; its stream decoder also takes events without their frame (`feed_events`)."""

    format = Format.ANTHROPIC_MESSAGES
    stream_type = "text/event-stream; charset=utf-8"

    def __init__(self, *, default_max_tokens: int = 4096, system_messages: bool = False) -> None:
        """`default_max_tokens`: for requests of formats that need none, because Anthropic refuses a request without
        `max_tokens`; every Claude gives 4096, and whoever knows the model's limit passes that. `system_messages`: the
        model takes messages of the role `system` in the middle of a conversation (from Opus 4.8 on, providers.md D2).
        """
        self._default_max_tokens = default_max_tokens
        self._system_messages = system_messages

    def decode_request(self, members: Members, named: Named = NOT_NAMED) -> Request:
        """A client's request; the bodies of Vertex and Bedrock (`anthropic_version`, no model) too.

        Raises:
            BadShape: it does not have the format's shape; says where.
        """
        return read_request(members, named)

    def encode_request(self, request: Request, losses: Losses) -> Members:
        """The body for a provider. `model` is left out where the request has none.

        Raises:
            Untranslatable: it holds content, a tool or an output mode that the format cannot express.
        """
        return write_request(
            request,
            losses,
            default_max_tokens=self._default_max_tokens,
            system_messages=self._system_messages,
        )

    def decode_answer(self, members: Members) -> Answer:
        """A provider's whole answer.

        Raises:
            BadShape: it does not have the format's shape.
        """
        return read_answer(members)

    def encode_answer(self, answer: Answer, reply: Reply, losses: Losses) -> Members:
        """The body for a client."""
        return write_answer(answer, reply, losses)

    def stream_decoder(self) -> AnthropicStreamDecoder:
        """For one stream of a provider."""
        return AnthropicStreamDecoder()

    def stream_encoder(self, reply: Reply) -> AnthropicStreamEncoder:
        """For one stream to a client."""
        return AnthropicStreamEncoder(reply)

    def decode_failure(self, status: int, body: bytes) -> Failure:
        """A provider's error answer; any bytes will do."""
        return read_failure(status, body)

    def encode_failure(self, failure: Failure) -> Members:
        """The error body for a client."""
        return write_failure(failure)


CODEC: Final = AnthropicMessagesCodec()
_IS_A_CODEC: Final[Codec] = CODEC
