"""Simon Willison's `llm` command against the gateway, as its users point it at a server of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.fixtures import MakeGateway
from tests.support.gateway import Gateway, standard_models
from tests.support.provider import FakeProvider
from trunkline.local import available


class Llm:
    """The command with a folder of its own, and models that point to the gateway."""

    def __init__(self, folder: Path, gateway: Gateway, names: list[str]) -> None:
        folder.mkdir()
        entries = [
            f"- model_id: {name}\n  model_name: {name}\n  api_base: {gateway.base_url}/v1\n  api_key_name: gate\n"
            for name in names
        ]
        (folder / "extra-openai-models.yaml").write_text("".join(entries))
        (folder / "keys.json").write_text(json.dumps({"gate": gateway.master_key}))
        # No plugins: one that is installed for its weights (the embedded model's) cannot be imported.
        self._environ = {**os.environ, "LLM_USER_PATH": str(folder), "LLM_LOAD_PLUGINS": ""}

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).with_name("llm")), *arguments]
        return subprocess.run(
            command, env=self._environ, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
        )


@pytest.fixture
def llm(tmp_path: Path, provider: FakeProvider, make_gateway: MakeGateway) -> Llm:
    """`llm` with the gateway's models `plain`, `fault:…` and the embedded one."""
    small: dict[str, object] = {"model_name": "small", "litellm_params": {"model": "local/smollm2-135m-instruct"}}
    gateway = make_gateway(
        models=[*standard_models(provider), small], litellm={"request_timeout": 60},
        trunkline={"first_byte_timeout": 30, "idle_timeout": 10},
    )  # fmt: skip
    return Llm(tmp_path / "llm", gateway, ["plain", "small", "fault:status:code=400", "nothing"])


def test_it_answers(llm: Llm) -> None:
    """Streamed (its default) and not."""
    for more in ([], ["--no-stream"]):
        done = llm("-m", "plain", "Say hello", *more)
        assert done.returncode == 0, done.stderr
        assert "#0é中😀" in done.stdout


def test_errors_are_told(llm: Llm) -> None:
    """A provider's refusal and an unknown model end in an error with our words."""
    done = llm("-m", "fault:status:code=400", "x")
    assert (done.returncode, "provider said 400" in done.stderr) == (1, True), done
    done = llm("-m", "nothing", "x")
    assert (done.returncode, "Invalid model name passed in model=nothing" in done.stderr) == (1, True), done


def test_a_conversation_goes_on(llm: Llm) -> None:
    """`-c` sends the earlier turns again."""
    assert llm("-m", "plain", "one").returncode == 0
    done = llm("-c", "two")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.skipif(available() is not None, reason=str(available()))
def test_the_embedded_model_answers(llm: Llm) -> None:
    """A fresh machine has a model that really answers."""
    done = llm("-m", "small", "Name a colour.", "-o", "max_tokens", "12")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
