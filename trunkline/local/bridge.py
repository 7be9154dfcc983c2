"""The process that holds LiteLLM's SDK: `python -m trunkline.local.bridge`, started by `bridge_process.py` only.

It serves OpenAI's chat completions, completions and embeddings on a loopback port that the system picks, to whoever
has the token that came over standard input, and ends with its parent. Each request brings the parameters of its
deployment in a header, so a reload of the configuration concerns this process not at all. Once it serves it writes
nothing anywhere: what the SDK would print may hold a key or a prompt. Errors are told in answers, where the gateway
masks them.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import hmac
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any, Final

import msgspec

from trunkline.config.catalogue_models import OPENAI_PARAMS
from trunkline.local.bridge_answers import Said, chunk_body, error_body, said, whole_body
from trunkline.local.child import die_with_parent
from trunkline.providers.bridge import HEADER, OPTIONS

_CALLS: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    "/v1/chat/completions": ("acompletion", OPENAI_PARAMS | {"model", "messages", "stream"}),
    "/v1/completions": ("atext_completion", OPENAI_PARAMS | {"model", "prompt", "stream"}),
    "/v1/embeddings": ("aembedding", OPENAI_PARAMS | {"model", "input"}),
}
"""Path -> the SDK's function, and the members of a client's body that are handed to it.

All others are refused: the SDK takes its own settings (`api_base`, `aws_role_name`, `callbacks`, ...) as arguments
beside them, and a client may not set those (CVE-2024-6587).
"""
Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class RefusedError(Exception):
    """The request cannot be handed to the SDK."""

    def __init__(self, status: int, message: str, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.answer: Final = Said(status, error_body(status, message, param=param, code=code))


class App:
    """The ASGI application."""

    def __init__(self, sdk: Any, token: str) -> None:
        self._sdk = sdk
        self._bearer = b"Bearer " + token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; the SDK's call is broken off when the gateway hangs up."""
        if scope["type"] != "http":
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        if not hmac.compare_digest(headers.get(b"authorization", b""), self._bearer):
            await _answer(send, Said(401, error_body(401, "no valid token")))
            return
        call = _CALLS.get(scope["path"])
        if call is None or scope["method"] != "POST":
            await _answer(send, Said(404, error_body(404, "there is no such operation")))
            return
        body = await _whole(receive)
        work = asyncio.ensure_future(self._serve(call, headers, body, send))
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            work.cancel()
            gone.cancel()
            await asyncio.gather(work, gone, return_exceptions=True)

    async def _serve(
        self, call: tuple[str, frozenset[str]], headers: Mapping[bytes, bytes], body: bytes, send: Send
    ) -> None:
        name, taken = call
        try:
            arguments = arguments_of(headers, body, taken)
            result = await getattr(self._sdk, name)(**arguments)
            if arguments.get("stream") is not True:
                await _answer(send, Said(200, whole_body(result)))
                return
            chunks = aiter(result)
            first = await anext(chunks, None)  # what fails before the first chunk is an answer with a status
        except RefusedError as refused:
            await _answer(send, refused.answer)
            return
        except Exception as error:  # noqa: BLE001 - whatever the SDK raises is the answer
            await _answer(send, said(error))
            return
        await _stream(send, first, chunks)


def arguments_of(headers: Mapping[bytes, bytes], body: bytes, taken: frozenset[str]) -> dict[str, Any]:
    """The SDK's arguments: the deployment's parameters, over them what the client asks, over both the gateway's word.

    Raises:
        RefusedError: the body is no object, or has a member that is not handed on.
    """
    told = json.loads(base64.b64decode(headers[HEADER.encode()]))
    options = json.loads(headers[OPTIONS.encode()])
    try:
        members = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError(400, f"Invalid JSON in the request body: {error}") from None
    drop = options["drop_params"] is True
    for name in [one for one in members if one not in taken and one not in options["allowed"]]:
        if not drop:
            raise RefusedError(
                400,
                f"`{name}` is not handed to LiteLLM's SDK: leave it out, or name it in the entry's "
                "`allowed_openai_params`; `drop_params: true` leaves such parameters out",
                param=name,
                code="unsupported_parameter",
            )
        del members[name]
    arguments = {**told["params"], **members}
    arguments["model"] = f"{told['provider']}/{members.get('model', '')}"
    arguments |= {"num_retries": 0, "max_retries": 0, "timeout": options["timeout"], "drop_params": drop}
    if options["allowed"]:
        arguments["allowed_openai_params"] = options["allowed"]
    return arguments


async def _stream(send: Send, first: object, rest: AsyncIterator[object]) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-type", b"text/event-stream; charset=utf-8")],
        }
    )
    try:
        if first is not None:
            await _event(send, chunk_body(first))
        async for chunk in rest:
            await _event(send, chunk_body(chunk))
        last = b"data: [DONE]\n\n"
    except Exception as error:  # noqa: BLE001 - whatever the SDK raises is the last event; no end marker follows
        last = b"data: " + said(error).body + b"\n\n"
    await send({"type": "http.response.body", "body": last})


async def _event(send: Send, data: bytes) -> None:
    await send({"type": "http.response.body", "body": b"data: " + data + b"\n\n", "more_body": True})


async def _answer(send: Send, answer: Said) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer.body)).encode())]
    if answer.retry_after:
        headers.append((b"retry-after", answer.retry_after.encode("latin-1", "replace")))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _whole(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b""
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def quieten(sdk: Any) -> None:
    """No telemetry, no advice on the terminal, no retries and callbacks of the SDK's own."""
    sdk.telemetry = False
    sdk.suppress_debug_info = True
    sdk.num_retries = 0
    sdk.drop_params = False
    sdk.callbacks = []


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until standard input closes, which it does when the parent stops us or is gone."""
    parser = argparse.ArgumentParser(prog="python -m trunkline.local.bridge", description=__doc__)
    parser.add_argument("--parent", type=int, required=True, help="process id to end with")
    args = parser.parse_args(argv)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole terminal; the gateway says when to end
    die_with_parent(args.parent)
    token = json.loads(sys.stdin.buffer.readline())["token"]
    answer = os.dup(1)
    os.dup2(2, 1)  # what the SDK prints while it is loaded is none of the handshake

    import litellm
    import uvicorn

    quieten(litellm)
    sock = socket.create_server(("127.0.0.1", 0), backlog=1024)
    threading.Thread(target=_end_with_input, daemon=True).start()
    os.write(answer, json.dumps({"port": sock.getsockname()[1]}).encode() + b"\n")
    os.close(answer)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    config = uvicorn.Config(
        App(litellm, token), http="httptools", loop="asyncio", ws="none", lifespan="off", log_config=None,
        access_log=False, server_header=False, date_header=False, timeout_keep_alive=3600,
    )  # fmt: skip
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(uvicorn.Server(config)._serve([sock]))  # noqa: SLF001 - `serve` would take the signals: SIGTERM ends us
    return 0


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)  # a running call may take minutes, and nobody waits for it any more


if __name__ == "__main__":
    sys.exit(main())
