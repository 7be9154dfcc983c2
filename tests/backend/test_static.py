"""The front end from the same port: one page with a fresh nonce, files by their hashes, nothing beside the build."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.backend.app_fixtures import CSRF, running, settings_for

PAGE = '<meta name="csp-nonce" content="__CSP_NONCE__"><style nonce="__CSP_NONCE__"></style><script src="/assets/a.js">'


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A built front end, with a secret beside it."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(PAGE)
    (folder / "icon.svg").write_text("<svg/>")
    (folder / "assets" / "a-1f2e.js").write_text("let a = 1")
    (folder / "assets" / "a-1f2e.js.br").write_bytes(b"brotli")
    (folder / "assets" / "a-1f2e.js.gz").write_bytes(gzip.compress(b"let a = 1"))
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder


@pytest.fixture
async def browser(build: Path, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in front of the application with that build."""
    settings = settings_for(f"sqlite:///{tmp_path}/app.db", tmp_path, app_frontend=build)
    async with running(settings) as app, app.client() as client:
        yield client


@pytest.mark.parametrize(
    "path", ["/", "/c/01JDF0Q8M3W9V4T6Y2ZB7K5N1C", "/models/openai/gpt-4.1", "/compare/new?models=a", "/apis"]
)
async def test_every_path_of_the_page_gets_the_page(browser: httpx.AsyncClient, path: str) -> None:
    """A link into the application opens it, also where the path looks like a file's."""
    answer = await browser.get(path)
    assert answer.status_code == 200
    assert "/assets/a.js" in answer.text
    assert answer.headers["cache-control"] == "no-store"


async def test_each_page_has_a_nonce_of_its_own_in_the_policy(browser: httpx.AsyncClient) -> None:
    """The placeholder is gone, the nonce is in the policy, and the next page has another."""
    seen = set()
    for _ in range(3):
        answer = await browser.get("/")
        policy = answer.headers["content-security-policy"]
        found = re.search(r"style-src 'self' 'nonce-([\w-]{20,})'", policy)
        assert found is not None
        assert answer.text.count(found[1]) == 2
        assert "__CSP_NONCE__" not in answer.text
        seen.add(found[1])
    assert len(seen) == 3


async def test_the_policy_lets_nothing_in_that_is_not_ours(browser: httpx.AsyncClient) -> None:
    """Scripts from here only, no inline script, no frames, no plug-ins, no other base; nosniff, no referrer."""
    headers = (await browser.get("/")).headers
    policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["script-src"] == policy["connect-src"] == "'self'"
    for closed in ("object-src", "base-uri", "frame-ancestors", "frame-src", "style-src-attr"):
        assert policy[closed] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("accepts", "encoding", "body"),
    [("gzip, br", "br", b"brotli"), ("gzip", "gzip", b"let a = 1"), ("identity", None, b"let a = 1")],
)
async def test_hashed_files_stay_for_ever_and_come_packed(
    browser: httpx.AsyncClient, accepts: str, encoding: str | None, body: bytes
) -> None:
    """The best encoding that the browser takes, cached for a year, with the type of the file itself."""
    async with browser.stream("GET", "/assets/a-1f2e.js", headers={"accept-encoding": accepts}) as answer:
        raw = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert answer.headers.get("content-encoding") == encoding
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith(("text/javascript", "application/javascript"))
    assert answer.headers["vary"] == "accept-encoding"
    assert (gzip.decompress(raw) if encoding == "gzip" else raw) == body


async def test_other_files_are_asked_for_again(browser: httpx.AsyncClient) -> None:
    """A file without a hash in its name may change: it is revalidated."""
    answer = await browser.get("/icon.svg")
    assert (answer.text, answer.headers["cache-control"]) == ("<svg/>", "no-cache")
    assert answer.headers["etag"]


async def test_an_asset_of_an_older_build_is_a_404(browser: httpx.AsyncClient) -> None:
    """The page instead of a script would be a riddle in the console."""
    assert (await browser.get("/assets/gone-0000.js")).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt", "/link.txt", "//secret.txt", "/%00"],
)
async def test_nothing_beside_the_build_is_served(browser: httpx.AsyncClient, path: str) -> None:
    """Neither by dots, nor encoded, nor by a link."""
    answer = await browser.get(f"http://127.0.0.1{path}")
    assert "secret" not in answer.text
    assert answer.status_code in {200, 404}


async def test_the_api_never_answers_with_the_page(browser: httpx.AsyncClient) -> None:
    """An unknown path of the API is an error in JSON."""
    for path in ("/api", "/api/none", "/api/conversations/x/y"):
        answer = await browser.get(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert (await browser.post("/c/x", headers=CSRF)).status_code == 405


async def test_a_new_build_is_served_without_a_restart(browser: httpx.AsyncClient, build: Path) -> None:
    """The page is read again when it changes."""
    assert "a.js" in (await browser.get("/")).text
    (build / "index.html").write_text(PAGE.replace("a.js", "newer.js"))
    assert "newer.js" in (await browser.get("/")).text


async def test_without_a_build_the_page_says_the_command(tmp_path: Path) -> None:
    """The API works; the page names the folder and what to run."""
    settings = settings_for(f"sqlite:///{tmp_path}/app.db", tmp_path, app_frontend=tmp_path / "<none>")
    async with running(settings) as app, app.client() as client:
        answer = await client.get("/")
        assert answer.status_code == 503
        assert "make run" in answer.text
        assert "npm run build -w chat" in answer.text
        assert "&lt;none&gt;" in answer.text
        assert (await client.get("/api/conversations")).status_code == 200
