"""What a store of responses needs of the format, without I/O: conversations that go on from an earlier response.

`previous_response_id` means: the earlier input, the earlier output, then the new input. `instructions` do not go along
(platform.openai.com/docs/guides/conversation-state).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Final, Literal

import msgspec

from trunkline.ir.losses import BadShape
from trunkline.wire.codec import Members
from trunkline.wire.openai_responses.ids import PREFIX_OF, minted_input, origin
from trunkline.wire.openai_responses.shape import is_object, some_text

_encode: Final = msgspec.json.Encoder(order="deterministic").encode
_ASSISTANT: Final = "assistant"


def items_of(answer: Mapping[str, object]) -> list[object]:
    """The output of a response in the form in which it stands in front of the next `input`.

    Output items are input items as they are: ids that this gateway made come off when they are read again.
    """
    output = answer.get("output")
    return [item for item in output if is_object(item)] if isinstance(output, list) else []


def continued(members: Mapping[str, object], earlier: Sequence[object]) -> Members:
    """A request that went on from an earlier response, with that conversation in front of its own input."""
    return {**_without(members, "previous_response_id"), "input": [*earlier, *_listed(members.get("input"))]}


def _without(members: Mapping[str, object], name: str) -> Members:
    return {key: value for key, value in members.items() if key != name}


def _listed(value: object) -> list[object]:
    """`input` as items; a string is one message of the user."""
    if isinstance(value, str):
        return [{"type": "message", "role": "user", "content": value}]
    return list(value) if isinstance(value, list) else []


def referenced(members: Mapping[str, object]) -> list[str]:
    """Ids of the items that a request refers to (`item_reference`) and does not hold; `ids.origin` says whose."""
    return [some_text(item.get("id")) for item in _listed(members.get("input")) if is_object(item) and _refers(item)]


def _refers(item: Members) -> bool:
    kind = item.get("type")
    return kind == "item_reference" or (kind is None and "role" not in item and isinstance(item.get("id"), str))


def resolved(members: Mapping[str, object], known: Mapping[str, object]) -> Members:
    """A request with the items that it refers to in place of the references; `known`: items by id.

    Raises:
        BadShape: an item of this gateway is not known; references of others stay as they are.
    """
    items: list[object] = []
    for place, item in enumerate(_listed(members.get("input"))):
        if not is_object(item) or not _refers(item):
            items.append(item)
            continue
        own_id = some_text(item.get("id"))
        if own_id not in known and origin(own_id) is not None:
            raise BadShape(f"input[{place}].id", f"no item `{own_id}` is stored; send the item itself")
        items.append(known.get(own_id, item))
    return {**members, "input": items}


def input_items(members: Mapping[str, object], response: str = "") -> list[Members]:
    """The input of a request as `GET /responses/{id}/input_items` lists it: each item whole, with an id.

    Ids that are missing are made of `response` (else of the item itself) and the item's place: always the same.
    """
    found: list[Members] = []
    for place, item in enumerate(_listed(members.get("input"))):
        if not is_object(item):
            continue
        whole = _whole_item(item)
        if not isinstance(whole.get("id"), str) or not whole["id"]:
            kind = some_text(whole.get("type"))
            whole["id"] = minted_input(PREFIX_OF.get(kind, "item"), response or _digest(item), place)
        found.append(whole)
    return found


def _digest(item: Members) -> str:
    return sha256(_encode(item)).hexdigest()[:32]


def _whole_item(item: Members) -> Members:
    """An item with the members that the official clients demand of a listed one."""
    kind = item.get("type") or ("message" if "role" in item else "item_reference")
    out: Members = {**item, "type": kind}
    if kind == "message":
        out["content"] = _whole_content(item.get("content"), from_assistant=item.get("role") == _ASSISTANT)
    if kind in {
        "message", "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output",
    }:  # fmt: skip
        out.setdefault("status", "completed")
    if kind == "reasoning":
        out.setdefault("summary", [])
    return out


def _whole_content(content: object, *, from_assistant: bool) -> list[object]:
    if isinstance(content, str):
        kind = "output_text" if from_assistant else "input_text"
        content = [{"type": kind, "text": content}]
    parts: list[object] = []
    for part in content if isinstance(content, list) else []:
        whole = dict(part) if is_object(part) else part
        if is_object(whole):
            match whole.get("type"):
                case "output_text":
                    whole.setdefault("annotations", [])
                case "input_image":
                    whole.setdefault("detail", "auto")
                case _:
                    pass
        parts.append(whole)
    return parts


def page(
    items: Iterable[Members], *, after: str = "", limit: int = 20, order: Literal["asc", "desc"] = "desc"
) -> Members:
    """A page of the list, newest first unless `order` says otherwise.

    `after`: id of the last item of the page before; where there is no such item, the list begins anew. `limit`: 1 to
    100 (platform.openai.com/docs/api-reference/responses/input-items).
    """
    listed = list(items)
    if order == "desc":
        listed.reverse()
    start = next((place + 1 for place, item in enumerate(listed) if item.get("id") == after), 0) if after else 0
    data = listed[start : start + max(1, min(limit, 100))]
    return {
        "object": "list",
        "data": data,
        "first_id": data[0].get("id") if data else None,
        "last_id": data[-1].get("id") if data else None,
        "has_more": start + len(data) < len(listed),
    }


def token_count(members: Mapping[str, object]) -> int | None:
    """What `responses/input_tokens` counted; `None` where it says nothing that can be true."""
    value = members.get("input_tokens")
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def write_token_count(tokens: int) -> Members:
    """The answer of `responses/input_tokens`."""
    return {"object": "response.input_tokens", "input_tokens": tokens}
