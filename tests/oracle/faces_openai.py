"""OpenAI's formats of the recording provider: chat, text completions, Responses and embeddings."""

from __future__ import annotations

import re
from typing import Any, Final

from tests.oracle.said import Said, pieces, sse


class _OpenAI:
    stream_type = "text/event-stream"
    id_header = "x-request-id"
    _TYPES: Final = {
        400: "invalid_request_error", 401: "invalid_request_error", 403: "invalid_request_error",
        404: "invalid_request_error", 422: "invalid_request_error", 429: "requests",
    }  # fmt: skip
    _CODES: Final = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}

    def model(self, body: dict[str, Any]) -> str:
        return str(body.get("model", ""))

    def streams(self, path: str, body: dict[str, Any]) -> bool:
        return body.get("stream") is True

    def failure(self, status: int, kind: str) -> tuple[int, object]:
        message, code = f"The provider says {status}.", self._CODES.get(status)
        if kind == "context":
            message = (
                "This model's maximum context length is 8192 tokens. However, your messages resulted in 9999 tokens."
            )
            code = "context_length_exceeded"
        elif kind == "policy":
            message = "Your request was rejected as a result of our safety system."
            code = "content_policy_violation"
        kind_name = self._TYPES.get(status, "server_error")
        return status, {"error": {"message": message, "type": kind_name, "param": None, "code": code}}

    def error_event(self) -> bytes:
        return sse({"error": {"message": "The provider broke.", "type": "server_error", "param": None, "code": None}})


class Chat(_OpenAI):
    """OpenAI's chat completions: https://platform.openai.com/docs/api-reference/chat."""

    name = "chat"
    path = re.compile(r"/chat/completions$")
    _FINISH: Final = {"stop": "stop", "length": "length", "filter": "content_filter", "tool": "tool_calls",
                      "matched": "stop"}  # fmt: skip

    def tools(self, body: dict[str, Any]) -> list[str]:
        if body.get("tool_choice") == "none":
            return []
        return [str(one["function"]["name"]) for one in body.get("tools") or () if "function" in one]

    def _head(self, said: Said, kind: str) -> dict[str, Any]:
        return {"id": "chatcmpl-oracle", "object": kind, "created": 1790000000, "model": said.model,
                "system_fingerprint": "fp_1"}  # fmt: skip

    def _usage(self, said: Said) -> dict[str, Any]:
        return {
            "prompt_tokens": said.input, "completion_tokens": said.output, "total_tokens": said.input + said.output,
            "prompt_tokens_details": {"cached_tokens": said.cached, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": said.reasoning, "audio_tokens": 0},
        }  # fmt: skip

    def whole(self, said: Said) -> object:
        message: dict[str, Any] = {
            "role": "assistant",
            "content": said.text or None,
            "refusal": None,
            "annotations": [],
        }
        if said.think:
            message["reasoning_content"] = said.think
        if said.calls:
            message["tool_calls"] = [
                {"id": one, "type": "function", "function": {"name": name, "arguments": arguments}}
                for one, name, arguments in said.calls
            ]
        logprobs = None
        if said.body.get("logprobs"):
            logprobs = {
                "content": [{"token": "The", "logprob": -0.1, "bytes": [84], "top_logprobs": []}],
                "refusal": None,
            }
        choices = [
            {"index": at, "message": message, "logprobs": logprobs, "finish_reason": self._FINISH[said.finish]}
            for at in range(int(said.body.get("n") or 1))
        ]
        return {**self._head(said, "chat.completion"), "choices": choices, "usage": self._usage(said),
                "service_tier": "default"}  # fmt: skip

    def stream(self, said: Said) -> list[bytes]:
        head = self._head(said, "chat.completion.chunk")

        def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
            choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
            return sse({**head, "choices": [choice], **({"usage": None} if wanted else {})})

        wanted = bool((said.body.get("stream_options") or {}).get("include_usage"))
        events = [chunk({"role": "assistant", "content": "", "refusal": None})]
        events += [chunk({"reasoning_content": one}) for one in pieces(said.think)]
        events += [chunk({"content": one}) for one in pieces(said.text)]
        for at, (one, name, arguments) in enumerate(said.calls):
            first = {"index": at, "id": one, "type": "function", "function": {"name": name, "arguments": ""}}
            events.append(chunk({"tool_calls": [first]}))
            events += [
                chunk({"tool_calls": [{"index": at, "function": {"arguments": piece}}]}) for piece in pieces(arguments)
            ]
        events.append(chunk({}, self._FINISH[said.finish]))
        if wanted:
            events.append(sse({**head, "choices": [], "usage": self._usage(said)}))
        return [*events, b"data: [DONE]\n\n"]


class Completions(_OpenAI):
    """The old text completions."""

    name = "completions"
    path = re.compile(r"(?<!/chat)/completions$")

    def tools(self, body: dict[str, Any]) -> list[str]:
        return []

    def _chunk(self, said: Said, text: str, finish: str | None) -> dict[str, Any]:
        choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": finish}
        return {"id": "cmpl-oracle", "object": "text_completion", "created": 1790000000, "model": said.model,
                "choices": [choice]}  # fmt: skip

    def whole(self, said: Said) -> object:
        finish = "length" if said.finish == "length" else "stop"
        usage = {
            "prompt_tokens": said.input,
            "completion_tokens": said.output,
            "total_tokens": said.input + said.output,
        }
        return {**self._chunk(said, said.text, finish), "usage": usage}

    def stream(self, said: Said) -> list[bytes]:
        events = [sse(self._chunk(said, one, None)) for one in pieces(said.text)]
        events.append(sse(self._chunk(said, "", "length" if said.finish == "length" else "stop")))
        if (said.body.get("stream_options") or {}).get("include_usage"):
            usage = {
                "prompt_tokens": said.input,
                "completion_tokens": said.output,
                "total_tokens": said.input + said.output,
            }
            events.append(sse({**self._chunk(said, "", None), "choices": [], "usage": usage}))
        return [*events, b"data: [DONE]\n\n"]


class Responses(_OpenAI):
    """OpenAI's Responses: https://platform.openai.com/docs/api-reference/responses."""

    name = "responses"
    path = re.compile(r"/responses$")

    def tools(self, body: dict[str, Any]) -> list[str]:
        if body.get("tool_choice") == "none":
            return []
        return [str(one["name"]) for one in body.get("tools") or () if one.get("type") == "function"]

    def _items(self, said: Said) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        if said.think:
            summary = [{"type": "summary_text", "text": said.think}]
            items.append({"id": "rs_1", "type": "reasoning", "summary": summary})
        if said.text or not said.calls:
            content = [{"type": "output_text", "text": said.text, "annotations": [], "logprobs": []}]
            items.append({"id": "msg_1", "type": "message", "status": "completed", "role": "assistant",
                          "content": content})  # fmt: skip
        for at, (one, name, arguments) in enumerate(said.calls):
            items.append({"id": f"fc_{at}", "type": "function_call", "status": "completed", "call_id": one, "name": name,
                          "arguments": arguments})  # fmt: skip
        return items

    def whole(self, said: Said) -> object:
        reason = {"length": "max_output_tokens", "filter": "content_filter"}.get(said.finish)
        body = said.body
        return {
            "id": "resp_oracle", "object": "response", "created_at": 1790000000,
            "status": "incomplete" if reason else "completed", "background": False, "error": None,
            "incomplete_details": {"reason": reason} if reason else None, "instructions": body.get("instructions"),
            "max_output_tokens": body.get("max_output_tokens"), "model": said.model, "output": self._items(said),
            "parallel_tool_calls": True, "previous_response_id": None, "reasoning": {"effort": None, "summary": None},
            "service_tier": "default", "store": True, "temperature": 1.0, "text": {"format": {"type": "text"}},
            "tool_choice": body.get("tool_choice", "auto"), "tools": body.get("tools") or [], "top_p": 1.0,
            "truncation": "disabled",
            "usage": {
                "input_tokens": said.input, "input_tokens_details": {"cached_tokens": said.cached},
                "output_tokens": said.output, "output_tokens_details": {"reasoning_tokens": said.reasoning},
                "total_tokens": said.input + said.output,
            },
            "user": None, "metadata": body.get("metadata") or {},
        }  # fmt: skip

    def stream(self, said: Said) -> list[bytes]:
        final: Any = self.whole(said)
        begun = {**final, "status": "in_progress", "output": [], "usage": None, "incomplete_details": None}
        events: list[tuple[str, dict[str, Any]]] = [
            ("response.created", {"response": begun}),
            ("response.in_progress", {"response": begun}),
        ]
        for at, item in enumerate(final["output"]):
            place: dict[str, Any] = {"output_index": at, "item_id": item["id"]}
            blank: dict[str, dict[str, Any]] = {
                "message": {"content": []}, "function_call": {"arguments": ""}, "reasoning": {"summary": []},
            }  # fmt: skip
            empty = {**item, "status": "in_progress", **blank[item["type"]]}
            if item["type"] == "reasoning":
                empty.pop("status")
            events.append(("response.output_item.added", {"output_index": at, "item": empty}))
            events += self._inner(item, place)
            events.append(("response.output_item.done", {"output_index": at, "item": item}))
        events.append((f"response.{final['status']}", {"response": final}))
        return [sse({"type": kind, "sequence_number": at, **rest}, kind) for at, (kind, rest) in enumerate(events)]

    def _inner(self, item: dict[str, Any], place: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        if item["type"] == "function_call":
            deltas = [
                ("response.function_call_arguments.delta", {**place, "delta": one}) for one in pieces(item["arguments"])
            ]
            done = {**place, "arguments": item["arguments"], "name": item["name"]}
            return [*deltas, ("response.function_call_arguments.done", done)]
        if item["type"] == "reasoning":
            place = {**place, "summary_index": 0}
            text = item["summary"][0]["text"]
            part = {"type": "summary_text", "text": ""}
            return [
                ("response.reasoning_summary_part.added", {**place, "part": part}),
                *(("response.reasoning_summary_text.delta", {**place, "delta": one}) for one in pieces(text)),
                ("response.reasoning_summary_text.done", {**place, "text": text}),
                ("response.reasoning_summary_part.done", {**place, "part": item["summary"][0]}),
            ]
        place = {**place, "content_index": 0}
        text, part = item["content"][0]["text"], item["content"][0]
        return [
            ("response.content_part.added", {**place, "part": {**part, "text": ""}}),
            *(("response.output_text.delta", {**place, "delta": one, "logprobs": []}) for one in pieces(text)),
            ("response.output_text.done", {**place, "text": text, "logprobs": []}),
            ("response.content_part.done", {**place, "part": part}),
        ]

    def error_event(self) -> bytes:
        value = {"type": "error", "sequence_number": 9, "code": "server_error", "message": "The provider broke.",
                 "param": None}  # fmt: skip
        return sse(value, "error")


class Embeddings(_OpenAI):
    """OpenAI's embeddings."""

    name = "embeddings"
    path = re.compile(r"/embeddings$")

    def tools(self, body: dict[str, Any]) -> list[str]:
        return []

    def whole(self, said: Said) -> object:
        given = said.body.get("input")
        count = len(given) if isinstance(given, list) and given and not isinstance(given[0], int) else 1
        vector: Any = [0.25, -0.5, 0.75]
        if said.body.get("encoding_format") == "base64":
            vector = "AACAPgAAAL8AAEA/"
        data = [{"object": "embedding", "index": at, "embedding": vector} for at in range(count)]
        return {"object": "list", "data": data, "model": said.model, "usage": {"prompt_tokens": 4, "total_tokens": 4}}

    def stream(self, said: Said) -> list[bytes]:
        return []
