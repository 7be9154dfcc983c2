"""Rows, roll-ups, and text that no database takes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.journals import attempt, call, mixed
from trunkline.ir import Usage
from trunkline.ledger.projection import (
    KEY_CHARS,
    TEXT_CHARS,
    attempt_rows,
    clean,
    log_row,
    needs_cleaning,
    strip,
)
from trunkline.ledger.record import COUNTERS, CallRecord
from trunkline.ledger.rollups import sum_up
from trunkline.store.columns import ATTEMPT_COLUMNS, LOG_COLUMNS, ROLLUP_SUMS

SAME = {
    "requester_ip_address": "requester_ip", "prompt_tokens": "input_total", "completion_tokens": "output_total",
    "cache_read_tokens": "cache_read", "cache_write_tokens": "cache_write", "reasoning_tokens": "reasoning",
    "audio_input_tokens": "audio_in", "audio_output_tokens": "audio_out", "cost_input_pico": "cost_input",
    "cost_output_pico": "cost_output", "cost_cache_read_pico": "cost_cache_read",
    "cost_cache_write_pico": "cost_cache_write", "cost_other_pico": "cost_other", "spend_pico": "cost",
}  # fmt: skip


def test_every_column_holds_the_field_that_it_is_named_after() -> None:
    """The row is copied by position: each column is checked by name, with a value of its own."""
    names = CallRecord.__struct_fields__
    values: dict[str, Any] = dict(zip(names, range(len(names)), strict=True)) | {"earlier": (), "counters": (0, 3)}
    record = CallRecord(**values)
    row = dict(zip(LOG_COLUMNS, log_row(record, lambda at: ("time", at), "now"), strict=True))
    started = names.index("started_us")
    assert row.pop("start_time") == ("time", started)
    assert row.pop("end_time") == ("time", started + names.index("duration_us"))
    assert row.pop("completion_start_time") == ("time", started + names.index("first_byte_us"))
    assert row.pop("created_at") == "now"
    assert row.pop("metadata") == '{"usage":{"web_searches":3}}'
    assert row.pop("request_duration_ms") == names.index("duration_us") // 1000
    assert row == {name: names.index(SAME.get(name, name)) for name in row}


def test_counters_have_names_in_the_metadata() -> None:
    """Those that are not 0; most rows have none."""
    place = LOG_COLUMNS.index("metadata")
    full = log_row(call(counters=tuple(range(len(COUNTERS)))), lambda at: at, 0)[place]
    assert msgspec.json.decode(str(full)) == {"usage": {name: at for at, name in enumerate(COUNTERS) if at}}
    assert log_row(call(), lambda at: at, 0)[place] == "{}"


def test_counters_are_those_of_the_usage() -> None:
    """Every count of `Usage` is a field of the record or one of the counters."""
    assert {*Usage.__struct_fields__} == {*COUNTERS} | ({*Usage.__struct_fields__} & {*CallRecord.__struct_fields__})


def test_no_first_byte_is_no_time() -> None:
    """-1 becomes NULL."""
    row = log_row(call(first_byte_us=-1), lambda at: at, 0)
    assert row[LOG_COLUMNS.index("completion_start_time")] is None


def test_earlier_attempts_become_rows_of_their_own() -> None:
    """Each under the call's id."""
    record = call(attempts=3, earlier=(attempt(1), attempt(2, model="second")))
    rows = [dict(zip(ATTEMPT_COLUMNS, row, strict=True)) for row in attempt_rows(record, lambda at: at)]
    assert [(row["request_id"], row["number"], row["model"]) for row in rows] == [
        (record.request_id, 1, "first"),
        (record.request_id, 2, "second"),
    ]


def test_nul_and_surrogates_are_escaped_where_anyone_can_see_it() -> None:
    """PostgreSQL takes neither; SQLite would cut or refuse."""
    record = call(end_user="a\0b", error="\ud83d", user_agent="fine \U0001f642")
    mended = clean(record)
    assert (mended.end_user, mended.error, mended.user_agent) == ("a\\u0000b", "\\ud83d", "fine \U0001f642")
    assert mended.cost == record.cost


def test_long_text_is_cut_to_what_its_column_takes() -> None:
    """Keys of an index are shorter than other text."""
    mended = clean(call(model_group="m" * 10_000, error="e" * 10_000, earlier=(attempt(1, error="e" * 10_000),)))
    assert len(mended.model_group) == KEY_CHARS
    assert mended.model_group.endswith("...")
    assert len(mended.error) == TEXT_CHARS
    assert len(mended.earlier[0].error) == TEXT_CHARS


def test_a_clean_record_stays_the_same_object() -> None:
    """What needs nothing costs nothing."""
    record = call()
    assert not needs_cleaning(record)
    assert clean(record) is record


TEXT_FIELDS = [
    name for name in CallRecord.__struct_fields__ if isinstance(getattr(call(), name), str) and name not in {
        "status", "outcome", "usage_source", "price_version", "config_version",  # our own words
    }
]  # fmt: skip


@pytest.mark.parametrize("name", TEXT_FIELDS)
def test_the_quick_look_misses_no_field_that_others_can_write(name: str) -> None:
    """A NUL anywhere in a client's or provider's text is seen."""
    assert needs_cleaning(call(**{name: "a\0b"}))


@given(text=st.text(st.characters(exclude_categories=()), max_size=600))
@settings(max_examples=200, deadline=None)
def test_clean_text_can_be_encoded_and_has_no_nul(text: str) -> None:
    """For any text whatever."""
    mended = clean(call(end_user=text)).end_user
    mended.encode()
    assert "\0" not in mended
    assert len(mended) <= KEY_CHARS * 6
    assert clean(call(end_user=mended)).end_user == mended or len(mended) > KEY_CHARS


def test_stripping_keeps_every_number_that_fits_and_an_id() -> None:
    """The last resort: money and tokens stay, text goes, numbers beyond a column stop at its end."""
    record = call(end_user="x\ud800", request_id="bad\0id", cost=2**70, started_us=2**62, http_status=2**40)
    bare = strip(record)
    assert bare.end_user == bare.model_group == bare.error == ""
    assert bare.request_id.startswith("unreadable-")
    assert bare.cost == 2**63 - 1
    assert bare.http_status == 2**31 - 1
    assert (bare.input_total, bare.output_total) == (record.input_total, record.output_total)
    assert bare.started_us + bare.duration_us < 253_402_300_800_000_000
    assert (bare.status, bare.outcome) == ("success", "ok")


def test_two_stripped_records_never_share_an_id() -> None:
    """An empty id kept only the first row (LiteLLM #6633)."""
    assert strip(call(request_id="\0a")).request_id != strip(call(request_id="\0b")).request_id


def test_rollups_are_the_sums_of_their_calls() -> None:
    """By quarter of an hour and key; nothing is counted in two places."""
    calls = mixed(500)
    sums = sum_up(calls)
    by_name = {name: sum(each[place] for each in sums.values()) for place, name in enumerate(ROLLUP_SUMS)}
    assert by_name["calls"] == len(calls)
    assert by_name["spend_pico"] == sum(each.cost for each in calls)
    assert by_name["prompt_tokens"] == sum(each.input_total for each in calls)
    assert by_name["cache_read_tokens"] == sum(each.cache_read for each in calls)
    assert by_name["unpriced_calls"] == sum(not each.price_version for each in calls)
    assert by_name["first_byte_calls"] == sum(each.first_byte_us >= 0 for each in calls)
    assert all(bucket % 900_000_000 == 0 for bucket, *_ in sums)


def test_a_million_tiny_costs_add_up_exactly() -> None:
    """0.0000001 USD a million times is 0.1 USD, not nearly (M13)."""
    one = call(cost=100_000)
    total = sum(sums[8] for sums in sum_up([one] * 1_000_000).values())
    assert total == 10**11
