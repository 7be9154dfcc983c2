"""The root application: everything that is not the hot path. A start pays for a table, not for a framework."""

from __future__ import annotations

import asyncio
import logging

from trunkline.access.refusal import Refusal
from trunkline.admin import answers, routes, ui_cookie, ui_files
from trunkline.admin.answers import Answer, App, Message, Receive, Request, Scope, Send
from trunkline.admin.gateway import Gateway
from trunkline.admin.light import Light
from trunkline.admin.routes import Access, Route

log = logging.getLogger(__name__)


def create_app(gateway: Gateway) -> App:
    """Return the ASGI application over one worker."""
    return Admin(gateway)


class Admin:
    """Finds the route, asks for the key, and lets the light handlers or FastAPI answer."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._light = Light(gateway)
        self._loading: asyncio.Task[App] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                await self._http(scope, receive, send)
            case "lifespan":
                await _lifespan(receive, send)
            case "websocket":
                await receive()
                await send({"type": "websocket.close", "code": 1000})
            case _:
                raise ValueError(f"the ASGI scope `{scope['type']}` is not served here")

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = answers.secured(message.get("headers", ()))
            await send(message)

        try:
            await self._route(scope, receive, watched)
        except Exception:
            # The client learns nothing of what went wrong inside; the log does.
            log.exception("the admin API failed to answer %s %s", scope["method"], scope["path"])
            if not started:
                await answers.send_answer(watched, answers.INTERNAL, head=scope["method"] == "HEAD")

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope["method"], path_of(scope)
        head = method == "HEAD"
        if ui_files.owns(path) and method in ("GET", "HEAD"):
            page = await ui_files.serve(
                path, Request(scope["headers"], scope["query_string"]), scope.get("root_path", "")
            )
            await answers.send_answer(send, page, head=head)
            return
        found = routes.find(path)
        route = next((route for route in found if route.method == ("GET" if head else method)), None)
        if route is None:
            await answers.send_answer(send, _nothing(method, path, found), head=head)
            return
        request = Request(scope["headers"], scope["query_string"])
        refusal = None if self._is_open(route) else self._refusal(route, request)
        if refusal is not None:
            await answers.send_answer(send, Answer(refusal.status, refusal.body, headers=refusal.headers), head=head)
        elif route.light:
            await answers.send_answer(send, await self._light.handlers[path](request), head=head)
        else:
            management = await self._management()
            await management({**scope, "method": route.method}, receive, _without_body(send) if head else send)

    def _is_open(self, route: Route) -> bool:
        match route.access:
            case Access.PUBLIC:
                return True
            case Access.SETTING:
                return not self._gateway.snapshot.metrics_need_key
            case Access.KEY | Access.SESSION:
                return False

    def _refusal(self, route: Route, request: Request) -> Refusal | None:
        refused = self._gateway.check_key(request.headers, request.query)
        if refused is not None and route.access is Access.SESSION:
            return ui_cookie.check(self._gateway, request.headers, refused)
        return refused

    async def _management(self) -> App:
        if self._loading is None or (self._loading.done() and self._loading.exception() is not None):
            self._loading = asyncio.create_task(asyncio.to_thread(_load, self._gateway))
        # Shielded: the first client may hang up, those that wait with it must not lose the work.
        return await asyncio.shield(self._loading)


def _load(gateway: Gateway) -> App:
    from trunkline.admin.management import create_management

    return create_management(gateway)


def path_of(scope: Scope) -> str:
    """The path below the mount point."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path[len(root) :] if root and path.startswith(root + "/") else path


def _nothing(method: str, path: str, found: tuple[Route, ...]) -> Answer:
    """The answer where no route has both path and method."""
    known = tuple(route.method for route in found) or routes.methods(path)
    if not known:
        near = routes.suggestion(path)
        hint = f" Did you mean `{near}`?" if near else " `GET /routes` lists what there is."
        return answers.error(404, f"Unknown path `{path[:200]}`.{hint}", "invalid_request_error")
    allowed = ((b"allow", routes.allow(known, head=bool(found))),)
    if method == "OPTIONS":
        return Answer(204, b"", headers=allowed)
    if method in known:
        return answers.error(404, f"`{path[:200]}` is not served by this application.", "invalid_request_error")
    message = f"`{path[:200]}` takes {' or '.join(known)}, not {method[:20]}."
    return answers.error(405, message, "invalid_request_error", "method_not_allowed", allowed)


def _without_body(send: Send) -> Send:
    async def bare(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return bare


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
