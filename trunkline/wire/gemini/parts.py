"""Parts as Gemini writes them, read into the representation."""

from __future__ import annotations

from typing import Final

import msgspec

from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape
from trunkline.ir.parts import Foreign, Media, Opaque, Part, Reasoning, Text, ToolCall, ToolResult
from trunkline.wire.codec import Members
from trunkline.wire.gemini.form import as_list, as_object, as_text, is_list, is_object, left, note
from trunkline.wire.gemini.ids import Ids
from trunkline.wire.gemini.media import decode_file, decode_inline
from trunkline.wire.gemini.signature import read_signature

_encode: Final = msgspec.json.Encoder().encode

_ASIDE: Final = frozenset({"thought", "thoughtSignature", "videoMetadata", "mediaResolution", "partMetadata"})
"""What may stand beside the one member that says what a part is."""


def json_text(value: object, path: str) -> str:
    """A JSON value as text.

    Raises:
        BadShape: it is nested too deep.
    """
    try:
        return _encode(value).decode()
    except (RecursionError, UnicodeEncodeError) as error:
        raise BadShape(path, "is nested too deep or holds half a character") from error


def decode_part(raw: object, path: str, ids: Ids) -> Part:
    """One part; the path serves messages.

    Raises:
        BadShape: it is no part.
    """
    members = as_object(raw, path)
    text = members.get("text")
    if isinstance(text, str):
        if len(members) == 1:
            return Text(text=text)
        if "functionCall" not in members and "functionResponse" not in members:
            return _text(members, text)
    opaque, known = _signature(members)
    if members.get("functionCall") is not None:
        return _call(members, opaque, known | {"functionCall"}, path, ids)
    if members.get("functionResponse") is not None:
        return _result(members, opaque, known | {"functionResponse"}, path, ids)
    if members.get("thought") is not True:  # an image that was only thought is nobody's answer
        if members.get("inlineData") is not None:
            medium = decode_inline(members["inlineData"], f"{path}.inlineData", left(members, known | {"inlineData"}))
            return _signed(medium, opaque)
        if members.get("fileData") is not None:
            medium = decode_file(members["fileData"], f"{path}.fileData", left(members, known | {"fileData"}))
            return _signed(medium, opaque)
    kind = next((name for name in members if name not in _ASIDE), "")
    if kind == "text" and members["text"] is not None:
        raise BadShape(f"{path}.text", "must be a string")
    if kind and kind != "text":
        return Foreign(format=Format.GEMINI, kind=kind, data=raw)
    if "thoughtSignature" in members:
        return Text(text="", opaque=opaque, native=note(left(members, known), {"textless": True}))
    raise BadShape(path, "holds nothing: give it `text`, `inlineData`, `fileData`, `functionCall` or the like")


def _signed(medium: Media, opaque: Opaque | None) -> Media:
    medium.opaque = opaque  # made just now, so nobody else holds it
    return medium


def _signature(members: Members) -> tuple[Opaque | None, frozenset[str]]:
    """The state on a part, and the name that it uses up (an empty one, or none, stays as it is)."""
    signature = members.get("thoughtSignature")
    if not isinstance(signature, str) or not signature:
        return None, frozenset()
    return read_signature(signature), _SIGNATURE


_SIGNATURE: Final = frozenset({"thoughtSignature"})


def _text(members: Members, text: str) -> Text | Reasoning:
    opaque, known = _signature(members)
    if members.get("thought") is True:
        return Reasoning(text=text, opaque=opaque, native=note(left(members, known | {"text", "thought"}), {}))
    rest = left(members, known | {"text"})
    how: dict[str, object] = {}
    if rest.get("thought") is False:  # protobuf's default, written out
        del rest["thought"]
        how["thought"] = False
    return Text(text=text, opaque=opaque, native=note(rest, how))


def _call(members: Members, opaque: Opaque | None, known: frozenset[str], path: str, ids: Ids) -> ToolCall:
    path = f"{path}.functionCall"
    call = as_object(members["functionCall"], path)
    name = as_text(call.get("name"), f"{path}.name")
    if not name:
        raise BadShape(f"{path}.name", "must not be empty")
    how: dict[str, object] = {}
    args, taken = call.get("args"), {"name", "args"}
    if args is None:
        arguments = ""
        how["args"] = False
        if "args" in call:
            taken.remove("args")
    else:
        arguments = json_text(as_object(args, f"{path}.args"), f"{path}.args")
    given = call.get("id")
    if isinstance(given, str) and given:
        taken.add("id")
    inner = left(call, taken)
    rest = left(members, known)
    if inner:
        rest["functionCall"] = inner
    own = ids.call(name, given if isinstance(given, str) else "", arguments)
    return ToolCall(id=own, name=name, arguments=arguments, opaque=opaque, native=note(rest, how))


def _result(members: Members, opaque: Opaque | None, known: frozenset[str], path: str, ids: Ids) -> ToolResult:
    path = f"{path}.functionResponse"
    result = as_object(members["functionResponse"], path)
    name = as_text(result.get("name"), f"{path}.name")
    how: dict[str, object] = {}
    taken = {"name"}
    given = result.get("id")
    own_id = given if isinstance(given, str) else ""
    call_id = ids.result(name, own_id)
    if own_id:
        taken.add("id")
    if own_id != call_id:
        how["id"] = own_id
    if result.get("response") is None:
        how["response"] = "absent"
        content, is_error = list[Text | Media | Foreign](), False
    else:
        taken.add("response")
        content, is_error = _response(as_object(result["response"], f"{path}.response"), how, path)
    if is_list(parts := result.get("parts")):
        taken.add("parts")
        how["parts"] = True
        content += [_attachment(part, f"{path}.parts[{n}]") for n, part in enumerate(parts)]
    rest = left(members, known)
    if inner := left(result, taken):
        rest["functionResponse"] = inner
    return ToolResult(
        call_id=call_id, name=name, content=content, is_error=is_error, opaque=opaque, native=note(rest, how)
    )


def _response(response: Members, how: dict[str, object], path: str) -> tuple[list[Text | Media | Foreign], bool]:
    """`output` and `error` are Google's names for the two outcomes (`FunctionResponse.response` in its reference);
    any other object is the result itself.
    """
    if not response:
        how["response"] = "empty"
        return [], False
    if len(response) == 1:
        output, error = response.get("output"), response.get("error")
        if isinstance(output, str):
            return [Text(text=output)], False
        if isinstance(error, str):
            return [Text(text=error)] if error else [], True
    how["response"] = "object"
    return [Text(text=json_text(response, f"{path}.response"))], len(response) == 1 and "error" in response


def _attachment(raw: object, path: str) -> Media | Foreign:
    members = as_object(raw, path)
    if is_object(members.get("inlineData")):
        return decode_inline(members["inlineData"], f"{path}.inlineData", left(members, {"inlineData"}))
    if is_object(members.get("fileData")):
        return decode_file(members["fileData"], f"{path}.fileData", left(members, {"fileData"}))
    return Foreign(format=Format.GEMINI, kind=next(iter(members), "part"), data=raw)


def decode_parts(raw: object, path: str, ids: Ids) -> list[Part]:
    """The parts of one content.

    Raises:
        BadShape: one is no part.
    """
    return [decode_part(part, f"{path}[{n}]", ids) for n, part in enumerate(as_list(raw, path))]
