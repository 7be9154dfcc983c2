"""Health says what does not answer, and since when."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from backend.app.core.db import Database
from backend.app.services import health
from backend.app.services.gateway.environment import Environment
from backend.app.services.health import Monitor
from tests.backend.app_fixtures import Running


class _Gateway:
    """A server that answers every request with one status and counts them."""

    def __init__(self) -> None:
        self.status = 200
        self.asked = 0
        self.closed = asyncio.Event()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self.asked += 1
                writer.write(f"HTTP/1.1 {self.status} X\r\ncontent-length: 2\r\n\r\nok".encode())
                await writer.drain()
        except asyncio.IncompleteReadError:
            self.closed.set()
        finally:
            writer.close()


async def test_a_gateway_that_is_away_degrades_but_does_not_fail(client: httpx.AsyncClient) -> None:
    """The process lives, so the status is 200; the body says which dependency, where, and what to look at."""
    for path in ("/health", "/api/health"):
        answer = await client.get(path)
        assert answer.status_code == 200
        body = answer.json()
        assert body["status"] == "degraded"
        assert body["dependencies"]["database"]["ok"] is True
        assert body["dependencies"]["gateway"]["ok"] is False
        assert "127.0.0.1:9" in body["dependencies"]["gateway"]["detail"]
        assert "LITELLM_BASE_URL" in body["dependencies"]["gateway"]["detail"]
        assert body["model"] == "fake-model"


async def test_since_moves_only_when_the_state_changes(
    application: Running, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Up, up, down, down, up: `since` is that of the change, and `ok` follows."""
    monkeypatch.setattr(health, "FRESH_SECONDS", -1.0)
    gateway = _Gateway()
    server = await asyncio.start_server(gateway.answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    monitor = Monitor(application.db, Environment(base_url=f"http://127.0.0.1:{port}", file=tmp_path / "none"))
    seen = []
    for status in (200, 200, 503, 503, 200):
        gateway.status = status
        found = (await monitor.health()).dependencies.gateway
        seen.append((found.ok, found.since))
    assert [ok for ok, _ in seen] == [True, True, False, False, True]
    times = [since for _, since in seen]
    assert times[0] == times[1] < times[2] == times[3] < times[4]
    await monitor.close()
    await gateway.closed.wait()
    server.close()
    await server.wait_closed()


async def test_a_hundred_probes_ask_once(application: Running, tmp_path: Path) -> None:
    """Probes at the same moment share one look at the dependencies."""
    gateway = _Gateway()
    server = await asyncio.start_server(gateway.answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    monitor = Monitor(application.db, Environment(base_url=f"http://127.0.0.1:{port}", file=tmp_path / "none"))
    found = await asyncio.gather(*(monitor.health() for _ in range(100)))
    assert {each.status for each in found} == {"ok"}
    assert gateway.asked == 1
    await monitor.close()
    await gateway.closed.wait()
    server.close()
    await server.wait_closed()


async def test_a_database_that_hangs_is_said_to_hang(
    application: Running, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A check that does not come back is given up on; health never hangs with it."""

    async def hang(_self: Database) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Database, "check", hang)
    monkeypatch.setattr(health, "PATIENCE", 0.05)
    monitor = Monitor(application.db, Environment(base_url="http://127.0.0.1:9", file=tmp_path / "none"))
    found = (await monitor.health()).dependencies.database
    assert found.ok is False
    assert "no answer within" in (found.detail or "")
    await monitor.close()


async def test_the_default_model_follows_the_file(
    application: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new MODEL in `.env` is the one that health tells at the next look, without a restart."""
    monkeypatch.delenv("MODEL", raising=False)
    file = tmp_path / ".env"
    file.write_text("MODEL=first\n")
    monitor = Monitor(application.db, Environment(base_url="http://127.0.0.1:9", file=file))
    assert (await monitor.health()).model == "first"
    file.write_text("MODEL=the-second\n")
    assert (await monitor.health()).model == "the-second"
    await monitor.close()
