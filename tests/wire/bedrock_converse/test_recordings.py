"""Every recorded exchange, there and back."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from tests.wire.bedrock_converse.recorded import (
    ANSWERS,
    EXCHANGES,
    MISSING,
    RECORDINGS,
    STREAMS,
    Exchange,
    each,
    events_of,
)
from trunkline.ir.answer import Answer
from trunkline.ir.fold import fold, unfold
from trunkline.ir.grammar import check
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Part, Text, ToolCall
from trunkline.wire.bedrock_converse.codec import CODEC
from trunkline.wire.bedrock_converse.spelling import spelling


def test_the_recordings_are_there() -> None:
    """Without them the tests below would check nothing."""
    if not RECORDINGS.is_dir():
        pytest.skip(MISSING)
    assert len(EXCHANGES) >= 59


@each([exchange for exchange in EXCHANGES if exchange.request])
def test_a_request_is_written_as_it_was_read(exchange: Exchange) -> None:
    """As JSON the body is the same, and nothing is lost."""
    losses = Losses()
    assert CODEC.encode_request(exchange.decoded(), losses) == exchange.request
    assert losses.found == []


@each(ANSWERS)
def test_an_answer_is_written_as_it_was_read(exchange: Exchange) -> None:
    """As JSON the body is the same, and nothing is lost."""
    losses = Losses()
    assert CODEC.encode_answer(CODEC.decode_answer(exchange.body), exchange.reply(), losses) == exchange.body
    assert losses.found == []


@each(ANSWERS)
def test_a_whole_answer_streams(exchange: Exchange) -> None:
    """Its events keep to the grammar, and streamed and read again they are the same answer."""
    answer = CODEC.decode_answer(exchange.body)
    encoder = CODEC.stream_encoder(exchange.reply())
    data = b"".join(encoder.encode(event) for event in check(unfold(answer)))
    assert encoder.losses.found == []
    assert comparable(fold(check(events_of(data)))) == comparable(answer)


@each([exchange for exchange in EXCHANGES if exchange.status == 200])
def test_the_cache_lies_outside_the_input(exchange: Exchange) -> None:
    """`totalTokens` is uncached input, cache reads, cache writes and output together."""
    if exchange.body is not None:
        usage, raw = CODEC.decode_answer(exchange.body).usage, exchange.body["usage"]
    else:
        usage = fold(events_of(exchange.raw)).usage
        raw = next(event["payload"]["usage"] for event in exchange.events if "usage" in event["payload"])
    assert usage is not None
    assert usage.input_total + usage.output_total == raw["totalTokens"]
    assert usage.input_total - usage.cache_read - usage.cache_write == raw["inputTokens"]


@each(STREAMS)
def test_a_stream_keeps_to_the_grammar_however_it_is_cut(exchange: Exchange) -> None:
    """Reads of 1, 2, 3, 7 and 1024 bytes give the events that one read gives."""
    whole = check(events_of(exchange.raw))
    for size in (1, 2, 3, 7, 1024):
        assert events_of(exchange.raw, size) == whole


@each(STREAMS)
def test_a_stream_folds_to_the_whole_answer(exchange: Exchange) -> None:
    """What Converse would have answered, put together from the recorded events, is the same answer."""
    folded = fold(events_of(exchange.raw))
    assert comparable(folded) == comparable(CODEC.decode_answer(whole_of(exchange.events)))


@each(STREAMS)
def test_a_stream_written_again_is_the_same_answer(exchange: Exchange) -> None:
    """Its events, encoded and decoded, fold to what they folded to; nothing is lost."""
    events = events_of(exchange.raw)
    encoder = CODEC.stream_encoder(exchange.reply())
    again = check(events_of(b"".join(encoder.encode(event) for event in events)))
    assert encoder.losses.found == []
    assert fold(again) == fold(events)


def comparable(answer: Answer) -> Answer:
    """With the JSON of calls in one spelling, and without the tier, which comes too late in a stream for `Started`."""
    choices = [replace(choice, parts=[_spelled(part) for part in choice.parts]) for choice in answer.choices]
    return replace(answer, choices=choices, service_tier="")


def _spelled(part: Part) -> Part:
    if isinstance(part, ToolCall):
        return replace(part, arguments=msgspec.json.encode(msgspec.json.decode(part.arguments)).decode())
    if isinstance(part, Text) and spelling(part.native).get("type"):
        return replace(part, native=None)
    return part


def whole_of(events: list[dict[str, Any]]) -> dict[str, Any]:
    """The answer of Converse with the content of a ConverseStream."""
    blocks: dict[int, dict[str, Any]] = {}
    whole: dict[str, Any] = {}
    for event in events:
        payload = {name: value for name, value in event["payload"].items() if name != "p"}
        match event["headers"][":event-type"]:
            case "contentBlockStart":
                key, start = next(iter(payload["start"].items()))
                blocks[payload["contentBlockIndex"]] = {key: dict(start)}
            case "contentBlockDelta":
                key, value = next(iter(payload["delta"].items()))
                _grow(blocks.setdefault(payload["contentBlockIndex"], {}), key, value)
            case "messageStop" | "metadata":
                whole.update(payload)
            case _:
                pass
    content = [_closed(blocks[index]) for index in sorted(blocks)]
    return {**whole, "output": {"message": {"role": "assistant", "content": content}}}


def _grow(block: dict[str, Any], key: str, value: Any) -> None:
    match key:
        case "text":
            block["text"] = block.get("text", "") + value
        case "citation":
            block.setdefault("citations", []).append(value)
        case "toolUse":
            block["toolUse"]["input"] = block["toolUse"].get("input", "") + value["input"]
        case "toolResult":
            block["toolResult"].setdefault("content", []).extend(value)
        case "reasoningContent":
            inner = block.setdefault("reasoningContent", {})
            for name, piece in value.items():
                inner[name] = inner.get(name, "") + piece
        case _:
            raise AssertionError(key)


def _closed(block: dict[str, Any]) -> dict[str, Any]:
    match block:
        case {"citations": citations}:
            text = block.get("text", "")
            content = {"content": [{"text": text}]} if text else {}
            return {"citationsContent": {**content, "citations": citations}}
        case {"toolUse": inner}:
            return {"toolUse": {**inner, "input": msgspec.json.decode(inner.get("input") or "{}")}}
        case {"reasoningContent": inner} if "redactedContent" not in inner:
            return {"reasoningContent": {"reasoningText": {"text": "", **inner}}}
        case _:
            return block
