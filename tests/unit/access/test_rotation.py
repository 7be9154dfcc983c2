"""Former keys at the gate: until when, told, counted, warned of."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.unit.pipeline.parts import snapshot
from trunkline.access import BAD_KEY, FormerKey, Gate, Principal, Usage, hash_key, settle
from trunkline.access.rotation import FILE, GRACE_SECONDS, WARN_SECONDS
from trunkline.config.snapshot import PreviousKey
from trunkline.ir import Secret

PRESENT = "sk-present-0123456789abcdef"
FORMER = "sk-former-0123456789abcdef"
DIGEST = hashlib.sha256(FORMER.encode()).digest()


def headers(key: str) -> list[tuple[bytes, bytes]]:
    """A bearer token."""
    return [(b"authorization", b"Bearer " + key.encode())]


def test_a_former_key_is_let_in_until_its_end() -> None:
    """With a line for its answers and its own hash for the ledger; from the end on it is any wrong key."""
    used: list[FormerKey] = []
    lasting = FormerKey(DIGEST, time.time() + 3600)
    gate = Gate(snapshot(master_key=Secret(PRESENT)), (lasting,), used.append)
    found = gate.check(headers(FORMER))
    assert found == Principal(key_hash=hash_key(FORMER), notice=lasting.notice)
    assert gate.check(headers(PRESENT)) == Principal(key_hash=hash_key(PRESENT))
    assert gate.check(headers(FORMER + "x")) is BAD_KEY
    assert used == [lasting]
    assert (gate.notice(headers(FORMER)), gate.notice(headers(PRESENT))) == (lasting.notice, b"")
    over = Gate(snapshot(master_key=Secret(PRESENT)), (FormerKey(DIGEST, time.time() - 0.001),), used.append)
    assert over.check(headers(FORMER)) is BAD_KEY
    assert over.notice(headers(FORMER)) == b""
    assert len(used) == 1


def test_the_notice_is_an_http_date() -> None:
    """As every date of HTTP."""
    assert FormerKey(DIGEST, 1_796_148_000.0).notice == b"x-trunkline-key-expires: Tue, 01 Dec 2026 18:00:00 GMT\r\n"


def test_a_day_from_when_it_was_first_seen(tmp_path: Path) -> None:
    """The data folder remembers it over restarts, a stated end wins, and a key that is gone is forgotten."""
    previous = (PreviousKey(key=Secret(FORMER)), PreviousKey(key=Secret("sk-other-0123456789abcdef"), until=7.0))
    first = settle(previous, tmp_path, now=1000.0)
    assert [key.until for key in first] == [1000.0 + GRACE_SECONDS, 7.0]
    assert settle(previous, tmp_path, now=50_000.0) == first
    kept = json.loads((tmp_path / FILE).read_text())
    assert kept == {hash_key(FORMER): 1000.0}
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0
    assert settle((), tmp_path, now=60_000.0) == ()
    assert not (tmp_path / FILE).exists()


def test_a_clock_that_was_wrong_does_not_lengthen_the_day(tmp_path: Path) -> None:
    """A first sight in the future counts from now."""
    (tmp_path / FILE).write_text(json.dumps({hash_key(FORMER): 9e9}))
    assert settle((PreviousKey(key=Secret(FORMER)),), tmp_path, now=1000.0)[0].until == 1000.0 + GRACE_SECONDS


def test_a_folder_that_refuses_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The key is let in for a day from now, and the log says that a restart begins it anew."""
    with caplog.at_level(logging.WARNING):
        (found,) = settle((PreviousKey(key=Secret(FORMER)),), tmp_path / "missing", now=1000.0)
    assert found.until == 1000.0 + GRACE_SECONDS
    assert "after a restart the day of a former key begins anew" in caplog.text
    assert FORMER not in caplog.text


def test_its_use_is_warned_of_once_an_hour(caplog: pytest.LogCaptureFixture) -> None:
    """The first use at once, then the count of an hour; never the key."""
    usage, key = Usage(), FormerKey(DIGEST, 1_796_148_000.0)
    with caplog.at_level(logging.WARNING):
        for second in range(10):
            usage.count(key, now=100.0 + second)
        usage.count(key, now=100.0 + WARN_SECONDS)
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert "(1 more times;" in said[0]
    assert "(10 more times;" in said[1]
    assert FORMER not in caplog.text


def test_workers_that_start_together_agree(tmp_path: Path) -> None:
    """Sixteen at once give the key one end, and the file stays whole."""
    previous = (PreviousKey(key=Secret(FORMER)),)
    for round_ in range(20):
        folder = tmp_path / str(round_)
        folder.mkdir()
        with ThreadPoolExecutor(16) as pool:
            ends = set(pool.map(lambda _, folder=folder: settle(previous, folder)[0].until, range(16)))
        kept = json.loads((folder / FILE).read_text())
        assert ends == {kept[hash_key(FORMER)] + GRACE_SECONDS}
