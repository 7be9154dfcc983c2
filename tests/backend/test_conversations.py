"""Conversations: pages, changes, deletion, branches, votes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.app.core import cursor, tables
from backend.app.core.clock import DAY_US, now_us
from backend.app.core.errors import AppError
from backend.app.core.ids import is_id, new_id
from backend.app.services.conversations import RESTORABLE_US
from backend.app.services.housekeeping import tidy
from backend.app.services.usage import report
from tests.backend import rows
from tests.backend.app_fixtures import Running


async def test_pages_have_everything_once_in_order_while_rows_are_added(
    application: Running, client: httpx.AsyncClient
) -> None:
    """Walking through pages gives every conversation once, last changed first, though new ones come in between."""
    made = [await rows.conversation(application.db, updated_us=1_000_001 + i // 2) for i in range(11)]
    seen: list[dict[str, object]] = []
    following: str | None = None
    while True:
        query = {"limit": "3", **({"cursor": following} if following else {})}
        page = (await client.get("/api/conversations", params=query)).json()
        seen += page["items"]
        following = page["next_cursor"]
        if following is None:
            break
        await rows.conversation(application.db, updated_us=9_000_000)
    assert sorted(str(item["id"]) for item in seen) == sorted(made)
    order = [(str(item["updated_at"]), str(item["id"])) for item in seen]
    assert order == sorted(order, reverse=True)


async def test_lists_can_be_narrowed(application: Running, client: httpx.AsyncClient) -> None:
    """`kind` and `pinned` choose."""
    chat = await rows.conversation(application.db)
    compare = await rows.conversation(application.db, kind="compare")
    pinned = await rows.conversation(application.db, pinned=True)

    async def ids(**query: object) -> set[str]:
        found = (await client.get("/api/conversations", params={k: str(v) for k, v in query.items()})).json()
        return {item["id"] for item in found["items"]}

    assert await ids(kind="compare") == {compare}
    assert await ids(pinned=True) == {pinned}
    assert await ids(kind="chat", pinned=False) == {chat}


async def test_a_conversation_shows_its_tree_and_what_it_cost(application: Running, client: httpx.AsyncClient) -> None:
    """Messages come with parents and receipts; cost and tokens are the sum of what was run here, exactly."""
    db = application.db
    made = await rows.conversation(db)
    question = await rows.message(db, made, "Why?")
    for cost in (8_300_001, 9_007_199_254_740_993):
        await rows.message(
            db, made, "Because.", role="assistant", parent_id=question, run_id=new_id(), cost_nano=cost, input=10,
            output=5,
        )  # fmt: skip
    await rows.message(db, made, "Copied.", role="assistant", parent_id=question, cost_nano=77, input=1, output=1)
    found = (await client.get(f"/api/conversations/{made}")).json()
    assert [m["parent_id"] for m in found["messages"]] == [None, question, question, question]
    assert found["cost_nano"] == "9007199263040994"
    assert found["messages"][2]["receipt"]["cost_nano"] == "9007199254740993"
    assert found["total_tokens"] == 30


async def test_changes_are_kept_and_do_not_move_it_up(application: Running, client: httpx.AsyncClient) -> None:
    """Title, pin, model, system prompt, parameters and path can be changed; the place in the list stays."""
    made = await rows.conversation(application.db, system="old")
    leaf = await rows.message(application.db, made)
    before = (await client.get(f"/api/conversations/{made}")).json()
    sent = {"title": "New", "pinned": True, "model": "other", "params": {"temperature": 0.5}, "leaf_id": leaf}
    changed = (await client.patch(f"/api/conversations/{made}", json=sent)).json()
    assert {name: changed[name] for name in ("title", "pinned", "model", "leaf_id")} == {
        name: sent[name] for name in ("title", "pinned", "model", "leaf_id")
    }
    assert changed["params"]["temperature"] == 0.5
    assert changed["system"] == "old"
    assert changed["updated_at"] == before["updated_at"]
    assert (await client.patch(f"/api/conversations/{made}", json={"system": None})).json()["system"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"title": ""}, "title"),
        ({"params": {"temperature": 3}}, "params.temperature"),
        ({"params": {"temprature": 1}}, "params.temprature"),
        ({"leaf_id": "01JDF0Q8M3W9V4T6Y2ZB7K5N1C"}, "leaf_id"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
async def test_a_change_that_cannot_be_meant_names_its_field(
    application: Running, client: httpx.AsyncClient, body: dict[str, object], field: str
) -> None:
    """The refusal has the field's path, and nothing was changed."""
    made = await rows.conversation(application.db)
    before = (await client.get(f"/api/conversations/{made}")).json()
    answer = await client.patch(f"/api/conversations/{made}", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == field
    assert (await client.get(f"/api/conversations/{made}")).json() == before


async def test_a_deleted_conversation_can_be_restored(application: Running, client: httpx.AsyncClient) -> None:
    """It leaves list and search at once, takes no changes, and comes back whole."""
    made = await rows.conversation(application.db)
    await rows.message(application.db, made, "unmistakable")
    assert (await client.delete(f"/api/conversations/{made}")).status_code == 204
    assert (await client.delete(f"/api/conversations/{made}")).status_code == 204
    assert (await client.get("/api/conversations")).json()["items"] == []
    assert (await client.get("/api/search", params={"q": "unmistakable"})).json()["hits"] == []
    assert (await client.patch(f"/api/conversations/{made}", json={"title": "x"})).status_code == 404
    assert (await client.get(f"/api/conversations/{made}")).json()["deleted"] is True
    assert (await client.post(f"/api/conversations/{made}/restore")).json()["deleted"] is False
    assert len((await client.get(f"/api/conversations/{made}")).json()["messages"]) == 1
    assert len((await client.get("/api/search", params={"q": "unmistakable"})).json()["hits"]) == 1


async def test_after_thirty_days_it_is_gone_and_what_it_cost_is_not(
    application: Running, client: httpx.AsyncClient
) -> None:
    """Housekeeping purges it on day 31, not on day 29; the usage report still counts its calls."""
    db = application.db
    made = await rows.conversation(db)
    await rows.message(db, made, role="assistant", run_id=new_id(), cost_nano=5, input=1, output=1)
    await client.delete(f"/api/conversations/{made}")
    await tidy(db, application.settings, now_us() + RESTORABLE_US - DAY_US)
    assert (await client.get(f"/api/conversations/{made}")).status_code == 200
    await tidy(db, application.settings, now_us() + RESTORABLE_US + DAY_US)
    assert (await client.get(f"/api/conversations/{made}")).status_code == 404
    assert await rows.count(db, "messages") == 0
    totals = (await client.get("/api/usage")).json()["totals"]
    assert (totals["calls"], totals["cost_nano"]) == (1, "5")
    async with db.read() as connection:
        others = await report(
            connection, await rows.person(db, "bob@example.org"), days=1, zone="UTC", now=datetime.now(UTC)
        )
    assert others.totals.calls == 0


async def test_purge_deletes_at_once_but_not_under_a_running_answer(
    application: Running, client: httpx.AsyncClient
) -> None:
    """`purge=true` is refused with 409 while a run writes, and else leaves nothing of it."""
    db = application.db
    made = await rows.conversation(db)
    question = await rows.message(db, made)
    run = {"id": new_id(), "user_id": "local", "conversation_id": made, "user_message_id": question, "kind": "send",
           "state": "running", "request": {}, "owner": "another", "heartbeat_us": now_us(), "created_us": now_us()}  # fmt: skip
    async with db.write() as connection:
        await connection.execute(tables.runs.insert().values(**run))
    assert (await client.delete(f"/api/conversations/{made}", params={"purge": True})).status_code == 409
    async with db.write() as connection:
        await connection.execute(tables.runs.update().values(state="ended"))
    assert (await client.delete(f"/api/conversations/{made}", params={"purge": True})).status_code == 204
    for name in ("conversations", "messages", "runs"):
        assert await rows.count(db, name) == 0


async def test_housekeeping_waits_for_a_running_answer(application: Running, client: httpx.AsyncClient) -> None:
    """What was deleted long ago is purged when nothing runs in it any more."""
    db = application.db
    made = await rows.conversation(db)
    run = {"id": new_id(), "user_id": "local", "conversation_id": made, "user_message_id": await rows.message(db, made),
           "kind": "send", "state": "running", "request": {}, "owner": "another", "heartbeat_us": now_us(),
           "created_us": now_us()}  # fmt: skip
    async with db.write() as connection:
        await connection.execute(tables.runs.insert().values(**run))
    await client.delete(f"/api/conversations/{made}")
    late = now_us() + RESTORABLE_US + DAY_US
    await tidy(db, application.settings, late)
    assert await rows.count(db, "conversations") == 1
    async with db.write() as connection:
        await connection.execute(tables.runs.update().values(state="ended"))
    await tidy(db, application.settings, late)
    assert await rows.count(db, "conversations") == 0


async def _talk(application: Running) -> tuple[str, list[str]]:
    """Two turns, the first answered twice."""
    db = application.db
    made = await rows.conversation(db, title="Talk", system="Be brief")
    q1 = await rows.message(db, made, "q1")
    other = await rows.message(db, made, "a1 other", role="assistant", parent_id=q1)
    a1 = await rows.message(db, made, "a1", role="assistant", parent_id=q1, run_id=new_id(), cost_nano=3)
    q2 = await rows.message(db, made, "q2", parent_id=a1)
    a2 = await rows.message(db, made, "a2", role="assistant", parent_id=q2, status="streaming")
    return made, [q1, other, a1, q2, a2]


async def test_a_branch_copies_the_path_and_nothing_beside_it(application: Running, client: httpx.AsyncClient) -> None:
    """The copy has new ids, the same words, no cost of its own, and knows where it came from."""
    made, ids = await _talk(application)
    answer = await client.post(f"/api/conversations/{made}/branch", json={"message_id": ids[4]})
    assert answer.status_code == 201
    branch = (await client.get(f"/api/conversations/{answer.json()['id']}")).json()
    assert [m["content"] for m in branch["messages"]] == ["q1", "a1", "q2", "a2"]
    parents = [m["parent_id"] for m in branch["messages"]]
    assert parents == [None, *(m["id"] for m in branch["messages"][:-1])]
    assert not {m["id"] for m in branch["messages"]} & set(ids)
    assert branch["messages"][-1]["status"] == "cut"
    assert branch["leaf_id"] == branch["messages"][-1]["id"]
    assert (branch["cost_nano"], branch["system"]) == ("0", "Be brief")
    assert branch["continued_from"] == {"conversation_id": made, "message_id": ids[4]}


async def test_a_branch_can_leave_the_answers_behind(application: Running, client: httpx.AsyncClient) -> None:
    """`mine_only` takes what the person wrote, one under the other."""
    made, ids = await _talk(application)
    answer = await client.post(f"/api/conversations/{made}/branch", json={"message_id": ids[4], "mine_only": True})
    messages = (await client.get(f"/api/conversations/{answer.json()['id']}")).json()["messages"]
    assert [m["content"] for m in messages] == ["q1", "q2"]
    assert messages[1]["parent_id"] == messages[0]["id"]


async def _comparison(application: Running) -> tuple[str, list[str]]:
    db = application.db
    made = await rows.conversation(db, kind="compare", columns=[{"model": "m0"}, {"model": "m1"}], model="m0")
    q1 = await rows.message(db, made, "q1")
    await rows.message(db, made, "a1 0", role="assistant", parent_id=q1, column=0)
    last = await rows.message(db, made, "a1 1", role="assistant", parent_id=q1, column=1)
    q2 = await rows.message(db, made, "q2", parent_id=last)
    await rows.message(db, made, "a2 1 old", role="assistant", parent_id=q2, column=1)
    for column in (0, 1):
        await rows.message(db, made, f"a2 {column}", role="assistant", parent_id=q2, column=column)
    return made, [q1, q2]


async def test_a_column_becomes_an_ordinary_conversation(application: Running, client: httpx.AsyncClient) -> None:
    """Each question is followed by this column's latest answer, and the model is the column's."""
    made, _ = await _comparison(application)
    answer = await client.post(f"/api/conversations/{made}/continue", json={"column": 1})
    chat = (await client.get(f"/api/conversations/{answer.json()['id']}")).json()
    assert [m["content"] for m in chat["messages"]] == ["q1", "a1 1", "q2", "a2 1"]
    assert {m["column"] for m in chat["messages"]} == {None}
    assert (chat["kind"], chat["model"], chat["columns"]) == ("chat", "m1", [])
    assert chat["continued_from"]["conversation_id"] == made
    assert (await client.post(f"/api/conversations/{made}/continue", json={"column": 2})).status_code == 422


async def test_a_branch_of_a_comparison_keeps_every_column(application: Running, client: httpx.AsyncClient) -> None:
    """Up to a question, the answers of all columns to the earlier ones come along."""
    made, (_, q2) = await _comparison(application)
    answer = await client.post(f"/api/conversations/{made}/branch", json={"message_id": q2})
    branch = (await client.get(f"/api/conversations/{answer.json()['id']}")).json()
    assert [m["content"] for m in branch["messages"]] == ["q1", "a1 0", "a1 1", "q2"]
    assert branch["kind"] == "compare"


async def test_a_second_vote_replaces_the_first(application: Running, client: httpx.AsyncClient) -> None:
    """One judgement a question: a column, a tie, or none good."""
    made, (q1, _) = await _comparison(application)
    for choice in (1, "bad", "tie"):
        body = {"message_id": q1, "choice": choice, "blind": True}
        answer = await client.post(f"/api/conversations/{made}/votes", json=body)
        assert (answer.status_code, answer.json()["choice"]) == (200, choice)
    votes = (await client.get(f"/api/conversations/{made}")).json()["votes"]
    assert [(vote["message_id"], vote["choice"], vote["blind"]) for vote in votes] == [(q1, "tie", True)]


async def test_votes_that_mean_nothing_are_refused(application: Running, client: httpx.AsyncClient) -> None:
    """A column that is not there, an answer instead of a question, and a chat cannot be judged."""
    made, (q1, _) = await _comparison(application)
    answer_id = (await client.get(f"/api/conversations/{made}")).json()["messages"][1]["id"]
    for body in (
        {"message_id": q1, "choice": 2},
        {"message_id": answer_id, "choice": 0},
        {"message_id": q1, "choice": "x"},
    ):
        assert (await client.post(f"/api/conversations/{made}/votes", json=body)).status_code == 422
    chat, ids = await _talk(application)
    refused = await client.post(f"/api/conversations/{chat}/votes", json={"message_id": ids[0], "choice": 0})
    assert refused.status_code == 422


async def test_a_column_without_an_answer_is_not_best(application: Running, client: httpx.AsyncClient) -> None:
    """One that failed, is still at it, or said nothing is refused with 409 and words; a cut one has something."""
    db = application.db
    made = await rows.conversation(db, kind="compare", columns=[{"model": f"m{n}"} for n in range(5)], model="m0")
    question = await rows.message(db, made, "q")
    for column, (status, content) in enumerate(
        [("error", "half a"), ("streaming", ""), ("done", ""), ("cut", "half an answer")]
    ):
        given = {"role": "assistant", "parent_id": question, "column": column, "status": status}
        await rows.message(db, made, content, **given)
    for column in (0, 1, 2, 4):
        body = {"message_id": question, "choice": column}
        refused = await client.post(f"/api/conversations/{made}/votes", json=body)
        assert refused.status_code == 409
        error = refused.json()["error"]
        assert error["code"] == "conflict"
        assert error["message"].startswith(f"m{column} did not answer this question")
    kept = await client.post(f"/api/conversations/{made}/votes", json={"message_id": question, "choice": 3})
    assert (kept.status_code, kept.json()["choice"]) == (200, 3)


async def test_what_databases_cannot_hold_is_made_holdable(application: Running, client: httpx.AsyncClient) -> None:
    """NUL in a title or a system prompt becomes the replacement character on either database."""
    made = await rows.conversation(application.db)
    changed = await client.patch(f"/api/conversations/{made}", json={"title": "a\0b", "system": "c\0"})
    assert changed.json()["title"] == "a\ufffdb"
    assert (await client.get("/api/conversations/%00%00")).status_code == 404
    assert (await client.get("/api/conversations", params={"cursor": "\0"})).status_code == 422


async def test_writers_at_once_all_succeed(application: Running, client: httpx.AsyncClient) -> None:
    """Forty changes at the same moment are all kept, on SQLite too, where one writes at a time."""
    made = [await rows.conversation(application.db) for _ in range(40)]
    answers = await asyncio.gather(*(client.patch(f"/api/conversations/{each}", json={"title": each}) for each in made))
    assert {answer.status_code for answer in answers} == {200}
    listed = (await client.get("/api/conversations", params={"limit": 100})).json()["items"]
    assert all(item["title"] == item["id"] for item in listed)


@given(at=st.integers(0, 2**63 - 1))
def test_a_cursor_comes_back_as_it_was(at: int) -> None:
    """Encoding and decoding are inverse."""
    made = new_id()
    assert cursor.decode(cursor.encode(at, made)) == (at, made)


@given(st.text(max_size=40))
def test_any_other_cursor_is_refused_kindly(said: str) -> None:
    """Whatever is not a cursor is a 422, never a failure."""
    try:
        at, row_id = cursor.decode(said)
    except AppError as error:
        found = error.status
    else:
        found = 200 if at >= 0 and is_id(row_id) else 500
    assert found in {200, 422}
