"""A request of any client, written as Gemini takes it."""

from __future__ import annotations

from typing import Final, assert_never

import msgspec

from trunkline.ir.losses import Losses
from trunkline.ir.parts import Foreign, Media, Message, Reasoning, Text, ToolCall, ToolResult
from trunkline.ir.request import Request
from trunkline.wire.codec import Members
from trunkline.wire.gemini import losses as why
from trunkline.wire.gemini.config import encode_config
from trunkline.wire.gemini.form import Form, is_object, restore, spelled
from trunkline.wire.gemini.parts_out import Aim, encode_part, encode_result
from trunkline.wire.gemini.signature import KIND, PLACEHOLDER
from trunkline.wire.gemini.spelling import to_snake
from trunkline.wire.gemini.tools import encode_choice, encode_tools


class Rules(msgspec.Struct, kw_only=True, frozen=True):
    """What the two hosts and the generations of models differ in."""

    vertex: bool = False
    openapi_schemas: bool = False
    """Schemas in the older dialect (`parameters`, `responseSchema`): models before 2.5 (providers.md B2)."""
    media_in_results: bool = True
    """Tool results may hold media (Gemini 3 and later); else they stand behind the result."""
    fill_signatures: bool = False
    """A turn's first call without a signature gets Google's placeholder: Gemini 3 answers 400 without one."""


_BLANK: Final[Members] = {"role": "user", "parts": [{"text": " "}]}
"""Gemini wants one turn of the user even where all is said in the system instruction (providers.md B2)."""


def encode_request(request: Request, losses: Losses, rules: Rules) -> Members:
    """Write a `generateContent` body; model and streaming stand in the path.

    Raises:
        Untranslatable: it holds content, a tool or a schema that Gemini cannot express.
    """
    native = request.native
    body: Members = {}
    writer = _Contents(request, losses, rules)
    contents = writer.write()
    if writer.system is not None:
        body["systemInstruction"] = writer.system
    body["contents"] = contents or [dict(_BLANK)]
    if spelled(native, "contents") == "object" and len(contents) == 1:
        body["contents"] = contents[0]
    bare = spelled(native, "bare")
    tools = encode_tools(request.tools, bare, losses, openapi=rules.openapi_schemas)
    if tools or spelled(native, "tools") == "empty":
        body["tools"] = tools
    if spelled(native, "tools") == "object" and len(tools) == 1:
        body["tools"] = tools[0]
    _tool_choice(request, body, losses)
    config = encode_config(request, losses, openapi=rules.openapi_schemas)
    if config or spelled(native, "generationConfig"):
        body["generationConfig"] = config
    _rest(request, body, losses, rules)
    restore(body, native, losses, "")
    inside = spelled(native, "model")
    if isinstance(inside, tuple) and inside[1] == request.model:  # routed elsewhere it would contradict the path
        body["model"] = inside[0]
    renamed = spelled(native, "snake")
    if isinstance(renamed, list):
        to_snake(body, renamed)
    return body


def _tool_choice(request: Request, body: Members, losses: Losses) -> None:
    choice, native = request.tool_choice, request.native
    if choice is not None:
        if request.tools or isinstance(native, Form):
            body["toolConfig"] = {"functionCallingConfig": encode_choice(choice, losses)}
        elif choice.mode == "required":
            losses.add("tool_choice", why.CHOICE_WITHOUT_TOOLS)
    elif spelled(native, "toolConfig"):
        body["toolConfig"] = {}
    if request.parallel_tools is False and request.tools:
        losses.add("parallel_tool_calls", why.PARALLEL)


_TIERS: Final = {"default": "standard", "auto": ""}
"""OpenAI's words for Google's; `flex` and `priority` are the same."""


def _rest(request: Request, body: Members, losses: Losses, rules: Rules) -> None:
    tier = request.service_tier
    if tier is not None:
        ours = isinstance(request.native, Form)
        tier = tier if ours else _TIERS.get(tier, tier)
        if not rules.vertex or ours:
            if tier:
                body["serviceTier"] = tier
        elif tier not in ("", "standard"):
            losses.add("service_tier", why.SERVICE_TIER)
    if request.verbosity is not None:
        losses.add("verbosity", why.VERBOSITY)
    if request.user is not None:
        losses.add("user", why.USER)
    if request.metadata:
        losses.add("metadata", why.METADATA)
    if request.store:
        losses.add("store", why.STORE)
    if request.cache is not None:
        losses.add("cache_control", why.CACHE_MARK)


class _Contents:
    """Writes the messages of one request."""

    __slots__ = ("_aim", "_names", "_native", "_request", "_rules", "system")

    def __init__(self, request: Request, losses: Losses, rules: Rules) -> None:
        self._request = request
        self._rules = rules
        self._aim = Aim(losses=losses, vertex=rules.vertex)
        self._native = isinstance(request.native, Form)
        self._names: dict[str, str] = {}
        self.system: object = None

    def write(self) -> list[Members]:
        contents: list[Members] = []
        results = False  # the last content holds tool results only, so that more of them belong to it
        for place, message in enumerate(self._request.messages):
            path = f"messages[{place}]"
            if message.name:
                self._aim.losses.add(f"{path}.name", why.NAME)
            match message.role:
                case "system" | "developer":
                    if contents and not self._native:
                        self._aim.losses.add(path, why.SYSTEM_PLACE)
                    self._add_system(message, path)
                case "user":
                    content = self._content(message, path, "user")
                    first = bool(message.parts) and isinstance(message.parts[0], ToolResult)
                    if results and first and not self._native:
                        self._join(contents[-1], content)
                    elif content.get("parts") or self._native:
                        contents.append(content)
                    results = first and all(isinstance(part, ToolResult) for part in message.parts)
                case "assistant":
                    content = self._content(message, path, "model")
                    if content.get("parts") or self._native:
                        contents.append(content)
                        results = False
                case _:
                    assert_never(message.role)
        return contents

    @staticmethod
    def _join(before: Members, content: Members) -> None:
        there, more = before["parts"], content["parts"]
        assert isinstance(there, list)
        assert isinstance(more, list)
        there += more

    def _content(self, message: Message, path: str, role: str) -> Members:
        parts = self._parts(message, path)
        if role == "model" and self._rules.fill_signatures:
            _fill(parts)
        content: Members = {"role": role, "parts": parts}
        _respell(content, message)
        restore(content, message.native, self._aim.losses, path)
        return content

    def _parts(self, message: Message, path: str) -> list[Members]:
        out: list[Members] = []
        aim = self._aim
        for place, part in enumerate(message.parts):
            inner = f"{path}.content[{place}]"
            match part:
                case Text():
                    if not part.text and part.opaque is None and not self._native and len(message.parts) > 1:
                        continue
                case Reasoning():
                    if self._foreign_reasoning(part, inner):
                        continue
                    if not part.text and part.opaque is not None and not self._native:
                        # how a client's format without empty texts gives back a signature that came on one
                        out.append({"text": "", "thoughtSignature": part.opaque.data})
                        continue
                case ToolCall():
                    self._names[part.id] = part.name
                case ToolResult():
                    out += self._result(part, inner)
                    continue
                case Media() | Foreign():
                    pass
                case _:
                    assert_never(part)
            encoded = encode_part(part, aim, inner)
            if encoded is not None:
                out.append(encoded)
        return out

    def _foreign_reasoning(self, part: Reasoning, path: str) -> bool:
        """The thinking is not Gemini's, as far as anybody can tell: it is left out."""
        if part.opaque is not None:
            if part.opaque.kind == KIND:
                return False
        elif self._native or isinstance(part.native, Form):
            return False
        self._aim.losses.add(path, why.REASONING)
        return True

    def _result(self, part: ToolResult, path: str) -> list[Members]:
        name = part.name if self._native and part.name else self._names.get(part.call_id, part.name)
        if not name:
            raise self._aim.losses.refuse(path, why.NO_NAME)
        return encode_result(part, name, self._aim, path, media_inside=self._rules.media_in_results)

    def _add_system(self, message: Message, path: str) -> None:
        parts: list[Members] = []
        for place, part in enumerate(message.parts):
            inner = f"{path}.content[{place}]"
            if not isinstance(part, Text) and (not self._native or isinstance(part, ToolResult)):
                raise self._aim.losses.refuse(inner, why.SYSTEM_MEDIA)
            encoded = encode_part(part, self._aim, inner)
            if encoded is not None:
                parts.append(encoded)
        if is_object(self.system):
            self._join(self.system, {"parts": parts})
            restore({}, message.native, self._aim.losses, path)
            return
        content: Members = {"parts": parts}
        if isinstance(message.native, Form) and "role" in message.native.how:
            content["role"] = message.native.how["role"]
        if spelled(message.native, "text") and len(parts) == 1:
            self.system = parts[0]["text"]
            return
        _respell_parts(content, message)
        restore(content, message.native, self._aim.losses, path)
        self.system = content


def _respell(content: Members, message: Message) -> None:
    role = spelled(message.native, "role")
    if role is False:
        del content["role"]
    elif isinstance(message.native, Form) and "role" in message.native.how:
        content["role"] = role
    _respell_parts(content, message)


def _respell_parts(content: Members, message: Message) -> None:
    way, parts = spelled(message.native, "parts"), content["parts"]
    assert isinstance(parts, list)
    if way == "object" and len(parts) == 1:
        content["parts"] = parts[0]
    elif way == "absent" and not parts:
        del content["parts"]
    elif way == "null" and not parts:
        content["parts"] = None


def _fill(parts: list[Members]) -> None:
    for part in parts:
        if "functionCall" in part:
            part.setdefault("thoughtSignature", PLACEHOLDER)
            return
