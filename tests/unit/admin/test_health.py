"""Health, readiness and liveness."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import msgspec
import pytest

from tests.unit.admin.fakes import AUTH, PROVIDER_KEY, SNAPSHOT, WILD, FakeGateway, hold_lock
from trunkline.admin import health
from trunkline.admin.gateway import ProbeResult
from trunkline.config.snapshot import Deployment, LedgerSettings
from trunkline.telemetry import share
from trunkline.telemetry.counts import Sight, gather
from trunkline.telemetry.ledger_state import LedgerState

LISTS = ("healthy_endpoints", "unhealthy_endpoints", "unknown_endpoints", "unavailable_endpoints")


def succeed(gateway: FakeGateway, deployment_id: str) -> None:
    """One good call."""
    stats = gateway.stats.deployment(deployment_id)
    stats.successes += 1
    stats.fails_in_a_row = 0
    stats.last_success = time.time()


def fail(gateway: FakeGateway, deployment_id: str, times: int = 1) -> None:
    """Bad calls."""
    stats = gateway.stats.deployment(deployment_id)
    stats.failures += times
    stats.fails_in_a_row += times
    stats.last_failure = time.time()
    stats.last_error = f"the provider said no to {PROVIDER_KEY}"


def ship(data: Path, state: LedgerState) -> None:
    """Write what the shipper writes."""
    (data / "journal").mkdir(exist_ok=True)
    (data / "journal" / "shipper.json").write_bytes(msgspec.json.encode(state))


async def test_without_a_key_only_counts_are_shown(gateway: FakeGateway, client: httpx.AsyncClient) -> None:
    """The plain curl of the guide gets counts and a state, no name of anything, and no call is made."""
    succeed(gateway, "large-1")
    fail(gateway, "small-1")
    answer = await client.get("/health")
    body = answer.json()
    assert answer.status_code == 200
    assert (body["healthy_count"], body["unhealthy_count"]) == (1, 1)
    assert (body["unknown_count"], body["unavailable_count"]) == (1, 1)
    assert body["status"] == "degraded"
    assert [body[name] for name in LISTS] == [[], [], [], []]
    for name in ("large-1", "acme", "example.com", "ACME_API_KEY"):
        assert name not in answer.text
    assert gateway.probed == []


async def test_with_a_key_the_endpoints_are_listed(gateway: FakeGateway, client: httpx.AsyncClient) -> None:
    """With a key each deployment is listed with its state and reason; credentials in a reason are masked."""
    succeed(gateway, "large-1")
    fail(gateway, "small-1")
    answer = await client.get("/health", headers=AUTH)
    body = answer.json()
    (good,) = body["healthy_endpoints"]
    assert (good["model"], good["model_id"], good["state"]) == ("acme/acme-large-1", "large-1", "healthy")
    assert good["api_base"] == "https://api.example.com"
    assert good["last_success"].endswith("Z")
    assert good["reason"] is None
    assert body["unhealthy_endpoints"][0]["reason"] == "failed once, the last time: the provider said no to ***"
    assert body["unavailable_endpoints"][0]["reason"] == "set `ACME_API_KEY`: the entry names it"
    assert PROVIDER_KEY not in answer.text


async def test_one_failure_of_a_working_deployment_is_no_outage(
    gateway: FakeGateway, client: httpx.AsyncClient
) -> None:
    """A deployment that worked is unhealthy after three failures in a row, or while it cools down."""
    succeed(gateway, "large-1")
    fail(gateway, "large-1", 2)
    assert (await client.get("/health")).json()["healthy_count"] == 1
    fail(gateway, "large-1")
    assert (await client.get("/health")).json()["unhealthy_count"] == 1
    succeed(gateway, "large-1")
    gateway.stats.deployment("large-1").cooled_until = asyncio.get_running_loop().time() + 5
    assert (await client.get("/health")).json()["unhealthy_count"] == 1


async def test_a_model_with_nothing_healthy_is_503(gateway: FakeGateway, client: httpx.AsyncClient) -> None:
    """Asked for one model, `/health` says 503 when none of its deployments is healthy."""
    fail(gateway, "small-1")
    succeed(gateway, "large-2")
    assert (await client.get("/health?model=small", headers=AUTH)).status_code == 503
    assert (await client.get("/health?model=nobody", headers=AUTH)).status_code == 503
    large = await client.get("/health?model=large", headers=AUTH)
    assert large.status_code == 200
    assert (large.json()["healthy_count"], large.json()["unknown_count"]) == (1, 1)
    assert (await client.get("/health?model_id=large-1", headers=AUTH)).status_code == 503


@pytest.mark.parametrize("query", ["probe=true", "probe=1&model=large", "model=large", "model_id=large-1"])
async def test_names_and_probes_need_a_key(gateway: FakeGateway, client: httpx.AsyncClient, query: str) -> None:
    """A stranger can neither spend money nor find out which models there are."""
    answer = await client.get(f"/health?{query}")
    assert answer.status_code == 401
    assert gateway.probed == []


async def test_a_probe_calls_each_available_deployment_once(gateway: FakeGateway, client: httpx.AsyncClient) -> None:
    """`?probe=true` with a key calls what can be called, judges by the answer, and masks keys in errors."""
    gateway.failing = frozenset({"small-1"})
    gateway.snapshot = replace(SNAPSHOT, deployments=(*SNAPSHOT.deployments, WILD))
    body = (await client.get("/health?probe=true", headers=AUTH)).json()
    assert sorted(gateway.probed) == ["large-1", "large-2", "small-1"]
    assert body["probed"] is True
    assert [found["probe_seconds"] for found in body["healthy_endpoints"]] == [0.1, 0.1]
    assert body["unhealthy_endpoints"][0]["reason"] == "status 401: wrong key ***"
    assert "health_check_model" in body["unknown_endpoints"][0]["reason"]
    await client.get("/health?probe=true&model=small", headers=AUTH)
    assert gateway.probed[3:] == ["small-1"]


async def test_probes_are_few_at_once_and_end(gateway: FakeGateway) -> None:
    """At most so many probes run at once whoever asks, and one that hangs ends with a reason."""
    running = most = 0

    async def slow(deployment: Deployment) -> ProbeResult:
        nonlocal running, most
        running += 1
        most = max(most, running)
        try:
            await asyncio.sleep(3600 if deployment.id == "large-1" else 0)
        finally:
            running -= 1
        return ProbeResult(ok=True, status=200, seconds=0.0)

    gateway.probe = slow  # type: ignore[method-assign]  # a fake's fake
    prober = health.Prober(gateway, at_once=2, seconds=0.05)
    observed = [health.observe(deployment, Sight()) for deployment in SNAPSHOT.deployments * 5]
    first, second = await asyncio.gather(prober.probe(observed), prober.probe(observed))
    assert most == 2
    hung = [one for one in [*first, *second] if one.deployment.id == "large-1"]
    assert {(one.state, one.reason) for one in hung} == {("unhealthy", "no answer: no answer within 0.05 s")}


async def test_what_other_workers_saw_counts(gateway: FakeGateway, client: httpx.AsyncClient) -> None:
    """Any worker answers for all: what another living worker observed is known here."""
    other = FakeGateway(gateway.data, worker_id="w2")
    succeed(other, "large-1")
    hold_lock(gateway.data, "w2")
    share.write(other.data, gather(other))
    assert (await client.get("/health")).json()["healthy_count"] == 1


async def test_liveness(gateway: FakeGateway, client: httpx.AsyncClient) -> None:
    """Both spellings say LiteLLM's words; while draining they say 503."""
    for path in ("/health/liveliness", "/health/liveness"):
        answer = await client.get(path)
        assert (answer.status_code, answer.json()) == (200, "I'm alive!")
    gateway.draining = True
    assert (await client.get("/health/liveness")).status_code == 503


@pytest.mark.parametrize(
    ("state", "db"),
    [
        ("ok", "connected"),
        ("migrating", "connected"),
        ("database_down", "disconnected"),
        ("migration_failed", "disconnected"),
    ],
)
async def test_a_dead_database_does_not_make_a_worker_unready(
    gateway: FakeGateway, client: httpx.AsyncClient, state: str, db: str
) -> None:
    """Journals hold the records, so readiness stays 200 and says how the ledger is; the error needs a key."""
    ship(gateway.data, LedgerState(state=state, last_error="host db.internal", backlog_bytes=77, at=time.time()))
    answer = await client.get("/health/readiness")
    body = answer.json()
    assert (answer.status_code, body["status"], body["db"]) == (200, "healthy", db)
    assert (body["ledger"]["state"], body["ledger"]["backlog_bytes"]) == (state, 77)
    assert "db.internal" not in answer.text
    details = await client.get("/health/readiness/details", headers=AUTH)
    assert details.json()["ledger"]["last_error"] == "host db.internal"


async def test_readiness_says_no_while_draining_and_when_calls_cannot_be_metered(
    gateway: FakeGateway, client: httpx.AsyncClient
) -> None:
    """A full journal refuses calls, so the worker is not ready, unless the settings serve without records."""
    gateway.journal_full = True
    answer = await client.get("/health/readiness")
    assert (answer.status_code, answer.json()["status"]) == (503, "journal_full")
    gateway.snapshot = replace(SNAPSHOT, ledger=LedgerSettings(serve_unmetered=True))
    assert (await client.get("/health/readiness")).status_code == 200
    gateway.draining = True
    answer = await client.get("/health/readiness")
    assert (answer.status_code, answer.json()["status"]) == (503, "draining")


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_text("{"), lambda path: None])
async def test_no_word_from_the_shipper_is_unknown(
    gateway: FakeGateway, client: httpx.AsyncClient, damage: Callable[[Path], None]
) -> None:
    """A state file that is missing, broken or old says `unknown`, and the worker stays ready."""
    ship(gateway.data, LedgerState(state="ok", at=time.time() - 16))
    damage(gateway.data / "journal" / "shipper.json")
    answer = await client.get("/health/readiness")
    assert (answer.status_code, answer.json()["db"]) == (200, "Not connected")
    assert answer.json()["ledger"]["state"] == "unknown"
