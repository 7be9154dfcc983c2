"""Records that a database does not take (M12)."""

from __future__ import annotations

import random
import struct
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.journals import Writer, attempt, call, mixed
from tests.support.ledger import (
    Database,
    check_rows,
    ship_all,
)
from trunkline.ledger import visit
from trunkline.ledger.journal import frame
from trunkline.ledger.record import CALL, CallRecord

POISON: dict[str, dict[str, Any]] = {
    "nul": {"model_group": "gpt\0", "error": "\0\0"},
    "surrogate": {"end_user": "\ud800", "user_agent": "\udfff"},
    "wide key": {name: "".join(map(chr, range(0x1F300, 0x1F900))) for name in ("model", "model_group", "end_user")},
    "megabyte": {"end_user": "t" * 1_000_000},
    "ten megabytes": {"error": "p" * 10_000_000},
    "beyond a column": {"input_total": 2**63 + 5, "output_total": 3},
    "a time that is none": {"started_us": 2**62},
    "in an attempt": {"earlier": (attempt(1, error="\0"),), "attempts": 2},
    "number in an attempt": {"earlier": (attempt(1, cost=2**63),), "attempts": 2},
    "bad id": {"request_id": "0\0\ud800"},
}


def _raw(record: CallRecord) -> bytes:
    """The frame of a record with surrogates, which msgspec would not write."""
    values = msgspec.structs.astuple(record)
    parts = [_pack(value) for value in values]
    return frame(CALL + b"\xdc" + struct.pack(">H", len(parts)) + b"".join(parts))


def _pack(value: object) -> bytes:
    if isinstance(value, str):
        data = value.encode("utf-8", "surrogatepass")
        return b"\xdb" + struct.pack(">I", len(data)) + data
    return msgspec.msgpack.encode(value)


@pytest.mark.parametrize("poison", POISON)
def test_one_bad_row_in_a_hundred_spoils_no_other(database: Database, root: Path, poison: str) -> None:
    """All hundred are there, the bad one with its numbers and its text escaped, cut or dropped, and counted (M12)."""
    calls = mixed(99, earlier=(), attempts=1)
    bad = call(cost=12_345, **POISON[poison])
    writer = Writer(root)
    writer.end(*calls[:50])
    writer.journal = _roomy(writer)
    writer.journal.append(_raw(bad))
    writer.end(*calls[50:])
    status = ship_all(root, database)
    assert (status.state, status.rows_shipped, status.poisoned) == ("ok", 100, 1)
    rows = database.rows()
    other = [row for key, row in rows.items() if key not in {each.request_id for each in calls}]
    assert len(rows) == 100
    assert len(other) == 1
    assert other[0]["spend_pico"] == 12_345
    assert other[0]["completion_tokens"] == bad.output_total
    if bad.input_total < 2**63:
        assert other[0]["prompt_tokens"] == bad.input_total
    database.check_rollups()


def _roomy(writer: Writer) -> Any:
    """The journal, on a segment with room for a record of ten megabytes."""
    writer.journal._segment_bytes = 32 * 1024 * 1024
    return writer.journal


def test_ten_bad_rows_among_two_thousand(database: Database, root: Path) -> None:
    """Halving finds each of them."""
    calls = mixed(2000, earlier=(), attempts=1)
    chosen = set(random.Random(3).sample(range(2000), 10))
    calls = [
        msgspec.structs.replace(each, cache_write=2**63) if at in chosen else each for at, each in enumerate(calls)
    ]
    Writer(root, segment_bytes=8 * 1024 * 1024).end(*calls)
    status = ship_all(root, database)
    assert (status.rows_shipped, status.poisoned) == (2000, 10)
    assert sum(row["spend_pico"] for row in database.rows().values()) == sum(each.cost for each in calls)
    database.check_rollups()


def test_no_text_of_a_row_is_ever_logged(
    database: Database, root: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """LiteLLM #21290 wrote the failing query, prompt and all, to its log."""
    writer = Writer(root)
    writer.journal.append(_raw(call(end_user="canary-text\0\ud800", input_total=2**63, error="canary-text")))
    status = ship_all(root, database)
    said = "".join(capfd.readouterr()) + caplog.text + repr(status) + (root / "shipper.json").read_text()
    assert "canary" not in said


def test_a_record_of_another_version_is_kept_aside(database: Database, root: Path) -> None:
    """Unreadable with a right checksum: not lost, not in the way."""
    writer = Writer(root)
    strange = frame(b"X" + msgspec.msgpack.encode({"new": 1}))
    writer.end(first := call())
    writer.journal.append(strange)
    writer.end(second := call())
    assert ship_all(root, database).poisoned == 1
    check_rows(database, [first, second])
    assert (root / visit.UNREADABLE_FILE).read_bytes() == strange
