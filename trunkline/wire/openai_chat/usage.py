"""What an OpenAI-shaped answer or stream event says about model, end and tokens, without building the rest.

Providers disagree on what lies inside what (does `completion_tokens` hold the reasoning?), so every host names a
row of `DIALECTS`; the result is always the one normal form of `ir.Usage`. Numbers that cannot be true (text,
fractions, negatives, more than 2**53) give no usage at all, and the caller estimates: a provider's slip never
becomes a bill. Nothing here raises for what a provider sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, assert_never

import msgspec

from trunkline.ir import Usage
from trunkline.wire.openai_chat.dialects import DIALECTS, Dialect

__all__ = ["DIALECTS", "AnswerFacts", "ChunkFacts", "Dialect", "later", "parse_answer", "parse_chunk", "parse_usage"]

MAX_COUNT: Final = 2**53
"""Largest integer every JSON reader keeps exact; no call has ever had a billionth of it."""

MAX_PLAUSIBLE: Final = 100_000_000
"""Tokens of one call; the longest contexts hold ten million. More is a slip (reliability U23: 10**9 cached of 80)."""

_Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT)]

_OPENAI: Final = DIALECTS["openai"]
_EMBEDDINGS: Final = DIALECTS["embeddings"]


class _InputDetails(msgspec.Struct, gc=False):
    cached_tokens: _Count | None = None
    cache_write_tokens: _Count | None = None
    cache_creation_input_tokens: _Count | None = None
    audio_tokens: _Count | None = None


class _OutputDetails(msgspec.Struct, gc=False):
    reasoning_tokens: _Count | None = None
    audio_tokens: _Count | None = None


class _Counts(msgspec.Struct, gc=False):
    """A `usage` object under all the names that hosts use."""

    prompt_tokens: _Count | None = None
    completion_tokens: _Count | None = None
    total_tokens: _Count | None = None
    prompt_tokens_details: _InputDetails | None = None
    completion_tokens_details: _OutputDetails | None = None
    prompt_token_details: _InputDetails | None = None
    cached_tokens: _Count | None = None
    num_cached_tokens: _Count | None = None
    prompt_cache_hit_tokens: _Count | None = None
    cache_read_input_tokens: _Count | None = None
    cache_creation_input_tokens: _Count | None = None
    reasoning_tokens: _Count | None = None


class AnswerFacts(msgspec.Struct, frozen=True, gc=False):
    """What the gateway needs of a whole answer."""

    model: str | None
    usage: Usage | None
    finish_reason: str | None
    """Of the last choice that has one."""
    id: str | None
    has_error: bool = False
    """An error under HTTP 200 (xAI, MiniMax)."""
    bad_usage: bool = False
    """A usage object was there and cannot be true."""


class ChunkFacts(msgspec.Struct, frozen=True, gc=False):
    """What the gateway needs of one stream event."""

    model: str | None
    usage: Usage | None
    finish_reason: str | None
    has_choices: bool
    """At least one choice; the usage chunk that OpenAI adds on request has none."""
    has_error: bool
    delta_chars: int
    """Characters of text, reasoning and tool calls, for an estimate where no usage comes."""
    bad_usage: bool = False


class _Thought(msgspec.Struct, gc=False):
    text: str | None = None


class _Part(msgspec.Struct, gc=False):
    text: str | None = None
    thinking: list[_Thought] | str | None = None


class _Function(msgspec.Struct, gc=False):
    name: str | None = None
    arguments: str | None = None


class _ToolCall(msgspec.Struct, gc=False):
    function: _Function | None = None


class _Delta(msgspec.Struct, gc=False):
    content: str | list[_Part] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: list[_ToolCall] | None = None
    function_call: _Function | None = None


class _BaseResp(msgspec.Struct, gc=False):
    status_code: int = 0


class _XGroq(msgspec.Struct, gc=False):
    usage: _Counts | None = None


class _ChunkChoice(msgspec.Struct, gc=False):
    finish_reason: str | None = None
    delta: _Delta | None = None
    text: str | None = None
    usage: _Counts | None = None


class _Chunk(msgspec.Struct, gc=False):
    model: str | None = None
    choices: list[_ChunkChoice] | None = None
    usage: _Counts | None = None
    x_groq: _XGroq | None = None
    error: object = None
    base_resp: _BaseResp | None = None


class _AnswerChoice(msgspec.Struct, gc=False):
    finish_reason: str | None = None


class _Answer(msgspec.Struct, gc=False):
    id: str | None = None
    model: str | None = None
    choices: list[_AnswerChoice] | None = None
    usage: _Counts | None = None
    error: object = None
    base_resp: _BaseResp | None = None


_decode_counts: Final = msgspec.json.Decoder(_Counts).decode
_decode_answer: Final = msgspec.json.Decoder(_Answer).decode
_decode_chunk: Final = msgspec.json.Decoder(_Chunk).decode
_decode_any: Final = msgspec.json.Decoder().decode

# RecursionError: nesting a thousand deep; ValueError: text that is not UTF-8.
_BROKEN: Final = (msgspec.MsgspecError, ValueError, RecursionError)


def parse_usage(raw: bytes | msgspec.Raw, dialect: str) -> Usage | None:
    """Read a `usage` object; `None` where it is missing, null or cannot be true."""
    try:
        counts = _decode_counts(raw)
    except _BROKEN:
        return _loose_usage(_loose(raw), DIALECTS.get(dialect, _OPENAI))
    return _normal(counts, DIALECTS.get(dialect, _OPENAI))


def later(earlier: Usage | None, new: Usage | None) -> Usage | None:
    """The usage that stands after an event: the newer one, unless it takes tokens back (then none can be true)."""
    if earlier is None or new is None:
        return new or earlier
    if new.input_total < earlier.input_total or new.output_total < earlier.output_total:
        return None
    return new


def parse_answer(body: bytes, dialect: str) -> AnswerFacts | None:
    """Read a whole answer, chat, text or embeddings; `None` where it is no JSON object."""
    try:
        answer = _decode_answer(body)
    except _BROKEN:
        return _loose_answer(body, dialect)
    choices, counts, finish = answer.choices, answer.usage, None
    if choices:
        rules = DIALECTS.get(dialect, _OPENAI)
        finish = choices[0].finish_reason if len(choices) == 1 else _last_finish(choices)
    else:
        rules = _EMBEDDINGS
    usage = None if counts is None else _normal(counts, rules)
    if usage is not None and not answer.error and answer.base_resp is None:
        return AnswerFacts(answer.model, usage, finish or None, answer.id)
    failed = bool(answer.error) or (answer.base_resp is not None and answer.base_resp.status_code != 0)
    return AnswerFacts(answer.model, usage, finish or None, answer.id, failed, counts is not None and usage is None)


def parse_chunk(event_data: bytes, dialect: str) -> ChunkFacts | None:
    """Read the data of one server-sent event; `None` where it is no JSON object (`[DONE]` is none)."""
    try:
        chunk = _decode_chunk(event_data)
    except _BROKEN:
        return _loose_chunk(event_data, dialect)
    choices, counts, finish, chars = chunk.choices, chunk.usage, None, 0
    if choices:
        for choice in choices:
            delta = choice.delta
            if delta is not None:
                chars += _delta_chars(delta)
            elif choice.text is not None:
                chars += len(choice.text)
            finish = choice.finish_reason or finish
            counts = counts or choice.usage
    if counts is None and chunk.x_groq is not None:
        counts = chunk.x_groq.usage
    failed = bool(chunk.error) or (chunk.base_resp is not None and chunk.base_resp.status_code != 0)
    if counts is None:
        return ChunkFacts(chunk.model, None, finish, bool(choices), failed, chars)
    usage = _normal(counts, DIALECTS.get(dialect, _OPENAI))
    return ChunkFacts(chunk.model, usage, finish, bool(choices), failed, chars, usage is None)


def _last_finish(choices: list[_AnswerChoice]) -> str | None:
    return next((choice.finish_reason for choice in reversed(choices) if choice.finish_reason), None)


def _delta_chars(delta: _Delta) -> int:
    content = delta.content
    chars = 0
    if isinstance(content, str):
        chars = len(content)
    elif content is not None:
        chars = sum(_part_chars(part) for part in content)
    if delta.reasoning_content is not None:
        chars += len(delta.reasoning_content)
    elif delta.reasoning is not None:
        chars += len(delta.reasoning)
    if delta.refusal is not None:
        chars += len(delta.refusal)
    if delta.tool_calls is not None:
        chars += sum(_function_chars(call.function) for call in delta.tool_calls)
    if delta.function_call is not None:
        chars += _function_chars(delta.function_call)
    return chars


def _part_chars(part: _Part) -> int:
    thinking = part.thinking
    inner = 0
    if isinstance(thinking, str):
        inner = len(thinking)
    elif thinking is not None:
        inner = sum(len(thought.text or "") for thought in thinking)
    return inner + len(part.text or "")


def _function_chars(function: _Function | None) -> int:
    return 0 if function is None else len(function.name or "") + len(function.arguments or "")


def _normal(counts: _Counts, rules: Dialect) -> Usage | None:
    prompt, completion = counts.prompt_tokens, counts.completion_tokens
    if prompt is None or completion is None:
        return _partial(counts, rules)
    inputs = counts.prompt_tokens_details or counts.prompt_token_details
    outputs = counts.completion_tokens_details
    total, audio_in, audio_out = counts.total_tokens, 0, 0
    read = counts.cached_tokens or counts.num_cached_tokens or counts.prompt_cache_hit_tokens
    read = read or counts.cache_read_input_tokens or 0
    write = counts.cache_creation_input_tokens or 0
    reasoning = counts.reasoning_tokens or 0
    if inputs is not None:
        read = inputs.cached_tokens or read
        write = inputs.cache_write_tokens or inputs.cache_creation_input_tokens or write
        audio_in = inputs.audio_tokens or 0
    if outputs is not None:
        reasoning = outputs.reasoning_tokens or reasoning
        audio_out = outputs.audio_tokens or 0
    if reasoning or rules.reasoning == "hidden":
        completion, reasoning = _with_reasoning(prompt, completion, total, reasoning, rules)
    if audio_in:
        if rules.audio == "by_total" and total == prompt + audio_in + completion:
            prompt += audio_in
        audio_in = min(audio_in, prompt)
    if read or write:
        cached = read + write
        if cached > prompt or (rules.cache == "by_total" and total == prompt + cached + completion):
            prompt += cached
    if prompt > MAX_PLAUSIBLE or completion > MAX_PLAUSIBLE:
        return None
    if audio_out > completion:  # noqa: PLR1730 - min() is a call
        audio_out = completion
    return Usage(prompt, completion, read, write, reasoning, audio_in, audio_out)


def _with_reasoning(prompt: int, completion: int, total: int | None, reasoning: int, rules: Dialect) -> tuple[int, int]:
    """(output with reasoning, reasoning)."""
    match rules.reasoning:
        case "inside":
            outside = 0
        case "outside":
            outside = reasoning
        case "by_total":
            outside = reasoning if total == prompt + completion + reasoning else 0
        case "by_size":
            outside = reasoning if reasoning > completion else 0
        case "hidden":
            outside = max(0, total - prompt - completion) if total is not None else 0
            reasoning = reasoning or outside
        case _:
            assert_never(rules.reasoning)
    return completion + outside, min(reasoning, completion + outside)


def _partial(counts: _Counts, rules: Dialect) -> Usage | None:
    """Usage with one side missing: told from the total where there is one; an empty chat answer is not believed."""
    prompt, completion, total = counts.prompt_tokens, counts.completion_tokens, counts.total_tokens
    if rules.embeddings:
        known = prompt if prompt is not None else total
        return None if known is None else Usage(known)
    if total is None or (prompt is None and completion is None):
        return None
    prompt = total - (completion or 0) if prompt is None else prompt
    completion = total - prompt if completion is None else completion
    return Usage(prompt, completion) if prompt > 0 and completion > 0 else None


# The ways around: one field of an odd type must not hide the others. They build the whole value, and are rare.


def _loose(raw: bytes | msgspec.Raw) -> object:
    try:
        return _decode_any(raw)
    except _BROKEN:
        return None


def _loose_usage(value: object, rules: Dialect) -> Usage | None:
    """Details that are no object are left out; any count that cannot be true spoils the whole."""
    if not isinstance(value, dict):
        return None
    kept = {name: count for name, count in value.items() if not name.endswith("_details") or isinstance(count, dict)}
    try:
        return _normal(msgspec.convert(kept, _Counts), rules)
    except _BROKEN:
        return None


def _loose_answer(body: bytes, dialect: str) -> AnswerFacts | None:
    answer = _loose(body)
    if not isinstance(answer, dict):
        return None
    choices = [choice for choice in _list(answer.get("choices")) if isinstance(choice, dict)]
    rules = DIALECTS.get(dialect, _OPENAI) if choices else _EMBEDDINGS
    counts = answer.get("usage")
    usage = _loose_usage(counts, rules)
    finish = next((text for choice in reversed(choices) if (text := _text(choice.get("finish_reason")))), None)
    return AnswerFacts(
        _text(answer.get("model")),
        usage,
        finish,
        _text(answer.get("id")),
        _loose_failed(answer),
        counts is not None and usage is None,
    )


def _loose_chunk(data: bytes, dialect: str) -> ChunkFacts | None:
    chunk = _loose(data)
    if not isinstance(chunk, dict):
        return None
    choices = [choice for choice in _list(chunk.get("choices")) if isinstance(choice, dict)]
    groq = chunk.get("x_groq")
    counts = chunk.get("usage") or next((choice["usage"] for choice in choices if choice.get("usage")), None)
    counts = counts or (groq.get("usage") if isinstance(groq, dict) else None)
    usage = _loose_usage(counts, DIALECTS.get(dialect, _OPENAI))
    finish = next((text for choice in reversed(choices) if (text := _text(choice.get("finish_reason")))), None)
    chars = sum(_loose_chars(choice.get("delta")) + len(_text(choice.get("text")) or "") for choice in choices)
    return ChunkFacts(
        _text(chunk.get("model")),
        usage,
        finish,
        bool(choices),
        _loose_failed(chunk),
        chars,
        counts is not None and usage is None,
    )


def _loose_chars(value: object) -> int:
    """Characters of every text inside, whatever its place: good enough for an estimate."""
    chars, waiting = 0, [value]  # a stack of our own: nesting may be as deep as the decoder allowed
    while waiting:
        match waiting.pop():
            case str() as text:
                chars += len(text)
            case dict() as fields:
                waiting.extend(inner for name, inner in fields.items() if name not in ("role", "type", "id"))
            case list() as items:
                waiting.extend(items)
            case _:
                pass
    return chars


def _loose_failed(value: Mapping[str, object]) -> bool:
    base_resp = value.get("base_resp")
    return bool(value.get("error")) or (isinstance(base_resp, dict) and base_resp.get("status_code", 0) != 0)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
