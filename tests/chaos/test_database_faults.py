"""D01, D02, D04, D08: PostgreSQL frozen, killed, out of reach or not there yet. Calls go on, and no row is lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import asyncpg
import pytest

from tests.support.fixtures import MakeGateway
from tests.support.gateway import Gateway, Row
from tests.support.ledger import Database
from tests.support.load import closed_loop
from tests.support.postgres import Postgres, running
from tests.support.provider import FakeProvider
from tests.support.tcp_proxy import TcpProxy
from tests.support.trial import Trial
from trunkline.store.tables import logs

pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL of our own."""
    with running() as server:
        yield server


@pytest.fixture
def database(postgres: Postgres) -> str:
    """The URL of a fresh database on it."""
    name = f"faults_{time.monotonic_ns()}"

    async def create() -> None:
        connection = await asyncpg.connect(postgres.url())
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.close()

    asyncio.run(create())
    return postgres.url(name)


def on_postgres(gateway: Gateway, url: str) -> Gateway:
    """Let the gateway's rows be read from PostgreSQL (where the tables may not be there yet)."""

    def read() -> list[Row]:
        try:
            return Database(url).table(logs)
        except Exception as error:
            if "does not exist" in str(error):
                return []
            raise

    gateway.read_rows = read
    return gateway


async def load(trial: Trial, seconds: float) -> None:
    """Mixed load of 8 clients."""
    end = time.monotonic() + seconds
    await closed_loop(trial, clients=8, until=lambda: time.monotonic() > end, model="fault:ok:n=3,delay=0.01")


def assert_all_served(trial: Trial, slowest: float = 2.0) -> None:
    """No call failed, and none hung."""
    bad = [told.answer for told in trial.told if not told.acknowledged]
    assert not bad, (len(bad), bad[0])
    assert max(told.seconds for told in trial.told) <= slowest


@pytest.mark.slow
def test_d01_a_frozen_database_holds_nothing_up(
    provider: FakeProvider, make_gateway: MakeGateway, postgres: Postgres, database: str
) -> None:
    """D01: PostgreSQL stopped for 4 s (30 in the catalogue): every call is served in time, no row is lost."""
    gateway = on_postgres(make_gateway(environment={"DATABASE_URL": database}), database)
    trial = Trial(provider, gateway)
    assert trial.call("plain").acknowledged
    trial.row(trial.told[0].marker)

    async def run() -> None:
        under_load = asyncio.create_task(load(trial, 6))
        await asyncio.sleep(1)
        postgres.freeze()
        try:
            await asyncio.sleep(3)
            answer = await asyncio.to_thread(gateway.get, "/health/readiness", seconds=2.0)
            assert answer.status in (200, 503)
            await asyncio.sleep(1)
        finally:
            postgres.thaw()
        await under_load

    asyncio.run(run())
    assert_all_served(trial)
    trial.reckon(seconds=20)
    assert gateway.stop() == 0


@pytest.mark.slow
def test_d02_a_database_killed_five_times_loses_nothing(
    provider: FakeProvider, make_gateway: MakeGateway, postgres: Postgres, database: str
) -> None:
    """D02: PostgreSQL killed with `kill -9` and started again five times under load: 0 lost, 0 doubled, no error."""
    gateway = on_postgres(make_gateway(environment={"DATABASE_URL": database}), database)
    trial = Trial(provider, gateway)
    trial.call("plain")
    trial.row(trial.told[0].marker)

    def killer() -> None:
        for _ in range(5):
            time.sleep(0.8)
            postgres.kill9()
            time.sleep(0.4)
            postgres.restart()

    async def run() -> None:
        killing = asyncio.create_task(asyncio.to_thread(killer))
        while not killing.done():
            await load(trial, 1.0)
        await killing

    asyncio.run(run())
    assert_all_served(trial)
    trial.reckon(seconds=20)
    assert gateway.stop() == 0


@pytest.mark.slow
def test_d06_links_cut_at_commit_double_nothing(
    provider: FakeProvider, make_gateway: MakeGateway, postgres: Postgres, database: str
) -> None:
    """D06: the link is cut right behind the client's COMMIT, again and again: what was stored is not stored twice."""
    with TcpProxy(("127.0.0.1", postgres.port)) as proxy:
        url = database.replace(f":{postgres.port}/", f":{proxy.port}/")
        gateway = on_postgres(make_gateway(environment={"DATABASE_URL": url}), database)
        trial = Trial(provider, gateway)
        trial.call("plain")
        trial.row(trial.told[0].marker)
        proxy.cut_after(b"COMMIT")
        asyncio.run(load(trial, 4))
        cuts = proxy.connections
        proxy.heal()
        assert_all_served(trial)
        trial.reckon(seconds=20)
        assert cuts >= 3, "the proxy never saw a COMMIT: the test proved nothing"
        assert gateway.stop() == 0


@pytest.mark.slow
def test_d08_a_database_that_is_absent_at_start_is_waited_for(
    provider: FakeProvider, make_gateway: MakeGateway, postgres: Postgres, database: str
) -> None:
    """D08: with no database at the start the gateway serves, says so in its readiness, and ships once it is there."""
    with TcpProxy(("127.0.0.1", postgres.port)) as proxy:
        proxy.refuse()
        url = database.replace(f":{postgres.port}/", f":{proxy.port}/")
        gateway = on_postgres(make_gateway(environment={"DATABASE_URL": url}), database)
        trial = Trial(provider, gateway)
        asyncio.run(load(trial, 1))
        assert_all_served(trial)
        limit = time.monotonic() + 5
        while b'"connected"' in gateway.get("/health/readiness").body and time.monotonic() < limit:
            time.sleep(0.1)
        said = gateway.get("/health/readiness").json
        assert said["db"] != "connected", said
        assert trial.call("plain").answer.status == 200
        proxy.heal()
        trial.reckon(seconds=20)
        assert gateway.get("/health/readiness").json["db"] == "connected"
        assert gateway.stop() == 0


@pytest.mark.slow
def test_d08_a_stop_while_the_database_is_away_keeps_the_rows(
    provider: FakeProvider, make_gateway: MakeGateway, postgres: Postgres, database: str
) -> None:
    """D02, G01: stopped while the database is away, the gateway ends in time; the next start ships what waited."""
    with TcpProxy(("127.0.0.1", postgres.port)) as proxy:
        url = database.replace(f":{postgres.port}/", f":{proxy.port}/")
        gateway = on_postgres(make_gateway(environment={"DATABASE_URL": url}), database)
        trial = Trial(provider, gateway)
        trial.call("plain")
        trial.row(trial.told[0].marker)
        proxy.refuse()
        asyncio.run(load(trial, 1))
        assert gateway.stop(seconds=15) == 0
        assert_all_served(trial)
        proxy.heal()
        gateway.start()
        trial.reckon(seconds=20)
