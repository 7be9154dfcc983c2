"""`python -m trunkline.telemetry.callbacks.sender_main --config FILE`: the process that sends.

Parcels come on standard input, reports leave on standard output, both framed as `parcel.py` says. It reads the
configuration itself, so that no credential goes through a file or an argument, and reads it again when it changes. It
ends when its input ends, after a last attempt at what waits.
"""

from __future__ import annotations

import argparse
import logging
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trunkline.config import ConfigError, Snapshot, load
from trunkline.config.dotenv import DOTENV, overlay
from trunkline.config.marks import FileMark, look
from trunkline.config.snapshot import Observability
from trunkline.telemetry.callbacks.lane import Item, Lane, Sink, wait_all
from trunkline.telemetry.callbacks.parcel import LENGTH, PARCELS, Parcel, Report, framed
from trunkline.telemetry.redact import Redactor, known_secrets

FINISH_SECONDS: Final = 3.0
TICK_SECONDS: Final = 0.25
WATCH_SECONDS: Final = 1.0
_READ: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Plan:
    """How one destination is reached: equal plans need no new sink."""

    key: tuple[str, ...]
    make: Callable[[], Sink]


def plans(settings: Observability, redact: Callable[[str], str]) -> Mapping[str, Plan]:
    """The destinations of a configuration. SDKs are imported when their sink is made, by its lane, and only then."""
    found: dict[str, Plan] = {}
    if settings.langfuse_secret_key is not None:
        key = (settings.langfuse_public_key, settings.langfuse_secret_key.reveal(), settings.langfuse_url)
        found["langfuse"] = Plan(key, lambda: _langfuse(settings, redact))
    if settings.sentry_dsn is not None:
        found["sentry"] = Plan((settings.sentry_dsn.reveal(),), lambda: _sentry(settings, redact))
    for name, url in (("slack", settings.slack_url), ("webhook", settings.webhook_url)):
        if url is not None:
            found[name] = Plan((url.reveal(),), lambda name=name, url=url: _webhook(name, url))  # type: ignore[misc]  # mypy cannot infer bound defaults
    return found


def _langfuse(settings: Observability, redact: Callable[[str], str]) -> Sink:
    from trunkline.telemetry.callbacks.langfuse_sink import LangfuseSink

    return LangfuseSink(settings, redact)


def _sentry(settings: Observability, redact: Callable[[str], str]) -> Sink:
    from trunkline.telemetry.callbacks.sentry_sink import SentrySink

    return SentrySink(settings, redact)


def _webhook(name: str, url: object) -> Sink:
    from trunkline.ir import Secret
    from trunkline.telemetry.callbacks import webhook_sink

    assert isinstance(url, Secret)
    return webhook_sink.WebhookSink(url, webhook_sink.slack if name == "slack" else webhook_sink.webhook)


class Sender:
    """The lanes, and what a configuration wants of them."""

    def __init__(self, config: Path, base: Mapping[str, str]) -> None:
        self._config = config
        self._base = base
        self._redact = Redactor()
        self._settings = Observability()
        self._lanes: dict[str, tuple[Plan, Lane]] = {}
        self._ended: list[Lane] = []
        self._marks: dict[str, FileMark | None] = {}
        self._looked = 0.0

    def configure(self) -> None:
        """Read the configuration where its files changed; one that cannot be used changes nothing."""
        now = time.monotonic()
        if self._marks and (now - self._looked < WATCH_SECONDS or self._marks == self._see()):
            return
        self._looked = now
        try:
            snapshot = load(self._config, overlay(DOTENV, self._base))
        except ConfigError:
            self._marks = self._see() or {str(self._config): look(str(self._config))}
            return  # the gateway says what is wrong with it
        self._marks = {name: look(name) for name in (*snapshot.files, str(DOTENV))}
        self._apply(snapshot)

    def _see(self) -> dict[str, FileMark | None]:
        return {name: look(name) for name in self._marks}

    def _apply(self, snapshot: Snapshot) -> None:
        # The SDKs look for more there: a proxy, certificates, LANGFUSE_TRACING_ENVIRONMENT, SENTRY_ENVIRONMENT.
        os.environ.update({**overlay(DOTENV, self._base), **snapshot.environment})
        self._redact.update(known_secrets(snapshot))
        self._settings = snapshot.observability
        wanted = plans(snapshot.observability, self._redact)
        for name in self._lanes.keys() - wanted.keys():
            _, lane = self._lanes.pop(name)
            lane.end()
            self._ended.append(lane)
        for name, plan in wanted.items():
            known = self._lanes.get(name)
            if known is not None and known[0].key == plan.key:
                continue
            if known is None:
                self._lanes[name] = (plan, Lane(name, plan.make, redact=self._redact))
            else:
                known[1].replace(plan.make)
                self._lanes[name] = (plan, known[1])

    def take(self, parcel: Parcel) -> None:
        """Give everybody what they want of it."""
        settings = self._settings
        failures: list[Item] = [call for call in parcel.calls if call.status != "success"]
        successes: list[Item] = [call for call in parcel.calls if call.status == "success"]
        for names, items in (
            (settings.success, successes),
            (settings.failure, failures),
            (settings.alerting, list[Item](parcel.alerts)),
        ):
            for name in names:
                if items and name in self._lanes:
                    self._lanes[name][1].put(items)

    def report(self) -> Report:
        """The counts of all lanes there were."""
        report = Report({}, {}, {})
        for lane in (*self._ended, *(lane for _, lane in self._lanes.values())):
            for sums, count in ((report.sent, lane.sent), (report.failed, lane.failed), (report.dropped, lane.dropped)):
                sums[lane.name] = sums.get(lane.name, 0) + count
        return report

    def finish(self) -> None:
        """A last attempt at what waits, for `FINISH_SECONDS` at most."""
        wait_all([lane for _, lane in self._lanes.values()], FINISH_SECONDS)


def main(arguments: list[str] | None = None) -> int:
    """Send until the input ends."""
    parser = argparse.ArgumentParser(prog="trunkline-sender", description="Sends records of calls to callbacks.")
    parser.add_argument("--config", type=Path, required=True, help="the gateway's configuration")
    config: Path = parser.parse_args(arguments).config
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # the shipper ends us by closing our input, when it has nothing more
    logging.basicConfig(level=logging.WARNING, format="callbacks: %(message)s", stream=sys.stderr)
    for noisy in ("opentelemetry", "langfuse", "sentry_sdk", "sentry_sdk.errors", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)  # the lanes say what fails, once and without secrets
    sender = Sender(config, dict(os.environ))
    sender.configure()
    _run(sender)
    return 0


def _run(sender: Sender) -> None:
    told: Report | None = None
    pending = b""
    ended = False
    while not ended:
        if select.select([0], [], [], TICK_SECONDS)[0]:
            data = os.read(0, _READ)
            ended = not data
            pending = _take(sender, pending + data)
        sender.configure()
        told = _tell(sender.report(), told)
    sender.finish()
    _tell(sender.report(), told)
    sys.stderr.flush()
    os._exit(0)  # a thread of an SDK that hangs in its target must not keep the process


def _take(sender: Sender, data: bytes) -> bytes:
    """Hand over whole parcels; returns what is left."""
    start = 0
    while len(data) - start >= LENGTH:
        end = start + LENGTH + int.from_bytes(data[start : start + LENGTH], "big")
        if end > len(data):
            break
        sender.take(PARCELS.decode(data[start + LENGTH : end]))
        start = end
    return data[start:]


def _tell(report: Report, told: Report | None) -> Report:
    if report != told:
        try:
            os.write(1, framed(report))
        except OSError:
            return report  # nobody reads any more: the input will end
    return report


if __name__ == "__main__":
    raise SystemExit(main())
