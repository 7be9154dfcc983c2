"""Predictions: an output that is a text, a list of its pieces, or whatever the model gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, assert_never

from trunkline.ir.answer import Answer, Choice, Finish
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Foreign, Media, Native, Part, Reasoning, Text, ToolCall, ToolResult
from trunkline.wire.codec import Members, Reply
from trunkline.wire.natives import put_back
from trunkline.wire.replicate import losses as why
from trunkline.wire.replicate.shapes import OWN, Spelled, is_texts, read_time, spelled, write_time
from trunkline.wire.replicate.usage import read_usage, write_usage

FINISHES: Final[Mapping[str, Finish | None]] = {
    "starting": None,
    "processing": None,
    "succeeded": Finish.STOP,
    "failed": Finish.OTHER,
    "canceled": Finish.OTHER,
    "aborted": Finish.OTHER,
}
"""The statuses (replicate.com/docs/topics/predictions/lifecycle). Why a model stopped is not said."""
ENDED: Final = frozenset({"succeeded", "failed", "canceled", "aborted"})

_KNOWN: Final = frozenset({"id", "model", "output", "status", "created_at", "metrics"})


def read_answer(members: Members) -> Answer:
    """A prediction, whatever its status.

    Raises:
        BadShape: it is none.
    """
    spelling: dict[str, object] = {}
    for name in ("id", "model", "status", "created_at"):
        value = members.get(name)
        if not isinstance(value, str | None):
            raise BadShape(name, "must be a string")
        spelling[name] = [value] if name in members else []
    status = members.get("status")
    word = status if isinstance(status, str) else ""
    if "output" in members:
        spelling["output"] = members["output"]
    else:
        spelling["no_output"] = True
    rest = {name: value for name, value in members.items() if name not in _KNOWN}
    if "metrics" in members:
        rest["usage"] = members["metrics"]
    own_id, model = members.get("id"), members.get("model")
    return Answer(
        id=own_id if isinstance(own_id, str) else "",
        model=model if isinstance(model, str) else "",
        created=read_time(members.get("created_at")),
        choices=[
            Choice(
                parts=read_output(members.get("output")),
                finish=FINISHES.get(word),
                finish_native=word,
            )
        ],
        usage=read_usage(members.get("metrics")),
        native=Spelled(OWN, rest, spelling),
    )


def read_output(output: object) -> list[Part]:
    """The parts of an output."""
    if output is None:
        return []
    words = output_text(output)
    if words is None:
        return [Foreign(format=OWN, kind="output", data=output)]
    return [Text(text=words)] if words else []


def output_text(output: object) -> str | None:
    """The text that an output is; `None`: it is none."""
    if output is None:
        return ""
    if isinstance(output, str):
        return output
    return "".join(output) if is_texts(output) else None


def write_answer(answer: Answer, reply: Reply, losses: Losses) -> Members:
    """The prediction for a client, finished: it asked to wait for it."""
    if len(answer.choices) > 1:
        losses.add("choices[1]", why.OTHER_ANSWERS)
    choice = answer.choices[0] if answer.choices else Choice(finish=Finish.STOP)
    own = answer.native
    created = write_time(answer.created or reply.created)
    members: Members = {"id": answer.id or reply.id, "model": answer.model or reply.model}
    members["status"] = _status(choice)
    members["created_at"] = created
    for name in ("id", "model", "status", "created_at"):
        said = spelled(own, name)
        if isinstance(said, list):
            members.update({name: said[0]} if said else {})
            if not said:
                del members[name]
    parts = [piece for i, part in enumerate(choice.parts) for piece in _write_part(part, losses, f"output[{i}]")]
    raw = spelled(own, "output")
    if isinstance(own, Spelled) and read_output(raw) == choice.parts:
        if not spelled(own, "no_output"):
            members["output"] = raw
    else:
        members["output"] = parts
    if choice.logprobs is not None:
        losses.add("logprobs", why.NO_LOGPROBS)
    if own is None or own.format is not OWN:
        members |= {"version": "", "input": {}, "logs": "", "error": None, "urls": {}, "completed_at": created}
        if answer.usage is not None:
            members["metrics"] = write_usage(answer.usage)
    elif "usage" in own.members:
        members["metrics"] = own.members["usage"]
    if own is not None:
        left = {name: value for name, value in own.members.items() if name != "usage"}
        put_back(members, Native(own.format, left), OWN, losses)
    return members


def _status(choice: Choice) -> str:
    if choice.finish_native in FINISHES and FINISHES[choice.finish_native] is choice.finish:
        return choice.finish_native
    return "succeeded"


def _write_part(part: Part, losses: Losses, path: str) -> list[object]:
    match part:
        case Text():
            note_text(part, losses, path)
            return [part.text]
        case Foreign():
            if part.format is OWN:
                return [part.data]
            losses.add(path, why.FOREIGN)
        case Reasoning():
            losses.add(path, why.NO_REASONING_SHOWN)
        case ToolCall() | ToolResult():
            losses.add(path, why.NO_CALLS_SHOWN)
        case Media():
            losses.add(path, why.NO_MEDIA)
        case _:
            assert_never(part)
    return []


def note_text(part: Text, losses: Losses, path: str) -> None:
    """What a text loses here."""
    if part.citations:
        losses.add(f"{path}.citations", why.NO_CITATIONS)
    if part.opaque is not None:
        losses.add(path, why.NO_STATE)
    put_back({}, part.native, OWN, losses, path)
