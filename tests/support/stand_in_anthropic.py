"""Anthropic's Messages as the stand-in speaks them; written from the API reference, by hand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from tests.support.stand_in import Asked, Fault, Item, canonical, halves, names, parsed, sse
from tests.support.stand_in_openai import is_base64
from trunkline.ir import Usage
from trunkline.ir.answer import Answer, Finish
from trunkline.ir.parts import Reasoning, Text, ToolCall

TOOL_ID: Final = re.compile(r"[a-zA-Z0-9_-]+")
TOOL_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,128}")
MEMBERS: Final = names(
    "model messages max_tokens system tools tool_choice stop_sequences temperature top_p top_k metadata service_tier "
    "thinking output_config stream speed cache_control context_management container mcp_servers"
)
FAULTS: Final[Mapping[Fault, tuple[int, str, str]]] = {
    "rate_limit": (429, "rate_limit_error", "This request would exceed your organization's rate limit"),
    "overloaded": (529, "overloaded_error", "Overloaded"),
    "auth": (401, "authentication_error", "invalid x-api-key"),
    "context": (400, "invalid_request_error", "prompt is too long: 200001 tokens > 200000 maximum"),
    "filter": (400, "invalid_request_error", "Output blocked by content filtering policy"),
}
STOPS: Final = {
    Finish.STOP: "end_turn", Finish.LENGTH: "max_tokens", Finish.TOOL_CALLS: "tool_use", Finish.REFUSAL: "refusal",
    Finish.CONTENT_FILTER: "refusal",
}  # fmt: skip


class MessagesFace:
    """`/v1/messages`."""

    name = "messages"
    stream_type = "text/event-stream; charset=utf-8"

    def model(self, method: str, path: str, body: Mapping[str, Any]) -> str | None:
        return str(body["model"]) if path == "/v1/messages" and "model" in body else None

    def streams(self, path: str, body: Mapping[str, Any]) -> bool:
        return body.get("stream") is True

    def check(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> Iterable[str]:
        if not headers.get("x-api-key") or headers.get("anthropic-version") != "2023-06-01":
            yield "invalid headers"
        if not isinstance(body.get("max_tokens"), int) or body["max_tokens"] < 1:
            yield "max_tokens: field required"
        for unknown in body.keys() - MEMBERS:
            yield f"{unknown}: extra inputs are not permitted"
        hints = 0
        for block in body.get("system") or () if isinstance(body.get("system"), list) else ():
            hints += "cache_control" in block
            if not block.get("text"):
                yield "system: text content blocks must be non-empty"
        for tool in body.get("tools") or ():
            hints += "cache_control" in tool
            if not TOOL_NAME.fullmatch(tool.get("name", "")):
                yield f"tools: name `{tool.get('name')}`"
            if "type" not in tool and (tool.get("input_schema") or {}).get("type") != "object":
                yield "tools: input_schema.type: field required"
        thinking = body.get("thinking") or {}
        if thinking.get("type") == "enabled" and not 1024 <= thinking.get("budget_tokens", 0) < body.get(
            "max_tokens", 0
        ):
            yield "thinking.budget_tokens must be at least 1024 and below max_tokens"
        messages = body.get("messages")
        if not messages:
            yield "messages: at least one message is required"
            return
        yield from self._check_messages(messages)
        hints += sum("cache_control" in b for m in messages if isinstance(m["content"], list) for b in m["content"])
        if hints > 4:
            yield f"a maximum of 4 blocks with cache_control may be provided, found {hints}"

    def _check_messages(self, messages: list[Any]) -> Iterable[str]:
        if messages[0]["role"] != "user":
            yield "messages: first message must use the user role"
        waiting: set[str] = set()
        for place, message in enumerate(messages):
            content = message["content"]
            blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
            last = place == len(messages) - 1
            if not blocks and not (last and message["role"] == "assistant"):
                yield f"messages.{place}: all messages must have non-empty content"
            answered = {b.get("tool_use_id") for b in blocks if b["type"] == "tool_result"}
            if waiting - answered:
                yield f"messages.{place}: `tool_use` ids without `tool_result` blocks after them: {waiting - answered}"
            if answered - waiting:
                yield f"messages.{place}: unexpected `tool_use_id` {answered - waiting} found in `tool_result` blocks"
            kinds = [b["type"] for b in blocks]
            if "tool_result" in kinds and kinds[: kinds.count("tool_result")].count("tool_result") != kinds.count(
                "tool_result"
            ):
                yield f"messages.{place}: tool_result blocks come first"
            waiting = {b["id"] for b in blocks if b["type"] == "tool_use"}
            for number, block in enumerate(blocks):
                yield from self._check_block(f"messages.{place}.content.{number}", block, message["role"])
        if waiting:
            yield f"`tool_use` ids without results at the end: {waiting}"

    def _check_block(self, at: str, block: Mapping[str, Any], role: str) -> Iterable[str]:
        match block["type"]:
            case "text":
                if not block["text"].strip():
                    yield f"{at}: text content blocks must contain non-whitespace text"
            case "tool_use":
                if not TOOL_ID.fullmatch(block["id"]):
                    yield f"{at}.id: String should match pattern '^[a-zA-Z0-9_-]+$'"
                if not isinstance(block.get("input"), dict) or role != "assistant":
                    yield f"{at}.input: Input should be a valid dictionary"
            case "tool_result":
                if role != "user":
                    yield f"{at}: tool_result in a message of the assistant"
                if block.get("is_error") and not block.get("content"):
                    yield f"{at}: content cannot be empty if `is_error` is true"
            case "thinking":
                if not block.get("signature"):
                    yield f"{at}.signature: Field required"
                elif not block["signature"].startswith("sig-"):
                    yield f"{at}: Invalid `signature` in `thinking` block"
            case "image" | "document":
                source = block["source"]
                if source["type"] == "base64" and not is_base64(source["data"]):
                    yield f"{at}.source.data: no base64"
            case other:
                yield f"{at}: Input tag '{other}'"

    def read(self, body: Mapping[str, Any]) -> Asked:
        asked = Asked(max_tokens=body.get("max_tokens"))
        system = body.get("system") or []
        for block in [{"text": system}] if isinstance(system, str) else system:
            asked.system.append(block["text"])
            asked.hints += "cache_control" in block
        for message in body.get("messages") or ():
            asked.say(message["role"], _blocks(message["content"], asked))
        for tool in body.get("tools") or ():
            asked.tools[tool["name"]] = tool.get("input_schema")
            asked.hints += "cache_control" in tool
        form = (body.get("output_config") or {}).get("format") or {}
        asked.schema = form.get("schema")
        choice = body.get("tool_choice") or {}
        asked.choice = choice.get("name") or choice.get("type", "")
        return asked

    def _content(self, answer: Answer) -> list[dict[str, Any]]:
        content: list[dict[str, Any]] = []
        for part in answer.choices[0].parts:
            match part:
                case Text():
                    content.append({"type": "text", "text": part.text})
                case Reasoning():
                    content.append(
                        {
                            "type": "thinking",
                            "thinking": part.text,
                            "signature": part.opaque.data if part.opaque else "",
                        }
                    )
                case ToolCall():
                    content.append(
                        {"type": "tool_use", "id": part.id, "name": part.name, "input": parsed(part.arguments)}
                    )
                case _:
                    raise AssertionError(part)
        return content

    def whole(self, answer: Answer) -> dict[str, Any]:
        return {
            "id": "msg_" + answer.id, "type": "message", "role": "assistant", "model": answer.model,
            "content": self._content(answer), "stop_reason": STOPS[answer.choices[0].finish or Finish.STOP],
            "stop_sequence": None, "usage": _usage(answer.usage or Usage()),
        }  # fmt: skip

    def stream(self, answer: Answer) -> list[bytes]:
        whole = self.whole(answer)
        events: list[bytes] = []

        def event(kind: str, **members: object) -> None:
            events.append(sse({"type": kind, **members}, kind))

        usage = {**whole["usage"], "output_tokens": 1}
        event("message_start", message={**whole, "content": [], "stop_reason": None, "usage": usage})
        event("ping")
        for index, block in enumerate(whole["content"]):
            match block["type"]:
                case "text":
                    event("content_block_start", index=index, content_block={"type": "text", "text": ""})
                    deltas = [{"type": "text_delta", "text": piece} for piece in halves(block["text"])]
                case "thinking":
                    empty = {"type": "thinking", "thinking": "", "signature": ""}
                    event("content_block_start", index=index, content_block=empty)
                    deltas = [{"type": "thinking_delta", "thinking": piece} for piece in halves(block["thinking"])]
                    deltas.append({"type": "signature_delta", "signature": block["signature"]})
                case _:
                    event("content_block_start", index=index, content_block={**block, "input": {}})
                    deltas = [{"type": "input_json_delta", "partial_json": ""}]
                    if block["input"]:
                        pieces = halves(canonical(block["input"]))
                        deltas += [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
            for delta in deltas:
                event("content_block_delta", index=index, delta=delta)
            event("content_block_stop", index=index)
        told = {"output_tokens": whole["usage"]["output_tokens"]}
        event("message_delta", delta={"stop_reason": whole["stop_reason"], "stop_sequence": None}, usage=told)
        event("message_stop")
        return events

    def failure(self, fault: Fault) -> tuple[int, dict[str, Any], dict[str, str]]:
        status, kind, message = FAULTS[fault]
        headers = {"request-id": "req_1", **({"retry-after": "0"} if status == 429 else {})}
        return status, {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}, headers

    def error_event(self) -> bytes:
        return sse({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "error")

    def history(self, answer: Answer) -> list[Item]:
        said: list[Item] = []
        for part in answer.choices[0].parts:
            match part:
                case Text():
                    said.append(("text", part.text))
                case Reasoning():
                    said.append(("think", part.text, part.opaque.data if part.opaque else ""))
                case ToolCall():
                    said.append(("call", part.id, part.name, canonical(part.arguments), ""))
                case _:
                    raise AssertionError(part)
        return said


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.input_total - usage.cache_read - usage.cache_write,
        "cache_read_input_tokens": usage.cache_read, "cache_creation_input_tokens": usage.cache_write,
        "output_tokens": usage.output_total, "service_tier": "standard",
    }  # fmt: skip


def _blocks(content: Any, asked: Asked) -> list[Item]:
    if isinstance(content, str):
        return [("text", content)] if content else []
    items: list[Item] = []
    for block in content or ():
        asked.hints += "cache_control" in block
        match block["type"]:
            case "text":
                items.append(("text", block["text"]))
            case "tool_use":
                items.append(("call", block["id"], block["name"], canonical(block["input"]), ""))
            case "tool_result":
                inner = _blocks(block.get("content"), asked)
                items.append(("result", block["tool_use_id"], bool(block.get("is_error")), inner))
            case "thinking":
                items.append(("think", block["thinking"], block.get("signature", "")))
            case "image" | "document" as kind:
                source = block["source"]
                items.append((kind, source.get("media_type", ""), source.get("data") or source.get("url")))
            case other:
                items.append(("unknown", other))
    return items
