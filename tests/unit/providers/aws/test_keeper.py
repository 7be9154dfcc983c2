"""Credentials are there when a request is signed, and are asked for before they expire."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from trunkline.ir.secret import Secret
from trunkline.providers.aws.keeper import AHEAD, Keeper, keeper
from trunkline.providers.aws.sigv4 import AwsCredentials
from trunkline.providers.aws.source import StaticSource
from trunkline.providers.settings import UnavailableError


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass(eq=False)
class Scripted:
    """Gives what was written, one after the other."""

    clock: Clock
    lives: list[float | Exception | None]
    calls: int = 0
    hold: asyncio.Event | None = None
    seen: list[str] = field(default_factory=list[str])

    async def fetch(self) -> AwsCredentials:
        self.calls += 1
        if self.hold is not None:
            await self.hold.wait()
        life = self.lives.pop(0)
        if isinstance(life, Exception):
            raise life
        expires = None if life is None else self.clock.now + life
        return AwsCredentials(f"KEY{self.calls}", Secret("s"), None, expires)


async def settle() -> None:
    """Let tasks run."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_nothing_is_there_before_the_first_refresh() -> None:
    """`current` says so, and `refresh` gets them."""
    clock = Clock()
    held = Keeper(Scripted(clock, [3600]), clock)
    assert held.current() is None
    await held.refresh()
    assert held.current() == AwsCredentials("KEY1", Secret("s"), None, clock.now + 3600)


async def test_callers_share_one_refresh() -> None:
    """Ten requests at once ask the source once; one that goes away does not take the answer with it."""
    clock, gate = Clock(), asyncio.Event()
    source = Scripted(clock, [3600], hold=gate)
    held = Keeper(source, clock)
    waiting = [asyncio.create_task(held.refresh()) for _ in range(10)]
    await settle()
    waiting[0].cancel()
    await settle()
    gate.set()
    await asyncio.gather(*waiting[1:])
    assert source.calls == 1
    assert held.current() is not None


async def test_they_are_renewed_ahead_while_the_old_ones_are_used() -> None:
    """Fifteen minutes before the end a renewal starts beside the requests, once."""
    clock = Clock()
    source = Scripted(clock, [3600, 3600])
    held = Keeper(source, clock)
    await held.refresh()
    clock.now += 3600 - AHEAD - 1
    held.current()
    await settle()
    assert source.calls == 1
    clock.now += 2
    first = held.current()
    assert first is not None
    assert first.access_key == "KEY1"
    held.current()
    await settle()
    assert source.calls == 2
    second = held.current()
    assert second is not None
    assert second.access_key == "KEY2"


async def test_a_renewal_that_fails_keeps_the_old_ones_and_waits_longer_each_time() -> None:
    """The source is not asked for every request, and what is still valid is used until it is not."""
    clock = Clock()
    source = Scripted(clock, [1000, UnavailableError("down"), UnavailableError("down"), 3600])
    held = Keeper(source, clock)
    await held.refresh()
    clock.now += 600
    for _ in range(5):
        assert held.current() is not None
        await settle()
    assert source.calls == 2
    clock.now += 1.5
    held.current()
    await settle()
    assert source.calls == 3
    clock.now += 1.4
    held.current()
    await settle()
    assert source.calls == 3
    clock.now += 380
    assert held.current() is None
    await held.refresh()
    assert held.current() is not None


async def test_an_error_is_not_asked_for_again_at_once() -> None:
    """A source that fails is left alone for a moment; callers get its error meanwhile."""
    clock = Clock()
    source = Scripted(clock, [UnavailableError("no role"), 60])
    held = Keeper(source, clock)
    for _ in range(3):
        with pytest.raises(UnavailableError, match="no role"):
            await held.refresh()
    assert source.calls == 1
    clock.now += 2
    await held.refresh()
    assert held.current() is not None


async def test_a_bug_in_a_source_is_an_error_like_others() -> None:
    """An exception that nobody foresaw is told by its kind and does not end the renewals."""
    clock = Clock()
    held = Keeper(Scripted(clock, [KeyError("secret thing"), 60]), clock)
    with pytest.raises(UnavailableError, match="KeyError") as caught:
        await held.refresh()
    assert "secret thing" not in str(caught.value)
    clock.now += 2
    await held.refresh()


async def test_credentials_that_have_expired_already_are_none() -> None:
    """A clock that is wrong, or a source that caches, does not lead to requests that must fail."""
    clock = Clock()
    held = Keeper(Scripted(clock, [-5]), clock)
    with pytest.raises(UnavailableError, match="expired"):
        await held.refresh()


async def test_a_task_keeps_them_for_ever() -> None:
    """`run` asks at once, and says when it is to ask again."""
    clock = Clock()
    source = Scripted(clock, [UnavailableError("x"), 3600])
    held = Keeper(source, clock)
    assert held.until_due() == 0
    task = asyncio.create_task(held.run())
    await settle()
    assert source.calls == 1
    assert 0.5 < held.until_due() < 1.5
    clock.now += 2
    await held.refresh()
    assert held.until_due() == 3600 - AHEAD
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_equal_sources_share_a_keeper() -> None:
    """Deployments with the same parameters do not ask twice."""
    one = StaticSource(AwsCredentials("A", Secret("s")))
    assert keeper(one) is keeper(StaticSource(AwsCredentials("A", Secret("s"))))
    assert keeper(one) is not keeper(StaticSource(AwsCredentials("B", Secret("s"))))
