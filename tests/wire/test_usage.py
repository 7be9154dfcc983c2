"""Usage, model and end of OpenAI-shaped answers and stream events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.ir import Usage
from trunkline.wire.openai_chat.usage import (
    DIALECTS,
    MAX_PLAUSIBLE,
    AnswerFacts,
    ChunkFacts,
    later,
    parse_answer,
    parse_chunk,
    parse_usage,
)

RECORDINGS = Path(__file__).parents[3] / "shared" / "recordings"
SURFACES = ("chat", "completions", "embeddings", "ai_models_chat", "openai_compat_chat", "mantle_chat")
DIALECT_OF = {"alibaba", "deepseek", "gemini", "groq", "mistral", "moonshot", "openrouter", "perplexity", "xai"}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from([
    "prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details", "completion_tokens_details",
    "cached_tokens", "reasoning_tokens", "audio_tokens", "prompt_cache_hit_tokens", "cache_creation_input_tokens",
    "cache_read_input_tokens",
])  # fmt: skip
counts = st.dictionaries(
    names, st.integers(0, 2**54) | json_values | st.dictionaries(names, st.integers(0, 2**54) | json_values), max_size=8
)
dialects = st.sampled_from(sorted(DIALECTS))


def read(usage: object, dialect: str = "openai") -> Usage | None:
    return parse_usage(json.dumps(usage).encode(), dialect)


def test_openai() -> None:
    """Cached, written, reasoning and audio tokens lie inside the two totals."""
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 50,
        "total_tokens": 150,
        "prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 10, "audio_tokens": 5},
        "completion_tokens_details": {"reasoning_tokens": 20, "audio_tokens": 7, "rejected_prediction_tokens": 3},
    }
    assert read(usage) == Usage(100, 50, 60, 10, 20, 5, 7)
    assert parse_usage(msgspec.Raw(json.dumps(usage).encode()), "openai") == Usage(100, 50, 60, 10, 20, 5, 7)


def test_plain_and_null_details() -> None:
    """Two counts are enough; details that are null say nothing."""
    usage: object = {
        "prompt_tokens": 1,
        "completion_tokens": 2,
        "prompt_tokens_details": None,
        "completion_tokens_details": {},
    }
    assert read(usage) == Usage(1, 2)
    assert read({"prompt_tokens": 0, "completion_tokens": 180, "total_tokens": 180}) == Usage(0, 180)


@pytest.mark.parametrize(
    ("dialect", "text", "expected"),
    [
        # The longer ones are from recordings.
        ("xai", "654 25 731 cached=602 reasoning=52", Usage(654, 77, 602, 0, 52)),
        ("xai", "10 60 70 reasoning=52", Usage(10, 60, 0, 0, 52)),
        ("xai", "10 5 15 cached=90", Usage(100, 5, 90)),
        ("openai", "29 6 35 cached=157", Usage(186, 6, 157)),
        ("vercel", "63 112 175 reasoning=64", Usage(63, 176, 0, 0, 64)),
        ("deepinfra", "9 5 14 reasoning=40", Usage(9, 45, 0, 0, 40)),
        ("deepinfra", "9 50 59 reasoning=40", Usage(9, 50, 0, 0, 40)),
        ("gemini", "35 12 109", Usage(35, 74, 0, 0, 62)),
        ("gemini", "35 12 47", Usage(35, 12)),
        ("mistral", "9 248 632 cached=0 audio=375", Usage(384, 248, 0, 0, 0, 375)),
        ("mistral", "273 104 377 num_cached_tokens=32", Usage(273, 104, 32)),
        ("deepseek", "495 65 560 prompt_cache_hit_tokens=384", Usage(495, 65, 384)),
        ("moonshot", "9 1 10 cached_tokens=4", Usage(9, 1, 4)),
        ("openrouter", "2649 100 2749 cached=2569 write=79", Usage(2649, 100, 2569, 79)),
        ("openrouter", "43 10 53 reasoning=11", Usage(43, 10, 0, 0, 10)),
        ("alibaba", "100 1 101 cached=20 created=30", Usage(100, 1, 20, 30)),
        ("perplexity", "8 50 58 reasoning_tokens=30", Usage(8, 50, 0, 0, 30)),
        ("databricks", "10 5 115 cache_read_input_tokens=60 cache_creation_input_tokens=40", Usage(110, 5, 60, 40)),
        ("databricks", "110 5 115 cache_read_input_tokens=60 cache_creation_input_tokens=40", Usage(110, 5, 60, 40)),
        ("anthropic", "10 5 15", Usage(10, 5)),
        ("groq", "3 4 7", Usage(3, 4)),
        ("unheard-of", "3 4 7", Usage(3, 4)),
    ],
)
def test_dialects(dialect: str, text: str, expected: Usage) -> None:
    """Each host's numbers come out in the one normal form: prompt, completion, total, then what else it says."""
    prompt, completion, total, *others = text.split()
    places = {
        "cached": ("prompt_tokens_details", "cached_tokens"),
        "write": ("prompt_tokens_details", "cache_write_tokens"),
        "created": ("prompt_tokens_details", "cache_creation_input_tokens"),
        "audio": ("prompt_tokens_details", "audio_tokens"),
        "reasoning": ("completion_tokens_details", "reasoning_tokens"),
    }
    usage: dict[str, object] = {
        "prompt_tokens": int(prompt), "completion_tokens": int(completion), "total_tokens": int(total), "time": 0.5
    }  # fmt: skip
    details: dict[str, dict[str, int]] = {}
    for name, count in (other.split("=") for other in others):
        if name in places:
            outer, inner = places[name]
            details.setdefault(outer, {})[inner] = int(count)
        else:
            usage[name] = int(count)
    assert read({**usage, **details}, dialect) == expected


def test_other_places() -> None:
    """Mistral's other spelling, and embeddings with one count or two."""
    usage = {"prompt_tokens": 9, "completion_tokens": 1, "prompt_token_details": {"cached_tokens": 4}}
    assert read(usage, "mistral") == Usage(9, 1, 4)
    assert read({"prompt_tokens": 3, "total_tokens": 3}, "embeddings") == Usage(3)
    assert read({"total_tokens": 4}, "embeddings") == Usage(4)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "7",
        '"x"',
        "{}",
        "{",
        "NaN",
        '{"prompt_tokens":NaN,"completion_tokens":1}',
        '{"prompt_tokens":-1,"completion_tokens":1}',
        '{"prompt_tokens":1e308,"completion_tokens":1}',
        '{"prompt_tokens":"5","completion_tokens":1}',
        '{"prompt_tokens":1.5,"completion_tokens":1}',
        '{"prompt_tokens":true,"completion_tokens":1}',
        '{"prompt_tokens":null,"completion_tokens":1}',
        '{"prompt_tokens":9007199254740993,"completion_tokens":1}',
        '{"prompt_tokens":5,"total_tokens":5}',
        '{"prompt_tokens":5,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":-3}}',
        '{"prompt_tokens":5,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":"9"}}',
        '{"prompt_tokens":5,"total_tokens":3}',
        '{"total_tokens":9}',
        '{"a":' * 5000,
    ],
)
def test_lies_give_no_usage(text: str) -> None:
    """Counts that are missing or cannot be true give none, and nothing raises (U23)."""
    assert parse_usage(text.encode(), "openai") is None


def test_sums_stay_within_bounds() -> None:
    """Two counts that can each be true and whose sum cannot give no usage (U23)."""
    most = MAX_PLAUSIBLE
    details = {"reasoning_tokens": most}
    assert read({"prompt_tokens": 1, "completion_tokens": most, "completion_tokens_details": details}, "vercel") is None
    assert read({"prompt_tokens": most - 1, "completion_tokens": 1, "cached_tokens": most}) is None
    assert read({"prompt_tokens": most, "completion_tokens": most}) == Usage(most, most)


def test_one_side_from_the_total() -> None:
    """A missing side is told from the total where there is one."""
    assert read({"prompt_tokens": 5, "total_tokens": 8}) == Usage(5, 3)
    assert read({"completion_tokens": 5, "total_tokens": 8}) == Usage(3, 5)


def test_details_of_an_odd_type_are_left_out() -> None:
    """Details that are no object do not hide the totals."""
    usage = {"prompt_tokens": 5, "completion_tokens": 1, "prompt_tokens_details": [], "completion_tokens_details": "x"}
    assert read(usage) == Usage(5, 1)


@given(counts, dialects)
def test_any_usage_is_sound_or_none(usage: object, dialect: str) -> None:
    """Whatever a provider sends, usage is within bounds and consistent, or there is none (U23)."""
    found = read(usage, dialect)
    if found is not None:
        values = msgspec.structs.astuple(found)
        assert min(values) >= 0
        assert max(values) <= 2**53
        assert found.cache_read + found.cache_write <= found.input_total
        assert found.reasoning <= found.output_total
        assert found.audio_in <= found.input_total
        assert found.audio_out <= found.output_total


@given(st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode()), dialects)
def test_no_bytes_raise(data: bytes, dialect: str) -> None:
    """No body and no event makes a reader raise: each says what it knows, or that it knows nothing."""
    assert isinstance(parse_usage(data, dialect), Usage | None)
    assert isinstance(parse_answer(data, dialect), AnswerFacts | None)
    assert isinstance(parse_chunk(data, dialect), ChunkFacts | None)


def test_later() -> None:
    """A cumulative count may grow; one that takes tokens back cannot be believed (U23)."""
    assert later(None, Usage(1, 2)) == Usage(1, 2)
    assert later(Usage(1, 2), None) == Usage(1, 2)
    assert later(Usage(1, 2), Usage(1, 5)) == Usage(1, 5)
    assert later(Usage(1, 5), Usage(1, 2)) is None


def answer(**fields: object) -> AnswerFacts | None:
    return parse_answer(json.dumps(fields).encode(), "openai")


def test_answer() -> None:
    """A whole answer gives id, model, finish reason and usage, and skips the rest."""
    facts = answer(
        id="c1",
        model="m",
        choices=[{"index": 0, "message": {"content": "\n"}, "finish_reason": "stop"}],
        usage={"prompt_tokens": 1, "completion_tokens": 2},
        extra={"a": [1, {"b": None}]},
    )
    assert facts == AnswerFacts(model="m", usage=Usage(1, 2), finish_reason="stop", id="c1")


def test_answer_oddities() -> None:
    """Several choices, an empty finish reason, errors under 200 and broken usage are told apart."""
    facts = answer(model="m", choices=[{"finish_reason": "stop"}, {"finish_reason": "length"}, {"finish_reason": None}])
    assert facts is not None
    assert (facts.finish_reason, facts.usage, facts.bad_usage) == ("length", None, False)
    facts = answer(model="m", choices=[{"finish_reason": ""}], usage={"prompt_tokens": -1, "completion_tokens": 1})
    assert facts == AnswerFacts(model="m", usage=None, finish_reason=None, id=None, bad_usage=True)
    facts = answer(code="x", error="no credit")
    assert facts is not None
    assert facts.has_error
    facts = answer(base_resp={"status_code": 1004, "status_msg": "auth"})
    assert facts is not None
    assert facts.has_error
    facts = answer(
        base_resp={"status_code": 0},
        choices=[{"finish_reason": "stop"}],
        usage={"prompt_tokens": 1, "completion_tokens": 1},
    )
    assert facts is not None
    assert not facts.has_error
    facts = answer(
        model=7, id=["x"], choices=[{"finish_reason": 3}, "x"], usage={"prompt_tokens": 1, "completion_tokens": 1}
    )
    assert facts == AnswerFacts(model=None, usage=Usage(1, 1), finish_reason=None, id=None)


def test_answer_of_embeddings() -> None:
    """An answer without choices is one of embeddings: the prompt is all there is to count."""
    facts = answer(model="e", data=[{"embedding": [0.1]}], usage={"prompt_tokens": 3, "total_tokens": 3})
    assert facts == AnswerFacts(model="e", usage=Usage(3), finish_reason=None, id=None)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"7", b"null", b"<html>", b'{"a":1', b'{"a":1}x', b"\xff\xfe", b'"x"', b"[DONE]"]
)
def test_not_an_object(body: bytes) -> None:
    """What is no JSON object is neither an answer nor an event."""
    assert parse_answer(body, "openai") is None
    assert parse_chunk(body, "openai") is None


def chunk(dialect: str = "openai", **fields: object) -> ChunkFacts:
    facts = parse_chunk(json.dumps(fields).encode(), dialect)
    assert facts is not None
    return facts


@pytest.mark.parametrize(
    ("choice", "chars"),
    [
        ({"delta": {"content": "héllo"}}, 5),
        ({"delta": {"content": ""}}, 0),
        ({"delta": {"role": "assistant"}}, 0),
        ({"delta": {"reasoning_content": "abc"}}, 3),
        ({"delta": {"content": "a", "reasoning": "bc"}}, 3),
        ({"delta": {"content": None, "refusal": "no"}}, 2),
        ({"delta": {"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": "{}"}}]}}, 3),
        ({"delta": {"function_call": {"arguments": "{}"}}}, 2),
        ({"delta": {"content": [{"type": "thinking", "thinking": [{"text": "abc"}]}, {"text": "d"}]}}, 4),
        ({"text": "abcd"}, 4),
        ({"delta": {"content": {"odd": "abc"}}}, 3),
    ],
)  # fmt: skip
def test_chunk_text(choice: object, chars: int) -> None:
    """Characters of every kind of produced text are counted."""
    facts = chunk(model="m", choices=[choice], usage=None)
    assert facts == ChunkFacts(
        model="m", usage=None, finish_reason=None, has_choices=True, has_error=False, delta_chars=chars
    )


def test_chunk_usage_places() -> None:
    """Usage is found in the chunk itself, in `x_groq`, and in a choice."""
    counts = {"prompt_tokens": 1, "completion_tokens": 2}
    facts = chunk(model="m", choices=[], usage=counts)
    assert (facts.usage, facts.has_choices) == (Usage(1, 2), False)
    assert chunk(
        "groq", choices=[{"delta": {}, "finish_reason": "stop"}], x_groq={"id": "r", "usage": counts}
    ).usage == Usage(1, 2)
    facts = chunk("moonshot", choices=[{"delta": {}, "finish_reason": "stop", "usage": counts}])
    assert (facts.usage, facts.finish_reason) == (Usage(1, 2), "stop")


def test_chunk_errors() -> None:
    """An error in mid-stream is seen, whatever its shape; broken usage is flagged."""
    assert chunk(error={"message": "x"}, choices=[{"delta": {}, "finish_reason": "error"}]).has_error
    assert chunk(error="x").has_error
    assert not chunk(error=None, choices=[]).has_error
    facts = chunk(choices=[], usage={"prompt_tokens": "x", "completion_tokens": 1})
    assert (facts.usage, facts.bad_usage) == (None, True)
    facts = chunk(choices=[], usage={"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": -1})
    assert (facts.usage, facts.bad_usage) == (None, True)


def recorded() -> Iterator[tuple[str, str, dict[str, object]]]:
    for path in sorted(RECORDINGS.glob("*/*/*.json")):
        provider, surface = path.parent.name.split(".", 1)
        exchange = json.loads(path.read_text())
        # Cohere's own API shares the surface's name, not its shape.
        if surface in SURFACES and provider != "cohere" and exchange["response"]["status"] == 200:
            dialect = "vercel" if provider == "vercel_gateway" else provider if provider in DIALECT_OF else "openai"
            yield f"{provider}/{path.stem}", dialect, exchange["response"]


def sound(name: str, raw: object, usage: Usage | None) -> None:
    assert isinstance(raw, dict)
    assert usage is not None, name
    total = raw.get("total_tokens")
    # Vercel's total leaves reasoning out (its `cost` has it in); Grok on Azure leaves out what the cache gave.
    if isinstance(total, int) and not name.startswith("vercel"):
        cached = usage.cache_read + usage.cache_write
        assert usage.input_total + usage.output_total in (total, total + cached), name


def test_recorded_answers() -> None:
    """Every recorded answer with a usage object is read, and its total is the sum of both sides."""
    if not RECORDINGS.is_dir():
        pytest.skip("the recordings are not there (`../shared/recordings`)")
    checked = 0
    for name, dialect, response in recorded():
        body = response.get("body")
        if isinstance(body, dict) and "error" not in body:
            facts = parse_answer(json.dumps(body).encode(), dialect)
            assert facts is not None, name
            assert facts.model == body.get("model"), name
            if body.get("usage") is not None:
                sound(name, body["usage"], facts.usage)
                checked += 1
    assert checked > 140


def test_recorded_streams() -> None:
    """Every recorded stream event is read; where a stream reports usage, its last one is sound."""
    if not RECORDINGS.is_dir():
        pytest.skip("the recordings are not there (`../shared/recordings`)")
    checked = 0
    for name, dialect, response in recorded():
        last, usage, chars = None, None, 0
        for line in str(response.get("sse") or "").splitlines():
            if line.startswith("data:") and line[5:].strip() not in ("[DONE]", ""):
                facts = parse_chunk(line[5:].encode(), dialect)
                assert facts is not None, name
                assert not facts.bad_usage, name
                chars += facts.delta_chars
                raw = json.loads(line[5:])
                usage = later(usage, facts.usage)
                places = [raw, raw.get("x_groq") or {}, *(raw.get("choices") or [])]
                last = next((place["usage"] for place in places if place.get("usage")), last)
        if last is not None:
            sound(name, last, usage)
            # A recording whose only text is empty has nothing to count.
            assert chars > 0 or name == "openai/envoyaigw-chat-streaming-detailed-usage-0", name
            checked += 1
    assert checked > 50


def test_recorded_costs_agree() -> None:
    """Where a gateway states what it charged, our reading of its counts at the list price gives the same money."""
    # Vercel, openai/gpt-5 at 1.25 and 10 USD a million: recorded `cost` 0.00183875.
    usage = read(
        {"prompt_tokens": 63, "completion_tokens": 112, "completion_tokens_details": {"reasoning_tokens": 64}}, "vercel"
    )
    assert usage is not None
    assert usage.input_total * 1_250_000 + usage.output_total * 10_000_000 == 1_838_750_000
    # OpenRouter, claude-sonnet-4.6 at 3, 15, 0.3 (read) and 3.75 (write): recorded `cost` 0.00256995.
    details = {"cache_write_tokens": 79, "cached_tokens": 2569}
    usage = read({"prompt_tokens": 2649, "completion_tokens": 100, "prompt_tokens_details": details}, "openrouter")
    assert usage is not None
    uncached = usage.input_total - usage.cache_read - usage.cache_write
    paid = (
        uncached * 3_000_000
        + usage.output_total * 15_000_000
        + usage.cache_read * 300_000
        + usage.cache_write * 3_750_000
    )
    assert paid == 2_569_950_000
