"""One connection to a provider: what arrives is pushed on, and nothing that was not asked for is believed."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from typing_extensions import override

from tests.unit.upstream.fakes import FakeExchange, FakePool, FakeTransport
from trunkline.upstream import Connection, Kind
from trunkline.upstream.connection import MAX_HEAD_BYTES, MAX_INTERIM

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Own: 1\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;ext=1\r\nhello\r\n0\r\nTrailer: 1\r\n\r\n"


def start(exchange: FakeExchange | None = None) -> tuple[FakePool, FakeExchange]:
    """An exchange on a new connection."""
    pool, one = FakePool(), exchange or FakeExchange()
    pool.start(one, 1.0)
    return pool, one


def feed(pool: FakePool, *pieces: bytes) -> None:
    """Bytes from the provider."""
    for piece in pieces:
        pool.dialled[-1].protocol.data_received(piece)


@pytest.mark.parametrize("answer", [OK, CHUNKED])
@pytest.mark.parametrize("size", [1, 3, 1000])
async def test_an_answer_is_pushed_on_however_it_is_cut(answer: bytes, size: int) -> None:
    """Head, body without its framing, and end, for every way the bytes may be cut; the connection is kept."""
    pool, one = start()
    feed(pool, *(answer[at : at + size] for at in range(0, len(answer), size)))
    assert (one.sent, one.status, one.body, one.ended, one.failures) == (1, 200, b"hello", 1, [])
    assert len(pool.idle) == 1


async def test_header_names_are_lower_case_and_the_last_counts() -> None:
    """Names in lower case; of a doubled header the last value."""
    pool, one = start()
    feed(pool, b"HTTP/1.1 429 Too Many\r\nRetry-After: 1\r\nRETRY-AFTER: 2\r\nContent-Length: 0\r\n\r\n")
    assert one.status == 429
    assert one.headers == {b"retry-after": b"2", b"content-length": b"0"}


async def test_the_next_request_goes_on_the_same_connection() -> None:
    """Keep-alive: a second exchange gets its own answer on the same transport."""
    pool, one = start()
    feed(pool, OK)
    two = FakeExchange()
    pool.start(two, 1.0)
    feed(pool, b"HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\ntwo")
    assert (one.body, two.status, two.body) == (b"hello", 201, b"two")
    assert two.headers == {b"content-length": b"3"}
    assert len(pool.dialled) == 1


@pytest.mark.parametrize(
    "answer",
    [
        OK.replace(b"X-Own: 1", b"Connection: close"),
        OK.replace(b"HTTP/1.1", b"HTTP/1.0"),
        b"HTTP/1.0 200 OK\r\n\r\nhello",
    ],
)
async def test_a_connection_that_ends_is_not_kept(answer: bytes) -> None:
    """`Connection: close`, HTTP/1.0, and bodies that end with the connection."""
    pool, one = start()
    feed(pool, answer)
    pool.dialled[0].lose()
    assert (one.body, one.ended, one.failures) == (b"hello", 1, [])
    assert pool.idle == []
    assert pool.open == 0


async def test_a_body_without_length_ends_with_the_connection() -> None:
    """RFC 9112, 6.3: such an answer is whole when the peer closes in order, and cut when it breaks."""
    for error, ended, kinds in ((None, 1, []), (ConnectionResetError(), 0, [Kind.TRUNCATED])):
        pool, one = start()
        feed(pool, b"HTTP/1.1 200 OK\r\n\r\nhel", b"lo")
        assert one.ended == 0
        pool.dialled[0].lose(error)
        assert (one.body, one.ended, one.kinds) == (b"hello", ended, kinds)


async def test_an_ordinary_answer_in_one_read_goes_past_the_parser() -> None:
    """The short way and the parser's give the same; what is odd in any way goes to the parser."""
    pool, one = start()
    feed(pool, OK)
    assert (one.wholes, one.status, one.body) == (1, 200, b"hello")
    assert one.headers == {b"content-length": b"5", b"x-own": b"1"}
    for odd in (CHUNKED, OK.replace(b"X-Own", b"X-Own: 1\r\nX-Own"), b"HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n"):
        pool, one = start()
        feed(pool, odd)
        assert (one.wholes, one.ended) == (0, 1)


@pytest.mark.parametrize("got", [OK[:-1], CHUNKED[:-1], CHUNKED[:70], OK[:-5]])
async def test_a_cut_answer_is_no_answer(got: bytes) -> None:
    """U11, U13: a connection that ends inside an answer is a failure, in order or not."""
    pool, one = start()
    feed(pool, got)
    pool.dialled[0].lose()
    assert one.ended == 0
    assert one.kinds in ([Kind.TRUNCATED], [Kind.RESET])
    assert one.kinds == ([Kind.TRUNCATED] if one.status else [Kind.RESET])


async def test_a_death_before_any_byte_on_a_new_connection_is_reported() -> None:
    """The silent second sending is for kept connections only."""
    pool, one = start()
    pool.dialled[0].lose(ConnectionResetError())
    assert one.kinds == [Kind.RESET]
    assert len(pool.dialled) == 1


async def test_a_kept_connection_that_dies_unanswered_is_replaced_once() -> None:
    """The race with the provider's idle close: the request is sent again on a new connection, and only once."""
    pool, _ = start()
    feed(pool, OK)
    two = FakeExchange()
    pool.start(two, 1.0)
    pool.dialled[0].lose()
    assert (two.sent, two.failures, len(pool.dialled)) == (1, [], 2)
    assert pool.dialled[1].written == [two.request]
    pool.dialled[1].lose()
    assert two.kinds == [Kind.RESET]
    assert len(pool.dialled) == 2


async def test_a_kept_connection_that_said_something_is_not_sent_to_again() -> None:
    """Once a byte of the answer came, the provider has begun to work: no second sending."""
    pool, _ = start()
    feed(pool, OK)
    two = FakeExchange()
    pool.start(two, 1.0)
    feed(pool, b"HTTP/1.1 2")
    pool.dialled[0].lose()
    assert two.kinds == [Kind.RESET]
    assert len(pool.dialled) == 1


async def test_bytes_that_nobody_asked_for_end_the_connection() -> None:
    """U20: an answer on an idle connection must not become the next request's."""
    pool, _ = start()
    feed(pool, OK)
    feed(pool, b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
    assert pool.dialled[0].state == "aborted"
    two = FakeExchange()
    pool.start(two, 1.0)
    assert len(pool.dialled) == 2
    assert (two.status, two.body) == (0, b"")


async def test_bytes_before_any_request_end_the_connection() -> None:
    """U20: a connection that was made and given up is idle; what it says unasked must not answer its first request."""
    pool = FakePool()
    connection = Connection(pool)
    transport = FakeTransport(connection)
    connection.connection_made(transport)
    pool.open += 1
    pool.release(connection, keep=True)
    connection.data_received(OK)
    assert transport.state == "aborted"
    assert pool.idle == [connection]
    one = FakeExchange()
    pool.start(one, 1.0)
    assert one.connection is not connection


@pytest.mark.parametrize("stray", [b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison", b"\0garbage\r\n\r\n"])
async def test_bytes_behind_an_answer_spoil_only_the_connection(stray: bytes) -> None:
    """U20: what comes in the same read behind a whole answer is dropped with the connection; the answer counts."""
    pool, one = start()
    feed(pool, OK + stray)
    assert (one.body, one.ended, one.failures) == (b"hello", 1, [])
    two = FakeExchange()
    pool.start(two, 1.0)
    assert len(pool.dialled) == 2
    assert (two.status, two.body) == (0, b"")


async def test_interim_answers_are_passed_over_up_to_a_flood() -> None:
    """U27: 1xx heads before the real one do not count; too many of them are an attack."""
    pool, one = start()
    feed(pool, b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * MAX_INTERIM + OK)
    assert (one.status, one.body, one.ended) == (200, b"hello", 1)
    assert b"link" not in one.headers
    pool, one = start()
    feed(pool, b"HTTP/1.1 102 Processing\r\n\r\n" * (MAX_INTERIM + 1))
    assert one.kinds == [Kind.PROTOCOL]
    assert pool.dialled[0].state == "aborted"


async def test_a_head_without_end_is_cut_off() -> None:
    """A head must not grow for ever."""
    pool, one = start()
    feed(pool, b"HTTP/1.1 200 OK\r\n")
    for number in range(MAX_HEAD_BYTES // 1000 + 2):
        if not one.failures:
            feed(pool, b"X-%d: %b\r\n" % (number, b"x" * 1000))
    assert one.kinds == [Kind.PROTOCOL]
    assert pool.dialled[0].state == "aborted"


@pytest.mark.parametrize(
    "bad",
    [
        b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", b"HTTP/1.1 200 OK\r\nX y: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 6000 + b"\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    ],
)  # fmt: skip
async def test_what_is_no_http_is_a_protocol_failure(bad: bytes) -> None:
    """U22: hostile or broken framing fails the exchange once and ends the connection."""
    pool, one = start()
    feed(pool, bad)
    assert one.kinds == [Kind.PROTOCOL]
    assert one.ended == 0
    assert pool.dialled[0].state == "aborted"
    pool.dialled[0].lose()
    assert len(one.failures) == 1


async def test_an_exchange_that_fails_takes_only_its_connection(caplog: pytest.LogCaptureFixture) -> None:
    """A fault of ours inside a callback is logged and becomes a failure of the exchange, not of the loop."""

    class Broken(FakeExchange):
        @override
        def on_data(self, data: bytes) -> None:
            raise ValueError("ours")

    pool, one = start(Broken())
    feed(pool, OK[:-1], OK[-1:])
    assert one.kinds == [Kind.PROTOCOL]
    assert "failed to take its answer" in caplog.text
    assert pool.dialled[0].state == "aborted"
    pool, one = start(Broken())
    feed(pool, OK)
    assert (one.wholes, one.kinds, one.ended) == (1, [Kind.PROTOCOL], 0)


async def test_cancelling_closes_the_connection() -> None:
    """The provider sees at once that nobody wants the answer; what still comes is for nobody."""
    pool, one = start()
    feed(pool, OK[:-2])
    assert one.connection is not None
    one.connection.cancel()
    assert pool.dialled[0].state == "aborted"
    pool.dialled[0].lose()
    assert (one.ended, one.failures, pool.open) == (0, [], 0)


async def test_reading_stops_and_goes_on() -> None:
    """Back-pressure: paused once, resumed once, and not left paused for the next exchange."""
    pool, one = start()
    feed(pool, OK[:-2])
    connection = one.connection
    assert connection is not None
    connection.pause()
    seen = [pool.dialled[0].reading]
    connection.resume()
    seen.append(pool.dialled[0].reading)
    connection.pause()
    feed(pool, OK[-2:])
    seen.append(pool.dialled[0].reading)
    assert seen == [False, True, True]
    assert one.ended == 1


async def test_a_full_send_buffer_is_known() -> None:
    """A provider that does not take the request shows as `write_paused`."""
    pool, one = start()
    assert one.connection is not None
    pool.dialled[0].protocol.pause_writing()
    seen = [one.connection.write_paused]
    pool.dialled[0].protocol.resume_writing()
    assert [*seen, one.connection.write_paused] == [True, False]


async def test_a_lost_connection_is_freed_at_once() -> None:
    """No cycle keeps it until a rare collection: 15,000 abandoned streams once made a worker 12 MB larger."""

    def alive() -> int:
        return sum(isinstance(found, Connection) for found in gc.get_objects())

    gc.collect()
    before = alive()
    gc.disable()
    try:
        pool, one = start()
        feed(pool, CHUNKED[:-20])
        assert one.connection is not None
        one.connection.cancel()
        assert alive() == before + 1
        transport: Any = pool.dialled.pop()
        transport.lose()
        transport.protocol = one.connection = None  # as a real transport lets go of its protocol
        assert alive() == before
    finally:
        gc.enable()
