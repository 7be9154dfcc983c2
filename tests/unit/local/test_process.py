"""Starting, sharing and losing the child process; the model itself is in tests/integration/test_embedded_model.py."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from trunkline.local import EmbeddedModel, EmbeddedModelError, files
from trunkline.local import process as module

CHILD = """
import argparse, json, os, socket, sys
parser = argparse.ArgumentParser()
for name in ("--model", "--threads", "--parent", "--lock-fd"):
    parser.add_argument(name)
args = parser.parse_args()
server = socket.create_server(("127.0.0.1", 0))
line = json.dumps({"host": "127.0.0.1", "port": server.getsockname()[1]})
os.pwrite(int(args.lock_fd), line.encode(), 0)
sys.stdin.buffer.read()
"""


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The child is a few lines that only hold the lock and a port; returns the data folder."""
    script = tmp_path / "child.py"
    script.write_text(CHILD)
    command = EmbeddedModel._command

    def replaced(self: EmbeddedModel, lock: int) -> list[str]:
        executable, _, _, *rest = command(self, lock)
        return [executable, str(script), *rest]

    def installed(model_path: Path | None = None) -> None:
        assert model_path is None

    monkeypatch.setattr(EmbeddedModel, "_command", replaced)
    monkeypatch.setattr(files, "available", installed)
    return tmp_path / "data"


async def _dead(model: EmbeddedModel) -> None:
    assert model._process is not None
    await asyncio.wait_for(model._process.wait(), 5)


async def test_many_first_calls_start_one_child(stand_in: Path) -> None:
    """Ten calls at once get one address from one start, and the child is this worker's own."""
    model = EmbeddedModel(data=stand_in)
    addresses = await asyncio.gather(*(model.ensure() for _ in range(10)))
    assert len(set(addresses)) == 1
    assert model.pid is not None
    await model.stop()


async def test_workers_share_one_child(stand_in: Path) -> None:
    """A second worker uses the first one's child and leaves it alone when it stops."""
    first, second = EmbeddedModel(data=stand_in), EmbeddedModel(data=stand_in)
    one, two = await asyncio.gather(first.ensure(), second.ensure())
    assert one == two
    owner, guest = (first, second) if first.pid is not None else (second, first)
    assert guest.pid is None
    await guest.stop()
    assert await owner.ensure() == one
    await owner.stop()


async def test_a_guest_takes_over_when_the_owner_has_gone(stand_in: Path) -> None:
    """When the owner stops, the next call of another worker starts a child of its own."""
    owner, guest = EmbeddedModel(data=stand_in), EmbeddedModel(data=stand_in)
    before = await owner.ensure()
    assert await guest.ensure() == before
    await owner.stop()
    after = await guest.ensure()
    assert guest.pid is not None
    assert await owner.ensure() == after
    assert owner.pid is None
    await guest.stop()


async def test_every_guest_notices_the_new_child(stand_in: Path) -> None:
    """A guest that called last before the take-over does not go on calling the address of the child that is gone."""
    owner, heir, guest = (EmbeddedModel(data=stand_in) for _ in range(3))
    for model in (owner, heir, guest):
        await model.ensure()
    await owner.stop()
    after = await heir.ensure()
    assert heir.pid is not None
    assert await guest.ensure() == after
    await heir.stop()


async def test_a_killed_child_is_replaced_at_the_next_call(stand_in: Path) -> None:
    """After `kill -9` the next call gets the address of a new child."""
    model = EmbeddedModel(data=stand_in)
    await model.ensure()
    first = model.pid
    assert first is not None
    os.kill(first, 9)
    await _dead(model)
    await model.ensure()
    assert model.pid not in {None, first}
    await model.stop()


async def test_a_caller_that_gives_up_does_not_stop_the_start(stand_in: Path) -> None:
    """The start that a cancelled call began serves the next one."""
    model = EmbeddedModel(data=stand_in)
    call = asyncio.create_task(model.ensure())
    await asyncio.sleep(0)
    start = model._start
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert start is not None
    assert await model.ensure() == await start
    await model.stop()


async def test_stop_during_the_start_leaves_no_child(stand_in: Path) -> None:
    """A gateway that stops while the model loads does not leave it behind, and who waited is told."""
    model = EmbeddedModel(data=stand_in)
    calls = [asyncio.create_task(model.ensure()) for _ in range(3)]
    while not (stand_in / "local-model.json").exists():
        await asyncio.sleep(0.001)
    await model.stop()
    for call in calls:
        with pytest.raises(EmbeddedModelError, match="stopping"):
            await call
    lock = module._take_lock(stand_in / "local-model.json")
    assert lock is not None
    os.close(lock)


async def test_a_child_that_cannot_start_says_its_last_words(
    stand_in: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The error carries what the child wrote before it ended, and no lock stays behind."""
    (tmp_path / "child.py").write_text("raise SystemExit('no such instruction')")
    model = EmbeddedModel(data=stand_in)
    with pytest.raises(EmbeddedModelError, match="no such instruction"):
        await model.ensure()
    (tmp_path / "child.py").write_text(CHILD)
    assert await model.ensure()
    await model.stop()


async def test_a_child_that_never_answers_is_ended(
    stand_in: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A start that takes too long is an error that names the log, and its process is gone."""
    monkeypatch.setattr(module, "START_SECONDS", 0.5)
    (tmp_path / "child.py").write_text("import sys; sys.stdin.read()")
    model = EmbeddedModel(data=stand_in)
    with pytest.raises(EmbeddedModelError, match=r"local-model\.log"):
        await model.ensure()
    assert not module._is_locked(stand_in / "local-model.json")


async def test_missing_parts_are_an_error_that_says_what_to_run(
    stand_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is started when the engine is not installed; the reason is the error."""

    def missing(model_path: Path | None = None) -> str:
        return f"run `make setup` for {model_path}"

    monkeypatch.setattr(files, "available", missing)
    with pytest.raises(EmbeddedModelError, match="make setup"):
        await EmbeddedModel(data=stand_in).ensure()
    assert not stand_in.exists()


async def test_a_data_folder_that_cannot_be_made_is_named(stand_in: Path) -> None:
    """A file in the place of the data folder gives an error that names it and the variable to set."""
    stand_in.write_text("not a folder")
    with pytest.raises(EmbeddedModelError, match="TRUNKLINE_DATA"):
        await EmbeddedModel(data=stand_in).ensure()
