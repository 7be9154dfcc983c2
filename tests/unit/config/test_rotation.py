"""Former master keys, as they are written."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.unit.config.written import MODEL, notes, problems, read

FORMER = "sk-the-former-key-0123456789"
PRESENT = "sk-the-present-key-0123456789"
END = datetime(2026, 12, 1, 18, tzinfo=UTC).timestamp()


def test_the_variable_is_enough(tmp_path: Path) -> None:
    """`LITELLM_MASTER_KEY_PREVIOUS` alone, and with its end."""
    environ = {"LITELLM_MASTER_KEY": PRESENT, "LITELLM_MASTER_KEY_PREVIOUS": f" '{FORMER}' "}
    (found,) = read(tmp_path, MODEL, environ).previous_keys
    assert (found.key.reveal(), found.until) == (FORMER, None)
    end = environ | {"LITELLM_MASTER_KEY_PREVIOUS_UNTIL": "2026-12-01T19:00:00+01:00"}
    assert read(tmp_path, MODEL, end).previous_keys[0].until == END


@pytest.mark.parametrize("written", ["2026-12-01T18:00:00Z", "2026-12-01 18:00", "2026-12-01T18:00:00"])
def test_several_in_the_file(tmp_path: Path, written: str) -> None:
    """Each with an end of its own or none; a time without a zone is UTC."""
    text = f"""
general_settings:
  master_key: {PRESENT}
  trunkline:
    previous_master_keys:
      - {{key: os.environ/OLD, until: "{written}"}}
      - key: sk-an-older-key-0123456789
"""
    found = read(tmp_path, text + MODEL, {"OLD": FORMER}).previous_keys
    assert [(each.key.reveal(), each.until) for each in found] == [(FORMER, END), ("sk-an-older-key-0123456789", None)]
    assert FORMER not in repr(found)


@pytest.mark.parametrize(
    ("former", "why"),
    [("sk-1234", "everybody knows it"), ("sk-short", "shorter than 16"), (PRESENT, "the present one")],
)
def test_what_is_not_let_in(tmp_path: Path, former: str, why: str) -> None:
    """A key that everybody knows or can guess gets no grace, wherever the gateway listens."""
    environ = {"LITELLM_MASTER_KEY": PRESENT, "LITELLM_MASTER_KEY_PREVIOUS": former}
    found = read(tmp_path, MODEL, environ)
    assert found.previous_keys == ()
    (text,) = notes(found, "warning")
    assert why in text
    assert former not in text


def test_an_end_that_is_none_is_a_problem(tmp_path: Path) -> None:
    """A mistyped end must not become a day, or for ever."""
    environ = {"LITELLM_MASTER_KEY_PREVIOUS": FORMER, "LITELLM_MASTER_KEY_PREVIOUS_UNTIL": "tomorrow"}
    (problem,) = problems(tmp_path, MODEL, environ)
    assert problem.what == "`LITELLM_MASTER_KEY_PREVIOUS_UNTIL` is no time"


def test_a_former_key_whose_variable_is_not_set_is_left_out(tmp_path: Path) -> None:
    """The entry may stay in the file when its variable is gone."""
    text = "general_settings: {trunkline: {previous_master_keys: [{key: os.environ/GONE}]}}\n"
    found = read(tmp_path, text + MODEL)
    assert found.previous_keys == ()
    assert any("`GONE` is not set" in text for text in notes(found, "warning"))
