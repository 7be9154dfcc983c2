"""`trunkline version`: what to write in a bug report."""

from __future__ import annotations

import platform
import sys

from trunkline import __version__


def run() -> int:
    """Print the versions of Trunkline, Python and the system; returns 0."""
    print(f"trunkline {__version__} (Python {platform.python_version()}, {sys.platform} {platform.machine()})")
    return 0
