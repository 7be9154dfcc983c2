"""Parts of the representation, written as Gemini has them."""

from __future__ import annotations

from typing import Final, assert_never

import msgspec

from trunkline.ir.format import Format
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Foreign, Media, Opaque, Part, Reasoning, Text, ToolCall, ToolResult
from trunkline.wire.codec import Members
from trunkline.wire.gemini import losses as why
from trunkline.wire.gemini.form import is_object, restore, spelled
from trunkline.wire.gemini.ids import is_made
from trunkline.wire.gemini.media import encode_media
from trunkline.wire.gemini.signature import for_client, for_provider

_decode: Final = msgspec.json.Decoder().decode


class Aim(msgspec.Struct, kw_only=True):
    """Who reads the parts."""

    losses: Losses
    vertex: bool = False
    client: bool = False
    """An answer for a client, else a request for Gemini."""
    provider: str = ""
    deployment: str = ""
    """Where an answer comes from: its opaque state is sealed with these."""


def sign(out: Members, opaque: Opaque | None, aim: Aim, path: str) -> None:
    """Put opaque state on a part; never an empty one (fidelity.md failure 6)."""
    if opaque is None or not opaque.data:
        return
    if aim.client:
        out["thoughtSignature"] = for_client(opaque, aim.provider, aim.deployment)
    elif signature := for_provider(opaque, aim.losses, path):
        out["thoughtSignature"] = signature


def arguments_of(call: ToolCall) -> Members | None:
    """The arguments as an object; `None` where they are none (a model may write what it likes)."""
    text = call.arguments
    if call.custom:
        return {"input": text}
    if not text or text == "{}":
        return {}
    try:
        value = _decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return {} if not text.strip() else None
    return value if is_object(value) else None


def encode_part(part: Part, aim: Aim, path: str) -> Members | None:
    """One part; `None` where it was dropped and reported. Tool results are `encode_result`'s.

    Raises:
        Untranslatable: a request holds what Gemini cannot take.
    """
    match part:
        case Text():
            if part.native is None and part.opaque is None and not part.citations and part.cache is None:
                return {"text": part.text}
            return _text(part, aim, path)
        case Reasoning():
            out: Members = {"text": part.text, "thought": True}
            sign(out, part.opaque, aim, path)
            restore(out, part.native, aim.losses, path)
            return out
        case ToolCall():
            return _call(part, aim, path)
        case Media():
            if part.cache is not None and not aim.client:
                aim.losses.add(f"{path}.cache", why.CACHE_MARK)
            out = encode_media(part, aim.losses, path, vertex=aim.vertex, client=aim.client)
            sign(out, part.opaque, aim, path)
            return out
        case Foreign():
            return _foreign(part, aim, path)
        case ToolResult():
            aim.losses.add(path, why.RESULT_IN_ANSWER)
            return None
        case _:
            assert_never(part)


def _text(part: Text, aim: Aim, path: str) -> Members:
    out: Members = {} if spelled(part.native, "textless") and not part.text else {"text": part.text}
    if spelled(part.native, "thought") is False:
        out["thought"] = False
    sign(out, part.opaque, aim, path)
    restore(out, part.native, aim.losses, path)
    if not aim.client:
        if part.citations:
            aim.losses.add(f"{path}.citations", why.CITATIONS)
        if part.cache is not None:
            aim.losses.add(f"{path}.cache", why.CACHE_MARK)
    return out


def _call(part: ToolCall, aim: Aim, path: str) -> Members:
    if part.custom and not aim.client:
        raise aim.losses.refuse(path, why.CUSTOM_TOOL)
    if part.cache is not None:
        aim.losses.add(f"{path}.cache", why.CACHE_MARK)
    call: Members = {"name": part.name}
    args = arguments_of(part)
    if args is None:
        if not aim.client:
            raise aim.losses.refuse(path, why.ARGUMENTS)
        args = {}
    if part.arguments or spelled(part.native, "args") is not False:
        call["args"] = args
    if not is_made(part.id):
        call["id"] = part.id
    out: Members = {"functionCall": call}
    sign(out, part.opaque, aim, path)
    restore(out, part.native, aim.losses, path)
    return out


def _foreign(part: Foreign, aim: Aim, path: str) -> Members | None:
    if part.format is Format.GEMINI and is_object(part.data):
        return part.data
    if not aim.client:
        raise aim.losses.refuse(path, why.FOREIGN_PART)
    aim.losses.add(path, why.FOREIGN_ANSWER)
    return None


def encode_result(part: ToolResult, name: str, aim: Aim, path: str, *, media_inside: bool) -> list[Members]:
    """`functionResponse`, and behind it the media that the model does not take inside it.

    Raises:
        Untranslatable: the result holds what Gemini cannot take.
    """
    losses, native = aim.losses, part.native
    if part.custom:
        raise losses.refuse(path, why.CUSTOM_TOOL)
    if part.cache is not None:
        losses.add(f"{path}.cache", why.CACHE_MARK)
    texts: list[str] = []
    media: list[Members] = []
    for place, item in enumerate(part.content):
        inner = f"{path}.content[{place}]"
        match item:
            case Text():
                texts.append(item.text)
                restore({}, item.native, losses, inner)
                if item.cache is not None:
                    losses.add(f"{inner}.cache", why.CACHE_MARK)
            case Media():
                if item.cache is not None:
                    losses.add(f"{inner}.cache", why.CACHE_MARK)
                media.append(encode_media(item, losses, inner, vertex=aim.vertex, named=True))
            case Foreign():
                if item.format is not Format.GEMINI or not is_object(item.data):
                    raise losses.refuse(inner, why.FOREIGN_PART)
                media.append(item.data)
            case _:
                assert_never(item)
    response: Members = {"name": name}
    given = spelled(native, "id")
    own = part.call_id if given is None and not is_made(part.call_id) else given
    if own:
        response["id"] = own
    value = _response(part, texts)
    if value is not None:
        response["response"] = value
    beside: list[Members] = []
    if media and not media_inside and not spelled(native, "parts"):
        losses.add(path, why.BESIDE_RESULT)
        beside = media
    elif media or spelled(native, "parts"):
        response["parts"] = media
    out: Members = {"functionResponse": response}
    sign(out, part.opaque, aim, path)
    restore(out, native, losses, path)
    return [out, *beside]


def _response(part: ToolResult, texts: list[str]) -> Members | None:
    """The way back of `parts._response`: a text in `output` or `error`, an object as itself."""
    written = spelled(part.native, "response")
    if not texts:
        if written == "absent":
            return None
        if written == "empty":
            return {}
    if written == "object" and len(texts) == 1:
        try:
            value = _decode(texts[0])
        except (msgspec.MsgspecError, RecursionError, UnicodeError):
            value = None
        if is_object(value):
            return value
    return {"error" if part.is_error else "output": "\n".join(texts)}
