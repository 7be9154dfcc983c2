"""Export and import: everything comes back, other programs' files are read, hostile ones do no harm."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.app.api.schemas.transfer import ExportDocument
from backend.app.core.clock import now_us
from backend.app.core.ids import new_id
from backend.app.services.imports import chatgpt, librechat, open_webui, ours
from backend.app.services.imports.draft import DraftMessage, Unusable, when
from backend.app.services.imports.storing import ordered
from backend.app.services.markdown import money
from tests.backend import rows
from tests.backend.app_fixtures import Running, Start

CHATGPT = [
    {
        "conversation_id": "c1", "title": "Idempotency", "create_time": 1_700_000_000.5, "update_time": 1_700_000_100,
        "current_node": "n4", "default_model_slug": "gpt-4o",
        "mapping": {
            "root": {"id": "root", "message": None, "parent": None, "children": ["sys"]},
            "sys": {"parent": "root", "message": {"author": {"role": "system"}, "content": {"content_type": "text", "parts": [""]}}},
            "n1": {"parent": "sys", "message": {"author": {"role": "user"}, "create_time": 1_700_000_001, "content": {"content_type": "multimodal_text", "parts": [{"asset_pointer": "file://x"}, "What is it?"]}}},
            "tool": {"parent": "n1", "message": {"author": {"role": "tool"}, "content": {"content_type": "text", "parts": ["searching"]}}},
            "n2": {"parent": "tool", "message": {"author": {"role": "assistant"}, "metadata": {"model_slug": "gpt-4o"}, "content": {"content_type": "text", "parts": ["A key."]}}},
            "n3": {"parent": "n1", "message": {"author": {"role": "assistant"}, "content": {"content_type": "text", "parts": ["Another answer."]}}},
            "n4": {"parent": "n2", "message": {"author": {"role": "user"}, "content": {"content_type": "text", "parts": ["Thanks"]}}},
        },
    }
]  # fmt: skip
OPEN_WEBUI = [
    {
        "id": "w1", "title": "Row title", "created_at": 1_700_000_000, "updated_at": 1_700_000_050, "pinned": True,
        "chat": {
            "title": "Idempotency", "models": ["llama3"], "params": {"system": "Be brief"},
            "history": {
                "currentId": "b",
                "messages": {
                    "a": {"id": "a", "parentId": None, "childrenIds": ["b"], "role": "user", "content": "What is it?", "timestamp": 1_700_000_001, "files": [{"name": "x"}]},
                    "b": {"id": "b", "parentId": "a", "childrenIds": [], "role": "assistant", "content": "A key.", "model": "llama3"},
                },
            },
        },
    }
]  # fmt: skip
LIBRECHAT = {
    "conversationId": "l1", "title": "Idempotency", "exportAt": "2026-01-02T03:04:05.678Z", "recursive": True,
    "options": {"model": "claude-3-opus", "promptPrefix": "Be brief"},
    "messages": [
        {
            "messageId": "1", "parentMessageId": "00000000-0000-0000-0000-000000000000", "text": "What is it?",
            "isCreatedByUser": True, "createdAt": "2026-01-01T00:00:00.000Z",
            "children": [{"messageId": "2", "parentMessageId": "1", "isCreatedByUser": False, "sender": "Claude", "model": "claude-3-opus",
                          "text": "", "content": [{"type": "think", "think": "Hm"}, {"type": "text", "text": {"value": "A key."}}]}],
        }
    ],
}  # fmt: skip


async def _import(client: httpx.AsyncClient, value: object) -> httpx.Response:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return await client.post("/api/import", files={"file": ("x.json", data)})


async def _only(client: httpx.AsyncClient) -> dict[str, Any]:
    (listed,) = (await client.get("/api/conversations")).json()["items"]
    found: dict[str, Any] = (await client.get(f"/api/conversations/{listed['id']}")).json()
    return found


async def test_chatgpts_conversations_come_with_their_branches(client: httpx.AsyncClient) -> None:
    """Roots and tools vanish without breaking the tree, both answers stay, and the shown path is the one of the file."""
    report = (await _import(client, CHATGPT)).json()
    assert (report["conversations"], report["messages"]) == (1, 4)
    found = await _only(client)
    by_id = {message["id"]: message for message in found["messages"]}
    question = next(m for m in found["messages"] if m["role"] == "user" and m["parent_id"] is None)
    assert question["content"].endswith("What is it?")
    assert {m["content"] for m in found["messages"] if m["parent_id"] == question["id"]} == {
        "A key.",
        "Another answer.",
    }
    assert by_id[found["leaf_id"]]["content"] == "Thanks"
    assert (found["title"], found["model"], found["created_at"]) == (
        "Idempotency",
        "gpt-4o",
        "2023-11-14T22:13:20.500000Z",
    )


@pytest.mark.parametrize("value", [OPEN_WEBUI, OPEN_WEBUI[0], LIBRECHAT], ids=["open-webui", "one chat", "librechat"])
async def test_other_programs_conversations_come_in(client: httpx.AsyncClient, value: object) -> None:
    """Question, answer, model, system prompt and title, whichever program they come from."""
    report = (await _import(client, value)).json()
    assert (report["conversations"], report["messages"]) == (1, 2)
    found = await _only(client)
    assert [(m["role"], m["content"]) for m in found["messages"]] == [("user", "What is it?"), ("assistant", "A key.")]
    assert found["messages"][1]["parent_id"] == found["messages"][0]["id"] != found["leaf_id"]
    assert found["messages"][1]["model"] == found["model"]
    assert found["system"] == "Be brief"


async def test_importing_again_makes_no_second_copy(client: httpx.AsyncClient) -> None:
    """The second time everything is skipped with the reason; after a deletion it comes in again."""
    assert (await _import(client, OPEN_WEBUI)).json()["conversations"] == 1
    report = (await _import(client, OPEN_WEBUI)).json()
    assert report["conversations"] == 0
    assert {"what": "Row title", "why": "it is here already"} in report["skipped"]
    found = await _only(client)
    await client.delete(f"/api/conversations/{found['id']}")
    assert (await _import(client, OPEN_WEBUI)).json()["conversations"] == 1
    assert (await _only(client))["id"] != found["id"]


async def test_what_is_exported_can_be_imported_elsewhere(
    start: Start, application: Running, client: httpx.AsyncClient
) -> None:
    """Tree, words, models, receipts, columns and times survive; the cost is not counted a second time."""
    db = application.db
    made = await rows.conversation(
        db, title="Zwei \U0001f600", kind="compare", columns=[{"model": "a"}, {"model": "b"}], system="S", pinned=True,
        params={"temperature": 0.5},
    )  # fmt: skip
    question = await rows.message(db, made, "q\0uestion")
    for column in (0, 1):
        await rows.message(
            db, made, f"answer {column}", role="assistant", parent_id=question, column=column, model="a",
            run_id=new_id(), cost_nano=5, input=1, output=2, reasoning="because", status="done", finish_reason="stop",
        )  # fmt: skip
    exported = await client.get("/api/export")
    assert exported.headers["content-disposition"].startswith("attachment")
    document = ExportDocument.model_validate_json(exported.content)
    assert [len(each.messages) for each in document.conversations] == [3]
    assert (await _import(client, exported.content)).json()["conversations"] == 0  # it is here
    async with application.db.write() as connection:
        from backend.app.core import tables

        await connection.execute(tables.conversations.delete())
    assert (await _import(client, exported.content)).json() == {"conversations": 1, "messages": 3, "skipped": []}
    found = await _only(client)
    before = json.loads(exported.content)["conversations"][0]
    for name in ("title", "kind", "columns", "system", "params", "model", "pinned", "created_at", "updated_at"):
        assert found[name] == before[name], name
    for old, new in zip(before["messages"], found["messages"], strict=True):
        for name in ("role", "content", "column", "reasoning", "model", "receipt", "finish_reason", "created_at"):
            assert new[name] == old[name], name
    assert found["messages"][2]["parent_id"] == found["messages"][0]["id"]
    assert found["cost_nano"] == "0"
    assert (await client.get("/api/usage")).json()["totals"]["calls"] == 0


async def test_one_conversation_is_exported_in_two_ways(application: Running, client: httpx.AsyncClient) -> None:
    """JSON with everything, Markdown with the shown path and what each answer took."""
    made = await rows.conversation(application.db, title="A *bold* title / 1")
    question = await rows.message(application.db, made, "Why?")
    await rows.message(application.db, made, "Other answer", role="assistant", parent_id=question)
    leaf = await rows.message(
        application.db, made, "Because.", role="assistant", parent_id=question, model="gpt-4", cost_nano=8_300_000,
        input=812, output=391,
    )  # fmt: skip
    await client.patch(f"/api/conversations/{made}", json={"leaf_id": leaf})
    as_json = await client.get(f"/api/conversations/{made}/export")
    assert len(as_json.json()["conversations"][0]["messages"]) == 3
    assert "bold%20title%201.json" in as_json.headers["content-disposition"]
    markdown = await client.get(f"/api/conversations/{made}/export", params={"format": "markdown"})
    assert markdown.headers["content-type"].startswith("text/markdown")
    assert markdown.text.startswith("# A \\*bold\\* title / 1\n")
    assert "## You\n\nWhy?\n\n## gpt-4\n\nBecause.\n\n*812 in · 391 out · $0.0083*\n" in markdown.text
    assert "Other answer" not in markdown.text


@pytest.mark.parametrize(
    ("nano", "settled", "said"),
    [(8_300_000, True, "$0.0083"), (1, True, "$0.000000001"), (0, True, "$0.00"), (1_500_000_000, False, "≈ $1.50")],
)
def test_money_is_never_rounded(nano: int, settled: bool, said: str) -> None:
    """Every nano-dollar is shown, zeros at the end are not, and an estimate says so."""
    assert money(nano, settled=settled) == said


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not json",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b"null",
        b"1e999",
        b'[{"a": 1}]',
        b"[" * 100_000,
        b'{"format": "other"}',
    ],
)
async def test_files_of_no_known_form_are_refused(client: httpx.AsyncClient, data: bytes) -> None:
    """The answer is 422 with what is known; nothing is stored."""
    answer = await _import(client, data)
    assert answer.status_code == 422, answer.text
    assert answer.json()["error"]["fix"]


HOSTILE: list[Any] = [
    [{"mapping": {"a": {"parent": "b", "message": _m}, "b": {"parent": "a", "message": _m}}, "id": "ring", "title": "r"}
     for _m in [{"author": {"role": "user"}, "content": {"parts": ["x"]}}]],
    [{"mapping": {"a": 1, "b": None, "c": []}, "id": "types"}],
    [{"mapping": {"a": {"parent": "a", "message": None}}, "id": "self", "current_node": "a"}],
    [{"mapping": {"a": {"message": {"author": {"role": "user"}, "create_time": 1e400, "content": {"parts": ["\ud800\0"]}}}}, "id": "signs", "title": "\0\ud800", "create_time": -5}],
    [{"mapping": {"a": {"message": {"author": {"role": "user"}, "content": {"parts": "abc"}}}}, "id": True}],
    [{"id": "x" * 10_000, "chat": {"history": {"messages": {"a": {"role": "user", "content": {"x": 1}, "parentId": ["a"]}}}}}],
    [{"id": "w", "chat": {"models": "abc", "params": [], "history": {"messages": {"a": {"role": "admin"}}, "currentId": {}}}}],
    {"conversationId": "deep", "messages": [{"messageId": 1, "text": ["x"], "children": {"a": 1}}, 5, None]},
    {"format": "trunkline.conversations", "conversations": [{"id": "x"}, 5, None]},
    {"format": "trunkline.conversations", "conversations": "many"},
]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_files_do_no_harm(client: httpx.AsyncClient, value: Any) -> None:
    """Rings, wrong types, endless ids, signs that no database holds: taken as far as possible or skipped with a reason."""
    answer = await _import(client, json.dumps(value).encode())
    assert answer.status_code in {200, 422}, answer.text
    listed = (await client.get("/api/conversations")).json()["items"]
    for item in listed:
        assert (await client.get(f"/api/conversations/{item['id']}")).status_code == 200
    assert (await client.get("/api/export")).status_code == 200


def test_a_message_without_its_parent_begins_anew() -> None:
    """What hangs under something that is not in the file is kept as a beginning; a ring is left out."""
    pairs = [("child", "first"), ("first", "missing"), ("a", "b"), ("b", "a")]
    drafts = [DraftMessage(id=key, parent=parent, role="user", content=key) for key, parent in pairs]
    assert [(message.id, message.parent) for message in ordered(drafts)] == [("first", None), ("child", "first")]


async def test_a_very_deep_tree_is_walked_without_recursion(client: httpx.AsyncClient) -> None:
    """A thousand messages, each the child of the one before, as Python's reader still takes it."""
    node: dict[str, Any] = {"messageId": "400", "text": "last", "isCreatedByUser": True}
    for number in range(399, -1, -1):
        node = {"messageId": str(number), "text": f"m{number}", "isCreatedByUser": True, "children": [node]}
    report = (await _import(client, {"conversationId": "deep", "messages": [node]})).json()
    assert (report["conversations"], report["messages"]) == (1, 401)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["mapping", "id", "message", "author", "role", "content", "parts", "parent", "history", "messages",
                         "chat", "conversationId", "messageId", "text", "children", "title", "user", "create_time"]),
        inner, max_size=5,
    ),
    max_leaves=25,
)  # fmt: skip


@given(_JSON)
def test_no_value_breaks_a_reader(value: Any) -> None:
    """Each format either gives drafts whose messages form a tree, or says that it cannot."""
    for form in (chatgpt, open_webui, librechat, ours):
        if not form.matches(value):
            continue
        for item in form.items(value):
            try:
                draft = form.read(item, now_us())
            except Unusable:
                continue
            seen: set[str | None] = {None}
            for message in ordered(draft.messages):
                assert message.parent in seen
                seen.add(message.id)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (1_700_000_000, 1_700_000_000), (1_700_000_000_000, 1_700_000_000), (1_700_000_000_000_000, 1_700_000_000),
        (1_700_000_000_000_000_000, 1_700_000_000), ("2023-11-14T22:13:20Z", 1_700_000_000),
        ("2023-11-14T22:13:20", 1_700_000_000), ("soon", None), (-1, None), (True, None), (None, None),
        (float("nan"), None), (float("inf"), None), ("9999-12-31", None), (10**30, None),
    ],
)  # fmt: skip
def test_times_of_every_kind_are_understood(value: object, seconds: int | None) -> None:
    """Seconds to nanoseconds and ISO 8601; what cannot be the time of a message is none."""
    assert when(value, now_us()) == (None if seconds is None else seconds * 1_000_000)


async def test_an_import_over_its_limit_is_refused(start: Start) -> None:
    """The body is not read to its end."""
    async with start(app_max_import_mb=1) as app, app.client() as client:
        assert (await _import(client, b"[" + b" " * 3_000_000 + b"]")).status_code == 413
