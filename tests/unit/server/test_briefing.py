"""What a start says of the configuration."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.pipeline.parts import deployment, snapshot
from trunkline.config.snapshot import Note, Replacement
from trunkline.server import briefing


def test_a_name_that_still_lives_is_not_called_retired() -> None:
    """Names whose day has come and names whose day will come are two lines; each says which."""
    gone = [
        replace(
            deployment(f"g{n}"),
            replacement=Replacement(retired=f"old-{n}", successor=f"new-{n}", since=since, source=""),
        )
        for n, since in enumerate(("2024-01-01", "2025-06-01", "2999-12-01", "2020-02-02"))
    ]
    notes = tuple(Note(file="c.yaml", line=1, text="retired", kind="retired") for _ in gone)
    said = list(briefing.lines(snapshot(*gone, notes=notes)))
    assert len(said) == 2
    assert "`old-0` by `new-0`, `old-1` by `new-1`, `old-3` by `new-3`" in said[0]
    assert "old-2" not in said[0]
    assert "`old-2` on 2999-12-01" in said[1]
