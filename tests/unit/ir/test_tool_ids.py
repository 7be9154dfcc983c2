"""Tool-call ids for targets that restrict them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.ir.tool_ids import ANTHROPIC, BEDROCK, MISTRAL, OPENAI, IdRule, map_id

RULES = [ANTHROPIC, BEDROCK, MISTRAL, OPENAI]


@pytest.mark.parametrize("rule", RULES)
@given(own=st.text(max_size=300))
def test_every_id_becomes_a_valid_one_and_stays_it(rule: IdRule, own: str) -> None:
    """The target takes the result; mapping again changes nothing; the same id always gives the same."""
    mapped = map_id(own, rule)
    assert re.fullmatch(rule.pattern, mapped)
    assert map_id(mapped, rule) == mapped == map_id(own, rule)


@pytest.mark.parametrize("rule", RULES)
@given(own=st.text(alphabet="abcXYZ019", min_size=9, max_size=9))
def test_a_valid_id_is_left_alone(rule: IdRule, own: str) -> None:
    """What the target takes already passes as it is."""
    assert map_id(own, rule) == own


@pytest.mark.parametrize("rule", RULES)
@given(ids=st.sets(st.text(max_size=120), min_size=2, max_size=60))
def test_different_ids_stay_different(rule: IdRule, ids: set[str]) -> None:
    """No two calls of a conversation get one id."""
    assert len({map_id(own, rule) for own in ids}) == len(ids)


def test_long_common_beginnings_are_told_apart() -> None:
    """Cutting ids short made two calls one (fidelity.md failure 2: prefix collisions)."""
    ids = [f"call_{'x' * 80}_{number}" for number in range(1000)]
    for rule in RULES:
        assert len({map_id(own, rule) for own in ids}) == 1000
