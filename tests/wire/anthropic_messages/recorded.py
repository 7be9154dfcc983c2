"""The recorded exchanges of this format, and a message put together from a stream without the code under test."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from trunkline.ir.answer import Answer
from trunkline.ir.events import Event
from trunkline.ir.grammar import check
from trunkline.ir.parts import ToolCall
from trunkline.ir.request import Request
from trunkline.wire.anthropic_messages.codec import CODEC
from trunkline.wire.codec import Members, Reply

RECORDINGS = Path(__file__).resolve().parents[4] / "shared" / "recordings"
FOLDERS = (
    "anthropic/anthropic.messages",
    "anthropic/anthropic.count_tokens",
    "vertex/vertex.anthropic_*raw_predict",
    "bedrock/bedrock.invoke*",
)
ABSENT = "the recordings are not there: put them at `../shared/recordings`"


class Exchange(msgspec.Struct):
    """One recording."""

    name: str
    body: Any
    """The request's."""
    status: int
    answer: Any
    """The whole answer, or an error's body."""
    stream: bytes
    events: list[bytes]
    """Events of Bedrock, out of their frames."""


def exchanges() -> list[Exchange]:
    """Every recording of this format."""
    found: list[Exchange] = []
    for folder in FOLDERS:
        for path in sorted(RECORDINGS.glob(f"{folder}/*.json")):
            record = json.loads(path.read_text())
            request, response = record["request"] or {}, record["response"]
            body = request.get("body")
            if "bedrock" in folder and not (isinstance(body, dict) and "anthropic_version" in body):
                continue  # other vendors' models
            frames = [frame["payload"]["bytes"] for frame in response.get("events") or ()]
            found.append(
                Exchange(
                    name=f"{path.parent.name}/{path.stem}",
                    body=body,
                    status=response["status"],
                    answer=response.get("body"),
                    stream=(response.get("sse") or "").encode(),
                    events=[base64.b64decode(frame) for frame in frames],
                )
            )
    return found


EXCHANGES = exchanges()


def each(chosen: list[Exchange]) -> pytest.MarkDecorator:
    """Run a test for each, by name; where the recordings are absent it is skipped with that reason."""
    if not chosen:
        return pytest.mark.skip(ABSENT)
    return pytest.mark.parametrize("exchange", chosen, ids=[one.name for one in chosen])


REQUESTS = [one for one in EXCHANGES if one.body]
ANSWERS = [one for one in EXCHANGES if isinstance(one.answer, dict) and one.answer.get("type") == "message"]
ERRORS = [one for one in EXCHANGES if one.status >= 400]
STREAMS = [one for one in EXCHANGES if one.stream]
FRAMED = [one for one in EXCHANGES if one.events]

ASKED: Members = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}


def reply_to(request: Request | None = None, provider: str = "", deployment: str = "") -> Reply:
    """What an encoder knows of the request."""
    return Reply(
        id="1",
        model="m",
        created=0,
        request=request or CODEC.decode_request(ASKED),
        provider=provider,
        deployment=deployment,
    )


def read(data: bytes, size: int = 0) -> list[Event]:
    """The events of a stream, read in pieces; the grammar is checked."""
    decoder = CODEC.stream_decoder()
    events: list[Event] = []
    for at in range(0, len(data), size or len(data) or 1):
        events += decoder.feed(data[at : at + (size or len(data))])
    return check([*events, *decoder.end()])


def written(events: list[Event], reply: Reply | None = None) -> bytes:
    """The events as a stream for a client."""
    encoder = CODEC.stream_encoder(reply or reply_to())
    return b"".join(encoder.encode(event) for event in check(events))


def payloads(stream: bytes) -> list[Any]:
    """The data of every event; each must have the `event:` line of its type."""
    found = []
    for block in stream.decode().split("\n\n"):
        if block:
            name, data = block.split("\n")
            value = json.loads(data.removeprefix("data: "))
            assert name == f"event: {value['type']}"
            found.append(value)
    return found


def blocks(stream: bytes) -> list[Any]:
    """The content of a written stream."""
    content = message_of(payloads(stream))["content"]
    assert isinstance(content, list)
    return content


def message_of(events: list[Any]) -> Members:
    """The whole message, accumulated as the official SDK does; blocks may not overlap."""
    message: dict[str, Any] = {}
    open_block: int | None = None
    texts: dict[int, str] = {}
    for event in events:
        match event["type"]:
            case "message_start":
                message = {name: value for name, value in event["message"].items() if value is not None}
                message["stop_sequence"] = None
                message["usage"] = dict(message["usage"])
            case "content_block_start":
                assert open_block is None, "blocks overlap"
                open_block = event["index"]
                assert open_block == len(message["content"])
                block = {name: value for name, value in event["content_block"].items() if name != "citations"}
                message["content"].append(block)
            case "content_block_delta":
                assert event["index"] == open_block
                _grow(message["content"][open_block], event["delta"], texts, event["index"])
            case "content_block_stop":
                assert event["index"] == open_block
                if open_block in texts:
                    message["content"][open_block]["input"] = json.loads(texts[open_block] or "{}")
                open_block = None
            case "message_delta":
                delta = dict(event["delta"])
                if delta.get("container") is None:
                    delta.pop("container", None)
                message |= delta
                message |= {name: value for name, value in event.items() if name not in ("type", "delta", "usage")}
                message["usage"] |= {name: value for name, value in event["usage"].items() if value is not None}
            case _:
                assert event["type"] in ("ping", "message_stop")
    assert open_block is None
    return message


def _grow(block: dict[str, Any], delta: dict[str, Any], texts: dict[int, str], index: int) -> None:
    match delta["type"]:
        case "text_delta":
            block["text"] += delta["text"]
        case "thinking_delta":
            block["thinking"] += delta["thinking"]
        case "signature_delta":
            block["signature"] = delta["signature"]
        case "input_json_delta":
            texts[index] = texts.get(index, "") + delta["partial_json"]
        case "citations_delta":
            block.setdefault("citations", []).append(delta["citation"])
        case "compaction_delta":
            block["content"] = delta["content"]
        case other:
            raise AssertionError(other)


def comparable(answer: Answer) -> Answer:
    """The answer with the arguments of its calls in one spelling: a stream keeps the model's white space."""
    for choice in answer.choices:
        for place, part in enumerate(choice.parts):
            if isinstance(part, ToolCall):
                arguments = json.dumps(json.loads(part.arguments or "{}"), sort_keys=True)
                choice.parts[place] = msgspec.structs.replace(part, arguments=arguments)
    return answer


def same_json(one: object, other: object) -> bool:
    """Equal as JSON: `1`, `1.0` and `true` differ."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
