"""A whole answer of Gemini, read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from trunkline.ir.answer import Answer, Choice, Finish
from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape
from trunkline.ir.parts import Foreign, Native, Part, Text, ToolCall
from trunkline.ir.usage import Usage
from trunkline.wire.codec import Members
from trunkline.wire.gemini.finish import finish_of, word
from trunkline.wire.gemini.form import Form, as_object, is_list, is_object, left
from trunkline.wire.gemini.grounding import GROUNDING, citations_of, searches_of
from trunkline.wire.gemini.ids import AnswerIds, Ids, seed_of
from trunkline.wire.gemini.logprobs import decode_logprobs
from trunkline.wire.gemini.parts import decode_part
from trunkline.wire.gemini.usage import decode_usage

KNOWN: Final = frozenset({"candidates", "usageMetadata", "modelVersion", "responseId", "createTime"})
_CANDIDATE: Final = frozenset({"content", "finishReason", "index"})
_LAST_SECOND: Final = 253_402_300_799
"""Of the year 9999, behind which no date can be written."""


def decode_answer(members: Members, *, vertex: bool) -> Answer:
    """Read a `GenerateContentResponse`.

    Raises:
        BadShape: it is none.
    """
    if "error" in members:
        raise BadShape("error", "the answer is an error")
    raw = members.get("candidates")
    if raw is not None and not is_list(raw):
        raise BadShape("candidates", "must be a list")
    if not raw and "promptFeedback" not in members and "usageMetadata" not in members:
        raise BadShape("candidates", "is missing")
    seed = seed_of_answer(members)
    choices = [_candidate(candidate, n, AnswerIds(seed, n), vertex=vertex) for n, candidate in enumerate(raw or ())]
    natives = [choice.native.members for choice in choices if choice.native]
    for choice in choices:
        keep_time(choice.native, members)
    return Answer(
        id=text_of(members, "responseId"),
        model=text_of(members, "modelVersion"),
        created=seconds(members.get("createTime")),
        choices=choices or [blocked(members)],
        usage=usage_of(members.get("usageMetadata"), natives),
        service_tier=tier_of(members.get("usageMetadata")),
        native=Native(Format.GEMINI, rest_of(members)),
    )


def rest_of(members: Members) -> Members:
    """What an answer says that has no place, with Gemini's own counts under `usage`."""
    rest = left(members, KNOWN if members.get("candidates") else KNOWN - {"candidates"})
    if "usageMetadata" in members:
        rest["usage"] = members["usageMetadata"]
    for name in ("responseId", "modelVersion"):
        if name in members and not text_of(members, name):
            rest[name] = members[name]
    return rest


def text_of(members: Members, name: str) -> str:
    """A text member; empty where it is missing or none."""
    value = members.get(name)
    return value if isinstance(value, str) else ""


def tier_of(usage: object) -> str:
    """`usageMetadata.serviceTier`."""
    return text_of(usage, "serviceTier") if is_object(usage) else ""


def seconds(created: object) -> int:
    """Unix seconds of a `createTime`; 0 where it is none."""
    if not isinstance(created, str):
        return 0
    try:
        found = int(datetime.fromisoformat(created).timestamp())
    except (ValueError, OverflowError, OSError):
        return 0
    return found if 0 <= found <= _LAST_SECOND else 0


def keep_time(native: Native | None, members: Members) -> None:
    """Keep `createTime`, which is finer than seconds, beside a choice: it was mapped, so no other format lacks it."""
    if "createTime" in members and isinstance(native, Form):
        native.how["createTime"] = members["createTime"]


def seed_of_answer(members: Members) -> str:
    """What the ids of this answer's calls are made from."""
    usage = members.get("usageMetadata")
    prompt = usage.get("promptTokenCount") if is_object(usage) else None
    return seed_of(text_of(members, "responseId"), text_of(members, "createTime"), prompt)


def blocked(members: Members) -> Choice:
    """The choice of an answer without candidates: the prompt was refused (`promptFeedback.blockReason`)."""
    feedback = members.get("promptFeedback")
    reason = feedback.get("blockReason") if is_object(feedback) else None
    native = Form(Format.GEMINI, {}, {"blocked": True})
    keep_time(native, members)
    if reason is None:
        return Choice(native=native)
    return Choice(finish=Finish.CONTENT_FILTER, finish_native=str(reason), native=native)


def usage_of(raw: object, natives: Iterable[Members]) -> Usage | None:
    """The counts, with the searches that the candidates' other members name."""
    searches, grounded = 0, False
    for members in natives:
        count, ran = searches_of(members.get(GROUNDING))
        searches, grounded = searches + count, grounded or ran
    return decode_usage(raw, searches, grounded=grounded)


def decode_answer_part(raw: object, path: str, ids: Ids) -> Part:
    """One part of an answer; what is none of the known ones, or broken, is kept whole."""
    if not is_object(raw):
        return Foreign(format=Format.GEMINI, kind="part", data=raw)
    if raw.get("functionResponse") is None:
        try:
            return decode_part(raw, path, ids)
        except BadShape:
            pass
    return Foreign(format=Format.GEMINI, kind=next(iter(raw), "part"), data=raw)


def _candidate(raw: object, number: int, ids: Ids, *, vertex: bool) -> Choice:
    path = f"candidates[{number}]"
    candidate = as_object(raw, path)
    how: dict[str, object] = {}
    parts = [
        decode_answer_part(part, f"{path}.content.parts[{n}]", ids) for n, part in enumerate(_parts(candidate, how))
    ]
    if "index" not in candidate:
        how["index"] = False
    elif candidate["index"] is False or candidate["index"] != number:
        how["index"] = candidate["index"]
    native = form_of(left(candidate, _CANDIDATE), candidate, how)
    texts = [n for n, part in enumerate(parts) if isinstance(part, Text)]
    for place, citation in citations_of(native.members, [_said(parts[n]) for n in texts]):
        part = parts[texts[place]]
        assert isinstance(part, Text)
        parts[texts[place]] = replace(part, citations=[*part.citations, citation])
    reason = word(candidate.get("finishReason"), vertex=vertex)
    return Choice(
        parts=parts,
        finish=finish_of(reason, calls=any(isinstance(part, ToolCall) for part in parts)),
        finish_native=reason,
        logprobs=decode_logprobs(candidate.get("logprobsResult")),
        native=native,
    )


def form_of(rest: Members, candidate: Members, how: dict[str, object]) -> Form:
    """What a candidate says beside its parts, and how."""
    reason = candidate.get("finishReason")
    if "finishReason" in candidate and not (isinstance(reason, str) and word(reason, vertex=False) == reason):
        how["finishReason"] = reason
    return Form(Format.GEMINI, rest, how)


def _said(part: Part) -> str:
    return part.text if isinstance(part, Text) else ""


def _parts(candidate: Members, how: dict[str, object]) -> Sequence[object]:
    content = candidate.get("content")
    if not is_object(content):
        how["content"] = content if "content" in candidate else False
        return ()
    if content.get("role") != "model":
        how["role"] = content.get("role", False)
    if rest := left(content, {"role", "parts"}):
        how["rest"] = rest
    parts = content.get("parts")
    if not is_list(parts):
        how["parts"] = content.get("parts", False)
        return ()
    return parts
