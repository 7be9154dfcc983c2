"""Files and batches in OpenAI's format: paths, and ids that say whose they are.

An id that a client gets holds the account that the file lies in, so that the next request finds it. The check sum in
it tells a damaged id from a whole one; it is no signature: who may use which file is decided by the key.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from hashlib import sha256
from typing import Final, NamedTuple

from trunkline.ir import Endpoint
from trunkline.pipeline.surface import Surface

_PATH: Final = re.compile(
    rb"(?:/v1|/(?P<provider>[a-z0-9_]+)/v1)?/(?P<kind>files|batches)(?:/(?P<id>[^/]+)(?:/(?P<action>content|cancel))?)?"
)
_MARK: Final = "tlk1"
_WORD: Final = re.compile(r"([A-Za-z]{1,16}[-_])?")
_CHECK: Final = 6
OWN_FIELDS: Final = frozenset({"model", "target_model_names", "custom_llm_provider", "provider"})
"""Members that say where a file goes, in forms, bodies and queries; they stay here."""
_FILE_IDS: Final = ("input_file_id", "output_file_id", "error_file_id")


class Wanted(NamedTuple):
    """What a path asks for."""

    provider: str
    """Named by the path; empty: it names none."""
    kind: str
    """`files` or `batches`."""
    id: str
    action: str


class DamagedIdError(ValueError):
    """An id that was ours and is not whole."""


class Owned(NamedTuple):
    """A provider's id and whose it is."""

    owner: str
    original: str


def match(path: bytes) -> Wanted | None:
    """What a raw path asks for."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    provider, kind, own_id, action = (
        (found[name] or b"").decode("latin-1") for name in ("provider", "kind", "id", "action")
    )
    return Wanted(provider, kind, own_id, action)


OPERATIONS: Final = {
    ("files", "POST", "", False): "acreate_file",
    ("files", "GET", "", False): "afile_list",
    ("files", "GET", "", True): "afile_retrieve",
    ("files", "DELETE", "", True): "afile_delete",
    ("files", "GET", "content", True): "afile_content",
    ("batches", "POST", "", False): "acreate_batch",
    ("batches", "GET", "", False): "alist_batches",
    ("batches", "GET", "", True): "aretrieve_batch",
    ("batches", "POST", "cancel", True): "acancel_batch",
}
"""Kind, method, action and whether there is an id -> LiteLLM's name of the operation."""
SURFACES: Final = {
    name: Surface(
        Endpoint.CHAT,  # no operation of ours; what it is says the path
        name,
        f"{method} /v1/{kind}{'/{id}' if one else ''}{f'/{action}' if action else ''}",
        streams=False,
    )
    for (kind, method, action, one), name in OPERATIONS.items()
}


def operation(wanted: Wanted, method: str) -> str | None:
    """The operation, `None` where the path does not take the method."""
    return OPERATIONS.get((wanted.kind, method, wanted.action, bool(wanted.id)))


def methods(wanted: Wanted) -> list[str]:
    """What the path takes."""
    return [
        method
        for kind, method, action, one in OPERATIONS
        if (kind, action, one) == (wanted.kind, wanted.action, bool(wanted.id))
    ]


def wrap(owner: str, original: str) -> str:
    """The id that a client gets: `file-tlk1...`, of letters, digits, `-` and `_`."""
    if not original:
        return original
    content = f"{owner}\0{original}".encode("utf-8", "surrogatepass")
    word = _WORD.match(original)
    head = word[0] if word is not None else ""
    sealed = urlsafe_b64encode(sha256(content).digest()[:_CHECK] + content).decode("ascii").rstrip("=")
    return f"{head}{_MARK}{sealed}"


def unwrap(text: str) -> Owned | None:
    """What an id of ours holds; `None` where it is a provider's own.

    Raises:
        DamagedIdError: it is ours and was changed.
    """
    word = _WORD.match(text)
    rest = text[word.end() :] if word is not None else text
    if not rest.startswith(_MARK):
        return None
    coded = rest[len(_MARK) :]
    try:
        whole = urlsafe_b64decode(coded + "=" * (-len(coded) % 4))
        check, content = whole[:_CHECK], whole[_CHECK:]
        owner, _, original = content.decode().partition("\0")
    except (Error, ValueError):
        raise DamagedIdError from None
    if sha256(content).digest()[:_CHECK] != check or not original or wrap(owner, original) != text:
        raise DamagedIdError
    return Owned(owner, original)


def wrap_answer(members: dict[str, object], owner: str) -> dict[str, object]:
    """A provider's object or list of objects, with the ids that the client is to use."""
    for name in ("id", "first_id", "last_id", *_FILE_IDS):
        value = members.get(name)
        if isinstance(value, str):
            members[name] = wrap(owner, value)
    data = members.get("data")
    if isinstance(data, list):
        members["data"] = [wrap_answer(row, owner) if isinstance(row, dict) else row for row in data]
    return members
