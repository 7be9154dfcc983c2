"""Keys that protect nothing."""

from __future__ import annotations

from typing import Final

WELL_KNOWN: Final = frozenset(
    {"sk-1234", "sk-12345", "sk-1234567890", "sk-test", "changeme", "sk-changeme", "master-key"}
)
"""Keys of tutorials and samples: everybody knows them (litellm.md 2.1 refuses `sk-1234` altogether)."""
MIN_KEY_LENGTH: Final = 16
"""Characters; a shorter key can be found by trying."""
