"""From a raw path to the provider's API that it passes through to, and the part of the path that is the client's."""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from trunkline.ir import Endpoint
from trunkline.pipeline.pass_call import CALL_TYPE
from trunkline.pipeline.surface import Surface
from trunkline.providers.pass_through import FAMILIES, Family, family_of, tail_trouble
from trunkline.surfaces import routes
from trunkline.surfaces.beside import may_pass

_OURS: Final = frozenset({b"/openai/v1/models", b"/openai/models"})
"""Answered here, under a prefix that passes all else."""
_NAMED: Final = (b"/openai/deployments/", b"/openai/v1/models/")
_QUERY: Final = re.compile(rb"[\x21\x24-\x7e]*")
"""Printable, and neither `"` nor `#`."""


class Matched(NamedTuple):
    """What a path means."""

    family: Family
    tail: str
    """The path behind the prefix, as it came; begins with a slash."""


class BadPath(ValueError):
    """The path may not be passed on; the text says why."""


def match(path: bytes) -> Matched | None:
    """The API of a raw path; `None` where it belongs to another surface, or to none.

    Raises:
        BadPath: it could mean a place outside of the API's own to somebody who reads it differently (F06).
    """
    if not may_pass(path) or path in _OURS or path.startswith(_NAMED) or routes.match(path) is not None:
        return None
    prefix, slash, tail = path[1:].partition(b"/")
    family = family_of(prefix.decode("ascii", "replace"))
    if family is None:
        return None
    text = (slash + tail).decode("latin-1")
    trouble = tail_trouble(text, family)
    if trouble is not None:
        raise BadPath(f"The path cannot be passed on: {trouble}.")
    return Matched(family, text)


def query_for_provider(query: bytes, leave_out: frozenset[bytes] = frozenset()) -> bytes:
    """The query without the gateway's key, which clients of some formats send there, and without `leave_out`.

    Raises:
        BadPath: it has a byte that no query has.
    """
    if not _QUERY.fullmatch(query):
        raise BadPath("The query has a character that must be percent-encoded.")
    kept = [pair for pair in query.split(b"&") if _name(pair) not in leave_out | {b"key"}]
    return b"&".join(kept)


def _name(pair: bytes) -> bytes:
    return unquote_to_bytes(pair.partition(b"=")[0].replace(b"+", b" ")).strip()


def surface_of(family: Family) -> Surface:
    """The surface of a family's calls: their name in the ledger and the shape of our errors."""
    return _SURFACES[family.prefix]


_SURFACES: Final = {
    family.prefix: Surface(
        Endpoint.CHAT,  # no operation of ours; what it is says the path
        CALL_TYPE,
        f"/{family.prefix}/{{endpoint}}",
        streams=True,
        errors=family.errors,
    )
    for family in FAMILIES
}
