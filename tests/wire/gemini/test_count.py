"""`countTokens`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.wire.gemini.recorded import saying
from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Native, Text
from trunkline.ir.request import Tool
from trunkline.wire.gemini.count import (
    TokenCount,
    decode_count_answer,
    decode_count_request,
    encode_count_answer,
    encode_count_request,
)
from trunkline.wire.gemini.request_out import Rules

CONTENTS = [{"role": "user", "parts": [{"text": "q"}]}]


@pytest.mark.parametrize(
    "body",
    [
        {"contents": CONTENTS},
        {"generateContentRequest": {"model": "models/x", "contents": CONTENTS, "generationConfig": {"top_p": 1}}},
        {"generate_content_request": {"contents": CONTENTS}, "other": 1},
        {"contents": CONTENTS, "systemInstruction": {"parts": [{"text": "s"}]}, "tools": [{"codeExecution": {}}]},
    ],
)
def test_every_shape_comes_back(body: Any) -> None:
    """Short, long, in snake case, and Vertex AI's."""
    losses = Losses()
    assert encode_count_request(decode_count_request(body), losses, Rules()) == body
    assert losses.found == []


def test_a_request_of_another_format_is_counted_whole() -> None:
    """AI Studio counts tools only in the long form; Vertex AI and bare contents need none."""
    request = saying(Text(text="q"))
    assert encode_count_request(request, Losses(), Rules()) == {"contents": CONTENTS}
    request.tools = [Tool(name="f")]
    tools = [{"functionDeclarations": [{"name": "f"}]}]
    assert encode_count_request(request, Losses(), Rules()) == {
        "generateContentRequest": {"model": "models/m", "contents": CONTENTS, "tools": tools}
    }
    assert encode_count_request(request, Losses(), Rules(vertex=True)) == {"contents": CONTENTS, "tools": tools}


def test_counts_are_read_and_written() -> None:
    """Zero is left out by protobuf; another format's members are no part of Gemini's answer."""
    assert decode_count_answer({}).tokens == 0
    native = Native(Format.ANTHROPIC_MESSAGES, {"x": 1})
    assert encode_count_answer(TokenCount(tokens=5, native=native)) == {"totalTokens": 5}


@pytest.mark.parametrize("body", [{"error": {}}, {"totalTokens": -1}, {"totalTokens": "5"}, {"totalTokens": 10**12}])
def test_what_is_no_count_is_a_bad_shape(body: Any) -> None:
    """An error, or a number that cannot be true."""
    with pytest.raises(BadShape):
        decode_count_answer(body)
