"""What every request passes before it reaches an endpoint, as plain ASGI so that streams pay nothing for it.

With sign-in off whoever can reach the application is its user. So it answers on loopback only, and only to names of
this machine: a page elsewhere can point its own name at 127.0.0.1 and would then be of the same origin (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.responses import JSONResponse

from backend.app.api.schemas.errors import ErrorCode, ErrorResponse
from backend.app.core.errors import AppError
from backend.app.core.settings import Settings, words

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

CSRF_HEADER: Final = b"x-trunkline-csrf"
MEGABYTE: Final = 1_000_000
MAX_BODY: Final = 16 * MEGABYTE
"""Two million characters of a message, as JSON escapes them at worst, and some."""
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OPEN: Final = frozenset({"/health", "/api/health"})
"""Answered to any name and any listener: a load balancer asks by address, and the answer says little."""
_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox"),
)
"""On every answer of the API that does not bring its own. Never a CORS header: no other origin has business here."""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
        mapped = getattr(address, "ipv4_mapped", None)
        return (mapped or address).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def host_name(value: str) -> str:
    """Return a Host header without its port, in lower case."""
    value = value.strip().lower()
    if value.startswith("["):
        return value.partition("]")[0] + "]"
    return value.partition(":")[0]


class Guard:
    """The middleware."""

    def __init__(self, app: App, settings: Settings) -> None:
        self._app = app
        self._open = settings.auth_mode == "off"
        self._published = bool(settings.trunkline_published_on) and is_loopback(settings.trunkline_published_on or "")
        public = urlsplit(settings.app_public_url or "")
        self._public = public.netloc.lower()
        self._hosts = words(settings.app_allowed_hosts) | ({public.hostname} if public.hostname else set())
        self._caps = {
            "/api/files": settings.app_max_file_mb * MEGABYTE + 100_000,
            "/api/import": settings.app_max_import_mb * MEGABYTE + 100_000,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on with the headers of the API added to the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        headers = dict(scope["headers"])
        try:
            if self._open and path not in _OPEN:
                self._check_reach(scope, headers)
            if not path.startswith("/api/") and path != "/health":
                await self._app(scope, receive, send)
                return
            if scope["method"] not in _SAFE:
                self._check_origin(headers)
            cap = self._caps.get(path, MAX_BODY)
            if int(headers.get(b"content-length", b"0") or 0) > cap:
                raise too_large(cap)
        except (AppError, ValueError) as error:
            await refusal(error)(scope, receive, _with_headers(send))
            return
        await self._app(scope, _capped(receive, cap), _with_headers(send))

    def _check_reach(self, scope: Scope, headers: dict[bytes, bytes]) -> None:
        """With sign-in off: the listener is loopback's, and the name in the address is this machine's."""
        server = scope.get("server")
        forwarded = headers.get(b"x-forwarded-for", b"").decode("latin-1").partition(",")[0].strip()
        for address in (server[0] if server else "", forwarded):
            if address and not self._published and not is_loopback(address):
                raise AppError(
                    ErrorCode.NOT_PERMITTED,
                    f"Sign-in is off, so only this machine is served; the request came by way of {address[:100]}.",
                    "Set AUTH_MODE=password and AUTH_PASSWORD (or AUTH_USERS). Where a container's port is published "
                    "on loopback only, say so with TRUNKLINE_PUBLISHED_ON=127.0.0.1.",
                    variable="AUTH_MODE",
                )
        name = host_name(headers.get(b"host", b"").decode("latin-1"))
        if not is_loopback(name) and name not in self._hosts:
            raise AppError(
                ErrorCode.NOT_PERMITTED,
                f"Sign-in is off, so only names of this machine are answered, not `{name[:200]}`.",
                "Open http://localhost with the same port, or name the host in APP_ALLOWED_HOSTS.",
                status=421,
                variable="APP_ALLOWED_HOSTS",
            )

    def _check_origin(self, headers: dict[bytes, bytes]) -> None:
        """No other site can set the header without asking first, and nobody answers yes; its origin differs as well."""
        if not headers.get(CSRF_HEADER):
            raise AppError(
                ErrorCode.NOT_PERMITTED,
                "A request that changes something needs the header `x-trunkline-csrf`: no other site can send it.",
                "Send `x-trunkline-csrf: 1`.",
            )
        origin = headers.get(b"origin")
        if origin is not None:
            place = urlsplit(origin.decode("latin-1").lower()).netloc
            if not place or place not in {headers.get(b"host", b"").decode("latin-1").lower(), self._public}:
                raise AppError(
                    ErrorCode.NOT_PERMITTED,
                    f"The request comes from another site, `{origin.decode('latin-1')[:200]}`.",
                    "Where a proxy changes the host's name, set APP_PUBLIC_URL to the address in the browser.",
                    variable="APP_PUBLIC_URL",
                )
        if headers.get(b"sec-fetch-site") in {b"cross-site", b"same-site"}:
            raise AppError(ErrorCode.NOT_PERMITTED, "The request comes from another site.")


def too_large(cap: int) -> AppError:
    """Refuse a body over `cap` bytes."""
    return AppError(
        ErrorCode.TOO_LARGE,
        f"That is more than the {cap // MEGABYTE} MB that are taken here.",
        "Send less. Files and imports have their own limits: APP_MAX_FILE_MB, APP_MAX_IMPORT_MB.",
    )


def refusal(error: Exception) -> JSONResponse:
    """Return the answer for an error."""
    if not isinstance(error, AppError):
        error = AppError(ErrorCode.INVALID, "A header cannot be read.", status=400)
    headers = {name.decode(): value.decode() for name, value in _HEADERS}
    if error.body.retry_after_s is not None:
        headers["retry-after"] = str(max(1, round(error.body.retry_after_s)))
    return JSONResponse(
        ErrorResponse(error=error.body).model_dump(mode="json"), status_code=error.status, headers=headers
    )


def _capped(receive: Receive, cap: int) -> Receive:
    """Count a body that did not say its length."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > cap:
            raise too_large(cap)
        return message

    return counted


def _with_headers(send: Send) -> Send:
    async def complete(message: Message) -> None:
        if message["type"] == "http.response.start":
            present = {name.lower() for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *(pair for pair in _HEADERS if pair[0] not in present)]
        await send(message)

    return complete
