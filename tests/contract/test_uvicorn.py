"""What the edge uses of uvicorn: an upgrade that changes it fails here first, with a name."""

from __future__ import annotations

import asyncio
import inspect
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, ClassVar

import httptools
import pytest
import uvicorn
from typing_extensions import override
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import Server, ServerState

Message = MutableMapping[str, Any]


async def app(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Answers with the body it got."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Recorder(HttpToolsProtocol):
    """The edge's way of subclassing, with every callback written down."""

    seen: ClassVar[list[str]] = []
    made: ClassVar[list[Recorder]] = []

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]  # see above
        self.made.append(self)

    @override
    def on_message_begin(self) -> None:
        self.seen.append("on_message_begin")
        super().on_message_begin()

    @override
    def on_url(self, url: bytes) -> None:
        self.seen.append("on_url")
        super().on_url(url)

    @override
    def on_header(self, name: bytes, value: bytes) -> None:
        self.seen.append("on_header")
        super().on_header(name, value)

    @override
    def on_headers_complete(self) -> None:
        self.seen.append("on_headers_complete")
        super().on_headers_complete()

    @override
    def on_body(self, body: bytes) -> None:
        self.seen.append("on_body")
        super().on_body(body)

    @override
    def on_message_complete(self) -> None:
        self.seen.append("on_message_complete")
        super().on_message_complete()

    @override
    def on_response_complete(self) -> None:
        self.seen.append("on_response_complete")
        super().on_response_complete()


@pytest.fixture(autouse=True)
def clean() -> None:
    """Nothing of the test before."""
    Recorder.seen.clear()
    Recorder.made.clear()


def config() -> uvicorn.Config:
    """As the worker makes it."""
    return uvicorn.Config(
        app, http=Recorder, ws="none", lifespan="off", log_config=None, access_log=False, server_header=False,
        backlog=16, proxy_headers=False,
    )  # fmt: skip


async def ask(port: int, data: bytes) -> bytes:
    """Send bytes; read to the end of the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    return answer


def test_the_version_is_pinned() -> None:
    """The minor version that this contract was read from."""
    assert uvicorn.__version__.startswith("0.54.")


async def test_the_worker_serves_with_the_private_serve() -> None:
    """`_serve` takes our sockets and no signals; `should_exit` ends it through our `shutdown`, once."""
    order: list[str] = []

    class Ours(uvicorn.Server):
        @override
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            order.append("shutdown")
            assert sockets == [sock]
            for server in self.servers:
                server.close()
            for one in list(self.server_state.connections):
                one.shutdown()

    sock = socket.create_server(("127.0.0.1", 0))
    server = Ours(config())
    assert isinstance(server.server_state, ServerState)
    serving = asyncio.create_task(server._serve([sock]))
    port = sock.getsockname()[1]
    answer = await ask(port, b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
    assert answer.endswith(b"\r\n\r\nhi")
    assert b"server:" not in answer.lower()
    assert server.server_state.total_requests == 1
    server.should_exit = True
    await asyncio.wait_for(serving, 5)
    assert order == ["shutdown"]
    assert not server.force_exit
    sock.close()


async def test_callbacks_come_in_the_order_the_edge_relies_on() -> None:
    """From the first byte to `on_response_complete`, which is called through the instance, so that ours is the one."""
    sock = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(config())
    serving = asyncio.create_task(server._serve([sock]))
    await ask(sock.getsockname()[1], b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
    assert Recorder.seen == [
        "on_message_begin", "on_url", *["on_header"] * 3, "on_headers_complete", "on_body", "on_message_complete",
        "on_response_complete",
    ]  # fmt: skip
    one = Recorder.made[0]
    assert isinstance(one.cycle, RequestResponseCycle)
    assert one.cycle.response_complete
    assert one.cycle.keep_alive is False
    server.should_exit = True
    await asyncio.wait_for(serving, 5)
    sock.close()


async def test_a_connection_has_what_the_edge_reads() -> None:
    """`transport`, `parser`, `flow`, `headers`, `url`, `client`, `loop`, `server_state` and their ways."""
    sock = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(config())
    serving = asyncio.create_task(server._serve([sock]))
    reader, writer = await asyncio.open_connection("127.0.0.1", sock.getsockname()[1])
    writer.write(b"POST /a?b=1 HTTP/1.1\r\nHost: X\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
    while "on_headers_complete" not in Recorder.seen:
        await asyncio.sleep(0.01)
    (one,) = server.server_state.connections
    assert isinstance(one, Recorder)
    assert isinstance(one.parser, httptools.HttpRequestParser)
    assert isinstance(one.flow, FlowControl)
    assert one.headers == [(b"host", b"X"), (b"expect", b"100-continue"), (b"content-length", b"5")]
    assert one.url == b"/a?b=1"
    assert one.client is not None
    assert one.client[0] == "127.0.0.1"
    assert one.loop is asyncio.get_running_loop()
    assert one.server_state is server.server_state
    assert one.expect_100_continue is True
    assert one.parser.get_method() == b"POST"
    assert one.parser.get_http_version() == "1.1"
    assert one.parser.should_keep_alive() is True
    assert one.cycle.response_complete is False
    writer.close()
    server.should_exit = True
    await asyncio.wait_for(serving, 5)
    assert reader is not None
    sock.close()


def test_what_the_edge_overrides_is_there() -> None:
    """Every method that the edge overrides or calls exists with the parameters that it passes."""
    wanted = {
        "connection_made": ["transport"], "connection_lost": ["exc"], "data_received": ["data"], "eof_received": [],
        "on_message_begin": [], "on_url": ["url"], "on_header": ["name", "value"], "on_headers_complete": [],
        "on_body": ["body"], "on_message_complete": [], "on_response_complete": [], "shutdown": [],
        "pause_writing": [], "resume_writing": [],
    }  # fmt: skip
    for name, parameters in wanted.items():
        found = list(inspect.signature(getattr(HttpToolsProtocol, name)).parameters)
        assert found == ["self", *parameters], name
    assert list(inspect.signature(Server._serve).parameters) == ["self", "sockets"]
    assert list(inspect.signature(Server.shutdown).parameters) == ["self", "sockets"]
    for name in ("pause_reading", "resume_reading"):
        assert callable(getattr(FlowControl, name)), name


def test_the_parser_calls_back_by_name_and_reports_what_the_edge_catches() -> None:
    """httptools: the callbacks, the errors for an upgrade, a failing callback and bad bytes, and pipelined messages."""
    calls: list[str] = []

    class Calls:
        def on_message_begin(self) -> None:
            calls.append("begin")

        def on_message_complete(self) -> None:
            calls.append("complete")

    parser = httptools.HttpRequestParser(Calls())
    parser.feed_data(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert calls == ["begin", "complete", "begin", "complete"]
    with pytest.raises(httptools.HttpParserUpgrade):
        httptools.HttpRequestParser(Calls()).feed_data(b"GET / HTTP/1.1\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
    with pytest.raises(httptools.HttpParserError):
        httptools.HttpRequestParser(Calls()).feed_data(b"\0\0\r\n\r\n")

    class Failing:
        def on_url(self, url: bytes) -> None:
            raise ValueError("ours")

    with pytest.raises(httptools.HttpParserCallbackError) as caught:
        httptools.HttpRequestParser(Failing()).feed_data(b"GET / HTTP/1.1\r\n\r\n")
    assert isinstance(caught.value.__context__, ValueError)


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 5\r\nContent-Length: 6", b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"Content-Length: -1",
        b"Content-Length: 5, 5", b"Transfer-Encoding: gzip", b"X y: 1",
    ],
)  # fmt: skip
def test_the_parser_refuses_framing_that_smuggles(head: bytes) -> None:
    """The edge relies on httptools to refuse two lengths, a length beside chunks, and names with spaces."""

    class Quiet:
        pass

    with pytest.raises(httptools.HttpParserError):
        httptools.HttpRequestParser(Quiet()).feed_data(b"POST / HTTP/1.1\r\nHost: a\r\n" + head + b"\r\n\r\nhello")
