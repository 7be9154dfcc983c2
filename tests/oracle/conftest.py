"""Collected by `make test-clients` only: the proxy under comparison needs minutes to install."""

from __future__ import annotations

import os

collect_ignore_glob = [] if os.environ.get("TRUNKLINE_CLIENTS") else ["test_*.py"]
