"""OpenAI's legacy text completions."""

from __future__ import annotations

from typing import Final

from trunkline.ir.answer import Answer
from trunkline.ir.failure import Failure
from trunkline.ir.format import Format
from trunkline.ir.losses import Losses
from trunkline.ir.request import Request
from trunkline.wire.codec import NOT_NAMED, Codec, Members, Named, Reply
from trunkline.wire.openai_chat.failure import read_failure, write_failure
from trunkline.wire.openai_chat.stream_decode import ChatStreamDecoder
from trunkline.wire.openai_completions.answer import read_completion_answer, write_completion_answer
from trunkline.wire.openai_completions.request import read_completion, write_completion
from trunkline.wire.openai_completions.stream import CompletionStreamEncoder


class OpenAICompletionsCodec:
    """The codec; implements `wire.codec.Codec`.

    Its `format` is that of chat, the family whose errors it shares; what only text completions have (`echo`, `suffix`,
    `best_of`, `logprobs` as a number) is marked as such, and chat reports it as lost.
    """

    format: Format = Format.OPENAI_CHAT
    stream_type: str = "text/event-stream"

    def __init__(self, dialect: str = "openai") -> None:
        """`dialect` names the host's row in `openai_chat/dialects.py`: how it counts tokens."""
        self._dialect = dialect

    def decode_request(self, members: Members, named: Named = NOT_NAMED) -> Request:
        """A client's request.

        Raises:
            BadShape: it does not have the format's shape, or its prompt is not one text.
        """
        return read_completion(members, named)

    def encode_request(self, request: Request, losses: Losses) -> Members:
        """The body for a provider of text completions.

        Raises:
            Untranslatable: the conversation is more than one text of the user, or asks for tools or a schema.
        """
        return write_completion(request, losses)

    def decode_answer(self, members: Members) -> Answer:
        """A provider's whole answer.

        Raises:
            BadShape: it does not have the format's shape, or holds an error.
        """
        return read_completion_answer(members, self._dialect)

    def encode_answer(self, answer: Answer, reply: Reply, losses: Losses) -> Members:
        """The body for a client."""
        return write_completion_answer(answer, reply, losses)

    def stream_decoder(self) -> ChatStreamDecoder:
        """For one stream of a provider: chat's decoder takes `text` for the content."""
        return ChatStreamDecoder(self._dialect)

    def stream_encoder(self, reply: Reply) -> CompletionStreamEncoder:
        """For one stream to a client."""
        return CompletionStreamEncoder(reply)

    def decode_failure(self, status: int, body: bytes) -> Failure:
        """A provider's error answer; any bytes will do."""
        return read_failure(status, body)

    def encode_failure(self, failure: Failure) -> Members:
        """The error body for a client, in LiteLLM's form."""
        return write_failure(failure)


CODEC: Final[Codec] = OpenAICompletionsCodec()
