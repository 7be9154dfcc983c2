"""A stand-in for a host with stored responses, and for two formats without: what it was asked is there to look at.

`/a/v1/responses` and `/b/v1/responses` are two accounts that do not see each other's state; `/v1/chat/completions` and
`/v1/messages` keep nothing. Every answer says how many input items it was made from.
"""

from __future__ import annotations

import itertools
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

Json = dict[str, Any]
_numbers = itertools.count(1)


@dataclass(slots=True)
class Seen:
    """One request."""

    method: str
    path: str
    body: Json = field(default_factory=dict[str, Any])
    key: str = ""


class ResponsesProvider:
    """The stand-in, in threads of the test."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.stored: dict[str, Json] = {}
        """By account and id: `a/resp_...`."""
        self.stores = True
        """Whether it keeps responses at all."""
        self.fails: dict[str, int] = {}
        """Account -> status that it answers to every call."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def url(self, account: str = "") -> str:
        """`api_base` of an account; of the formats without state where none is named."""
        head = f"/{account}" if account else ""
        return f"http://127.0.0.1:{self._server.server_port}{head}/v1"

    def last(self, tail: str = "") -> Seen:
        """The last request whose path ends so."""
        return [one for one in self.seen if one.path.endswith(tail)][-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    # What it answers.

    def respond(self, account: str, body: Json) -> tuple[int, Json]:
        """`POST /responses`."""
        if account in self.fails:
            return self.fails[account], {"error": {"message": "overloaded", "type": "server_error", "code": None}}
        previous = body.get("previous_response_id")
        before = 0
        if previous is not None:
            earlier = self.stored.get(f"{account}/{previous}")
            if earlier is None:
                message = f"Previous response with id '{previous}' not found."
                error = {
                    "message": message, "type": "invalid_request_error", "param": "previous_response_id",
                    "code": "previous_response_not_found",
                }  # fmt: skip
                return 400, {"error": error}
            before = earlier["items"]
        number = next(_numbers)
        given = body.get("input", [])
        own = 1 if isinstance(given, str) else len(given)
        keeps = self.stores and body.get("store") is not False
        background = body.get("background") is True
        whole = _response(number, body, f"{account}: {before + own} items", stored=keeps)
        if background:
            whole |= {"background": True, "status": "queued", "output": []}
        if keeps:
            self.stored[f"{account}/{whole['id']}"] = {"response": whole, "items": before + own + 1}
        return 200, whole

    def about(self, method: str, account: str, tail: str) -> tuple[int, Json]:
        """Everything below `/responses/`."""
        name, _, action = tail.partition("/")
        held = self.stored.get(f"{account}/{name}")
        if held is None:
            return 404, {"error": {"message": f"Response with id '{name}' not found.", "type": "invalid_request_error"}}
        whole: Json = held["response"]
        match method, action:
            case "DELETE", "":
                del self.stored[f"{account}/{name}"]
                return 200, {"id": name, "object": "response", "deleted": True}
            case "POST", "cancel":
                whole["status"] = "cancelled"
            case "GET", "":
                if whole["status"] == "queued":
                    whole |= {"status": "completed", "output": [_message(name, "done in the background")]}
            case _:
                return 405, {"error": {"message": "no", "type": "invalid_request_error"}}
        return 200, whole


def _message(name: str, text: str) -> Json:
    content = [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}]
    return {"id": f"msg_{name}", "type": "message", "status": "completed", "role": "assistant", "content": content}


def _response(number: int, body: Json, text: str, *, stored: bool) -> Json:
    name = f"resp_theirs{number}"
    reasoning = {"id": f"rs_{name}", "type": "reasoning", "summary": []}
    return {
        "id": name, "object": "response", "created_at": 1795529000, "status": "completed", "background": False,
        "error": None, "incomplete_details": None, "instructions": body.get("instructions"), "max_output_tokens": None,
        "model": "theirs-1", "output": [reasoning, _message(name, text)], "parallel_tool_calls": True,
        "previous_response_id": body.get("previous_response_id"), "reasoning": {"effort": None, "summary": None},
        "store": stored, "temperature": 1.0, "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": [],
        "top_p": 1.0, "truncation": "disabled", "user": None, "metadata": {},
        "usage": {
            "input_tokens": 5, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 7,
            "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 12,
        },
    }  # fmt: skip


def _chat(body: Json) -> Json:
    text = f"chat: {len(body['messages'])} messages"
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1795529000, "model": "chat-1",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12},
    }  # fmt: skip


def _messages(body: Json) -> Json:
    content = [{"type": "text", "text": f"messages: {len(body['messages'])} messages"}]
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-1", "content": content,
        "stop_reason": "end_turn", "stop_sequence": None, "usage": {"input_tokens": 5, "output_tokens": 7},
    }  # fmt: skip


def _response_events(whole: Json) -> bytes:
    begun = {**whole, "status": "in_progress", "output": []}
    events: list[Json] = [{"type": "response.created", "response": begun}]
    for place, item in enumerate(whole["output"]):
        events.append({"type": "response.output_item.added", "output_index": place, "item": item})
        events.append({"type": "response.output_item.done", "output_index": place, "item": item})
    events.append({"type": "response.completed", "response": whole})
    return _events(events)


def _messages_events(whole: Json) -> bytes:
    text = whole["content"][0]["text"]
    return _events([
        {"type": "message_start", "message": {**whole, "content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None},
         "usage": {"output_tokens": 7}},
        {"type": "message_stop"},
    ])  # fmt: skip


def _events(events: list[Json]) -> bytes:
    lines = []
    for number, event in enumerate(events):
        numbered = {**event, "sequence_number": number} if event["type"].startswith("response.") else event
        lines.append(f"event: {event['type']}\ndata: {json.dumps(numbered)}\n\n")
    return "".join(lines).encode()


def _handler(provider: ResponsesProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def _serve(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            body: Json = json.loads(raw) if raw else {}
            path = self.path.partition("?")[0]
            key = (self.headers.get("authorization") or self.headers.get("x-api-key") or "").removeprefix("Bearer ")
            provider.seen.append(Seen(self.command, path, body, key))
            account, _, rest = path.strip("/").partition("/v1/")
            streamed = b""
            if rest == "responses":
                status, answer = provider.respond(account, body)
                if body.get("stream") and status == 200:
                    streamed = _response_events(answer)
            elif rest.startswith("responses/"):
                status, answer = provider.about(self.command, account, rest.removeprefix("responses/"))
            elif path.endswith("/chat/completions"):
                status, answer = 200, _chat(body)
            else:
                status, answer = 200, _messages(body)
                if body.get("stream"):
                    streamed = _messages_events(answer)
            # Spaces as no encoder of ours writes them, to see that bytes pass.
            sent = streamed or json.dumps(answer, separators=(", ", " :  ")).encode()
            self.send_response(status)
            self.send_header("content-type", "text/event-stream" if streamed else "application/json")
            self.send_header("content-length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - the names of http.server

    return Handler
