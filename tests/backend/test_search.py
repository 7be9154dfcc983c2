"""Search finds one's own words, wherever they are, and shows where."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from backend.app.core import tables
from backend.app.services.search import excerpt, parse
from tests.backend import rows
from tests.backend.app_fixtures import Running


async def _find(client: httpx.AsyncClient, said: str, **query: Any) -> list[dict[str, Any]]:
    answer = await client.get("/api/search", params={"q": said, **query})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["hits"]
    return found


def _marked(hit: dict[str, Any]) -> list[str]:
    units = hit["snippet"].encode("utf-16-le")
    return [units[2 * start : 2 * end].decode("utf-16-le") for start, end in hit["ranges"]]


@pytest.mark.parametrize(
    ("said", "marked"),
    [
        ("churn", ["churn"]),
        ("CHURN query", ["churn", "query"]),
        ("quer", ["quer"]),
        ("example.com", ["example", "com"]),
        ("urn", ["urn"]),
        ("100%", ["100"]),
        ("naïve", ["naïve"]),
        ("東京", ["東京"]),
        ("snake_case", ["snake", "case"]),
    ],
)
async def test_words_beginnings_parts_and_scripts_are_found(
    application: Running, client: httpx.AsyncClient, said: str, marked: list[str]
) -> None:
    """Words in any order and case, the beginning of the last one, parts of words where no word fits, and CJK."""
    made = await rows.conversation(application.db, title="Untouched")
    content = "A churn query: see example.com, 100 % naïve snake_case 私は東京に住んでいます"
    message = await rows.message(application.db, made, content)
    (hit,) = await _find(client, said)
    assert (hit["conversation_id"], hit["message_id"], hit["title"]) == (made, message, "Untouched")
    assert [word.lower() for word in _marked(hit)] == marked


@pytest.mark.parametrize(
    "said", ["absent", "churn absent", '"', "*", "churn AND", "NEAR(", "%", "_", "'", "\\", "\0", "-churn:"]
)
async def test_nothing_that_is_typed_breaks_it(application: Running, client: httpx.AsyncClient, said: str) -> None:
    """Signs that a query language would understand are letters here: no error, and no hit that has not the words."""
    made = await rows.conversation(application.db, title="T")
    await rows.message(application.db, made, "churn and more")
    hits = await _find(client, said)
    assert len(hits) <= (1 if "churn" in said and "absent" not in said else 0)


async def test_titles_are_found_and_follow_a_rename(application: Running, client: httpx.AsyncClient) -> None:
    """A title is a hit without a message; after a rename the old words find nothing."""
    made = await rows.conversation(application.db, title="Refund policy")
    (hit,) = await _find(client, "refund")
    assert (hit["conversation_id"], hit["message_id"], _marked(hit)) == (made, None, ["Refund"])
    await client.patch(f"/api/conversations/{made}", json={"title": "Returns"})
    assert await _find(client, "refund") == []
    assert len(await _find(client, "returns")) == 1


async def test_an_answer_is_found_once_it_is_finished(application: Running, client: httpx.AsyncClient) -> None:
    """Not while it is written, then with its last words only, and not after it was deleted."""
    made = await rows.conversation(application.db, title="T")
    answer = await rows.message(application.db, made, "", role="assistant", status="streaming")
    table = tables.messages

    async def change(**values: object) -> None:
        async with application.db.write() as connection:
            await connection.execute(update(table).where(table.c.id == answer).values(**values))

    await change(content="half")
    assert await _find(client, "half") == []
    await change(content="half and whole", status="done")
    assert len(await _find(client, "whole")) == 1
    await change(content="different", status="done")
    assert await _find(client, "whole") == []
    assert len(await _find(client, "different")) == 1
    async with application.db.write() as connection:
        await connection.execute(table.delete())
    assert await _find(client, "different") == []


async def test_pages_of_hits_have_each_once_newest_first(application: Running, client: httpx.AsyncClient) -> None:
    """Pages go on where the last ended, by the index and by scanning."""
    for number in range(7):
        made = await rows.conversation(
            application.db, title="needle" if number % 3 == 0 else "T", created_us=number + 1
        )
        await rows.message(application.db, made, f"needle {number}")
    for said in ("needle", "eedl"):
        hits: list[dict[str, Any]] = []
        query: dict[str, Any] = {"q": said, "limit": 2}
        while True:
            page = (await client.get("/api/search", params=query)).json()
            hits += page["hits"]
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]
        assert len({(hit["conversation_id"], hit["message_id"]) for hit in hits}) == len(hits) == 10
        times = [hit["created_at"] for hit in hits]
        assert times == sorted(times, reverse=True)
    assert (await client.get("/api/search", params={"q": "x", "cursor": "inonsense"})).status_code == 422


async def test_a_very_long_message_is_kept_and_found(application: Running, client: httpx.AsyncClient) -> None:
    """A megabyte of different words goes into either index; its first words are found."""
    made = await rows.conversation(application.db, title="T")
    content = "beginning " + " ".join(f"w{number}x" for number in range(150_000))
    await rows.message(application.db, made, content)
    assert len(await _find(client, "beginning w1x")) == 1


@given(st.text(max_size=300), st.text(min_size=1, max_size=20))
def test_a_snippet_is_one_line_and_its_ranges_are_in_it(said: str, query: str) -> None:
    """Whatever the text: ranges are in order, inside of the snippet and never empty."""
    asked = parse(query)
    if not asked.words:
        return
    snippet, ranges = excerpt(said, asked.pattern())
    assert "\n" not in snippet
    end_of_last = 0
    for start, end in ranges:
        assert end_of_last <= start < end <= len(snippet.encode("utf-16-le", "surrogatepass")) // 2
        end_of_last = end


def test_ranges_count_as_browsers_do() -> None:
    """A sign outside of the basic plane is two units, as in JavaScript."""
    snippet, ranges = excerpt("\U0001f600 word", parse("word").pattern())
    assert (snippet, ranges) == ("\U0001f600 word", [(3, 7)])
