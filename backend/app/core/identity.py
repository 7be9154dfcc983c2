"""Who a request comes from."""

from __future__ import annotations

from dataclasses import dataclass

from backend.app.api.schemas.session import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A signed-in person; with sign-in off, the one local user."""

    id: str
    name: str
    email: str | None
    role: Role
