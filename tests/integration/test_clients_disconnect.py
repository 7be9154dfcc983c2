"""C05-C07: clients that close one direction, or hang up, in every phase of a call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from tests.support.gateway import Gateway, open_files, resident
from tests.support.load import LoadClient, connect
from tests.support.raw_http import RawConnection
from tests.support.trial import CHAT, COMPLETIONS, EMBEDDINGS, ONCE, Trial

pytestmark = pytest.mark.alone

Leave = Callable[[RawConnection], None]
LEAVING: dict[str, Leave] = {"fin": RawConnection.close, "rst": RawConnection.reset}
PHASES = {
    "waiting for headers": ("fault:silent", False, b""),
    "waiting for headers, streaming": ("fault:silent", True, b""),
    "waiting for the body": ("fault:head_only", False, b""),
    "waiting for the first token": ("fault:head_only", True, b""),
    "mid-body": ("fault:stall", False, b""),
    "mid-stream": ("fault:ok:n=50,delay=0.1", True, b"#2"),
    "stalled stream": ("fault:stall:after=3", True, b"#2"),
    "last event": ("fault:fin_hold", True, b'"stop"'),
}


@pytest.mark.parametrize("how", LEAVING)
@pytest.mark.parametrize("phase", PHASES)
def test_c06_hanging_up_frees_the_provider_within_a_second(trial: Trial, phase: str, how: str) -> None:
    """C06: in each phase the provider sees the close within 1 s, and there is exactly one row, `client_gone`."""
    model, stream, mark = PHASES[phase]
    marker = trial.marker()
    connection = trial.connect()
    connection.send(trial.request(model, marker, stream=stream, headers=ONCE))
    trial.entry(marker)
    if mark:
        connection.receive_until(mark)
    left = time.monotonic()
    LEAVING[how](connection)
    entry = trial.ended(marker)
    assert entry.ended == "client_closed"
    assert entry.client_closed_at is not None
    assert entry.client_closed_at - left <= 1.0
    row = trial.row(marker)
    assert (row["status"], row["outcome"]) == ("failure", "client_gone")
    if mark:
        assert row["usage_source"] == "estimated"
        assert isinstance(row["completion_tokens"], int)
        assert row["completion_tokens"] >= 1


@pytest.mark.parametrize("how", LEAVING)
@pytest.mark.parametrize(("path", "stream"), [(COMPLETIONS, True), (COMPLETIONS, False), (EMBEDDINGS, False)])
def test_c06_other_routes_free_the_provider_too(trial: Trial, path: str, how: str, *, stream: bool) -> None:
    """C06: the same on the other routes."""
    marker = trial.marker()
    connection = trial.connect()
    connection.send(trial.request("fault:silent", marker, stream=stream, path=path))
    trial.entry(marker)
    left = time.monotonic()
    LEAVING[how](connection)
    closed = trial.ended(marker).client_closed_at
    assert closed is not None
    assert closed - left <= 1.0
    assert trial.row(marker)["outcome"] == "client_gone"


@pytest.mark.parametrize("how", LEAVING)
@pytest.mark.parametrize("port", ["blackhole", "tls_stall"])
def test_c06_hanging_up_while_connecting_ends_the_call(trial: Trial, port: str, how: str) -> None:
    """C06: a client that leaves while the gateway dials gets one row, and the call ends before the dial would."""
    marker = trial.marker()
    connection = trial.connect()
    connection.send(trial.request(port, marker))
    time.sleep(0.2)
    LEAVING[how](connection)
    row = trial.row(marker, seconds=4)
    assert row["outcome"] == "client_gone"
    assert row["usage_source"] == "none" or row["prompt_tokens"] == 0


@pytest.mark.parametrize("how", LEAVING)
def test_c06_hanging_up_between_two_attempts_stops_the_second(trial: Trial, how: str) -> None:
    """C06: a client that leaves while a retry waits causes no further request at the provider."""
    marker = trial.marker()
    connection = trial.connect()
    connection.send(trial.request("fault:status:code=503,retry_after=2", marker))
    trial.entry(marker)
    time.sleep(0.1)
    LEAVING[how](connection)
    row = trial.row(marker, seconds=5)
    assert row["outcome"] == "client_gone"
    time.sleep(2)
    assert len(trial.entries(marker)) == 1


@pytest.mark.parametrize("how", LEAVING)
def test_c06_hanging_up_inside_the_body_sends_nothing(trial: Trial, how: str) -> None:
    """C06: half a request body and a hang-up reach no provider and leave nothing behind."""
    (worker,) = trial.gateway.worker_pids()
    trial.call("plain")
    before = open_files(worker)
    for _ in range(20):
        marker = trial.marker()
        connection = trial.connect()
        data = trial.request("plain", marker)
        connection.send(data[:-20])
        LEAVING[how](connection)
        assert trial.entries(marker) == []
    limit = time.monotonic() + 3
    while open_files(worker) > before and time.monotonic() < limit:
        time.sleep(0.05)
    assert open_files(worker) <= before


@pytest.mark.parametrize(
    ("model", "stream"),
    [
        ("plain", False),
        ("plain", True),
        ("fault:ok:head_delay=1.2", False),
        ("fault:ok:head_delay=1.2", True),
        ("fault:ok:n=5,delay=0.3", True),
        ("over-closed", False),
    ],
)
def test_c05_a_half_closed_client_gets_its_answer(trial: Trial, model: str, *, stream: bool) -> None:
    """C05: a client that ends its sending direction after the request still gets the whole answer."""
    marker = trial.marker()
    with trial.connect() as connection:
        connection.send(trial.request(model, marker, stream=stream))
        connection.half_close()
        answer = connection.answer(seconds=10)
    told = trial.tell(marker, answer, stream=stream)
    assert told.acknowledged, answer
    assert trial.row(marker)["outcome"] == "ok"


def test_c05_a_half_closed_client_that_then_leaves_is_noticed(trial: Trial) -> None:
    """C05, C06: half-closing first does not let a client that really leaves keep its upstream."""
    marker = trial.marker()
    connection = trial.connect()
    connection.send(trial.request("fault:silent", marker, stream=True))
    connection.half_close()
    trial.entry(marker)
    time.sleep(0.3)
    left = time.monotonic()
    connection.close()
    closed = trial.ended(marker).client_closed_at
    assert closed is not None
    assert closed - left <= 1.0
    assert trial.row(marker)["outcome"] == "client_gone"


def test_c07_many_hang_ups_at_once_hurt_nobody(trial: Trial) -> None:
    """C07: 300 clients leave in one moment: all upstreams freed within 1.5 s, no error elsewhere, memory back.

    The catalogue asks for 1,000 at once; 300 keep two shared cores below saturation.
    """
    gateway = trial.gateway
    _crowd(trial, 300)  # buffers and pools grow once
    before, files = resident(gateway.worker_pids()[0]), open_files(gateway.worker_pids()[0])
    _crowd(trial, 300)
    _settle(gateway, files)
    assert open_files(gateway.worker_pids()[0]) <= files + 5
    assert resident(gateway.worker_pids()[0]) <= before * 1.05


def _crowd(trial: Trial, count: int) -> None:
    """Open `count` streams, leave all at once, and keep two honest clients calling meanwhile."""

    async def leave_all() -> None:
        clients: list[LoadClient] = []
        markers = [trial.marker() for _ in range(count)]
        for index, marker in enumerate(markers):
            client = await connect(trial.gateway.port)
            stream = index % 3 > 0
            model = "fault:ok:n=200,delay=0.2" if stream else "fault:silent"
            client.transport.write(trial.request(model, marker, stream=stream, headers={"x-litellm-timeout": "30"}))
            clients.append(client)
        await asyncio.sleep(0.3)
        for client in clients:
            client.close()

    asyncio.run(leave_all())
    left = time.monotonic()
    for _ in range(5):
        told = trial.call("plain")
        assert told.acknowledged, told.answer
        assert told.seconds < 0.5
    while trial.provider.counts().open_requests and time.monotonic() - left < 5:
        time.sleep(0.02)
    assert time.monotonic() - left <= 1.5
    assert trial.provider.counts().open_requests == 0


def _settle(gateway: Gateway, files: int) -> None:
    limit = time.monotonic() + 3
    while open_files(gateway.worker_pids()[0]) > files + 5 and time.monotonic() < limit:
        time.sleep(0.05)


def test_c06_a_client_that_leaves_right_after_the_answer_is_no_loss(trial: Trial) -> None:
    """C06: once the answer is whole, leaving is no hang-up: the row says ok."""
    for path in (CHAT, EMBEDDINGS):
        for how in LEAVING.values():
            marker = trial.marker()
            connection = trial.connect()
            connection.send(trial.request("plain", marker, path=path))
            answer = connection.answer()
            how(connection)
            trial.tell(marker, answer, stream=False)
            assert trial.row(marker)["outcome"] == "ok"
