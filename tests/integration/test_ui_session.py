"""Signing in at `/ui` on a real gateway: what the cookie is good for, and what it is not."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import httpx
import pytest

from tests.support.fixtures import MakeGateway
from tests.support.gateway import Gateway
from tests.support.raw_http import Answer, exchange, request_bytes
from tests.unit.admin.conftest import gateway
from tests.unit.admin.fakes import FakeGateway
from trunkline.admin import ui_cookie
from trunkline.admin.app import create_app
from trunkline.ir import Secret

__all__ = ["gateway"]


def post(gateway: Gateway, key: str, method: str = "POST", **headers: str) -> Answer:
    """Sign in (or out) as a browser does."""
    body = json.dumps({"key": key}).encode() if method == "POST" else b""
    sent = {"Connection": "close", "Content-Type": "application/json"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return exchange(gateway.port, request_bytes(method, "/trunkline/session", body, sent), method=method)


def get(gateway: Gateway, path: str, cookie: str) -> Answer:
    """Read something with a cookie and no key."""
    headers = {"Connection": "close", "Cookie": cookie}
    return exchange(gateway.port, request_bytes("GET", path, headers=headers), method="GET")


def header(answer: Answer, name: str) -> str:
    """A header's value, empty where it is missing."""
    return next((value for found, value in answer.headers if found.lower() == name), "")


def cookie_of(answer: Answer) -> str:
    """What a browser sends back."""
    return header(answer, "set-cookie").partition(";")[0]


def test_a_signed_in_browser_reads_the_ledger_and_nothing_else(shared_gateway: Gateway) -> None:
    """The cookie opens `/trunkline/*`; models, reloads and calls still ask for the key."""
    answer = post(shared_gateway, shared_gateway.master_key, sec_fetch_site="same-origin")
    assert answer.status == 200, answer.body
    cookie = cookie_of(answer)
    for path in ("/trunkline/usage", "/trunkline/requests", "/trunkline/errors", "/trunkline/overview"):
        assert get(shared_gateway, path, "").status == 401, path
        assert get(shared_gateway, path, cookie).status == 200, path
    for path in ("/model/info", "/metrics", "/v1/models", "/spend/logs"):
        assert get(shared_gateway, path, cookie).status == 401, path
    reload = request_bytes("POST", "/config/reload", b"", {"Connection": "close", "Cookie": cookie})
    assert exchange(shared_gateway.port, reload, method="POST").status == 401


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(shared_gateway: Gateway) -> None:
    """HttpOnly, SameSite=Strict, for `/trunkline` only, twelve hours, Secure where HTTPS is; the key is not in it."""
    answer = post(shared_gateway, shared_gateway.master_key)
    flags = {part.strip().lower() for part in header(answer, "set-cookie").split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/trunkline", "max-age=43200"} <= flags
    assert "secure" not in flags
    assert shared_gateway.master_key not in header(answer, "set-cookie")
    behind = post(shared_gateway, shared_gateway.master_key, x_forwarded_proto="https")
    assert "; secure" in header(behind, "set-cookie").lower()


def test_signing_out_takes_the_cookie_away(shared_gateway: Gateway) -> None:
    """The answer empties the cookie under the same path."""
    answer = post(shared_gateway, "", "DELETE")
    assert answer.status == 200
    assert header(answer, "set-cookie").startswith('trunkline_session="";')
    assert "Path=/trunkline" in header(answer, "set-cookie")
    assert json.loads(answer.body)["signed_in"] is False


@pytest.mark.parametrize(
    "headers",
    [{"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site"}, {"origin": "http://127.0.0.1:3000"},
     {"origin": "null"}],
)  # fmt: skip
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_no_other_origin_signs_a_browser_in_or_out(
    shared_gateway: Gateway, method: str, headers: dict[str, str]
) -> None:
    """Another site, and another port of the same host, are refused with the right key even."""
    answer = post(shared_gateway, shared_gateway.master_key, method, **headers)
    assert answer.status == 403
    assert header(answer, "set-cookie") == ""


def test_guessing_is_slowed_down(make_gateway: MakeGateway) -> None:
    """Ten wrong keys, then everybody at that address waits: the right key is not tried either."""
    gateway = make_gateway()
    for _ in range(10):
        answer = post(gateway, "sk-guess")
        assert (answer.status, bool(header(answer, "set-cookie"))) == (401, False)
        assert b"sk-guess" not in answer.body
    blocked = post(gateway, gateway.master_key)
    assert blocked.status == 429
    assert 0 < int(header(blocked, "retry-after")) <= 301
    assert gateway.get("/trunkline/overview").status == 200, "programs with a key are not concerned"


def test_forged_and_old_cookies_are_refused(gateway: FakeGateway) -> None:
    """A changed expiry, another signature, none, two cookies, a session past its time: none of them is let in."""
    now = int(time.time())
    good = ui_cookie.token(gateway, now + 60)
    expiry, _, signature = good.partition(".")

    def admitted(line: str, at: float = now) -> bool:
        return ui_cookie.admits(gateway, [(b"cookie", line.encode("latin-1"))], at)

    assert admitted(f"a=b; trunkline_session={good}; c=d")
    assert not admitted(f"trunkline_session={good}", now + 61)
    for wrong in (
        f"{int(expiry) + 1}.{signature}", f"{expiry}.", f"{expiry}.{signature[:-1]}", signature, "", "9" * 5000,
        f"{expiry}.{'é' * 64}", f"٣.{signature}", f"-1.{signature}",
    ):  # fmt: skip
        assert not admitted(f"trunkline_session={wrong}".encode().decode("latin-1")), wrong
    assert not admitted(f"trunkline_session={good}; trunkline_session=other")
    assert not admitted(f"other={good}")


def test_a_new_master_key_ends_every_session(gateway: FakeGateway) -> None:
    """The signature is made with a key that comes from the master key."""
    now = int(time.time())
    headers = [(b"cookie", f"trunkline_session={ui_cookie.token(gateway, now + 60)}".encode())]
    assert ui_cookie.admits(gateway, headers, now)
    gateway.snapshot = replace(gateway.snapshot, master_key=Secret("sk-another-0123456789"))
    assert not ui_cookie.admits(gateway, headers, now)


@pytest.mark.parametrize(
    ("key", "host", "hint"),
    [
        ("sk-1234", "localhost:4000", "sk-1234"),
        ("sk-1234", "gateway.example", None),
        ("sk-secret-1", "localhost", None),
    ],
)
async def test_only_the_tutorials_key_is_hinted_at_and_only_here(
    gateway: FakeGateway, key: str, host: str, hint: str | None
) -> None:
    """A form on this machine says that the key is `sk-1234`; nobody is ever told another, and nobody elsewhere."""
    gateway.snapshot = replace(gateway.snapshot, master_key=Secret(key))
    transport = httpx.ASGITransport(app=create_app(gateway), client=("127.0.0.1", 50_000))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
        answer = await client.get("/trunkline/session")
    assert answer.json() == {"signed_in": False, "needs_key": True, "hint": hint}
