"""The example program runs as its README says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.fixtures import MakeGateway
from tests.support.gateway import ROOT, model
from tests.support.provider import FakeProvider


def _run(tmp_path: Path, url: str, key: str, *models: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LITELLM_")}
    return subprocess.run(
        [sys.executable, str(ROOT / "examples/python_client/main.py"), *models], cwd=tmp_path, timeout=60,
        env=environment | {"LITELLM_BASE_URL": url, "LITELLM_MASTER_KEY": key}, capture_output=True, text=True,
    )  # fmt: skip


def test_the_tour(make_gateway: MakeGateway, provider: FakeProvider, tmp_path: Path) -> None:
    """It prints an answer with its cost, a story and a comparison whose second model has an error in its place."""
    models = [model("good", "plain", provider.base_url), model("bad", "fault:status:code=500", provider.base_url)]
    gateway = make_gateway(models=models)
    done = _run(tmp_path, gateway.base_url, gateway.master_key, "good", "bad")
    assert done.returncode == 0, done.stderr
    assert "12 tokens, $0.000017" in done.stdout
    assert "bad" in done.stdout.splitlines()[-1]
    assert "failed (500)" in done.stdout.splitlines()[-1]


def test_the_tour_without_a_gateway(provider: FakeProvider, tmp_path: Path) -> None:
    """It ends with one sentence that says what to start, not with a traceback."""
    done = _run(tmp_path, f"http://127.0.0.1:{provider.ports.closed}", "sk-1234")
    assert done.returncode == 1
    assert "does not answer" in done.stdout
    assert "make run" in done.stdout
    assert not done.stderr
