"""A conversation's title from its first question: no second call, nothing paid."""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 60
"""Characters."""
UNTITLED: Final = "New chat"

_FENCE: Final = re.compile(r"^\s*(```|~~~).*?(^\s*\1\s*$|\Z)", re.DOTALL | re.MULTILINE)
_MARKS: Final = re.compile(r"^\s*(?:[#>*+-]+|\d+[.)])\s+")
_LINK: Final = re.compile(r"!?\[([^\]]*)\]\([^)\s]*\)")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""Also what turns the direction of writing: a title stands in a list beside others."""


def title_of(question: str, file_names: list[str] | None = None) -> str:
    """The first words of the question; the first file's name where there are none.

    Markdown marks and code go; a long line ends at a word, with an ellipsis.
    """
    text = _FENCE.sub("\n", question)
    lines = (_clean(line) for line in text.splitlines())
    line = next((line for line in lines if line), "") or _clean(question.replace("\n", " "))
    if not line:
        line = _clean(file_names[0]) if file_names else ""
    return _shortened(line) or UNTITLED


def _clean(line: str) -> str:
    line = _LINK.sub(r"\1", _MARKS.sub("", line))
    line = _CONTROL.sub(" ", line.replace("`", "").replace("**", "").replace("__", ""))
    return " ".join(line.split())


def _shortened(line: str) -> str:
    if len(line) <= LONGEST:
        return line.rstrip(" .,;:")
    cut = line[: LONGEST - 1]
    space = cut.rfind(" ")
    # A word longer than half the title, an address perhaps, is cut in the middle.
    return (cut[:space] if space > LONGEST // 2 else cut).rstrip(" .,;:") + "…"
