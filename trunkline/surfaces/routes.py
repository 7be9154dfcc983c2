"""From a raw path to the surface that it means."""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import unquote

from trunkline.pipeline.surface import Surface
from trunkline.surfaces.operations import GENERATE_ARRAY, GENERATE_STREAM, SPELLINGS


class Matched(NamedTuple):
    """What a path means."""

    surface: Surface
    model: str | None = None
    """The model that the path names, decoded."""


_EXACT: Final = {path.encode(): Matched(surface) for path, surface in SPELLINGS if "{" not in path}


def _pattern(path: str) -> str:
    segment = "[^/?#]+"
    model = "[^?#:][^?#]*" if "{model}:" in path else segment
    parts = re.split(r"(\{\w+\})", path)
    written = "".join(segment if part.startswith("{") and part != "{model}" else part for part in parts)
    head, _, tail = written.partition("{model}")
    return f"{head}({model}){re.escape(tail)}"


_NAMED: Final = tuple(
    (re.compile(_pattern(path).encode()), surface) for path, surface in SPELLINGS if "{model}" in path
)
_FIRST: Final = re.compile(
    rb"/(?:openai/deployments|engines|v1/engines|(?:v1(?:beta1?|alpha)?/)?(?:models|projects|publishers))/"
)


def match(path: bytes, query: bytes = b"") -> Matched | None:
    """The surface of a raw path, and the model that the path names.

    Only the exact spelling counts: `//`, `/./`, encoded slashes and trailing slashes are other paths, and nothing is
    decided from a rewritten one.
    """
    found = _EXACT.get(path)
    if found is not None:
        return found
    if not _FIRST.match(path):
        return None
    for pattern, surface in _NAMED:
        named = pattern.fullmatch(path)
        if named is not None:
            try:
                model = unquote(named[1].decode("ascii"), errors="strict")
            except UnicodeDecodeError:
                return None
            if surface is GENERATE_ARRAY and b"alt=sse" in query.split(b"&"):
                return Matched(GENERATE_STREAM, model)
            return Matched(surface, model)
    return None


def paths() -> list[str]:
    """Every path form, for the documentation and for answers to the wrong method."""
    return [path for path, _ in SPELLINGS]
