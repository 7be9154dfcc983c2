"""Every Python block of the user's guide, run as it is written, against a real gateway."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import Any, Final

import pytest

from tests.backend.litellm_client_cases import expected
from tests.support.gateway import ROOT, Gateway, GatewayConfig, Row, model
from tests.support.provider import FakeProvider

GUIDE: Final = ROOT.parent / "shared" / "guide.md"
TABLE: Final = re.compile(r"^\| `([\w.-]+)` \|", re.MULTILINE)
"""The rows of "Available Models"."""
DEFAULT: Final = "claude-3-opus"
"""`MODEL` of these tests: a model that no block names, so that what went to it went there by default."""
ANSWER: Final = expected("")
"""The provider's words for a call that names no user."""


def _blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL)


def _models() -> list[str]:
    return TABLE.findall(GUIDE.read_text())


@pytest.fixture(scope="module")
def gateway(provider: FakeProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """All models of the guide's table, served by the fake provider."""
    models = [model(name, "plain", provider.base_url) for name in _models()]
    with Gateway(tmp_path_factory.mktemp("guide"), GatewayConfig(models=models)) as running:
        yield running


class Reader:
    """Somebody who types the guide's blocks into one session, one after the other."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.names: dict[str, Any] = {"task_type": "analysis"}
        self._rows = len(gateway.rows())

    async def run(self, block: str) -> dict[str, Any]:
        """Run a block as it stands, `await` at its top level included; returns the session's names."""
        code: CodeType = compile(block, str(GUIDE), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        done = eval(code, self.names)
        if inspect.isawaitable(done):
            await done
        return self.names

    def rows(self, count: int) -> list[Row]:
        """The ledger's rows since the session began."""
        return self.gateway.wait_rows(lambda all_: len(all_) - self._rows >= count)[self._rows :]


@pytest.fixture
async def reader(gateway: Gateway, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """With the environment that the guide's `.env` makes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LITELLM_API_KEY", raising=False)
    monkeypatch.setenv("LITELLM_BASE_URL", gateway.base_url)
    monkeypatch.setenv("LITELLM_MASTER_KEY", gateway.master_key)
    monkeypatch.setenv("MODEL", DEFAULT)
    reader = Reader(gateway)
    yield reader
    if "client" in reader.names:
        await reader.names["client"].close()


def test_the_guide_has_the_blocks_that_are_tested() -> None:
    """Six blocks and nine models; a new one wants a test."""
    assert len(_blocks()) == 6
    assert len(_models()) == 9


async def test_a_model_for_one_request(reader: Reader) -> None:
    """Method 3: the request goes to the model that it names, not to `MODEL`."""
    names = await reader.run(_blocks()[0])
    assert names["response"]["content"] == ANSWER
    (row,) = reader.rows(1)
    assert row["model_group"] == "claude-3-5-sonnet"
    assert row["request_id"] == names["response"]["call_id"]


async def test_the_usage_examples_one_after_the_other(reader: Reader, capsys: pytest.CaptureFixture[str]) -> None:
    """Completion, stream and comparison share `client` and `messages`, print the answers, and have a row each."""
    completion, stream, comparison = _blocks()[1:4]
    await reader.run(completion)
    assert capsys.readouterr().out == ANSWER + "\n"
    await reader.run(stream)
    assert capsys.readouterr().out == ANSWER
    names = await reader.run(comparison)
    assert list(names["results"]) == ["gemini-2.5-flash", "gpt-4", "claude-3-5-sonnet"]
    assert all(result == {"content": ANSWER, "tokens": 12} for result in names["results"].values())
    rows = reader.rows(5)
    groups = sorted(str(row["model_group"]) for row in rows)
    assert groups == sorted(["gemini-2.5-flash", DEFAULT, "gemini-2.5-flash", "gpt-4", "claude-3-5-sonnet"])
    assert all(row["total_tokens"] == 12 for row in rows)


async def test_the_map_of_tasks(reader: Reader) -> None:
    """A known task gets its model, any other the fallback."""
    names = await reader.run(_blocks()[4])
    assert names["model"] == "gpt-4"
    reader.names["task_type"] = "something else"
    assert (await reader.run(_blocks()[4]))["model"] == "gemini-2.5-flash"


async def test_token_management(reader: Reader, capsys: pytest.CaptureFixture[str]) -> None:
    """The call goes to the model that it names, and its tokens are printed."""
    await reader.run(_blocks()[0])
    reader.names["messages"] = [{"role": "user", "content": "Hello!"}]
    await reader.run(_blocks()[5])
    assert capsys.readouterr().out == "Tokens used: 12\n"
    rows = reader.rows(2)
    assert {str(row["model_group"]) for row in rows} == {"claude-3-5-sonnet", "gemini-2.5-flash"}


async def test_every_model_of_the_table(reader: Reader) -> None:
    """Each name of "Available Models" answers by that name."""
    await reader.run(_blocks()[0])
    for name in _models():
        response = await reader.names["client"].chat_completion([{"role": "user", "content": "Hello!"}], model=name)
        assert response["content"] == ANSWER
        assert response["group"] == name
