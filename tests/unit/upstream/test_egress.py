"""Media by URL: what is fetched, what is refused, and that nothing private is ever connected to."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from trunkline.upstream import egress as module
from trunkline.upstream.egress import Egress
from trunkline.upstream.failure import EgressError

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


class Canary:
    """A listener that counts who comes."""

    def __init__(self) -> None:
        self.connections = 0
        self.heads: list[bytes] = []
        self.port = 0


@asynccontextmanager
async def listening(answer: Answer) -> AsyncIterator[Canary]:
    """A server on 127.0.0.1 that reads a head and lets `answer` write."""
    canary = Canary()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        canary.connections += 1
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            canary.heads.append(head)
            await answer(head, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    canary.port = server.sockets[0].getsockname()[1]
    try:
        yield canary
    finally:
        server.close()


def sends(data: bytes, kind: str = "image/png", more: str = "") -> Answer:
    """An answer with a body."""

    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        del head
        writer.write(
            f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n{more}content-length: {len(data)}\r\n\r\n".encode() + data
        )
        await writer.drain()

    return answer


LOCAL = ("127.0.0.0/8",)


async def test_a_medium_is_fetched_and_its_bytes_say_what_it_is() -> None:
    """Type by the first bytes and not by the server's word; nothing of the client's goes along."""
    async with listening(sends(PNG, "text/html")) as canary:
        found = await Egress(LOCAL).fetch(f"http://127.0.0.1:{canary.port}/a.png?x=1")
    assert (found.mime, b64decode(found.data)) == ("image/png", PNG)
    assert canary.heads[0].startswith(b"GET /a.png?x=1 HTTP/1.1\r\n")
    assert b"cookie" not in canary.heads[0].lower()
    assert b"authorization" not in canary.heads[0].lower()


LOOPBACKS = [
    "127.0.0.1", "127.1", "127.0.1", "127.000.000.001", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001", "2130706433", "017700000001",
    "127.0.0.1.", "127.255.255.254", "0.0.0.0", "0", "localhost", "LOCALHOST", "localhost.", "ip6-localhost", "[::1]",
    "[0:0:0:0:0:0:0:1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[::7f00:1]",
    "[64:ff9b::7f00:1]", "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]", "[fe80::1]", "[fe80::1%25lo]", "[fc00::1]",
    "[fd00:ec2::254]", "[ff02::1]", "[2001:db8::1]", "169.254.169.254", "169.254.170.2", "2852039166", "0xa9fea9fe",
    "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[64:ff9b::a9fe:a9fe]", "10.0.0.1", "172.16.0.1", "172.31.255.255",
    "192.168.0.1", "192.168.255.255", "100.64.0.1", "100.127.255.255", "198.18.0.1", "192.0.2.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255", "127.0.0.1%2e", "127。0。0。1", "①②⑦.⓪.⓪.①", "user@127.0.0.1",
    "127.0.0.1:80@example.com", "example.com@127.0.0.1", "127.0.0.1\\@example.com", "127.0.0.1#@example.com", "[::ffff:0:127.0.0.1]",
]  # fmt: skip


@pytest.mark.parametrize("host", LOOPBACKS)
async def test_f04_no_spelling_of_a_private_address_is_reached(host: str) -> None:
    """F04: sixty ways to write loopback, link-local, metadata, private, shared, multicast and reserved addresses."""
    async with listening(sends(PNG)) as canary:
        with pytest.raises(EgressError) as raised:
            await Egress().fetch(f"http://{host}:{canary.port}/")
    assert canary.connections == 0
    assert "169.254" not in str(raised.value) or "169.254" in host


def resolving(monkeypatch: pytest.MonkeyPatch, *rounds: list[str]) -> list[str]:
    """Names resolve to these addresses, the last list for ever; returns the names that were asked for."""
    asked: list[str] = []
    left = list(rounds)

    async def lookup(host: str, port: int, loop: object) -> list[tuple[Any, ...]]:
        del loop
        asked.append(host)
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(module, "lookup", lookup)
    return asked


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["10.1.2.3"], ["::1"], []])
async def test_f04_a_name_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch, addresses: list[str]) -> None:
    """F04: one private address among those of a name is enough."""
    asked = resolving(monkeypatch, addresses)
    async with listening(sends(PNG)) as canary:
        with pytest.raises(EgressError):
            await Egress().fetch(f"http://innocent.example:{canary.port}/")
    assert (asked, canary.connections) == (["innocent.example"], 0)


async def test_f04_a_name_is_resolved_once_so_it_cannot_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """F04, rebinding: what was checked is what is connected to; there is no second look-up."""
    asked = resolving(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
    async with listening(sends(PNG)) as canary:
        await Egress(LOCAL).fetch(f"http://rebind.example:{canary.port}/")
    assert (asked, canary.connections) == (["rebind.example"], 1)


def test_public_addresses_pass() -> None:
    """Ordinary addresses of both families are not caught, and an allowed network is one."""
    for address in ("93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::808:808"):
        assert Egress().permits(ipaddress.ip_address(address)), address
    assert not Egress(["10.1.0.0/16"]).permits(ipaddress.ip_address("10.2.0.1"))
    assert Egress(["10.1.0.0/16"]).permits(ipaddress.ip_address("10.1.0.1"))


def redirecting(*targets: str) -> Answer:
    """Redirects to each target in turn, then sends a medium."""
    left = list(targets)

    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        if not left:
            await sends(PNG)(head, writer)
            return
        writer.write(f"HTTP/1.1 302 Found\r\nlocation: {left.pop(0)}\r\ncontent-length: 0\r\n\r\n".encode())
        await writer.drain()

    return answer


@pytest.mark.parametrize(
    "target",
    ["http://169.254.169.254/latest", "http://10.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1/", "http://[::1]/", "//10.0.0.1/x"],
)  # fmt: skip
async def test_f05_a_redirect_inside_is_not_followed(target: str) -> None:
    """F05: each hop is checked like the first."""
    async with listening(redirecting(target)) as canary:
        with pytest.raises(EgressError):
            await Egress(LOCAL).fetch(f"http://127.0.0.1:{canary.port}/")
    assert canary.connections == 1


async def test_f05_three_hops_are_followed_and_no_more() -> None:
    """F05: relative targets too."""
    async with listening(redirecting("/1", "/2", "/3")) as canary:
        assert (await Egress(LOCAL).fetch(f"http://127.0.0.1:{canary.port}/0")).mime == "image/png"
    async with listening(redirecting(*[f"/{n}" for n in range(20)])) as canary:
        with pytest.raises(EgressError, match="redirects"):
            await Egress(LOCAL).fetch(f"http://127.0.0.1:{canary.port}/")
    assert canary.connections == 4


async def test_f09_too_large_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """F09: by the announced length before anything is read, and by what comes where none is announced."""
    monkeypatch.setattr(module, "MAX_BYTES", 100_000)
    announced = sends(PNG + b"\0" * 200_000)
    sent = 0

    async def endless(head: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        del head
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for _ in range(10_000):
            writer.write(b"%x\r\n%b\r\n" % (10_000, b"\xff\xd8\xff" + b"\0" * 9_997))
            await writer.drain()
            sent += 10_000

    for answer in (announced, endless):
        async with listening(answer) as found:
            with pytest.raises(EgressError, match="larger than"):
                await Egress(LOCAL).fetch(f"http://127.0.0.1:{found.port}/")
    assert sent < 20_000_000


async def test_f09_too_slow_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """F09: a byte now and then does not keep us."""
    monkeypatch.setattr(module, "SECONDS", 0.3)

    async def slowly(head: bytes, writer: asyncio.StreamWriter) -> None:
        del head
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n")
        for _ in range(100):
            writer.write(b"\xff")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with listening(slowly) as canary:
        with pytest.raises(EgressError, match=r"not there within 0.3 s"):
            await Egress(LOCAL).fetch(f"http://127.0.0.1:{canary.port}/")


@pytest.mark.parametrize(
    ("data", "kind", "more"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", ""),
        (b"<html><script>alert(1)</script>", "image/png", ""),
        (b"<html>", "text/plain", ""),
        (b"MZ\x90\0", "application/octet-stream", ""),
        (b"a\0b", "text/plain", ""),
        (b"\x1f\x8b\x08" + b"\0" * 50, "image/png", "content-encoding: gzip\r\n"),
        (b"", "image/png", ""),
    ],
)
async def test_f09_what_is_no_medium_is_refused(data: bytes, kind: str, more: str) -> None:
    """F09: SVG, pages, programs and compressed answers never reach a model as an image."""
    async with listening(sends(data, kind, more)) as canary:
        with pytest.raises(EgressError):
            await Egress(LOCAL).fetch(f"http://127.0.0.1:{canary.port}/")


@pytest.mark.parametrize(
    "url",
    ["", "a", "ftp://example.com/x", "data:image/png;base64,AA", "http://", "http:///x", "http://a b/", "http://exa\nmple.com/",
     "http://example.com:99999/", "http://user:pw@example.com/", "http://ex%61mple.com/", "http://" + "a" * 9000],
)  # fmt: skip
async def test_what_is_no_url_is_refused(url: str) -> None:
    """Nothing is guessed from a URL that has to be mended first."""
    with pytest.raises(EgressError):
        await Egress(LOCAL).fetch(url)


async def test_an_error_of_the_server_is_said() -> None:
    """404 and the like are no media."""

    async def missing(head: bytes, writer: asyncio.StreamWriter) -> None:
        del head
        writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()

    async with listening(missing) as canary:
        with pytest.raises(EgressError, match="answered 404"):
            await Egress(LOCAL).fetch(f"http://127.0.0.1:{canary.port}/")


async def test_nobody_there_is_said() -> None:
    """A refused connection is an error for the client and no traceback."""
    free = socket.create_server(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    with pytest.raises(EgressError, match="cannot be fetched"):
        await Egress(LOCAL).fetch(f"http://127.0.0.1:{port}/")
