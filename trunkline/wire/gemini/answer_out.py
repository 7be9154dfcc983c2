"""An answer, written as Gemini gives it."""

from __future__ import annotations

from typing import Final

from trunkline.ir.answer import Answer, Choice
from trunkline.ir.format import Format
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Citation, Native, Part, Text, ToolCall
from trunkline.wire.codec import Members, Reply
from trunkline.wire.gemini import losses as why
from trunkline.wire.gemini.finish import written
from trunkline.wire.gemini.form import Form, is_object, restore, spelled
from trunkline.wire.gemini.grounding import GROUNDING, encode_citations
from trunkline.wire.gemini.logprobs import encode_logprobs
from trunkline.wire.gemini.parts_out import Aim, arguments_of, encode_part
from trunkline.wire.gemini.usage import encode_usage

BAD_CALL: Final = "MALFORMED_FUNCTION_CALL"


def encode_answer(answer: Answer, reply: Reply, losses: Losses, *, vertex: bool) -> Members:
    """Write a `GenerateContentResponse`."""
    ours = is_ours(answer.native)
    aim = Aim(losses=losses, vertex=vertex, client=True, provider=reply.provider, deployment=reply.deployment)
    out: Members = {}
    if not all(spelled(choice.native, "blocked") for choice in answer.choices) or not answer.choices:
        out["candidates"] = [_candidate(choice, n, aim) for n, choice in enumerate(answer.choices)]
    if answer.usage is not None and not ours:
        out["usageMetadata"] = encode_usage(answer.usage, answer.service_tier)
    if answer.model or not ours:
        out["modelVersion"] = answer.model or reply.model
    if answer.id or not ours:
        out["responseId"] = answer.id or reply.id
    if answer.choices:
        put_time(out, answer.choices[0].native)
    put_answer_members(out, answer.native, losses)
    return out


def put_time(out: Members, native: Native | None) -> None:
    """`createTime`, which is kept beside the choices."""
    if isinstance(native, Form) and "createTime" in native.how:
        out["createTime"] = native.how["createTime"]


def is_ours(native: Native | None) -> bool:
    """The answer is Gemini's own: it is given back as it was, without members that it did not have."""
    return native is not None and native.format is Format.GEMINI


def put_answer_members(out: Members, native: Native | None, losses: Losses) -> None:
    """The members of the answer itself; the counts are no loss, they were mapped."""
    if native is None:
        return
    if native.format is not Format.GEMINI:
        for name in native.members:
            if name != "usage":
                restore(out, Native(native.format, {name: None}), losses, "")
        return
    for name, value in native.members.items():
        out.setdefault("usageMetadata" if name == "usage" else name, value)


class Written:
    """A candidate's parts as they are written, and what was found on the way."""

    __slots__ = ("_aim", "_texts", "bad", "parts")

    def __init__(self, aim: Aim) -> None:
        self._aim = aim
        self._texts: list[tuple[int, str, list[Citation]]] = []
        self.parts: list[Members] = []
        self.bad: ToolCall | None = None

    def add(self, part: Part, path: str) -> Members | None:
        """Write one part; a call whose arguments cannot be read is none (Gemini ends such an answer with a word)."""
        if isinstance(part, ToolCall) and arguments_of(part) is None:
            self._aim.losses.add(path, why.BAD_ARGUMENTS)
            self.bad = part
            return None
        encoded = encode_part(part, self._aim, path)
        if encoded is not None:
            if isinstance(part, Text) and part.citations:
                self.cite(len(self.parts), part.text, part.citations)
            self.parts.append(encoded)
        return encoded

    def cite(self, number: int, text: str, citations: list[Citation]) -> None:
        """Note the citations of a text, which stand in one place of the candidate."""
        self._texts.append((number, text, citations))

    def close(self, out: Members, choice: Choice) -> None:
        """Write the candidate's other members."""
        losses = self._aim.losses
        if self.bad is not None:
            out["finishReason"] = BAD_CALL
            out["finishMessage"] = f"Malformed function call: {self.bad.name}({self.bad.arguments})"
        if choice.stop_sequence:
            losses.add("stop_sequence", why.STOP_SEQUENCE)
        if isinstance(choice.native, Form):
            for name, value in choice.native.members.items():
                out.setdefault(name, value)
            return
        if (grounding := encode_citations(self._texts, losses)) is not None:
            out[GROUNDING] = grounding
        if (logprobs := encode_logprobs(choice.logprobs)) is not None:
            out["logprobsResult"] = logprobs
        restore(out, choice.native, losses, "choices")


def put_finish(out: Members, choice: Choice) -> None:
    """`finishReason`, as it was where it is Gemini's own."""
    native = choice.native
    if not isinstance(native, Form):
        out["finishReason"] = written(choice.finish)
        return
    if choice.finish_native or choice.finish is None:
        if "finishReason" in native.how:
            out["finishReason"] = native.how["finishReason"]
        elif choice.finish_native:
            out["finishReason"] = choice.finish_native
    else:
        out["finishReason"] = written(choice.finish)


def _candidate(choice: Choice, number: int, aim: Aim) -> Members:
    native = choice.native
    work = Written(aim)
    for place, part in enumerate(choice.parts):
        work.add(part, f"choices[{number}].content[{place}]")
    out: Members = {}
    _content(out, work.parts, native)
    put_finish(out, choice)
    index = native.how.get("index", number) if isinstance(native, Form) else number
    if index is not False:
        out["index"] = index
    work.close(out, choice)
    return out


def _content(out: Members, parts: list[Members], native: Native | None) -> None:
    how = native.how if isinstance(native, Form) else {}
    if "content" in how and not parts:
        if how["content"] is not False:
            out["content"] = how["content"]
        return
    content: Members = {"parts": parts, "role": "model"}
    if not isinstance(native, Form) and not parts:
        del content["parts"]
    if "parts" in how and not parts:
        del content["parts"]
        if how["parts"] is not False:
            content["parts"] = how["parts"]
    if "role" in how:
        del content["role"]
        if how["role"] is not False:
            content["role"] = how["role"]
    if is_object(rest := how.get("rest")):
        content.update(rest)
    out["content"] = content
