"""Streams for a client: one JSON object a line, the last with `done: true`. Tool calls and images come whole."""

from __future__ import annotations

from typing import Final, assert_never

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
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Foreign, Media, Native, Reasoning, Text, ToolCall, ToolResult
from trunkline.wire.codec import Members, Reply
from trunkline.wire.natives import put_back
from trunkline.wire.ollama import losses as why
from trunkline.wire.ollama.calls import write_call
from trunkline.wire.ollama.failure import write_failure
from trunkline.wire.ollama.finish import write_finish
from trunkline.wire.ollama.request import GENERATE
from trunkline.wire.ollama.shapes import OWN, put_idle, spelled, write_time
from trunkline.wire.ollama.usage import write_usage

_encode: Final = msgspec.json.Encoder().encode


class _Open:
    """A part under way; of one that comes whole, its pieces."""

    __slots__ = ("part", "pieces", "sent")

    def __init__(self, part: Text | Reasoning | ToolCall | Media) -> None:
        self.part = part
        self.sent = 0
        self.pieces: list[str] = []


class OllamaStreamEncoder:
    """Writes one stream, of `/api/generate` where that is what the client asked."""

    def __init__(self, reply: Reply) -> None:
        self.losses = Losses()
        self._reply = reply
        self._generate = spelled(reply.request.native, "api") == GENERATE
        self._head: Members = {}
        self._open: dict[int, _Open] = {}
        self._calls = 0
        self._finished: Finished | None = None
        self._usage: UsageSeen | None = None
        self._text = self._thought = (b"", b"")
        """What stands before and behind the words of a text, and of a thought."""

    def encode(self, event: Event) -> bytes:
        """The bytes of one event."""
        match event:
            case TextDelta():
                return self._delta(event)
            case PartStarted():
                return self._start_part(event)
            case PartEnded():
                return self._end_part(event)
            case Started():
                self._start(event)
                return b""
            case OpaqueDelta():
                self.losses.add(_path(event.index), why.NO_STATE)
                return b""
            case CitationDelta():
                self.losses.add(f"{_path(event.index)}.citations", why.NO_CITATIONS)
                return b""
            case Finished():
                if event.choice == 0:
                    self._finished = event
                return b""
            case UsageSeen():
                self._usage = event
                return b""
            case Ended():
                return self._end(event)
            case Failed():
                return _line(write_failure(event.failure))
            case Ping():
                return b""  # the format has no sign of life; an empty object would be one without `done`
            case _:
                assert_never(event)

    def _start(self, event: Started) -> None:
        said = spelled(event.native, "created_at")
        when = said if isinstance(said, str) else write_time(event.created or self._reply.created)
        self._head = {"model": event.model or self._reply.model, "created_at": when}
        self._generate = self._generate or spelled(event.native, "api") == GENERATE
        before = _encode(self._head)[:-1]
        if self._generate:
            self._text = before + b',"response":', b',"done":false}\n'
            self._thought = before + b',"response":"","thinking":', b',"done":false}\n'
        else:
            before += b',"message":{"role":"assistant","content":'
            self._text = before, b'},"done":false}\n'
            self._thought = before + b'"","thinking":', b'},"done":false}\n'

    def _start_part(self, event: PartStarted) -> bytes:
        part, path = event.part, _path(event.index)
        if event.choice != 0:
            self.losses.add("choices[1]", why.OTHER_ANSWERS)
            return b""
        match part:
            case Foreign():
                self.losses.add(path, why.FOREIGN)
                return b""
            case ToolResult():
                self.losses.add(path, why.NOT_HERE)
                return b""
            case Text() | Reasoning() | Media() | ToolCall():
                pass
            case _:
                assert_never(part)
        if part.opaque is not None:
            self.losses.add(path, why.NO_STATE)
        if isinstance(part, Text | Reasoning) and self._calls:
            self.losses.add(path, why.ORDER)
        if isinstance(part, Text) and part.citations:
            self.losses.add(f"{path}.citations", why.NO_CITATIONS)
        if not isinstance(part, ToolCall):
            put_back({}, part.native, OWN, self.losses, path)
        held = self._open[event.index] = _Open(part)
        if isinstance(part, Text | Reasoning) and part.text:
            return self._words(held, part.text)
        return b""

    def _delta(self, event: TextDelta) -> bytes:
        held = self._open.get(event.index)
        if held is None:
            return b""
        if isinstance(held.part, Text | Reasoning):
            return self._words(held, event.text, event.logprobs)
        held.pieces.append(event.text)
        return b""

    def _words(self, held: _Open, words: str, logprobs: object = None) -> bytes:
        held.sent += len(words)
        before, behind = self._text if isinstance(held.part, Text) else self._thought
        if isinstance(logprobs, dict) and isinstance(entries := logprobs.get("content"), list):
            behind = behind[:-2] + b',"logprobs":' + _encode(entries) + b"}\n"
        return before + _encode(words) + behind

    def _end_part(self, event: PartEnded) -> bytes:
        held = self._open.pop(event.index, None)
        if held is None:
            return b""
        part = held.part
        if isinstance(event.part, Text | Reasoning | ToolCall) and event.part.opaque is not None:
            self.losses.add(_path(event.index), why.NO_STATE)
        match part:
            case Text() | Reasoning():
                whole = event.part
                late = whole.text[held.sent :] if isinstance(whole, Text | Reasoning) else ""
                return self._words(held, late) if late else b""
            case ToolCall():
                whole = event.part
                made = whole if isinstance(whole, ToolCall) else None
                made = made or replace(part, arguments=part.arguments + "".join(held.pieces))
                return self._call(made, _path(event.index))
            case Media():
                whole = event.part
                made_image = whole if isinstance(whole, Media) else None
                return self._image(made_image or replace(part, data=part.data + "".join(held.pieces)), event.index)
            case _:
                assert_never(part)

    def _call(self, part: ToolCall, path: str) -> bytes:
        if part.custom:
            self.losses.add(path, why.NO_CUSTOM_TOOLS)
            return b""
        call = write_call(part, self._calls, self.losses, path)
        self._calls += 1
        return self._whole({"tool_calls": [call]})

    def _image(self, part: Media, index: int) -> bytes:
        if part.kind != "image" or not part.data:
            self.losses.add(_path(index), why.NO_MEDIA)
            return b""
        return self._whole({"image": part.data} if self._generate else {"images": [part.data]})

    def _whole(self, more: Members) -> bytes:
        if self._generate:
            return _line({**self._head, "response": "", **more, "done": False})
        return _line({**self._head, "message": {"role": "assistant", "content": "", **more}, "done": False})

    def _end(self, event: Ended) -> bytes:
        members = dict(self._head)
        finished = self._finished
        native = finished.native if finished is not None else None
        if self._generate:
            members["response"] = ""
        else:
            message: Members = {"role": "assistant", "content": ""}
            put_back(message, native, OWN, self.losses, "message")
            members["message"] = message
        members["done"] = True
        finish = finished.finish if finished is not None else None
        word = write_finish(finish, finished.finish_native if finished is not None else "", native)
        if word is not None:
            members["done_reason"] = word
        own = event.native
        if own is not None and own.format is OWN:
            counts = own.members.get("usage")
            members.update(counts if isinstance(counts, dict) else {})
        elif self._usage is not None:
            members.update(write_usage(self._usage.usage))
        if own is not None:
            left = Native(own.format, {name: value for name, value in own.members.items() if name != "usage"})
            put_back(members, left, OWN, self.losses)
            put_idle(members, own)
        return _line(members)


def _path(index: int) -> str:
    return f"message.content[{index}]"


def _line(value: Members) -> bytes:
    return _encode(value) + b"\n"
