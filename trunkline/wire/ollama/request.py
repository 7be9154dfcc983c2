"""Requests: `/api/chat`, and `/api/generate` as a conversation of a system text and a prompt.

A request of `/api/generate` is written as one again; every other one is a chat. Which of the two a body is can be
told by its `prompt`.
"""

from __future__ import annotations

from typing import Final

from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Foreign, Media, Message, Native, Text
from trunkline.ir.request import OutputSchema, Request, Sampling, Thinking, Tool
from trunkline.wire.codec import NOT_NAMED, Members, Named
from trunkline.wire.natives import put_back
from trunkline.wire.ollama import losses as why
from trunkline.wire.ollama.messages import Draft, read_images, read_messages, write_messages
from trunkline.wire.ollama.shapes import (
    OWN,
    Spelled,
    a_list,
    an_object,
    flag,
    is_object,
    kept,
    needed_text,
    number,
    put_idle,
    spelled,
    text,
    texts,
    whole,
)

GENERATE: Final = "generate"
"""Value of the spelling `api`: the request came for `/api/generate`."""

_BOTH: Final = frozenset({"model", "stream", "format", "options", "think", "logprobs", "top_logprobs"})
_CHAT: Final = _BOTH | {"messages", "tools"}
_GENERATE: Final = _BOTH | {"prompt", "system", "images", "suffix", "context"}
_OPTIONS: Final = frozenset(
    (
        *("num_predict", "temperature", "top_p", "top_k", "min_p", "stop", "seed"),
        *("frequency_penalty", "presence_penalty"),
    )
)
_TOOL: Final = frozenset({"type", "function"})
_FUNCTION: Final = frozenset({"name", "description", "parameters"})
_LEVELS: Final = frozenset({"low", "medium", "high"})
_NEAREST: Final = {"minimal": "low", "xhigh": "high", "max": "high"}


def read_request(members: Members, named: Named = NOT_NAMED) -> Request:
    """A client's request. Without `stream`, Ollama streams.

    Raises:
        BadShape: it does not have the format's shape.
    """
    spelling: dict[str, object] = {}
    if members.get("messages") is not None:
        messages, known = read_messages(members["messages"]), _CHAT
    elif members.get("prompt") is not None:
        spelling["api"] = GENERATE
        messages, known = _read_prompt(members, spelling), _GENERATE
    else:
        raise BadShape("messages", "is missing; it must be an array (`/api/generate` has a `prompt`)")
    stream = flag(members, "stream")
    if stream is None:
        spelling["no_stream"] = True
    options, other_options = _read_options(members, spelling)
    native = kept(members, known, spelling)
    if other_options:
        held = native.members if native is not None else {}
        native = Spelled(OWN, {**held, "options": other_options}, spelling)
    return Request(
        model=text(members, "model") or named.model,
        messages=messages,
        tools=_read_tools(members, spelling) if known is _CHAT else [],
        output=_read_format(members.get("format"), spelling),
        thinking=_read_think(members.get("think")),
        sampling=_read_sampling(options, members),
        stream=stream if stream is not None else (named.stream is not False),
        native=_respelled(native, spelling),
    )


def write_request(request: Request, losses: Losses) -> Members:
    """The body for a provider.

    Raises:
        Untranslatable: it holds content, a tool or an output schema that the format cannot express.
    """
    native = request.native
    members: Members = {"model": request.model} if request.model else {}
    if not (spelled(native, "api") == GENERATE and _write_prompt(request, members, losses)):
        members["messages"] = write_messages(request.messages, losses)
    if not (request.stream and spelled(native, "no_stream")):
        members["stream"] = request.stream
    _write_tools(request, members, losses)
    if request.output is not None:
        _write_format(request.output, members, losses)
    elif spelled(native, "format") == "":
        members["format"] = ""
    _write_think(request, members, losses)
    _write_sampling(request, members, losses)
    _note_losses(request, losses)
    put_back(members, native, OWN, losses)
    put_idle(members, native)
    return members


def _respelled(native: Native | None, spelling: dict[str, object]) -> Native | None:
    """`native` with the spelling that was found after it was made."""
    if isinstance(native, Spelled) or not spelling:
        return native
    return Spelled(OWN, native.members if native is not None else {}, spelling)


def _read_prompt(members: Members, spelling: dict[str, object]) -> list[Message]:
    """A system text and a prompt with images. What stands behind the prompt, and the memory of an earlier call, are
    content that no other format has.
    """
    found: list[Message] = []
    if system := text(members, "system"):
        found.append(Message(role="system", parts=[Text(text=system)]))
    elif system == "":
        spelling["system"] = ""
    user = Message(role="user", parts=[*read_images(members, "", spelling)])
    if prompt := needed_text(members, "prompt"):
        user.parts.append(Text(text=prompt))
    for name in ("suffix", "context"):
        if held := members.get(name):
            user.parts.append(Foreign(format=OWN, kind=name, data=held))
        elif name in members and held is not None:
            spelling[name] = [held]
    found.append(user)
    return found


def _write_prompt(request: Request, members: Members, losses: Losses) -> bool:
    """Write a conversation that has the form of `/api/generate`; tells whether it has (something on the way may have
    added messages).
    """
    *before, user = request.messages or [Message(role="system", parts=[])]
    if user.role != "user" or len(before) > 1 or any(message.role != "system" for message in before):
        return False
    system = Draft("system", losses, "messages[0]")
    for i, part in enumerate(before[0].parts if before else ()):
        system.add(part, f"messages[0].content[{i}]")
    draft = Draft("user", losses, f"messages[{len(before)}]")
    for i, part in enumerate(user.parts):
        if isinstance(part, Foreign) and part.format is OWN:
            members[part.kind] = part.data
        elif isinstance(part, Text | Media):
            draft.add(part, f"messages[{len(before)}].content[{i}]")
        else:
            return False
    native = request.native
    members["prompt"] = "\n".join(draft.texts)
    if system.texts or spelled(native, "system") == "":
        members["system"] = "\n".join(system.texts)
    if draft.images or spelled(native, "images"):
        members["images"] = draft.images
    for name in ("suffix", "context"):
        held = spelled(native, name)
        if isinstance(held, list):
            members.setdefault(name, held[0])
    return True


def _read_tools(members: Members, spelling: dict[str, object]) -> list[Tool]:
    value = members.get("tools")
    if value is None:
        return []
    listed = a_list(value, "tools")
    if not listed:
        spelling["tools"] = True
    return [_read_tool(tool, f"tools[{i}]") for i, tool in enumerate(listed)]


def _read_tool(value: object, path: str) -> Tool:
    tool = an_object(value, path)
    kind = text(tool, "type", path)
    if kind not in ("function", None):
        return Tool(name=kind, foreign=True, native=Native(OWN, tool))
    function = an_object(tool.get("function"), f"{path}.function")
    parameters = function.get("parameters")
    spelling: dict[str, object] = {}
    if kind is None:
        spelling["no_type"] = True
    if parameters is None:
        spelling["parameters"] = [None] if "parameters" in function else []
    description = text(function, "description", f"{path}.function")
    if not description and "description" in function:
        spelling["description"] = [description]
    rest = {name: held for name, held in function.items() if name not in _FUNCTION}
    native = kept(tool, _TOOL, spelling)
    if rest:
        native = Spelled(OWN, {**(native.members if native is not None else {}), "function": rest}, spelling)
    return Tool(
        name=needed_text(function, "name", f"{path}.function"),
        description=description or "",
        schema=None if parameters is None else an_object(parameters, f"{path}.function.parameters"),
        native=native,
    )


def _write_tools(request: Request, members: Members, losses: Losses) -> None:
    tools, choice = request.tools, request.tool_choice
    if choice is not None:
        if choice.names:  # a tool that the model does not know cannot be called
            tools = [tool for tool in tools if tool.name in choice.names]
        match choice.mode:
            case "auto":
                pass
            case "none":
                if tools:
                    losses.add("tools", why.TOOLS_LEFT_OUT)
                tools = []
            case "required":
                losses.add("tool_choice", why.NO_TOOL_CHOICE)
        put_back({}, choice.native, OWN, losses, "tool_choice")
    if request.parallel_tools is False:
        losses.add("parallel_tool_calls", why.NO_SERIAL_TOOLS)
    written = [_write_tool(tool, f"tools[{i}]", losses) for i, tool in enumerate(tools)]
    if written or spelled(request.native, "tools"):
        members["tools"] = written


def _write_tool(tool: Tool, path: str, losses: Losses) -> Members:
    native = tool.native
    if tool.cache is not None:
        losses.add(f"{path}.cache", why.NO_CACHE)
    if tool.foreign:
        if native is None or native.format is not Format.OLLAMA:
            raise losses.refuse(path, why.NO_SERVER_TOOLS)
        return dict(native.members)
    if tool.custom:
        raise losses.refuse(path, why.NO_CUSTOM_TOOLS)
    if tool.strict:
        losses.add(f"{path}.strict", why.NO_STRICT)
    function: Members = {"name": tool.name}
    said = spelled(native, "description")
    if tool.description:
        function["description"] = tool.description
    elif isinstance(said, list):
        function["description"] = said[0]
    bare = spelled(native, "parameters")
    if tool.schema is not None:
        function["parameters"] = tool.schema
    elif not isinstance(bare, list):
        function["parameters"] = {"type": "object", "properties": {}}
    elif bare:
        function["parameters"] = None
    rest = native.members.get("function") if native is not None and native.format is OWN else None
    if is_object(rest):
        function.update(rest)
    written: Members = {} if spelled(native, "no_type") else {"type": "function"}
    written["function"] = function
    put_back(written, native, OWN, losses, path)
    put_idle(written, native)
    return written


def _read_format(value: object, spelling: dict[str, object]) -> OutputSchema | None:
    match value:
        case None:
            return None
        case "":
            spelling["format"] = ""
            return None
        case "json":
            return OutputSchema()
        case dict():
            return OutputSchema(schema=value)
        case _:
            raise BadShape("format", "must be `json` or a JSON schema")


def _write_format(output: OutputSchema, members: Members, losses: Losses) -> None:
    members["format"] = "json" if output.schema is None else output.schema
    if output.description:
        losses.add("response_format.description", why.NO_SCHEMA_TEXT)
    put_back({}, output.native, OWN, losses, "response_format")


def _read_think(value: object) -> Thinking | None:
    match value:
        case None:
            return None
        case bool():
            return Thinking(enabled=value)
        case str() if value:
            return Thinking(enabled=True, effort=value, native=Spelled(OWN, {}, {"level": value}))
        case _:
            raise BadShape("think", "must be true, false or a level (low, medium, high)")


def _write_think(request: Request, members: Members, losses: Losses) -> None:
    """Levels are refused for all models but gpt-oss (server/routes.go of ollama/ollama, "think value ... is not
    supported for this model"), so the others are told to think.
    """
    thinking = request.thinking
    if thinking is None:
        return
    enabled, effort = thinking.enabled, thinking.effort
    if thinking.budget is not None:
        losses.add("thinking.budget", why.NO_BUDGET)
        enabled = thinking.budget != 0 if enabled is None else enabled
    if thinking.show is False:
        losses.add("thinking.show", why.NO_SHOW)
    if thinking.summary is not None:
        losses.add("thinking.summary", why.NO_SUMMARY)
    put_back({}, thinking.native, OWN, losses, "thinking")
    if effort is not None and spelled(thinking.native, "level") == effort:
        members["think"] = effort
    elif effort == "none" or enabled is False:
        members["think"] = False
    elif effort is not None:
        level = _NEAREST.get(effort, effort)
        if level in _LEVELS and "gpt-oss" in request.model:
            members["think"] = level
        else:
            members["think"] = True
        if members["think"] != effort:
            losses.add("thinking.effort", why.NO_EFFORT)
    elif enabled:
        members["think"] = True


def _read_options(members: Members, spelling: dict[str, object]) -> tuple[Members, Members]:
    """The options that every format has, and the others."""
    value = members.get("options")
    if value is None:
        return {}, {}
    options = an_object(value, "options")
    if not options:
        spelling["options"] = True
    known = {name: held for name, held in options.items() if name in _OPTIONS and held is not None}
    known = {name: held for name, held in known.items() if name != "num_predict" or not _unlimited(held)}
    return known, {name: held for name, held in options.items() if name not in known}


def _unlimited(value: object) -> bool:
    """-1 is no limit, -2 the context's."""
    return isinstance(value, int) and value < 0


def _read_sampling(options: Members, members: Members) -> Sampling:
    return Sampling(
        max_tokens=whole(options, "num_predict", "options"),
        temperature=number(options, "temperature", "options"),
        top_p=number(options, "top_p", "options"),
        top_k=number(options, "top_k", "options"),
        min_p=number(options, "min_p", "options"),
        stop=texts(options, "stop", "options"),
        seed=whole(options, "seed", "options"),
        frequency_penalty=number(options, "frequency_penalty", "options"),
        presence_penalty=number(options, "presence_penalty", "options"),
        logprobs=flag(members, "logprobs"),
        top_logprobs=whole(members, "top_logprobs"),
    )


def _write_sampling(request: Request, members: Members, losses: Losses) -> None:
    sampling, native = request.sampling, request.native
    given: Members = {
        "num_predict": sampling.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
        "stop": sampling.stop,
        "seed": sampling.seed,
        "frequency_penalty": sampling.frequency_penalty,
        "presence_penalty": sampling.presence_penalty,
    }
    options: Members = {name: value for name, value in given.items() if value is not None}
    if native is not None and native.format is OWN and is_object(others := native.members.get("options")):
        options.update(others)
    if options or spelled(native, "options"):
        members["options"] = options
    if sampling.logprobs is not None:
        members["logprobs"] = sampling.logprobs
    if sampling.top_logprobs is not None:
        members["top_logprobs"] = sampling.top_logprobs
    if sampling.candidates is not None and sampling.candidates > 1:
        losses.add("n", why.NO_CANDIDATES)
    if sampling.logit_bias:
        losses.add("logit_bias", why.NO_LOGIT_BIAS)


def _note_losses(request: Request, losses: Losses) -> None:
    """What the format has no place for."""
    if request.modalities is not None and request.modalities != ["text"]:
        raise losses.refuse("modalities", why.NO_MODALITIES)
    for lost, name, reason in (
        (request.verbosity, "verbosity", why.NO_VERBOSITY),
        (request.user, "user", why.NO_USER),
        (request.metadata, "metadata", why.NO_METADATA),
        (request.service_tier, "service_tier", why.NO_SERVICE_TIER),
        (request.store, "store", why.NO_STORE),
        (request.cache, "cache_control", why.NO_CACHE),
    ):
        if lost:
            losses.add(name, reason)
