"""What a call consumed: what lies inside what, and numbers that cannot be true."""

from __future__ import annotations

import pytest

from trunkline.ir.usage import Usage
from trunkline.wire.openai_responses.usage import MAX_PLAUSIBLE, read_usage, write_usage

FULL = {
    "input_tokens": 100,
    "input_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 10},
    "output_tokens": 50,
    "output_tokens_details": {"reasoning_tokens": 20},
    "total_tokens": 150,
}


def test_cached_and_reasoning_tokens_lie_inside() -> None:
    """The totals hold what was read from and written to the cache, and the reasoning."""
    assert read_usage(FULL) == Usage(100, 50, cache_read=60, cache_write=10, reasoning=20)


def test_it_comes_back() -> None:
    """Written again, it is the same object."""
    usage = read_usage(FULL)
    assert usage is not None
    assert write_usage(usage) == FULL


def test_searches_are_counted() -> None:
    """They stand beside the usage."""
    assert read_usage(FULL, {"web_search": {"num_requests": 3}}) == Usage(
        100, 50, cache_read=60, cache_write=10, reasoning=20, web_searches=3
    )


def test_a_host_that_counts_beside_is_corrected() -> None:
    """More cached than there was input, and more reasoning than output, cannot lie inside."""
    odd = {"input_tokens": 5, "input_tokens_details": {"cached_tokens": 20}, "output_tokens": 1}
    assert read_usage(odd) == Usage(25, 1, cache_read=20)
    odd = {"input_tokens": 5, "output_tokens": 1, "output_tokens_details": {"reasoning_tokens": 3}}
    assert read_usage(odd) == Usage(5, 4, reasoning=3)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"input_tokens": 1},
        {"output_tokens": 1},
        {**FULL, "input_tokens": -1},
        {**FULL, "input_tokens": 1.5},
        {**FULL, "input_tokens": "1"},
        {**FULL, "output_tokens": True},
        {**FULL, "output_tokens": MAX_PLAUSIBLE + 1},
        {**FULL, "input_tokens_details": {"cached_tokens": -1}},
        {**FULL, "input_tokens_details": {"cached_tokens": 10**9}},
        {**FULL, "output_tokens_details": {"reasoning_tokens": "many"}},
    ],
)
def test_what_cannot_be_true_is_no_usage(value: object) -> None:
    """A provider's slip never becomes a bill."""
    assert read_usage(value) is None


@pytest.mark.parametrize("details", [None, [], {}, {"cached_tokens": None}])
def test_missing_details_are_zero(details: object) -> None:
    """Hosts that have no cache say nothing about one."""
    assert read_usage({"input_tokens": 3, "output_tokens": 2, "input_tokens_details": details}) == Usage(3, 2)
    assert read_usage({"input_tokens": 3, "output_tokens": 2}, details) == Usage(3, 2)
