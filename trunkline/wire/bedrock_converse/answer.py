"""A whole Converse answer, both directions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from trunkline.ir.answer import Answer, Choice, Finish
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Native
from trunkline.wire.bedrock_converse import losses as words
from trunkline.wire.bedrock_converse.parts_decode import decode_blocks
from trunkline.wire.bedrock_converse.parts_encode import Blocks, ForClient, encode_part
from trunkline.wire.bedrock_converse.shape import (
    Members,
    a_list,
    an_object,
    optional_text,
    unknown,
    without,
)
from trunkline.wire.bedrock_converse.spelling import OWN, is_own, kept, merged, own_members, report
from trunkline.wire.bedrock_converse.usage import decode_usage, encode_usage
from trunkline.wire.codec import Reply

FINISH: Final[Mapping[str, Finish]] = {
    "end_turn": Finish.STOP,
    "stop_sequence": Finish.STOP_SEQUENCE,
    "max_tokens": Finish.LENGTH,
    "tool_use": Finish.TOOL_CALLS,
    "guardrail_intervened": Finish.CONTENT_FILTER,
    "content_filtered": Finish.CONTENT_FILTER,
    "malformed_tool_use": Finish.BAD_CALL,
    "malformed_model_output": Finish.OTHER,
    "model_context_window_exceeded": Finish.CONTEXT,
    "refusal": Finish.REFUSAL,
    "pause_turn": Finish.PAUSE,
}
"""`stopReason` (the service model's enum, and the two of Claude's own words that it lacks)."""
STOP_REASON: Final[Mapping[Finish, str]] = {
    Finish.STOP: "end_turn",
    Finish.STOP_SEQUENCE: "stop_sequence",
    Finish.LENGTH: "max_tokens",
    Finish.TOOL_CALLS: "tool_use",
    Finish.CONTENT_FILTER: "content_filtered",
    Finish.REFUSAL: "content_filtered",
    Finish.PAUSE: "max_tokens",
    Finish.CONTEXT: "model_context_window_exceeded",
    Finish.BAD_CALL: "malformed_tool_use",
    Finish.OTHER: "end_turn",
}
"""For clients of this format; all but `malformed_model_output` of its enum."""


def finish_of(reason: str) -> Finish:
    """What a `stopReason` means."""
    return FINISH.get(reason, Finish.OTHER)


def stop_sequence_of(fields: object) -> str:
    """The sequence that stopped the model, where `additionalModelResponseFieldPaths` asked for it."""
    match fields:
        case {"stop_sequence": str() as found} | {"delta": {"stop_sequence": str() as found}}:
            return str(found)
        case _:
            return ""


def tier_of(value: object) -> str:
    """The word of a `serviceTier`."""
    match value:
        case {"type": str() as found}:
            return str(found)
        case _:
            return ""


def model_of(trace: object) -> str:
    """The model that a prompt router chose; nothing else in an answer names one."""
    match trace:
        case {"promptRouter": {"invokedModelId": str() as found}}:
            return str(found)
        case _:
            return ""


def decode_answer(members: Members) -> Answer:
    """A provider's answer.

    Raises:
        BadShape: it does not have Converse's shape.
    """
    output = an_object(members.get("output"), "output")
    message = an_object(output.get("message"), "output.message")
    content = message.get("content")
    blocks = [] if content is None else a_list(content, "output.message.content")
    parts = decode_blocks(blocks, "output.message.content", assistant=True, sealed=False)
    left = unknown(members, "output", "stopReason")
    more = without(output, "message")
    if more:
        left["output"] = more
    about = unknown(message, "role", "content")
    if message.get("role") != "assistant" and "role" in message:
        about["role"] = message["role"]
    fields = members.get("additionalModelResponseFields")
    reason = optional_text(members, "stopReason") or ""
    if not reason and "stopReason" in members:
        left["stopReason"] = members["stopReason"]
    choice = Choice(
        parts=parts,
        finish=finish_of(reason) if reason else None,
        finish_native=reason,
        stop_sequence=stop_sequence_of(fields),
        native=kept(about),
    )
    return Answer(
        model=model_of(members.get("trace")),
        choices=[choice],
        usage=decode_usage(members.get("usage"), fields),
        service_tier=tier_of(members.get("serviceTier")),
        native=Native(OWN, left),
    )


def encode_answer(answer: Answer, reply: Reply, losses: Losses) -> Members:
    """The body for a client."""
    choice = answer.choices[0] if answer.choices else Choice()
    if len(answer.choices) > 1:
        losses.add("choices", words.CANDIDATES)
    if choice.logprobs is not None:
        losses.add("choices[0].logprobs", words.LOGPROBS)
    side = ForClient(losses, reply)
    content: Blocks = []
    for at, part in enumerate(choice.parts):
        content += encode_part(part, f"choices[0].parts[{at}]", side)
    own = is_own(answer.native)
    if answer.native is not None:  # the provider's own usage object stands there too, and is told below
        report(Native(answer.native.format, without(answer.native.members, "usage")), losses, "")
    report(choice.native, losses, "choices[0]")
    message: Members = {"role": "assistant", "content": content, **own_members(choice.native)}
    members: Members = {"output": {"message": message}}
    reason = stop_reason(choice.finish, choice.finish_native, own=own)
    if reason:
        members["stopReason"] = reason
    if own:
        return merged(own_members(answer.native), members)
    if answer.usage is not None:
        members["usage"] = encode_usage(answer.usage)
    members.update(rest_for_client(answer.service_tier, choice.stop_sequence))
    members["metrics"] = {"latencyMs": 0}
    return members


def stop_reason(finish: Finish | None, native: str, *, own: bool) -> str:
    """The word for a client; empty where a provider of this format gave none. Others get one: SDKs want it."""
    if own:
        return native or ("" if finish is None else STOP_REASON[finish])
    return STOP_REASON[finish or Finish.STOP]


def rest_for_client(service_tier: str, stop_sequence: str) -> Members:
    """What stands beside content and usage in an answer from another format.

    `metrics` is there because SDKs with types call it required; how long the provider took is not known here.
    """
    found: Members = {}
    if stop_sequence:
        found["additionalModelResponseFields"] = {"stop_sequence": stop_sequence}
    if service_tier in {"default", "flex", "priority", "reserved"}:
        found["serviceTier"] = {"type": service_tier}
    return found
