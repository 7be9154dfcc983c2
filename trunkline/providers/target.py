"""Where a deployment is reached and how it wants to be called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from trunkline.ir import Endpoint, Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirks:
    """Departures of a host from OpenAI's chat API, each read by the one place that minds it."""

    stream_options: bool = True
    """The host takes `stream_options.include_usage`; where false, it is never added."""
    usage_dialect: str = "openai"
    """Row of the usage table in `wire/openai_chat/usage.py`."""
    done_marker: bool = True
    """Streams end with `data: [DONE]`; where false, a finish reason and a clean end suffice."""
    model_in_body: bool = True
    """The body's `model` names the model (Azure's classic face names it in the path)."""
    rename: Mapping[str, str] = field(default_factory=dict[str, str])
    """Top-level parameters of OpenAI's formats to rename, for example `max_completion_tokens` -> `max_tokens`."""
    body: Mapping[str, object] = field(default_factory=dict[str, object])
    """Members that every request body gets where it has none (`anthropic_version` on other clouds)."""
    leave_out: frozenset[str] = frozenset()
    """Members that this face of the host refuses although its format has them (`stream` where the path says it)."""
    codec_dialect: str = ""
    """Which variant of its format the host speaks, for `wire.registry.codec`."""
    streams: bool = True
    """The host can stream; where false, a stream is made from its whole answer."""


class Authorizer(Protocol):
    """Authentication that changes with time (a token that expires) or with the request (a signature)."""

    def headers(self, method: str, host: str, path: str, body: bytes) -> tuple[tuple[str, str], ...] | None:
        """The headers for one request now; `None` where `refresh` must come first. Called for every request: cheap."""

    def secrets(self) -> tuple[Secret, ...]:
        """What is sent now and must never be read back in an answer or a log."""

    def rejected(self) -> None:
        """The provider said 401: what is held may have been revoked, get it anew before long."""

    async def refresh(self) -> None:
        """Get what is needed; callers share one refresh under way.

        Raises:
            UnavailableError: it cannot be had; says why and what to mend, never a credential.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One place to send calls to. A provider key is only ever sent to this origin."""

    provider: str
    scheme: Literal["http", "https"]
    host: str
    port: int
    paths: Mapping[Endpoint, str]
    """Path and query per operation; an operation that is missing is not offered by the host."""
    headers: tuple[tuple[str, str | Secret], ...]
    """Authentication and fixed headers, in the order they are sent."""
    quirks: Quirks = field(default_factory=Quirks)
    stream_paths: Mapping[Endpoint, str] = field(default_factory=dict[Endpoint, str])
    """Path and query of streams, where they differ from `paths`."""
    small: Mapping[Endpoint, str] = field(default_factory=dict[Endpoint, str])
    """For operations other than conversations: whose format the host speaks (a name of `wire.small`), where it is not
    the client's."""
    authorizer: Authorizer | None = None
    """Adds headers to each request; `headers` holds what stays the same."""
    embedded: bool = False
    """A child process of the gateway: host and port are known once it runs."""
    bridge: str = ""
    """The library that reaches the host from that process; empty: it holds the embedded model."""
    secrets: tuple[Secret, ...] = ()
    """Credentials that are told in another form than a header of their own: they must not be read back either."""

    @property
    def base_url(self) -> str:
        """Scheme, host and port for people to read; never a credential."""
        default = 443 if self.scheme == "https" else 80
        port = "" if self.port == default else f":{self.port}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}{port}"
