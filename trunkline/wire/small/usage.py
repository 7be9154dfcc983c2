"""Usage objects of the small operations, one function per shape, into `ir.Usage`.

Input holds everything that was read (`input_total`), nothing lies outside it in any of these shapes; where a provider
says only a sum, the sum is the input (embeddings and reranking have no output). A count that cannot be true spoils the
whole: `None`, and the caller estimates (`openai_chat/usage.py` says why). Sources: providers.md, Table C.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Final, ParamSpec

from trunkline.ir.usage import Usage

MAX_PLAUSIBLE: Final = 100_000_000

Members = Mapping[str, object]
_P = ParamSpec("_P")


class _Untrue(Exception):
    """A count is no count."""


def _checked(read: Callable[_P, Usage | None]) -> Callable[_P, Usage | None]:
    @wraps(read)
    def reader(*args: _P.args, **kwargs: _P.kwargs) -> Usage | None:
        try:
            return read(*args, **kwargs)
        except _Untrue:
            return None

    return reader


def _count(members: Members, *names: str) -> int | None:
    """The first of these that is given."""
    for name in names:
        value = members.get(name)
        if value is None:
            continue
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_PLAUSIBLE:
            raise _Untrue(name)
        return value
    return None


def _section(members: Members, *names: str) -> Members:
    for name in names:
        value = members.get(name)
        if isinstance(value, dict):
            return value
    return {}


def milliseconds(seconds: object) -> int:
    """Of audio; 0 where the number cannot be true (more than a month, negative, no number)."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= 2_700_000:
        return 0
    return round(seconds * 1000)


@_checked
def tokens(usage: object) -> Usage | None:
    """OpenAI's embeddings and clones, Voyage, Jina, Together, OpenRouter: `prompt_tokens`, or `total_tokens` alone."""
    if not isinstance(usage, dict):
        return None
    prompt, total = _count(usage, "prompt_tokens", "input_tokens"), _count(usage, "total_tokens")
    output = _count(usage, "completion_tokens", "output_tokens") or 0
    known = prompt if prompt is not None else None if total is None else max(0, total - output)
    if known is None:
        return None
    details = _section(usage, "prompt_tokens_details", "input_tokens_details")
    return Usage(known, output, _count(details, "cached_tokens") or 0, audio_in=_count(details, "audio_tokens") or 0)


@_checked
def cohere(meta: object) -> Usage | None:
    """Cohere `meta`: the bill follows `billed_units` (`input_tokens`, `image_tokens`, `search_units`), and `tokens`
    is what the model read; LiteLLM's rerank answers have `total_tokens` in `billed_units` for other providers.
    """
    if not isinstance(meta, dict):
        return None
    billed, read = _section(meta, "billed_units"), _section(meta, "tokens")
    text, image = _count(billed, "input_tokens"), _count(billed, "image_tokens") or 0
    units = _count(billed, "search_units") or 0
    total = _count(read, "input_tokens") if text is None else text + image
    if total is None:
        total = _count(billed, "total_tokens")
    if total is None and not units and not image:
        return None
    return Usage(total if total is not None else image, search_units=units)


@_checked
def rerank(members: Members) -> Usage | None:
    """Cohere's `meta`, or the `usage` that its clones have instead (Jina, Together, OpenRouter, Voyage)."""
    counted = members.get("usage")
    if not isinstance(counted, dict):
        return cohere(members.get("meta"))
    read = tokens(counted)
    units = _count(counted, "search_units") or 0
    return Usage(read.input_total if read is not None else 0, search_units=units) if units else read


@_checked
def openai_images(usage: object, made: int) -> Usage | None:
    """`input_tokens` and `output_tokens` (gpt-image), `prompt_tokens` and `completion_tokens` (OpenRouter), or nothing
    but the number of images (DALL-E, xAI).
    """
    members: Members = usage if isinstance(usage, dict) else {}
    read = _count(members, "input_tokens", "prompt_tokens") or 0
    wrote = _count(members, "output_tokens", "completion_tokens") or 0
    details = _section(members, "input_tokens_details", "prompt_tokens_details")
    return Usage(read, wrote, _count(details, "cached_tokens") or 0, images=made)


@_checked
def transcription(usage: object, duration: float | None) -> Usage | None:
    """OpenAI: `{type: tokens}` with audio inside `input_tokens`, or `{type: duration, seconds}`; Mistral:
    `prompt_audio_seconds`, and audio tokens only in `total_tokens` (recorded: 3 prompt + 375 audio + 11 = 389).
    Whisper's `verbose_json` has `duration` and no usage.
    """
    members: Members = usage if isinstance(usage, dict) else {}
    heard = milliseconds(members.get("seconds", members.get("prompt_audio_seconds"))) or milliseconds(duration)
    read = _count(members, "input_tokens", "prompt_tokens") or 0
    wrote = _count(members, "output_tokens", "completion_tokens") or 0
    details = _section(members, "input_token_details", "input_tokens_details", "prompt_tokens_details")
    audio = _count(details, "audio_tokens") or 0
    if audio and _count(members, "total_tokens") == read + audio + wrote:
        read += audio
    if not (heard or read or wrote):
        return None
    return Usage(read, wrote, audio_in=min(audio, read), audio_ms=heard)


@_checked
def gemini(metadata: object, made: int = 0) -> Usage | None:
    """`usageMetadata`: thoughts lie outside `candidatesTokenCount`, unless the total adds up without them."""
    if not isinstance(metadata, dict):
        return Usage(images=made) if made else None
    prompt = (_count(metadata, "promptTokenCount") or 0) + (_count(metadata, "toolUsePromptTokenCount") or 0)
    output, thoughts = _count(metadata, "candidatesTokenCount") or 0, _count(metadata, "thoughtsTokenCount") or 0
    if _count(metadata, "totalTokenCount") != prompt + output:
        output += thoughts
    cached = _count(metadata, "cachedContentTokenCount") or 0
    details = metadata.get("promptTokensDetails", metadata.get("promptTokenDetails"))
    audio = 0
    for detail in details if isinstance(details, list) else []:
        if isinstance(detail, dict) and detail.get("modality") == "AUDIO":
            audio = _count(detail, "tokenCount") or 0
    return Usage(prompt, output, cached, reasoning=min(thoughts, output), audio_in=min(audio, prompt), images=made)


@_checked
def plain(value: object) -> Usage | None:
    """One number of tokens that were read: Ollama `prompt_eval_count`, watsonx `input_token_count`, Titan
    `inputTextTokenCount`, Bedrock's header `x-amzn-bedrock-input-token-count` (text).
    """
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
        value = int(value)
    read = _count({"": value}, "")
    return None if read is None else Usage(read)


def summed(parts: list[Usage | None]) -> Usage | None:
    """Of several requests that make one; unknown where one of them is."""
    known = [part for part in parts if part is not None]
    if not known or len(known) != len(parts):
        return None
    return Usage(
        sum(part.input_total for part in known),
        sum(part.output_total for part in known),
        sum(part.cache_read for part in known),
        sum(part.cache_write for part in known),
        search_units=sum(part.search_units for part in known),
        images=sum(part.images for part in known),
    )


def as_embedding(usage: Usage | None) -> dict[str, object]:
    """OpenAI's `usage` of embeddings; its SDK wants one always."""
    read, wrote = (usage.input_total, usage.output_total) if usage is not None else (0, 0)
    return {"prompt_tokens": read, "total_tokens": read + wrote}


def as_rerank_meta(usage: Usage | None) -> dict[str, object]:
    """Cohere's `meta`, as LiteLLM fills it for other providers."""
    if usage is None:
        return {}
    billed: dict[str, object] = {}
    if usage.search_units:
        billed["search_units"] = usage.search_units
    if usage.input_total:
        billed["total_tokens"] = usage.input_total + usage.output_total
    meta: dict[str, object] = {"billed_units": billed}
    if usage.input_total:
        meta["tokens"] = {"input_tokens": usage.input_total, "output_tokens": usage.output_total}
    return meta


def as_image(usage: Usage | None) -> dict[str, object] | None:
    """OpenAI's `usage` of images, where tokens were counted."""
    if usage is None or not (usage.input_total or usage.output_total):
        return None
    total = usage.input_total + usage.output_total
    return {"input_tokens": usage.input_total, "output_tokens": usage.output_total, "total_tokens": total}


def as_transcription(usage: Usage | None) -> dict[str, object] | None:
    """OpenAI's `usage` of transcriptions: tokens where they were counted, else the seconds."""
    if usage is None:
        return None
    if usage.input_total or usage.output_total:
        return {
            "type": "tokens",
            "input_tokens": usage.input_total,
            "output_tokens": usage.output_total,
            "total_tokens": usage.input_total + usage.output_total,
            "input_token_details": {
                "audio_tokens": usage.audio_in,
                "text_tokens": usage.input_total - usage.audio_in,
            },
        }
    return {"type": "duration", "seconds": usage.audio_ms / 1000} if usage.audio_ms else None
