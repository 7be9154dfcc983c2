"""A request to OpenAI's chat completions: read from a client, written for a provider."""

from __future__ import annotations

from typing import Final

from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.request import Request
from trunkline.wire.codec import Named
from trunkline.wire.openai_chat import losses as why
from trunkline.wire.openai_chat.answer import TIERS
from trunkline.wire.openai_chat.knobs import (
    SAMPLING_MEMBERS,
    THINKING_MEMBERS,
    read_output,
    read_sampling,
    read_thinking,
    write_output,
    write_sampling,
    write_thinking,
)
from trunkline.wire.openai_chat.messages import read_messages
from trunkline.wire.openai_chat.messages_write import write_messages
from trunkline.wire.openai_chat.spelling import (
    OWN,
    Json,
    Spelt,
    as_list,
    as_object,
    cache_control,
    is_own,
    read_cache,
    restore,
    spelt,
)
from trunkline.wire.openai_chat.tools import offered, read_choice, read_tools, write_choice, write_tools

_PLAIN: Final = SAMPLING_MEMBERS | {"model", "messages", "stream"}
"""Members of a request that is no more than a conversation; what others need is not looked for then."""
_KNOWN: Final = SAMPLING_MEMBERS | THINKING_MEMBERS | {
    "model", "messages", "tools", "functions", "parallel_tool_calls", "modalities", "verbosity", "stream",
    "stream_options", "user", "metadata", "service_tier", "store",
}  # fmt: skip


def read_request(members: Json, named: Named) -> Request:
    """A client's request.

    Raises:
        BadShape: it does not have the format's shape; says where.
    """
    marks: list[str] = []
    quiet: Json = {}
    stream, model, messages = read_flag(members, "stream"), members.get("model"), members.get("messages")
    request = Request(
        model=model if model and isinstance(model, str) else read_text(members, "model") or named.model,
        messages=read_messages(messages if isinstance(messages, list) else as_list(messages, "messages")),
        sampling=read_sampling(members, marks, quiet),
        stream=(named.stream or False) if stream is None else stream,
        stream_usage=False,
        tools=[],
    )
    if stream is False:
        quiet["stream"] = False
    if model == "":
        quiet["model"] = ""
    if _PLAIN.issuperset(members):
        for name, value in members.items():
            if value is None:
                quiet[name] = None
        request.native = Spelt(OWN, {}, quiet, tuple(marks))
        return request
    known = set(_KNOWN)
    _read_rest(members, request, quiet)
    _keep_empty(members, request, known, quiet)
    request.cache, spelling = read_cache(members)
    known.update(spelling)
    request.native = spelt(members, known, quiet, (*marks, *spelling))
    return request


def _read_rest(members: Json, request: Request, quiet: Json) -> None:
    request.tools = read_tools(members)
    request.tool_choice = read_choice(members)
    request.parallel_tools = read_flag(members, "parallel_tool_calls")
    request.output = read_output(members)
    request.thinking = read_thinking(members)
    request.modalities = _texts(members, "modalities")
    request.verbosity = read_text(members, "verbosity")
    request.user = read_text(members, "user")
    request.metadata = None if members.get("metadata") is None else as_object(members["metadata"], "metadata")
    request.service_tier = read_text(members, "service_tier")
    request.store = read_flag(members, "store")
    request.stream_usage = read_stream_options(members.get("stream_options"), quiet)


def _keep_empty(members: Json, request: Request, known: set[str], quiet: Json) -> None:
    """What was said without saying anything; and choices and formats that only this format has."""
    for name in ("tools", "functions"):
        if members.get(name) == []:
            quiet[name] = []
    for name in ("verbosity", "user", "service_tier"):
        if members.get(name) == "":
            quiet[name] = ""
    if request.tool_choice is not None:
        known.update(("tool_choice", "function_call"))
        for name in ("tool_choice", "function_call"):
            if members.get(name) is not None and name not in getattr(request.tool_choice.native, "quiet", {}):
                quiet[name] = members[name]
    if request.output is not None:
        known.add("response_format")
    elif members.get("response_format") == {"type": "text"}:
        quiet["response_format"] = members["response_format"]


def read_stream_options(value: object, quiet: Json) -> bool:
    """Whether the stream is to end with its usage."""
    if value is None:
        return False
    options = as_object(value, "stream_options")
    wanted = options.get("include_usage")
    if wanted is not None and not isinstance(wanted, bool):
        raise BadShape("stream_options.include_usage", "must be a boolean")
    quiet["stream_options"] = options
    return wanted or False


def read_text(members: Json, name: str) -> str | None:
    value = members.get(name)
    if value is not None and not isinstance(value, str):
        raise BadShape(name, "must be a string")
    if value == "":
        return None
    return value


def read_flag(members: Json, name: str) -> bool | None:
    value = members.get(name)
    if value is not None and not isinstance(value, bool):
        raise BadShape(name, "must be a boolean")
    return value


def _texts(members: Json, name: str) -> list[str] | None:
    value = members.get(name)
    if value is None:
        return None
    if not isinstance(value, list):
        raise BadShape(name, "must be an array of strings")
    for one in value:
        if not isinstance(one, str):
            raise BadShape(name, "must be an array of strings")
    return [one for one in value if isinstance(one, str)]


def write_request(request: Request, losses: Losses, dialect: str) -> Json:
    """The body for a provider.

    Raises:
        Untranslatable: it holds content, a tool or an output schema that the format cannot express.
    """
    own = is_own(request.native)
    members: Json = {"model": request.model} if request.model or not own else {}
    members["messages"] = write_messages(request.messages, losses, dialect)
    tools, functions = write_tools(offered(request.tools, request.tool_choice, dialect), losses, dialect)
    if tools:
        members["tools"] = tools
    if functions:
        members["functions"] = functions
    if request.tool_choice is not None and (own or request.tools):
        members.update(write_choice(request.tool_choice, request.tools, dialect))
    if request.parallel_tools is not None:
        members["parallel_tool_calls"] = request.parallel_tools
    if request.output is not None:
        write_output(request.output, members, losses)
    if request.thinking is not None:
        write_thinking(request.thinking, members, losses, dialect)
    write_sampling(request, members, losses, dialect)
    _write_rest(request, members, losses, own=own)
    restore(members, request.native, losses)
    return members


def _write_rest(request: Request, members: Json, losses: Losses, *, own: bool) -> None:
    if request.modalities is not None and (own or request.modalities != ["text"]):
        members["modalities"] = request.modalities
    for name in ("verbosity", "user", "metadata", "store"):
        value = getattr(request, name)
        if value is not None:
            members[name] = value
    if request.service_tier is not None:
        if own or request.service_tier in TIERS:
            members["service_tier"] = request.service_tier
        else:
            losses.add("service_tier", why.SERVICE_TIER)
    if request.stream:
        members["stream"] = True
        if request.stream_usage and not own:
            members["stream_options"] = {"include_usage": True}
    if request.cache is not None:
        if own:
            members["cache_control"] = cache_control(request.cache)
        else:
            losses.add("cache_control", why.REQUEST_CACHE)
