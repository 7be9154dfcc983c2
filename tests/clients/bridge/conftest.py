"""Only `make test-clients` has LiteLLM at hand."""

from __future__ import annotations

import os

collect_ignore_glob = [] if os.environ.get("TRUNKLINE_CLIENTS") else ["test_*.py"]
