"""A whole answer: the response object, in both directions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, assert_never

from trunkline.ir.answer import Answer, Choice
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Foreign, Media, Native, Part, Reasoning, Text, ToolCall, ToolResult
from trunkline.wire.codec import Members, Reply
from trunkline.wire.openai_responses import losses as reasons
from trunkline.wire.openai_responses.content import CONTENT, answer_output
from trunkline.wire.openai_responses.echo import response_id, skeleton, tier
from trunkline.wire.openai_responses.factory import Factory
from trunkline.wire.openai_responses.finish import flags, read_finish, write_finish
from trunkline.wire.openai_responses.items import read_answer_item, starts_item
from trunkline.wire.openai_responses.shape import OWN, PUT, Spelled, form_of, is_object, own, some_text
from trunkline.wire.openai_responses.usage import read_usage, write_usage

_FIELDS: Final = frozenset({"id", "model", "created_at", "output"})


def read_answer(members: Members) -> Answer:
    """A provider's whole answer; also what `responses/compact` gives.

    Raises:
        BadShape: it holds no output.
    """
    output = members.get("output")
    if not isinstance(output, list):
        raise BadShape("output", "must be an array: this is no response object")
    parts = [part for item in output for _, part in read_answer_item(item)]
    called, refused = flags(parts)
    finish, word = read_finish(members, called=called, refused=refused)
    return Answer(
        id=some_text(members.get("id")),
        model=some_text(members.get("model")),
        created=read_created(members),
        choices=[Choice(parts=parts, finish=finish, finish_native=word, logprobs=_logprobs(parts))],
        usage=read_usage(members.get("usage"), members.get("tool_usage")),
        service_tier=some_text(members.get("service_tier")),
        native=answer_native(members),
    )


def read_created(members: Mapping[str, object]) -> int:
    """Unix seconds; some hosts give fractions."""
    value = members.get("created_at")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**53:
        return 0
    return int(value)


def answer_native(members: Mapping[str, object]) -> Native:
    """The response object without its output, and without what an `Answer` says itself."""
    kept = {name: value for name, value in members.items() if name not in _FIELDS}
    for name in ("id", "model"):
        if name in members and not some_text(members[name]):
            kept[name] = members[name]
    if "created_at" in members and members["created_at"] is not read_created(members):
        kept["created_at"] = members["created_at"]
    return Native(OWN, kept)


def _logprobs(parts: list[Part]) -> object:
    """The log probabilities of all texts, in the form of the chat format."""
    content: list[object] = []
    for part in parts:
        if isinstance(part, Text):
            content.extend(own_logprobs(part))
    return {"content": content} if content else None


def own_logprobs(part: Text) -> list[object]:
    """The log probabilities that stood at a text."""
    put = form_of(part.native, PUT)
    entries = put.get("logprobs") if is_object(put) else None
    return entries if isinstance(entries, list) else []


def client_logprobs(value: object) -> list[object]:
    """`{"content": [...]}` of the chat format as this format has it: always with bytes and alternatives."""
    entries = value.get("content") if is_object(value) else None
    return [_logprob(entry) for entry in entries if is_object(entry)] if isinstance(entries, list) else []


def _logprob(entry: Members) -> Members:
    tops = entry.get("top_logprobs")
    out = _token(entry)
    out["top_logprobs"] = [_token(top) for top in tops if is_object(top)] if isinstance(tops, list) else []
    return out


def _token(entry: Members) -> Members:
    token, spelling = some_text(entry.get("token")), entry.get("bytes")
    return {
        "token": token,
        "logprob": entry.get("logprob", 0),
        "bytes": spelling if isinstance(spelling, list) else list(token.encode("utf-8", "replace")),
    }


def write_answer(answer: Answer, reply: Reply, losses: Losses) -> Members:
    """The body for a client."""
    ours = is_own(answer.native)
    own_id = response_id(answer.id, reply, ours=ours)
    choice = answer.choices[0] if answer.choices else Choice()
    for number in range(1, len(answer.choices)):
        losses.add(f"choices[{number}]", reasons.OTHER_ANSWERS)
    status, details = write_finish(choice.finish)
    items = _Items(reply, own_id, losses)
    items.write(choice)
    if ours and answer.native is not None:
        out = own_response(answer.native.members, reply, own_id, answer.model, answer.created)
        out["output"] = items.output
        return out
    out = skeleton(reply, own_id=own_id, model=answer.model, created=answer.created)
    out["output"] = items.output
    settle(out, status, details)
    out["service_tier"] = tier(answer.service_tier, out["service_tier"])
    if answer.usage is not None:
        out["usage"] = write_usage(answer.usage)
    return out


def is_own(native: Native | None) -> bool:
    """Whether an answer came in this format."""
    return native is not None and native.format is OWN


def own_response(members: Members, reply: Reply, own_id: str, model: str, created: int) -> Members:
    """The response object of a provider of this format, with the names that count now."""
    out: Members = {"id": own_id, **members}
    if model or members.get("object") == "response":
        out.setdefault("model", model or reply.model)
    if created or members.get("object") == "response":
        out.setdefault("created_at", created or reply.created)
    return out


def settle(out: Members, status: str, details: Members | None) -> None:
    """Say how a response ended, in it and in the last of its items."""
    out["status"], out["incomplete_details"] = status, details
    if status == "completed":
        out["completed_at"] = out["created_at"]
        return
    output = out["output"]
    last = output[-1] if isinstance(output, list) and output else None
    if is_object(last) and last.get("type") in ("message", "function_call", "custom_tool_call") and "status" in last:
        last["status"] = "incomplete"


class _Items:
    """Writes the parts of an answer as output items."""

    __slots__ = ("_content", "_factory", "_losses", "output")

    def __init__(self, reply: Reply, own_id: str, losses: Losses) -> None:
        self.output: list[object] = []
        self._factory = Factory(reply, losses)
        self._factory.response = own_id
        self._losses = losses
        self._content: list[object] | None = None
        """Of the message that takes the next text."""

    def write(self, choice: Choice) -> None:
        """Write all parts."""
        logprobs = client_logprobs(choice.logprobs)
        make = self._factory
        for n, part in enumerate(choice.parts):
            path, place = f"content[{n}]", len(self.output)
            match part:
                case Text():
                    self._add_text(part, path, logprobs)
                    if own(part.native) is None:
                        logprobs = []
                case Reasoning():
                    self._add(make.reasoning(place, part, path))
                case ToolCall():
                    self._add(make.call(place, part, path))
                    self._carry(part)
                case Media():
                    for image in make.image(place, part, path):
                        self._add(image)
                        self._carry(part)
                case Foreign() if part.format is OWN and part.kind.startswith(CONTENT) and self._content is not None:
                    self._content.append(part.data)
                case Foreign():
                    for item in make.foreign(part, path):
                        self._add(item)
                case ToolResult():
                    self._losses.add(path, reasons.NO_RESULT)
                case _:
                    assert_never(part)

    def _add(self, item: object) -> None:
        self._content = None
        self.output.append(item)

    def _add_text(self, part: Text, path: str, logprobs: list[object]) -> None:
        if self._content is None or starts_item(part):
            message = self._factory.message(len(self.output), part)
            self._content = []
            message["content"] = self._content
            self.output.append(message)
        if isinstance(part.native, Spelled) and part.native.form.get("string"):
            # Only a request writes content as a string; an answer that does is given back as it was.
            last = self.output[-1]
            if is_object(last):
                last["content"] = part.text
        elif not form_of(part.native, "empty"):
            self._content.append(answer_output(part, path, self._losses, logprobs))
        self._carry(part)

    def _carry(self, part: Text | ToolCall | Media) -> None:
        if part.opaque is not None:
            self._add(self._factory.carrier(len(self.output), part.opaque))
