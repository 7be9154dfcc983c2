"""The paths of stored responses: everything below `/v1/responses/{id}`."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final, NamedTuple


class Operation(Enum):
    """What is asked of a stored response."""

    FETCH = ("GET", "/v1/responses/{response_id}")
    DELETE = ("DELETE", "/v1/responses/{response_id}")
    CANCEL = ("POST", "/v1/responses/{response_id}/cancel")
    ITEMS = ("GET", "/v1/responses/{response_id}/input_items")

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.value[0]

    @property
    def route(self) -> str:
        """The canonical path, for metrics and documentation."""
        return self.value[1]


class Wanted(NamedTuple):
    """What a request asks of which response."""

    operation: Operation
    response_id: str
    """As it stands in the path."""


PREFIXES: Final = ("/v1/responses/", "/responses/", "/openai/v1/responses/")
_PATH: Final = re.compile(rb"(?:/openai/v1|/v1)?/responses/([^/?#]+)(/cancel|/input_items)?")
_CALLS: Final = frozenset({"input_tokens", "compact"})
"""Operations with a path of this form that are calls to a model."""
_BY_FORM: Final = {
    ("GET", b""): Operation.FETCH, ("HEAD", b""): Operation.FETCH, ("DELETE", b""): Operation.DELETE,
    ("POST", b"/cancel"): Operation.CANCEL, ("GET", b"/input_items"): Operation.ITEMS,
    ("HEAD", b"/input_items"): Operation.ITEMS,
}  # fmt: skip


def match(method: str, path: bytes) -> Wanted | None:
    """What a method and a raw path mean; `None`: nothing here."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    operation = _BY_FORM.get((method, found[2] or b""))
    name = found[1].decode("latin-1")
    return None if operation is None or name in _CALLS else Wanted(operation, name)


def paths() -> list[tuple[str, str, Operation]]:
    """Every method and path, for the documentation and for answers to the wrong method."""
    return [(one.method, prefix + one.route.removeprefix(PREFIXES[0]), one) for prefix in PREFIXES for one in Operation]
