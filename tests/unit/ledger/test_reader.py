"""Frames, segments and folders of a journal."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import msgspec
import pytest

from tests.support.journals import Writer, call, frame_of, intent_of, mixed
from trunkline.ledger.journal import frame
from trunkline.ledger.reader import CHUNK_BYTES, HEADER, Frames, JournalFolder, Mark, Segment, Stop, folders, parse
from trunkline.ledger.record import CallRecord, PriceRecord


def read(data: bytes, **limits: int) -> Frames:
    frames = Frames()
    parse(data, frames, max_calls=limits.get("max_calls", 1000))
    return frames


def segment_with(tmp_path: Path, data: bytes, tail: int = 4096) -> Segment:
    path = tmp_path / "000001.tlj"
    path.write_bytes(HEADER.pack(b"TLJ1", 1, 42) + data + bytes(tail))
    return Segment(path)


def test_records_come_back_as_they_were_written() -> None:
    """Every field of a call survives the journal; intents are passed over unless they are asked for."""
    calls = mixed(50)
    data = b"".join(frame_of(intent_of(each)) + frame_of(each) for each in calls) + bytes(64)
    frames = read(data)
    assert frames.calls == calls
    assert frames.stop is Stop.END
    assert frames.intents == []
    parse(data, asked := Frames(), max_calls=1000, intents=True)
    assert asked.intents == [intent_of(each) for each in calls]


def test_a_frame_with_a_wrong_checksum_is_torn_and_what_stands_before_it_counts() -> None:
    """Damage stops the reading at the last whole frame."""
    good, bad = frame_of(call()), bytearray(frame_of(call()))
    bad[-1] ^= 1
    frames = read(good + bytes(bad) + frame_of(call()))
    assert (len(frames.calls), frames.position, frames.stop) == (1, len(good), Stop.TORN)


@pytest.mark.parametrize("kept", [4, 8, 9, 100])
def test_a_frame_still_being_written_is_torn_or_the_end_never_a_record(kept: int) -> None:
    """Bytes of a frame that are not there yet are zeros of the preallocated file."""
    data = frame_of(call())
    frames = read(data[:kept] + bytes(len(data) - kept + 64))
    assert frames.calls == []
    assert (frames.position, frames.stop) == (0, Stop.TORN)


def test_an_absurd_length_is_damage() -> None:
    """A length beyond any record is not waited for."""
    assert read(struct.pack("<II", 2**31, 1) + bytes(64)).stop is Stop.TORN


def test_reading_stops_at_the_limit_and_goes_on_from_there(tmp_path: Path) -> None:
    """Batches of any size, over many buffers, add up to all records in order."""
    calls = mixed(800)
    segment = segment_with(tmp_path, b"".join(map(frame_of, calls)))
    assert sum(len(frame_of(each)) for each in calls) > 2 * CHUNK_BYTES
    found: list[CallRecord] = []
    position, stop = HEADER.size, Stop.MORE
    while stop is Stop.MORE:
        frames = segment.read(position, max_calls=300, max_bytes=10**7)
        found += frames.calls
        position, stop = frames.position, frames.stop
        assert len(frames.calls) <= 300
    assert found == calls
    assert stop is Stop.END
    assert segment.idle(position)


def test_a_record_longer_than_the_buffer_is_read(tmp_path: Path) -> None:
    """A name of half a megabyte is still a record."""
    long = call(model_group="m" * 500_000)
    assert segment_with(tmp_path, frame_of(long)).read(HEADER.size, max_calls=10, max_bytes=10**7).calls == [long]


@pytest.mark.parametrize(("tail", "stop"), [(0, Stop.END), (5, Stop.END), (8, Stop.END)])
def test_a_segment_may_be_full_to_its_last_byte(tmp_path: Path, tail: int, stop: Stop) -> None:
    """Less than a frame's head of zeros, or none, is an end."""
    frames = segment_with(tmp_path, frame_of(call()), tail).read(HEADER.size, max_calls=10, max_bytes=10**6)
    assert (len(frames.calls), frames.stop) == (1, stop)


def test_a_file_cut_within_a_frame_is_torn(tmp_path: Path) -> None:
    """A power cut can leave a file shorter than it was."""
    frames = segment_with(tmp_path, frame_of(call())[:50], 0).read(HEADER.size, max_calls=10, max_bytes=10**6)
    assert frames.stop is Stop.TORN


def test_the_end_is_found_by_lengths_alone(tmp_path: Path) -> None:
    """The backlog is measured without reading records."""
    data = b"".join(map(frame_of, mixed(20)))
    assert segment_with(tmp_path, data).skip(HEADER.size, 10**6) == HEADER.size + len(data)


def test_text_that_is_not_utf8_is_read_with_its_surrogates() -> None:
    """A lone surrogate costs its record nothing but its looks."""
    encoded = bytearray(frame_of(call(end_user="XXX"))[8:])
    place = encoded.index(b"XXX")
    encoded[place : place + 3] = b"\xed\xa0\x80"
    frames = read(frame(bytes(encoded)) + bytes(8))
    assert [each.end_user for each in frames.calls] == ["\ud800"]
    assert frames.salvaged == 1


def test_what_cannot_be_read_is_kept_whole() -> None:
    """An unknown kind, or no record at all, stops nothing and is handed on."""
    strange = b"Z" + msgspec.msgpack.encode(["new"])
    broken = b"C\xc1"
    good = call()
    frames = read(frame(strange) + frame(broken) + frame_of(good) + bytes(8))
    assert frames.unreadable == [strange, broken]
    assert frames.calls == [good]


def test_a_record_with_fields_of_a_later_version_is_read() -> None:
    """Fields are only ever added at the end."""
    price = PriceRecord(version="v", source="config", rates_json="{}")
    later = msgspec.msgpack.encode(["v", "config", "{}", "one more", 5])
    assert read(frame(b"P" + later) + bytes(8)).prices == [price]


def test_a_worker_is_dead_when_its_lock_can_be_had(tmp_path: Path) -> None:
    """The lock says who lives; whoever takes it keeps it."""
    writer = Writer(tmp_path)
    folder = JournalFolder(tmp_path / writer.worker_id)
    assert not folder.take_if_dead()
    writer.die()
    assert folder.take_if_dead()
    assert not JournalFolder(tmp_path / writer.worker_id).take_if_dead(), "a second shipper must not adopt it too"
    folder.release()


def test_a_folder_without_segments_belongs_to_a_worker_that_is_starting(tmp_path: Path) -> None:
    """It is left alone until it is a minute old."""
    (tmp_path / "w").mkdir()
    folder = JournalFolder(tmp_path / "w")
    assert folder.unborn()
    os.utime(tmp_path / "w", (0, 0))
    assert not folder.unborn()


def test_a_segment_is_complete_when_its_successor_exists(tmp_path: Path) -> None:
    """Rotation makes a second file; `next.tmp` is none."""
    writer = Writer(tmp_path, segment_bytes=8192)
    folder = JournalFolder(tmp_path / writer.worker_id)
    assert not folder.succeeded(1)
    writer.calls(mixed(20))
    assert folder.succeeded(1)
    assert folder.numbers()[:2] == [1, 2]
    writer.die()
    assert folders(tmp_path) == [writer.worker_id]


def test_load_counts_only_while_it_is_fresh(tmp_path: Path) -> None:
    """A worker that has said nothing for five seconds is not busy."""
    writer = Writer(tmp_path)
    folder = JournalFolder(tmp_path / writer.worker_id)
    assert folder.load() == 0.0
    writer.journal.report_load(0.83)
    assert folder.load() == 0.83
    os.utime(folder.path / "load", (0, 0))
    assert folder.load() == 0.0
    writer.die()


def test_marks_order_by_segment_and_position() -> None:
    """Positions can be compared."""
    assert Mark(segment=1, position=99, created=0) < Mark(segment=2, position=16, created=0)
