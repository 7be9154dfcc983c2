"""Reading a stream of OpenAI's chat completions, with all that its many hosts do differently.

The format has deltas and no parts: a part begins with the first delta of its kind and ends where another kind begins.
Tool calls may interleave by their `index`, so they stay open longer. `finish_reason` may come several times, with
content behind it and errors behind that (OpenRouter, recorded), so a choice is finished only when the stream is.
"""

from __future__ import annotations

from typing import Final

import msgspec

from trunkline.ir.events import Ended, Event, Failed, Ping, Started, UsageSeen
from trunkline.ir.failure import Failure, FailureKind
from trunkline.ir.losses import BadShape
from trunkline.ir.parts import Native
from trunkline.wire.openai_chat.answer import read_usage
from trunkline.wire.openai_chat.failure import failure_inside
from trunkline.wire.openai_chat.spelling import OWN, Json, Spelt
from trunkline.wire.openai_chat.stream_choice import ChoiceReader
from trunkline.wire.sse import EventTooLong, SseSplitter

_KNOWN: Final = frozenset({
    "id", "object", "created", "model", "choices", "usage", "service_tier", "error", "base_resp",
    "obfuscation", "p",  # padding against traffic analysis: OpenAI's and Mistral's name
})  # fmt: skip
_CHOICE: Final = frozenset({"index", "delta", "message", "text", "finish_reason", "logprobs", "usage"})
_BOM: Final = b"\xef\xbb\xbf"
_COLON: Final = 58

_decode: Final = msgspec.json.Decoder().decode
_BROKEN: Final = (msgspec.MsgspecError, ValueError, RecursionError)


class ChatStreamDecoder:
    """Reads one stream."""

    __slots__ = ("_choices", "_dialect", "_extra", "_id", "_next", "_over", "_splitter", "_start", "_started", "_usage")

    def __init__(self, dialect: str) -> None:
        self._dialect = dialect
        self._splitter = SseSplitter()
        self._start = True
        self._started = False
        self._over = False
        self._choices: dict[int, ChoiceReader] = {}
        self._next = 0
        """Index of the next part."""
        self._id = ""
        self._extra: Json = {}
        """Members of chunks that have no place in the events, since the last event that could carry them."""
        self._usage: object = None

    def feed(self, data: bytes) -> list[Event]:
        """Events that `data` completes, in order. A malformed stream gives `Failed`; nothing is raised."""
        if self._over:
            return []
        try:
            block = self._splitter.feed(data)
        except EventTooLong as error:
            return self._fail(_broken(str(error)))
        return self._read(block) if block else []

    def end(self) -> list[Event]:
        """The peer closed. A finish reason of every choice is an end too: some hosts send no `[DONE]` (recorded)."""
        if self._over:
            return []
        rest = self._splitter.rest.strip()
        events = self._read(rest + b"\n\n") if rest.startswith((b"data", b":", b"event")) else []
        if events and isinstance(events[-1], Ended | Failed):
            return events
        if rest and not events:
            return self._fail(_broken("the stream broke off inside an event"))
        if not self._choices or not all(choice.finished for choice in self._choices.values()):
            return [*events, *self._fail(_broken("the stream broke off before its end"))]
        self._finish(events)
        return events

    def _read(self, block: bytes) -> list[Event]:
        if self._start:
            block, self._start = block.removeprefix(_BOM), False
        events: list[Event] = []
        lines: list[bytes] = []
        for line in block.splitlines():
            if not line:
                if lines:
                    self._event(b"\n".join(lines) if len(lines) > 1 else lines[0], events)
                    lines = []
                    if self._over:
                        break
            elif line.startswith(b"data:"):
                lines.append(line[6:] if line.startswith(b"data: ") else line[5:])
            elif line[0] == _COLON:
                events.append(Ping())
        return events

    def _event(self, data: bytes, events: list[Event]) -> None:
        try:
            chunk = _decode(data)
        except _BROKEN:
            chunk = None
        if not isinstance(chunk, dict):
            word = data.strip()
            if word == b"[DONE]":
                self._finish(events)
                return
            if not word:
                events.append(Ping())
                return
            chunk = _readable(data)
            if chunk is None:
                events += self._fail(_broken("an event of the stream is no JSON object"))
                return
        try:
            self._chunk(chunk, events)
        except BadShape as error:
            events += self._fail(_broken(str(error)))

    def _chunk(self, chunk: Json, events: list[Event]) -> None:
        choices = chunk.get("choices")
        if choices is None or "error" in chunk or "base_resp" in chunk:
            failure = failure_inside(chunk)
            if failure is not None:
                events += self._fail(failure)
                return
        if not chunk.keys() <= _KNOWN:
            for name, value in chunk.items():
                if name not in _KNOWN and value not in (None, "", [], {}):
                    self._extra[name] = value
        if not self._started and (choices or chunk.get("id")):
            self._begin(chunk, events)
        usage = chunk.get("usage")
        if choices:
            if not isinstance(choices, list):
                raise BadShape("choices", "must be an array")
            for entry in choices:
                if not isinstance(entry, dict):
                    raise BadShape("choices", "must be objects")
                self._choice(entry, events)
                usage = usage or entry.get("usage")  # Moonshot
        if usage is None and isinstance(groq := chunk.get("x_groq"), dict):
            usage = groq.get("usage")
        if usage is not None:
            self._see_usage(usage, events)

    def _begin(self, chunk: Json, events: list[Event]) -> None:
        self._started = True
        own_id, model, created, tier = (chunk.get(name) for name in ("id", "model", "created", "service_tier"))
        self._id = own_id if isinstance(own_id, str) else ""
        made = created if type(created) is int and created > 0 else 0
        extra, self._extra = self._extra, {}
        events.append(
            Started(
                id=self._id,
                model=model if isinstance(model, str) else "",
                created=made,
                service_tier=tier if isinstance(tier, str) else "",
                native=Spelt(OWN, extra),
            )
        )
        self._id = f"call_{self._id or made}"

    def _see_usage(self, raw: object, events: list[Event]) -> None:
        usage = read_usage(raw, self._dialect)
        if usage is not None:
            self._usage = raw
            if self._started:
                events.append(UsageSeen(usage, raw))

    def _choice(self, entry: Json, events: list[Event]) -> None:
        number = entry.get("index")
        if type(number) is not int or number < 0:
            number = 0
        reader = self._choices.get(number)
        if reader is None:
            reader = self._choices[number] = ChoiceReader(number, f"{self._id}_{number}")
        delta = entry.get("delta")
        if delta is None:
            if isinstance(entry.get("text"), str):  # a text completion
                delta = {"content": entry["text"]}
            elif not reader.heard:  # a host that sends the whole message as its one chunk
                delta = entry.get("message")
        if isinstance(delta, dict) and delta:
            self._next = reader.read(delta, entry.get("logprobs"), self._next, events)
        elif delta is not None and not isinstance(delta, dict):
            raise BadShape("choices.delta", "must be an object")
        word = entry.get("finish_reason")
        if isinstance(word, str):
            reader.word = word or reader.word or ""
        if not entry.keys() <= _CHOICE:
            for name, value in entry.items():
                if name not in _CHOICE and value not in (None, "", [], {}):
                    reader.extra[name] = value

    def _finish(self, events: list[Event]) -> None:
        self._over = True
        if not self._choices:
            events.append(Failed(_broken("the stream ended without an answer")))
            return
        for number in sorted(self._choices):
            if not self._choices[number].finish(events):
                events.append(Failed(_broken("a tool call of the stream has no name")))
                return
        members = self._extra
        if self._usage is not None:
            members["usage"] = self._usage
        events.append(Ended(Native(OWN, members) if members else None))

    def _fail(self, failure: Failure) -> list[Event]:
        self._over = True
        return [Failed(failure)]


def _readable(data: bytes) -> Json | None:
    """An event whose bytes are no UTF-8, with what cannot be read replaced; `None` where it is no JSON object."""
    try:
        chunk = _decode(data.decode("utf-8", "replace"))
    except _BROKEN:
        return None
    return chunk if isinstance(chunk, dict) else None


def _broken(why: str) -> Failure:
    return Failure(kind=FailureKind.UNAVAILABLE, status=502, message=why)
