"""What the configuration has to say at start: a few lines for people, the whole of it in `trunkline check`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final

from trunkline.config.snapshot import Note, Replacement, Snapshot

FEW: Final = 3
"""So many notes of a kind are printed as they are; more are summed up."""


def lines(snapshot: Snapshot) -> Iterator[str]:
    """The notes, once; those of a kind that comes often in one line per reason."""
    yield from _unavailable(snapshot)
    yield from _retired(snapshot)
    for note in snapshot.notes:
        if note.kind not in ("unavailable", "retired"):
            yield _as_written(note)


def _as_written(note: Note) -> str:
    return f"{note.file}:{note.line}: {note.text}" if note.line else note.text


def _of_kind(snapshot: Snapshot, kind: str) -> Sequence[Note]:
    return [note for note in snapshot.notes if note.kind == kind]


def _unavailable(snapshot: Snapshot) -> Iterator[str]:
    notes = _of_kind(snapshot, "unavailable")
    if len(notes) <= FEW:
        yield from map(_as_written, notes)
        return
    reasons: dict[str, dict[str, None]] = {}
    for deployment in snapshot.deployments:
        if deployment.unavailable is not None:
            reasons.setdefault(deployment.unavailable, {})[deployment.group] = None
    for reason, groups in reasons.items():
        yield f"unavailable: {', '.join(f'`{g}`' for g in groups)}: {reason}"


def _retired(snapshot: Snapshot) -> Iterator[str]:
    notes = _of_kind(snapshot, "retired")
    if len(notes) <= FEW:
        yield from map(_as_written, notes)
        return
    today = dt.datetime.now(dt.UTC).date().isoformat()
    found = [d.replacement for d in snapshot.deployments if d.replacement is not None]
    gone = dict.fromkeys(_pair(one) for one in found if one.since <= today)
    leaving = dict.fromkeys(f"`{one.retired}` on {one.since}" for one in found if one.since > today)
    if gone:
        yield f"retired names answered by their successors: {', '.join(gone)}; `trunkline check` says since when"
    if leaving:
        yield f"names whose makers will retire them, answered by their successors already: {', '.join(leaving)}"


def _pair(gone: Replacement) -> str:
    return f"`{gone.retired}` by `{gone.successor}`"
