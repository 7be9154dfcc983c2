"""`trunkline serve`: from the command line to a listening gateway, and back to a clean exit."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from trunkline.config import load
from trunkline.config.dotenv import DOTENV, overlay
from trunkline.config.problems import ConfigError
from trunkline.config.snapshot import Snapshot
from trunkline.ledger.journal import JournalBroken
from trunkline.server import briefing, exposure, supervisor
from trunkline.server.listen import PortTaken, listen
from trunkline.server.worker import WorkerPlan, run_worker

USER_MISTAKE = 2


def serve(config: Path, host: str, port: int, workers: int) -> int:
    """Run the gateway until it is told to stop.

    Returns the exit code: 0 after a clean stop, 1 when the gateway failed, 2 for a mistake in what was asked.
    """
    base = dict(os.environ)
    try:
        environ = overlay(DOTENV, base)
        snapshot = load(config, environ)
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return USER_MISTAKE
    os.environ.update(snapshot.environment)
    refused = exposure.trouble(snapshot, exposure.reached_at(host, base))
    if refused is not None:
        print(refused, file=sys.stderr)
        return USER_MISTAKE
    data = Path(environ.get("TRUNKLINE_DATA") or "data")
    try:
        (data / "journal").mkdir(parents=True, exist_ok=True, mode=0o700)
        sock = listen(host, port)
    except PortTaken as error:
        print(error, file=sys.stderr)
        return USER_MISTAKE
    except OSError as error:
        print(
            f"The data folder `{data}` cannot be used ({error.strerror}): set TRUNKLINE_DATA to another.",
            file=sys.stderr,
        )
        return USER_MISTAKE
    plan = WorkerPlan(snapshot=snapshot, config=config, environ=environ, base=base, data=data, sock=sock, host=host)
    _say_what_is_to_know(snapshot)
    try:
        return run_worker(plan, alone=True) if workers <= 1 else supervisor.run(plan, workers)
    except JournalBroken as error:
        print(f"{error.strerror}. Free some space, or set TRUNKLINE_DATA to another folder.", file=sys.stderr)
        return 1


def _say_what_is_to_know(snapshot: Snapshot) -> None:
    """The notes of the configuration, once, before anything else is printed."""
    for line in briefing.lines(snapshot):
        print(line, file=sys.stderr)
    for line in exposure.warnings(snapshot):
        print(line, file=sys.stderr)


def database_url(snapshot: Snapshot, data: Path) -> str:
    """Where the ledger goes: the configured database, else SQLite in the data folder."""
    if snapshot.database_url is not None:
        return snapshot.database_url.reveal()
    return f"sqlite:///{(data / 'trunkline.db').absolute()}"
