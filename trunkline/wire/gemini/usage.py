"""`usageMetadata`, both ways.

What lies inside what (providers.md, Table C; ai.google.dev/api/generate-content#UsageMetadata): `promptTokenCount`
includes `cachedContentTokenCount`; `candidatesTokenCount` leaves `thoughtsTokenCount` out, unless the total adds up
only with them inside; `toolUsePromptTokenCount` is input of its own, which Google does not bill where a search or
maps grounding brought it in. `totalTokenCount` = prompt + tool use + candidates + thoughts.
"""

from __future__ import annotations

from typing import Final

from trunkline.ir.usage import Usage
from trunkline.wire.codec import Members
from trunkline.wire.gemini.form import is_list, is_object

MAX_PLAUSIBLE: Final = 100_000_000
"""Tokens of one call; the longest contexts hold ten million."""

_AUDIO: Final = ("AUDIO", 4)
"""The modality as a word, and as protobuf's number."""


class _Untrue(ValueError):
    """A count that cannot be one."""


def _count(raw: Members, name: str) -> int:
    value = raw.get(name)
    if value is None:
        return 0
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_PLAUSIBLE:
        raise _Untrue(name)
    return value


def _audio(raw: Members, name: str) -> int:
    details = raw.get(name)
    if not is_list(details):
        return 0
    found = (item for item in details if is_object(item) and item.get("modality") in _AUDIO)
    return sum(_count(item, "tokenCount") for item in found)


def decode_usage(raw: object, searches: int = 0, *, grounded: bool = False) -> Usage | None:
    """The counts; `None` where there are none yet (early chunks hold only `trafficType`), or none that can be true.

    `searches`: web searches that the answer names; `grounded`: a search or maps brought the tool's tokens in.
    """
    if not is_object(raw):
        return None
    try:
        prompt, candidates = _count(raw, "promptTokenCount"), _count(raw, "candidatesTokenCount")
        thoughts, tool = _count(raw, "thoughtsTokenCount"), _count(raw, "toolUsePromptTokenCount")
        total, cached = _count(raw, "totalTokenCount"), _count(raw, "cachedContentTokenCount")
        audio_in = _audio(raw, "promptTokensDetails")
        audio_out = _audio(raw, "candidatesTokensDetails")
    except _Untrue:
        return None
    if not prompt and not candidates and not total:
        return None
    inside = 0 < thoughts <= candidates and total == prompt + candidates + tool
    return Usage(
        input_total=prompt + (0 if grounded else tool),
        output_total=candidates if inside else candidates + thoughts,
        cache_read=min(cached, prompt),
        reasoning=thoughts,
        audio_in=audio_in,
        audio_out=audio_out,
        web_searches=searches,
    )


def encode_usage(usage: Usage, service_tier: str = "") -> Members:
    """The counts as Gemini says them."""
    spoken = max(usage.output_total - usage.reasoning, 0)
    out: Members = {
        "promptTokenCount": usage.input_total,
        "candidatesTokenCount": spoken,
        "totalTokenCount": usage.input_total + spoken + usage.reasoning,
    }
    if usage.cache_read:
        out["cachedContentTokenCount"] = usage.cache_read
    if usage.reasoning:
        out["thoughtsTokenCount"] = usage.reasoning
    if usage.audio_in:
        out["promptTokensDetails"] = _split(usage.input_total, usage.audio_in)
    if usage.audio_out:
        out["candidatesTokensDetails"] = _split(spoken, usage.audio_out)
    if service_tier:
        out["serviceTier"] = service_tier
    return out


def _split(total: int, audio: int) -> list[object]:
    details: list[object] = [{"modality": "AUDIO", "tokenCount": audio}]
    if total > audio:
        details.insert(0, {"modality": "TEXT", "tokenCount": total - audio})
    return details
