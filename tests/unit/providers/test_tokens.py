"""Tokens that expire: shared, renewed ahead, and what happens when they cannot be had."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref

import pytest

from trunkline.ir import Secret
from trunkline.providers.settings import UnavailableError
from trunkline.providers.tokens import RETRY_SECONDS, Token, TokenAuthorizer, TokenSource, shared


class Clock:
    """Time that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Service:
    """Gives numbered tokens."""

    def __init__(self, seconds: float = 3600.0) -> None:
        self.seconds = seconds
        self.asked = 0
        self.down = ""
        self.slow = threading.Event()
        self.slow.set()

    def __call__(self) -> Token:
        self.slow.wait(5)
        self.asked += 1
        if self.down:
            raise UnavailableError(self.down)
        return Token(value=Secret(f"t{self.asked}"), seconds=self.seconds)


def made(service: Service) -> tuple[TokenSource, TokenAuthorizer, Clock]:
    clock = Clock()
    source = TokenSource(service, clock=clock)
    return source, TokenAuthorizer(source), clock


def bearer(authorizer: TokenAuthorizer) -> str | None:
    headers = authorizer.headers("POST", "h", "/", b"")
    return None if headers is None else dict(headers)["authorization"]


async def settle() -> None:
    for _ in range(200):
        await asyncio.sleep(0.005)
        if not [thread for thread in threading.enumerate() if thread.name == "trunkline-token"]:
            break
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_first_use_fetches_and_the_rest_reuse() -> None:
    """Without a token the caller is sent to `refresh`; afterwards the header is there, from one fetch."""
    service = Service()
    _, authorizer, _ = made(service)
    assert bearer(authorizer) is None
    await authorizer.refresh()
    assert bearer(authorizer) == "Bearer t1"
    await authorizer.refresh()
    assert bearer(authorizer) == "Bearer t1"
    assert service.asked == 1


async def test_fifty_callers_make_one_request() -> None:
    """All who wait share the fetch under way."""
    service = Service()
    service.slow.clear()
    _, authorizer, _ = made(service)
    waiting = [asyncio.create_task(authorizer.refresh()) for _ in range(50)]
    await asyncio.sleep(0.02)
    service.slow.set()
    await asyncio.gather(*waiting)
    assert service.asked == 1


async def test_a_caller_that_gives_up_does_not_end_the_fetch() -> None:
    """A cancelled call leaves the others' token alone."""
    service = Service()
    service.slow.clear()
    _, authorizer, _ = made(service)
    quitter, stayer = asyncio.create_task(authorizer.refresh()), asyncio.create_task(authorizer.refresh())
    await asyncio.sleep(0.02)
    quitter.cancel()
    await asyncio.sleep(0)
    service.slow.set()
    await stayer
    assert quitter.cancelled()
    assert bearer(authorizer) == "Bearer t1"


async def test_expired_token_is_not_sent() -> None:
    """Near its end a token is gone, and the next fetch brings another."""
    service = Service()
    _, authorizer, clock = made(service)
    await authorizer.refresh()
    clock.now += 3600 - 10
    assert bearer(authorizer) is None
    await authorizer.refresh()
    assert bearer(authorizer) == "Bearer t2"


async def test_renewed_ahead_while_the_old_one_serves() -> None:
    """Five minutes before the end a new token is fetched in the background; no call waits."""
    service = Service()
    _, authorizer, clock = made(service)
    await authorizer.refresh()
    clock.now += 3600 - 301
    assert bearer(authorizer) == "Bearer t1"
    await settle()
    assert service.asked == 1
    clock.now += 2
    assert bearer(authorizer) == "Bearer t1"
    await settle()
    assert service.asked == 2
    assert bearer(authorizer) == "Bearer t2"


async def test_a_short_token_is_renewed_at_three_quarters() -> None:
    """A life shorter than twenty minutes is used for three quarters."""
    service = Service(seconds=100.0)
    _, authorizer, clock = made(service)
    await authorizer.refresh()
    clock.now += 74
    bearer(authorizer)
    await settle()
    assert service.asked == 1
    clock.now += 2
    bearer(authorizer)
    await settle()
    assert service.asked == 2


async def test_failed_renewal_keeps_the_old_token(caplog: pytest.LogCaptureFixture) -> None:
    """While the old token lives calls go on, the log says what is wrong, and it is tried again every few seconds."""
    service = Service()
    _, authorizer, clock = made(service)
    await authorizer.refresh()
    clock.now += 3400
    service.down = "the service is down"
    for _ in range(3):
        assert bearer(authorizer) == "Bearer t1"
        await settle()
    assert service.asked == 2
    assert "the service is down" in caplog.text
    assert "t1" not in caplog.text
    clock.now += RETRY_SECONDS
    service.down = ""
    assert bearer(authorizer) == "Bearer t1"
    await settle()
    assert bearer(authorizer) == "Bearer t3"


async def test_a_failure_is_told_at_once_for_a_few_seconds() -> None:
    """A service that refuses is not asked again by every call; after some seconds it is."""
    service = Service()
    service.down = "refused: mend the key"
    _, authorizer, clock = made(service)
    for _ in range(5):
        with pytest.raises(UnavailableError, match="mend the key"):
            await authorizer.refresh()
    assert service.asked == 1
    clock.now += RETRY_SECONDS
    service.down = ""
    await authorizer.refresh()
    assert service.asked == 2


async def test_time_limit() -> None:
    """A service that never answers costs a call the limit, not for ever."""
    service = Service()
    service.slow.clear()
    source = TokenSource(service, limit=0.05)
    with pytest.raises(UnavailableError, match="did not answer"):
        await source.refresh()
    service.slow.set()
    await settle()
    assert source.current() is None  # what comes too late is not used


async def test_a_fault_becomes_a_reason() -> None:
    """Whatever a library raises, the caller is told that there is no token; the message is not quoted."""

    def fault() -> Token:
        raise LookupError("holds s3cret")

    with pytest.raises(UnavailableError, match="LookupError") as raised:
        await TokenSource(fault).refresh()
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(("value", "seconds"), [("a\r\nb", 3600.0), ("ok", 5.0), ("ü", 3600.0)])
async def test_unusable_tokens(value: str, seconds: float) -> None:
    """A token that would break the request's head, or is over at once, is none."""
    with pytest.raises(UnavailableError, match="no usable token"):
        await TokenSource(lambda: Token(value=Secret(value), seconds=seconds)).refresh()


def test_one_source_for_one_credential() -> None:
    """Deployments with the same credential share a source; it goes when the last of them goes."""
    service = Service()
    first = shared(service, "kind", "credential-a")
    assert shared(service, "kind", "credential-a") is first
    assert shared(service, "kind", "credential-b") is not first
    gone = weakref.ref(first)
    del first
    gc.collect()
    assert gone() is None


def test_works_in_one_loop_after_another() -> None:
    """A token fetched in one event loop serves the next; so does a fetch that the first loop's end broke off."""
    service = Service()
    source = TokenSource(service)

    async def cut_off() -> None:
        service.slow.clear()
        task = asyncio.create_task(source.refresh())
        await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(cut_off())
    service.slow.set()
    time.sleep(0.05)
    asyncio.run(source.refresh())
    assert source.current() is not None


async def test_other_headers() -> None:
    """Header and scheme are the service's."""
    source = TokenSource(Service())
    await source.refresh()
    authorizer = TokenAuthorizer(source, header="x-token", scheme="", fixed=(("x-kind", "a"),))
    assert authorizer.headers("POST", "h", "/", b"") == (("x-token", "t1"), ("x-kind", "a"))


async def test_a_refused_token_is_fetched_anew_but_not_in_a_loop() -> None:
    """A revoked token is dropped at a 401; a provider that always says 401 does not make us ask for ever."""
    service = Service()
    source, authorizer, clock = made(service)
    await source.refresh()
    assert (bearer(authorizer), [held.reveal() for held in authorizer.secrets()]) == ("Bearer t1", ["t1"])
    authorizer.rejected()
    assert bearer(authorizer) is None
    await authorizer.refresh()
    assert bearer(authorizer) == "Bearer t2"
    authorizer.rejected()
    assert bearer(authorizer) == "Bearer t2"
    clock.now += RETRY_SECONDS
    authorizer.rejected()
    assert bearer(authorizer) is None
