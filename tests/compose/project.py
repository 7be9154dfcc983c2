"""A checkout whose `docker-compose` commands are run as a person would type them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SERVICES: Final = ("postgres", "litellm-proxy", "api", "frontend")
KEY: Final = "sk-1234"
WAIT_SECONDS: Final = 180.0  # what ends a test that waits in vain; a busy machine takes its time
_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came over HTTP."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> dict[str, object]:
        """The body as an object."""
        found = json.loads(self.text)
        assert isinstance(found, dict), self.text
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A finished command. `text` is what it said on both streams, without colours."""

    status: int
    text: str


class Project:
    """The folder, and the system that was started from it."""

    def __init__(self, folder: Path) -> None:
        """`folder` is a checkout with a `.env`."""
        self.folder = folder
        self._originals = {name: (folder / name).read_text() for name in (".env", "litellm-config.yaml")}

    def run(
        self, command: str, *, typed: str = "", env: Mapping[str, str] | None = None, check: bool = False,
        seconds: float = 400,
    ) -> Ran:  # fmt: skip
        """Run a command line in the folder; `typed` goes to its standard input. With `check` it must succeed."""
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, input=typed, text=True, timeout=seconds, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, **(env or {})},
        )  # fmt: skip
        ran = Ran(status=done.returncode, text=_COLOURS.sub("", done.stdout))
        assert not check or ran.status == 0, f"{command}\n{ran.text}"
        return ran

    def start(self, command: str) -> subprocess.Popen[str]:
        """Start a command line that does not end by itself, in a session of its own."""
        return subprocess.Popen(
            ["bash", "-c", command],
            cwd=self.folder, text=True, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def inside(self, service: str, *command: str) -> Ran:
        """Run a program in a service's container, without a terminal."""
        quoted = " ".join("'" + word.replace("'", "'\\''") + "'" for word in command)
        return self.run(f"docker-compose exec -T {service} {quoted}")

    def original(self, name: str) -> str:
        """A file's text at the start."""
        return self._originals[name]

    def write(self, name: str, text: str) -> None:
        """Write a file in place, as most editors do."""
        (self.folder / name).write_text(text)

    def replace(self, name: str, text: str) -> None:
        """Write a file by putting another in its place, as `sed -i` and vim do."""
        beside = self.folder / f"{name}.new"
        beside.write_text(text)
        beside.replace(self.folder / name)

    def set_env(self, name: str, value: str) -> None:
        """Edit one line of `.env` as `sed -i` does."""
        lines = [line for line in (self.folder / ".env").read_text().splitlines() if not line.startswith(f"{name}=")]
        self.replace(".env", "\n".join([*lines, f"{name}={value}", ""]))

    def until(self, what: str, is_so: Callable[[], bool], seconds: float = WAIT_SECONDS) -> None:
        """Ask again and again; fails with `what` when it is not so in time."""
        end = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < end, f"{what}: not within {seconds:g} s\n{self.state()}"
            time.sleep(0.2)

    def until_answers(self, url: str, status: int = 200) -> None:
        """Wait until `url` answers with `status`."""
        self.until(f"{url} answers {status}", lambda: answers(url, status))

    def default_model(self) -> object:
        """The application's default model, as its health says it; `None` while it does not answer."""
        try:
            return fetch("http://localhost:8000/health").json.get("model")
        except OSError:
            return None

    def until_default_model(self, model: str) -> None:
        """Wait until the application's default model is this one."""
        self.until(f"the default model is {model}", lambda: self.default_model() == model)

    def state(self) -> str:
        """For a failed test: the containers, and the last lines of each service."""
        said = [self.run("docker-compose ps -a").text]
        said += [self.run(f"docker-compose logs --tail 15 {service}").text for service in SERVICES]
        return "\n".join(said)


def answers(url: str, status: int = 200) -> bool:
    """Whether `url` answers with `status` now."""
    try:
        return fetch(url).status == status
    except OSError:
        return False


def fetch(
    url: str, *, body: object = None, key: str | None = None, headers: Mapping[str, str] | None = None
) -> Answer:  # fmt: skip
    """GET, or POST of a JSON body.

    Raises:
        OSError: no answer.
    """
    sent = dict(headers or {})
    if key is not None:
        sent["Authorization"] = f"Bearer {key}"
    data = None
    if body is not None:
        data = json.dumps(body).encode()
        sent["Content-Type"] = "application/json"
    request = urllib.request.Request(url, data=data, headers=sent)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return Answer(status=answer.status, headers=dict(answer.headers), text=answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(status=error.code, headers=dict(error.headers), text=error.read().decode())


def model_names(models: Sequence[object]) -> set[str]:
    """The names in the answer of `/model/info`."""
    return {str(model["model_name"]) for model in models if isinstance(model, dict)}
