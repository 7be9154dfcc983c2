"""Recorded exchanges of this format, read from beside the project (`../shared/recordings`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

RECORDINGS = Path(__file__).resolve().parents[4] / "shared" / "recordings"
ABSENT = "the recordings are not there: put them at `../shared/recordings`"
PREDICTIONS = ("replicate.predictions", "replicate.predictions.get", "replicate.predictions.cancel")
STREAMS = ("replicate.stream",)


def exchanges(surfaces: tuple[str, ...], part: str) -> list[Any]:
    """Parameters for each recorded exchange of some surfaces whose request (with a body) or response holds `part`.

    One that skips, with its reason, where the recordings are absent.
    """
    found = []
    for surface in surfaces:
        for path in sorted((RECORDINGS / "replicate" / surface).glob("*.json")):
            exchange = json.loads(path.read_text())
            held = exchange["request"]["body"] if part == "request" else exchange["response"].get(part)
            if held is not None:
                found.append(pytest.param(exchange, id=path.stem))
    if not found:
        found.append(pytest.param({}, marks=pytest.mark.skip(reason=ABSENT), id="absent"))
    return found
