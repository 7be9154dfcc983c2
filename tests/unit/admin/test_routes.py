"""Who may ask for what, and what strangers are told."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace

import httpx
import pytest
from fastapi.routing import APIRoute

from tests.unit.admin.fakes import AUTH, FakeGateway
from trunkline.admin import anomalies, answers, routes, spend_logs, ui_session, usage_routes
from trunkline.admin.app import create_app
from trunkline.admin.gateway import Gateway
from trunkline.admin.light import Light
from trunkline.admin.management import require_key, router
from trunkline.admin.routes import ROUTES, Access, Route
from trunkline.admin.ui_session import require_key_or_session

CLOSED = [route for route in ROUTES if route.access is not Access.PUBLIC]
OPEN = [route for route in ROUTES if route.access is Access.PUBLIC]


def api_routes() -> list[APIRoute]:
    """FastAPI's routes."""
    listed = [
        route
        for part in (router, spend_logs.router, ui_session.router, usage_routes.router, anomalies.router)
        for route in part.routes
    ]
    found = [route for route in listed if isinstance(route, APIRoute)]
    assert len(found) == len(listed) > 0
    return found


def test_every_route_of_the_table_has_exactly_one_answerer(gateway: FakeGateway) -> None:
    """The table, the light handlers and FastAPI name the same paths: none is missing, none is unlisted."""
    light = {("GET", path) for path in Light(gateway).handlers}
    heavy = {(method, route.path) for route in api_routes() for method in route.methods or ()}
    assert {(route.method, route.path) for route in ROUTES if route.light} == light
    assert {(route.method, route.path) for route in ROUTES if not route.light} == heavy


def test_fastapi_routes_ask_for_the_key_themselves() -> None:
    """A route that is not public has the key in its own signature, so no other way to it forgets to ask."""
    public = {route.path for route in OPEN}
    for route in api_routes():
        asked = {found.call for found in route.dependant.dependencies} & {require_key, require_key_or_session}
        assert len(asked) == (route.path not in public), route.path
        by_session = {found.path for found in ROUTES if found.access is Access.SESSION}
        assert (require_key_or_session in asked) == (route.path in by_session), route.path
        assert not (asked == {require_key_or_session} and route.methods != {"GET"}), "a cookie is good for reading only"


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer nope"}, {"x-api-key": "' OR 1=1 --"}])
async def test_closed_routes_answer_401_with_one_body(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    """Without a valid key every route that is not public gives 401 with the identical body."""
    bodies = set()
    for route in CLOSED:
        answer = await client.request(route.method, route.path, headers=headers)
        assert answer.status_code == 401, route.path
        assert answer.headers["www-authenticate"] == "Bearer"
        bodies.add(answer.content)
    assert len(bodies) == 1
    assert b'"code":"401"' in bodies.pop()


async def test_closed_routes_answer_with_the_key(client: httpx.AsyncClient) -> None:
    """With the key each of them answers; nothing has the id `{request_id}`."""
    for route in CLOSED:
        answer = await client.request(route.method, route.path, headers=AUTH)
        assert answer.status_code == (404 if "{" in route.path else 200), (route.path, answer.text)


async def test_public_routes_answer_without_a_key(client: httpx.AsyncClient) -> None:
    """Public routes answer anybody, and the same to everybody but for `/health`."""
    for route in OPEN:
        bare = await client.get(route.path)
        assert bare.status_code == 200, route.path
        if route.path != "/health":
            assert (await client.get(route.path, headers=AUTH)).content == bare.content


@pytest.mark.parametrize(
    "path", ["/model/info/", "//model/info", "/Model/info", "/model/./info", "/model%2Finfo", "/x/../metrics"]
)
async def test_other_spellings_are_other_paths(gateway: FakeGateway, path: str) -> None:
    """A path is matched as it came: no spelling reaches a closed route by another door, key or not."""
    status, _, _ = await raw(gateway, "GET", path)
    assert status == 404


async def test_the_host_header_decides_nothing(gateway: FakeGateway) -> None:
    """A Host that smuggles a public path does not open a closed one (CVE-2026-48710)."""
    for host in (b"x/health?", b"a@b", b"x#", b""):
        status, _, _ = await raw(gateway, "GET", "/model/info", ((b"host", host),))
        assert status == 401, host


async def test_unknown_paths_suggest_the_near_one(client: httpx.AsyncClient) -> None:
    """A mistyped path is answered in OpenAI's error form with what was probably meant."""
    answer = await client.get("/v1/chat/completion")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "404"
    assert "Did you mean `/v1/chat/completions`?" in answer.json()["error"]["message"]
    far = (await client.get("/" + "x" * 5000)).json()["error"]["message"]
    assert "Did you mean" not in far
    assert len(far) < 300


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/chat/completions", "POST, OPTIONS"),
        ("DELETE", "/openai/deployments/gpt-4o/embeddings", "POST, OPTIONS"),
        ("POST", "/v1/models", "GET, OPTIONS"),
        ("PUT", "/v1/models/acme/large", "GET, OPTIONS"),
        ("POST", "/metrics", "GET, HEAD, OPTIONS"),
        ("GET", "/config/reload", "POST, OPTIONS"),
        ("HEAD", "/config/reload", "POST, OPTIONS"),
    ],
)
async def test_wrong_methods_are_told_the_right_ones(
    client: httpx.AsyncClient, method: str, path: str, allowed: str
) -> None:
    """A known path with another method gives 405 and says which methods it takes."""
    answer = await client.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == allowed


async def test_options_name_the_methods_and_no_origin(client: httpx.AsyncClient) -> None:
    """OPTIONS needs no key, and never reflects an origin."""
    answer = await client.options(
        "/model/info", headers={"origin": "https://evil.example", "access-control-request-method": "GET"}
    )
    assert (answer.status_code, answer.headers["allow"], answer.content) == (204, "GET, HEAD, OPTIONS", b"")
    assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_head_is_get_without_its_body(gateway: FakeGateway) -> None:
    """HEAD gives the headers of GET, the length included, and no body, on light routes and on FastAPI's."""
    for path in ("/health/liveness", "/model/info", "/docs"):
        auth = ((b"authorization", AUTH["authorization"].encode()),)
        got = await raw(gateway, "GET", path, auth)
        head = await raw(gateway, "HEAD", path, auth)
        assert (head[0], head[1]) == (got[0], got[1]), path
        assert int(head[1][b"content-length"]) == len(got[2]) > 0
        assert head[2] == b""


async def test_every_answer_has_the_security_headers(client: httpx.AsyncClient) -> None:
    """Good and bad answers alike say nosniff, no-referrer, no-store and a policy that loads nothing from elsewhere."""
    for path in [*(route.path for route in ROUTES), "/nowhere"]:
        answer = await client.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert not re.search(r"https?:|\*|unsafe", answer.headers["content-security-policy"])


async def test_an_error_inside_tells_the_client_nothing(
    gateway: FakeGateway, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What nobody foresaw is LiteLLM's plain 500; the reason is in the log only."""

    async def fails() -> None:
        raise RuntimeError("inner details")

    monkeypatch.setattr(gateway, "reload", fails)
    answer = await client.post("/config/reload", headers=AUTH)
    assert answer.status_code == 500
    assert answer.json() == {"error": {"message": "Internal server error", "type": "internal_server_error"}}
    assert "inner details" in caplog.text


async def test_a_mounted_application_sees_the_path_below_its_mount(gateway: FakeGateway) -> None:
    """Inside somebody's own application the mount point is not part of the path."""
    status, _, body = await raw(gateway, "GET", "/llm/health/liveness", root="/llm")
    assert (status, body) == (200, b'"I\'m alive!"')


async def test_metrics_need_no_key_where_the_setting_says_so(gateway: FakeGateway, client: httpx.AsyncClient) -> None:
    """`require_auth_for_metrics_endpoint: false` opens `/metrics` alone."""
    gateway.snapshot = replace(gateway.snapshot, metrics_need_key=False)
    assert (await client.get("/metrics")).status_code == 200
    assert (await client.get("/model/info")).status_code == 401


def test_light_routes_and_refusals_do_not_load_fastapi() -> None:
    """Probes, scrapes, unknown paths and callers without a key cost no framework: 15 MB and a quarter of a second."""
    code = """
import asyncio, pathlib, sys, tempfile, httpx
from tests.unit.admin.fakes import AUTH, FakeGateway
from trunkline.admin.app import create_app
from trunkline.admin.routes import ROUTES
async def main():
    app = create_app(FakeGateway(pathlib.Path(tempfile.mkdtemp())))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://gateway") as client:
        for route in ROUTES:
            if route.light:
                assert (await client.get(route.path, headers=AUTH)).status_code == 200, route
            elif route.access.value == "key":
                assert (await client.request(route.method, route.path)).status_code == 401, route
        assert (await client.get("/nowhere")).status_code == 404
        assert not {"fastapi", "starlette", "pydantic", "prometheus_client"} & set(sys.modules)
        assert (await client.get("/routes")).status_code == 200
        assert "fastapi" in sys.modules
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


async def test_fastapi_is_loaded_once(gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests that come while it loads wait for the one that is loading."""
    import asyncio

    from trunkline.admin import app as module

    loads = []
    load = module._load

    def counted(found: Gateway) -> answers.App:
        loads.append(found)
        return load(found)

    monkeypatch.setattr(module, "_load", counted)
    transport = httpx.ASGITransport(app=create_app(gateway))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        got = await asyncio.gather(*(client.get("/routes") for _ in range(5)))
    assert [answer.status_code for answer in got] == [200] * 5
    assert len(loads) == 1


async def test_a_lifespan_is_answered(gateway: FakeGateway) -> None:
    """The start and stop of the server are acknowledged, as ASGI asks."""
    inbox = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[answers.Message] = []

    async def receive() -> answers.Message:
        return dict(inbox.pop(0))

    async def send(message: answers.Message) -> None:
        sent.append(message)

    await create_app(gateway)({"type": "lifespan"}, receive, send)
    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


@pytest.mark.parametrize(
    ("template", "path", "fits"),
    [
        ("/v1/models/{model_id}", "/v1/models/acme/large", True),
        ("/v1/models/{model_id}", "/v1/models/", False),
        ("/engines/{model}/embeddings", "/engines/a/embeddings", True),
        ("/engines/{model}/embeddings", "/engines/a/b/embeddings", False),
        ("/engines/{model}/embeddings", "/engines//embeddings", False),
        ("/v1/models", "/v1/models", True),
    ],
)
def test_templates(template: str, path: str, fits: bool) -> None:
    """A name in the middle of a path is one segment; at its end it may have slashes, as model names do."""
    assert routes.fits(template, path) is fits


def test_a_new_route_is_closed_unless_it_says_otherwise() -> None:
    """Forgetting to say who may closes a route."""
    assert Route("GET", "/new").access is Access.KEY


async def raw(
    gateway: FakeGateway, method: str, path: str, headers: tuple[tuple[bytes, bytes], ...] = (), root: str = ""
) -> tuple[int, dict[bytes, bytes], bytes]:
    """One request in ASGI's own words: no client in between tidies it up."""
    sent: list[answers.Message] = []
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "root_path": root, "query_string": b"", "headers": list(headers),
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 4000),
    }  # fmt: skip

    async def receive() -> answers.Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: answers.Message) -> None:
        sent.append(message)

    await create_app(gateway)(scope, receive, send)
    body = b"".join(message["body"] for message in sent[1:])
    return sent[0]["status"], dict(sent[0]["headers"]), body
