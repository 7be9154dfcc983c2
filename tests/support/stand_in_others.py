"""Cohere, Ollama and Replicate as the stand-in speaks them; written from their API references, by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from tests.support.stand_in import Asked, Fault, Item, canonical, data_url, halves, names, parsed, sse
from tests.support.stand_in_openai import is_base64
from trunkline.ir import Usage
from trunkline.ir.answer import Answer, Finish
from trunkline.ir.parts import Reasoning, Text, ToolCall

COHERE: Final = names(
    "model messages tools strict_tools tool_choice documents citation_options response_format safety_mode max_tokens "
    "stop_sequences temperature seed frequency_penalty presence_penalty k p logprobs stream thinking raw_prompting "
    "priority"
)
COHERE_FAULTS: Final[Mapping[Fault, tuple[int, str]]] = {
    "rate_limit": (429, "You are using a Trial key, which is limited to 20 API calls / minute."),
    "overloaded": (503, "service unavailable"),
    "auth": (401, "invalid x-api-key"),
    "context": (400, "too many tokens: size limit exceeded by 11326 tokens. Try using shorter or fewer inputs."),
    "filter": (400, "the prompt was blocked by our content filter"),
}
COHERE_STOPS: Final = {Finish.STOP: "COMPLETE", Finish.LENGTH: "MAX_TOKENS", Finish.TOOL_CALLS: "TOOL_CALL"}


class CohereFace:
    """`/v2/chat`."""

    name = "cohere"
    stream_type = "text/event-stream"

    def model(self, method: str, path: str, body: Mapping[str, Any]) -> str | None:
        return str(body["model"]) if path == "/v2/chat" and "model" in body else None

    def streams(self, path: str, body: Mapping[str, Any]) -> bool:
        return body.get("stream") is True

    def check(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> Iterable[str]:
        if not headers.get("authorization", "").startswith("Bearer "):
            yield "no api key supplied"
        for unknown in body.keys() - COHERE:
            yield f"unknown field: parameter '{unknown}' is not a valid field"
        messages = body.get("messages")
        if not messages:
            yield "messages must be at least 1 element long"
            return
        waiting: set[str] = set()
        for place, message in enumerate(messages):
            role, content = message["role"], message.get("content")
            if role == "tool":
                if message.get("tool_call_id") not in waiting:
                    yield f"messages[{place}]: tool_call_id not found in the tool calls before it"
                waiting.discard(message.get("tool_call_id"))
                if content is None:
                    yield f"messages[{place}]: tool message must have content"
                continue
            if waiting:
                yield f"messages[{place}]: tool calls {waiting} have no results"
            waiting = {call["id"] for call in message.get("tool_calls") or ()}
            if not content and not waiting and not message.get("tool_plan"):
                yield f"messages[{place}]: all elements in content must not be empty"
            for part in content if isinstance(content, list) else ():
                if part["type"] == "text" and not part["text"]:
                    yield f"messages[{place}]: text must not be empty"
                if part["type"] == "image_url" and role != "user":
                    yield f"messages[{place}]: images from the user only"

    def read(self, body: Mapping[str, Any]) -> Asked:
        asked = Asked(max_tokens=body.get("max_tokens"))
        for message in body.get("messages") or ():
            items = _cohere_content(message.get("content"))
            match message["role"]:
                case "system":
                    asked.system += [item[1] for item in items]
                case "tool":
                    asked.say("user", [("result", message["tool_call_id"], None, items)])
                case "assistant":
                    if message.get("tool_plan"):
                        items.append(("text", message["tool_plan"]))
                    for call in message.get("tool_calls") or ():
                        function = call["function"]
                        items.append(("call", call["id"], function["name"], canonical(function["arguments"]), ""))
                    asked.say("assistant", items)
                case _:
                    asked.say("user", items)
        for tool in body.get("tools") or ():
            asked.tools[tool["function"]["name"]] = tool["function"].get("parameters")
        form = body.get("response_format") or {}
        asked.schema = form.get("json_schema") or form.get("schema")
        asked.choice = body.get("tool_choice", "")
        return asked

    def whole(self, answer: Answer) -> dict[str, Any]:
        parts = answer.choices[0].parts
        message: dict[str, Any] = {"role": "assistant"}
        content: list[dict[str, Any]] = [
            {"type": "thinking", "thinking": p.text} for p in parts if isinstance(p, Reasoning)
        ]
        calls = [p for p in parts if isinstance(p, ToolCall)]
        words = [p.text for p in parts if isinstance(p, Text)]
        if calls and words:
            message["tool_plan"] = "".join(words)
        else:
            content += [{"type": "text", "text": text} for text in words]
        if content:
            message["content"] = content
        if calls:
            message["tool_calls"] = [
                {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}} for c in calls
            ]
        finish = COHERE_STOPS.get(answer.choices[0].finish or Finish.STOP, "ERROR_TOXIC")
        return {
            "id": answer.id,
            "message": message,
            "finish_reason": finish,
            "usage": _cohere_usage(answer.usage or Usage()),
        }

    def stream(self, answer: Answer) -> list[bytes]:
        whole = self.whole(answer)
        events: list[bytes] = []

        def event(kind: str, message: object = None, index: int | None = None, **members: object) -> None:
            told: dict[str, Any] = {"type": kind, **members}
            if index is not None:
                told["index"] = index
            if message is not None:
                told["delta"] = {"message": message}
            events.append(sse(told, kind))

        empty = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
        event("message-start", empty, id=answer.id)
        message = whole["message"]
        for piece in halves(message.get("tool_plan", "")):
            event("tool-plan-delta", {"tool_plan": piece})
        for index, part in enumerate(message.get("content", ())):
            kind = part["type"]
            event("content-start", {"content": {"type": kind, kind: ""}}, index)
            for piece in halves(part[kind]):
                event("content-delta", {"content": {kind: piece}}, index)
            event("content-end", index=index)
        for index, call in enumerate(message.get("tool_calls", ())):
            event("tool-call-start", {"tool_calls": {**call, "function": {**call["function"], "arguments": ""}}}, index)
            for piece in halves(call["function"]["arguments"]):
                event("tool-call-delta", {"tool_calls": {"function": {"arguments": piece}}}, index)
            event("tool-call-end", index=index)
        told = {"type": "message-end", "delta": {"finish_reason": whole["finish_reason"], "usage": whole["usage"]}}
        events.append(sse(told, "message-end") + b"data: [DONE]\n\n")
        return events

    def failure(self, fault: Fault) -> tuple[int, dict[str, Any], dict[str, str]]:
        status, message = COHERE_FAULTS[fault]
        return status, {"id": "e1", "message": message}, {}

    def error_event(self) -> bytes:
        return sse(
            {"type": "message-end", "delta": {"finish_reason": "ERROR", "error": "internal error"}}, "message-end"
        )

    def history(self, answer: Answer) -> list[Item]:
        parts = answer.choices[0].parts
        calls = any(isinstance(p, ToolCall) for p in parts)  # words before calls are the `tool_plan`, a thought
        said: list[Item] = [
            ("think", p.text, "") for p in parts if isinstance(p, Reasoning) or (calls and isinstance(p, Text))
        ]
        said += [("text", p.text) for p in parts if isinstance(p, Text) and not calls]
        return said + [("call", p.id, p.name, canonical(p.arguments), "") for p in parts if isinstance(p, ToolCall)]


def _cohere_usage(usage: Usage) -> dict[str, Any]:
    return {
        "billed_units": {"input_tokens": usage.input_total - 3, "output_tokens": usage.output_total},
        "tokens": {"input_tokens": usage.input_total, "output_tokens": usage.output_total},
        "cached_tokens": usage.cache_read,
    }  # fmt: skip


def _cohere_content(content: Any) -> list[Item]:
    if not isinstance(content, list):
        return [("text", content)] if content else []
    items: list[Item] = []
    for part in content:
        match part["type"]:
            case "text":
                items.append(("text", part["text"]))
            case "image_url":
                items.append(("image", *data_url(part["image_url"]["url"])))
            case "thinking":
                items.append(("think", part["thinking"], ""))
            case "document":
                items.append(("text", part["document"]["data"].get("content", "")))
            case other:
                items.append(("unknown", other))
    return items


OLLAMA: Final = names("model messages tools format options stream keep_alive think logprobs top_logprobs")
OLLAMA_FAULTS: Final[Mapping[Fault, tuple[int, str]]] = {
    "rate_limit": (429, "too many requests"),
    "overloaded": (503, "server busy, please try again. maximum pending requests exceeded"),
    "auth": (401, "invalid x-api-key"),
    "context": (400, "prompt too long; exceeded max context length by 5 tokens"),
    "filter": (400, "the prompt was blocked"),
}


class OllamaFace:
    """`/api/chat`."""

    name = "ollama"
    stream_type = "application/x-ndjson"

    def model(self, method: str, path: str, body: Mapping[str, Any]) -> str | None:
        return str(body["model"]) if path == "/api/chat" and "model" in body else None

    def streams(self, path: str, body: Mapping[str, Any]) -> bool:
        return body.get("stream", True) is True

    def check(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> Iterable[str]:
        for unknown in body.keys() - OLLAMA:
            yield f"unknown member {unknown}"
        for place, message in enumerate(body.get("messages") or ()):
            if message["role"] not in ("system", "user", "assistant", "tool"):
                yield f"invalid role {message['role']}"
            if not isinstance(message.get("content", ""), str):
                yield "json: cannot unmarshal array into Go struct field ChatRequest.messages.content of type string"
            for image in message.get("images") or ():
                if not is_base64(image):
                    yield "illegal base64 data"
            for call in message.get("tool_calls") or ():
                if not isinstance(call["function"]["arguments"], dict):
                    yield f"messages[{place}]: arguments must be an object"

    def read(self, body: Mapping[str, Any]) -> Asked:
        asked = Asked(max_tokens=(body.get("options") or {}).get("num_predict"))
        open_calls: list[tuple[str, str]] = []
        for message in body.get("messages") or ():
            items: list[Item] = []
            if message.get("thinking"):
                items.append(("think", message["thinking"], ""))
            if message.get("content"):
                items.append(("text", message["content"]))
            items += [("image", "", data) for data in message.get("images") or ()]
            for call in message.get("tool_calls") or ():
                own = call.get("id") or f"#{sum(len(t) for _, t in asked.turns)}.{len(items)}"
                open_calls.append((own, call["function"]["name"]))
                items.append(("call", own, call["function"]["name"], canonical(call["function"]["arguments"]), ""))
            if message["role"] == "system":
                asked.system += [item[1] for item in items]
            elif message["role"] == "tool":
                asked.say("user", [("result", _paired(message, open_calls), None, items)])
            else:
                asked.say(message["role"], items)
        for tool in body.get("tools") or ():
            asked.tools[tool["function"]["name"]] = tool["function"].get("parameters")
        asked.schema = body.get("format")
        return asked

    def whole(self, answer: Answer) -> dict[str, Any]:
        parts = answer.choices[0].parts
        message: dict[str, Any] = {
            "role": "assistant",
            "content": "".join(p.text for p in parts if isinstance(p, Text)),
        }
        thinking = "".join(p.text for p in parts if isinstance(p, Reasoning))
        if thinking:
            message["thinking"] = thinking
        calls = [p for p in parts if isinstance(p, ToolCall)]
        if calls:
            message["tool_calls"] = [
                {"id": c.id, "function": {"index": n, "name": c.name, "arguments": parsed(c.arguments)}}
                for n, c in enumerate(calls)
            ]
        return {**self._head(answer), "message": message, **self._tail(answer)}

    def _head(self, answer: Answer) -> dict[str, Any]:
        return {"model": answer.model, "created_at": "2025-08-20T13:48:26.432625Z"}

    def _tail(self, answer: Answer) -> dict[str, Any]:
        usage = answer.usage or Usage()
        return {
            "done": True, "done_reason": "length" if answer.choices[0].finish is Finish.LENGTH else "stop",
            "total_duration": 9, "load_duration": 1, "prompt_eval_count": usage.input_total, "prompt_eval_duration": 2,
            "eval_count": usage.output_total, "eval_duration": 3,
        }  # fmt: skip

    def stream(self, answer: Answer) -> list[bytes]:
        message = self.whole(answer)["message"]
        lines: list[dict[str, Any]] = [
            {"content": "", "thinking": piece} for piece in halves(message.get("thinking", ""))
        ]
        lines += [{"content": piece} for piece in halves(message["content"])]
        lines += [{"content": "", "tool_calls": [call]} for call in message.get("tool_calls", ())]
        head = self._head(answer)
        told = [{**head, "message": {"role": "assistant", **line}, "done": False} for line in lines]
        told.append({**head, "message": {"role": "assistant", "content": ""}, **self._tail(answer)})
        return [json.dumps(line).encode() + b"\n" for line in told]

    def failure(self, fault: Fault) -> tuple[int, dict[str, Any], dict[str, str]]:
        status, message = OLLAMA_FAULTS[fault]
        return status, {"error": message}, {}

    def error_event(self) -> bytes:
        return b'{"error":"an error was encountered while running the model: unexpected EOF"}\n'

    def history(self, answer: Answer) -> list[Item]:
        parts = answer.choices[0].parts
        thinking = "".join(p.text for p in parts if isinstance(p, Reasoning))
        words = "".join(p.text for p in parts if isinstance(p, Text))
        said: list[Item] = [("think", thinking, "")] if thinking else []
        said += [("text", words)] if words else []
        return said + [("call", p.id, p.name, canonical(p.arguments), "") for p in parts if isinstance(p, ToolCall)]


def _paired(message: Mapping[str, Any], open_calls: list[tuple[str, str]]) -> str:
    """The call that a tool message answers: by its id, else the first open one of its name, else the first."""
    own = message.get("tool_call_id")
    name = message.get("tool_name") or message.get("name")
    found = next((one for one in open_calls if one[0] == own), None) if own else None
    found = found or next((one for one in open_calls if name is None or one[1] == name), None)
    if found is None:
        return "?"
    open_calls.remove(found)
    return found[0]


REPLICATE: Final = re.compile(r"/v1/models/([^/]+/[^/]+)/predictions")
REPLICATE_FAULTS: Final[Mapping[Fault, tuple[int, str, str]]] = {
    "rate_limit": (429, "Request was throttled", "Request was throttled. Your rate limit resets in 1s."),
    "overloaded": (503, "Service Unavailable", "Service is temporarily unavailable"),
    "auth": (401, "Unauthenticated", "invalid x-api-key"),
    "context": (422, "Input validation failed", "input: prompt is too long for the model's context window"),
    "filter": (422, "Input validation failed", "input: the prompt was flagged as sensitive (E005)"),
}


class ReplicateFace:
    """Predictions of official models."""

    name = "replicate"
    stream_type = "text/event-stream"

    def model(self, method: str, path: str, body: Mapping[str, Any]) -> str | None:
        found = REPLICATE.fullmatch(path)
        return found[1] if found else None

    def streams(self, path: str, body: Mapping[str, Any]) -> bool:
        return False

    def check(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> Iterable[str]:
        if not headers.get("authorization", "").startswith("Bearer "):
            yield "You did not pass an authentication token"
        for unknown in body.keys() - {"input", "version", "stream", "webhook", "webhook_events_filter"}:
            yield f"{unknown}: additional property is not allowed"
        if not isinstance(body.get("input"), dict) or not body["input"].get("prompt"):
            yield "input: prompt is required"

    def read(self, body: Mapping[str, Any]) -> Asked:
        given = body.get("input") or {}
        asked = Asked(max_tokens=given.get("max_tokens") or given.get("max_new_tokens"))
        if given.get("system_prompt"):
            asked.system.append(given["system_prompt"])
        items: list[Item] = [("text", given.get("prompt", ""))]
        image = given.get("image") or next(iter(given.get("images") or given.get("image_input") or ()), None)
        if image:
            items.append(("image", *data_url(image)))
        asked.say("user", items)
        return asked

    def whole(self, answer: Answer) -> dict[str, Any]:
        usage = answer.usage or Usage()
        words = "".join(p.text for p in answer.choices[0].parts if isinstance(p, Text))
        return {
            "id": f"job{answer.id}", "model": answer.model, "version": "hidden", "input": {}, "logs": "", "error": None,
            "status": "succeeded", "output": halves(words), "created_at": "2026-02-12T16:44:47.04927Z", "urls": {},
            "metrics": {
                "predict_time": 0.5, "input_token_count": usage.input_total, "output_token_count": usage.output_total
            },
        }  # fmt: skip

    def stream(self, answer: Answer) -> list[bytes]:
        raise AssertionError("the gateway looks for the whole answer")

    def failure(self, fault: Fault) -> tuple[int, dict[str, Any], dict[str, str]]:
        status, title, detail = REPLICATE_FAULTS[fault]
        return status, {"title": title, "detail": detail, "status": status}, {"ratelimit-remaining": "0"}

    def error_event(self) -> bytes:
        raise AssertionError("no streams")

    def history(self, answer: Answer) -> list[Item]:
        return [("text", "".join(p.text for p in answer.choices[0].parts if isinstance(p, Text)))]
