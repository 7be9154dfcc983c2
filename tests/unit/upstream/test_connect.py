"""From an origin to a connection that stands: addresses raced, every failure named, nothing left open."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from typing_extensions import override

from tests.support.provider import FakeProvider
from trunkline.upstream import Kind, Origin
from trunkline.upstream import connect as module
from trunkline.upstream.connect import RACE_SECONDS, ConnectError, connect, resolve
from trunkline.upstream.tls import client_context


class Client(asyncio.Protocol):
    """A protocol that remembers its transport."""

    transport: asyncio.Transport

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport


@contextlib.asynccontextmanager
async def listening(host: str = "127.0.0.1") -> AsyncIterator[tuple[int, list[asyncio.BaseTransport]]]:
    """A server that accepts; its port, and the connections it has."""
    accepted: list[asyncio.BaseTransport] = []

    class Server(asyncio.Protocol):
        @override
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            accepted.append(transport)

    server = await asyncio.get_running_loop().create_server(Server, host, 0)
    yield server.sockets[0].getsockname()[1], accepted
    for transport in accepted:
        transport.close()
    server.close()
    await server.wait_closed()


def answers(monkeypatch: pytest.MonkeyPatch, *addresses: tuple[str, int]) -> None:
    """Let every name resolve to these addresses."""

    def getaddrinfo(host: str, port: int, **options: Any) -> list[tuple[Any, ...]]:
        kinds = [(socket.AF_INET6 if ":" in a else socket.AF_INET, a, p) for a, p in addresses]
        return [(kind, socket.SOCK_STREAM, 6, "", (a, p or port)) for kind, a, p in kinds]

    monkeypatch.setattr("trunkline.upstream.lookup.socket.getaddrinfo", getaddrinfo)


async def to(port: int, host: str = "provider.test", *, seconds: float = 5.0, scheme: str = "http",
             context: ssl.SSLContext | None = None) -> Client:  # fmt: skip
    """Connect."""
    return await connect(Origin(scheme, host, port), context, Client, seconds, asyncio.get_running_loop())


async def test_it_connects() -> None:
    """A plain connection to a host that answers."""
    async with listening() as (port, accepted):
        client = await to(port, "127.0.0.1")
        assert client.transport.get_extra_info("peername") == ("127.0.0.1", port)
        client.transport.close()
        await asyncio.sleep(0)
        assert len(accepted) <= 1


async def test_families_alternate(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 8305: the system's order of preference, families in turn, no address twice."""
    answers(monkeypatch, ("::1", 1), ("::2", 1), ("127.0.0.1", 1), ("::2", 1), ("::3", 1), ("127.0.0.2", 1))
    found = await resolve("x", 1, asyncio.get_running_loop())
    assert [host for _, host, _ in found] == ["::1", "127.0.0.1", "::2", "127.0.0.2", "::3"]


async def test_a_dead_address_costs_no_more_than_the_head_start(
    monkeypatch: pytest.MonkeyPatch, provider: FakeProvider
) -> None:
    """The first address drops every packet: the second is tried beside it and wins."""
    async with listening("127.0.0.1") as (port, _):
        answers(monkeypatch, ("127.0.0.1", provider.ports.blackhole), ("127.0.0.1", port))
        began = time.monotonic()
        client = await to(port)
        assert RACE_SECONDS * 0.9 <= time.monotonic() - began < RACE_SECONDS + 0.5
        assert client.transport.get_extra_info("peername")[1] == port
        client.transport.close()


async def test_a_refusing_address_costs_nothing(monkeypatch: pytest.MonkeyPatch, provider: FakeProvider) -> None:
    """The next address is tried as soon as one fails."""
    async with listening() as (port, _):
        answers(monkeypatch, ("127.0.0.1", provider.ports.closed), ("127.0.0.1", port))
        began = time.monotonic()
        client = await to(port)
        assert time.monotonic() - began < RACE_SECONDS
        client.transport.close()


async def test_losers_of_the_race_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where two stand at once, one is used and the other is not left open."""
    made: list[Client] = []

    async def open_slowly(
        address: object, origin: object, context: object, factory: Callable[[], Client], loop: object
    ) -> Client:
        await gate.wait()
        client = factory()
        client.transport = FakeTransport()  # type: ignore[assignment]  # has what is called
        made.append(client)
        return client

    class FakeTransport:
        aborted = False

        def abort(self) -> None:
            self.aborted = True

    gate = asyncio.Event()
    answers(monkeypatch, ("127.0.0.1", 1), ("127.0.0.2", 1))
    monkeypatch.setattr(module, "_open", open_slowly)
    monkeypatch.setattr(module, "RACE_SECONDS", 0.01)
    task = asyncio.create_task(to(1))
    await asyncio.sleep(0.1)
    gate.set()
    winner = await task
    assert len(made) == 2
    assert [client.transport.aborted for client in made if client is not winner] == [True]  # type: ignore[attr-defined]  # the fake
    assert not winner.transport.aborted  # type: ignore[attr-defined]  # the fake


@pytest.mark.parametrize(
    ("port_name", "scheme", "kind", "word"),
    [
        ("closed", "http", Kind.CONNECT, "refused"),
        ("blackhole", "http", Kind.CONNECT_TIMEOUT, "0.4 s"),
        ("tls_stall", "https", Kind.CONNECT_TIMEOUT, "0.4 s"),
        ("tls_self_signed", "https", Kind.TLS, "self-signed"),
        ("tls_expired", "https", Kind.TLS, "not trusted"),
        ("tls_wrong_name", "https", Kind.TLS, "not trusted"),
    ],
)
async def test_every_failure_has_its_name(
    provider: FakeProvider, port_name: str, scheme: str, kind: Kind, word: str
) -> None:
    """U01, U02, U24: refused, silent, and untrusted hosts are told apart, within the time allowed."""
    context = client_context() if scheme == "https" else None
    if context is not None and port_name != "tls_self_signed":
        context.load_verify_locations(provider.ports.ca_file)
    began = time.monotonic()
    with pytest.raises(ConnectError, match=word) as caught:
        await to(getattr(provider.ports, port_name), "127.0.0.1", seconds=0.4, scheme=scheme, context=context)
    assert caught.value.kind is kind
    assert time.monotonic() - began < 1.0


async def test_old_tls_is_refused(provider: FakeProvider) -> None:
    """U24: a host that speaks nothing newer than TLS 1.0 is not talked to."""
    context = client_context()
    context.load_verify_locations(provider.ports.ca_file)
    with pytest.raises(ConnectError) as caught:
        await to(provider.ports.tls_old, "127.0.0.1", seconds=2.0, scheme="https", context=context)
    assert caught.value.kind in (Kind.TLS, Kind.CONNECT)  # asyncio tells a broken handshake as a reset


async def test_a_name_that_does_not_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name stands in the message."""

    def getaddrinfo(host: str, port: int, **options: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("trunkline.upstream.lookup.socket.getaddrinfo", getaddrinfo)
    with pytest.raises(ConnectError, match=r"provider\.test does not resolve") as caught:
        await to(1)
    assert caught.value.kind is Kind.DNS


async def test_no_address_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that answers with nothing is a failure, not a crash."""
    answers(monkeypatch)
    with pytest.raises(ConnectError) as caught:
        await to(1)
    assert caught.value.kind in (Kind.CONNECT, Kind.DNS)


async def test_tls_is_trusted_and_its_session_is_used_again(provider: FakeProvider) -> None:
    """A good certificate connects with TLS 1.2 or newer."""
    context = client_context()
    context.load_verify_locations(provider.ports.ca_file)
    client = await to(provider.ports.tls, "127.0.0.1", scheme="https", context=context)
    shaken = client.transport.get_extra_info("ssl_object")
    assert shaken.version() in ("TLSv1.2", "TLSv1.3")
    client.transport.abort()


def test_checks_cannot_be_off() -> None:
    """The context verifies certificates and names, and takes nothing below TLS 1.2."""
    context = client_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
