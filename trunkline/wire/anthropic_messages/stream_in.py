"""A provider's stream, read: server-sent events, or the same JSON without that frame (Bedrock).

`message_start`, then per block `content_block_start`, `content_block_delta`*, `content_block_stop`, then
`message_delta` and `message_stop`; `ping` anywhere, `error` at any point, also after HTTP 200 (providers.md B1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from trunkline.ir.events import (
    CitationDelta,
    Ended,
    Event,
    Failed,
    Finished,
    OpaqueDelta,
    PartEnded,
    PartStarted,
    Ping,
    Started,
    TextDelta,
    UsageSeen,
)
from trunkline.ir.failure import Failure, FailureKind
from trunkline.ir.losses import BadShape
from trunkline.ir.parts import Citation, Foreign, Media, Native, Opaque, Part, Reasoning, Text, ToolCall
from trunkline.wire.anthropic_messages.answer import KNOWN, tier_of
from trunkline.wire.anthropic_messages.blocks_in import SIGNATURE, read_block, read_citation
from trunkline.wire.anthropic_messages.blocks_out import read_arguments
from trunkline.wire.anthropic_messages.failure import failure_of
from trunkline.wire.anthropic_messages.finish import read_stop_reason
from trunkline.wire.anthropic_messages.shape import (
    BROKEN_JSON,
    OWN,
    Kept,
    a_string,
    an_object,
    kept,
    maybe_string,
)
from trunkline.wire.anthropic_messages.usage import read_usage
from trunkline.wire.codec import Members, Repeated
from trunkline.wire.sse import EventTooLong, SseSplitter, event_data

_decode: Final = msgspec.json.Decoder().decode

_DELTAS: Final = ("text_delta", "input_json_delta", "thinking_delta", "signature_delta", "citations_delta")
_DELTA: Final = frozenset({"type", "stop_reason", "stop_sequence", "stop_details"})
_EVENT: Final = frozenset({"type", "delta", "usage"})


_FRAME: Final = b"event: content_block_delta\ndata: "
"""How nearly all events of a stream begin."""
_TEXT: Final = b'"type":"text_delta","text":"'
_BACKSLASH, _CR = b"\\\r"
"""As numbers: `b"\\r" in data` raises and swallows a TypeError before it looks, ten times the price."""


class _TextDelta(msgspec.Struct, tag_field="type", tag="text_delta", gc=False):
    text: str


class _InputDelta(msgspec.Struct, tag_field="type", tag="input_json_delta", gc=False):
    text: str = msgspec.field(name="partial_json")


class _ThinkingDelta(msgspec.Struct, tag_field="type", tag="thinking_delta", gc=False):
    text: str = msgspec.field(name="thinking")


class _More(msgspec.Struct, tag_field="type", tag="content_block_delta", gc=False):
    """More words of a block."""

    index: int
    delta: _TextDelta | _InputDelta | _ThinkingDelta


_BELONGS: Final[Mapping[type, type]] = {_TextDelta: Text, _InputDelta: ToolCall, _ThinkingDelta: Reasoning}
_decode_more: Final = msgspec.json.Decoder(_More).decode


class _Block:
    """A block under way. What was sent on is also kept, for blocks that turn out to hold more than events can say."""

    __slots__ = ("citations", "extra", "given", "index", "opaque", "part", "pieces")

    def __init__(self, part: Part, index: int) -> None:
        self.part = part
        self.index = index
        """The part's; -1 for a `Foreign` that waits for its end, because foreign parts come whole."""
        self.pieces: list[str] = []
        self.given = ""
        """Arguments of a call as the block's start had them: they count where no deltas come."""
        self.opaque: Opaque | None = None
        self.citations: list[Citation] = []
        self.extra: Members = {}
        """Members that deltas of an unknown type brought."""


class AnthropicStreamDecoder:
    """Reads one stream."""

    __slots__ = ("_blocks", "_ended", "_finished", "_first", "_native", "_next", "_splitter", "_started", "_usage")

    def __init__(self) -> None:
        self._splitter = SseSplitter()
        self._blocks: dict[int, _Block] = {}
        self._next = 0
        self._usage: Members = {}
        self._native: Members = {}
        self._started = self._finished = self._ended = False
        self._first = True

    def feed(self, data: bytes) -> list[Event]:
        """Events that `data` completes, in order. A malformed stream gives `Failed`; nothing is raised."""
        if self._ended:
            return []
        try:
            whole = self._splitter.feed(data)
        except EventTooLong as error:
            return [self._broken(str(error))]
        if not whole:
            return []
        data = whole.removeprefix(_FRAME)  # `startswith` costs twice as much
        if len(data) != len(whole) and data.find(b"\n") == len(data) - 2 and _CR not in data:
            more = self._more(data)
            if more is not None:
                return more
        found = event_data(whole, start=self._first)
        self._first = False
        return self.feed_events(found)

    def _more(self, data: bytes) -> list[Event] | None:
        """The short way of an event that is more words and nothing else; `None`: take the long way."""
        try:
            more = _decode_more(data)
        except BROKEN_JSON:
            return None
        block, delta = self._blocks.get(more.index), more.delta
        if block is None or _BELONGS[type(delta)] is not type(block.part):
            return None
        text = delta.text
        if not text:
            return []
        block.pieces.append(text)
        return [TextDelta(block.index, text)]

    def repeats(self, data: bytes, event: TextDelta) -> Repeated | None:
        """What stands around the text of a `text_delta`."""
        front, name, rest = data.partition(_TEXT)
        raw = event.text.encode()
        whole = front.startswith(_FRAME) and data.find(b"\n", len(_FRAME)) == len(data) - 2 and data.endswith(b"}}\n\n")
        if not whole or _CR in data or not rest.startswith(raw + b'"') or _BACKSLASH in raw:
            return None
        for block in self._blocks.values():
            if block.index == event.index and isinstance(block.part, Text):
                return Repeated(front + name, rest[len(raw) :], block.pieces)
        return None

    def feed_events(self, events: list[bytes]) -> list[Event]:
        """The same for events without their frame: the JSON of each."""
        found: list[Event] = []
        for data in events:
            if self._ended:
                break
            try:
                value = _json(data)
                if not isinstance(value, dict):
                    raise BadShape("", "an event is no JSON object")
                self._take(value, found)
            except BadShape as error:
                found.append(self._broken(f"the provider's stream is malformed: {error}"))
            except BROKEN_JSON:
                found.append(self._broken("the provider's stream is malformed: an event is no JSON object"))
        return found

    def end(self) -> list[Event]:
        """The peer closed: what is left. A stream without its end marker gives `Failed`, never `Ended`."""
        if self._ended:
            return []
        found: list[Event] = []
        rest = self._splitter.rest
        if rest and _is_json(rest):  # only the last line end is missing
            found = self.feed_events(event_data(rest + b"\n\n", start=self._first))
        if not self._ended:
            found.append(self._broken("the provider closed the stream before its end", FailureKind.UNAVAILABLE, 502))
        return found

    def _broken(self, message: str, kind: FailureKind = FailureKind.INTERNAL, status: int = 502) -> Failed:
        self._ended = True
        return Failed(Failure(kind=kind, status=status, message=message))

    def _take(self, value: Members, found: list[Event]) -> None:
        match a_string(value, "type", ""):
            case "content_block_delta":
                self._block_delta(value, found)
            case "content_block_start":
                self._start_block(_index(value), an_object(value.get("content_block"), "content_block"), found)
            case "content_block_stop":
                self._block_stop(value, found)
            case "message_start":
                self._message_start(value, found)
            case "message_delta":
                self._message_delta(value, found)
            case "message_stop":
                self._message_stop(value, found)
            case "error":
                self._ended = True
                found.append(Failed(failure_of(value)))
            case _:  # a ping, or one of the types that the API announces to add
                found.append(Ping())

    def _message_start(self, value: Members, found: list[Event]) -> None:
        if self._started:
            raise BadShape("message_start", "came twice")
        message = an_object(value.get("message"), "message")
        usage = message.get("usage")
        native = kept({n: v for n, v in message.items() if n not in KNOWN}, frozenset())
        found.append(
            Started(
                id=maybe_string(message, "id", "message"),
                model=maybe_string(message, "model", "message"),
                service_tier=tier_of(usage),
                native=Native(OWN, native.members if native is not None else {}),
            )
        )
        self._started = True
        self._take_usage(usage, found)
        content = message.get("content")
        for place, block in enumerate(content if isinstance(content, list) else ()):
            self._start_block(place, an_object(block, "content_block"), found)
            self._block_stop({"index": place}, found)

    def _take_usage(self, value: object, found: list[Event]) -> None:
        """Counts are totals, so later ones replace earlier ones; a member that is missing has not changed."""
        if not isinstance(value, dict):
            return
        self._usage.update((name, count) for name, count in value.items() if count is not None)
        usage = read_usage(self._usage)
        if usage is not None:
            found.append(UsageSeen(usage, dict(self._usage)))

    def _start_block(self, number: int, block: Members, found: list[Event]) -> None:
        if not self._started or self._finished or number in self._blocks:
            raise BadShape("content_block_start", "may not stand there")
        if "citations" in block and not block["citations"]:  # they come in deltas, if any
            block = {name: member for name, member in block.items() if name != "citations"}
        part = read_block(block, "content_block")
        if isinstance(part, Foreign):
            self._blocks[number] = _Block(part, -1)
            return
        held = self._blocks[number] = _Block(part, self._next)
        match part:
            case ToolCall():
                held.given, part.arguments = part.arguments, ""
            case Reasoning() if isinstance(part.native, Kept):
                part.native = Native(OWN, part.native.members) if part.native.members else None
            case Text() | Reasoning() | Media():
                pass
            case _:
                raise BadShape("content_block.type", "may not stand in an answer")
        found.append(PartStarted(index=self._next, part=part))
        self._next += 1

    def _block_delta(self, value: Members, found: list[Event]) -> None:
        block = self._blocks.get(_index(value))
        delta = value.get("delta")
        if block is None or not isinstance(delta, dict):
            raise BadShape("content_block_delta", "may not stand there")
        part, text = block.part, None
        kind = a_string(delta, "type", "delta")
        match kind:
            case "text_delta" if isinstance(part, Text):
                text = a_string(delta, "text", "delta")
            case "input_json_delta" if isinstance(part, ToolCall | Foreign):
                text = a_string(delta, "partial_json", "delta")
            case "thinking_delta" if isinstance(part, Reasoning):
                text = a_string(delta, "thinking", "delta")
            case "signature_delta" if isinstance(part, Reasoning):
                signature = a_string(delta, "signature", "delta")
                if signature:
                    block.opaque = Opaque(SIGNATURE, signature)
                    found.append(OpaqueDelta(block.index, block.opaque))
            case "citations_delta" if isinstance(part, Text):
                citation = read_citation(an_object(delta.get("citation"), "delta.citation"))
                block.citations.append(citation)
                found.append(CitationDelta(block.index, citation))
            case _ if kind not in _DELTAS:
                _merge(block.extra, delta)
            case _:
                raise BadShape("delta.type", f"`{kind}` does not belong to this block")
        if text:
            block.pieces.append(text)
            if block.index >= 0:
                found.append(TextDelta(block.index, text))

    def _block_stop(self, value: Members, found: list[Event]) -> None:
        block = self._blocks.pop(_index(value), None)
        if block is None:
            raise BadShape("content_block_stop", "may not stand there")
        part = block.part
        if isinstance(part, Foreign):
            self._next += 1
            found.append(PartStarted(index=self._next - 1, part=_whole_foreign(part, block)))
            found.append(PartEnded(self._next - 1))
            return
        if block.given and not block.pieces:
            block.pieces.append(block.given)
            found.append(TextDelta(block.index, block.given))
        found.append(PartEnded(block.index, _whole(part, block) if block.extra else None))

    def _message_delta(self, value: Members, found: list[Event]) -> None:
        if not self._started:
            raise BadShape("message_delta", "may not stand there")
        delta = an_object(value.get("delta"), "delta")
        self._native.update((n, v) for n, v in delta.items() if n not in _DELTA and v is not None)
        self._native.update((n, v) for n, v in value.items() if n not in _EVENT and v is not None)
        if delta.get("stop_reason") is not None:
            self._finish(delta, found)
        self._take_usage(value.get("usage"), found)

    def _finish(self, delta: Members, found: list[Event]) -> None:
        if self._finished:
            return
        for number in list(self._blocks):  # some hosts leave the stop of the last block out
            self._block_stop({"index": number}, found)
        finish, word = read_stop_reason(delta.get("stop_reason"))
        native = None
        if "stop_details" in delta:
            native = kept({"stop_details": delta["stop_details"]}, frozenset())
        sequence = maybe_string(delta, "stop_sequence", "delta")
        found.append(Finished(finish=finish, finish_native=word, stop_sequence=sequence, native=native))
        self._finished = True

    def _message_stop(self, value: Members, found: list[Event]) -> None:
        if not self._started:
            raise BadShape("message_stop", "may not stand there")
        self._finish({}, found)
        self._native.update((n, v) for n, v in value.items() if n != "type" and v is not None)
        if self._usage:
            self._native["usage"] = self._usage
        found.append(Ended(Native(OWN, self._native)))
        self._ended = True


def _json(data: bytes) -> object:
    try:
        return _decode(data)
    except UnicodeDecodeError:  # a character that was cut in two upstream; the rest can be read
        return _decode(data.decode("utf-8", "replace"))


def _is_json(rest: bytes) -> bool:
    """The bytes behind the last whole event are an event, whole but for its line end."""
    data = event_data(rest + b"\n\n")
    try:
        return len(data) == 1 and isinstance(_json(data[0]), dict)
    except BROKEN_JSON:
        return False


def _index(value: Members) -> int:
    index = value.get("index")
    if isinstance(index, int):
        return index
    raise BadShape("index", "a whole number is needed")


def _merge(members: Members, delta: Members) -> None:
    """A delta of a type that is not known brings members of its block: texts grow, anything else is replaced."""
    for name, value in delta.items():
        before = members.get(name)
        if name == "type" or value is None:
            continue
        members[name] = before + value if isinstance(before, str) and isinstance(value, str) else value


def _whole_foreign(part: Foreign, block: _Block) -> Foreign:
    """The block as an answer that is not streamed has it."""
    data = part.data
    if not isinstance(data, dict) or not (block.pieces or block.extra):
        return part
    data = dict(data)
    if block.pieces:
        text = "".join(block.pieces)
        arguments = read_arguments(text)
        data["input"] = arguments if arguments is not None else text
    for name, value in block.extra.items():
        before = data.get(name)
        data[name] = before + value if isinstance(before, str) and isinstance(value, str) else value
    return replace(part, data=data)


def _whole(part: Part, block: _Block) -> Part:
    """The part with everything that came, for a block that got members which no event carries."""
    more = "".join(block.pieces)
    match part:
        case Text():
            native = _with(part.native, block.extra)
            return replace(part, text=part.text + more, citations=[*part.citations, *block.citations], native=native)
        case Reasoning():
            native = _with(part.native, block.extra)
            return replace(part, text=part.text + more, opaque=block.opaque or part.opaque, native=native)
        case ToolCall():
            return replace(part, arguments=part.arguments + more, native=_with(part.native, block.extra))
        case _:
            return part


def _with(native: Native | None, extra: Members) -> Native:
    return Native(OWN, {**(native.members if native is not None else {}), **extra})
