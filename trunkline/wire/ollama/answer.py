"""Whole answers of `/api/chat` and `/api/generate`."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from trunkline.ir.answer import Answer, Choice, Finish
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Media, Native, Part, Reasoning, Text
from trunkline.wire.codec import Members, Reply
from trunkline.wire.natives import put_back
from trunkline.wire.ollama import losses as why
from trunkline.wire.ollama.calls import made_id, read_call
from trunkline.wire.ollama.finish import finish_of, write_finish
from trunkline.wire.ollama.images import read_image
from trunkline.wire.ollama.messages import Draft, read_parts
from trunkline.wire.ollama.request import GENERATE
from trunkline.wire.ollama.shapes import (
    OWN,
    Spelled,
    a_list,
    an_object,
    kept,
    put_idle,
    read_time,
    spelled,
    text,
    write_time,
)
from trunkline.wire.ollama.usage import COUNTS, read_usage, usage_object, write_usage

ANSWER: Final = frozenset({"model", "created_at", "done", "done_reason", "logprobs", *COUNTS})
"""Members that both have."""
CHAT: Final = ANSWER | {"message"}
GENERATED: Final = ANSWER | {"response", "thinking", "tool_calls", "image"}
MESSAGE: Final = frozenset({"role", "content", "images", "thinking", "tool_calls"})


def read_answer(members: Members) -> Answer:
    """A provider's answer.

    Raises:
        BadShape: it does not have the format's shape.
    """
    spelling: dict[str, object] = {}
    inner: dict[str, object] = {}
    when = text(members, "created_at") or ""
    rest: Native | None = None
    if "message" in members or "response" not in members:
        known = CHAT
        message = an_object(members.get("message"), "message")
        parts = read_parts(message, "message", inner)
        if not isinstance(message.get("role"), str):
            inner["role"] = [message["role"]] if "role" in message else []
        parts += read_calls(message, when, "message", inner, 0)
        rest = kept(message, MESSAGE, inner)
    else:
        known = GENERATED
        spelling["api"] = GENERATE
        parts = _read_generated(members, when, inner)
        rest = Spelled(OWN, {}, inner) if inner else None
    word = text(members, "done_reason")
    entries = members.get("logprobs")
    finish, native = finish_of(word, parts, rest)
    if when:
        spelling["created_at"] = when
    if members.get("done") is not True:
        spelling["done"] = [members["done"]] if "done" in members else []
    counts = usage_object(members)
    left = kept(members, known, spelling)
    if counts:
        left = Spelled(OWN, {**(left.members if left is not None else {}), "usage": counts}, spelling)
    return Answer(
        model=text(members, "model") or "",
        created=read_time(when),
        choices=[
            Choice(
                parts=parts,
                finish=finish,
                finish_native=word or "",
                logprobs=None if entries is None else {"content": a_list(entries, "logprobs")},
                native=native,
            )
        ],
        usage=read_usage(counts),
        native=left,
    )


def read_calls(message: Members, when: str, path: str, spelling: dict[str, object], first: int) -> list[Part]:
    """The calls of an answer's message; `first`: how many came before."""
    calls = message.get("tool_calls")
    if calls is None:
        return []
    listed = a_list(calls, f"{path}.tool_calls")
    if not listed:
        spelling["tool_calls"] = True
    found: list[Part] = []
    for i, value in enumerate(listed):
        call = read_call(value, f"{path}.tool_calls[{i}]")
        if not call.id:
            call = replace(call, id=made_id(first + i, call.name, call.arguments, when))
        found.append(call)
    return found


def write_answer(answer: Answer, reply: Reply, losses: Losses) -> Members:
    """The body for a client: of `/api/generate` where that is what it asked."""
    if len(answer.choices) > 1:
        losses.add("choices[1]", why.OTHER_ANSWERS)
    choice = answer.choices[0] if answer.choices else Choice(finish=Finish.STOP)
    draft = Draft("assistant", losses, "message", answer=True)
    for i, part in enumerate(choice.parts):
        draft.add(part, f"message.content[{i}]")
    native, own = choice.native, answer.native
    members = head(answer.model, answer.created, own, reply)
    if spelled(own, "api") == GENERATE or (
        not isinstance(own, Spelled) and spelled(reply.request.native, "api") == GENERATE
    ):
        draft.put_parts(members, native, "response")
        images = members.pop("images", None)
        if isinstance(images, list) and images:
            members["image"] = images[0]
    else:
        message = draft.message(native)
        role = spelled(native, "role")
        if isinstance(role, list):
            message.pop("role")
            message.update({"role": role[0]} if role else {})
        members["message"] = message
    if isinstance(choice.logprobs, dict) and isinstance(entries := choice.logprobs.get("content"), list):
        members["logprobs"] = entries
    done = spelled(own, "done")
    if not isinstance(done, list):
        members["done"] = True
    elif done:
        members["done"] = done[0]
    if (word := write_finish(choice.finish, choice.finish_native, native)) is not None:
        members["done_reason"] = word
    members.update(counts_of(answer.native, answer))
    if own is not None:
        left = Native(own.format, {name: value for name, value in own.members.items() if name != "usage"})
        put_back(members, left, OWN, losses)
    put_idle(members, own)
    return members


def head(model: str, created: int, native: Native | None, reply: Reply) -> Members:
    """What every object of an answer begins with."""
    said = spelled(native, "created_at")
    when = said if isinstance(said, str) else write_time(created or reply.created)
    members: Members = {"model": model or reply.model, "created_at": when}
    if isinstance(native, Spelled):
        if not isinstance(said, str):
            del members["created_at"]
        if not model:
            del members["model"]
    return members


def counts_of(native: Native | None, answer: Answer) -> Members:
    """The counts: the provider's own where they are of this format."""
    if native is not None and native.format is OWN:
        counts = native.members.get("usage")
        return counts if isinstance(counts, dict) else {}
    return write_usage(answer.usage) if answer.usage is not None else {}


def _read_generated(members: Members, when: str, inner: dict[str, object]) -> list[Part]:
    parts: list[Part] = []
    if thinking := text(members, "thinking"):
        parts.append(Reasoning(text=thinking))
    elif thinking == "":
        inner["thinking"] = ""
    if response := text(members, "response"):
        parts.append(Text(text=response))
    parts += read_calls(members, when, "", inner, 0)
    if (image := members.get("image")) is not None:
        picture: Media = read_image(image, "image")
        parts.append(picture)
    return parts
