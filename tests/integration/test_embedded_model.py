"""The embedded model for real: llama.cpp with SmolLM2-135M in its child process."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from trunkline.local import EmbeddedModel, available
from trunkline.local.child import ALIAS

pytestmark = pytest.mark.skipif(available() is not None, reason=str(available()))

MESSAGES = [{"role": "user", "content": "Write one sentence about the sea."}]


@pytest.fixture
async def model(tmp_path: Path) -> AsyncIterator[EmbeddedModel]:
    """An embedded model with a data folder of its own; stopped afterwards."""
    embedded = EmbeddedModel(data=tmp_path)
    yield embedded
    await embedded.stop()


@pytest.fixture
async def client(model: EmbeddedModel) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client on the started model."""
    host, port = await model.ensure()
    async with httpx.AsyncClient(base_url=f"http://{host}:{port}", timeout=60) as http:
        yield http


async def _chat(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await client.post("/v1/chat/completions", json={"model": ALIAS, "messages": MESSAGES, **body})
    assert answer.status_code == 200, answer.text
    decoded: dict[str, Any] = answer.json()
    return decoded


async def _busy_slots(client: httpx.AsyncClient) -> int:
    return sum(slot["is_processing"] for slot in (await client.get("/slots")).json())


async def _soon(client: httpx.AsyncClient, busy: int, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while await _busy_slots(client) != busy:
            await asyncio.sleep(0.01)


async def test_it_answers_with_usage_and_its_name(client: httpx.AsyncClient) -> None:
    """A first answer is text about the question, with token counts and the model's id."""
    answer = await _chat(client, max_tokens=20, temperature=0)
    assert " sea " in answer["choices"][0]["message"]["content"]
    assert answer["model"] == ALIAS
    assert answer["usage"]["completion_tokens"] > 0
    assert (await client.get("/v1/models")).json()["data"][0]["id"] == ALIAS


async def test_it_streams_to_a_clean_end_with_usage(client: httpx.AsyncClient) -> None:
    """A stream is many chunks, a finish reason, the usage when asked for, and `[DONE]`."""
    body = {"model": ALIAS, "messages": MESSAGES, "max_tokens": 20, "temperature": 0, "stream": True}
    body["stream_options"] = {"include_usage": True}
    async with client.stream("POST", "/v1/chat/completions", json=body) as answer:
        data = [line[6:] async for line in answer.aiter_lines() if line.startswith("data: ")]
    chunks = [json.loads(line) for line in data[:-1]]
    text = "".join(c["choices"][0]["delta"].get("content") or "" for c in chunks if c["choices"])
    assert data[-1] == "[DONE]"
    assert len(chunks) > 5
    assert " sea " in text
    assert any(c["choices"] and c["choices"][0]["finish_reason"] for c in chunks)
    assert chunks[-1]["usage"]["completion_tokens"] > 0


async def test_temperature_zero_repeats_itself(client: httpx.AsyncClient) -> None:
    """Four calls at temperature 0 give one text."""
    answers = [await _chat(client, max_tokens=24, temperature=0) for _ in range(4)]
    assert len({a["choices"][0]["message"]["content"] for a in answers}) == 1


async def test_an_answer_has_a_cap_when_the_client_names_none(
    model: EmbeddedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text that never ends by itself ends at the server's own limit (1024 tokens; 16 here, to be quick)."""
    command = EmbeddedModel._command
    monkeypatch.setattr(EmbeddedModel, "_command", lambda self, lock: [*command(self, lock), "--max-tokens", "16"])
    host, port = await model.ensure()
    async with httpx.AsyncClient(base_url=f"http://{host}:{port}", timeout=60) as http:
        answer = await _chat(http, ignore_eos=True)
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["usage"]["completion_tokens"] == 16


async def test_json_schema_is_kept(client: httpx.AsyncClient) -> None:
    """Structured output follows the schema."""
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "population": {"type": "integer"}},
        "required": ["city", "population"],
        "additionalProperties": False,
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "city", "schema": schema, "strict": True}}
    answer = await _chat(client, max_tokens=80, temperature=0, response_format=wanted)
    value = json.loads(answer["choices"][0]["message"]["content"])
    assert set(value) == {"city", "population"}
    assert isinstance(value["population"], int)


async def test_a_client_that_hangs_up_frees_its_slot(client: httpx.AsyncClient) -> None:
    """Within a second of the hang-up no slot works on an answer that nobody reads."""
    body = {"model": ALIAS, "messages": MESSAGES, "max_tokens": 1000, "ignore_eos": True, "stream": True}
    async with client.stream("POST", "/v1/chat/completions", json=body) as answer:
        await anext(answer.aiter_lines())
        assert await _busy_slots(client) == 1
    await _soon(client, busy=0, seconds=1)


async def test_more_callers_than_slots_all_get_their_answer(client: httpx.AsyncClient) -> None:
    """Twelve calls at once on four slots wait their turn; none is refused."""
    answers = await asyncio.gather(*(_chat(client, max_tokens=8) for _ in range(12)))
    assert all(a["usage"]["completion_tokens"] > 0 for a in answers)


async def test_a_killed_model_is_back_at_the_next_call(model: EmbeddedModel) -> None:
    """`kill -9` on the child costs the answer in flight; the next call finds a new one."""
    await model.ensure()
    first = model.pid
    assert first is not None
    os.kill(first, 9)
    assert model._process is not None
    await model._process.wait()
    host, port = await model.ensure()
    assert model.pid not in {None, first}
    async with httpx.AsyncClient(base_url=f"http://{host}:{port}", timeout=60) as http:
        assert (await _chat(http, max_tokens=4))["usage"]["completion_tokens"] > 0


async def test_the_child_ends_with_its_gateway(tmp_path: Path) -> None:
    """A gateway that is killed leaves no model process behind."""
    script = (
        "import asyncio, sys, pathlib\n"
        "from trunkline.local import EmbeddedModel\n"
        "async def main():\n"
        "    model = EmbeddedModel(data=pathlib.Path(sys.argv[1]))\n"
        "    await model.ensure()\n"
        "    print(model.pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    gateway = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script, str(tmp_path)), stdout=asyncio.subprocess.PIPE
    )
    assert gateway.stdout is not None
    child = int(await asyncio.wait_for(gateway.stdout.readline(), 30))
    gateway.kill()
    await gateway.wait()
    deadline = time.monotonic() + 2
    while _alive(child):
        assert time.monotonic() < deadline, "the embedded model outlived its gateway"
        await asyncio.sleep(0.01)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or ") Z " not in stat.read_text()  # a zombie waits for its reaper only


async def test_a_broken_model_file_is_a_kind_error(tmp_path: Path) -> None:
    """A file that is no model gives an error, not a hang."""
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF but not really")
    with pytest.raises(Exception, match="embedded model ended while it started"):
        await EmbeddedModel(broken, data=tmp_path).ensure()
