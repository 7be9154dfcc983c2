"""`.env` under the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from trunkline.config import ConfigError
from trunkline.config.dotenv import overlay, read


def test_values_comments_and_quotes(tmp_path: Path) -> None:
    """As python-dotenv reads them; a byte order mark is no mistake, a name without a value is left out."""
    path = tmp_path / ".env"
    path.write_text("\ufeff# c\nA=1\nB='two words' # c\nexport C=\"x\"\nD\nE=\n", encoding="utf-8")
    assert read(path) == {"A": "1", "B": "two words", "C": "x", "E": ""}
    assert read(tmp_path / "gone") == {}


def test_the_environment_wins(tmp_path: Path) -> None:
    """What is set already stays; in LiteLLM's production mode the file is not read."""
    path = tmp_path / ".env"
    path.write_text("A=file\nB=file\n")
    assert overlay(path, {"A": "env"}) == {"A": "env", "B": "file"}
    assert overlay(path, {"LITELLM_MODE": "production"}) == {"LITELLM_MODE": "production"}


def test_a_file_that_is_no_text_is_a_kind_error(tmp_path: Path) -> None:
    """Not a traceback."""
    path = tmp_path / ".env"
    path.write_bytes(b"A=\xff\xfe\n")
    with pytest.raises(ConfigError, match=r"`\.env` is not UTF-8 text; save it"):
        read(path)
