"""Raw HTTP/1.1 requests with what a server must make of them, written from RFC 9110 and RFC 9112 (H01).

`reject`: an error status, then close, and nothing reaches the provider. `accept`: answered 200. `either`: the RFC
leaves it open, but what was answered 200 reached the provider exactly once. `incomplete`: the request never ends, so
it is refused or dropped, and nothing reaches the provider. In all of them a hidden second request (`INNER`) is never
run, unless `pipelined` says that it is an honest one.

Placeholders have the length of what replaces them, so that every Content-Length stays true.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Expect = Literal["reject", "accept", "either", "incomplete"]

KEY: Final = b"K" * 43
"""The master key: `sk-` and 40 hex digits."""
MARK: Final = b"MARKMARKMARK"
HIDDEN: Final = b"SMUGSMUGSMUG"
"""The marker of the hidden request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """One request as bytes."""

    name: str
    section: str
    """Of the RFC (9110 or 9112) that decides."""
    expect: Expect
    raw: bytes
    kind: Literal["smuggling", "other"] = "smuggling"
    pipelined: bool = False
    """`INNER` follows as a request of its own: it may be answered too."""

    def filled(self, key: str, mark: str, hidden: str) -> bytes:
        """The bytes to send."""
        assert (len(key), len(mark), len(hidden)) == (len(KEY), len(MARK), len(HIDDEN))
        return self.raw.replace(KEY, key.encode()).replace(MARK, mark.encode()).replace(HIDDEN, hidden.encode())


def _json(marker: bytes) -> bytes:
    return b'{"model":"plain","user":"%b","messages":[{"role":"user","content":"hi"}]}' % marker


BODY: Final = _json(MARK)
SIZE: Final = len(BODY)
BASE: Final = (b"Host: gateway.test", b"Authorization: Bearer " + KEY, b"Content-Type: application/json")
LINE: Final = b"POST /v1/chat/completions HTTP/1.1"
LENGTH: Final = b"Content-Length: %d" % SIZE
CHUNKED: Final = b"Transfer-Encoding: chunked"
_INNER_BODY: Final = _json(HIDDEN)
INNER: Final = b"\r\n".join([LINE, *BASE, b"Content-Length: %d" % len(_INNER_BODY), b"", _INNER_BODY])
CHUNKS: Final = b"%x\r\n%b\r\n0\r\n\r\n" % (SIZE, BODY)


def request(*lines: bytes, body: bytes = BODY, line: bytes = LINE, base: tuple[bytes, ...] = BASE) -> bytes:
    """Request line, the usual headers, `lines`, and the body."""
    return b"\r\n".join([line, *base, *lines, b"", body])


def _make(section: str, expect: Expect, table: dict[str, bytes], **more: object) -> list[Vector]:
    kind: Literal["smuggling", "other"] = "other" if more.get("kind") == "other" else "smuggling"
    pipelined = more.get("pipelined") is True
    return [
        Vector(name=name, section=section, expect=expect, raw=raw, kind=kind, pipelined=pipelined)
        for name, raw in table.items()
    ]


def _each(prefix: str, lines: dict[str, bytes], body: bytes = BODY) -> dict[str, bytes]:
    return {f"{prefix}: {name}": request(line, body=body) for name, line in lines.items()}


_CL_VALUES: Final = {
    "plus sign": b"Content-Length: +%d" % SIZE,
    "minus sign": b"Content-Length: -%d" % SIZE,
    "minus zero": b"Content-Length: -0",
    "hexadecimal": b"Content-Length: 0x%x" % SIZE,
    "underscore": b"Content-Length: %d_%d" % (SIZE // 10, SIZE % 10),
    "space inside": b"Content-Length: %d %d" % (SIZE // 10, SIZE % 10),
    "decimal point": b"Content-Length: %d.0" % SIZE,
    "exponent": b"Content-Length: %de0" % SIZE,
    "word": b"Content-Length: seventy",
    "quoted": b'Content-Length: "%d"' % SIZE,
    "parameter": b"Content-Length: %d;x" % SIZE,
    "list that differs": b"Content-Length: %d, %d" % (SIZE, SIZE + 5),
    "list with a gap": b"Content-Length: %d," % SIZE,
    "full-width digits": "Content-Length: \uff17\uff15".encode(),
    "arabic digits": "Content-Length: \u0667\u0665".encode(),
    "no-break space before": b"Content-Length: \xa0%d" % SIZE,
    "vertical tab before": b"Content-Length: \x0b%d" % SIZE,
    "form feed after": b"Content-Length: %d\x0c" % SIZE,
    "NUL after": b"Content-Length: %d\x00" % SIZE,
    "2^64 and more": b"Content-Length: %d" % (2**64 + SIZE),
    "2^63": b"Content-Length: %d" % 2**63,
    "2^32 and more": b"Content-Length: %d" % (2**32 + SIZE),
    "thirty digits": b"Content-Length: 1" + b"0" * 30,
    "empty": b"Content-Length: ",
}
_CL_NAMES: Final = {
    "space before the colon": b"Content-Length : %d" % SIZE,
    "tab before the colon": b"Content-Length\t: %d" % SIZE,
    "NUL in the name": b"Content-Length\x00: %d" % SIZE,
    "vertical tab in the name": b"Content-Length\x0b: %d" % SIZE,
    "no colon": b"Content-Length %d" % SIZE,
}
_CL_PAIRS: Final = {
    "two that differ": request(LENGTH, b"Content-Length: %d" % (SIZE + len(INNER)), body=BODY + INNER),
    "two that differ, long first": request(b"Content-Length: %d" % (SIZE + len(INNER)), LENGTH, body=BODY + INNER),
    "one of them 0": request(LENGTH, b"Content-Length: 0"),
    "0 first": request(b"Content-Length: 0", LENGTH),
}
_CL_SAME: Final = {
    "two that agree": request(LENGTH, LENGTH),
    "list that agrees": request(b"Content-Length: %d, %d" % (SIZE, SIZE)),
    "leading zeros": request(b"Content-Length: 000%d" % SIZE),
}
_CL_TE: Final = {
    "length of all, chunked end before a hidden request": request(
        b"Content-Length: %d" % (len(CHUNKS) + len(INNER)), CHUNKED, body=CHUNKS + INNER
    ),
    "chunked first": request(CHUNKED, LENGTH, body=CHUNKS),
    "short length, hidden request in a chunk": request(
        b"Content-Length: 4", CHUNKED, body=b"%x\r\n%b\r\n0\r\n\r\n" % (len(INNER), INNER)
    ),
    "length 0": request(b"Content-Length: 0", CHUNKED, body=CHUNKS),
    "true length of the chunks": request(b"Content-Length: %d" % len(CHUNKS), CHUNKED, body=CHUNKS),
    "in capitals": request(b"CONTENT-LENGTH: %d" % SIZE, b"TRANSFER-ENCODING: CHUNKED", body=CHUNKS),
}
_TE_VALUES: Final = {
    "xchunked": b"xchunked",
    "chunkedx": b"chunkedx",
    "chunk": b"chunk",
    "identity": b"identity",
    "chunked, identity": b"chunked, identity",
    "chunked, gzip": b"chunked, gzip",
    "chunked twice": b"chunked, chunked",
    "quoted": b'"chunked"',
    "parameter": b"chunked;q=1",
    "vertical tab before": b"\x0bchunked",
    "vertical tab after": b"chunked\x0b",
    "form feed before": b"\x0cchunked",
    "no-break space": b"\xa0chunked",
    "NUL after": b"chunked\x00",
    "CR after": b"chunked\rx",
    "space inside": b"chun ked",
    "brackets": b"[chunked]",
    "unknown": b"cow",
    "gzip": b"gzip",
    "long s": "chun\u212aed".encode(),
}
_TE_NAMES: Final = {
    "space before the colon": b"Transfer-Encoding : chunked",
    "tab before the colon": b"Transfer-Encoding\t: chunked",
    "NUL in the name": b"Transfer-Encoding\x00: chunked",
    "behind a bare LF": b"X-A: 1\nTransfer-Encoding: chunked",
    "behind a bare CR": b"X-A: 1\rTransfer-Encoding: chunked",
    "value behind a bare LF": b"Transfer-Encoding:\n chunked",
    "no colon": b"Transfer-Encoding chunked",
    "long s in the name": "Tran\u017ffer-Encoding: chunked".encode(),
}
_TE_PAIRS: Final = {
    "chunked, then identity": request(CHUNKED, b"Transfer-Encoding: identity", body=CHUNKS),
    "identity, then chunked": request(b"Transfer-Encoding: identity", CHUNKED, body=CHUNKS),
    "chunked, then cow": request(CHUNKED, b"Transfer-Encoding: cow", body=CHUNKS),
    "chunked in two headers": request(CHUNKED, CHUNKED, body=CHUNKS),
    "gzip, chunked": request(b"Transfer-Encoding: gzip, chunked", body=CHUNKS),
    "HTTP/1.0": request(CHUNKED, body=CHUNKS, line=LINE.replace(b"1.1", b"1.0")),
    "HTTP/1.0 with length": request(CHUNKED, LENGTH, body=CHUNKS, line=LINE.replace(b"1.1", b"1.0")),
    "HTTP/1.0 kept alive": request(
        CHUNKED, b"Connection: keep-alive", body=CHUNKS + INNER, line=LINE.replace(b"1.1", b"1.0")
    ),
}


def _one_by_one() -> bytes:
    """The body in chunks of one byte; the marker stays in one piece, to be replaced."""
    before, after = BODY.split(MARK)
    pieces = [*(before[i : i + 1] for i in range(len(before))), MARK, *(after[i : i + 1] for i in range(len(after)))]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)


_TE_GOOD: Final = {
    "plain": request(CHUNKED, body=CHUNKS),
    "capitals": request(b"TRANSFER-ENCODING: CHUNKED", body=CHUNKS),
    "blanks behind": request(b"Transfer-Encoding: chunked  ", body=CHUNKS),
    "two chunks": request(CHUNKED, body=b"5\r\n%b\r\n%X\r\n%b\r\n0\r\n\r\n" % (BODY[:5], SIZE - 5, BODY[5:])),
    "one-byte chunks": request(CHUNKED, body=_one_by_one() + b"0\r\n\r\n"),
    "leading zeros in the size": request(CHUNKED, body=b"000%x\r\n%b\r\n000\r\n\r\n" % (SIZE, BODY)),
    "chunk extension": request(CHUNKED, body=b'%x;a=b;c="d"\r\n%b\r\n0;x\r\n\r\n' % (SIZE, BODY)),
    "trailer": request(CHUNKED, body=b"%x\r\n%b\r\n0\r\nX-Checksum: 1\r\n\r\n" % (SIZE, BODY)),
}


def _chunk(size: bytes, data: bytes = BODY, after: bytes = b"\r\n0\r\n\r\n", end: bytes = b"\r\n") -> bytes:
    return request(CHUNKED, body=size + end + data + after)


_X: Final = b"%x" % SIZE
_CHUNK_BAD: Final = {
    "size with 0x": _chunk(b"0x" + _X),
    "size with a plus": _chunk(b"+" + _X),
    "size with a minus": _chunk(b"-" + _X),
    "size with an underscore": _chunk(b"0_" + _X),
    "blank before the size": _chunk(b" " + _X),
    "no hexadecimal digit": _chunk(b"g"),
    "empty size line": _chunk(b""),
    "size in quotes": _chunk(b'"' + _X + b'"'),
    "size of 2^64 and more": _chunk(b"1" + b"0" * 14 + b"%02x" % SIZE),
    "size of 20 digits": _chunk(b"F" * 20),
    "size of 1,000 digits": _chunk(b"F" * 1000),
    "size line ends in LF": _chunk(_X, end=b"\n"),
    "size line ends in CR": _chunk(_X, end=b"\r"),
    "NUL in the size line": _chunk(_X + b"\x00"),
    "LF inside an extension": _chunk(_X + b";a\nb"),
    "CR inside an extension": _chunk(_X + b";a\rb"),
    "NUL inside an extension": _chunk(_X + b";a\x00b"),
    "data longer than its size": _chunk(b"%x" % (SIZE - 3)),
    "no CR LF behind the data": _chunk(_X, after=b"0\r\n\r\n"),
    "LF behind the data": _chunk(_X, after=b"\n0\r\n\r\n"),
    "CR behind the data": _chunk(_X, after=b"\r0\r\n\r\n"),
    "two bytes behind the data": _chunk(_X, after=b"XX0\r\n\r\n"),
    "last chunk with a minus": _chunk(_X, after=b"\r\n-0\r\n\r\n"),
    "last chunk line ends in LF": _chunk(_X, after=b"\r\n0\n\r\n"),
    "trailer without a colon": _chunk(_X, after=b"\r\n0\r\nnonsense\r\n\r\n"),
    "trailer with a blank in its name": _chunk(_X, after=b"\r\n0\r\nX Y: 1\r\n\r\n"),
    "NUL in a trailer": _chunk(_X, after=b"\r\n0\r\nX: a\x00b\r\n\r\n"),
}
_CHUNK_OPEN: Final = {
    "tabs around the coding": request(b"Transfer-Encoding: \t chunked \t", body=CHUNKS),
    "blank behind the size": _chunk(_X + b" "),
    "tab behind the size": _chunk(_X + b"\t"),
    "10 KB of extension": _chunk(_X + b";" + b"e" * 10_000),
    "extension without a name": _chunk(_X + b";"),
    "trailer that says Content-Length": _chunk(_X, after=b"\r\n0\r\nContent-Length: 5\r\n\r\n"),
    "trailer that says Transfer-Encoding": _chunk(_X, after=b"\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n"),
    "trailer that says Authorization": _chunk(_X, after=b"\r\n0\r\nAuthorization: Bearer x\r\n\r\n"),
    "folded trailer": _chunk(_X, after=b"\r\n0\r\nX: a\r\n b\r\n\r\n"),
    "last chunk of 00": _chunk(_X, after=b"\r\n00\r\n\r\n"),
}
_CHUNK_SHORT: Final = {
    "data shorter than its size": _chunk(b"%x" % (SIZE + 20)),
    "no last chunk": _chunk(_X, after=b"\r\n"),
    "no end of the last chunk": _chunk(_X, after=b"\r\n0\r\n"),
    "length longer than the body": request(b"Content-Length: %d" % (SIZE + 10)),
    "head without its end": LINE + b"\r\nHost: gateway.test\r\n",
}
_HIDING: Final = {
    "GET with a body": request(b"Content-Length: %d" % len(INNER), body=INNER, line=b"GET /health/liveliness HTTP/1.1"),
    "GET with a chunked body": request(
        CHUNKED, body=b"%x\r\n%b\r\n0\r\n\r\n" % (len(INNER), INNER), line=b"GET /health/liveliness HTTP/1.1"
    ),
    "HEAD with a body": request(
        b"Content-Length: %d" % len(INNER), body=INNER, line=b"HEAD /health/liveliness HTTP/1.1"
    ),
    "DELETE with a body": request(b"Content-Length: %d" % len(INNER), body=INNER, line=b"DELETE /x HTTP/1.1"),
    "wrong path with a body": request(b"Content-Length: %d" % len(INNER), body=INNER, line=b"POST /nowhere HTTP/1.1"),
    "no key with a body": request(b"Content-Length: %d" % len(INNER), body=INNER, base=BASE[:1]),
    "underscore length": request(b"Content_Length: %d" % (SIZE + len(INNER)), LENGTH),
    "underscore chunked": request(b"Transfer_Encoding: chunked", LENGTH),
    "Connection: close, then more": request(LENGTH, b"Connection: close", body=BODY + INNER),
    "HTTP/1.0, then more": request(LENGTH, body=BODY + INNER, line=LINE.replace(b"1.1", b"1.0")),
    "Connection names Content-Length": request(LENGTH, b"Connection: Content-Length"),
    "Connection names Transfer-Encoding": request(CHUNKED, b"Connection: Transfer-Encoding", body=CHUNKS),
    "Expect that nobody knows": request(LENGTH, b"Expect: miracles"),
}
_PIPELINED: Final = {
    "two requests": request(LENGTH, body=BODY + INNER),
    "chunked, then another": request(CHUNKED, body=CHUNKS + INNER),
    "upgrade to websocket, then another": request(
        LENGTH, b"Connection: Upgrade", b"Upgrade: websocket", body=BODY + INNER
    ),
    "upgrade to h2c, then another": request(
        LENGTH, b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__",
        body=BODY + INNER,
    ),
    "CR LF between two": request(LENGTH, body=BODY + b"\r\n" + INNER),
}  # fmt: skip

_LINES_BAD: Final = {
    "method with a blank": b"PO ST /v1/chat/completions HTTP/1.1",
    "no method": b" /v1/chat/completions HTTP/1.1",
    "method in brackets": b"(POST) /v1/chat/completions HTTP/1.1",
    "no target": b"POST  HTTP/1.1",
    "target with a blank": b"POST /v1/chat/completions x HTTP/1.1",
    "NUL in the target": b"POST /v1/chat/completions\x00 HTTP/1.1",
    "tab in the target": b"POST /v1/chat\t/completions HTTP/1.1",
    "authority for POST": b"POST gateway.test:80 HTTP/1.1",
    "relative target": b"POST v1/chat/completions HTTP/1.1",
    "no version": b"POST /v1/chat/completions",
    "HTTP/0.9 look": b"GET /health/liveliness",
    "version 2.0": b"POST /v1/chat/completions HTTP/2.0",
    "version 9.9": b"POST /v1/chat/completions HTTP/9.9",
    "version of three digits": b"POST /v1/chat/completions HTTP/1.10",
    "version with a leading zero": b"POST /v1/chat/completions HTTP/01.1",
    "version in small letters": b"POST /v1/chat/completions http/1.1",
    "version without a point": b"POST /v1/chat/completions HTTP/11",
    "blank in the version": b"POST /v1/chat/completions HTTP /1.1",
    "text behind the version": b"POST /v1/chat/completions HTTP/1.1 x",
    "another protocol": b"POST /v1/chat/completions RTSP/1.0",
    "bare CR in the line": b"POST /v1/chat/completions\rX HTTP/1.1",
}
_LINES_OPEN: Final = {
    "asterisk for POST": b"POST * HTTP/1.1",
    "CONNECT": b"CONNECT gateway.test:80 HTTP/1.1",
    "two blanks": b"POST  /v1/chat/completions HTTP/1.1",
    "tab between": b"POST\t/v1/chat/completions HTTP/1.1",
    "blank at the end": b"POST /v1/chat/completions HTTP/1.1 ",
    "version 1.2": b"POST /v1/chat/completions HTTP/1.2",
    "unknown method": b"BREW /v1/chat/completions HTTP/1.1",
    "small letters": b"post /v1/chat/completions HTTP/1.1",
    "absolute form": b"POST http://gateway.test/v1/chat/completions HTTP/1.1",
    "absolute form, another host": b"POST http://elsewhere.test/v1/chat/completions HTTP/1.1",
    "fragment": b"POST /v1/chat/completions#x HTTP/1.1",
    "raw UTF-8": "POST /v1/chat/completions\u00e9 HTTP/1.1".encode(),
    "backslash": b"POST \\v1\\chat\\completions HTTP/1.1",
    "encoded NUL": b"POST /v1/chat/completions%00 HTTP/1.1",
    "dots": b"POST /v1/./chat/completions HTTP/1.1",
    "two slashes": b"POST //v1/chat/completions HTTP/1.1",
}
_HOSTS_BAD: Final = {
    "none": (),
    "two that agree": (b"Host: gateway.test", b"Host: gateway.test"),
    "two that differ": (b"Host: gateway.test", b"Host: elsewhere.test"),
    "two in one": (b"Host: gateway.test, elsewhere.test",),
    "user name": (b"Host: user@gateway.test",),
    "path": (b"Host: gateway.test/health",),
    "query": (b"Host: gateway.test?x",),
    "fragment": (b"Host: gateway.test#",),
    "blank inside": (b"Host: gateway test",),
    "port that is no number": (b"Host: gateway.test:http",),
    "open bracket": (b"Host: [::1",),
    "NUL": (b"Host: gateway\x00.test",),
    "backslash": (b"Host: gateway\\test",),
    "angle brackets": (b"Host: <gateway>",),
    "quote": (b'Host: "gateway.test"',),
}
_HOSTS_GOOD: Final = {
    "port": (b"Host: gateway.test:4000",),
    "IPv4": (b"Host: 127.0.0.1:4000",),
    "IPv6": (b"Host: [::1]:4000",),
    "underscore": (b"Host: my_gateway.test",),
    "blanks around": (b"Host: \t gateway.test \t",),
    "capitals": (b"HOST: GATEWAY.TEST",),
}
_FIELDS_BAD: Final = {
    "no name": b": value",
    "blank in the name": b"X Y: 1",
    "bracket in the name": b"X(Y): 1",
    "NUL in the name": b"X\x00Y: 1",
    "raw byte in the name": b"X\xe9: 1",
    "no colon": b"nonsense",
    "NUL in the value": b"X-A: a\x00b",
    "bare CR in the value": b"X-A: a\rb",
    "blank before the colon": b"X-A : 1",
}
_FIELDS_OPEN: Final = {
    "bare LF in the value": b"X-A: a\nX-B: b",
    "folded line": b"X-A: a\r\n b",
    "folded with a tab": b"X-A: a\r\n\tb",
    "control character in the value": b"X-A: a\x01b",
    "DEL in the value": b"X-A: a\x7fb",
    "raw bytes in the value": b"X-A: \xff\xfe",
    "empty value": b"X-A:",
    "tab in the value": b"X-A: a\tb",
    "second content type": b"Content-Type: text/plain",
}

VECTORS: Final[list[Vector]] = [
    *_make("9112 6.3", "reject", _each("Content-Length", _CL_VALUES)),
    *_make("9112 5.1", "reject", _each("Content-Length", _CL_NAMES)),
    *_make("9112 6.3", "reject", {f"Content-Length, {k}": v for k, v in _CL_PAIRS.items()}),
    *_make("9110 8.6", "either", {f"Content-Length, {k}": v for k, v in _CL_SAME.items()}),
    *_make("9112 6.1", "reject", {f"Content-Length and chunked, {k}": v for k, v in _CL_TE.items()}),
    *_make(
        "9112 6.1", "reject",
        _each("Transfer-Encoding", {k: b"Transfer-Encoding: " + v for k, v in _TE_VALUES.items()}, CHUNKS),
    ),
    *_make("9112 5.1", "reject", _each("Transfer-Encoding", _TE_NAMES, CHUNKS)),
    *_make("9112 6.1", "reject", {f"Transfer-Encoding, {k}": v for k, v in _TE_PAIRS.items()}),
    *_make("9112 7.1", "accept", {f"chunked, {k}": v for k, v in _TE_GOOD.items()}),
    *_make("9112 7.1", "reject", {f"chunked, {k}": v for k, v in _CHUNK_BAD.items()}),
    *_make("9112 7.1", "either", {f"chunked, {k}": v for k, v in _CHUNK_OPEN.items()}),
    *_make("9112 6.3", "incomplete", {f"unfinished, {k}": v for k, v in _CHUNK_SHORT.items()}),
    *_make("9110 9.3", "either", {f"hidden request, {k}": v for k, v in _HIDING.items()}),
    *_make("9112 9.3", "either", {f"pipelined, {k}": v for k, v in _PIPELINED.items()}, pipelined=True),
    *_make(
        "9112 3", "reject",
        {f"request line, {k}": request(LENGTH, line=v) for k, v in _LINES_BAD.items()}, kind="other",
    ),
    *_make(
        "9112 3", "either",
        {f"request line, {k}": request(LENGTH, line=v) for k, v in _LINES_OPEN.items()}, kind="other",
    ),
    *_make(
        "9112 3.2", "reject",
        {f"Host, {k}": request(LENGTH, base=(*v, *BASE[1:])) for k, v in _HOSTS_BAD.items()}, kind="other",
    ),
    *_make(
        "9112 3.2", "accept",
        {f"Host, {k}": request(LENGTH, base=(*v, *BASE[1:])) for k, v in _HOSTS_GOOD.items()}, kind="other",
    ),
    *_make("9112 5.1", "reject", {f"field, {k}": request(LENGTH, v) for k, v in _FIELDS_BAD.items()}, kind="other"),
    *_make("9110 5.5", "either", {f"field, {k}": request(LENGTH, v) for k, v in _FIELDS_OPEN.items()}, kind="other"),
    *_make(
        "9112 2.2", "accept", {"CR LF before the request line": b"\r\n" + request(LENGTH)}, kind="other"
    ),
    *_make(
        "9112 2.2", "either",
        {
            "LF before the request line": b"\n" + request(LENGTH),
            "five CR LF before the request line": b"\r\n" * 5 + request(LENGTH),
            "all lines end in LF": request(LENGTH).replace(b"\r\n", b"\n"),
            "blank before the first field": request(LENGTH, base=(b" X-A: 1", *BASE)),
            "HTTP/1.0 without Host": request(LENGTH, base=BASE[1:], line=LINE.replace(b"1.1", b"1.0")),
        },
        kind="other",
    ),
    *_make(
        "9112 2.2", "reject",
        {
            "all lines end in CR": request(LENGTH).replace(b"\r\n", b"\r"),
            "blank before the request line": b" " + request(LENGTH),
            "TLS hello": bytes.fromhex("16030100a5010000a10303") + b"\x01" * 200,
            "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
            "NUL bytes": b"\x00" * 100 + b"\r\n\r\n",
            "an answer": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            "Redis command": b"*1\r\n$4\r\nPING\r\n\r\n",
        },
        kind="other",
    ),
]  # fmt: skip
"""All vectors, smuggling first."""
