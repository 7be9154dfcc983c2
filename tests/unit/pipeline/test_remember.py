"""What is kept of a call: bounds, retries and what is said when it is lost; the database here is a fake."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest

from trunkline.pipeline import remember
from trunkline.pipeline.remember import Memory, final_response, is_plain
from trunkline.store.errors import BadRow, SchemaMismatch, StoreError, Unavailable
from trunkline.store.kept import Kept
from trunkline.store.responses import Responses
from trunkline.telemetry.stats import Stats


def kept(name: str, previous: str = "", *, text: str = "{}", key: str = "k", items: tuple[str, ...] = ()) -> Kept:
    """A response."""
    return Kept(
        id=name, key_hash=key, created_us=0, expires_us=1, model_group="m", deployment="d", previous_id=previous,
        input="[]", response=text, items=items,
    )  # fmt: skip


class FakeStore:
    """Takes rows, or refuses."""

    def __init__(self) -> None:
        self.rows: dict[str, Kept] = {}
        self.batches: list[int] = []
        self.error: StoreError | None = None
        self.poison = ""
        self.gate = asyncio.Event()
        self.gate.set()
        self.looks = 0

    async def save(self, rows: Sequence[Kept]) -> None:
        """Write."""
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        if any(row.id == self.poison for row in rows):
            raise BadRow("no")
        self.batches.append(len(rows))
        self.rows.update((row.id, row) for row in rows)

    async def find(self, response_id: str, key_hash: str) -> tuple[Kept | None, bool]:
        """Look."""
        self.looks += 1
        if self.error is not None:
            raise self.error
        return self.rows.get(response_id), False

    async def chain(self, response_id: str, key_hash: str) -> list[Kept]:
        """Walk."""
        found: list[Kept] = []
        while response_id in self.rows:
            found.append(self.rows[response_id])
            response_id = found[-1].previous_id
        return found[::-1]

    async def holding(self, item_ids: set[str], key_hash: str) -> tuple[list[Kept], bool]:
        """By item."""
        return [row for row in self.rows.values() if item_ids.intersection(row.items)], False

    async def delete(self, response_id: str, key_hash: str) -> bool:
        """Delete."""
        return self.rows.pop(response_id, None) is not None

    async def close(self) -> None:
        """End."""


@pytest.fixture
async def store() -> FakeStore:
    """An empty one."""
    return FakeStore()


@pytest.fixture
async def memory(store: FakeStore, monkeypatch: pytest.MonkeyPatch) -> Memory:
    """A memory over it."""
    monkeypatch.setattr(remember, "_load", lambda _: cast("Responses", store))
    monkeypatch.setattr(remember, "RETRY_SECONDS", 0.02)
    return Memory(asyncio.get_running_loop(), Stats(), str)


def stats_of(memory: Memory) -> Any:
    """Its counts."""
    return memory._stats


async def until(ready: object) -> None:
    """Wait a moment for the writing task."""
    assert callable(ready)
    for _ in range(300):
        if ready():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came")


async def test_it_is_found_before_it_is_written_and_after(memory: Memory, store: FakeStore) -> None:
    """By its key alone; written in one batch."""
    store.gate.clear()
    first, second = kept("a"), kept("b")
    memory.keep(first)
    memory.keep(second)
    assert await memory.find("a", "k") == (first, False)
    assert await memory.find("a", "other", patient=False) == (None, False)
    store.gate.set()
    await until(lambda: len(store.rows) == 2)
    assert store.batches == [2]
    assert await memory.find("b", "k") == (second, False)
    assert (stats_of(memory).responses_stored, stats_of(memory).responses_lost) == (2, 0)


async def test_a_conversation_half_written_is_whole(memory: Memory, store: FakeStore) -> None:
    """The end waits, the beginning is in the database."""
    store.rows["a"] = kept("a")
    store.gate.clear()
    memory.keep(kept("b", "a"))
    memory.keep(kept("c", "b", items=("i",)))
    assert [one.id for one in await memory.chain("c", "k")] == ["a", "b", "c"]
    assert [one.id for one in (await memory.holding(["i"], "k"))[0]] == ["c"]
    store.gate.set()


async def test_what_waits_is_bounded(memory: Memory, store: FakeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound it is lost and counted; a newer state takes the place of the older."""
    monkeypatch.setattr(remember, "MAX_WAITING_BYTES", 5000)
    store.gate.clear()
    for _ in range(10):
        memory.keep(kept("same"))
    memory.keep(kept("large", text="x" * 5000))
    assert stats_of(memory).responses_lost == 1
    assert await memory.find("large", "k", patient=False) == (None, False)
    store.gate.set()
    await until(lambda: "same" in store.rows)
    assert memory._bytes == 0


async def test_a_database_that_comes_back_gets_what_waited(memory: Memory, store: FakeStore) -> None:
    """Meanwhile the trouble is known, and said."""
    store.error = Unavailable("down")
    memory.keep(kept("a"))
    await until(lambda: memory.trouble == "down")
    store.error = None
    await until(lambda: "a" in store.rows)
    assert memory.trouble == ""
    assert stats_of(memory).responses_lost == 0


async def test_after_a_minute_it_is_lost(memory: Memory, store: FakeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted once each; later ones are tried."""
    monkeypatch.setattr(remember, "GIVE_UP_SECONDS", 0.05)
    store.error = Unavailable("down")
    memory.keep(kept("a"))
    memory.keep(kept("b"))
    await until(lambda: stats_of(memory).responses_lost == 2)
    store.error = None
    memory.keep(kept("c"))
    await until(lambda: "c" in store.rows)
    assert set(store.rows) == {"c"}


async def test_a_row_that_is_refused_does_not_keep_the_others(memory: Memory, store: FakeStore) -> None:
    """It alone is lost."""
    store.poison = "bad"
    for name in ("a", "bad", "b"):
        memory.keep(kept(name))
    await until(lambda: set(store.rows) == {"a", "b"} and stats_of(memory).responses_lost == 1)
    assert memory._bytes == 0


async def test_a_missing_response_is_looked_for_a_while(memory: Memory, store: FakeStore) -> None:
    """Another worker is about to write it."""
    loop = asyncio.get_running_loop()
    loop.call_later(0.2, lambda: store.rows.update(a=kept("a")))
    found, _ = await memory.find("a", "k")
    assert found is not None
    began = loop.time()
    assert await memory.find("nothing", "k") == (None, False)
    assert 0.8 < loop.time() - began < 2.0
    store.looks = 0
    assert await memory.find("nothing", "k", patient=False) == (None, False)
    assert store.looks == 1


async def test_a_database_that_does_not_answer(
    memory: Memory, store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A question ends with a reason, down, frozen or without tables."""
    store.error = Unavailable("down")
    with pytest.raises(Unavailable, match="down"):
        await memory.find("a", "k")
    store.error = SchemaMismatch("no such table")
    with pytest.raises(Unavailable, match="no such table"):
        await memory.find("a", "k")
    store.error = None
    monkeypatch.setattr(remember, "READ_SECONDS", 0.05)

    async def frozen(response_id: str, key_hash: str) -> tuple[Kept | None, bool]:
        await asyncio.sleep(60)
        return None, False

    monkeypatch.setattr(store, "find", frozen)
    with pytest.raises(Unavailable, match="no answer within"):
        await memory.find("a", "k")


async def test_what_is_deleted_is_not_written_afterwards(memory: Memory, store: FakeStore) -> None:
    """It may be in the batch that is being written."""
    store.gate.clear()
    row = kept("a")
    memory.keep(row)
    await asyncio.sleep(0.05)
    deleting = asyncio.ensure_future(memory.delete(row))
    await asyncio.sleep(0.02)
    store.gate.set()
    await deleting
    assert store.rows == {}
    assert await memory.find("a", "k", patient=False) == (None, False)


async def test_the_end_writes_what_waits_and_counts_what_it_cannot(memory: Memory, store: FakeStore) -> None:
    """Within its time."""
    memory.keep(kept("a"))
    await memory.close(1.0)
    assert set(store.rows) == {"a"}
    store.gate.clear()
    memory.keep(kept("b"))
    await memory.close(0.05)
    assert stats_of(memory).responses_lost == 1


def test_the_response_of_a_stream() -> None:
    """In the last event that holds one, whatever the line ends are; words in a text are no event."""
    whole = b'{"type":"response.completed","response":{"id":"a","x":"data: {}"}}'
    for end in (b"\n", b"\r\n"):
        stream = end.join([b"event: response.completed", b"data: " + whole, b"", b""])
        assert final_response(stream) == b'{"id":"a","x":"data: {}"}'
    assert final_response(b"data: " + whole + b"\n\n: ping\n\n") is not None
    assert final_response(b'data: {"type":"response.failed","response":{}}\n\n') is None
    assert final_response(b"data: [DONE]\n\n") is None
    assert final_response(b"") is None


@pytest.mark.parametrize(
    ("name", "plain"),
    [("resp_1", True), ("x" * 257, False), ("", False), ("a/b", False), ("a\x00", False), ("é", False)],
)
def test_ids_that_can_be_stored(name: str, plain: bool) -> None:
    """They stand in a path and in a column."""
    assert is_plain(name) is plain


def test_ends_are_on_a_grid() -> None:
    """Not before the term, at most a thirtieth of it later, and the same for most calls of a day."""
    day = 86_400 * 1_000_000
    for now in (0, 1, day - 1, 123_456_789_012_345):
        end = remember._end(now, 30)
        assert now + 30 * day <= end < now + 31 * day
        assert end % day == 0
    assert remember._end(5, 1e-12) >= 5
