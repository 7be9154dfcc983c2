"""Whole answers."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from trunkline.ir.answer import Answer, Choice, Finish
from trunkline.ir.envelope import seal
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Native, Opaque
from trunkline.wire.codec import Members, Reply
from trunkline.wire.cohere_chat import losses as why
from trunkline.wire.cohere_chat.assistant_writer import Seal, write_assistant
from trunkline.wire.cohere_chat.finish import FINISHES, read_finish, write_finish
from trunkline.wire.cohere_chat.logprobs import read_logprobs, write_logprobs
from trunkline.wire.cohere_chat.message_reader import read_assistant
from trunkline.wire.cohere_chat.shapes import OWN, Spelled, a_list, an_object, kept, put_nulls, spelled, text, unsaid
from trunkline.wire.cohere_chat.usage import read_usage, write_usage
from trunkline.wire.natives import put_back

_KNOWN: Final = frozenset({"id", "message", "finish_reason", "logprobs"})
_OF_STREAMS: Final = frozenset({"message_start", "events"})
"""Members that only the stream decoder makes."""


def read_answer(members: Members) -> Answer:
    """A provider's answer.

    Raises:
        BadShape: it does not have the format's shape.
    """
    parts, native = read_assistant(an_object(members.get("message"), "message"), "message", answer=True)
    word = text(members, "finish_reason")
    raw_logprobs = members.get("logprobs")
    choice = Choice(
        parts=parts,
        finish=None if word is None else read_finish(word),
        finish_native=word or "",
        logprobs=None if raw_logprobs is None else read_logprobs(a_list(raw_logprobs, "logprobs")),
        native=unknown_word(native, word),
    )
    spelling: dict[str, object] = {} if "id" in members else {"missing": "id"}
    return Answer(
        id=text(members, "id") or "",
        choices=[choice],
        usage=read_usage(members.get("usage")),
        native=kept(members, _KNOWN, spelling),
    )


def write_answer(answer: Answer, reply: Reply, losses: Losses) -> Members:
    """The body for a client."""
    if len(answer.choices) > 1:
        losses.add("choices[1]", why.OTHER_ANSWERS)
    choice = answer.choices[0] if answer.choices else Choice(finish=Finish.STOP)
    members: Members = {"id": answer.id or reply.id}
    if unsaid(answer.native, "id"):
        del members["id"]
    native = choice.native
    word = spelled(native, "finish_reason")
    if isinstance(word, str):
        members["finish_reason"] = word
    elif choice.finish is not None or not isinstance(native, Spelled):
        members["finish_reason"] = write_finish(choice.finish, choice.finish_native)
    members["message"] = write_assistant(choice.parts, native, losses, "message", sealing(reply))
    if choice.logprobs is not None:
        members["logprobs"] = write_logprobs(choice.logprobs)
    put_answer_members(members, answer.native, losses)
    if "usage" not in members and answer.usage is not None:
        members["usage"] = write_usage(answer.usage)
    return members


def put_answer_members(members: Members, native: Native | None, losses: Losses) -> None:
    """The answer's other members. The usage object of another format was read, so it is not lost."""
    if native is not None:
        out = _OF_STREAMS if native.format is OWN else {"usage"}
        left = Native(native.format, {name: value for name, value in native.members.items() if name not in out})
        put_back(members, left, OWN, losses)
    put_nulls(members, native)


def unknown_word(native: Native | None, word: str | None) -> Native | None:
    """`native`, and in it a finish reason that the table does not know (or that there was none)."""
    if word in FINISHES:
        return native
    spelling = {**native.spelling} if isinstance(native, Spelled) else {}
    if word is not None:
        spelling["finish_reason"] = word
    return Spelled(OWN, native.members if native is not None else {}, spelling)


def sealing(reply: Reply) -> Seal:
    """How opaque state is written for the client of a reply: with the names of those who can read it."""

    def sealed(opaque: Opaque) -> str:
        return seal(
            replace(
                opaque,
                provider=opaque.provider or reply.provider,
                deployment=opaque.deployment or reply.deployment,
            )
        )

    return sealed
