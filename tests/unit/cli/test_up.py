"""`trunkline up` with stand-in services: started, waited for, shown, stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from trunkline.cli import up
from trunkline.cli.options import ServeOptions
from trunkline.cli.services import Service

ANSWERS = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
        print("asked for", self.path, flush=True)
    def log_message(self, *args): pass
print("starting", flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
DIES = "import sys; print('no database', flush=True); sys.exit(3)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"


def _service(name: str, script: str) -> Service:
    port = up._reserve("127.0.0.1", 0)
    command = (sys.executable, "-c", script, str(port))
    return Service(name=name, command=command, host="127.0.0.1", port=port, health="/ready")


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ServeOptions:
    """Options with a config of no models, for the greeting."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LITELLM_MASTER_KEY", raising=False)
    path = tmp_path / "config.yaml"
    path.write_text("model_list: []\n")
    return ServeOptions(config=path)


async def _interrupt_after(capsys: pytest.CaptureFixture[str], words: str, said: list[str]) -> None:
    async with asyncio.timeout(20):
        while words not in "".join(said):
            await asyncio.sleep(0.01)
            said.append(capsys.readouterr().out)
    os.kill(os.getpid(), signal.SIGINT)


async def test_all_services_are_said_then_shown_then_stopped(
    options: ServeOptions, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line each with the address, then the call to paste, then prefixed logs; Ctrl-C ends with status 0."""
    rows = (_service("one", ANSWERS), _service("second", ANSWERS))
    said: list[str] = []
    status, _ = await asyncio.gather(up._up(rows, options), _interrupt_after(capsys, "second | starting", said))
    text = "".join(said)
    assert status == 0
    assert f"one     {rows[0].url}\nsecond  {rows[1].url}\n" in text
    assert text.index("curl") < text.index("one | starting") < text.index("second | starting")
    for row in rows:
        assert not await up._answers(row)


async def test_a_service_gets_its_variables_and_not_the_hidden_ones(
    options: ServeOptions, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `up` tells it wins over the environment; what is the gateway's alone is kept from it."""
    monkeypatch.setenv("DATABASE_URL", "sqlite:///gateway.db")
    monkeypatch.setenv("LITELLM_BASE_URL", "http://elsewhere")
    script = "import os; print(os.environ.get('DATABASE_URL'), os.environ['LITELLM_BASE_URL']); raise SystemExit(3)"
    row = replace(
        _service("app", script), variables={"LITELLM_BASE_URL": "http://here"}, hidden=frozenset({"DATABASE_URL"})
    )
    assert await up._up((row,), options) == 1
    assert "None http://here" in capsys.readouterr().out


async def test_a_service_that_dies_says_so_and_stops_the_rest(
    options: ServeOptions, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its status and last lines are shown, the others are stopped, and the command fails."""
    rows = (_service("one", ANSWERS), _service("broken", DIES))
    assert await up._up(rows, options) == 1
    said = capsys.readouterr().out
    assert "broken ended with status 3. Its last lines:\n    no database" in said
    assert not await up._answers(rows[0])


async def test_a_second_interrupt_does_not_wait(options: ServeOptions, capsys: pytest.CaptureFixture[str]) -> None:
    """Who presses Ctrl-C twice gets the prompt back at once, although a service is busy."""
    rows = (_service("busy", "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + ANSWERS),)
    said: list[str] = []
    running = asyncio.create_task(up._up(rows, options))
    await _interrupt_after(capsys, "busy | starting", said)
    await asyncio.sleep(0)
    os.kill(os.getpid(), signal.SIGINT)
    async with asyncio.timeout(5):
        assert await running == 0
    assert "busy was killed" in capsys.readouterr().out


async def test_a_service_that_never_answers_is_a_failure_with_its_last_lines(
    options: ServeOptions, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the limit the command says who is late, kills who does not stop, and fails."""
    monkeypatch.setattr(up, "READY_SECONDS", 1.0)
    monkeypatch.setattr(up, "STOP_SECONDS", 0.1)
    rows = (_service("slow", DEAF),)
    assert await up._up(rows, options) == 1
    said = capsys.readouterr().out
    assert "slow did not answer on" in said
    assert "    deaf" in said
    assert "was killed" in said
