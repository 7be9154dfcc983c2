"""`python -m trunkline.ledger.shipper_main --data DIR`: the shipper's process.

The database's address comes in `TRUNKLINE_SHIPPER_DATABASE_URL` (an argument would show in `ps`); without one it is
SQLite in the data folder. Ends with 0 after SIGTERM or SIGINT, 2 where another shipper has this data folder, 1 where
the address cannot be used.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import gc
import logging
import os
import signal
import sys
from pathlib import Path

from trunkline.ledger.shipper import Shipper
from trunkline.store.url import DatabaseUrl, Kind, UrlError, parse
from trunkline.telemetry.watcher import Watcher

ENVIRONMENT = "TRUNKLINE_SHIPPER_DATABASE_URL"
NICENESS = 10


def main(arguments: list[str] | None = None) -> int:
    """Run the shipper until it is told to stop."""
    parser = argparse.ArgumentParser(prog="trunkline-shipper", description="Moves journals to the database.")
    parser.add_argument("--data", type=Path, required=True, help="the gateway's data folder")
    parser.add_argument("--parent", type=int, help="the process to end with; by default the one that started this")
    given = parser.parse_args(arguments)
    data: Path = given.data
    logging.basicConfig(level=logging.INFO, format="shipper: %(message)s", stream=sys.stderr)
    root = data / "journal"
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        url = _url(data)
    except UrlError as error:
        sys.stderr.write(f"shipper: {error}\n")
        return 1
    lock = os.open(root / "shipper.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.stderr.write(f"shipper: another shipper works on `{root}`\n")
        return 2
    gc.freeze()
    gc.disable()
    os.nice(max(0, NICENESS - os.nice(0)))
    asyncio.run(_run(data, url, given.parent))
    return 0


def _url(data: Path) -> DatabaseUrl:
    given = os.environ.get(ENVIRONMENT)
    if given:
        return parse(given)
    url = DatabaseUrl(kind=Kind.SQLITE, path=data / "trunkline.db")
    os.environ[ENVIRONMENT] = url.shown  # for the migration, which is a child
    return url


async def _run(data: Path, url: DatabaseUrl, parent: int | None) -> None:
    shipper = Shipper(data / "journal", url, Watcher(data), parent)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, shipper.stop)
    await shipper.run()


if __name__ == "__main__":
    raise SystemExit(main())
