"""What a file looked like: enough to tell that it changed."""

from __future__ import annotations

import os
from pathlib import Path

FileMark = tuple[int, int, int]
"""Time of the last change in ns, size in bytes, inode."""


def mark_of(found: os.stat_result) -> FileMark:
    """The mark in a `stat` answer; of an open file by `os.fstat`, so that it is the file that is then read."""
    return found.st_mtime_ns, found.st_size, found.st_ino


def look(path: str) -> FileMark | None:
    """The mark of the file at `path`; `None` when there is none."""
    try:
        return mark_of(Path(path).stat())
    except OSError:
        return None
