"""The codec of each chat format, loaded when it is first needed: a gateway that only passes bytes loads none."""

from __future__ import annotations

from functools import cache
from typing import Final, assert_never

from trunkline.ir.endpoint import Endpoint
from trunkline.ir.format import Format
from trunkline.wire.codec import Codec

CHAT_FORMATS: Final = {
    Endpoint.CHAT: Format.OPENAI_CHAT,
    Endpoint.RESPONSES: Format.OPENAI_RESPONSES,
    Endpoint.MESSAGES: Format.ANTHROPIC_MESSAGES,
    Endpoint.GENERATE: Format.GEMINI,
    Endpoint.CONVERSE: Format.BEDROCK_CONVERSE,
    Endpoint.COHERE_CHAT: Format.COHERE_CHAT,
    Endpoint.OLLAMA_CHAT: Format.OLLAMA,
    Endpoint.PREDICTIONS: Format.REPLICATE,
}
"""The operations that are a conversation with a model; any of them can be served by any other."""


@cache
def codec(own: Format, dialect: str = "") -> Codec:
    """The codec of a format; `dialect` names a row of its usage table where hosts differ."""
    match own:
        case Format.OPENAI_CHAT:
            from trunkline.wire.openai_chat.codec import OpenAIChatCodec

            return OpenAIChatCodec(dialect or "openai")
        case Format.OPENAI_RESPONSES:
            from trunkline.wire.openai_responses.codec import OpenAIResponsesCodec

            return OpenAIResponsesCodec()
        case Format.ANTHROPIC_MESSAGES:
            from trunkline.wire.anthropic_messages.codec import AnthropicMessagesCodec

            # Later system messages are the adapter's matter: it leaves them where the model takes them.
            return AnthropicMessagesCodec(system_messages=True)
        case Format.GEMINI:
            from trunkline.wire.gemini.codec import GeminiCodec

            return GeminiCodec(vertex=dialect == "vertex")
        case Format.BEDROCK_CONVERSE:
            from trunkline.wire.bedrock_converse.codec import BedrockConverseCodec

            return BedrockConverseCodec()
        case Format.COHERE_CHAT:
            from trunkline.wire.cohere_chat.codec import CohereChatCodec

            return CohereChatCodec()
        case Format.OLLAMA:
            from trunkline.wire.ollama.codec import OllamaCodec

            return OllamaCodec()
        case Format.REPLICATE:
            from trunkline.wire.replicate.codec import ReplicateCodec

            return ReplicateCodec()
        case _:
            assert_never(own)


@cache
def client_codec(endpoint: Endpoint, *, array: bool = False) -> Codec:
    """The codec of the format that the clients of an operation speak. `array`: streams are one JSON array."""
    if endpoint is Endpoint.COMPLETIONS:
        from trunkline.wire.openai_completions.codec import OpenAICompletionsCodec

        return OpenAICompletionsCodec()
    if array:
        from trunkline.wire.gemini.codec import GeminiCodec

        return GeminiCodec(array=True)
    return codec(CHAT_FORMATS[endpoint])
