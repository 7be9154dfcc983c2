"""What nginx sends on port 3000."""

from __future__ import annotations

import re

from tests.compose.project import Answer, Project, fetch

PAGE = "http://localhost:3000/"


def nonce(page: Answer) -> str:
    """The nonce that the policy of this page names."""
    found = re.search(r"'nonce-([^']+)'", page.headers["Content-Security-Policy"])
    assert found, page.headers
    return found[1]


def test_each_page_has_a_nonce_of_its_own(running: Project) -> None:
    """The policy's nonce stands in the page in place of the placeholder, differs each time, and nothing is stored."""
    first, second = fetch(PAGE), fetch(f"{PAGE}c/some-conversation")
    for page in (first, second):
        assert page.status == 200
        assert nonce(page) in page.text
        assert "__CSP_NONCE__" not in page.text
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert nonce(first) != nonce(second)
    assert running.default_model() is not None


def test_assets_come_compressed_and_stay(running: Project) -> None:
    """Scripts: the precompressed file of the best kind that the browser takes, kept for ever; unknown names are 404."""
    name = re.search(r'<script type="module"[^>]* src="(/assets/[\w.-]+\.js)"', fetch(PAGE).text)
    assert name, fetch(PAGE).text
    url = f"http://localhost:3000{name[1]}"
    sizes: dict[str, int] = {}
    for kind in ("br", "gzip", ""):
        # curl, as the text of a compressed body is none
        head = running.run(f"curl -sS -D - -o /dev/null -H 'Accept-Encoding: {kind}' {url}", check=True).text.lower()
        assert "content-type: text/javascript" in head
        assert "immutable" in head
        assert (f"content-encoding: {kind}" in head) == bool(kind)
        length = re.search(r"content-length: (\d+)", head)
        assert length, head
        sizes[kind] = int(length[1])
    assert sizes["br"] < sizes["gzip"] < sizes[""]
    missing = fetch("http://localhost:3000/assets/none.js")
    assert missing.status == 404
    assert "Cache-Control" not in missing.headers


def test_the_api_behind_it(running: Project) -> None:
    """/api/ is the application's API, and found again after its container was made anew."""
    assert fetch(f"{PAGE}api/health").json["status"] == "ok"
    running.run("MODEL=gpt-4 docker-compose up -d", check=True)
    running.until("the new container answers", lambda: model_behind_the_page() == "gpt-4")
    running.run("docker-compose down", check=True)


def test_an_answer_streams_through_it(running: Project) -> None:
    """A person without any key asks on port 3000, and words of the embedded model arrive one after the other."""
    run, conversation = "01JDEMBEDDEDANSWER00000001", "01JDEMBEDDEDANSWER00000002"
    body = {"id": run, "conversation_id": conversation, "kind": "send", "chat_kind": "chat", "content": "Say hello.",
            "models": ["local"], "params": {"max_tokens": 24}}  # fmt: skip
    made = fetch(f"{PAGE}api/runs", body=body, headers={"x-trunkline-csrf": "1", "Origin": "http://localhost:3000"})
    assert made.status == 202, made.text
    events = fetch(f"{PAGE}api/runs/{run}/events?after=0")
    assert events.headers["Content-Type"].startswith("text/event-stream")
    kinds = re.findall(r"^event: (\w+)", events.text, re.MULTILINE)
    assert kinds[-1] == "end", events.text
    assert kinds.count("delta") >= 1, events.text
    assert running.default_model() is not None


def model_behind_the_page() -> object:
    """The default model as port 3000 tells it; `None` while nothing answers."""
    try:
        return fetch(f"{PAGE}api/health").json.get("model")
    except (OSError, ValueError):
        return None
