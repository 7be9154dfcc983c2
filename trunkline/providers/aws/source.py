"""Where credentials come from: what every source offers, and the plain ones.

Sources are values: two deployments with the same parameters have equal sources, so they can share one `Keeper`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import msgspec

from trunkline.ir.secret import Secret
from trunkline.providers.aws.sigv4 import AwsCredentials
from trunkline.providers.settings import UnavailableError


class NotHereError(UnavailableError):
    """This source has nothing to say; the next one of a chain may."""


class CredentialSource(Protocol):
    """One way to get credentials."""

    def __hash__(self) -> int:
        """Equal sources give the same credentials."""

    async def fetch(self) -> AwsCredentials:
        """Credentials that can be used now.

        Raises:
            UnavailableError: there are none; says why and what to mend, never a credential.
        """


@dataclass(frozen=True, slots=True)
class StaticSource:
    """Credentials that were written down."""

    credentials: AwsCredentials

    async def fetch(self) -> AwsCredentials:
        """Return them."""
        return self.credentials


@dataclass(frozen=True, slots=True)
class FirstOf:
    """The first source of several that is there; one that is there and fails ends the search."""

    sources: tuple[CredentialSource, ...]
    otherwise: str
    """What to say where none is."""

    async def fetch(self) -> AwsCredentials:
        """The first one's."""
        for source in self.sources:
            try:
                return await source.fetch()
            except NotHereError:
                continue
        raise UnavailableError(self.otherwise)


@dataclass(frozen=True, slots=True)
class Fetched:
    """An HTTP answer."""

    status: int
    body: bytes


async def fetch_url(
    url: str,
    *,
    who: str,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout: float,
    proxied: bool = False,
) -> Fetched:
    """One exchange, in a thread. `proxied`: through the proxy that the environment names, if it names one.

    Raises:
        UnavailableError: no answer came. `who` names the service for people.
    """
    if not url.startswith(("http://", "https://")):
        raise UnavailableError(f"the address of {who} must begin with `https://` or `http://`")
    from trunkline.providers.aws.exchange import exchange  # it loads what most gateways never need

    try:
        status, answer = await asyncio.to_thread(exchange, url, method, dict(headers or {}), body, timeout, proxied)
    except OSError as error:
        raise UnavailableError(f"{who} cannot be reached: {error}") from error
    return Fetched(status, answer)


_decode: Final = msgspec.json.Decoder(dict[str, object]).decode


def read_session(body: bytes, who: str) -> AwsCredentials:
    """The credentials that the instance and container services answer with.

    Raises:
        UnavailableError: the answer is not what it should be.
    """
    try:
        found = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UnavailableError(f"{who} answered with something that is no JSON object") from error
    access_key, secret_key, token = (found.get(name) for name in ("AccessKeyId", "SecretAccessKey", "Token"))
    if not (isinstance(access_key, str) and isinstance(secret_key, str) and access_key and secret_key):
        said = found.get("Message") or found.get("message") or found.get("Code")
        raise UnavailableError(f"{who} gave no credentials" + (f": {said}" if isinstance(said, str) else ""))
    return AwsCredentials(
        access_key=access_key,
        secret_key=Secret(secret_key),
        token=Secret(token) if isinstance(token, str) and token else None,
        expires=read_time(found.get("Expiration"), who),
    )


def read_time(value: object, who: str) -> float | None:
    """Unix seconds of a time as AWS writes it; `None` where there is none.

    Raises:
        UnavailableError: it is no time.
    """
    if value is None:
        return None
    try:
        return datetime.fromisoformat(str(value)).timestamp()
    except (ValueError, OverflowError) as error:
        raise UnavailableError(f"{who} gave an expiry that is no time") from error


def now() -> float:
    """Unix seconds."""
    return time.time()
