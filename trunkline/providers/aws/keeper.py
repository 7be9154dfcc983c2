"""Keeps credentials fresh: they are there when a request is signed, and asked for before they expire."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from trunkline.providers.aws.sigv4 import AwsCredentials
from trunkline.providers.aws.source import CredentialSource, now
from trunkline.providers.settings import UnavailableError

AHEAD: Final = 900.0
"""Seconds before their expiry that credentials are renewed (botocore's advisory window); a session shorter than
twice that is renewed at half its life."""
_LAST: Final = 30.0
"""Seconds before their expiry from when credentials are not used any more: a request takes time to arrive."""
_FIRST_WAIT: Final = 1.0
_LONGEST_WAIT: Final = 60.0
"""Seconds between attempts, doubled after each that failed."""


class Keeper:
    """The credentials of one source, for one event loop."""

    __slots__ = ("_clock", "_error", "_failures", "_held", "_renew", "_retry", "_source", "_task")

    def __init__(self, source: CredentialSource, clock: Callable[[], float] = now) -> None:
        self._source = source
        self._clock = clock
        self._held: AwsCredentials | None = None
        self._renew = 0.0
        self._retry = 0.0
        self._failures = 0
        self._error: UnavailableError | None = None
        self._task: asyncio.Task[None] | None = None

    def current(self) -> AwsCredentials | None:
        """Credentials that can be used now; `None` where `refresh` must come first. Starts a renewal that is due."""
        held, time = self._held, self._clock()
        if held is None or (held.expires is not None and time >= held.expires - _LAST):
            return None
        if time >= self._renew and time >= self._retry and self._task is None:
            self._start()
        return held

    async def refresh(self) -> None:
        """Ask the source; whoever calls while it is asked waits for the same answer.

        Raises:
            UnavailableError: there is none. For a while after, callers get the same error without a new attempt.
        """
        if self._task is None:
            if self._error is not None and self._clock() < self._retry:
                raise UnavailableError(str(self._error))
            self._start()
        assert self._task is not None
        await asyncio.shield(self._task)  # a caller that goes away does not take the others' answer with it
        if self.current() is None:
            raise UnavailableError(
                str(self._error) if self._error is not None else "the AWS credentials have expired already"
            )

    async def run(self) -> None:
        """Renew for ever, for a background task; errors are tried again."""
        while True:
            await asyncio.sleep(self.until_due())
            try:
                await self.refresh()
            except UnavailableError:
                continue

    def until_due(self) -> float:
        """Seconds until the source is to be asked."""
        due = self._retry if self._held is None else max(self._renew, self._retry)
        return min(max(0.0, due - self._clock()), 24 * 3600.0)

    def _start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._ask())

    async def _ask(self) -> None:
        try:
            self._hold(await self._source.fetch())
        except UnavailableError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001 - a source that has a bug must not end the renewals
            self._fail(UnavailableError(f"the AWS credentials cannot be had: {type(error).__name__}"))
        finally:
            self._task = None

    def _hold(self, found: AwsCredentials) -> None:
        time = self._clock()
        self._held, self._error, self._failures = found, None, 0
        self._retry = time + _FIRST_WAIT  # where nothing newer is to be had yet, requests do not ask again and again
        if found.renew is not None:
            self._renew = found.renew
        elif found.expires is not None:
            left = max(0.0, found.expires - time)
            self._renew = found.expires - min(AHEAD, left / 2)
        else:
            self._renew = float("inf")

    def _fail(self, error: UnavailableError) -> None:
        self._error = error
        wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0**self._failures)
        self._failures = min(self._failures + 1, 10)
        self._retry = self._clock() + wait * random.uniform(0.75, 1.25)  # noqa: S311 - spreads attempts


@lru_cache(256)
def keeper(source: CredentialSource) -> Keeper:
    """The keeper that all deployments with this source share."""
    return Keeper(source)
