"""A string that cannot be printed by accident."""

from __future__ import annotations

from typing import Final


class Secret:
    """Holds a credential; `str`, `repr`, formatting, JSON and pickling all refuse or print `***`.

    The only way out is `reveal()`, so a search for that word finds every place where a key leaves
    (LiteLLM #5762 returned every deployment's `api_key` in a router error).
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value: Final = value

    def reveal(self) -> str:
        """Return the credential itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str, /) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str:
        raise TypeError("a Secret is not pickled: pass the name of the variable that holds it instead")

    def __bool__(self) -> bool:
        return bool(self._value)
