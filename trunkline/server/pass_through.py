"""Pass-through: from an ASGI request to a call that goes to the provider as it came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from trunkline.access import Refusal, refusal
from trunkline.config.snapshot import Deployment, Snapshot
from trunkline.pipeline.pass_call import PassCall
from trunkline.pipeline.pass_way import Passed
from trunkline.pipeline.surface import Arrival, Surface
from trunkline.pipeline.voice import refusal_body
from trunkline.providers.pass_through import Family, OutsideError, Reach, passed_headers, place_named, reach
from trunkline.providers.settings import UnavailableError
from trunkline.providers.target import Target
from trunkline.server import head
from trunkline.server.asgi_sink import AsgiSink, Receive, Scope, Send, client_of, converse, refuse, whole_body
from trunkline.surfaces.beside import PASSED_METHODS
from trunkline.surfaces.pass_through import BadPath, Matched, match, query_for_provider, surface_of
from trunkline.wire.metering import Meter, read_request

if TYPE_CHECKING:
    from trunkline.server.gateway import LiveGateway

MAX_PLACES: Final = 256
"""Places remembered: clients name projects and locations."""


class Variables:
    """The environment that credentials are sought in, read anew for each configuration."""

    def __init__(self, gateway: LiveGateway) -> None:
        self._gateway = gateway
        self._snapshot: Snapshot | None = None
        self._found: Mapping[str, str] = {}

    def get(self) -> Mapping[str, str]:
        """The process's environment over `.env`, and what the configuration sets."""
        snapshot = self._gateway.snapshot
        if snapshot is not self._snapshot:
            self._found = {**self._gateway.environ(), **snapshot.environment}
            self._snapshot = snapshot
        return self._found


class PassThrough:
    """Answers what the providers' own APIs are asked, and finds the place where each of them is."""

    def __init__(self, gateway: LiveGateway) -> None:
        self._gateway = gateway
        self._variables = Variables(gateway)
        self._snapshot: Snapshot | None = None
        self._places: dict[tuple[str, tuple[str, ...]], Reach] = {}

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Answer the request if its path is one that passes; `False`: it is somebody else's."""
        try:
            found = match(scope["raw_path"])
        except BadPath as error:
            await self._refuse(scope, send, _bad(str(error)), None)
            return True
        if found is None or scope["method"] not in PASSED_METHODS:
            return False
        await self._pass(found, scope, receive, send)
        return True

    async def _pass(self, found: Matched, scope: Scope, receive: Receive, send: Send) -> None:
        surface = surface_of(found.family)
        arrival = admit(self._gateway, surface, scope)
        if isinstance(arrival, Refusal):
            self._gateway.count_refusal(arrival.status)
            await refuse(send, arrival)
            return
        body = await whole_body(receive, self._gateway.limits.body_bytes)
        if body is None:
            return
        why = body if isinstance(body, Refusal) else None
        made: tuple[Passed, Target] | None = None
        if not isinstance(body, Refusal):
            try:
                made = self._request(found, scope, body)
            except (BadPath, OutsideError) as error:
                why = _bad(str(error))
            except UnavailableError as error:
                why = _unavailable(found.family, error)
        if why is not None or made is None or isinstance(body, Refusal):
            await self._refuse(scope, send, why or _bad("The request cannot be passed on."), surface)
            return
        passed, target = made
        await run(
            self._gateway, arrival, body, passed=passed, provider=found.family.provider, target=target, scope=scope,
            receive=receive, send=send,
        )  # fmt: skip

    def _request(self, found: Matched, scope: Scope, body: bytes) -> tuple[Passed, Target]:
        family, tail = found
        place = self.place(family, tail, model="")
        path, query = place.path(tail), query_for_provider(scope.get("query_string", b""))
        content_type = header_of(scope, b"content-type")
        asked = read_request(path, content_type, body)
        if asked.model:
            place = self.place(family, tail, model=asked.model)
            path = place.path(tail)
        headers, replaced = passed_headers(scope["headers"], place.target)
        passed = Passed(
            method=scope["method"],
            path=path + (f"?{query.decode('ascii')}" if query else ""),
            headers=headers,
            replaced=replaced,
            asked=asked,
            meter=Meter(scope["method"], path, content_type, body, family.dialect),
        )
        return passed, place.target

    def place(self, family: Family, tail: str, model: str) -> Reach:
        """Where a path of a family goes.

        Raises:
            OutsideError: it names a place that cannot be.
            UnavailableError: nobody has credentials for it.
        """
        snapshot, variables = self._gateway.snapshot, self._variables.get()
        if snapshot is not self._snapshot:
            self._snapshot = snapshot
            self._places.clear()
        named = place_named(family, tail)
        if not any(d.model == model or d.group == model for d in snapshot.deployments):
            model = ""
        key = (family.prefix, (*named, model))
        found = self._places.get(key)
        if found is None:
            if len(self._places) >= MAX_PLACES:
                self._places.clear()
            targets = _targets(snapshot.deployments, family, (*named, model))
            found = self._places[key] = reach(family, named, variables, targets)
        return found

    async def _refuse(self, scope: Scope, send: Send, why: Refusal, surface: Surface | None) -> None:
        """Refuse, a caller without a key for want of it."""
        if surface is None:
            stranger = self._gateway.check_key(scope["headers"], scope.get("query_string", b""))
            why = stranger or why
        else:
            why = Refusal(why.status, refusal_body(surface, why), why.headers, why.message)
        self._gateway.count_refusal(why.status)
        await refuse(send, why)


def admit(gateway: LiveGateway, surface: Surface, scope: Scope) -> Arrival | Refusal:
    """Check the caller and read what the head says of the call."""
    headers = [(bytes(name).lower(), bytes(value)) for name, value in scope["headers"]]
    return head.arrival(
        gateway.worker.state, surface, None, headers, scope.get("query_string", b""), keep_alive=True, http10=False
    )


async def run(
    gateway: LiveGateway, arrival: Arrival, body: bytes, *, passed: Passed, provider: str, target: Target,
    scope: Scope, receive: Receive, send: Send,
) -> None:  # fmt: skip
    """Make the call and hand on its answer."""
    sink = AsgiSink(client_of(scope))
    call = PassCall(gateway.worker, sink, arrival, body, passed=passed, provider=provider, target=target)
    sink.call = call
    try:
        call.begin()
    except Exception:  # noqa: BLE001 - a fault of our own must end in an answer and a row
        call.crashed()
    await converse(call, sink, receive, send)


def header_of(scope: Scope, name: bytes) -> str:
    """The first value of a header; empty where there is none."""
    for found, value in scope["headers"]:
        if found.lower() == name:
            return bytes(value).decode("latin-1")
    return ""


def _targets(deployments: Iterable[Deployment], family: Family, wanted: tuple[str, ...]) -> list[Target]:
    """Targets of the family's deployments, those first that serve what the call names."""
    found = [d for d in deployments if d.provider in family.providers and d.target is not None]
    found.sort(key=lambda d: -sum(bool(word) and _serves(d, word) for word in wanted))
    return [d.target for d in found if d.target is not None]


def _serves(deployment: Deployment, word: str) -> bool:
    assert deployment.target is not None
    return word in (deployment.model, deployment.group) or any(
        f"/{word}/" in path for path in deployment.target.paths.values()
    )


def _bad(message: str) -> Refusal:
    return refusal(400, message, "invalid_request_error")


def _unavailable(family: Family, error: UnavailableError) -> Refusal:
    return refusal(503, f"`/{family.prefix}/` cannot be passed through: {error}", "model_unavailable")
