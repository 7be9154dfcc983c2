"""Recorded exchanges of the small operations, as codecs get them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from trunkline.wire.codec import Named
from trunkline.wire.small.codec import Body, Received
from trunkline.wire.small.multipart import Part, emit, field, parse

RECORDINGS = Path(__file__).resolve().parents[4] / "shared" / "recordings"
HERE = RECORDINGS.is_dir()
WHY_NOT = "the recordings are not there: put them at `../shared/recordings`"


class Exchange(NamedTuple):
    """One recorded exchange."""

    slug: str
    path: str
    host: str
    model: str
    """As the path names it, decoded; empty where it does not."""
    body: Any
    content_type: str
    status: int
    headers: dict[str, str]
    answer: Any
    stream: str | None

    def named(self) -> Named:
        """What the path says."""
        return Named(model=self.model)

    def request(self) -> Received:
        """The request's bytes; a form is built again from its fields, with files of eight bytes."""
        if "_multipart" in (self.body or {}):
            data, content_type = emit(form_parts(self.body["_multipart"]))
            return Received(body=data, content_type=content_type, path=self.path)
        return Received(body=json.dumps(self.body).encode(), path=self.path)

    def received(self) -> Received:
        """The answer's bytes."""
        return Received(body=json.dumps(self.answer).encode(), headers=self.headers)


def exchanges(*surfaces: str) -> list[Exchange]:
    """Every exchange of these surfaces, by name of folder."""
    return [one for surface in surfaces for one in _of(surface)]


def asked(*surfaces: str) -> list[Exchange]:
    """Those with a request that has a body."""
    return [one for one in exchanges(*surfaces) if one.body and one.body != {"_multipart": []}]


def answered(*surfaces: str) -> list[Exchange]:
    """Those with a whole answer under 200."""
    return [one for one in exchanges(*surfaces) if one.status == 200 and one.answer is not None]


ODD: tuple[Any, ...] = (None, True, 0, -1, 1.5, 10**30, 1e300, "", "x", [], {}, [None], [[]], {"a": [{}]})


def mutations(value: Any, width: int = 2) -> Iterator[Any]:
    """The value with one node at a time replaced by each odd one; of a list the first `width` items are looked at."""
    yield from ODD
    if isinstance(value, dict):
        for name, inner in value.items():
            yield {other: kept for other, kept in value.items() if other != name}
            yield from ({**value, name: other} for other in mutations(inner, width))
    elif isinstance(value, list):
        for place, inner in enumerate(value[:width]):
            yield from ([*value[:place], other, *value[place + 1 :]] for other in mutations(inner, width))


def form_parts(fields: list[dict[str, Any]]) -> list[Part]:
    """A recorded form's parts."""
    found: list[Part] = []
    for entry in fields:
        if "filename" in entry:
            data = b"RIFF\r\n--" + b"\x00"
            found.append(
                Part(name=entry["name"], data=data, filename=entry["filename"], content_type=entry["content_type"])
            )
        else:
            found.append(field(entry["name"], entry["value"]))
    return found


def form_of(body: Body) -> list[tuple[str, str | None, str, bytes]]:
    """A written form as comparable values, in the order of their names."""
    assert body.data is not None
    form = parse(body.data, body.content_type)
    return sorted((part.name, part.filename, part.content_type, bytes(part.data)) for part in form.parts)


def _of(surface: str) -> Iterator[Exchange]:
    for file in sorted(RECORDINGS.glob(f"*/{surface}/*.json")):
        record = json.loads(file.read_text())
        request, response = record["request"] or {}, record["response"]
        path = request.get("path") or ""
        headers = {name.lower(): str(value) for name, value in (response.get("headers") or {}).items()}
        model = path.partition("/model")[2].lstrip("s").strip("/").partition("/invoke")[0].partition(":")[0]
        if "/model/" in path:
            model = path.partition("/model/")[2].partition("/")[0].replace("%3A", ":")
        yield Exchange(
            slug=f"{surface}/{file.stem}",
            path=path,
            host=request.get("host") or "",
            model=model,
            body=request.get("body"),
            content_type=(request.get("headers") or {}).get("content-type", ""),
            status=response["status"],
            headers=headers,
            answer=response.get("body"),
            stream=response.get("sse"),
        )
