"""Suggestions."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trunkline.config.problems import closest, distance


@pytest.mark.parametrize(
    ("word", "known", "found"),
    [
        ("api_kye", ["api_base", "api_key"], "api_key"),
        ("api-base", ["api_base", "api_key"], "api_base"),
        ("num_retires", ["num_retries", "max_retries"], "num_retries"),
        ("TIMEOUT", ["timeout", "tpm"], "timeout"),
        ("xyz", ["api_key", "tpm"], None),
        ("rpm", ["tpm", "order"], "tpm"),
        ("zz", ["tpm"], None),
    ],
)
def test_the_closest_known_word(word: str, known: list[str], found: str | None) -> None:
    """One slip in four letters, swaps of neighbours count once, case and dashes do not count."""
    assert closest(word, known) == found


@example("ab", "bca")
@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_distance_is_symmetric_and_zero_for_equals(left: str, right: str) -> None:
    """And never above the longer word's length."""
    found = distance(left, right, 10)
    assert found == distance(right, left, 10)
    assert (found == 0) == (left == right)
    assert found <= max(len(left), len(right))
    assert distance(left, right, 1) == min(found, 2)
