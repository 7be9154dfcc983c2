"""One turn of the loop: the records first, in one write, then the bytes."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path
from typing import Any, cast

import pytest

from trunkline.ledger.journal import Journal, JournalBroken
from trunkline.ledger.turn import Turn


class Tape:
    """A journal that writes down the order of things and fails when told to."""

    def __init__(self) -> None:
        self.happened: list[str] = []
        self.failure: OSError | None = None
        self.full = False

    def append(self, data: bytes) -> None:
        """Take frames."""
        if self.failure is not None:
            raise self.failure
        self.happened.append(f"write {data.decode()}")

    def sync(self) -> None:
        """Force them to the disk."""
        self.happened.append("sync")


def turn(tape: Tape, *, power: bool = False) -> Turn:
    """A turn on the running loop."""
    return Turn(asyncio.get_running_loop(), cast("Journal", cast("Any", tape)), power=power)


async def test_records_precede_their_bytes() -> None:
    """All records of a turn go out in one write before the first byte does; bytes keep their order."""
    tape = Tape()
    one = turn(tape)
    one.post(b"a", tape.happened.append, "send a")
    one.then(tape.happened.append, "send x")
    one.record(b"b")
    one.post(b"c", tape.happened.append, "send c")
    assert tape.happened == []
    await asyncio.sleep(0)
    assert tape.happened == ["write abc", "send a", "send x", "send c"]
    assert one.frames == 3


async def test_what_a_byte_causes_waits_for_the_next_turn() -> None:
    """A record made while bytes are sent is written before the bytes that follow it."""
    tape = Tape()
    one = turn(tape)
    one.post(b"a", lambda: one.post(b"b", tape.happened.append, "send b"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert tape.happened == ["write a", "write b", "send b"]


async def test_power_waits_for_the_disk() -> None:
    """`durability: power` forces the records to the disk before the bytes leave."""
    tape = Tape()
    one = turn(tape, power=True)
    one.post(b"a", tape.happened.append, "send a")
    await asyncio.sleep(0)
    assert tape.happened == ["write a", "sync", "send a"]


@pytest.mark.parametrize("error", [JournalBroken(errno.ENOSPC, "full"), OSError(errno.EIO, "broken")])
async def test_a_failing_disk_loses_nothing(error: OSError, caplog: pytest.LogCaptureFixture) -> None:
    """Records that could not be written wait, in order, and are written once the disk takes them; bytes still leave."""
    tape = Tape()
    tape.failure = error
    one = turn(tape)
    one.post(b"a", tape.happened.append, "send a")
    await asyncio.sleep(0)
    one.record(b"b")
    await asyncio.sleep(0)
    one.retry()
    assert tape.happened == ["send a"]
    assert one.unwritten == [b"a", b"b"]
    assert one.frames == 0
    assert "2 ledger records wait" in caplog.text
    tape.failure = None
    one.retry()
    one.retry()
    assert tape.happened == ["send a", "write ab"]
    assert (one.unwritten, one.frames) == ([], 2)


async def test_any_disk_error_closes_the_door() -> None:
    """An error that is not the journal's own marks it full too, so that no new call is taken."""
    tape = Tape()
    tape.failure = OSError(errno.EIO, "broken")
    one = turn(tape)
    one.record(b"a")
    await asyncio.sleep(0)
    assert tape.full


async def test_one_call_cannot_keep_anothers_answer(caplog: pytest.LogCaptureFixture) -> None:
    """A deferred write that fails is logged; those behind it are done."""
    tape = Tape()
    one = turn(tape)
    one.post(b"a", lambda: 1 / 0)
    one.post(b"b", tape.happened.append, "send b")
    await asyncio.sleep(0)
    assert tape.happened == ["write ab", "send b"]
    assert "a deferred write failed" in caplog.text


async def test_a_flush_by_hand_leaves_nothing_for_later(tmp_path: Path) -> None:
    """The stop flushes at once; the flush that was scheduled finds nothing."""
    journal = Journal(tmp_path / "w", segment_bytes=4096)
    one = Turn(asyncio.get_running_loop(), journal)
    one.record(b"abc")
    one.flush()
    assert journal.written == 3
    await asyncio.sleep(0)
    assert journal.written == 3
    journal.close()
