"""Replicate's `metrics`.

`input_token_count` and `output_token_count` are there for official language models only; nothing is split further.
`predict_time` (seconds) is what other models are billed by; it travels along with them and is no count of tokens.
"""

from __future__ import annotations

from typing import Final

from trunkline.ir.usage import Usage
from trunkline.wire.codec import Members
from trunkline.wire.replicate.shapes import is_object, is_whole

MAX_PLAUSIBLE: Final = 100_000_000
"""Tokens of one call; more is a slip."""


def read_usage(metrics: object) -> Usage | None:
    """The normal form; `None` where tokens are not counted, or cannot be as said."""
    if not is_object(metrics):
        return None
    read, written = metrics.get("input_token_count"), metrics.get("output_token_count")
    if read is None or written is None:
        return None
    if (
        not is_whole(read)
        or not is_whole(written)
        or not 0 <= min(read, written) <= max(read, written) <= MAX_PLAUSIBLE
    ):
        return None
    return Usage(input_total=read, output_total=written)


def write_usage(usage: Usage) -> Members:
    """The metrics for a client; how long it took is not known."""
    return {"input_token_count": usage.input_total, "output_token_count": usage.output_total}
