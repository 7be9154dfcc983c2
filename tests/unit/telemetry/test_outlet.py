"""The shipper's side of the callbacks: it hands things over, counts them, and never waits."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.observers import Observers
from tests.unit.telemetry.records import bad, good
from trunkline.telemetry.callbacks import outlet as module
from trunkline.telemetry.callbacks.outlet import Outlet, environment
from trunkline.telemetry.callbacks.parcel import Alert
from trunkline.telemetry.callbacks.routing import expected
from trunkline.telemetry.watching import Wanted

ALERT = Alert(
    scope="model", name="large", direction="high", hour="2026-11-24T10:00:00+00:00", spend="9.0000", usual="1.0000",
    low="0.0000", high="2.0000",
)  # fmt: skip


async def until(ready: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Let the loop turn until it is so."""
    limit = time.monotonic() + seconds
    while not ready() and time.monotonic() < limit:
        await asyncio.sleep(0.02)
    return ready()


def test_each_destination_gets_what_it_wants() -> None:
    """Calls that went well to one list, those that failed to another, alerts to the third; who is in two gets both."""
    wanted = Wanted(success=("langfuse", "sentry"), failure=("sentry",), alerting=("slack",))
    calls = [good(), good(), bad()]
    assert expected(wanted, calls, 1) == {"langfuse": 2, "sentry": 3, "slack": 1}


def test_the_sender_reads_the_env_file_itself() -> None:
    """What only `.env` had set is not handed down, so that a change of the file counts."""
    environ = {"A": "1", "B": "2", "TRUNKLINE_SHIPPER_DOTENV": "B,C"}
    assert environment(environ) == {"A": "1", "TRUNKLINE_SHIPPER_DOTENV": "B,C"}


def write_config(folder: Path, observers: Observers) -> Path:
    """A configuration whose callbacks and alerts end here."""
    variables = observers.environment | {
        "SLACK_WEBHOOK_URL": f"{observers.url}/slack",
        "WEBHOOK_URL": f"{observers.url}/webhook",
    }
    config = folder / "config.yaml"
    config.write_text(
        json.dumps(
            {
                "model_list": [],
                "litellm_settings": {"success_callback": ["langfuse"], "failure_callback": ["sentry"]},
                "general_settings": {"alerting": ["slack", "webhook"]},
                "environment_variables": variables,
            }
        )
    )
    return config


def wanted(config: Path) -> Wanted:
    """All of it."""
    return Wanted(config=str(config), success=("langfuse",), failure=("sentry",), alerting=("slack", "webhook"))


async def test_a_sender_that_stands_still_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the sender stopped and the pipe full, records are dropped and counted; in the end each is counted once."""
    monkeypatch.setattr(module, "MAX_BUFFERED", 200_000)
    with Observers() as observers:
        outlet = Outlet()
        outlet.configure(wanted(write_config(tmp_path, observers)))
        outlet.take([good(request_id="first")])
        assert await until(lambda: outlet.counts["langfuse"].sent == 1)
        pid = outlet.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        turns = 0
        for start in range(0, 3000, 100):
            outlet.take([good(request_id=f"call-{start + number}") for number in range(100)])
            await asyncio.sleep(0)
            turns += 1
        assert turns == 30
        assert 0 < outlet.counts["langfuse"].dropped < 3000
        os.kill(pid, signal.SIGCONT)
        counts = outlet.counts["langfuse"]
        assert await until(lambda: counts.sent + counts.failed + counts.dropped == 3001)
        assert counts.sent == len({span.trace_id for span in observers.heard.spans})
        await outlet.close()
        assert outlet.pid is None


async def test_alerts_are_posted(tmp_path: Path) -> None:
    """Slack gets one sentence, the webhook LiteLLM's members and the numbers."""
    with Observers() as observers:
        outlet = Outlet()
        outlet.configure(wanted(write_config(tmp_path, observers)))
        outlet.take((), [ALERT])
        assert await until(lambda: outlet.counts["slack"].sent == outlet.counts["webhook"].sent == 1)
        await outlet.close()
    posts = {post.pop("path"): post for post in observers.heard.posts}
    assert "`large` in the hour from 2026-11-24T10:00:00+00:00 is $9.0000, above" in posts["/slack"]["text"]
    hook = posts["/webhook"]
    assert (hook["event"], hook["event_group"], hook["spend"], hook["spend_usd"]) == (
        "spend_anomaly", "model", 9.0, "9.0000",
    )  # fmt: skip
    assert hook["event_message"] in posts["/slack"]["text"]


async def test_a_text_that_cannot_be_sent_is_dropped_alone(tmp_path: Path) -> None:
    """A lone surrogate in a user's name spoils its parcel and nothing else."""
    with Observers() as observers:
        outlet = Outlet()
        outlet.configure(wanted(write_config(tmp_path, observers)))
        outlet.take([good(end_user="\ud800")])
        outlet.take([good(request_id="after")])
        assert await until(lambda: outlet.counts["langfuse"].sent == 1)
        assert outlet.counts["langfuse"].dropped == 1
        await outlet.close()


async def test_without_callbacks_there_is_no_process() -> None:
    """Nothing is started for a gateway that sends nothing."""
    outlet = Outlet()
    outlet.configure(Wanted())
    outlet.take([good(), bad()], [ALERT])
    outlet.tend()
    await asyncio.sleep(0)
    assert outlet.pid is None
    assert outlet.counts == {}
