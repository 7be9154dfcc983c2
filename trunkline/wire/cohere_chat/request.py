"""Requests: what `/v2/chat` takes."""

from __future__ import annotations

from typing import Final

from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Message, Native, ToolResult
from trunkline.ir.request import OutputSchema, Request, Sampling, Thinking, Tool, ToolChoice
from trunkline.wire.codec import NOT_NAMED, Members, Named
from trunkline.wire.cohere_chat import losses as why
from trunkline.wire.cohere_chat.message_reader import read_documents, read_messages
from trunkline.wire.cohere_chat.message_writer import write_messages
from trunkline.wire.cohere_chat.shapes import (
    OWN,
    a_list,
    an_object,
    flag,
    kept,
    needed_text,
    nested,
    number,
    put_nested,
    put_nulls,
    spelled,
    text,
    texts,
    whole,
)
from trunkline.wire.natives import put_back

_TUNING: Final = frozenset(
    (
        *("max_tokens", "temperature", "p", "k", "stop_sequences", "seed", "frequency_penalty", "presence_penalty"),
        "logprobs",
    )
)
_KNOWN: Final = _TUNING | {
    *("model", "messages", "stream", "tools", "tool_choice", "strict_tools", "response_format", "thinking"),
    "documents",
}
_THINKING: Final = frozenset({"type", "token_budget"})
_FORMAT: Final = frozenset({"type", "json_schema", "schema"})
_TOOL: Final = frozenset({"type", "function"})
_FUNCTION: Final = frozenset({"name", "description", "parameters"})


def read_request(members: Members, named: Named = NOT_NAMED) -> Request:
    """A client's request.

    Raises:
        BadShape: it does not have the format's shape.
    """
    spelling: dict[str, object] = {}
    strict = flag(members, "strict_tools")
    tools = [_read_tool(tool, i, strict) for i, tool in enumerate(_list(members, "tools", spelling))]
    if strict is not None and all(tool.foreign for tool in tools):
        spelling["strict_tools"] = strict
    messages = read_messages(members.get("messages"))
    documents = read_documents(_list(members, "documents", spelling))
    if documents:
        messages.insert(_place_of_documents(messages), Message(role="user", parts=documents))
    stream = flag(members, "stream")
    if stream is False:
        spelling["stream"] = False
    return Request(
        model=text(members, "model") or named.model,
        messages=messages,
        tools=tools,
        tool_choice=_read_choice(text(members, "tool_choice")),
        output=_read_format(members, spelling),
        thinking=_read_thinking(members),
        sampling=_read_sampling(members),
        stream=bool(named.stream) if stream is None else stream,
        native=kept(members, _KNOWN, spelling),
    )


def write_request(request: Request, losses: Losses) -> Members:
    """The body for a provider.

    Raises:
        Untranslatable: it holds content, a tool or an output schema that the format cannot express.
    """
    native = request.native
    messages, documents = write_messages(request.messages, losses)
    members: Members = {"model": request.model} if request.model else {}
    members["messages"] = messages
    if request.stream or spelled(native, "stream") is False:
        members["stream"] = request.stream
    if documents or spelled(native, "documents"):
        members["documents"] = documents
    _write_tools(request, members, losses)
    if request.output is not None:
        members["response_format"] = _write_format(request.output, losses)
    elif (plain := spelled(native, "response_format")) is not None:
        members["response_format"] = plain
    if request.thinking is not None:
        _write_thinking(request.thinking, members, losses)
    _write_sampling(request.sampling, members, losses)
    _note_losses(request, losses)
    put_back(members, native, OWN, losses)
    put_nulls(members, native)
    return members


def _place_of_documents(messages: list[Message]) -> int:
    """Before the question that they are to answer."""
    for i in range(len(messages) - 1, -1, -1):
        if messages[i].role == "user" and any(not isinstance(part, ToolResult) for part in messages[i].parts):
            return i
    return len(messages)


def _list(members: Members, name: str, spelling: dict[str, object]) -> list[object]:
    value = members.get(name)
    if value is None:
        return []
    found = a_list(value, name)
    if not found:
        spelling[name] = True
    return found


def _read_tool(value: object, index: int, strict: bool | None) -> Tool:
    path = f"tools[{index}]"
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
    if (description := text(function, "description", f"{path}.function")) == "":
        spelling["description"] = True
    rest = {name: held for name, held in function.items() if name not in _FUNCTION}
    if description is None and "description" in function:
        rest["description"] = None
    return Tool(
        name=needed_text(function, "name", f"{path}.function"),
        description=description or "",
        schema=None if parameters is None else an_object(parameters, f"{path}.function.parameters"),
        strict=strict,
        native=nested(kept(tool, _TOOL, spelling), "function", rest),
    )


def _write_tools(request: Request, members: Members, losses: Losses) -> None:
    native, choice = request.native, request.tool_choice
    tools = request.tools
    if choice is not None and choice.names:
        # Cohere cannot name a tool; it cannot call one that it does not know.
        tools = [tool for tool in tools if tool.name in choice.names]
    written = [_write_tool(tool, f"tools[{i}]", losses) for i, tool in enumerate(tools)]
    if written or spelled(native, "tools"):
        members["tools"] = written
    strict = {tool.strict for tool in tools if not tool.foreign}
    if strict == {True} or strict == {False}:
        members["strict_tools"] = strict == {True}
    elif True in strict:
        losses.add("tools[].strict", why.SOME_STRICT)
    elif not strict and isinstance(spelled(native, "strict_tools"), bool):
        members["strict_tools"] = spelled(native, "strict_tools")
    if request.parallel_tools is False:
        losses.add("parallel_tool_calls", why.NO_SERIAL_TOOLS)
    if choice is not None:
        match choice.mode:
            case "auto":
                pass
            case "none":
                members["tool_choice"] = "NONE"
            case "required":
                members["tool_choice"] = "REQUIRED"
        put_back({}, choice.native, OWN, losses, "tool_choice")


def _write_tool(tool: Tool, path: str, losses: Losses) -> Members:
    if tool.cache is not None:
        losses.add(f"{path}.cache", why.NO_CACHE)
    native = tool.native
    if tool.foreign:
        if native is None or native.format is not Format.COHERE_CHAT:
            raise losses.refuse(path, why.NO_SERVER_TOOLS)
        return dict(native.members)
    if tool.custom:
        raise losses.refuse(path, why.NO_CUSTOM_TOOLS)
    function: Members = {"name": tool.name}
    if tool.description or spelled(native, "description"):
        function["description"] = tool.description
    bare = spelled(native, "parameters")
    if tool.schema is not None:
        function["parameters"] = tool.schema
    elif not isinstance(bare, list):
        function["parameters"] = {"type": "object", "properties": {}}
    elif bare:
        function["parameters"] = None
    put_nested(function, native, "function")
    written: Members = (
        {"function": function} if spelled(native, "no_type") else {"type": "function", "function": function}
    )
    put_back(written, native, OWN, losses, path)
    put_nulls(written, native)
    return written


def _read_choice(word: str | None) -> ToolChoice | None:
    match word:
        case None:
            return None
        case "REQUIRED":
            return ToolChoice(mode="required")
        case "NONE":
            return ToolChoice(mode="none")
        case _:
            raise BadShape(
                "tool_choice", f"`{word}` is neither REQUIRED nor NONE; leave it out for the model to choose"
            )


def _read_format(members: Members, spelling: dict[str, object]) -> OutputSchema | None:
    value = members.get("response_format")
    if value is None:
        return None
    path = "response_format"
    given = an_object(value, path)
    match text(given, "type", path):
        case "text":
            spelling["response_format"] = given
            return None
        case "json_object":
            pass
        case other:
            raise BadShape(f"{path}.type", f"`{other}` is neither text nor json_object")
    schema, older = given.get("json_schema"), given.get("schema")
    how: dict[str, object] = {}
    if schema is None and older is not None:
        schema, how["schema"] = older, "schema"
    native = kept(given, _FORMAT if "schema" in how or older is None else _FORMAT - {"schema"}, how)
    return OutputSchema(schema=None if schema is None else an_object(schema, f"{path}.json_schema"), native=native)


def _write_format(output: OutputSchema, losses: Losses) -> Members:
    written: Members = {"type": "json_object"}
    if output.schema is not None:
        written["schema" if spelled(output.native, "schema") else "json_schema"] = output.schema
    if output.description:
        losses.add("response_format.description", why.NO_SCHEMA_TEXT)
    put_back(written, output.native, OWN, losses, "response_format")
    put_nulls(written, output.native)
    return written


def _read_thinking(members: Members) -> Thinking | None:
    value = members.get("thinking")
    if value is None:
        return None
    given = an_object(value, "thinking")
    kind = text(given, "type", "thinking")
    spelling: dict[str, object] = {}
    if kind not in ("enabled", "disabled"):
        spelling["type"] = [kind] if "type" in given else []
    budget = whole(given, "token_budget", "thinking")
    if budget is not None and budget < 0:
        raise BadShape("thinking.token_budget", "must be positive")
    return Thinking(
        enabled=kind == "enabled" if kind in ("enabled", "disabled") else None,
        budget=budget,
        native=kept(given, _THINKING, spelling),
    )


def _write_thinking(thinking: Thinking, members: Members, losses: Losses) -> None:
    written: Members = {}
    enabled, kind = thinking.enabled, spelled(thinking.native, "type")
    if thinking.effort is not None:
        losses.add("thinking.effort", why.NO_EFFORT)
        enabled = thinking.effort != "none" if enabled is None else enabled
    if thinking.budget is not None and thinking.budget != -1:
        written["token_budget"] = thinking.budget
        enabled = True if enabled is None and not isinstance(kind, list) else enabled
    if enabled is not None:
        written["type"] = "enabled" if enabled else "disabled"
    elif isinstance(kind, list) and kind:
        written["type"] = kind[0]
    if thinking.show is False:
        losses.add("thinking.show", why.NO_SHOW)
    if thinking.summary is not None:
        losses.add("thinking.summary", why.NO_SUMMARY)
    put_back(written, thinking.native, OWN, losses, "thinking")
    put_nulls(written, thinking.native)
    if written or isinstance(kind, list):
        members["thinking"] = written


def _read_sampling(members: Members) -> Sampling:
    if members.keys().isdisjoint(_TUNING):
        return Sampling()
    return Sampling(
        max_tokens=whole(members, "max_tokens"),
        temperature=number(members, "temperature"),
        top_p=number(members, "p"),
        top_k=whole(members, "k"),
        stop=texts(members, "stop_sequences"),
        seed=whole(members, "seed"),
        frequency_penalty=number(members, "frequency_penalty"),
        presence_penalty=number(members, "presence_penalty"),
        logprobs=flag(members, "logprobs"),
    )


def _write_sampling(sampling: Sampling, members: Members, losses: Losses) -> None:
    top_k = sampling.top_k
    if isinstance(top_k, float) and not top_k.is_integer():
        losses.add("top_k", why.NO_WHOLE_TOP_K)
    given: Members = {
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
        "p": sampling.top_p,
        "k": None if top_k is None else int(top_k),
        "stop_sequences": sampling.stop,
        "seed": sampling.seed,
        "frequency_penalty": sampling.frequency_penalty,
        "presence_penalty": sampling.presence_penalty,
        "logprobs": sampling.logprobs,
    }
    members.update((name, value) for name, value in given.items() if value is not None)
    if sampling.candidates is not None and sampling.candidates > 1:
        losses.add("n", why.NO_CANDIDATES)
    if sampling.min_p is not None:
        losses.add("min_p", why.NO_MIN_P)
    if sampling.top_logprobs:
        losses.add("top_logprobs", why.NO_TOP_LOGPROBS)
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
