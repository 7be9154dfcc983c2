"""A client's request, read. The bodies of Vertex and Bedrock are the same without `model` (providers.md B3, B6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from trunkline.ir.losses import BadShape
from trunkline.ir.parts import Message, Text
from trunkline.ir.request import Request, Sampling, Thinking
from trunkline.wire.anthropic_messages.blocks_in import read_blocks
from trunkline.wire.anthropic_messages.shape import (
    OWN,
    Kept,
    a_list,
    a_string,
    an_object,
    cache_hint,
    kept,
    maybe_count,
    maybe_flag,
    maybe_number,
    maybe_string,
    under,
)
from trunkline.wire.anthropic_messages.thinking import read_output, read_thinking
from trunkline.wire.anthropic_messages.tools import read_choice, read_tools
from trunkline.wire.codec import Members, Named

_KNOWN: Final = frozenset({
    "model", "messages", "system", "tools", "max_tokens", "temperature", "top_p", "top_k", "stop_sequences", "stream",
    "service_tier", "cache_control",
})  # fmt: skip
"""Read whole; `tool_choice`, `thinking`, `metadata`, `output_config` and `output_format` see to themselves."""
_MESSAGE: Final = frozenset({"role", "content"})
_ROLES: Final[Mapping[str, Literal["user", "assistant", "system"]]] = {
    "user": "user",
    "assistant": "assistant",
    "system": "system",
}


def read_request(members: Members, named: Named) -> Request:
    """A request. `max_tokens` may be missing: counting has none, and the encoder knows what to do.

    Raises:
        BadShape: something has not its shape; says where.
    """
    messages: list[Message] = []
    if members.get("system") is not None:
        messages.append(_system(members["system"]))
    for place, value in enumerate(a_list(members.get("messages"), "messages")):
        messages.append(_message(an_object(value, f"messages[{place}]"), f"messages[{place}]"))
    stream = maybe_flag(members, "stream")
    request = Request(
        model=_model(members, named),
        messages=messages,
        sampling=_sampling(members),
        stream=bool(named.stream if stream is None else stream),
        service_tier=maybe_string(members, "service_tier", "") or None,
        cache=cache_hint(members, ""),
    )
    if members.get("tools") is not None:
        request.tools = read_tools(members["tools"])
    silent: Members = {name: members[name] for name in ("stream", "tools") if members.get(name) in (False, [])}
    rest = kept(members, _KNOWN, silent=silent)
    native = rest if isinstance(rest, Kept) else Kept(OWN, rest.members if rest is not None else {})
    _choice(request, native)
    _output(request, native)
    _user(request, native)
    request.native = native
    return request


def _model(members: Members, named: Named) -> str:
    model = maybe_string(members, "model", "") or named.model
    if not model and "anthropic_version" not in members:
        raise BadShape("model", "the name of a model is needed")
    return model


def _sampling(members: Members) -> Sampling:
    stop = members.get("stop_sequences")
    words: list[str] | None = None
    if stop is not None:
        words = []
        for place, word in enumerate(a_list(stop, "stop_sequences")):
            if not isinstance(word, str):
                raise BadShape(f"stop_sequences[{place}]", "must be a string")
            words.append(word)
    return Sampling(
        max_tokens=maybe_count(members, "max_tokens"),
        temperature=maybe_number(members, "temperature"),
        top_p=maybe_number(members, "top_p"),
        top_k=maybe_count(members, "top_k"),
        stop=words,
    )


def _system(value: object) -> Message:
    if isinstance(value, str):
        return Message(role="system", parts=[Text(text=value)], native=Kept(OWN, {}, as_text=True, place="system"))
    if not isinstance(value, list):
        raise BadShape("system", "must be a string or a list of text blocks")
    parts = read_blocks(value, "system", from_client=True)
    return Message(role="system", parts=parts, native=Kept(OWN, {}, place="system"))


def _message(value: Members, path: str) -> Message:
    role = _ROLES.get(maybe_string(value, "role", path))
    if role is None:
        raise BadShape(under(path, "role"), "must be `user`, `assistant` or `system`")
    content = value.get("content")
    text = isinstance(content, str)
    if isinstance(content, str):
        message = Message(role=role, parts=[Text(text=content)])
    elif isinstance(content, list):
        message = Message(role=role, parts=read_blocks(content, under(path, "content"), from_client=True))
    else:
        raise BadShape(under(path, "content"), "must be a string or a list of content blocks")
    if text or len(value) > 2 or role == "system":
        message.native = kept(value, _MESSAGE, as_text=text, place="messages" if role == "system" else "")
    return message


def _choice(request: Request, native: Kept) -> None:
    value = native.members.get("tool_choice")
    if value is None:
        return
    request.tool_choice, request.parallel_tools = read_choice(an_object(value, "tool_choice"))
    if request.tool_choice is not None:
        del native.members["tool_choice"]


def _output(request: Request, native: Kept) -> None:
    """`thinking`, `output_config` and the beta's `output_format`; what is not known of the second stays in `native`."""
    effort: str | None = None
    config = native.members.pop("output_config", None)
    if config is not None:
        rest = dict(an_object(config, "output_config"))
        if isinstance(rest.get("effort"), str):
            effort = str(rest.pop("effort"))
        if rest.get("format") is not None:
            at = "output_config.format"
            request.output = read_output(an_object(rest["format"], at), at)
            if request.output is not None:
                del rest["format"]
        if any(value is not None for value in rest.values()):
            native.members["output_config"] = rest
        elif rest or config == {}:
            native.silent["output_config"] = rest
    beta = native.members.get("output_format")
    if beta is not None and request.output is None:
        request.output = read_output(an_object(beta, "output_format"), "output_format", "output_format")
        if request.output is not None:
            del native.members["output_format"]
    thinking = native.members.pop("thinking", None)
    if thinking is not None:
        request.thinking = read_thinking(an_object(thinking, "thinking"), effort)
    elif effort is not None:
        request.thinking = Thinking(effort=effort)


def _user(request: Request, native: Kept) -> None:
    metadata = native.members.pop("metadata", None)
    if metadata is None:
        return
    rest = dict(an_object(metadata, "metadata"))
    if rest.get("user_id") is not None:
        request.user = a_string(rest, "user_id", "metadata")
        del rest["user_id"]
    if any(value is not None for value in rest.values()):
        native.members["metadata"] = rest
    elif rest or metadata == {}:
        native.silent["metadata"] = rest
