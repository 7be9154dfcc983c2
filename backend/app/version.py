"""The application's version, the gateway's too: they are released together."""

from __future__ import annotations

from typing import Final

VERSION: Final = "0.1.0"
