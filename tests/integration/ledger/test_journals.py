"""Torn, damaged, abandoned and reused journals."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.journals import Writer, call, frame_of, intent_of, mixed
from tests.support.ledger import (
    Database,
    check_rows,
    ship_all,
)
from trunkline.ledger import adopt
from trunkline.ledger.reader import HEADER, JournalFolder


def test_a_dead_workers_torn_end_is_counted_and_its_call_closed(database: Database, root: Path) -> None:
    """The record is torn, the intent is not: the call has a row of unknown outcome."""
    whole, torn = call(), call()
    writer = Writer(root)
    writer.calls([whole])
    writer.begin(intent_of(torn))
    writer.journal.append(frame_of(torn)[:60])
    writer.die()
    status = ship_all(root, database)
    assert (status.torn_frames, status.closed_unknown, status.rows_shipped) == (1, 1, 2)
    rows = database.rows()
    assert rows[whole.request_id]["outcome"] == "ok"
    assert rows[torn.request_id]["outcome"] == "unknown"


def test_a_living_workers_unfinished_frame_is_waited_for(database: Database, root: Path) -> None:
    """It is no damage until the worker is dead or has gone on to the next segment."""
    first, second = call(), call()
    writer = Writer(root)
    writer.end(first)
    data = frame_of(second)
    writer.journal.append(data[:60])
    status = ship_all(root, database)
    assert (status.rows_shipped, status.torn_frames) == (1, 0)
    writer.journal.append(data[60:])
    ship_all(root, database)
    check_rows(database, [first, second])


def test_damage_within_a_finished_segment_costs_only_what_it_hit(database: Database, root: Path) -> None:
    """Reading goes on in the next segment, and it is said."""
    calls = mixed(60, earlier=(), attempts=1)
    writer = Writer(root, segment_bytes=16 * 1024)
    writer.calls(calls)
    path = root / writer.worker_id / "000001.tlj"
    content = bytearray(path.read_bytes())
    content[HEADER.size + 20] ^= 0xFF
    path.write_bytes(content)
    status = ship_all(root, database)
    assert status.torn_frames == 1
    assert 0 < status.rows_shipped < 60
    assert database.rows().keys() < {each.request_id for each in calls}


def test_open_calls_of_a_dead_worker_become_rows_with_an_estimate(database: Database, root: Path) -> None:
    """Also over a rotation, and with the attempts there were; calls with a record are not touched."""
    done, opened, retried = call(), call(end_user="anna"), call()
    writer = Writer(root, segment_bytes=32 * 1024)
    first = intent_of(retried, model="first")
    writer.begin(intent_of(opened), first, intent_of(done))
    writer.calls(filler := mixed(60))
    assert JournalFolder(root / writer.worker_id).succeeded(1)
    writer.begin(intent_of(retried, attempt=2, started_us=first.started_us + 5_000_000, estimated_cost=88))
    writer.end(done)
    ship_all(root, database)
    assert database.rows().keys() == {each.request_id for each in [done, *filler]}, "a living worker's calls are open"
    writer.die()
    status = ship_all(root, database)
    assert status.closed_unknown == 2
    rows = database.rows()
    assert rows[done.request_id]["outcome"] == "ok"
    row = rows[opened.request_id]
    assert (row["status"], row["outcome"], row["usage_source"]) == ("failure", "unknown", "estimated")
    assert (row["prompt_tokens"], row["completion_tokens"], row["spend_pico"]) == (100, 64, 77_000_000)
    assert (row["attempts"], row["end_user"], row["http_status"]) == (1, "anna", 0)
    assert row["start_time"] <= row["end_time"]
    assert (rows[retried.request_id]["attempts"], rows[retried.request_id]["spend_pico"]) == (2, 88)
    seen = database.query("SELECT number, model FROM litellm_provider_attempts WHERE request_id = "
                          f"'{retried.request_id}' ORDER BY number")  # fmt: skip
    assert [row["model"] for row in seen] == ["first", retried.model]
    assert not (root / writer.worker_id).exists()
    database.check_rollups()


def test_an_adoption_cut_before_its_files_were_removed_is_finished(
    database: Database, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between commit and removal, and within the removal: nothing comes twice, the folder goes."""
    writer = Writer(root, segment_bytes=32 * 1024)
    calls = mixed(100)
    writer.calls(calls)
    writer.begin(intent_of(opened := call()))
    writer.die()
    with monkeypatch.context() as patch:
        patch.setattr(adopt, "remove", lambda folder: folder.release())
        ship_all(root, database)
    assert (root / writer.worker_id).exists()
    again = ship_all(root, database)
    assert (again.rows_shipped, again.duplicates, again.closed_unknown) == (0, 0, 0)
    assert not (root / writer.worker_id).exists()
    assert database.rows().keys() == {each.request_id for each in [*calls, opened]}
    database.check_rollups()


def test_a_worker_name_used_again_is_another_journal(database: Database, root: Path) -> None:
    """A container that starts with the same name: its new calls are not taken for the old ones."""
    first, second = mixed(50), mixed(20, seed=2)
    for calls in (first, second):
        writer = Writer(root, "same")
        writer.calls(calls)
        writer.die()
        ship_all(root, database)
    check_rows(database, [*first, *second])


def test_shipped_segments_are_deleted_while_the_worker_lives(database: Database, root: Path) -> None:
    """Disk is given back one segment after another; open calls are carried over."""
    writer = Writer(root, segment_bytes=32 * 1024)
    writer.begin(intent_of(opened := call()))
    writer.calls(calls := mixed(300))
    ship_all(root, database)
    assert len(JournalFolder(root / writer.worker_id).numbers()) == 1
    writer.end(opened)
    ship_all(root, database)
    check_rows(database, [*calls, opened])
