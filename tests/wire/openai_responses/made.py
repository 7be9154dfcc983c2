"""An answer with every kind of part, and what the official client makes of ours."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from trunkline.ir.answer import Answer, Choice, Finish
from trunkline.ir.events import Event
from trunkline.ir.parts import Citation, Media, MediaKind, Opaque, Part, Reasoning, Text, ToolCall
from trunkline.ir.usage import Usage
from trunkline.wire.codec import Reply
from trunkline.wire.openai_responses.codec import CODEC

STRICT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
ASKED = {
    "model": "m",
    "input": "hi",
    "instructions": "be nice",
    "tools": [{"type": "function", "name": "f", "parameters": {"type": "object"}}, {"type": "custom", "name": "c"}],
    "reasoning": {"effort": "low"},
    "text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}}, "verbosity": "low"},
    "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]},
    "metadata": {"a": "b"},
    "temperature": 0.5,
    "max_output_tokens": 99,
    "parallel_tool_calls": False,
    "previous_response_id": "resp_0",
    "truncation": "auto",
    "service_tier": "flex",
    "safety_identifier": "u",
    "store": False,
}
REPLY = Reply(
    id="abc", model="asked", created=5, request=CODEC.decode_request(ASKED), provider="anthropic", deployment="d1"
)
SIGNATURE = Opaque("anthropic.signature", "sig")
PARTS: list[Part] = [
    Reasoning(text="thought", opaque=SIGNATURE),
    Reasoning(opaque=Opaque("anthropic.redacted", "red")),
    Text(text="Hello", citations=[Citation(url="https://x", title="t", start=0, end=5)]),
    Text(text=" there"),
    ToolCall(id="toolu_1", name="f", arguments='{"a": 1}', opaque=Opaque("gemini.signature", "on the call")),
    Reasoning(text="summed up", summary=True),
    ToolCall(id="toolu_2", name="c", arguments="free text", custom=True),
    ToolCall(id="toolu_3", name="f", arguments=""),
    Text(text="end", opaque=Opaque("gemini.signature", "on the text")),
    Text(text="No.", refusal=True),
    Media(kind=MediaKind.IMAGE, mime="image/png", data="iVBOR"),
]


def answer(*parts: Part, finish: Finish | None = Finish.STOP, **more: Any) -> Answer:
    """An answer of another format."""
    return Answer(
        id="msg_1",
        model="claude",
        created=9,
        choices=[Choice(parts=list(parts), finish=finish)],
        usage=Usage(10, 5, 2, 1, 3),
        **more,
    )


def strict(members: object) -> Response:
    """A response as the official client's types demand it; raises where one is broken."""
    return Response.model_validate(json.loads(json.dumps(members)))


def written(events: Iterable[Event], reply: Reply = REPLY) -> bytes:
    """The stream of some events."""
    encoder = CODEC.stream_encoder(reply)
    return b"".join(encoder.encode(event) for event in events)
