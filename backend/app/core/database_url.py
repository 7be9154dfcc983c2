"""Addresses of databases as people write them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit


class DatabaseUrlError(ValueError):
    """The address cannot be used; the message says what would do."""


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """Where the database is. `path` for SQLite, `dsn` for PostgreSQL."""

    kind: Literal["sqlite", "postgresql"]
    path: Path | None
    dsn: str

    def __str__(self) -> str:
        """Show it without the password."""
        if self.path is not None:
            return f"sqlite:///{self.path}"
        parts = urlsplit(self.dsn)
        return f"postgresql://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"


def parse(text: str) -> DatabaseUrl:
    """Read `sqlite:///file` or `postgresql://…`, also with a driver's name as SQLAlchemy writes it.

    Raises `DatabaseUrlError`, whose message never repeats the address: it has a password.
    """
    scheme, separator, rest = text.strip().partition("://")
    match scheme.partition("+")[0] if separator else "":
        case "sqlite":
            file = rest.removeprefix("/").partition("?")[0]
            if not file or file == ":memory:":
                raise DatabaseUrlError("a SQLite database needs a file: `sqlite:///data/app.db`")
            return DatabaseUrl("sqlite", Path(file).absolute(), "")
        case "postgresql" | "postgres":
            parts = urlsplit(f"postgresql://{rest}")
            # `prepared` and the like are other programs' options; asyncpg refuses a server setting it does not know.
            query = urlencode([(k, v) for k, v in parse_qsl(parts.query) if k not in _NOT_FOR_SERVER])
            return DatabaseUrl("postgresql", None, urlunsplit(parts._replace(query=query)))
        case _:
            raise DatabaseUrlError("a database address begins with `sqlite:///` or `postgresql://`")


_NOT_FOR_SERVER = frozenset({"prepared", "pool_size", "schema", "connection_limit", "pgbouncer"})
