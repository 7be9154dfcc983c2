"""What a client asked for, as far as its head and path tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from trunkline.ir import Endpoint
from trunkline.ir.format import Format


@dataclass(frozen=True, slots=True)
class Surface:
    """One operation of one client API."""

    endpoint: Endpoint
    call_type: str
    """LiteLLM's name of the operation in its logs."""
    route: str
    """The canonical path, for metrics and messages; no two surfaces have the same."""
    streams: bool
    """It can be streamed."""
    errors: Format = Format.OPENAI_CHAT
    """Whose error bodies the client reads."""
    stream: bool | None = None
    """Whether it is streamed, where the path and not the body says so."""
    array: bool = False
    """Streams are one JSON array instead of server-sent events."""
    body: Literal["json", "multipart"] = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What is known of a call before its body is read. The same head gives the same `Arrival`, so it is remembered."""

    surface: Surface
    key_hash: str
    path_model: str | None = None
    """The model named by the path (Azure's way, Google's way), which then decides."""
    user_agent: str = ""
    client_call_id: str = ""
    timeout: float | None = None
    """Seconds, from `x-litellm-timeout`."""
    stream_timeout: float | None = None
    num_retries: int | None = None
    strict: bool = False
    """`x-trunkline-strict: true`: what a translation would lose is an error."""
    content_type: str = ""
    """Of a multipart body: its boundary stands there."""
    passed: tuple[tuple[str, str], ...] = ()
    """Headers of the client that go on to a provider of the same format (`anthropic-beta` and the like)."""
    keep_alive: bool = True
    http10: bool = False
    notice: bytes = b""
    """Header lines for every answer to this caller (`Principal.notice`)."""


class Sink(Protocol):
    """Where an answer goes. Header blocks are lines that end in CR LF, without framing and connection headers.

    A sink whose client has gone takes calls and does nothing.
    """

    client_ip: str

    def answer(self, status: int, block: bytes, body: bytes) -> None:
        """Send a whole answer; nothing follows."""

    def start(self, status: int, block: bytes) -> None:
        """Begin an answer whose length is not known."""

    def write(self, data: bytes) -> None:
        """Send a piece of the body."""

    def end(self, data: bytes) -> None:
        """Send the last piece (may be empty) and end the answer."""

    def chunk_writer(self) -> Callable[[bytes], None] | None:
        """What sends a piece that has its HTTP chunk framing already, once the answer has begun; to be used until the
        call is over or its client gone, by somebody who does not look at `blocked`: the sink calls `Call.hold_back`.
        `None` where pieces go out in another way.
        """

    @property
    def blocked(self) -> bool:
        """The client reads slower than we write: hold the provider back until `Call.unblocked`."""
