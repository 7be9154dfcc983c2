"""Images and documents, in both directions.

An image's source is base64, a URL or a file id; a document's may also be plain text, or content blocks that citations
count (providers.md B1, Media).
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Final, assert_never

from trunkline.ir.losses import Losses
from trunkline.ir.parts import Foreign, Media, MediaKind, Native
from trunkline.wire.anthropic_messages import losses as why
from trunkline.wire.anthropic_messages.shape import (
    OWN,
    a_string,
    an_object,
    cache_control,
    cache_hint,
    kept,
    maybe_string,
    restore,
    under,
)
from trunkline.wire.codec import Members

_KNOWN: Final = frozenset({"type", "source", "title", "cache_control"})
_SOURCE: Final = frozenset({"type", "media_type", "data", "url", "file_id"})
_TEXT_LIKE: Final = frozenset({"application/json", "application/xml", "application/yaml", "application/x-yaml"})
_MAGIC: Final = (
    ("iVBORw0KGgo", "image/png"),
    ("/9j/", "image/jpeg"),
    ("R0lGOD", "image/gif"),
    ("UklGR", "image/webp"),
    ("JVBERi", "application/pdf"),
)
"""How base64 of the formats that Anthropic takes begins."""


def read_media(block: Members, path: str) -> Media | Foreign:
    """An `image` or `document` block.

    Raises:
        BadShape: it has no source, or one without its members.
    """
    kind = MediaKind.IMAGE if block["type"] == "image" else MediaKind.DOCUMENT
    at = under(path, "source")
    source = an_object(block.get("source"), path, "source")
    part = Media(kind=kind, cache=cache_hint(block, path), native=kept(block, _KNOWN))
    if kind is MediaKind.DOCUMENT:
        part.name = maybe_string(block, "title", path)
    match source.get("type"):
        case "base64":
            part.mime, part.data = maybe_string(source, "media_type", at), a_string(source, "data", at)
        case "url":
            part.url = a_string(source, "url", at)
        case "file":
            part.file_id = a_string(source, "file_id", at)
        case "text":
            part.mime = maybe_string(source, "media_type", at) or "text/plain"
            part.data = _base64(a_string(source, "data", at))
        case "content" if (words := _words(source.get("content"))) is not None:
            part.mime, part.data = "text/plain", _base64(words)
            _keep_source(part, source)
        case _:
            return Foreign(format=OWN, kind=str(block["type"]), data=block, cache=part.cache)
    if not source.keys() <= _SOURCE and source["type"] != "content":
        _keep_source(part, {name: value for name, value in source.items() if name not in _SOURCE})
    return part


def _keep_source(part: Media, source: Members) -> None:
    if part.native is None:
        part.native = Native(OWN, {})
    part.native.members["source"] = source


def _words(content: object) -> str | None:
    """The text of a `content` source; `None` where it also holds images or hints."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return None
    texts: list[str] = []
    for block in content:
        if not isinstance(block, dict) or block.keys() != {"type", "text"} or not isinstance(block["text"], str):
            return None
        texts.append(block["text"])
    return "\n\n".join(texts)


def _base64(words: str) -> str:
    return b64encode(words.encode("utf-8", "surrogatepass")).decode("ascii")


def _plain(data: str) -> str | None:
    """Base64 as text, where it is UTF-8."""
    try:
        return b64decode(data).decode("utf-8", "surrogatepass")
    except ValueError:
        return None


def write_media(part: Media, path: str, losses: Losses, *, own: bool) -> Members:
    """The block for a provider. `own`: the request came in this format, so its file ids and types are its business.

    Raises:
        Untranslatable: Anthropic takes no such medium.
    """
    block: Members
    match part.kind:
        case MediaKind.IMAGE:
            block = _image(part, path, losses, own=own)
        case MediaKind.DOCUMENT:
            block = _document(part, path, losses, own=own)
        case MediaKind.AUDIO | MediaKind.VIDEO:
            raise losses.refuse(path, why.NO_SUCH_MEDIUM)
        case _:
            assert_never(part.kind)
    if part.detail not in ("", "auto"):
        losses.add(under(path, "detail"), why.NO_DETAIL)
    if part.opaque is not None:
        losses.add(under(path, "opaque"), why.FOREIGN_STATE)
    if part.cache is not None:
        block["cache_control"] = cache_control(part.cache)
    native = part.native
    if native is not None and native.format is OWN and "source" in native.members:
        source, built = native.members["source"], block["source"]
        if isinstance(source, dict) and isinstance(built, dict):
            block["source"] = source if "type" in source else {**source, **built}
    restore(block, native, losses, path)
    return block


def _image(part: Media, path: str, losses: Losses, *, own: bool) -> Members:
    if part.name:
        losses.add(under(path, "name"), why.NO_IMAGE_NAME)
    source = _elsewhere(part, path, losses, own=own)
    if source is None:
        mime = _mime(part, path, losses, own=own)
        source = {"type": "base64", "media_type": "image/jpeg" if mime == "image/jpg" else mime, "data": part.data}
    return {"type": "image", "source": source}


def _document(part: Media, path: str, losses: Losses, *, own: bool) -> Members:
    source = _elsewhere(part, path, losses, own=own)
    if source is None:
        mime = _mime(part, path, losses, own=own)
        words = _plain(part.data) if mime.startswith("text/") or mime in _TEXT_LIKE else None
        if words is not None:
            source = {"type": "text", "media_type": mime if own else "text/plain", "data": words}
        elif own or mime == "application/pdf":
            source = {"type": "base64", "media_type": mime, "data": part.data}
        else:
            raise losses.refuse(path, why.DOCUMENT_TYPE)
    block: Members = {"type": "document", "source": source}
    if part.name:
        block["title"] = part.name
    return block


def _elsewhere(part: Media, path: str, losses: Losses, *, own: bool) -> Members | None:
    """The source of a medium that is not inline."""
    if part.file_id:
        if not own:
            raise losses.refuse(path, why.FOREIGN_FILE)
        return {"type": "file", "file_id": part.file_id}
    if part.url:
        if not own and not part.url.startswith(("https://", "http://")):
            raise losses.refuse(path, why.WEB_URL)
        return {"type": "url", "url": part.url}
    if not part.data and not own:
        raise losses.refuse(path, why.EMPTY_MEDIUM)
    return None


def _mime(part: Media, path: str, losses: Losses, *, own: bool) -> str:
    """The medium's type; told from its first bytes where it is not given."""
    if part.mime or own:
        return part.mime
    for start, mime in _MAGIC:
        if part.data.startswith(start):
            return mime
    raise losses.refuse(path, why.UNKNOWN_MEDIA_TYPE)
