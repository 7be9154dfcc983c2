"""The worker's journal: frames, segments taken ahead, rotation with what is under way, and a disk that refuses."""

from __future__ import annotations

import errno
import fcntl
import os
import zlib
from pathlib import Path

import pytest

from tests.support.journals import call, frame_of, intent_of
from trunkline.ledger import journal as module
from trunkline.ledger.journal import HEADER, Journal, JournalBroken, frame
from trunkline.ledger.reader import Frames, Segment, Stop

SEGMENT = 8192


def read(path: Path, *, intents: bool = True) -> Frames:
    """Everything a segment holds."""
    segment = Segment(path)
    return segment.read(HEADER.size, max_calls=10_000, max_bytes=1 << 24, intents=intents)


def segments(folder: Path) -> list[str]:
    """Names of the segments, in order."""
    return sorted(path.name for path in folder.glob("*.tlj"))


def is_full(journal: Journal) -> bool:
    """Asked anew: mypy takes an attribute that was compared once for what it was then."""
    return journal.full


def refuse(*args: object) -> int:
    """A disk that is full."""
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_frame_is_length_checksum_payload() -> None:
    """`<II` and the payload, as `ledger/record.py` says."""
    made = frame(b"Cabc")
    assert made == (4).to_bytes(4, "little") + zlib.crc32(b"Cabc").to_bytes(4, "little") + b"Cabc"


def test_what_was_appended_is_read_back(tmp_path: Path) -> None:
    """Records come back in order, and behind them are zeros: the end."""
    journal = Journal(tmp_path / "w", segment_bytes=SEGMENT)
    calls = [call(end_user=f"u{n}") for n in range(5)]
    for one in calls[:3]:
        journal.append(frame_of(one))
    journal.append(frame_of(calls[3]) + frame_of(calls[4]))
    found = read(tmp_path / "w" / "000001.tlj")
    assert (found.calls, found.stop) == (calls, Stop.END)
    assert journal.written == sum(len(frame_of(one)) for one in calls)
    journal.close()


def test_room_is_taken_in_advance(tmp_path: Path) -> None:
    """The present segment has its full size from the start, and the next one is reserved before the first is full."""
    journal = Journal(tmp_path / "w", segment_bytes=SEGMENT)
    assert (tmp_path / "w" / "000001.tlj").stat().st_size == SEGMENT
    assert (tmp_path / "w" / "000001.tlj").stat().st_blocks * 512 >= SEGMENT
    while journal._offset <= SEGMENT // 2:
        journal.append(frame_of(call()))
    assert (tmp_path / "w" / "next.tmp").stat().st_size == SEGMENT
    assert not journal.full
    journal.close()


def test_rotation_carries_what_is_under_way(tmp_path: Path) -> None:
    """A new segment begins with the intents of open calls, so that an older one can be deleted when it is shipped."""
    open_calls = [call(end_user=f"open{n}") for n in range(3)]
    journal = Journal(
        tmp_path / "w", segment_bytes=SEGMENT, carry=lambda: [frame_of(intent_of(one)) for one in open_calls]
    )
    assert read(tmp_path / "w" / "000001.tlj").intents == []
    written = []
    while journal._number < 3:
        written.append(call())
        journal.append(frame_of(written[-1]))
    assert segments(tmp_path / "w") == ["000001.tlj", "000002.tlj", "000003.tlj"]
    frames = [read(tmp_path / "w" / name) for name in segments(tmp_path / "w")]
    assert [each.intents for each in frames[1:]] == [[intent_of(one) for one in open_calls]] * 2
    assert [one for each in frames for one in each.calls] == written
    assert all(each.stop in (Stop.END, Stop.MORE) for each in frames)
    journal.close()


def test_more_open_calls_than_a_segment_holds_do_not_rotate_for_ever(tmp_path: Path) -> None:
    """A segment that begins with more intents than half its size is made larger, and takes records before the next."""
    many = [frame_of(intent_of(call(end_user=f"open{n}"))) for n in range(2 * SEGMENT // 100)]
    journal = Journal(tmp_path / "w", segment_bytes=SEGMENT, carry=lambda: many)
    while journal._number < 2:
        journal.append(frame_of(call()))
    for _ in range(20):
        journal.append(frame_of(call()))
    assert journal._number == 2
    found = read(tmp_path / "w" / "000002.tlj")
    assert len(found.intents) == len(many)
    assert len(found.calls) >= 20
    journal.close()


def test_a_record_larger_than_a_segment_is_kept(tmp_path: Path) -> None:
    """Size is no reason to lose a record."""
    journal = Journal(tmp_path / "w", segment_bytes=SEGMENT)
    big = call(error="x" * 3 * SEGMENT)
    journal.append(frame_of(call()))
    journal.append(frame_of(big))
    journal.append(frame_of(call()))
    found = [one for name in segments(tmp_path / "w") for one in read(tmp_path / "w" / name).calls]
    assert len(found) == 3
    assert big in found
    journal.close()


def test_the_folder_is_locked_while_the_worker_lives(tmp_path: Path) -> None:
    """The lock says that the journal has a living owner; closing lets the shipper take over what is left."""
    journal = Journal(tmp_path / "w", segment_bytes=SEGMENT)
    journal.append(frame_of(call()))
    other = os.open(tmp_path / "w" / "lock", os.O_RDWR)
    with pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    journal.close()
    fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(other)
    assert len(read(tmp_path / "w" / "000001.tlj").calls) == 1


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    """Folder and files are for this user alone."""
    journal = Journal(tmp_path / "w", segment_bytes=SEGMENT)
    modes = {path.name: path.stat().st_mode & 0o777 for path in [tmp_path / "w", *(tmp_path / "w").iterdir()]}
    assert modes.pop("w") == 0o700
    assert set(modes.values()) == {0o600}
    journal.close()


def test_a_torn_tail_costs_only_itself(tmp_path: Path) -> None:
    """A process that died inside a write leaves a frame whose checksum is wrong: what stands before it counts."""
    journal = Journal(tmp_path / "w", segment_bytes=SEGMENT)
    first, second = frame_of(call()), frame_of(call())
    journal.append(first)
    os.pwrite(journal._fd, second[: len(second) // 2], journal._offset)
    found = read(tmp_path / "w" / "000001.tlj")
    assert (len(found.calls), found.position, found.stop) == (1, HEADER.size + len(first), Stop.TORN)
    journal.close()


def test_a_failed_write_leaves_no_hole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that breaks off is an error that names the folder; the next one takes its place."""
    journal = Journal(tmp_path / "w", segment_bytes=SEGMENT)
    real, one, two = os.pwrite, call(), call()

    def half(fd: int, data: bytes, at: int) -> int:
        if at > HEADER.size:
            refuse()
        return real(fd, data[:10], at)

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", half)
        with pytest.raises(JournalBroken, match=r"w`: No space left") as caught:
            journal.append(frame_of(one))
    assert caught.value.errno == errno.ENOSPC
    assert journal.full
    journal.append(frame_of(two))
    assert read(tmp_path / "w" / "000001.tlj").calls == [two]
    journal.close()


def test_short_writes_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel may take less than it was given."""
    journal = Journal(tmp_path / "w", segment_bytes=SEGMENT)
    real, calls = os.pwrite, [call(), call()]
    monkeypatch.setattr(os, "pwrite", lambda fd, data, at: real(fd, data[:7], at))
    for one in calls:
        journal.append(frame_of(one))
    assert read(tmp_path / "w" / "000001.tlj").calls == calls
    journal.close()


def test_a_full_disk_shows_while_there_is_still_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next segment cannot be had: `full` says so, admitted calls still find room, and room again ends it."""
    journal = Journal(tmp_path / "w", segment_bytes=SEGMENT)
    written = 0
    with monkeypatch.context() as patched:
        patched.setattr(module, "_allocate", refuse)
        while not is_full(journal):
            journal.append(frame_of(call()))
            written += 1
        assert SEGMENT // 2 < journal._offset < SEGMENT
        while journal._offset + len(frame_of(call())) < SEGMENT:
            journal.append(frame_of(call()))
            written += 1
        with pytest.raises(JournalBroken, match="no room"):
            journal.append(frame_of(call()))
        journal.make_room()
        assert is_full(journal)
    journal.make_room()
    assert not is_full(journal)
    journal.append(frame_of(call()))
    assert sum(len(read(tmp_path / "w" / name).calls) for name in segments(tmp_path / "w")) == written + 1
    journal.close()


def test_sync_only_where_there_is_something_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An idle worker does not keep the disk busy."""
    synced: list[int] = []
    monkeypatch.setattr(os, "fdatasync", synced.append, raising=False)
    journal = Journal(tmp_path / "w", segment_bytes=SEGMENT)
    journal.sync()
    journal.append(frame_of(call()))
    journal.sync()
    journal.sync()
    assert len(synced) == 1
    journal.close()


def test_without_preallocation_zeros_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the file system cannot reserve, the segment is filled, so that its room is really taken."""

    def unsupported(fd: int, offset: int, size: int) -> None:
        raise OSError(errno.EOPNOTSUPP, "not supported")

    monkeypatch.setattr(os, "posix_fallocate", unsupported, raising=False)
    journal = Journal(tmp_path / "w", segment_bytes=SEGMENT)
    journal.append(frame_of(call()))
    assert (tmp_path / "w" / "000001.tlj").stat().st_size == SEGMENT
    assert len(read(tmp_path / "w" / "000001.tlj").calls) == 1
    journal.close()
