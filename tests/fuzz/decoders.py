"""Coverage-guided fuzzing of every decoder: `python -m tests.fuzz.decoders [seconds]`, needs atheris.

A decoder may say that bytes are no request, answer or stream of its format (`BadShape`, `Untranslatable`, a `Failed`
event); whatever else comes out is a bug. Seeds are the recorded exchanges, where they are at hand. The events of every
stream keep to the grammar, whatever bytes they were read from.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from trunkline.ir.format import Format
from trunkline.ir.grammar import check
from trunkline.ir.losses import BadShape, Losses, Untranslatable
from trunkline.wire.codec import Named
from trunkline.wire.event_stream import FrameDecoder
from trunkline.wire.registry import codec
from trunkline.wire.small.codec import Received
from trunkline.wire.small.multipart import parse
from trunkline.wire.small.registry import PROVIDERS, SURFACES

RECORDINGS: Final = Path(__file__).resolve().parents[3] / "shared" / "recordings"
CODECS: Final = [codec(one) for one in Format]
SECONDS: Final = 600
NAMED: Final = Named(model="m", stream=False)


def request(at: int, data: bytes) -> None:
    """A client's request, decoded and written again."""
    own = CODECS[at % len(CODECS)]
    members = msgspec.json.decode(data, type=dict[str, object])
    own.encode_request(own.decode_request(members, NAMED), Losses())


def across(at: int, data: bytes) -> None:
    """A client's request in another format's words."""
    own, other = CODECS[at % len(CODECS)], CODECS[(at // 8) % len(CODECS)]
    members = msgspec.json.decode(data, type=dict[str, object])
    other.encode_request(own.decode_request(members, NAMED), Losses())


def answer(at: int, data: bytes) -> None:
    """A provider's whole answer, and its error."""
    own = CODECS[at % len(CODECS)]
    own.decode_failure(500, data)
    own.decode_answer(msgspec.json.decode(data, type=dict[str, object]))


def stream(at: int, data: bytes) -> None:
    """A provider's stream, in two reads."""
    decoder = CODECS[at % len(CODECS)].stream_decoder()
    half = len(data) // 2
    check([*decoder.feed(data[:half]), *decoder.feed(data[half:]), *decoder.end()])


def small(at: int, data: bytes) -> None:
    """Requests of the small operations, from clients and (with the request) answers of providers."""
    surfaces: list[Any] = list(SURFACES.values())
    providers: list[Any] = list(PROVIDERS.items())
    kinds = ("application/json", 'multipart/form-data; boundary="b"')
    surface = surfaces[at % len(surfaces)]
    asked = surface.decode_request(Received(body=data, content_type=kinds[at & 1], path="/x"), NAMED)
    for (_, operation), provider in providers:
        if operation in {key[1] for key, value in SURFACES.items() if value is surface}:
            with contextlib.suppress(BadShape, Untranslatable):
                provider.encode_request(asked, Losses())
            with contextlib.suppress(BadShape):
                provider.decode_answer(Received(body=data), asked)


def frames(at: int, data: bytes) -> None:
    """Event-stream frames and multipart forms."""
    if at & 1:
        FrameDecoder().feed(data)
    else:
        parse(data, "multipart/form-data; boundary=b")


TARGETS: Final[tuple[Callable[[int, bytes], None], ...]] = (request, across, answer, stream, small, frames)
EXPECTED: Final = (BadShape, Untranslatable, msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""`RecursionError` comes from the JSON reader, before any decoder sees the value."""


def one(data: bytes) -> None:
    """Two bytes choose target and codec; the rest is what they read."""
    if len(data) < 3:
        return
    with contextlib.suppress(*EXPECTED):
        TARGETS[data[0] % len(TARGETS)](data[1], data[2:])


def seeds(folder: Path) -> int:
    """Write one file per recorded request, answer and stream; returns how many."""
    count = 0
    for file in sorted(RECORDINGS.glob("*/*/*.json")):
        record = msgspec.json.decode(file.read_bytes())
        response = record.get("response") or {}
        parts = [
            (0, (record.get("request") or {}).get("body")),
            (2, response.get("body")),
            (3, response.get("sse") or response.get("ndjson")),
        ]
        for target, value in parts:
            if value is not None:
                data = value.encode() if isinstance(value, str) else msgspec.json.encode(value)
                for at in range(len(CODECS)):
                    (folder / f"{count}").write_bytes(bytes((target, at)) + data[:20_000])
                    count += 1
    return count


def main(seconds: int) -> None:
    """Run until the time is over; libFuzzer ends the process with a status other than 0 at the first finding."""
    import atheris  # type: ignore[import-untyped]  # not a dependency: it has an environment of its own

    atheris.instrument_all()
    corpus = tempfile.mkdtemp(prefix="trunkline-fuzz-")
    print(f"{seeds(Path(corpus))} seeds, {seconds} s", flush=True)
    options = [sys.argv[0], corpus, f"-max_total_time={seconds}", "-max_len=20000", "-rss_limit_mb=4096", "-timeout=20"]
    atheris.Setup([*options, f"-artifact_prefix={corpus}/found-"], one)
    os.environ.setdefault("PYTHONHASHSEED", "0")
    atheris.Fuzz()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SECONDS)
