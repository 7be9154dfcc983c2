"""`.env`: variables for a checkout, read as LiteLLM's users know it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from trunkline.config.problems import ConfigError, Problem

DOTENV: Final = Path(".env").absolute()
"""The file of the folder that the program was started in."""


def read(path: Path) -> dict[str, str]:
    """The variables of a `.env` file; empty when there is none.

    Raises:
        ConfigError: it is there and cannot be read.
    """
    if not path.is_file():
        return {}
    from dotenv import dotenv_values  # 12 ms that a start without `.env` need not spend

    try:
        found = dotenv_values(path, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = "is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else "cannot be read"
        raise ConfigError(
            [Problem(file=str(path), line=0, what=f"`.env` {why}", instead="save it as UTF-8 text")]
        ) from None
    return {name: value for name, value in found.items() if value is not None}


def overlay(path: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` with the variables of `path` below it: what is set already wins.

    With `LITELLM_MODE=PRODUCTION` the file is not read, as in LiteLLM.

    Raises:
        ConfigError: the file is there and cannot be read.
    """
    if environ.get("LITELLM_MODE", "").strip().upper() == "PRODUCTION":
        return dict(environ)
    return {**read(path), **environ}
