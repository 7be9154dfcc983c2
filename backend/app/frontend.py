"""The built front end, served beside the API: one page for every path of its own, its files by their hashes."""

from __future__ import annotations

import html
import mimetypes
import secrets
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response

from backend.app.core.errors import no_endpoint
from backend.app.core.guard import refusal

NONCE: Final = "__CSP_NONCE__"
"""What the built `index.html` has in the place of the nonce."""
_ASSETS: Final = "assets/"
"""The folder in which the build puts files whose name changes with their content."""
_ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
_SECURITY: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
_MISSING: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Trunkline</title>
<style nonce="{nonce}">body{{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:15vh auto;padding:0 1rem}}
code{{background:#8882;padding:.1em .3em}}:root{{color-scheme:light dark}}</style>
<h1>The front end is not built</h1>
<p>The API works. The chat was looked for in <code>{folder}</code>. <code>make run</code> builds it and starts
everything; this builds it alone:</p>
<p><code>cd frontend &amp;&amp; npm ci &amp;&amp; npm run build -w chat</code></p>
"""


def content_security_policy(nonce: str) -> str:
    """Return the policy of the page: nothing a model writes can run, load or be framed."""
    return (
        f"default-src 'self'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; style-src-attr 'none'; "
        "img-src 'self' blob: data:; font-src 'self'; connect-src 'self'; worker-src 'self'; frame-src 'none'; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


class FrontEnd:
    """Answers what is not the API's."""

    def __init__(self, folder: Path) -> None:
        self._folder: Final = folder
        self._page: tuple[int, str] | None = None

    async def answer(self, request: Request) -> Response:
        """Send a file of the build, else the page."""
        path = request.path_params["path"]
        if path == "api" or path.startswith("api/"):
            return refusal(no_endpoint())
        file = self._find(path)
        if file is not None:
            return self._file(request, path, file)
        if path.startswith(_ASSETS):
            # A page of an older build asks for what is gone; the page itself would be no script.
            return JSONResponse(None, status_code=404, headers=_SECURITY)
        return self._index()

    def _find(self, path: str) -> Path | None:
        """Return a file of the build, never one beside it."""
        if not path or "\0" in path or path == "index.html":
            return None
        file = (self._folder / path).resolve()
        if not file.is_relative_to(self._folder.resolve()) or file.suffix in {".br", ".gz"}:
            return None
        return file if file.is_file() else None

    def _file(self, request: Request, path: str, file: Path) -> Response:
        hashed = path.startswith(_ASSETS)
        headers = {
            **_SECURITY,
            "cache-control": "public, max-age=31536000, immutable" if hashed else "no-cache",
            "vary": "accept-encoding",
        }
        media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        accepted = {word.partition(";")[0].strip() for word in request.headers.get("accept-encoding", "").split(",")}
        for encoding, suffix in _ENCODINGS:
            packed = file.with_name(file.name + suffix)
            if encoding in accepted and packed.is_file():
                headers["content-encoding"] = encoding
                return FileResponse(packed, headers=headers, media_type=media_type)
        return FileResponse(file, headers=headers, media_type=media_type)

    def _index(self) -> Response:
        nonce = secrets.token_urlsafe(18)
        headers = {
            **_SECURITY,
            "content-security-policy": content_security_policy(nonce),
            "cache-control": "no-store",
        }
        page = self._read()
        if page is None:
            text = _MISSING.format(nonce=nonce, folder=html.escape(str(self._folder)))
            return HTMLResponse(text, status_code=503, headers=headers)
        return HTMLResponse(page.replace(NONCE, nonce), headers=headers)

    def _read(self) -> str | None:
        """Return the page, read again when a new build is there."""
        index = self._folder / "index.html"
        try:
            changed = index.stat().st_mtime_ns
            if self._page is None or self._page[0] != changed:
                self._page = (changed, index.read_text(encoding="utf-8"))
        except OSError:
            return None
        return self._page[1]
