"""Where address, key and model come from; and that importing the client costs next to nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.app.services.gateway import answers
from backend.app.services.gateway.answers import exact, usage_of
from backend.app.services.gateway.environment import Address, Environment
from backend.app.services.gateway.events import ReasoningPart, TextPart, ToolCallPart
from backend.app.services.litellm_client import TASK_MODEL_MAP, LiteLLMClient, model_for
from tests.support.gateway import ROOT


def _environment(tmp_path: Path, file: str | None = None, /, **environ: str) -> Environment:
    path = tmp_path / ".env"
    if file is not None:
        path.write_text(file)
    return Environment(file=path, environ=environ)


def test_nothing_set_is_the_guides_setup(tmp_path: Path) -> None:
    """Without variables it is the gateway on this machine, the guide's key and the guide's model."""
    found = _environment(tmp_path)
    assert found.address == Address("http://127.0.0.1:4000", "sk-1234")
    assert found.model == "gemini-2.5-flash"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    """As everywhere; and an empty variable counts as none."""
    file = "LITELLM_BASE_URL=http://file:1\nLITELLM_API_KEY=sk-file\nMODEL=file-model\n"
    assert _environment(tmp_path, file).address == Address("http://file:1", "sk-file")
    set_ = _environment(tmp_path, file, LITELLM_BASE_URL="http://env:2", LITELLM_API_KEY="sk-env", MODEL="env-model")
    assert set_.address == Address("http://env:2", "sk-env")
    assert set_.model == "env-model"
    assert _environment(tmp_path, file, MODEL="", LITELLM_API_KEY="").model == "file-model"


def test_the_application_key_wins_over_the_master_key(tmp_path: Path) -> None:
    """`LITELLM_API_KEY` is the application's own; without it the master key does."""
    assert _environment(tmp_path, LITELLM_MASTER_KEY="sk-master").address.key == "sk-master"
    both = _environment(tmp_path, LITELLM_MASTER_KEY="sk-master", LITELLM_API_KEY="sk-app")
    assert both.address.key == "sk-app"


def test_an_edited_file_is_read_again(tmp_path: Path) -> None:
    """A new `MODEL` or key holds from the next call on, without a restart; a removed file is no file."""
    found = _environment(tmp_path, "MODEL=gpt-4\n")
    assert found.model == "gpt-4"
    (tmp_path / ".env").write_text("MODEL=claude-3-5-sonnet\nLITELLM_API_KEY=sk-rotated\n")
    assert found.model == "claude-3-5-sonnet"
    assert found.address.key == "sk-rotated"
    (tmp_path / ".env").unlink()
    assert found.model == "gemini-2.5-flash"


@pytest.mark.parametrize("url", ["http://gw:4000", "http://gw:4000/", "http://gw:4000/v1", " http://gw:4000/v1/ "])
def test_the_address_may_be_written_in_any_usual_way(tmp_path: Path, url: str) -> None:
    """With or without `/v1` and the slash: calls go to the same place."""
    assert _environment(tmp_path, LITELLM_BASE_URL=url).address.api == "http://gw:4000/v1"


@pytest.mark.parametrize(
    ("url", "near"),
    [("http://127.0.0.1:4000", True), ("http://localhost:4000", True), ("http://litellm-proxy:4000", True),
     ("http://[::1]:4000", True), ("https://llm.example.com", False), ("http://10.0.0.7:4000", False)],
)  # fmt: skip
def test_a_gateway_nearby_needs_no_proxy(url: str, near: bool) -> None:
    """Loopback and the names of containers are called directly, whatever `HTTP_PROXY` says."""
    assert Address(url, "sk-x").is_near is near


def test_what_is_given_wins_over_all(tmp_path: Path) -> None:
    """Arguments of the constructor."""
    client = LiteLLMClient(base_url="http://given:3/v1", api_key="sk-given", model="given")
    assert client.environment.address == Address("http://given:3", "sk-given")
    assert client.default_model == "given"


def test_the_import_loads_nothing_heavy() -> None:
    """Importing and making a client loads neither `openai` nor pydantic, httpx or FastAPI: those come at first use."""
    code = (
        "import sys; from backend.app.services.litellm_client import LiteLLMClient; LiteLLMClient();"
        "print(sorted({'openai', 'pydantic', 'httpx', 'httpx2', 'fastapi', 'dotenv'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_the_guides_map_of_tasks() -> None:
    """The guide's four tasks, its model for all others, and a map of one's own."""
    assert TASK_MODEL_MAP == {
        "greeting": "gpt-3.5-turbo", "research": "gemini-2.5-flash", "analysis": "gpt-4",
        "creative": "claude-3-5-sonnet",
    }  # fmt: skip
    assert model_for("analysis") == "gpt-4"
    assert model_for("anything") == "gemini-2.5-flash"
    assert model_for("analysis", {"analysis": "mine"}) == "mine"


# What is read of answers --------------------------------------------------------------------------------


@given(st.decimals(min_value=0, max_value=10**9, allow_nan=False, allow_infinity=False, places=12))
def test_money_is_exact(amount: Decimal) -> None:
    """An amount in any notation comes back as the same number, written out."""
    for text in (str(amount), f"{amount:e}", f"{amount:f}"):
        written = exact(text)
        assert written is not None
        assert Decimal(written) == amount
        assert "e" not in written.lower()


@pytest.mark.parametrize("value", [None, "None", "", "free", "-1", "nan", "inf", True, "1e999999", []])
def test_no_amount_is_none(value: object) -> None:
    """What is no price is no price, instead of 0."""
    assert exact(value) is None


def _chunk(**delta: object) -> dict[str, object]:
    choice = {"index": 0, "delta": dict(**delta), "finish_reason": None}
    return {"choices": [choice], "usage": None}


def test_reasoning_has_two_names() -> None:
    """`reasoning_content` and `reasoning` are the same to us, and come before the text of the same chunk."""
    reader = answers.Chunks()
    assert list(reader.read(_chunk(reasoning_content="hm"))) == [ReasoningPart("hm")]
    assert list(reader.read(_chunk(reasoning="hm", content="so"))) == [ReasoningPart("hm"), TextPart("so")]


def test_tool_calls_come_in_pieces() -> None:
    """Id and name once, the arguments bit by bit under their index."""
    first = {"index": 1, "id": "call_1", "function": {"name": "look", "arguments": '{"a"'}}
    second = {"index": 1, "id": None, "function": {"name": None, "arguments": ":1}"}}
    reader = answers.Chunks()
    parts = [part for call in (first, second) for part in reader.read(_chunk(tool_calls=[call]))]
    assert parts == [
        ToolCallPart(index=1, id="call_1", name="look", arguments='{"a"'), ToolCallPart(index=1, arguments=":1}"),
    ]  # fmt: skip


def test_a_whole_answer_with_tools_and_reasoning() -> None:
    """Tool calls, reasoning, cached and reasoning tokens and the headers' facts are in the response."""
    call = {"id": "call_1", "function": {"name": "look", "arguments": "{}"}}
    message = {"content": None, "tool_calls": [call], "reasoning_content": "hm", "refusal": None}
    usage = {
        "prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13,
        "prompt_tokens_details": {"cached_tokens": 8},
        "completion_tokens_details": {"reasoning_tokens": 3},
    }  # fmt: skip
    completion = {
        "id": "x",
        "model": "m",
        "choices": [{"message": message, "finish_reason": "tool_calls"}],
        "usage": usage,
    }
    headers = {
        "x-litellm-model-name": "openai/gpt-4", "x-trunkline-losses": "top_k, seed", "x-litellm-attempted-retries": "2",
        "x-litellm-response-cost": "1.5e-06", "x-trunkline-model-replaced": "a (retired 2025-01-01) by b",
    }  # fmt: skip
    found = answers.whole(completion, headers, 12.0)
    assert found is not None
    assert found["content"] == ""
    assert found["tool_calls"] == [{"id": "call_1", "name": "look", "arguments": "{}"}]
    assert found["reasoning"] == "hm"
    assert (found["usage"]["cached_tokens"], found["usage"]["reasoning_tokens"]) == (8, 3)
    assert (found["cost"], found["cost_usd"]) == (1.5e-06, "0.0000015")
    assert (found["provider"], found["losses"], found["retries"]) == ("openai", ["top_k", "seed"], 2)
    assert found["replaced"] == "a (retired 2025-01-01) by b"


def test_a_missing_total_is_the_sum() -> None:
    """Hosts that state no total get one."""
    assert usage_of({"prompt_tokens": 3, "completion_tokens": 4})["total_tokens"] == 7
