"""Logs: one line per call, and the few things that modules have to say.

The hot path only appends the call's record to a list; a thread makes lines of it (`writer.py`). Above
`log_calls_per_second` successes are counted instead of written, so that 20,000 calls a second do not spend the
core on log lines; failures are always written. No line holds a key or a prompt, or more than one line.
"""

from __future__ import annotations

import logging
import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from trunkline.ledger.cost import usd
from trunkline.ledger.record import CallRecord
from trunkline.telemetry.stats import Stats
from trunkline.telemetry.writer import MAX_WAITING, LineWriter

if TYPE_CHECKING:
    from typing_extensions import override
else:  # `typing.override` is Python 3.12's; importing typing_extensions would slow every start

    def override(method: object) -> object:
        return method


LEVELS: Final = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40}

_MILLISECONDS: Final = tuple(f"{number:03d}Z" for number in range(1000))
"""Looked up: formatting the number took an eighth of a line's time."""

MAX_ERROR: Final = 2_000
"""Characters of an error in a line."""


class CallLine(msgspec.Struct, omit_defaults=True, gc=False):
    """One call, as a JSON line."""

    time: str
    """When it began, UTC."""
    level: str
    event: str
    call_id: str
    call_type: str
    model_group: str
    """What the client asked for."""
    model: str
    """What answered."""
    model_id: str
    provider: str
    status: str
    outcome: str
    http_status: int
    input_tokens: int
    output_tokens: int
    cost: str | None
    """USD, exact; `null` when the model has no price."""
    duration: float
    """Seconds."""
    ttft: float | None
    """Seconds to the first byte for the client."""
    attempts: int
    stream: bool = False
    cached_tokens: int = 0
    usage_source: str = "provider"
    client_call_id: str = ""
    error: str = ""


def level_from(environment: Mapping[str, str]) -> str:
    """The level that `TRUNKLINE_LOG`, else `LITELLM_LOG` names; `INFO` when neither does or it is no level."""
    for name in ("TRUNKLINE_LOG", "LITELLM_LOG"):
        value = environment.get(name, "").strip().upper()
        if value in LEVELS:
            return value
    return "INFO"


def plain(text: str) -> str:
    """The text without anything that moves a cursor or begins a line: controls are written as escapes (H23)."""
    return text if text.isprintable() else _UNPRINTABLE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")


_UNPRINTABLE: Final = re.compile(r"[^ -~]")


class CallLog:
    """Turns records into lines, off the event loop."""

    __slots__ = (
        "_dropped", "_format", "_limit", "_queue", "_second", "_stats", "_threshold", "_writer", "_written", "muted",
        "suppressed",
    )  # fmt: skip

    def __init__(
        self, stats: Stats, writer: LineWriter, *, level: str = "INFO", per_second: int = 200, human: bool | None = None
    ) -> None:
        """`per_second` is `Snapshot.log_calls_per_second`; `human` is guessed from the terminal when not given."""
        self.suppressed = 0
        """Successes counted instead of written."""
        self.muted = LEVELS[level] > 20
        """Further successes of this second are only counted: the caller may then add to `suppressed` itself."""
        self._dropped = 0
        self._stats = stats
        self._writer = writer
        self._limit = per_second
        self._threshold = LEVELS[level]
        self._queue: deque[CallRecord] = deque()
        self._second = 0
        self._written = 0
        is_human = writer.human if human is None else human
        self._format = Formatter(self._queue, lambda: self.suppressed, is_human, writer.redact)

    def limit(self, per_second: int) -> None:
        """Take another limit, after a reload."""
        self._limit = per_second

    def add(self, record: CallRecord) -> None:
        """Take a call's record. For the event loop only; well under a microsecond, never blocks."""
        if record.status == "success":
            if self._threshold > 20:
                return
            second = (record.started_us + record.duration_us) // 1_000_000
            if second != self._second:
                self._second = second
                self._written = 0
            if self._written >= self._limit:
                self.suppressed += 1
                self.muted = True
                return
            self._written += 1
        elif self._threshold > 30 and record.http_status < 500:
            return
        if len(self._queue) >= MAX_WAITING:
            self._dropped += 1
            self._count()
            return
        self._queue.append(record)

    def new_second(self) -> None:
        """Log successes again; called by the worker's timer once a second."""
        self.muted = self._threshold > 20
        self._written = 0

    def start(self) -> None:
        """Let the writer's thread ask for lines from now on."""
        self._writer.attach(self.lines)

    def close(self, seconds: float = 1.0) -> None:
        """Write what waits, for at most `seconds`."""
        self._writer.close(seconds)
        self._writer.detach(self.lines)

    def lines(self) -> Iterable[bytes]:
        """The lines of all records that wait; called by the writer's thread."""
        self._count()
        return self._format.lines()

    def _count(self) -> None:
        self._stats.log_lines_dropped = self._dropped + self._writer.dropped


class Formatter:
    """Makes lines of records, on the writer's thread."""

    def __init__(
        self, queue: deque[CallRecord], suppressed: Callable[[], int], human: bool, redact: Callable[[str], str]
    ) -> None:
        self._queue = queue
        self._suppressed = suppressed
        self._told = 0
        self._told_at = 0.0
        self._human = human
        self._redact = redact
        self._encoder = msgspec.json.Encoder()
        self._second = -1
        self._prefix = ""

    def lines(self) -> Iterator[bytes]:
        """Empty the queue into lines."""
        line_of = self._for_people if self._human else self._json
        for _ in range(len(self._queue)):
            yield line_of(self._queue.popleft())
        yield from self._suppressed_lines()

    def _suppressed_lines(self) -> Iterator[bytes]:
        total = self._suppressed()
        now = time.monotonic()
        if total != self._told and now - self._told_at >= 1.0:
            count, self._told, self._told_at = total - self._told, total, now
            stamp = self._time(time.time_ns() // 1000)
            if self._human:
                yield f"{stamp[11:23]} {count} more successful calls\n".encode()
            else:
                fields = {"time": stamp, "level": "info", "event": "suppressed", "suppressed": count}
                yield self._encoder.encode(fields) + b"\n"

    def _json(self, record: CallRecord) -> bytes:
        first = record.first_byte_us
        line = CallLine(
            self._time(record.started_us),
            _level(record),
            "call",
            record.request_id,
            record.call_type,
            plain(record.model_group),
            plain(record.model),
            record.model_id,
            record.provider,
            record.status,
            record.outcome,
            record.http_status,
            record.input_total,
            record.output_total,
            usd(record.cost) if record.price_version else None,
            record.duration_us / 1_000_000,
            first / 1_000_000 if first >= 0 else None,
            record.attempts,
            record.stream,
            record.cache_read,
            record.usage_source,
            plain(record.client_call_id),
            self._error(record),
        )
        return self._encoder.encode(line) + b"\n"

    def _for_people(self, record: CallRecord) -> bytes:
        took = f"{record.duration_us / 1e6:.3f} s"
        if record.first_byte_us >= 0:
            took += f", first byte {record.first_byte_us / 1e6:.3f} s"
        cost = f"${usd(record.cost)}" if record.price_version else "no price"
        word = "ok" if record.status == "success" else "FAILED"
        outcome = "" if record.outcome == "ok" else f" {record.outcome}"
        error = self._error(record)
        parts = (
            f"{self._time(record.started_us)[11:23]} {word} {record.http_status}{outcome}",
            f"{plain(record.model_group)} > {record.provider}/{plain(record.model)}",
            f"{record.input_total}+{record.output_total} tokens",
            cost,
            took,
            *((f"{record.attempts} attempts",) if record.attempts > 1 else ()),
            *((error,) if error else ()),
            record.request_id,
        )
        return ("  ".join(parts) + "\n").encode("utf-8", "replace")

    def _error(self, record: CallRecord) -> str:
        return plain(self._redact(record.error[:MAX_ERROR])) if record.error else ""

    def _time(self, microseconds: int) -> str:
        second, rest = divmod(microseconds, 1_000_000)
        if second != self._second:
            self._second = second
            self._prefix = time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(second))
        return self._prefix + _MILLISECONDS[rest // 1000]


def _level(record: CallRecord) -> str:
    if record.status == "success":
        return "info"
    return "error" if record.http_status >= 500 else "warning"


class WriterHandler(logging.Handler):
    """Brings what modules log to the writer: redacted, one line each, never blocking."""

    def __init__(self, writer: LineWriter) -> None:
        super().__init__()
        self._writer = writer
        self._formatter = logging.Formatter()

    @override
    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._writer.put(self._line(record))
        except Exception:  # noqa: BLE001 - a line that cannot be made must not fail the call that logged it
            self._writer.dropped += 1

    def _line(self, record: logging.LogRecord) -> bytes:
        redact = self._writer.redact
        message = redact(record.getMessage())
        trace = redact(self._formatter.formatException(record.exc_info)) if record.exc_info else ""
        moment = time.gmtime(record.created)
        if self._writer.human:
            stamp = time.strftime("%H:%M:%S", moment)
            head = "" if record.levelno <= logging.INFO else f"{record.levelname} "
            text = f"{stamp} {head}{_each_line(message)}" + (f"\n{_each_line(trace)}" if trace else "")
            return (text + "\n").encode("utf-8", "replace")
        line = {
            "time": f"{time.strftime('%Y-%m-%dT%H:%M:%S', moment)}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "event": record.name,
            "message": plain(message),
        }
        if trace:
            line["exception"] = "\n".join(map(plain, trace.split("\n")))
        return msgspec.json.encode(line) + b"\n"


def _each_line(text: str) -> str:
    """For people a message may have several lines, but nothing that moves the cursor."""
    return "\n  ".join(map(plain, text.split("\n")))


def setup(level: str = "INFO", *, secrets: Iterable[str] = (), writer: LineWriter | None = None) -> LineWriter:
    """Send what modules log to standard error through one writer, and return it.

    `trunkline` logs from `level` on, everybody else from WARNING on: other packages' DEBUG is not ours to vouch
    for. `secrets` are replaced by `***`; after a reload call `writer.redact.update`.
    """
    line_writer = LineWriter() if writer is None else writer
    line_writer.redact.update(secrets)
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, WriterHandler)]:
        root.removeHandler(handler)
    root.addHandler(WriterHandler(line_writer))
    root.setLevel(logging.WARNING)
    logging.getLogger("trunkline").setLevel(LEVELS[level])
    return line_writer
