"""A Converse request, read."""

from __future__ import annotations

from typing import Final

from trunkline.ir.losses import BadShape
from trunkline.ir.parts import Foreign, Message, Part, Text
from trunkline.ir.request import Request, Sampling
from trunkline.wire.bedrock_converse.fields import Found, decode_output
from trunkline.wire.bedrock_converse.parts_decode import decode_blocks
from trunkline.wire.bedrock_converse.shape import (
    Members,
    a_list,
    an_object,
    optional_integer,
    optional_list,
    optional_number,
    optional_object,
    optional_text,
    texts,
    unknown,
    without,
)
from trunkline.wire.bedrock_converse.spelling import OWN, Spelled, kept
from trunkline.wire.bedrock_converse.tools import decode_choice, decode_tools
from trunkline.wire.codec import Named

SYSTEM_ARRAY: Final = "system"
SYSTEM_TURN: Final = "messages"
"""Where system text stood (`Message.native`, spelling `place`): in the member `system`, or among the messages."""

_OBJECTS: Final = ("inferenceConfig", "toolConfig", "additionalModelRequestFields", "outputConfig")
_KNOWN: Final = ("messages", "system", "serviceTier", "requestMetadata", *_OBJECTS)


def decode_request(members: Members, named: Named) -> Request:
    """A client's request.

    Raises:
        BadShape: it does not have Converse's shape.
    """
    left = unknown(members, *_KNOWN)
    objects = {name: optional_object(members, name) for name in _OBJECTS}
    written = optional_list(members, "system")
    empty: list[str] = [name for name, value in objects.items() if value == {}]
    messages = [] if not written else [_system(written)]
    if written == []:
        empty.append("system")
    turns = optional_list(members, "messages")
    if turns == []:
        empty.append("messages")
    for at, value in enumerate(turns or ()):
        messages.append(_message(an_object(value, f"messages[{at}]"), f"messages[{at}]"))
    request = Request(model=named.model, messages=messages, stream=bool(named.stream))
    mark: Members = {"empty": empty} if empty else {}
    _inference(objects["inferenceConfig"] or {}, request, left)
    _tools(objects["toolConfig"] or {}, request, left, empty)
    request.output, output = decode_output(objects["outputConfig"] or {})
    found = Found(objects["additionalModelRequestFields"] or {}, output)
    request.thinking, request.parallel_tools, request.sampling.top_k = found.thinking, found.parallel, found.top_k
    if found.top_k_place:
        mark["top_k"] = found.top_k_place
    if found.parallel is not None:
        mark["parallel"] = True
    for name, rest in (("additionalModelRequestFields", found.fields), ("outputConfig", found.output)):
        if rest:
            left[name] = rest
    _tier(members, request, left)
    metadata = optional_object(members, "requestMetadata")
    if metadata is not None:
        request.metadata = metadata
    if empty and "empty" not in mark:
        mark["empty"] = empty
    request.native = Spelled(OWN, left, mark)
    return request


def _system(blocks: list[object]) -> Message:
    parts = decode_blocks(blocks, "system", assistant=False, sealed=True)
    for at, part in enumerate(parts):
        if not isinstance(part, Text | Foreign):
            raise BadShape(f"system[{at}]", "must be a text, a cache point or guarded content")
    return Message(role="system", parts=parts, native=kept({}, {"place": SYSTEM_ARRAY}))


def _message(message: Members, path: str) -> Message:
    content = message.get("content")
    if isinstance(content, str):
        raise BadShape(f"{path}.content", 'must be a list of blocks: write `[{"text": ...}]`')
    blocks = a_list(content, f"{path}.content")
    more = unknown(message, "role", "content")
    match message.get("role"):
        case "user":
            return Message(
                role="user",
                parts=decode_blocks(blocks, f"{path}.content", assistant=False, sealed=True),
                native=kept(more),
            )
        case "assistant":
            parts: list[Part] = decode_blocks(blocks, f"{path}.content", assistant=True, sealed=True)
            return Message(role="assistant", parts=parts, native=kept(more))
        case "system":
            parts = decode_blocks(blocks, f"{path}.content", assistant=False, sealed=True)
            return Message(role="system", parts=parts, native=kept(more, {"place": SYSTEM_TURN}))
        case _:
            raise BadShape(f"{path}.role", "must be `user`, `assistant` or `system`")


def _inference(config: Members, request: Request, left: Members) -> None:
    path = "inferenceConfig"
    stop = config.get("stopSequences")
    request.sampling = Sampling(
        max_tokens=optional_integer(config, "maxTokens", path),
        temperature=optional_number(config, "temperature", path),
        top_p=optional_number(config, "topP", path),
        stop=None if stop is None else texts(stop, f"{path}.stopSequences"),
    )
    more = unknown(config, "maxTokens", "temperature", "topP", "stopSequences")
    if more:
        left[path] = more


def _tools(config: Members, request: Request, left: Members, empty: list[str]) -> None:
    more = unknown(config, "tools", "toolChoice")
    tools = config.get("tools")
    if tools is not None:
        request.tools = decode_tools(tools, "toolConfig.tools")
        if not request.tools:
            empty.append("toolConfig.tools")
    choice = config.get("toolChoice")
    if choice is not None:
        request.tool_choice = decode_choice(choice, "toolConfig.toolChoice")
        if request.tool_choice is None:
            more["toolChoice"] = choice
    if more:
        left["toolConfig"] = more


def _tier(members: Members, request: Request, left: Members) -> None:
    tier = optional_object(members, "serviceTier")
    if tier is None:
        return
    request.service_tier = optional_text(tier, "type", "serviceTier")
    more = tier if request.service_tier is None else without(tier, "type")
    if more or not tier:
        left["serviceTier"] = more
