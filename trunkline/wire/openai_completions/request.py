"""A request for a text completion: one prompt, which becomes what the user says."""

from __future__ import annotations

from typing import Final

from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Message, Text
from trunkline.ir.request import Request
from trunkline.wire.codec import Named
from trunkline.wire.openai_chat import losses as why
from trunkline.wire.openai_chat.knobs import SAMPLING_MEMBERS, read_sampling
from trunkline.wire.openai_chat.request import read_flag, read_stream_options, read_text
from trunkline.wire.openai_chat.spelling import TEXT_COMPLETION, Json, Spelt, restore_own, spelt

_SAMPLING: Final = SAMPLING_MEMBERS - {"logprobs", "top_logprobs", "top_k", "min_p", "max_completion_tokens"}
_KNOWN: Final = _SAMPLING | {"model", "prompt", "stream", "stream_options", "user"}
_LISTED: Final = "prompt in a list"
_QUIET: Final[tuple[tuple[str, object], ...]] = (("echo", False), ("best_of", 1), ("suffix", ""))
"""Defaults, which say nothing."""


def read_completion(members: Json, named: Named) -> Request:
    """A client's request.

    Raises:
        BadShape: it does not have the format's shape, or its prompt is not one text.
    """
    marks = [TEXT_COMPLETION]
    quiet: Json = {name: default for name, default in _QUIET if members.get(name) == default and name in members}
    request = Request(
        model=read_text(members, "model") or named.model,
        messages=[Message(role="user", parts=[Text(text=_prompt(members.get("prompt"), marks))])],
        stream=read_flag(members, "stream") or False,
        user=read_text(members, "user"),
    )
    if named.stream is not None and members.get("stream") is None:
        request.stream = named.stream
    request.sampling = read_sampling({name: members[name] for name in _SAMPLING & members.keys()}, marks, quiet)
    request.stream_usage = read_stream_options(members.get("stream_options"), quiet)
    if members.get("stream") is False:
        quiet["stream"] = False
    request.native = spelt(members, _KNOWN, quiet, marks)
    return request


def _prompt(value: object, marks: list[str]) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, list) or not value:
        raise BadShape("prompt", "must be a string")
    if all(isinstance(one, int | list) for one in value):
        raise BadShape("prompt", "tokens mean something to one model only, and this call is translated: send text")
    if len(value) > 1:
        raise BadShape("prompt", "this call is translated for a chat model, which takes one prompt: send one per call")
    if not isinstance(value[0], str):
        raise BadShape("prompt[0]", "must be a string")
    marks.append(_LISTED)
    return value[0]


def write_completion(request: Request, losses: Losses) -> Json:
    """The body for a provider of text completions.

    Raises:
        Untranslatable: the conversation is more than one text of the user, or asks for tools or a schema.
    """
    if request.tools:
        raise losses.refuse("tools", why.COMPLETION_TOOLS)
    if request.output is not None:
        raise losses.refuse("response_format", why.COMPLETION_OUTPUT)
    native = request.native if isinstance(request.native, Spelt) and TEXT_COMPLETION in request.native.marks else None
    marks = native.marks if native is not None else ()
    prompt = _one_text(request, losses)
    members: Json = {"model": request.model, "prompt": [prompt] if _LISTED in marks else prompt}
    sampling = request.sampling
    for name, field in (
        ("max_tokens", "max_tokens"), ("temperature", "temperature"), ("top_p", "top_p"), ("n", "candidates"),
        ("seed", "seed"), ("frequency_penalty", "frequency_penalty"), ("presence_penalty", "presence_penalty"),
        ("logit_bias", "logit_bias"), ("stop", "stop"),
    ):  # fmt: skip
        value = getattr(sampling, field)
        if value is not None:
            members[name] = value
    if "stop" in marks and sampling.stop:
        members["stop"] = sampling.stop[0]
    lost = [name for name in ("top_k", "min_p", "logprobs", "top_logprobs") if getattr(sampling, name) is not None]
    lost += [
        name
        for name in ("thinking", "tool_choice", "parallel_tools", "modalities", "verbosity", "metadata", "cache")
        if getattr(request, name) is not None
    ]
    for name in lost:
        losses.add(name, why.COMPLETION_KNOB)
    if request.user is not None:
        members["user"] = request.user
    if request.stream:
        members["stream"] = True
        if request.stream_usage and native is None:
            members["stream_options"] = {"include_usage": True}
    if native is not None:
        restore_own(members, native)
    elif request.native is not None:
        for name in request.native.members:
            losses.add(name, why.COMPLETION_KNOB)
    return members


def _one_text(request: Request, losses: Losses) -> str:
    texts: list[str] = []
    for message in request.messages:
        for part in message.parts:
            if message.role != "user" or not isinstance(part, Text):
                raise losses.refuse("messages", why.PROMPT)
            texts.append(part.text)
    return "\n".join(texts)
