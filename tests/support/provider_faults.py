"""What can be wrong with an answer: one function a fault, named in the model as `fault:<name>:<k=v,k=v>`.

Arguments that every fault takes: `n` content events, `size` extra characters in each, `framing`
(`chunked`, `length`, `close`), `times` (only a marker's first requests are hit).
"""

from __future__ import annotations

import asyncio
import base64
import json
import zlib
from collections.abc import Awaitable, Callable
from typing import Final

from tests.support.provider_exchange import Exchange, sse

Fault = Callable[[Exchange], Awaitable[None]]
FAULTS: Final[dict[str, Fault]] = {}


def fault(name: str) -> Callable[[Fault], Fault]:
    """Register a fault under its name."""

    def register(function: Fault) -> Fault:
        FAULTS[name] = function
        return function

    return register


async def answer(ex: Exchange, pieces: list[bytes] | None = None) -> None:
    """A whole answer, `delay` seconds between its pieces, `head_delay` before it."""
    pieces = ex.pieces() if pieces is None else pieces
    delay = ex.number("delay", 0)
    if wait := ex.number("head_delay", 0):
        await ex.sleep(wait)
    await ex.begin(sum(map(len, pieces)))
    await send_events(ex, pieces, delay)
    ex.entry.usage_sent = ex.wants_usage or not ex.entry.stream
    await ex.end()


async def send_events(ex: Exchange, pieces: list[bytes], delay: float = 0) -> None:
    """Send pieces and count those that carry text."""
    for index, piece in enumerate(pieces):
        if delay and index:
            await ex.sleep(delay)
        await ex.send(piece)
        if ex.entry.stream and index < ex.entry.completion_tokens:
            ex.entry.events += 1


@fault("ok")
async def ok(ex: Exchange) -> None:
    """A good answer; see `answer` for its delays."""
    await answer(ex)


@fault("silent")
async def silent(ex: Exchange) -> None:
    """U04: reads the request, never writes."""
    await ex.hang()


@fault("head_only")
async def head_only(ex: Exchange) -> None:
    """U05: a head, then nothing."""
    await ex.begin(1000)
    await ex.hang()


def cut_after(ex: Exchange) -> list[bytes]:
    """The first `after` content events; negative counts from the end."""
    events = ex.content_events()
    after = ex.integer("after", 1)
    return events[: after if after >= 0 else len(events) + after]


@fault("stall")
async def stall(ex: Exchange) -> None:
    """U06: `after` events (or half of a whole body), then nothing; the connection stays open."""
    if ex.entry.stream:
        await ex.begin()
        await send_events(ex, cut_after(ex), ex.number("delay", 0))
    else:
        (body,) = ex.pieces()
        await ex.raw(ex.head(len(body)) + body[: len(body) // 2])
    await ex.hang()


@fault("drip")
async def drip(ex: Exchange) -> None:
    """U07: `size_bytes` bytes every `interval` seconds, for ever short of the end."""
    step = ex.integer("size_bytes", 1)
    data = b"".join(ex.pieces())
    await ex.begin(len(data))
    for start in range(0, len(data), step):
        await ex.send(data[start : start + step])
        await ex.sleep(ex.number("interval", 0.1))
    await ex.end()


@fault("pings")
async def pings(ex: Exchange) -> None:
    """U08: `after` events, then a comment every `interval` seconds, for ever."""
    await ex.begin()
    await send_events(ex, cut_after(ex) if ex.integer("after", 0) else [])
    while True:
        await ex.send(b": ping\n\n")
        await ex.sleep(ex.number("interval", 0.1))


@fault("rst_head")
async def rst_head(ex: Exchange) -> None:
    """U09: a reset instead of an answer."""
    if wait := ex.number("wait", 0):
        await ex.sleep(wait)
    await ex.rst()


@fault("fin_head")
async def fin_head(ex: Exchange) -> None:
    """An orderly close instead of an answer."""
    await ex.fin()


@fault("rst_first")
async def rst_first(ex: Exchange) -> None:
    """U10: a head, then a reset."""
    await ex.begin(1000)
    await ex.rst()


def wire_bytes(ex: Exchange) -> bytes:
    """Everything after the head, framed."""
    framed = b"".join(ex.frame(piece) for piece in ex.pieces())
    return framed + (b"0\r\n\r\n" if ex.chunked else b"")


async def send_until(ex: Exchange, at: int) -> None:
    """The head and `at` bytes of the framed body; counts the text events that are whole."""
    data = wire_bytes(ex)
    at = at if at >= 0 else len(data) + at
    await ex.begin(len(data))
    await ex.raw(data[:at])
    if ex.entry.stream:
        ex.entry.events = min(data[:at].count(b"\n\n"), ex.entry.completion_tokens)


@fault("rst_at")
async def rst_at(ex: Exchange) -> None:
    """U11: a reset after `at` bytes of the body as framed (negative: from its end)."""
    await send_until(ex, ex.integer("at", 1))
    await ex.rst()


@fault("fin_at")
async def fin_at(ex: Exchange) -> None:
    """U12: an orderly close after `at` bytes of the body as framed."""
    await send_until(ex, ex.integer("at", 1))
    await ex.fin()


@fault("fin_event")
async def fin_event(ex: Exchange) -> None:
    """U13: `after` whole events, then a well-framed end without `[DONE]`; `finish=1` sends the finish reason too."""
    events = cut_after(ex)
    if ex.integer("finish", 0):
        events = [*ex.content_events(), ex.closing_events()[0]]
    await ex.begin()
    await send_events(ex, events)
    await ex.end()


@fault("error_event")
async def error_event(ex: Exchange) -> None:
    """U14: an error object inside the stream after `after` events; `end` = `done`, `fin` or `rst`."""
    error = {"error": {"message": "overloaded, try later", "type": "server_error", "param": None, "code": "overloaded"}}
    await ex.begin()
    await send_events(ex, cut_after(ex))
    await ex.send(sse(error))
    match ex.text("end", "fin"):
        case "done":
            await ex.send(b"data: [DONE]\n\n")
            await ex.end()
        case "rst":
            await ex.rst()
        case _:
            await ex.end()


RETRY_AFTER: Final = str.maketrans("_;", " ,")
"""Blanks and commas cannot stand in a fault's arguments."""
HTML: Final = b"<!DOCTYPE html><html><body><h1>Sign in to the captive portal</h1></body></html>"


@fault("wrong")
async def wrong(ex: Exchange) -> None:
    """U15: 200 with `kind` = `html`, `html_as_json`, `html_as_sse`, `empty`, `text`, `array`, `null`."""
    kind = ex.text("kind", "html")
    types = {"html_as_json": "application/json", "html_as_sse": "text/event-stream", "text": "text/plain"}
    types |= {"array": "application/json", "null": "application/json", "empty": "application/json"}
    body = {"empty": b"", "text": b"ok", "array": b"[]", "null": b"null"}.get(kind, HTML)
    content_type = types.get(kind, "text/html; charset=utf-8")
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    await ex.raw(head.encode() + body)
    ex.finish("done")


@fault("big_error")
async def big_error(ex: Exchange) -> None:
    """U16: 500 with a body of `megabytes`."""
    total = ex.integer("megabytes", 100) << 20
    await ex.raw(b"HTTP/1.1 500 No\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % total)
    block = b"e" * 65536
    for _ in range(total // len(block)):
        await ex.raw(block)
        ex.entry.answer_bytes += len(block)
    ex.finish("done")


@fault("status")
async def status(ex: Exchange) -> None:
    """U17: status `code` with an error in OpenAI's form (`body` = `json`, `html`, `none`) and `retry_after`."""
    code = ex.integer("code", 500)
    error = {"error": {"message": f"provider said {code}", "type": "provider_error", "param": None, "code": None}}
    body = {"html": HTML, "none": b""}.get(ex.text("body", "json"), json.dumps(error).encode())
    content_type = "text/html" if body == HTML else "application/json"
    extra = (
        [f"Retry-After: {ex.text('retry_after', '').translate(RETRY_AFTER)}"] if "retry_after" in ex.arguments else []
    )
    lines = [f"HTTP/1.1 {code} Bad", f"Content-Type: {content_type}", f"Content-Length: {len(body)}", *extra]
    await ex.raw("\r\n".join([*lines, "", ""]).encode() + body)
    ex.finish("done")


@fault("gzip")
async def gzip(ex: Exchange) -> None:
    """U18: a body that grows to `megabytes` when decompressed, whether or not compression was asked for."""
    squeeze = zlib.compressobj(9, wbits=31)
    ex.chunked = True
    await ex.begin(extra=["Content-Encoding: gzip"])
    block = b" " * (1 << 20)
    for _ in range(ex.integer("megabytes", 1024)):
        data = squeeze.compress(block)
        if data:
            await ex.send(data)
        await asyncio.sleep(0)
    await ex.send(squeeze.flush())
    await ex.end()


@fault("headers")
async def headers(ex: Exchange) -> None:
    """U19: a good body behind hostile headers of `kind`."""
    kinds: dict[str, list[str]] = {
        "bare_lf": ["X-A: 1\nX-Injected: yes"],
        "bare_cr": ["X-A: 1\rX-Injected: yes"],
        "nul": ["X-A: 1\x00Set-Cookie: a=b"],
        "long": ["X-Long: " + "v" * 65536],
        "cookies": [f"Set-Cookie: session{i}=stolen" for i in range(1000)],
        "hop": [
            "Connection: keep-alive, X-Private", "X-Private: secret", "Keep-Alive: timeout=5",
            "Proxy-Authenticate: Basic", "Upgrade: h2c", "Trailer: X-T", "Set-Cookie: a=b",
            "Access-Control-Allow-Origin: *", "Strict-Transport-Security: max-age=1", "Server: fake",
            'Alt-Svc: h2=":443"', "X-Litellm-Call-Id: forged", "X-Litellm-Response-Cost: 0",
        ],
        "no_colon": ["NoColonHere"],
        "space": ["X-Space : 1"],
        "fold": ["X-Fold: 1", " folded"],
    }  # fmt: skip
    pieces = ex.pieces()
    await ex.begin(sum(map(len, pieces)), extra=kinds[ex.text("kind", "hop")])
    await send_events(ex, pieces)
    ex.entry.usage_sent = ex.wants_usage or not ex.entry.stream
    await ex.end()


@fault("lie")
async def lie(ex: Exchange) -> None:
    """U20: a length that is not the body's (`kind` = `short`, `long`), or bytes after the answer (`extra`)."""
    body = b"".join(ex.pieces())
    ex.chunked = False
    match ex.text("kind", "extra"):
        case "short":
            await ex.raw(ex.head(len(body) - 20) + body)
        case "long":
            await ex.raw(ex.head(len(body) + 20) + body)
            await ex.fin()
        case _:
            ghost = b'{"id":"ghost","choices":[{"message":{"role":"assistant","content":"GHOST"}}]}'
            late = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(ghost)
            ex.entry.usage_sent = True
            if wait := ex.number("wait", 0):
                await ex.raw(ex.head(len(body)) + body)
                await ex.sleep(wait)
                await ex.raw(late + ghost)
            else:
                await ex.raw(ex.head(len(body)) + body + late + ghost)
    ex.entry.done_sent = ex.text("kind", "extra") == "extra"
    ex.finish("done")


@fault("close_idle")
async def close_idle(ex: Exchange) -> None:
    """U21: a good answer on a connection that is closed `ms` milliseconds later (`how` = `fin`, `rst`)."""
    await answer(ex)
    await asyncio.sleep(ex.number("ms", 0) / 1000)
    if ex.text("how", "fin") == "rst":
        await ex.rst()
    else:
        ex.connection.close()
    ex.keep = False


@fault("redirect")
async def redirect(ex: Exchange) -> None:
    """U22: a redirect (`code`) to the canary port."""
    target = f"http://127.0.0.1:{ex.connection.provider.canary_port}/v1/chat/completions"
    code = ex.integer("code", 307)
    await ex.raw(f"HTTP/1.1 {code} Moved\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode())
    ex.finish("done")


@fault("usage")
async def usage(ex: Exchange) -> None:
    """U23: a good answer whose usage is `kind`."""
    kind, true = ex.text("kind", "missing"), ex.usage()
    lies: dict[str, object] = {
        "negative": true | {"prompt_tokens": -5, "completion_tokens": -7, "total_tokens": -12},
        "huge": true | {"prompt_tokens": 1e308, "completion_tokens": 10**30},
        "nan": true | {"completion_tokens": float("nan")},
        "string": {key: str(value) for key, value in true.items()},
        "words": dict.fromkeys(true, "many"),
        "null": None,
        "list": [1, 2, 3],
        "float": true | {"completion_tokens": 2.5},
        "half": {"prompt_tokens": true["prompt_tokens"]},
        "nested": true | {"prompt_tokens_details": {"cached_tokens": 10**9}, "completion_tokens_details": "x"},
    }
    if not ex.entry.stream:
        whole = ex.whole(lies.get(kind))
        if kind == "missing":
            del whole["usage"]
        await answer(ex, [json.dumps(whole, ensure_ascii=False).encode()])
        ex.entry.usage_sent = False
        return
    events, (finish, *_, done) = ex.content_events(), ex.closing_events()
    match kind:
        case "missing":
            tail = [finish, done]
        case "twice":
            lie_ = true | {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            tail = [finish, *(sse(ex.chunk({}, choices=[], usage=value)) for value in (lie_, true)), done]
        case "decreasing":
            steps = [true | {"completion_tokens": value} for value in (9, 5, 2)]
            tail = [finish, *(sse(ex.chunk({}, choices=[], usage=value)) for value in steps), done]
        case _:
            tail = [finish, sse(ex.chunk({}, choices=[], usage=lies[kind])), done]
    await answer(ex, [*events, *tail])
    ex.entry.usage_sent = False


@fault("after_done")
async def after_done(ex: Exchange) -> None:
    """U24: bytes (`kind` = `bytes`), another `[DONE]` (`twice`) or a whole event (`event`) after `[DONE]`."""
    tails = {"bytes": b"garbage\x00\xff", "twice": b"data: [DONE]\n\n", "event": sse(ex.chunk({"content": "LATE"}))}
    pieces = ex.pieces()
    if ex.text("joined", "0") == "1":
        pieces[-1] += tails[ex.text("kind", "bytes")]
    else:
        pieces.append(tails[ex.text("kind", "bytes")])
    await answer(ex, pieces)


@fault("interim")
async def interim(ex: Exchange) -> None:
    """U27: `count` interim answers of `code` before the real one."""
    for _ in range(ex.integer("count", 1000)):
        await ex.raw(f"HTTP/1.1 {ex.integer('code', 103)} Wait\r\nLink: </x>; rel=preload\r\n\r\n".encode())
    await answer(ex)


@fault("reply")
async def reply(ex: Exchange) -> None:
    """Sends `metadata.reply` (base64) of the request as the body, in chunks of `split` bytes (0: one piece)."""
    metadata = ex.body_in.get("metadata")
    assert isinstance(metadata, dict)
    body = base64.b64decode(metadata["reply"])
    split = ex.integer("split", 0) or max(len(body), 1)
    pieces = [body[start : start + split] for start in range(0, len(body), split)]
    if cut := ex.integer("cut", 0):
        pieces = [body[:cut], body[cut:]]
    await answer(ex, [piece for piece in pieces if piece])
    ex.entry.usage_sent = False


@fault("flood")
async def flood(ex: Exchange) -> None:
    """C04: a stream of `megabytes`, as fast as the client takes it."""
    line = sse(ex.chunk({"content": "y" * 16000}))
    await ex.begin()
    for _ in range((ex.integer("megabytes", 50) << 20) // len(line)):
        await ex.send(line)
        ex.entry.events += 1
    for event in ex.closing_events():
        await ex.send(event)
    await ex.end()


@fault("line")
async def line(ex: Exchange) -> None:
    """P08: one line of `megabytes` without an end (`of` = `line`), or one event of many lines (`event`)."""
    block = b"z" * 65535
    separator = b"\ndata: " if ex.text("of", "line") == "event" else b""
    await ex.begin()
    await ex.send(b"data: ")
    for _ in range(ex.integer("megabytes", 64) << 4):
        await ex.send(block + separator)
    await ex.hang()


@fault("fin_hold")
async def fin_hold(ex: Exchange) -> None:
    """C06: everything up to the finish reason, then nothing: the last event never comes."""
    await ex.begin()
    await send_events(ex, [*ex.content_events(), ex.closing_events()[0]])
    await ex.hang()
