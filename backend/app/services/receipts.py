"""What an answer took: from the stream at first, from the gateway's ledger once its row is there.

The row is the truth: its cost replaces the estimate to the nano-dollar, and its tokens replace ours where the stream
did not say them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from backend.app.api.schemas.messages import Receipt, Timing, Usage
from backend.app.services.catalogue import Rates
from backend.app.services.gateway.events import Opened
from backend.app.services.gateway.types import Usage as Counted

BYTES_PER_TOKEN: Final = 4
"""Of English text in the vocabularies of today, as the gateway estimates too."""
MESSAGE_TOKENS: Final = 4
_PICO_PER_NANO: Final = 1000
_NANO_PER_USD: Final = 1_000_000_000


def estimated_tokens(text: str) -> int:
    """Tokens of a text, about."""
    return math.ceil(len(text.encode("utf-8", "surrogatepass")) / BYTES_PER_TOKEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What is known when an answer is over."""

    model: str
    opened: Opened | None
    counted: Counted | None
    """The provider's own count, where it came."""
    prompt_tokens: int
    """Our estimate of the input."""
    text: str
    reasoning: str
    rates: Rates | None
    timing: Timing
    model_answered: str | None = None
    call_id: str | None = None
    """Of a call that came to nothing."""


def first_receipt(taken: Taken) -> Receipt:
    """The receipt before the ledger's row: what the stream said, and "about" where it was silent."""
    opened, counted = taken.opened, taken.counted
    usage = _estimate(taken) if counted is None else _usage(counted)
    cost = None
    if taken.rates is not None and usage.input is not None and usage.output is not None:
        cost = taken.rates.cost(
            input_tokens=usage.input, output_tokens=usage.output, cached_tokens=usage.cached or 0
        )  # fmt: skip
    return Receipt(
        usage=usage,
        cost_nano=cost,
        settled=False,
        estimated=counted is None,
        timing=taken.timing,
        call_id=taken.call_id if opened is None else opened.call_id,
        model=taken.model,
        model_answered=taken.model_answered or (None if opened is None else opened.provider_model),
        provider=None if opened is None else opened.provider,
        deployment=None if opened is None else opened.deployment,
    )


def _usage(counted: Counted) -> Usage:
    return Usage(
        input=counted["prompt_tokens"],
        output=counted["completion_tokens"],
        cached=counted["cached_tokens"],
        reasoning=counted["reasoning_tokens"],
        total=counted["total_tokens"],
    )


def _estimate(taken: Taken) -> Usage:
    if taken.opened is None:  # no model was called, or nobody knows; either way there is no count to state
        return Usage(input=None, output=None, cached=None, reasoning=None, total=None)
    reasoning = estimated_tokens(taken.reasoning)
    output = estimated_tokens(taken.text) + reasoning
    return Usage(
        input=taken.prompt_tokens,
        output=output,
        cached=None,
        reasoning=reasoning or None,
        total=taken.prompt_tokens + output,
    )


def settled(receipt: Receipt, row: Mapping[str, Any]) -> Receipt:
    """The receipt with the ledger's row in it. Raises `ValueError` for a row that states no cost."""
    usage = receipt.usage
    counted = _int(row.get("prompt_tokens")), _int(row.get("completion_tokens"))
    if counted[0] is not None and counted[1] is not None and (counted[0] or counted[1] or not receipt.estimated):
        usage = Usage(
            input=counted[0],
            output=counted[1],
            cached=_first(_int(row.get("cache_read_tokens")), usage.cached),
            reasoning=_first(_int(row.get("reasoning_tokens")), usage.reasoning),
            total=_first(_int(row.get("total_tokens")), counted[0] + counted[1]),
        )
    cost = cost_nano(row)
    return receipt.model_copy(
        update={
            "usage": usage,
            # A call that came to nothing has no cost to state, rather than one of zero.
            "cost_nano": cost if cost or usage.input is not None else None,
            "settled": True,
            "estimated": row.get("usage_source") in {"estimated", "none"},
            "provider": row.get("provider") or row.get("custom_llm_provider") or receipt.provider,
            "deployment": row.get("model_id") or receipt.deployment,
            "model_answered": row.get("model") or receipt.model_answered,
        }
    )


def cost_nano(row: Mapping[str, Any]) -> int | None:
    """Nano-dollars of a row: this gateway's exact pico-dollars, else LiteLLM's dollars. `None`: the model has no price.

    Raises `ValueError` where the row states neither.
    """
    pico = _int(row.get("spend_pico"))
    if pico is not None:
        # A model without a price has no version of one; its zero says nothing.
        if pico == 0 and row.get("price_version") == "":
            return None
        return (2 * pico + _PICO_PER_NANO) // (2 * _PICO_PER_NANO)
    spend = row.get("spend")
    if isinstance(spend, bool) or not isinstance(spend, int | float):
        raise ValueError("the ledger's row states no `spend`")  # noqa: TRY004 what came over the wire is a value
    return dollars_to_nano(str(spend))


def dollars_to_nano(usd: str) -> int:
    """Nano-dollars of a decimal number of dollars, rounded half up."""
    return int((Decimal(usd) * _NANO_PER_USD).to_integral_value(ROUND_HALF_UP))


def _int(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _first(value: int | None, other: int | None) -> int | None:
    return other if value is None else value
