"""What the commands are asked to do: arguments, else environment variables, else defaults, each checked.

Knows no argument parser: `quick_serve` reads the ordinary ways to write `trunkline serve`, `app.py` everything else,
and both hand over plain strings.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

CONFIG_FILE = "litellm-config.yaml"
HOST = "127.0.0.1"
PORT = 4000
MINIMAL_CONFIG = """\
    model_list:
      - model_name: smollm2
        litellm_params:
          model: local/smollm2-135m-instruct"""
"""The smallest config that answers without any key: the embedded model."""

_FLAGS = {
    "-c": "config",
    "--config": "config",
    "--host": "host",
    "--port": "port",
    "--workers": "workers",
    "--num_workers": "workers",  # LiteLLM's spelling
}
_VARIABLES = {"config": "CONFIG_FILE_PATH", "host": "HOST", "port": "PORT", "workers": "NUM_WORKERS"}
"""LiteLLM's names."""

_OF_THE_PROCESS = ("TRUNKLINE_DATA", "SSL_CERT_FILE", "SSL_CERT_DIR")


class Mistake(Exception):
    """Something the user can mend; the message says what and how, and needs no traceback."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """How the gateway is to be started."""

    config: Path
    host: str = HOST
    port: int = PORT
    workers: int = 1

    def arguments(self) -> tuple[str, ...]:
        """The same as command-line arguments of `trunkline serve`."""
        return (
            *("--config", str(self.config)),
            *("--host", self.host),
            *("--port", str(self.port)),
            *("--workers", str(self.workers)),
        )


def quick_serve(argv: Sequence[str]) -> Mapping[str, str] | None:
    """The options in `argv` by name when it holds only options with values; `None` says that the parser must speak."""
    raw: dict[str, str] = {}
    rest = list(argv)
    while rest:
        flag, equals, value = rest.pop(0).partition("=")
        if flag not in _FLAGS or (not equals and not rest):
            return None
        raw[_FLAGS[flag]] = value if equals else rest.pop(0)
    return raw


def environment() -> Mapping[str, str]:
    """The process's environment over `./.env`. Raises `Mistake` when that file cannot be read.

    Only what the process itself goes by is put into `os.environ`: the config reads the rest from the file again at
    every reload, so that an edited `.env` counts.
    """
    from trunkline.config import ConfigError
    from trunkline.config.dotenv import overlay

    try:
        environ = overlay(Path(".env"), os.environ)
    except ConfigError as error:
        raise Mistake(str(error)) from error
    for name in (*_OF_THE_PROCESS, *(name.lower() for name in _OF_THE_PROCESS)):
        if name in environ:
            os.environ.setdefault(name, environ[name])
    return environ


def serve_options(raw: Mapping[str, str | None], environ: Mapping[str, str] | None = None) -> ServeOptions:
    """Options from their written form, by name, else from `environ` (default: `environment()`). Raises `Mistake`."""
    source = _Source(raw=raw, environ=environment() if environ is None else environ)
    return ServeOptions(
        config=find_config(source.text("config")),
        host=source.text("host") or HOST,
        port=source.number("port", PORT, 0, 65535),
        workers=source.number("workers", 1, 1, 256),
    )


def find_config(written: str | None, folder: Path = Path()) -> Path:
    """The config file: the one that was named, else `litellm-config.yaml` in `folder`. Raises `Mistake`."""
    if written:
        path = Path(written)
        if path.is_file():
            return path
        what = "is a folder" if path.is_dir() else "does not exist"
        raise Mistake(f"the config file `{path}` {what}{_suggestion(path.parent, path.name)}")
    path = folder / CONFIG_FILE
    if path.is_file():
        return path
    raise Mistake(
        f"there is no `{CONFIG_FILE}` here{_suggestion(folder, CONFIG_FILE)}. Name a config with `--config FILE`, or "
        f"write one; this is enough for the embedded model:\n\n{MINIMAL_CONFIG}\n"
    )


def _suggestion(folder: Path, missing: str) -> str:
    found = sorted(path.name for ending in ("*.yaml", "*.yml") for path in folder.glob(ending) if "config" in path.name)
    others = [name for name in found if name != missing]
    return f" (did you mean `{folder / others[0]}`?)" if others else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """Where an option comes from, for messages."""

    raw: Mapping[str, str | None]
    environ: Mapping[str, str] = field(repr=False)

    def text(self, name: str) -> str | None:
        return self.raw.get(name) or self.environ.get(_VARIABLES[name]) or None

    def number(self, name: str, default: int, low: int, high: int) -> int:
        text = self.text(name)
        if text is None:
            return default
        if text.isascii() and text.isdigit() and low <= int(text) <= high:
            return int(text)
        where = f"--{name}" if self.raw.get(name) else _VARIABLES[name]
        raise Mistake(f"`{where}` must be a whole number from {low} to {high}, not `{text}`; write `{default}`, say")
