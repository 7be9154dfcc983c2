"""Gemini's `generateContent` as the stand-in speaks it; written from the API reference, by hand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from tests.support.stand_in import Asked, Fault, Item, canonical, halves, names, parsed, sse
from tests.support.stand_in_openai import is_base64
from trunkline.ir import Usage
from trunkline.ir.answer import Answer, Finish
from trunkline.ir.parts import Reasoning, Text, ToolCall

PATH: Final = re.compile(r"/(?:v1beta|v1alpha)/models/([^/:]+):(generateContent|streamGenerateContent)")
NAME: Final = re.compile(r"[a-zA-Z_][A-Za-z0-9_.:-]{0,63}")
MEMBERS: Final = names(
    "contents systemInstruction tools toolConfig generationConfig safetySettings cachedContent serviceTier store"
)
CONFIG: Final = names(
    "temperature topP topK maxOutputTokens candidateCount stopSequences seed responseMimeType responseSchema "
    "responseJsonSchema responseLogprobs logprobs presencePenalty frequencyPenalty responseModalities speechConfig "
    "thinkingConfig mediaResolution imageConfig"
)
PARTS: Final = names(
    "text thought thoughtSignature functionCall functionResponse inlineData fileData videoMetadata mediaResolution"
)
FAULTS: Final[Mapping[Fault, tuple[int, str, str]]] = {
    "rate_limit": (429, "RESOURCE_EXHAUSTED", "You exceeded your current quota"),
    "overloaded": (503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
    "auth": (403, "PERMISSION_DENIED", "invalid x-api-key"),
    "context": (
        400, "INVALID_ARGUMENT", "The input token count (2000001) exceeds the maximum number of tokens allowed (1048576).",
    ),
    "filter": (200, "", ""),
}  # fmt: skip
"""A prompt that the filter holds back is no error of HTTP: `promptFeedback.blockReason`."""
REASONS: Final = {
    Finish.LENGTH: "MAX_TOKENS", Finish.CONTENT_FILTER: "SAFETY", Finish.REFUSAL: "SAFETY",
}  # fmt: skip


class GeminiFace:
    """AI Studio."""

    name = "gemini"
    stream_type = "text/event-stream"

    def model(self, method: str, path: str, body: Mapping[str, Any]) -> str | None:
        found = PATH.fullmatch(path)
        return found[1] if found else None

    def streams(self, path: str, body: Mapping[str, Any]) -> bool:
        return ":streamGenerateContent" in path

    def check(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> Iterable[str]:
        if not headers.get("x-goog-api-key"):
            yield "no key"
        for unknown in (body.keys() - MEMBERS) | ((body.get("generationConfig") or {}).keys() - CONFIG):
            yield f'Invalid JSON payload received. Unknown name "{unknown}": Cannot find field.'
        contents = body.get("contents")
        if not contents:
            yield "contents is not specified"
            return
        calls = 0
        for place, content in enumerate(contents):
            if content.get("role", "user") not in ("user", "model"):
                yield "Please use a valid role: user, model."
            parts = content.get("parts")
            if not parts:
                yield f"contents[{place}].parts must not be empty"
                continue
            results = sum("functionResponse" in part for part in parts)
            if results != calls and (results or calls):
                yield f"contents[{place}]: {results} function response parts for {calls} function call parts"
            calls = sum("functionCall" in part for part in parts)
            if calls and (place == 0 or contents[place - 1].get("role", "user") != "user"):
                yield "a function call turn comes immediately after a user turn"
            for part in parts:
                yield from self._check_part(f"contents[{place}]", part, content.get("role", "user"))
        if calls:
            yield "function call without a response"
        for tool in body.get("tools") or ():
            for function in tool.get("functionDeclarations") or ():
                if not NAME.fullmatch(function["name"]):
                    yield f"function name `{function['name']}`"
                if "additionalProperties" in canonical(function.get("parameters") or {}):
                    yield 'Unknown name "additionalProperties" at parameters'

    def _check_part(self, at: str, part: Mapping[str, Any], role: str) -> Iterable[str]:
        for unknown in part.keys() - PARTS:
            yield f'{at}: Unknown name "{unknown}"'
        if len(part.keys() & {"text", "functionCall", "functionResponse", "inlineData", "fileData"}) != 1:
            yield f"{at}: required oneof field 'data' must have one initialized field: {sorted(part)}"
        if "functionResponse" in part:
            if role != "user" or not part["functionResponse"].get("name"):
                yield f"{at}: function_response.name: Name cannot be empty"
            if not isinstance(part["functionResponse"].get("response"), dict):
                yield f"{at}: function_response.response must be an object"
        if "functionCall" in part and not isinstance(part["functionCall"].get("args", {}), dict):
            yield f"{at}: function_call.args must be an object"
        if "inlineData" in part and (
            not is_base64(part["inlineData"]["data"]) or not part["inlineData"].get("mimeType")
        ):
            yield f"{at}: inline_data"
        signature = part.get("thoughtSignature")
        if signature is not None and not is_base64(signature):
            yield f"{at}: thought_signature is no base64"

    def read(self, body: Mapping[str, Any]) -> Asked:
        config = body.get("generationConfig") or {}
        asked = Asked(max_tokens=config.get("maxOutputTokens"))
        asked.system = [part["text"] for part in (body.get("systemInstruction") or {}).get("parts") or ()]
        calls: list[tuple[str, str]] = []
        for content in body.get("contents") or ():
            items = [_item(part, calls) for part in content.get("parts") or ()]
            asked.say("assistant" if content.get("role") == "model" else "user", items)
        for tool in body.get("tools") or ():
            for function in tool.get("functionDeclarations") or ():
                asked.tools[function["name"]] = function.get("parametersJsonSchema") or function.get("parameters")
        asked.schema = config.get("responseJsonSchema") or config.get("responseSchema")
        calling = (body.get("toolConfig") or {}).get("functionCallingConfig") or {}
        asked.choice = (calling.get("allowedFunctionNames") or [calling.get("mode", "")])[0]
        return asked

    def _parts(self, answer: Answer) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = []
        signature = ""
        for part in answer.choices[0].parts:
            match part:
                case Text():
                    parts.append({"text": part.text})
                case Reasoning():
                    parts.append({"text": part.text, "thought": True})
                    signature = part.opaque.data if part.opaque else ""
                case ToolCall():
                    call: dict[str, Any] = {"functionCall": {"name": part.name, "args": parsed(part.arguments)}}
                    if signature:
                        call["thoughtSignature"] = signature
                        signature = ""
                    parts.append(call)
                case _:
                    raise AssertionError(part)
        return parts

    def whole(self, answer: Answer) -> dict[str, Any]:
        finish = REASONS.get(answer.choices[0].finish or Finish.STOP, "STOP")
        candidate = {"content": {"parts": self._parts(answer), "role": "model"}, "finishReason": finish, "index": 0}
        return {
            "candidates": [candidate], "usageMetadata": _usage(answer.usage or Usage()), "modelVersion": answer.model,
            "responseId": answer.id,
        }  # fmt: skip

    def stream(self, answer: Answer) -> list[bytes]:
        head = {"modelVersion": answer.model, "responseId": answer.id}
        parts = [
            {**part, "text": piece} if "text" in part else part
            for part in self._parts(answer)
            for piece in (halves(part["text"]) if "text" in part else [""])
        ]
        early = {"promptTokenCount": (answer.usage or Usage()).input_total}
        events = [
            sse(
                {
                    "candidates": [{"content": {"parts": [part], "role": "model"}, "index": 0}],
                    "usageMetadata": early,
                    **head,
                }
            )
            for part in parts
        ]
        last = {"content": {"parts": [{"text": ""}], "role": "model"}, "index": 0}
        last["finishReason"] = REASONS.get(answer.choices[0].finish or Finish.STOP, "STOP")
        events.append(sse({"candidates": [last], "usageMetadata": _usage(answer.usage or Usage()), **head}))
        return [event.replace(b"\n\n", b"\r\n\r\n") for event in events]

    def failure(self, fault: Fault) -> tuple[int, dict[str, Any], dict[str, str]]:
        status, word, message = FAULTS[fault]
        if fault == "filter":
            blocked = {
                "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},
                "usageMetadata": {"promptTokenCount": 9},
            }
            return 200, {**blocked, "modelVersion": "m", "responseId": "blocked"}, {}
        return status, {"error": {"code": status, "message": message, "status": word}}, {}

    def error_event(self) -> bytes:
        error = {"code": 503, "message": "The model is overloaded. Please try again later.", "status": "UNAVAILABLE"}
        return sse({"error": error}).replace(b"\n\n", b"\r\n\r\n")

    def history(self, answer: Answer) -> list[Item]:
        said: list[Item] = []
        signature = ""
        for part in answer.choices[0].parts:
            match part:
                case Text():
                    said.append(("text", part.text))
                case Reasoning():
                    said.append(("think", part.text, ""))
                    signature = part.opaque.data if part.opaque else ""
                case ToolCall():
                    said.append(("call", part.id, part.name, canonical(part.arguments), signature))
                    signature = ""
                case _:
                    raise AssertionError(part)
        return said


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "promptTokenCount": usage.input_total, "candidatesTokenCount": usage.output_total - usage.reasoning,
        "cachedContentTokenCount": usage.cache_read, "thoughtsTokenCount": usage.reasoning,
        "totalTokenCount": usage.input_total + usage.output_total,
    }  # fmt: skip


def _item(part: Mapping[str, Any], names: list[tuple[str, str]]) -> Item:
    """One part; calls and results without ids are paired by their order, as Google pairs them."""
    signature = part.get("thoughtSignature", "")
    if "functionCall" in part:
        call = part["functionCall"]
        own = call.get("id") or f"#{len(names)}"
        names.append((own, call["name"]))
        return ("call", own, call["name"], canonical(call.get("args") or {}), signature)
    if "functionResponse" in part:
        given = part["functionResponse"]
        own = given.get("id") or next((one for one, name in names if name == given["name"]), "?")
        names[:] = [(one, name) for one, name in names if one != own]
        inner: list[Item] = [("json", canonical(given["response"]))]
        return ("result", own, "error" in given["response"], inner)
    if "inlineData" in part:
        mime = part["inlineData"]["mimeType"]
        kind = {"image": "image", "audio": "audio"}.get(mime.partition("/")[0], "document")
        return (kind, mime, part["inlineData"]["data"])
    if "fileData" in part:
        return ("image", part["fileData"].get("mimeType", ""), part["fileData"]["fileUri"])
    if part.get("thought"):
        return ("think", part["text"], signature)
    return ("text", part["text"]) if "text" in part else ("unknown", sorted(part))
