"""Fits the token rates of model families to recorded exchanges, and says how far the estimates are off.

`python -m bench.tokens` prints, for each family, the error on the half of the recordings that it was not fitted to,
and the table for `trunkline/profiles/token_rates.py`. It wants `../shared/recordings`.

An exchange counts where the request holds all that the model read: no media, no server tools, nothing that the provider
kept from before. Which half one is in goes by the test that it was recorded for, so that two turns of a conversation
are never on both sides. The fit takes the least mean relative error, held to usual values where a family has few
exchanges: some have three.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from trunkline.ir.fold import fold
from trunkline.ir.format import Format
from trunkline.ir.parts import Foreign, Media, Part, Reasoning, Text, ToolCall
from trunkline.ir.request import Request
from trunkline.ir.usage import Usage
from trunkline.profiles import tokens
from trunkline.profiles.names import bare_name
from trunkline.wire.codec import Named
from trunkline.wire.registry import codec

RECORDINGS: Final = Path(__file__).parents[2] / "shared" / "recordings"
FORMATS: Final = {
    "chat": Format.OPENAI_CHAT, "openai_compat_chat": Format.OPENAI_CHAT, "ai_models_chat": Format.OPENAI_CHAT,
    "mantle_chat": Format.OPENAI_CHAT, "responses": Format.OPENAI_RESPONSES,
    "mantle_responses": Format.OPENAI_RESPONSES, "messages": Format.ANTHROPIC_MESSAGES,
    "anthropic_raw_predict": Format.ANTHROPIC_MESSAGES, "anthropic_stream_raw_predict": Format.ANTHROPIC_MESSAGES,
    "generate_content": Format.GEMINI, "stream_generate_content": Format.GEMINI,
    "converse": Format.BEDROCK_CONVERSE, "converse_stream": Format.BEDROCK_CONVERSE, "api_chat": Format.OLLAMA,
}  # fmt: skip
"""Last word of a recording's surface -> format of its bodies."""
ELSEWHERE: Final = frozenset({
    "cachedContent", "cached_content", "previous_response_id", "prompt", "conversation", "context_management",
    "documents",
})  # fmt: skip
"""Members of a request that stand for something the model reads and we do not have."""
FAMILIES: Final = {
    "gpt-oss": (r"gpt-oss", "o200k_base"),
    "OpenAI": (r"gpt-|chatgpt-|o[1-9](?:-|$)|codex-", "o200k_base"),
    "Claude 4.5, 4.6": (r"claude-(?:opus|sonnet|haiku)-4[.-][56]", "o200k_base"),
    "Claude 4.7 and later": (r"claude-(?:opus|sonnet|haiku|fable|mythos)-(?:4[.-][789]|[5-9])", "o200k_base"),
    "Claude": (r"claude-", "o200k_base"),
    "Gemini 3": (r"gemini-[3-9]", "gemma3"),
    "Gemini": (r"gemini-|gemma", "gemma3"),
    "Mistral": (r"mistral|ministral|magistral|codestral|devstral|pixtral|open-mi", "mistral_v3"),
    "DeepSeek": (r"deepseek", "deepseek_v3"),
    "Grok": (r"grok", "o200k_base"),
    "Nova": (r"nova-", "o200k_base"),
    "Command A": (r"command-(?:a|r7b)", "o200k_base"),
    "Llama": (r"(?:meta-)?llama", "llama3"),
    "Qwen": (r"qwen|qwq", "qwen3"),
    "GLM": (r"glm", "glm4"),
    "Kimi": (r"kimi|moonshot", "kimi_k2"),
}
"""Family -> pattern of its bare names, and vocabulary."""
USUAL: Final = (3.0, 4.0, 1.0, 0.0, 20.0, 6.0, 1.0, 3.0, 8.0, 1.0, 10.0, 1.0)
"""Rates that a fit is drawn to, in the order of `tokens.Weights`."""
USUAL_OF: Final = {
    "Gemini": (0.0, 0.0, 1.0, 0.0, 0.0, 6.0, 0.7, 0.0, 6.0, 1.0, 0.0, 0.0),
    "Gemini 3": (0.0, 0.0, 1.0, 0.0, 20.0, 6.0, 0.7, 2.0, 30.0, 1.0, 30.0, 1.0),
    "Claude": (3.0, 4.0, 1.0, 1.0, 340.0, 6.0, 1.0, 3.0, 10.0, 1.0, 10.0, 1.0),
    "Claude 4.5, 4.6": (3.0, 4.0, 1.0, 1.0, 560.0, 6.0, 1.0, 3.0, 10.0, 1.0, 90.0, 1.4),
    # Newer ones count about 30 % more for the same text (providers.md, D2); three recordings are too few to say.
    "Claude 4.7 and later": (4.0, 5.0, 1.3, 1.3, 730.0, 8.0, 1.3, 4.0, 13.0, 1.3, 115.0, 1.8),
}
"""The same where a family is known to differ: Google counts no roles, Anthropic has words of its own about tools."""
LEEWAY: Final = (200.0, 1.0, 0.05, 0.5, 400.0, 15.0, 0.5, 3.0, 15.0, 0.5, 150.0, 0.7)
"""How far from them one may easily be."""
CERTAIN: Final = {"OpenAI": (0.01, 0.01, 0.001, *LEEWAY[3:])}
"""The same where a maker says it: three tokens before an answer, four around a message, its own vocabulary."""
ROUNDS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One recorded call with the provider's own count."""

    model: str
    request: Request
    parts: tuple[Part, ...]
    usage: Usage
    fitted: bool
    """It is in the half that rates are fitted to."""


def exchanges() -> Iterator[Exchange]:
    """All that can be counted."""
    for path in sorted(RECORDINGS.glob("*/*/*.json")):
        record = json.loads(path.read_bytes())
        found = _exchange(record)
        if found is not None:
            yield found


def _exchange(record: dict[str, Any]) -> Exchange | None:
    sent, answered = record.get("request") or {}, record["response"]
    body, surface = sent.get("body"), record["surface"]
    own = Format.COHERE_CHAT if surface == "cohere.chat" else FORMATS.get(surface.split(".", 1)[-1])
    if own is None or record["source"]["kind"] != "recorded" or answered.get("status") != 200:
        return None
    if not isinstance(body, dict) or ELSEWHERE & body.keys():
        return None
    named = re.search(r"(?:models|model)/([^/:?]+)", sent.get("path") or "")
    model = str(body.get("model") or (named[1].replace("%3A", ":") if named else ""))
    own_codec = codec(own)
    try:
        request = own_codec.decode_request(dict(body), Named(model=model))
        if isinstance(answered.get("body"), dict):
            answer = own_codec.decode_answer(answered["body"])
        else:
            stream = own_codec.stream_decoder()
            raw = answered["sse"].encode() if "sse" in answered else base64.b64decode(answered["eventstream_b64"])
            answer = fold([*stream.feed(raw), *stream.end()])
    except Exception:  # noqa: BLE001 - errors and broken streams are among the recordings; each is looked at elsewhere
        return None
    parts = tuple(part for choice in answer.choices for part in choice.parts)
    given = [part for message in request.messages for part in message.parts]
    foreign = any(tool.foreign for tool in request.tools) or any(isinstance(p, Foreign) for p in (*given, *parts))
    if answer.usage is None or not answer.usage.input_total or foreign or any(isinstance(p, Media) for p in given):
        return None
    side = hashlib.sha256((record["source"]["repo"] + record["source"]["path"]).encode()).digest()[-1] & 1
    return Exchange(model=model or answer.model, request=request, parts=parts, usage=answer.usage, fitted=bool(side))


@cache
def vocabulary(name: str) -> tokens.Count:
    """Its counter."""
    count = tokens.load(name)
    if count is None:
        sys.exit("install `splintr-rs`")
    return count


def family(model: str) -> str | None:
    """The family of a model."""
    name = bare_name(model)
    return next((one for one, (pattern, _) in FAMILIES.items() if re.match(pattern, name)), None)


def fit(
    found: Sequence[Exchange],
    count: tokens.Count,
    usual: tuple[float, ...] = USUAL,
    leeway: tuple[float, ...] = LEEWAY,
) -> tuple[float, ...]:
    """Rates with the least mean relative error, by reweighted least squares."""
    rows = [(tokens.weigh(one.request, count), one.usage.input_total) for one in found]
    rates = list(usual)
    size = len(rates)
    for _ in range(ROUNDS):
        left = [[0.3 / (len(rows) or 1) / leeway[i] ** 2 if i == j else 0.0 for j in range(size)] for i in range(size)]
        right = [left[i][i] * usual[i] for i in range(size)]
        for weights, total in rows:
            off = abs(sum(map(_times, weights, rates)) - total) / total
            share = 1 / (max(off, 0.01) * total * total * len(rows))
            for i in range(size):
                right[i] += share * weights[i] * total
                for j in range(size):
                    left[i][j] += share * weights[i] * weights[j]
        rates = [max(0.0, rate) for rate in _solve(left, right)]
    return tuple(round(rate, 2) for rate in rates)


def _times(one: float, other: float) -> float:
    return one * other


def _solve(left: list[list[float]], right: list[float]) -> list[float]:
    """Linear equations, by elimination; `left` is positive definite."""
    rows = [[*line, value] for line, value in zip(left, right, strict=True)]
    for i, pivot in enumerate(rows):
        for k, row in enumerate(rows):
            if k != i:
                share = row[i] / pivot[i]
                rows[k] = [value - share * above for value, above in zip(row, pivot, strict=True)]
    return [row[-1] / row[i] for i, row in enumerate(rows)]


def errors(found: Sequence[Exchange], estimate: Any) -> list[float]:
    """Relative errors of the input, sorted."""
    return sorted(abs(estimate(one) - one.usage.input_total) / one.usage.input_total for one in found)


def told(values: Sequence[float]) -> str:
    """Median and 90th percentile in percent."""
    if not values:
        return "-"
    return f"{100 * statistics.median(values):.1f} / {100 * values[min(len(values) - 1, len(values) * 9 // 10)]:.1f}"


def _written(parts: Sequence[Part]) -> tuple[list[str], list[str]]:
    texts = [part.text for part in parts if isinstance(part, Text)]
    return texts, [part.name + part.arguments for part in parts if isinstance(part, ToolCall)]


def answers(found: Sequence[Exchange], count: tokens.Count) -> tuple[float, float]:
    """Tokens for each of the vocabulary's in answers, and around a tool call; thinking and short answers left out."""
    texts, calls = [], []
    for one in found:
        if one.usage.reasoning or any(isinstance(part, Reasoning) for part in one.parts):
            continue
        written, called = _written(one.parts)
        size = sum(map(count, written))
        if size > 20 and not called:
            texts.append(one.usage.output_total / size)
        elif called:
            calls.append((one.usage.output_total - size - sum(map(count, called))) / len(called))
    return (
        round(statistics.median(texts), 2) if len(texts) > 2 else 1.0,
        round(max(0.0, statistics.median(calls)), 1) if len(calls) > 2 else 8.0,
    )


def answer_errors(
    found: Sequence[Exchange], count: tokens.Count, answer: float, call: float
) -> list[tuple[float, float]]:
    """Relative errors of the output, of four characters to a token and of ours; thinking left out."""
    pairs = []
    for one in found:
        total = one.usage.output_total
        if one.usage.reasoning or not total or any(isinstance(part, Reasoning) for part in one.parts):
            continue
        written, called = _written(one.parts)
        ours = answer * sum(map(count, written)) + sum(map(count, called)) + call * len(called)
        characters = sum(map(len, (*written, *called))) // 4
        pairs.append((abs(characters - total) / total, abs(ours - total) / total))
    return pairs


def main() -> None:
    """Fit, measure, print."""
    grouped: dict[str | None, list[Exchange]] = {}
    for one in exchanges():
        grouped.setdefault(family(one.model), []).append(one)
    table, everything, before = [], [], []
    plain, plain_before, written = [], [], []
    for name, (pattern, words) in FAMILIES.items():
        found, count = grouped.get(name, []), vocabulary(words)
        train, held = [one for one in found if one.fitted], [one for one in found if not one.fitted]
        rates = fit(train, count, USUAL_OF.get(name, USUAL), CERTAIN.get(name, LEEWAY))

        def ours(one: Exchange, rates: tuple[float, ...] = rates, count: tokens.Count = count) -> float:
            return sum(map(_times, tokens.weigh(one.request, count), rates))

        mine, theirs = errors(held, ours), errors(held, lambda one: former(one.request))
        everything += mine
        before += theirs
        texts = [one for one in held if not one.request.tools and one.request.output is None]
        plain += errors(texts, ours)
        plain_before += errors(texts, lambda one: former(one.request))
        print(f"{name:22} {len(train):3} {len(held):3}  before {told(theirs):15} now {told(mine)}")
        answer, call = answers(train, count)
        written += answer_errors(held, count, answer, call)
        table.append(f'    TokenRates(\n        r"{pattern}", "{words}",\n        {rates}, {answer}, {call},\n    ),')
    for label, then, now in (
        ("all", before, everything),
        ("without tools, schemas", plain_before, plain),
        ("answers", [error for error, _ in written], [error for _, error in written]),
    ):
        print(f"{label:22}     {len(now):3}  before {told(sorted(then)):15} now {told(sorted(now))}")
    print("\n".join(table))


def former(request: Request) -> int:
    """The estimate as it was: four bytes to a token, four tokens to a message."""
    size = sum(len(part.text.encode("utf-8", "replace")) for message in request.messages for part in message.parts
               if isinstance(part, Text | Reasoning))  # fmt: skip
    size += sum(
        len(part.name) + len(part.arguments)
        for message in request.messages
        for part in message.parts
        if isinstance(part, ToolCall)
    )
    for tool in request.tools:
        size += len(tool.name) + len(tool.description) + len(json.dumps(tool.schema or {}, separators=(",", ":")))
    return max(-(-size // 4) + 4 * len(request.messages), 1)


if __name__ == "__main__":
    main()
