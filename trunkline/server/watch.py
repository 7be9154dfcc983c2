"""Notices that configuration files changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class FileWatch:
    """Compares the files' times and sizes with those of the last look; a few `stat` calls a second."""

    __slots__ = ("_marks", "_paths")

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths
        self._marks = self._look()

    def changed(self) -> bool:
        """A file changed since the last call that said so."""
        marks = self._look()
        if marks == self._marks:
            return False
        self._marks = marks
        return True

    def seen(self) -> None:
        """Take the files as they are now for known."""
        self._marks = self._look()

    def _look(self) -> list[tuple[int, int, int] | None]:
        return [_mark(path) for path in self._paths]


def _mark(path: str) -> tuple[int, int, int] | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
