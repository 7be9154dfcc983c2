"""Signing in at `/ui` with the master key, and out again.

Cookies know no ports, so `SameSite=Strict` does not keep out another program on the same host: signing in and out
look at `Sec-Fetch-Site` and `Origin`.
"""

from __future__ import annotations

import ipaddress
import time
from collections import deque
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field, SecretStr

from trunkline.access.refusal import Refusal, refusal
from trunkline.admin import ui_cookie
from trunkline.admin.gateway import Gateway
from trunkline.admin.management import Here, RefusedError
from trunkline.admin.ui_cookie import COOKIE, LIFE_SECONDS, PATH

WELL_KNOWN: Final = "sk-1234"
"""The key of LiteLLM's tutorials and of our sample; a gateway that has it serves this machine only."""
_MAX_KEY: Final = 4096


def refused(request: Request, gateway: Gateway) -> Refusal | None:
    """Why the caller may not read `/trunkline/*`: neither a key nor a session."""
    found = gateway.check_key(request.scope["headers"], request.scope["query_string"])
    return None if found is None else ui_cookie.check(gateway, request.scope["headers"], found)


def require_key_or_session(request: Request, gateway: Here) -> None:
    """Refuse a caller with neither."""
    found = refused(request, gateway)
    if found is not None:
        raise RefusedError(found)


KeyOrSession = Annotated[None, Depends(require_key_or_session)]
"""In a signature: the route asks for a key, or for a browser that has signed in."""


class Attempts:
    """Wrong keys of late, of one worker: by address and in all. Each window is `seconds` long."""

    def __init__(self, *, each: int = 10, all_: int = 100, seconds: float = 300.0) -> None:
        self._each, self._all, self._seconds = each, all_, seconds
        self._wrong: deque[tuple[float, str]] = deque()

    def wait(self, address: str, now: float) -> int:
        """Seconds until another attempt is welcome, 0 for now."""
        while self._wrong and self._wrong[0][0] <= now - self._seconds:
            self._wrong.popleft()
        own = [at for at, whose in self._wrong if whose == address]
        blocking = [own[-self._each]] if len(own) >= self._each else []
        if len(self._wrong) >= self._all:
            blocking.append(self._wrong[-self._all][0])
        return max((int(at + self._seconds - now) + 1 for at in blocking), default=0)

    def note(self, address: str, now: float) -> None:
        """Remember a wrong one."""
        self._wrong.append((now, address))


router: Final = APIRouter(prefix=PATH, tags=["Ledger"])


class SignIn(BaseModel):
    """What signs in."""

    key: SecretStr = Field(max_length=_MAX_KEY, description="The master key. It is compared and not kept.")


class Session(BaseModel):
    """Whether a browser is signed in."""

    signed_in: bool
    needs_key: bool = Field(
        description="False where the gateway has no master key: everybody on this machine may look."
    )
    hint: str | None = Field(description="On this machine, a master key that everybody knows.")


@router.get("/session", operation_id="trunkline_session")
async def session(request: Request, gateway: Here) -> Session:
    """Say whether a browser is signed in."""
    lives = ui_cookie.admits(gateway, request.scope["headers"], time.time())
    return _session(request, gateway, signed_in=lives or gateway.snapshot.master_key is None)


def _session(request: Request, gateway: Gateway, *, signed_in: bool) -> Session:
    master = gateway.snapshot.master_key
    known = master is not None and master.reveal() == WELL_KNOWN and _is_loopback(request)
    return Session(signed_in=signed_in, needs_key=master is not None, hint=WELL_KNOWN if known else None)


@router.post("/session", operation_id="trunkline_sign_in")
async def sign_in(request: Request, response: Response, gateway: Here, given: SignIn) -> Session:
    """Sign a browser in for twelve hours. Ten wrong keys from one address and it has to wait."""
    _same_origin(request)
    address = request.client.host if request.client is not None else ""
    attempts: Attempts = request.app.state.sign_ins
    wait = attempts.wait(address, time.monotonic())
    if wait:
        message = f"Too many wrong keys. Wait {wait} s and try again."
        raise RefusedError(refusal(429, message, "rate_limit_error", "key", retry_after=wait))
    key = given.key.get_secret_value().strip()
    # As a header, so that whoever may use the API may sign in and nobody else.
    if gateway.check_key([(b"authorization", b"Bearer " + key.encode())], b"") is not None:
        attempts.note(address, time.monotonic())
        raise RefusedError(refusal(401, "This is not the gateway's master key.", "auth_error", "key"))
    expiry = int(time.time()) + LIFE_SECONDS
    response.set_cookie(
        COOKIE, ui_cookie.token(gateway, expiry), max_age=LIFE_SECONDS, path=_path(request), httponly=True,
        secure=_is_https(request), samesite="strict",
    )  # fmt: skip
    return _session(request, gateway, signed_in=True)


@router.delete("/session", operation_id="trunkline_sign_out")
async def sign_out(request: Request, response: Response, gateway: Here) -> Session:
    """Forget a browser."""
    _same_origin(request)
    response.delete_cookie(COOKIE, path=_path(request), httponly=True, secure=_is_https(request), samesite="strict")
    return _session(request, gateway, signed_in=gateway.snapshot.master_key is None)


_ELSEWHERE: Final = refusal(
    403, "Signing in and out is for the gateway's own page: open `/ui` itself.", "invalid_request_error"
)


def _same_origin(request: Request) -> None:
    """Refuse what a page of another origin sends; programs that are no browsers send neither header."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise RefusedError(_ELSEWHERE)
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower():
        raise RefusedError(_ELSEWHERE)


def _is_https(request: Request) -> bool:
    return request.url.scheme == "https" or request.headers.get("x-forwarded-proto", "") == "https"


def _path(request: Request) -> str:
    """Below the mount, where the gateway stands inside another application."""
    root: str = request.scope.get("root_path", "")
    return f"{root.rstrip('/')}{PATH}"


def _is_loopback(request: Request) -> bool:
    """Asked from this machine, by a name of this machine: nobody in between, who would be loopback too."""
    client = request.client.host if request.client is not None else ""
    host = (urlsplit(f"//{request.headers.get('host', '')}").hostname or "").lower()
    try:
        return ipaddress.ip_address(client).is_loopback and (
            host == "localhost" or ipaddress.ip_address(host).is_loopback
        )
    except ValueError:
        return False
