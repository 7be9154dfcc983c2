"""Answers that need no framework: probes, scrapes, and the front page."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final, Literal

import msgspec

from trunkline import __version__
from trunkline.admin import answers, health
from trunkline.admin.answers import HTML, Answer, Request
from trunkline.admin.gateway import Gateway
from trunkline.config.snapshot import Deployment
from trunkline.telemetry import ledger_state, share, watching
from trunkline.telemetry.counts import Sight, sight_of
from trunkline.telemetry.redact import Redactor, known_secrets

SHARED_SECONDS: Final = 1.0
"""`/health` reads the other workers' files at most so often: strangers may ask for it."""


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """Where the records of calls are. A database that is down does not stop calls: journals hold the records."""

    state: str
    """`starting`, `ok`, `database_down`, `migrating`, `migration_failed` or `unknown`."""
    backlog_bytes: int
    note: str


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether new calls are welcome here."""

    status: Literal["healthy", "draining", "journal_full"]
    db: str
    """LiteLLM's word: `connected`, `disconnected` or `Not connected`."""
    ledger: Ledger


class ReadinessDetails(msgspec.Struct, frozen=True, kw_only=True):
    """The same for people with a key."""

    status: Literal["healthy", "draining", "journal_full"]
    db: str
    ledger: ledger_state.LedgerState
    cache: None = None
    """No cache is configured in this version."""
    version: str
    worker_id: str
    config_version: str
    config_files: tuple[str, ...]
    config_notes: list[str]
    """What the configuration's author should know: settings not implemented, models without a key."""
    uptime_seconds: float
    deployments: int
    unavailable_deployments: int
    in_flight: int


class Test(msgspec.Struct, frozen=True, kw_only=True):
    """LiteLLM's answer of `/test`."""

    route: str


ALIVE: Final = Answer(200, b'"I\'m alive!"')
STOPPING: Final = Answer(503, b'"draining"')

FRONT_PAGE: Final = Answer(
    200,
    b'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    b"<title>Trunkline</title><h1>Trunkline</h1><p>One line to every model. This gateway speaks OpenAI's language at "
    b'<code>/v1</code>.</p><ul><li><a href="/ui">Usage, requests, errors and cost</a></li><li><a href="/docs">API '
    b"reference</a>"
    b'</li><li><a href="/openapi.json">OpenAPI document</a></li><li><a href="/health">Health</a></li></ul></html>',
    HTML,
)

Handler = Callable[[Request], Awaitable[Answer]]


class Light:
    """The handlers, over one gateway."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._prober = health.Prober(gateway)
        self._others: tuple[float, share.Totals] | None = None
        self.handlers: Mapping[str, Handler] = {
            "/": self.front_page,
            "/health": self.health,
            "/health/liveliness": self.liveness,
            "/health/liveness": self.liveness,
            "/health/readiness": self.readiness,
            "/health/readiness/details": self.readiness_details,
            "/metrics": self.metrics,
            "/test": self.test,
        }
        """By path; each answers GET."""

    async def front_page(self, _: Request) -> Answer:
        """A few links."""
        return FRONT_PAGE

    async def test(self, _: Request) -> Answer:
        """Something answers here."""
        return answers.json(Test(route="/test"))

    async def liveness(self, _: Request) -> Answer:
        """The event loop turns; 503 while the worker finishes its calls before it stops."""
        return STOPPING if self._gateway.draining else ALIVE

    async def readiness(self, _: Request) -> Answer:
        """Whether new calls are welcome: keys can be checked and calls can be metered."""
        status, ledger = self._ready(), ledger_state.read(self._gateway.data)
        public = Ledger(state=ledger.state, backlog_bytes=ledger.backlog_bytes, note=ledger.note)
        body = Readiness(status=status, db=ledger.db, ledger=public)
        return answers.json(body, 200 if status == "healthy" else 503)

    async def readiness_details(self, _: Request) -> Answer:
        """The same with versions, notes and the shipper's last error."""
        gateway = self._gateway
        status, ledger, snapshot = self._ready(), ledger_state.read(gateway.data), gateway.snapshot
        body = ReadinessDetails(
            status=status,
            db=ledger.db,
            ledger=ledger,
            version=__version__,
            worker_id=gateway.worker_id,
            config_version=snapshot.version,
            config_files=snapshot.files,
            config_notes=[f"{note.file}:{note.line}: {note.text}" for note in snapshot.notes],
            uptime_seconds=round(time.time() - gateway.started_at, 1),
            deployments=len(snapshot.deployments),
            unavailable_deployments=sum(d.unavailable is not None for d in snapshot.deployments),
            in_flight=gateway.stats.in_flight,
        )
        return answers.json(body, 200 if status == "healthy" else 503)

    def _ready(self) -> Literal["healthy", "draining", "journal_full"]:
        gateway = self._gateway
        if gateway.draining:
            return "draining"
        if gateway.journal_full and not gateway.snapshot.ledger.serve_unmetered:
            return "journal_full"
        return "healthy"

    async def health(self, request: Request) -> Answer:
        """What was observed; with a key also the endpoints, and real calls if asked for."""
        gateway, values = self._gateway, request.values()
        refusal = gateway.check_key(request.headers, request.query)
        probe = request.flag("probe")
        model, model_id = values.get("model"), values.get("model_id")
        # A name answered without a key would let strangers guess at the configuration.
        if refusal is not None and (probe or model or model_id):
            return Answer(refusal.status, refusal.body, headers=refusal.headers)
        chosen = health.select(gateway.snapshot.deployments, model, model_id)
        observed = list(map(health.observe, chosen, await self._sights(chosen)))
        if probe:
            observed = await self._prober.probe(observed)
        redact = Redactor(known_secrets(gateway.snapshot) if refusal is None else ())
        body = health.report(observed, detailed=refusal is None, redact=redact, probed=probe)
        none_healthy = bool(model or model_id) and not body.healthy_count
        return answers.json(body, 503 if none_healthy else 200)

    async def _sights(self, deployments: Iterable[Deployment]) -> list[Sight]:
        """How deployments look: from this worker as it is now, from the others up to a second old."""
        now = asyncio.get_running_loop().time()
        if self._others is None or now - self._others[0] > SHARED_SECONDS:
            self._others = (now, await share.others(self._gateway))
        others, own = self._others[1].sum.deployments, self._gateway.stats.deployments
        result = []
        for deployment in deployments:
            sight = Sight()
            if deployment.id in others:
                sight.see(others[deployment.id].sight)
            if deployment.id in own:
                sight.see(sight_of(own[deployment.id], now))
            result.append(sight)
        return result

    async def metrics(self, _: Request) -> Answer:
        """Prometheus' text for all workers of this data folder."""
        from trunkline.telemetry import exposition

        gateway = self._gateway
        scrape = exposition.Scrape(
            totals=await share.collect(gateway),
            snapshot=gateway.snapshot,
            ledger=ledger_state.read(gateway.data),
            started_at=gateway.started_at,
            draining=gateway.draining,
            journal_full=gateway.journal_full,
            watched=watching.read_status(gateway.data),
        )
        text = await asyncio.to_thread(exposition.render, scrape)
        return Answer(200, text, exposition.CONTENT_TYPE.encode())
