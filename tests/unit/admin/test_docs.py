"""The OpenAPI document, the page and the reference pages."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from typing_extensions import override

from tests.unit.admin.fakes import AUTH, MASTER, FakeGateway
from trunkline.admin import reference
from trunkline.admin.routes import DATA_PLANE, ROUTES

SENT = {"/trunkline/session": {"key": MASTER}}
"""Bodies of the routes that need one."""
REFERENCE = Path(__file__).parents[3] / "docs" / "reference"


class Page(HTMLParser):
    """Collects what the tests look at."""

    VOID = frozenset({"meta", "input", "br", "link", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.inline: list[str] = []
        self.open: list[str] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.links += [value for name, value in attrs if name == "href" and value]
        self.loads += [f"{tag} {name}" for name in ("src", "srcset", "data", "action", "poster") if name in named]
        self.inline += [name for name in named if name.startswith("on") or name == "style"]
        if tag not in self.VOID:
            self.open.append(tag)

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def references(node: object) -> Iterator[str]:
    """Every `$ref` below a node."""
    match node:
        case dict():
            for key, value in node.items():
                if key == "$ref":
                    yield value
                else:
                    yield from references(value)
        case list():
            for value in node:
                yield from references(value)


async def test_the_document_names_every_route(client: httpx.AsyncClient) -> None:
    """Routes in code and routes in the document are the same, with unique operation ids and references that resolve."""
    document = (await client.get("/openapi.json")).json()
    assert document["openapi"] == "3.1.0"
    written = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert written == {(route.method, route.path) for route in ROUTES} | set(DATA_PLANE)
    ids = [op["operationId"] for item in document["paths"].values() for op in item.values()]
    assert len(ids) == len(set(ids))
    for reference_ in references(document):
        node = document
        for part in reference_.removeprefix("#/").split("/"):
            node = node[part]


async def test_the_document_says_who_may(client: httpx.AsyncClient) -> None:
    """Without a key 401 is possible exactly where the document says so."""
    document = (await client.get("/openapi.json")).json()
    for route in ROUTES:
        operation = document["paths"][route.path][route.method.lower()]
        answer = await client.request(route.method, route.path)
        assert (operation.get("security") != []) == (answer.status_code == 401), route.path
        if answer.status_code == 401:
            assert "401" in operation["responses"]


async def test_the_document_agrees_with_the_answers(client: httpx.AsyncClient, gateway: FakeGateway) -> None:
    """Answers have the members that the document requires."""
    document = (await client.get("/openapi.json")).json()
    for route in ROUTES:
        good = document["paths"][route.path][route.method.lower()]["responses"]["200"]["content"]
        schema = good.get("application/json", {}).get("schema", {})
        name = schema.get("$ref", "").rpartition("/")[2]
        if name:
            answer = await client.request(route.method, route.path, headers=AUTH, json=SENT.get(route.path))
            if answer.status_code == 404:
                continue  # nothing has the id that stands in the template
            body = answer.json()
            assert set(document["components"]["schemas"][name]["required"]) <= set(body), route.path


async def test_the_page_loads_nothing_and_its_policy_fits(client: httpx.AsyncClient) -> None:
    """The page has no remote load and no inline handler, and its own style and script are the only ones allowed."""
    answer = await client.get("/docs")
    page = Page()
    page.feed(answer.text)
    assert page.open == []
    assert (page.loads, page.inline) == ([], [])
    assert not [link for link in page.links if not link.startswith(("#", "/openapi.json"))]
    policy = answer.headers["content-security-policy"]
    for tag in ("style", "script"):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", answer.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy


async def test_the_page_has_a_deep_link_and_an_example_per_route(client: httpx.AsyncClient) -> None:
    """Each route can be linked to and has a curl; every link on the page leads somewhere; all spellings are named."""
    text = (await client.get("/docs")).text
    page = Page()
    page.feed(text)
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} == set(page.ids)
    assert text.count("<pre>curl ") == len([found for found in page.ids if not found.startswith("shape-")])
    for _, path in [*DATA_PLANE, *((route.method, route.path) for route in ROUTES)]:
        assert f">{path}</" in text, path


@pytest.mark.parametrize(("name", "made"), [("api.md", reference.api), ("metrics.md", reference.metrics)])
def test_the_reference_pages_are_current(name: str, made: object) -> None:
    """The written pages are what the code says now; `make docs` makes them."""
    assert callable(made)
    assert (REFERENCE / name).read_text(encoding="utf-8") == made()
