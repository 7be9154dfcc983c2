"""Anthropic's counts and the normal form."""

from __future__ import annotations

from typing import Any

import pytest

from trunkline.ir.usage import Usage
from trunkline.wire.anthropic_messages.usage import read_usage, write_usage

FULL = Usage(
    input_total=100, output_total=20, cache_read=30, cache_write=10, reasoning=5, cache_write_long=4, web_searches=2
)


def test_the_cache_lies_outside_the_input_count() -> None:
    """Reads and writes come on top of `input_tokens`; thinking is inside the output."""
    assert (
        read_usage(
            {
                "input_tokens": 60,
                "cache_read_input_tokens": 30,
                "cache_creation_input_tokens": 10,
                "cache_creation": {"ephemeral_5m_input_tokens": 6, "ephemeral_1h_input_tokens": 4},
                "output_tokens": 20,
                "output_tokens_details": {"thinking_tokens": 5},
                "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 1},
                "service_tier": "standard",
            }
        )
        == FULL
    )


@pytest.mark.parametrize("usage", [Usage(), Usage(5, 6), FULL])
def test_what_is_written_reads_as_the_same(usage: Usage) -> None:
    """Both directions agree."""
    assert read_usage(write_usage(usage)) == usage


def test_counts_may_be_missing_or_null() -> None:
    """Only the two totals must be there; without a split everything is kept for five minutes."""
    assert read_usage({"input_tokens": 5, "output_tokens": 6, "cache_read_input_tokens": None}) == Usage(5, 6)
    assert read_usage({"input_tokens": 5, "output_tokens": 6, "cache_creation_input_tokens": 7}) == Usage(
        12, 6, cache_write=7
    )
    split = {"ephemeral_1h_input_tokens": 3, "ephemeral_5m_input_tokens": 4}
    assert read_usage({"input_tokens": 5, "output_tokens": 6, "cache_creation": split}) == Usage(
        12, 6, cache_write=7, cache_write_long=3
    )


def test_compaction_and_advice_are_consumed_too() -> None:
    """They lie outside the top-level counts; other iterations are inside (recorded)."""
    entry = {"input_tokens": 10, "output_tokens": 2, "cache_read_input_tokens": 5}
    iterations = [{**entry, "type": kind} for kind in ("message", "compaction", "advisor_message", "fallback_message")]
    assert read_usage({"input_tokens": 3, "output_tokens": 1, "iterations": iterations}) == Usage(33, 5, cache_read=10)


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        {},
        {"input_tokens": 5},
        {"output_tokens": 5},
        {"input_tokens": -1, "output_tokens": 5},
        {"input_tokens": 1.5, "output_tokens": 5},
        {"input_tokens": "5", "output_tokens": 5},
        {"input_tokens": True, "output_tokens": 5},
        {"input_tokens": 10**9, "output_tokens": 5},
        {"input_tokens": 10**8, "output_tokens": 5, "cache_read_input_tokens": 1},
        {"input_tokens": 5, "output_tokens": 5, "cache_creation": {"ephemeral_1h_input_tokens": -3}},
        {"input_tokens": 5, "output_tokens": 5, "server_tool_use": {"web_search_requests": "many"}},
        {"input_tokens": 5, "output_tokens": 5, "iterations": [{"type": "compaction", "input_tokens": 2**70}]},
    ],
)
def test_counts_that_cannot_be_true_are_no_usage(wrong: Any) -> None:
    """Missing totals, negatives, fractions, texts, and more than any context holds."""
    assert read_usage(wrong) is None


def test_details_of_an_odd_shape_do_not_hide_the_totals() -> None:
    """A detail that is no object is as good as none."""
    odd = {"cache_creation": 5, "output_tokens_details": [], "server_tool_use": "x", "iterations": {"a": 1}}
    assert read_usage({"input_tokens": 5, "output_tokens": 6, **odd}) == Usage(5, 6)
    assert read_usage({"input_tokens": 5, "output_tokens": 6, "iterations": [5, {"type": []}]}) == Usage(5, 6)
