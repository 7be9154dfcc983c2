"""G01-G03, G05-G07: stopping and reloading under load. Nothing refused, nothing cut, nothing lost."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import threading
import time

import pytest

from tests.support.fixtures import MakeGateway
from tests.support.gateway import Gateway, model
from tests.support.load import LoadClient, call, closed_loop, connect
from tests.support.provider import FakeProvider
from tests.support.raw_http import RawConnection, exchange, json_request, request_bytes
from tests.support.trial import CHAT, Trial

pytestmark = pytest.mark.alone

LONG = {"x-litellm-timeout": "60"}


async def open_streams(trial: Trial, count: int, model_name: str) -> list[tuple[str, LoadClient, asyncio.Task[object]]]:
    """Begin streams and wait until each has its first event."""
    opened: list[tuple[str, LoadClient, asyncio.Task[object]]] = []
    for _ in range(count):
        marker = trial.marker()
        client = await connect(trial.gateway.port)
        request = trial.request(model_name, marker, stream=True, headers=LONG)
        opened.append((marker, client, asyncio.create_task(client.ask(request, 30))))
    limit = time.monotonic() + 10
    while any(not client.parser.body for _, client, _ in opened) and time.monotonic() < limit:
        await asyncio.sleep(0.02)
    return opened


def rows_of(trial: Trial) -> dict[str, dict[str, object]]:
    """The rows of this trial's calls, as they are now."""
    return {str(row["end_user"]): row for row in trial.gateway.rows() if row["end_user"] in trial.markers}


@pytest.mark.parametrize("workers", [1, 2])
def test_g01_sigterm_under_load_cuts_and_loses_nothing(
    provider: FakeProvider, make_gateway: MakeGateway, workers: int
) -> None:
    """G01: SIGTERM with 100 open streams and calls coming in: all finish, exit code 0, rows stored before the exit.

    The catalogue's 200 streams are 100 here: two shared cores.
    """
    gateway = make_gateway(workers=workers, trunkline={"shutdown_seconds": 20, "drain_seconds": 1})
    trial = Trial(provider, gateway)

    async def run() -> None:
        streams = await open_streams(trial, 100, "fault:ok:n=8,delay=0.25")
        stopping = time.monotonic()
        gateway.signal(signal.SIGTERM)
        # During the drain time new connections are still taken and answered.
        short = await closed_loop(trial, clients=8, until=lambda: time.monotonic() > stopping + 0.8)
        for marker, client, task in streams:
            await task
            trial.tell(marker, client.parser.answer, stream=True)
            client.close()
        assert len(short) > 20

    asyncio.run(run())
    assert gateway.wait() == 0
    bad = [told.answer for told in trial.told if not told.acknowledged]
    assert not bad, (len(bad), bad[0])
    assert rows_of(trial).keys() >= {told.marker for told in trial.told}, (
        "the process ended before all rows were stored"
    )
    trial.reckon(seconds=0.1)


def test_g02_grace_exceeded_ends_streams_with_an_error_event(provider: FakeProvider, make_gateway: MakeGateway) -> None:
    """G02: what does not fit into the grace ends with one error event and a row, and the exit is in time."""
    gateway = make_gateway(trunkline={"shutdown_seconds": 1, "idle_timeout": 30, "first_byte_timeout": 30})
    trial = Trial(provider, gateway)

    async def run() -> float:
        streams = await open_streams(trial, 20, "fault:ok:n=300,delay=0.1")
        waiting = asyncio.create_task(call(trial, "fault:silent", headers=LONG))
        await asyncio.sleep(0.2)
        start = time.monotonic()
        gateway.signal(signal.SIGTERM)
        for marker, client, task in streams:
            await task
            trial.tell(marker, client.parser.answer, stream=True)
            client.close()
        told = await waiting
        assert told.answer.status == 503, told.answer
        return start

    start = asyncio.run(run())
    assert gateway.wait() == 0
    assert time.monotonic() - start <= 1 + 2
    rows = rows_of(trial)
    for told in trial.told:
        if told.stream:
            assert told.answer.complete, told.answer.error
            stream = told.answer.stream
            assert (len(stream.errors), stream.done, stream.broken) == (1, 0, [])
        row = rows[told.marker]
        assert (row["status"], row["outcome"]) == ("failure", "shutdown")
    trial.reckon(seconds=0.1)


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_g03_a_second_signal_hurries_and_still_stores_rows(
    provider: FakeProvider, make_gateway: MakeGateway, second: signal.Signals
) -> None:
    """G03: a second signal ends the wait; the process exits at once, and every call has its row."""
    gateway = make_gateway(trunkline={"shutdown_seconds": 60, "idle_timeout": 30})
    trial = Trial(provider, gateway)

    async def run() -> float:
        streams = await open_streams(trial, 10, "fault:ok:n=300,delay=0.1")
        gateway.signal(signal.SIGTERM)
        await asyncio.sleep(0.5)
        assert gateway.process.poll() is None
        start = time.monotonic()
        gateway.signal(second)
        await asyncio.gather(*(task for _, _, task in streams), return_exceptions=True)
        for marker, client, _ in streams:
            trial.tell(marker, client.parser.answer, stream=True)
            client.close()
        return start

    start = asyncio.run(run())
    gateway.wait()
    assert time.monotonic() - start <= 3
    assert rows_of(trial).keys() == trial.markers
    trial.reckon(seconds=0.1)


def variants(provider: FakeProvider, gateway: Gateway) -> list[str]:
    """Four configurations that differ in a model, a limit and a setting."""
    texts: list[str] = []
    for index in range(4):
        config = json.loads(gateway.config.text())
        if index % 2:
            config["model_list"].append(model(f"extra-{index}", "extra", provider.base_url))
        config["router_settings"]["num_retries"] = 1 + index % 3
        config["general_settings"]["trunkline"]["idle_timeout"] = 5 + index
        texts.append(json.dumps(config, indent=2))
    return texts


@pytest.mark.parametrize("workers", [1, 2])
def test_g05_a_hundred_reloads_under_load_are_not_noticed(
    provider: FakeProvider, make_gateway: MakeGateway, workers: int
) -> None:
    """G05: 100 reloads by SIGHUP under load: no error of any kind, and each call ran under one of the versions."""
    gateway = make_gateway(workers=workers)
    trial = Trial(provider, gateway)
    texts = variants(provider, gateway)
    done = threading.Event()

    def reload() -> None:
        for round_ in range(100):
            new = gateway.config_file.with_suffix(".new")
            new.write_text(texts[round_ % 4])
            new.rename(gateway.config_file)
            gateway.signal(signal.SIGHUP)
            time.sleep(0.05)
        done.set()

    async def run() -> None:
        load = asyncio.create_task(closed_loop(trial, clients=8, until=done.is_set, model="fault:ok:n=3,delay=0.005"))
        await asyncio.to_thread(reload)
        await load

    asyncio.run(run())
    bad = [told.answer for told in trial.told if not told.acknowledged]
    assert not bad, (len(bad), bad[0])
    trial.reckon()
    versions = {row["config_version"] for row in rows_of(trial).values()}
    assert 2 <= len(versions) <= 5, versions
    assert gateway.stop() == 0


def wrong_configs(provider: FakeProvider, good: str) -> dict[str, str]:
    """Configurations that must be refused, each wrong in one way."""

    def changed(path: str, value: object) -> str:
        config = json.loads(good)
        place = config
        *parents, last = path.split(".")
        for name in parents:
            place = place[int(name) if name.isdigit() else name]
        place[int(last) if last.isdigit() else last] = value
        return json.dumps(config, indent=2)

    first = "model_list.0.litellm_params."
    return {
        "syntax": good[:-20] + "}}}",
        "half-written": good[: len(good) // 2],
        "empty": "",
        "no mapping": "[1, 2, 3]",
        "wrong type": changed("model_list", {"a": 1}),
        "model without a name": changed("model_list.0", {"litellm_params": {"model": "openai/x"}}),
        "bad URL": changed(first + "api_base", "htp:/nowhere"),
        "negative price": changed(first + "input_cost_per_token", -1),
        "price that is no number": changed(first + "input_cost_per_token", "cheap"),
        "retries that are no number": changed("router_settings.num_retries", "many"),
        "negative time-out": changed("general_settings.trunkline.idle_timeout", -1),
        "tabs": "model_list:\n\t- model_name: x\n",
    }


def test_g06_a_bad_config_keeps_the_old_one(provider: FakeProvider, make_gateway: MakeGateway) -> None:
    """G06: twelve bad files: `check` fails, a reload is refused with a reason, the old config serves on unchanged."""
    gateway = make_gateway()
    trial = Trial(provider, gateway)
    good = gateway.config_file.read_text()
    assert trial.call("plain").acknowledged
    version = trial.row(trial.told[-1].marker)["config_version"]
    headers = {"Authorization": f"Bearer {gateway.master_key}", "Content-Type": "application/json"}
    bad = wrong_configs(provider, good)
    assert len(bad) == 12
    for name, text in bad.items():
        gateway.config_file.write_text(text)
        checked = check(gateway)
        assert checked.returncode != 0, f"`check` took a config with {name}"
        assert "Traceback" not in checked.stderr + checked.stdout
        assert gateway.config_file.name in checked.stderr + checked.stdout, (name, checked.stderr)
        answer = exchange(gateway.port, request_bytes("POST", "/config/reload", b"{}", headers))
        assert 400 <= answer.status < 500, (name, answer)
        gateway.signal(signal.SIGHUP)
        assert trial.call("plain").acknowledged
    rows = trial.gateway.wait_rows(lambda _: trial.markers <= rows_of(trial).keys())
    assert {row["config_version"] for row in rows if row["end_user"] in trial.markers} == {version}
    gateway.config_file.write_text(good)
    assert check(gateway).returncode == 0
    assert exchange(gateway.port, request_bytes("POST", "/config/reload", b"{}", headers)).status == 200
    assert trial.call("plain").acknowledged
    trial.reckon()


def check(gateway: Gateway) -> subprocess.CompletedProcess[str]:
    """`trunkline check` on the gateway's config, with its environment."""
    environment = {"PATH": "/usr/bin:/bin", "LITELLM_MASTER_KEY": gateway.master_key, "CANARY_PROVIDER_KEY": "sk-x"}
    command = [*Gateway.command(), "check", "--config", str(gateway.config_file)]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=gateway.config_file.parent, timeout=30
    )


def test_g07_readiness_goes_first_then_the_socket(make_gateway: MakeGateway) -> None:
    """G07: after SIGTERM readiness says no while connections are still taken; the socket closes `drain_seconds` later;
    idle kept connections are told to close by their next answer, not cut.
    """
    gateway = make_gateway(trunkline={"drain_seconds": 1.5, "shutdown_seconds": 5})
    models = request_bytes("GET", "/v1/models", headers={"Authorization": f"Bearer {gateway.master_key}"})
    chat = json_request(CHAT, {"model": "plain", "messages": []}, gateway.master_key)
    assert gateway.get("/health/readiness").status == 200
    with RawConnection(gateway.port) as kept, RawConnection(gateway.port) as calling:
        for connection, request in ((kept, models), (calling, chat)):
            connection.send(request)
            assert connection.answer().status == 200
        trace: list[tuple[float, str]] = []
        start = time.monotonic()
        gateway.signal(signal.SIGTERM)
        time.sleep(0.3)
        for connection, request in ((calling, chat), (kept, models)):
            connection.send(request)
            answer = connection.answer()
            assert (answer.status, answer.header("connection")) == (200, "close")
    while time.monotonic() - start < 5 and (not trace or trace[-1][1] != "refused"):
        try:
            state = str(gateway.get("/health/readiness", seconds=2).status)
        except OSError:
            state = "refused"
        trace.append((time.monotonic() - start, state))
        time.sleep(0.05)
    assert gateway.wait() == 0
    states = [state for _, state in trace]
    assert states == sorted(states, key=["503", "0", "refused"].index), trace
    assert states.count("503") >= 5, trace
    closed = next(at for at, state in trace if state == "refused")
    assert 1.4 <= closed <= 2.5, trace
