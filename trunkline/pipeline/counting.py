"""How many tokens a call is, where its provider does not say: our own estimate.

Two askers: the token count operations, for models whose provider has none, and the ledger, for answers without usage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from trunkline.access import Refusal, refusal
from trunkline.ir import Endpoint, Usage
from trunkline.ir.losses import BadShape
from trunkline.ir.parts import Part, Reasoning, Text, ToolCall
from trunkline.pipeline.request import NOT_READABLE, OURS
from trunkline.profiles import tokens
from trunkline.wire.codec import Codec, Named
from trunkline.wire.registry import CHAT_FORMATS, client_codec

if TYPE_CHECKING:
    from trunkline.config.snapshot import Deployment
    from trunkline.pipeline.call import Call
    from trunkline.pipeline.way import StreamRelay

READABLE: Final = 256 * 1024
"""Bytes of a body that is read for a count; beyond, its size says enough."""
ANSWER_BYTES_PER_TOKEN: Final = 5
"""Of an answer that cannot be read, its JSON included."""
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
        asked_of = model_of(call.plan[0]) if call.plan else call.model_group
        request = client_codec(endpoint).decode_request(asked, Named(model=call.model_group, stream=False))
    except (BadShape, *NOT_READABLE) as error:
        return refusal(400, f"Invalid request body: {error}", "invalid_request_error")
    answer: dict[str, object] = {member: tokens.request_tokens(request, asked_of)}
    if endpoint is Endpoint.RESPONSES:
        answer = {"object": "response.input_tokens", **answer}
    return msgspec.json.encode(answer)


def usage(call: Call, answer: bytes) -> Usage:
    """What a call was whose whole answer, in the client's format, says nothing of it."""
    written = _answer_tokens(call, answer) if len(answer) <= READABLE else None
    if written is None:
        written = len(answer) // ANSWER_BYTES_PER_TOKEN
    return Usage(input_total=_input_tokens(call), output_total=written)


def stream_usage(call: Call, relay: StreamRelay) -> Usage:
    """What a call was whose stream said nothing of it. Of one that was broken off, the sizes are enough."""
    from trunkline.pipeline.codec_relay import Facts  # loaded where a relay is one

    if call.gone:
        return Usage(input_total=call.estimated_input, output_total=relay.estimated_output())
    written = relay.written(_model(call)) if isinstance(relay, Facts) else relay.estimated_output()
    return Usage(input_total=_input_tokens(call), output_total=written)


def model_of(deployment: Deployment) -> str:
    """The name that tells a deployment's family."""
    base = deployment.model_info.get("base_model")
    return base if isinstance(base, str) else deployment.model


def _model(call: Call) -> str:
    return model_of(call.prepared.deployment)


def _codec(call: Call) -> Codec | None:
    """The codec of the client's format, where the call is a conversation."""
    endpoint = call.arrival.surface.endpoint
    return client_codec(endpoint) if endpoint in CHAT_FORMATS or endpoint is Endpoint.COMPLETIONS else None


def _input_tokens(call: Call) -> int:
    codec = _codec(call)
    if codec is None or len(call.body) > READABLE:
        return call.estimated_input
    try:
        members = _decode(call.body)
        for name in OURS & members.keys():
            del members[name]
        request = codec.decode_request(members, Named(model=call.model_group, stream=call.stream))
    except (BadShape, *NOT_READABLE):
        return call.estimated_input
    return tokens.request_tokens(request, _model(call))


def _answer_tokens(call: Call, answer: bytes) -> int | None:
    codec = _codec(call)
    if codec is None:
        return None
    try:
        parts: list[Part] = [part for one in codec.decode_answer(_decode(answer)).choices for part in one.parts]
    except (BadShape, *NOT_READABLE):
        return None
    texts = [part.text for part in parts if isinstance(part, Text | Reasoning)]
    calls = [part.name + part.arguments for part in parts if isinstance(part, ToolCall)]
    return tokens.answer_tokens(texts, calls, _model(call))
