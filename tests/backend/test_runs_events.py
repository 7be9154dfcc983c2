"""The log of a run and the pen that writes it: dense numbers, coalesced text, bounded memory."""

from __future__ import annotations

import asyncio
import json

from backend.app.services.run_events import COALESCE_CHARACTERS, UNWRITTEN_BYTES, Pen, RunLog, Stored, frames


def texts(log: RunLog) -> list[str]:
    """The texts of all events in memory."""
    return [json.loads(event.data)["text"] for event in log.since(0, most_bytes=10**9) or []]


async def test_the_first_piece_goes_at_once_and_the_next_together() -> None:
    """One event for the first word; what follows within 30 ms is one event, in order."""
    log = RunLog()
    pen = Pen(log, "m", None)
    pen.write("delta", "a")
    assert texts(log) == ["a"]
    pen.write("delta", "b")
    pen.write("delta", "c")
    assert texts(log) == ["a"]
    assert await log.wait(1, 5)
    assert texts(log) == ["a", "bc"]


async def test_a_kilobyte_does_not_wait() -> None:
    """Text beyond a kilobyte leaves without the timer."""
    log = RunLog()
    pen = Pen(log, "m", None)
    pen.write("delta", "a")
    pen.write("delta", "b" * COALESCE_CHARACTERS)
    assert len(texts(log)) == 2


async def test_reasoning_and_text_do_not_mix() -> None:
    """A change of kind lets out what waits, and the first piece of each kind goes at once."""
    log = RunLog()
    pen = Pen(log, "m", 2)
    for kind, text in (("reasoning", "r"), ("reasoning", "s"), ("delta", "t"), ("delta", "u")):
        pen.write(kind, text)  # type: ignore[arg-type]  # mypy widens the literals of a tuple
    pen.flush()
    found = [(event.type, json.loads(event.data)["text"]) for event in log.since(0) or []]
    assert found == [("reasoning", "r"), ("reasoning", "s"), ("delta", "t"), ("delta", "u")]
    assert json.loads((log.since(0) or [])[0].data)["column"] == 2


async def test_memory_lets_go_of_what_is_written_and_of_nothing_else() -> None:
    """Beyond its size the log forgets the oldest events that the database has; who needs them is sent there."""
    log = RunLog(keep_bytes=10_000)
    for _ in range(100):
        log.append("delta", {"text": "x" * 1000})
    assert log.since(0, most_bytes=1) is not None
    assert log.held_bytes > 100_000
    log.written(100)
    assert log.held_bytes <= 10_000
    assert log.since(0) is None
    assert [event.id for event in log.since(95) or []] == [96, 97, 98, 99, 100]
    assert log.since(100) == []


async def test_a_database_that_is_far_behind_holds_up_the_writer() -> None:
    """Room is waited for until the events are written."""
    log = RunLog()
    text = "x" * 1_000_000
    while log.unwritten_count * len(text) <= UNWRITTEN_BYTES:
        log.append("delta", {"text": text})
    waiting = asyncio.create_task(log.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    log.written(log.last_id)
    await waiting


async def test_any_position_gives_what_follows_it() -> None:
    """Near the end and near the beginning, in pieces of the size that was asked for, joined without a gap."""
    log = RunLog()
    for number in range(50):
        log.append("delta", {"text": str(number)})
    for position in range(50):
        found: list[Stored] = []
        while (more := log.since(position + len(found), most_bytes=200)) != []:
            assert more is not None
            found += more
        assert [event.id for event in found] == list(range(position + 1, 51))


async def test_a_reader_is_woken_by_an_event_and_by_the_end() -> None:
    """Waiting ends with news or with the close; without either it says that nothing came."""
    log = RunLog()
    assert not await log.wait(0, 0.01)
    waiting = asyncio.create_task(log.wait(0, 5))
    await asyncio.sleep(0)
    log.append("end", {})
    assert await waiting
    waiting = asyncio.create_task(log.wait(1, 5))
    await asyncio.sleep(0)
    log.close()
    assert await waiting


def test_a_frame_is_one_event_whatever_the_text() -> None:
    """Line ends, NUL and halves of characters in a text do not break the stream."""
    text = "a\r\n\r\nevent: end\n\x00\ud83d"
    log = Stored(7, "delta", json.dumps({"text": text}))
    data = frames([log])
    assert data.count(b"\n\n") == 1
    assert data.startswith(b"id: 7\nevent: delta\ndata: {")
    assert json.loads(data.split(b"data: ")[1])["text"] == text
