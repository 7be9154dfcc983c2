"""With sign-in off only this machine is served, under its own names, and no other site can change anything."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from backend.app.core.guard import host_name, is_loopback
from tests.backend.app_fixtures import CSRF, Running, Start


async def _status(
    app: Running, base_url: str, method: str = "GET", path: str = "/api/session", **given: Any
) -> httpx.Response:
    async with app.client(base_url=base_url) as client:
        return await client.request(method, path, **given)


async def test_everybody_on_this_machine_is_the_local_person(client: httpx.AsyncClient) -> None:
    """No cookie is needed, and the session says so."""
    session = (await client.get("/api/session")).json()
    assert session == {
        "user": {"id": "local", "name": "You", "email": None, "role": "admin"}, "mode": "off", "providers": [],
    }  # fmt: skip
    assert (await client.get("/api/conversations")).status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:3000", "[::1]:8000", "chat.localhost"])
async def test_names_of_this_machine_are_answered(application: Running, host: str) -> None:
    """Loopback addresses and names, in any case, with any port."""
    assert (await _status(application, "http://127.0.0.1", headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example", ""]
)
async def test_a_name_that_points_here_is_not_answered(application: Running, host: str) -> None:
    """DNS rebinding: the name in the address is another's, so it gets neither the API nor the page."""
    for path in ("/api/session", "/", "/assets/x.js"):
        answer = await _status(application, "http://127.0.0.1", path=path, headers={"host": host})
        assert answer.status_code == 421
        assert "APP_ALLOWED_HOSTS" in answer.json()["error"]["fix"]
    health = await _status(application, "http://127.0.0.1", path="/health", headers={"host": host})
    assert health.status_code == 200


async def test_further_names_can_be_allowed(start: Start) -> None:
    """APP_ALLOWED_HOSTS and the host of APP_PUBLIC_URL."""
    async with start(app_allowed_hosts="box.lan, other", app_public_url="https://chat.example.org") as app:
        for host in ("box.lan:8000", "other", "chat.example.org"):
            assert (await _status(app, "http://127.0.0.1", headers={"host": host})).status_code == 200
        assert (await _status(app, "http://127.0.0.1", headers={"host": "third"})).status_code == 421


async def test_another_listener_is_refused_with_what_to_set(application: Running) -> None:
    """A request that came in at an address others reach names AUTH_MODE, AUTH_PASSWORD and TRUNKLINE_PUBLISHED_ON."""
    answer = await _status(application, "http://192.0.2.7", headers={"host": "localhost"})
    assert answer.status_code == 403
    fix = answer.json()["error"]["fix"]
    assert all(name in fix for name in ("AUTH_MODE=password", "AUTH_PASSWORD", "AUTH_USERS", "TRUNKLINE_PUBLISHED_ON"))
    forwarded = await _status(application, "http://127.0.0.1", headers={"x-forwarded-for": "203.0.113.9, 127.0.0.1"})
    assert forwarded.status_code == 403


async def test_a_container_can_say_where_its_port_is_published(start: Start) -> None:
    """TRUNKLINE_PUBLISHED_ON with a loopback address allows it, with another it does not."""
    for value, status in (("127.0.0.1", 200), ("0.0.0.0", 403)):
        async with start(trunkline_published_on=value) as app:
            answer = await _status(app, "http://172.18.0.3", headers={"host": "localhost:3000"})
            assert answer.status_code == status


async def test_with_a_password_other_listeners_and_names_are_served(start: Start) -> None:
    """The guard of the name is for sign-in off; with sign-in on the cookie decides."""
    async with start(auth_mode="password", auth_password="long enough") as app:
        answer = await _status(app, "http://192.0.2.7", headers={"host": "chat.example.org"})
        assert answer.status_code == 200
        assert answer.json()["user"] is None
        assert (await _status(app, "http://192.0.2.7", path="/api/conversations")).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (CSRF, 200),
        ({}, 403),
        ({**CSRF, "origin": "http://127.0.0.1"}, 200),
        ({**CSRF, "origin": "http://127.0.0.1.evil.example"}, 403),
        ({**CSRF, "origin": "http://127.0.0.1:3001"}, 403),
        ({**CSRF, "origin": "null"}, 403),
        ({**CSRF, "origin": "https://evil.example"}, 403),
        ({**CSRF, "sec-fetch-site": "cross-site"}, 403),
        ({**CSRF, "sec-fetch-site": "same-origin"}, 200),
    ],
)
async def test_another_site_can_change_nothing(application: Running, headers: dict[str, str], status: int) -> None:
    """A change needs the header, which no other site may send, and the own origin; no answer has a CORS header."""
    transport = httpx.ASGITransport(app=application.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answer = await client.put("/api/settings", json={"zone": "Europe/Berlin"}, headers=headers)
        preflight = await client.options(
            "/api/settings",
            headers={**headers, "access-control-request-method": "PUT", "origin": "https://evil.example"},
        )
        shown = (await client.get("/api/settings", headers={"origin": "https://evil.example"})).headers
    assert answer.status_code == status
    assert not [name for name in (*answer.headers, *preflight.headers, *shown) if name.startswith("access-control")]


async def test_the_public_address_is_an_own_origin(start: Start) -> None:
    """Behind a proxy that changes the host's name, APP_PUBLIC_URL says what the browser sees."""
    async with start(app_public_url="https://chat.example.org") as app:
        headers = {"origin": "https://chat.example.org"}
        answer = await _status(app, "http://127.0.0.1", "PUT", "/api/settings", json={}, headers=headers)
        assert answer.status_code == 200


async def test_every_answer_of_the_api_is_safe_in_a_browser(client: httpx.AsyncClient) -> None:
    """Also refusals: nosniff, no-referrer, no-store, and a policy that lets nothing run."""
    answers = [
        await client.get("/api/settings"),
        await client.get("/api/none"),
        await client.get("/api/conversations/none"),
        await client.put("/api/settings", json={"x": 1}),
        await client.get("/health"),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 404, 422, 200]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("address", "only_here"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("[::1]", True), ("::ffff:127.0.0.1", True),
     ("localhost", True), ("10.0.0.1", False), ("0.0.0.0", False), ("", False), ("localhost.evil.example", False)],
)  # fmt: skip
def test_loopback_is_what_only_this_machine_reaches(address: str, only_here: bool) -> None:
    """Addresses in every spelling; `0.0.0.0` is all addresses and so not one."""
    assert is_loopback(address) is only_here


def test_a_host_header_is_read_without_its_port() -> None:
    """Names, IPv4 and bracketed IPv6."""
    assert [host_name(value) for value in ("A.b:1", "1.2.3.4", "[::1]:80")] == ["a.b", "1.2.3.4", "[::1]"]
