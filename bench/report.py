"""The result as a page, and the figures of the project's promise with reached or not reached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from bench.results import Figure, Ledger, Load, Report, Soak

CHAT_GOAL: Final = 2.2
CHAT_AIM: Final = 2.0
STREAM_GOAL: Final = 1.5
TRANSLATED_GOAL: Final = 5.0
TRANSLATED_STREAM_GOAL: Final = 3.0
START_GOAL: Final = 1.0
IDLE_MIB: Final = 80.0
STREAM_KIB: Final = 48.0
STREAM_P99_MS: Final = 250.0
GROWTH: Final = 0.02
SOAK_MINUTES: Final = 30.0
CONNECTIONS: Final = 32
"""At which the promise is made."""


def figures(report: Report) -> list[Figure]:
    """The promises one by one. A figure that this run did not measure is said to be so."""
    return [
        *_load_figures(report.loads),
        _ledger_figure(report.loads, report.ledger),
        _start_figure(report),
        _idle_figure(report),
        *_stream_figures(report),
        _soak_figure(report.soak),
    ]


def _figure(what: str, goal: str, measured: str = "", *, reached: bool | None = None) -> Figure:
    return Figure(what=what, goal=goal, measured=measured or "not measured", reached=reached)


def _load_figures(loads: Sequence[Load]) -> Iterator[Figure]:
    for translated, stream, goal, text, name in (
        (False, False, CHAT_GOAL, f"at most {CHAT_GOAL} to finish, {CHAT_AIM} the aim", "chat, not streamed"),
        (False, True, STREAM_GOAL, f"at most {STREAM_GOAL}", "chat, streamed, 50 events"),
        (True, False, TRANSLATED_GOAL, f"at most {TRANSLATED_GOAL:g}", "translated chat, not streamed"),
        (True, True, TRANSLATED_STREAM_GOAL, f"at most {TRANSLATED_STREAM_GOAL:g}", "translated stream, 50 events"),
    ):
        what = f"{name}, {CONNECTIONS} connections: CPU per request / nginx"
        kind = (translated, stream, CONNECTIONS)
        found = [load for load in loads if (load.translated, load.stream, load.connections) == kind]
        if found:
            measured = f"{found[0].ratio:.2f} ({found[0].settled_ratio:.2f} with the ledger's rows in the database)"
            yield _figure(what, text, measured, reached=found[0].ratio <= goal)
        else:
            yield _figure(what, text)


def _ledger_figure(loads: Sequence[Load], ledger: Ledger | None) -> Figure:
    what, goal = "errors in those runs; ledger rows against answers", "0; equal"
    if ledger is None:
        return _figure(what, goal)
    errors = sum(load.errors for load in loads)
    equal = "equal" if ledger.equal else "NOT EQUAL"
    measured = f"{errors}; {equal}: {ledger.rows:,} rows, {ledger.provider_calls:,} calls at the provider"
    return _figure(what, goal, measured, reached=ledger.equal and not errors)


def _start_figure(report: Report) -> Figure:
    what, goal = "from `trunkline serve` to the first answered request", f"at most {START_GOAL} s"
    if report.start is None:
        return _figure(what, goal)
    return _figure(what, goal, f"{report.start.median:.2f} s", reached=report.start.median <= START_GOAL)


def _idle_figure(report: Report) -> Figure:
    what, goal = "idle memory, one worker", f"at most {IDLE_MIB:g} MiB"
    if report.idle is None:
        return _figure(what, goal)
    worker, shipper = report.idle.worker, report.idle.shipper
    measured = f"{worker.rss_kib / 1024:.1f} MiB RSS; its shipper {shipper.rss_kib / 1024:.1f} MiB"
    return _figure(what, goal, measured, reached=worker.rss_kib / 1024 <= IDLE_MIB)


def _stream_figures(report: Report) -> Iterator[Figure]:
    found = report.streams
    what, goal = "2,000 open idle streams on one worker: memory each", f"at most {STREAM_KIB:g} KiB"
    new, new_goal = "a new request meanwhile, p99", f"under {STREAM_P99_MS:g} ms"
    if found is None:
        yield _figure(what, goal)
        yield _figure(new, new_goal)
        return
    what = what.replace("2,000", f"{found.count:,}")
    each = max(found.rss_kib_each, found.pss_kib_each)
    measured = f"{found.rss_kib_each:.1f} KiB RSS, {found.pss_kib_each:.1f} KiB PSS"
    yield _figure(what, goal, measured, reached=each <= STREAM_KIB and not found.errors)
    yield _figure(new, new_goal, f"{found.p99_ms:.1f} ms", reached=found.p99_ms < STREAM_P99_MS and not found.errors)


def _soak_figure(soak: Soak | None) -> Figure:
    what, goal = "memory after 30 minutes of mixed load against minute 5", f"at most {GROWTH:+.0%}"
    if soak is None:
        return _figure(what, goal)
    measured = f"{soak.growth:+.1%}, {soak.errors} errors in {soak.calls:,} calls"
    if soak.minutes < SOAK_MINUTES:
        short = f"{measured} (after {soak.minutes:g} minutes against minute {soak.early_at:g}: too short to tell)"
        return _figure(what, goal, short)
    return _figure(what, goal, measured, reached=soak.growth <= GROWTH and not soak.errors)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def verdict(figure: Figure) -> str:
    """One or two words."""
    return "not measured" if figure.reached is None else "reached" if figure.reached else "NOT REACHED"


def figure_table(found: Sequence[Figure]) -> str:
    """The promise as a Markdown table."""
    rows = [(figure.what, figure.goal, figure.measured, verdict(figure)) for figure in found]
    return "\n".join(_table(("what", "figure", "measured", ""), rows))


def _loads(loads: Sequence[Load]) -> Iterator[str]:
    head = (
        "server",
        "load",
        "CPU us/request",
        "nginx",
        "ratio",
        "worker alone",
        "all shipped",
        "req/s",
        "p50 ms",
        "p99 ms",
    )
    rows = [
        (
            load.server, load.name, f"{load.cpu_us:,.1f}", f"{load.nginx_us:,.1f}", f"{load.ratio:.2f}",
            f"{load.worker_ratio:.2f}", f"{load.settled_ratio:.2f}", f"{load.per_second:,.0f}", f"{load.p50_ms:g}",
            f"{load.p99_ms:g}", str(load.errors),
        )
        for load in loads
    ]  # fmt: skip
    yield from _table((*head, "errors"), rows)


def _details(report: Report) -> Iterator[str]:
    if report.loads or report.peers:
        yield "\n## Load\n"
        yield from _loads([*report.loads, *report.peers])
        yield (
            "\nRatio: CPU of all processes of the server while wrk ran, per answer, against nginx in the same round;"
            " median over the rounds. Worker alone: without the shipper. All shipped: every record of the round is in"
            " the database, and what that cost is divided by the same answers."
        )
    if report.absent:
        yield f"\nPeers that were not measured: {', '.join(report.absent)}."
    if report.ledger is not None:
        found = report.ledger
        yield (
            f"\n## Ledger\n\n{found.rows:,} rows for {found.provider_calls:,} calls that the providers counted and"
            f" {found.answers:,} whole answers that wrk counted (at the end of its time it can have cut"
            f" {found.cut:,} at most); {found.rows_ok:,} rows are `ok` and cost {found.spend_ok_pico:,} pico-USD,"
            f" expected {found.expected_spend_ok_pico:,}."
            f" The shipper used {found.shipper_us_per_row:g} us of CPU a row."
        )
    if report.start is not None:
        later = ", ".join(f"{seconds:.2f}" for seconds in report.start.later)
        yield f"\n## Start\n\nFirst start, which makes the database: {report.start.first:.2f} s. Later ones: {later} s."
    if report.idle is not None:
        yield "\n## Idle memory\n"
        rows = [
            (name, f"{found.rss_kib / 1024:.1f}", f"{found.pss_kib / 1024:.1f}")
            for name, found in (("worker", report.idle.worker), ("shipper", report.idle.shipper))
        ]
        yield from _table(("process", "RSS MiB", "PSS MiB"), rows)
    if report.soak is not None:
        yield from _soak(report.soak)


def _soak(soak: Soak) -> Iterator[str]:
    yield f"\n## Soak: {soak.minutes:g} minutes, {soak.calls:,} calls, {soak.errors} errors\n"
    rows = [
        (
            name, f"{found.at / 60:.1f}", f"{found.worker_rss_kib / 1024:.2f}", f"{found.shipper_rss_kib / 1024:.2f}",
            str(found.open_files), str(found.threads),
        )
        for name, found in (("early", soak.early), ("late", soak.late))
    ]  # fmt: skip
    yield from _table(("", "minute", "worker RSS MiB", "shipper RSS MiB", "open files", "threads"), rows)


def markdown(report: Report) -> str:
    """The whole result as a page."""
    machine = report.machine
    place = (
        f"{machine.cores} x {machine.cpu}{' (virtual machine)' if machine.virtual else ''}, {machine.memory_gib:g} GiB"
    )
    lines = [
        f"# Benchmark of {report.date}",
        "",
        f"{place}, Linux {machine.kernel} {machine.arch}, Python {machine.python}.",
        f"Versions: {', '.join(f'{name} {version}' for name, version in report.versions.items())}.",
        f"Settings: {', '.join(f'{name} {value}' for name, value in report.settings.items())}.",
        "How it is measured: [benchmarks](../../docs/guides/benchmarks.md).",
        "",
        figure_table(report.figures),
        *_details(report),
    ]
    return "\n".join(lines) + "\n"


def write(report: Report, folder: Path) -> Path:
    """Write `<date>-<machine>.json` and `.md`; a second run of one day gets a number. Returns the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{report.date}-{report.machine.slug}"
    taken = sum(
        1 for file in folder.glob(f"{name}*.json") if file.stem == name or file.stem[len(name) + 1 :].isdecimal()
    )
    stem = f"{name}-{taken + 1}" if taken else name
    data = msgspec.json.format(msgspec.json.encode(report), indent=2)
    (folder / f"{stem}.json").write_bytes(data + b"\n")
    page = folder / f"{stem}.md"
    page.write_text(markdown(report))
    return page
