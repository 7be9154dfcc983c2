"""Sessions: an opaque token in a cookie, its hash in the database. Ending one ends it on every replica."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

from fastapi import Request, Response
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.app.api.schemas.errors import ErrorCode
from backend.app.core import tables
from backend.app.core.clock import SECOND_US, now_us
from backend.app.core.db import Database
from backend.app.core.errors import AppError
from backend.app.core.identity import Identity
from backend.app.core.settings import Settings

LOCAL: Final = Identity(id="local", name="You", email=None, role="admin")
"""The one person while sign-in is off, and the one of AUTH_PASSWORD: switching between the two keeps everything."""
_COOKIE: Final = "tl_session"


def digest(secret: str) -> str:
    """Return what is stored of a secret that is long and random."""
    return hashlib.sha256(secret.encode()).hexdigest()


async def ensure_local(db: Database) -> None:
    """Make the local person's row."""
    async with db.write() as connection:
        known = await connection.execute(select(tables.users.c.id).where(tables.users.c.id == LOCAL.id))
        if known.first() is None:
            await connection.execute(
                insert(tables.users).values(id=LOCAL.id, name=LOCAL.name, role=LOCAL.role, created_us=now_us())
            )


async def identify(request: Request) -> Identity:
    """Return who asks. Raises `AppError` with 401 where nobody is signed in."""
    found = await identify_or_none(request)
    if found is None:
        raise AppError(ErrorCode.NOT_PERMITTED, "You are not signed in.", "Sign in and try again.", status=401)
    return found


async def identify_or_none(request: Request) -> Identity | None:
    """Return who asks, None where nobody is signed in."""
    settings: Settings = request.app.state.settings
    if settings.auth_mode == "off":
        return LOCAL
    token = request.cookies.get(cookie_name(request), "")
    if not token:
        return None
    db: Database = request.app.state.database
    async with db.read() as connection:
        result = await connection.execute(
            select(tables.users)
            .join(tables.sessions, tables.sessions.c.user_id == tables.users.c.id)
            .where(
                tables.sessions.c.token_hash == digest(token),
                tables.sessions.c.mode == settings.auth_mode,
                tables.sessions.c.expires_us > now_us(),
            )
        )
        row = result.mappings().first()
    if row is None or not may_sign_in(settings, row["id"], row["email"], row["password_hash"]):
        return None
    return Identity(
        id=row["id"],
        name=row["name"],
        email=row["email"],
        role="admin" if row["role"] == "admin" or settings.is_admin(row["email"]) else "user",
    )


def may_sign_in(settings: Settings, user_id: str, email: str | None, password_hash: str | None) -> bool:
    """Whether the settings of now still know the person: one who was taken out of AUTH_USERS is out at once."""
    match settings.auth_mode:
        case "off":
            return user_id == LOCAL.id
        case "password":
            if user_id == LOCAL.id:
                return settings.auth_password is not None
            return password_hash is not None or email in settings.users
        case "oidc":
            return user_id != LOCAL.id


async def open_session(connection: AsyncConnection, request: Request, response: Response, user_id: str) -> None:
    """Start a session and set its cookie. A session that the browser had ends: its token never survives a sign-in."""
    settings: Settings = request.app.state.settings
    token = secrets.token_urlsafe(32)
    seconds = settings.auth_session_hours * 3600
    now = now_us()
    await close_session(connection, request)
    await connection.execute(delete(tables.sessions).where(tables.sessions.c.expires_us < now))
    await connection.execute(
        insert(tables.sessions).values(
            token_hash=digest(token), user_id=user_id, mode=settings.auth_mode, created_us=now,
            expires_us=now + seconds * SECOND_US,
        )
    )  # fmt: skip
    response.set_cookie(
        cookie_name(request), token, max_age=seconds, httponly=True, samesite="lax", secure=is_https(request), path="/"
    )


async def close_session(connection: AsyncConnection, request: Request) -> None:
    """End the session of the request's cookie."""
    token = request.cookies.get(cookie_name(request), "")
    if token:
        await connection.execute(delete(tables.sessions).where(tables.sessions.c.token_hash == digest(token)))


def forget_cookie(request: Request, response: Response) -> None:
    """Tell the browser to drop the cookie."""
    response.delete_cookie(cookie_name(request), path="/", httponly=True, samesite="lax", secure=is_https(request))


def is_https(request: Request) -> bool:
    """Whether the browser came by https, perhaps to a proxy before us."""
    settings: Settings = request.app.state.settings
    return request.url.scheme == "https" or (settings.app_public_url or "").startswith("https://")


def cookie_name(request: Request) -> str:
    """Return the cookie's name; over https with the prefix that keeps a sister domain from setting it."""
    return f"__Host-{_COOKIE}" if is_https(request) else _COOKIE
