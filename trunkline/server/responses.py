"""Stored responses for clients: fetch, delete, cancel, and the items of the input.

Answered from the gateway's database, whichever model made the response. Only what is still at work in the background
of a provider is asked for there, with the deployment's own key.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final, Literal, cast
from urllib.parse import parse_qs, unquote

import msgspec
from msgspec.structs import replace

from trunkline.access import Refusal
from trunkline.admin.answers import Answer, Receive, Scope, Send, secured
from trunkline.pipeline import remember
from trunkline.pipeline.worker import Worker
from trunkline.server import owner
from trunkline.store.errors import StoreError
from trunkline.store.kept import RUNNING, Kept
from trunkline.surfaces.stored import Operation, Wanted, match
from trunkline.wire.openai_responses.stored import input_items, page

_decode: Final = msgspec.json.Decoder().decode
_encode: Final = msgspec.json.Encoder().encode
_log = logging.getLogger(__name__)


class _State(msgspec.Struct):
    """What of a response is looked at here."""

    status: str = ""
    background: object = None


_state: Final = msgspec.json.Decoder(_State).decode


class _Refused(Exception):
    """The answer is an error."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class _Caller:
    worker: Worker
    key_hash: str


async def serve(worker: Worker, scope: Scope, receive: Receive, send: Send) -> bool:
    """Answer a request to a stored response; `False` where the path and method mean none."""
    del receive  # none of these has a body that says anything
    wanted = match(scope["method"], scope["raw_path"])
    if wanted is None:
        return False
    caller = worker.state.gate.check(scope["headers"], scope.get("query_string", b""))
    if isinstance(caller, Refusal):
        answer = Answer(caller.status, caller.body, headers=caller.headers)
    else:
        answer = await _answer(_Caller(worker, caller.key_hash), wanted, scope.get("query_string", b""))
    key = (wanted.operation.route, answer.status)
    worker.stats.requests[key] = worker.stats.requests.get(key, 0) + 1
    headers = [(b"content-type", answer.content_type), (b"content-length", b"%d" % len(answer.body)), *answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": secured(headers)})
    body = b"" if scope["method"] == "HEAD" else answer.body
    await send({"type": "http.response.body", "body": body})
    return True


async def _answer(caller: _Caller, wanted: Wanted, query: bytes) -> Answer:
    asked = parse_qs(query.decode("latin-1"), keep_blank_values=True, max_num_fields=100)
    given = {name: values[-1] for name, values in asked.items()}
    try:
        kept = await _find(caller, unquote(wanted.response_id))
        match wanted.operation:
            case Operation.FETCH:
                return await _fetch(caller, kept, given)
            case Operation.DELETE:
                return await _delete(caller, kept)
            case Operation.CANCEL:
                return await _cancel(caller, kept)
            case Operation.ITEMS:
                return _items(kept, given)
    except _Refused as why:
        return why.answer
    except StoreError as error:
        _log.warning("stored responses cannot be read: %s", error)
        return _error(503, remember.NOT_READABLE_NOW, kind="server_error", headers=((b"retry-after", b"1"),))


async def _find(caller: _Caller, response_id: str) -> Kept:
    found: Kept | None = None
    if remember.is_plain(response_id):
        found, _ = await caller.worker.memory.find(response_id, caller.key_hash)
    if found is None:
        raise _Refused(_error(404, f"Response with id '{response_id[:200]}' not found."))
    return found


async def _fetch(caller: _Caller, kept: Kept, given: dict[str, str]) -> Answer:
    if given.get("stream", "false").lower() == "true":
        message = "`stream=true` is not offered for stored responses: fetch the whole response, without it."
        raise _Refused(_error(400, message, param="stream"))
    if kept.status in RUNNING:
        kept = await _renewed(caller, kept)
    return Answer(200, kept.response.encode())


async def _renewed(caller: _Caller, kept: Kept) -> Kept:
    """A response that was at work when it was last seen, as its provider has it now."""
    status, body = await _ask(caller, kept, "GET", "")
    if status != 200:
        raise _Refused(_passed(status, body))
    return _updated(caller, kept, body)


def _updated(caller: _Caller, kept: Kept, body: bytes) -> Kept:
    try:
        changed = replace(kept, status=_state(body).status or kept.status, response=body.decode())
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise _Refused(_error(502, "The provider's answer cannot be read.", kind="server_error")) from None
    if changed.status != kept.status:
        caller.worker.memory.keep(changed)
    return changed


async def _delete(caller: _Caller, kept: Kept) -> Answer:
    """Here, and where the provider has kept it too: there first, so that an error leaves it to be tried again."""
    if kept.provider_id and owner.find(caller.worker, kept.deployment) is not None:
        status, body = await _ask(caller, kept, "DELETE", "")
        if status not in (200, 204, 404):
            raise _Refused(_passed(status, body))
    await caller.worker.memory.delete(kept)
    return Answer(200, _encode({"id": kept.id, "object": "response", "deleted": True}))


async def _cancel(caller: _Caller, kept: Kept) -> Answer:
    if not kept.provider_id or _state(kept.response.encode()).background is not True:
        raise _Refused(_error(400, "Cannot cancel a synchronous response."))
    status, body = await _ask(caller, kept, "POST", "/cancel")
    if status != 200:
        raise _Refused(_passed(status, body))
    return Answer(200, _updated(caller, kept, body).response.encode())


async def _ask(caller: _Caller, kept: Kept, method: str, tail: str) -> tuple[int, bytes]:
    deployment = owner.find(caller.worker, kept.deployment)
    if deployment is None or not kept.provider_id:
        message = f"The model that made '{kept.id}' is no longer in the configuration, so it cannot be asked for it."
        raise _Refused(_error(404, message))
    try:
        return await owner.ask(caller.worker, deployment, method, f"/{kept.provider_id}{tail}")
    except owner.OwnerGone as error:
        raise _Refused(_error(502, f"The provider cannot be asked: {error}", kind="server_error")) from None


def _items(kept: Kept, given: dict[str, str]) -> Answer:
    order = given.get("order", "desc")
    if order not in ("asc", "desc"):
        raise _Refused(_error(400, "`order` is `asc` or `desc`.", param="order"))
    limit = given.get("limit", "20")
    if not (limit.isdecimal() and len(limit) < 4 and 1 <= int(limit) <= 100):
        raise _Refused(_error(400, "`limit` is a number from 1 to 100.", param="limit"))
    listed = input_items({"input": _decode(kept.input)}, kept.id)
    way = cast("Literal['asc', 'desc']", order)
    return Answer(200, _encode(page(listed, after=given.get("after", ""), limit=int(limit), order=way)))


def _passed(status: int, body: bytes) -> Answer:
    """The provider's own error, where it is one."""
    try:
        if status >= 400 and isinstance(_decode(body), dict):
            return Answer(status, body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    return _error(502, f"The provider answered {status}.", kind="server_error")


def _error(
    status: int,
    message: str,
    *,
    kind: str = "invalid_request_error",
    param: str | None = None,
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> Answer:
    body = _encode({"error": {"message": message, "type": kind, "param": param, "code": None}})
    return Answer(status, body, headers=headers)
