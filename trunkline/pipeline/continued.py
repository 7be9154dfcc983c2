"""A request that goes on from a stored response, or refers to items of one.

Where the deployment that is called holds the state itself, the provider's id goes on as it is. Else (another model,
a provider without state, state that is gone) the earlier items are put in front of the request's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace

from trunkline.config.snapshot import Deployment
from trunkline.ir.endpoint import Endpoint
from trunkline.ir.envelope import is_envelope
from trunkline.ir.failure import Failure, FailureKind
from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape
from trunkline.ir.parts import Native
from trunkline.ir.request import Request
from trunkline.pipeline.request import NOT_READABLE
from trunkline.pipeline.way import Carried, Refused, Way
from trunkline.providers.target import Target
from trunkline.store.kept import RUNNING, Kept

if TYPE_CHECKING:
    from trunkline.pipeline.call import Call
    from trunkline.pipeline.remember import Memory
    from trunkline.wire.codec import Members

_decode: Final = msgspec.json.Decoder(dict[str, object]).decode
_decode_list: Final = msgspec.json.Decoder().decode
_encode: Final = msgspec.json.Encoder().encode
_PREVIOUS: Final = b'"previous_response_id"'
_REFERENCE: Final = b'"item_reference"'
NOT_FOUND: Final = "previous_response_not_found"
"""OpenAI's code where it does not know the response that a request goes on from."""
_NAMELESS: Final = frozenset({
    "message", "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output",
})  # fmt: skip
"""Items whose id may be left out: another place would look for the id in its own store."""


def of(call: Call) -> Turns | None:
    """What the call goes on from; `None` where it stands for itself."""
    body = call.body
    if call.arrival.surface.errors is not Format.OPENAI_RESPONSES:
        return None
    if body.find(_PREVIOUS) < 0 and body.find(_REFERENCE) < 0:
        return None
    from trunkline.wire.openai_responses.stored import referenced

    try:
        members = _decode(body)
    except NOT_READABLE:
        return None  # the way says what is wrong with it
    previous = members.get("previous_response_id")
    wanted = [one for one in referenced(members) if one]
    if not wanted and not (isinstance(previous, str) and previous):
        return None
    return Turns(body, members, previous if isinstance(previous, str) else "", wanted)


class Turns:
    """The conversation that a call goes on from."""

    __slots__ = (
        "_body", "_chain", "_gone", "_known", "_looked", "_members", "_sources", "_steered", "_wanted", "head",
        "previous",
    )  # fmt: skip

    def __init__(self, body: bytes, members: Members, previous: str, wanted: list[str]) -> None:
        self._body = body
        self._members = members
        self.previous = previous
        self._wanted = wanted
        self.head: Kept | None = None
        """The response that it goes on from."""
        self._sources: dict[str, Kept] = {}
        """Where the items that it refers to stand, by item id."""
        self._known: dict[str, tuple[Kept, object]] = {}
        """Items by id, for those that earlier turns refer to as well; filled with the chain."""
        self._chain: list[Kept] | None = None
        self._looked = self._gone = self._steered = False

    @property
    def body(self) -> bytes:
        """The client's own body."""
        return self._body

    # What is known.

    def is_ready(self, call: Call) -> bool:
        """Whether everything is here that the present deployment's body is made of."""
        return self._looked and (self._chain is not None or self._passes(call) or self._unknown())

    def _unknown(self) -> bool:
        """Nobody here knows what it goes on from; a host with responses of its own may."""
        return self.head is None and (bool(self.previous) or not self._sources)

    def steer(self, call: Call) -> Deployment | None:
        """The deployment to go to instead of the present one, asked once: the one that holds the state."""
        found = self._holder(call)
        self._steered = True
        return found if found is not call.prepared.deployment else None

    def _holder(self, call: Call) -> Deployment | None:
        """The deployment of the plan that holds the state, else another of its account."""
        if self._gone or self._steered:
            return None
        head = self.head or next(iter(self._sources.values()), None)
        if head is None or not head.provider_id:
            return None
        same = [one for one in call.plan if one.id == head.deployment]
        return next(iter(same or [one for one in call.plan if self._holds(call, one)]), None)

    def _passes(self, call: Call) -> bool:
        """The deployment can go on from its own state: nothing has to be put in front."""
        return call.prepared.same_format and self._holds(call, call.prepared.deployment)

    def _holds(self, call: Call, deployment: Deployment) -> bool:
        if self._gone or self._unknown():
            return False
        rows = [*self._sources.values(), *((self.head,) if self.head is not None else ())]
        if not all(row.provider_id and _same_account(call, row, deployment) for row in rows):
            return False
        return self.head is not None or self._sources.keys() == set(self._wanted)

    def lost(self) -> bool:
        """The provider no longer knows the response: from now on the items are sent.

        `False`: they are already, or nobody here knows them.
        """
        if self._gone or self.head is None:
            return False
        self._gone = True
        return True

    # Looking it up.

    async def look(self, call: Call, memory: Memory) -> None:
        """Find what the present deployment needs.

        Raises:
            Refused: it is not there, or somebody else's.
            StoreError, TooLong: see `Memory`.
        """
        key = call.arrival.key_hash
        if not self._looked:
            if self.previous:
                self.head, others = await memory.find(self.previous, key)
                if others:
                    raise Refused(no_response(self.previous))
            await self._find_items(self._wanted, memory, key)
            self._looked = True
        preferred = self._holder(call)
        if self._unknown() or (preferred is not None and preferred is not call.prepared.deployment):
            return
        if self._passes(call) or self._chain is not None:
            return
        if self.head is not None:
            await self._load(self.head, memory, key)
        else:
            self._chain = []

    async def _find_items(self, wanted: Iterable[str], memory: Memory, key: str) -> None:
        from trunkline.wire.openai_responses.ids import origin

        theirs: list[str] = []
        for item_id in wanted:
            ours = origin(item_id)
            if ours is None:
                theirs.append(item_id)
                continue
            found, _ = await memory.find(ours[0], key)
            if found is None:
                raise Refused(no_item(item_id))
            self._sources[item_id] = found
        if not theirs:
            return
        rows, others = await memory.holding(theirs, key)
        for row in rows:
            for item in _output(row):
                own_id = _id_of(item)
                if own_id in theirs:
                    self._sources[own_id] = row
        missing = [one for one in theirs if one not in self._sources]
        if missing and others:
            raise Refused(no_item(missing[0]))

    async def _load(self, head: Kept, memory: Memory, key: str) -> None:
        if head.status in RUNNING:
            message = f"Response '{head.id}' is still in progress: fetch it until it is completed, then go on from it."
            raise Refused(_failure(400, message, "previous_response_id", ""))
        chain = await memory.chain(head.id, key)
        if not chain or chain[0].previous_id:
            raise Refused(no_response(chain[0].previous_id if chain else head.id))
        from trunkline.wire.openai_responses.stored import referenced

        known = {_id_of(item): (row, item) for row in chain for item in _output(row)}
        earlier = [one for row in chain for one in referenced({"input": _decode_list(row.input)})]
        await self._find_items([one for one in earlier if one and one not in known], memory, key)
        self._known = known
        self._chain = chain

    # What leaves.

    def apply(self, call: Call) -> Way:
        """Give the call the body for its present deployment, and the way that such a body goes.

        Raises:
            Refused: this deployment cannot go on from it.
        """
        prepared = call.prepared
        deployment = prepared.deployment
        passes = self._passes(call)
        if not prepared.same_format:
            self._demand_all()
        if passes or self._unknown():
            call.body = self._body
        else:
            call.body = _encode(self._whole(call, deployment))
            if prepared.same_format:
                # Ids and sealed state of this gateway stand in it now: they must not pass as bytes.
                again = call.state.prepare(deployment, call.arrival.surface, anew=True)
                call.prepared = prepared = again or prepared
        assert prepared.way is not None
        return prepared.way

    def _demand_all(self) -> None:
        """A host without responses of its own cannot know what is not known here."""
        if self.previous and self.head is None:
            raise Refused(no_response(self.previous))
        missing = [one for one in self._wanted if one not in self._sources and one not in self._known]
        if missing:
            raise Refused(no_item(missing[0]))

    def _whole(self, call: Call, deployment: Deployment) -> Members:
        """The request with the whole conversation in it."""
        from trunkline.wire.openai_responses.stored import continued, items_of, resolved

        assert self._chain is not None
        earlier: list[object] = []
        for row in self._chain:
            ours = _same_account(call, row, deployment)
            said = _decode_list(row.input)
            own = [{"type": "message", "role": "user", "content": said}] if isinstance(said, str) else said
            earlier += [kept for item in own if (kept := _fit(item, ours=ours)) is not None]
            answer = items_of(_decode(row.response))
            earlier += [kept for item in answer if (kept := _fit(item, ours=ours)) is not None]
        known: dict[str, object] = {}
        for own_id, (row, item) in {**self._known, **self._referenced()}.items():
            fitted = _fit(item, ours=_same_account(call, row, deployment))
            if fitted is not None:
                known[own_id] = fitted
        try:
            return resolved(continued(self._members, earlier), known)
        except BadShape as error:
            raise Refused(_failure(404, f"{error}", "input", "")) from None

    def _referenced(self) -> dict[str, tuple[Kept, object]]:
        from trunkline.wire.openai_responses.ids import origin
        from trunkline.wire.openai_responses.stored import input_items

        found: dict[str, tuple[Kept, object]] = {}
        for item_id, row in self._sources.items():
            ours = origin(item_id)
            listed: Sequence[object] = _output(row)
            if ours is not None and ours[1]:
                listed = input_items({"input": _decode_list(row.input)}, row.id)
            for item in listed:
                if _id_of(item) == item_id:
                    found[item_id] = (row, item)
        return found


def _fit(item: object, *, ours: bool) -> object | None:
    """A stored item as it may be sent anew; `None`: it means something only where it was made.

    `ours`: the place that made it is called again.
    """
    if not isinstance(item, dict):
        return item
    kind = item.get("type") or ("message" if "role" in item else "")
    if kind == "reasoning":
        blob = item.get("encrypted_content")
        if isinstance(blob, str) and blob:
            return item if ours or is_envelope(blob) else None
        # Its text is a summary for people; the thought itself was kept, and is gone, at the provider. What this
        # gateway made of another format's reasoning goes on: that format's codec knows what to do with it.
        return item if _is_ours(_id_of(item)) else None
    if kind in _NAMELESS and not _is_ours(_id_of(item)):
        return {name: value for name, value in item.items() if name != "id"}
    return item


def _is_ours(item_id: str) -> bool:
    from trunkline.wire.openai_responses.ids import is_minted

    return is_minted(item_id)


def _same_account(call: Call, row: Kept, deployment: Deployment) -> bool:
    """Whether a deployment sees the state of the one that made a response: it is the same, or has its key and host."""
    if row.deployment == deployment.id:
        return True
    maker = next((one for one in call.state.snapshot.deployments if one.id == row.deployment), None)
    if maker is None or maker.target is None or deployment.target is None:
        return False
    mine, theirs = maker.target, deployment.target
    return bool(mine.headers) and _account(mine) == _account(theirs)


def _account(target: Target) -> tuple[object, ...]:
    return target.base_url, target.paths.get(Endpoint.RESPONSES), target.headers


def _output(row: Kept) -> list[object]:
    from trunkline.wire.openai_responses.stored import items_of

    return items_of(_decode(row.response))


def _id_of(item: object) -> str:
    found = item.get("id") if isinstance(item, dict) else None
    return found if isinstance(found, str) else ""


def _failure(status: int, message: str, param: str, code: str) -> Failure:
    kind = FailureKind.NOT_FOUND if status == 404 else FailureKind.INVALID_REQUEST
    return Failure(kind=kind, status=status, message=message, param=param, code=code)


def no_response(response_id: str) -> Failure:
    """OpenAI's words where it does not know the response that a request goes on from."""
    message = f"Previous response with id '{response_id[:200]}' not found."
    return _failure(404, message, "previous_response_id", NOT_FOUND)


def no_item(item_id: str) -> Failure:
    """OpenAI's words where it does not know an item."""
    return _failure(404, f"Item with id '{item_id[:200]}' not found.", "input", "")


def is_gone(failure: Failure) -> bool:
    """A provider says that it does not know the response that the request goes on from."""
    return failure.code == NOT_FOUND or failure.message.startswith("Previous response with id")


def shown(call: Call, carried: Carried) -> Request:
    """The request as a translated answer repeats it: with the response that it went on from, and whether it is kept."""
    request = carried.decoded
    assert request is not None
    if call.arrival.surface.endpoint is not Endpoint.RESPONSES:
        return request
    if not carried.keeps:
        request = replace(request, store=False)
    if carried.turns is None or not carried.turns.previous:
        return request
    native = request.native or Native(Format.OPENAI_RESPONSES, {})
    again = replace(native, members={**native.members, "previous_response_id": carried.turns.previous})
    return replace(request, native=again)
