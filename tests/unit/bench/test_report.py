"""What the benchmark says of its measurements is what was measured."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from bench import peers, report
from bench.__main__ import options
from bench.results import Idle, Ledger, Load, Report, Sample, Soak, Start, Streams
from bench.rig import parse_wrk
from bench.scenes import sum_up_soak
from bench.system import BenchError, Machine, Memory

MACHINE = Machine(
    cpu="Some CPU", cores=2, memory_gib=8.0, kernel="6.1", arch="x86_64", virtual=True, python="3.11.7 plain"
)
WRK = """
  Latency Distribution
     50%  850.00us
     75%    1.10ms
     90%    1.90ms
     99%    1.25s
  81364 requests in 4.00s, 80.10MB read
  Socket errors: connect 1, read 2, write 0, timeout 4
  Non-2xx or 3xx responses: 10
Requests/sec:  20341.00
"""


def _load(
    ratio: float, *, stream: bool = False, errors: int = 0, connections: int = 32, translated: bool = False
) -> Load:
    return Load(
        server="trunkline", name="x", connections=connections, stream=stream, translated=translated, rounds=1, secs=1, cpu_us=1.0,
        worker_us=1.0, helper_us=0.0, nginx_us=1.0, ratio=ratio, worker_ratio=ratio, settled_us=1.0,
        settled_ratio=ratio + 0.5, per_second=1.0, nginx_per_second=1.0, p50_ms=1.0, p99_ms=1.0, nginx_p50_ms=1.0, nginx_p99_ms=1.0, answers=1,
        errors=errors,
    )  # fmt: skip


def _ledger(**changes: int) -> Ledger:
    good = Ledger(
        answers=100, cut=32, provider_calls=132, rows=132, rows_ok=110, spend_ok_pico=550, expected_spend_ok_pico=550,
        shipper_us_per_row=9.0,
    )  # fmt: skip
    return msgspec.structs.replace(good, **changes)


def _sample(at: float, kib: int) -> Sample:
    return Sample(at=at, worker_rss_kib=kib, shipper_rss_kib=1, open_files=9, threads=2)


def _report(**parts: object) -> Report:
    empty = Report(date="2026-01-02", machine=MACHINE, versions={"nginx": "1"}, settings={"rounds": "5"})
    made = msgspec.structs.replace(empty, **parts)
    return msgspec.structs.replace(made, figures=report.figures(made))


def test_wrks_report_is_read_with_its_units_and_every_kind_of_error() -> None:
    """Microseconds and seconds become milliseconds; bad statuses and socket errors are added up."""
    found = parse_wrk(WRK)
    assert (found.answers, found.per_second, found.p50_ms, found.p99_ms, found.errors) == (
        81364,
        20341.0,
        0.85,
        1250.0,
        17,
    )
    with pytest.raises(BenchError, match="unable to connect"):
        parse_wrk("", "unable to connect")


def test_what_was_not_measured_is_neither_reached_nor_missed() -> None:
    """A run of nothing promises nothing, and says so of every figure."""
    assert {(figure.measured, figure.reached) for figure in _report().figures} == {("not measured", None)}


@pytest.mark.parametrize(("ratio", "reached"), [(2.2, True), (2.21, False)])
def test_the_chat_figure_is_the_ratio_at_32_connections(ratio: float, reached: bool) -> None:
    """2.2 is reached, 2.21 is not; other numbers of connections do not count."""
    made = _report(loads=[_load(9.0, connections=1), _load(ratio), _load(9.0, connections=128)])
    assert made.figures[0].reached is reached
    assert made.figures[0].measured.startswith(f"{ratio:.2f}")


@pytest.mark.parametrize(("stream", "goal"), [(False, 5.0), (True, 3.0)])
def test_translated_calls_have_figures_of_their_own(stream: bool, goal: float) -> None:
    """5 for a whole answer, 3 for a stream; a load of the same format does not count for them, nor they for it."""
    for ratio, reached in ((goal, True), (goal + 0.01, False)):
        made = _report(loads=[_load(1.0, stream=stream), _load(ratio, stream=stream, translated=True)])
        found = {one.what: one.reached for one in made.figures if one.reached is not None}
        assert list(found.values()) == [True, reached]


@pytest.mark.parametrize(
    ("changes", "equal"),
    [
        ({}, True),
        ({"rows": 131}, False),
        ({"rows": 133}, False),
        ({"rows_ok": 99}, False),
        ({"rows_ok": 133, "provider_calls": 133, "rows": 133}, False),
        ({"spend_ok_pico": 549}, False),
    ],
)
def test_the_ledger_is_equal_only_when_calls_answers_and_money_agree(changes: dict[str, int], equal: bool) -> None:
    """A row too few or too many, an answer without one, or a pico-USD is a difference."""
    assert _ledger(**changes).equal is equal


def test_an_error_under_load_spoils_the_ledgers_figure() -> None:
    """`0; equal` needs both."""
    made = _report(loads=[_load(1.0, errors=1)], ledger=_ledger())
    assert [one.reached for one in made.figures if "ledger rows" in one.what] == [False]


def test_a_short_soak_is_measured_but_proves_nothing() -> None:
    """Only 30 minutes can reach the figure or miss it."""
    samples = [_sample(second, 1000 + second // 60) for second in range(0, 1800, 15)]
    short = sum_up_soak([sample for sample in samples if sample.at < 180], 3.0, 10, 0)
    assert _report(soak=short).figures[-1].reached is None
    assert "too short" in _report(soak=short).figures[-1].measured
    full = sum_up_soak(samples, 30.0, 10, 0)
    assert (full.early_at, full.early.worker_rss_kib, full.late.worker_rss_kib) == (5.0, 1006, 1028)
    assert full.growth == pytest.approx(0.0219, abs=0.0002)
    assert _report(soak=full).figures[-1].reached is False


def test_the_page_shows_every_part_and_no_host(tmp_path: Path) -> None:
    """JSON and page are written side by side; a second run of one day does not overwrite the first."""
    made = _report(
        loads=[
            _load(1.9),
            _load(1.2, stream=True),
            _load(4.9, translated=True),
            _load(2.9, translated=True, stream=True),
        ],
        ledger=_ledger(),
        start=Start(first=0.9, later=[0.4, 0.5], median=0.45),
        idle=Idle(worker=Memory(rss_kib=40 * 1024, pss_kib=1024), shipper=Memory(rss_kib=2048, pss_kib=1024)),
        streams=Streams(count=2000, rss_kib_each=9.9, pss_kib_each=9.7, p50_ms=1.0, p99_ms=2.0, errors=0),
        soak=Soak(
            minutes=30, calls=9, errors=0, early_at=5, early=_sample(300, 100), late=_sample(1800, 101), growth=0.01,
            samples=[],
        ),
        absent=["Envoy (not installed)"],
    )  # fmt: skip
    first, second = report.write(made, tmp_path), report.write(made, tmp_path)
    assert (first.name, second.name) == (
        "2026-01-02-2x-some-cpu-py3-11-7-plain.md",
        "2026-01-02-2x-some-cpu-py3-11-7-plain-2.md",
    )
    text = first.read_text()
    assert all(figure.reached for figure in made.figures)
    assert "NOT REACHED" not in text
    for part in ("## Load", "## Ledger", "## Start", "## Idle memory", "## Soak", "Envoy (not installed)", "Some CPU"):
        assert part in text
    assert msgspec.json.decode(first.with_suffix(".json").read_bytes(), type=Report) == made


def test_an_unknown_part_or_peer_is_a_kind_error(capsys: pytest.CaptureFixture[str]) -> None:
    """The word is named, and the words that may be written."""
    for arguments, word in ((["--only", "chat,strem"], "`strem`"), (["--peers", "kong"], "`kong`")):
        with pytest.raises(SystemExit):
            options(arguments)
        said = capsys.readouterr().err
        assert word in said
        assert "write some of" in said
    assert options(["--peers", "all"]).peers == list(peers.PEERS)


def test_recipes_of_peers_fill_in_and_stay_on_loopback() -> None:
    """Every recipe pins its version, takes the port it is given, and LiteLLM's configuration is JSON."""
    for peer in peers.PEERS.values():
        assert "$port" in " ".join(peer.command) + peer.config
        pins = " ".join((*(word for command in peer.install for word in command), *peer.files.values()))
        assert peer.version in pins
    assert json.loads(peers.PEERS["litellm"].config)["general_settings"] == {"master_key": "$key"}
