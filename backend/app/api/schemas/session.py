"""Who is signed in, and how one signs in here."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from backend.app.api.schemas.common import Answer, Query

AuthMode = Literal["off", "password", "oidc"]
Role = Literal["user", "admin"]


class User(Answer):
    """A person."""

    id: str
    name: str
    email: str | None
    role: Role


class SignInProvider(Answer):
    """A way to sign in elsewhere."""

    id: str
    name: str
    url: str = Field(description="Where the browser goes to start.")


class Session(Answer):
    """`user` is null while nobody is signed in."""

    user: User | None
    mode: AuthMode
    providers: list[SignInProvider]


class SignIn(Query):
    """`email` may be left out where one password serves the only user."""

    email: str | None = Field(default=None, max_length=320)
    password: SecretStr = Field(max_length=1024)
