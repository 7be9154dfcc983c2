"""After the whole matrix: the gateway's books against the stand-in's own."""

from __future__ import annotations

from tests.matrix.wire import Wire
from tests.support.gateway import Row


def test_the_ledger_equals_the_stand_ins_count(wire: Wire) -> None:
    """Every answer that was told in full is one row with the stand-in's own count of tokens."""
    wanted = sorted(wire.stand_in.tokens)
    rows = wire.gateway.wait_rows(lambda all_: len(_counted(all_)) >= len(wanted), 20.0)
    assert _counted(rows) == wanted


def _counted(rows: list[Row]) -> list[tuple[int, int]]:
    """Tokens in and out of each good answer; counts of tokens cost nothing."""
    good = [row for row in rows if row["usage_source"] == "provider" and row["outcome"] == "ok"]
    found = [(int(str(row["prompt_tokens"])), int(str(row["completion_tokens"]))) for row in good]
    return sorted(tokens for tokens in found if tokens != (0, 0))
