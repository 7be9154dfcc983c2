"""Calls are told to Langfuse and Sentry by their own SDKs, and whatever these do, calls and ledger do not notice."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from langfuse import Langfuse

from tests.support.fixtures import MakeGateway
from tests.support.gateway import Gateway, descendants
from tests.support.observers import PUBLIC, SECRET, SENTRY_KEY, Observers
from tests.support.raw_http import Answer, exchange, json_request

CHAT = "/v1/chat/completions"
GUIDE: dict[str, object] = {"success_callback": ["langfuse", "prometheus"], "failure_callback": ["sentry"]}
"""The last block of the guide."""


@pytest.fixture
def observers() -> Iterator[Observers]:
    """Langfuse and Sentry."""
    with Observers() as running:
        yield running


def until(ready: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Poll until it is so."""
    limit = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > limit:
            return False
        time.sleep(0.05)
    return True


def ask(gateway: Gateway, marker: str, name: str = "plain", *, stream: bool = False) -> Answer:
    """A call whose row is found by `marker`."""
    body: dict[str, Any] = {
        "model": name,
        "messages": [{"role": "user", "content": "the-prompt-that-stays-here"}],
        "user": marker,
        "stream": stream,
    }
    return exchange(gateway.port, json_request(CHAT, body, gateway.master_key, {"Connection": "close"}))


def counted(gateway: Gateway, kind: str, callback: str) -> int:
    """`trunkline_callback_<kind>_total` of a callback."""
    text = gateway.get("/metrics").body.decode()
    name = f'trunkline_callback_{kind}_total{{callback="{callback}"}} '
    return next((int(line.removeprefix(name)) for line in text.splitlines() if line.startswith(name)), 0)


def sender(gateway: Gateway) -> int | None:
    """The sender's process id."""
    for pid in descendants(gateway.pid):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123 - procfs
                if b"sender_main" in file.read():
                    return pid
        except OSError:
            continue
    return None


@pytest.mark.parametrize("workers", [1, 2])
def test_langfuse_gets_every_call_that_went_well(make_gateway: MakeGateway, observers: Observers, workers: int) -> None:
    """One generation each, with the row's tokens, money, times and ids, and nothing of what was said."""
    gateway = make_gateway(litellm=GUIDE, environment=observers.environment, workers=workers)
    for number in range(12):
        assert ask(gateway, f"langfuse-{number}", stream=number % 2 == 1).status == 200
    heard = observers.wait(lambda heard: len(heard.spans) >= 12)
    assert len(heard.spans) == 12
    rows = {str(row["request_id"]): row for row in gateway.wait_rows(lambda rows: len(rows) == 12)}
    seen = set()
    for span in heard.spans:
        said = span.attributes
        row = rows[json.loads(said["langfuse.observation.metadata.litellm_call_id"])]
        seen.add(row["request_id"])
        usage = json.loads(said["langfuse.observation.usage_details"])
        cost = json.loads(said["langfuse.observation.cost_details"])
        assert said["langfuse.observation.type"] == "generation"
        assert said["langfuse.observation.model.name"] == row["model"]
        assert said["user.id"] == row["end_user"]
        assert usage["total"] == row["prompt_tokens"] + row["completion_tokens"]  # type: ignore[operator]  # rows are objects
        assert sum(count for kind, count in usage.items() if kind != "total") == usage["total"]
        assert Decimal(repr(cost["total"])) == Decimal(int(str(row["spend_pico"]))).scaleb(-12)
        assert (span.end - span.start) // 1_000_000 == row["request_duration_ms"]
        assert json.loads(said["langfuse.observation.metadata.model_group"]) == "plain"
        assert json.loads(said["langfuse.observation.metadata.provider"]) == "openai"
        assert span.trace_id == Langfuse.create_trace_id(seed=str(row["request_id"]))
        assert span.service == "trunkline"
    assert seen == rows.keys()
    assert len({span.trace_id for span in heard.spans}) == 12
    assert not any(b"the-prompt-that-stays-here" in body for body in heard.raw)
    assert until(lambda: counted(gateway, "sent", "langfuse") == 12)
    assert counted(gateway, "dropped", "langfuse") == counted(gateway, "failed", "langfuse") == 0
    assert heard.refused == []
    assert heard.events == []


def test_sentry_gets_every_call_that_failed(make_gateway: MakeGateway, observers: Observers) -> None:
    """An event each, with call id, model, status and cause; secrets in a cause are masked."""
    gateway = make_gateway(litellm=GUIDE, environment=observers.environment)
    assert ask(gateway, "well").status == 200
    assert ask(gateway, "sentry-1", "fault:status:code=500").status == 500
    heard = observers.wait(lambda heard: len(heard.events) >= 1)
    assert [event["tags"]["http_status"] for event in heard.events] == ["500"]
    event = heard.events[0]
    row = gateway.row("sentry-1")
    assert event["tags"]["call_id"] == row["request_id"]
    assert event["tags"]["model_group"] == "fault:status:code=500"
    assert event["tags"]["provider"] == "openai"
    assert event["level"] == "error"
    assert event["exception"]["values"][0]["type"] == row["outcome"]
    assert event["exception"]["values"][0]["value"]
    assert event["extra"]["attempts"] == row["attempts"]
    for body in heard.raw:
        assert gateway.provider_key.encode() not in body
        assert gateway.master_key.encode() not in body
        assert b"the-prompt-that-stays-here" not in body
    assert until(lambda: counted(gateway, "sent", "sentry") == 1)


def test_a_target_that_hangs_delays_nothing(make_gateway: MakeGateway, observers: Observers) -> None:
    """Calls are answered and every row is there while Langfuse answers nothing; killing the sender counts the loss."""
    observers.hang()
    gateway = make_gateway(litellm=GUIDE, environment=observers.environment)
    assert ask(gateway, "hang-0").status == 200
    observers.wait(lambda heard: heard.requests > 0)
    for number in range(1, 30):
        assert ask(gateway, f"hang-{number}").status == 200
    rows = gateway.wait_rows(lambda rows: len(rows) == 30)
    assert len({row["end_user"] for row in rows}) == 30
    pid = sender(gateway)
    assert pid is not None
    before = counted(gateway, "failed", "langfuse")
    os.kill(pid, signal.SIGKILL)
    assert until(lambda: counted(gateway, "dropped", "langfuse") + counted(gateway, "failed", "langfuse") == 30)
    assert counted(gateway, "dropped", "langfuse") > 0
    assert before < 30


def test_a_killed_sender_is_started_again(make_gateway: MakeGateway, observers: Observers) -> None:
    """After `kill -9` of the sender the next call is told by another one; no row is lost and none is there twice."""
    gateway = make_gateway(litellm=GUIDE, environment=observers.environment)
    assert ask(gateway, "first").status == 200
    assert until(lambda: counted(gateway, "sent", "langfuse") == 1)
    first = sender(gateway)
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert until(lambda: sender(gateway) != first)
    assert ask(gateway, "second").status == 200
    heard = observers.wait(lambda heard: len(heard.spans) == 2)
    assert {span.attributes["user.id"] for span in heard.spans} == {"first", "second"}
    assert sender(gateway) not in (None, first)
    rows = gateway.wait_rows(lambda rows: len(rows) == 2)
    assert sorted(str(row["end_user"]) for row in rows) == ["first", "second"]
    assert until(lambda: counted(gateway, "sent", "langfuse") == 2)
    assert counted(gateway, "dropped", "langfuse") == 0


def test_a_target_that_is_away_for_a_moment_loses_nothing(make_gateway: MakeGateway, observers: Observers) -> None:
    """What Sentry refuses with 503 is sent again, and counted once."""
    observers.status = 503
    gateway = make_gateway(litellm=GUIDE, environment=observers.environment)
    assert ask(gateway, "again", "fault:status:code=500").status == 500
    observers.wait(lambda heard: heard.requests >= 1)
    observers.status = 0
    heard = observers.wait(lambda heard: len(heard.events) == 1)
    assert [event["tags"]["call_id"] for event in heard.events] == [gateway.row("again")["request_id"]]
    assert until(lambda: counted(gateway, "sent", "sentry") == 1)


def test_a_stop_sends_what_is_there(make_gateway: MakeGateway, observers: Observers) -> None:
    """Calls of the last moment are told before the gateway has ended, and no process is left."""
    gateway = make_gateway(litellm=GUIDE, environment=observers.environment)
    assert ask(gateway, "warm").status == 200
    observers.wait(lambda heard: len(heard.spans) == 1)
    for number in range(5):
        assert ask(gateway, f"last-{number}").status == 200
    pid = sender(gateway)
    assert gateway.stop() == 0
    assert len(observers.heard.spans) == 6
    assert until(lambda: not os.path.exists(f"/proc/{pid}"), 5.0)  # noqa: PTH110 - procfs


def test_missing_variables_are_named_and_the_start_goes_on(make_gateway: MakeGateway) -> None:
    """The guide's block without any of its variables: the start says which are missing, and calls are served."""
    block = {name: f"${{{name}}}" for name in ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY", "SENTRY_DSN")}
    gateway = make_gateway(litellm=GUIDE)
    config = json.loads(gateway.config_file.read_text())
    gateway.stop()
    gateway.config_file.write_text(json.dumps(config | {"environment_variables": block}))
    gateway.start()
    log = gateway.log()
    said = [line for line in log.splitlines() if "the callback" in line]
    assert any("`langfuse` is off: `LANGFUSE_PUBLIC_KEY` is not set and `LANGFUSE_SECRET_KEY`" in line for line in said)
    assert any("`sentry` is off: `SENTRY_DSN` is not set" in line for line in said)
    assert ask(gateway, "off").status == 200
    assert sender(gateway) is None


def test_the_block_of_the_guide_works_as_pasted(make_gateway: MakeGateway, observers: Observers) -> None:
    """`environment_variables` with `${NAME}`, from `.env`, after a reload: no restart is needed to begin."""
    gateway = make_gateway()
    env = "".join(f"{name}={value}\n" for name, value in observers.environment.items())
    gateway.config_file.with_name(".env").write_text(env)
    config = json.loads(gateway.config_file.read_text())
    config["litellm_settings"] |= GUIDE
    config["environment_variables"] = {
        name: f"${{{name}}}" for name in ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY", "SENTRY_DSN")
    }
    gateway.config_file.write_text(json.dumps(config))
    assert until(lambda: "langfuse" in json.loads((gateway.data / "watching.json").read_text()).get("success", []))
    assert until(lambda: ask(gateway, "pasted").status == 200 and len(observers.heard.spans) > 0)
    for pid in descendants(gateway.pid):
        with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123 - procfs
            assert SECRET.encode() not in file.read()
    kept = b"".join(path.read_bytes() for path in gateway.data.rglob("*") if path.is_file())
    for secret in (SECRET, SENTRY_KEY, PUBLIC):
        assert secret.encode() not in kept
        assert secret not in gateway.log()


def test_a_changed_key_reaches_the_sender(make_gateway: MakeGateway, observers: Observers) -> None:
    """A wrong key that `.env` had at the start is mended there: the sender goes on with the right one."""
    gateway = make_gateway(litellm=GUIDE)
    gateway.stop()
    env = gateway.config_file.with_name(".env")
    right = "".join(f"{name}={value}\n" for name, value in observers.environment.items())
    env.write_text(right.replace(SECRET, "sk-lf-of-somebody-else-01"))
    gateway.start()
    assert ask(gateway, "wrong").status == 200
    heard = observers.wait(lambda heard: "langfuse credentials" in heard.refused)
    assert heard.spans == []
    first = sender(gateway)
    env.write_text(right)
    assert until(lambda: ask(gateway, "right").status == 200 and len(observers.heard.spans) > 0)
    assert sender(gateway) == first
