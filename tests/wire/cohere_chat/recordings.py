"""Recorded exchanges of this format, read from beside the project (`../shared/recordings`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

RECORDINGS = Path(__file__).resolve().parents[4] / "shared" / "recordings"
ABSENT = "the recordings are not there: put them at `../shared/recordings`"


def exchanges(part: str) -> list[Any]:
    """Parameters for each recorded exchange of `cohere.chat` whose request or response holds `part`.

    One that skips, with its reason, where the recordings are absent.
    """
    found = []
    for path in sorted((RECORDINGS / "cohere" / "cohere.chat").glob("*.json")):
        exchange = json.loads(path.read_text())
        held = exchange["request"] if part == "request" else exchange["response"].get(part)
        if held is not None:
            found.append(pytest.param(exchange, id=path.stem))
    if not found:
        found.append(pytest.param({}, marks=pytest.mark.skip(reason=ABSENT), id="absent"))
    return found
