"""A weak key stays on loopback, also when the configuration changes under a running gateway."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from trunkline.config import load
from trunkline.server import exposure
from trunkline.server import gateway as server
from trunkline.server.gateway import LiveGateway, new_worker_id
from trunkline.telemetry.logs import CallLog
from trunkline.telemetry.stats import Stats
from trunkline.telemetry.writer import LineWriter

STRONG = "sk-" + "0123456789abcdef" * 2
MakeLive = Callable[..., Awaitable[LiveGateway]]


def write(path: Path, key: str, name: str = "one") -> None:
    """A configuration of one model; the key is in line 5."""
    general = {"master_key": key}
    config = {
        "general_settings": general,
        "model_list": [{"model_name": name, "litellm_params": {"model": "openai/x"}}],
    }
    path.write_text("# Comment.\n\n" + json.dumps(config, indent=2))


@pytest.fixture
async def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[MakeLive]:
    """A worker that is reached at an address, with `.env` and configuration in the test's folder; it listens nowhere."""
    monkeypatch.setattr(server, "DOTENV", tmp_path / ".env")
    monkeypatch.setattr(exposure, "DOTENV", tmp_path / ".env")
    async with AsyncExitStack() as stack:

        async def made(reached_at: str, base: Mapping[str, str] | None = None) -> LiveGateway:
            path = tmp_path / "config.yaml"
            stats = Stats()
            (tmp_path / "journal").mkdir(exist_ok=True)
            gateway = LiveGateway(
                snapshot=load(path, {**(base or {}), "LITELLM_MASTER_KEY": STRONG}), config=path, base=base or {},
                data=tmp_path, worker_id=new_worker_id(), loop=asyncio.get_running_loop(),
                log=CallLog(stats, LineWriter()), stats=stats, reached_at=reached_at,
            )  # fmt: skip
            stack.push_async_callback(gateway.close)
            return gateway

        yield made


@pytest.mark.parametrize(
    ("key", "why"),
    [("sk-1234", "everybody knows"), ("sk-shorter", "shorter than"), ("", "without a master key")],
)
async def test_a_reload_that_would_weaken_the_key_is_refused(
    tmp_path: Path, make: MakeLive, key: str, why: str
) -> None:
    """Reached from elsewhere, a known, short or missing key in the new file leaves the old one, and names its line."""
    path = tmp_path / "config.yaml"
    write(path, STRONG)
    gateway = await make("203.0.113.7")
    before = gateway.snapshot
    write(path, key, name="two")
    result = await gateway.reload_here()
    assert not result.ok
    assert gateway.snapshot is before
    (problem,) = result.problems
    assert problem.startswith(f"{path}:5: refused to go on at 203.0.113.7 ")
    assert why in problem
    assert "LITELLM_MASTER_KEY=sk-" in problem
    assert not key or key not in problem
    write(path, STRONG + "0", name="two")
    assert (await gateway.reload_here()).ok
    assert [one.group for one in gateway.snapshot.deployments] == ["two"]


async def test_on_loopback_any_key_is_taken(tmp_path: Path, make: MakeLive) -> None:
    """Where only this machine reaches the gateway a reload may bring `sk-1234`, as a start may."""
    path = tmp_path / "config.yaml"
    write(path, STRONG)
    gateway = await make("127.0.0.1")
    write(path, "sk-1234")
    assert (await gateway.reload_here()).ok


@pytest.mark.parametrize(
    ("base", "dotenv", "place"),
    [
        ({}, "OTHER=1\nLITELLM_MASTER_KEY=sk-1234\n", ".env:2: "),
        ({}, "", ".env: no `LITELLM_MASTER_KEY`: "),
        ({"LITELLM_MASTER_KEY": "sk-1234"}, "", "`LITELLM_MASTER_KEY` of the environment: "),
    ],
)
async def test_the_place_of_a_referred_key(
    tmp_path: Path, make: MakeLive, base: dict[str, str], dotenv: str, place: str
) -> None:
    """Where the file refers to the variable, the line of `.env` or the environment is named."""
    path = tmp_path / "config.yaml"
    write(path, "os.environ/LITELLM_MASTER_KEY" if dotenv or base else "")
    gateway = await make("203.0.113.7", base)
    (tmp_path / ".env").write_text(dotenv)
    if not dotenv and not base:
        path.write_text(path.read_text().replace('"master_key": ""', '"master_key_header_name": "x-key"'))
    (problem,) = (await gateway.reload_here()).problems
    assert place in problem.split("refused to go on", 1)[0]
