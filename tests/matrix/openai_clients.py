"""Clients of OpenAI's three formats: chat completions, Responses, text completions; written by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from tests.matrix.hearing import BrokenOff, Heard, events, words_of
from tests.support.stand_in import Item, canonical
from trunkline.ir.parts import CacheHint, Media, MediaKind, Message, Text, ToolCall, ToolResult
from trunkline.ir.request import Request

EFFORT: Final = "medium"


def openai_error(body: dict[str, Any]) -> tuple[str, str]:
    """OpenAI's error object."""
    error = body["error"]
    assert {"message", "type", "param", "code"} <= error.keys(), error
    assert isinstance(error["message"], str), error
    return str(error["type"]), error["message"]


class ChatClient:
    """`/v1/chat/completions`."""

    name = "chat"

    def path(self, model: str, *, stream: bool) -> str:
        return "/v1/chat/completions"

    def body(self, request: Request, model: str, *, stream: bool) -> dict[str, Any]:
        body: dict[str, Any] = {"model": model, "messages": [m for one in request.messages for m in self._message(one)]}
        if request.tools:
            body["tools"] = [
                {"type": "function", "function": {"name": t.name, "description": t.description, "parameters": t.schema}}
                for t in request.tools
            ]
        if request.tool_choice is not None:
            named = {"type": "function", "function": {"name": (request.tool_choice.names or [""])[0]}}
            body["tool_choice"] = named if request.tool_choice.names else request.tool_choice.mode
        if request.output is not None:
            form = {"name": request.output.name, "schema": request.output.schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        if request.thinking is not None:
            body["reasoning_effort"] = EFFORT
        if request.sampling.max_tokens is not None:
            body["max_tokens"] = request.sampling.max_tokens
        if request.sampling.temperature is not None:
            body["temperature"] = request.sampling.temperature
        if stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        return body

    def _message(self, message: Message) -> list[dict[str, Any]]:
        results = [p for p in message.parts if isinstance(p, ToolResult)]
        others = [p for p in message.parts if not isinstance(p, ToolResult | ToolCall)]
        written: list[dict[str, Any]] = [
            {"role": "tool", "tool_call_id": r.call_id, "content": words_of(r)} for r in results
        ]
        calls = [p for p in message.parts if isinstance(p, ToolCall)]
        if others or calls:
            own: dict[str, Any] = {"role": message.role, "content": None}
            if len(others) == 1 and isinstance(others[0], Text) and others[0].cache is None:
                own["content"] = others[0].text
            elif others:
                own["content"] = [_chat_part(part) for part in others]
            if calls:
                own["tool_calls"] = [
                    {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}}
                    for c in calls
                ]
            written.append(own)
        return written

    def assemble(self, stream: bytes) -> dict[str, Any]:
        answer: dict[str, Any] = {}
        message: dict[str, Any] = {"role": "assistant", "content": None}
        calls: dict[int, dict[str, Any]] = {}
        finish: str | None = None
        told = events(stream)
        for name, chunk in told:
            if chunk == "[DONE]":
                continue
            if "error" in chunk:
                kind, text = openai_error(chunk)
                assert told[-1][1] is chunk, "something follows the error"
                raise BrokenOff(text, kind)
            assert not name
            assert chunk["object"] == "chat.completion.chunk"
            answer = {**answer, **{k: chunk[k] for k in ("id", "model", "created")}}
            if chunk.get("usage") is not None:
                answer["usage"] = chunk["usage"]
            for choice in chunk["choices"]:
                assert choice["index"] == 0
                assert finish is None or not choice["delta"], "a delta behind the finish"
                finish = choice["finish_reason"] or finish
                _grow(message, calls, choice["delta"])
        assert told[-1][1] == "[DONE]", "the stream has no [DONE]"
        if calls:
            message["tool_calls"] = [calls[n] for n in sorted(calls)]
        return {
            **answer,
            "object": "chat.completion",
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        }

    def hear(self, answer: dict[str, Any]) -> Heard:
        assert answer["object"] == "chat.completion"
        assert answer["id"]
        assert isinstance(answer["created"], int)
        (choice,) = answer["choices"]
        message = choice["message"]
        assert message["role"] == "assistant"
        items: list[Item] = []
        if message.get("reasoning_content"):
            items.append(("think", message["reasoning_content"], ""))
        if message.get("content"):
            items.append(("text", message["content"]))
        if message.get("refusal"):
            items.append(("refusal", message["refusal"]))
        for call in message.get("tool_calls") or ():
            assert call["type"] == "function"
            assert isinstance(call["function"]["arguments"], str)
            items.append(("call", call["id"], call["function"]["name"], canonical(call["function"]["arguments"]), ""))
        usage = answer["usage"]
        assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
        cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
        return Heard(
            items,
            choice["finish_reason"],
            (usage["prompt_tokens"], usage["completion_tokens"]),
            cached,
            answer["model"],
            answer["id"],
        )

    def follow(self, body: dict[str, Any], answer: dict[str, Any], results: Sequence[ToolResult]) -> dict[str, Any]:
        more = [answer["choices"][0]["message"], *self._message(Message(role="user", parts=list(results)))]
        return {**body, "messages": [*body["messages"], *more]}

    def error(self, body: dict[str, Any]) -> tuple[str, str]:
        return openai_error(body)


def _grow(message: dict[str, Any], calls: dict[int, dict[str, Any]], delta: dict[str, Any]) -> None:
    """As OpenAI's own SDK accumulates: texts are joined, calls by their index, lists are joined."""
    for name, value in delta.items():
        if name == "tool_calls":
            for piece in value:
                own = calls.setdefault(
                    piece["index"], {"id": "", "type": "function", "function": {"name": "", "arguments": ""}}
                )
                own["id"] += piece.get("id") or ""
                own["function"]["name"] += piece["function"].get("name") or ""
                own["function"]["arguments"] += piece["function"].get("arguments") or ""
        elif name in ("content", "refusal", "reasoning_content", "reasoning"):
            if value is not None:
                message[name] = (message.get(name) or "") + value
        elif isinstance(value, list):
            message[name] = [*message.get(name, []), *value]
        else:
            message[name] = value


def _chat_part(part: object) -> dict[str, Any]:
    match part:
        case Text():
            words: dict[str, Any] = {"type": "text", "text": part.text}
            return words | ({"cache_control": {"type": "ephemeral"}} if part.cache is not None else {})
        case Media(kind=MediaKind.IMAGE):
            return {"type": "image_url", "image_url": {"url": f"data:{part.mime};base64,{part.data}"}}
        case Media(kind=MediaKind.AUDIO):
            return {
                "type": "input_audio",
                "input_audio": {"data": part.data, "format": part.mime.removeprefix("audio/")},
            }
        case Media():
            return {
                "type": "file",
                "file": {"filename": part.name, "file_data": f"data:{part.mime};base64,{part.data}"},
            }
        case _:
            raise AssertionError(part)


class ResponsesClient:
    """`/v1/responses`, stateless: it asks for encrypted reasoning and sends all items back."""

    name = "responses"

    def path(self, model: str, *, stream: bool) -> str:
        return "/v1/responses"

    def body(self, request: Request, model: str, *, stream: bool) -> dict[str, Any]:
        items = [item for message in request.messages for item in self._items(message)]
        body: dict[str, Any] = {
            "model": model,
            "input": items,
            "store": False,
            "include": ["reasoning.encrypted_content"],
        }
        if request.tools:
            body["tools"] = [
                {
                    "type": "function",
                    "name": t.name,
                    "description": t.description,
                    "parameters": t.schema,
                    "strict": False,
                }
                for t in request.tools
            ]
        if request.tool_choice is not None:
            named = {"type": "function", "name": (request.tool_choice.names or [""])[0]}
            body["tool_choice"] = named if request.tool_choice.names else request.tool_choice.mode
        if request.output is not None:
            form = {"type": "json_schema", "name": request.output.name, "schema": request.output.schema, "strict": True}
            body["text"] = {"format": form}
        if request.thinking is not None:
            body["reasoning"] = {"effort": EFFORT, "summary": "auto"}
        if request.sampling.max_tokens is not None:
            body["max_output_tokens"] = request.sampling.max_tokens
        if request.sampling.temperature is not None:
            body["temperature"] = request.sampling.temperature
        if stream:
            body["stream"] = True
        return body

    def _items(self, message: Message) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        content: list[dict[str, Any]] = []
        kind = "output_text" if message.role == "assistant" else "input_text"
        for part in message.parts:
            match part:
                case ToolCall():
                    items.append(
                        {"type": "function_call", "call_id": part.id, "name": part.name, "arguments": part.arguments}
                    )
                case ToolResult():
                    items.append({"type": "function_call_output", "call_id": part.call_id, "output": words_of(part)})
                case Text():
                    content.append({"type": kind, "text": part.text})
                case Media(kind=MediaKind.IMAGE):
                    content.append({"type": "input_image", "image_url": f"data:{part.mime};base64,{part.data}"})
                case Media(kind=MediaKind.AUDIO):
                    audio = {"data": part.data, "format": part.mime.removeprefix("audio/")}
                    content.append({"type": "input_audio", "input_audio": audio})
                case Media():
                    url = f"data:{part.mime};base64,{part.data}"
                    content.append({"type": "input_file", "filename": part.name, "file_data": url})
                case _:
                    raise AssertionError(part)
        said = [{"type": "message", "role": message.role, "content": content}] if content else []
        # Text of the assistant stands before its calls, results before the user's words.
        return [*said, *items] if message.role == "assistant" else [*items, *said]

    def assemble(self, stream: bytes) -> dict[str, Any]:
        told = events(stream)
        grown: dict[tuple[int, str], str] = {}
        done: dict[int, Any] = {}
        for number, (name, event) in enumerate(told):
            assert event != "[DONE]"
            assert name == event["type"]
            if name == "error" or name == "response.failed":
                assert number == len(told) - 1, "something follows the error"
                error = event if name == "error" else event["response"]["error"]
                raise BrokenOff(str(error["message"]), str(error.get("code")))
            assert event["sequence_number"] == number, "the sequence numbers have a gap"
            if name.endswith(".delta"):
                key = (event["output_index"], name)
                grown[key] = grown.get(key, "") + event["delta"]
            elif name == "response.output_item.done":
                done[event["output_index"]] = event["item"]
        last, event = told[-1]
        assert last in ("response.completed", "response.incomplete"), last
        output = event["response"]["output"]
        assert [done[n] for n in sorted(done)] == output, "the items and the final response differ"
        for (place, name), text in grown.items():
            item = output[place]
            match name:
                case "response.output_text.delta":
                    assert text == "".join(p["text"] for p in item["content"] if p["type"] == "output_text")
                case "response.function_call_arguments.delta":
                    assert text == item["arguments"]
                case "response.reasoning_summary_text.delta":
                    assert text == "".join(p["text"] for p in item["summary"])
                case "response.refusal.delta":
                    assert text == "".join(p["refusal"] for p in item["content"] if p["type"] == "refusal")
                case "response.reasoning_text.delta":
                    assert text == "".join(p["text"] for p in item["content"])
                case _:
                    raise AssertionError(name)
        found: dict[str, Any] = event["response"]
        return found

    def hear(self, answer: dict[str, Any]) -> Heard:
        assert answer["object"] == "response"
        assert answer["id"].startswith("resp_")
        assert answer["error"] is None
        items: list[Item] = []
        for item in answer["output"]:
            match item["type"]:
                case "message":
                    assert item["role"] == "assistant"
                    for part in item["content"]:
                        words = part["refusal"] if part["type"] == "refusal" else part["text"]
                        items.append(("refusal" if part["type"] == "refusal" else "text", words))
                case "function_call":
                    items.append(("call", item["call_id"], item["name"], canonical(item["arguments"]), ""))
                case "reasoning":
                    parts = [*item["summary"], *(item.get("content") or ())]
                    items.append(("think", "".join(p["text"] for p in parts), item.get("encrypted_content") or ""))
                case other:
                    raise AssertionError(other)
        finish = answer["status"]
        if finish == "incomplete":
            finish = answer["incomplete_details"]["reason"]
        usage = answer["usage"]
        tokens = (usage["input_tokens"], usage["output_tokens"])
        assert usage["total_tokens"] == sum(tokens)
        return Heard(
            items, finish, tokens, usage["input_tokens_details"]["cached_tokens"], answer["model"], answer["id"]
        )

    def follow(self, body: dict[str, Any], answer: dict[str, Any], results: Sequence[ToolResult]) -> dict[str, Any]:
        more = self._items(Message(role="user", parts=list(results)))
        return {**body, "input": [*body["input"], *answer["output"], *more]}

    def error(self, body: dict[str, Any]) -> tuple[str, str]:
        return openai_error(body)


class CompletionsClient:
    """`/v1/completions`: one prompt, one text."""

    name = "completions"

    def path(self, model: str, *, stream: bool) -> str:
        return "/v1/completions"

    def body(self, request: Request, model: str, *, stream: bool) -> dict[str, Any]:
        words = "".join(p.text for m in request.messages if m.role == "user" for p in m.parts if isinstance(p, Text))
        body: dict[str, Any] = {"model": model, "prompt": words}
        if request.sampling.max_tokens is not None:
            body["max_tokens"] = request.sampling.max_tokens
        if stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        return body

    def assemble(self, stream: bytes) -> dict[str, Any]:
        answer: dict[str, Any] = {}
        text, finish = "", None
        told = events(stream)
        for _, chunk in told:
            if chunk == "[DONE]":
                continue
            if "error" in chunk:
                kind, message = openai_error(chunk)
                raise BrokenOff(message, kind)
            assert chunk["object"] == "text_completion"
            answer = {**answer, **{k: v for k, v in chunk.items() if k != "usage" or v is not None}}
            for choice in chunk["choices"]:
                text += choice["text"]
                finish = choice["finish_reason"] or finish
        assert told[-1][1] == "[DONE]", "the stream has no [DONE]"
        return {**answer, "choices": [{"index": 0, "text": text, "logprobs": None, "finish_reason": finish}]}

    def hear(self, answer: dict[str, Any]) -> Heard:
        assert answer["object"] == "text_completion"
        (choice,) = answer["choices"]
        usage = answer["usage"]
        items: list[Item] = [("text", choice["text"])] if choice["text"] else []
        cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
        tokens = (usage["prompt_tokens"], usage["completion_tokens"])
        return Heard(items, choice["finish_reason"], tokens, cached, answer["model"], answer["id"])

    def follow(self, body: dict[str, Any], answer: dict[str, Any], results: Sequence[ToolResult]) -> dict[str, Any]:
        raise AssertionError("a completion has no next turn")

    def error(self, body: dict[str, Any]) -> tuple[str, str]:
        return openai_error(body)


def hinted(cache: CacheHint | None) -> dict[str, Any]:
    """Anthropic's member for a cache hint."""
    return {"cache_control": {"type": "ephemeral"}} if cache is not None else {}


def as_json(arguments: str) -> Any:
    """Arguments as an object."""
    return json.loads(arguments or "{}")
