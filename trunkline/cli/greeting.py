"""What `trunkline up` says when everything runs: where to look, and a call to paste."""

from __future__ import annotations

from pathlib import Path

from trunkline.cli.options import environment
from trunkline.config import ConfigError, Snapshot, load
from trunkline.local import available

DEFAULT_KEY = "sk-1234"
"""The guide's key. It is no secret and works on loopback only; any other key is never printed."""
QUESTION = "Write one sentence about the sea."
"""Something that a model of 135 million parameters can answer."""


def key_in_config(config: Path) -> str | None:
    """The master key where only the config has it; `None` where the environment says the same, or none is set."""
    try:
        environ = environment()
        key = load(config, environ).master_key
    except ConfigError:  # the gateway says it better
        return None
    said = None if key is None else key.reveal()
    return None if said == (environ.get("LITELLM_MASTER_KEY") or None) else said


def greeting(config: Path, url: str, page: str | None = None) -> str:
    """Which `page` to open, and a `curl` on the embedded model, or how to see the models where the config has none."""
    try:
        snapshot = load(config, environment())
    except ConfigError as error:  # the gateway has started, so the file was changed in between
        return str(error)
    key = _key(snapshot)
    group, reason = _embedded(snapshot)
    opened = [] if page is None else ["", f"Open {page.replace('127.0.0.1', 'localhost')} in a browser."]
    lines = [*opened, "", "Try it:", ""]
    if group is None:
        lines += ["  " + " \\\n    ".join([f"curl {url}/v1/models", *_header(key)])]
    else:
        body = f'{{"model": "{group}", "messages": [{{"role": "user", "content": "{QUESTION}"}}]}}'
        call = [f"curl {url}/v1/chat/completions", *_header(key), '-H "Content-Type: application/json"', f"-d '{body}'"]
        lines += ["  " + " \\\n    ".join(call)]
    if reason:
        lines += ["", f"  ({reason})"]
    if key == "$LITELLM_MASTER_KEY":
        lines += ["", "  (LITELLM_MASTER_KEY in your shell has to be the master key of the config)"]
    return "\n".join([*lines, ""])


def _key(snapshot: Snapshot) -> str | None:
    if snapshot.master_key is None:
        return None
    return DEFAULT_KEY if snapshot.master_key.reveal() == DEFAULT_KEY else "$LITELLM_MASTER_KEY"


def _header(key: str | None) -> list[str]:
    return [] if key is None else [f'-H "Authorization: Bearer {key}"']


def _embedded(snapshot: Snapshot) -> tuple[str | None, str | None]:
    """The name under which clients ask for the embedded model, or why it cannot run here; both `None` without one."""
    for deployment in snapshot.deployments:
        target = deployment.target
        if target is not None and target.embedded and not target.bridge and "*" not in deployment.group:
            reason = available()
            return (None, reason) if reason else (deployment.group, None)
    return None, None
