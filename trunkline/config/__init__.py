"""From litellm-config.yaml and .env to one immutable snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from trunkline.config.problems import ConfigError, Problem
from trunkline.config.snapshot import Deployment, Note, Snapshot

if TYPE_CHECKING:
    from trunkline.profiles.book import PriceBook

__all__ = ["ConfigError", "Deployment", "Note", "Problem", "Snapshot", "load", "price_snapshot"]


def load(path: Path, environ: Mapping[str, str]) -> Snapshot:
    """Read a configuration file, with its includes, against an environment (`os.environ` under `.env`).

    Raises:
        ConfigError: everything that is wrong, each with file, line and what to write.
    """
    from trunkline.config.loading import load_snapshot  # brings PyYAML, which the snapshot's readers need not

    return load_snapshot(path, environ)


def price_snapshot(snapshot: Snapshot, book: PriceBook) -> Snapshot:
    """`snapshot` with the prices of `book` where the config writes none; never touches a price of the config."""
    from trunkline.config.prices import fill

    return fill(snapshot, book)
