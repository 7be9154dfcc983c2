"""Where a deployment is reached and how it wants to be called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

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
    """Top-level request parameters to rename, for example `max_completion_tokens` -> `max_tokens`."""


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
    embedded: bool = False
    """The embedded model: host and port are known once its child process runs."""

    @property
    def base_url(self) -> str:
        """Scheme, host and port for people to read; never a credential."""
        default = 443 if self.scheme == "https" else 80
        port = "" if self.port == default else f":{self.port}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}{port}"
