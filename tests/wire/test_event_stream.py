"""Amazon's event stream framing: recorded bytes, every type of header, and what is no message."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path
from struct import pack
from uuid import UUID
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.wire.event_stream import (
    Byte,
    FrameDecoder,
    HeaderValue,
    Long,
    Message,
    Short,
    Timestamp,
    encode_message,
    read_headers,
    write_headers,
)

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "recordings"
FILES = [
    path
    for path in sorted(RECORDINGS.glob("bedrock/*/*.json"))
    if "eventstream_b64" in json.loads(path.read_text())["response"]
]
SIZES = (1, 2, 3, 7, 1024, 10**9)


def raw(path: Path) -> bytes:
    """The recorded bytes."""
    return b64decode(json.loads(path.read_text())["response"]["eventstream_b64"])


def read(data: bytes, size: int = 10**9) -> tuple[list[Message], FrameDecoder]:
    """The messages, read in pieces."""
    decoder, found = FrameDecoder(), list[Message]()
    for at in range(0, len(data), size):
        found += decoder.feed(data[at : at + size])
    return found, decoder


def test_the_recordings_are_there() -> None:
    """Without them the tests below would check nothing."""
    if not RECORDINGS.is_dir():
        pytest.skip("the recordings are not there: put them at `../shared/recordings`")
    assert len(FILES) >= 25


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_recorded_streams_are_read_and_written_the_same(path: Path) -> None:
    """Cut anywhere, the messages are those of the recording, and written again they are its bytes."""
    data, events = raw(path), json.loads(path.read_text())["response"]["events"]
    whole, decoder = read(data)
    assert (decoder.broken, decoder.waiting) == ("", 0)
    assert [json.loads(message.payload) for message in whole] == [event["payload"] for event in events]
    for message, event in zip(whole, events, strict=True):
        assert event["headers"].items() <= message.headers.items()
    for size in SIZES:
        assert read(data, size)[0] == whole
    assert b"".join(encode_message(message.headers, message.payload) for message in whole) == data


ALL_TYPES: dict[str, HeaderValue] = {
    "yes": True, "no": False, "byte": Byte(-1), "short": Short(-300), "int": 70_000, "long": Long(2**40),
    "bytes": b"\x00\xff", "text": "ä€", "empty": "", "time": Timestamp(1_700_000_000_123),
    "uuid": UUID("12345678-1234-5678-1234-567812345678"),
}  # fmt: skip


def test_every_type_of_header_keeps_its_type() -> None:
    """The specification's ten types, and their width."""
    found = read_headers(write_headers(ALL_TYPES))
    assert found == ALL_TYPES
    assert [type(value) for value in found.values()] == [type(value) for value in ALL_TYPES.values()]


def test_a_known_message_has_known_bytes() -> None:
    """`b"\\x00..."` by hand: lengths, checksum, header, payload, checksum."""
    head = b"\x01a\x07\x00\x01b"
    lengths = pack(">II", 16 + len(head) + 2, len(head))
    body = lengths + pack(">I", crc32(lengths)) + head + b"{}"
    assert encode_message({"a": "b"}, b"{}") == body + pack(">I", crc32(body))


@given(
    st.lists(
        st.tuples(
            st.dictionaries(
                st.text(min_size=1, max_size=20), st.text(max_size=50) | st.binary(max_size=50), max_size=3
            ),
            st.binary(max_size=200),
        ),
        max_size=5,
    ),
    st.integers(1, 50),
)
def test_what_is_written_is_read(messages: list[tuple[dict[str, HeaderValue], bytes]], size: int) -> None:
    """Any headers and payloads, cut anywhere."""
    found, decoder = read(b"".join(encode_message(*message) for message in messages), size)
    assert [(message.headers, message.payload) for message in found] == messages
    assert (decoder.broken, decoder.waiting) == ("", 0)


@given(st.binary(max_size=300), st.integers(1, 50))
def test_any_bytes_are_messages_or_broken(data: bytes, size: int) -> None:
    """Nothing is raised; what cannot be true is said once and nothing is read after it."""
    found, decoder = read(data, size)
    assert found == []
    if len(data) >= 12 and decoder.broken:
        assert decoder.feed(encode_message({}, b"x")) == []


GOOD = encode_message({":event-type": "x"}, b'{"a":1}')


@pytest.mark.parametrize("at", range(len(GOOD)))
def test_a_flipped_bit_anywhere_is_found(at: int) -> None:
    """The checksums cover every byte."""
    damaged = bytearray(GOOD)
    damaged[at] ^= 0x10
    found, decoder = read(bytes(damaged))
    assert found == []
    assert decoder.broken


def test_messages_before_a_damaged_one_are_given() -> None:
    """What came whole counts, though it came in one read with what did not."""
    found, decoder = read(GOOD + GOOD[:-1] + b"\x00")
    assert len(found) == 1
    assert "checksum" in decoder.broken


def test_a_cut_message_is_waiting() -> None:
    """At the end of a connection that tells a cut stream from a whole one."""
    found, decoder = read(GOOD + GOOD[:-1])
    assert (len(found), decoder.waiting, decoder.broken) == (1, len(GOOD) - 1, "")


def test_a_message_that_is_too_long_is_refused_before_it_is_kept() -> None:
    """The length is judged when twelve bytes have come."""
    lengths = pack(">II", 1001, 0)
    decoder = FrameDecoder(limit=1000)
    assert decoder.feed(lengths + pack(">I", crc32(lengths))) == []
    assert "longer than 1000" in decoder.broken
    assert decoder.waiting == 0


@pytest.mark.parametrize(
    ("total", "head"), [(15, 0), (0, 0), (20, 8), (200_000, 150_000)], ids=["short", "none", "overlap", "headers"]
)
def test_lengths_that_contradict_each_other_are_refused(total: int, head: int) -> None:
    """A length smaller than the framing, headers longer than the message or than the specification allows."""
    lengths = pack(">II", total, head)
    decoder = FrameDecoder()
    decoder.feed(lengths + pack(">I", crc32(lengths)))
    assert "contradict" in decoder.broken


@pytest.mark.parametrize(
    ("block", "says"),
    [
        (b"\x05ab", "early"),
        (b"\x01a", "early"),
        (b"\x01a\x07\x00\x05ab", "early"),
        (b"\x01a\x09abc", "early"),
        (b"\x01a\x0a", "unknown type 10"),
        (b"\x01\xff\x00", "UTF-8"),
        (b"\x01a\x07\x00\x01\xff", "UTF-8"),
        (b"\x00\x00", "early"),
    ],
)
def test_headers_that_are_none_are_refused(block: bytes, says: str) -> None:
    """With a text that says what is wrong."""
    with pytest.raises(ValueError, match=says):
        read_headers(block)


@pytest.mark.parametrize("headers", [{"": "x"}, {"a" * 256: "x"}, {"a": "x" * 70_000}, {"a": 2**40}, {"a": Byte(200)}])
def test_headers_that_cannot_be_written_are_refused(headers: dict[str, HeaderValue]) -> None:
    """Names and values that their lengths cannot say."""
    with pytest.raises(ValueError, match="header"):
        write_headers(headers)
