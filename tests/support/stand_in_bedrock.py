"""Bedrock's Converse and ConverseStream as the stand-in speaks them; frames and all, written by hand."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import unquote
from zlib import crc32

from tests.support.stand_in import Asked, Fault, Item, canonical, halves, names, parsed
from tests.support.stand_in_openai import is_base64
from trunkline.ir import Usage
from trunkline.ir.answer import Answer, Finish
from trunkline.ir.parts import Reasoning, Text, ToolCall

PATH: Final = re.compile(r"/model/([^/]+)/(converse|converse-stream)")
TOOL_ID: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")
MEMBERS: Final = names(
    "messages system inferenceConfig toolConfig additionalModelRequestFields additionalModelResponseFieldPaths "
    "guardrailConfig performanceConfig serviceTier requestMetadata outputConfig promptVariables"
)
BLOCKS: Final = names(
    "text image document video audio toolUse toolResult reasoningContent cachePoint guardContent citationsContent"
)
FAULTS: Final[Mapping[Fault, tuple[int, str, str]]] = {
    "rate_limit": (429, "ThrottlingException", "Too many requests, please wait before trying again."),
    "overloaded": (503, "ServiceUnavailableException", "Bedrock is unable to process your request."),
    "auth": (403, "AccessDeniedException", "invalid x-api-key"),
    "context": (400, "ValidationException", "Input is too long for requested model."),
    "filter": (400, "ValidationException", "Output blocked by content filtering policy"),
}
STOPS: Final = {
    Finish.STOP: "end_turn", Finish.LENGTH: "max_tokens", Finish.TOOL_CALLS: "tool_use",
    Finish.CONTENT_FILTER: "content_filtered", Finish.REFUSAL: "refusal",
}  # fmt: skip


def frame(payload: object, kind: str, *, exception: bool = False) -> bytes:
    """One message of Amazon's event stream."""
    told = {":message-type": "exception" if exception else "event", ":content-type": "application/json"}
    told[":exception-type" if exception else ":event-type"] = kind
    head = b"".join(
        bytes((len(name),)) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
        for name, value in told.items()
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", 16 + len(head) + len(body), len(head))
    whole = prelude + struct.pack(">I", crc32(prelude)) + head + body
    return whole + struct.pack(">I", crc32(whole))


class ConverseFace:
    """`/model/{id}/converse` and `/converse-stream`."""

    name = "converse"
    stream_type = "application/vnd.amazon.eventstream"

    def model(self, method: str, path: str, body: Mapping[str, Any]) -> str | None:
        found = PATH.fullmatch(path)
        return unquote(found[1]) if found else None

    def streams(self, path: str, body: Mapping[str, Any]) -> bool:
        return path.endswith("/converse-stream")

    def check(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> Iterable[str]:
        if not headers.get("authorization", "").startswith("AWS4-HMAC-SHA256 Credential="):
            yield "the request is not signed"
        for unknown in body.keys() - MEMBERS:
            yield f"{unknown} is no member"
        messages = body.get("messages")
        if not messages:
            yield "messages is empty"
            return
        if messages[0]["role"] != "user":
            yield "A conversation must start with a user message."
        waiting: set[str] = set()
        tools = False
        for place, message in enumerate(messages):
            if place and message["role"] == messages[place - 1]["role"]:
                yield f"messages.{place}: roles must alternate"
            if not message["content"]:
                yield f"messages.{place}: The content field is empty"
            answered = {b["toolResult"]["toolUseId"] for b in message["content"] if "toolResult" in b}
            if waiting != answered:
                yield f"messages.{place}: toolResult {answered} for toolUse {waiting}"
            waiting = {b["toolUse"]["toolUseId"] for b in message["content"] if "toolUse" in b}
            tools = tools or bool(waiting)
            yield from self._check_blocks(place, message["content"])
        if tools and not (body.get("toolConfig") or {}).get("tools"):
            yield "The toolConfig field must be defined when using toolUse and toolResult content blocks."

    def _check_blocks(self, place: int, blocks: list[Any]) -> Iterable[str]:
        for block in blocks:
            if len(block) != 1 or not block.keys() <= BLOCKS:
                yield f"messages.{place}: a content block has one member: {sorted(block)}"
            if "text" in block and not block["text"].strip():
                yield f"messages.{place}: The text field in the ContentBlock object is blank"
            if "toolUse" in block:
                if not TOOL_ID.fullmatch(block["toolUse"]["toolUseId"]):
                    yield f"messages.{place}: toolUseId must satisfy the pattern"
                if not isinstance(block["toolUse"]["input"], dict):
                    yield f"messages.{place}: toolUse.input is invalid"
            if "toolResult" in block and not isinstance(block["toolResult"].get("content"), list):
                yield f"messages.{place}: toolResult.content is missing"
            if "document" in block and not any("text" in other for other in blocks):
                yield f"messages.{place}: a document needs a text block"
            for kind in ("image", "document"):
                if kind in block and not is_base64(block[kind]["source"].get("bytes")):
                    yield f"messages.{place}: {kind}.source"
            thought = (block.get("reasoningContent") or {}).get("reasoningText")
            if thought is not None and not str(thought.get("signature", "")).startswith("sig-"):
                yield f"messages.{place}: Invalid `signature` in `thinking` block"

    def read(self, body: Mapping[str, Any]) -> Asked:
        asked = Asked(max_tokens=(body.get("inferenceConfig") or {}).get("maxTokens"))
        for block in body.get("system") or ():
            asked.hints += "cachePoint" in block
            asked.system += [block["text"]] if "text" in block else []
        for message in body.get("messages") or ():
            items: list[Item] = []
            for block in message["content"]:
                asked.hints += "cachePoint" in block
                if "cachePoint" not in block:
                    items.append(_item(block))
            asked.say(message["role"], items)
        config = body.get("toolConfig") or {}
        for tool in config.get("tools") or ():
            asked.hints += "cachePoint" in tool
            if "toolSpec" in tool:
                asked.tools[tool["toolSpec"]["name"]] = tool["toolSpec"]["inputSchema"]["json"]
        choice = config.get("toolChoice") or {}
        asked.choice = choice["tool"]["name"] if "tool" in choice else next(iter(choice), "")
        form = ((body.get("outputConfig") or {}).get("textFormat") or {}).get("structure") or {}
        if form:
            asked.schema = json.loads(form["jsonSchema"]["schema"])
        return asked

    def whole(self, answer: Answer) -> dict[str, Any]:
        content: list[dict[str, Any]] = []
        for part in answer.choices[0].parts:
            match part:
                case Text():
                    content.append({"text": part.text})
                case Reasoning():
                    words = {"text": part.text, "signature": part.opaque.data if part.opaque else ""}
                    content.append({"reasoningContent": {"reasoningText": words}})
                case ToolCall():
                    call = {"toolUseId": part.id, "name": part.name, "input": parsed(part.arguments)}
                    content.append({"toolUse": call})
                case _:
                    raise AssertionError(part)
        return {
            "output": {"message": {"role": "assistant", "content": content}},
            "stopReason": STOPS[answer.choices[0].finish or Finish.STOP],
            "usage": _usage(answer.usage or Usage()), "metrics": {"latencyMs": 12},
        }  # fmt: skip

    def stream(self, answer: Answer) -> list[bytes]:
        whole = self.whole(answer)
        events = [frame({"role": "assistant", "p": "abc"}, "messageStart")]
        for index, block in enumerate(whole["output"]["message"]["content"]):
            deltas: list[dict[str, Any]]
            if "toolUse" in block:
                begun = {name: block["toolUse"][name] for name in ("toolUseId", "name")}
                events.append(frame({"contentBlockIndex": index, "start": {"toolUse": begun}}, "contentBlockStart"))
                arguments = canonical(block["toolUse"]["input"])
                deltas = [{"toolUse": {"input": piece}} for piece in (halves(arguments) if arguments != "{}" else [""])]
            elif "text" in block:
                deltas = [{"text": piece} for piece in halves(block["text"])]
            else:
                words = block["reasoningContent"]["reasoningText"]
                deltas = [{"reasoningContent": {"text": piece}} for piece in halves(words["text"])]
                deltas.append({"reasoningContent": {"signature": words["signature"]}})
            events += [frame({"contentBlockIndex": index, "delta": d}, "contentBlockDelta") for d in deltas]
            events.append(frame({"contentBlockIndex": index}, "contentBlockStop"))
        events.append(frame({"stopReason": whole["stopReason"]}, "messageStop"))
        events.append(frame({"usage": whole["usage"], "metrics": whole["metrics"]}, "metadata"))
        return events

    def failure(self, fault: Fault) -> tuple[int, dict[str, Any], dict[str, str]]:
        status, kind, message = FAULTS[fault]
        return status, {"message": message}, {"x-amzn-ErrorType": f"{kind}:http://internal.amazon.com/coral/"}

    def error_event(self) -> bytes:
        return frame({"message": "The system is overloaded"}, "serviceUnavailableException", exception=True)

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
        "inputTokens": usage.input_total - usage.cache_read - usage.cache_write, "outputTokens": usage.output_total,
        "cacheReadInputTokens": usage.cache_read, "cacheWriteInputTokens": usage.cache_write,
        "totalTokens": usage.input_total + usage.output_total,
    }  # fmt: skip


def _item(block: Mapping[str, Any]) -> Item:
    if "toolUse" in block:
        call = block["toolUse"]
        return ("call", call["toolUseId"], call["name"], canonical(call["input"]), "")
    if "toolResult" in block:
        result = block["toolResult"]
        inner = [_item(one) for one in result["content"]]
        return ("result", result["toolUseId"], result.get("status") == "error", inner)
    if "reasoningContent" in block:
        words = block["reasoningContent"].get("reasoningText") or {}
        return ("think", words.get("text", ""), words.get("signature", ""))
    for kind in ("image", "document", "audio"):
        if kind in block:
            return (kind, block[kind]["format"], block[kind]["source"].get("bytes"))
    if "json" in block:
        return ("json", canonical(block["json"]))
    return ("text", block["text"]) if "text" in block else ("unknown", sorted(block))
