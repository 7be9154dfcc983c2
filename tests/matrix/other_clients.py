"""Clients of Anthropic's, Google's and Cohere's formats, written by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from tests.matrix.hearing import BrokenOff, Client, Heard, events, words_of
from tests.matrix.openai_clients import ChatClient, CompletionsClient, ResponsesClient, as_json, hinted
from tests.support.stand_in import Item, canonical
from trunkline.ir.parts import Media, MediaKind, Message, Part, Text, ToolCall, ToolResult
from trunkline.ir.request import Request


class MessagesClient:
    """`/v1/messages`."""

    name = "messages"

    def path(self, model: str, *, stream: bool) -> str:
        return "/v1/messages"

    def body(self, request: Request, model: str, *, stream: bool) -> dict[str, Any]:
        system = [p for m in request.messages if m.role == "system" for p in m.parts if isinstance(p, Text)]
        body: dict[str, Any] = {
            "model": model, "max_tokens": request.sampling.max_tokens or 4000,
            "messages": [
                {"role": m.role, "content": [self._block(p) for p in m.parts]} for m in request.messages if m.role != "system"
            ],
        }  # fmt: skip
        if system:
            body["system"] = [{"type": "text", "text": p.text, **hinted(p.cache)} for p in system]
        if request.tools:
            body["tools"] = [
                {"name": t.name, "description": t.description, "input_schema": t.schema, **hinted(t.cache)}
                for t in request.tools
            ]
        if request.tool_choice is not None:
            kind = {"required": "any"}.get(request.tool_choice.mode, request.tool_choice.mode)
            named = {"type": "tool", "name": (request.tool_choice.names or [""])[0]}
            body["tool_choice"] = named if request.tool_choice.names else {"type": kind}
        if request.output is not None:
            body["output_config"] = {"format": {"type": "json_schema", "schema": request.output.schema}}
        if request.thinking is not None:
            body["thinking"] = {"type": "enabled", "budget_tokens": 2048}
        if request.sampling.temperature is not None:
            body["temperature"] = request.sampling.temperature
        if stream:
            body["stream"] = True
        return body

    def _block(self, part: Part) -> dict[str, Any]:
        match part:
            case Text():
                return {"type": "text", "text": part.text, **hinted(part.cache)}
            case ToolCall():
                return {"type": "tool_use", "id": part.id, "name": part.name, "input": as_json(part.arguments)}
            case ToolResult():
                result: dict[str, Any] = {"type": "tool_result", "tool_use_id": part.call_id}
                if part.content:
                    result["content"] = [{"type": "text", "text": words_of(part)}]
                return result | ({"is_error": True} if part.is_error else {})
            case Media():
                source = {"type": "base64", "media_type": part.mime, "data": part.data}
                return {"type": "image" if part.kind is MediaKind.IMAGE else "document", "source": source}
            case _:
                raise AssertionError(part)

    def assemble(self, stream: bytes) -> dict[str, Any]:
        told = events(stream)
        message: dict[str, Any] = {}
        partial, current = "", -1
        for number, (name, event) in enumerate(told):
            assert name == event["type"]
            match name:
                case "message_start":
                    message = event["message"]
                    assert message["content"] == []
                case "content_block_start":
                    assert current == -1, "blocks overlap"
                    current, partial = event["index"], ""
                    assert current == len(message["content"]), "an index is left out"
                    message["content"].append(dict(event["content_block"]))
                case "content_block_delta":
                    assert event["index"] == current
                    partial += _grow(message["content"][current], event["delta"])
                case "content_block_stop":
                    assert event["index"] == current
                    if message["content"][current]["type"] == "tool_use":
                        message["content"][current]["input"] = json.loads(partial or "{}")
                    current = -1
                case "message_delta":
                    message |= event["delta"]
                    message["usage"] = {**message["usage"], **event["usage"]}
                case "error":
                    assert number == len(told) - 1, "something follows the error"
                    kind, text = self.error(event)
                    raise BrokenOff(text, kind)
                case _:
                    assert name in ("ping", "message_stop"), name
        assert current == -1
        assert told[-1][0] == "message_stop"
        return message

    def hear(self, answer: dict[str, Any]) -> Heard:
        assert (answer["type"], answer["role"]) == ("message", "assistant")
        assert answer["id"]
        items: list[Item] = []
        for block in answer["content"]:
            match block["type"]:
                case "text":
                    items.append(("text", block["text"]))
                case "thinking":
                    items.append(("think", block["thinking"], block["signature"]))
                case "redacted_thinking":
                    items.append(("think", "", block["data"]))
                case "tool_use":
                    assert isinstance(block["input"], dict)
                    items.append(("call", block["id"], block["name"], canonical(block["input"]), ""))
                case other:
                    raise AssertionError(other)
        usage = answer["usage"]
        cached = usage.get("cache_read_input_tokens") or 0
        total = usage["input_tokens"] + cached + (usage.get("cache_creation_input_tokens") or 0)
        return Heard(
            items, answer["stop_reason"], (total, usage["output_tokens"]), cached, answer["model"], answer["id"]
        )

    def follow(self, body: dict[str, Any], answer: dict[str, Any], results: Sequence[ToolResult]) -> dict[str, Any]:
        more = [
            {"role": "assistant", "content": answer["content"]},
            {"role": "user", "content": [self._block(result) for result in results]},
        ]
        return {**body, "messages": [*body["messages"], *more]}

    def error(self, body: dict[str, Any]) -> tuple[str, str]:
        assert body["type"] == "error"
        assert isinstance(body["error"]["message"], str)
        return body["error"]["type"], body["error"]["message"]


def _grow(block: dict[str, Any], delta: dict[str, Any]) -> str:
    """Take a delta into its block; gives the piece of arguments that it holds."""
    match delta["type"]:
        case "text_delta":
            block["text"] += delta["text"]
        case "thinking_delta":
            block["thinking"] += delta["thinking"]
        case "signature_delta":
            block["signature"] = block.get("signature", "") + delta["signature"]
        case "input_json_delta":
            return str(delta["partial_json"])
        case other:
            raise AssertionError(other)
    return ""


class GeminiClient:
    """`models/{m}:generateContent`, as Google's own SDK calls it (streams with `alt=sse`)."""

    name = "gemini"

    def path(self, model: str, *, stream: bool) -> str:
        return f"/v1beta/models/{model}:" + ("streamGenerateContent?alt=sse" if stream else "generateContent")

    def body(self, request: Request, model: str, *, stream: bool) -> dict[str, Any]:
        names = {p.id: p.name for m in request.messages for p in m.parts if isinstance(p, ToolCall)}
        body: dict[str, Any] = {
            "contents": [
                {"role": "model" if m.role == "assistant" else "user", "parts": [self._part(p, names) for p in m.parts]}
                for m in request.messages
                if m.role != "system"
            ]
        }
        system = [
            {"text": p.text} for m in request.messages if m.role == "system" for p in m.parts if isinstance(p, Text)
        ]
        config: dict[str, Any] = {}
        if system:
            body["systemInstruction"] = {"parts": system}
        if request.tools:
            functions = [
                {"name": t.name, "description": t.description, "parametersJsonSchema": t.schema} for t in request.tools
            ]
            body["tools"] = [{"functionDeclarations": functions}]
        if request.tool_choice is not None:
            mode = {"required": "ANY"}.get(request.tool_choice.mode, request.tool_choice.mode.upper())
            calling: dict[str, Any] = {"mode": mode}
            if request.tool_choice.names:
                calling["allowedFunctionNames"] = request.tool_choice.names
            body["toolConfig"] = {"functionCallingConfig": calling}
        if request.output is not None:
            config |= {"responseMimeType": "application/json", "responseJsonSchema": request.output.schema}
        if request.thinking is not None:
            config["thinkingConfig"] = {"thinkingBudget": 2048, "includeThoughts": True}
        if request.sampling.max_tokens is not None:
            config["maxOutputTokens"] = request.sampling.max_tokens
        if request.sampling.temperature is not None:
            config["temperature"] = request.sampling.temperature
        return body | ({"generationConfig": config} if config else {})

    def _part(self, part: Part, names: dict[str, str]) -> dict[str, Any]:
        match part:
            case Text():
                return {"text": part.text}
            case ToolCall():
                return {"functionCall": {"id": part.id, "name": part.name, "args": as_json(part.arguments)}}
            case ToolResult():
                given = (
                    {"error" if part.is_error else "output": words_of(part)} if part.content or part.is_error else {}
                )
                return {"functionResponse": {"id": part.call_id, "name": names[part.call_id], "response": given}}
            case Media():
                return {"inlineData": {"mimeType": part.mime, "data": part.data}}
            case _:
                raise AssertionError(part)

    def assemble(self, stream: bytes) -> dict[str, Any]:
        answer: dict[str, Any] = {}
        parts: list[dict[str, Any]] = []
        finish: dict[str, Any] = {}
        told = events(stream, b"\r\n\r\n")
        for number, (name, chunk) in enumerate(told):
            assert not name
            if "error" in chunk:
                assert number == len(told) - 1, "something follows the error"
                kind, text = self.error(chunk)
                raise BrokenOff(text, kind)
            answer |= {name: value for name, value in chunk.items() if name != "candidates"}
            for candidate in chunk.get("candidates") or ():
                assert not finish, "a candidate behind the finish"
                assert candidate.get("index", 0) == 0
                parts += candidate.get("content", {}).get("parts", [])
                if "finishReason" in candidate:
                    finish = {"finishReason": candidate["finishReason"]}
        if "promptFeedback" in answer:
            return answer
        assert finish, "the stream has no finish"
        return {**answer, "candidates": [{"content": {"role": "model", "parts": parts}, "index": 0, **finish}]}

    def hear(self, answer: dict[str, Any]) -> Heard:
        (candidate,) = answer["candidates"]
        assert candidate["content"]["role"] == "model"
        items: list[Item] = []
        for part in candidate["content"].get("parts", ()):
            signature = part.get("thoughtSignature", "")
            if "functionCall" in part:
                call = part["functionCall"]
                items.append(("call", call.get("id", ""), call["name"], canonical(call.get("args") or {}), signature))
            elif part.get("thought"):
                _say(items, "think", part.get("text", ""), signature)
            elif part.get("text"):
                _say(items, "text", part["text"], signature)
        usage = answer["usageMetadata"]
        output = usage.get("candidatesTokenCount", 0) + usage.get("thoughtsTokenCount", 0)
        tokens = (usage["promptTokenCount"] + usage.get("toolUsePromptTokenCount", 0), output)
        assert usage["totalTokenCount"] == sum(tokens)
        cached = usage.get("cachedContentTokenCount", 0)
        return Heard(items, candidate["finishReason"], tokens, cached, answer["modelVersion"], answer["responseId"])

    def follow(self, body: dict[str, Any], answer: dict[str, Any], results: Sequence[ToolResult]) -> dict[str, Any]:
        calls = [p["functionCall"] for p in answer["candidates"][0]["content"]["parts"] if "functionCall" in p]
        given = []
        for call, result in zip(calls, results, strict=True):  # as the SDK does: in the order of the calls
            response = self._part(result, {result.call_id: call["name"]})["functionResponse"]
            given.append({"functionResponse": {**response, **({"id": call["id"]} if "id" in call else {})}})
            if "id" not in call:
                given[-1]["functionResponse"].pop("id")
        more = [answer["candidates"][0]["content"], {"role": "user", "parts": given}]
        return {**body, "contents": [*body["contents"], *more]}

    def error(self, body: dict[str, Any]) -> tuple[str, str]:
        error = body["error"]
        assert isinstance(error["code"], int)
        assert isinstance(error["message"], str)
        return error["status"], error["message"]


def _say(items: list[Item], kind: str, words: str, signature: str) -> None:
    """Add words; those of one kind that come in pieces are one, up to a signature."""
    if items and items[-1][0] == kind and (kind == "text" or not items[-1][2]):
        words = items.pop()[1] + words
    items.append((kind, words, signature) if kind == "think" else (kind, words))


class CohereClient:
    """`/v2/chat`."""

    name = "cohere"

    def path(self, model: str, *, stream: bool) -> str:
        return "/v2/chat"

    def body(self, request: Request, model: str, *, stream: bool) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": model, "stream": stream, "messages": [m for one in request.messages for m in self._message(one)]
        }  # fmt: skip
        if request.tools:
            body["tools"] = [
                {"type": "function", "function": {"name": t.name, "description": t.description, "parameters": t.schema}}
                for t in request.tools
            ]
        if request.tool_choice is not None and request.tool_choice.mode != "auto":
            body["tool_choice"] = request.tool_choice.mode.upper()
        if request.output is not None:
            body["response_format"] = {"type": "json_object", "json_schema": request.output.schema}
        if request.thinking is not None:
            body["thinking"] = {"type": "enabled", "token_budget": 2048}
        if request.sampling.max_tokens is not None:
            body["max_tokens"] = request.sampling.max_tokens
        if request.sampling.temperature is not None:
            body["temperature"] = request.sampling.temperature
        return body

    def _message(self, message: Message) -> list[dict[str, Any]]:
        results = [p for p in message.parts if isinstance(p, ToolResult)]
        calls = [p for p in message.parts if isinstance(p, ToolCall)]
        others = [p for p in message.parts if isinstance(p, Text | Media)]
        written: list[dict[str, Any]] = [
            {"role": "tool", "tool_call_id": r.call_id, "content": words_of(r)} for r in results
        ]
        if calls:
            own: dict[str, Any] = {"role": "assistant"}
            own["tool_calls"] = [
                {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}} for c in calls
            ]
            if others:
                own["content"] = [{"type": "text", "text": p.text} for p in others if isinstance(p, Text)]
            written.append(own)
        elif others:
            content = [
                {"type": "text", "text": p.text}
                if isinstance(p, Text)
                else {"type": "image_url", "image_url": {"url": f"data:{p.mime};base64,{p.data}"}}
                for p in others
            ]
            written.append({"role": message.role, "content": content})
        return written

    def assemble(self, stream: bytes) -> dict[str, Any]:
        answer: dict[str, Any] = {"message": {"role": "assistant", "content": [], "tool_calls": []}}
        message = answer["message"]
        told = events(stream)
        if told[-1][1] == "[DONE]":
            told.pop()
        for number, (name, event) in enumerate(told):
            if "type" not in event:  # an error in the form of its whole answers
                assert number == len(told) - 1, "something follows the error"
                raise BrokenOff(self.error(event)[1], "")
            assert name in ("", event["type"])
            delta = (event.get("delta") or {}).get("message") or {}
            match event["type"]:
                case "message-start":
                    answer["id"] = event["id"]
                case "content-start":
                    assert event["index"] == len(message["content"]), "an index is left out"
                    message["content"].append(dict(delta["content"]))
                case "content-delta":
                    for field, piece in delta["content"].items():
                        block = message["content"][event["index"]]
                        block[field] = block.get(field, "") + piece
                case "tool-plan-delta":
                    message["tool_plan"] = message.get("tool_plan", "") + delta["tool_plan"]
                case "tool-call-start":
                    assert event["index"] == len(message["tool_calls"]), "an index is left out"
                    message["tool_calls"].append(
                        {**delta["tool_calls"], "function": dict(delta["tool_calls"]["function"])}
                    )
                case "tool-call-delta":
                    message["tool_calls"][event["index"]]["function"]["arguments"] += delta["tool_calls"]["function"][
                        "arguments"
                    ]
                case "message-end":
                    assert number == len(told) - 1, "something follows the end"
                    if event["delta"].get("error"):
                        raise BrokenOff(str(event["delta"]["error"]), event["delta"]["finish_reason"])
                    answer |= {"finish_reason": event["delta"]["finish_reason"], "usage": event["delta"]["usage"]}
                case other:
                    assert other in ("content-end", "tool-call-end", "citation-start", "citation-end"), other
        assert "finish_reason" in answer, "the stream has no end"
        return answer

    def hear(self, answer: dict[str, Any]) -> Heard:
        message = answer["message"]
        assert message["role"] == "assistant"
        items: list[Item] = []
        if message.get("tool_plan"):
            items.append(("think", message["tool_plan"], ""))
        for block in message.get("content") or ():
            kind = {"text": "text", "thinking": "think"}[block["type"]]
            items.append((kind, block[block["type"]], *(("",) if kind == "think" else ())))
        for call in message.get("tool_calls") or ():
            assert call["type"] == "function"
            items.append(("call", call["id"], call["function"]["name"], canonical(call["function"]["arguments"]), ""))
        usage = answer["usage"]
        tokens = (usage["tokens"]["input_tokens"], usage["tokens"]["output_tokens"])
        return Heard(items, answer["finish_reason"], tokens, usage.get("cached_tokens") or 0, "", answer["id"])

    def follow(self, body: dict[str, Any], answer: dict[str, Any], results: Sequence[ToolResult]) -> dict[str, Any]:
        message = {name: value for name, value in answer["message"].items() if value}
        more = [message, *self._message(Message(role="user", parts=list(results)))]
        return {**body, "messages": [*body["messages"], *more]}

    def error(self, body: dict[str, Any]) -> tuple[str, str]:
        assert isinstance(body["message"], str)
        return "", body["message"]


CLIENTS: Final[tuple[Client, ...]] = (
    ChatClient(), ResponsesClient(), MessagesClient(), GeminiClient(), CohereClient(), CompletionsClient(),
)  # fmt: skip
