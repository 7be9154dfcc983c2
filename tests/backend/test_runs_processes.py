"""Runs and processes: another replica serves and stops them, and what a dead one leaves is cut, never lost or doubled."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection

from tests.backend.runs_fixtures import mark, runs_gateway
from tests.backend.runs_support import App, answer_of, app_before, events, marked, messages, send
from tests.backend.test_runs import entries, pico, wait_for
from tests.support.gateway import Gateway, resident
from tests.support.provider import FakeProvider

__all__ = ["mark", "runs_gateway"]

Sql = Callable[[str], list[Any]]


@pytest.fixture
def place(place: str) -> dict[str, str]:
    """A database of the test's own: `APP_DATABASE_URL`."""
    return {"APP_DATABASE_URL": place}


@pytest.fixture
def sql(place: dict[str, str]) -> Iterator[Sql]:
    """Statements on that database."""
    url = place["APP_DATABASE_URL"]
    engine = create_engine(url if url.startswith("sqlite") else url.replace("postgresql://", "postgresql+asyncpg://"))
    if not url.startswith("sqlite"):
        engine.dispose()
        yield lambda statement: _on_postgresql(url, statement)
        return

    @event.listens_for(engine, "connect")
    def as_the_application_does(connection: DBAPIConnection, _entry: object) -> None:
        connection.cursor().execute("PRAGMA foreign_keys=ON")

    def run(statement: str) -> list[Any]:
        with engine.begin() as connection:
            result = connection.execute(text(statement))
            return [tuple(row) for row in result] if result.returns_rows else []

    yield run
    engine.dispose()


def _on_postgresql(url: str, statement: str) -> list[Any]:
    import asyncio

    import asyncpg

    async def ask() -> list[Any]:
        connection = await asyncpg.connect(url)
        try:
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    return asyncio.run(ask())


def wait_until(ready: Callable[[], bool], seconds: float = 15.0) -> None:
    """Poll for what another process does."""
    limit = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < limit
        time.sleep(0.02)


def test_another_replica_streams_and_stops_a_run(
    runs_gateway: Gateway, provider: FakeProvider, place: dict[str, str], tmp_path: Path, mark: str
) -> None:
    """The one reads from the table what the other writes, without a gap; a stop asked of it reaches the provider."""
    with (
        app_before(runs_gateway, tmp_path / "a", **place) as writer,
        app_before(runs_gateway, tmp_path / "b", **place) as other,
        writer.client() as mine,
        other.client() as theirs,
    ):
        run = send(mine, marked("ok", mark, n=10, delay=0.1))
        early = events(theirs, run["id"], until="delta")
        rest = events(theirs, run["id"], early.last_id)
        assert early.events + rest.events == events(mine, run["id"]).events
        assert [event.id for event in early.events + rest.events] == list(range(1, rest.last_id + 1))
        stalled = f"{mark}x"
        run = send(mine, marked("stall", stalled, after=2, n=50))
        events(theirs, run["id"], until="delta", words=2)
        asked = time.monotonic()
        assert theirs.post(f"/api/runs/{run['id']}/stop", json={}).json()["state"] == "running"
        closed_at = wait_for(provider, stalled, "client_closed").client_closed_at
        assert closed_at is not None
        assert closed_at - asked < 1.0
        assert events(theirs, run["id"]).of("answer_end")[0]["status"] == "stopped"
        assert answer_of(theirs, run)["content"].count("#") == 2


def test_a_kill_leaves_an_answer_that_is_cut_with_its_text(
    runs_gateway: Gateway, provider: FakeProvider, place: dict[str, str], tmp_path: Path, sql: Sql, mark: str
) -> None:
    """After `kill -9` and a start: the text up to the last write, status `cut`, the run ended, one call, one receipt."""
    with app_before(runs_gateway, tmp_path / "a", **place) as app:
        with app.client() as client:
            run = send(client, marked("stall", mark, after=4, n=50))
            seen = events(client, run["id"], until="delta")
            wait_until(lambda: sql("SELECT count(*) FROM run_events WHERE type = 'delta'")[0][0] >= 1)
            written = sql("SELECT count(*) FROM run_events")[0][0]
        app.kill()
        app.start()
        with app.client() as client:
            answer = answer_of(client, run)
            assert answer["status"] == "cut"
            assert answer["error"]["code"] == "cut"
            assert answer["content"].startswith(seen.text())
            assert client.get(f"/api/runs/{run['id']}").json()["state"] == "ended"
            last_id = client.get(f"/api/runs/{run['id']}").json()["last_event_id"]
            # Whatever a reader had seen, it now gets the answer as it is, and the end.
            for after in (0, seen.last_id, written + 5):
                read = events(client, run["id"], after)
                assert read.types == ["snapshot", "end"]
                (shown,) = read.of("snapshot")[0]["messages"]
                assert shown["content"] == answer["content"]
            assert events(client, run["id"], last_id).types == ["end"]
            assert len(messages(client, run)) == 2
            assert len(entries(provider, mark)) == 1
            # The ledger has the call under the id that was written down when it began.
            call_id = answer["receipt"]["call_id"]
            wait_until(lambda: bool(answer_of(client, run)["receipt"]["settled"]))
            cost = answer_of(client, run)["receipt"]["cost_nano"]
            assert int(cost) * 1000 == pico(runs_gateway, call_id) > 0
            # The same request again starts nothing.
            assert sql("SELECT count(*) FROM runs")[0][0] == 1
        assert len(entries(provider, mark)) == 1


def test_a_stop_of_the_application_cuts_what_runs(
    runs_gateway: Gateway, provider: FakeProvider, place: dict[str, str], tmp_path: Path, sql: Sql, mark: str
) -> None:
    """SIGTERM ends the call at the provider, and the whole text so far is kept."""
    with app_before(runs_gateway, tmp_path / "a", **place) as app:
        with app.client() as client:
            run = send(client, marked("stall", mark, after=4, n=50))
            events(client, run["id"], until="delta", words=4)
        assert app.stop() in {0, -signal.SIGTERM}, app.log()[-2000:]
        assert wait_for(provider, mark, "client_closed").events == 4
        status, content = sql(f"SELECT status, content FROM messages WHERE id = '{run['answers'][0]['message_id']}'")[0]
        assert (status, content.count("#")) == ("cut", 4)
        assert sql("SELECT state FROM runs") == [("ended",)]


def test_open_streams_do_not_hold_up_the_end(
    runs_gateway: Gateway, place: dict[str, str], tmp_path: Path, mark: str
) -> None:
    """At SIGTERM the readers of one's own runs get their end, those of another's come back: the server need not wait.

    It would wait for a minute, and `stop` gives up after 20 seconds.
    """
    with (
        app_before(runs_gateway, tmp_path / "a", GRACE="60", **place) as writer,
        app_before(runs_gateway, tmp_path / "b", GRACE="60", **place) as other,
        writer.client() as mine,
        other.client() as theirs,
        ThreadPoolExecutor(2) as pool,
    ):
        run = send(mine, marked("stall", mark, after=2, n=50))
        for client in (mine, theirs):
            events(client, run["id"], until="delta")
        watched = pool.submit(events, mine, run["id"])
        from_afar = pool.submit(events, theirs, run["id"])
        wait_until(lambda: all(app.log().count("/events?after=0") == 2 for app in (writer, other)))
        other.stop()
        assert from_afar.result(20).types[-1] != "end"
        writer.stop()
        read = watched.result(20)
        assert read.types[-1] == "end"
        assert read.of("answer_end")[0]["status"] == "cut"


def test_a_run_whose_conversation_is_deleted_ends_with_words(
    runs_gateway: Gateway, provider: FakeProvider, place: dict[str, str], tmp_path: Path, sql: Sql, mark: str
) -> None:
    """Deleted under it by whomever, the answer says so, its stream has an end, and the provider is stopped."""
    with app_before(runs_gateway, tmp_path / "a", **place) as app, app.client() as client:
        run = send(client, marked("stall", mark, after=2, n=50))
        early = events(client, run["id"], until="delta")
        sql(f"DELETE FROM conversations WHERE id = '{run['conversation_id']}'")
        read = events(client, run["id"], early.last_id)
        assert read.types[-3:] == ["error", "answer_end", "end"]
        assert "deleted for good" in read.of("error")[0]["error"]["message"]
        wait_for(provider, mark, "client_closed")


def test_a_replica_that_hangs_loses_its_run_and_writes_no_more(
    runs_gateway: Gateway, place: dict[str, str], tmp_path: Path, sql: Sql, mark: str
) -> None:
    """Without a sign of life for ten seconds the other cuts its run; when it comes back, nothing changes."""
    # Only silence tells of a process that is there and does not move.
    with (
        app_before(runs_gateway, tmp_path / "a", **place) as frozen,
        app_before(runs_gateway, tmp_path / "b", **place) as other,
        frozen.client() as mine,
        other.client() as theirs,
    ):
        run = send(mine, marked("stall", mark, after=2, n=50))
        events(theirs, run["id"], until="delta")
        frozen.signal(signal.SIGSTOP)
        wait_until(lambda: bool(theirs.get(f"/api/runs/{run['id']}").json()["state"] == "ended"), 30)
        frozen.signal(signal.SIGCONT)
        assert events(theirs, run["id"]).types == ["snapshot", "end"]
        # The one that was away answers requests again, and has let its run go.
        wait_until(lambda: "was ended by another process" in frozen.log())
        assert answer_of(mine, run)["status"] == "cut"
        assert events(mine, run["id"]).types == ["snapshot", "end"]
        assert sql("SELECT count(*) FROM run_events") == [(0,)]


def test_events_are_given_up_for_a_snapshot_after_a_while(
    runs_gateway: Gateway, place: dict[str, str], tmp_path: Path, sql: Sql
) -> None:
    """Ten minutes after its end a run's events are deleted; who comes later gets the messages."""
    with app_before(runs_gateway, tmp_path / "a", **place) as app, app.client() as client:
        run = send(client)
        whole = events(client, run["id"])
        sql("UPDATE runs SET ended_us = ended_us - 700000000")
        sql("UPDATE run_events SET created_us = created_us - 700000000")
    with app_before(runs_gateway, tmp_path / "a", **place) as app, app.client() as client:
        wait_until(lambda: bool(sql("SELECT count(*) FROM run_events")[0][0] == 0))
        read = events(client, run["id"], 3)
        assert read.types == ["snapshot", "end"]
        assert read.last_id == whole.last_id
        assert read.of("snapshot")[0]["messages"][0]["content"] == whole.text()


def test_a_flood_does_not_fill_the_memory(
    runs_gateway: Gateway, place: dict[str, str], tmp_path: Path, mark: str
) -> None:
    """An answer that does not end is stopped at 8 MB, and has held little more than itself."""
    with app_before(runs_gateway, tmp_path / "a", **place) as app, app.client() as client:
        events(client, send(client)["id"])
        before = resident(app.pid)
        run = send(client, marked("flood", mark, megabytes=60))
        most = 0
        while client.get(f"/api/runs/{run['id']}").json()["state"] == "running":
            most = max(most, resident(app.pid))
        assert most - before < 150_000_000, f"{(most - before) >> 20} MB"
        answer = answer_of(client, run)
        assert answer["status"] == "cut"
        assert "longer than 8 MB" in answer["error"]["message"]
        assert len(answer["content"]) >= 8_000_000


def test_the_gateway_may_come_later(place: dict[str, str], tmp_path: Path) -> None:
    """Without a gateway the answer is an error that says so, and the message is kept."""
    with App(tmp_path / "a", "http://127.0.0.1:1", "sk-none", **place) as app, app.client() as client:
        run = send(client, "plain", "keep me")
        (event,) = events(client, run["id"]).of("error")
        assert event["error"]["code"] == "gateway_down"
        assert event["error"]["message"].startswith("The gateway at :1 does not answer")
        assert messages(client, run)[run["user_message_id"]]["content"] == "keep me"
