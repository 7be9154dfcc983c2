"""Every provider prefix this version knows, in one look-up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from trunkline.providers.row import Absent, Row
from trunkline.providers.rows_absent import ABSENT, CLOSED
from trunkline.providers.rows_coded import CODED
from trunkline.providers.rows_hosted import HOSTED
from trunkline.providers.rows_leading import LEADING
from trunkline.providers.rows_servers import SERVERS

ROWS: Final[tuple[Row, ...]] = CODED + LEADING + HOSTED + SERVERS + CLOSED
"""In the order of the reference page."""

TABLE: Final[Mapping[str, Row]] = {prefix: row for row in ROWS for prefix in row.prefixes}
UNREACHED: Final[Mapping[str, Absent]] = {prefix: absent for absent in ABSENT for prefix in absent.prefixes}

LOCAL: Final = "local"
"""The embedded model."""
AZURE: Final[frozenset[str]] = frozenset({"azure", "azure_text"})
FOUNDRY: Final = "azure_ai"
SPECIAL: Final[frozenset[str]] = AZURE | {FOUNDRY, LOCAL}
"""Prefixes without a row: `azure.py` and `registry.py` make their addresses."""

PREFIXES: Final[frozenset[str]] = frozenset(TABLE) | frozenset(UNREACHED) | SPECIAL
