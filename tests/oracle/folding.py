"""Streams as one value, so that two may be compared whatever the size of their pieces."""

from __future__ import annotations

import json
from typing import Any


def fold(data: bytes, surface: str) -> tuple[Any, dict[str, str]]:
    """The whole that a stream tells, and what its shape is."""
    events: list[tuple[str, Any]] = []
    done = False
    for block in data.replace(b"\r\n", b"\n").split(b"\n\n"):
        name, lines = "", []
        for line in block.split(b"\n"):
            if line.startswith(b"event:"):
                name = line[6:].strip().decode()
            elif line.startswith(b"data:"):
                lines.append(line[5:].strip())
        if not lines:
            continue
        text = b"\n".join(lines)
        if text == b"[DONE]":
            done = True
            continue
        try:
            events.append((name, json.loads(text)))
        except ValueError:
            events.append((name, {"garbage": text.decode("utf-8", "replace")[:80]}))
    shape = {"done": "yes" if done else "no"}
    if surface in {"chat", "texts"}:
        return _choices([one for _, one in events], shape), shape
    if surface == "gemini":
        return _candidates([one for _, one in events]), shape
    kinds: list[str] = []
    for _, one in events:
        kind = str(one.get("type", "?")) if isinstance(one, dict) else "?"
        if kind != "ping" and (not kinds or kinds[-1] != kind):
            kinds.append(kind)
    shape["events"] = " ".join(kinds)
    shape["named"] = "yes" if all(name for name, _ in events) else "no"
    if surface == "messages":
        return _blocks([one for _, one in events]), shape
    final = [one for _, one in events if one.get("type", "").startswith("response.") and "response" in one]
    errors = [one for _, one in events if "error" in one or one.get("type") == "error"]
    return {**(final[-1]["response"] if final else {}), **({"stream_error": errors[0]} if errors else {})}, shape


def _choices(chunks: list[Any], shape: dict[str, str]) -> dict[str, Any]:
    folded: dict[str, Any] = {"choices": [], "text": "", "reasoning": "", "calls": [], "finish": None}
    usages = 0
    for chunk in chunks:
        if "error" in chunk:
            folded["error"] = chunk["error"]
            continue
        for name in ("object", "model", "service_tier", "provider"):
            if chunk.get(name):
                folded[name] = chunk[name]
        if chunk.get("usage"):
            usages += 1
            folded["usage"] = chunk["usage"]
            shape["usage_choices"] = str(len(chunk.get("choices") or ()))
        for choice in chunk.get("choices") or ():
            delta = choice.get("delta") or {"content": choice.get("text")}
            folded["text"] += delta.get("content") or ""
            folded["reasoning"] += delta.get("reasoning_content") or ""
            folded["finish"] = choice.get("finish_reason") or folded["finish"]
            for call in delta.get("tool_calls") or ():
                while len(folded["calls"]) <= call.get("index", 0):
                    folded["calls"].append({"id": None, "name": "", "arguments": ""})
                into = folded["calls"][call.get("index", 0)]
                into["id"] = into["id"] or call.get("id")
                into["name"] += (call.get("function") or {}).get("name") or ""
                into["arguments"] += (call.get("function") or {}).get("arguments") or ""
            for name in delta.keys() - {"content", "role", "reasoning_content", "tool_calls"}:
                if delta[name] not in (None, [], {}):
                    folded.setdefault("delta", {})[name] = "+"
    shape["usages"] = str(usages)
    return {name: value for name, value in folded.items() if value not in ("", [], None)}


def _candidates(chunks: list[Any]) -> dict[str, Any]:
    folded: dict[str, Any] = {"text": "", "thoughts": "", "calls": []}
    for chunk in chunks:
        if "error" in chunk:
            folded["error"] = chunk["error"]
        folded["usageMetadata"] = chunk.get("usageMetadata") or folded.get("usageMetadata")
        folded["modelVersion"] = chunk.get("modelVersion") or folded.get("modelVersion")
        for candidate in chunk.get("candidates") or ():
            folded["finish"] = candidate.get("finishReason") or folded.get("finish")
            for part in (candidate.get("content") or {}).get("parts") or ():
                if "functionCall" in part:
                    folded["calls"].append(part["functionCall"])
                else:
                    folded["thoughts" if part.get("thought") else "text"] += part.get("text") or ""
    return {name: value for name, value in folded.items() if value not in ("", [], None)}


def _blocks(events: list[Any]) -> dict[str, Any]:
    folded: dict[str, Any] = {"content": []}
    for event in events:
        kind = event.get("type")
        if kind == "message_start":
            folded |= {name: value for name, value in event["message"].items() if name != "content"}
        elif kind == "content_block_start":
            block = dict(event["content_block"])
            if block.get("type") == "tool_use":
                block["input"] = ""
            folded["content"].append(block)
        elif kind == "content_block_delta" and folded["content"]:
            block, delta = folded["content"][-1], event["delta"]
            for name, into in (
                ("text", "text"),
                ("thinking", "thinking"),
                ("signature", "signature"),
                ("partial_json", "input"),
            ):
                if name in delta:
                    block[into] = (block.get(into) or "") + delta[name]
        elif kind == "message_delta":
            folded |= event.get("delta") or {}
            folded["usage"] = {**(folded.get("usage") or {}), **(event.get("usage") or {})}
        elif kind == "error" or "error" in event:
            folded["error"] = event.get("error")
    return folded
