"""The call to paste: it names the embedded model, and never a key that is a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from trunkline.cli.greeting import greeting
from trunkline.cli.options import MINIMAL_CONFIG
from trunkline.local import files

URL = "http://127.0.0.1:4000"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The smallest config that answers, on a machine that has the embedded model."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LITELLM_MASTER_KEY", raising=False)
    monkeypatch.setattr(files, "available", lambda: None)
    path = tmp_path / "config.yaml"
    path.write_text("\n".join(line[4:] for line in MINIMAL_CONFIG.splitlines()) + "\n")
    return path


def test_it_is_a_call_of_the_embedded_model(config: Path) -> None:
    """The curl asks the model that needs no key; without a master key there is no header."""
    said = greeting(config, URL)
    assert f"curl {URL}/v1/chat/completions" in said
    assert '"model": "smollm2"' in said
    assert "Authorization" not in said


def test_the_guides_key_is_printed(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`sk-1234` is no secret: with it the call works as pasted."""
    monkeypatch.setenv("LITELLM_MASTER_KEY", "sk-1234")
    assert '-H "Authorization: Bearer sk-1234"' in greeting(config, URL)


def test_any_other_key_is_not_printed(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real master key is named by its variable only."""
    monkeypatch.setenv("LITELLM_MASTER_KEY", "sk-canary-3f9c")
    said = greeting(config, URL)
    assert "canary" not in said
    assert '-H "Authorization: Bearer $LITELLM_MASTER_KEY"' in said


def test_a_model_that_cannot_run_here_says_why(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where its packages are missing the call would fail: another one is shown, with the command that mends it."""
    monkeypatch.setattr(files, "available", lambda: "run `make setup`")
    said = greeting(config, URL)
    assert f"curl {URL}/v1/models" in said
    assert "(run `make setup`)" in said


def test_without_the_embedded_model_it_shows_the_models(config: Path) -> None:
    """A config without it gets a call that costs nothing."""
    config.write_text("model_list: []\n")
    assert f"curl {URL}/v1/models" in greeting(config, URL)
