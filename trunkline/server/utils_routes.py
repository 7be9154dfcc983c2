"""Helpers for people and tools: what would be sent, how many tokens it is, what may be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

import msgspec

from trunkline.access import Refusal, refusal
from trunkline.config.catalogue import OPENAI_PARAMS
from trunkline.config.snapshot import Deployment
from trunkline.ir import Endpoint, Secret
from trunkline.ir.losses import BadShape
from trunkline.pipeline import counting, finish
from trunkline.pipeline.call import Call
from trunkline.pipeline.request import NOT_READABLE, decode_asked, prepare
from trunkline.pipeline.state import Prepared
from trunkline.pipeline.surface import Arrival, Surface
from trunkline.pipeline.way import Carried, Fetch, Refused
from trunkline.profiles.tokens import request_tokens
from trunkline.server.asgi_sink import Receive, Scope, Send, refuse, whole_body
from trunkline.surfaces import operations
from trunkline.surfaces.beside import EVENT_LOGGING
from trunkline.wire.codec import Named
from trunkline.wire.registry import client_codec

if TYPE_CHECKING:
    from trunkline.server.gateway import LiveGateway

_decode: Final = msgspec.json.Decoder(dict[str, object]).decode
_MASKED: Final = "*****"
_SURFACES: Final = {
    name: surface
    for surface in (
        operations.CHAT, operations.COMPLETIONS, operations.EMBEDDINGS, operations.RESPONSES, operations.MESSAGES,
        operations.GENERATE, operations.MODERATIONS, operations.IMAGES, operations.SPEECH, operations.RERANK,
    )
    for name in (surface.call_type, surface.call_type.removeprefix("a"))
} | {"anthropic_messages": operations.MESSAGES}  # fmt: skip
"""LiteLLM's names of operations, with and without the `a` of its asynchronous functions."""


class _Nowhere:
    """A sink for a call that is never made."""

    client_ip = ""
    blocked = False

    def answer(self, status: int, block: bytes, body: bytes) -> None:
        """Nothing comes."""

    def start(self, status: int, block: bytes) -> None:
        """Nothing comes."""

    def write(self, data: bytes) -> None:
        """Nothing comes."""

    def end(self, data: bytes) -> None:
        """Nothing comes."""

    def chunk_writer(self) -> None:
        """Nothing comes."""


class Utilities:
    """Answers `/utils/...` and the place where one client sends its telemetry."""

    def __init__(self, gateway: LiveGateway) -> None:
        self._gateway = gateway

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Answer the request; `False`: the path does not take the method."""
        path: bytes = scope["raw_path"]
        if scope["method"] != ("GET" if path.endswith(b"supported_openai_params") else "POST"):
            return False
        query: bytes = scope.get("query_string", b"")
        if path != EVENT_LOGGING and (stranger := self._gateway.check_key(scope["headers"], query)) is not None:
            await refuse(send, stranger)
            return True
        body = await whole_body(receive, self._gateway.limits.body_bytes)
        if body is None:
            return True
        found: Mapping[str, object] | Refusal
        if isinstance(body, Refusal):
            found = body
        elif path == EVENT_LOGGING:
            found = {"status": "ok"}  # nothing is kept of it
        elif path.endswith(b"supported_openai_params"):
            found = self._supported(query)
        else:
            found = self._answer(path, body)
        if isinstance(found, Refusal):
            await refuse(send, found)
            return True
        whole = msgspec.json.encode(found)
        headers = [
            (b"content-type", b"application/json"), (b"content-length", b"%d" % len(whole)),
            (b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"),
        ]  # fmt: skip
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": whole})
        return True

    def _answer(self, path: bytes, body: bytes) -> Mapping[str, object] | Refusal:
        try:
            members = _decode(body)
        except NOT_READABLE as error:
            return _bad(f"Invalid JSON in the request body: {error}")
        try:
            return self._transform(members) if path.endswith(b"transform_request") else self._count(members)
        except BadShape as error:
            return _bad(f"Invalid request body: {error}", error.path)

    def _deployment(self, model: object) -> Deployment | Refusal:
        if not isinstance(model, str) or not model:
            return _bad("`model` is missing: name one of `GET /v1/models`.", "model")
        state = self._gateway.worker.state
        group = state.routes.find(model)
        if group is None or not group.ready:
            return finish.no_model(state, "/utils", model, group)
        return group.ready[0]

    # What would be sent.

    def _transform(self, members: dict[str, object]) -> Mapping[str, object] | Refusal:
        surface = _SURFACES.get(str(members.get("call_type")))
        asked = members.get("request_body")
        if surface is None:
            return _bad(f"`call_type` must be one of {', '.join(sorted(_SURFACES))}.", "call_type")
        if not isinstance(asked, dict):
            return _bad("`request_body` must be the body of a request, a JSON object.", "request_body")
        deployment = self._deployment(asked.get("model"))
        if isinstance(deployment, Refusal):
            return deployment
        state = self._gateway.worker.state
        prepared = state.prepare(deployment, surface)
        if prepared is None:
            return _bad(f"`{str(asked['model'])[:200]}` does not offer {surface.route}.", "model")
        return self._shown(surface, prepared, asked)

    def _shown(self, surface: Surface, prepared: Prepared, asked: dict[str, object]) -> Mapping[str, object] | Refusal:
        body = msgspec.json.encode(asked)
        try:
            minded = decode_asked(body)
        except NOT_READABLE as error:
            return _bad(f"Invalid `request_body`: {error}", "request_body")
        call = Call(self._gateway.worker, _Nowhere(), Arrival(surface=surface, key_hash=""), body)
        call.asked, call.model_group, call.prepared = minded, str(asked["model"]), prepared
        call.plan, call.position = (prepared.deployment,), 0
        call.stream = bool(minded.stream or surface.stream) and surface.streams
        carried = call.carried = Carried(strict=False)
        try:
            if prepared.way is not None:
                sent = prepared.way.request(call, carried)
            else:
                named = prepared.named_as(minded.model)
                sent = prepare(body, minded, named, prepared.edit, wants_usage=call.stream)
        except Refused as why:
            return _bad(why.failure.message, why.failure.param)
        except Fetch as needed:
            return _bad(f"The model wants inline what stands behind {len(needed.urls)} URLs; nothing is fetched here.")
        path = carried.path or (prepared.stream_path if call.stream else prepared.path)
        target = prepared.deployment.target
        assert target is not None
        head = carried.head or (prepared.stream_head if call.stream and prepared.stream_head else prepared.head)
        return {
            "raw_request_api_base": target.base_url + path,
            "raw_request_body": _json(sent.body),
            "raw_request_headers": _masked(head, prepared.deployment),
            "losses": list(sent.losses),
            "model_id": prepared.deployment.id,
        }

    # How many tokens it is.

    def _count(self, members: dict[str, object]) -> Mapping[str, object] | Refusal:
        model = members.get("model")
        deployment = self._deployment(model)
        if isinstance(deployment, Refusal):
            return deployment
        messages, prompt, contents = (members.get(name) for name in ("messages", "prompt", "contents"))
        body: dict[str, object]
        if isinstance(contents, list):
            endpoint, body = Endpoint.GENERATE, {"contents": contents}
        elif isinstance(messages, list):
            endpoint, body = Endpoint.CHAT, {"messages": messages}
        elif isinstance(prompt, str):
            endpoint, body = Endpoint.CHAT, {"messages": [{"role": "user", "content": prompt}]}
        else:
            return _bad("`messages`, `prompt` or `contents` is missing.")
        if isinstance(members.get("tools"), list):
            body["tools"] = members["tools"]
        request = client_codec(endpoint).decode_request({"model": model, **body}, Named(model=str(model), stream=False))
        return {
            "total_tokens": request_tokens(request, counting.model_of(deployment)),
            "request_model": model,
            "model_used": deployment.model,
            "tokenizer_type": "estimate",
        }

    # What may be asked for.

    def _supported(self, query: bytes) -> Mapping[str, object] | Refusal:
        model = parse_qs(query.decode("latin-1"), max_num_fields=20).get("model", [""])[0]
        deployment = self._deployment(model)
        if isinstance(deployment, Refusal):
            return deployment
        return {"supported_openai_params": sorted(OPENAI_PARAMS - deployment.drop)}


def _masked(head: bytes, deployment: Deployment) -> dict[str, str]:
    """The headers, every credential masked."""
    assert deployment.target is not None
    secret = {name.lower() for name, value in deployment.target.headers if isinstance(value, Secret)}
    found: dict[str, str] = {}
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, colon, value = line.partition(":")
        if colon and name.lower() != "content-length":
            found[name] = _MASKED if name.lower() in secret else value.strip()
    if deployment.target.authorizer is not None:
        found["authorization"] = _MASKED
    return found


def _json(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except NOT_READABLE:
        return f"{len(body)} bytes"


def _bad(message: str, param: str = "") -> Refusal:
    return refusal(400, message, "invalid_request_error", param or None)
