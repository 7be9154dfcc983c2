"""Sign-in and sign-out."""

from __future__ import annotations

import hmac
import logging
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.app.api.deps import Config, Db
from backend.app.api.schemas.errors import ErrorCode
from backend.app.api.schemas.session import Session, SignIn, SignInProvider, User
from backend.app.core import tables
from backend.app.core.auth import (
    close_session,
    digest,
    forget_cookie,
    identify_or_none,
    is_https,
    open_session,
)
from backend.app.core.clock import SECOND_US, now_us
from backend.app.core.errors import AppError, not_found
from backend.app.core.identity import Identity
from backend.app.core.settings import Settings
from backend.app.services.oidc import Person, Provider

router = APIRouter(prefix="/api/session", tags=["session"])
log = logging.getLogger(__name__)

FLOW_SECONDS: Final = 600
_FLOW_COOKIE: Final = "tl_sign_in"
_FLOW_PATH: Final = "/api/session/oidc"


@router.get("")
async def get_session(request: Request) -> Session:
    """Say who is signed in and how one can sign in. Open to all."""
    return _session(request.app.state.settings, await identify_or_none(request))


@router.post("")
async def sign_in(body: SignIn, request: Request, response: Response, db: Db, config: Config) -> Session:
    """Sign in with a password. A wrong one is answered with 401, too many with 429."""
    from backend.app.services.accounts import check_password

    if config.auth_mode != "password":
        raise AppError(
            ErrorCode.INVALID, f"Nobody signs in with a password here (AUTH_MODE is `{config.auth_mode}`).",
            "Reload the page.", variable="AUTH_MODE",
        )  # fmt: skip
    address = request.client.host if request.client is not None else ""
    user_id = await check_password(db, config, body.email, body.password.get_secret_value(), address)
    async with db.write() as connection:
        await open_session(connection, request, response, user_id)
        row = (await connection.execute(select(tables.users).where(tables.users.c.id == user_id))).mappings().one()
    admin = row["role"] == "admin" or config.is_admin(row["email"])
    return _session(
        config, Identity(id=user_id, name=row["name"], email=row["email"], role="admin" if admin else "user")
    )


@router.delete("")
async def sign_out(request: Request, response: Response, db: Db, config: Config) -> Session:
    """End this session on the server and forget the cookie."""
    if config.auth_mode == "off":
        return _session(config, await identify_or_none(request))
    async with db.write() as connection:
        await close_session(connection, request)
    forget_cookie(request, response)
    return _session(config, None)


@router.get("/oidc/start", status_code=302, response_class=RedirectResponse)
async def start_oidc(
    request: Request,
    db: Db,
    config: Config,
    next: Annotated[str, Query(max_length=2000)] = "/",  # noqa: A002 its name in URLs
) -> RedirectResponse:
    """Send the browser to the provider. `next` is the path to come back to."""
    flow = await _provider(request, config).start(_redirect_uri(request, config))
    now = now_us()
    table = tables.sign_in_flows
    async with db.write() as connection:
        await connection.execute(delete(table).where(table.c.expires_us < now))
        await connection.execute(
            insert(table).values(
                state_hash=digest(flow.state), nonce=flow.nonce, verifier=flow.verifier, next=local_path(next),
                expires_us=now + FLOW_SECONDS * SECOND_US,
            )
        )  # fmt: skip
    answer = RedirectResponse(flow.url, status_code=302)
    # The state must come back in the browser that started: else somebody could sign another person in as themselves.
    answer.set_cookie(
        _FLOW_COOKIE, flow.state, max_age=FLOW_SECONDS, httponly=True, samesite="lax", secure=is_https(request),
        path=_FLOW_PATH,
    )  # fmt: skip
    return answer


@router.get("/oidc/callback", status_code=302, response_class=RedirectResponse)
async def finish_oidc(
    request: Request,
    db: Db,
    config: Config,
    state: Annotated[str, Query(max_length=500)] = "",
    code: Annotated[str, Query(max_length=4000)] = "",
    error: Annotated[str, Query(max_length=500)] = "",
) -> RedirectResponse:
    """Take the provider's answer, sign in, and go on to `next`. What goes wrong is shown at `/sign-in?error=`."""
    try:
        provider = _provider(request, config)
        flow = await _take_flow(request, db, state)
        if error or not code:
            raise AppError(
                ErrorCode.NOT_PERMITTED, f"The provider did not sign you in ({error or 'no code'}).", status=401
            )
        person = await provider.finish(
            code=code, redirect_uri=_redirect_uri(request, config), nonce=flow["nonce"], verifier=flow["verifier"]
        )
        answer = RedirectResponse(flow["next"], status_code=302)
        async with db.write() as connection:
            await open_session(connection, request, answer, await _user_of(connection, person))
    except AppError as refused:
        if refused.code is ErrorCode.NOT_FOUND:
            raise
        log.warning("sign-in failed: %s", refused)
        answer = RedirectResponse(f"/sign-in?error={refused.code.value}", status_code=302)
    answer.delete_cookie(_FLOW_COOKIE, path=_FLOW_PATH)
    return answer


async def _take_flow(request: Request, db: Db, state: str) -> Any:
    """Return the flow of this state, once, in the browser that began it."""
    table = tables.sign_in_flows
    async with db.write() as connection:
        found = await connection.execute(
            delete(table).where(table.c.state_hash == digest(state), table.c.expires_us > now_us()).returning(table)
        )
        flow = found.mappings().first()
    if flow is None or not hmac.compare_digest(request.cookies.get(_FLOW_COOKIE, "").encode(), state.encode()):
        raise AppError(
            ErrorCode.NOT_PERMITTED, "This sign-in was begun elsewhere or too long ago.", "Start again.", status=401
        )
    return flow


async def _user_of(connection: AsyncConnection, person: Person) -> str:
    """Return the person's id; the first sign-in makes the row, or takes the one with the same verified address."""
    users = tables.users
    known = users.c.oidc_issuer == person.issuer, users.c.oidc_subject == person.subject
    found = (await connection.execute(select(users.c.id).where(*known))).scalar()
    if found is not None:
        return str(found)
    if person.email is not None:
        same = users.c.email == person.email, users.c.oidc_subject.is_(None)
        taken = await connection.execute(
            update(users)
            .where(*same)
            .values(oidc_issuer=person.issuer, oidc_subject=person.subject)
            .returning(users.c.id)
        )
        found = taken.scalar()
        if found is not None:
            return str(found)
    from backend.app.services.accounts import add_user

    clash = (await connection.execute(select(users.c.id).where(users.c.email == person.email))).first()
    user_id = await add_user(connection, email=None if clash else person.email, name=person.name or person.email)
    await connection.execute(
        update(users).where(users.c.id == user_id).values(oidc_issuer=person.issuer, oidc_subject=person.subject)
    )
    return user_id


def _provider(request: Request, config: Settings) -> Provider:
    if config.auth_mode != "oidc":
        raise not_found("page")
    found: Provider | None = getattr(request.app.state, "oidc", None)
    if found is None:
        found = request.app.state.oidc = Provider(config)
    return found


def _redirect_uri(request: Request, config: Settings) -> str:
    base = config.app_public_url or str(request.base_url)
    return f"{base.rstrip('/')}/api/session/oidc/callback"


def local_path(text: str) -> str:
    """Return the path if it is one of ours, else `/`: never another host, however it is written."""
    plain = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable() and "\\" not in text
    return text if plain else "/"


def _session(config: Settings, who: Identity | None) -> Session:
    providers = []
    if config.auth_mode == "oidc":
        providers.append(SignInProvider(id="oidc", name=config.auth_oidc_name, url="/api/session/oidc/start"))
    user = None if who is None else User(id=who.id, name=who.name, email=who.email, role=who.role)
    return Session(user=user, mode=config.auth_mode, providers=providers)
