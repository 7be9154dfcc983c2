"""The parts of an answer as the deltas of a stream.

OpenAI's SDKs join the entries of a list by their `index`, and fail at a second list whose entries have none: so every
entry of a list that may come in several deltas has one.
"""

from __future__ import annotations

from typing import Final, assert_never

import msgspec
from msgspec.structs import replace

from trunkline.ir.losses import Losses
from trunkline.ir.parts import Citation, Foreign, Media, MediaKind, Opaque, Part, Reasoning, Text, ToolCall, ToolResult
from trunkline.wire.codec import Reply
from trunkline.wire.openai_chat.answer_message import blob, fits, write_reasoning
from trunkline.wire.openai_chat.calls import SIGNED, is_legacy, put_signature
from trunkline.wire.openai_chat.citations import write_annotation
from trunkline.wire.openai_chat.content import stands_in_content, text_part
from trunkline.wire.openai_chat.media import write_made_image, write_spoken
from trunkline.wire.openai_chat.reasoning import BLOCKS, DETAILS, FIELDS, GEMINI, PLAIN, sealed_state
from trunkline.wire.openai_chat.spelling import OWN, Json, is_own, marks_of, restore

_encode: Final = msgspec.json.Encoder().encode


_USUAL: Final = "nrtxmc"
"""Nothing, reasoning, text, refusal, media, calls: the order that the format is read as."""


class Setting:
    """What the parts of one choice share."""

    __slots__ = ("annotations", "blocks", "calls", "losses", "path", "reply", "said", "steps", "unusual")

    def __init__(self, reply: Reply, losses: Losses, path: str) -> None:
        self.reply = reply
        self.losses = losses
        self.path = path
        self.annotations: list[Json] = []
        self.blocks = 0
        """Entries of `thinking_blocks` so far."""
        self.calls = 0
        """Tool calls so far."""
        self.said = 0
        """Characters of the content so far."""
        self.steps: list[str] = []
        """The order of the parts, as `reasoning.order_entry` takes it."""
        self.unusual = False
        """That order is not the one that the format is read as, or a text has state of its own: it must be said."""


class PartWriter:
    """Writes one part; this one is for what the format cannot express."""

    __slots__ = ("_part", "_place", "_setting")

    def __init__(self, part: Part, setting: Setting) -> None:
        self._part = part
        self._setting = setting
        self._place = len(setting.steps)
        setting.steps.append("n")

    def begin(self) -> bytes:
        """The delta with which the part begins; empty where there is none."""
        fits(self._part, self._setting.losses, self._setting.path)
        return b""

    def more(self, text: str) -> bytes:
        """The delta of a further piece."""
        del text
        return b""

    def sign(self, opaque: Opaque) -> None:
        """Take the part's opaque state."""

    def cite(self, citation: Citation) -> None:
        """Take one more citation."""

    def end(self, whole: Part | None) -> list[bytes]:
        """The deltas with which it ends; `whole` is what the provider repeated at its end."""
        del whole
        return []

    def _step(self, step: str) -> None:
        """Note the place of the part among the others."""
        setting = self._setting
        rank = _USUAL.index(step)
        if any(_USUAL.index(earlier[0]) > rank or earlier[0] == step == "t" for earlier in setting.steps):
            setting.unusual = True
        setting.steps[self._place] = step

    def _lost(self, native_of: Part) -> None:
        native = getattr(native_of, "native", None)
        if native is not None and not is_own(native):
            restore({}, native, self._setting.losses, f"{self._setting.path}.content")


class TextWriter(PartWriter):
    """Words, or a refusal."""

    __slots__ = ("_text", "head", "size")

    def __init__(self, part: Text, setting: Setting) -> None:
        super().__init__(part, setting)
        self._text = part
        self.size = 0
        """Characters so far."""
        self.head = b'{"refusal":' if part.refusal else b'{"content":'
        """A delta up to its text."""
        self._step("x" if part.refusal else "t")

    def begin(self) -> bytes:
        """The words that are there already."""
        self._lost(self._text)
        return self.more(self._text.text) if self._text.text else b""

    def more(self, text: str) -> bytes:
        """More words."""
        self.size += len(text)
        return self.head + _encode(text) + b"}"

    def sign(self, opaque: Opaque) -> None:
        """Replaces an earlier one."""
        self._text = replace(self._text, opaque=opaque)

    def cite(self, citation: Citation) -> None:
        """Citations go out when the text is over: their places may lie ahead."""
        self._text = replace(self._text, citations=[*self._text.citations, citation])

    def end(self, whole: Part | None) -> list[bytes]:
        """State of its own in an entry of `reasoning_details`. The choice's citations go out together at its end."""
        if isinstance(whole, Text):
            self._text = whole
        setting, text = self._setting, self._text
        setting.steps[self._place] += str(self.size)
        before = setting.said
        if not text.refusal:
            setting.said += self.size
        delta: Json = {}
        for citation in text.citations:
            where = f"{setting.path}.content.citations"
            entry = write_annotation(citation, before, self.size, setting.losses, where)
            if entry is not None:
                setting.annotations.append(entry)
        if text.opaque is not None:
            setting.unusual = True
            delta["reasoning_details"] = [sealed_state(text.opaque, self._place, "", setting.reply)]
        return [_encode(delta)] if delta else []


class ReasoningWriter(PartWriter):
    """Thinking: words as they come, and at the end the state, with the words in one piece."""

    __slots__ = ("_field", "_pieces", "_reasoning")

    def __init__(self, part: Reasoning, setting: Setting) -> None:
        super().__init__(part, setting)
        self._reasoning = part
        self._pieces: list[str] = []
        self._field = _field(part)
        self._step("r")

    def begin(self) -> bytes:
        """The words that are there already."""
        self._lost(self._reasoning)
        return self.more(self._reasoning.text) if self._reasoning.text else b""

    def more(self, text: str) -> bytes:
        """More words."""
        self._pieces.append(text)
        if not self._field:  # Mistral's way
            return _encode({"content": [{"type": "thinking", "thinking": [text_part(text)]}]})
        return self._field + _encode(text) + b"}"

    def sign(self, opaque: Opaque) -> None:
        """Replaces an earlier one."""
        self._reasoning = replace(self._reasoning, opaque=opaque)

    def end(self, whole: Part | None) -> list[bytes]:
        """Entries of `reasoning_details` and `thinking_blocks`."""
        part = whole if isinstance(whole, Reasoning) else self._reasoning
        part = replace(part, text="".join(self._pieces))
        delta: Json = {}
        overtaken = len(self._setting.steps) > self._place + 1
        if overtaken and part.opaque is None:
            return []  # the words have been said; an entry behind what followed them would say them twice
        if (part.text or part.opaque is not None) and not stands_in_content(part):
            write_reasoning([(self._place, part)], delta, self._setting.reply, self._setting.losses, self._setting.path)
        for name in FIELDS:  # they have been said
            delta.pop(name, None)
        blocks = delta.get(BLOCKS)
        if isinstance(blocks, list):
            delta[BLOCKS] = [{**block, "index": self._setting.blocks + place} for place, block in enumerate(blocks)]
            self._setting.blocks += len(blocks)
        if not part.text and part.opaque is None:
            self._setting.steps[self._place] = "n"
        return [_encode(delta)] if delta else []


def _field(part: Reasoning) -> bytes:
    """The delta up to the words; empty where they are a part of the content."""
    if stands_in_content(part):
        return b""
    opaque = part.opaque
    name = FIELDS[0]
    if opaque is not None and opaque.kind == PLAIN and opaque.data in FIELDS:
        name = opaque.data
    elif opaque is not None and opaque.kind == DETAILS:
        name = FIELDS[1]
    return b'{"%s":' % name.encode()


class CallWriter(PartWriter):
    """A tool call."""

    __slots__ = ("_call", "_close", "_head", "_number", "_sent")

    def __init__(self, part: ToolCall, setting: Setting) -> None:
        super().__init__(part, setting)
        self._call = part
        self._number = setting.calls
        setting.calls += 1
        self._sent = bool(part.arguments)
        if is_legacy(part):
            self._head, self._close = b'{"function_call":{"arguments":', b"}}"
        else:
            kind = b'"custom":{"input":' if part.custom else b'"function":{"arguments":'
            self._head, self._close = b'{"tool_calls":[{"index":%d,%s' % (self._number, kind), b"}}]}"
        self._step("c")

    def begin(self) -> bytes:
        """Id and name, and the arguments that are there already."""
        call = self._call
        self._lost(call)
        if is_legacy(call):
            return _encode({"function_call": {"name": call.name, "arguments": call.arguments}})
        kind, argument = ("custom", "input") if call.custom else ("function", "arguments")
        inner: Json = {"name": call.name, argument: call.arguments}
        return _encode({"tool_calls": [{"index": self._number, "id": call.id, "type": kind, kind: inner}]})

    def more(self, text: str) -> bytes:
        """More of the arguments."""
        self._sent = True
        return self._head + _encode(text) + self._close

    def sign(self, opaque: Opaque) -> None:
        """Replaces an earlier one."""
        self._call = replace(self._call, opaque=opaque)

    def end(self, whole: Part | None) -> list[bytes]:
        """`{}` for a call without arguments (fidelity.md failure 10), and its state."""
        native = self._call.native
        opaque = self._call.opaque
        out: list[bytes] = []
        if isinstance(whole, ToolCall):
            opaque = whole.opaque
            if not self._sent and whole.arguments:
                out.append(self.more(whole.arguments))
        if not self._sent and not self._call.custom and not is_own(native):
            out.append(self.more("{}"))
        if opaque is not None:
            marks = marks_of(native)
            if any(mark.startswith(SIGNED) for mark in marks) or (is_own(native) and opaque.kind == GEMINI):
                entry: Json = {"index": self._number}
                put_signature(entry, blob(opaque, self._setting.reply), marks)
                out.append(_encode({"tool_calls": [entry]}))
            else:
                entry = sealed_state(opaque, self._place, self._call.id, self._setting.reply)
                out.append(_encode({"reasoning_details": [entry]}))
        return out


class MediaWriter(PartWriter):
    """A sound or an image, whole when it is over."""

    __slots__ = ("_media", "_pieces")

    def __init__(self, part: Media, setting: Setting) -> None:
        super().__init__(part, setting)
        self._media = part
        self._pieces = [part.data]
        self._step("m")

    def more(self, text: str) -> bytes:
        """More base64."""
        self._pieces.append(text)
        return b""

    def end(self, whole: Part | None) -> list[bytes]:
        """OpenAI's `audio`, OpenRouter's `images`."""
        media = whole if isinstance(whole, Media) else replace(self._media, data="".join(self._pieces))
        if media.kind is MediaKind.AUDIO:
            return [_encode({"audio": write_spoken(media)})]
        place = sum(step == "m" for step in self._setting.steps[: self._place])
        return [_encode({"images": [write_made_image(media, place)]})]


class OwnWriter(PartWriter):
    """A part of the content that only this format has."""

    __slots__ = ()

    def begin(self) -> bytes:
        """All of it."""
        assert isinstance(self._part, Foreign)
        return _encode({"content": [self._part.data]})


def writer_of(part: Part, setting: Setting) -> PartWriter:
    """The writer for a part."""
    match part:
        case Text():
            return TextWriter(part, setting)
        case Reasoning():
            return ReasoningWriter(part, setting)
        case ToolCall():
            return CallWriter(part, setting)
        case Media():
            if part.kind in (MediaKind.AUDIO, MediaKind.IMAGE):
                return MediaWriter(part, setting)
            return PartWriter(part, setting)
        case Foreign():
            return OwnWriter(part, setting) if part.format is OWN else PartWriter(part, setting)
        case ToolResult():
            return PartWriter(part, setting)
        case _:
            assert_never(part)
