"""What a run of the benchmark finds out: written as JSON, and read by the report."""

from __future__ import annotations

import msgspec

from bench.system import Machine, Memory


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of request against one server and, in the same rounds, against nginx. Medians over the rounds.

    CPU in microseconds of user and system time per answer that wrk counted.
    """

    server: str
    name: str
    connections: int
    stream: bool
    translated: bool = False
    """From OpenAI's format to Anthropic's and back."""
    rounds: int
    secs: int
    cpu_us: float
    """All processes of the server while wrk ran."""
    worker_us: float
    """Of which the process that answers."""
    helper_us: float
    """Of which the others: the shipper while wrk ran."""
    nginx_us: float
    ratio: float
    """`cpu_us` / `nginx_us`, round by round."""
    worker_ratio: float
    settled_us: float
    """All processes until every record was in the database."""
    settled_ratio: float
    per_second: float
    nginx_per_second: float
    p50_ms: float
    p99_ms: float
    nginx_p50_ms: float
    nginx_p99_ms: float
    answers: int
    """In all rounds together."""
    errors: int


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """The ledger after the load, against what others counted."""

    answers: int
    """Counted by wrk, warm-up included."""
    cut: int
    """The most that wrk can have cut: it closes its connections when its time is over and counts whole answers only."""
    provider_calls: int
    """Counted by the upstreams."""
    rows: int
    rows_ok: int
    """With outcome `ok`."""
    spend_ok_pico: int
    expected_spend_ok_pico: int
    """Rows times the price of the one answer there is."""
    shipper_us_per_row: float
    """CPU of the shipper from the first call to the last row, by row."""

    @property
    def equal(self) -> bool:
        """Every call that a provider saw has one row, every answer one that is `ok`, at the right price."""
        return (
            self.rows == self.provider_calls
            and self.answers <= self.rows_ok <= self.answers + self.cut
            and self.spend_ok_pico == self.expected_spend_ok_pico
        )


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """From the command to the first answered chat completion, seconds."""

    first: float
    """On an empty data folder: the database is made meanwhile."""
    later: list[float]
    median: float


class Idle(msgspec.Struct, frozen=True, kw_only=True):
    """Memory after the start and a few calls."""

    worker: Memory
    shipper: Memory


class Streams(msgspec.Struct, frozen=True, kw_only=True):
    """Open streams that say nothing, and what they do to others."""

    count: int
    rss_kib_each: float
    """Growth of the worker divided by `count`."""
    pss_kib_each: float
    p50_ms: float
    p99_ms: float
    """Of 200 new calls meanwhile, each on a connection of its own."""
    errors: int


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One look at the processes."""

    at: float
    """Seconds since the load began."""
    worker_rss_kib: int
    shipper_rss_kib: int
    open_files: int
    threads: int


class Soak(msgspec.Struct, frozen=True, kw_only=True):
    """Mixed load for a while."""

    minutes: float
    calls: int
    errors: int
    """Answers that were not what they should have been."""
    early_at: float
    """Minutes: when the early figures were taken."""
    early: Sample
    """Medians around minute 5, or a sixth of a shorter run."""
    late: Sample
    """Medians of the last tenth."""
    growth: float
    """Of the worker's RSS: 0.02 means 2 %."""
    samples: list[Sample]


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A promise and what was measured."""

    what: str
    goal: str
    measured: str
    reached: bool | None
    """`None`: not measured in this run."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run."""

    date: str
    machine: Machine
    versions: dict[str, str]
    settings: dict[str, str]
    loads: list[Load] = []
    peers: list[Load] = []
    absent: list[str] = []
    """Peers that were asked for and not measured, with the reason."""
    ledger: Ledger | None = None
    start: Start | None = None
    idle: Idle | None = None
    streams: Streams | None = None
    soak: Soak | None = None
    figures: list[Figure] = []
