"""A Converse request, written."""

from __future__ import annotations

import re
from typing import Final

from trunkline.ir.losses import Losses
from trunkline.ir.parts import Message, Part, Text
from trunkline.ir.request import Request
from trunkline.wire.bedrock_converse import losses as words
from trunkline.wire.bedrock_converse.families import caches
from trunkline.wire.bedrock_converse.fields import encode_output, encode_parallel, encode_thinking, encode_top_k
from trunkline.wire.bedrock_converse.parts_encode import PLACEHOLDER, Blocks, ForBedrock, encode_part
from trunkline.wire.bedrock_converse.request_decode import SYSTEM_TURN
from trunkline.wire.bedrock_converse.shape import Members
from trunkline.wire.bedrock_converse.spelling import is_own, merged, own_members, report, spelling
from trunkline.wire.bedrock_converse.tools import encode_own_tools, encode_tools
from trunkline.wire.bedrock_converse.turns import encode_conversation

_TIERS: Final = frozenset({"default", "flex", "priority", "reserved"})
_METADATA: Final = re.compile(r"[a-zA-Z0-9\s:_@$#=/+,.\-]{0,256}")
"""Keys and values of `requestMetadata` (the service model's pattern)."""
_METADATA_ENTRIES: Final = 16
_LISTS: Final = frozenset({"messages", "system"})


def encode_request(request: Request, losses: Losses) -> Members:
    """The body for Bedrock; the model stands in the path.

    Raises:
        Untranslatable: content, a tool or an output schema that Converse does not have.
    """
    own = is_own(request.native)
    mark = spelling(request.native)
    side = ForBedrock(losses, request.model, own=own)
    if own:
        system, messages = _own_conversation(request.messages, side)
        tools = encode_own_tools(request, losses)
    else:
        system, messages = encode_conversation(request.messages, side)
        tools = encode_tools(request, losses)
    if request.cache is not None:
        _cache_all(request, messages, side)
    thinking, output = encode_thinking(request, losses)
    forced = tools is not None and "toolChoice" in tools
    fields = merged(
        encode_top_k(request, mark.get("top_k"), losses),
        merged(
            encode_parallel(request, spelled="parallel" in mark, forced=forced, losses=losses),
            thinking,
        ),
    )
    members: Members = {
        "messages": messages,
        "system": system,
        "inferenceConfig": _inference(request, losses, own=own),
        "toolConfig": tools,
        "additionalModelRequestFields": fields,
        "outputConfig": merged(encode_output(request.output, losses, own=own), output),
        "serviceTier": _tier(request.service_tier, losses, own=own),
        "requestMetadata": _metadata(request.metadata, losses, own=own),
    }
    members = {name: value for name, value in members.items() if value or (name == "requestMetadata" and value == {})}
    _report_the_rest(request, losses)
    report(request.native, losses, "")
    return _restored(members, request)


def _restored(members: Members, request: Request) -> Members:
    """With what a client of this format wrote besides, and what it wrote empty."""
    left = own_members(request.native)
    whole = merged(left, members) if left else members
    empty = spelling(request.native).get("empty")
    for name in empty if isinstance(empty, list) else ():
        if name == "toolConfig.tools":
            config = whole.setdefault("toolConfig", {})
            if isinstance(config, dict):
                config.setdefault("tools", [])
        else:
            whole.setdefault(name, [] if name in _LISTS else {})
    return whole


def _own_conversation(messages: list[Message], side: ForBedrock) -> tuple[Blocks, list[Members]]:
    """`system` and `messages` as a client of this format wrote them, without what other providers left in them."""
    system: Blocks = []
    turns: list[Members] = []
    for at, message in enumerate(messages):
        path = f"messages[{at}]"
        blocks: Blocks = []
        for number, part in enumerate(message.parts):
            here = f"{path}.content[{number}]"
            if _is_husk(part):
                side.losses.add(here, words.BLANK)
            else:
                blocks += encode_part(part, here, side)
        is_system = message.role in {"system", "developer"}
        if is_system and spelling(message.native).get("place") != SYSTEM_TURN:
            system += blocks
            continue
        if message.parts and not blocks:
            side.losses.add(path, words.PLACEHOLDER)
            blocks.append({"text": PLACEHOLDER})
        role = "system" if is_system else message.role
        turns.append({"role": role, "content": blocks, **own_members(message.native)})
    return system, turns


def _is_husk(part: Part) -> bool:
    """An empty text that another provider wrote for the sake of the state on it."""
    return isinstance(part, Text) and part.opaque is not None and not part.text.strip()


def _cache_all(request: Request, messages: list[Members], side: ForBedrock) -> None:
    """A hint for the whole request: a cache point at its end."""
    if not caches(request.model) or not messages:
        side.losses.add("cache", words.CACHE)
        return
    content = messages[-1]["content"]
    assert request.cache is not None
    if isinstance(content, list) and content and "cachePoint" not in content[-1]:
        content += side.cache_point(request.cache, "cache")


def _inference(request: Request, losses: Losses, *, own: bool) -> Members:
    sampling = request.sampling
    config: Members = {}
    if sampling.max_tokens is not None:
        config["maxTokens"] = sampling.max_tokens
    if sampling.temperature is not None:
        config["temperature"] = sampling.temperature
    if sampling.top_p is not None:
        config["topP"] = sampling.top_p
    stop = sampling.stop
    if stop is not None and (own or stop):
        config["stopSequences"] = stop
    for name, lost, reason in (
        ("min_p", sampling.min_p is not None, words.MIN_P),
        ("seed", sampling.seed is not None, words.SEED),
        ("frequency_penalty", bool(sampling.frequency_penalty), words.PENALTY),
        ("presence_penalty", bool(sampling.presence_penalty), words.PENALTY),
        ("candidates", sampling.candidates not in (None, 1), words.CANDIDATES),
        ("logprobs", bool(sampling.logprobs), words.LOGPROBS),
        ("top_logprobs", bool(sampling.top_logprobs), words.LOGPROBS),
        ("logit_bias", bool(sampling.logit_bias), words.LOGIT_BIAS),
    ):
        if lost:
            losses.add(name, reason)
    return config


def _tier(tier: str | None, losses: Losses, *, own: bool) -> Members | None:
    if tier is None:
        return None
    if own or tier in _TIERS:
        return {"type": tier}
    if tier != "auto":
        losses.add("service_tier", words.SERVICE_TIER)
    return None


def _metadata(metadata: dict[str, object] | None, losses: Losses, *, own: bool) -> Members | None:
    if metadata is None or own:
        return metadata
    found: Members = {}
    for name, value in metadata.items():
        text = value if isinstance(value, str) else None
        fits = text is not None and name and _METADATA.fullmatch(name) and _METADATA.fullmatch(text)
        if fits and len(found) < _METADATA_ENTRIES:
            found[name] = value
        else:
            losses.add(f"metadata.{name}", words.METADATA)
    return found or None


def _report_the_rest(request: Request, losses: Losses) -> None:
    for name, lost, reason in (
        ("modalities", bool(request.modalities) and request.modalities != ["text"], words.MODALITIES),
        ("verbosity", request.verbosity is not None, words.VERBOSITY),
        ("user", bool(request.user), words.USER),
        ("store", request.store is True, words.STORE),
    ):
        if lost:
            losses.add(name, reason)
