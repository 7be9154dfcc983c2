"""Recorded exchanges of this format, read from beside the project (`../shared/recordings`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from trunkline.ir.answer import Answer
from trunkline.ir.events import Event
from trunkline.ir.grammar import check
from trunkline.ir.parts import Opaque, Part, Reasoning
from trunkline.ir.request import Request
from trunkline.wire.codec import Reply
from trunkline.wire.openai_responses.codec import CODEC

RECORDINGS = Path(__file__).resolve().parents[4] / "shared" / "recordings"
ABSENT = "the recordings are not there: put them at `../shared/recordings`"
SURFACES = "*/*responses*/*.json"
"""Every host of this format, and `responses.compact`, `.input_tokens`, `.retrieve`."""
WHOLE = 1 << 30


def exchanges(part: str) -> list[Any]:
    """Parameters for each exchange that has `part`: `request`, `body` or `sse`.

    One that skips, with its reason, where the recordings are absent.
    """
    found = []
    for path in sorted(RECORDINGS.glob(SURFACES)):
        exchange = json.loads(path.read_text())
        held = (exchange["request"] or {}).get("body") if part == "request" else exchange["response"].get(part)
        if held is not None:
            found.append(pytest.param(exchange, id=f"{path.parent.name}-{path.stem}"))
    if not found:
        found.append(pytest.param({}, marks=pytest.mark.skip(reason=ABSENT), id="absent"))
    return found


def reply_to(exchange: dict[str, Any]) -> Reply:
    """What the encoder of an answer knows of the recorded request."""
    body = (exchange["request"] or {}).get("body")
    request = Request(model="", messages=[]) if body is None else CODEC.decode_request(body)
    return Reply(id="ours", model="m", created=1, request=request)


def read(data: bytes, size: int = WHOLE) -> list[Event]:
    """All events of a stream that is read in pieces of `size` bytes, checked."""
    decoder = CODEC.stream_decoder()
    events = [event for at in range(0, len(data), size) for event in decoder.feed(data[at : at + size])]
    return check([*events, *decoder.end()])


def datas(stream: bytes | str) -> list[dict[str, Any]]:
    """The events of a stream, as JSON."""
    text = stream.decode() if isinstance(stream, bytes) else stream
    lines = [line[5:].strip() for line in text.splitlines() if line.startswith("data:")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def comparable(answer: Answer) -> Answer:
    """An answer without what a stream says in two ways.

    OpenAI encrypts reasoning anew for every event that holds it, one host makes temporary ids, and the tier that served
    is known at the end only.
    """
    answer.service_tier = ""
    for choice in answer.choices:
        choice.parts = [_comparable(part) for part in choice.parts]
    return answer


def _comparable(part: Part) -> Part:
    if isinstance(part, Reasoning):
        if part.opaque is not None:
            part.opaque = Opaque(kind=part.opaque.kind, data="*", id=part.opaque.id)
        put = getattr(part.native, "form", {}).get("put", {})
        if str(put.get("id")).startswith("rs_tmp_"):
            put["id"] = "rs_tmp"
    return part
