"""The programs that `trunkline up` starts: the gateway, and the application around it where this is a checkout.

The application (`backend/`) is a program of its own that speaks HTTP to the gateway like any client; nothing of it is
imported here. One process serves its API and the front end, on two ports.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from trunkline.cli.options import ServeOptions

API_PORT = 8000
WEB_PORT = 3000
"""The guide's ports."""
CHECKOUT = Path(__file__).parents[2]
"""Where `backend/` and `frontend/` lie beside the package, unless it was installed from a wheel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppOptions:
    """Where the application listens."""

    host: str = "127.0.0.1"
    port: int = API_PORT
    web_port: int = WEB_PORT


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One program, and the address by which it says that it is ready."""

    name: str
    command: tuple[str, ...]
    host: str
    port: int
    health: str
    """Path that answers 200 as soon as the service is ready."""
    variables: dict[str, str] = field(default_factory=dict)
    """Set for it on top of this process's environment."""
    hidden: frozenset[str] = frozenset()
    """Variables of this process's environment that it does not get."""
    beside: Mapping[str, int] = field(default_factory=dict)
    """What else it serves, by name, and on which port."""

    @property
    def reachable(self) -> str:
        """Where it is reached from this machine."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 (compared, not bound)

    @property
    def url(self) -> str:
        """Its address for people."""
        return self._url(self.port)

    @property
    def addresses(self) -> Mapping[str, str]:
        """Every address, by the name under which it is shown."""
        return {self.name: self.url} | {name: self._url(port) for name, port in self.beside.items()}

    @property
    def ports(self) -> tuple[int, ...]:
        """Every port on which it listens."""
        return (self.port, *self.beside.values())

    def _url(self, port: int) -> str:
        host = self.reachable
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def gateway(options: ServeOptions) -> Service:
    """The gateway itself."""
    return Service(
        name="gateway",
        command=(sys.executable, "-m", "trunkline", "serve", *options.arguments()),
        host=options.host,
        port=options.port,
        health="/health/liveliness",
    )


def exists(checkout: Path = CHECKOUT) -> bool:
    """Whether the application's source is there."""
    return (checkout / "backend" / "app" / "serve.py").is_file()


def application(options: AppOptions, gateway_url: str, key: str | None) -> Service:
    """The API and the front end, calling the gateway at `gateway_url`, with `key` where one is given."""
    where = ("--host", options.host, "--port", str(options.port), "--web-port", str(options.web_port))
    variables = {"LITELLM_BASE_URL": gateway_url} | ({} if key is None else {"LITELLM_API_KEY": key})
    return Service(
        name="api",
        command=(sys.executable, "-m", "backend.app.serve", *where),
        host=options.host,
        port=options.port,
        health="/health",
        variables=variables,
        hidden=frozenset({"DATABASE_URL"}),  # the gateway's; the application's is APP_DATABASE_URL
        beside={"frontend": options.web_port},
    )


def services(options: ServeOptions, app: AppOptions, key: str | None) -> tuple[Service, ...]:
    """All services that exist, in the order in which they start; they stop in the opposite one.

    `key` is set where the application could not know it by itself: the gateway's key stands in its config.
    """
    first = gateway(options)
    return (first, application(app, first.url, key)) if exists() else (first,)
