"""Recorded conversations of every chat format, and what of a request or answer must survive a translation."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from trunkline.ir.answer import Answer
from trunkline.ir.envelope import PREFIX, open_envelope
from trunkline.ir.format import Format
from trunkline.ir.parts import Foreign, Media, Message, Part, Reasoning, Text, ToolCall, ToolResult
from trunkline.ir.request import Request
from trunkline.wire.codec import Codec, Named
from trunkline.wire.openai_completions.codec import OpenAICompletionsCodec
from trunkline.wire.registry import codec

RECORDINGS: Final = Path(__file__).resolve().parents[3] / "shared" / "recordings"
ABSENT: Final = "the recordings are not there: put them at `../shared/recordings`"
SURFACES: Final = {
    "chat": Format.OPENAI_CHAT, "ai_models_chat": Format.OPENAI_CHAT, "openai_compat_chat": Format.OPENAI_CHAT,
    "mantle_chat": Format.OPENAI_CHAT, "responses": Format.OPENAI_RESPONSES, "mantle_responses": Format.OPENAI_RESPONSES,
    "messages": Format.ANTHROPIC_MESSAGES, "anthropic_raw_predict": Format.ANTHROPIC_MESSAGES,
    "anthropic_stream_raw_predict": Format.ANTHROPIC_MESSAGES, "generate_content": Format.GEMINI,
    "stream_generate_content": Format.GEMINI, "converse": Format.BEDROCK_CONVERSE, "api_chat": Format.OLLAMA,
    "converse_stream": Format.BEDROCK_CONVERSE, "predictions": Format.REPLICATE, "predictions.get": Format.REPLICATE,
}  # fmt: skip
DIALECTS: Final = frozenset(
    {"alibaba", "deepseek", "gemini", "groq", "mistral", "moonshot", "openrouter", "perplexity", "xai"}
)
LABEL: Final = re.compile(r"From the result of tool call \S+:\s*")
"""What stands before a medium that moved out of a tool's result."""
TARGETS: Final = (*Format, None)
"""Every format; `None` is OpenAI's text completions, which are written for clients only."""
ORDERED: Final = frozenset({Format.OPENAI_RESPONSES, Format.ANTHROPIC_MESSAGES, Format.GEMINI, Format.BEDROCK_CONVERSE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One exchange."""

    name: str
    format: Format
    codec: Codec
    model: str
    request: dict[str, Any] | None
    answer: dict[str, Any] | None
    """The whole answer, where it is one."""
    stream: bytes


@cache
def exchanges() -> tuple[Recorded, ...]:
    """All of them."""
    return tuple(_read())


def _read() -> Iterator[Recorded]:
    for path in sorted(RECORDINGS.glob("*/*/*.json")):
        provider, _, surface = path.parent.name.partition(".")
        own = SURFACES.get(surface)
        if provider == "cohere":
            own = Format.COHERE_CHAT if surface == "chat" else None
        if own is None:
            continue
        record = json.loads(path.read_text())
        response = record["response"]
        dialect = (
            provider if provider in DIALECTS and own is Format.OPENAI_CHAT else "vertex" if provider == "vertex" else ""
        )
        body, answer = (record["request"] or {}).get("body"), response.get("body")
        stream = (response.get("sse") or response.get("ndjson") or "").encode()
        if "eventstream_b64" in response:
            stream = base64.b64decode(response["eventstream_b64"])
        fine = response["status"] < 300 and isinstance(answer, dict) and not answer.get("error")
        if own is Format.REPLICATE:
            fine = fine and answer.get("status") == "succeeded"
        yield Recorded(
            name=f"{path.parent.name}/{path.stem}",
            format=own,
            codec=codec(own, dialect if own in (Format.OPENAI_CHAT, Format.GEMINI) else ""),
            model=str((body or {}).get("model") or "m") if isinstance(body, dict) else "m",
            request=body if isinstance(body, dict) and body else None,
            answer=answer if fine else None,
            stream=stream if response["status"] < 300 else b"",
        )


def target_codec(target: Format | None) -> Codec:
    """The codec of a target."""
    return OpenAICompletionsCodec() if target is None else codec(target)


def named(recorded: Recorded) -> Named:
    """What stands outside the body."""
    return Named(model=recorded.model, stream=bool(recorded.stream))


# What must survive.


def words(messages: list[Message], role: str) -> str:
    """All that one role said, without white space: formats join texts differently."""
    roles = ("system", "developer") if role == "system" else (role,)
    found: list[str] = []
    for message in messages:
        for part in message.parts if message.role in roles else ():
            if isinstance(part, Text) and not LABEL.fullmatch(part.text):
                found.append(part.text)
            elif isinstance(part, Media) and part.mime.startswith("text/") and part.data:
                found.append(base64.b64decode(part.data).decode())
    return _bare("".join(found))


def _bare(text: str) -> str:
    return "".join(text.split())


def calls(parts: list[Part]) -> list[tuple[str, object]]:
    """Name and arguments of each call; arguments that are no object count by their text."""
    found = [p for p in parts if isinstance(p, ToolCall)]
    # A free-text call is an object around its text where a format has none.
    return [(p.name, {"input": p.arguments} if p.custom else _arguments(p.arguments)) for p in found]


def _arguments(text: str) -> object:
    try:
        return json.loads(text or "{}")
    except ValueError:
        return text


def pairs(messages: list[Message]) -> list[int]:
    """For each result the number of the call that it answers; -1: of none."""
    ids = [p.id for m in messages for p in m.parts if isinstance(p, ToolCall)]
    taken: list[int] = []
    for message in messages:
        for part in message.parts:
            if isinstance(part, ToolResult):
                found = [n for n, own in enumerate(ids) if own == part.call_id and n not in taken]
                taken.append(found[0] if found else -1)
    return taken


def results(messages: list[Message]) -> list[str]:
    """The words of each result, without white space."""
    found = [p for m in messages for p in m.parts if isinstance(p, ToolResult)]
    return [_bare("".join(one.text for one in r.content if isinstance(one, Text))) for r in found]


def media(messages: list[Message]) -> list[tuple[str, str]]:
    """Kind and content of each medium, those in results too."""
    found: list[tuple[str, str]] = []
    for message in messages:
        for part in message.parts:
            inner = part.content if isinstance(part, ToolResult) else [part]
            found += [
                (one.kind.value if one.data else "", one.data or one.url or one.file_id)  # of URLs some say no kind
                for one in inner
                if isinstance(one, Media) and not one.mime.startswith("text/")  # a text may go as words
            ]
    return sorted(found)


def order(messages: list[Message]) -> list[tuple[str, str]]:
    """Who said which kind of thing, in which order; neighbours of one kind are one, thoughts do not count."""
    names: dict[type, str] = {Text: "text", ToolCall: "call", ToolResult: "result", Media: "media", Foreign: "foreign"}
    found: list[tuple[str, str]] = []
    for message in messages:
        if message.role in ("system", "developer"):
            continue
        for part in message.parts:
            if isinstance(part, Reasoning) or (isinstance(part, Text) and not part.text.strip()):
                continue
            kind = (message.role, names[type(part)])
            if not found or found[-1] != kind:
                found.append(kind)
    return found


def facts(request: Request) -> dict[str, Any]:
    """What a request says, for comparison."""
    messages = request.messages
    return {
        "system": words(messages, "system"), "user": words(messages, "user"), "assistant": words(messages, "assistant"),
        "calls": calls([p for m in messages for p in m.parts]), "pairs": pairs(messages), "results": results(messages),
        "media": media(messages), "chosen": sorted(request.tool_choice.names) if request.tool_choice else [], "tools": sorted(t.name for t in request.tools),
        "schema": request.output is not None and request.output.schema is not None,
        "max_tokens": request.sampling.max_tokens,
    }  # fmt: skip


def said(answer: Answer) -> dict[str, Any]:
    """What an answer says, for comparison."""
    choices = answer.choices
    parts = [p for c in choices for p in c.parts]
    return {
        "text": "".join(p.text for p in parts if isinstance(p, Text)),
        "thoughts": _bare("".join(p.text for p in parts if isinstance(p, Reasoning))),
        "calls": calls(parts),
        "media": [(p.kind.value, p.data or p.url) for p in parts if isinstance(p, Media)],
        "foreign": sum(isinstance(p, Foreign) for p in parts),
        "state": sorted(p.opaque.data for p in parts if not isinstance(p, Foreign) and p.opaque is not None),
        "finish": [c.finish.value if c.finish else "" for c in choices],
    }  # fmt: skip


def opened(data: str) -> str:
    """What an envelope holds; other state as it is. Google's signatures are base64 of the envelope."""
    found = open_envelope(data)
    if found is None:
        try:
            text = base64.b64decode(data, validate=True).decode()
            found = open_envelope(text[text.find(PREFIX) :])
        except ValueError:
            return data
    return found.data if found is not None else data
