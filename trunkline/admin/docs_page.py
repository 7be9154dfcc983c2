"""The page at `/docs`: plain HTML made here, so that nothing is loaded from elsewhere and it reads without a script."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from functools import cache
from html import escape
from pathlib import Path
from typing import Final

from trunkline.admin import reading
from trunkline.admin.reading import Field, Operation, Outcome, Reading, Shape

_PAGES: Final = Path(__file__).parent / "pages"
_STYLE: Final = (_PAGES / "docs.css").read_text(encoding="utf-8")
_SCRIPT: Final = (_PAGES / "docs.js").read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        f"style-src {_digest(_STYLE)}",
        f"script-src {_digest(_SCRIPT)}",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""Content-Security-Policy of the page: its own style and script by hash, and nothing else."""


_ACCESS: Final = {"key": "needs a key", "no key": "no key", "key for more": "a key shows more"}


def render(document: reading.Node) -> str:
    """The page of an OpenAPI document of ours."""
    found = reading.read(document)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(found.title)} API reference</title><style>{_STYLE}</style></head><body><div class="layout">'
        f"{_navigation(found)}<main>{_head(found)}{_operations(found)}{_shapes(found.shapes)}</main></div>"
        f"<script>{_SCRIPT}</script></body></html>"
    )


def _head(found: Reading) -> str:
    paragraphs = "".join(f"<p>{_prose(text)}</p>" for text in found.description.split("\n\n"))
    title = f"<h1>{escape(found.title)} <small>{escape(found.version)}</small></h1>"
    return f'{title}{paragraphs}<p>As a document: <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1).</p>'


def _navigation(found: Reading) -> str:
    parts = []
    for tag in found.tags:
        links = "".join(
            f'<li><a href="#{escape(op.anchor)}"><span class="method {op.method.lower()}">{op.method}</span>'
            f"{escape(op.path)}</a></li>"
            for op in found.operations
            if op.tag == tag
        )
        parts.append(f"<h2>{escape(tag)}</h2><ul>{links}</ul>")
    shapes = "".join(f'<li><a href="#{escape(shape.anchor)}">{escape(shape.name)}</a></li>' for shape in found.shapes)
    box = '<input type="search" placeholder="Filter" aria-label="Filter" hidden>'
    return (
        f'<nav aria-label="Contents"><details open><summary>Contents</summary>{box}{"".join(parts)}'
        f"<h2>Shapes</h2><ul>{shapes}</ul></details></nav>"
    )


def _operations(found: Reading) -> str:
    parts = []
    for tag in found.tags:
        parts.append(f"<h2>{escape(tag)}</h2>")
        parts.extend(_operation(op) for op in found.operations if op.tag == tag)
    return "".join(parts)


def _operation(op: Operation) -> str:
    kind = "access key" if op.access == "key" else "access"
    aliases = ", ".join(f"<code>{escape(alias)}</code>" for alias in op.aliases)
    body = f"<h4>Body</h4><p>{_link(op.body)}</p>" if op.body else ""
    return "".join(
        (
            f'<section id="{escape(op.anchor)}"><span class="{kind}">{escape(_ACCESS[op.access])}</span>',
            f'<h3><span class="method {op.method.lower()}">{op.method}</span>',
            f'<a href="#{escape(op.anchor)}">{escape(op.path)}</a></h3><p>{_prose(op.summary)}</p>',
            "".join(f"<p>{_prose(text)}</p>" for text in op.description.split("\n\n") if text),
            f"<p>Also as {aliases}.</p>" if aliases else "",
            _fields("Parameters", op.parameters),
            body,
            _outcomes(op.outcomes),
            _fields("Headers of the answer", op.headers),
            f'<h4>Example</h4><div class="example"><pre>{escape(op.curl)}</pre></div></section>',
        )
    )


def _outcomes(outcomes: Iterable[Outcome]) -> str:
    rows = "".join(
        f"<tr><th>{escape(found.status)}</th><td>{_prose(found.text)} {_link(found.shape)}</td></tr>"
        for found in outcomes
    )
    return f'<h4>Answers</h4><table class="answers">{rows}</table>'


def _fields(title: str, fields: tuple[Field, ...]) -> str:
    if not fields:
        return ""
    rows = "".join(
        f"<tr><th><code>{escape(found.name)}</code>"
        f'<span class="kind">{_kind(found)}{", required" if found.required else ""}</span></th>'
        f"<td>{_prose(found.text)}</td></tr>"
        for found in fields
    )
    return f"<h4>{title}</h4><table>{rows}</table>"


def _kind(field: Field) -> str:
    if field.shape is None:
        return _prose(field.kind)
    return _prose(field.kind).replace(escape(field.shape), _link(field.shape))


def _shapes(shapes: Iterable[Shape]) -> str:
    parts = [
        f'<section id="{escape(shape.anchor)}"><h3><a href="#{escape(shape.anchor)}">{escape(shape.name)}</a></h3>'
        f"<p>{_prose(shape.text)}</p>{_fields('Members', shape.fields)}</section>"
        for shape in shapes
    ]
    return "<h2>Shapes</h2>" + "".join(parts)


def _link(shape: str | None) -> str:
    return f'<a href="#shape-{escape(shape)}">{escape(shape)}</a>' if shape else ""


@cache
def _prose(text: str) -> str:
    """Text with `code` in backticks."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))
