"""Ollama's counts, which stand among the members of the last object (docs/api.md of ollama/ollama).

`prompt_eval_count` is the prompt (older servers leave it out where the whole prompt was cached), `eval_count` the
answer, with its thinking inside; neither is split further. The durations (nanoseconds) travel along with them.
"""

from __future__ import annotations

from typing import Final

from trunkline.ir.usage import Usage
from trunkline.wire.codec import Members

MAX_PLAUSIBLE: Final = 100_000_000
"""Tokens of one call; more is a slip."""

COUNTS: Final = (
    *("total_duration", "load_duration", "prompt_eval_count", "prompt_eval_duration", "eval_count", "eval_duration"),
)
"""The members that are the usage object of this format."""


def usage_object(members: Members) -> Members:
    """The counts and durations among the members of an answer."""
    return {name: members[name] for name in COUNTS if name in members}


def read_usage(counts: Members) -> Usage | None:
    """The normal form; `None` where there are no counts, or such as cannot be true."""
    read, written = counts.get("prompt_eval_count"), counts.get("eval_count")
    if read is None and written is None:
        return None
    for count in (read, written):
        if count is None:
            continue
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= MAX_PLAUSIBLE:
            return None
    return Usage(
        input_total=read if isinstance(read, int) else 0,
        output_total=written if isinstance(written, int) else 0,
    )


def write_usage(usage: Usage) -> Members:
    """The counts for a client; how long anything took is not known."""
    return {"prompt_eval_count": usage.input_total, "eval_count": usage.output_total}
