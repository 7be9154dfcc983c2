"""The recorded exchanges of Converse and ConverseStream."""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from trunkline.ir.events import Event
from trunkline.ir.request import Request
from trunkline.wire.bedrock_converse.codec import CODEC
from trunkline.wire.codec import Named, Reply
from trunkline.wire.event_stream import encode_message

RECORDINGS = Path(__file__).resolve().parents[4] / "shared" / "recordings" / "bedrock"
MISSING = "the recordings are not there: put them at `../shared/recordings`"


@dataclass(frozen=True)
class Exchange:
    """One recorded exchange."""

    name: str
    request: dict[str, Any] | None
    model: str
    status: int
    body: Any
    events: list[dict[str, Any]]
    raw: bytes

    def decoded(self) -> Request:
        """The request, read; one that says hello where only the answer was recorded."""
        body = self.request or {"messages": [{"role": "user", "content": [{"text": "hello"}]}]}
        return CODEC.decode_request(body, Named(model=self.model, stream=bool(self.events)))

    def reply(self) -> Reply:
        """What an answer's encoder is given."""
        return Reply(id="1", model="m", created=1, request=self.decoded())


def _read(path: Path) -> Exchange:
    found = json.loads(path.read_text())
    request, response = found["request"] or {}, found["response"]
    events = response.get("events") or []
    raw = b64decode(response["eventstream_b64"]) if "eventstream_b64" in response else b"".join(
        encode_message(
            {**event["headers"], ":content-type": "application/json"}, json.dumps(event["payload"]).encode()
        )
        for event in events
    )  # fmt: skip
    model = unquote(request["path"].split("/")[2]) if request else ""
    return Exchange(path.stem, request.get("body"), model, response["status"], response.get("body"), events, raw)


EXCHANGES = [_read(path) for path in sorted(RECORDINGS.glob("bedrock.converse*/*.json"))]
ANSWERS = [exchange for exchange in EXCHANGES if exchange.body is not None and exchange.status == 200]
ERRORS = [exchange for exchange in EXCHANGES if exchange.status >= 400]
STREAMS = [exchange for exchange in EXCHANGES if exchange.events]


def each(exchanges: list[Exchange]) -> pytest.MarkDecorator:
    """Run a test for every exchange, by name; skipped aloud where there is none."""
    if not exchanges:
        missing = pytest.param(None, marks=pytest.mark.skip(reason=MISSING))
        return pytest.mark.parametrize("exchange", [missing])
    return pytest.mark.parametrize("exchange", exchanges, ids=lambda exchange: exchange.name)


def events_of(raw: bytes, size: int = 10**9) -> list[Event]:
    """The events of a stream that comes in reads of this many bytes."""
    decoder, found = CODEC.stream_decoder(), list[Event]()
    for at in range(0, len(raw), size):
        found += decoder.feed(raw[at : at + size])
    return found + decoder.end()


def framed(*events: tuple[str, object]) -> bytes:
    """A stream of these events."""
    return b"".join(
        encode_message(
            {":event-type": name, ":content-type": "application/json", ":message-type": "event"},
            json.dumps(payload).encode(),
        )
        for name, payload in events
    )
