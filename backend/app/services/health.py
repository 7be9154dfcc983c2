"""Whether the database and the gateway answer, and since when it has been so."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from backend.app.api.schemas.health import Dependencies, Dependency, Health
from backend.app.core.db import Database
from backend.app.services.gateway.environment import Environment
from backend.app.version import VERSION

FRESH_SECONDS: Final = 2.0
"""An answer is kept this long: a hundred probes a second ask the gateway every other second."""
PATIENCE: Final = 2.0


class _Watched:
    """One dependency and its last change."""

    def __init__(self, check: Callable[[], Awaitable[None]], says: Callable[[str], str]) -> None:
        self._check: Final = check
        self._says: Final = says
        self._ok: bool | None = None
        self._since = datetime.now(UTC)

    async def look(self) -> Dependency:
        """Try it."""
        started = time.perf_counter()
        trouble: str | None = None
        try:
            await asyncio.wait_for(self._check(), PATIENCE)
        except TimeoutError:
            trouble = f"no answer within {PATIENCE:g} s"
        except Exception as error:  # noqa: BLE001 whatever it is, it is the answer
            trouble = str(getattr(error, "orig", None) or error) or type(error).__name__
        ok = trouble is None
        if ok is not self._ok:
            self._ok, self._since = ok, datetime.now(UTC)
        return Dependency(
            ok=ok,
            since=self._since,
            detail=None if trouble is None else self._says(trouble),
            latency_ms=round((time.perf_counter() - started) * 1000, 1) if ok else None,
        )


class Monitor:
    """Health of this process."""

    def __init__(self, db: Database, environment: Environment) -> None:
        self._environment: Final = environment
        self._http: Any = None
        self._database: Final = _Watched(db.check, lambda why: f"The database {db.url} does not answer: {why[:300]}")
        self._gateway: Final = _Watched(self._ask_gateway, self._gateway_says)
        self._latest: tuple[float, Health] | None = None
        self._looking: Final = asyncio.Lock()

    async def health(self) -> Health:
        """Return what was found at most `FRESH_SECONDS` ago."""
        async with self._looking:
            if self._latest is None or time.monotonic() - self._latest[0] > FRESH_SECONDS:
                database, gateway = await asyncio.gather(self._database.look(), self._gateway.look())
                found = Health(
                    status="ok" if database.ok and gateway.ok else "degraded",
                    version=VERSION,
                    model=self._environment.model,
                    dependencies=Dependencies(database=database, gateway=gateway),
                )
                self._latest = (time.monotonic(), found)
            return self._latest[1].model_copy(update={"model": self._environment.model})

    async def _ask_gateway(self) -> None:
        if self._http is None:
            import httpx  # 60 ms that a start need not spend

            self._http = httpx.AsyncClient(timeout=PATIENCE, trust_env=False)
        answer = await self._http.get(f"{self._environment.address.base_url}/health/liveliness")
        if answer.status_code >= 500:
            raise ConnectionError(f"it answers with {answer.status_code}")

    def _gateway_says(self, why: str) -> str:
        place = urlsplit(self._environment.address.base_url).netloc
        return f"The gateway at {place} does not answer: {why[:300]}. Is it started, and is LITELLM_BASE_URL right?"

    async def close(self) -> None:
        """Close the connection to the gateway."""
        if self._http is not None:
            await self._http.aclose()
