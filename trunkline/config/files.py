"""Reading configuration files: the one that was named, and those it includes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from trunkline.config.marks import FileMark, mark_of
from trunkline.config.problems import ConfigError, Log, Problem
from trunkline.config.tree import MAX_BYTES, ListNode, MapNode, Mark, Node, ScalarNode, TreeError, parse

MAX_FILES: Final = 200
"""Files that one configuration may be made of."""


class Files:
    """Reads and merges; remembers what was read, for the watcher and the version."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._read: dict[Path, str] = {}
        self.marks: dict[str, FileMark | None] = {}
        """What each file looked like when it was opened: a change from then on is one the watcher must see."""
        self._root = Path()
        self.digest = hashlib.sha256()

    @property
    def names(self) -> tuple[str, ...]:
        """Every file that was read, in order."""
        return tuple(self._read.values())

    def load(self, path: Path) -> MapNode:
        """The merged tree of `path` and its includes. Raises `ConfigError`."""
        self._root = path.parent
        return self._load(path, path, ())

    def _load(self, path: Path, shown: Path, stack: tuple[Path, ...]) -> MapNode:
        real = path.resolve()
        self._read[real] = str(shown)
        if len(self._read) > MAX_FILES:
            raise _error(str(shown), 0, f"more than {MAX_FILES} files are included", "include fewer files")
        text = self._text(path, str(shown))
        try:
            root = parse(text, str(shown))
        except TreeError as error:
            raise _error(str(shown), error.line, error.what, error.instead) from None
        if root is None:
            raise _error(str(shown), 0, "the file is empty", "begin with `model_list:`; was it saved half-way?")
        if not isinstance(root, MapNode):
            raise _error(str(shown), 1, "the file is no mapping", "begin with `model_list:` at the left margin")
        entries, keys = dict(root.entries), dict(root.keys)
        include = entries.pop("include", None)
        keys.pop("include", None)
        for name, at in self._names(include):
            found = self._find(name, at, path, (*stack, real))
            if found is not None:
                self._merge(entries, keys, self._load(found, found, (*stack, real)))
        return MapNode(entries, keys, root.at)

    def _text(self, path: Path, shown: str) -> str:
        try:
            if path.is_dir():
                raise _error(shown, 0, "this is a folder", "name a file: `--config litellm-config.yaml`")
            with path.open("rb") as file:
                self.marks[shown] = mark_of(os.fstat(file.fileno()))
                data = file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            raise _error(shown, 0, "the file does not exist", "name one: `--config litellm-config.yaml`") from None
        except OSError as error:
            raise _error(shown, 0, f"the file cannot be read ({error.strerror})", "check its owner and mode") from None
        if len(data) > MAX_BYTES:
            limit = MAX_BYTES // 1024 // 1024
            raise _error(
                shown, 0, f"the file is larger than {limit} MiB", "is this the right file? split it with `include:`"
            )
        self.digest.update(len(data).to_bytes(8, "big") + data)
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise _error(shown, line, "the file is not UTF-8 text", "save it as UTF-8") from None

    def _names(self, node: Node | None) -> list[tuple[str, Mark]]:
        if node is None or (isinstance(node, ScalarNode) and node.value is None):
            return []
        found: list[tuple[str, Mark]] = []
        for item in node.items if isinstance(node, ListNode) else (node,):
            if isinstance(item, ScalarNode) and isinstance(item.value, str):
                found.append((item.value, item.at))
            else:
                self._log.problem(
                    item.at, "`include` holds something that is no file name", 'write `include: ["models.yaml"]`'
                )
        return found

    def _find(self, name: str, at: Mark, path: Path, stack: tuple[Path, ...]) -> Path | None:
        found = path.parent / name
        if not found.exists() and (self._root / name).exists():
            self._log.note(
                "warning", at, f"`{name}` was taken from the folder of the main file, not from beside this one"
            )
            found = self._root / name
        if not found.exists():
            self._log.problem(at, f"the included file `{name}` does not exist", "write its path relative to this file")
            return None
        real = found.resolve()
        if real in stack:
            self._log.problem(at, f"`{name}` includes itself, directly or through others", "remove one `include`")
            return None
        if real in self._read:
            self._log.note("warning", at, f"`{name}` is included twice; the second time is left out")
            return None
        return found

    def _merge(self, entries: dict[str, Node], keys: dict[str, Mark], other: MapNode) -> None:
        for key, value in other.entries.items():
            mine = entries.get(key)
            if isinstance(mine, ListNode) and isinstance(value, ListNode):
                entries[key] = ListNode(mine.items + value.items, mine.at)
                continue
            if isinstance(mine, MapNode) and isinstance(value, MapNode):
                self._log.note(
                    "warning",
                    other.keys[key],
                    f"`{key}` here replaces the one of `{keys[key].file}` line {keys[key].line} whole, as LiteLLM does",
                )
            entries[key] = value
            keys[key] = other.keys[key]


def _error(file: str, line: int, what: str, instead: str) -> ConfigError:
    return ConfigError([Problem(file=file, line=line, what=what, instead=instead)])


def version(files: Files, asked: Mapping[str, bool]) -> str:
    """First 12 hex digits of the SHA-256 over the files' bytes and which variables were set; no variable's value."""
    digest = files.digest.copy()
    for name in sorted(asked):
        digest.update(f"{name}={'set' if asked[name] else 'unset'}\n".encode())
    return digest.hexdigest()[:12]
