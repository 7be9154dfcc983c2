"""OpenAI `POST /v1/moderations` and its copies (platform.openai.com/docs/api-reference/moderations).

`input` is a text, a list of texts (a result for each), or a list of parts (one result for all of them).
"""

from __future__ import annotations

from typing import Final, assert_never

import msgspec

from trunkline.ir.failure import Failure
from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Foreign, Media, Text
from trunkline.ir.small import Moderation, ModerationAnswer, ModerationRequest
from trunkline.wire.codec import NOT_NAMED, Named
from trunkline.wire.small import losses as why
from trunkline.wire.small import pictures, shape, usage
from trunkline.wire.small.codec import Body, Received, Reply
from trunkline.wire.small.embed_words import data_url
from trunkline.wire.small.failure import openai_error

_REQUEST: Final = frozenset({"model", "input"})
_ANSWER: Final = frozenset({"id", "model", "results"})
_RESULT: Final = frozenset({"flagged", "categories", "category_scores", "category_applied_input_types"})
THROUGH: Final = frozenset({"openai"})


class OpenAIModerations(msgspec.Struct, frozen=True, kw_only=True):
    """OpenAI's format; Mistral's answers have no `flagged`, which is then true where a category is."""

    wire: str = "openai"

    def decode_request(self, received: Received, named: Named = NOT_NAMED) -> ModerationRequest:
        members = shape.parse_object(received.body)
        given = members.get("input")
        inputs: list[str | list[Text | Media | Foreign]]
        match given:
            case None:
                raise BadShape("input", "is missing")
            case str():
                inputs, single = [given], True
            case list() if given and isinstance(given[0], dict):
                inputs, single = [[_part(item, f"input[{at}]") for at, item in enumerate(given)]], True
            case list():
                inputs, single = list(shape.all_texts(given, "input")), False
            case _:
                raise BadShape("input", "must be a string, a list of strings, or a list of parts")
        return ModerationRequest(
            inputs=inputs,
            model=shape.text(members, "model") or named.model,
            single=single,
            extra=shape.left_over(members, _REQUEST, self.wire),
        )

    def encode_request(self, request: ModerationRequest, losses: Losses) -> Body:
        members: dict[str, object] = {}
        shape.set_given(members, model=request.model or None)
        if request.single and len(request.inputs) == 1:
            members["input"] = _write(request.inputs[0], losses)
        else:
            texts: list[str] = []
            for place, item in enumerate(request.inputs):
                if not isinstance(item, str):
                    raise losses.refuse(f"input[{place}]", why.MANY_INPUTS)
                texts.append(item)
            members["input"] = texts
        shape.put_back(members, request.extra, self.wire, losses, through=THROUGH)
        return Body(content=members, path="moderations")

    def decode_answer(self, received: Received, _request: ModerationRequest) -> ModerationAnswer:
        members = shape.parse_object(received.body)
        rows = shape.need_items(members, "results")
        return ModerationAnswer(
            results=[_result(row, f"results[{place}]") for place, row in enumerate(rows)],
            id=shape.soft_text(members, "id"),
            model=shape.soft_text(members, "model"),
            usage=usage.tokens(members.get("usage")),
            extra=shape.left_over(members, _ANSWER, self.wire),
        )

    def encode_answer(self, answer: ModerationAnswer, reply: Reply[ModerationRequest], losses: Losses) -> Body:
        own = shape.is_own(answer.extra, self.wire)
        rows: list[dict[str, object]] = []
        for result in answer.results:
            row: dict[str, object] = {
                "flagged": result.flagged,
                "categories": result.categories,
                "category_scores": result.scores,
            }
            shape.set_given(row, category_applied_input_types=result.applied)
            rows.append({**row, **(result.extra or {})} if own else row)
        members: dict[str, object] = {
            "id": answer.id or f"modr-{reply.id}",
            "model": answer.model or reply.model,
            "results": rows,
        }
        shape.put_back(members, answer.extra, self.wire, losses, quiet=frozenset({"usage", "object"}))
        return Body(content=members)

    def encode_failure(self, failure: Failure) -> Body:
        return openai_error(failure)


def _part(value: object, path: str) -> Text | Media | Foreign:
    row = shape.need_section(value, path)
    match row:
        case {"type": "text", "text": str(text)} if len(row) == 2:
            return Text(text=text)
        case {"type": "image_url", "image_url": {"url": str(url), **inner}} if len(row) == 2 and not inner:
            return pictures.of_url(url)
        case {"type": str(kind)}:
            return Foreign(format=Format.OPENAI_CHAT, kind=kind, data=row)
        case _:
            raise BadShape(f"{path}.type", "is missing")


def _write(item: str | list[Text | Media | Foreign], losses: Losses) -> object:
    if isinstance(item, str):
        return item
    written: list[object] = []
    for place, part in enumerate(item):
        match part:
            case Text():
                written.append({"type": "text", "text": part.text})
            case Media():
                written.append({"type": "image_url", "image_url": {"url": data_url(part)}})
            case Foreign() if part.format is Format.OPENAI_CHAT:
                written.append(part.data)
            case Foreign():
                raise losses.refuse(f"input[{place}]", why.FOREIGN)
            case _:
                assert_never(part)
    return written


def _result(value: object, path: str) -> Moderation:
    row = shape.need_section(value, path)
    categories = shape.section(row, "categories", path) or {}
    flagged = shape.flag(row, "flagged", path)
    return Moderation(
        flagged=any(found is True for found in categories.values()) if flagged is None else flagged,
        categories=categories,
        scores=shape.section(row, "category_scores", path) or {},
        applied=shape.section(row, "category_applied_input_types", path),
        extra=shape.rest(row, _RESULT),
    )
