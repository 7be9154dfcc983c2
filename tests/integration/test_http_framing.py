"""H01-H05: what the edge makes of every odd request, and what it lets through to either side."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.answers import Answer, AnswerParser
from tests.support.gateway import SHORT, Gateway
from tests.support.http_vectors import VECTORS, Vector
from tests.support.provider import FakeProvider
from tests.support.raw_http import RawConnection, json_request, request_bytes
from tests.support.trial import CHAT, Trial

_numbers = itertools.count(1)


def names() -> tuple[str, str]:
    """Markers for a request and for the one hidden in it, of the placeholders' length."""
    number = next(_numbers)
    return f"vec-{number:08}", f"hid-{number:08}"


def deliver(
    port: int, vector: Vector, data: bytes, patience: float = 3.0, *, see_close: bool = True
) -> tuple[Answer, bool]:
    """Send a vector; its first answer, and whether the connection was closed behind it."""
    method = "HEAD" if data.startswith(b"HEAD") else "POST"
    with RawConnection(port, timeout=patience) as connection:
        connection.send(data)
        try:
            answer = connection.answer(method, seconds=patience)
        except TimeoutError:
            return AnswerParser().answer, False
        if vector.pipelined:
            with contextlib.suppress(TimeoutError):
                connection.answer(method, seconds=1.0)
        waiting = see_close and vector.expect in ("reject", "incomplete")
        return answer, waiting and connection.closed_within(1.0) is not None


def test_h01_there_are_enough_vectors() -> None:
    """H01: at least 100 smuggling vectors and 60 others, each with its own name and the section that decides it."""
    kinds = Counter(vector.kind for vector in VECTORS)
    assert kinds["smuggling"] >= 100
    assert kinds["other"] >= 60
    assert len({vector.name for vector in VECTORS}) == len(VECTORS)
    assert all(vector.section.startswith(("9110 ", "9112 ")) for vector in VECTORS)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector.section} {vector.name}")
def test_h01_vector(shared_gateway: Gateway, provider: FakeProvider, vector: Vector) -> None:
    """H01: must-reject vectors are refused and closed; what is answered 200 ran once; nothing hidden ever runs."""
    mark, hidden = names()
    since = len(provider.ledger())
    data = vector.filled(shared_gateway.master_key, mark, hidden)
    patience = SHORT["body_seconds"] + 1.5 if vector.expect == "incomplete" else 3.0
    answer, closed = deliver(shared_gateway.port, vector, data, patience)
    seen = Counter(entry.marker for entry in provider.ledger(since))
    assert seen[hidden] <= int(vector.pipelined), "the hidden request was run"
    assert not set(seen) - {mark, hidden}, seen
    match vector.expect:
        case "reject":
            assert 400 <= answer.status <= 505, answer
            assert closed, "the connection stayed open behind a request that must be refused"
            assert seen[mark] == 0
        case "accept":
            assert (answer.status, seen[mark]) == (200, 1), answer
            assert mark in answer.body.decode()
        case "incomplete":
            assert seen[mark] == 0
            assert closed or answer.status >= 400 or answer.error, answer
        case "either":
            runs = answer.status == 200 and mark.encode() in answer.body
            assert seen[mark] == int(runs), (seen, answer)
            assert answer.status or answer.error or closed, "no answer at all"


NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  log_format seen '$upstream_status $status $request_uri';
  access_log {folder}/access.log seen;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  client_header_timeout 1s; client_body_timeout 1s; underscores_in_headers on; ignore_invalid_headers off;
  upstream gateway {{ server 127.0.0.1:{port}; keepalive 1; }}
  server {{
    listen 127.0.0.1:{listen};
    location / {{ proxy_pass http://gateway; proxy_http_version 1.1; proxy_set_header Connection "";
                  proxy_set_header Host $http_host; proxy_request_buffering off; }}
  }}
}}
"""


@pytest.fixture
def nginx(shared_gateway: Gateway, tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """nginx in front of the gateway, one kept connection between them; its port and access log."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed: the vectors were not sent through a front (install nginx)")
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        listen = free.getsockname()[1]
    config = tmp_path / "nginx.conf"
    config.write_text(NGINX.format(folder=tmp_path, port=shared_gateway.port, listen=listen))
    process = subprocess.Popen([program, "-c", str(config), "-e", str(tmp_path / "error.log")])
    limit = time.monotonic() + 5
    while time.monotonic() < limit:
        try:
            RawConnection(listen, timeout=1).close()
            break
        except OSError:
            time.sleep(0.05)
    yield listen, tmp_path / "access.log"
    process.terminate()
    process.wait(10)


def test_h01_behind_nginx_the_counts_agree(
    nginx: tuple[int, Path], shared_gateway: Gateway, provider: FakeProvider
) -> None:
    """H01: of all vectors sent through nginx, the gateway ran exactly those that nginx believes it passed on."""
    port, access_log = nginx
    since = len(provider.ledger())
    hidden_names: set[str] = set()
    for vector in VECTORS:
        if vector.expect == "incomplete":
            continue
        mark, hidden = names()
        if not vector.pipelined:
            hidden_names.add(hidden)
        data = vector.filled(shared_gateway.master_key, mark, hidden)
        answer, _ = deliver(port, vector, data, patience=1.2, see_close=False)
        if answer.status == 200 and b"#0" in answer.body:
            assert f"{mark}#0" in answer.body.decode(), f"{vector.name}: the answer of another request"
    time.sleep(0.5)
    passed = [line.split() for line in access_log.read_text().splitlines()]
    front = sum(1 for upstream, _, path in passed if upstream == "200" and "/health" not in path)
    seen = [entry.marker for entry in provider.ledger(since)]
    assert not hidden_names & set(seen), "a hidden request was run behind nginx"
    assert len(seen) == len(set(seen))
    assert len(seen) >= 20
    assert len(seen) == front


EVIL = ["a\r\nX-Injected: yes", "a\nb", "a\rb", "a\x00b", "a\u0085b\u2028c", "\x1b[31mred", "é中😀", "x" * 300]


@pytest.mark.parametrize("field", ["user", "model", "metadata", "header", "path"])
def test_h02_user_data_never_splits_a_header(trial: Trial, field: str) -> None:
    """H02: CR, LF, NUL and other controls in user, model, metadata, headers or path split no header on either side."""
    called: set[object] = set()
    for evil in EVIL:
        body: dict[str, object] = {"model": "plain", "messages": [{"role": "user", "content": "hi"}]}
        headers: dict[str, str] = {}
        path = CHAT
        match field:
            case "user":
                body["user"] = evil
            case "model":
                body["model"] = evil
            case "metadata":
                body["metadata"] = {"tags": [evil], evil: "x"}
            case "header":
                safe = "".join(c for c in evil if c.isascii() and c.isprintable())
                headers = {"x-litellm-call-id": safe, "user-agent": safe, "x-request-id": safe}
            case _:
                quoted = "".join(f"%{byte:02X}" for byte in evil.encode())
                path = f"/openai/deployments/{quoted}/chat/completions"
        with trial.connect() as connection:
            connection.send(json_request(path, body, trial.gateway.master_key, headers))
            answer = connection.answer()
        assert answer.complete, (evil, answer.error)
        if answer.status == 200:
            called.add(answer.header("x-litellm-call-id"))
        assert not [name for name, _ in answer.headers if name.lower() == "x-injected"]
    for entry in trial.provider.ledger(trial.since):
        assert not [name for name, _ in entry.headers if name.lower() == "x-injected"]
    rows = trial.gateway.wait_rows(lambda all_: called <= {row["request_id"] for row in all_})
    mine = [row for row in rows if row["request_id"] in called]
    assert len(mine) == len(called)
    assert not [row for row in mine if "\x00" in str(row["end_user"])]


HOP_BY_HOP = {
    "Connection": "keep-alive, X-Private", "X-Private": "secret", "Keep-Alive": "timeout=5", "TE": "trailers",
    "Proxy-Authorization": "Basic eDp5", "Proxy-Connection": "keep-alive", "Cookie": "session=secret",
    "X-Forwarded-For": "10.0.0.1", "X-Forwarded-Host": "evil.test", "Forwarded": "for=10.0.0.1", "X-Api-Key": "sk-x",
    "X-Pass-Authorization": "Bearer stolen", "X-Pass-Host": "evil.test", "Referer": "https://inside.test/",
}  # fmt: skip


@pytest.mark.parametrize("stream", [False, True])
def test_h03_client_headers_stay_behind(trial: Trial, *, stream: bool) -> None:
    """H03: hop-by-hop headers, those that `Connection` names, cookies and credentials never reach the provider."""
    headers = dict(HOP_BY_HOP)
    del headers["X-Api-Key"]
    told = trial.call("plain", stream=stream, headers=headers)
    assert told.acknowledged, told.answer
    sent = {name.lower(): value for name, value in trial.entry(told.marker).headers}
    forbidden = {name.lower() for name in HOP_BY_HOP} - {"connection"}
    assert not forbidden & set(sent), forbidden & set(sent)
    assert sent.get("connection", "keep-alive").lower() == "keep-alive"
    assert sent["host"] == f"127.0.0.1:{trial.provider.ports.http}"


@pytest.mark.parametrize("named", ["Authorization", "Host", "Content-Length", "Content-Type", "close, Authorization"])
def test_h03_connection_cannot_name_our_own_headers_away(trial: Trial, named: str) -> None:
    """H03: `Connection: Authorization` removes neither the client's credential here nor ours at the provider."""
    told = trial.call("plain", headers={"Connection": named})
    assert told.acknowledged, told.answer
    entry = trial.entry(told.marker)
    assert {"authorization", "host", "content-length"} <= {name.lower() for name, _ in entry.headers}
    with trial.connect() as connection:
        body = trial.body("plain", trial.marker())
        connection.send(json_request(CHAT, body, "sk-wrong", {"Connection": named}))
        assert connection.answer().status == 401


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP", "X-Client-IP"])
def test_h04_forwarding_headers_of_strangers_are_not_believed(trial: Trial, header: str) -> None:
    """H04: without a list of trusted peers the row's address is the connection's, whatever the client claims."""
    value = "for=203.0.113.9" if header == "Forwarded" else "203.0.113.9"
    told = trial.call("plain", headers={header: value})
    row = trial.row(told.marker)
    assert "203.0.113.9" not in str(dict(row))
    assert row.get("requester_ip", row.get("requester_ip_address")) == "127.0.0.1"


def test_h05_underscore_headers_are_not_hyphen_headers(trial: Trial) -> None:
    """H05: `X_Api_Key` and `Api_Key` do not authenticate, `Content_Length` does not frame."""
    key, body = trial.gateway.master_key, trial.body("plain", trial.marker())
    for name in ("X_Api_Key", "API_Key", "X_Litellm_Api_Key", "Authorization_"):
        with trial.connect() as connection:
            request = json_request(CHAT, body, "", {name: key})
            connection.send(request.replace(b"Authorization: Bearer \r\n", b""))
            assert connection.answer().status == 401, name
    for name in ("Content_Length", "Transfer_Encoding", "Host_"):
        marker = trial.marker()
        with trial.connect() as connection:
            connection.send(trial.request("plain", marker, headers={name: "5"}))
            answer = connection.answer()
        assert answer.status in (200, 400), name
        assert len(trial.entries(marker)) == int(answer.status == 200)


def test_h01_two_different_credentials_are_refused(trial: Trial) -> None:
    """H01, A07: two `Authorization` headers that differ are refused rather than one of them chosen."""
    body = trial.body("plain", trial.marker())
    request = json_request(CHAT, body, "sk-other", {"X-A": "1"})
    second = f"Authorization: Bearer {trial.gateway.master_key}\r\n".encode()
    for data in (request.replace(b"X-A: 1\r\n", second), request.replace(b"Host:", second + b"Host:")):
        with trial.connect() as connection:
            connection.send(data)
            assert connection.answer().status in (400, 401)


def test_h01_get_requests_with_odd_framing_leave_the_connection_usable(trial: Trial) -> None:
    """H01: a GET with a body is read to its end: the next request on the connection is understood."""
    with trial.connect() as connection:
        connection.send(request_bytes("GET", "/health/liveliness", b"x" * 100))
        first = connection.answer("GET")
        assert first.status in (200, 400)
        if first.header("connection") != "close" and first.status == 200:
            connection.send(request_bytes("GET", "/health/liveliness"))
            assert connection.answer("GET").status == 200


def test_h01_a_length_inside_another_header_never_counts(trial: Trial) -> None:
    """H01: a head that was remembered is let in by its own length; one that stands in another header's value is text.

    What follows the body belongs to the next request, also where that comes in two pieces.
    """
    markers = [trial.marker() for _ in range(3)]
    with trial.connect() as connection:
        for marker in markers:
            note = {"X-Note": "Content-Length: 9999"}
            whole = json_request(CHAT, trial.body("plain", marker), trial.gateway.master_key, note)
            length = len(whole) - whole.index(b"\r\n\r\n") - 4
            connection.send(whole.replace(b"Content-Length: 9999", b"Content-Length: %d" % (length + 9)) + b"GET /heal")
            trial.tell(marker, connection.answer(), stream=False)
            connection.send(b"th/liveliness HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.answer("GET").status == 200
    assert [len(trial.entries(marker)) for marker in markers] == [1, 1, 1]
