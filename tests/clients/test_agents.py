"""Command-line agents as people install them, without a terminal, against models of other makers' formats.

Telemetry and updates are switched off by each program's own settings. The prompt's words between double at signs tell
the provider what to answer: text, or a call of the agent's shell, whose output must come back.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.clients.conftest import NODE
from tests.oracle.provider import Recorder
from tests.support.gateway import ROOT, Gateway

PROGRAMS: Final = ROOT / ".clients" / "agents" / "node_modules" / ".bin"
SEA: Final = "The sea is calm tonight."
FORMATS: Final = {"host": "chat", "anthropic": "messages", "gemini": "gemini"}

pytestmark = [
    pytest.mark.clients,
    pytest.mark.timeout(200),
    pytest.mark.skipif(not PROGRAMS.exists(), reason="`.clients` is missing: `make test-clients`"),
]


def run(command: list[str], folder: Path, **variables: str) -> str:
    """What an agent printed, in a home and a folder of its own."""
    assert NODE is not None
    (folder / "work").mkdir(exist_ok=True)
    path = f"{Path(NODE).parent}:{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8", "NO_PROXY": "127.0.0.1"} | variables
    done = subprocess.run(
        [str(PROGRAMS / command[0]), *command[1:]], capture_output=True, text=True, timeout=90, env=environment,
        cwd=folder / "work", stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def claude(gateway: Gateway, model: str, prompt: str, folder: Path) -> str:
    """Claude Code, with its shell allowed."""
    return run(
        ["claude", "-p", prompt, "--allowedTools", "Bash"], folder,
        ANTHROPIC_BASE_URL=gateway.base_url, ANTHROPIC_API_KEY=gateway.master_key, ANTHROPIC_MODEL=model,
        ANTHROPIC_SMALL_FAST_MODEL=model, CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1",
    )  # fmt: skip


def codex(gateway: Gateway, model: str, prompt: str, folder: Path) -> str:
    """Codex, without asking for leave."""
    (folder / ".codex").mkdir(exist_ok=True)
    (folder / ".codex" / "config.toml").write_text(
        f'model = "{model}"\nmodel_provider = "gateway"\n[analytics]\nenabled = false\n[model_providers.gateway]\n'
        f'name = "gateway"\nbase_url = "{gateway.base_url}/v1"\nenv_key = "GATEWAY_KEY"\nwire_api = "responses"\n'
    )
    return run(
        ["codex", "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "--disable", "plugins",
         prompt],
        folder, GATEWAY_KEY=gateway.master_key,
    )  # fmt: skip


def gemini(gateway: Gateway, model: str, prompt: str, folder: Path) -> str:
    """Gemini CLI, without asking for leave."""
    (folder / ".gemini").mkdir(exist_ok=True)
    settings = {
        "security": {"auth": {"selectedType": "gemini-api-key"}}, "privacy": {"usageStatisticsEnabled": False},
        "telemetry": {"enabled": False}, "general": {"disableAutoUpdate": True},
    }  # fmt: skip
    (folder / ".gemini" / "settings.json").write_text(json.dumps(settings))
    return run(
        ["gemini", "-m", model, "--approval-mode", "yolo", "--skip-trust", "-p", prompt], folder,
        GOOGLE_GEMINI_BASE_URL=gateway.base_url, GEMINI_API_KEY=gateway.master_key,
    )  # fmt: skip


def came_back(recorder: Recorder) -> bool:
    """The output of the agent's shell is in a later request."""
    return any("sea-42" in json.dumps(call.body) for call in recorder.calls[1:])


@pytest.mark.parametrize("upstream", FORMATS)
def test_claude_code(formats: Gateway, recorder: Recorder, tmp_path: Path, upstream: str) -> None:
    """It answers, and its shell's output reaches the model."""
    recorder.calls.clear()
    assert SEA in claude(formats, upstream, "Which sea is it? @@words@@", tmp_path)
    assert {call.format for call in recorder.calls} == {FORMATS[upstream]}
    recorder.calls.clear()
    assert SEA in claude(formats, upstream, "Which sea is it? @@shell@@", tmp_path)
    assert came_back(recorder)


@pytest.mark.parametrize("upstream", FORMATS)
def test_codex(formats: Gateway, recorder: Recorder, tmp_path: Path, upstream: str) -> None:
    """With the tools that it offers unless told otherwise, it answers, and its shell's output reaches the model."""
    recorder.calls.clear()
    assert SEA in codex(formats, upstream, "Which sea is it? @@words@@", tmp_path)
    assert {call.format for call in recorder.calls} == {FORMATS[upstream]}
    recorder.calls.clear()
    assert SEA in codex(formats, upstream, "Which sea is it? @@shell@@", tmp_path)
    assert came_back(recorder)


@pytest.mark.parametrize("upstream", FORMATS)
def test_gemini_cli(formats: Gateway, recorder: Recorder, tmp_path: Path, upstream: str) -> None:
    """It answers, and its shell's output reaches the model."""
    recorder.calls.clear()
    assert SEA in gemini(formats, upstream, "Which sea is it? @@words@@", tmp_path)
    assert {call.format for call in recorder.calls} == {FORMATS[upstream]}
    recorder.calls.clear()
    assert SEA in gemini(formats, upstream, "Which sea is it? @@shell@@", tmp_path)
    assert came_back(recorder)
