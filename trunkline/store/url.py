"""Database addresses: what users write, normalised, with kind errors.

Imports no database library, so that a start can check the address for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit


class Kind(StrEnum):
    """The databases there are."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


_SCHEMES = {"sqlite": Kind.SQLITE, "postgres": Kind.POSTGRESQL, "postgresql": Kind.POSTGRESQL}

_PRISMA = frozenset({"connection_limit", "pool_timeout", "pgbouncer", "sslaccept", "socket_timeout", "connect_timeout"})
"""Parameters of Prisma's addresses, which LiteLLM users bring along; PostgreSQL itself does not know them.
See https://www.prisma.io/docs/orm/overview/databases/postgresql"""


class UrlError(ValueError):
    """The address cannot be used; the text says what to write instead and never repeats a password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseUrl:
    """One database. `repr` never shows the credential."""

    kind: Kind
    path: Path | None = None
    """SQLite's file."""
    dsn: str = field(default="", repr=False)
    """PostgreSQL's address as libpq and asyncpg read it, without Prisma's parameters."""
    schema: str | None = None
    """Prisma's `schema` parameter: becomes the `search_path`."""
    prepared: bool = True
    """False behind a PgBouncer that shares connections between transactions (`pgbouncer=true`)."""

    @property
    def shown(self) -> str:
        """The address without user and password, for people and logs."""
        if self.kind is Kind.SQLITE:
            return f"sqlite:///{self.path}"
        parts = urlsplit(self.dsn)
        place = parts.hostname or "local socket"
        return f"postgresql://{place}{f':{parts.port}' if parts.port else ''}{parts.path}"


def parse(url: str) -> DatabaseUrl:
    """Read `sqlite:///file`, `sqlite:////absolute/file`, `postgres://…` or `postgresql://…`.

    A driver's name (`+asyncpg`, `+aiosqlite`, `+psycopg2`) is accepted and left out. Raises `UrlError`.
    """
    scheme, separator, _ = url.strip().partition("://")
    kind = _SCHEMES.get(scheme.partition("+")[0].lower())
    if not separator or kind is None:
        named = f"`{scheme}://`" if separator else "an address without `://`"
        raise UrlError(
            f"`DATABASE_URL` is {named}, which is not supported: "
            "write `sqlite:///data/trunkline.db` or `postgresql://user:password@host:5432/name`"
        )
    rest = url.strip()[len(scheme) :]
    return _sqlite(rest) if kind is Kind.SQLITE else _postgresql(rest)


def _sqlite(rest: str) -> DatabaseUrl:
    body = rest.removeprefix("://").partition("?")[0]
    if not body.startswith("/"):
        raise UrlError(f"`DATABASE_URL` is `sqlite://{body}`: three slashes begin a path, write `sqlite:///{body}`")
    name = unquote(body[1:])
    if name in {"", ":memory:"}:
        raise UrlError(
            "`DATABASE_URL` names no file: write `sqlite:///data/trunkline.db` (memory would forget the bill)"
        )
    return DatabaseUrl(kind=Kind.SQLITE, path=Path(name))


def _postgresql(rest: str) -> DatabaseUrl:
    try:
        parts = urlsplit("postgresql" + rest)
        _ = parts.port
    except ValueError:
        raise UrlError(
            "`DATABASE_URL` cannot be read: write `postgresql://user:password@host:5432/name`, "
            "with `@`, `/`, `:` and `#` in the password as `%40`, `%2F`, `%3A` and `%23`"
        ) from None
    if parts.fragment:
        raise UrlError("`DATABASE_URL` holds a `#`: in a password write it as `%23`")
    query = parse_qsl(parts.query, keep_blank_values=True)
    given = dict(query)
    kept = [(key, value) for key, value in query if key not in _PRISMA and key != "schema"]
    return DatabaseUrl(
        kind=Kind.POSTGRESQL,
        dsn=urlunsplit(("postgresql", parts.netloc, parts.path, urlencode(kept), "")),
        schema=given.get("schema"),
        prepared=given.get("pgbouncer") != "true",
    )
