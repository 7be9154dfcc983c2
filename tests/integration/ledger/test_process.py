"""The shipper as a process: its start, its end, and its company."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.journals import Writer, call, intent_of, mixed, until
from tests.support.ledger import (
    Database,
    ShipperProcess,
    admin,
    check_rows,
    shipping,
)
from tests.support.postgres import Postgres
from trunkline.ledger.shipper_main import ENVIRONMENT
from trunkline.store.columns import HEAD


def test_it_makes_its_tables_and_stops_when_told(root: Path) -> None:
    """No address: SQLite in the data folder, made and migrated; SIGTERM ships what is there and ends with 0."""
    writer = Writer(root)
    with shipping(root, None) as shipper:
        until(lambda: shipper.status().state == "ok")
        assert shipper.status().database == "sqlite"
        second = ShipperProcess(root.parent, None)
        assert second.process.wait(10) == 2, "one shipper for one data folder"
        calls = mixed(500)
        writer.calls(calls)
        writer.begin(intent_of(opened := call()))
        writer.die()
        assert shipper.stop() == 0
    database = Database(f"sqlite:///{root.parent / 'trunkline.db'}")
    assert database.rows().keys() == {each.request_id for each in [*calls, opened]}
    assert (root.parent / "trunkline.db").stat().st_mode & 0o077 == 0


def test_tables_of_a_newer_version_are_left_alone(database: Database, root: Path) -> None:
    """Nothing is shipped, and the state says why."""
    database.query("UPDATE trunkline_revision SET version_num = '9999'")
    Writer(root).calls(mixed(10))
    with shipping(root, database.url) as shipper:
        until(lambda: shipper.status().state == "migration_failed")
        assert "`9999`" in shipper.status().last_error
        database.query(f"UPDATE trunkline_revision SET version_num = '{HEAD}'")
        assert shipper.stop() == 0
    assert len(database.rows()) == 10, "the last look before the end found the right tables"


def test_replicas_that_start_together_migrate_once(server: Postgres, tmp_path: Path) -> None:
    """An advisory lock puts them in a row, and both ship."""
    admin(server, "CREATE DATABASE fresh TEMPLATE template0")
    roots = [tmp_path / name / "journal" for name in ("a", "b")]
    calls = mixed(100)
    for number, each in enumerate(roots):
        each.mkdir(parents=True)
        Writer(each).calls(calls[number::2])
    database = Database(server.url("fresh"))
    with shipping(roots[0], database.url) as first, shipping(roots[1], database.url) as second:
        until(lambda: first.status().rows_shipped + second.status().rows_shipped == 100, 30)
        assert (first.stop(), second.stop()) == (0, 0)
    check_rows(database, calls)


def test_its_parents_death_ends_it_after_the_last_row(root: Path) -> None:
    """A gateway that was killed leaves no shipper behind, and no record unshipped."""
    import subprocess
    import sys

    calls = mixed(300)
    writer = Writer(root)
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-m', 'trunkline.ledger.shipper_main', '--data', sys.argv[1]])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(root.parent)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    try:
        until(lambda: (root / "shipper.json").exists() and '"ok"' in (root / "shipper.json").read_text())
        writer.calls(calls)
        writer.die()
    finally:
        parent.kill()
        parent.wait(10)
        parent.stdout.close()
    until(lambda: not _alive(pid))
    check_rows(Database(f"sqlite:///{root.parent / 'trunkline.db'}"), calls)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return (
        Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z" if Path("/proc").exists() else True
    )


def test_a_shipper_whose_parent_died_before_it_could_look_ends(tmp_path: Path) -> None:
    """A gateway that is killed in the moment after it started the shipper leaves none behind."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (tmp_path / "journal").mkdir()
    command = [
        sys.executable,
        "-m",
        "trunkline.ledger.shipper_main",
        "--data",
        str(tmp_path),
        "--parent",
        str(gone.pid),
    ]
    assert subprocess.run(command, timeout=60, env={**os.environ, ENVIRONMENT: ""}).returncode == 0
