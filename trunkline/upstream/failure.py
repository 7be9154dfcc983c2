"""What can go wrong between the gateway and a provider."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """One phase of an exchange, failed."""

    DNS = "dns"
    CONNECT = "connect"
    CONNECT_TIMEOUT = "connect_timeout"
    TLS = "tls"
    UNAVAILABLE = "unavailable"
    """A target that has to be started first, and could not be."""
    RESET = "reset"
    """The connection ended before an answer began."""
    TRUNCATED = "truncated"
    """The connection ended inside the answer."""
    PROTOCOL = "protocol"
    """What came is no HTTP, or hostile."""
    TOO_LARGE = "too_large"
    FIRST_BYTE_TIMEOUT = "first_byte_timeout"
    IDLE_TIMEOUT = "idle_timeout"
    TOTAL_TIMEOUT = "total_timeout"
    WRITE_TIMEOUT = "write_timeout"


@dataclass(frozen=True, slots=True)
class UpstreamFailure:
    """An exchange that did not end as it should; `text` is fit for people and holds no credential."""

    kind: Kind
    text: str


class EgressError(Exception):
    """What a client named was not fetched; the text says why and is fit for it (no inner address stands in it)."""
