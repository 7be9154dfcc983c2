"""`python -m backend.app.serve`: one or two ports, kind errors, an orderly end."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from backend.app.serve import PortError, listen

ROOT = Path(__file__).resolve().parents[2]


def _environment(folder: Path, **given: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **kept,
        "TRUNKLINE_DATA": str(folder),
        "TRUNKLINE_ENV_FILE": str(folder / ".env"),
        "PYTHONPATH": str(ROOT),
        **given,
    }


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _served(folder: Path, *arguments: str, **given: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "backend.app.serve", *arguments]
    process = subprocess.Popen(
        command, env=_environment(folder, **given), cwd=folder, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def _wait(url: str, process: subprocess.Popen[str]) -> httpx.Response:
    limit = time.monotonic() + 30
    while True:
        try:
            return httpx.get(url, trust_env=False)
        except httpx.TransportError:
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
            assert time.monotonic() < limit
            time.sleep(0.02)


def test_both_ports_serve_the_same_and_a_signal_ends_it(tmp_path: Path) -> None:
    """API and front end are on either port; SIGTERM ends the process in order with 0."""
    api, web = _free_port(), _free_port()
    with _served(tmp_path, "--port", str(api), "--web-port", str(web)) as process:
        assert _wait(f"http://127.0.0.1:{api}/health", process).status_code == 200
        assert httpx.get(f"http://127.0.0.1:{web}/api/session", trust_env=False).json()["mode"] == "off"
        assert "<html" in httpx.get(f"http://127.0.0.1:{web}/", trust_env=False).text
        assert (tmp_path / "app.db").stat().st_mode & 0o077 == 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
        assert "Traceback" not in (process.stderr.read() if process.stderr else "")


def test_a_taken_port_is_said_in_one_line(tmp_path: Path) -> None:
    """The line has the port and the option that chooses another."""
    with closing(socket.socket()) as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with _served(tmp_path, "--port", "0", "--web-port", str(port)) as process:
            _, told = process.communicate(timeout=30)
            assert process.returncode == 1
            assert re.fullmatch(rf"Cannot listen on 127\.0\.0\.1:{port}: port {port} is taken\..*--web-port\.\n", told)


def test_an_address_of_another_machine_is_named() -> None:
    """A host that this machine has not is refused with the option."""
    with pytest.raises(PortError, match=r"no address 192\.0\.2\.1\. Choose another with --host"):
        listen("192.0.2.1", 0, "--port")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"AUTH_MODE": "oidc"}, "AUTH_OIDC_ISSUER"),
        ({"APP_DATABASE_URL": "mysql://u:secret@h/d"}, "postgresql://"),
        ({"APP_DATABASE_URL": "postgresql://u:secret@127.0.0.1:9/app"}, "127.0.0.1:9"),
    ],
)
def test_a_start_that_cannot_work_says_why_and_tells_no_secret(
    tmp_path: Path, given: dict[str, str], words: str
) -> None:
    """Wrong settings and a database that is away end the process with a sentence, without the password."""
    with _served(tmp_path, "--port", "0", **given) as process:
        _, told = process.communicate(timeout=60)
    assert process.returncode != 0
    assert words in told
    assert "secret" not in told
    assert "Traceback" not in told


def test_a_start_imports_nothing_that_it_does_not_need() -> None:
    """Clients of providers, of sign-in and of migrations are imported by those who use them: a start stays short."""
    heavy = ("openai", "authlib", "joserfc", "argon2", "alembic", "asyncpg", "httpx", "numpy", "cryptography")
    code = f"import sys; import backend.app.main; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"
