"""`docs/guide-check.md` leaves out no line of the guide, and names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
GUIDE: Final = ROOT.parent / "shared" / "guide.md"
TABLE: Final = [
    [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    for line in (ROOT / "docs/guide-check.md").read_text().splitlines()
    if re.match(r"\| \d", line)
]


def test_every_line_of_the_guide_is_in_the_table() -> None:
    """All but its title and empty lines."""
    covered: set[int] = set()
    for where, *_ in TABLE:
        first, _, last = where.partition("-")
        covered |= set(range(int(first), int(last or first) + 1))
    lines = {number: line for number, line in enumerate(GUIDE.read_text().splitlines(), 1) if line.strip()}
    assert {number: line for number, line in lines.items() if number not in covered} == {1: lines[1]}


def test_every_test_that_it_names_exists() -> None:
    """A file or folder, and the function in it."""
    named = [word for row in TABLE for word in re.findall(r"`((?:tests/|test_)[^` ]+)`", row[3])]
    assert len(named) > len(TABLE)
    functions = "\n".join(path.read_text() for path in sorted((ROOT / "tests").rglob("test_*.py")))
    missing = []
    for word in named:
        path, _, function = word.partition("::") if word.startswith("tests/") else ("tests", "", word)
        if not (ROOT / path).exists() or (function and f"def {function}(" not in functions):
            missing.append(word)
    assert missing == []
