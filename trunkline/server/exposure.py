"""Who can reach the gateway, and is it locked: a well-known or missing key serves loopback only."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from trunkline.config.dotenv import DOTENV
from trunkline.config.snapshot import Snapshot
from trunkline.config.well_known import MIN_KEY_LENGTH, WELL_KNOWN

LOOPBACK: Final = "127.0.0.1"
VARIABLE: Final = "LITELLM_MASTER_KEY"
_IN_CONFIG: Final = re.compile(r"""\s*["']?master_key["']?\s*:""")
_IN_DOTENV: Final = re.compile(rf"\s*(?:export\s+)?{VARIABLE}\s*=")
_REFERS: Final = re.compile(r"os\.environ/|\$\{")
"""The value stands elsewhere."""
_WAY_OUT: Final = (
    "Write this line into .env, with a value of your own:\n"
    f"    {VARIABLE}=sk-<32 random characters>\n"
    f'for example: echo "{VARIABLE}=sk-$(openssl rand -hex 24)" >> .env'
)


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
    what = _weakness(snapshot, host)
    return None if what is None else f"Refused to listen on {host} {what}. {_WAY_OUT}"


def trouble_anew(snapshot: Snapshot, host: str, environ: Mapping[str, str]) -> str | None:
    """Why a gateway that is reached at `host` must not go on with this configuration, and where the key is written.

    `environ` as for `reached_at`.
    """
    what = _weakness(snapshot, host)
    if what is None:
        return None
    return f"{_written_at(snapshot.files, environ)}: refused to go on at {host} {what}. {_WAY_OUT}"


def _weakness(snapshot: Snapshot, host: str) -> str | None:
    if is_loopback(host):
        return None
    key = snapshot.master_key
    if key is None:
        return "without a master key"
    if key.reveal() in WELL_KNOWN:
        return "with a master key that everybody knows"
    if len(key.reveal()) < MIN_KEY_LENGTH:
        return f"with a master key shorter than {MIN_KEY_LENGTH} characters"
    return None


def _written_at(files: Sequence[str], environ: Mapping[str, str]) -> str:
    """File and line of the master key, or the variable that it comes from."""
    for name in files:
        line, text = _line(Path(name), _IN_CONFIG)
        if line and not _REFERS.search(text):
            return f"{name}:{line}"
    if VARIABLE in environ:
        return f"`{VARIABLE}` of the environment"
    line, _ = _line(DOTENV, _IN_DOTENV)
    return f"{DOTENV}:{line}" if line else f"{DOTENV}: no `{VARIABLE}`"


def _line(path: Path, pattern: re.Pattern[str]) -> tuple[int, str]:
    """Number and text of the last line that matches; 0 where there is none."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return 0, ""
    found = [(number, line) for number, line in enumerate(lines, 1) if pattern.match(line)]
    return found[-1] if found else (0, "")


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
