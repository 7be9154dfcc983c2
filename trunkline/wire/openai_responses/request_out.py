"""A request for a provider: messages to input items, everything else to its member."""

from __future__ import annotations

from typing import Final, assert_never

from trunkline.ir.losses import Losses
from trunkline.ir.parts import Foreign, Media, Message, Reasoning, Text, ToolCall, ToolResult
from trunkline.ir.request import Request
from trunkline.ir.tool_ids import OPENAI, map_id
from trunkline.wire.codec import Members
from trunkline.wire.openai_responses import losses as reasons
from trunkline.wire.openai_responses.content import CONTENT, own_content, report_hint, write_content, write_output
from trunkline.wire.openai_responses.ids import is_minted
from trunkline.wire.openai_responses.items import (
    ENCRYPTED,
    item_members,
    starts_item,
    write_call,
    write_image,
    write_reasoning,
)
from trunkline.wire.openai_responses.knobs import (
    write_reasoning_options,
    write_schema,
    write_tool,
    write_tool_choice,
)
from trunkline.wire.openai_responses.request_in import LOGPROBS
from trunkline.wire.openai_responses.shape import OWN, form_of, is_object, own, restore

_ENCRYPTED_CONTENT: Final = "reasoning.encrypted_content"


def write_request(request: Request, losses: Losses) -> Members:
    """The body for a provider.

    Raises:
        Untranslatable: it holds content, a tool or an output schema that the format cannot express.
    """
    out: Members = {}
    if request.model:
        out["model"] = request.model
    _write_messages(out, request.messages, losses)
    if request.tools:
        out["tools"] = [write_tool(tool, f"tools[{n}]", losses) for n, tool in enumerate(request.tools)]
    if request.tool_choice is not None:
        custom = frozenset(tool.name for tool in request.tools if tool.custom)
        out["tool_choice"] = write_tool_choice(request.tool_choice, custom)
    if request.parallel_tools is not None:
        out["parallel_tool_calls"] = request.parallel_tools
    if request.thinking is not None:
        options = write_reasoning_options(request.thinking, losses)
        if options or own(request.thinking.native) is not None:
            out["reasoning"] = options
    _write_text(out, request, losses)
    _write_sampling(out, request, losses)
    _write_rest(out, request, losses)
    restore(out, request.native, losses, "")
    if own(request.native) is None:
        _stateless(out, request)
    return out


def _stateless(out: Members, request: Request) -> None:
    """The client's format keeps nothing at the provider, so that what the next turn needs comes back in the answer.

    OpenAI refuses `reasoning.encrypted_content` for models that do not reason: it is asked for with the reasoning.
    """
    out.setdefault("store", False)
    include: list[str] = []
    thinking = request.thinking
    if thinking is not None and thinking.enabled is not False and thinking.effort != "none" and thinking.budget != 0:
        include.append(_ENCRYPTED_CONTENT)
    if request.sampling.logprobs:
        include.append(LOGPROBS)
    if include:
        out.setdefault("include", include)


def _write_text(out: Members, request: Request, losses: Losses) -> None:
    members: Members = {}
    if request.output is not None:
        members["format"] = write_schema(request.output, losses)
    if request.verbosity is not None:
        members["verbosity"] = request.verbosity
    native = own(request.native)
    before = form_of(native, "text")
    if is_object(before) and native is not None:
        more = native.members.get("text")
        for source in (more if is_object(more) else {}, before):
            for name, value in source.items():
                members.setdefault(name, value)
        out["text"] = members
    elif members:
        out["text"] = members


def _write_sampling(out: Members, request: Request, losses: Losses) -> None:
    sampling = request.sampling
    for name, value in (
        ("max_output_tokens", sampling.max_tokens),
        ("temperature", sampling.temperature),
        ("top_p", sampling.top_p),
        ("top_logprobs", sampling.top_logprobs),
    ):
        if value is not None:
            out[name] = value
    mine = own(request.native) is not None
    for name, penalty in (
        ("frequency_penalty", sampling.frequency_penalty),
        ("presence_penalty", sampling.presence_penalty),
    ):
        if penalty is None:
            continue
        if mine:
            out[name] = penalty  # some hosts of this format take them
        elif penalty:
            losses.add(name, reasons.NO_PENALTY)
    for name, given, reason in (
        ("top_k", sampling.top_k is not None, reasons.NO_TOP_K),
        ("min_p", sampling.min_p is not None, reasons.NO_MIN_P),
        ("stop", bool(sampling.stop), reasons.NO_STOP),
        ("seed", sampling.seed is not None, reasons.NO_SEED),
        ("logit_bias", bool(sampling.logit_bias), reasons.NO_LOGIT_BIAS),
        ("n", sampling.candidates not in {None, 1}, reasons.ONE_ANSWER),
    ):
        if given:
            losses.add(name, reason)


def _write_rest(out: Members, request: Request, losses: Losses) -> None:
    if request.modalities is not None and any(kind != "text" for kind in request.modalities):
        raise losses.refuse("modalities", reasons.NO_MODALITIES)
    if request.cache is not None:
        losses.add("cache", reasons.NO_CACHE)
    if request.user is not None:
        out["safety_identifier" if form_of(request.native, "user") else "user"] = request.user
    for name, value in (
        ("metadata", request.metadata),
        ("service_tier", request.service_tier),
        ("store", request.store),
    ):
        if value is not None:
            out[name] = value
    if request.stream:
        out["stream"] = True


def is_instructions(messages: list[Message]) -> bool:
    """Whether the first message goes into `instructions`: one plain text that did not come as an item of `input`."""
    return bool(messages) and messages[0].role in {"system", "developer"} and _is_short(messages[0])


def _is_short(message: Message) -> bool:
    return (
        own(message.native) is None
        and len(message.parts) == 1
        and isinstance(part := message.parts[0], Text)
        and not part.refusal
        and own(part.native) is None
    )


def _write_messages(out: Members, messages: list[Message], losses: Losses) -> None:
    start = 0
    if is_instructions(messages):
        start = 1
        out["instructions"] = _short(messages[0], 0, losses)
    if len(messages) == start + 1 and messages[start].role == "user" and _is_short(messages[start]):
        out["input"] = _short(messages[start], start, losses)
        return
    writer = _Writer(losses)
    for place in range(start, len(messages)):
        writer.add(messages[place], f"messages[{place}]")
    if writer.items:
        out["input"] = writer.items


def _short(message: Message, place: int, losses: Losses) -> str:
    part = message.parts[0]
    assert isinstance(part, Text)
    path = f"messages[{place}]"
    _report_message(message, path, losses)
    report_hint(part, f"{path}.content[0]", losses)
    restore({}, part.native, losses, f"{path}.content[0]")
    return part.text


def _report_message(message: Message, path: str, losses: Losses) -> None:
    if message.name:
        losses.add(f"{path}.name", reasons.NO_NAMES)
    if own(message.native) is None:
        restore({}, message.native, losses, path)


class _Writer:
    """Writes messages as items, in order."""

    __slots__ = ("_content", "_content_path", "_losses", "_message", "_plain", "items")

    def __init__(self, losses: Losses) -> None:
        self.items: list[object] = []
        self._losses = losses
        self._message: Members | None = None
        """The message item under way."""
        self._content: list[Members] = []
        self._plain = False
        """The item under way is a single text so far, and may be written as a string."""

    def add(self, message: Message, path: str) -> None:
        """Write one message."""
        _report_message(message, path, self._losses)
        assistant = message.role == "assistant"
        if not message.parts and own(message.native) is not None:
            self._open(message)
        for n, part in enumerate(message.parts):
            place = f"{path}.content[{n}]"
            match part:
                case Text() if assistant:
                    self._add_output(part, place)
                case Text():
                    self._add_content(message, part, place)
                case Media() if form_of(part.native, "call"):
                    self._close()
                    item = write_image(part)
                    restore(item, part.native, self._losses, place)
                    self.items.append(item)
                case Media() if assistant:
                    raise self._losses.refuse(place, reasons.NOT_HERE)
                case Media():
                    self._add_content(message, part, place)
                case Foreign():
                    self._add_foreign(message, part, place)
                case Reasoning():
                    self._add_reasoning(part, place)
                case ToolCall():
                    self._add_call(part, place)
                case ToolResult():
                    self._add_result(part, place)
                case _:
                    assert_never(part)
        self._close()

    def _open(self, message: Message) -> None:
        native = own(message.native)
        self._message = {"role": message.role}
        self._plain = native is None or not native.form.get("list")
        if native is not None:
            restore(self._message, native, self._losses, "")

    def _close(self) -> None:
        item = self._message
        if item is None:
            return
        content = self._content
        if self._plain and len(content) == 1 and content[0].keys() <= {"type", "text", "annotations"}:
            item["content"] = content[0]["text"]
        else:
            item["content"] = content
        self.items.append(item)
        self._message, self._content, self._plain = None, [], False

    def _add_content(self, message: Message, part: Text | Media | Foreign, path: str) -> None:
        if self._message is None:
            self._open(message)
        self._content.append(write_content(part, path, self._losses))
        if not isinstance(part, Text):
            self._plain = False

    def _add_output(self, part: Text, path: str) -> None:
        first = starts_item(part)
        if first or self._message is None:
            self._close()
            native = own(part.native)
            self._message = item_members(part) if first else {"role": "assistant"}
            self._plain = bool(form_of(native, "string")) if first else not part.refusal and not part.citations
        if part.opaque is not None:
            self._losses.add(path, reasons.NO_STATE)
        if not form_of(part.native, "empty"):
            self._content.append(write_output(part, path, self._losses))

    def _add_foreign(self, message: Message, part: Foreign, path: str) -> None:
        if part.format is OWN and not part.kind.startswith(CONTENT):
            self._close()
            if part.kind == "item_reference" and is_object(part.data) and is_minted(part.data.get("id")):
                raise self._losses.refuse(path, reasons.OURS)
            self.items.append(part.data)
        elif message.role == "assistant":
            content = own_content(part, path, self._losses)
            if self._message is None:
                self._message = {"role": "assistant"}
            self._plain = False
            self._content.append(content)
        else:
            self._add_content(message, part, path)

    def _add_reasoning(self, part: Reasoning, path: str) -> None:
        opaque = part.opaque
        if own(part.native) is None if opaque is None else opaque.kind != ENCRYPTED:
            self._losses.add(path, reasons.NO_REASONING)
            return
        self._close()
        item = write_reasoning(part)
        if own(part.native) is None:
            restore(item, part.native, self._losses, path)
        if opaque is not None:
            if opaque.id:
                item["id"] = opaque.id
            item["encrypted_content"] = opaque.data
        self.items.append(item)

    def _add_call(self, part: ToolCall, path: str) -> None:
        self._close()
        item = write_call(part, map_id(part.id, OPENAI))
        if part.cache is not None:
            self._losses.add(f"{path}.cache", reasons.NO_CACHE)
        if part.opaque is not None:
            self._losses.add(path, reasons.NO_STATE)
        restore(item, part.native, self._losses, path)
        self.items.append(item)

    def _add_result(self, part: ToolResult, path: str) -> None:
        self._close()
        item: Members = {
            "type": "custom_tool_call_output" if part.custom else "function_call_output",
            "call_id": map_id(part.call_id, OPENAI),
        }
        if part.name and form_of(part.native, "named"):
            item["name"] = part.name
        content = [write_content(entry, f"{path}.content[{n}]", self._losses) for n, entry in enumerate(part.content)]
        if form_of(part.native, "list") or len(content) > 1:
            item["output"] = content
        elif not content:
            item["output"] = ""
        else:
            only = content[0]
            plain = only.get("type") == "input_text" and len(only) == 2
            item["output"] = only["text"] if plain else content
        if part.is_error:
            self._losses.add(f"{path}.is_error", reasons.NO_ERROR_FLAG)
        if part.cache is not None:
            self._losses.add(f"{path}.cache", reasons.NO_CACHE)
        if part.opaque is not None:
            self._losses.add(path, reasons.NO_STATE)
        restore(item, part.native, self._losses, path)
        self.items.append(item)
