"""The one way out to places that a client names: media by URL.

Everything that fetches what somebody else wrote goes through here (reliability F01). What is checked is the address
that is connected to, not the text of the host: names are resolved once, every address must be public, and the
connection goes to that very address (F04: rebinding, and sixty spellings of 127.0.0.1). Redirects are followed three
times at most, each checked anew (F05). 20 MB, 10 s, and a type that the first bytes prove (F09).
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from base64 import b64encode
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import urljoin, urlsplit

import httpcore

from trunkline.profiles.adapt import Fetched
from trunkline.upstream.failure import EgressError
from trunkline.upstream.lookup import lookup

MAX_BYTES: Final = 20 * 1024 * 1024
SECONDS: Final = 10.0
MAX_HOPS: Final = 3
MAX_AT_ONCE: Final = 32
MAX_URL: Final = 8192

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]

_HOST: Final = re.compile(r"[a-z0-9_](?:[a-z0-9._-]{0,252})|\[[0-9a-f:.]+\]")
_NAT64: Final = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_MAGIC: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"), (0, b"\xff\xd8\xff", "image/jpeg"), (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"), (8, b"WEBP", "image/webp"), (0, b"BM", "image/bmp"), (0, b"%PDF-", "application/pdf"),
    (8, b"WAVE", "audio/wav"), (0, b"ID3", "audio/mpeg"), (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"OggS", "audio/ogg"), (0, b"fLaC", "audio/flac"), (4, b"ftypheic", "image/heic"),
    (4, b"ftypavif", "image/avif"), (4, b"ftypM4A", "audio/mp4"), (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
)  # fmt: skip
"""Offset, first bytes, type: what a medium is, whatever its server says."""
_TEXT_TYPES: Final = frozenset({"text/plain", "text/markdown", "text/csv", "application/json"})


class _Refused(httpcore.ConnectError):
    """The address is not one that a client may reach through us."""


class Egress:
    """Fetches, guarded. One per worker; the connections end with each fetch."""

    def __init__(self, allow: Iterable[str] = ()) -> None:
        """`allow`: networks that may be reached although not public (`general_settings.trunkline.egress_allow`).

        Raises:
            ValueError: an entry is no network.
        """
        self._allow: tuple[Network, ...] = tuple(ipaddress.ip_network(entry) for entry in allow)
        self._gate = asyncio.Semaphore(MAX_AT_ONCE)

    async def fetch(self, url: str) -> Fetched:
        """What a URL holds.

        Raises:
            EgressError: it may not be reached, is too large, too slow, or no medium.
        """
        shown = url[:200]
        try:
            async with self._gate, asyncio.timeout(SECONDS):
                return await self._follow(url)
        except TimeoutError:
            raise EgressError(f"`{shown}` was not there within {SECONDS:g} s") from None
        except _Refused:
            raise EgressError(f"`{shown}` is not a public address: send the medium inline") from None
        except httpcore.TimeoutException:
            raise EgressError(f"`{shown}` was not there within {SECONDS:g} s") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            raise EgressError(f"`{shown}` cannot be fetched ({type(error).__name__})") from None

    def permits(self, address: Address) -> bool:
        """Whether a client may reach an address through us."""
        if any(address.version == net.version and address in net for net in self._allow):
            return True
        return all(_is_public(one) for one in _meant(address))

    async def _follow(self, url: str) -> Fetched:
        backend = _Guarded(self)
        async with httpcore.AsyncConnectionPool(network_backend=backend, max_connections=1, http2=False) as pool:
            for _ in range(MAX_HOPS + 1):
                target = _parse(url)
                async with pool.stream("GET", target, headers=_headers(target)) as answer:
                    where = _value(answer.headers, b"location")
                    if answer.status in (301, 302, 303, 307, 308) and where:
                        url = urljoin(url, where)
                        continue
                    if answer.status != 200:
                        raise EgressError(f"`{url[:200]}` answered {answer.status}")
                    return await _read(answer, url)
        raise EgressError(f"more than {MAX_HOPS} redirects")


class _Guarded(httpcore.AnyIOBackend):
    """Resolves names itself and connects to the address that was checked."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await _resolve(host, port)
        if not addresses or not all(self._egress.permits(address) for address in addresses):
            # One private address among public ones is how rebinding looks; none of them is taken.
            raise _Refused("refused")
        return await super().connect_tcp(str(addresses[0]), port, timeout, local_address, socket_options)


async def _resolve(host: str, port: int) -> list[Address]:
    try:
        return [ipaddress.ip_address(host.strip("[]"))]
    except ValueError:
        pass
    try:
        found = await lookup(host, port, asyncio.get_running_loop())
    except socket.gaierror:
        raise EgressError(f"the name `{host}` does not resolve") from None
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


def _meant(address: Address) -> list[Address]:
    """The address, and those that are wrapped in it: IPv4 in IPv6 by mapping, 6to4, Teredo, NAT64."""
    meant: list[Address] = [address]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return [address.ipv4_mapped]
        if address.sixtofour is not None:
            meant.append(address.sixtofour)
        if address.teredo is not None:
            meant += address.teredo
        if any(address in net for net in _NAT64) or int(address) < 2**32:
            meant.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return meant


def _is_public(address: Address) -> bool:
    in_nat64 = isinstance(address, ipaddress.IPv6Address) and address in _NAT64[0]
    return (address.is_global or in_nat64) and not (
        address.is_multicast or (address.is_reserved and not in_nat64) or address.is_unspecified or address.is_loopback
    )


def _parse(url: str) -> httpcore.URL:
    """Parse once; what was parsed is what is connected to."""
    if len(url) > MAX_URL or not url.isascii() or not url.isprintable() or "\\" in url or " " in url:
        raise EgressError("the URL is too long or holds characters that have to be percent-encoded")
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        raise EgressError(f"`{url[:200]}` has no valid port") from None
    host = (parts.hostname or "").lower()
    written = f"[{host}]" if ":" in host else host
    if parts.scheme not in ("http", "https"):
        raise EgressError(f"`{url[:60]}`: only http and https URLs are fetched")
    if "@" in parts.netloc or not _HOST.fullmatch(written):
        raise EgressError(f"`{url[:200]}` has no plain host name")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return httpcore.URL(scheme=parts.scheme, host=host, port=port, target=target)


def _headers(target: httpcore.URL) -> list[tuple[bytes, bytes]]:
    del target  # httpcore writes the host header itself
    return [(b"accept", b"image/*,application/pdf,audio/*,video/*,text/*"), (b"accept-encoding", b"identity"),
            (b"user-agent", b"trunkline")]  # fmt: skip


def _value(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in headers if key.lower() == name), "")


async def _read(answer: httpcore.Response, url: str) -> Fetched:
    shown = url[:200]
    if _value(answer.headers, b"content-encoding").lower() not in ("", "identity"):
        raise EgressError(f"`{shown}` comes compressed, unasked")
    length = _value(answer.headers, b"content-length")
    if length.isdecimal() and int(length) > MAX_BYTES:
        raise EgressError(f"`{shown}` is larger than {MAX_BYTES // 1024 // 1024} MB")
    data = bytearray()
    async for piece in answer.aiter_stream():
        data += piece
        if len(data) > MAX_BYTES:
            raise EgressError(f"`{shown}` is larger than {MAX_BYTES // 1024 // 1024} MB")
    named = _value(answer.headers, b"content-type").partition(";")[0].strip().lower()
    return Fetched(_type_of(bytes(data[:64]), named, shown), b64encode(data).decode("ascii"))


def _type_of(start: bytes, named: str, shown: str) -> str:
    for offset, magic, mime in _MAGIC:
        if start[offset:].startswith(magic):
            return mime
    if named in _TEXT_TYPES and b"\0" not in start and not start.lstrip().startswith(b"<"):
        return named
    raise EgressError(f"`{shown}` is no image, sound, film, PDF or plain text that could be sent to a model")
