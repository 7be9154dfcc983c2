"""How many tokens a request would be, where the provider of the model has no such question: our own estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

import msgspec

from trunkline.access import Refusal, refusal
from trunkline.ir import Endpoint
from trunkline.ir.losses import BadShape
from trunkline.ir.parts import Foreign, Media, Message, Part, Reasoning, Text, ToolCall, ToolResult
from trunkline.ir.request import Request
from trunkline.pipeline.request import NOT_READABLE, OURS
from trunkline.wire.codec import Named
from trunkline.wire.registry import client_codec

if TYPE_CHECKING:
    from trunkline.pipeline.call import Call

BYTES_PER_TOKEN: Final = 4
"""Of English text in the vocabularies of today; the deployment's own measured rate is used where there is one."""
MESSAGE_TOKENS: Final = 4
"""Role and separators of one message."""
MEDIA_TOKENS: Final = 1500
"""An image at its usual size (Anthropic: width x height / 750, at most about 1,600)."""
_BODIES: Final = {
    Endpoint.COUNT_TOKENS: (Endpoint.MESSAGES, "input_tokens"),
    Endpoint.GEMINI_COUNT: (Endpoint.GENERATE, "totalTokens"),
    Endpoint.INPUT_TOKENS: (Endpoint.RESPONSES, "input_tokens"),
}
"""Operation that the body belongs to, and the member of the answer."""
_decode: Final = msgspec.json.Decoder(dict[str, object]).decode


def estimate(call: Call) -> bytes | Refusal | None:
    """The answer to a question for a token count; `None` where the call asks for something else."""
    known = _BODIES.get(call.arrival.surface.endpoint)
    if known is None:
        return None
    endpoint, member = known
    try:
        members = _decode(call.body)
        for name in OURS & members.keys():
            del members[name]
        inner = members.get("generateContentRequest")
        asked = inner if isinstance(inner, dict) else members
        request = client_codec(endpoint).decode_request(asked, Named(model=call.model_group, stream=False))
    except (BadShape, *NOT_READABLE) as error:
        return refusal(400, f"Invalid request body: {error}", "invalid_request_error")
    answer: dict[str, object] = {member: tokens(request)}
    if endpoint is Endpoint.RESPONSES:
        answer = {"object": "response.input_tokens", **answer}
    return msgspec.json.encode(answer)


def tokens(request: Request) -> int:
    """Tokens of everything that the model would read, about."""
    size = sum(_message(message) for message in request.messages)
    for tool in request.tools:
        size += len(tool.name) + len(tool.description) + len(msgspec.json.encode(tool.schema or {}))
    extra = MESSAGE_TOKENS * len(request.messages) + MEDIA_TOKENS * _media(request)
    return max(-(-size // BYTES_PER_TOKEN) + extra, 1)


def _message(message: Message) -> int:
    return sum(_size(part) for part in message.parts)


def _size(part: Part) -> int:
    match part:
        case Text() | Reasoning():
            return len(part.text.encode("utf-8", "replace"))
        case ToolCall():
            return len(part.name) + len(part.arguments)
        case ToolResult():
            return sum(_size(one) for one in part.content)
        case Foreign():
            return len(msgspec.json.encode(part.data))
        case Media():
            return 0
        case _:
            assert_never(part)


def _media(request: Request) -> int:
    parts = [part for message in request.messages for part in message.parts]
    inside = [one for part in parts if isinstance(part, ToolResult) for one in part.content]
    return sum(isinstance(part, Media) for part in (*parts, *inside))
