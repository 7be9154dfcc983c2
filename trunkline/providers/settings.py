"""Reading a deployment's parameters and environment: `litellm_params` first, then environment, then the default."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, cast

from trunkline.ir import Secret
from trunkline.providers.base_url import Base, BaseUrlError, parse_base, slot_value
from trunkline.providers.credentials import header_problem, is_placeholder
from trunkline.providers.row import Row, Slot

_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_FRAMING: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "te", "trailer", "upgrade", "keep-alive", "expect"}
)


class UnavailableError(Exception):
    """Why a deployment cannot be called: one sentence naming what to mend, never a credential."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`litellm_params` with environment references resolved, and the environment."""

    params: Mapping[str, object]
    environ: Mapping[str, str]

    def text(self, *names: str) -> str | None:
        """The first parameter that is a text and not blank."""
        for name in names:
            value = self.params.get(name)
            if isinstance(value, str) and value.strip():
                return value.strip()
        return None

    def variable(self, *names: str) -> str | None:
        """The first environment variable that is set and was filled in."""
        for name in names:
            value = self.environ.get(name, "").strip()
            if value and not is_placeholder(value):
                return value
        return None

    def missing(self, *names: str) -> tuple[str, str] | None:
        """(parameter, variable) of the first parameter whose environment reference is not set."""
        references = self.params.get("_missing")
        if isinstance(references, Mapping):
            for name in names:
                variable = references.get(name)
                if isinstance(variable, str):
                    return name, variable
        return None

    def key(self, variables: tuple[str, ...], *, required: bool, param: str = "api_key") -> str | None:
        """The key to send; a key that was asked for by name is never replaced by another one.

        Raises:
            UnavailableError: it is required and not there, is a placeholder, or cannot stand in a header.
        """
        if (reference := self.missing(param)) is not None:
            raise UnavailableError(_unset(reference[1], param))
        if (written := self.text(param)) is not None:
            return _usable(written, f"`{param}`")
        placeholder = None
        for name in variables:
            value = self.environ.get(name, "").strip()
            if value and is_placeholder(value):
                placeholder = placeholder or name
            elif value:
                return _usable(value, f"`{name}`")
        if not required:
            return None
        if placeholder is not None:
            raise UnavailableError(f"`{placeholder}` still holds a placeholder: put the real key into `.env`")
        raise UnavailableError(
            _unset(variables[0], param) if variables else f"`{param}` is missing under `litellm_params`"
        )

    def base(self, row: Row) -> tuple[Base, bool]:
        """The host's base URL, and whether it is the row's own.

        Raises:
            UnavailableError: none is known, or the one that is cannot be used.
        """
        if (reference := self.missing("api_base", "base_url")) is not None:
            raise UnavailableError(_unset(reference[1], reference[0]))
        written, where = self.text("api_base", "base_url"), "api_base"
        if written is None:
            where = next((name for name in row.bases if self.variable(name) is not None), "")
            written = self.variable(where) if where else None
        if written is None:
            return self._own_base(row), True
        if row.bases and where == "OLLAMA_HOST" and "://" not in written:
            written = f"http://{written}"
        base = checked_base(written, where, row.default_path)
        return base, row.base is not None and not row.slots and base.origin == parse_base(row.base).origin

    def _own_base(self, row: Row) -> Base:
        if row.base is None:
            also = f" or set `{row.bases[0]}`" if row.bases else ""
            raise UnavailableError(
                f"{row.name} has no address of its own: write `api_base` under `litellm_params`{also}"
            )
        filled = row.base
        for slot in row.slots:
            filled = filled.replace(f"{{{slot.name}}}", self._slot(slot))
        return parse_base(filled)

    def _slot(self, slot: Slot) -> str:
        value = self.text(*slot.params) or self.variable(*slot.variables) or slot.default
        if value is None:
            raise UnavailableError(_unset(slot.variables[0], slot.params[0]))
        try:
            return slot_value(value)
        except BaseUrlError as error:
            raise UnavailableError(f"`{slot.variables[0]}` {error}") from error

    def with_extra_headers(self, headers: Iterable[tuple[str, str | Secret]]) -> tuple[tuple[str, str | Secret], ...]:
        """`headers` and the operator's `extra_headers`, which win; their values may be credentials, so none is shown.

        Raises:
            UnavailableError: a name or value that would break the request's framing.
        """
        written = self.params.get("extra_headers") or self.params.get("headers")
        if not isinstance(written, Mapping):
            return tuple(headers)
        named = {str(name): str(value) for name, value in cast("Mapping[object, object]", written).items()}
        extra = [(_header_name(name), Secret(_header_value(name, value))) for name, value in named.items()]
        replaced = {name.lower() for name, _ in extra}
        return (*(header for header in headers if header[0].lower() not in replaced), *extra)


def checked_base(text: str, where: str, default_path: str = "") -> Base:
    """Parse a base URL that the operator wrote.

    Raises:
        UnavailableError: it cannot be used; the message names where it was written, not the text (it may hold a key).
    """
    try:
        base = parse_base(text)
    except BaseUrlError as error:
        raise UnavailableError(f"`{where}` {error}") from error
    if base.path or not default_path:
        return base
    return Base(scheme=base.scheme, host=base.host, port=base.port, path=default_path)


def _unset(variable: str, param: str) -> str:
    return f"`{variable}` is not set: put it into `.env` or the environment, or write `{param}` under `litellm_params`"


def _usable(value: str, where: str) -> str:
    if is_placeholder(value):
        raise UnavailableError(f"{where} still holds a placeholder: put the real key in its place")
    if (problem := header_problem(value)) is not None:
        raise UnavailableError(f"{where} {problem}")
    return value


def _header_name(name: str) -> str:
    if _TOKEN.fullmatch(name) is None:
        raise UnavailableError("`extra_headers` has a name that is no header name: letters, digits and `-` only")
    if name.lower() in _FRAMING:
        raise UnavailableError(f"`extra_headers` sets `{name}`, which the gateway writes itself: take it out")
    return name


def _header_value(name: str, value: str) -> str:
    if (problem := header_problem(value.strip())) is not None:
        raise UnavailableError(f"`extra_headers`, `{name}`, {problem}")
    return value.strip()
