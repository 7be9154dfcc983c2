"""`trunkline check`: what a configuration means, without starting anything."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from trunkline.config import ConfigError, Deployment, Note, Snapshot, dotenv, load

_TITLES: Final = (
    ("retired", "Retired names"),
    ("unimplemented", "Not implemented by this version"),
    ("unknown-key", "Not known: perhaps misspelt"),
    ("warning", "Worth a look"),
)
"""Kinds of notes in the order of the report; what is unavailable stands with the models."""


def run(config: Path) -> int:
    """Check a configuration against the environment and `.env` and print a report; 0, or 1 when it cannot be used."""
    try:
        snapshot = load(config, dotenv.overlay(Path(".env"), os.environ))
    except ConfigError as error:
        count = len(error.problems)
        for problem in error.problems:
            print(problem, file=sys.stderr)
        print(f"{config} cannot be used: {count} {'thing' if count == 1 else 'things'} to mend", file=sys.stderr)
        return 1
    for line in report(snapshot):
        print(line)
    return 0


def report(snapshot: Snapshot) -> Iterator[str]:
    """The report, line by line."""
    deployments = snapshot.deployments
    ready = sum(deployment.unavailable is None for deployment in deployments)
    names = {deployment.group for deployment in deployments}
    files = ", ".join(snapshot.files)
    yield f"{files}: usable, version {snapshot.version}"
    yield ""
    yield f"Models: {len(names)} names, {ready} of {len(deployments)} entries can be called"
    yield from _models(deployments)
    yield from _unavailable(deployments)
    for kind, title in _TITLES:
        notes = [note for note in snapshot.notes if note.kind == kind]
        if notes:
            yield ""
            yield f"{title}:"
            yield from (f"  {_place(note)}{note.text}" for note in notes)


def _models(deployments: Iterable[Deployment]) -> Iterator[str]:
    ready = [deployment for deployment in deployments if deployment.unavailable is None]
    width = max((len(deployment.group) for deployment in ready), default=0)
    for deployment in ready:
        price = "" if deployment.price is None else "  (price from the config)"
        yield f"  {deployment.group:<{width}}  {deployment.litellm_model}{price}"


def _unavailable(deployments: Iterable[Deployment]) -> Iterator[str]:
    """By reason: one variable is usually what several entries wait for."""
    reasons: dict[str, list[str]] = {}
    for deployment in deployments:
        if deployment.unavailable is not None:
            reasons.setdefault(deployment.unavailable, []).append(f"{deployment.group} ({deployment.litellm_model})")
    if reasons:
        yield ""
        yield "Unavailable until mended:"
    for reason, entries in reasons.items():
        yield f"  {reason}"
        yield from (f"    {entry}" for entry in entries)


def _place(note: Note) -> str:
    return f"{note.file}:{note.line}: " if note.line else ""
