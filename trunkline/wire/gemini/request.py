"""A client's request in Gemini's format, read."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape
from trunkline.ir.parts import Message, Part, Reasoning, Text
from trunkline.ir.request import Request, Sampling
from trunkline.wire.codec import Members, Named
from trunkline.wire.gemini.config import Config, decode_config
from trunkline.wire.gemini.form import Form, as_list, as_object, is_list, is_object, left, note
from trunkline.wire.gemini.ids import RequestIds
from trunkline.wire.gemini.parts import decode_parts
from trunkline.wire.gemini.spelling import to_camel
from trunkline.wire.gemini.tools import decode_choice, decode_tools

_USER: Final = frozenset({"user", "function", "tool"})
"""`function` was the role of function results in the first version of the API."""


def decode_request(members: Members, named: Named) -> Request:
    """Read a `generateContent` request; the model stands in the path, in some bodies too (Go's SDK).

    Raises:
        BadShape: it does not have the format's shape.
    """
    body, renamed = to_camel(members)
    taken = {"contents"}
    how: dict[str, object] = {"snake": renamed} if renamed else {}
    ids = RequestIds()
    messages: list[Message] = []
    system = body.get("systemInstruction")
    if system is not None:
        messages.append(_system(system))
        taken.add("systemInstruction")
    if body.get("contents") is None:
        raise BadShape("contents", "is missing: give the conversation as `[{role, parts}]`")
    contents = as_list(body["contents"], "contents")
    if not contents:
        raise BadShape("contents", "must not be empty")
    if not is_list(body["contents"]):
        how["contents"] = "object"
    messages += [_content(content, f"contents[{n}]", ids) for n, content in enumerate(contents)]
    request = Request(model=_model(body, named, how, taken), messages=messages, stream=bool(named.stream))
    rest: Members = {}
    if (tools := body.get("tools")) is not None:
        taken.add("tools")
        request.tools, bare = decode_tools(tools, "tools")
        if bare:
            how["bare"] = bare
        if not is_list(tools):
            how["tools"] = "object"
        elif not tools:
            how["tools"] = "empty"
    _tool_config(body, request, taken, rest, how)
    if is_object(given := body.get("generationConfig")):
        taken.add("generationConfig")
        config = decode_config(given, "generationConfig")
        _apply(config, request, how)
        if config.rest:
            rest["generationConfig"] = config.rest
    if isinstance(tier := body.get("serviceTier"), str):
        taken.add("serviceTier")
        request.service_tier = tier
    request.native = Form(Format.GEMINI, {**left(body, taken), **rest}, how)
    return request


def _model(body: Members, named: Named, how: dict[str, object], taken: set[str]) -> str:
    inside = body.get("model")
    bare = ""
    if isinstance(inside, str):
        taken.add("model")
        bare = inside.removeprefix("models/")
    model = named.model or bare
    if isinstance(inside, str):
        how["model"] = (inside, model)
    return model


def _apply(config: Config, request: Request, how: dict[str, object]) -> None:
    request.sampling, request.thinking = config.sampling, config.thinking
    request.output, request.modalities = config.output, config.modalities
    if config.spelled:
        how["config"] = config.spelled
    nothing = config.sampling == Sampling() and config.modalities is None
    if nothing and config.thinking is None and config.output is None and not config.rest:
        how["generationConfig"] = True


def _tool_config(body: Members, request: Request, taken: set[str], rest: Members, how: dict[str, object]) -> None:
    given = body.get("toolConfig")
    if not is_object(given):
        return
    taken.add("toolConfig")
    calling = given.get("functionCallingConfig")
    if is_object(calling):
        request.tool_choice = decode_choice(calling, "toolConfig.functionCallingConfig")
    inner = left(given, {"functionCallingConfig"} if is_object(calling) else set())
    if inner:
        rest["toolConfig"] = inner
    elif not is_object(calling):
        how["toolConfig"] = True


def _content(raw: object, path: str, ids: RequestIds) -> Message:
    content = as_object(raw, path)
    role = content.get("role")
    how: dict[str, object] = {}
    if role == "model":
        ids.turn(model=True)
    elif role is None or (isinstance(role, str) and (not role or role in _USER)):  # none: a single turn of the user
        ids.turn(model=False)
        if role != "user":
            how["role"] = role if "role" in content else False
    else:
        raise BadShape(f"{path}.role", "must be `user` or `model`")
    return Message(
        role="assistant" if role == "model" else "user",
        parts=_parts(content, path, ids, how),
        native=note(left(content, {"role", "parts"}), how),
    )


def _parts(content: Members, path: str, ids: RequestIds, how: dict[str, object]) -> list[Part]:
    given = content.get("parts")
    if given is None:
        how["parts"] = "null" if "parts" in content else "absent"
        return []
    if not is_list(given):
        how["parts"] = "object"
    return _joined(decode_parts(given, f"{path}.parts", ids))


def _joined(parts: list[Part]) -> list[Part]:
    """The parts, with a thought of another provider whole again.

    A stream of ours gave it in pieces and its state at the end, and clients send parts back as they came; its provider
    wants the state on the words that it was made for ("thinking blocks cannot be modified").
    """
    if not any(isinstance(part, Reasoning) and _sealed(part) for part in parts):
        return parts
    found: list[Part] = []
    words: list[str] = []
    for part in parts:
        if isinstance(part, Reasoning) and part.opaque is None:
            words.append(part.text)
            found.append(part)
            continue
        if isinstance(part, Reasoning) and _sealed(part) and words:
            del found[-len(words) :]
            found.append(replace(part, text="".join(words) + part.text))
        else:
            found.append(part)
        words = []
    return found


def _sealed(part: Reasoning) -> bool:
    return part.opaque is not None and part.opaque.kind != "gemini.signature"


def _system(raw: object) -> Message:
    """`systemInstruction`, a content whose role does not matter (recorded: `system`, `user`, none)."""
    if isinstance(raw, str):
        return Message(role="system", parts=[Text(text=raw)], native=note({}, {"text": True}))
    content = as_object(raw, "systemInstruction")
    how: dict[str, object] = {"role": content["role"]} if "role" in content else {}
    parts = _parts(content, "systemInstruction", RequestIds(), how)
    return Message(role="system", parts=parts, native=note(left(content, {"role", "parts"}), how))
