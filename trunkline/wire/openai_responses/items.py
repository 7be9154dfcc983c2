"""What a model put out, item by item: messages, reasoning, calls, images, and what only this format has.

The same items come back in the input of the next request; `client` is true there: envelopes are opened, and the ids
that this gateway made are taken off.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from trunkline.ir.envelope import is_envelope, open_envelope
from trunkline.ir.losses import BadShape
from trunkline.ir.parts import Foreign, Media, MediaKind, Opaque, Part, Reasoning, Text, ToolCall
from trunkline.wire.codec import Members
from trunkline.wire.openai_responses.content import OF_ITEM, of_item, read_output
from trunkline.wire.openai_responses.ids import is_minted
from trunkline.wire.openai_responses.media import sniffed
from trunkline.wire.openai_responses.shape import (
    OWN,
    PUT,
    Spelled,
    a_list,
    form_of,
    is_object,
    join,
    leftovers,
    needed_text,
    own,
    spelled,
    text,
)

ENCRYPTED: Final = "openai.encrypted"
"""`encrypted_content` of a reasoning item."""
BEHIND: Final = "of the part before"
"""`Opaque.id` of state that belongs to the item before: a text or a call has no place for it, so a reasoning item
without text follows that carries it (fidelity.md failure 4: it goes back to the part it came on)."""

JOIN: Final = "\n\n"
"""Between the texts of one reasoning item, which the representation holds as one."""

_MESSAGE: Final = frozenset({"role", "content"})
_REASONING: Final = frozenset({"type", "summary", "content", "encrypted_content"})
_FUNCTION: Final = frozenset({"type", "call_id", "name", "arguments"})
_CUSTOM: Final = frozenset({"type", "call_id", "name", "input"})
_IMAGE: Final = frozenset({"type", "result"})
_QUIET: Final = frozenset({"type", "id", "status"})
"""Of an item: who it is and how far it came. No other format has a use for it."""
_NO_TYPE: Final = _QUIET - {"type"}


def read_item(item: Members, path: str, *, client: bool) -> list[Part]:
    """The parts of an item of the assistant's; items of unknown types come whole, as `Foreign`.

    Raises:
        BadShape: an item of a known type lacks what it must have.
    """
    match item.get("type"):
        case "message":
            return [part for _, part in read_message(item, path, client=client)]
        case "reasoning":
            return [read_reasoning(item, path, client=client)]
        case "function_call" | "custom_tool_call":
            return [read_call(item, path, client=client)]
        case "image_generation_call" if isinstance(item.get("result"), str) and item["result"]:
            return [read_image(item)]
        case kind:
            return [Foreign(format=OWN, kind=kind if isinstance(kind, str) else "?", data=item)]


def read_answer_item(value: object) -> list[tuple[int, Part]]:
    """The parts of an item of an answer, each with its place in the item's content (-1: it is none of it).

    Nothing is raised: what lacks its shape is `Foreign`.
    """
    if not is_object(value):
        return [(0, Foreign(format=OWN, kind=type(value).__name__, data=value))]
    try:
        if value.get("type") == "message" and value.get("role", "assistant") == "assistant":
            return list(read_message(value, "", client=False))
        if value.get("type") != "message":
            return list(enumerate(read_item(value, "", client=False)))
    except BadShape:
        pass
    kind = value.get("type")
    return [(0, Foreign(format=OWN, kind=kind if isinstance(kind, str) else "?", data=value))]


def read_message(item: Members, path: str, *, client: bool) -> Iterator[tuple[int, Part]]:
    """The texts of a message of the assistant, each with its place; the first remembers the item around it."""
    members, put = leftovers(item, _MESSAGE, _QUIET)
    role = item.get("role")
    if role is None:
        put["role"] = None  # put back as it was: left out
    ours = client and is_minted(item.get("id"))
    content = item.get("content")
    if isinstance(content, str):
        yield 0, Text(text=content, native=_item_around(None, members, put, ours=ours, form={"string": True}))
        return
    values = a_list(content, join(path, "content"))
    first = read_output(values[0]) if values else None
    if not isinstance(first, Text):
        native = _item_around(None, members, put, ours=ours, form={"empty": True})
        if native is not None:
            yield -1, Text(text="", native=native)
    else:
        first.native = _item_around(own(first.native), members, put, ours=ours, form={})
        yield 0, first
    for place, value in enumerate(values):
        if place == 0 and isinstance(first, Text):
            continue
        part = read_output(value)
        if ours and isinstance(part, Text):
            part.native = None
        yield place, part


def _item_around(
    native: Spelled | None, members: Members, put: Members, *, ours: bool, form: Members
) -> Spelled | None:
    """The native of an item's first text. An item that this gateway made leaves no trace."""
    if ours:
        return Spelled(OWN, members, {"item": {}, OF_ITEM: list(members)}) if members else None
    before, spelling = (native.members, native.form) if native is not None else ({}, {})
    whole: Members = {**spelling, **form, "item": put}
    if members:
        for name in members.keys() & before.keys():
            put[name] = members[name]  # the same word in both places
        whole[OF_ITEM] = [name for name in members if name not in before]
    return Spelled(OWN, {**members, **before}, whole)


def starts_item(part: Text) -> bool:
    """Whether a text begins an item of its own."""
    return form_of(part.native, "item") is not None


def item_members(part: Text) -> Members:
    """What the item around a text has beside its content, as this format wrote it; empty for other formats."""
    native = own(part.native)
    if native is None:
        return {}
    out: Members = {"role": "assistant"}
    put = native.form.get("item")
    if is_object(put):
        out.update(put)
        if "role" in put:
            del out["role"]
    for name, value in native.members.items():
        if name in of_item(native):
            out[name] = value
    return out


def read_reasoning(item: Members, path: str, *, client: bool) -> Reasoning:
    """A reasoning item. Its text is its `content` where it has any, else its `summary`.

    Raises:
        BadShape: a list is none.
    """
    members, put = leftovers(item, _REASONING, _NO_TYPE)
    contents = _texts(item, "content", "reasoning_text", path)
    summaries = _texts(item, "summary", "summary_text", path)
    part = Reasoning(text=JOIN.join(contents or summaries or ()), summary=bool(summaries) and not contents)
    blob = text(item, "encrypted_content", path) or ""
    foreign = client and is_minted(item.get("id"))
    if client and is_envelope(blob):
        part.opaque = open_envelope(blob)
        foreign = foreign or part.opaque is None or part.opaque.kind != ENCRYPTED
    elif blob:
        own_id = put.get("id")
        part.opaque = Opaque(kind=ENCRYPTED, data=blob, id=own_id if isinstance(own_id, str) else "")
    if foreign:
        return part
    if part.opaque is not None and part.opaque.id and put.get("id") == part.opaque.id:
        put.pop("id", None)
    form: Members = {}
    plain = plain_reasoning(part)
    for name in ("summary", "content"):
        if name not in item:
            if name in plain:
                form[name] = None
        elif item[name] is not None and item[name] != plain.get(name):
            form[name] = item[name]
    if blob == "" and item.get("encrypted_content") == "":
        put["encrypted_content"] = ""
    part.native = spelled(members, form, put)
    return part


def _texts(item: Members, name: str, kind: str, path: str) -> list[str]:
    value = item.get(name)
    return [] if value is None else _said(a_list(value, join(path, name)), kind)


def _said(entries: list[object], kind: str) -> list[str]:
    found: list[str] = []
    for entry in entries:
        if is_object(entry) and entry.get("type", kind) == kind:
            words = entry.get("text")
            if isinstance(words, str):
                found.append(words)
    return found


def plain_reasoning(part: Reasoning) -> Members:
    """`summary` and `content` of a reasoning item that says what `part` says."""
    if part.summary:
        return {"summary": [{"type": "summary_text", "text": part.text}]}
    if part.text:
        return {"summary": [], "content": [{"type": "reasoning_text", "text": part.text}]}
    return {"summary": []}


def write_reasoning(part: Reasoning) -> Members:
    """A reasoning item without id and `encrypted_content`; lists that were written otherwise stay as they were."""
    native = own(part.native)
    if native is None and part.text and part.opaque is not None and part.opaque.kind == ENCRYPTED:
        part = replace(part, summary=True)  # OpenAI refuses `content` in its own items (400, array_above_max_length)
    out: Members = {"type": "reasoning", **plain_reasoning(part)}
    if native is None:
        return out
    source, kind = ("summary", "summary_text") if part.summary else ("content", "reasoning_text")
    for name in ("summary", "content"):
        if name not in native.form:
            continue
        value = native.form[name]
        if value is None:
            out.pop(name, None)
        elif name != source or (isinstance(value, list) and JOIN.join(_said(value, kind)) == part.text):
            out[name] = value  # nobody has edited the text since
    out.update(native.members)
    put = native.form.get(PUT)
    if is_object(put):
        out.update(put)
    return out


def read_call(item: Members, path: str, *, client: bool) -> ToolCall:
    """A call of a client's tool.

    Raises:
        BadShape: it lacks id, name or arguments.
    """
    custom = item.get("type") == "custom_tool_call"
    members, put = leftovers(item, _CUSTOM if custom else _FUNCTION, _NO_TYPE)
    call = ToolCall(
        id=needed_text(item, "call_id", path),
        name=needed_text(item, "name", path),
        arguments=needed_text(item, "input" if custom else "arguments", path),
        custom=custom,
    )
    if not call.id or not call.name:
        raise BadShape(path, "a call needs `call_id` and `name`")
    if client and is_minted(item.get("id")):
        if members:
            call.native = Spelled(OWN, members)
    else:
        call.native = spelled(members, {}, put)
    return call


def write_call(call: ToolCall, call_id: str) -> Members:
    """A call as an item, with what this format had beside."""
    native = own(call.native)
    out: Members = {"type": "custom_tool_call" if call.custom else "function_call", "call_id": call_id}
    out["name"] = call.name
    if call.custom:
        out["input"] = call.arguments
    else:
        out["arguments"] = call.arguments or ("{}" if native is None else "")
    return out


def read_image(item: Members) -> Media:
    """The result of an `image_generation_call`, as a medium."""
    members, put = leftovers(item, _IMAGE, _NO_TYPE)
    data, kind = item.get("result"), item.get("output_format")
    data = data if isinstance(data, str) else ""
    mime = f"image/{kind}" if isinstance(kind, str) else sniffed(data)
    return Media(kind=MediaKind.IMAGE, mime=mime, data=data, native=spelled(members, {"call": True}, put))


def write_image(media: Media) -> Members:
    """The item of an image that the model made."""
    out: Members = {"type": "image_generation_call", "result": media.data}
    native = own(media.native)
    if native is None:
        kind = media.mime.removeprefix("image/")
        if kind in {"png", "webp", "jpeg", "gif", "svg"}:
            out["output_format"] = kind
    return out
