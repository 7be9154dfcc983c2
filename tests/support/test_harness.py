"""The harness does what it says: a fault test that cannot fail proves nothing."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.support.answers import AnswerParser, read_stream
from tests.support.checker import Told, reconcile, scan, spellings
from tests.support.gateway import Row
from tests.support.provider import Entry, FakeProvider
from tests.support.raw_http import Answer, RawConnection, json_request
from tests.support.tcp_proxy import TcpProxy


def ask(
    provider: FakeProvider, model: str, marker: str, *, stream: bool = True, port: int = 0, seconds: float = 5.0
) -> Answer:
    body: dict[str, object] = {"model": model, "user": marker, "stream": stream}
    body["stream_options"] = {"include_usage": True}
    with RawConnection(port or provider.ports.http, timeout=seconds) as connection:
        connection.send(json_request("/v1/chat/completions", body, "sk-test"))
        return connection.answer(seconds=seconds)


def test_a_good_stream_is_whole_and_written_down(provider: FakeProvider) -> None:
    """A good stream parses strictly, ends in one `[DONE]` and equals the ledger's account of it."""
    answer = ask(provider, "fault:ok:n=4", "harness-good")
    entry = provider.wait_entry("harness-good")
    assert answer.complete
    assert (answer.stream.done, answer.stream.broken) == (1, [])
    assert answer.stream.content_events == entry.events == 4
    assert answer.stream.usage == [{"prompt_tokens": entry.prompt_tokens, "completion_tokens": 4,
                                    "total_tokens": entry.prompt_tokens + 4}]  # fmt: skip
    assert (entry.ended, entry.usage_sent, entry.stream) == ("done", True, True)


@pytest.mark.parametrize(
    ("model", "error"),
    [
        ("fault:rst_head", "ConnectionResetError"),
        ("fault:fin_head", "connection ended in `head`"),
        ("fault:rst_first", "ConnectionResetError"),
        ("fault:rst_at:at=500", "ConnectionResetError"),
        ("fault:fin_at:at=500", "connection ended in `chunk"),
        ("fault:lie:kind=long", "connection ended in `length`"),
        ("fault:headers:kind=bare_lf", "malformed head"),
        ("fault:headers:kind=nul", "malformed head"),
    ],
)
def test_broken_answers_are_seen_as_broken(provider: FakeProvider, model: str, error: str) -> None:
    """Resets, early ends and bad heads come out as errors of the strict client."""
    answer = ask(provider, model, "harness-broken")
    assert error in answer.error
    assert not answer.complete


@pytest.mark.parametrize("model", ["fault:silent", "fault:head_only", "fault:stall:after=2", "fault:pings"])
def test_hanging_answers_hang_and_note_when_the_client_left(provider: FakeProvider, model: str) -> None:
    """A hanging fault stays silent until the client closes, and the ledger has that moment."""
    marker = f"harness-{model}"
    with pytest.raises(TimeoutError):
        ask(provider, model, marker, seconds=0.3)
    left = time.monotonic()
    (entry,) = [e for e in provider.wait(
        lambda all_: any(e.marker == marker and e.ended != "open" for e in all_)) if e.marker == marker]  # fmt: skip
    assert entry.ended == "client_closed"
    assert entry.client_closed_at is not None
    assert abs(entry.client_closed_at - left) < 0.3


def test_a_fault_can_be_limited_to_the_first_requests(provider: FakeProvider) -> None:
    """`times=1` hits a marker once; the next request of the marker is answered well."""
    assert ask(provider, "fault:status:code=503,times=1", "harness-times", stream=False).status == 503
    assert ask(provider, "fault:status:code=503,times=1", "harness-times", stream=False).status == 200


def test_ports_are_as_bad_as_their_names(provider: FakeProvider) -> None:
    """The closed port refuses, the blackhole drops SYNs, the canary counts."""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", provider.ports.closed), timeout=2)
    with pytest.raises(TimeoutError):
        socket.create_connection(("127.0.0.1", provider.ports.blackhole), timeout=0.5)
    if provider.ports.dual:
        with pytest.raises(TimeoutError):
            socket.create_connection(("::1", provider.ports.dual), timeout=0.5)
    before = provider.counts().canary
    socket.create_connection(("127.0.0.1", provider.ports.canary), timeout=2).close()
    assert provider.counts().canary == before + 1


@pytest.mark.parametrize(
    ("port", "reason"),
    [
        ("tls_expired", "certificate has expired"),
        ("tls_wrong_name", "IP address mismatch"),
        ("tls_self_signed", "self-signed certificate"),
        ("tls_old", "(?i)version|protocol|unsupported"),
    ],
)
def test_bad_certificates_are_refused_by_a_client_that_checks(provider: FakeProvider, port: str, reason: str) -> None:
    """A client that trusts the local CA accepts the good port only, and for the right reason."""
    context = ssl.create_default_context(cafile=provider.ports.ca_file)
    with socket.create_connection(("127.0.0.1", provider.ports.tls), timeout=3) as raw:
        context.wrap_socket(raw, server_hostname="127.0.0.1").close()
    address = ("127.0.0.1", getattr(provider.ports, port))
    with socket.create_connection(address, timeout=3) as raw, pytest.raises(ssl.SSLError, match=reason):
        context.wrap_socket(raw, server_hostname="127.0.0.1")


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi", "ambiguous"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", "ambiguous"),
        (b"HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhix\r\n", "longer"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\nhi\r\n", "chunk size"),
        (b"HTTP/1.1 200 OK\r\nX Y: 1\r\n\r\n", "malformed"),
    ],
)
def test_the_strict_parser_forgives_nothing(raw: bytes, error: str) -> None:
    """Answers that a lenient client reads anyway are errors, however they are cut into reads."""
    for step in (1, len(raw)):
        parser = AnswerParser()
        for start in range(0, len(raw), step):
            parser.feed(raw[start : start + step])
        assert error in parser.answer.error


def test_the_stream_reader_counts_what_must_not_be_there() -> None:
    """Events after the end, a second `[DONE]`, broken JSON and a tail without its blank line are all seen."""
    late = b'data: {"b":2}\n\ndata: [DONE]\n\ndata: {"x\n\ndata: {}'
    stream = read_stream(b'data: {"a":1}\n\n: c\n\ndata: [DONE]\n\n' + late)
    assert (stream.done, stream.after_end, stream.comments, len(stream.broken)) == (2, 3, 1, 2)


def row(**changes: object) -> Row:
    good: Row = {
        "request_id": "r1", "end_user": "m1", "status": "success", "outcome": "ok", "attempts": 1, "stream": False,
        "prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "usage_source": "provider",
        "spend": Decimal("0.00002"),
    }  # fmt: skip
    return good | changes


ENTRY = Entry(
    number=0, connection=1, arrived=0.0, method="POST", path="/", headers=[], key="", marker="m1", model="",
    stream=False, fault="ok", body_bytes=0, body_sha256="", prompt_tokens=10, completion_tokens=5, usage_sent=True,
    ended="done",
)  # fmt: skip
ANSWER = Answer(
    status=200, complete=True, body=b'{"usage":{"prompt_tokens":10,"completion_tokens":5}}',
    headers=[("x-litellm-call-id", "r1")],
)  # fmt: skip
TOLD = Told(marker="m1", answer=ANSWER, stream=False, seconds=0.0)


def test_books_that_agree_pass() -> None:
    """One request, one row, one answer, the same figures: nothing to say."""
    assert reconcile([ENTRY], [row()], [TOLD]) == []


@pytest.mark.parametrize(
    "rows",
    [
        list,
        lambda: [row(), row()],
        lambda: [row(), row(request_id="r2")],
        lambda: [row(prompt_tokens=9, total_tokens=14)],
        lambda: [row(spend=Decimal("0.000021"))],
        lambda: [row(total_tokens=16)],
        lambda: [row(status="failure", outcome="client_gone")],
        lambda: [row(usage_source="estimated")],
        lambda: [row(request_id="r9")],
        lambda: [row(attempts=0)],
        lambda: [row(prompt_tokens=-1, total_tokens=4)],
    ],
)
def test_every_disagreement_is_found(rows: Callable[[], list[Row]]) -> None:
    """A missing, doubled, wrong or mispriced row is reported."""
    assert reconcile([ENTRY], rows(), [TOLD])


def test_the_canary_scan_finds_a_secret_in_every_spelling() -> None:
    """Plain, hex, base64 at each alignment, URL-encoded, reversed and half a key are all found; noise is not."""
    secret = "sk-canary-0123456789abcdef0123456789abcdef01234567"
    for form, how in spellings(secret).items():
        assert scan({"key": secret}, {"somewhere": b"x" + form + b"y"}), how
    assert scan({"key": secret}, {"somewhere": b"sk-canary and 0123456789a"}) == []


def test_the_tcp_proxy_delays_freezes_and_cuts(provider: FakeProvider) -> None:
    """Latency is felt both ways, a blackhole passes nothing until healed, a limit resets in the middle."""
    with TcpProxy(("127.0.0.1", provider.ports.http)) as proxy:
        assert ask(provider, "fault:ok", "proxy-1", stream=False, port=proxy.port).complete
        proxy.latency(0.2)
        start = time.monotonic()
        assert ask(provider, "fault:ok", "proxy-2", stream=False, port=proxy.port).complete
        assert time.monotonic() - start >= 0.4
        proxy.heal()
        proxy.blackhole()
        with pytest.raises(TimeoutError):
            ask(provider, "fault:ok", "proxy-3", stream=False, port=proxy.port, seconds=0.3)
        proxy.heal()
        proxy.limit_data(300)
        assert not ask(provider, "fault:ok:n=50", "proxy-4", port=proxy.port).complete
        proxy.heal()
        proxy.refuse()
        with pytest.raises(ConnectionResetError), RawConnection(proxy.port, timeout=2) as refused:
            refused.receive()
