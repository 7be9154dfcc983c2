"""The libraries that programs are written with, each against models of every format behind the gateway.

Each program of `programs/` runs in an environment of its own and prints what it saw: a plain answer, a stream, a tool's
round trip and the usage. `make test-clients` installs them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from tests.clients.conftest import HERE, NODE
from tests.oracle.provider import Recorder
from tests.support.gateway import ROOT, Gateway

INSTALLED: Final = ROOT / ".clients"
SEA: Final = "The sea is calm tonight."
UPSTREAMS: Final = {"host": "chat", "anthropic": "messages", "gemini": "gemini", "cohere": "cohere"}
"""Model groups, and the one format that their provider may be called in."""
PROGRAMS: Final = {
    "openai": ("openai_sdk.py", "sdks", 2), "anthropic-2": ("anthropic_sdk.py", "sdks", 1),
    "anthropic-1": ("anthropic_sdk.py", "anthropic1", 1), "google-genai": ("google_sdk.py", "sdks", 3),
    "cohere": ("cohere_sdk.py", "sdks", 1), "langchain": ("langchain_sdk.py", "sdks", 2),
    "pydantic-ai": ("pydantic_ai_sdk.py", "sdks", 4), "ai-sdk": ("ai_sdk.mjs", "agents", 4),
}  # fmt: skip
"""Program, environment, and how many clients it holds."""

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(not (INSTALLED / "sdks").exists(), reason="`.clients` is missing: `make test-clients`"),
]


def _command(program: str, environment: str) -> list[str]:
    if environment != "agents":
        return [str(INSTALLED / environment / "bin" / "python"), str(HERE / "programs" / program)]
    assert NODE is not None
    copy = INSTALLED / environment / program  # Node looks for packages beside the file
    shutil.copyfile(HERE / "programs" / program, copy)
    return [NODE, str(copy)]


def seen(command: list[str], gateway: Gateway, model: str, folder: Path) -> list[dict[str, Any]]:
    """What a program printed, one object a client."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(
        [*command, gateway.base_url, gateway.master_key, model], capture_output=True, text=True, timeout=100,
        env=environment, cwd=folder, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_library(formats: Gateway, recorder: Recorder, tmp_path: Path, name: str, upstream: str) -> None:
    """Plain, streamed and with a tool it says the same, counts the same, and the tool's result reached the provider."""
    program, environment, clients = PROGRAMS[name]
    recorder.calls.clear()
    found = seen(_command(program, environment), formats, upstream, tmp_path)
    assert len(found) == clients
    for one in found:
        assert (one["plain"], one["stream"], one["after"]) == (SEA, SEA, SEA), one
        assert [call["city"] for call in one["tool"]] == ["Oslo"], one
        assert one["usage"] == [34, 34], one
    assert {call.format for call in recorder.calls} == {UPSTREAMS[upstream]}
    assert sum("5 degrees" in json.dumps(call.body) for call in recorder.calls) == clients
