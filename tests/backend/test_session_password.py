"""Sign-in with passwords: slow to guess, equal in time, gone when it is over."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update

from backend.app import users
from backend.app.core import tables
from backend.app.core.settings import SettingsError, load
from backend.app.services import accounts
from tests.backend import rows
from tests.backend.app_fixtures import Running, Start

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""The checks are those of real hashes; only the cost is lower."""
PASSWORD = "correct horse"
HASH = QUICK.hash(PASSWORD)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "_nobody", lambda: QUICK.hash("nobody"))


async def _sign_in(
    client: httpx.AsyncClient, password: str = PASSWORD, email: str | None = "ada@example.org"
) -> httpx.Response:
    return await client.post("/api/session", json={"email": email, "password": password})


def _both(**given: Any) -> dict[str, Any]:
    return {"auth_mode": "password", "auth_users": f"ada@example.org:{HASH};bob@example.org:{HASH}", **given}


async def test_a_person_signs_in_and_out(start: Start) -> None:
    """Before: 401. After: their name. After the end: 401, also for a copy of the cookie."""
    async with start(**_both()) as app, app.client() as client:
        assert (await client.get("/api/conversations")).status_code == 401
        answer = await _sign_in(client, email=" Ada@Example.org ")
        assert answer.json()["user"]["email"] == "ada@example.org"
        assert (await client.get("/api/session")).json()["user"]["name"] == "ada"
        copy = client.cookies["tl_session"]
        assert (await client.delete("/api/session")).json()["user"] is None
        assert "tl_session" not in client.cookies
        async with app.client(cookies={"tl_session": copy}) as thief:
            assert (await thief.get("/api/conversations")).status_code == 401


async def test_the_cookie_tells_nothing_and_scripts_cannot_read_it(start: Start) -> None:
    """HttpOnly, SameSite, random; the database has its hash alone; over https Secure with the prefix `__Host-`."""
    async with start(**_both()) as app:
        for base_url, name in (("http://127.0.0.1", "tl_session"), ("https://127.0.0.1", "__Host-tl_session")):
            async with app.client(base_url) as client:
                set_cookie = (await _sign_in(client)).headers["set-cookie"]
                assert set_cookie.startswith(f"{name}=")
                assert "HttpOnly" in set_cookie
                assert "SameSite=lax" in set_cookie
                assert "Path=/" in set_cookie
                assert ("Secure" in set_cookie) is base_url.startswith("https")
                token = client.cookies[name]
                assert len(token) >= 43
                async with app.db.read() as connection:
                    stored = (await connection.execute(select(tables.sessions.c.token_hash))).scalars().all()
                assert token not in stored


async def test_each_sign_in_has_a_new_token_and_ends_the_old_one(start: Start) -> None:
    """A token that somebody planted or copied before does not survive a sign-in."""
    async with start(**_both()) as app, app.client() as client:
        planted = {"cookie": "tl_session=planted"}
        body = {"email": "ada@example.org", "password": PASSWORD}
        first = (await client.post("/api/session", json=body, headers=planted)).cookies["tl_session"]
        assert first != "planted"
        assert (await _sign_in(client)).cookies["tl_session"] != first
        assert await rows.count(app.db, "sessions") == 1


async def test_a_session_ends_by_time_by_mode_and_with_the_person(start: Start) -> None:
    """An expired one, one of another AUTH_MODE, and one of somebody who was taken out of AUTH_USERS are worth nothing."""
    async with start(**_both()) as app, app.client() as client:
        await _sign_in(client)
        cookies = dict(client.cookies)
        before: dict[str, Any] = {"expires_us": 2**60, "mode": "password"}
        for values in ({"expires_us": 1}, {"mode": "oidc"}):
            async with app.db.write() as connection:
                await connection.execute(update(tables.sessions).values(**before))
            assert (await client.get("/api/conversations")).status_code == 200
            async with app.db.write() as connection:
                await connection.execute(update(tables.sessions).values(**{**before, **values}))
            assert (await client.get("/api/conversations")).status_code == 401
        async with app.db.write() as connection:
            await connection.execute(update(tables.sessions).values(**before))
    async with start(**_both(auth_users=f"bob@example.org:{HASH}")) as app, app.client(cookies=cookies) as client:
        assert (await client.get("/api/conversations")).status_code == 401


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ada@example.org", "wrong horse"),
        ("eve@example.org", PASSWORD),
        (None, PASSWORD),
        ("ada@example.org", ""),
        ("\0", "\0"),
    ],
)
async def test_what_is_wrong_is_not_told(start: Start, email: str | None, password: str) -> None:
    """A wrong password, an unknown address and no address get the same answer."""
    async with start(**_both()) as app, app.client() as client:
        answer = await _sign_in(client, password, email)
        assert answer.status_code == 401
        assert answer.json()["error"]["message"] == "The address or the password is not right."
        assert "set-cookie" not in answer.headers


async def test_an_unknown_address_costs_a_hash_as_well(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody learns by the time who has an account: either way exactly one hash is computed."""
    verified: list[str] = []
    real = accounts._verify

    def verify(stored: str, password: str) -> bool:
        verified.append(stored)
        return real(stored, password)

    monkeypatch.setattr(accounts, "_verify", verify)
    async with start(**_both()) as app, app.client() as client:
        for email in ("ada@example.org", "eve@example.org"):
            await _sign_in(client, "wrong", email)
    assert len(verified) == 2
    assert verified[0] == HASH
    assert verified[1] != HASH
    assert verified[1].startswith("$argon2id$")


async def test_guessing_is_stopped_and_says_for_how_long(start: Start) -> None:
    """After ten wrong passwords even the right one waits, with Retry-After; another person does not."""
    async with start(**_both()) as app, app.client() as client:
        answers = await asyncio.gather(*(_sign_in(client, "wrong") for _ in range(10)))
        assert {answer.status_code for answer in answers} == {401}
        refused = await _sign_in(client)
        assert refused.status_code == 429
        assert refused.json()["error"]["code"] == "rate_limited"
        assert 0 < int(refused.headers["retry-after"]) <= 900
        assert (await _sign_in(client, email="bob@example.org")).status_code == 200
        async with app.db.write() as connection:
            await connection.execute(update(tables.sign_in_failures).values(since_us=1))
        assert (await _sign_in(client)).status_code == 200


async def test_one_password_for_one_person(start: Start) -> None:
    """AUTH_PASSWORD is that of the person who was there with sign-in off, with all that they wrote."""
    async with start() as app:
        made = await rows.conversation(app.db)
    async with start(auth_mode="password", auth_password="just one password") as app, app.client() as client:
        assert (await _sign_in(client, "just one passwore", None)).status_code == 401
        assert (await _sign_in(client, "just one password", None)).status_code == 200
        assert (await client.get(f"/api/conversations/{made}")).status_code == 200


async def test_administrators_are_named_in_the_settings(start: Start) -> None:
    """AUTH_ADMINS makes a role, and only of those in it."""
    async with start(**_both(auth_admins="Ada@example.org")) as app, app.client() as client:
        assert (await _sign_in(client)).json()["user"]["role"] == "admin"
        assert (await _sign_in(client, email="bob@example.org")).json()["user"]["role"] == "user"


async def test_the_command_makes_changes_and_removes_people(
    start: Start, place: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    """`python -m backend.app.users`: add, list, a new password ends sessions, adopt, remove; errors in one line."""
    monkeypatch.setattr(accounts, "hash_password", QUICK.hash)
    monkeypatch.setattr(users, "load", lambda: load(app_database_url=place, trunkline_data=tmp_path))

    async def command(*arguments: str, typed: str = "") -> str:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed + "\n"))
        await asyncio.to_thread(users.main, arguments)
        told = capsys.readouterr()
        return told.out + told.err

    assert await command("list") == "nobody yet\n"
    assert "8 characters" in await command("add", "ada@example.org", typed="short")
    assert "can sign in" in await command("add", "Ada@example.org", typed=PASSWORD)
    async with start(auth_mode="password") as app, app.client() as client:
        assert (await _sign_in(client)).status_code == 200
        made = await rows.conversation(app.db)
        assert "new password" in await command("add", "ada@example.org", typed="another password")
        assert (await client.get("/api/conversations")).status_code == 401
        assert (await _sign_in(client, "another password")).status_code == 200
        assert (await client.get(f"/api/conversations/{made}")).status_code == 404
        assert "sign-in was off" in await command("adopt", "ada@example.org")
        assert (await client.get(f"/api/conversations/{made}")).status_code == 200
        assert "ada@example.org\tpassword" in await command("list")
        assert "deleted" in await command("remove", "ada@example.org")
        assert (await client.get("/api/conversations")).status_code == 401
        assert await rows.count(app.db, "conversations") == 0
    assert "nobody with the address" in await command("remove", "ada@example.org")
    hashed = await command("hash", typed=PASSWORD)
    assert QUICK.verify(hashed.strip(), PASSWORD)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"auth_mode": "password", "auth_password": "short"}, "8 characters"),
        ({"auth_users": "ada@example.org"}, "backend.app.users hash"),
        ({"auth_mode": "oidc"}, "AUTH_OIDC_ISSUER"),
        ({"auth_mode": "none"}, "AUTH_MODE"),
    ],
)
def test_settings_that_cannot_work_say_what_would(given: dict[str, Any], words: str) -> None:
    """The message names the variable, and there is no start without sign-in by mistake."""
    with pytest.raises(SettingsError, match=words):
        load(**given)


def test_hashes_with_commas_are_read() -> None:
    """People may be divided by semicolons, spaces or commas, though a hash has commas itself."""
    for between in (";", " ; ", "\n", ","):
        settings = load(auth_users=f"ada@example.org:{HASH}{between}Bob@example.org:{HASH}")
        assert settings.users == {"ada@example.org": HASH, "bob@example.org": HASH}


async def test_a_password_where_none_is_asked_for_is_refused(application: Running) -> None:
    """With sign-in off there is nothing to sign in to."""
    async with application.client() as client:
        assert (await _sign_in(client)).status_code == 422
