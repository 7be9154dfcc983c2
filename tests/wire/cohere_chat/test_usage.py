"""Cohere's counts in the one normal form."""

from __future__ import annotations

import pytest

from trunkline.ir.usage import Usage
from trunkline.wire.cohere_chat.usage import read_usage, write_usage


@pytest.mark.parametrize(
    ("raw", "usage"),
    [
        (
            {
                "billed_units": {"input_tokens": 26, "output_tokens": 147},
                "tokens": {"input_tokens": 1431, "output_tokens": 152, "reasoning_tokens": 145},
                "cached_tokens": 1392,
            },
            Usage(1431, 152, 1392, reasoning=145),
        ),
        # Recorded: image tokens inside the input (more read than billed) and outside of it (more billed than read).
        (
            {
                "billed_units": {"input_tokens": 265, "output_tokens": 141},
                "tokens": {"input_tokens": 502, "output_tokens": 141, "image_tokens": 259},
                "cached_tokens": 480,
            },
            Usage(502, 141, 480),
        ),
        (
            {
                "billed_units": {"input_tokens": 267, "output_tokens": 52},
                "tokens": {"input_tokens": 34, "output_tokens": 56, "reasoning_tokens": 0, "image_tokens": 259},
                "cached_tokens": 0,
            },
            Usage(293, 56),
        ),
        ({"billed_units": {"input_tokens": 5.0, "output_tokens": 7.0, "search_units": 1}}, Usage(5, 7, search_units=1)),
        ({"tokens": {"output_tokens": 7}}, Usage(0, 7)),
        ({"tokens": {"input_tokens": 5, "output_tokens": 7}, "cached_tokens": 9}, Usage(5, 7, 5)),
    ],
)
def test_what_lies_inside_what(raw: object, usage: Usage) -> None:
    """Cached and reasoning tokens lie inside, images as the bill says; `tokens` count before `billed_units`."""
    assert read_usage(raw) == usage


@pytest.mark.parametrize("count", [-1, 1.5, "5", True, 100_000_001, 10**30, [], {}])
def test_a_count_that_cannot_be_true_gives_no_usage(count: object) -> None:
    """A provider's slip never becomes a bill."""
    assert read_usage({"tokens": {"input_tokens": count, "output_tokens": 1}}) is None
    assert read_usage({"tokens": {"input_tokens": 1, "output_tokens": 1}, "cached_tokens": count}) is None


@pytest.mark.parametrize("raw", [None, {}, [], 3, {"tokens": None}, {"tokens": 3, "billed_units": []}])
def test_no_counts_are_no_usage(raw: object) -> None:
    """Nothing is made up."""
    assert read_usage(raw) is None


def test_a_usage_of_another_provider_reads_the_same() -> None:
    """What is written for a client reads back as it was."""
    usage = Usage(92, 17, 80, reasoning=3, search_units=2)
    assert read_usage(write_usage(usage)) == usage
