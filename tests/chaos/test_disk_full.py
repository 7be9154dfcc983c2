"""D05, D09: a full disk refuses new calls, keeps those under way, and serves again once there is room."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gateway import Gateway, GatewayConfig, standard_models
from tests.support.load import connect
from tests.support.provider import FakeProvider
from tests.support.raw_http import Answer
from tests.support.trial import Trial

pytestmark = pytest.mark.alone

SIZE = 24 << 20
SEGMENT = 1 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MiB, which only root can mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("a small disk needs the right to mount (run as root): recovery from a full disk was not tried")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Take all room that is left."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return filler


def test_d05_a_full_disk_refuses_new_calls_and_recovers(provider: FakeProvider, small_disk: Path) -> None:
    """D05: with the disk full new calls are 503 before any provider sees them, a stream under way ends well,
    and with room again the next calls are served and every row is there.
    """
    config = GatewayConfig(models=standard_models(provider), trunkline={"segment_bytes": SEGMENT, "idle_timeout": 5})
    with Gateway(small_disk, config) as gateway:
        trial = Trial(provider, gateway)
        assert trial.call("plain").acknowledged
        trial.row(trial.told[0].marker)  # the tables are there
        filler = asyncio.run(_fill_under_a_stream(trial, small_disk))
        refused = _until_refused(trial)
        assert refused.status == 503
        assert "disk" in str(refused.error_body["message"])
        assert gateway.get("/health/liveliness").status == 200
        seen = len(provider.ledger(trial.since))
        assert trial.call("plain", stream=True).answer.status == 503
        assert len(provider.ledger(trial.since)) == seen, "an unmetered call reached the provider"
        filler.unlink()
        assert _until_served(trial) <= 3.0
        trial.reckon(seconds=15)
        assert gateway.stop() == 0


async def _fill_under_a_stream(trial: Trial, disk: Path) -> Path:
    marker = trial.marker()
    client = await connect(trial.gateway.port)
    task = asyncio.create_task(client.ask(trial.request("fault:ok:n=8,delay=0.2", marker, stream=True)))
    while not client.parser.body:
        await asyncio.sleep(0.01)
    filler = fill(disk)
    told = trial.tell(marker, await task, stream=True)
    client.close()
    assert told.acknowledged, told.answer
    return filler


def _until_refused(trial: Trial) -> Answer:
    """Call until the room that the journal keeps ahead is used up; every call before that is served and metered."""
    limit = time.monotonic() + 20
    while time.monotonic() < limit:
        told = trial.call("fault:ok:n=1", metadata={"filler": "x" * 1000})
        if not told.acknowledged:
            return told.answer
    raise AssertionError("20 s of calls on a full disk, and none was refused")


def _until_served(trial: Trial) -> float:
    """Seconds until a call is served again."""
    start = time.monotonic()
    while time.monotonic() - start < 10:
        if trial.call("plain").acknowledged:
            return time.monotonic() - start
        time.sleep(0.1)
    raise AssertionError("no call was served within 10 s of there being room")


def test_d05_a_start_without_room_is_refused_in_words(provider: FakeProvider, tmp_path: Path) -> None:
    """D05: a gateway that cannot make its journal (here by `RLIMIT_FSIZE`, which needs no rights) says so and ends."""
    config = GatewayConfig(models=standard_models(provider), prefix=("sh", "-c", 'ulimit -f 512; exec "$@"', "sh"))
    with pytest.raises(RuntimeError) as failure:
        Gateway(tmp_path, config)
    said = str(failure.value)
    assert "Traceback" not in said
    assert str(tmp_path / "data") in said
