"""The response object around the output: what every response has, and what it repeats of its request.

platform.openai.com/docs/api-reference/responses/object
"""

from __future__ import annotations

from typing import Final

from trunkline.ir.losses import Losses, Untranslatable
from trunkline.ir.parts import Text
from trunkline.ir.request import Request
from trunkline.wire.codec import Members, Reply
from trunkline.wire.openai_responses.ids import RESPONSE
from trunkline.wire.openai_responses.knobs import write_reasoning_options, write_schema, write_tool, write_tool_choice
from trunkline.wire.openai_responses.request_out import is_instructions
from trunkline.wire.openai_responses.shape import PUT, is_object, own

_TIERS: Final = frozenset({"auto", "default", "flex", "scale", "priority", "fast", "ultrafast"})
"""The tiers of OpenAI; the official clients know no others."""
_REPEATED: Final = ("max_tool_calls", "previous_response_id", "prompt_cache_key", "safety_identifier")


def response_id(own_id: str, reply: Reply, *, ours: bool) -> str:
    """The id of a response: the provider's where it is one of this format, else made of `Reply.id`.

    `ours`: the answer came in this format.
    """
    if own_id and (ours or own_id.startswith(RESPONSE)):
        return own_id
    return reply.id if reply.id.startswith(RESPONSE) else RESPONSE + reply.id


def skeleton(reply: Reply, *, own_id: str, model: str, created: int) -> Members:
    """A response without output, status `in_progress`."""
    request = reply.request
    native = own(request.native)
    asked = native.members if native is not None else {}
    quiet = native.form.get(PUT) if native is not None else None
    sampling = request.sampling
    out: Members = {
        "id": own_id,
        "object": "response",
        "created_at": created or reply.created,
        "status": "in_progress",
        "background": False,
        "completed_at": None,
        "error": None,
        "incomplete_details": None,
        "instructions": _instructions(request),
        "max_output_tokens": sampling.max_tokens,
        "model": model or reply.model,
        "output": [],
        "parallel_tool_calls": True if request.parallel_tools is None else request.parallel_tools,
        "reasoning": _reasoning(request),
        "service_tier": request.service_tier if request.service_tier in _TIERS else None,
        "store": True if request.store is None else request.store,
        "temperature": sampling.temperature,
        "text": _text(request),
        "tool_choice": _tool_choice(request),
        "tools": _tools(request),
        "top_logprobs": sampling.top_logprobs or 0,
        "top_p": sampling.top_p,
        "truncation": asked.get("truncation", "disabled"),
        "usage": None,
        "user": request.user,
        "metadata": request.metadata or {},
    }
    for name in _REPEATED:
        out[name] = asked.get(name)
    if native is not None and native.form.get("user"):
        out["user"], out["safety_identifier"] = None, request.user
    if is_object(quiet) and "truncation" in quiet:
        out["truncation"] = quiet["truncation"]
    return out


def tier(served: str, asked: object) -> object:
    """The service tier to name: the one that served where OpenAI has it, else what was asked for."""
    return served if served in _TIERS else asked


def _instructions(request: Request) -> str | None:
    if not is_instructions(request.messages):
        return None
    part = request.messages[0].parts[0]
    return part.text if isinstance(part, Text) else None


def _reasoning(request: Request) -> Members:
    thinking = request.thinking
    said = {} if thinking is None else write_reasoning_options(thinking, Losses())
    return {"effort": None, "summary": None, **said}


def _text(request: Request) -> Members:
    schema = request.output
    out: Members = {"format": {"type": "text"} if schema is None else write_schema(schema, Losses())}
    if request.verbosity is not None:
        out["verbosity"] = request.verbosity
    return out


def _tool_choice(request: Request) -> object:
    if request.tool_choice is None:
        return "auto"
    return write_tool_choice(request.tool_choice, frozenset(tool.name for tool in request.tools if tool.custom))


def _tools(request: Request) -> list[object]:
    tools: list[object] = []
    for tool in request.tools:
        try:
            item = write_tool(tool, "tools", Losses())
        except Untranslatable:
            continue  # a server tool of another format; nobody asks in this format for one
        if item.get("type") == "function":
            item.setdefault("parameters", {"type": "object", "properties": {}})
            item.setdefault("strict", True)
            item.setdefault("description", None)
        tools.append(item)
    return tools
