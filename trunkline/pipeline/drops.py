"""LiteLLM's `additional_drop_params`: members of a body to leave out, by name or by path."""

from __future__ import annotations

import re
from typing import Final

_STEP: Final = re.compile(r"([^.\[\]]+)|\[(\*|\d+)\]")


def top(path: str) -> str:
    """The member that a path begins with."""
    found = _STEP.match(path)
    return found[1] if found is not None and found[1] else path


def leave_out(value: object, path: str) -> bool:
    """Take `path` out of a JSON value, in place; say whether there was anything.

    Paths as LiteLLM writes them: `response_format`, `tools[*].input_examples`, `messages[0].name`.
    """
    steps = [name or f"[{place}]" for name, place in _STEP.findall(path)]
    return _take(value, steps) if steps else False


def _take(value: object, steps: list[str]) -> bool:
    first, rest = steps[0], steps[1:]
    if first.startswith("["):
        if not isinstance(value, list):
            return False
        place = first[1:-1]
        if not rest:
            return False  # a whole element is never meant: it would shift the others
        items = value if place == "*" else value[int(place) : int(place) + 1]
        return any(_take(item, rest) for item in items)
    if not isinstance(value, dict) or first not in value:
        return False
    if not rest:
        del value[first]
        return True
    return _take(value[first], rest)
