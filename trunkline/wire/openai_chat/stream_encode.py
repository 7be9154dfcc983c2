"""Writing a stream of OpenAI's chat completions for a client.

Reasoning goes out word by word in `reasoning_content`; its opaque state follows when the part is over, with the words
in one piece, as one entry of `reasoning_details` (and of LiteLLM's `thinking_blocks` where Claude made it).
"""

from __future__ import annotations

from typing import Final, assert_never

import msgspec

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
from trunkline.ir.usage import Usage
from trunkline.wire.codec import Reply, Retold
from trunkline.wire.openai_chat.answer import known_tier, without_usage, write_usage
from trunkline.wire.openai_chat.failure import write_failure
from trunkline.wire.openai_chat.finish import write_finish
from trunkline.wire.openai_chat.reasoning import order_entry
from trunkline.wire.openai_chat.spelling import Json, is_own, restore
from trunkline.wire.openai_chat.stream_parts import PartWriter, Setting, TextWriter, writer_of

_encode: Final = msgspec.json.Encoder().encode
_PING: Final = b": ping\n\n"
_DONE: Final = b"data: [DONE]\n\n"
_TAIL: Final = b',"logprobs":null,"finish_reason":null}]}\n\n'
_ROLE: Final = b'{"role":"assistant","content":""}'


class _Chosen:
    """One choice under way."""

    __slots__ = ("head", "setting")

    def __init__(self, head: bytes, setting: Setting) -> None:
        self.head = head
        """A chunk up to its delta."""
        self.setting = setting


class ChatStreamEncoder:
    """Writes one stream."""

    __slots__ = ("_choices", "_front", "_own", "_parts", "_reply", "_usage", "_usage_native", "losses")

    def __init__(self, reply: Reply) -> None:
        self.losses = Losses()
        self._reply = reply
        self._front = b""
        """A chunk up to `choices`."""
        self._own = False
        """The events were read from this format."""
        self._choices: dict[int, _Chosen] = {}
        self._parts: dict[int, tuple[PartWriter, bytes]] = {}
        """The writer of each part, and the head of its choice."""
        self._usage: Usage | None = None
        self._usage_native: object = None

    def encode(self, event: Event) -> bytes:
        """The bytes of one event. After `Failed`: an event with `error`, and no `[DONE]`."""
        match event:
            case TextDelta():
                writer, head = self._parts[event.index]
                delta = writer.more(event.text)
                if not delta:
                    return b""
                if event.logprobs is None:
                    return head + delta + _TAIL
                return head + delta + b',"logprobs":' + _encode(event.logprobs) + b',"finish_reason":null}]}\n\n'
            case PartStarted():
                chosen, role = self._chosen(event.choice)
                writer = writer_of(event.part, chosen.setting)
                self._parts[event.index] = (writer, chosen.head)
                delta = writer.begin()
                return role + chosen.head + delta + _TAIL if delta else role
            case PartEnded():
                writer, head = self._parts.pop(event.index)
                return b"".join(head + delta + _TAIL for delta in writer.end(event.part))
            case OpaqueDelta():
                self._parts[event.index][0].sign(event.opaque)
                return b""
            case CitationDelta():
                self._parts[event.index][0].cite(event.citation)
                return b""
            case Started():
                return self._start(event)
            case Finished():
                return self._finish(event)
            case UsageSeen():
                self._usage, self._usage_native = event.usage, event.native
                return b""
            case Ended():
                return self._over(event)
            case Failed():
                return b"data: " + _encode(write_failure(event.failure)) + b"\n\n"
            case Ping():
                return _PING
            case _:
                assert_never(event)

    def retells(self, event: TextDelta) -> Retold | None:
        """What stands around the text of an event."""
        writer, head = self._parts[event.index]
        if not isinstance(writer, TextWriter) or event.logprobs is not None:
            return None
        return Retold(head + writer.head + b'"', b'"}' + _TAIL, writer)

    def _start(self, event: Started) -> bytes:
        reply = self._reply
        self._own = is_own(event.native)
        members: Json = {
            "id": event.id or f"chatcmpl-{reply.id}",
            "object": "chat.completion.chunk",
            "created": event.created or reply.created,
            "model": event.model or reply.model,
        }
        tier = event.service_tier if self._own else known_tier(event.service_tier, self.losses)
        if tier:
            members["service_tier"] = tier
        self._front = b"data: " + _encode(members)[:-1]
        restore(members, without_usage(event.native), self.losses)
        first, _ = self._chosen(0, told=True)
        return b"data: " + _encode(members)[:-1] + first.head[len(self._front) :] + _ROLE + _TAIL

    def _chosen(self, number: int, *, told: bool = False) -> tuple[_Chosen, bytes]:
        """The choice, and the chunk that says its role, unless that is `told` already."""
        chosen = self._choices.get(number)
        if chosen is not None:
            return chosen, b""
        setting = Setting(self._reply, self.losses, f"choices[{number}]")
        chosen = _Chosen(self._front + b',"choices":[{"index":%d,"delta":' % number, setting)
        self._choices[number] = chosen
        return chosen, b"" if told else chosen.head + _ROLE + _TAIL

    def _finish(self, event: Finished) -> bytes:
        chosen, out = self._chosen(event.choice)
        setting = chosen.setting
        if not self._own and setting.unusual:
            out += chosen.head + _encode({"reasoning_details": [order_entry(setting.steps)]}) + _TAIL
        if setting.annotations:
            out += chosen.head + _encode({"annotations": setting.annotations}) + _TAIL
        word = write_finish(event.finish, calls=setting.calls > 0)
        if self._own and event.finish_native:
            word = event.finish_native
        delta: Json = {}
        entry: Json = {"message": delta, "logprobs": None, "finish_reason": word}
        if event.finish_native not in ("", word):
            entry["native_finish_reason"] = event.finish_native
        restore(entry, event.native, self.losses, setting.path)
        del entry["message"]
        return out + chosen.head + _encode(delta) + b"," + _encode(entry)[1:] + b"]}\n\n"

    def _over(self, event: Ended) -> bytes:
        members: Json = {}
        restore(members, without_usage(event.native), self.losses)
        if self._usage is not None and self._reply.request.stream_usage:
            native = self._usage_native
            members["usage"] = native if self._own and isinstance(native, dict) else write_usage(self._usage)
        if not members:
            return _DONE
        return self._front + b',"choices":[],' + _encode(members)[1:] + b"\n\n" + _DONE
