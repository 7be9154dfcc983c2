"""A text completion, whole."""

from __future__ import annotations

from typing import Final

from trunkline.ir.answer import Answer, Choice, Finish
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Text
from trunkline.wire.codec import Reply
from trunkline.wire.openai_chat import losses as why
from trunkline.wire.openai_chat.answer import read_usage, without_usage, write_usage
from trunkline.wire.openai_chat.failure import failure_inside
from trunkline.wire.openai_chat.finish import read_finish, write_finish
from trunkline.wire.openai_chat.spelling import (
    TEXT_COMPLETION,
    Json,
    Spelt,
    as_list,
    as_object,
    restore,
    restore_own,
    spelt,
)

_KNOWN: Final = frozenset({"id", "object", "created", "model", "choices", "usage", "service_tier"})
_CHOICE: Final = frozenset({"text", "index", "logprobs", "finish_reason"})


def read_completion_answer(members: Json, dialect: str) -> Answer:
    """A provider's answer.

    Raises:
        BadShape: it has no choices, or one of them no shape; with the provider's words where it holds an error.
    """
    failure = failure_inside(members)
    if failure is not None:
        raise BadShape("error", failure.message)
    own_id, model, created, tier = (members.get(name) for name in ("id", "model", "created", "service_tier"))
    quiet = {name: members[name] for name in _KNOWN & members.keys() if name not in ("choices", "usage")}
    native = spelt(members, _KNOWN, quiet, (TEXT_COMPLETION,))
    raw = members.get("usage")
    if raw is not None:
        native.members["usage"] = raw
    return Answer(
        id=own_id if isinstance(own_id, str) else "",
        model=model if isinstance(model, str) else "",
        created=created if type(created) is int and created > 0 else 0,
        choices=[
            _read_choice(as_object(entry, f"choices[{place}]"))
            for place, entry in enumerate(as_list(members.get("choices"), "choices"))
        ],
        usage=read_usage(raw, dialect),
        service_tier=tier if isinstance(tier, str) else "",
        native=native,
    )


def _read_choice(entry: Json) -> Choice:
    quiet: Json = {name: entry[name] for name in ("index", "finish_reason") if name in entry}
    text = entry.get("text")
    finish, word = read_finish(entry.get("finish_reason"), calls=False)
    if text == "":
        quiet["text"] = ""
    return Choice(
        parts=[Text(text=text)] if isinstance(text, str) and text else [],
        finish=finish,
        finish_native=word,
        logprobs=entry.get("logprobs"),
        native=spelt(entry, _CHOICE, quiet, (TEXT_COMPLETION,)),
    )


def is_completion(native: object) -> bool:
    """It was read from a text completion."""
    return isinstance(native, Spelt) and TEXT_COMPLETION in native.marks


def finish_word(finish: Finish | None) -> str:
    """The word for a client, which knows no tools."""
    return "stop" if finish is Finish.TOOL_CALLS else write_finish(finish, calls=False)


def write_completion_answer(answer: Answer, reply: Reply, losses: Losses) -> Json:
    """The body for a client."""
    own = isinstance(answer.native, Spelt) and is_completion(answer.native)
    members: Json = {
        "id": answer.id or f"cmpl-{reply.id}",
        "object": "text_completion",
        "created": answer.created or reply.created,
        "model": answer.model or reply.model,
        "choices": [_write_choice(choice, place, losses) for place, choice in enumerate(answer.choices)],
    }
    if answer.service_tier:
        members["service_tier"] = answer.service_tier
    if answer.usage is not None and not (own and answer.native is not None and "usage" in answer.native.members):
        members["usage"] = write_usage(answer.usage)
    if own and isinstance(answer.native, Spelt):
        restore_own(members, answer.native)
    else:
        restore({}, without_usage(answer.native), losses)
    return members


def _write_choice(choice: Choice, place: int, losses: Losses) -> Json:
    own = is_completion(choice.native)
    texts: list[str] = []
    for part in choice.parts:
        if isinstance(part, Text):
            texts.append(part.text)
        else:
            losses.add(f"choices[{place}].{type(part).__name__}", why.COMPLETION_PART)
    entry: Json = {"text": "".join(texts)}
    if own and choice.logprobs is not None:
        entry["logprobs"] = choice.logprobs
    if own and isinstance(choice.native, Spelt):
        if choice.finish_native:
            entry["finish_reason"] = choice.finish_native
        restore_own(entry, choice.native)
        return entry
    restore({}, choice.native, losses, f"choices[{place}]")
    return {**entry, "index": place, "logprobs": None, "finish_reason": finish_word(choice.finish)}
