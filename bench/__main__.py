"""`python -m bench` (`make bench`): the gateway beside nginx, and beside other gateways where they are installed.

    make bench                                 everything but the peers, a soak of 3 minutes
    make bench ARGS='--quick'                  the same, short: for trying, not for quoting
    make bench ARGS='--only chat,stream'       some of it
    make bench ARGS='--only soak --soak 30'    the soak that the promise is about
    make bench ARGS='--only chat,stream --peers all'

Writes bench/results/<date>-<machine>.json and .md. Method and caveats: docs/guides/benchmarks.md.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from bench import peers, report, scenes
from bench.gateway import Gateway
from bench.loads import Books, Counter, gateway_target, measure
from bench.results import Ledger, Load, Report
from bench.rig import ROOT, Rig, rig
from bench.system import BenchError, machine, need_programs, raise_open_files, versions

PARTS: Final = ("chat", "stream", "translated", "start", "memory", "streams", "soak")
CHAT_CONNECTIONS: Final = (32, 1, 128)
STREAM_CONNECTIONS: Final = (32,)


def options(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    text = (__doc__ or "").split("\n", 1)
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=text[0],
        epilog=text[1],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", metavar="PARTS", default=",".join(PARTS), help=f"some of {','.join(PARTS)}")
    parser.add_argument("--rounds", type=int, help="rounds of gateway and nginx (5; 2 with --quick)")
    parser.add_argument("--secs", type=int, help="seconds of load in a round (4; 2 with --quick)")
    parser.add_argument("--soak", type=float, metavar="MINUTES", help="length of the soak (3; 0.5 with --quick)")
    parser.add_argument("--peers", metavar="NAMES", default="", help=f"some of {','.join(peers.PEERS)}, or `all`")
    parser.add_argument("--peers-in", metavar="DIR", type=Path, default=ROOT / ".venv/peers", help="where they are")
    parser.add_argument("--install-peers", action="store_true", help="install the named peers there first")
    parser.add_argument("--gateway", metavar="COMMAND", default="", help="the trunkline to measure (this Python's)")
    parser.add_argument("--results", metavar="DIR", type=Path, default=ROOT / "bench/results", help="where to write")
    parser.add_argument("--quick", action="store_true", help="short rounds: to try, not to quote")
    found = parser.parse_args(argv)
    quick: bool = found.quick
    found.only = _names(parser, "--only", found.only, PARTS)
    found.peers = _names(parser, "--peers", ",".join(peers.PEERS) if found.peers == "all" else found.peers, peers.PEERS)
    found.rounds = found.rounds or (2 if quick else 5)
    found.secs = found.secs or (2 if quick else 4)
    found.soak = found.soak or (0.5 if quick else 3.0)
    return found


def _names(
    parser: argparse.ArgumentParser, option: str, text: str, known: Sequence[str] | dict[str, peers.Peer]
) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in known:
            parser.error(f"`{name}` is not known to {option}: write some of {','.join(known)}")
    return names


def _load(rig_: Rig, gateway: Gateway, chosen: argparse.Namespace) -> tuple[list[Load], Ledger | None]:
    kinds = [(False, False, n) for n in CHAT_CONNECTIONS if "chat" in chosen.only]
    kinds += [(False, True, n) for n in STREAM_CONNECTIONS if "stream" in chosen.only]
    kinds += [(True, stream, report.CONNECTIONS) for stream in (False, True) if "translated" in chosen.only]
    if not kinds:
        return [], None
    loads, counter, books = [], Counter(), Books(gateway)
    for translated, stream, connections in kinds:
        kind = f"{'translated ' if translated else ''}{'stream' if stream else 'chat'}"
        print(f"{kind}, {connections} connections", flush=True)
        target = gateway_target(gateway, stream=stream, translated=translated)
        loads.append(measure(rig_, target, connections, chosen.rounds, chosen.secs, counter))
    return loads, books.compare(counter)


def _peers(rig_: Rig, chosen: argparse.Namespace) -> tuple[list[Load], list[str], dict[str, str]]:
    """Loads of the peers, those that could not be measured with the reason, and versions of the others."""
    loads: list[Load] = []
    absent, found_versions = [], {}
    for name in chosen.peers:
        peer, home = peers.PEERS[name], chosen.peers_in / name
        try:
            if chosen.install_peers:
                peers.install(peer, home)
            if not peer.program(home).exists():
                print(f"{peer.title} is not installed; --install-peers puts it into {home}", flush=True)
                absent.append(f"{peer.title} (not installed)")
                continue
            print(peer.title, flush=True)
            for part, stream in (("chat", False), ("stream", True)):
                if part in chosen.only:
                    with peers.serving(peer, home, rig_, stream=stream) as target:
                        loads.append(measure(rig_, target, 32, chosen.rounds, chosen.secs, Counter()))
            found_versions[peer.title] = peer.version
        except BenchError as error:
            print(error, file=sys.stderr, flush=True)
            absent.append(f"{peer.title} {peer.version} (failed: {str(error).splitlines()[0][:200]})")
    return loads, absent, found_versions


def run(chosen: argparse.Namespace) -> Report:
    """Measure what was asked for."""
    command = tuple(chosen.gateway.split())
    made = Report(
        date=dt.datetime.now(dt.UTC).date().isoformat(),
        machine=machine(),
        versions=versions(),
        settings={"rounds": str(chosen.rounds), "seconds": str(chosen.secs), "parts": " ".join(chosen.only)},
    )
    with rig() as rig_, contextlib.ExitStack() as stack:
        if "start" in chosen.only:
            print("start", flush=True)
            made = msgspec.structs.replace(
                made, start=scenes.start(rig_, rig_.run / "start", command, 2 if chosen.quick else 5)
            )
        if {"memory", "chat", "stream", "translated"} & {*chosen.only}:
            with Gateway(rig_, rig_.run / "load", command) as gateway:
                if "memory" in chosen.only:
                    print("idle memory", flush=True)
                    made = msgspec.structs.replace(made, idle=scenes.idle(gateway))
                loads, ledger = _load(rig_, gateway, chosen)
                made = msgspec.structs.replace(made, loads=loads, ledger=ledger)
        if "streams" in chosen.only:
            print("open streams", flush=True)
            with Gateway(rig_, rig_.run / "streams", command) as gateway:
                made = msgspec.structs.replace(made, streams=scenes.streams(gateway))
        if "soak" in chosen.only:
            print(f"soak, {chosen.soak:g} minutes", flush=True)
            with Gateway(rig_, rig_.run / "soak", command) as gateway:
                made = msgspec.structs.replace(made, soak=scenes.soak(gateway, chosen.soak))
        loads, absent, found = _peers(rig_, chosen)
        stack.close()
    made = msgspec.structs.replace(made, peers=loads, absent=absent, versions=made.versions | found)
    return msgspec.structs.replace(made, figures=report.figures(made))


def main(argv: Sequence[str]) -> int:
    """Run; returns 1 when a figure was measured and not reached, 2 when something is missing."""
    chosen = options(argv)
    try:
        need_programs()
        raise_open_files(1024)
        made = run(chosen)
    except BenchError as error:
        print(error, file=sys.stderr)
        return 2
    page = report.write(made, chosen.results)
    print(f"\n{report.figure_table(made.figures)}\n\nwritten: {page}")
    return int(any(figure.reached is False for figure in made.figures))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
