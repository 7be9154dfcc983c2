"""From what the gateway says of its deployments to the models as people pick them: pure functions, no I/O.

A card is one name that clients can ask for, with everything that stands behind it. It is ready when anything behind it
is. Facts that the gateway does not state stay unknown, but for the abilities: what is not known to be impossible is
allowed, because the provider's own refusal is better than ours.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from backend.app.api.schemas.models import Abilities, ModelCard, ModelState, Price, Replaced
from backend.app.services.providers import EMBEDDED, provider_name

Row = Mapping[str, Any]

_VARIABLE: Final = re.compile(r"`([A-Z][A-Z0-9_]{2,})`")
_REFERENCE: Final = re.compile(r"^os\.environ/([A-Za-z_][A-Za-z0-9_]*)$")
_TEXT_ONLY: Final = frozenset({EMBEDDED})
"""Providers whose models take text and nothing else."""
_MILLION: Final = 1_000_000
_CHAT_MODES: Final = frozenset({None, "", "chat", "responses", "completion"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What the gateway has seen of one deployment."""

    state: str
    """`healthy`, `unhealthy`, `unknown`, `unavailable`."""
    reason: str | None = None
    since: datetime | None = None
    """Of an unhealthy one: the last success before the failures, else the last failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Nano-dollars for a million tokens, exact."""

    input: int
    output: int
    cached: int | None

    def cost(self, *, input_tokens: int, output_tokens: int, cached_tokens: int = 0) -> int:
        """Nano-dollars, rounded half up."""
        cached_rate = self.input if self.cached is None else self.cached
        cached = min(cached_tokens, input_tokens)
        total = (input_tokens - cached) * self.input + cached * cached_rate + output_tokens * self.output
        return (2 * total + _MILLION) // (2 * _MILLION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A card and what is not shown of it."""

    card: ModelCard
    rates: Rates | None
    key_variable: str | None
    """The variable that the provider's key comes from, where it is named in the configuration."""


def is_pattern(name: str) -> bool:
    """A wildcard entry such as `openai/*` is no model that can be picked."""
    return "*" in name


def sights(health: Mapping[str, Any]) -> dict[str, Sight]:
    """Deployment id -> what was seen of it, from `GET /health`. LiteLLM names no ids there: then it is empty."""
    found: dict[str, Sight] = {}
    for kind in ("healthy", "unhealthy", "unknown", "unavailable"):
        for endpoint in health.get(f"{kind}_endpoints") or ():
            if not isinstance(endpoint, Mapping) or not isinstance(endpoint.get("model_id"), str):
                continue
            failing = kind == "unhealthy"  # of a healthy one it would change with every call
            since = (endpoint.get("last_success") or endpoint.get("last_failure")) if failing else None
            found[endpoint["model_id"]] = Sight(state=kind, reason=_text(endpoint.get("reason")), since=_moment(since))
    return found


def known_models(rows: Iterable[Row], seen: Mapping[str, Sight], *, patterns: bool = False) -> list[Known]:
    """One entry per name, in the order of the configuration. `rows` are those of `GET /model/info`.

    `patterns`: the wildcard entries instead, which nobody can pick; names that fall under them share their facts.
    """
    groups: dict[str, list[Row]] = {}
    for row in rows:
        name = row.get("model_name")
        if isinstance(name, str) and name and is_pattern(name) is patterns and _info(row).get("mode") in _CHAT_MODES:
            groups.setdefault(name, []).append(row)
    return [_known(name, members, seen) for name, members in groups.items()]


def _known(name: str, rows: Sequence[Row], seen: Mapping[str, Sight]) -> Known:
    judged = [_judge(row, seen) for row in rows]
    best = min(range(len(rows)), key=lambda at: _RANK[judged[at].state])
    row, verdict = rows[best], judged[best]
    infos = [_info(row) for row in rows]
    info = infos[best]
    provider = _provider(row)
    rates = rates_of(info)
    card = ModelCard(
        id=name,
        name=name,
        provider=provider,
        group_of=list(dict.fromkeys(str(row.get("litellm_params", {}).get("model", "")) for row in rows)),
        replaced=_replaced(info),
        state=verdict.state,
        reason=verdict.reason,
        variable=verdict.variable,
        fix=verdict.fix,
        since=verdict.since,
        context_tokens=_largest(infos, "max_input_tokens") or _largest(infos, "max_tokens"),
        max_output_tokens=_largest(infos, "max_output_tokens"),
        price=None if rates is None else _price(rates),
        abilities=_abilities(rows, provider),
        first_word_ms=None,
        embedded=provider == EMBEDDED,
        is_default=False,
        pinned=False,
        allowed=True,
    )
    return Known(card=card, rates=rates, key_variable=_key_variable(row))


# State.


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    state: ModelState
    reason: str | None = None
    variable: str | None = None
    fix: str | None = None
    since: datetime | None = None


_RANK: Final[Mapping[ModelState, int]] = {
    "ready": 0, "unknown": 1, "failing": 2, "budget": 3, "no_key": 4, "down": 5,
}  # fmt: skip
"""Of several deployments behind one name the best speaks for it."""


def _judge(row: Row, seen: Mapping[str, Sight]) -> _Verdict:
    info = _info(row)
    if info.get("available") is False:
        return unavailable(_provider(row), _text(info.get("unavailable_reason")) or "")
    sight = seen.get(str(info.get("id")))
    if sight is not None and sight.state == "unhealthy":
        why = sight.reason or "its last calls failed"
        return _Verdict(
            state="failing", reason=f"Failing: {why}", since=sight.since,
            fix="Use it anyway, or another model until it answers again.",
        )  # fmt: skip
    # Not called yet is ready: the gateway has all that a call needs.
    return _Verdict(state="ready")


def unavailable(provider: str, reason: str) -> _Verdict:
    """Why a deployment cannot be called and what to do, from the gateway's own sentence."""
    found = _VARIABLE.search(reason)
    name = provider_name(provider)
    if found is None:
        return _Verdict(state="down", reason=reason or "The gateway cannot call it.", fix="See litellm-config.yaml.")
    variable = found[1]
    what = f"No key for {name}." if _is_key(variable) else f"{name} is not set up: `{variable}` is missing."
    return _Verdict(state="no_key", reason=what, variable=variable, fix=no_key_fix(variable))


def no_key_fix(variable: str) -> str:
    """What to do where a variable is missing."""
    return f"Put {variable} in .env; it is picked up without a restart."


def _is_key(variable: str) -> bool:
    return variable.endswith(("KEY", "TOKEN", "SECRET"))


# Facts.


def _info(row: Row) -> Mapping[str, Any]:
    found = row.get("model_info")
    return found if isinstance(found, Mapping) else {}


def _provider(row: Row) -> str:
    stated = _info(row).get("litellm_provider")
    if isinstance(stated, str) and stated:
        return stated
    params = row.get("litellm_params")
    model = str(params.get("model", "")) if isinstance(params, Mapping) else ""
    return model.partition("/")[0] if "/" in model else "unknown"


def _replaced(info: Mapping[str, Any]) -> Replaced | None:
    if not isinstance(info.get("retired_model"), str):
        return None
    return Replaced(
        retired=info["retired_model"],
        successor=str(info.get("successor", "")),
        since=_text(info.get("retired_since")),
        source=_text(info.get("retired_source")),
    )


def _key_variable(row: Row) -> str | None:
    params = row.get("litellm_params")
    if not isinstance(params, Mapping):
        return None
    for name in ("api_key", "vertex_credentials", "aws_access_key_id", "vertex_project"):
        found = _REFERENCE.match(str(params.get(name, "")))
        if found is not None:
            return found[1]
    return None


def _abilities(rows: Sequence[Row], provider: str) -> Abilities:
    infos = [_info(row) for row in rows]
    free = provider not in _TEXT_ONLY

    def able(*names: str, unknown: bool = free) -> bool:
        stated = [info[name] for info in infos for name in names if isinstance(info.get(name), bool)]
        return any(stated) if stated else unknown

    drops = [row.get("litellm_params", {}).get("additional_drop_params") or () for row in rows]
    return Abilities(
        images=able("supports_vision"),
        files=able("supports_pdf_input"),
        tools=able("supports_function_calling"),
        reasoning=able("supports_reasoning"),
        json_output=able("supports_response_schema"),
        temperature=not all("temperature" in dropped for dropped in drops),
    )


def rates_of(info: Mapping[str, Any]) -> Rates | None:
    """The price of a deployment; `None` where the gateway knows none."""
    per_input, per_output = (_nano(info.get(f"{side}_cost_per_token")) for side in ("input", "output"))
    if per_input is None or per_output is None:
        return None
    return Rates(input=per_input, output=per_output, cached=_nano(info.get("cache_read_input_token_cost")))


def _nano(usd_per_token: object) -> int | None:
    """Nano-dollars for a million tokens. A float is read as it is written, not as its binary neighbour."""
    if isinstance(usd_per_token, bool) or not isinstance(usd_per_token, int | float | str):
        return None
    try:
        return int((Decimal(str(usd_per_token)) * _MILLION * 1_000_000_000).to_integral_value())
    except ArithmeticError:
        return None


def _price(rates: Rates) -> Price:
    cached = None if rates.cached is None else dollars(rates.cached)
    return Price(input_per_mtok=dollars(rates.input), output_per_mtok=dollars(rates.output), cached_per_mtok=cached)


def dollars(nano: int) -> str:
    """Nano-dollars as US dollars: at least two decimals, and as many as there are."""
    whole, part = divmod(nano, 1_000_000_000)
    digits = f"{part:09d}".rstrip("0")
    return f"{whole}.{digits:0<2}"


def _largest(infos: Iterable[Mapping[str, Any]], name: str) -> int | None:
    numbers = [int(v) for info in infos if isinstance(v := info.get(name), int | float) and not isinstance(v, bool)]
    return max(numbers, default=None)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


# The whole list.


def version_of(cards: Iterable[ModelCard]) -> str:
    """A short name of the list's content: the same cards, the same version, in every process."""
    text = json.dumps([card.model_dump(mode="json") for card in cards], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def alternatives(
    cards: Sequence[ModelCard],
    *,
    instead_of: str,
    tokens: int = 0,
    images: bool = False,
    files: bool = False,
    not_of: str | None = None,
) -> list[str]:
    """Ready models that would take it, the cheapest first; without a price after them, the embedded toy last.

    `not_of`: a provider that is out of the question, because it is what fails.
    """  # fmt: skip
    fitting = [
        card
        for card in cards
        if card.state == "ready" and card.allowed and card.id != instead_of and card.provider != not_of
        and (card.context_tokens is None or tokens <= card.context_tokens)
        and (card.abilities.images or not images) and (card.abilities.files or not files)
    ]  # fmt: skip
    return [card.id for card in sorted(fitting, key=_dearness)]


def _dearness(card: ModelCard) -> tuple[bool, bool, Decimal]:
    if card.price is None:
        return card.embedded, True, Decimal(0)
    return card.embedded, False, Decimal(card.price.input_per_mtok) + Decimal(card.price.output_per_mtok)
