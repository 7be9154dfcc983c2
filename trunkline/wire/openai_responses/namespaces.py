"""Tools of type `namespace`: functions under a name of their own, whose calls say the namespace beside the name.

platform.openai.com/docs/guides/tools-tool-search. No other format has them, so the functions go elsewhere under one
flat name each, and calls of these come back as name and namespace.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from trunkline.ir.parts import ToolCall
from trunkline.ir.request import Request, Tool
from trunkline.wire.codec import Members
from trunkline.wire.free_text import free_text_names
from trunkline.wire.openai_responses.shape import OWN, is_object

NAMESPACE: Final = "namespace"
"""The type of the tool, and the member of a call."""
_TAKEN_EVERYWHERE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
"""Names that every format takes; the narrowest are OpenAI's length and Gemini's beginning."""
_ODD: Final = re.compile(r"[^A-Za-z0-9_-]")
_DIGEST: Final = 12
_KEPT: Final = 64 - _DIGEST - 1


class Inner(NamedTuple):
    """One tool of a namespace."""

    namespace: str
    name: str
    tool: Members
    path: str
    """In the client's words."""


def flat_name(namespace: str, name: str, taken: Sequence[str] | frozenset[str] | dict[str, Inner] = ()) -> str:
    """`namespace__name`; shortened by a hash where that is too long, has odd characters, or is taken."""
    plain = f"{namespace}__{name}"
    if _TAKEN_EVERYWHERE.fullmatch(plain) and plain not in taken:
        return plain
    digest = sha256(f"{namespace}\0{name}".encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
    kept = _ODD.sub("_", plain)[:_KEPT]
    if not _TAKEN_EVERYWHERE.fullmatch(kept):
        kept = f"_{kept}"[:_KEPT]
    return f"{kept}_{digest}"


def is_namespace(tool: Tool) -> bool:
    """Whether a tool is a namespace of this format."""
    native = tool.native
    return tool.foreign and tool.name == NAMESPACE and native is not None and native.format is OWN


def inner_tools(tools: Sequence[Tool]) -> dict[str, Inner]:
    """The tools in all namespaces by their flat names; what has no name is left out."""
    found: dict[str, Inner] = {}
    taken: frozenset[str] | None = None
    seen: set[tuple[str, str]] = set()
    for place, tool in enumerate(tools):
        if not is_namespace(tool) or tool.native is None:
            continue
        if taken is None:
            taken = frozenset(one.name for one in tools if not one.foreign)
        namespace, listed = tool.native.members.get("name"), tool.native.members.get("tools")
        for inner, item in enumerate(listed if isinstance(listed, list) else ()):
            name = item.get("name") if is_object(item) else None
            if not isinstance(namespace, str) or not isinstance(name, str) or (namespace, name) in seen:
                continue
            seen.add((namespace, name))
            flat = flat_name(namespace, name, taken)
            if flat in found:
                flat = flat_name(namespace, name, (flat,))
            found[flat] = Inner(namespace, name, item, f"tools[{place}].tools[{inner}]")
    return found


def namespace_of(call: ToolCall) -> str:
    """The namespace that a call in the history names; empty: none."""
    native = call.native
    if native is None or native.format is not OWN:
        return ""
    found = native.members.get(NAMESPACE)
    return found if isinstance(found, str) else ""


def all_free_text_names(request: Request) -> frozenset[str]:
    """The tools that take free text, those in namespaces by their flat names."""
    inside = (flat for flat, inner in inner_tools(request.tools).items() if inner.tool.get("type") == "custom")
    return free_text_names(request).union(inside)
