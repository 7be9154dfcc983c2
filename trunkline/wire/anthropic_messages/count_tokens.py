"""`POST /v1/messages/count_tokens`: a request without the members that only answering needs, and a number."""

from __future__ import annotations

from typing import Final

from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.request import Request
from trunkline.wire.anthropic_messages.codec import CODEC, AnthropicMessagesCodec
from trunkline.wire.codec import NOT_NAMED, Members, Named

ONLY_FOR_ANSWERS: Final = frozenset({
    "max_tokens", "stream", "temperature", "top_p", "top_k", "stop_sequences", "metadata", "service_tier", "container",
    "inference_geo",
})  # fmt: skip
"""What `MessageCreateParams` of the SDK has and `MessageCountTokensParams` has not: the API refuses extra members."""


def decode_request(members: Members, named: Named = NOT_NAMED) -> Request:
    """A client's request to count.

    Raises:
        BadShape: it does not have the format's shape.
    """
    return CODEC.decode_request(members, named)


def encode_request(request: Request, losses: Losses, codec: AnthropicMessagesCodec = CODEC) -> Members:
    """The body for a provider. Knobs that do not change the count are left out, which is no loss.

    Raises:
        Untranslatable: content or a tool that Anthropic has no place for.
    """
    body = codec.encode_request(request, losses)
    return {name: value for name, value in body.items() if name not in ONLY_FOR_ANSWERS}


def decode_answer(members: Members) -> int:
    """Tokens of the input, counted by a provider.

    Raises:
        BadShape: there is no such number.
    """
    tokens = members.get("input_tokens")
    if isinstance(tokens, int) and not isinstance(tokens, bool) and tokens >= 0:
        return tokens
    raise BadShape("input_tokens", "a whole number is needed")


def encode_answer(tokens: int) -> Members:
    """The body for a client."""
    return {"input_tokens": tokens}
