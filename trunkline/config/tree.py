"""YAML as a tree that remembers where every value was written.

Only what a configuration needs: mappings with text keys, lists and plain scalars. No tags that make objects, no second
document, no key twice; anchors, aliases and merge keys (`<<`) as LiteLLM's users write them, within limits that an
"alias bomb" cannot pass. Built from the parser's events, so that depth and size are checked before anything is made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import yaml

Scalar = str | int | float | bool | None

MAX_BYTES: Final = 8 * 1024 * 1024
"""Largest file that is read. Ten thousand entries of `model_list` take about 3 MiB."""
MAX_NODES: Final = 1_000_000
"""Values in a file with every alias written out."""
MAX_DEPTH: Final = 100
"""LiteLLM's own limit when it resolves references."""


class TreeError(Exception):
    """The text is no configuration; says the line (from 1), what is wrong and what to write instead."""

    def __init__(self, line: int, what: str, instead: str = "") -> None:
        super().__init__(what)
        self.line = line
        self.what = what
        self.instead = instead


@dataclass(frozen=True, slots=True)
class Mark:
    """Where something stands; lines count from 1."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A value; `written` is the text before references were resolved, where there were any."""

    value: Scalar
    at: Mark
    written: str | None = None


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list in the order it was written."""

    items: tuple[Node, ...]
    at: Mark


@dataclass(frozen=True, slots=True)
class MapNode:
    """A mapping; `keys` says where each key stands."""

    entries: Mapping[str, Node]
    keys: Mapping[str, Mark]
    at: Mark


@dataclass(frozen=True, slots=True)
class MissingNode:
    """A string whose references (`os.environ/X`, `${X}`) name variables that have no usable value."""

    names: tuple[str, ...]
    written: str
    at: Mark


Node = ScalarNode | ListNode | MapNode | MissingNode
Plain = Scalar | list["Plain"] | dict[str, "Plain"]


def plain(node: Node) -> Plain:
    """The values without their places; what is missing becomes `None`."""
    match node:
        case ScalarNode(value=value):
            return value
        case ListNode(items=items):
            return [plain(item) for item in items]
        case MapNode(entries=entries):
            return {key: plain(value) for key, value in entries.items()}
        case MissingNode():
            return None


def parse(text: str, file: str) -> Node | None:
    """The tree of a YAML text, or `None` where it holds nothing but comments. Raises `TreeError`."""
    import yaml  # 18 ms that a worker which is handed its snapshot need not spend

    loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Builder(file).build(iter(yaml.parse(text, Loader=loader)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _syntax(mark.line + 1 if mark else 1, str(error.problem or error.context or "")) from None
    except yaml.YAMLError:
        raise TreeError(
            1, "the file holds characters that YAML does not allow", "save it as plain UTF-8 text"
        ) from None


_HINTS: Final = (
    ("cannot start any token", "indent with spaces, not tabs, and put values that begin with `@`, `%` or ` in quotes"),
    ("mapping values are not allowed", "put a value that holds `: ` in quotes, and check the indentation of this line"),
    ("did not find expected key", "check that this line is indented like the ones beside it"),
    ("could not find expected ':'", "write `key: value`, with a space after the colon"),
    ("'-' indicator", "indent this line like the entries beside it; each of those begins with `- `"),
    ("block end", "check that this line is indented like the ones beside it"),
    ("unexpected end of stream", "close the quote or bracket that was opened further up"),
    ("did not find expected ',' or", "close the bracket that was opened further up, or add the missing comma"),
)


def _syntax(line: int, problem: str) -> TreeError:
    # libyaml's own words name no value of the file; the Python parser's may quote a character or an anchor.
    said = problem.split("'", maxsplit=1)[0].strip() if "'" in problem and "expected" not in problem else problem
    hint = next(
        (hint for sign, hint in _HINTS if sign in problem), "check indentation, colons and quotes near this line"
    )
    return TreeError(line, f"this is not valid YAML ({said or 'it ends too early'})", hint)


class _Open:
    """A list or mapping that is still being read."""

    __slots__ = ("anchor", "at", "entries", "is_map", "items", "key", "key_at", "keys", "merges", "size")

    def __init__(self, at: Mark, *, is_map: bool, anchor: str | None) -> None:
        self.at = at
        self.is_map = is_map
        self.anchor = anchor
        self.items: list[Node] = []
        self.entries: dict[str, Node] = {}
        self.keys: dict[str, Mark] = {}
        self.merges: list[MapNode] = []
        self.key: str | None = None
        self.key_at = at
        self.size = 1


_MERGE: Final = "\0merge"


class _Builder:
    def __init__(self, file: str) -> None:
        self.file = file
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.count = 0
        self.documents = 0
        self.root: Node | None = None

    def build(self, events: Iterator[yaml.Event]) -> Node | None:
        import yaml

        for event in events:
            line = event.start_mark.line + 1 if event.start_mark else 1
            if isinstance(event, yaml.ScalarEvent):
                self._scalar(event, line)
            elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                self._open(event, line, is_map=isinstance(event, yaml.MappingStartEvent))
            elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                self._close()
            elif isinstance(event, yaml.AliasEvent):
                self._alias(event.anchor, line)
            elif isinstance(event, yaml.DocumentStartEvent):
                self.documents += 1
                if self.documents > 1:
                    raise TreeError(line, "a second document begins here", "remove the `---` line or use `include:`")
        if isinstance(self.root, ScalarNode) and self.root.value is None:
            return None
        return self.root

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        at = Mark(self.file, line)
        if self._wants_key():
            merge = event.value == "<<" and event.implicit[0] and not event.style
            self._key(_MERGE if merge else str(event.value), at)
            return
        node = ScalarNode(_value(event, line), at)
        if event.anchor:
            self.anchors[event.anchor] = (node, 1)
        self._add(node, 1, line)

    def _open(self, event: yaml.CollectionStartEvent, line: int, *, is_map: bool) -> None:
        if event.tag not in {None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}:
            raise TreeError(line, "tags that make objects are not allowed", "write the plain mapping or list")
        if self._wants_key():
            raise TreeError(line, "a key must be a single word or string", "write `key: value`")
        if len(self.stack) >= MAX_DEPTH:
            raise TreeError(line, f"values are nested deeper than {MAX_DEPTH} levels", "make it flatter")
        self.stack.append(_Open(Mark(self.file, line), is_map=is_map, anchor=event.anchor))

    def _close(self) -> None:
        top = self.stack.pop()
        node: Node
        if top.is_map:
            for merge in top.merges:
                for key, value in merge.entries.items():
                    if key not in top.entries:
                        top.entries[key] = value
                        top.keys[key] = merge.keys[key]
            node = MapNode(top.entries, top.keys, top.at)
        else:
            node = ListNode(tuple(top.items), top.at)
        if top.anchor:
            self.anchors[top.anchor] = (node, top.size)
        self._add(node, top.size, top.at.line, counted=True)

    def _alias(self, anchor: str | None, line: int) -> None:
        known = self.anchors.get(anchor or "")
        if known is None:
            inside = any(frame.anchor == anchor for frame in self.stack)
            what = (
                "an alias (`*name`) refers to the value it stands in" if inside else "an alias has no anchor before it"
            )
            raise TreeError(line, what, "put the value in quotes if it only begins with `*`")
        if self._wants_key():
            raise TreeError(line, "an alias cannot be a key", "put the key in quotes if it only begins with `*`")
        self._add(known[0], known[1], line)

    def _wants_key(self) -> bool:
        return bool(self.stack) and self.stack[-1].is_map and self.stack[-1].key is None

    def _key(self, key: str, at: Mark) -> None:
        top = self.stack[-1]
        if key in top.keys:
            before = top.keys[key].line
            raise TreeError(
                at.line, f"{show(key)} stands twice in the same mapping (first in line {before})", "keep one of the two"
            )
        top.key = key
        top.key_at = at

    def _add(self, node: Node, size: int, line: int, *, counted: bool = False) -> None:
        if not counted:
            self.count += size
            if self.count > MAX_NODES:
                raise TreeError(line, f"the file unfolds to more than {MAX_NODES:,} values", "use fewer aliases")
        if not self.stack:
            self.root = node
            return
        top = self.stack[-1]
        top.size += size
        if not top.is_map:
            top.items.append(node)
            return
        key, top.key = top.key, None
        if key == _MERGE:
            self._merge(top, node, line)
        elif key is not None:
            top.entries[key] = node
            top.keys[key] = top.key_at

    @staticmethod
    def _merge(top: _Open, node: Node, line: int) -> None:
        found = node.items if isinstance(node, ListNode) else (node,)
        for item in found:
            if not isinstance(item, MapNode):
                raise TreeError(line, "`<<` takes a mapping or a list of mappings", "write `<<: *anchor`")
            top.merges.append(item)


_WORDS: Final[Mapping[str, Scalar]] = {
    word: value
    for words, value in (("true yes on", True), ("false no off", False), ("null", None))
    for name in words.split()
    for word in (name, name.capitalize(), name.upper())
} | {"~": None, "": None}
_INT: Final = re.compile(r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0o?[0-7_]+|[1-9][0-9_]*|0)\Z")
_FLOAT: Final = re.compile(r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?\Z")
_SPECIAL: Final = re.compile(r"([-+]?)\.(inf|Inf|INF|nan|NaN|NAN)\Z")
_TAGS: Final = "tag:yaml.org,2002:"


def _value(event: yaml.ScalarEvent, line: int) -> Scalar:
    text = str(event.value)
    if event.tag is None or event.tag == "!":
        # (True, False): a plain scalar without a tag, the only kind that may mean a number or a truth.
        return _plain_scalar(text) if event.tag is None and event.implicit[0] else text
    if event.tag == _TAGS + "str":
        return text
    if event.tag in {_TAGS + kind for kind in ("int", "float", "bool", "null")}:
        return _plain_scalar(text)
    raise TreeError(line, "tags that make objects are not allowed", "write the plain value")


def _plain_scalar(text: str) -> Scalar:
    """As PyYAML reads it, but `1e-6` is a number, and dates and `1:30` stay text."""
    if text in _WORDS:
        return _WORDS[text]
    if not (text[0].isdigit() or text[0] in "+-."):
        return text
    if _INT.match(text):
        digits = text.replace("_", "")
        bare = digits.lstrip("+-")
        octal = len(bare) > 1 and bare[0] == "0" and bare[1].isdigit()
        return int(digits, 8) if octal else int(digits, 0)
    if _FLOAT.match(text):
        return float(text.replace("_", ""))
    if special := _SPECIAL.match(text):
        return float(special[1] + special[2].lower())
    return text


_SHOWABLE: Final = re.compile(r"[A-Za-z0-9_.:*/@+ -]{1,80}\Z")
# lint: provider-name (how keys begin)
_KEYISH: Final = re.compile(r"(?i)^(?:sk-|pk-|gsk_|xai-|ghp_|hf_|aiza|bearer |basic )|(?<![\w/:-])\w{40,}(?![\w-])")


def looks_secret(text: str) -> bool:
    """Whether a text has the shape of a credential (`sk-...`, `Bearer ...`, forty letters and digits in a row)."""
    return _KEYISH.search(text) is not None


def show(name: str) -> str:
    """A name in backticks for a message, unless it might be a credential that slipped into a name's place."""
    if looks_secret(name) or not _SHOWABLE.match(name):
        return "a name that is not shown because it may hold a secret"
    return f"`{name}`"
