"""Stored responses in both databases: written, found, walked, deleted, and gone when their time is over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from tests.support.ledger import Database
from tests.support.postgres import Postgres
from trunkline.store.errors import BadRow, SchemaMismatch, Unavailable
from trunkline.store.expiry import BATCH, delete_expired
from trunkline.store.kept import MAX_CHAIN, Kept, TooLong
from trunkline.store.responses import Responses
from trunkline.store.session import open_session
from trunkline.store.url import parse

NOW = time.time_ns() // 1000
DAY = 86_400 * 1_000_000
_Found = TypeVar("_Found")


def kept(name: str, previous: str = "", *, key: str = "k", days: float = 30.0, **more: object) -> Kept:
    """A response of now."""
    fields: dict[str, object] = {"input": '["é\\u0000"]', "response": '{"id":"x"}', **more}
    return Kept(
        id=name, key_hash=key, created_us=NOW, expires_us=NOW + int(days * DAY), model_group="m", deployment="d",
        previous_id=previous, **fields,  # type: ignore[arg-type]  # the test writes the field's type
    )  # fmt: skip


def run(database: Database, work: Callable[[Responses], Awaitable[_Found]]) -> _Found:
    """Work with the store."""

    async def whole() -> _Found:
        store = Responses(parse(database.url))
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(whole())


def test_what_is_written_is_found_as_it_was(database: Database) -> None:
    """Every member comes back; escapes that JSONB would refuse too."""
    row = kept("a", "before", provider_id="a", status="incomplete")

    async def work(store: Responses) -> tuple[Kept | None, bool]:
        await store.save([row])
        return await store.find("a", "k")

    assert run(database, work) == (row, False)


def test_another_keys_response_is_there_and_not_given(database: Database) -> None:
    """The same id may be two keys'; whoever has none hears that there is one."""

    async def work(store: Responses) -> None:
        await store.save([kept("a"), kept("a", key="l", response="{}")])
        found, others = await store.find("a", "l")
        assert found is not None
        assert (found.response, others) == ("{}", False)
        assert await store.find("a", "nobody") == (None, True)
        assert await store.find("b", "k") == (None, False)
        assert await store.chain("a", "nobody") == []

    run(database, work)


def test_a_new_state_replaces_the_old(database: Database) -> None:
    """A background response is written again when it is done; its input stays."""

    async def work(store: Responses) -> None:
        await store.save([kept("a", status="queued")])
        await store.save([kept("a", status="completed", response='{"done":1}', input="[]")])
        found, _ = await store.find("a", "k")
        assert found is not None
        assert (found.status, found.response, found.input) == ("completed", '{"done":1}', '["é\\u0000"]')

    run(database, work)


def test_a_conversation_is_walked_from_its_end(database: Database) -> None:
    """The oldest first, only its own branch, and no further than where a turn is gone or another key's."""

    async def work(store: Responses) -> None:
        await store.save([kept("a"), kept("b", "a"), kept("c", "b"), kept("other", "a"), kept("x", "c", key="l")])
        assert [one.id for one in await store.chain("c", "k")] == ["a", "b", "c"]
        assert [one.id for one in await store.chain("x", "l")] == ["x"]
        assert await store.delete("a", "k")
        assert [one.id for one in await store.chain("c", "k")] == ["b", "c"]
        assert not await store.delete("a", "k")

    run(database, work)


def test_a_conversation_that_bites_its_tail_ends(database: Database) -> None:
    """No client can make one, and none may hang the database."""

    async def work(store: Responses) -> list[Kept]:
        await store.save([kept("a", "b"), kept("b", "a")])
        try:
            return await store.chain("a", "k")
        except TooLong:
            return []

    assert len(run(database, work)) <= 2


def test_a_conversation_too_long_is_refused(database: Database) -> None:
    """Not cut: the model would not know what is missing."""

    async def work(store: Responses) -> None:
        rows = [kept("r0"), *(kept(f"r{n}", f"r{n - 1}") for n in range(1, MAX_CHAIN + 2))]
        for start in range(0, len(rows), 50):
            await store.save(rows[start : start + 50])
        assert len(await store.chain(f"r{MAX_CHAIN - 1}", "k")) == MAX_CHAIN
        with pytest.raises(TooLong, match="1000 turns"):
            await store.chain(f"r{MAX_CHAIN}", "k")

    run(database, work)


def test_a_conversation_too_large_is_refused_before_it_is_read(database: Database) -> None:
    """By the sum of its lengths."""
    text = '"' + "x" * (7 * 1024 * 1024) + '"'

    async def work(store: Responses) -> None:
        for n in range(10):
            await store.save([kept(f"r{n}", f"r{n - 1}" if n else "", input=text)])
        with pytest.raises(TooLong, match="64 MB"):
            await store.chain("r9", "k")

    run(database, work)


def test_items_are_found_by_their_id(database: Database) -> None:
    """Of the own key; another's are only known to be there."""

    async def work(store: Responses) -> None:
        await store.save(
            [kept("a", items=("i1", "i2", "i1")), kept("b", items=("i3",)), kept("c", key="l", items=("i4",))]
        )
        found, others = await store.holding(["i1", "i2", "i3", "nothing"], "k")
        assert sorted(one.id for one in found) == ["a", "b"]
        assert not others
        assert await store.holding(["i4"], "k") == ([], True)
        await store.delete("a", "k")
        assert await store.holding(["i1"], "k") == ([], False)

    run(database, work)


def test_a_turn_keeps_its_conversation_alive(database: Database) -> None:
    """The earlier turns last as long as the new one; one that lasts longer is left as it is, and what is before it."""

    async def work(store: Responses) -> None:
        await store.save([kept("a", days=3)])
        await store.save([kept("b", "a", days=30)])
        await store.save([kept("c", "b", days=31)])
        await store.save([kept("d", "c", days=7), kept("e", "c", key="l", days=60)])
        ends = [(one.id, (one.expires_us - NOW) / DAY) for one in await store.chain("d", "k")]
        assert ends == [("a", 31.0), ("b", 31.0), ("c", 31.0), ("d", 7.0)]

    run(database, work)


def test_what_is_over_is_not_found_and_deleted_in_batches(database: Database) -> None:
    """Its items too; what has time left stays."""

    async def work(store: Responses) -> None:
        await store.save([kept(f"old{n}", days=-1, items=(f"i{n}",)) for n in range(BATCH + 5)])
        await store.save([kept("new", items=("i",))])
        assert await store.find("old1", "k") == (None, False)
        assert await store.chain("old1", "k") == []
        assert await store.holding(["i1"], "k") == ([], False)
        session = await open_session(parse(database.url))
        try:
            assert await delete_expired(session) == BATCH + 5
            assert await delete_expired(session) == 0
        finally:
            await session.close()

    run(database, work)
    assert [row["id"] for row in database.query("SELECT id FROM trunkline_responses")] == ["new"]
    assert [row["item_id"] for row in database.query("SELECT item_id FROM trunkline_response_items")] == ["i"]


def test_a_row_that_cannot_be_stored_is_told_from_a_database_that_is_down(database: Database) -> None:
    """A lone surrogate is nobody's UTF-8; the batch is left as it was."""

    async def work(store: Responses) -> None:
        with pytest.raises(BadRow):
            await store.save([kept("fine"), kept("bad", response="\ud800")])
        assert await store.find("fine", "k") == (None, False)

    run(database, work)


def test_tables_that_are_not_there_yet_are_said(database: Database) -> None:
    """The shipper makes them; until then it is not the database that is down."""
    database.query("DROP TABLE trunkline_responses")

    async def work(store: Responses) -> None:
        with pytest.raises(SchemaMismatch):
            await store.find("a", "k")

    run(database, work)


def test_a_database_that_is_down(server: Postgres) -> None:
    """Within the limits of the engine, with a reason and without the address."""
    database = Database(server.url("migrated").replace(str(server.port), "9"))

    async def work(store: Responses) -> None:
        with pytest.raises(Unavailable) as caught:
            await store.find("a", "k")
        assert "migrated" not in str(caught.value)

    run(database, work)
