"""Usage objects of every shape, into the one normal form and back."""

from __future__ import annotations

from typing import Any

import pytest

from trunkline.ir.usage import Usage
from trunkline.wire.small import usage

BAD: tuple[Any, ...] = (-1, 1.5, 10**9, "3", True, [], {})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"prompt_tokens": 3, "total_tokens": 3}, Usage(3)),
        ({"total_tokens": 3}, Usage(3)),
        ({"prompt_tokens": 8, "completion_tokens": 0, "total_tokens": 8}, Usage(8)),
        ({"prompt_tokens": 8, "total_tokens": 8, "prompt_tokens_details": {"cached_tokens": 5}}, Usage(8, 0, 5)),
        ({"prompt_tokens": 8, "prompt_tokens_details": None, "cost": 0.1}, Usage(8)),
        ({}, None),
        (None, None),
        ([], None),
    ],
)
def test_embeddings(given: Any, expected: Usage | None) -> None:
    """`prompt_tokens`, or `total_tokens` alone."""
    assert usage.tokens(given) == expected


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        ({"billed_units": {"input_tokens": 4}}, Usage(4)),
        ({"billed_units": {"input_tokens": 4, "image_tokens": 3}}, Usage(7)),
        ({"billed_units": {"image_tokens": 3}}, Usage(3)),
        ({"billed_units": {"search_units": 1}}, Usage(search_units=1)),
        ({"billed_units": {"search_units": 1}, "tokens": {"input_tokens": 9}}, Usage(9, search_units=1)),
        ({"billed_units": {"total_tokens": 9}}, Usage(9)),
        ({"api_version": {"version": "2"}}, None),
        (None, None),
    ],
)
def test_cohere(meta: Any, expected: Usage | None) -> None:
    """The bill follows `billed_units`."""
    assert usage.cohere(meta) == expected


@pytest.mark.parametrize(
    ("given", "duration", "expected"),
    [
        ({"type": "duration", "seconds": 7}, None, Usage(audio_ms=7000)),
        (None, 3.7, Usage(audio_ms=3700)),
        (
            {"type": "tokens", "input_tokens": 37, "input_token_details": {"audio_tokens": 37}, "output_tokens": 12},
            None,
            Usage(37, 12, audio_in=37),
        ),
        (
            {
                "prompt_audio_seconds": 3,
                "prompt_tokens": 3,
                "total_tokens": 389,
                "completion_tokens": 11,
                "prompt_tokens_details": {"audio_tokens": 375},
            },
            None,
            Usage(378, 11, audio_in=375, audio_ms=3000),
        ),
        (None, None, None),
        ({}, -1, None),
        ({}, 1e9, None),
    ],
)
def test_transcription(given: Any, duration: Any, expected: Usage | None) -> None:
    """Tokens with the audio inside, or the seconds that were heard."""
    assert usage.transcription(given, duration) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"promptTokenCount": 3, "candidatesTokenCount": 4, "totalTokenCount": 7}, Usage(3, 4)),
        (
            {"promptTokenCount": 3, "candidatesTokenCount": 4, "thoughtsTokenCount": 5, "totalTokenCount": 12},
            Usage(3, 9, reasoning=5),
        ),
        (
            {"promptTokenCount": 3, "candidatesTokenCount": 9, "thoughtsTokenCount": 5, "totalTokenCount": 12},
            Usage(3, 9, reasoning=5),
        ),
        (
            {"promptTokenCount": 9, "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 4}]},
            Usage(9, audio_in=4),
        ),
        ({"promptTokenCount": 9, "cachedContentTokenCount": 5}, Usage(9, 0, 5)),
        (None, None),
    ],
)
def test_gemini(given: Any, expected: Usage | None) -> None:
    """Thoughts lie outside the candidates, unless the total says otherwise."""
    assert usage.gemini(given) == expected


@pytest.mark.parametrize("bad", BAD)
def test_a_count_that_cannot_be_true_is_no_usage(bad: Any) -> None:
    """In every shape."""
    assert usage.tokens({"prompt_tokens": bad, "total_tokens": 3}) is None
    assert usage.cohere({"billed_units": {"input_tokens": bad}}) is None
    assert usage.rerank({"usage": {"total_tokens": bad}}) is None
    assert usage.openai_images({"input_tokens": bad}, 1) is None
    assert usage.transcription({"input_tokens": bad}, 3.0) is None
    assert usage.gemini({"promptTokenCount": bad}) is None
    if bad != "3":  # a header is text
        assert usage.plain(bad) is None


def test_headers_are_numbers_in_text() -> None:
    """Bedrock's and Text Embeddings Inference's."""
    assert usage.plain("12") == Usage(12)
    for bad in ("-1", "1e3", "", "9" * 20, "x", "\u0663"):
        assert usage.plain(bad) is None


def test_images_are_counted_without_tokens() -> None:
    """What is billed by the image has no tokens."""
    assert usage.openai_images(None, 2) == Usage(images=2)
    assert usage.openai_images({"cost_in_usd_ticks": 5}, 1) == Usage(images=1)


def test_a_sum_is_unknown_where_a_part_is() -> None:
    """Half a bill is none."""
    assert usage.summed([Usage(1), Usage(2, search_units=1)]) == Usage(3, search_units=1)
    assert usage.summed([Usage(1), None]) is None
    assert usage.summed([]) is None


def test_usage_is_written_for_clients() -> None:
    """Tokens where they were counted, else what was; OpenAI's embeddings want a usage always."""
    assert usage.as_embedding(None) == {"prompt_tokens": 0, "total_tokens": 0}
    assert usage.as_rerank_meta(None) == {}
    assert usage.as_image(Usage(images=1)) is None
    assert usage.as_transcription(Usage(audio_ms=1500)) == {"type": "duration", "seconds": 1.5}
    assert usage.as_transcription(Usage(37, 12, audio_in=30)) == {
        "type": "tokens",
        "input_tokens": 37,
        "output_tokens": 12,
        "total_tokens": 49,
        "input_token_details": {"audio_tokens": 30, "text_tokens": 7},
    }
    assert usage.as_transcription(None) is None
