"""OpenAI's chat completions and Responses as the stand-in speaks them; written from the API reference, by hand."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any, Final

from tests.support.stand_in import Asked, Fault, Item, canonical, data_url, halves, names, sse
from trunkline.ir import Usage
from trunkline.ir.answer import Answer, Finish
from trunkline.ir.parts import Reasoning, Text, ToolCall

FAULTS: Final[Mapping[Fault, tuple[int, str, str | None, str]]] = {
    "rate_limit": (429, "requests", "rate_limit_exceeded", "Rate limit reached for gpt in organization org-x"),
    "overloaded": (503, "server_error", None, "The engine is currently overloaded, please try again later"),
    "auth": (401, "invalid_request_error", "invalid_api_key", "invalid x-api-key"),
    "context": (
        400, "invalid_request_error", "context_length_exceeded",
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 200001 tokens.",
    ),
    "filter": (
        400, "invalid_request_error", "content_filter",
        "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
    ),
}  # fmt: skip
"""Status, type, code and message of errors as OpenAI and Azure give them."""


def refusal(fault: Fault) -> tuple[int, dict[str, Any], dict[str, str]]:
    """An error answer."""
    status, kind, code, message = FAULTS[fault]
    headers = {"retry-after": "0"} if status == 429 else {}
    return status, {"error": {"message": message, "type": kind, "param": None, "code": code}}, headers


class ChatFace:
    """`/v1/chat/completions`."""

    name = "chat"
    stream_type = "text/event-stream; charset=utf-8"

    def model(self, method: str, path: str, body: Mapping[str, Any]) -> str | None:
        return str(body["model"]) if path == "/v1/chat/completions" and "model" in body else None

    def streams(self, path: str, body: Mapping[str, Any]) -> bool:
        return body.get("stream") is True

    def check(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> Iterable[str]:
        if not headers.get("authorization", "").startswith("Bearer "):
            yield "no bearer token"
        messages = body.get("messages")
        if not isinstance(messages, list) or not messages:
            yield "`messages` is empty"
            return
        for unknown in body.keys() - CHAT_MEMBERS:
            yield f"unknown parameter `{unknown}`"
        if body.get("stream_options") and not body.get("stream"):
            yield "`stream_options` without `stream`"
        yield from _check_messages(messages)
        for tool in body.get("tools") or ():
            if tool.get("type") != "function" or not tool["function"].get("name"):
                yield "a tool without a function's name"

    def read(self, body: Mapping[str, Any]) -> Asked:
        asked = Asked(max_tokens=body.get("max_completion_tokens", body.get("max_tokens")))
        for message in body.get("messages") or ():
            role, content = message["role"], message.get("content")
            asked.hints += "cache_control" in message
            items = [] if content is None else _chat_content(content, asked)
            if role in ("system", "developer"):
                asked.system += [item[1] for item in items]
            elif role == "tool":
                asked.say("user", [("result", message["tool_call_id"], None, items)])
            elif role == "assistant":
                if message.get("reasoning_content"):
                    asked.say("assistant", [("think", message["reasoning_content"], "")])
                if message.get("refusal"):
                    items.append(("refusal", message["refusal"]))
                for call in message.get("tool_calls") or ():
                    items.append(
                        ("call", call["id"], call["function"]["name"], canonical(call["function"]["arguments"]), "")
                    )
                asked.say("assistant", items)
            else:
                asked.say("user", items)
        for tool in body.get("tools") or ():
            asked.tools[tool["function"]["name"]] = tool["function"].get("parameters")
        form = body.get("response_format") or {}
        if form.get("type") == "json_schema":
            asked.schema = form["json_schema"]["schema"]
        choice = body.get("tool_choice")
        asked.choice = choice if isinstance(choice, str) else choice["function"]["name"] if choice else ""
        return asked

    def whole(self, answer: Answer) -> dict[str, Any]:
        choice = answer.choices[0]
        message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None}
        words = "".join(p.text for p in choice.parts if isinstance(p, Text) and not p.refusal)
        if words:
            message["content"] = words
        for part in choice.parts:
            if isinstance(part, Text) and part.refusal:
                message["refusal"] = part.text
        thinking = "".join(p.text for p in choice.parts if isinstance(p, Reasoning))
        if thinking:
            message["reasoning_content"] = thinking
        calls = [p for p in choice.parts if isinstance(p, ToolCall)]
        if calls:
            message["tool_calls"] = [
                {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}} for c in calls
            ]
        return {
            "id": "chatcmpl-" + answer.id, "object": "chat.completion", "created": 1700000000, "model": answer.model,
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": _chat_finish(choice.finish)}],
            "usage": _chat_usage(answer.usage or Usage()),
        }  # fmt: skip

    def stream(self, answer: Answer) -> list[bytes]:
        head = {
            "id": "chatcmpl-" + answer.id, "object": "chat.completion.chunk", "created": 1700000000, "model": answer.model
        }  # fmt: skip
        events: list[bytes] = []

        def chunk(delta: dict[str, Any], finish: str | None = None) -> None:
            events.append(
                sse({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], "usage": None})
            )

        chunk({"role": "assistant", "content": ""})
        parts = answer.choices[0].parts
        for part in sorted(parts, key=lambda p: (not isinstance(p, Reasoning), isinstance(p, ToolCall))):
            if isinstance(part, Text | Reasoning):
                name = "reasoning_content" if isinstance(part, Reasoning) else "refusal" if part.refusal else "content"
                for piece in halves(part.text):
                    chunk({name: piece})
        for number, call in enumerate(p for p in parts if isinstance(p, ToolCall)):
            begun = {"index": number, "id": call.id, "type": "function"}
            chunk({"tool_calls": [{**begun, "function": {"name": call.name, "arguments": ""}}]})
            for piece in halves(call.arguments):
                chunk({"tool_calls": [{"index": number, "function": {"arguments": piece}}]})
        chunk({}, _chat_finish(answer.choices[0].finish))
        events.append(sse({**head, "choices": [], "usage": _chat_usage(answer.usage or Usage())}))
        events.append(b"data: [DONE]\n\n")
        return events

    def failure(self, fault: Fault) -> tuple[int, dict[str, Any], dict[str, str]]:
        return refusal(fault)

    def error_event(self) -> bytes:
        return sse(
            {"error": {"message": "The server had an error", "type": "server_error", "param": None, "code": None}}
        )

    def history(self, answer: Answer) -> list[Item]:
        parts = answer.choices[0].parts
        thinking = "".join(p.text for p in parts if isinstance(p, Reasoning))
        said: list[Item] = [("think", thinking, "")] if thinking else []
        texts = "".join(p.text for p in parts if isinstance(p, Text))
        said += [("text", texts)] if texts else []
        return said + [("call", p.id, p.name, canonical(p.arguments), "") for p in parts if isinstance(p, ToolCall)]


CHAT_MEMBERS: Final = names(
    "model messages stream stream_options tools tool_choice parallel_tool_calls response_format max_tokens seed n user "
    "max_completion_tokens temperature top_p stop frequency_penalty presence_penalty logprobs top_logprobs logit_bias "
    "reasoning_effort verbosity metadata store modalities audio service_tier prediction prompt_cache_key "
    "safety_identifier web_search_options"
)


def _check_messages(messages: list[Any]) -> Iterable[str]:
    """Roles, contents, and that each call is answered in the messages behind it, and no other."""
    open_calls: list[str] = []
    for place, message in enumerate(messages):
        role, content, calls = message.get("role"), message.get("content"), message.get("tool_calls")
        if role == "tool":
            if message.get("tool_call_id") not in open_calls:
                yield f"messages[{place}]: `tool_call_id` answers no call before it"
            else:
                open_calls.remove(message["tool_call_id"])
            if content is None:
                yield f"messages[{place}]: a tool message without content"
            continue
        if open_calls:
            yield f"messages[{place}]: calls {open_calls} have no tool message"
            open_calls = []
        if role not in ("system", "developer", "user", "assistant"):
            yield f"messages[{place}]: role `{role}`"
        if content is None and not calls and not message.get("refusal"):
            yield f"messages[{place}]: no content"
        if calls is not None and not calls:
            yield f"messages[{place}]: `tool_calls` is empty"
        for call in calls or ():
            if not 0 < len(call["id"]) <= 64:
                yield f"messages[{place}]: an id of {len(call['id'])} characters"
            open_calls.append(call["id"])
    if open_calls:
        yield f"calls {open_calls} have no tool message"


def _chat_content(content: Any, asked: Asked) -> list[Item]:
    if isinstance(content, str):
        return [("text", content)] if content else []
    items: list[Item] = []
    for part in content:
        asked.hints += "cache_control" in part
        match part["type"]:
            case "text":
                items.append(("text", part["text"]))
            case "image_url":
                items.append(("image", *data_url(part["image_url"]["url"])))
            case "file":
                items.append(("document", *data_url(part["file"]["file_data"])))
            case "input_audio":
                items.append(("audio", f"audio/{part['input_audio']['format']}", part["input_audio"]["data"]))
            case "refusal":
                items.append(("refusal", part["refusal"]))
            case other:
                items.append(("unknown", other))
    return items


def _chat_finish(finish: Finish | None) -> str:
    match finish:
        case Finish.LENGTH:
            return "length"
        case Finish.TOOL_CALLS:
            return "tool_calls"
        case Finish.CONTENT_FILTER:
            return "content_filter"
        case _:
            return "stop"


def _chat_usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.input_total, "completion_tokens": usage.output_total,
        "total_tokens": usage.input_total + usage.output_total,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning, "audio_tokens": 0},
    }  # fmt: skip


class ResponsesFace:
    """`/v1/responses`."""

    name = "responses"
    stream_type = "text/event-stream; charset=utf-8"

    def model(self, method: str, path: str, body: Mapping[str, Any]) -> str | None:
        return str(body["model"]) if path == "/v1/responses" and "model" in body else None

    def streams(self, path: str, body: Mapping[str, Any]) -> bool:
        return body.get("stream") is True

    def check(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> Iterable[str]:
        given = body.get("input")
        if not isinstance(given, str | list) or not given:
            yield "`input` is empty"
            return
        for unknown in body.keys() - RESPONSES_MEMBERS:
            yield f"unknown parameter `{unknown}`"
        waiting: list[str] = []
        for place, item in enumerate([] if isinstance(given, str) else given):
            kind = item.get("type", "message")
            if kind == "function_call":
                if not 0 < len(item["call_id"]) <= 64:
                    yield f"input[{place}]: a call_id of {len(item['call_id'])} characters"
                if "id" in item and not item["id"].startswith("fc_"):
                    yield f"input[{place}].id: expected an id that begins with `fc_`"
                waiting.append(item["call_id"])
            elif kind == "function_call_output":
                if item["call_id"] not in waiting:
                    yield f"input[{place}]: no tool call found for {item['call_id']}"
                if not isinstance(item.get("output"), str | list):
                    yield f"input[{place}]: no output"
            elif kind == "reasoning":
                if not item.get("encrypted_content"):
                    yield f"input[{place}]: reasoning `{item.get('id')}` not found, items are not persisted"
                if not str(item.get("id", "rs_")).startswith("rs_"):
                    yield f"input[{place}].id: expected an id that begins with `rs_`"
                if item.get("content"):
                    yield f"Invalid 'input[{place}].content': array too long. Expected an array with maximum length 0"
                if not isinstance(item.get("summary"), list):
                    yield f"input[{place}].summary is missing"
            elif kind == "message":
                yield from self._check_message(place, item)
            else:
                yield f"input[{place}]: type `{kind}`"
        answered = [i["call_id"] for i in given if isinstance(i, dict) and i.get("type") == "function_call_output"]
        for lost in set(waiting) - set(answered):
            yield f"no tool output found for function call {lost}"

    def _check_message(self, place: int, item: Mapping[str, Any]) -> Iterable[str]:
        content = item.get("content")
        if not isinstance(content, str | list):
            yield f"input[{place}]: no content"
            return
        if item.get("id") is not None and not str(item["id"]).startswith("msg_"):
            yield f"input[{place}].id: expected an id that begins with `msg_`"
        wanted = (
            ("output_text", "refusal")
            if item["role"] == "assistant"
            else ("input_text", "input_image", "input_file", "input_audio")
        )
        for part in [] if isinstance(content, str) else content:
            if part["type"] not in wanted:
                yield f"input[{place}]: `{part['type']}` in a message of the {item['role']}"

    def read(self, body: Mapping[str, Any]) -> Asked:
        asked = Asked(max_tokens=body.get("max_output_tokens"))
        if body.get("instructions"):
            asked.system.append(body["instructions"])
        given: Any = body.get("input") or []
        given = [{"role": "user", "content": given}] if isinstance(given, str) else given
        for item in given:
            match item.get("type", "message"):
                case "function_call":
                    asked.say("assistant", [("call", item["call_id"], item["name"], canonical(item["arguments"]), "")])
                case "function_call_output":
                    asked.say("user", [("result", item["call_id"], None, _responses_content(item["output"]))])
                case "reasoning":
                    words: str = "".join(part["text"] for part in item.get("summary") or ())
                    asked.say("assistant", [("think", words, item.get("encrypted_content") or "")])
                case _:
                    items = _responses_content(item["content"])
                    if item["role"] in ("system", "developer"):
                        asked.system += [one[1] for one in items]
                    else:
                        asked.say(item["role"], items)
        for tool in body.get("tools") or ():
            asked.tools[tool.get("name", tool["type"])] = tool.get("parameters")
        form = (body.get("text") or {}).get("format") or {}
        asked.schema = form.get("schema")
        choice = body.get("tool_choice")
        asked.choice = choice if isinstance(choice, str) else choice["name"] if choice else ""
        return asked

    def _output(self, answer: Answer) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        for number, part in enumerate(answer.choices[0].parts):
            match part:
                case Text():
                    content: dict[str, Any] = {
                        "type": "output_text",
                        "text": part.text,
                        "annotations": [],
                        "logprobs": [],
                    }
                    if part.refusal:
                        content = {"type": "refusal", "refusal": part.text}
                    items.append(
                        {
                            "id": f"msg_{answer.id}{number}",
                            "type": "message",
                            "status": "completed",
                            "role": "assistant",
                            "content": [content],
                        }
                    )
                case Reasoning():
                    item = {
                        "id": f"rs_{answer.id}{number}",
                        "type": "reasoning",
                        "summary": [{"type": "summary_text", "text": part.text}],
                    }
                    items.append({**item, "encrypted_content": part.opaque.data} if part.opaque else item)
                case ToolCall():
                    items.append(
                        {
                            "id": f"fc_{answer.id}{number}",
                            "type": "function_call",
                            "status": "completed",
                            "call_id": part.id,
                            "name": part.name,
                            "arguments": part.arguments,
                        }
                    )
                case _:
                    raise AssertionError(part)
        return items

    def whole(self, answer: Answer) -> dict[str, Any]:
        usage = answer.usage or Usage()
        reason = {Finish.LENGTH: "max_output_tokens", Finish.CONTENT_FILTER: "content_filter"}.get(
            answer.choices[0].finish or Finish.STOP
        )
        return {
            "id": "resp_" + answer.id, "object": "response", "created_at": 1700000000,
            "status": "incomplete" if reason else "completed", "error": None,
            "incomplete_details": {"reason": reason} if reason else None, "instructions": None,
            "model": answer.model, "output": self._output(answer), "parallel_tool_calls": True, "store": False,
            "tools": [], "tool_choice": "auto", "metadata": {}, "temperature": 1.0, "top_p": 1.0,
            "usage": {
                "input_tokens": usage.input_total, "input_tokens_details": {"cached_tokens": usage.cache_read},
                "output_tokens": usage.output_total, "output_tokens_details": {"reasoning_tokens": usage.reasoning},
                "total_tokens": usage.input_total + usage.output_total,
            },
        }  # fmt: skip

    def stream(self, answer: Answer) -> list[bytes]:
        whole = self.whole(answer)
        events: list[bytes] = []

        def event(kind: str, **members: object) -> None:
            events.append(sse({"type": kind, "sequence_number": len(events), **members}, kind))

        begun = {**whole, "status": "in_progress", "output": [], "usage": None, "incomplete_details": None}
        event("response.created", response=begun)
        event("response.in_progress", response=begun)
        for place, item in enumerate(whole["output"]):
            at = {"item_id": item["id"], "output_index": place}
            match item["type"]:
                case "message":
                    event(
                        "response.output_item.added",
                        output_index=place,
                        item={**item, "status": "in_progress", "content": []},
                    )
                    part = item["content"][0]
                    kind, field = ("refusal", "refusal") if part["type"] == "refusal" else ("output_text", "text")
                    event("response.content_part.added", **at, content_index=0, part={**part, field: ""})
                    for piece in halves(part[field]):
                        event(f"response.{kind}.delta", **at, content_index=0, delta=piece)
                    event(f"response.{kind}.done", **at, content_index=0, **{field: part[field]})
                    event("response.content_part.done", **at, content_index=0, part=part)
                case "function_call":
                    event(
                        "response.output_item.added",
                        output_index=place,
                        item={**item, "status": "in_progress", "arguments": ""},
                    )
                    for piece in halves(item["arguments"]):
                        event("response.function_call_arguments.delta", **at, delta=piece)
                    event("response.function_call_arguments.done", **at, arguments=item["arguments"])
                case _:
                    event("response.output_item.added", output_index=place, item={**item, "summary": []})
                    text = item["summary"][0]["text"]
                    event(
                        "response.reasoning_summary_part.added",
                        **at,
                        summary_index=0,
                        part={"type": "summary_text", "text": ""},
                    )
                    for piece in halves(text):
                        event("response.reasoning_summary_text.delta", **at, summary_index=0, delta=piece)
                    event("response.reasoning_summary_text.done", **at, summary_index=0, text=text)
                    event(
                        "response.reasoning_summary_part.done",
                        **at,
                        summary_index=0,
                        part={"type": "summary_text", "text": text},
                    )
            event("response.output_item.done", output_index=place, item=item)
        event("response.incomplete" if whole["status"] == "incomplete" else "response.completed", response=whole)
        return events

    def failure(self, fault: Fault) -> tuple[int, dict[str, Any], dict[str, str]]:
        return refusal(fault)

    def error_event(self) -> bytes:
        return sse(
            {
                "type": "error",
                "sequence_number": 99,
                "code": "server_error",
                "message": "The server had an error",
                "param": None,
            },
            "error",
        )

    def history(self, answer: Answer) -> list[Item]:
        said: list[Item] = []
        for part in answer.choices[0].parts:
            match part:
                case Text():
                    said.append(("refusal" if part.refusal else "text", part.text))
                case Reasoning():
                    said.append(("think", part.text, part.opaque.data if part.opaque else ""))
                case ToolCall():
                    said.append(("call", part.id, part.name, canonical(part.arguments), ""))
                case _:
                    raise AssertionError(part)
        return said


RESPONSES_MEMBERS: Final = names(
    "model input instructions stream tools tool_choice parallel_tool_calls text max_output_tokens temperature top_p user "
    "reasoning include store metadata previous_response_id truncation service_tier top_logprobs background prompt "
    "prompt_cache_key safety_identifier stream_options max_tool_calls conversation"
)


def _responses_content(content: Any) -> list[Item]:
    if isinstance(content, str):
        return [("text", content)] if content else []
    items: list[Item] = []
    for part in content:
        match part["type"]:
            case "input_text" | "output_text":
                items.append(("text", part["text"]))
            case "refusal":
                items.append(("refusal", part["refusal"]))
            case "input_image":
                items.append(("image", *data_url(part["image_url"])))
            case "input_file":
                items.append(("document", *data_url(part["file_data"])))
            case "input_audio":
                audio = part["input_audio"]
                items.append(("audio", f"audio/{audio['format']}", audio["data"]))
            case other:
                items.append(("unknown", other))
    return items


def is_base64(data: object) -> bool:
    """Whether a text is base64, padded."""
    try:
        return isinstance(data, str) and bool(base64.b64decode(data, validate=True))
    except ValueError:
        return False
