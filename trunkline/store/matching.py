"""Which calls are meant: the filters that the request log and the sums share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Table, func, or_


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Every part narrows; an empty one says nothing."""

    model: str = ""
    """As asked for or as answered; `*` stands for any text, capitals count as small ones."""
    provider: str = ""
    key: str = ""
    """How the SHA-256 of the caller's key begins, hex."""
    status: str = ""
    """`success` or `failure`."""


def conditions(table: Table, only: Filter) -> list[ColumnElement[bool]]:
    """The conditions on a table with the columns `model`, `model_group`, `provider`, `api_key` and `status`."""
    found: list[ColumnElement[bool]] = []
    if only.model:
        found.append(or_(*(_like(table.c[name], only.model) for name in ("model", "model_group"))))
    if only.provider:
        found.append(table.c.provider == only.provider)
    if only.key:
        found.append(table.c.api_key.startswith(only.key.lower(), autoescape=True))
    if only.status:
        found.append(table.c.status == only.status)
    return found


def _like(named: ColumnElement[Any], pattern: str) -> ColumnElement[bool]:
    escaped = pattern.lower().replace("/", "//").replace("%", "/%").replace("_", "/_").replace("*", "%")
    return func.lower(named).like(escaped, escape="/")
