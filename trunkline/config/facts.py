"""What `profiles` knows about a deployment, in the words of the snapshot."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from trunkline.config.reader import Reader
from trunkline.config.snapshot import Replacement
from trunkline.config.tree import MissingNode, Plain, ScalarNode, plain
from trunkline.profiles import Price, replacement_for, request_edits, retired_model
from trunkline.profiles.policy import Policy
from trunkline.profiles.unsupported import unsupported

_BESIDE: Final = ("mode", "web_search_billing_unit")
"""Keys that say what the prices beside them are for."""
_WARN_DAYS: Final = 60
"""How long before a model's end it is noted at start."""


def renames(provider: str, model: str, base_model: str | None) -> Mapping[str, str]:
    """The model family's renames of request parameters."""
    return request_edits(provider, base_model or model)


def refused(provider: str, model: str, policy: Policy) -> frozenset[str]:
    """Parameters that are left out because the model is known to refuse them and the operator wrote `drop_params`."""
    return unsupported(provider, model) - policy.allowed if policy.drop_params else frozenset()


def replacement(provider: str, model: str, name: str) -> Replacement | None:
    """What a retired name stands for now."""
    fact = replacement_for(provider, model, name)
    if fact is None:
        return None
    return Replacement(retired=fact.retired, successor=fact.successor, since=fact.since, source=fact.source)


def is_past(day: str) -> bool:
    """Whether an ISO date has come."""
    return dt.date.fromisoformat(day) <= dt.datetime.now(tz=dt.UTC).date()


def end_of(provider: str, model: str) -> str | None:
    """A sentence when the model an entry calls has ended or ends soon."""
    fact = retired_model(provider, model)
    if fact is None:
        return None
    today = dt.datetime.now(tz=dt.UTC).date()
    if fact.is_over(today):
        return f"its provider has shut `{fact.retired}` down on {fact.since}; write `{fact.successor}`"
    if (dt.date.fromisoformat(fact.since) - today).days > _WARN_DAYS:
        return None
    return f"its provider shuts `{fact.retired}` down on {fact.since}; then write `{fact.successor}`"


def price(params: Reader, info: Reader, model: str) -> Price | None:
    """The price written in the config; `litellm_params` wins over `model_info`. Problems go to the log."""
    written: dict[str, Plain] = {}
    owners: dict[str, Reader] = {}
    for reader in (info, params):
        for key, node in reader.node.entries.items():
            if "cost" in key and not isinstance(node, MissingNode) and (value := plain(node)) is not None:
                if isinstance(node, ScalarNode) and isinstance(value, bool | str) and reader.number(key) is None:
                    return None
                written[key] = value
                owners[key] = reader
    if not written:
        return None
    beside = {
        key: plain(found)
        for reader in (info, params)
        for key in _BESIDE
        if (found := reader.node.entries.get(key)) is not None
    }
    from trunkline.profiles.rates import price_from_config  # only configs with prices of their own need it

    try:
        return price_from_config({**beside, **written, "model": model})
    except ValueError as error:
        said = str(error)
        key = next((name for name in sorted(written, key=len, reverse=True) if name in said), next(iter(written)))
        where = f"`{key}`: " if key not in said else ""
        owners[key].log.problem(owners[key].at(key), f"{where}{said}", "write USD per token or unit, 0 or more")
        return None
