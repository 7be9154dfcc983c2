"""The report of `trunkline check`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.config.written import write
from trunkline.cli.check import run


def test_the_report_says_what_a_start_would_meet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Models with availability and reason, retired names, settings without effect, misspellings; `.env` is read."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("GROQ_API_KEY", raising=False)
    (tmp_path / ".env").write_text("OPENAI_API_KEY=sk-dotenv-0123456789\n")
    path = write(
        tmp_path,
        """
        model_list:
          - {model_name: gpt-4, litellm_params: {model: openai/gpt-5.6-sol, tags: [a]}}
          - {model_name: fast, litellm_params: {model: groq/x}}
        router_settings: {num_retires: 1}
        """,
    )
    assert run(path) == 0
    out, err = capsys.readouterr()
    assert err == ""
    lines = out.splitlines()
    assert "usable, version" in lines[0]
    assert "Models: 2 names, 1 of 2 entries can be called" in lines
    assert any(line.split() == ["gpt-4", "openai/gpt-5.6-sol"] for line in lines)
    assert any("`GROQ_API_KEY` is not set" in line for line in lines)
    assert "    fast (groq/x)" in lines
    assert any(f"{path}:3: `gpt-4` was shut down" in line for line in lines)
    assert any("`litellm_params.tags` is not implemented" in line for line in lines)
    assert any("did you mean `num_retries`?" in line for line in lines)
    assert "sk-dotenv" not in out


def test_a_missing_file_is_one_kind_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what to write instead, and 1."""
    assert run(tmp_path / "gone.yaml") == 1
    err = capsys.readouterr().err
    assert "does not exist; name one: `--config litellm-config.yaml`" in err
    assert "1 thing to mend" in err
