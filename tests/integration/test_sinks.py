"""The two mouths of one pipeline: what the fast lane answers, the plain ASGI application answers too."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from tests.support.fixtures import MakeGateway
from tests.support.gateway import Gateway, GatewayConfig, standard_models
from tests.support.ledger import Row
from tests.support.provider import FakeProvider
from trunkline.server.asgi import HIGH_WATER, AsgiGateway, AsgiSink, create_app

MASTER = "sk-asgi-0123456789abcdef"
CHAT = "/v1/chat/completions"
CHANGES = re.compile(rb"chatcmpl-\d+|req-\d+|m\d+-\d+")
"""Numbers of the fake provider's requests."""

REQUESTS: dict[str, tuple[str, str, dict[str, Any] | bytes | None, dict[str, str]]] = {
    "chat": ("POST", CHAT, {"model": "plain", "user": "same", "messages": []}, {}),
    "stream": ("POST", CHAT, {"model": "plain", "user": "same", "messages": [], "stream": True}, {}),
    "completions": ("POST", "/completions", {"model": "plain", "user": "same", "prompt": "x"}, {}),
    "embeddings": ("POST", "/v1/embeddings", {"model": "plain", "user": "same", "input": "x"}, {}),
    "azure": ("POST", "/openai/deployments/plain/chat/completions?api-version=1", {"user": "same", "messages": []}, {}),
    "provider error": ("POST", CHAT, {"model": "fault:status:code=400", "user": "same", "messages": []}, {}),
    "error event": (
        "POST",
        CHAT,
        {"model": "fault:error_event:after=0", "user": "same", "messages": [], "stream": True},
        {},
    ),
    "cut stream": (
        "POST",
        CHAT,
        {"model": "fault:fin_event:after=2", "user": "same", "messages": [], "stream": True},
        {},
    ),
    "stalled": ("POST", CHAT, {"model": "fault:stall:after=1", "user": "same", "messages": [], "stream": True}, {}),
    "no such model": ("POST", CHAT, {"model": "plainn", "messages": []}, {}),
    "no model": ("POST", CHAT, {"messages": []}, {}),
    "no json": ("POST", CHAT, b"{", {}),
    "bad key": ("POST", CHAT, {"model": "plain"}, {"authorization": "Bearer sk-no"}),
    "no key": ("POST", CHAT, {"model": "plain"}, {"authorization": ""}),
    "compressed": ("POST", CHAT, {"model": "plain"}, {"content-encoding": "gzip"}),
    "wrong method": ("GET", CHAT, None, {}),
    "unknown path": ("POST", "/v1/nothing", {}, {}),
    "models": ("GET", "/v1/models", None, {}),
    "one model": ("GET", "/v1/models/plain", None, {}),
    "liveliness": ("GET", "/health/liveliness", None, {}),
}


@pytest.fixture
async def app(provider: FakeProvider, tmp_path: Path) -> AsyncIterator[AsgiGateway]:
    """The ASGI application, started, with the models of the fault tests."""
    config = tmp_path / "config.yaml"
    config.write_text(GatewayConfig(models=standard_models(provider), router={"num_retries": 0}).text())
    environ = {
        **os.environ, "LITELLM_MASTER_KEY": MASTER, "CANARY_PROVIDER_KEY": "sk-provider",
        "TRUNKLINE_DATA": str(tmp_path / "data"),
    }  # fmt: skip
    async with create_app(config, environ) as running:
        yield running


async def ask(client: httpx.AsyncClient, name: str, key: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers that say something of the call, and body of one request."""
    method, path, body, more = REQUESTS[name]
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"} | more
    content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    answer = await client.request(method, path, content=content, headers={k: v for k, v in headers.items() if v})
    told = {
        name: value for name, value in answer.headers.items()
        if name not in ("date", "server", "content-length", "transfer-encoding", "connection", "x-litellm-call-id")
        and not name.endswith(("-duration-ms", "request-id"))
    }  # fmt: skip
    return answer.status_code, told, CHANGES.sub(b"#", answer.content)


async def test_every_mouth_gives_the_same_answers(
    app: AsgiGateway, provider: FakeProvider, make_gateway: MakeGateway
) -> None:
    """The fast lane, uvicorn with h11, and httpx in process: same status, headers and bytes."""
    fast: Gateway = await asyncio.to_thread(make_gateway, router={"num_retries": 0})
    async with contextlib.AsyncExitStack() as stack:
        slow = await stack.enter_async_context(served(app))
        over_h11 = await stack.enter_async_context(httpx.AsyncClient(base_url=slow, timeout=20))
        over_edge = await stack.enter_async_context(httpx.AsyncClient(base_url=fast.base_url, timeout=20))
        inside = await stack.enter_async_context(
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://in.process")
        )
        for name in REQUESTS:
            expected = await ask(over_edge, name, fast.master_key)
            assert await ask(over_h11, name, MASTER) == expected, name
            assert await ask(inside, name, MASTER) == expected, name


@contextlib.asynccontextmanager
async def served(app: Any, lifespan: Any = "off") -> AsyncIterator[str]:
    """The application under plain uvicorn with h11, in this process; its address."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, http="h11", lifespan=lifespan, log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server._serve())
    while not server.started:
        assert not running.done(), "uvicorn did not start"
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await asyncio.wait_for(running, 10)


async def row(data: Path, marker: str) -> Row:
    """The call's row, waiting for the shipper."""
    import sqlite3

    for _ in range(200):
        with (
            contextlib.suppress(sqlite3.OperationalError),
            contextlib.closing(sqlite3.connect(f"file:{data}/trunkline.db?mode=ro", uri=True)) as db,
        ):
            db.row_factory = sqlite3.Row
            found = [dict(r) for r in db.execute("SELECT * FROM litellm_request_logs WHERE end_user = ?", (marker,))]
            if found:
                return found[0]
        await asyncio.sleep(0.05)
    raise AssertionError(f"no row for `{marker}`")


async def test_calls_are_in_the_ledger(app: AsgiGateway, tmp_path: Path) -> None:
    """A call through the ASGI application has its row, with the usage the provider sent and the id of the header."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
        answer = await client.post(
            CHAT, json={"model": "plain", "user": "asgi-row", "messages": []}, headers={"x-api-key": MASTER}
        )
    found = await row(tmp_path / "data", "asgi-row")
    usage = answer.json()["usage"]
    assert found["request_id"] == answer.headers["x-litellm-call-id"]
    assert (found["prompt_tokens"], found["completion_tokens"]) == (usage["prompt_tokens"], usage["completion_tokens"])


async def test_a_client_that_goes_frees_the_provider(app: AsgiGateway, provider: FakeProvider, tmp_path: Path) -> None:
    """A client that hangs up in mid-stream: the provider's request is closed within a second, the row says so."""
    body = {"model": "fault:stall:after=2", "user": "asgi-gone", "messages": [], "stream": True}
    async with served(app) as address, httpx.AsyncClient(base_url=address) as client:
        async with client.stream("POST", CHAT, json=body, headers={"x-api-key": MASTER}) as answer:
            await anext(answer.aiter_bytes())
        began = asyncio.get_running_loop().time()
        entries = await asyncio.to_thread(
            provider.wait, lambda found: any(e.marker == "asgi-gone" and e.ended == "client_closed" for e in found)
        )
        assert any(e.marker == "asgi-gone" and e.ended == "client_closed" for e in entries)
        assert asyncio.get_running_loop().time() - began < 1.0
    assert (await row(tmp_path / "data", "asgi-gone"))["outcome"] == "client_gone"


async def test_a_slow_client_holds_the_provider_back(app: AsgiGateway, provider: FakeProvider) -> None:
    """Back-pressure: what waits for a client that does not read stays bounded, and all of it arrives in the end."""
    body = json.dumps(
        {"model": "fault:ok:n=400,size=20000", "user": "asgi-slow", "messages": [], "stream": True}
    ).encode()
    scope = {
        "type": "http", "method": "POST", "path": CHAT, "raw_path": CHAT.encode(), "query_string": b"", "root_path": "",
        "headers": [(b"x-api-key", MASTER.encode())], "client": ("127.0.0.1", 1), "http_version": "1.1",
    }  # fmt: skip
    reading, taken, sinks = asyncio.Event(), 0, list[AsgiSink]()
    real = AsgiSink.__init__

    def remember(self: AsgiSink, client_ip: str) -> None:
        real(self, client_ip)
        sinks.append(self)

    async def receive() -> dict[str, Any]:
        if not asked:
            asked.append(True)
            return {"type": "http.request", "body": body, "more_body": False}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Any) -> None:
        nonlocal taken
        taken += len(message.get("body", b""))
        if taken > 100_000:
            await reading.wait()

    asked: list[bool] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AsgiSink, "__init__", remember)
        running = asyncio.create_task(app(scope, receive, send))
        while not (sinks and sinks[0].blocked):
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.3)
    assert HIGH_WATER < sinks[0]._waiting < 8 * HIGH_WATER
    reading.set()
    await asyncio.wait_for(running, 20)
    assert taken > 400 * 20_000
    assert not sinks[0].blocked


async def test_it_can_be_mounted(app: AsgiGateway) -> None:
    """Inside somebody's own FastAPI, under a prefix, with `async with` in its lifespan."""
    own = FastAPI()
    own.mount("/llm", app)

    @own.get("/own")
    async def mine() -> str:
        return "mine"

    async with httpx.AsyncClient(transport=httpx.ASGITransport(own), base_url="http://x") as client:
        assert (await client.get("/own")).json() == "mine"
        for path in (f"/llm{CHAT}", "/llm/openai/deployments/plain/chat/completions"):
            answer = await client.post(path, json={"model": "plain", "messages": []}, headers={"x-api-key": MASTER})
            assert answer.json()["choices"][0]["message"]["role"] == "assistant"
        listed = await client.get("/llm/v1/models", headers={"x-api-key": MASTER})
        assert "plain" in [each["id"] for each in listed.json()["data"]]
        assert (await client.get("/llm/health/liveliness")).status_code == 200
        assert (await client.post(CHAT, json={})).status_code == 404


async def test_a_server_with_lifespan_starts_and_stops_it(provider: FakeProvider, tmp_path: Path) -> None:
    """Under a server the lifespan does it all; after the stop the calls are in the database."""
    config = tmp_path / "config.yaml"
    config.write_text(GatewayConfig(models=standard_models(provider)).text())
    environ = {
        **os.environ, "LITELLM_MASTER_KEY": MASTER, "CANARY_PROVIDER_KEY": "k",
        "TRUNKLINE_DATA": str(tmp_path / "data")
    }  # fmt: skip
    async with served(create_app(config, environ), "on") as address, httpx.AsyncClient(base_url=address) as client:
        answer = await client.post(
            CHAT, json={"model": "plain", "user": "asgi-life", "messages": []}, headers={"x-api-key": MASTER}
        )
        assert answer.status_code == 200
    assert (await row(tmp_path / "data", "asgi-life"))["outcome"] == "ok"


async def test_a_bad_config_is_said_at_the_start(tmp_path: Path) -> None:
    """The lifespan fails with the config's own message; without a start, the error says what to write."""
    (tmp_path / "config.yaml").write_text("model_lst: []\nmodel_list: 5\n")
    app = create_app(tmp_path / "config.yaml", {"TRUNKLINE_DATA": str(tmp_path / "data")})
    sent: list[Any] = []

    async def receive() -> dict[str, str]:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message)

    await app({"type": "lifespan"}, receive, send)
    assert sent[0]["type"] == "lifespan.startup.failed"
    assert "config.yaml:2" in sent[0]["message"]
    with pytest.raises(RuntimeError, match="async with gateway"):
        await app({"type": "http", "path": "/"}, receive, send)


async def test_a_key_for_loopback_serves_loopback_only(provider: FakeProvider, tmp_path: Path) -> None:
    """The listener is not ours to refuse: with `sk-1234` callers from elsewhere get a 403 that says what to set."""
    config = tmp_path / "config.yaml"
    config.write_text(GatewayConfig(models=standard_models(provider)).text())
    environ = {
        **os.environ, "LITELLM_MASTER_KEY": "sk-1234", "CANARY_PROVIDER_KEY": "k",
        "TRUNKLINE_DATA": str(tmp_path / "data")
    }  # fmt: skip
    async with create_app(config, environ) as app:
        for client_ip, status in (("192.0.2.7", 403), ("127.0.0.1", 200)):
            transport = httpx.ASGITransport(app, client=(client_ip, 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
                answer = await client.get("/v1/models", headers={"x-api-key": "sk-1234"})
            assert answer.status_code == status
            assert status == 200 or "LITELLM_MASTER_KEY" in answer.text
