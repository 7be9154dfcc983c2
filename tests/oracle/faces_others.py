"""The formats of the recording provider that are not OpenAI's: Anthropic's, Google's and Cohere's."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from tests.oracle.said import Said, pieces, sse


class Messages:
    """Anthropic's Messages: https://platform.claude.com/docs/en/api/messages."""

    name = "messages"
    path = re.compile(r"/messages$")
    stream_type = "text/event-stream"
    id_header = "request-id"
    _FINISH: Final = {"stop": "end_turn", "length": "max_tokens", "filter": "refusal", "tool": "tool_use",
                      "matched": "stop_sequence"}  # fmt: skip
    _TYPES: Final = {
        400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error",
        408: "timeout_error", 413: "request_too_large", 429: "rate_limit_error", 500: "api_error", 504: "timeout_error", 529: "overloaded_error",
    }  # fmt: skip

    def model(self, body: dict[str, Any]) -> str:
        return str(body.get("model", ""))

    def tools(self, body: dict[str, Any]) -> list[str]:
        if (body.get("tool_choice") or {}).get("type") == "none":
            return []
        return [str(one["name"]) for one in body.get("tools") or () if "input_schema" in one]

    def streams(self, path: str, body: dict[str, Any]) -> bool:
        return body.get("stream") is True

    def _usage(self, said: Said) -> dict[str, Any]:
        return {"input_tokens": said.input - said.cached, "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": said.cached, "output_tokens": said.output,
                "service_tier": "standard"}  # fmt: skip

    def _blocks(self, said: Said) -> list[dict[str, Any]]:
        blocks: list[dict[str, Any]] = []
        if said.think:
            blocks.append({"type": "thinking", "thinking": said.think, "signature": "c2lnbmF0dXJl"})
        if said.text:
            blocks.append({"type": "text", "text": said.text})
        blocks += [
            {"type": "tool_use", "id": one.replace("call_", "toolu_"), "name": name, "input": json.loads(arguments)}
            for one, name, arguments in said.calls
        ]
        return blocks

    def whole(self, said: Said) -> object:
        return {
            "id": "msg_oracle", "type": "message", "role": "assistant", "model": said.model,
            "content": self._blocks(said), "stop_reason": self._FINISH[said.finish],
            "stop_sequence": "END" if said.finish == "matched" else None, "usage": self._usage(said),
        }  # fmt: skip

    def stream(self, said: Said) -> list[bytes]:
        whole: Any = self.whole(said)
        begun = {**whole, "content": [], "stop_reason": None, "stop_sequence": None,
                 "usage": {**whole["usage"], "output_tokens": 1}}  # fmt: skip
        events: list[dict[str, Any]] = [{"type": "message_start", "message": begun}, {"type": "ping"}]
        for at, block in enumerate(whole["content"]):
            empty: dict[str, Any] = {
                "text": {"text": ""},
                "thinking": {"thinking": "", "signature": ""},
                "tool_use": {"input": {}},
            }
            start = {"type": "content_block_start", "index": at, "content_block": {**block, **empty[block["type"]]}}
            events.append(start)
            deltas: list[dict[str, Any]]
            if block["type"] == "text":
                deltas = [{"type": "text_delta", "text": one} for one in pieces(block["text"])]
            elif block["type"] == "thinking":
                deltas = [{"type": "thinking_delta", "thinking": one} for one in pieces(block["thinking"])]
                deltas.append({"type": "signature_delta", "signature": block["signature"]})
            else:
                deltas = [
                    {"type": "input_json_delta", "partial_json": one} for one in pieces(json.dumps(block["input"]))
                ]
            events += [{"type": "content_block_delta", "index": at, "delta": one} for one in deltas]
            events.append({"type": "content_block_stop", "index": at})
        delta = {"stop_reason": whole["stop_reason"], "stop_sequence": whole["stop_sequence"]}
        events.append({"type": "message_delta", "delta": delta, "usage": whole["usage"]})
        events.append({"type": "message_stop"})
        return [sse(one, str(one["type"])) for one in events]

    def failure(self, status: int, kind: str) -> tuple[int, object]:
        message = f"The provider says {status}."
        if kind == "context":
            message = "prompt is too long: 209999 tokens > 200000 maximum"
        elif kind == "policy":
            message = "Output blocked by content filtering policy"
        name = self._TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")
        return status, {"type": "error", "error": {"type": name, "message": message}, "request_id": "req-oracle"}

    def error_event(self) -> bytes:
        return sse({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "error")


class Gemini:
    """Google's generateContent: https://ai.google.dev/api/generate-content."""

    name = "gemini"
    path = re.compile(r":(?:generateContent|streamGenerateContent)$")
    stream_type = "text/event-stream"
    id_header = "x-gemini-id"
    _FINISH: Final = {"stop": "STOP", "length": "MAX_TOKENS", "filter": "SAFETY", "tool": "STOP", "matched": "STOP"}
    _STATUS: Final = {
        400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
        408: "DEADLINE_EXCEEDED", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE",
    }  # fmt: skip

    def model(self, body: dict[str, Any]) -> str:
        return "gemini-2.5-flash"

    def tools(self, body: dict[str, Any]) -> list[str]:
        config = body.get("toolConfig") or body.get("tool_config") or {}
        calling = config.get("functionCallingConfig") or config.get("function_calling_config") or {}
        if calling.get("mode") == "NONE":
            return []
        return [
            str(declared["name"])
            for one in body.get("tools") or ()
            for declared in one.get("functionDeclarations") or one.get("function_declarations") or ()
        ]

    def streams(self, path: str, body: dict[str, Any]) -> bool:
        return ":streamGenerateContent" in path

    def _parts(self, said: Said) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = []
        if said.think:
            parts.append({"text": said.think, "thought": True})
        if said.text:
            parts.append({"text": said.text})
        parts += [{"functionCall": {"name": name, "args": json.loads(text)}} for _, name, text in said.calls]
        return parts

    def _body(self, said: Said, parts: list[dict[str, Any]], finish: str | None) -> dict[str, Any]:
        candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
        if finish is not None:
            candidate["finishReason"] = finish
        usage = {"promptTokenCount": said.input, "candidatesTokenCount": said.output - said.reasoning,
                 "totalTokenCount": said.input + said.output}  # fmt: skip
        if said.reasoning:
            usage["thoughtsTokenCount"] = said.reasoning
        if said.cached:
            usage["cachedContentTokenCount"] = said.cached
        return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": said.model,
                "responseId": "oracle"}  # fmt: skip

    def whole(self, said: Said) -> object:
        return self._body(said, self._parts(said), self._FINISH[said.finish])

    def stream(self, said: Said) -> list[bytes]:
        parts: list[dict[str, Any]] = []
        for part in self._parts(said):
            parts += [{**part, "text": one} for one in pieces(part["text"])] if "text" in part else [part]
        last = len(parts) - 1
        return [
            sse(self._body(said, [one], self._FINISH[said.finish] if at == last else None))
            for at, one in enumerate(parts)
        ] or [sse(self._body(said, [], self._FINISH[said.finish]))]

    def failure(self, status: int, kind: str) -> tuple[int, object]:
        message = f"The provider says {status}."
        if kind == "context":
            message = "The input token count (1100000) exceeds the maximum number of tokens allowed (1048576)."
        elif kind == "policy":
            message = "The response was blocked because it violates our policies."
        return status, {"error": {"code": status, "message": message, "status": self._STATUS.get(status, "UNKNOWN")}}

    def error_event(self) -> bytes:
        return sse({"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}})


class GeminiEmbed(Gemini):
    """Google's embeddings."""

    name = "gemini_embed"
    path = re.compile(r":(?:batchEmbedContents|embedContent)$")

    def streams(self, path: str, body: dict[str, Any]) -> bool:
        return False

    def whole(self, said: Said) -> object:
        if "requests" in said.body:
            return {"embeddings": [{"values": [0.25, -0.5, 0.75]} for _ in said.body["requests"]]}
        return {"embedding": {"values": [0.25, -0.5, 0.75]}}


class Cohere:
    """Cohere's v2 chat: https://docs.cohere.com/v2/reference/chat."""

    name = "cohere"
    path = re.compile(r"/v2/chat$")
    stream_type = "text/event-stream"
    id_header = "x-cohere-id"
    _FINISH: Final = {"stop": "COMPLETE", "length": "MAX_TOKENS", "filter": "ERROR_TOXIC", "tool": "TOOL_CALL",
                      "matched": "STOP_SEQUENCE"}  # fmt: skip

    def model(self, body: dict[str, Any]) -> str:
        return str(body.get("model", ""))

    def tools(self, body: dict[str, Any]) -> list[str]:
        if body.get("tool_choice") == "NONE":
            return []
        return [str(one["function"]["name"]) for one in body.get("tools") or ()]

    def streams(self, path: str, body: dict[str, Any]) -> bool:
        return body.get("stream") is True

    def _usage(self, said: Said) -> dict[str, Any]:
        counts = {"input_tokens": said.input, "output_tokens": said.output}
        return {"billed_units": counts, "tokens": counts}

    def _calls(self, said: Said) -> list[dict[str, Any]]:
        return [
            {"id": one, "type": "function", "function": {"name": name, "arguments": arguments}}
            for one, name, arguments in said.calls
        ]

    def whole(self, said: Said) -> object:
        message: dict[str, Any] = {"role": "assistant"}
        if said.text:
            message["content"] = [{"type": "text", "text": said.text}]
        if said.calls:
            message |= {"tool_plan": "I will look.", "tool_calls": self._calls(said)}
        return {"id": "oracle", "message": message, "finish_reason": self._FINISH[said.finish],
                "usage": self._usage(said)}  # fmt: skip

    def stream(self, said: Said) -> list[bytes]:
        content = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
        events: list[dict[str, Any]] = [{"type": "message-start", "id": "oracle", "delta": {"message": content}}]
        if said.text:
            events.append({"type": "content-start", "index": 0,
                           "delta": {"message": {"content": {"type": "text", "text": ""}}}})  # fmt: skip
            events += [
                {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": one}}}}
                for one in pieces(said.text)
            ]
            events.append({"type": "content-end", "index": 0})
        for at, call in enumerate(self._calls(said)):
            arguments = call["function"]["arguments"]
            empty = {**call, "function": {**call["function"], "arguments": ""}}
            events.append({"type": "tool-call-start", "index": at, "delta": {"message": {"tool_calls": empty}}})
            events += [
                {"type": "tool-call-delta", "index": at,
                 "delta": {"message": {"tool_calls": {"function": {"arguments": one}}}}}
                for one in pieces(arguments)
            ]  # fmt: skip
            events.append({"type": "tool-call-end", "index": at})
        finish = {"finish_reason": self._FINISH[said.finish], "usage": self._usage(said)}
        events.append({"type": "message-end", "id": "oracle", "delta": finish})
        return [sse(one, str(one["type"])) for one in events]

    def failure(self, status: int, kind: str) -> tuple[int, object]:
        message = f"The provider says {status}."
        if kind == "context":
            message = "too many tokens: total number of tokens in the prompt cannot exceed 128000"
        elif kind == "policy":
            message = "the request was blocked by our content policy"
        return status, {"id": "oracle", "message": message}

    def error_event(self) -> bytes:
        return sse({"type": "message-end", "delta": {"finish_reason": "ERROR", "error": "broken"}}, "message-end")
