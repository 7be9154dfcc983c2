"""Each person sees only their own: every endpoint of the API is tried with another person's ids."""

from __future__ import annotations

import json
from typing import Any

import httpx
from sqlalchemy import insert

from backend.app import openapi
from backend.app.core import tables
from backend.app.core.clock import now_us
from backend.app.core.ids import new_id
from tests.backend import rows
from tests.backend.app_fixtures import Running, Start
from tests.backend.test_files import PNG
from tests.backend.test_session_password import HASH, PASSWORD

SECRET = "xyzzy"
OPEN = {"get_health", "get_session", "sign_in", "sign_out", "start_oidc", "finish_oidc"}
"""Operations that answer people who are not signed in."""
SHARED = {"list_models", "get_model", "compare_models"}
"""Operations without anything of a person's."""


def _operations() -> list[tuple[str, str, str, dict[str, Any]]]:
    """Return operation id, method, path and description of everything there is."""
    paths = openapi.document()["paths"]
    return [(op["operationId"], method, path, op) for path, ops in paths.items() for method, op in ops.items()]


async def _ada_and_bob(app: Running) -> tuple[httpx.AsyncClient, httpx.AsyncClient]:
    clients = []
    for email in ("ada@example.org", "bob@example.org"):
        client = app.client()
        assert (await client.post("/api/session", json={"email": email, "password": PASSWORD})).status_code == 200
        clients.append(client)
    return clients[0], clients[1]


def _settings() -> dict[str, Any]:
    return {"auth_mode": "password", "auth_users": f"ada@example.org:{HASH};bob@example.org:{HASH}"}


async def _belongings(app: Running, ada: httpx.AsyncClient) -> dict[str, str]:
    """Make one of everything for Ada; return the ids by the names that paths and bodies have for them."""
    user_id = (await ada.get("/api/session")).json()["user"]["id"]
    db = app.db
    made = await rows.conversation(
        db, user_id, title=f"{SECRET} title", kind="compare", columns=[{"model": "a"}, {"model": "b"}]
    )
    question = await rows.message(db, made, f"{SECRET} question")
    answer = await rows.message(
        db, made, f"{SECRET} answer", role="assistant", parent_id=question, column=0, run_id=new_id(), cost_nano=5
    )
    file = (await ada.post("/api/files", files={"file": (f"{SECRET}.png", PNG)})).json()["id"]
    run = new_id()
    async with db.write() as connection:
        await connection.execute(
            insert(tables.runs).values(
                id=run, user_id=user_id, conversation_id=made, user_message_id=question, kind="send", state="ended",
                request={}, owner="x", heartbeat_us=now_us(), created_us=now_us(), last_event_id=1,
            )
        )  # fmt: skip
        await connection.execute(
            insert(tables.run_answers).values(run_id=run, message_id=answer, model="a", position=0)
        )
        await connection.execute(
            insert(tables.run_events).values(run_id=run, id=1, type="end", data="{}", created_us=now_us())
        )
    await ada.put("/api/settings", json={"prompts": [{"id": new_id(), "title": SECRET, "text": "t", "pinned": True}]})
    return {"conversation_id": made, "message_id": question, "run_id": run, "file_id": file}


BODIES: dict[str, dict[str, Any]] = {
    "update_conversation": {"title": "Bob's"},
    "branch_conversation": {"message_id": "message_id"},
    "continue_conversation": {"column": 0},
    "vote": {"message_id": "message_id", "choice": 0},
    "stop_run": {},
}
"""What is sent along where a body is needed; values that name an id become it."""


async def test_another_persons_ids_are_unknown_everywhere(start: Start) -> None:
    """Every operation with an id in its path answers 404 to Bob for what is Ada's, and changes nothing of hers."""
    async with start(**_settings()) as app:
        ada, bob = await _ada_and_bob(app)
        ids = await _belongings(app, ada)
        before = (await ada.get(f"/api/conversations/{ids['conversation_id']}")).json()
        tried = 0
        for name, method, path, operation in _operations():
            if "{" not in path or name in SHARED:
                continue
            filled = path.format(**ids)
            body = {
                key: ids.get(value, value) if isinstance(value, str) else value
                for key, value in BODIES.get(name, {}).items()
            }
            if "requestBody" in operation:
                assert name in BODIES, f"`{name}` is new: say in BODIES what is sent to it"
            answer = await bob.request(method, filled, json=body if "requestBody" in operation else None)
            assert answer.status_code == 404, f"{name}: {answer.status_code} {answer.text[:200]}"
            assert answer.json()["error"]["code"] == "not_found", name
            assert SECRET not in answer.text
            tried += 1
        assert tried >= 11
        assert (await ada.get(f"/api/conversations/{ids['conversation_id']}")).json() == before
        await ada.aclose()
        await bob.aclose()


async def test_lists_and_sums_have_nothing_of_another_person(start: Start) -> None:
    """Lists, search, settings, usage and exports of Bob are empty though Ada has everything."""
    async with start(**_settings()) as app:
        ada, bob = await _ada_and_bob(app)
        await _belongings(app, ada)
        query = {"q": SECRET, "zone": "UTC"}
        tried = 0
        for name, method, path, _ in _operations():
            if method != "get" or "{" in path or name in OPEN | SHARED:
                continue
            hers, his = await ada.get(path, params=query), await bob.get(path, params=query)
            assert hers.status_code == his.status_code == 200, name
            if name == "get_usage":
                assert (hers.json()["totals"]["calls"], his.json()["totals"]["calls"]) == (1, 0)
            else:
                assert SECRET in hers.text, f"`{name}` shows nothing of Ada's: what does this test look at?"
                assert SECRET not in his.text, name
            tried += 1
        assert tried == 5
        await ada.aclose()
        await bob.aclose()


async def test_ids_of_another_person_in_a_body_are_unknown_too(start: Start) -> None:
    """A run in her conversation, with her file, or pre-flight over her history is refused, and nothing is stored."""
    async with start(**_settings()) as app:
        ada, bob = await _ada_and_bob(app)
        ids = await _belongings(app, ada)
        kept = await rows.count(app.db, "messages")
        mine = {"id": new_id(), "conversation_id": new_id(), "content": "x", "models": ["fake-model"]}
        tried: list[tuple[str, dict[str, Any]]] = [
            ("/api/runs", {**mine, "conversation_id": ids["conversation_id"]}),
            ("/api/runs", {**mine, "id": new_id(), "conversation_id": new_id(), "attachment_ids": [ids["file_id"]]}),
            ("/api/runs", {**mine, "id": ids["run_id"], "conversation_id": new_id()}),
            ("/api/preflight", {"model": "m", "content": "x", "conversation_id": ids["conversation_id"]}),
            ("/api/preflight", {"model": "m", "content": "x", "attachment_ids": [ids["file_id"]]}),
        ]
        for path, body in tried:
            answer = await bob.post(path, json=body)
            assert answer.status_code in {404, 409, 422}, (
                f"{path} {json.dumps(body)}: {answer.status_code} {answer.text}"
            )
            assert SECRET not in answer.text
        assert await rows.count(app.db, "messages") == kept
        await ada.aclose()
        await bob.aclose()


async def test_without_signing_in_there_is_nothing(start: Start) -> None:
    """Every operation but those of signing in and health answers 401, whatever is sent."""
    async with start(**_settings()) as app, app.client() as nobody:
        for name, method, path, _ in _operations():
            if name in OPEN:
                continue
            filled = path.format(**dict.fromkeys(("conversation_id", "run_id", "file_id", "model_id"), new_id()))
            answer = await nobody.request(method, filled)
            assert answer.status_code == 401, f"{name}: {answer.status_code}"
