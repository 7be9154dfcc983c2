"""What the fake provider writes down about every request it has read in full."""

from __future__ import annotations

import msgspec


class Entry(msgspec.Struct, kw_only=True):
    """One request. Times are seconds of the monotonic clock, which all processes of a machine share."""

    number: int
    connection: int
    arrived: float
    method: str
    path: str
    headers: list[tuple[str, str]]
    """As received; the value of `authorization` is replaced by `key`."""
    key: str
    """First 12 hex digits of the SHA-256 of the bearer token."""
    marker: str
    """The body's `user`: the name that client, provider and database row share."""
    model: str
    stream: bool
    fault: str
    body_bytes: int
    body_sha256: str
    prompt_tokens: int
    completion_tokens: int
    """What the answer's usage says (or would say, where it is not sent)."""
    usage_sent: bool = False
    """The true usage went out whole."""
    done_sent: bool = False
    """The answer's last byte went out."""
    events: int = 0
    """Content events written."""
    answer_bytes: int = 0
    answer_sha256: str = ""
    """Of the answer's body without its framing, once `done_sent`."""
    ended: str = "open"
    """`open`, `done`, `fin`, `rst`, or `client_closed` where the gateway closed first."""
    ended_at: float = 0.0
    client_closed_at: float | None = None


class Counts(msgspec.Struct, kw_only=True):
    """Totals of the provider process."""

    connections: int = 0
    """Accepted on any of its ports but the canary's."""
    open_connections: int = 0
    open_requests: int = 0
    """Read and not yet answered."""
    unfinished: int = 0
    """Requests that broke off before they were whole."""
    malformed: int = 0
    """Requests that were no HTTP."""
    early_bytes: int = 0
    """Connections that sent bytes before the answer before them was complete."""
    canary: int = 0
    """Connections to the port that nobody has a reason to call."""


class Ports(msgspec.Struct, kw_only=True):
    """Where the provider listens, all on 127.0.0.1; each name says what is wrong with the port."""

    http: int
    control: int
    canary: int
    closed: int
    """Nothing listens here."""
    blackhole: int
    """SYNs are dropped: a listening socket whose backlog is full."""
    tls_stall: int
    """Accepts TCP, never answers the ClientHello."""
    tls: int
    tls_expired: int
    tls_wrong_name: int
    tls_self_signed: int
    tls_old: int
    """Speaks TLS 1.0 only."""
    dual: int
    """127.0.0.1 answers, ::1 drops SYNs; 0 where the machine has no IPv6."""
    ca_file: str
