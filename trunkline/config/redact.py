"""Which settings hold secrets, and keeping those out of everything that is shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from trunkline.config.tree import ListNode, MapNode, MissingNode, Node, ScalarNode, looks_secret

if TYPE_CHECKING:
    from typing_extensions import override
else:  # `typing.override` is Python 3.12's; importing typing_extensions would slow every start

    def override(method: object) -> object:
        return method


MASK: Final = "***"

_WORDS: Final = re.compile(r"[a-z0-9]+")
_INSIDE: Final = """
    key keys apikey secret secrets password passwd pwd credential credentials authorization auth dsn cookie salt bearer
"""
_SECRET_WORDS: Final = frozenset(_INSIDE.split())
_TAIL: Final = "name names alias pattern policy ttl size header seconds system settings info params list id"
_TAIL_WORDS: Final = frozenset(_TAIL.split())
"""A name that ends so says something about a secret and is none: `litellm_credential_name`, `key_management_system`."""
_SECRET_NAMES: Final = frozenset(
    {"aws_access_key_id", "database_url", "redis_url", "credential_values", "alert_to_webhook_url"}
)
_PLAIN_NAMES: Final = frozenset({"prompt_cache_key", "infer_model_from_keys", "custom_auth", "auth_type"})
_HEADERS: Final = frozenset({"extra_headers", "headers"})
"""Their values may be credentials under any name."""
_REFERENCE: Final = re.compile(r"os\.environ/\w+|\$\{\w+\}")
_SHORTEST: Final = 7
"""A secret shorter than this would mask ordinary words."""


def is_sensitive(name: str) -> bool:
    """Whether a setting or variable of this name holds a secret."""
    lower = name.lower()
    words = _WORDS.findall(lower)
    if lower in _SECRET_NAMES:
        return True
    if not words or lower in _PLAIN_NAMES or words[-1] in _TAIL_WORDS or "cost" in words:
        return False
    return words[-1] == "token" or not _SECRET_WORDS.isdisjoint(words)


class Redactor:
    """Knows the secrets of one configuration and replaces them wherever they turn up."""

    def __init__(self) -> None:
        self._secrets: dict[str, set[str]] = {}
        """By their first characters, so that ten thousand keys cost a text no more than one."""

    def learn(self, value: str) -> None:
        """Remember a secret, as written and without the blanks around it."""
        for form in (value, value.strip(), value.strip().strip("'\"")):
            if len(form) >= _SHORTEST:
                self._secrets.setdefault(form[:_SHORTEST], set()).add(form)

    def learn_tree(self, node: Node, *, sensitive: bool = False) -> None:
        """Remember every string below a sensitive key."""
        match node:
            case ScalarNode(value=str(value)):
                if sensitive:
                    self.learn(value)
            case ListNode(items=items):
                for item in items:
                    self.learn_tree(item, sensitive=sensitive)
            case MapNode(entries=entries):
                for key, item in entries.items():
                    self.learn_tree(item, sensitive=sensitive or is_sensitive(key) or key in _HEADERS)
            case ScalarNode() | MissingNode():
                pass

    def scrub(self, text: str) -> str:
        """`text` with every known secret replaced."""
        at = 0
        while at + _SHORTEST <= len(text):
            found = [s for s in self._secrets.get(text[at : at + _SHORTEST], ()) if text.startswith(s, at)]
            if found:
                text = text[:at] + MASK + text[at + max(map(len, found)) :]
                at += len(MASK)
            else:
                at += 1
        return text

    def public(self, node: Node, *, name: str = "", sensitive: bool = False) -> object:
        """The value of `name`, fit to be shown: secrets become `***`, references to variables stay references."""
        sensitive = sensitive or is_sensitive(name) or name in _HEADERS
        match node:
            case MissingNode(written=written):
                return written if _is_reference(written) else MASK
            case ScalarNode(value=str(value), written=written):
                if sensitive or looks_secret(value):
                    return written if written is not None and _is_reference(written) else MASK
                return self.scrub(value)
            case ScalarNode(value=value):
                return MASK if sensitive and isinstance(value, int | float) and not isinstance(value, bool) else value
            case ListNode(items=items):
                return [self.public(item, sensitive=sensitive) for item in items]
            case MapNode(entries=entries):
                return {
                    self.scrub(key): self.public(item, name=key, sensitive=sensitive) for key, item in entries.items()
                }


def _is_reference(text: str) -> bool:
    return bool(_REFERENCE.fullmatch(text))


class Hidden(dict[str, object]):
    """A mapping whose values may be secret: `repr` and `str` show the names only."""

    @override
    def __repr__(self) -> str:
        return "{" + ", ".join(f"{name!r}: {MASK}" for name in self) + "}"

    @override
    def __str__(self) -> str:
        return repr(self)


class HiddenText(dict[str, str]):
    """As `Hidden`, for texts such as environment variables."""

    @override
    def __repr__(self) -> str:
        return "{" + ", ".join(f"{name!r}: {MASK}" for name in self) + "}"

    @override
    def __str__(self) -> str:
        return repr(self)


def freeze(values: Mapping[str, object]) -> Mapping[str, object]:
    """A copy that hides its values when printed, or a plain empty mapping."""
    return Hidden(values) if values else {}
