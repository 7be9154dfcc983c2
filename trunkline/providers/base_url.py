"""Base URLs of hosts: parsed once, strictly, and put together in one place.

A name that reaches a URL unchecked steers the call, key included, to somebody else's host
(Bifrost #7307, #7310 and #7315); so everything that is not plainly a host and a path is refused.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import quote

_LABEL: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_PATH: Final = re.compile(r"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)*")
_SPLIT: Final = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/\\?#]*)(?P<path>[^?#]*)(?P<rest>.*)", re.DOTALL
)
_SLOT_VALUE: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_FORBIDDEN_ESCAPES: Final = ("%2e", "%2f", "%5c", "%00", "%25")
_OPERATIONS: Final = ("/chat/completions", "/completions", "/embeddings")


class BaseUrlError(ValueError):
    """An `api_base` that cannot be used; the message says why and what to write, without showing credentials."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A checked base URL: origin and the path before the operation."""

    scheme: Literal["http", "https"]
    host: str
    """Lower case; an IPv6 address without its brackets."""
    port: int
    path: str
    """Empty, or a slash and segments without a trailing slash."""

    @property
    def origin(self) -> tuple[str, str, int]:
        """What a key is bound to."""
        return self.scheme, self.host, self.port

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine by its name or address (no DNS is asked)."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def parse_base(text: str) -> Base:
    """Check a base URL and take it apart; a trailing operation (`/chat/completions` ...) is trimmed.

    Raises:
        BaseUrlError: anything but `http(s)://host[:port][/path]` in plain ASCII.
    """
    if not text.isascii() or any(char <= " " or char == "\x7f" for char in text.strip()):
        raise BaseUrlError("holds a space, a control character or a letter outside ASCII")
    match = _SPLIT.fullmatch(text.strip())
    if match is None:
        raise BaseUrlError("is no URL: write it as `https://host/path`")
    scheme = match["scheme"].lower()
    if scheme not in ("http", "https"):
        raise BaseUrlError(f"has the scheme `{scheme}`: only `https` and `http` are called")
    if "@" in match["authority"]:
        raise BaseUrlError("carries a user name or password: take it out and write the key as `api_key`")
    if match["rest"]:
        raise BaseUrlError("has a query or fragment: write it without `?` and `#`")
    host, port = _authority(match["authority"], 443 if scheme == "https" else 80)
    return Base(
        scheme="https" if scheme == "https" else "http", host=host, port=port, path=_checked_path(match["path"])
    )


def _authority(authority: str, default_port: int) -> tuple[str, int]:
    if authority.startswith("["):
        inner, closed, rest = authority[1:].partition("]")
        if not closed or (rest and not rest.startswith(":")):
            raise BaseUrlError("has a malformed IPv6 address: write it as `http://[::1]:8000`")
        return _ipv6(inner), _port(rest[1:] if rest else None, default_port)
    host, colon, port = authority.partition(":")
    return _host(host), _port(port if colon else None, default_port)


def _ipv6(text: str) -> str:
    try:
        return str(ipaddress.IPv6Address(text)) if "%" not in text else _no_zone()
    except ValueError as error:
        raise BaseUrlError("has a malformed IPv6 address: write it as `http://[::1]:8000`") from error


def _no_zone() -> str:
    raise BaseUrlError("has an IPv6 zone (`%`): write the address without it")


def _host(text: str) -> str:
    if len(text) > 253 or _HOST.fullmatch(text) is None:
        raise BaseUrlError("has no valid host name: write it as `https://host/path`")
    last = text.rsplit(".", 1)[-1]
    if last.isdigit() or last.lower().startswith("0x"):
        # `2130706433`, `0x7f.1` and `0177.0.0.1` are all 127.0.0.1 to some resolvers (reliability: F04).
        try:
            return str(ipaddress.IPv4Address(text))
        except ValueError as error:
            raise BaseUrlError("has a host that is no plain IPv4 address: write it as `10.0.0.1`") from error
    return text.lower()


def _port(text: str | None, default: int) -> int:
    if text is None:
        return default
    if not text.isdigit() or len(text) > 5 or not 1 <= int(text) <= 65535:
        raise BaseUrlError("has a port that is no number from 1 to 65535")
    return int(text)


def _checked_path(path: str) -> str:
    if "\\" in path or _PATH.fullmatch(path) is None:
        raise BaseUrlError("has a character in its path that must be percent-encoded")
    lowered = path.lower()
    if any(escape in lowered for escape in _FORBIDDEN_ESCAPES):
        raise BaseUrlError("has an encoded dot, slash, backslash, percent or NUL in its path")
    trimmed = path.rstrip("/")
    if any(segment in ("", ".", "..") for segment in trimmed.split("/")[1:]):
        raise BaseUrlError("has an empty, `.` or `..` segment in its path")
    for operation in _OPERATIONS:
        if trimmed.endswith(operation):
            return trimmed.removesuffix(operation)
    return trimmed


def path_segment(value: str) -> str:
    """Return `value` as one path segment, everything but unreserved characters percent-encoded.

    Raises:
        BaseUrlError: `.`, `..`, an empty value, or a control character; no encoding makes those safe everywhere.
    """
    if value in ("", ".", "..") or any(char < " " or char == "\x7f" for char in value):
        raise BaseUrlError("cannot stand in a path")
    return quote(value, safe="")


def slot_value(value: str) -> str:
    """Return `value` if it may fill a slot of a host name or path (an account, a region).

    Raises:
        BaseUrlError: anything but letters, digits and inner `.`, `_`, `-`.
    """
    if _SLOT_VALUE.fullmatch(value) is None or ".." in value:
        raise BaseUrlError("may hold letters, digits and inner `.`, `_`, `-` only")
    return value
