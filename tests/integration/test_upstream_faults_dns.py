"""U25: names that do not exist, that take 10 s, and that have a dead IPv6 address beside a living IPv4 one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import dns
from tests.support.gateway import SHORT, Gateway, GatewayConfig, model, standard_models
from tests.support.load import call, percentile
from tests.support.provider import FakeProvider
from tests.support.trial import ONCE, Trial

pytestmark = pytest.mark.alone


@pytest.fixture
def named(provider: FakeProvider, tmp_path: Path) -> Iterator[Trial]:
    """A gateway whose resolver is ours."""
    if not dns.usable():
        pytest.skip("a resolver of its own for the gateway needs root and Linux namespaces: DNS faults were not tried")
    if not provider.ports.dual:
        pytest.skip("the machine has no IPv6 loopback: a dead AAAA beside a living A was not tried")
    with dns.StubResolver(tmp_path) as resolver:
        models = [
            *standard_models(provider),
            model("nx", "plain", f"http://nx.trunkline.test:{provider.ports.http}/v1"),
            model("slow", "plain", f"http://slow.trunkline.test:{provider.ports.http}/v1"),
            model("dual", "plain", f"http://dual.trunkline.test:{provider.ports.dual}/v1"),
        ]
        with Gateway(tmp_path, GatewayConfig(models=models, prefix=resolver.prefix)) as gateway:
            trial = Trial(provider, gateway)
            yield trial
            assert {name.partition(".")[0] for name in resolver.asked} == {"nx", "slow", "dual"}


def test_u25_dns_faults_block_nobody(named: Trial) -> None:
    """U25: NXDOMAIN is a quick 503; a 10 s answer ends at `connect_timeout` while others go on; IPv4 wins in 500 ms."""
    missing = named.call("nx", headers=ONCE)
    assert missing.answer.status == 503, missing.answer
    assert missing.seconds < 0.5
    dual = named.call("dual", headers=ONCE)
    assert dual.acknowledged, dual.answer
    assert dual.seconds <= 0.5

    async def others_meanwhile() -> tuple[list[float], list[float]]:
        slow = [asyncio.create_task(call(named, "slow", headers=ONCE)) for _ in range(8)]
        times: list[float] = []
        start = time.monotonic()
        while time.monotonic() - start < SHORT["connect_timeout"]:
            told = await call(named, "plain")
            assert told.acknowledged
            times.append(told.seconds)
            await asyncio.sleep(0.01)
        ended = await asyncio.gather(*slow)
        assert {told.answer.status for told in ended} == {503}
        return times, [told.seconds for told in ended]

    times, ended = asyncio.run(others_meanwhile())
    assert percentile(times, 0.95) <= 0.05, times
    assert max(ended) <= SHORT["connect_timeout"] + 0.35, ended
    # The lookups that still wait must not keep later ones from being made.
    again = named.call("nx", headers=ONCE)
    assert "does not resolve" in str(again.answer.error_body["message"]), again.answer
    assert again.seconds <= 0.5
    # Nor may they hold up the stop.
    named.reckon()
    start = time.monotonic()
    assert named.gateway.stop(seconds=40) == 0
    assert time.monotonic() - start <= 3
