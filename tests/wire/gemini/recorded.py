"""The recorded exchanges of this format, and a whole answer put together from chunks without the code under test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from trunkline.ir.answer import Answer
from trunkline.ir.events import Event
from trunkline.ir.fold import fold
from trunkline.ir.grammar import check
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Message, Part, Role, Text
from trunkline.ir.request import Request
from trunkline.wire.codec import Members, Named, Reply
from trunkline.wire.gemini.codec import CODEC, GeminiCodec
from trunkline.wire.gemini.request_out import Rules

RECORDINGS = Path(__file__).resolve().parents[4] / "shared" / "recordings"
FOLDERS = ("gemini/gemini.*generate_content", "vertex/vertex.*generate_content", "*/*.count_tokens")
ABSENT = "the recordings are not there: put them at `../shared/recordings`"
VERTEX = GeminiCodec(vertex=True)
ARRAY = GeminiCodec(array=True)


class Exchange(msgspec.Struct):
    """One recording."""

    name: str
    codec: GeminiCodec
    counts: bool
    """It is a `countTokens`."""
    body: Any
    """The request's."""
    status: int
    answer: Any
    """The whole answer, or an error's body."""
    stream: bytes
    chunks: list[Any]


def exchanges() -> list[Exchange]:
    """Every recording of this format."""
    found: list[Exchange] = []
    for folder in FOLDERS:
        for path in sorted(RECORDINGS.glob(f"{folder}/*.json")):
            if not path.parts[-3].startswith(("gemini", "vertex")):
                continue  # other providers count tokens too
            record = json.loads(path.read_text())
            response = record["response"]
            body, sse = response.get("body"), response.get("sse") or ""
            chunks = [json.loads(line[5:]) for line in sse.splitlines() if line.startswith("data:")]
            stream = sse.encode()
            if isinstance(body, list):  # the framing without `alt=sse`; white space was lost in the recording
                chunks, body = body, None
                stream = b"[" + b",\r\n".join(json.dumps(chunk).encode() for chunk in chunks) + b"\n]\n"
            found.append(
                Exchange(
                    name=f"{path.parent.name}/{path.stem}",
                    codec=VERTEX if path.parts[-3] == "vertex" else CODEC,
                    counts="count_tokens" in path.parent.name,
                    body=(record["request"] or {}).get("body"),
                    status=response["status"],
                    answer=body,
                    stream=stream,
                    chunks=chunks,
                )
            )
    return found


EXCHANGES = exchanges()
REQUESTS = [one for one in EXCHANGES if one.body]
ANSWERS = [one for one in EXCHANGES if one.answer and one.status == 200 and not one.counts]
COUNTS = [one for one in EXCHANGES if one.counts and one.status == 200]
ERRORS = [one for one in EXCHANGES if one.status >= 400]
STREAMS = [one for one in EXCHANGES if one.chunks]


def each(chosen: list[Exchange]) -> pytest.MarkDecorator:
    """Run a test for each, by name; where the recordings are absent it is skipped with that reason."""
    if not chosen:
        return pytest.mark.skip(ABSENT)
    return pytest.mark.parametrize("exchange", chosen, ids=[one.name for one in chosen])


def reply_to(request: Request | None = None, provider: str = "", deployment: str = "") -> Reply:
    """What an encoder knows of the request."""
    asked = request or Request(model="m", messages=[])
    return Reply(id="1", model="m", created=0, request=asked, provider=provider, deployment=deployment)


def read(data: bytes, size: int = 0, codec: GeminiCodec = CODEC) -> list[Event]:
    """The events of a stream, read in pieces; the grammar is checked."""
    decoder = codec.stream_decoder()
    events: list[Event] = []
    for at in range(0, len(data), size or len(data) or 1):
        events += decoder.feed(data[at : at + (size or len(data))])
    return check([*events, *decoder.end()])


def sse(*chunks: object) -> bytes:
    """Chunks as Google frames them."""
    return b"".join(b"data: " + json.dumps(chunk).encode() + b"\r\n\r\n" for chunk in chunks)


def chunk(*parts: object, **candidate: object) -> Members:
    """A chunk with these parts."""
    return {"candidates": [{"content": {"parts": list(parts), "role": "model"}, "index": 0, **candidate}]}


def heard(*chunks: object, codec: GeminiCodec = CODEC) -> Answer:
    """What a finished stream of these chunks says."""
    return fold(read(sse(*chunks), codec=codec))


def written(events: list[Event], codec: GeminiCodec = CODEC, reply: Reply | None = None) -> bytes:
    """The events as a stream for a client."""
    encoder = codec.stream_encoder(reply or reply_to())
    return b"".join(encoder.encode(event) for event in check(events))


def payloads(stream: bytes) -> list[Any]:
    """The chunks of a written stream of server-sent events."""
    assert stream.endswith(b"\r\n\r\n")
    blocks = stream.decode().split("\r\n\r\n")[:-1]
    assert all(block.startswith("data: ") for block in blocks)
    return [json.loads(block.removeprefix("data: ")) for block in blocks]


def asked(body: Members, model: str = "m", codec: GeminiCodec = CODEC) -> Request:
    """A client's request."""
    return codec.decode_request(body, Named(model=model))


def sent(request: Request, rules: Rules | None = None) -> tuple[Any, list[str]]:
    """The body for Gemini, and where it lost something."""
    losses = Losses()
    body = GeminiCodec(rules=rules).encode_request(request, losses)
    return body, [loss.path for loss in losses.found]


def saying(*parts: Part, role: Role = "user") -> Request:
    """A request of another format: one message, or a question and a message of another role."""
    messages = [Message(role=role, parts=list(parts))]
    if role == "assistant":
        messages.insert(0, Message(role="user", parts=[Text(text="q")]))
    return Request(model="m", messages=messages)


def merged(chunks: list[Any]) -> Any:
    """The whole answer that a stream would have been; one candidate."""
    whole: dict[str, Any] = {}
    candidate: dict[str, Any] = {"content": {"parts": [], "role": "model"}, "index": 0}
    parts: list[Any] = candidate["content"]["parts"]
    found = False
    for piece in chunks:
        whole.update({name: value for name, value in piece.items() if name != "candidates"})
        for one in piece.get("candidates") or ():
            found = True
            for part in (one.get("content") or {}).get("parts") or ():
                _merge_part(parts, part)
            for name, value in one.items():
                if name == "citationMetadata":
                    there = candidate.setdefault(name, {})
                    for inner, sources in value.items():
                        there[inner] = [*there.get(inner, ()), *sources]
                elif name not in ("content", "index") and (value or name not in candidate):
                    candidate[name] = value
    return {**whole, "candidates": [candidate]} if found else whole


def _merge_part(parts: list[Any], part: Any) -> None:
    words = "text" in part and "thoughtSignature" not in part
    if words and not part["text"]:
        return
    before = parts[-1] if parts else {}
    if words and "text" in before and "thoughtSignature" not in before and before.keys() == part.keys():
        parts[-1] = {**before, "text": before["text"] + part["text"]}
    else:
        parts.append(part)
