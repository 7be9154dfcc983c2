"""A client's request: input items to messages, everything else to its place.

platform.openai.com/docs/api-reference/responses/create. Consecutive items of the assistant (reasoning, messages, calls,
server tools) are one message here, consecutive tool results are another; each goes back into an item of its own.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from trunkline.ir.losses import BadShape
from trunkline.ir.parts import Foreign, Message, Opaque, Part, Reasoning, Text, ToolResult
from trunkline.ir.request import Request, Sampling
from trunkline.wire.codec import Members, Named
from trunkline.wire.openai_responses.content import read_content
from trunkline.wire.openai_responses.ids import is_minted
from trunkline.wire.openai_responses.items import BEHIND, read_item, read_message
from trunkline.wire.openai_responses.knobs import read_reasoning, read_schema, read_tool, read_tool_choice
from trunkline.wire.openai_responses.shape import (
    OWN,
    a_list,
    an_object,
    flag,
    join,
    leftovers,
    needed_text,
    number,
    or_none,
    spelled,
    text,
    whole,
)

KNOWN: Final = frozenset({
    "model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "text", "reasoning",
    "max_output_tokens", "temperature", "top_p", "top_logprobs", "frequency_penalty", "presence_penalty", "stream",
    "user", "metadata", "service_tier", "store", "include",
})  # fmt: skip
HONOURED: Final = frozenset({"reasoning.encrypted_content", "message.output_text.logprobs"})
"""What of `include` every translated answer does as well."""
LOGPROBS: Final = "message.output_text.logprobs"
_SAYS_NOTHING: Final[tuple[tuple[str, object], ...]] = (
    ("background", False),
    ("truncation", "disabled"),
    ("stream_options", {"include_obfuscation": False}),
    ("stream_options", {}),
)
"""Members with these values ask for nothing."""
_MESSAGE: Final = frozenset({"role", "content"})
_RESULT: Final = frozenset({"type", "call_id", "output", "name"})
_QUIET: Final = frozenset({"type", "id", "status"})
_USERS: Final = frozenset({"additional_tools", "compaction_trigger", "configuration_update", "mcp_approval_response"})
"""Items that the client adds, beside those whose type ends in `_output`."""


def read_request(members: Members, named: Named) -> Request:
    """A client's request.

    Raises:
        BadShape: it does not have the format's shape.
    """
    rest, put = leftovers(members, KNOWN)
    form: Members = {}
    for name, value in _SAYS_NOTHING:
        if name in rest and rest[name] == value:
            put[name] = rest.pop(name)
    request = Request(
        model=text(members, "model") or named.model,
        messages=_read_messages(members, put),
        parallel_tools=flag(members, "parallel_tool_calls"),
        sampling=_read_sampling(members),
        user=text(members, "user"),
        service_tier=text(members, "service_tier"),
        store=flag(members, "store"),
    )
    _read_end_user(request, rest, form)
    if members.get("model") == "":
        put["model"] = ""
    stream = flag(members, "stream")
    if stream is False:
        put["stream"] = False
    request.stream = bool(stream) if stream is not None or named.stream is None else named.stream
    if members.get("metadata") is not None:
        request.metadata = an_object(members["metadata"], "metadata")
    _read_tools(request, members, put)
    if members.get("reasoning") is not None:
        request.thinking = read_reasoning(members["reasoning"])
    _read_text(request, members, rest, form)
    _read_include(request, members, rest, put)
    request.native = spelled(rest, form, put)
    return request


def _read_sampling(members: Members) -> Sampling:
    return Sampling(
        max_tokens=whole(members, "max_output_tokens"),
        temperature=number(members, "temperature"),
        top_p=number(members, "top_p"),
        frequency_penalty=number(members, "frequency_penalty"),
        presence_penalty=number(members, "presence_penalty"),
        top_logprobs=whole(members, "top_logprobs"),
    )


def _read_end_user(request: Request, rest: Members, form: Members) -> None:
    """`safety_identifier` replaces `user` since 2025; either may say who the end user is."""
    identifier = text(rest, "safety_identifier")
    if request.user is None and identifier is not None:
        request.user = identifier
        form["user"] = "safety_identifier"
        del rest["safety_identifier"]


def _read_tools(request: Request, members: Members, put: Members) -> None:
    tools = members.get("tools")
    if tools is not None:
        request.tools = [read_tool(tool, f"tools[{n}]") for n, tool in enumerate(a_list(tools, "tools"))]
        if not request.tools:
            put["tools"] = []
    if members.get("tool_choice") is not None:
        request.tool_choice = read_tool_choice(members["tool_choice"])


def _read_text(request: Request, members: Members, rest: Members, form: Members) -> None:
    value = members.get("text")
    if value is None:
        return
    item = an_object(value, "text")
    more, put = leftovers(item, frozenset({"format", "verbosity"}))
    request.verbosity = text(item, "verbosity", "text")
    if item.get("format") is not None:
        request.output = read_schema(item["format"])
        if request.output is None:
            (put if item["format"] == {"type": "text"} else more)["format"] = item["format"]
    form["text"] = put
    if more:
        rest["text"] = more


def _read_include(request: Request, members: Members, rest: Members, put: Members) -> None:
    include = members.get("include")
    if include is None:
        return
    values = a_list(include, "include")
    if LOGPROBS in values:
        request.sampling.logprobs = True
    (put if all(isinstance(value, str) and value in HONOURED for value in values) else rest)["include"] = include


def _read_messages(members: Members, put: Members) -> list[Message]:
    messages: list[Message] = []
    instructions = text(members, "instructions")
    if instructions:
        messages.append(Message(role="system", parts=[Text(text=instructions)]))
    elif instructions is not None:
        put["instructions"] = instructions
    value = members.get("input")
    if isinstance(value, str):
        messages.append(Message(role="user", parts=[Text(text=value)]))
    elif value is not None:
        items = _Items(messages)
        for place, item in enumerate(a_list(value, "input")):
            path = f"input[{place}]"
            items.add(an_object(item, path), path)
        if not value:
            put["input"] = []
    return messages


class _Items:
    """Gathers items into messages."""

    __slots__ = ("_assistant", "_messages", "_user")

    def __init__(self, messages: list[Message]) -> None:
        self._messages = messages
        self._assistant: list[Part] | None = None
        self._user: list[Part] | None = None

    def add(self, item: Members, path: str) -> None:
        """Take one item of `input`."""
        kind = text(item, "type", path)
        if kind is None:
            kind = "message" if "role" in item else "item_reference"
        match kind:
            case "message" if item.get("role") == "assistant":
                self._of_assistant([part for _, part in read_message(item, path, client=True)])
            case "message":
                self._assistant = self._user = None
                self._messages.append(_read_own_message(item, path))
            case "function_call_output" | "custom_tool_call_output" if item.get("call_id") is not None:
                self._of_user(_read_result(item, path))
            case "item_reference":
                needed_text(item, "id", path)
                self._of_assistant([Foreign(format=OWN, kind=kind, data=item)])
            case _ if kind in _USERS or kind.endswith("_output"):
                self._of_user(Foreign(format=OWN, kind=kind, data=item))
            case _:
                self._of_assistant(read_item(item, path, client=True))

    def _of_assistant(self, parts: list[Part]) -> None:
        self._user = None
        if self._assistant is None:
            self._assistant = []
            self._messages.append(Message(role="assistant", parts=self._assistant))
        for part in parts:
            if isinstance(part, Reasoning) and part.opaque is not None and part.opaque.id == BEHIND:
                _give_back(self._assistant, part.opaque)
            else:
                self._assistant.append(part)

    def _of_user(self, part: Part) -> None:
        self._assistant = None
        if self._user is None:
            self._user = []
            self._messages.append(Message(role="user", parts=self._user))
        self._user.append(part)


def _give_back(parts: list[Part], opaque: Opaque) -> None:
    """Put state back on the part that it came on; where the client has removed that part, nobody needs it."""
    if parts and not isinstance(parts[-1], Foreign):
        parts[-1] = replace(parts[-1], opaque=replace(opaque, id=""))


def _read_own_message(item: Members, path: str) -> Message:
    role = needed_text(item, "role", path)
    match role:
        case "user" | "system" | "developer":
            pass
        case _:
            raise BadShape(join(path, "role"), "must be `user`, `assistant`, `system` or `developer`")
    members, put = leftovers(item, _MESSAGE, _QUIET)
    if is_minted(put.get("id")):
        del put["id"]
        put.pop("status", None)
    content, form = item.get("content"), dict[str, object]()
    parts: list[Part]
    if isinstance(content, str):
        parts = [Text(text=content)]
    else:
        entries = a_list(content, join(path, "content"))
        parts = [read_content(entry, f"{path}.content[{n}]") for n, entry in enumerate(entries)]
        form["list"] = True
    return Message(role=role, parts=parts, native=spelled(members, form, put))


def _read_result(item: Members, path: str) -> ToolResult:
    members, put = leftovers(item, _RESULT, _QUIET)
    if is_minted(put.get("id")):
        del put["id"]
        put.pop("status", None)
    output, form = item.get("output"), dict[str, object]()
    result = ToolResult(
        call_id=needed_text(item, "call_id", path),
        name=text(item, "name", path) or "",
        custom=item.get("type") == "custom_tool_call_output",
    )
    if not result.call_id:
        raise BadShape(join(path, "call_id"), "is empty; it names the call that this is the result of")
    if result.name:
        form["named"] = True
    if isinstance(output, str):
        if output:
            result.content.append(Text(text=output))
    elif isinstance(output, list):
        form["list"] = True
        result.content = [read_content(entry, f"{path}.output[{n}]") for n, entry in enumerate(output)]
    else:
        raise BadShape(join(path, "output"), "must be a string or an array of content")
    result.native = or_none(spelled(members, form, put))
    return result
