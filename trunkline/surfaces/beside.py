"""Which paths are for what stands beside the calls to models; asked for every request that is none, so it is quick."""

from __future__ import annotations

import re
from typing import Final

from trunkline.providers.pass_through import FAMILIES, MANAGED

_PASSING: Final = tuple(f"/{family.prefix}/".encode() for family in FAMILIES)
_FILES: Final = re.compile(rb"(?:/v1|/[a-z0-9_]+/v1)?/(?:files|batches)(?:/[^/]+(?:/(?:content|cancel))?)?")
_NATIVE: Final = tuple(f"/{family.prefix}/".encode() for family in FAMILIES if family.prefix not in MANAGED)
_SOCKETS: Final = frozenset(
    {
        b"/v1/responses", b"/responses", b"/openai/v1/responses", b"/v1/realtime", b"/realtime", b"/openai/v1/realtime",
        b"/openai/realtime",
    }
)  # fmt: skip
EVENT_LOGGING: Final = b"/api/event_logging/batch"
UTILITIES: Final = frozenset(
    {b"/utils/transform_request", b"/utils/token_counter", b"/utils/supported_openai_params", EVENT_LOGGING}
)


PASSED_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
"""What passes; LiteLLM's five."""
_KINDS: Final = (
    ("POST", "files", ""), ("GET", "files", ""), ("GET", "files", "/{file_id}"), ("DELETE", "files", "/{file_id}"),
    ("GET", "files", "/{file_id}/content"), ("POST", "batches", ""), ("GET", "batches", ""),
    ("GET", "batches", "/{batch_id}"), ("POST", "batches", "/{batch_id}/cancel"),
)  # fmt: skip
_PREFIXES: Final = tuple(f"/{family.prefix}/{{endpoint}}" for family in FAMILIES)
_HEADS: Final = ("/v1/", "/", "/{provider}/v1/")


def paths() -> list[tuple[str, str, str]]:
    """Method, path and canonical path of everything here, for the documentation and for answers to a wrong method."""
    return [
        *((method, f"{head}{kind}{tail}", f"/v1/{kind}{tail}") for method, kind, tail in _KINDS for head in _HEADS),
        *((method, path, path.replace("-", "_")) for path in _PREFIXES for method in PASSED_METHODS),
        *((method, path, path) for method, path in _HELPERS),
    ]  # fmt: skip


_HELPERS: Final = (
    ("POST", "/utils/transform_request"), ("POST", "/utils/token_counter"), ("GET", "/utils/supported_openai_params"),
    ("POST", EVENT_LOGGING.decode()),
)  # fmt: skip


def may_pass(path: bytes) -> bool:
    """Behind a prefix of a provider's own API."""
    return path.startswith(_PASSING)


def is_file(path: bytes) -> bool:
    """Files and batches in OpenAI's format."""
    return (b"/files" in path or b"/batches" in path) and not path.startswith(_NATIVE) and bool(_FILES.fullmatch(path))


def is_utility(path: bytes) -> bool:
    """One of the helpers."""
    return path in UTILITIES


def is_socket(path: bytes) -> bool:
    """Clients open WebSockets there elsewhere."""
    return path in _SOCKETS
