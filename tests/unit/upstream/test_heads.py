"""Heads read without the parser: never anything else than the parser reads, and only what is certain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.upstream.fakes import FakeExchange, FakePool
from trunkline.upstream import heads
from trunkline.upstream.heads import read_head

names = st.sampled_from(
    [
        b"Content-Type",
        b"content-length",
        b"Content-Length",
        b"X-A",
        b"x-a",
        b"Connection",
        b"Transfer-Encoding",
        b"X b",
        b"",
    ]
)
texts = st.sampled_from(
    [
        b"5",
        b"05",
        b"+5",
        b"5 ",
        b" 5",
        b"",
        b"keep-alive",
        b"close",
        b"Keep-Alive",
        b"chunked",
        b"a\tb",
        b"\xff",
        b"a\0b",
        b"x\rb",
    ]
)
lines = st.lists(st.tuples(names, st.sampled_from([b":", b": ", b" : ", b":\t"]), texts), max_size=5)
statuses = st.sampled_from(
    [
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 200",
        b"HTTP/1.1 404 Not Found",
        b"HTTP/1.1 500 ",
        b"HTTP/1.0 200 OK",
        b"HTTP/1.1 103 x",
    ]
)


def read(data: bytes) -> tuple[int, heads.Headers, int] | None:
    """Read the head at the front of `data`."""
    return read_head(data, data.find(b"\r\n\r\n"))


@given(statuses, lines)
async def test_it_reads_what_the_parser_reads(status: bytes, given_lines: list[tuple[bytes, bytes, bytes]]) -> None:
    """Whatever head is taken the short way, the parser reads the same status, headers and body from it."""
    head = status + b"".join(b"\r\n" + b"".join(line) for line in given_lines)
    data = head + b"\r\n\r\nhello"
    found = read(data)
    if found is None or found[2] != 5:
        return
    pool, one = FakePool(), FakeExchange()
    pool.start(one, 1.0)
    for piece in (data[:20], data[20:]):  # in two reads the parser gets it
        pool.dialled[0].protocol.data_received(piece)
    assert (one.wholes, one.failures) == (0, [])
    parsed = {name: value.rstrip(b" \t") for name, value in one.headers.items()}  # RFC 9112, 5.1: not part of the value
    assert (one.status, parsed, one.body, one.ended) == (found[0], found[1], b"hello", 1)
    assert len(pool.idle) == 1


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK\r\nContent-Length: x", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n X: 1",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\ncontent-length: 5", b"HTTP/1.1 204 No\r\nContent-Length: 0",
        b"HTTP/1.1 304 No\r\nContent-Length: 5", b"HTTP/1.1 100 Continue\r\nContent-Length: 5",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked", b"HTTP/1.1 abc\r\nContent-Length: 5",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close", b"HTTP/2 200 OK\r\nContent-Length: 5",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nno colon", b"HTTP/1.1 200 OK\nContent-Length: 5\nX: 1",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000,
    ],
)  # fmt: skip
def test_what_is_odd_is_left_to_the_parser(head: bytes) -> None:
    """No length, a doubled header, chunks, an end of the connection, a fold, control characters, other versions."""
    assert read(head + b"\r\n\r\n") is None


def test_lines_that_never_repeat_do_not_fill_the_memory() -> None:
    """Header lines are remembered up to a number and a length."""
    for number in range(3000):
        read(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Request-Id: %d\r\n\r\n" % number)
    read(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Long: %b\r\n\r\n" % (b"x" * 5000))
    assert len(heads._known) <= heads._MAX_KNOWN
    assert all(len(line) <= heads._MAX_LINE for line in heads._known)
