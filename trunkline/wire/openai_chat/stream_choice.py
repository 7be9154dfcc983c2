"""The deltas of one choice, read into parts."""

from __future__ import annotations

from typing import Final

import msgspec

from trunkline.ir.events import (
    CitationDelta,
    Event,
    Finished,
    OpaqueDelta,
    PartEnded,
    PartStarted,
    TextDelta,
)
from trunkline.ir.losses import BadShape
from trunkline.ir.parts import Media, MediaKind, Opaque, Part, Reasoning, Text, ToolCall
from trunkline.wire.openai_chat.calls import LEGACY, SIGNATURE_MEMBERS, take_signature
from trunkline.wire.openai_chat.citations import read_annotation
from trunkline.wire.openai_chat.content import read_parts
from trunkline.wire.openai_chat.finish import read_finish
from trunkline.wire.openai_chat.media import read_made_image, read_spoken
from trunkline.wire.openai_chat.reasoning import (
    BLOCKS,
    CONTENT,
    DETAILS,
    FIELDS,
    OF,
    ORDER_PREFIX,
    PLAIN,
    continues,
    is_hidden,
    joined,
    opened,
    read_block,
    read_detail,
    state_of,
)
from trunkline.wire.openai_chat.spelling import OWN, Json, Spelt

_PLAIN_KNOWN: Final = frozenset({"role", "content"})
_KNOWN: Final = frozenset({
    "role", "content", "refusal", "tool_calls", "function_call", "audio", "images", "annotations",
    "reasoning_details", BLOCKS, *FIELDS, *SIGNATURE_MEMBERS,
})  # fmt: skip
_encode: Final = msgspec.json.Encoder().encode
_NONE: Final = -1
_LEGACY_NUMBER: Final = -1
_SIGNED: Final = "signed"
"""A block that has its signature: what follows is another."""
_CALL: Final = Spelt(OWN, {})
_LEGACY_CALL: Final = Spelt(OWN, {}, {}, (LEGACY,))


class _Call:
    """A tool call under way."""

    __slots__ = ("arguments", "custom", "id", "legacy", "name", "part")

    def __init__(self, own_id: str) -> None:
        self.id = own_id
        self.name = ""
        self.arguments = ""
        """What came before the name."""
        self.custom = self.legacy = False
        self.part = _NONE


class ChoiceReader:
    """Reads the deltas of one choice."""

    __slots__ = (
        "_audio", "_by_id", "_calls", "_detail", "_events", "_made", "_next", "_number", "_open", "_probable",
        "_reasoning", "_refusal", "_said", "_signature", "_sound", "_text", "_way", "extra", "heard", "word",
    )  # fmt: skip

    def __init__(self, number: int, made_id: str) -> None:
        self._number = number
        self._made = made_id
        self._events: list[Event] = []
        self._next = 0
        self._text = self._refusal = self._reasoning = _NONE
        """Indexes of the open parts."""
        self._way = ""
        """How the open reasoning comes: a member's name, `thinking_blocks`, or `DETAILS`."""
        self._detail: Json = {}
        self._said: list[str] = []
        """The words of the open reasoning."""
        self._calls: dict[int, _Call] = {}
        """By the host's index; where hosts use one twice, the later one."""
        self._by_id: dict[str, _Call] = {}
        self._open: list[_Call] = []
        self._sound = _NONE
        self._audio: Json = {}
        self._signature: Opaque | None = None
        self._probable: list[object] = []
        """Log probabilities whose text has not begun."""
        self.heard = False
        self.word: str | None = None
        self.extra: Json = {}

    @property
    def finished(self) -> bool:
        """The host has said why it stopped."""
        return self.word is not None

    def read(self, delta: Json, logprobs: object, index: int, events: list[Event]) -> int:
        """Read one delta; `index` is the index of the next part, and what is returned that after it.

        Raises:
            BadShape: it does not have the format's shape.
        """
        self._events, self._next = events, index
        self.heard = True
        if not delta.keys() <= _PLAIN_KNOWN:
            self._read_reasoning(delta)
        content = delta.get("content")
        if content:
            if isinstance(content, str):
                self._say(content, logprobs)
                logprobs = None
            else:
                self._read_listed(content)
        if not delta.keys() <= _PLAIN_KNOWN:
            logprobs = self._read_others(delta, logprobs)
        if logprobs is not None:
            self._weigh(logprobs)
        return self._next

    def _read_others(self, delta: Json, logprobs: object) -> object:
        """All that stands behind the text; returns the log probabilities that still wait for theirs."""
        refusal = delta.get("refusal")
        if refusal and isinstance(refusal, str):
            self._refuse(refusal, logprobs)
            logprobs = None
        if calls := delta.get("tool_calls"):
            if not isinstance(calls, list):
                raise BadShape("choices.delta.tool_calls", "must be an array")
            for entry in calls:
                self._read_call(entry)
        if isinstance(legacy := delta.get("function_call"), dict):
            self._read_legacy(legacy)
        if isinstance(audio := delta.get("audio"), dict):
            self._hear(audio)
        if isinstance(images := delta.get("images"), list):
            for entry in images:
                image = read_made_image(entry)
                if image is not None:
                    self._whole(image)
        if isinstance(notes := delta.get("annotations"), list):
            self._annotate(notes)
        if SIGNATURE_MEMBERS & delta.keys():
            self._sign(delta)
        for name, value in delta.items():
            if name not in _KNOWN and value not in (None, "", [], {}):
                self.extra[f"message.{name}"] = value
        return logprobs

    # Parts

    def _start(self, part: Part) -> int:
        index = self._next
        self._next += 1
        self._events.append(PartStarted(index=index, part=part, choice=self._number))
        return index

    def _whole(self, part: Part) -> None:
        self._close()
        self._events.append(PartEnded(self._start(part)))

    def _close(self, *, calls: bool = True) -> None:
        """End what is open, because something else begins; calls stay open for one another."""
        if self._reasoning >= 0:
            self._close_reasoning()
        if self._text >= 0:
            self._events.append(PartEnded(self._text))
            self._text = _NONE
        if self._refusal >= 0:
            self._events.append(PartEnded(self._refusal))
            self._refusal = _NONE
        if calls and self._open:
            self._events += [PartEnded(call.part) for call in self._open if call.part >= 0]
            self._open = [call for call in self._open if call.part < 0]

    # Text

    def _say(self, text: str, logprobs: object) -> None:
        if self._text < 0:
            self._close()
            opaque, self._signature = self._signature, None
            weighed = logprobs is not None or bool(self._probable)
            self._text = self._start(Text(text="" if weighed else text, opaque=opaque))
            if not weighed:
                return
            for earlier in self._probable:
                self._events.append(TextDelta(self._text, "", earlier))
            self._probable = []
        self._events.append(TextDelta(self._text, text, logprobs))

    def _refuse(self, text: str, logprobs: object) -> None:
        if self._refusal < 0:
            self._close()
            self._refusal = self._start(Text(text="", refusal=True))
            for earlier in self._probable:
                self._events.append(TextDelta(self._refusal, "", earlier))
            self._probable = []
        self._events.append(TextDelta(self._refusal, text, logprobs))

    def _weigh(self, logprobs: object) -> None:
        part = self._text if self._text >= 0 else self._refusal
        if part >= 0:
            self._events.append(TextDelta(part, "", logprobs))
        else:
            self._probable.append(logprobs)

    def _read_listed(self, content: object) -> None:
        """Mistral's content: a list of `thinking` and `text`."""
        for part in read_parts(content, "choices.delta.content"):
            if isinstance(part, Text) and not part.refusal:
                if part.text:
                    self._say(part.text, None)
            elif isinstance(part, Reasoning) and part.opaque is not None and part.opaque.kind == PLAIN:
                if part.text:
                    self._think(part.text, CONTENT)
            else:
                self._whole(part)

    def _annotate(self, notes: list[object]) -> None:
        left: list[object] = []
        for entry in notes:
            citation = read_annotation(entry)
            if citation is not None and self._text >= 0:
                self._events.append(CitationDelta(self._text, citation))
            else:
                left.append(entry)
        if left:
            before = self.extra.get("message.annotations")
            self.extra["message.annotations"] = [*before, *left] if isinstance(before, list) else left

    def _sign(self, delta: Json) -> None:
        """Google's compatible face: the signature of the text or the calls beside it."""
        opaque, _, _ = take_signature(delta)
        if opaque is None:
            return
        call = next((call for call in self._open if call.part >= 0), None)
        part = self._text if self._text >= 0 else call.part if call is not None else _NONE
        if part >= 0:
            self._events.append(OpaqueDelta(part, opaque))
        else:
            self._signature = opaque

    # Reasoning

    def _read_reasoning(self, delta: Json) -> None:
        details, blocks = delta.get("reasoning_details"), delta.get(BLOCKS)
        entries = [entry for entry in details if isinstance(entry, dict)] if isinstance(details, list) else []
        field = next((name for name in FIELDS if delta.get(name) and isinstance(delta[name], str)), "")
        if isinstance(blocks, list) and blocks and not entries:
            for block in blocks:
                self._read_block(block)
        elif field and not any(entry.get("text") or entry.get("summary") for entry in entries):
            goes_on = self._reasoning >= 0 and self._way in (BLOCKS, DETAILS)
            self._think(str(delta[field]), self._way if goes_on else field)
        for entry in entries:
            self._read_detail(entry)

    def _think(self, words: str, way: str) -> None:
        if self._reasoning >= 0 and self._way == way:
            self._events.append(TextDelta(self._reasoning, words))
            self._said.append(words)
            return
        self._close()
        opaque = None if way == BLOCKS else Opaque(PLAIN, way)
        native = Spelt(OWN, {}, {}, (way,)) if way in (BLOCKS, CONTENT) else None
        self._reasoning = self._start(Reasoning(text=words, opaque=opaque, native=native))
        self._way, self._said = way, [words]

    def _close_reasoning(self) -> None:
        if self._way == DETAILS and (opaque := state_of(self._detail)) is not None:
            self._events.append(OpaqueDelta(self._reasoning, opaque))
        self._events.append(PartEnded(self._reasoning))
        self._reasoning = _NONE

    def _repeats(self, words: str, part: Reasoning | None) -> bool:
        """The words just said, once more in one piece with their state: how Trunkline itself sends them."""
        if self._reasoning < 0 or self._way not in FIELDS or not words or words != "".join(self._said):
            return False
        self._events.append(PartEnded(self._reasoning, part))
        self._reasoning = _NONE
        return True

    def _read_block(self, block: object) -> None:
        part = read_block(block) if isinstance(block, dict) else None
        if part is None or self._repeats(part.text, part):
            return
        if not part.text and self._reasoning >= 0 and self._way == BLOCKS and not is_hidden(part):
            if part.opaque is not None:
                self._events.append(OpaqueDelta(self._reasoning, part.opaque))
                self._way = _SIGNED
        elif part.text:
            self._think(part.text, BLOCKS)
            if part.opaque is not None:
                self._events.append(OpaqueDelta(self._reasoning, part.opaque))
                self._way = _SIGNED
        elif part.opaque is not None:
            self._whole(part)

    def _read_detail(self, entry: Json) -> None:
        data = entry.get("data")
        if isinstance(data, str) and (data.startswith(ORDER_PREFIX) or self._read_state(entry, data)):
            return  # a stream has its order
        name = "text" if isinstance(entry.get("text"), str) else "summary"
        words = entry.get(name)
        part = read_detail(entry)
        if part is None or (isinstance(words, str) and self._repeats(words, part)):
            return
        rest = {member: value for member, value in entry.items() if member != name}
        if self._reasoning >= 0 and self._way == DETAILS and continues(self._detail, entry):
            self._detail = joined(self._detail, rest)
            if part.text:
                self._events.append(TextDelta(self._reasoning, part.text))
        elif not part.text:
            if data or entry.get("signature"):
                self._whole(part)
        else:
            self._close()
            self._reasoning = self._start(Reasoning(text=part.text, summary=part.summary))
            self._way, self._detail = DETAILS, rest

    def _read_state(self, entry: Json, data: str) -> bool:
        """State of the text or of a call, which Trunkline sends as an entry of `reasoning_details`."""
        own_id = entry.get("id")
        call = self._by_id.get(own_id) if isinstance(own_id, str) else None
        if call is None and entry.get(OF) != "text":
            return False
        part = self._text if call is None else call.part if call in self._open else _NONE
        opaque = opened(data, DETAILS)
        if opaque is None or opaque.kind == DETAILS:
            return False
        if part >= 0:
            self._events.append(OpaqueDelta(part, opaque))
        return True

    # Tool calls

    def _read_call(self, value: object) -> None:
        if not isinstance(value, dict):
            raise BadShape("choices.delta.tool_calls", "must be objects")
        number, own_id = value.get("index"), value.get("id")
        own_id = own_id if isinstance(own_id, str) else ""
        custom = isinstance(value.get("custom"), dict)
        inner = value.get("custom" if custom else "function")
        inner = inner if isinstance(inner, dict) else {}
        name = inner.get("name")
        name = name if isinstance(name, str) else ""
        if type(number) is not int:  # a host that sends calls whole, or one piece after another
            number = len(self._by_id) if own_id and own_id not in self._by_id else max(len(self._by_id) - 1, 0)
        call = self._calls.get(number)
        if call is None or (own_id and name and call.name and own_id != call.id):  # Google's face: all have index 0
            call = self._calls[number] = _Call(own_id or f"{self._made}_{len(self._by_id)}")
            call.custom = custom
            self._by_id[call.id] = call
            self._open.append(call)
        arguments = inner.get("input" if custom else "arguments")
        self._more(call, name, _as_text(arguments), value)

    def _more(self, call: _Call, name: str, arguments: str, entry: Json) -> None:
        """A piece of a call; its part begins with the name."""
        opaque, left, marks = take_signature(entry)
        if call.part >= 0:
            if arguments:
                if call not in self._open:
                    raise BadShape("choices.delta.tool_calls", "a call goes on after something else has begun")
                self._events.append(TextDelta(call.part, arguments))
            if opaque is not None and call in self._open:
                self._events.append(OpaqueDelta(call.part, opaque))
            return
        call.arguments += arguments
        if not name:
            return
        call.name = name
        self._close(calls=False)
        if opaque is None:
            opaque, self._signature = self._signature, None
        native = Spelt(OWN, {}, left, tuple(marks)) if marks else _CALL if call.legacy is False else _LEGACY_CALL
        call.part = self._start(
            ToolCall(id=call.id, name=name, arguments=call.arguments, custom=call.custom, opaque=opaque, native=native)
        )

    def _read_legacy(self, value: Json) -> None:
        name, arguments = value.get("name"), value.get("arguments")
        if not name and not arguments:
            return
        call = self._calls.get(_LEGACY_NUMBER)
        if call is None:
            call = self._calls[_LEGACY_NUMBER] = _Call(self._made)
            call.legacy = True
            self._by_id[call.id] = call
            self._open.append(call)
        self._more(call, name if isinstance(name, str) else "", _as_text(arguments), {})

    # Media, and the end

    def _hear(self, audio: Json) -> None:
        """Sound comes as base64, and its words beside it; both are whole at the end."""
        data, words = audio.get("data"), audio.get("transcript")
        if self._sound < 0:
            if not data and not words and not audio.get("id"):
                return
            self._close()
            self._sound = self._start(Media(kind=MediaKind.AUDIO))
        for name, value in audio.items():
            before = self._audio.get(name)
            if name in ("data", "transcript") and isinstance(value, str):
                self._audio[name] = before + value if isinstance(before, str) else value
            elif value is not None:
                self._audio[name] = value
        if isinstance(data, str) and data:
            self._events.append(TextDelta(self._sound, data))

    def finish(self, events: list[Event]) -> bool:
        """End the choice; tells whether it was whole."""
        self._events = events
        if self._sound >= 0:
            self._events.append(PartEnded(self._sound, read_spoken(self._audio, id_only=False)))
            self._sound = _NONE
        nameless = any(call.part < 0 for call in self._open)
        self._close()
        finish, word = read_finish(self.word, calls=any(call.part >= 0 for call in self._by_id.values()))
        if not nameless:
            native = Spelt(OWN, self.extra)
            events.append(Finished(finish=finish, finish_native=word, choice=self._number, native=native))
        return not nameless


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    return _encode(value).decode() if isinstance(value, dict) and value else ""
