"""`usageMetadata`, both ways."""

from __future__ import annotations

from typing import Any

import pytest

from trunkline.ir.usage import Usage
from trunkline.wire.gemini.codec import CODEC
from trunkline.wire.gemini.usage import MAX_PLAUSIBLE, decode_usage, encode_usage


@pytest.mark.parametrize(
    ("raw", "usage"),
    [
        (
            {"promptTokenCount": 10, "candidatesTokenCount": 4, "thoughtsTokenCount": 6, "totalTokenCount": 20},
            Usage(10, 10, reasoning=6),
        ),
        (  # thoughts inside the candidates: only so does the total add up
            {"promptTokenCount": 10, "candidatesTokenCount": 10, "thoughtsTokenCount": 6, "totalTokenCount": 20},
            Usage(10, 10, reasoning=6),
        ),
        (
            {"promptTokenCount": 10, "cachedContentTokenCount": 8, "candidatesTokenCount": 1, "totalTokenCount": 11},
            Usage(10, 1, cache_read=8),
        ),
        (
            {"promptTokenCount": 10, "toolUsePromptTokenCount": 5, "candidatesTokenCount": 1, "totalTokenCount": 16},
            Usage(15, 1),
        ),
        (
            {
                "promptTokenCount": 10,
                "candidatesTokenCount": 5,
                "totalTokenCount": 15,
                "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 7}, {"modality": "TEXT", "tokenCount": 3}],
                "candidatesTokensDetails": [{"modality": 4, "tokenCount": 2}, 5, {"modality": 1, "tokenCount": 3}],
            },
            Usage(10, 5, audio_in=7, audio_out=2),
        ),
        ({"promptTokenCount": 10, "totalTokenCount": 10}, Usage(10)),
        ({"promptTokenCount": 10, "candidatesTokenCount": None}, Usage(10)),
        ({"trafficType": "ON_DEMAND"}, None),
        ({}, None),
        (None, None),
        ([], None),
        ({"promptTokenCount": -1, "totalTokenCount": 1}, None),
        ({"promptTokenCount": 1.5}, None),
        ({"promptTokenCount": True}, None),
        ({"promptTokenCount": "10"}, None),
        ({"promptTokenCount": MAX_PLAUSIBLE + 1}, None),
        ({"promptTokenCount": 1, "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": -1}]}, None),
    ],
)
def test_counts_are_read(raw: Any, usage: Usage | None) -> None:
    """What lies inside what; counts that cannot be true give none."""
    assert decode_usage(raw) == usage


def test_what_a_search_brought_in_is_not_billed() -> None:
    """Tokens of the tool count as input, but not those of a web search or of maps; reading a URL is billed."""
    usage = {"promptTokenCount": 10, "toolUsePromptTokenCount": 5, "candidatesTokenCount": 1, "totalTokenCount": 16}

    def inputs(metadata: object) -> tuple[int, int]:
        candidate = {"content": {"parts": [{"text": "x"}]}, "groundingMetadata": metadata}
        found = CODEC.decode_answer({"candidates": [candidate], "usageMetadata": usage}).usage
        assert found is not None
        return found.input_total, found.web_searches

    assert inputs({"webSearchQueries": ["", "a", "b"], "groundingChunks": [{"web": {}}]}) == (10, 2)
    assert inputs({"groundingChunks": [{"maps": {"uri": "https://maps"}}]}) == (10, 0)
    assert inputs({"groundingChunks": [{"web": {"uri": "https://read"}}]}) == (15, 0)


@pytest.mark.parametrize(
    "usage",
    [Usage(10, 5), Usage(10, 5, cache_read=3, reasoning=2), Usage(10, 5, audio_in=10, audio_out=5), Usage(1, 0)],
)
def test_counts_survive_the_way_there_and_back(usage: Usage) -> None:
    """What the gateway writes, it reads as the same."""
    assert decode_usage(encode_usage(usage)) == usage
