"""Address, key and default model: from the environment, else from `.env`, else as the guide has them.

`.env` is read again when it changes, so a new `MODEL` or a rotated key needs no restart. As everywhere, what the
environment says wins over the file, and an empty value counts as none (Compose writes those).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

BASE_URL: Final = "http://127.0.0.1:4000"
KEY: Final = "sk-1234"
"""The guide's, good for a gateway on one's own machine; a real one is set by `LITELLM_MASTER_KEY`."""
MODEL: Final = "gemini-2.5-flash"


@dataclass(frozen=True, slots=True)
class Address:
    """Where the gateway is and who asks."""

    base_url: str
    """Without a path: `http://127.0.0.1:4000`."""
    key: str

    @property
    def api(self) -> str:
        """Where OpenAI's API begins."""
        return f"{self.base_url}/v1"

    @property
    def is_near(self) -> bool:
        """On this machine or in this network of containers: no `HTTP_PROXY` of an office leads there."""
        host = urlsplit(self.base_url).hostname or ""
        return "." not in host or host.startswith("127.")


class Environment:
    """The variables as they are now. What the caller gave wins over all."""

    def __init__(
        self, *, base_url: str | None = None, api_key: str | None = None, model: str | None = None,
        file: Path | None = None, environ: Mapping[str, str] = os.environ,
    ) -> None:  # fmt: skip
        self._given: Final = (base_url, api_key, model)
        self._file: Final = (file or Path(".env")).absolute()
        self._environ: Final = environ
        self._seen: tuple[int, int] | None = None
        self._values: dict[str, str] = {}

    @property
    def address(self) -> Address:
        """`LITELLM_BASE_URL`; `LITELLM_API_KEY`, else `LITELLM_MASTER_KEY`."""
        url = self._given[0] or self._first("LITELLM_BASE_URL") or BASE_URL
        key = self._given[1] or self._first("LITELLM_API_KEY", "LITELLM_MASTER_KEY") or KEY
        return Address(url.strip().rstrip("/").removesuffix("/v1").rstrip("/"), key.strip())

    @property
    def model(self) -> str:
        """`MODEL`."""
        return (self._given[2] or self._first("MODEL") or MODEL).strip()

    def _first(self, *names: str) -> str:
        """The first of the variables that is set, in the environment before the file."""
        file = self._read()
        return next((value for source in (self._environ, file) for name in names if (value := source.get(name))), "")

    def _read(self) -> dict[str, str]:
        try:
            stat = self._file.stat()
        except OSError:
            self._seen, self._values = None, {}
            return self._values
        seen = (stat.st_mtime_ns, stat.st_size)
        if seen != self._seen:
            from dotenv import dotenv_values  # 12 ms that a start without `.env` need not spend

            found = dotenv_values(self._file, encoding="utf-8-sig")
            self._values = {name: value for name, value in found.items() if value}
            self._seen = seen
        return self._values
