"""What real hosts and clients sent, through the codec and back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.wire.openai_chat import recorded
from trunkline.ir.answer import Answer
from trunkline.ir.events import Ended, Failed, Ping, UsageSeen
from trunkline.ir.fold import Folder, fold, unfold
from trunkline.ir.grammar import check
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Reasoning, Text, ToolCall
from trunkline.wire.openai_chat.codec import CODEC, OpenAIChatCodec
from trunkline.wire.openai_chat.reasoning import DETAILS


def again(value: object) -> object:
    """As JSON has it."""
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("body", recorded.requests())
def test_a_request_comes_out_as_it_went_in(body: dict[str, Any]) -> None:
    """Reading a recorded request and writing it again loses nothing and reports nothing."""
    losses = Losses()
    assert again(CODEC.encode_request(CODEC.decode_request(body), losses)) == body
    assert losses.found == []


@pytest.mark.parametrize("exchange", recorded.answers())
def test_an_answer_comes_out_as_it_went_in(exchange: dict[str, Any]) -> None:
    """Reading a recorded answer and writing it again loses nothing and reports nothing."""
    body, losses = exchange["response"]["body"], Losses()
    request = CODEC.decode_request(exchange["request"]["body"]) if exchange.get("request") else None
    assert again(CODEC.encode_answer(CODEC.decode_answer(body), recorded.reply(request), losses)) == body
    assert losses.found == []


@pytest.mark.parametrize("exchange", recorded.answers())
def test_an_answer_has_its_usage_and_its_words(exchange: dict[str, Any]) -> None:
    """The counts are read, and no words of the content are lost among the parts."""
    body = exchange["response"]["body"]
    answer = CODEC.decode_answer(body)
    assert answer.usage is not None
    assert answer.usage.input_total >= body["usage"]["prompt_tokens"]
    for choice, entry in zip(answer.choices, body["choices"], strict=True):
        content = (entry.get("message") or {}).get("content")
        if isinstance(content, str):
            assert "".join(part.text for part in choice.parts if isinstance(part, Text) and not part.refusal) == content
        calls = (entry.get("message") or {}).get("tool_calls") or []
        assert sum(isinstance(part, ToolCall) for part in choice.parts) >= len(calls)


@pytest.mark.parametrize("data", recorded.streams())
@pytest.mark.parametrize("size", recorded.READS)
def test_a_stream_does_not_care_how_it_is_cut(data: bytes, size: int) -> None:
    """Reads of any size give the same events."""
    assert recorded.read(OpenAIChatCodec(), data, size) == recorded.read(OpenAIChatCodec(), data)


@pytest.mark.parametrize("data", recorded.streams())
def test_a_stream_keeps_to_the_grammar(data: bytes) -> None:
    """Every recorded stream ends, and its events stand where they may; those that hold an error fail."""
    events = check(recorded.read(OpenAIChatCodec(), data))
    assert isinstance(events[-1], Failed if b'"error":{' in data.replace(b" ", b"") else Ended)


@pytest.mark.parametrize("data", recorded.streams())
def test_a_stream_holds_what_its_whole_answer_would(data: bytes) -> None:
    """Folding the events gives what reading the joined chunks as one answer gives."""
    events = recorded.read(OpenAIChatCodec(), data)
    if isinstance(events[-1], Failed):
        return
    streamed, whole = fold(events), CODEC.decode_answer(joined(data))
    assert recorded.plain(_usual(streamed)) == recorded.plain(_usual(whole))


def _usual(answer: Answer) -> Answer:
    """With hidden reasoning in front: a whole answer has no place behind the text for it. A tier may come late."""
    answer.service_tier = ""
    for choice in answer.choices:
        choice.parts.sort(key=lambda part: not (isinstance(part, Reasoning) and not part.text))
    return answer


@pytest.mark.parametrize("data", recorded.streams())
def test_a_stream_written_again_says_the_same(data: bytes) -> None:
    """Writing the events and reading them once more gives the same answer, with the usage, and loses nothing."""
    codec = OpenAIChatCodec()
    events = recorded.read(codec, data)
    if isinstance(events[-1], Failed):
        return
    encoder = codec.stream_encoder(recorded.reply())
    written = b"".join(encoder.encode(event) for event in events)
    assert encoder.losses.found == []
    assert written.endswith(b"data: [DONE]\n\n")
    assert recorded.plain(fold(check(recorded.read(codec, written)))) == recorded.plain(fold(events))


@pytest.mark.parametrize("exchange", recorded.answers())
def test_a_whole_answer_can_be_streamed(exchange: dict[str, Any]) -> None:
    """The events of a whole answer make a stream that says the same."""
    codec = OpenAIChatCodec()
    answer = codec.decode_answer(exchange["response"]["body"])
    encoder = codec.stream_encoder(recorded.reply())
    written = b"".join(encoder.encode(event) for event in check(unfold(answer)))
    again_read = fold(check(recorded.read(codec, written)))
    assert _words(again_read) == _words(answer)
    assert again_read.usage == answer.usage


def _words(answer: Answer) -> list[list[tuple[str, str]]]:
    """Kinds and words of all parts, texts side by side as one."""
    found: list[list[tuple[str, str]]] = []
    for choice in answer.choices:
        words: list[tuple[str, str]] = []
        for part in choice.parts:
            match part:
                case Text() | Reasoning():
                    words.append((type(part).__name__, part.text))
                case ToolCall():
                    words.append((part.name, part.arguments or "{}"))
                case _:
                    words.append((type(part).__name__, ""))
        found.append(words)
    return found


@pytest.mark.parametrize("response", recorded.errors())
def test_an_error_is_understood(response: dict[str, Any]) -> None:
    """Every recorded error keeps its status and its provider's words."""
    failure = CODEC.decode_failure(response["status"], json.dumps(response["body"]).encode())
    assert failure.status == response["status"]
    assert failure.message
    assert failure.message in json.dumps(response["body"], ensure_ascii=False).replace('\\"', '"')


def test_comments_are_signs_of_life() -> None:
    """OpenRouter's comments while it waits become pings, each in its place."""
    data = b": OPENROUTER PROCESSING\n\n" + recorded.sse(recorded.chunk({"content": "a"}, finish_reason="stop"))
    assert isinstance(recorded.read(OpenAIChatCodec(), data)[0], Ping)


@pytest.mark.parametrize("exchange", recorded.answers())
def test_an_answer_with_an_origin_brings_all_of_it_back(exchange: dict[str, Any]) -> None:
    """Where the origin is known, opaque state comes back from the client with it, byte for byte."""
    answer = CODEC.decode_answer(exchange["response"]["body"])
    sent = CODEC.encode_answer(answer, recorded.reply(provider="p", deployment="d"), Losses())
    for choice, entry in zip(answer.choices, json.loads(json.dumps(sent))["choices"], strict=True):
        if "message" not in entry:
            continue
        request = CODEC.decode_request({"model": "m", "messages": [entry["message"]]})
        back = [part for part in request.messages[0].parts if isinstance(part, Reasoning)]
        for part, was in zip(back, [part for part in choice.parts if isinstance(part, Reasoning)], strict=True):
            assert (part.text, part.summary) == (was.text, was.summary)
            assert part.opaque is not None
            assert was.opaque is not None
            if was.opaque.kind == DETAILS:
                assert (part.opaque.kind, part.opaque.data) == (was.opaque.kind, was.opaque.data)
                assert (part.opaque.provider, part.opaque.deployment) == ("p", "d")


@pytest.mark.parametrize("data", recorded.streams())
def test_usage_of_a_stream_is_the_providers_own_object(data: bytes) -> None:
    """The last usage that a stream says is what its client gets."""
    codec = OpenAIChatCodec()
    events = recorded.read(codec, data)
    seen = [event for event in events if isinstance(event, UsageSeen)]
    if not seen or isinstance(events[-1], Failed):
        return
    encoder = codec.stream_encoder(recorded.reply())
    written = recorded.chunks(b"".join(encoder.encode(event) for event in events))
    assert written[-2]["usage"] == seen[-1].native
    assert written[-2]["choices"] == []


def joined(data: bytes) -> dict[str, Any]:
    """The whole answer that the chunks of a stream add up to, put together without the codec."""
    whole: dict[str, Any] = {"object": "chat.completion"}
    choices: dict[int, dict[str, Any]] = {}
    for event in recorded.chunks(data.replace(b"\r\n", b"\n")):
        for name, value in event.items():
            first = name in ("id", "created", "model")  # Avian's ids change on the way (recorded)
            if name not in ("choices", "object", "service_tier") and (not whole.get(name) if first else value):
                whole[name] = value
        if isinstance(groq := event.get("x_groq"), dict) and groq.get("usage"):
            whole["usage"] = groq["usage"]
        for entry in event.get("choices") or []:
            choice = choices.setdefault(entry["index"], {"index": entry["index"], "message": {}, "finish_reason": None})
            choice["finish_reason"] = entry.get("finish_reason") or choice["finish_reason"]
            if entry.get("usage"):
                whole["usage"] = entry["usage"]
            if entry.get("logprobs"):
                before = choice.setdefault("logprobs", {})
                for name, value in entry["logprobs"].items():
                    before[name] = [*(before.get(name) or []), *value] if value is not None else before.get(name)
            _add(choice["message"], entry.get("delta") or {})
    whole["choices"] = [choices[number] for number in sorted(choices)]
    return whole


def _add(message: dict[str, Any], delta: dict[str, Any]) -> None:
    for name, value in delta.items():
        match name:
            case "tool_calls":
                for call in value or []:
                    calls = message.setdefault("tool_calls", [])
                    if call["index"] >= len(calls):
                        calls.append({"id": call["id"], "type": "function", "function": {"name": "", "arguments": ""}})
                    function = calls[call["index"]]["function"]
                    function["name"] += (call.get("function") or {}).get("name") or ""
                    function["arguments"] += (call.get("function") or {}).get("arguments") or ""
            case "reasoning_details":
                message["reasoning_details"] = _entries([*message.get("reasoning_details", []), *value])
            case "content" if isinstance(value, list):
                message["content"] = _pieces(message.get("content") or [], value)
            case "content" if isinstance(message.get("content"), list) and message["content"]:
                message["content"] = _pieces(message["content"], [{"type": "text", "text": value}] if value else [])
            case _ if isinstance(value, str) and name != "role":
                message[name] = (message.get(name) or "") + value
            case _:
                message[name] = value or message.get(name)


def _entries(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Pieces of `reasoning_details` of the same type and index, as one."""
    found: list[dict[str, Any]] = []
    for entry in entries:
        last = found[-1] if found else {}
        words = "summary" if entry["type"] == "reasoning.summary" else "text"
        if last.get("type") == entry["type"] and last.get("index") == entry.get("index") and words in entry:
            found[-1] = {**last, **entry, words: last[words] + entry[words]}
        else:
            found.append(entry)
    return found


def _pieces(content: list[dict[str, Any]], more: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Mistral's content: pieces of the same type, as one."""
    found = [*content]
    for piece in more:
        if piece["type"] == "thinking":
            words = "".join(text["text"] for text in piece["thinking"])
            if found and found[-1]["type"] == "thinking":
                words = found.pop()["thinking"][0]["text"] + words
            found.append({"type": "thinking", "thinking": [{"type": "text", "text": words}]})
        elif found and found[-1]["type"] == "text":
            found[-1] = {"type": "text", "text": found[-1]["text"] + piece["text"]}
        else:
            found.append(piece)
    return found


def test_a_folder_can_be_asked_at_any_time() -> None:
    """A stream that breaks leaves what had come."""
    folder = Folder()
    for event in recorded.read(OpenAIChatCodec(), recorded.sse(recorded.chunk({"content": "half"}), done=False)):
        folder.add(event)
    assert folder.failure is not None
    assert folder.answer().choices[0].parts == [Text(text="half")]


def test_an_answer_that_is_an_error_has_no_shape() -> None:
    """Azure says with HTTP 200 that the prompt was filtered (recorded): its words are in the exception."""
    with pytest.raises(BadShape, match="filtered"):
        CODEC.decode_answer({"error": {"message": "The response was filtered", "code": "content_filter"}})
