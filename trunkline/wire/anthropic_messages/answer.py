"""Whole answers, in both directions."""

from __future__ import annotations

from typing import Final

from trunkline.ir.answer import Answer, Choice
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Native, ToolCall
from trunkline.wire.anthropic_messages import losses as why
from trunkline.wire.anthropic_messages.blocks_in import read_blocks
from trunkline.wire.anthropic_messages.finish import read_stop_reason, write_stop_reason
from trunkline.wire.anthropic_messages.for_client import AnswerWriter
from trunkline.wire.anthropic_messages.shape import OWN, a_list, a_string, kept, maybe_string, restore
from trunkline.wire.anthropic_messages.usage import read_usage, write_usage
from trunkline.wire.codec import Members, Reply

KNOWN: Final = frozenset({
    "type", "role", "id", "model", "content", "stop_reason", "stop_sequence", "stop_details",
})  # fmt: skip
"""Members of a message that have a place of their own; its `usage` is kept as it came, besides being read."""
TIERS: Final = frozenset({"standard", "priority", "batch"})


def read_answer(members: Members) -> Answer:
    """A provider's answer.

    Raises:
        BadShape: it is no message, or a block of it is not what its type says.
    """
    if members.get("type") == "error" or "content" not in members:
        raise BadShape("type", "the answer is no message")
    finish, word = read_stop_reason(members.get("stop_reason"))
    own_id, model, sequence = members.get("id"), members.get("model"), members.get("stop_sequence")
    usage = members.get("usage")
    choice = Choice(
        parts=read_blocks(a_list(members["content"], "content"), "content", from_client=False),
        finish=finish,
        finish_native=word,
        stop_sequence="" if sequence is None else a_string(members, "stop_sequence", ""),
    )
    if "stop_details" in members:
        choice.native = kept({"stop_details": members["stop_details"]}, frozenset())
    return Answer(
        id=own_id if isinstance(own_id, str) else maybe_string(members, "id", ""),
        model=model if isinstance(model, str) else maybe_string(members, "model", ""),
        choices=[choice],
        usage=read_usage(usage),
        service_tier=tier_of(usage),
        native=_native_of(members, usage),
    )


def _native_of(members: Members, usage: object) -> Native:
    """What has no place of its own; mostly that is the usage object."""
    for name in members:
        if name not in KNOWN and name != "usage":
            break
    else:
        if usage is not None:
            return Native(OWN, {"usage": usage})
    return kept({n: v for n, v in members.items() if n not in KNOWN}, frozenset()) or Native(OWN, {})


def tier_of(usage: object) -> str:
    """The service tier, which Anthropic tells inside the usage."""
    tier = usage.get("service_tier") if isinstance(usage, dict) else None
    return tier if isinstance(tier, str) else ""


def is_own(native: Native | None) -> bool:
    """An answer with this `native` came from a provider of this format."""
    return native is not None and native.format is OWN


def without_usage(native: Native | None) -> Native | None:
    """What else an answer of another format has; its usage object is translated, so it is no loss."""
    if native is None or native.format is OWN or "usage" not in native.members:
        return native
    return Native(native.format, {name: value for name, value in native.members.items() if name != "usage"})


def write_answer(answer: Answer, reply: Reply, losses: Losses) -> Members:
    """The body for a client."""
    own = is_own(answer.native)
    choice = answer.choices[0] if answer.choices else Choice()
    if len(answer.choices) > 1:
        losses.add("choices", why.ONE_CHOICE)
    if choice.logprobs is not None:
        losses.add("logprobs", why.NO_LOGPROBS)
    calls = any(isinstance(part, ToolCall) for part in choice.parts)
    body: Members = {
        "id": answer.id or f"msg_{reply.id}",
        "type": "message",
        "role": "assistant",
        "model": answer.model or reply.model,
        "content": AnswerWriter(reply, losses, own=own).blocks(choice.parts),
        "stop_reason": write_stop_reason(choice.finish, choice.finish_native, own=own, calls=calls),
        "stop_sequence": choice.stop_sequence or None,
    }
    restore(body, choice.native, losses, "choices[0]")
    restore(body, without_usage(answer.native), losses, "")
    if "usage" not in body:
        body["usage"] = usage = write_usage(answer.usage)
        if answer.service_tier in TIERS:
            usage["service_tier"] = answer.service_tier
    return body
