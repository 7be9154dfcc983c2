"""Recorded streams through the splitter and the relay, cut into reads of every size."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from trunkline.pipeline.relay import Relay
from trunkline.wire.sse import SseSplitter, event_data

RECORDINGS = Path(__file__).resolve().parents[4] / "shared" / "recordings"
SIZES = (1, 2, 3, 7, 1024)
SURFACES = ("chat", "completions")


def streams() -> dict[str, bytes]:
    """Every recorded stream of OpenAI's shape, by name."""
    found: dict[str, bytes] = {}
    for path in sorted(RECORDINGS.glob("*/*/*.json")):
        provider, _, surface = path.parent.name.partition(".")
        text = json.loads(path.read_text())["response"].get("sse") if surface in SURFACES else None
        if text and provider != "cohere":
            found[f"{provider}.{surface}/{path.stem}"] = text.encode()
    return found


STREAMS = streams()


def test_the_recordings_are_there() -> None:
    """Without recordings the tests below would check nothing: that is a failure, said by name."""
    assert RECORDINGS.is_dir(), "the recordings are not there: put them at `../shared/recordings`"
    assert len(STREAMS) > 60


@pytest.mark.parametrize("size", SIZES)
def test_p12_every_cut_gives_the_same_bytes(size: int) -> None:
    """P12: 100 streams and more, relayed in reads of this many bytes, have the sha256 they came with."""
    for name, data in STREAMS.items():
        pieces = [data[at : at + size] for at in range(0, len(data), size)]
        splitter, relay = SseSplitter(), Relay("openai", hide_usage=False, echo=b"")
        split = b"".join(splitter.feed(piece) for piece in pieces)
        assert split + splitter.rest == data, name
        assert split[-1:] in (b"\n", b"\r", b""), name
        relayed = b"".join(relay.feed(piece) for piece in pieces)
        end = data.find(b"data: [DONE]")
        whole = data[: end + 14] if end >= 0 else data[: len(split)]
        if relay.error:  # nothing follows an error event
            whole = data[: data.index(relay.error) + len(relay.error)]
        assert hashlib.sha256(relayed.rstrip()).digest() == hashlib.sha256(whole.rstrip()).digest(), name


@pytest.mark.parametrize("size", SIZES)
def test_every_cut_gives_the_same_events(size: int) -> None:
    """The data of all events is the same however the stream is cut."""
    for name, data in STREAMS.items():
        splitter, events = SseSplitter(), list[bytes]()
        for at in range(0, len(data), size):
            events += event_data(splitter.feed(data[at : at + size]))
        assert events == event_data(data[: len(data) - len(splitter.rest)]), name
