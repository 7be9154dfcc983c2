"""The files of `/ui` and the headers that a browser gets with them."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from trunkline.admin import ui_files
from trunkline.admin.answers import Answer, Request

PAGE = '<!doctype html><script type="module" src="__BASE__/assets/a-1.js" nonce="__CSP_NONCE__"></script>'


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A built application, with a secret beside it."""
    folder = tmp_path / "ui"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(PAGE)
    (folder / "assets" / "a-1.js").write_text("plain")
    (folder / "assets" / "a-1.js.br").write_bytes(b"packed")
    (folder / "assets" / ".env").write_text("secret")
    (tmp_path / "secret.js").write_text("secret")
    return folder


async def get(path: str, built: Path, encoding: bytes = b"", root: str = "") -> Answer:
    """What a browser gets."""
    headers = [(b"accept-encoding", encoding)] if encoding else []
    return await ui_files.serve(path, Request(headers, b""), root, built)


@pytest.mark.parametrize("path", ["/ui", "/ui/", "/ui/requests", "/ui/errors/deep", "/ui/../../etc/passwd"])
async def test_every_path_is_the_one_page(built: Path, path: str) -> None:
    """The application reads the address itself; the page says where it is mounted and has a nonce of its own."""
    answer = await get(path, built)
    headers = dict(answer.headers)
    [nonce] = re.findall(rb'nonce="([^"]+)"', answer.body)
    assert answer.status == 200
    assert b'src="/ui/assets/a-1.js"' in answer.body
    assert b"'nonce-%b'" % nonce in headers[b"content-security-policy"]
    assert b"script-src 'self';" in headers[b"content-security-policy"]
    assert b"unsafe" not in headers[b"content-security-policy"]
    assert headers[b"cross-origin-opener-policy"] == b"same-origin"
    assert nonce not in (await get(path, built)).body


async def test_a_mount_is_part_of_the_addresses(built: Path) -> None:
    """Inside another application the page asks for its files there; a mount that is no path is left out."""
    assert b'src="/llm/ui/assets/a-1.js"' in (await get("/ui", built, root="/llm")).body
    assert b'src="/ui/assets/a-1.js"' in (await get("/ui", built, root='/"><script>')).body


async def test_assets_are_kept_for_ever_and_come_packed(built: Path) -> None:
    """A hashed name never changes its content; Brotli goes to those who take it."""
    plain, packed = await get("/ui/assets/a-1.js", built), await get("/ui/assets/a-1.js", built, b"gzip, br")
    refused = await get("/ui/assets/a-1.js", built, b"br;q=0, gzip")
    assert (plain.body, packed.body, refused.body) == (b"plain", b"packed", b"plain")
    assert (b"content-encoding", b"br") in packed.headers
    for answer in (plain, packed):
        headers = dict(answer.headers)
        assert b"immutable" in headers[b"cache-control"]
        assert headers[b"vary"] == b"accept-encoding"
        assert answer.content_type == b"text/javascript; charset=utf-8"


@pytest.mark.parametrize(
    "name", ["../secret.js", "..%2fsecret.js", ".env", "../index.html", "a-1.js.br", "none.js", "a-1.js/", "", "a\0.js"]
)
async def test_nothing_else_is_reached(built: Path, name: str) -> None:
    """Other folders, hidden files and unknown names are a 404 that says to load the page again."""
    answer = await get(f"/ui/assets/{name}", built)
    assert answer.status == 404
    assert b"secret" not in answer.body


async def test_without_a_build_the_page_says_the_command(tmp_path: Path) -> None:
    """A checkout that was never built answers with what to run."""
    answer = await get("/ui", tmp_path / "none")
    assert answer.status == 503
    assert b"scripts/build_frontend.sh" in answer.body


async def test_the_page_needs_no_key_and_is_not_kept(client: httpx.AsyncClient) -> None:
    """Through the application: anybody gets the page (it holds nothing), with the headers that every answer has."""
    answer = await client.get("/ui")
    assert answer.status_code in {200, 503}
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    head = await client.head("/ui")
    assert (head.status_code, head.content) == (answer.status_code, b"")
    assert (await client.post("/ui")).status_code == 404
    assert (await client.get("/uinverse")).status_code == 404
