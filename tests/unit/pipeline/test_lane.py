"""The short way of plain events: the same to the client and the ledger as the long one, however the bytes come."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import pytest

from bench.hotpath import CONFIG, SCENES, STREAM_HEAD, Bench, Transport
from trunkline.pipeline.lane import Lane, Retold
from trunkline.server.edge import EdgeProtocol

BASE = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": "bench-model"}
DRAINING = CONFIG.replace("sk-bench-key}", "sk-bench-key, trunkline: {on_client_gone: drain}}")


class Socket(Transport):
    """A client's or a provider's socket that keeps what is written and whether it is read."""

    def __init__(self) -> None:
        super().__init__()
        self.data = b""
        self.reading = True
        self.aborted = False

    def write(self, data: bytes) -> None:
        """Keep it."""
        self.data += data

    def pause_reading(self) -> None:
        """Read no more."""
        self.reading = False

    def resume_reading(self) -> None:
        """Read on."""
        self.reading = True

    def abort(self) -> None:
        """The connection ends."""
        self.aborted = True

    def close(self) -> None:
        """The connection ends."""

    def get_write_buffer_size(self) -> int:
        """Nothing waits."""
        return 0


class Wire:
    """A gateway between a client and a provider whose packets the test hands over one by one."""

    def __init__(self, folder: Path, scene: str = "stream", *, ask_usage: bool = False) -> None:
        self.bench = Bench(folder)
        self.client, self.provider = Socket(), Socket()
        self.bench.edge.transport = self.client
        self.edge: EdgeProtocol = self.bench.edge
        self.upstream = self.bench.upstreams[scene]
        self.upstream.transport = self.provider  # type: ignore[assignment]  # a stand-in with the few methods used
        head, _, body = SCENES[scene][0].partition(b"\r\n\r\n")
        if ask_usage:
            body = body[:-1] + b',"stream_options":{"include_usage":true}}'
        head = re.sub(rb"Content-Length: \d+", b"Content-Length: %d" % len(body), head)
        self.edge.data_received(head + b"\r\n\r\n" + body)
        self.bench.loop.run()

    def feed(self, *packets: bytes) -> None:
        """The provider sends packets, each in a read of its own."""
        for packet in packets:
            self.upstream.data_received(packet)
            self.bench.loop.run()

    def lose(self) -> None:
        """The provider closes."""
        self.upstream.connection_lost(None)
        self.bench.loop.run()

    def short(self) -> bool:
        """The connection has a short way."""
        return isinstance(self.upstream.lane, Lane | Retold)

    @property
    def shown(self) -> bytes:
        """The body that the client got so far, without its framing."""
        _, _, rest = self.client.data.partition(b"\r\n\r\n")
        return unframed(rest)

    @property
    def counted(self) -> tuple[int, ...]:
        """Streams that ended well and badly, and the tokens they were charged for."""
        found = self.bench.gateway.stats.deployments.values()
        sums = ((one.successes, one.failures, one.input_tokens, one.output_tokens) for one in found)
        return tuple(map(sum, zip(*sums, strict=True)))


def unframed(data: bytes) -> bytes:
    """What chunks hold; each of them must be whole."""
    found = b""
    while data:
        line, _, rest = data.partition(b"\r\n")
        size = int(line, 16)
        assert rest[size : size + 2] == b"\r\n"
        found, data = found + rest[:size], rest[size + 2 :]
    return found


def event(text: str = "", *, finish: str | None = None, **members: object) -> bytes:
    """One event as OpenAI sends it."""
    delta = {"content": text} if finish is None else {}
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return b"data: " + msgspec.json.encode({**BASE, "choices": [choice], "usage": None, **members}) + b"\n\n"


def chunk(data: bytes) -> bytes:
    """A chunk of a body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


FIRST = [STREAM_HEAD, *(chunk(event(text)) for text in ("Once", " upon"))]
USAGE = {"prompt_tokens": 24, "completion_tokens": 5, "total_tokens": 29}
END = [
    chunk(event(finish="stop")),
    chunk(event(choices=[], usage=USAGE)),
    chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n",
]


@pytest.fixture
def wire(tmp_path: Path) -> Wire:
    """A stream that has its short way."""
    made = Wire(tmp_path)
    made.feed(*FIRST)
    assert made.short()
    return made


def test_a_plain_event_costs_the_relay_nothing(wire: Wire) -> None:
    """An event like the last goes past the call and the relay, without what the client did not ask for."""
    call = wire.edge.call
    assert call is not None
    relay, call.relay = call.relay, None  # it would fail if it were asked
    wire.feed(chunk(event(" a")), chunk(event(" time")))
    call.relay = relay
    assert relay is not None
    assert relay.events == 4
    wire.feed(*END)
    assert re.findall(rb'"content":"([^"]+)"', wire.shown) == [b"Once", b" upon", b" a", b" time"]
    assert b"usage" not in wire.shown
    assert wire.shown.endswith(b"data: [DONE]\n\n")
    assert wire.counted == (1, 0, 24, 5)


def test_bytes_go_on_as_they_came(tmp_path: Path) -> None:
    """Where nothing is hidden, the client gets the provider's own chunk."""
    wire = Wire(tmp_path, ask_usage=True)
    wire.feed(*FIRST)
    assert wire.short()
    before, packet = len(wire.client.data), chunk(event(" a"))
    wire.feed(packet)
    assert wire.client.data[before:] == packet


ODD = {
    "a quote": event('"'),
    "a line": event("\n"),
    "a backslash": event("\\"),
    "an empty text": event(),
    "another member": event(" a", system_fingerprint="fp_2"),
    "an error": event(" a", error={"message": "broke", "type": "server_error"}),
    "an end": event(finish="length"),
    "a comment": b": ping\n\n",
    "two events": event(" a") + event(" b"),
    "half an event": event(" a")[:-40],
    "no event's end": event(" a")[:-1],
    "a raw line end": event(" a#").replace(b"#", b"\n"),
    "a raw empty line": event(" a#").replace(b"#", b"\n\n"),
    "a raw carriage return": event(" a#").replace(b"#", b"\r"),
    "a raw quote": event(" a#").replace(b"#", b'"'),
    "a text and its back twice": event(" a").replace(b'" a"', b'" a"},"content":{"" a"'),
    "an error inside the text": event(" a#").replace(b"#", b'"}}],"error":{"message":"broke"},"x":[{"y":{"z":"'),
    "a large text": event("a" * 3000),
    "no JSON": b"data: oops\n\n",
    "usage on the way": event(" a", usage=USAGE),
}
"""Events that differ from the last one in more than a word."""


def orders(plain: list[bytes], end: list[bytes], odd: Mapping[str, bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """Ways in which the bytes of a stream come."""
    whole = b"".join([*plain, *end])
    yield "one by one", [*plain, *end]
    yield "all at once", [whole]
    yield "upper case", [b"0" + part.replace(part[:3], part[:3].upper(), 1) for part in plain] + end
    yield "with an extension", [plain[0].replace(b"\r\n", b";a=b\r\n", 1), *plain[1:], *end]
    yield "a size too small", [b"1" + plain[0][1:], *plain[1:], *end]
    yield "a size too large", [b"f" + plain[0][1:], *plain[1:], *end]
    for name, content in odd.items():
        yield name, [plain[0], chunk(content), plain[1], plain[2], *end]
        yield f"{name}, then a cut", [plain[0], chunk(content), plain[1]]
    for at in range(1, len(whole), 17):
        yield f"cut in two at {at}", [whole[:at], whole[at:]]
    for at in range(1, len(plain[1]), 3):
        yield f"the second in two at {at}", [plain[0], plain[1][:at], plain[1][at:], plain[2], *end]
    for size in (1, 3, 100):
        yield f"{size} bytes a read", [whole[at : at + size] for at in range(0, len(whole), size)]


def outcome(wire: Wire, packets: Sequence[bytes]) -> tuple[bytes, tuple[int, ...], bool]:
    """What the client got, what was counted, and whether the provider was hung up on."""
    for packet in packets:
        if wire.provider.aborted:
            break
        wire.feed(packet)
    wire.lose()
    return re.sub(rb'"created":\d+', b"", wire.shown), wire.counted, wire.provider.aborted


def differences(
    folder: Path, monkeypatch: pytest.MonkeyPatch, cases: Sequence[list[bytes]], begin: Callable[[Path], Wire]
) -> list[int]:
    """The cases that end otherwise with a short way than without one."""
    found: list[list[object]] = []
    for short in (True, False):
        if not short:
            monkeypatch.setattr(EdgeProtocol, "chunk_writer", lambda _: None)
        ends: list[object] = []
        for number, packets in enumerate(cases):
            place = folder / f"{short}{number}"
            place.mkdir()
            wire = begin(place)
            assert wire.short() is short
            ends.append(outcome(wire, packets))
        found.append(ends)
    return [number for number, (one, other) in enumerate(zip(*found, strict=True)) if one != other]


@pytest.mark.parametrize("ask_usage", [False, True])
def test_the_short_way_is_the_long_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask_usage: bool) -> None:
    """However the bytes come and whatever they hold: client and ledger see what they see without a short way."""

    def begin(folder: Path) -> Wire:
        wire = Wire(folder, ask_usage=ask_usage)
        wire.feed(*FIRST)
        return wire

    names, cases = zip(*orders([chunk(event(f" word{number}")) for number in range(3)], END, ODD), strict=True)
    assert [names[number] for number in differences(tmp_path, monkeypatch, cases, begin)] == []


def told(kind: str, **members: object) -> bytes:
    """One event as Anthropic sends it."""
    return f"event: {kind}\ndata: ".encode() + msgspec.json.encode({"type": kind, **members}) + b"\n\n"


def words(text: str, index: int = 0) -> bytes:
    """More words of a block of text."""
    return told("content_block_delta", index=index, delta={"type": "text_delta", "text": text})


def block(index: int, **members: object) -> bytes:
    """A block begins."""
    return told("content_block_start", index=index, content_block=members)


MESSAGE: dict[str, object] = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": [], "stop_reason": None,
    "usage": {"input_tokens": 24, "output_tokens": 1},
}  # fmt: skip
TOLD_FIRST = [
    STREAM_HEAD,
    chunk(told("message_start", message=MESSAGE) + block(0, type="text", text="")),
    chunk(words("Once")),
]
TOLD_END = [
    chunk(told("content_block_stop", index=0)),
    chunk(told("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage={"output_tokens": 5})),
    chunk(told("message_stop")) + b"0\r\n\r\n",
]
TOLD_ODD = {
    "a quote": words('"'),
    "a line": words("\n"),
    "a backslash": words("\\"),
    "another script": words(" h\u00e9, \u4f60\u597d \U0001f600"),
    "a space of another kind": words("\u00a0\u2028"),
    "an escaped letter": words(" a#").replace(b"#", b"\\u0041"),
    "no UTF-8": words(" a#").replace(b"#", b"\xff"),
    "a raw control character": words(" a#").replace(b"#", b"\x01"),
    "a raw line end": words(" a#").replace(b"#", b"\n"),
    "a raw carriage return": words(" a#").replace(b"#", b"\r"),
    "a raw quote": words(" a#").replace(b"#", b'"'),
    "an empty text": words(""),
    "a large text": words("a" * 1900),
    "a larger text": words("a" * 3000),
    "a ping": told("ping"),
    "a comment": b": ping\n\n",
    "an error": told("error", error={"type": "overloaded_error", "message": "busy"}),
    "two events": words(" a") + words(" b"),
    "a block that was not begun": words(" a", index=1),
    "the block's end": told("content_block_stop", index=0),
    "another block": told("content_block_stop", index=0) + block(1, type="text", text="") + words(" a", 1),
    "a call": block(1, type="tool_use", id="toolu_1", name="f", input={})
    + told("content_block_delta", index=1, delta={"type": "input_json_delta", "partial_json": "{}"}),
    "a citation": told(
        "content_block_delta", index=0,
        delta={"type": "citations_delta", "citation": {"type": "char_location", "cited_text": "a",
               "document_index": 0, "document_title": "t", "start_char_index": 0, "end_char_index": 1}},
    ),
    "a member that nobody knows": told(
        "content_block_delta", index=0, delta={"type": "text_delta", "text": " a", "more": 1}
    ),
    "no JSON": b"event: content_block_delta\ndata: oops\n\n",
}  # fmt: skip


def test_the_short_way_of_a_translation_is_the_long_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same where the client's events are written anew."""

    def begin(folder: Path) -> Wire:
        wire = Wire(folder, "translated-stream")
        wire.feed(*TOLD_FIRST)
        return wire

    plain = [chunk(words(f" word{number}")) for number in range(3)]
    names, cases = zip(*orders(plain, TOLD_END, TOLD_ODD), strict=True)
    assert [names[number] for number in differences(tmp_path, monkeypatch, cases, begin)] == []


def test_a_translated_event_is_not_read(tmp_path: Path) -> None:
    """More words of the same block go past the call and its codecs, and count as if they had been read."""
    wire = Wire(tmp_path, "translated-stream")
    wire.feed(*TOLD_FIRST)
    call = wire.edge.call
    assert call is not None
    relay, call.relay = call.relay, None  # it would fail if it were asked
    wire.feed(chunk(words(" upon")), chunk(words(" \u00e9")))
    call.relay = relay
    assert relay is not None
    assert (relay.events, relay.estimated_output()) == (3, 2)
    wire.feed(*TOLD_END)
    assert "".join(re.findall('"content":"([^"]+)"', wire.shown.decode())) == "Once upon \u00e9"
    assert wire.counted == (1, 0, 24, 5)


def test_a_slow_client_holds_the_provider_back(wire: Wire) -> None:
    """The client's full socket pauses the provider at once, and its emptied one lets it go on."""
    wire.edge.pause_writing()
    assert not wire.provider.reading
    wire.edge.resume_writing()
    assert wire.provider.reading


def test_each_event_puts_the_time_out_off(wire: Wire) -> None:
    """A stream that goes on is not called silent; the whole call's limit stays."""
    call = wire.edge.call
    assert call is not None
    call.deadline = 0.0
    wire.feed(chunk(event(" a")))
    first = call.deadline
    assert 0.0 < first <= call.total_deadline
    wire.upstream.lane = None
    call.total_deadline = first - 1.0
    wire.feed(
        chunk(event(" b, which is looked at", system_fingerprint="fp_2")), chunk(event(" c", system_fingerprint="fp_2"))
    )
    assert wire.short()
    assert call.deadline == first - 1.0


def test_nothing_is_written_for_a_client_that_has_gone(wire: Wire) -> None:
    """The client hangs up: the provider is hung up on, and the short way is closed."""
    before = len(wire.client.data)
    wire.edge.connection_lost(None)
    assert not wire.short()
    assert wire.provider.aborted
    wire.lose()
    assert len(wire.client.data) == before


def test_a_drained_stream_is_read_and_not_written(tmp_path: Path) -> None:
    """Where the policy is to read on to the usage, no event goes to the client that has gone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bench.hotpath.CONFIG", DRAINING)
        wire = Wire(tmp_path)
    wire.feed(*FIRST)
    assert wire.short()
    before = len(wire.client.data)
    wire.edge.connection_lost(None)
    wire.feed(chunk(event(" a")), *END)
    assert not wire.short()
    assert len(wire.client.data) == before
    assert wire.counted == (1, 0, 24, 5)
