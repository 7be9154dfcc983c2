"""`/model/info` and its relatives in LiteLLM's shape: what is there, what it costs, whether it answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from trunkline.admin.gateway import Gateway
from trunkline.config.snapshot import Deployment, Snapshot
from trunkline.profiles.facts import LIMITS, STATED, Facts, complete, model_facts
from trunkline.profiles.price import PICO_PER_USD, Price, Rates
from trunkline.providers.bridge import NOTE

Row = dict[str, object]

_PRICES: Final = ("input_cost_per_token", "output_cost_per_token")

_RATES: Final = (
    ("input", "input_cost_per_token"),
    ("output", "output_cost_per_token"),
    ("cache_read", "cache_read_input_token_cost"),
    ("cache_write", "cache_creation_input_token_cost"),
    ("cache_write_long", "cache_creation_input_token_cost_above_1hr"),
    ("reasoning", "output_cost_per_reasoning_token"),
    ("audio_in", "input_cost_per_audio_token"),
    ("audio_out", "output_cost_per_audio_token"),
)
"""Field of `Rates` -> LiteLLM's name in `model_info`."""
_UNITS: Final = (
    ("search_unit", "input_cost_per_query", 1),
    ("image", "output_cost_per_image", 1),
    ("image_token", "output_cost_per_image_token", 1),
    ("character", "input_cost_per_character", 1),
    ("audio_hour", "input_cost_per_second", 3600),
)
"""Field of `Units` -> LiteLLM's name, and how many of the name's unit the field is for."""


def pricing(price: Price) -> Row:
    """LiteLLM's price fields, USD per token as numbers; tiers as `…_above_200k_tokens`."""
    result = _rates(price.base, "")
    for above, rates in price.tiers:
        result |= _rates(rates, f"_above_{above // 1000}k_tokens")
    result["price_source"] = price.source
    result["price_version"] = price.version
    return result


def _rates(rates: Rates, suffix: str) -> Row:
    result: Row = {}
    for field, name in _RATES:
        pico: int | None = getattr(rates, field)
        if pico is not None:
            result[name + suffix] = pico / PICO_PER_USD
    if rates.per_request:
        result["input_cost_per_request" + suffix] = rates.per_request / PICO_PER_USD
    for field, name, times in _UNITS if rates.units is not None else ():
        if pico := getattr(rates.units, field):
            result[name + suffix] = pico / (times * PICO_PER_USD)
    if rates.units is not None and not suffix and (search := rates.units.web_search or rates.units.search_call):
        result["search_context_cost_per_query"] = {"search_context_size_medium": search / PICO_PER_USD}
        result["web_search_billing_unit"] = "per_query" if rates.units.web_search else "per_prompt"
    return result


def known(gateway: Gateway, deployment: Deployment) -> Row:
    """What is known of a deployment's model: the config's own words, else profiles, else the price data.

    Every field of `STATED` and both prices are there, `None` where nobody knows.
    """
    base = deployment.model_info.get("base_model")
    model = base if isinstance(base, str) else deployment.model
    profiled = {} if "*" in model else model_facts(deployment.provider, model, mode=deployment.mode)
    listed = {} if "*" in model else gateway.facts(deployment)
    written: Row = {name: value for name, value in deployment.model_info.items() if name in STATED}
    info = {**complete(_numbers(written), profiled, listed), **dict.fromkeys(_PRICES), **deployment.model_info}
    price = gateway.price(deployment)
    return info if price is None else info | pricing(price)


def _numbers(written: Row) -> Facts:
    """What of the config's own words can be reckoned with: a written limit decides what `max_tokens` is."""
    return {name: value for name, value in written.items() if isinstance(value, int)}


def row(gateway: Gateway, deployment: Deployment) -> Row:
    """One deployment. `litellm_params` have every credential masked."""
    info = known(gateway, deployment)
    info |= {
        "id": deployment.id,
        "db_model": False,
        "mode": deployment.mode,
        "litellm_provider": deployment.provider,
        "key": deployment.litellm_model,
        "available": deployment.unavailable is None,
        "unavailable_reason": deployment.unavailable,
        "access_via_team_ids": [],
        "direct_access": True,
    }
    if deployment.replacement is not None:
        gone = deployment.replacement
        info["retired_model"] = gone.retired
        info["successor"] = gone.successor
        info["retired_since"] = gone.since
        info["retired_source"] = gone.source
    if deployment.target is not None and deployment.target.bridge:
        info["bridge"] = deployment.target.bridge
        info["bridge_note"] = NOTE
    return {"model_name": deployment.group, "litellm_params": dict(deployment.public_params), "model_info": info}


def rows(gateway: Gateway, deployments: Iterable[Deployment]) -> list[Row]:
    """One row per deployment, in the order of the config."""
    return [row(gateway, deployment) for deployment in deployments]


def search(snapshot: Snapshot, text: str | None, model: str | None, model_id: str | None) -> tuple[Deployment, ...]:
    """Deployments whose name holds `text`, whose group is `model`, whose id is `model_id`; `None` asks for all."""
    found = snapshot.deployments
    if text:
        wanted = text.lower()
        found = tuple(d for d in found if wanted in d.group.lower() or wanted in d.litellm_model.lower())
    if model:
        found = tuple(d for d in found if d.group == model)
    if model_id:
        found = tuple(d for d in found if d.id == model_id)
    return found


def groups(gateway: Gateway, only: str | None = None) -> list[Row]:
    """LiteLLM's `ModelGroupInfo` per name that clients can ask for, visible aliases included."""
    snapshot = gateway.snapshot
    members: dict[str, list[Deployment]] = {}
    for deployment in snapshot.deployments:
        members.setdefault(deployment.group, []).append(deployment)
    for name, alias in snapshot.router.aliases.items():
        if not alias.hidden and alias.target in members:
            members.setdefault(name, members[alias.target])
    return [_group(gateway, name, found) for name, found in members.items() if only is None or name == only]


def _group(gateway: Gateway, name: str, deployments: list[Deployment]) -> Row:
    infos = [known(gateway, deployment) for deployment in deployments]
    result: Row = {
        "model_group": name,
        "providers": list(dict.fromkeys(d.provider for d in deployments)),
        "mode": deployments[0].mode,
        "available": any(d.unavailable is None for d in deployments),
    }
    for field in ("max_tokens", *LIMITS, *_PRICES):
        result[field] = _largest(infos, field)
    for field in ("tpm", "rpm"):
        limits = [value for d in deployments if isinstance(value := d.public_params.get(field), int)]
        result[field] = sum(limits) if limits else None
    supports = sorted({key for info in infos for key in info if key.startswith("supports_")})
    result |= {key: _any([info.get(key) for info in infos]) for key in supports}
    # Which parameters a model takes is not known here: an empty list would say "none".
    result["supported_openai_params"] = None
    return result


def _any(stated: list[object]) -> bool | None:
    """Whether any deployment of a group can; `None` where none can and not all are known."""
    if any(value is True for value in stated):
        return True
    return False if all(value is False for value in stated) else None


def _largest(infos: Iterable[Mapping[str, object]], field: str) -> float | int | None:
    """The largest of a group, as LiteLLM says it."""
    numbers = [value for info in infos if isinstance(value := info.get(field), int | float)]
    return max(numbers, default=None)
