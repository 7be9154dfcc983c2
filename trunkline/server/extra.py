"""Routes beside the calls to models: pass-through, files and batches, utilities. Loaded when one is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from trunkline.access import refusal
from trunkline.surfaces import beside

if TYPE_CHECKING:
    from trunkline.server.asgi_sink import Receive, Scope, Send
    from trunkline.server.files import Files
    from trunkline.server.gateway import LiveGateway
    from trunkline.server.pass_through import PassThrough
    from trunkline.server.utils_routes import Utilities


class Extra:
    """Finds out whether a request is for one of them, and who answers it."""

    def __init__(self, gateway: LiveGateway) -> None:
        self._gateway = gateway
        self._passing: PassThrough | None = None
        self._files: Files | None = None
        self._utilities: Utilities | None = None

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Answer the request; `False`: it is somebody else's."""
        path: bytes = scope["raw_path"]
        if beside.is_socket(path) and _upgrades(scope):
            from trunkline.server.asgi_sink import refuse

            await refuse(send, _NO_SOCKET)
            return True
        if beside.is_utility(path):
            return await self._utility().serve(scope, receive, send)
        if beside.is_file(path):
            return await self._file().serve(scope, receive, send)
        if beside.may_pass(path):
            return await self._pass_through().serve(scope, receive, send)
        return False

    def _pass_through(self) -> PassThrough:
        if self._passing is None:
            from trunkline.server.pass_through import PassThrough

            self._passing = PassThrough(self._gateway)
        return self._passing

    def _file(self) -> Files:
        if self._files is None:
            from trunkline.server.files import Files

            self._files = Files(self._gateway)
        return self._files

    def _utility(self) -> Utilities:
        if self._utilities is None:
            from trunkline.server.utils_routes import Utilities

            self._utilities = Utilities(self._gateway)
        return self._utilities


def _upgrades(scope: Any) -> bool:
    return any(name.lower() == b"upgrade" and b"websocket" in value.lower() for name, value in scope["headers"])


_NO_SOCKET: Final = refusal(
    400,
    "WebSockets are not spoken here. `POST /v1/responses` with `stream: true` gives the same events over HTTP; the"
    " realtime API has no other form.",
    "invalid_request_error",
)
