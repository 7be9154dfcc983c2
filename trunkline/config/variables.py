"""References to environment variables, and what may stand in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from trunkline.config.redact import Redactor, is_sensitive
from trunkline.config.tree import ListNode, MapNode, Mark, MissingNode, Node, ScalarNode
from trunkline.providers import is_placeholder
from trunkline.providers.credentials import header_problem

PREFIX: Final = "os.environ/"
"""LiteLLM's reference: the whole string is replaced by the variable's value."""
_REFERENCE: Final = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")

BLOCKED: Final = re.compile(
    r"PATH|LD_PRELOAD|LD_LIBRARY_PATH|DYLD_.*|PYTHONPATH|PYTHONSTARTUP|PYTHONHOME|HOME|USER|SHELL|LOGNAME|NO_PROXY"
)
"""What `environment_variables` may not set (LiteLLM's list): it would change how programs are found and run."""


def tidy(value: str) -> str:
    """A credential without the blanks, line end or pair of quotes that pasting left around it."""
    text = value.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1].strip()
    return text


class Environment:
    """The variables a configuration may refer to; remembers which were asked for, for messages and the version."""

    def __init__(self, environ: Mapping[str, str], redactor: Redactor) -> None:
        self._redactor = redactor
        self.values: dict[str, str] = {}
        self.tidied: dict[str, str] = {}
        """Everything, credentials tidied but not judged: `providers` says itself why a key cannot be used."""
        self.refused: dict[str, str] = {}
        """Variable -> why its value cannot be used."""
        self.asked: dict[str, bool] = {}
        """Variable -> whether it had a usable value."""
        for name, value in environ.items():
            self.put(name, value)

    def put(self, name: str, value: str) -> None:
        """Set a variable; credentials are tidied, unusable values are left out with the reason."""
        self.values.pop(name, None)
        self.tidied[name] = value
        self.refused.pop(name, None)
        if is_sensitive(name):
            self._redactor.learn(value)
            value = tidy(value)
            self.tidied[name] = value
            problem = header_problem(value) if value and _goes_into_header(name) else None
            if problem is not None:
                self.refused[name] = problem
                return
        if value and is_placeholder(value):
            self.refused[name] = "still holds the placeholder of the example file"
            return
        if value:
            self.values[name] = value

    def get(self, name: str) -> str | None:
        """The variable's value, or `None` where it is unset, empty or unusable."""
        value = self.values.get(name)
        self.asked[name] = value is not None
        return value

    def why(self, name: str) -> str:
        """Why a variable has no value: `` `X` is not set ``."""
        return f"`{name}` {self.refused.get(name, 'is not set')}"

    def resolve(self, node: Node) -> Node:
        """The tree with every reference in it replaced; what cannot be becomes a `MissingNode`."""
        match node:
            case ScalarNode(value=str(text), at=at):
                return self._text(text, at) if "${" in text or text.startswith(PREFIX) else node
            case ListNode(items=items, at=at):
                return ListNode(tuple(self.resolve(item) for item in items), at)
            case MapNode(entries=entries, keys=keys, at=at):
                return MapNode({key: self.resolve(value) for key, value in entries.items()}, keys, at)
            case ScalarNode() | MissingNode():
                return node

    def _text(self, text: str, at: Mark) -> Node:
        if text.startswith(PREFIX):
            name = text.removeprefix(PREFIX).strip()
            value = self.get(name)
            return MissingNode((name,), text, at) if value is None else ScalarNode(value, at, text)
        missing: list[str] = []

        def fill(found: re.Match[str]) -> str:
            if found[1] is None:
                return "${"
            value = self.get(found[1])
            if value is not None:
                return value
            if found[2] is None:
                missing.append(found[1])
            return found[2] or ""

        filled = _REFERENCE.sub(fill, text)
        return MissingNode(tuple(dict.fromkeys(missing)), text, at) if missing else ScalarNode(filled, at, text)


def _goes_into_header(name: str) -> bool:
    return bool(re.search(r"(?i)key|token", name))
