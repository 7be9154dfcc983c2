"""What is wrong with a configuration, and what is merely worth knowing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trunkline.config.redact import Redactor
from trunkline.config.snapshot import Note
from trunkline.config.tree import Mark, show

if TYPE_CHECKING:
    from typing_extensions import override
else:  # `typing.override` is Python 3.12's; importing typing_extensions would slow every start

    def override(method: object) -> object:
        return method


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that stops a configuration from being used."""

    file: str
    line: int
    """From 1; 0 where the file as a whole is meant."""
    what: str
    """What is wrong, naming the thing in backticks; never a secret's value."""
    instead: str = ""
    """What to write instead."""

    @override
    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.what}" + (f"; {self.instead}" if self.instead else "")


class ConfigError(Exception):
    """The configuration cannot be used; `problems` says everything that is wrong with it, not only the first thing."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Log:
    """Collects problems and notes while a configuration is read; everything passes through the redactor."""

    def __init__(self, redactor: Redactor) -> None:
        self.redactor = redactor
        self._problems: list[Problem] = []
        self._notes: list[Note] = []
        self._said: set[tuple[str, str]] = set()

    def problem(self, at: Mark, what: str, instead: str = "") -> None:
        """Record something that stops the configuration."""
        scrub = self.redactor.scrub
        self._problems.append(Problem(file=at.file, line=at.line, what=scrub(what), instead=scrub(instead)))

    def note(self, kind: str, at: Mark, text: str, *, once: str = "") -> None:
        """Record something worth knowing; notes of one kind with the same `once` are said one time."""
        if once:
            if (kind, once) in self._said:
                return
            self._said.add((kind, once))
        self._notes.append(Note(file=at.file, line=at.line, text=self.redactor.scrub(text), kind=kind))

    def said(self, kind: str, once: str) -> None:
        """Take something as said: later notes of that kind with the same `once` are left out."""
        self._said.add((kind, once))

    @property
    def notes(self) -> tuple[Note, ...]:
        """All notes so far, in the order of the files."""
        return tuple(self._notes)

    def finish(self) -> None:
        """Raise `ConfigError` when there were problems."""
        if self._problems:
            raise ConfigError(self._problems)


def distance(left: str, right: str, limit: int) -> int:
    """Insertions, deletions, replacements and swaps of neighbours from `left` to `right`; at most `limit` + 1."""
    if abs(len(left) - len(right)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        current = [i]
        for j, b in enumerate(right, 1):
            cost = min(row[j] + 1, current[j - 1] + 1, row[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            current.append(cost)
        if min(current) > limit <= min(row):  # a swap reaches back to the row before
            return limit + 1
        before, row = row, current
    return min(row[-1], limit + 1)


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` most likely means: one error in four letters, three at most; else `None`."""
    folded = word.lower().replace("-", "_")
    limit = min(3, max(1, len(folded) // 4))
    best: tuple[int, str] | None = None
    for name in known:
        if name == word:
            continue
        found = distance(folded, name.lower().replace("-", "_"), limit)
        if found <= limit and (best is None or (found, name) < best):
            best = (found, name)
    return best[1] if best else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean `x`?`, or nothing."""
    found = closest(word, known)
    return f"did you mean {show(found)}?" if found else ""
