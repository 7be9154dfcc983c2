"""The ASGI application behind the fast lane: model lists, then the management API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote

from trunkline.admin.app import create_app as create_admin
from trunkline.server.extra import Extra
from trunkline.server.gateway import LiveGateway
from trunkline.server.noticed import noticed
from trunkline.surfaces import models, stored

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_LISTS = frozenset({"/v1/models", "/models", "/openai/v1/models", "/cursor/models", "/openai/models"})
_ONE = ("/v1/models/", "/models/", "/openai/v1/models/")
_STORED = tuple(prefix.encode() for prefix in stored.PREFIXES)


def create_app(gateway: LiveGateway) -> App:
    """Everything that is not a call to a model."""
    admin = create_admin(gateway)
    extra = Extra(gateway)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and gateway.worker.state.gate.has_former:
            lines = gateway.worker.state.gate.notice(scope["headers"], scope.get("query_string", b""))
            send = noticed(send, lines) if lines else send
        if scope["type"] == "http" and scope["raw_path"].startswith(_STORED):
            from trunkline.server import responses

            if await responses.serve(gateway.worker, scope, receive, send):
                return
        if scope["type"] == "http" and await extra.serve(scope, receive, send):
            return
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            path = scope["raw_path"].decode("ascii")
            if path in _LISTS or path.startswith(_ONE):
                await _models(gateway, path, scope, send)
                return
        await admin(scope, receive, send)

    return app


async def _models(gateway: LiveGateway, path: str, scope: Scope, send: Send) -> None:
    refused = gateway.check_key(scope["headers"], scope.get("query_string", b""))
    if refused is not None:
        await _send(send, refused.status, refused.body, list(refused.headers))
    elif path in _LISTS:
        await _send(send, 200, models.listing(gateway.routes), [])
    else:
        head = next(prefix for prefix in _ONE if path.startswith(prefix))
        status, body = models.one(gateway.routes, unquote(path[len(head) :]))
        await _send(send, status, body, [])


async def _send(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    fixed = [
        (b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"),
    ]  # fmt: skip
    await send({"type": "http.response.start", "status": status, "headers": fixed + headers})
    await send({"type": "http.response.body", "body": body})
