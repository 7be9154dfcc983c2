"""The application at `/ui`: files that `frontend/admin` was built into, and the headers that a browser gets with them.

One page for every path (the application reads the address itself); everything else lies in `assets/` under names that
change with their content, so that browsers keep it for ever.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from pathlib import Path
from typing import Final

from trunkline.admin import answers
from trunkline.admin.answers import HTML, Answer, Headers, Request

BUILT: Final = Path(__file__).parent / "ui"
PREFIX: Final = "/ui"
NONCE: Final = b"__CSP_NONCE__"
BASE: Final = b"__BASE__"
"""Stand in the built page for this request's nonce, and for where the gateway is mounted."""

_ASSET: Final = re.compile(r"assets/[A-Za-z0-9_][A-Za-z0-9_.-]*")
"""No slash, no dot in front: nothing outside of the folder can be named."""
_ROOT: Final = re.compile(rb"(?:/[A-Za-z0-9_.~-]+)*")
_TYPES: Final = {
    ".js": b"text/javascript; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".woff2": b"font/woff2",
    ".svg": b"image/svg+xml",
    ".png": b"image/png",
    ".json": b"application/json",
}
_POLICY: Final = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; style-src-attr 'none'; "
    "img-src 'self' blob: data:; font-src 'self'; connect-src 'self'; worker-src 'self'; frame-src 'none'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_FOREVER: Final = b"public, max-age=31536000, immutable"
_NOT_BUILT: Final = Answer(
    503,
    b'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    b"<title>Trunkline: not built</title><h1>The page is not built yet</h1><p>This gateway was started from its source,"
    b" where the built files of <code>frontend/admin</code> are missing. In the project's folder run</p>"
    b"<pre>scripts/build_frontend.sh</pre><p>and load this page again; the gateway need not be restarted. The figures"
    b' themselves are there without it: <a href="docs#get-trunkline-usage">GET /trunkline/usage</a>.</p></html>',
    HTML,
)


def owns(path: str) -> bool:
    """Whether a path belongs to the application."""
    return path == PREFIX or path.startswith(f"{PREFIX}/")


async def serve(path: str, request: Request, root: str = "", built: Path = BUILT) -> Answer:
    """Answer a GET below `/ui`. `root`: where the gateway is mounted."""
    rest = path[len(PREFIX) + 1 :]
    return await asyncio.to_thread(_read, rest, request, root.encode("latin-1", "replace"), built)


def _read(rest: str, request: Request, root: bytes, built: Path) -> Answer:
    if rest.startswith("assets/"):
        return _asset(rest, request, built)
    try:
        page = (built / "index.html").read_bytes()
    except OSError:
        return _NOT_BUILT
    nonce = secrets.token_urlsafe(16)
    base = (root if _ROOT.fullmatch(root) else b"") + PREFIX.encode()
    headers = (
        (b"content-security-policy", _POLICY.format(nonce=nonce).encode()),
        (b"content-security-policy-report-only", b"require-trusted-types-for 'script'"),
        (b"cross-origin-opener-policy", b"same-origin"),
    )
    return Answer(200, page.replace(NONCE, nonce.encode()).replace(BASE, base), HTML, headers)


def _asset(name: str, request: Request, built: Path) -> Answer:
    kind = _TYPES.get(Path(name).suffix)
    if kind is None or not _ASSET.fullmatch(name):
        return _missing()
    headers: Headers = ((b"cache-control", _FOREVER), (b"vary", b"accept-encoding"))
    file = built / name
    packed = file.with_name(f"{file.name}.br")
    try:
        if _takes_brotli(request) and packed.is_file():
            return Answer(200, packed.read_bytes(), kind, (*headers, (b"content-encoding", b"br")))
        return Answer(200, file.read_bytes(), kind, headers)
    except OSError:
        return _missing()


def _takes_brotli(request: Request) -> bool:
    offered = next((value for name, value in request.headers if name == b"accept-encoding"), b"")
    return any(part.split(b";")[0].strip() == b"br" and b"q=0" not in part for part in offered.split(b","))


def _missing() -> Answer:
    message = "This file is of another build: load the page again."
    return answers.error(404, message, "invalid_request_error")
