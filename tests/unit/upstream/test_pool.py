"""Connections to one origin: kept, lent last-in first-out, closed in time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.unit.upstream.fakes import ORIGIN, FakeExchange, FakePool
from trunkline.upstream import Connection, Kind, Origin, Pool, Pools
from trunkline.upstream import pool as module
from trunkline.upstream.connect import ConnectError
from trunkline.upstream.pool import IDLE_SECONDS, LINGER_SECONDS, MAX_IDLE

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
STREAM = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"


def run(pool: FakePool, count: int) -> list[FakeExchange]:
    """Exchanges that are all under way at once."""
    exchanges = [FakeExchange() for _ in range(count)]
    for one in exchanges:
        pool.start(one, 1.0)
    return exchanges


async def test_the_last_one_back_goes_out_first() -> None:
    """Lent last-in first-out, so that connections that are not needed fall idle."""
    pool = FakePool()
    run(pool, 3)
    for transport in pool.dialled:
        transport.protocol.data_received(OK)
    (one,) = run(pool, 1)
    assert one.connection is pool.dialled[2].protocol
    assert len(pool.dialled) == 3


async def test_a_closing_connection_is_not_lent() -> None:
    """A kept connection that the provider closed is passed over."""
    pool = FakePool()
    run(pool, 2)
    for transport in pool.dialled:
        transport.protocol.data_received(OK)
    pool.dialled[1].state = "closed"
    (one,) = run(pool, 1)
    assert one.connection is pool.dialled[0].protocol


async def test_idle_connections_are_closed_in_time() -> None:
    """Ours close before most hosts do; those in use and those idle for less stay."""
    pool = FakePool()
    run(pool, 2)
    pool.dialled[0].protocol.data_received(OK)
    now = asyncio.get_running_loop().time()
    pool.sweep(now + IDLE_SECONDS - 1)
    assert pool.dialled[0].state == "open"
    pool.sweep(now + IDLE_SECONDS + 1)
    assert [transport.state for transport in pool.dialled] == ["closed", "open"]
    assert pool.idle == []


async def test_not_too_many_are_kept() -> None:
    """After a burst, connections beyond the limit are closed."""
    pool = FakePool()
    run(pool, MAX_IDLE + 5)
    for transport in pool.dialled:
        transport.protocol.data_received(OK)
    assert len(pool.idle) == MAX_IDLE
    assert [transport.state for transport in pool.dialled].count("closed") == 5


async def test_lingering_keeps_a_connection_whose_end_is_near() -> None:
    """After `[DONE]` the rest of the framing is awaited for a moment: it comes, and the connection is kept."""
    pool = FakePool()
    (one,) = run(pool, 1)
    pool.dialled[0].protocol.data_received(STREAM)
    assert one.connection is not None
    one.connection.linger()
    pool.dialled[0].protocol.data_received(b"0\r\n\r\n")
    assert len(pool.idle) == 1
    assert (one.ended, one.failures) == (0, [])


async def test_lingering_ends() -> None:
    """An answer whose end does not come costs its connection after a second, and nothing is told to anybody."""
    pool = FakePool()
    (one,) = run(pool, 1)
    pool.dialled[0].protocol.data_received(STREAM)
    assert one.connection is not None
    one.connection.linger()
    pool.dialled[0].protocol.data_received(b"2\r\nxx\r\n")
    now = asyncio.get_running_loop().time()
    pool.sweep(now + LINGER_SECONDS / 2)
    assert pool.dialled[0].state == "open"
    pool.sweep(now + LINGER_SECONDS + 0.1)
    assert pool.dialled[0].state == "aborted"
    pool.dialled[0].lose()
    assert (one.body, one.ended, one.failures, pool.idle) == (b"ok", 0, [], [])


async def test_lingering_after_the_whole_answer_is_none() -> None:
    """The end came in the same read as `[DONE]`: the connection is idle already."""
    pool = FakePool()
    (one,) = run(pool, 1)
    pool.dialled[0].protocol.data_received(STREAM + b"0\r\n\r\n")
    assert one.connection is not None
    one.connection.linger()
    pool.sweep(asyncio.get_running_loop().time() + LINGER_SECONDS + 0.1)
    assert pool.dialled[0].state == "open"


class Dials:
    """Stands for `connect`: waits for `go`, then connects or fails."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.failure: ConnectError | None = None
        self.made: list[Connection] = []

    async def connect(self, origin: Origin, context: object, factory: Any, seconds: float, loop: object) -> Connection:
        """Take the place of `trunkline.upstream.connect.connect`."""
        await self.go.wait()
        if self.failure is not None:
            raise self.failure
        from tests.unit.upstream.fakes import FakeTransport

        connection: Connection = factory()
        connection.connection_made(FakeTransport(connection))
        self.made.append(connection)
        return connection


@pytest.fixture
async def dials(monkeypatch: pytest.MonkeyPatch) -> Dials:
    """Connecting in the test's hands."""
    made = Dials()
    monkeypatch.setattr(module, "connect", made.connect)
    return made


async def turns() -> None:
    """Let tasks run."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_dialled_connection_serves_its_exchange(dials: Dials) -> None:
    """The request leaves once the connection stands."""
    pool, one = Pool(ORIGIN, None, asyncio.get_running_loop()), FakeExchange()
    pool.start(one, 1.0)
    await turns()
    assert one.sent == 0
    dials.go.set()
    await turns()
    assert (one.sent, pool.open, one.connection) == (1, 1, dials.made[0])


async def test_a_failed_dial_is_told(dials: Dials) -> None:
    """Kind and text of the failure reach the exchange."""
    pool, one = Pool(ORIGIN, None, asyncio.get_running_loop()), FakeExchange()
    dials.failure = ConnectError(Kind.DNS, "no such name")
    dials.go.set()
    pool.start(one, 1.0)
    await turns()
    assert [(f.kind, f.text) for f in one.failures] == [(Kind.DNS, "no such name")]
    assert pool.open == 0


async def test_giving_up_stops_the_dial(dials: Dials) -> None:
    """An exchange that no longer wants its connection hears nothing more, and nothing leaks."""
    pool, one = Pool(ORIGIN, None, asyncio.get_running_loop()), FakeExchange()
    pool.start(one, 1.0)
    await turns()
    pool.give_up(one)
    dials.go.set()
    await turns()
    assert (one.sent, one.failures, pool.open, dials.made) == (0, [], 0, [])
    pool.give_up(one)


async def test_closing_the_pool(dials: Dials) -> None:
    """Idle connections are closed and dials are stopped."""
    pool, one = Pool(ORIGIN, None, asyncio.get_running_loop()), FakeExchange()
    dials.go.set()
    pool.start(one, 1.0)
    await turns()
    dials.made[0].data_received(OK)
    dials.go.clear()
    two, three = FakeExchange(), FakeExchange()
    pool.start(two, 1.0)
    pool.start(three, 1.0)
    dials.made[0].data_received(OK)
    pool.close()
    await turns()
    assert dials.made[0].transport.is_closing()
    assert (three.sent, pool._dialling.get(three) is None or pool._dialling[three].cancelled()) == (0, True)


async def test_an_origin_has_one_pool() -> None:
    """Scheme, host and port tell origins apart."""
    pools = Pools(asyncio.get_running_loop())
    one = pools.of(Origin("http", "a", 80))
    assert pools.of(Origin("http", "a", 80)) is one
    assert pools.of(Origin("http", "a", 81)) is not one
    assert pools.of(Origin("https", "a", 80)) is not one
    assert str(Origin("https", "a", 443)) == "https://a:443"
    pools.close()
