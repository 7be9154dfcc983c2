"""From an origin to a connection that stands: names, address families raced, TLS."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from trunkline.upstream.failure import Kind
from trunkline.upstream.lookup import lookup

RACE_SECONDS: Final = 0.25
"""Head start of one address before the next is tried too (RFC 8305, section 8)."""

ProtocolT = TypeVar("ProtocolT", bound=asyncio.Protocol)
Address = tuple[int, str, int]
"""Family, host, port."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port: what a connection is good for."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"


class ConnectError(Exception):
    """No connection; `kind` says in which phase, `text` is fit for people."""

    def __init__(self, kind: Kind, text: str) -> None:
        super().__init__(text)
        self.kind = kind
        self.text = text


async def connect(
    origin: Origin,
    context: ssl.SSLContext | None,
    factory: Callable[[], ProtocolT],
    seconds: float,
    loop: asyncio.AbstractEventLoop,
) -> ProtocolT:
    """Connect within `seconds`, TLS included.

    Raises:
        ConnectError: the name does not resolve, nobody answers, or the certificate is not to be trusted.
    """
    try:
        async with asyncio.timeout(seconds):
            addresses = await resolve(origin.host, origin.port, loop)
            return await _race(addresses, origin, context, factory, loop)
    except TimeoutError:
        raise ConnectError(
            Kind.CONNECT_TIMEOUT, f"no connection to {origin.host}:{origin.port} within {seconds:g} s"
        ) from None
    except socket.gaierror as error:
        raise ConnectError(Kind.DNS, f"the name {origin.host} does not resolve ({error.strerror})") from None
    except ssl.SSLCertVerificationError as error:
        raise ConnectError(
            Kind.TLS, f"the certificate of {origin.host} is not trusted: {error.verify_message}"
        ) from None
    except ssl.SSLError as error:
        raise ConnectError(Kind.TLS, f"no TLS with {origin.host}: {error.reason}") from None
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else type(error).__name__
        raise ConnectError(Kind.CONNECT, f"no connection to {origin.host}:{origin.port} ({why})") from None


async def resolve(host: str, port: int, loop: asyncio.AbstractEventLoop) -> list[Address]:
    """Addresses of a host, families alternating, in the system's order of preference."""
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        found = await lookup(host, port, loop)
    else:
        return [(socket.AF_INET6 if literal.version == 6 else socket.AF_INET, host, port)]
    seen: dict[Address, None] = {}
    for family, _, _, _, address in found:
        seen[(family, str(address[0]), int(address[1]))] = None
    return _alternate(list(seen))


def _alternate(addresses: Sequence[Address]) -> list[Address]:
    first = [a for a in addresses if a[0] == addresses[0][0]]
    second = [a for a in addresses if a[0] != addresses[0][0]]
    mixed: list[Address] = []
    for at in range(max(len(first), len(second))):
        mixed += first[at : at + 1] + second[at : at + 1]
    return mixed


async def _race(
    addresses: Sequence[Address],
    origin: Origin,
    context: ssl.SSLContext | None,
    factory: Callable[[], ProtocolT],
    loop: asyncio.AbstractEventLoop,
) -> ProtocolT:
    """Try addresses in turn, each with a head start over the next; the first that stands wins."""
    waiting = list(addresses)
    running: set[asyncio.Task[ProtocolT]] = set()
    failure: BaseException | None = None
    try:
        while waiting or running:
            if waiting:
                running.add(loop.create_task(_open(waiting.pop(0), origin, context, factory, loop)))
            done, running = await asyncio.wait(
                running, timeout=RACE_SECONDS if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            winner: ProtocolT | None = None
            for task in done:
                failure = task.exception() or failure
                if task.exception() is None:
                    winner = _keep_one(winner, task.result())
            if winner is not None:
                return winner
    finally:
        for task in running:
            task.cancel()
    raise failure if failure is not None else OSError("no address")


def _keep_one(winner: ProtocolT | None, other: ProtocolT) -> ProtocolT:
    if winner is None:
        return other
    transport = getattr(other, "transport", None)
    if transport is not None:
        transport.abort()
    return winner


async def _open(
    address: Address,
    origin: Origin,
    context: ssl.SSLContext | None,
    factory: Callable[[], ProtocolT],
    loop: asyncio.AbstractEventLoop,
) -> ProtocolT:
    _, host, port = address
    if context is None:
        _, protocol = await loop.create_connection(factory, host, port)
        return protocol
    _, protocol = await loop.create_connection(
        factory, host, port, ssl=context, server_hostname=origin.host, ssl_handshake_timeout=60.0
    )
    return protocol
