"""How many tokens a request or an answer is, where nobody says."""

from __future__ import annotations

import statistics
import sys
import threading
from functools import cache
from pathlib import Path

import pytest

from bench import tokens as fitted
from trunkline.ir.parts import Media, MediaKind, Message, Reasoning, Text, ToolCall, ToolResult
from trunkline.ir.request import OutputSchema, Request, Tool
from trunkline.profiles import tokens
from trunkline.profiles.token_rates import FAMILIES, OTHER

ABSENT = "the recordings are not there: put them at `../shared/recordings`"
SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {"city": {"type": "string", "description": "Where", "enum": ["Rome", "Oslo"]}},
}


def request(*texts: str) -> Request:
    """Messages of a user."""
    return Request(model="m", messages=[Message(role="user", parts=[Text(text=text)]) for text in texts])


@cache
def held_out() -> list[fitted.Exchange]:
    """The half of the recordings that no rate was fitted to."""
    return [one for one in fitted.exchanges() if not one.fitted and fitted.family(one.model)]


@pytest.fixture(autouse=True, scope="module")
def _vocabularies() -> None:
    """Loaded, as they are after the first count."""
    for name in {one.vocabulary for one in (*FAMILIES, OTHER)}:
        tokens.load(name)


def test_plain_openai_prompts_are_counted_exactly() -> None:
    """`o200k_base` and OpenAI's few tokens around a message: what its API says of these two, to the token."""
    assert tokens.request_tokens(request("Say this is a test"), "gpt-4o") == 12
    assert tokens.answer_tokens(["This is a test."], [], "gpt-4o") == 5


@pytest.mark.skipif(not Path(fitted.RECORDINGS).is_dir(), reason=ABSENT)
@pytest.mark.parametrize(("family", "most"), [("OpenAI", 6), ("Claude", 5), ("Claude 4.5, 4.6", 8), ("Grok", 5)])
def test_families_on_exchanges_they_were_not_fitted_to(family: str, most: float) -> None:
    """The median error of the input is a few percent, tools and schemas of the providers' own wording included."""
    held = [one for one in held_out() if fitted.family(one.model) == family]
    errors = fitted.errors(held, lambda one: tokens.request_tokens(one.request, one.model))
    assert len(errors) >= 5
    assert 100 * statistics.median(errors) <= most


@pytest.mark.skipif(not Path(fitted.RECORDINGS).is_dir(), reason=ABSENT)
def test_all_families_together() -> None:
    """Over every exchange that no rate was fitted to the median error is under 9 %; it was 50 % by bytes."""
    errors = fitted.errors(held_out(), lambda one: tokens.request_tokens(one.request, one.model))
    assert 100 * statistics.median(errors) < 9
    assert statistics.median(fitted.errors(held_out(), lambda one: fitted.former(one.request))) > 0.4


def test_what_is_around_texts_counts() -> None:
    """Messages, tools with their parameters, calls, results, schemas and media each make a request larger."""
    bare = request("hello")
    tool = Tool(name="weather", description="Says it", schema=SCHEMA)
    call = ToolCall(id="1", name="weather", arguments='{"city":"Rome"}')
    result = ToolResult(call_id="1", content=[Text(text="sunny")])
    steps = [
        bare,
        request("hello", ""),
        Request(model="m", messages=bare.messages, tools=[tool]),
        Request(model="m", messages=bare.messages, tools=[tool, Tool(name="other")]),
        Request(model="m", messages=[*bare.messages, Message(role="assistant", parts=[call])], tools=[tool]),
        Request(
            model="m", tools=[tool],
            messages=[*bare.messages, Message(role="assistant", parts=[call]), Message(role="user", parts=[result])],
        ),
    ]  # fmt: skip
    sizes = [tokens.request_tokens(one, "gpt-4o") for one in steps]
    assert sizes[0] < sizes[1] < sizes[2] < sizes[3]
    assert sizes[2] < sizes[4] < sizes[5]
    schema = Request(model="m", messages=bare.messages, output=OutputSchema(schema=SCHEMA))
    assert tokens.request_tokens(schema, "gpt-4o") > sizes[0]
    seen = Request(model="m", messages=[Message(role="user", parts=[Media(kind=MediaKind.IMAGE), Text(text="hello")])])
    assert tokens.request_tokens(seen, "gpt-4o") == sizes[0] + tokens.MEDIA_TOKENS


def test_earlier_thinking_counts_where_the_model_is_shown_it() -> None:
    """Claude reads its thinking again within a turn, Gemini does not."""
    thought = Message(role="assistant", parts=[Reasoning(text="let me think " * 100)])
    long = Request(model="m", messages=[thought])
    assert tokens.request_tokens(long, "claude-sonnet-4-5") > 300
    assert tokens.request_tokens(long, "gemini-2.5-flash") < 50


def test_long_texts_are_sampled() -> None:
    """A text far over the limit costs no more than the limit to count, and the whole is in proportion."""
    counted: list[int] = []

    def count(text: str) -> float:
        counted.append(len(text))
        return len(text) / 4

    size = tokens.weigh(request("word " * 1_000_000), count).text
    assert sum(counted) <= 2 * tokens.SAMPLED
    assert max(counted) <= tokens.PIECE
    assert size == pytest.approx(5_000_000 / 4, rel=0.01)


@pytest.mark.parametrize(
    "text", ["", "a" * 50_000, "\ud800 half", "\x00" * 5000, "<|endoftext|>", "\u3042" * 5000, " " * 50_000]
)
def test_any_text_can_be_counted(text: str) -> None:
    """Half surrogates, one letter for ever, and words that are special tokens are text like other text."""
    for model in ("gpt-4o", "gemini-3-flash", "mistral-small-latest", "deepseek-chat", "nobody/knows"):
        assert tokens.request_tokens(request(text), model) >= 1


def test_schemas_within_schemas_end() -> None:
    """Parameters are found at any depth; what is no schema is passed over."""
    schema = {"properties": {"a": {"items": {"anyOf": [{"properties": {"b": 3}}, 7]}}, "c": None}, "enum": "no"}
    weights = tokens.weigh(Request(model="m", messages=[], tools=[Tool(name="t", schema=dict(schema))]), len)
    assert weights.parameter == 3


def test_the_first_count_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a vocabulary is there characters are weighed; it is loaded once, on a thread of its own."""
    started: list[str] = []
    monkeypatch.setattr(tokens, "_vocabularies", {})
    monkeypatch.setattr(tokens, "load", started.append)
    assert tokens.counter("o200k_base") is tokens.rough
    assert tokens.counter("o200k_base") is tokens.rough
    for thread in threading.enumerate():
        if thread.name.startswith("vocabulary"):
            thread.join()
    assert started == ["o200k_base"]


def test_without_the_package_characters_are_weighed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where `splintr-rs` is missing nothing breaks: the count is by characters."""
    monkeypatch.setitem(sys.modules, "splintr", None)
    monkeypatch.setattr(tokens, "_vocabularies", {})
    assert tokens.load("o200k_base") is None
    assert tokens.request_tokens(request("Say this is a test"), "gpt-4o") == 11


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("The gateway keeps a record of every call that it has answered. " * 10, 110, 160),
        ("\u4eca\u65e5\u306f\u5929\u6c17\u304c\u3044\u3044\u3067\u3059\u306d\u3002" * 10, 70, 110),
        ("\u0421\u0435\u0433\u043e\u0434\u043d\u044f \u0445\u043e\u0440\u043e\u0448\u0430\u044f \u043f\u043e\u0433\u043e\u0434\u0430. " * 10, 50, 130),
    ],
)  # fmt: skip
def test_characters_are_weighed_by_script(text: str, least: int, most: int) -> None:
    """Without a vocabulary, scripts without spaces count a token a character, others fewer."""
    assert least <= tokens.rough(text) <= most


def test_every_family_has_all_rates() -> None:
    """One rate for each weight; patterns are tried in order, so the narrower come first."""
    assert {len(one.rates) for one in (*FAMILIES, OTHER)} == {len(tokens.Weights._fields)}
    names = {"us.anthropic.claude-sonnet-4-6-v1": 560, "claude-3-opus-20240229": 300, "openai/gpt-oss-120b": 20}
    for name, preamble in names.items():
        assert tokens.rates_of(name).rates[4] > preamble
