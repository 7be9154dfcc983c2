"""P01-P11: streams cut anywhere, by anything, give the same events. In process, on the splitter itself."""

from __future__ import annotations

import itertools
import json
import time
import tracemalloc
from collections.abc import Iterable

import pytest

from trunkline.wire.sse import MAX_EVENT_BYTES, EventTooLong, SseSplitter, event_data, has_data

EVENTS = [
    {"choices": [{"delta": {"role": "assistant", "content": "a"}}]},
    {"choices": [{"delta": {"content": "é ü 中 文 😀 👩‍👩‍👧 e\u0301"}}]},
    {"choices": [{"delta": {"content": 'data: not an event\\n\\n"'}}], "usage": None},
    {"choices": [{"delta": {}, "finish_reason": "stop"}]},
]


def stream_of(events: Iterable[object], end: str = "\n") -> bytes:
    """A stream in OpenAI's form with the given line end."""
    blocks = [f"data: {json.dumps(event, ensure_ascii=False)}{end}{end}" for event in events]
    return "".join([*blocks, f": ping{end}{end}", f"data: [DONE]{end}{end}"]).encode()


def cut(data: bytes, points: Iterable[int]) -> list[bytes]:
    """`data` in pieces that end at `points`."""
    edges = [0, *points, len(data)]
    return [data[start:stop] for start, stop in itertools.pairwise(edges)]


def read(pieces: Iterable[bytes]) -> tuple[list[bytes], bytes, bytes]:
    """Data of all events, the bytes that came out, and the bytes kept back."""
    splitter, events, out = SseSplitter(), list[bytes](), b""
    for piece in pieces:
        whole = splitter.feed(piece)
        events += event_data(whole, start=not out)
        out += whole
    return events, out, splitter.rest


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_p01_every_split_point_gives_the_same_events(end: str) -> None:
    """P01, P04: a stream of 2 KB split at each byte offset gives the same events and the same bytes."""
    data = stream_of(EVENTS * 7, end)
    assert len(data) > 2000
    expected = [json.dumps(event, ensure_ascii=False).encode() for event in EVENTS * 7] + [b"[DONE]"]
    for at in range(len(data) + 1):
        events, out, rest = read(cut(data, [at]))
        assert events == expected, at
        assert out + rest == data, at
        assert rest in (b"", b"\n"), at  # of CR LF at the very end the LF may still be waiting


def test_p02_every_pair_of_split_points_gives_the_same_events() -> None:
    """P02: a stream of 300 bytes split at every pair of offsets (some 45,000) gives the same events."""
    data = stream_of([{"c": "é"}, {"c": "x" * 90}, {"c": "中"}, {"c": "y" * 60}], "\r\n")
    data += b": " + b"c" * (296 - len(data)) + b"\n\n"
    expected = read([data])[0]
    for first, second in itertools.combinations(range(len(data) + 1), 2):
        events, out, rest = read(cut(data, [first, second]))
        assert events == expected, (first, second)
        assert out + rest == data, (first, second)


def test_p03_one_byte_a_read_equals_one_read() -> None:
    """P03: one byte a read and the whole stream in one read give the same events."""
    data = stream_of(EVENTS)
    assert read(cut(data, range(1, len(data)))) == read([data])


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"data: a\n\ndata: b\r\n\r\ndata: c\r\rdata: d\n\n", [b"a", b"b", b"c", b"d"]),
        (b"data: a\r\n\ndata: b\n\r\ndata: c\r\n\r\n", [b"a", b"b", b"c"]),
        (b"data: a\n\r\ndata: b\n\n", [b"a", b"b"]),
        (b"data: a\rdata: b\r\rdata: c\n\n", [b"a\nb", b"c"]),
    ],
)
def test_p04_mixed_line_ends_are_read_as_the_standard_says(data: bytes, expected: list[bytes]) -> None:
    """P04: LF, CR and CR LF may be mixed, and a CR LF may be split across reads."""
    assert read([data])[0] == expected
    for at in range(len(data) + 1):
        assert read(cut(data, [at]))[0] == expected, at


def test_p05_characters_split_inside_come_out_whole() -> None:
    """P05: two-, three- and four-byte characters, joiners and combining marks survive a split at every byte."""
    text = "é中😀👩‍👩‍👧e\u0301\u200d\ufe0f"
    data = f'data: {{"c":"{text}"}}\n\n'.encode()
    for at in range(len(data) + 1):
        events, out, _ = read(cut(data, [at]))
        assert out == data, at
        assert json.loads(events[0]) == {"c": text}, at


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\xef\xbb\xbfdata: 1\n\n", [b"1"]),
        (b"\xef\xbb\xbf\xef\xbb\xbfdata: 1\n\ndata: 2\n\n", [b"2"]),
        (b"data: 1\n\n\xef\xbb\xbfdata: 2\n\ndata: 3\n\n", [b"1", b"3"]),
        (b":\n: comment\n:data: no\n\ndata: 1\n\n", [b"1"]),
        (b"data:1\n\n", [b"1"]),
        (b"data:  1\n\n", [b" 1"]),
        (b"data:\t1\n\n", [b"\t1"]),
        (b"data\n\n", [b""]),
        (b"data:\n\n", [b""]),
        (b"data\ndata\n\n", [b"\n"]),
        (b"data: a\ndata: b\n\n", [b"a\nb"]),
        (b"data: a\n\ndata\n\n", [b"a", b""]),
        (b"event: x\ndata: 1\nid: 1\x00\nretry: soon\n\n", [b"1"]),
        (b"event: x\n\ndata: 1\n\n", [b"1"]),
        (b"Data: 1\n DATA: 2\ndata : 3\ndata: 4\n\n", [b"4"]),
        (b"dataset: 1\ndata: 2\n\n", [b"2"]),
        (b"\n\n\ndata: 1\n\n\n\n", [b"1"]),
        (b"data: a\x00b\n\n", [b"a\x00b"]),
    ],
)
def test_p06_fields_are_read_as_the_standard_says(data: bytes, expected: list[bytes]) -> None:
    """P06: BOM, comments, unknown fields, spaces and multi-line data, however the bytes are cut into reads.

    The BOM is that of the stream's start only. Expected values follow html.spec.whatwg.org 9.2.6.
    """
    assert read([data])[0] == expected
    for at in range(len(data) + 1):
        assert read(cut(data, [at]))[0] == expected, at


@pytest.mark.parametrize("tail", [b"data: 2", b"data: 2\n", b"data: 2\r\n", b"data"])
def test_p07_an_event_without_its_blank_line_is_none(tail: bytes) -> None:
    """P07: the last event without its blank line is not delivered, and its bytes are known to be left."""
    events, _, rest = read([b"data: 1\n\n" + tail])
    assert events == [b"1"]
    assert rest == tail


@pytest.mark.parametrize("separator", [b"", b"\ndata: "])
def test_p08_an_event_without_end_stops_at_the_cap(separator: bytes) -> None:
    """P08: a line or an event that does not end is an error at the cap, and costs no more memory than that."""
    splitter, sent = SseSplitter(), 0
    block = b"z" * 65536 + separator
    tracemalloc.start()
    with pytest.raises(EventTooLong):  # noqa: PT012 - the loop is what must end
        while sent < 64 << 20:
            sent += len(block)
            splitter.feed(bytes(bytearray(block)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sent <= MAX_EVENT_BYTES + 2 * len(block)
    assert peak <= 8 << 20


def test_p09_one_byte_reads_cost_linear_time() -> None:
    """P09: twice the bytes, one a read, cost at most 2.3 times the time (median of five)."""

    def seconds(size: int) -> float:
        data = b"data: " + b"x" * size + b"\n\n"
        pieces = cut(data, range(1, len(data)))
        splitter = SseSplitter()
        start = time.process_time()
        for piece in pieces:
            splitter.feed(piece)
        return time.process_time() - start

    ratios = sorted(seconds(120_000) / seconds(60_000) for _ in range(5))
    assert ratios[2] <= 2.3, ratios


@pytest.mark.parametrize("bad", [b"\x80", b"\xc0\xaf", b"\xed\xa0\x80", b"\xff\xfe", b"\xf0\x9f\x98"])
def test_p10_invalid_utf8_passes_as_it_is(bad: bytes) -> None:
    """P10: bytes that are no UTF-8 (lone continuation, overlong, surrogate) are relayed unchanged."""
    data = b'data: {"c":"' + bad + b'"}\n\ndata: 2\n\n'
    events, out, rest = read([data])
    assert out == data
    assert rest == b""
    assert events == [b'{"c":"' + bad + b'"}', b"2"]


@pytest.mark.parametrize("data", [b": ping\n\n", b"event: ping\n\n", b"\n\n", b"id: 3\nretry: 1\n\n"])
def test_p06_comments_and_nameless_events_are_no_data(data: bytes) -> None:
    """P06, U08: comments, pings and events without data do not count as progress."""
    assert not has_data(data)
    assert has_data(data + b"data: x\n\n")
