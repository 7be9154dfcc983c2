"""Notices that configuration files changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trunkline.config.marks import FileMark, look


class FileWatch:
    """Compares the files with what they were when they were read; a few `stat` calls a second."""

    __slots__ = ("_marks", "_paths")

    def __init__(self, paths: Sequence[str], known: Mapping[str, FileMark | None]) -> None:
        """`known` is what was read; a path that it lacks is taken as it is now."""
        self._paths = paths
        self._marks = {path: known[path] if path in known else look(path) for path in paths}

    def changed(self) -> bool:
        """A file changed since the last call that said so."""
        marks = self.look()
        if marks == self._marks:
            return False
        self._marks = marks
        return True

    def look(self) -> dict[str, FileMark | None]:
        """The files as they are now."""
        return {path: look(path) for path in self._paths}

    def seen(self, marks: Mapping[str, FileMark | None]) -> None:
        """Take `marks`, of a `look` before the files were read, for known."""
        self._marks |= marks
