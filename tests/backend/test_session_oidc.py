"""Sign-in by OpenID Connect, against a provider that speaks the protocol."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from backend.app.api.session import local_path
from tests.backend import rows
from tests.backend.app_fixtures import Running, Start
from tests.backend.oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider, serving

Claims = dict[str, Any]


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    """The provider."""
    async with serving() as found:
        yield found


def _with(provider: Provider, **given: Any) -> dict[str, Any]:
    return {
        "auth_mode": "oidc", "auth_oidc_issuer": provider.issuer, "auth_oidc_client_id": CLIENT_ID,
        "auth_oidc_client_secret": CLIENT_SECRET, **given,
    }  # fmt: skip


async def _sign_in(client: httpx.AsyncClient, path: str = "/") -> httpx.Response:
    """Do what a browser does: to the provider and back; returns the answer of our callback."""
    started = await client.get("/api/session/oidc/start", params={"next": path})
    assert started.status_code == 302, started.text
    async with httpx.AsyncClient(trust_env=False) as elsewhere:
        sent_back = await elsewhere.get(started.headers["location"])
    return await client.get(sent_back.headers["location"])


async def test_a_person_signs_in_and_comes_back_to_where_they_were(start: Start, provider: Provider) -> None:
    """Start, provider, callback: then the session has their name, and a second time they are the same person."""
    async with start(**_with(provider, auth_admins="ada@example.org")) as app:
        people = []
        for _ in range(2):
            async with app.client() as client:
                session = (await client.get("/api/session")).json()
                assert session["user"] is None
                assert session["providers"] == [
                    {"id": "oidc", "name": "Single sign-on", "url": "/api/session/oidc/start"}
                ]
                answer = await _sign_in(client, "/c/x?m=y")
                assert (answer.status_code, answer.headers["location"]) == (302, "/c/x?m=y")
                people.append((await client.get("/api/session")).json()["user"])
                assert (await client.get("/api/conversations")).status_code == 200
        assert people[0] == people[1]
        assert people[0]["name"] == "Ada Lovelace"
        assert (people[0]["email"], people[0]["role"]) == ("ada@example.org", "admin")


def _changed(**values: Any) -> Callable[[Claims], Claims]:
    return lambda claims: {**claims, **values}


def _without(name: str) -> Callable[[Claims], Claims]:
    return lambda claims: {key: value for key, value in claims.items() if key != name}


@pytest.mark.parametrize(
    "change",
    [
        _changed(nonce="another"), _without("nonce"), _changed(aud="another"), _changed(iss="https://evil.example"),
        _changed(exp=1), _without("exp"), _without("sub"), _changed(iat=2**40),
        _changed(aud=[CLIENT_ID, "another"], azp="another"),
    ],
    ids=["nonce", "no-nonce", "audience", "issuer", "expired", "no-expiry", "no-subject", "future", "other-party"],
)  # fmt: skip
async def test_a_token_that_is_not_for_this_sign_in_is_refused(
    start: Start, provider: Provider, change: Callable[[Claims], Claims]
) -> None:
    """Each claim that a signature alone does not make good."""
    provider.change = change
    async with start(**_with(provider)) as app, app.client() as client:
        await _refused(client)


@pytest.mark.parametrize("how", ["unsigned", "signed_with_public_key", "another_key"])
async def test_a_token_that_the_provider_did_not_sign_is_refused(start: Start, provider: Provider, how: str) -> None:
    """No signature, a signature with the public key as secret, and the signature of another key."""
    if how == "another_key":
        async with serving() as other:
            other.rotate()
            provider.sign = other.signed
    else:
        provider.sign = getattr(provider, how)
    async with start(**_with(provider)) as app, app.client() as client:
        await _refused(client)


async def _refused(client: httpx.AsyncClient) -> None:
    answer = await _sign_in(client)
    assert answer.headers["location"] == "/sign-in?error=not_permitted"
    assert (await client.get("/api/session")).json()["user"] is None
    assert (await client.get("/api/conversations")).status_code == 401


async def test_new_keys_of_the_provider_are_found(start: Start, provider: Provider) -> None:
    """After a rotation people sign in at once, without a restart."""
    async with start(**_with(provider)) as app, app.client() as client:
        assert (await _sign_in(client)).headers["location"] == "/"
        provider.rotate()
        assert (await _sign_in(client)).headers["location"] == "/"


async def test_a_sign_in_belongs_to_the_browser_that_began_it(start: Start, provider: Provider) -> None:
    """Another browser that is sent to the callback is not signed in (login CSRF), nor is a second use of it."""
    async with start(**_with(provider)) as app, app.client() as client, app.client() as victim:
        started = await client.get("/api/session/oidc/start")
        cookie = started.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        async with httpx.AsyncClient(trust_env=False) as elsewhere:
            back = (await elsewhere.get(started.headers["location"])).headers["location"]
        assert (await victim.get(back)).headers["location"] == "/sign-in?error=not_permitted"
        assert (await victim.get("/api/session")).json()["user"] is None
        assert (await client.get(back)).headers["location"] == "/sign-in?error=not_permitted"  # taken by the victim
        assert (await client.get("/api/session/oidc/callback?state=x&code=y")).status_code == 302
        assert await rows.count(app.db, "sessions") == 0


async def test_only_the_people_of_the_list_may_in(start: Start, provider: Provider) -> None:
    """AUTH_ALLOWED takes addresses and domains, and an address that nobody verified is none."""
    for allowed, verified, may in (
        ("ada@example.org", True, True), ("@example.org", True, True), ("@other.org, bob@example.org", True, False),
        ("ada@example.org", False, False), ("@ample.org", True, False),
    ):  # fmt: skip
        provider.person["email_verified"] = verified
        async with start(**_with(provider, auth_allowed=allowed)) as app, app.client() as client:
            location = (await _sign_in(client)).headers["location"]
            assert location == ("/" if may else "/sign-in?error=not_permitted"), (allowed, verified)


async def test_an_unverified_address_makes_nobody_an_administrator(start: Start, provider: Provider) -> None:
    """Somebody who types an administrator's address at the provider gets an account without it."""
    provider.person["email_verified"] = False
    async with start(**_with(provider, auth_admins="ada@example.org")) as app, app.client() as client:
        await _sign_in(client)
        user = (await client.get("/api/session")).json()["user"]
        assert (user["email"], user["role"]) == (None, "user")


async def test_another_subject_with_the_same_address_is_another_person(start: Start, provider: Provider) -> None:
    """The subject decides: a taken-over address does not give access to what its former owner wrote."""
    async with start(**_with(provider)) as app:
        ids = []
        for subject in ("42", "43"):
            provider.person["sub"] = subject
            async with app.client() as client:
                await _sign_in(client)
                ids.append((await client.get("/api/session")).json()["user"]["id"])
        assert ids[0] != ids[1]


async def test_a_provider_that_is_away_or_calls_itself_otherwise(start: Start, provider: Provider) -> None:
    """The message names the setting; nothing else of the application suffers."""
    provider.announced = "https://evil.example"
    async with start(**_with(provider)) as app, app.client() as client:
        answer = await client.get("/api/session/oidc/start")
        assert (answer.status_code, "AUTH_OIDC_ISSUER" in answer.json()["error"]["message"]) == (401, True)
    async with start(**_with(provider, auth_oidc_issuer="http://127.0.0.1:9")) as app, app.client() as client:
        answer = await client.get("/api/session/oidc/start")
        assert (answer.status_code, answer.json()["error"]["code"]) == (502, "provider_down")
        assert (await client.get("/api/session")).status_code == 200
    async with start(**_with(provider, auth_oidc_issuer="http://idp.example.org")) as app, app.client() as client:
        assert "https://" in (await client.get("/api/session/oidc/start")).json()["error"]["message"]


async def test_a_provider_that_breaks_at_the_last_step(start: Start, provider: Provider) -> None:
    """A token endpoint that fails is said to be away, and nobody is signed in."""
    provider.broken = True
    async with start(**_with(provider)) as app, app.client() as client:
        assert (await _sign_in(client)).headers["location"] == "/sign-in?error=provider_down"
        assert (await client.get("/api/session")).json()["user"] is None


async def test_a_provider_that_says_no_is_heard(start: Start, provider: Provider) -> None:
    """`error=access_denied` in the callback ends at the sign-in page."""
    async with start(**_with(provider)) as app, app.client() as client:
        started = await client.get("/api/session/oidc/start")
        state = dict(httpx.URL(started.headers["location"]).params)["state"]
        answer = await client.get("/api/session/oidc/callback", params={"error": "access_denied", "state": state})
        assert answer.headers["location"] == "/sign-in?error=not_permitted"


async def test_without_a_provider_the_paths_do_not_exist(application: Running) -> None:
    """With sign-in off or by password, both are 404."""
    async with application.client() as client:
        for path in ("start", "callback"):
            assert (await client.get(f"/api/session/oidc/{path}")).status_code == 404


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/c/x?m=1#y", "/c/x?m=1#y"), ("//evil.example", "/"), ("/\\evil.example", "/"), ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"), ("", "/"), ("/a\r\nset-cookie: x", "/"), ("/\t/evil.example", "/"),
    ],
)  # fmt: skip
def test_one_comes_back_to_this_application_only(path: str, kept: str) -> None:
    """No other host, however it is written, and no header in a path."""
    assert local_path(path) == kept
