"""Call lines and module loggers."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.telemetry.records import GOOD, bad, good
from trunkline.config.snapshot import Deployment, Snapshot
from trunkline.ir import Secret
from trunkline.providers.target import Target
from trunkline.telemetry import logs
from trunkline.telemetry.logs import CallLog, level_from, setup
from trunkline.telemetry.redact import Redactor, known_secrets
from trunkline.telemetry.stats import Stats
from trunkline.telemetry.writer import MAX_WAITING, LineWriter


class Pipe:
    """A log whose lines can be read."""

    def __init__(self) -> None:
        self.reads, self.writes = os.pipe()

    def text(self) -> str:
        """Everything that was written; ends the pipe."""
        os.close(self.writes)
        with os.fdopen(self.reads, encoding="utf-8") as file:
            return file.read()


def written(log: CallLog, writer: LineWriter, pipe: Pipe) -> list[dict[str, object]]:
    """The lines of a log, once it is closed."""
    log.close()
    writer.close()
    return [json.loads(line) for line in pipe.text().splitlines()]


def a_log(pipe: Pipe, **options: object) -> tuple[CallLog, LineWriter, Stats]:
    """A started log into a pipe."""
    stats = Stats()
    writer = LineWriter(pipe.writes)
    log = CallLog(stats, writer, **options)  # type: ignore[arg-type]  # the options of the test
    log.start()
    return log, writer, stats


def test_a_call_is_one_json_line() -> None:
    """A line says what was called, what answered, how it ended, tokens, exact cost and timings; no key, no person."""
    pipe = Pipe()
    log, writer, _ = a_log(pipe)
    log.add(GOOD)
    (line,) = written(log, writer, pipe)
    assert line == {
        "time": "2026-09-21T14:13:20.123Z", "level": "info", "event": "call", "call_id": "019a-call",
        "call_type": "acompletion", "model_group": "large", "model": "acme-large-2", "model_id": "large-1",
        "provider": "acme", "status": "success", "outcome": "ok", "http_status": 200, "input_tokens": 812,
        "output_tokens": 120, "cost": "0.003200000001", "duration": 1.24, "ttft": 0.31, "attempts": 1, "stream": True,
        "cached_tokens": 12,
    }  # fmt: skip


def test_an_unpriced_call_costs_null() -> None:
    """A model without a price is not free: its cost is unknown."""
    pipe = Pipe()
    log, writer, _ = a_log(pipe)
    log.add(good(price_version="", cost=0, first_byte_us=-1))
    (line,) = written(log, writer, pipe)
    assert (line["cost"], line["ttft"]) == (None, None)


EVIL = 'broken\n{"level":"info"}\r\x1b[31mred\x9b2J\u2028next\x00\x7f\ud800'


@pytest.mark.parametrize("human", [False, True])
def test_nothing_in_a_field_begins_a_line_or_moves_the_cursor(human: bool) -> None:
    """Newlines, ANSI codes and other controls in any field of a call stay inside one printable line (H23)."""
    pipe = Pipe()
    log, writer, _ = a_log(pipe, human=human)
    log.add(bad(error=EVIL, model_group=EVIL, model=EVIL, client_call_id=EVIL))
    log.close()
    writer.close()
    text = pipe.text()
    assert text.count("\n") == 1
    assert text[:-1].isprintable()
    assert text[:-1].splitlines() == [text[:-1]]
    assert "\\x1b[31mred" in text


def test_people_get_a_short_line() -> None:
    """On a terminal a call is a line to read."""
    pipe = Pipe()
    log, writer, _ = a_log(pipe, human=True)
    log.add(good(duration_us=1_240_000))
    log.add(bad(attempts=3, error="no answer"))
    log.close()
    writer.close()
    first, second = pipe.text().splitlines()
    assert first == (
        "14:13:20.123 ok 200  large > acme/acme-large-2  812+120 tokens  $0.003200000001  "
        "1.240 s, first byte 0.310 s  019a-call"
    )
    assert "FAILED 502 upstream_error" in second
    assert "3 attempts  no answer" in second


def test_above_the_limit_successes_are_counted() -> None:
    """Of many successes in a second only so many are written, the rest are one number; failures are all written."""
    pipe = Pipe()
    log, writer, _ = a_log(pipe, per_second=5)
    for number in range(40):
        log.add(good(request_id=f"good-{number}"))
        if number % 10 == 0:
            log.add(bad(request_id=f"bad-{number}"))
    log.add(good(request_id="next second", started_us=GOOD.started_us + 1_000_000))
    lines = written(log, writer, pipe)
    calls = [line["call_id"] for line in lines if line["event"] == "call"]
    assert [call for call in calls if str(call).startswith("good")] == [f"good-{number}" for number in range(5)]
    assert len([call for call in calls if str(call).startswith("bad")]) == 4
    assert calls[-1] == "next second"
    assert [line["suppressed"] for line in lines if line["event"] == "suppressed"] == [35]
    assert log.suppressed == 35


@pytest.mark.parametrize(
    ("level", "written_ids"),
    [
        ("DEBUG", ["ok", "refused", "failed"]),
        ("INFO", ["ok", "refused", "failed"]),
        ("WARNING", ["refused", "failed"]),
        ("ERROR", ["failed"]),
    ],
)
def test_levels(level: str, written_ids: list[str]) -> None:
    """At WARNING only failures are written, at ERROR only those of the 500s."""
    pipe = Pipe()
    log, writer, _ = a_log(pipe, level=level)
    log.add(good(request_id="ok"))
    log.add(bad(request_id="refused", http_status=404))
    log.add(bad(request_id="failed"))
    assert [line["call_id"] for line in written(log, writer, pipe)] == written_ids


@pytest.mark.parametrize(
    ("environment", "level"),
    [
        ({}, "INFO"),
        ({"LITELLM_LOG": "debug"}, "DEBUG"),
        ({"LITELLM_LOG": "DEBUG", "TRUNKLINE_LOG": "ERROR"}, "ERROR"),
        ({"LITELLM_LOG": "chatty"}, "INFO"),
    ],
)
def test_the_level_comes_from_the_environment(environment: dict[str, str], level: str) -> None:
    """`TRUNKLINE_LOG` is asked first, then LiteLLM's variable."""
    assert level_from(environment) == level


def test_a_reader_that_does_not_read_stops_nothing() -> None:
    """With a full pipe calls go on, at most 10,000 records wait, and the rest are counted as dropped (D19)."""
    pipe = Pipe()
    os.set_blocking(pipe.writes, False)
    try:
        while True:
            os.write(pipe.writes, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(pipe.writes, True)
    log, writer, stats = a_log(pipe)
    began = time.monotonic()
    for _ in range(3 * MAX_WAITING):
        log.add(bad())
    writer.put(b"one more\n")
    assert time.monotonic() - began < 2
    assert stats.log_lines_dropped >= MAX_WAITING
    began = time.monotonic()
    log.close(0.1)
    assert time.monotonic() - began < 1
    os.close(pipe.reads)
    threading.Thread(target=writer.close).start()


def test_a_log_that_cannot_be_written_counts_what_it_lost() -> None:
    """A closed pipe or a full disk loses lines, counts them, and stops nothing."""
    pipe = Pipe()
    os.close(pipe.reads)
    log, writer, stats = a_log(pipe)
    for _ in range(3):
        log.add(GOOD)
    log.close()
    log.lines()
    assert writer.dropped == stats.log_lines_dropped == 3
    os.close(pipe.writes)


@pytest.fixture
def loggers() -> Iterator[None]:
    """Put the root logger back as it was."""
    root, own = logging.getLogger(), logging.getLogger("trunkline")
    before = root.handlers[:], root.level, own.level
    yield
    root.handlers[:], level, own_level = before
    root.setLevel(level)
    own.setLevel(own_level)


@pytest.mark.usefixtures("loggers")
def test_modules_log_one_redacted_json_line() -> None:
    """What a module logs is one line, traceback included, with every known secret masked in whatever form."""
    pipe = Pipe()
    writer = setup("INFO", secrets=["sk-canary-12345/+"], writer=LineWriter(pipe.writes))
    log = logging.getLogger("trunkline.server.x")
    log.info("started\nwith %s", "sk-canary-12345/+")
    log.debug("not at this level")
    logging.getLogger("httpx").info("not ours")
    logging.getLogger("asyncio").warning("url sk-canary-12345%2F%2B basic c2stY2FuYXJ5LTEyMzQ1Lys=")
    try:
        raise ValueError("sk-canary-12345/+ was refused")
    except ValueError:
        log.exception("failed")
    writer.close()
    text = pipe.text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [(line["level"], line["event"]) for line in lines] == [
        ("info", "trunkline.server.x"), ("warning", "asyncio"), ("error", "trunkline.server.x"),
    ]  # fmt: skip
    assert lines[0]["message"] == "started\\nwith ***"
    assert "ValueError: *** was refused" in lines[2]["exception"]
    assert "canary" not in text
    assert "Y2FuYXJ5" not in text


@pytest.mark.usefixtures("loggers")
def test_setup_twice_logs_once() -> None:
    """A second set-up replaces the first."""
    pipe = Pipe()
    setup("INFO", writer=LineWriter(pipe.writes))
    writer = setup("INFO", writer=LineWriter(pipe.writes))
    logging.getLogger("trunkline").warning("once")
    writer.close()
    assert len(pipe.text().splitlines()) == 1


def test_a_message_that_cannot_be_made_is_counted() -> None:
    """A wrong format string in a log call fails nothing."""
    pipe = Pipe()
    writer = LineWriter(pipe.writes)
    logs.WriterHandler(writer).handle(logging.LogRecord("x", 30, "x.py", 1, "%d", ("no number",), None))
    writer.close()
    assert writer.dropped == 1
    assert pipe.text() == ""


def test_a_secret_in_a_providers_error_is_masked() -> None:
    """A provider that repeats the key it refused does not bring it into the log."""
    pipe = Pipe()
    log, writer, _ = a_log(pipe)
    writer.redact.update(["sk-canary-12345"])
    log.add(bad(error="Incorrect API key provided: sk-canary-12345."))
    (line,) = written(log, writer, pipe)
    assert line["error"] == "Incorrect API key provided: ***."


def test_known_secrets_of_a_configuration() -> None:
    """Master key, provider keys with and without their scheme, and the database's password are known."""
    target = Target(
        provider="acme", scheme="https", host="h", port=443, paths={},
        headers=(("authorization", Secret("Bearer sk-provider-1")), ("x-plain", "visible-value")),
    )  # fmt: skip
    one = Deployment(id="1", group="g", provider="acme", model="m", litellm_model="acme/m", target=target)
    other = Deployment(id="2", group="g", provider="acme", model="m", litellm_model="acme/m", target=None)
    snapshot = Snapshot(
        version="v", deployments=(one, other), master_key=Secret("sk-1234"),
        database_url=Secret("postgresql://user:database-pass@db/x"),
    )  # fmt: skip
    redact = Redactor(known_secrets(snapshot))
    text = "sk-1234 Bearer sk-provider-1 sk-provider-1 postgresql://user:database-pass@db/x database-pass visible-value"
    assert redact(text) == "*** *** *** *** *** visible-value"


def test_short_values_are_no_secrets() -> None:
    """A value of a few letters would blacken ordinary words."""
    assert Redactor(["ok"])("ok, it works") == "ok, it works"


def test_a_forked_process_writes_its_own_lines(tmp_path: Path) -> None:
    """A child that inherited a writer starts its own thread."""
    path = tmp_path / "log"
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    writer = LineWriter(descriptor)
    writer.put(b"parent\n")
    writer.close()
    writer.put(b"parent again\n")
    child = os.fork()
    if child == 0:
        writer.put(b"child\n")
        writer.close()
        os._exit(0)
    os.waitpid(child, 0)
    writer.close()
    os.close(descriptor)
    assert sorted(set(path.read_text().splitlines())) == ["child", "parent", "parent again"]


def test_plain_text_is_left_alone() -> None:
    """Letters of any script are printable and stay."""
    assert logs.plain("Größe 模型 🚂") == "Größe 模型 🚂"
    assert logs.plain("Größe\t模型") == "Größe\\t模型"
