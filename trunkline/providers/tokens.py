"""Access tokens that expire: fetched in a thread, shared by all who need the same one, renewed before they end.

One `TokenSource` per credential and scope and process. A request reads the token it holds (`TokenAuthorizer.headers`,
a comparison of two numbers); whoever finds none awaits the one fetch that is under way.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar
from weakref import WeakValueDictionary

from trunkline.ir import Secret
from trunkline.providers.credentials import header_problem
from trunkline.providers.settings import UnavailableError

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

RENEW_AHEAD_SECONDS: Final = 300.0
"""A token is renewed this long before its end, short ones at three quarters of their life. Not earlier: the metadata
servers of clouds hand out the same token again until about five minutes before its end."""
MARGIN_SECONDS: Final = 10.0
"""A token this close to its end is not sent any more: the request takes time to arrive."""
RETRY_SECONDS: Final = 5.0
"""After a failure nobody asks again for so long; calls in between get the failure's reason at once."""
FETCH_SECONDS: Final = 30.0
"""For one fetch, all its requests together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a token service gave."""

    value: Secret
    seconds: float
    """How long it lives from now."""


class TokenSource:
    """The token of one credential for one scope."""

    __slots__ = (
        "__weakref__", "_clock", "_dropped", "_expires", "_fetch", "_limit", "_reason", "_renew_at", "_retry_at",
        "_task", "token",
    )  # fmt: skip

    def __init__(
        self, fetch: Callable[[], Token], *, clock: Callable[[], float] = time.time, limit: float = FETCH_SECONDS
    ) -> None:
        """`fetch` blocks; it is called in a thread and raises `UnavailableError` with the reason where it fails."""
        self._fetch = fetch
        self._clock = clock
        self._limit = limit
        self.token: Secret | None = None
        """The last one fetched; `current` says whether it may be sent."""
        self._expires = self._renew_at = self._retry_at = 0.0
        self._dropped = float("-inf")
        self._reason = ""
        self._task: asyncio.Task[None] | None = None

    def current(self) -> Secret | None:
        """The token to send now; `None` where `refresh` must come first. Starts the renewal when it is time."""
        now = self._clock()
        if now >= self._renew_at:
            if now >= self._expires:
                return None
            if now >= self._retry_at:
                self._renew()
        return self.token

    def drop(self) -> None:
        """The token was refused: the next call fetches another, but not more often than a failure would."""
        now = self._clock()
        if now >= self._dropped + RETRY_SECONDS:
            self._dropped = now
            self._expires = self._renew_at = 0.0

    async def refresh(self) -> None:
        """Have a token, fetched now if need be; all callers share one fetch.

        Raises:
            UnavailableError: there is none; says why and what to mend.
        """
        if self._clock() < self._expires:
            return
        if self._clock() >= self._retry_at:
            await asyncio.shield(self._under_way())
        if self._clock() >= self._expires:
            raise UnavailableError(self._reason)

    def _renew(self) -> None:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return  # asked by a program without a loop: the token still lives
        task = self._under_way()
        del task  # kept in `_task`; `_run` tells its failures itself

    def _under_way(self) -> asyncio.Task[None]:
        loop = asyncio.get_running_loop()
        if self._task is None or self._task.done() or self._task.get_loop() is not loop:
            self._task = loop.create_task(self._run())
        return self._task

    async def _run(self) -> None:
        try:
            token = await asyncio.wait_for(_in_thread(self._fetch), self._limit)
        except UnavailableError as error:
            self._failed(str(error))
        except TimeoutError:
            self._failed(f"the token service did not answer within {self._limit:.0f} seconds: is it reachable?")
        except Exception as error:  # noqa: BLE001 - a library's fault must become a reason, not a lost task
            self._failed(f"the access token could not be fetched ({type(error).__name__})")
        else:
            self._take(token)

    def _take(self, token: Token) -> None:
        now = self._clock()
        if header_problem(token.value.reveal()) is not None or token.seconds <= MARGIN_SECONDS:
            self._failed("the token service answered with no usable token")
            return
        self.token = token.value
        self._expires = now + token.seconds - MARGIN_SECONDS
        self._renew_at = now + max(token.seconds - RENEW_AHEAD_SECONDS, token.seconds * 0.75)
        self._retry_at = 0.0

    def _failed(self, reason: str) -> None:
        now = self._clock()
        self._reason = reason
        self._retry_at = now + RETRY_SECONDS
        if now < self._expires:
            left = self._expires - now
            _log.warning("An access token could not be renewed, the old one lives %.0f s: %s", left, reason)


class TokenAuthorizer:
    """Sends a source's token in a header."""

    __slots__ = ("_built", "_fixed", "_header", "_scheme", "_token", "source")

    def __init__(
        self,
        source: TokenSource,
        *,
        header: str = "authorization",
        scheme: str = "Bearer ",
        fixed: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """`fixed`: headers that go along."""
        self.source = source
        self._header = header
        self._scheme = scheme
        self._fixed = fixed
        self._token: Secret | None = None
        self._built: tuple[tuple[str, str], ...] = ()

    def headers(self, method: str, host: str, path: str, body: bytes) -> tuple[tuple[str, str], ...] | None:
        """The headers for one request; `None` where `refresh` must come first."""
        del method, host, path, body
        token = self.source.current()
        if token is not self._token:
            self._token = token
            self._built = () if token is None else ((self._header, self._scheme + token.reveal()), *self._fixed)
        return None if token is None else self._built

    def secrets(self) -> tuple[Secret, ...]:
        """The token."""
        token = self.source.token
        return () if token is None else (token,)

    def rejected(self) -> None:
        """A token may be revoked before its time: fetch another."""
        self.source.drop()

    async def refresh(self) -> None:
        """Fetch a token, or await the fetch under way.

        Raises:
            UnavailableError: it cannot be had.
        """
        await self.source.refresh()


_SOURCES: Final[WeakValueDictionary[bytes, TokenSource]] = WeakValueDictionary()


def shared(fetch: Callable[[], Token], *identity: str) -> TokenSource:
    """The source for a credential, the same for all deployments that use it and across reloads of the configuration.

    `identity` tells credential, scope and service apart; it is kept as a hash only.
    """
    key = hashlib.sha256("\0".join(identity).encode("utf-8", "surrogatepass")).digest()
    found = _SOURCES.get(key)
    if found is None:
        found = _SOURCES[key] = TokenSource(fetch)
    return found


async def _in_thread(work: Callable[[], _T]) -> _T:
    """Run blocking work in a thread of its own.

    A daemon, not the loop's pool: a name server that hangs must not hold up the end of the process.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_T] = loop.create_future()

    def post(result: _T | None, error: BaseException | None) -> None:
        if future.done():
            return  # the time was up
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # where there is no error there is a result

    def run() -> None:
        result: _T | None = None
        problem: BaseException | None = None
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            problem = error
        try:
            loop.call_soon_threadsafe(post, result, problem)
        except RuntimeError:
            return  # the loop is closed: nobody waits any more

    threading.Thread(target=run, name="trunkline-token", daemon=True).start()
    return await future
