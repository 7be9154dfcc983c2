"""A whole answer of OpenAI's chat completions: read from a provider, written for a client."""

from __future__ import annotations

from typing import Final

import msgspec

from trunkline.ir.answer import Answer, Choice
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Native, Opaque, Text, ToolCall
from trunkline.ir.usage import Usage
from trunkline.wire.codec import Reply
from trunkline.wire.openai_chat import losses as why
from trunkline.wire.openai_chat.answer_message import sign, write_message
from trunkline.wire.openai_chat.assistant import read_assistant
from trunkline.wire.openai_chat.failure import failure_inside
from trunkline.wire.openai_chat.finish import read_finish, write_finish
from trunkline.wire.openai_chat.spelling import (
    OWN,
    Json,
    as_list,
    as_object,
    is_marked,
    is_own,
    restore,
    spelt,
    under,
)
from trunkline.wire.openai_chat.usage import parse_usage

TIERS: Final = frozenset({"auto", "default", "flex", "scale", "priority"})
"""`service_tier`, as OpenAI's reference lists them: its SDKs know no other."""
_KNOWN: Final = frozenset({"id", "object", "created", "model", "choices", "usage", "service_tier"})
_CHOICE: Final = frozenset({"index", "message", "delta", "finish_reason", "logprobs"})
_ABSENT: Final = "without "
"""Mark, with the name of a member behind it that the host leaves out."""
_NO_MESSAGE: Final = "no message"
"""Mark of a choice that a filter left empty (Azure, recorded)."""

_encode: Final = msgspec.json.Encoder().encode


def read_usage(value: object, dialect: str) -> Usage | None:
    """A `usage` object; `None` where it is none, or cannot be true (`usage.py` says what lies inside what)."""
    return parse_usage(_encode(value), dialect) if isinstance(value, dict) else None


def write_usage(usage: Usage) -> Json:
    """The `usage` object for a client.

    Cached and written tokens lie inside `prompt_tokens`, reasoning inside `completion_tokens` (OpenAI's reference);
    the two members at the end are LiteLLM's (providers.md Table C).
    """
    members: Json = {
        "prompt_tokens": usage.input_total,
        "completion_tokens": usage.output_total,
        "total_tokens": usage.input_total + usage.output_total,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read, "audio_tokens": usage.audio_in},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning, "audio_tokens": usage.audio_out},
    }
    if usage.cache_read or usage.cache_write:
        members["cache_read_input_tokens"] = usage.cache_read
        members["cache_creation_input_tokens"] = usage.cache_write
    if usage.web_searches:
        members["server_tool_use"] = {"web_search_requests": usage.web_searches}
    return members


def read_answer(members: Json, dialect: str) -> Answer:
    """A provider's answer.

    Raises:
        BadShape: it has no choices, or one of them no shape; with the provider's words where it holds an error.
    """
    failure = failure_inside(members)
    if failure is not None:
        raise BadShape("error", failure.message)
    choices = as_list(members.get("choices"), "choices")
    own_id, model, created = members.get("id"), members.get("model"), members.get("created")
    tier, raw = members.get("service_tier"), members.get("usage")
    quiet: Json = {}
    for name in ("id", "object", "created", "model", "service_tier"):
        value = members.get(name)
        if value is not None:
            quiet[name] = value
    marks = [_ABSENT + name for name in ("id", "object", "created", "model") if name not in members]
    native = spelt(members, _KNOWN, quiet, marks)
    if raw is not None:
        native.members["usage"] = raw
    answer = Answer(
        id=own_id if isinstance(own_id, str) else "",
        model=model if isinstance(model, str) else "",
        created=created if type(created) is int and created > 0 else 0,
        usage=read_usage(raw, dialect),
        service_tier=tier if isinstance(tier, str) else "",
        native=native,
    )
    made_id = f"call_{answer.id or answer.created}"
    answer.choices = [_read_choice(entry, place, f"{made_id}_{place}") for place, entry in enumerate(choices)]
    return answer


def _read_choice(value: object, place: int, made_id: str) -> Choice:
    path = f"choices[{place}]"
    entry = as_object(value, path)
    quiet: Json = {name: entry[name] for name in ("index", "delta", "finish_reason") if name in entry}
    marks = [_ABSENT + name for name in ("finish_reason", "index") if name not in entry]
    message = entry.get("message")
    native = spelt(entry, _CHOICE, quiet, marks)
    choice = Choice(logprobs=entry.get("logprobs"), native=native)
    if message is None:
        native.marks += (_NO_MESSAGE,)
    else:
        members = as_object(message, f"{path}.message")
        spoken = read_assistant(members, f"{path}.message", made_id, history=False)
        choice.parts = spoken.parts
        native.members.update(under("message", spoken.native.members))
        native.quiet.update(under("message", spoken.native.quiet))
        native.marks += spoken.native.marks
        native.marks += tuple(_ABSENT + name for name in ("content", "role") if name not in members)
        if members.get("role") not in (None, "assistant"):
            native.quiet["message.role"] = members["role"]
    calls = any(isinstance(part, ToolCall) for part in choice.parts)
    choice.finish, choice.finish_native = read_finish(entry.get("finish_reason"), calls=calls)
    return choice


def known_tier(tier: str, losses: Losses) -> str:
    """Another format's tier in OpenAI's word; empty where it has none (Anthropic's and Google's usual one is named)."""
    word = tier.lower()
    word = "default" if word == "standard" else word
    if not word or word in TIERS:
        return word
    losses.add("service_tier", why.SERVICE_TIER)
    return ""


def without_usage(native: Native | None) -> Native | None:
    """What an answer's format kept, but for its usage object: that is written anew, or has been."""
    if native is None or "usage" not in native.members:
        return native
    return Native(native.format, {name: value for name, value in native.members.items() if name != "usage"})


def write_answer(answer: Answer, reply: Reply, losses: Losses) -> Json:
    """The body for a client."""
    native = answer.native
    if native is None or native.format is not OWN:
        return _write_others(answer, reply, losses)
    own = is_own(native)
    members: Json = {}
    if answer.id:
        members["id"] = answer.id
    if answer.created:
        members["created"] = answer.created
    if answer.model:
        members["model"] = answer.model
    members["choices"] = [_write_choice(choice, place, reply, losses) for place, choice in enumerate(answer.choices)]
    tier = answer.service_tier if own else known_tier(answer.service_tier, losses)
    if tier:
        members["service_tier"] = tier
    if answer.usage is not None and not (own and "usage" in native.members):
        members["usage"] = write_usage(answer.usage)
    restore(members, native if own else without_usage(native), losses)
    for name, value in (
        ("id", f"chatcmpl-{reply.id}"),
        ("object", "chat.completion"),
        ("created", reply.created),
        ("model", reply.model),
    ):
        if not is_marked(answer.native, _ABSENT + name):
            members.setdefault(name, value)
    return members


def _write_others(answer: Answer, reply: Reply, losses: Losses) -> Json:
    """The same for the answer of another format."""
    members: Json = {
        "id": answer.id or f"chatcmpl-{reply.id}",
        "object": "chat.completion",
        "created": answer.created or reply.created,
        "model": answer.model or reply.model,
        "choices": [
            _said(choice, place) or _write_choice(choice, place, reply, losses)
            for place, choice in enumerate(answer.choices)
        ],
    }
    if answer.service_tier and (tier := known_tier(answer.service_tier, losses)):
        members["service_tier"] = tier
    if answer.usage is not None:
        members["usage"] = write_usage(answer.usage)
    if answer.native is not None:
        restore(members, without_usage(answer.native), losses)
    return members


def _said(choice: Choice, place: int) -> Json | None:
    """A choice of another format that is one text and no more, as most are; `None` where there is more to it."""
    parts, native = choice.parts, choice.native
    if len(parts) != 1 or (native is not None and (native.members or native.format is OWN)):
        return None
    part = parts[0]
    if not isinstance(part, Text) or not part.text or part.refusal:
        return None
    if part.citations or part.opaque is not None or part.native is not None:
        return None
    word = write_finish(choice.finish, calls=False)
    entry: Json = {
        "index": place,
        "message": {"role": "assistant", "content": part.text},
        "logprobs": choice.logprobs,
        "finish_reason": word,
    }
    if choice.finish_native and choice.finish_native != word:
        entry["native_finish_reason"] = choice.finish_native
    return entry


def _write_choice(choice: Choice, place: int, reply: Reply, losses: Losses) -> Json:
    path, own = f"choices[{place}]", is_own(choice.native)
    entry: Json = {}
    signature: Opaque | None = None
    message: Json = {}
    if not is_marked(choice.native, _NO_MESSAGE) or choice.parts:
        message, signature = write_message(choice, reply, losses, path)
        entry["message"] = message
    if choice.logprobs is not None:
        entry["logprobs"] = choice.logprobs
    calls = any(isinstance(part, ToolCall) for part in choice.parts)
    if own and choice.finish_native:
        entry["finish_reason"] = choice.finish_native
    elif not own:
        entry["finish_reason"] = write_finish(choice.finish, calls=calls)
        if choice.finish_native and choice.finish_native != entry["finish_reason"]:
            entry["native_finish_reason"] = choice.finish_native
        entry.setdefault("logprobs", None)
    if is_marked(choice.native, _ABSENT + "role") or "message.role" in getattr(choice.native, "quiet", {}):
        message.pop("role", None)
    restore(entry, choice.native, losses, path)
    if signature is not None:
        sign(message, signature, choice, reply)
    if not is_marked(choice.native, _ABSENT + "index"):
        entry.setdefault("index", place)
    if not is_marked(choice.native, _ABSENT + "finish_reason"):
        entry.setdefault("finish_reason", write_finish(choice.finish, calls=calls))
    if message and not is_marked(choice.native, _ABSENT + "content"):
        message.setdefault("content", None)
    return entry
