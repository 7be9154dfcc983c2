"""Moderations: OpenAI's format and its copies."""

from __future__ import annotations

import json
from typing import Any

import pytest

from trunkline.ir.losses import BadShape, Losses, Untranslatable
from trunkline.ir.parts import Foreign, Media, Text
from trunkline.ir.small import ModerationRequest
from trunkline.wire.small.codec import Operation, Received, Reply
from trunkline.wire.small.registry import MODERATE, SURFACES

SURFACE: Any = SURFACES["openai", Operation.MODERATE]
PARTS = [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "https://x/a.png"}}]


def ask(given: Any, **members: Any) -> ModerationRequest:
    request: ModerationRequest = SURFACE.decode_request(Received(body=json.dumps({"input": given, **members}).encode()))
    return request


@pytest.mark.parametrize(
    "given",
    [
        "a",
        ["a"],
        ["a", "b"],
        [],
        PARTS,
        [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}],
        [{"type": "input_audio", "input_audio": {"data": "AA=="}}],
        [{"type": "image_url", "image_url": {"url": "https://x", "detail": "low"}}],
    ],
)
def test_an_input_goes_to_a_copy_as_it_came(given: Any) -> None:
    """A text, texts, and parts keep their form."""
    for wire in MODERATE:
        body = MODERATE[wire].encode_request(ask(given, model="m", metadata={"a": 1}), Losses())
        assert json.loads(body.encoded()) == {"input": given, "model": "m", "metadata": {"a": 1}}


def test_parts_are_one_input() -> None:
    """They get one result; texts get one each."""
    request = ask(PARTS)
    assert len(request.inputs) == 1
    assert [type(part) for part in request.inputs[0]] == [Text, Media]
    assert len(ask(["a", "b"]).inputs) == 2
    assert isinstance(ask([{"type": "x"}]).inputs[0][0], Foreign)


def test_a_model_is_not_needed() -> None:
    """The provider has a default."""
    body = MODERATE["openai"].encode_request(ask("a"), Losses())
    assert json.loads(body.encoded()) == {"input": "a"}


def test_an_answer_without_flagged_is_flagged_by_its_categories() -> None:
    """Mistral says categories only; OpenAI's clients look at `flagged`."""
    body = {
        "id": "i",
        "model": "mistral-moderation-latest",
        "results": [
            {"categories": {"pii": True, "law": False}, "category_scores": {"pii": 0.9, "law": 0.1}},
            {"categories": {"pii": False}, "category_scores": {"pii": 0.1}},
        ],
        "usage": {"prompt_tokens": 4, "total_tokens": 4},
    }
    request = ask(["a", "b"])
    answer = MODERATE["mistral"].decode_answer(Received(body=json.dumps(body).encode()), request)
    assert answer.usage is not None
    assert answer.usage.input_total == 4
    losses = Losses()
    members: Any = SURFACE.encode_answer(answer, Reply(request=request, id="r1", model="m"), losses).content
    assert [row["flagged"] for row in members["results"]] == [True, False]
    assert members["results"][0]["categories"] == {"pii": True, "law": False}
    assert losses.found == []


@pytest.mark.parametrize(
    "given", [None, 5, {}, ["a", 5], [{"type": "text", "text": "a"}, "b"], [{"no": "type"}], [None]]
)
def test_an_input_without_the_shape_says_where(given: Any) -> None:
    """The error names the place in `input`."""
    with pytest.raises(BadShape) as bad:
        ask(given)
    assert bad.value.path.startswith("input")


def test_foreign_parts_are_refused_elsewhere() -> None:
    """A part of another format is content: never left out in silence."""
    from trunkline.ir.format import Format

    request = ModerationRequest(inputs=[[Foreign(format=Format.GEMINI, kind="part", data={})]], single=True)
    with pytest.raises(Untranslatable):
        MODERATE["openai"].encode_request(request, Losses())
