"""What the tests of real clients share. `make test-clients` collects all of them; `make test` only the light ones."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.oracle.provider import Recorder
from tests.oracle.proxy import config
from tests.support.gateway import ROOT, Gateway

HERE = Path(__file__).resolve().parent
PROGRAM = HERE / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"
NODE = shutil.which("node") or shutil.which("node", path=str(ROOT / ".venv" / "bin"))

collect_ignore_glob = [] if os.environ.get("TRUNKLINE_CLIENTS") else ["test_sdks.py", "test_agents.py"]

FIXTURES = {
    "fixtures": [
        {"match": {"userMessage": "hello"}, "response": {"content": "Hello from aimock: é中😀. " * 8}},
        {
            "match": {"userMessage": "weather"},
            "response": {"toolCalls": [{"name": "get_weather", "arguments": '{"city":"Oslo"}'}]},
        },
        {"match": {"inputText": "embed me"}, "response": {"embedding": [0.1, -0.2, 0.3]}},
        {
            "match": {"userMessage": "refuse"},
            "response": {"error": {"message": "not today", "type": "invalid_request_error"}, "status": 400},
        },
    ]
}


@pytest.fixture(scope="module")
def aimock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """npm's `aimock` on a port of its own; its address."""
    folder = tmp_path_factory.mktemp("aimock")
    (folder / "fixtures.json").write_text(json.dumps(FIXTURES))
    log = (folder / "log").open("w+")
    assert NODE is not None
    command = [
        NODE,
        str(PROGRAM),
        "-p",
        "0",
        "-h",
        "127.0.0.1",
        "-f",
        str(folder / "fixtures.json"),
        "--log-level",
        "info",
    ]
    process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    address = ""
    limit = time.monotonic() + 20
    while not address and time.monotonic() < limit and process.poll() is None:
        text = (folder / "log").read_text()
        at = text.find("http://127.0.0.1:")
        address = text[at:].split()[0].rstrip("/.,") if at >= 0 else ""
        time.sleep(0.05)
    assert address, (folder / "log").read_text()
    yield address
    process.terminate()
    process.wait(10)
    log.close()


@pytest.fixture(scope="package")
def recorder() -> Iterator[Recorder]:
    """The provider behind the gateway: five formats, and it writes down what it is sent."""
    with Recorder() as running:
        yield running


@pytest.fixture(scope="package")
def formats(recorder: Recorder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with a model in each of the provider's formats."""
    with Gateway(tmp_path_factory.mktemp("gateway"), config(recorder.url)) as running:
        yield running
