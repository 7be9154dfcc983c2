"""What the configuration has to say at start: a few lines for people, the whole of it in `trunkline check`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from trunkline.config.snapshot import Deployment, Note, Snapshot

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
    pairs = dict.fromkeys(_pair(d) for d in snapshot.deployments if d.replacement is not None)
    yield f"retired names answered by their successors: {', '.join(pairs)}; `trunkline check` says since when"


def _pair(deployment: Deployment) -> str:
    gone = deployment.replacement
    return f"`{gone.retired}` by `{gone.successor}`" if gone is not None else ""
