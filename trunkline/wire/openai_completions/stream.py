"""A text completion as a stream, for a client."""

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
from trunkline.ir.parts import Text
from trunkline.ir.usage import Usage
from trunkline.wire.codec import Reply
from trunkline.wire.openai_chat import losses as why
from trunkline.wire.openai_chat.answer import write_usage
from trunkline.wire.openai_chat.failure import write_failure
from trunkline.wire.openai_completions.answer import finish_word

_encode: Final = msgspec.json.Encoder().encode
_TAIL: Final = b',"logprobs":null,"finish_reason":null}]}\n\n'


class CompletionStreamEncoder:
    """Writes one stream. Text completions answer with text only: what else comes is reported and left out."""

    __slots__ = ("_front", "_heads", "_reply", "_usage", "losses")

    def __init__(self, reply: Reply) -> None:
        self.losses = Losses()
        self._reply = reply
        self._front = b""
        """A chunk up to `choices`."""
        self._heads: dict[int, bytes] = {}
        """A chunk up to its text, for each part that has one."""
        self._usage: Usage | None = None

    def encode(self, event: Event) -> bytes:
        """The bytes of one event. After `Failed`: an event with `error`, and no `[DONE]`."""
        match event:
            case TextDelta():
                head = self._heads.get(event.index)
                return head + _encode(event.text) + _TAIL if head else b""
            case PartStarted():
                return self._begin(event)
            case Started():
                reply = self._reply
                members = {
                    "id": event.id or f"cmpl-{reply.id}",
                    "object": "text_completion",
                    "created": event.created or reply.created,
                    "model": event.model or reply.model,
                }
                self._front = b"data: " + _encode(members)[:-1]
                return b""
            case Finished():
                entry = {
                    "text": "",
                    "index": event.choice,
                    "logprobs": None,
                    "finish_reason": finish_word(event.finish),
                }
                return self._front + b',"choices":[' + _encode(entry) + b"]}\n\n"
            case UsageSeen():
                self._usage = event.usage
                return b""
            case Ended():
                usage = b""
                if self._usage is not None and self._reply.request.stream_usage:
                    usage = self._front + b',"choices":[],"usage":' + _encode(write_usage(self._usage)) + b"}\n\n"
                return usage + b"data: [DONE]\n\n"
            case Failed():
                return b"data: " + _encode(write_failure(event.failure)) + b"\n\n"
            case Ping():
                return b": ping\n\n"
            case PartEnded() | OpaqueDelta() | CitationDelta():
                return b""
            case _:
                assert_never(event)

    def _begin(self, event: PartStarted) -> bytes:
        part = event.part
        if not isinstance(part, Text):
            self.losses.add(f"choices[{event.choice}].{type(part).__name__}", why.COMPLETION_PART)
            return b""
        head = self._heads[event.index] = self._front + b',"choices":[{"index":%d,"text":' % event.choice
        return head + _encode(part.text) + _TAIL if part.text else b""
