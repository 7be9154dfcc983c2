"""Who can reach the gateway, and is it locked: a well-known or missing key serves loopback only."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence

from trunkline.config.snapshot import Snapshot
from trunkline.config.well_known import MIN_KEY_LENGTH, WELL_KNOWN


def is_loopback(host: str) -> bool:
    """The address can only be reached from this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def reached_at(host: str, environ: Mapping[str, str]) -> str:
    """The address at which callers come in: `host`, or the one that a container's port is published on.

    In a container the gateway listens on every address, and what is published decides who can reach it; the Compose
    file states in `TRUNKLINE_PUBLISHED_ON` the very address that it publishes on. `environ` is the process's own
    environment, never `.env`: that file also serves a gateway outside containers, where nothing is published.
    """
    return host if is_loopback(host) else environ.get("TRUNKLINE_PUBLISHED_ON") or host


def trouble(snapshot: Snapshot, host: str) -> str | None:
    """Why the gateway must not listen at `host` with this key, and the line to write."""
    if is_loopback(host):
        return None
    key = snapshot.master_key
    if key is None:
        what = "without a master key"
    elif key.reveal() in WELL_KNOWN:
        what = "with a master key that everybody knows"
    elif len(key.reveal()) < MIN_KEY_LENGTH:
        what = f"with a master key shorter than {MIN_KEY_LENGTH} characters"
    else:
        return None
    return (
        f"Refused to listen on {host} {what}. Write this line into .env, with a value of your own:\n"
        "    LITELLM_MASTER_KEY=sk-<32 random characters>\n"
        'for example: echo "LITELLM_MASTER_KEY=sk-$(openssl rand -hex 24)" >> .env'
    )


def warnings(snapshot: Snapshot) -> Sequence[str]:
    """What to say of the key when it is good enough for loopback only."""
    key = snapshot.master_key
    if key is None:
        return (
            "WARNING: no LITELLM_MASTER_KEY: everybody on this machine may call the gateway; only loopback is served.",
        )
    if key.reveal() in WELL_KNOWN:
        return (
            "WARNING: the master key is one that everybody knows; only loopback is served. Set LITELLM_MASTER_KEY.",
        )
    return ()
