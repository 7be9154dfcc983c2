"""Database addresses as users write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from trunkline.store.url import Kind, UrlError, parse

PASSWORD = "canary-p4ss"


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("sqlite:///data/t.db", "data/t.db"),
        ("sqlite:////var/lib/t.db", "/var/lib/t.db"),
        ("sqlite+aiosqlite:///./t.db", "t.db"),
        ("sqlite:///my%20data/t.db?mode=rwc", "my data/t.db"),
    ],
)
def test_three_slashes_are_a_relative_file_and_four_an_absolute_one(written: str, path: str) -> None:
    """As SQLAlchemy has it."""
    url = parse(written)
    assert (url.kind, url.path) == (Kind.SQLITE, Path(path))


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg", "postgresql+psycopg2", "POSTGRES"])
def test_every_way_to_write_postgresql_is_taken(scheme: str) -> None:
    """The driver's name is left out."""
    url = parse(f"{scheme}://u:{PASSWORD}@db:5433/litellm?sslmode=require")
    assert url.kind is Kind.POSTGRESQL
    assert url.dsn == f"postgresql://u:{PASSWORD}@db:5433/litellm?sslmode=require"


def test_prismas_parameters_are_understood() -> None:
    """LiteLLM's users bring them; PostgreSQL would refuse them."""
    url = parse("postgresql://u@db/litellm?schema=ai&connection_limit=10&pool_timeout=60&pgbouncer=true&sslmode=prefer")
    assert url.dsn == "postgresql://u@db/litellm?sslmode=prefer"
    assert (url.schema, url.prepared) == ("ai", False)


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        ("mysql://u@db/x", "`mysql://`"),
        ("", "without `://`"),
        ("litellm", "without `://`"),
        ("sqlite://t.db", "write `sqlite:///t.db`"),
        ("sqlite://", "three slashes"),
        ("sqlite:///:memory:", "names no file"),
        (f"postgresql://u:{PASSWORD}@db:port/x", "`%40`"),
        (f"postgresql://u:{PASSWORD}#1@db/x", "`%23`"),
    ],
)
def test_a_wrong_address_says_what_to_write_and_no_password(written: str, advice: str) -> None:
    """One sentence, without the credential."""
    with pytest.raises(UrlError) as caught:
        parse(written)
    assert advice in str(caught.value)
    assert PASSWORD not in str(caught.value)


def test_an_address_shows_no_credential() -> None:
    """Neither printed nor in a log."""
    url = parse(f"postgresql://u:{PASSWORD}@db:5433/litellm")
    assert PASSWORD not in f"{url!r} {url}"
    assert url.shown == "postgresql://db:5433/litellm"
