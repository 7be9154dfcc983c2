"""Images, documents, films and sound as Converse blocks, both directions."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from trunkline.ir.losses import Losses
from trunkline.ir.parts import Media, MediaKind
from trunkline.wire.bedrock_converse import losses as words
from trunkline.wire.bedrock_converse.shape import Members, a_text, an_object, optional_text, unknown, without
from trunkline.wire.bedrock_converse.spelling import kept, own_members, report, spelling

MEDIA_KEYS: Final = frozenset({"image", "document", "video", "audio"})

_IMAGES: Final = ("png", "jpeg", "gif", "webp")
_DOCUMENTS: Final = {
    "pdf": "application/pdf",
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html",
    "txt": "text/plain",
    "md": "text/markdown",
}
_VIDEOS: Final = {
    "mkv": "video/x-matroska",
    "mov": "video/quicktime",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "flv": "video/x-flv",
    "mpeg": "video/mpeg",
    "mpg": "video/mpg",
    "wmv": "video/x-ms-wmv",
    "three_gp": "video/3gpp",
}
_AUDIO: Final = {
    "mp3": "audio/mpeg",
    "opus": "audio/opus",
    "wav": "audio/wav",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "mp4": "audio/mp4",
    "ogg": "audio/ogg",
    "mkv": "audio/x-matroska",
    "mka": "audio/mka",
    "x-aac": "audio/x-aac",
    "m4a": "audio/m4a",
    "mpeg": "audio/mpg",
    "mpga": "audio/mpga",
    "pcm": "audio/pcm",
    "webm": "audio/webm",
}
_TYPES: Final[Mapping[MediaKind, Mapping[str, str]]] = {
    MediaKind.IMAGE: {name: f"image/{name}" for name in _IMAGES},
    MediaKind.DOCUMENT: _DOCUMENTS,
    MediaKind.VIDEO: _VIDEOS,
    MediaKind.AUDIO: _AUDIO,
}
"""Converse's formats and their MIME types, one to one (the enums of `ImageFormat`, `DocumentFormat`, ...)."""
_FORMATS: Final = {kind: {mime: name for name, mime in table.items()} for kind, table in _TYPES.items()}
_OTHER_NAMES: Final = {
    "image/jpg": "jpeg", "image/pjpeg": "jpeg", "audio/mp3": "mp3", "audio/x-wav": "wav", "audio/wave": "wav",
    "audio/x-m4a": "m4a", "audio/x-flac": "flac", "video/matroska": "mkv", "video/x-ms-asf": "wmv",
    "application/csv": "csv", "application/xhtml+xml": "html",
}  # fmt: skip
_MAGIC: Final = {
    MediaKind.IMAGE: (("iVBORw0K", "png"), ("/9j/", "jpeg"), ("R0lGOD", "gif"), ("UklGR", "webp")),
    MediaKind.DOCUMENT: (("JVBERi", "pdf"),),
}
"""How base64 of a file begins, for files that came without a type."""
_AS_TEXT: Final = frozenset({"application/json", "application/xml", "application/yaml", "application/x-yaml"})

_NAME: Final = re.compile(r"[A-Za-z0-9\-()\[\]]+(?: [A-Za-z0-9\-()\[\]]+)*")
_NOT_IN_NAME: Final = re.compile(r"[^A-Za-z0-9\-()\[\]]+")
_NAME_LENGTH: Final = 200


def decode_media(key: str, value: object, path: str) -> Media | None:
    """The part of a media block's inner object; `None`: it has a source that only Converse knows."""
    inner = an_object(value, path)
    source = an_object(inner.get("source"), f"{path}.source")
    kind = MediaKind(key)
    mark: Members = {}
    media = Media(kind=kind)
    members = unknown(inner, "format", "source", "name" if kind is MediaKind.DOCUMENT else "source")
    if source.keys() == {"bytes"}:
        media.data = a_text(source["bytes"], f"{path}.source.bytes")
    elif source.keys() == {"s3Location"}:
        place = an_object(source["s3Location"], f"{path}.source.s3Location")
        media.url = a_text(place.get("uri"), f"{path}.source.s3Location.uri")
        if not media.url.startswith("s3://"):
            return None
        if len(place) > 1:
            members["source"] = {"s3Location": without(place, "uri")}
    elif kind is MediaKind.DOCUMENT and (text := _plain(source)) is not None:
        media.data = b64encode(text.encode()).decode()
        mark["source"] = source
    else:
        return None
    if kind is MediaKind.DOCUMENT:
        media.name = optional_text(inner, "name", path) or ""
        if inner.get("name") == "":
            mark["name"] = ""
    written = optional_text(inner, "format", path)
    if written is not None:
        media.mime = _TYPES[kind].get(written, "")
        if not media.mime:
            mark["format"] = written
    elif "source" in mark:
        media.mime = "text/plain"
        mark["format"] = None
    media.native = kept(members, mark)
    return media


def _plain(source: Members) -> str | None:
    """The text of a document that is written out, whole or in pieces; `None` where it is not."""
    match source:
        case {"text": str() as text} if len(source) == 1:
            return text
        case {"content": list() as pieces} if len(source) == 1:
            found = [
                piece["text"] for piece in pieces if isinstance(piece, dict) and isinstance(piece.get("text"), str)
            ]
            return "\n".join(found) if len(found) == len(pieces) else None
        case _:
            return None


class Names:
    """Document names of one request: allowed letters, and no two the same."""

    __slots__ = ("_used",)

    def __init__(self) -> None:
        self._used: set[str] = set()

    def pick(self, name: str, losses: Losses, path: str) -> str:
        """`name` where Bedrock takes it, else one made from it that stays the same from turn to turn."""
        good = name
        if not name:
            good = f"Document {len(self._used) + 1}"
        elif len(name) > _NAME_LENGTH or _NAME.fullmatch(name) is None:
            mark = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
            good = f"{_NOT_IN_NAME.sub('-', name).strip('-')[: _NAME_LENGTH - 9] or 'Document'}-{mark}"
        number, base = 2, good[: _NAME_LENGTH - 8]
        while good in self._used:
            good, number = f"{base} ({number})", number + 1
        self._used.add(good)
        if name and good != name:
            losses.add(f"{path}.name", words.DOCUMENT_NAME)
        return good


def encode_media(part: Media, path: str, losses: Losses, names: Names | None) -> Members:
    """A media block. `names`: what is sent must be fit for Bedrock; `None`: it stays as it is.

    Raises:
        Untranslatable: the type or the place of the file is none that Bedrock takes.
    """
    mark = spelling(part.native)
    source = _source(part, mark, path, losses, own=names is None)
    inner: Members = {}
    written = mark["format"] if "format" in mark else _format(part, path, losses, own=names is None)
    if written is not None:
        inner["format"] = written
    if part.kind is MediaKind.DOCUMENT:
        name = part.name if names is None else names.pick(part.name, losses, path)
        if name or "name" in mark or names is not None:
            inner["name"] = name
    inner["source"] = source
    report(part.native, losses, path)
    for member, value in own_members(part.native).items():
        if member != "source":
            inner[member] = value
    if part.detail:
        losses.add(f"{path}.detail", words.DETAIL)
    return {part.kind.value: inner}


def _source(part: Media, mark: Mapping[str, object], path: str, losses: Losses, *, own: bool) -> Members:
    written = mark.get("source")
    if isinstance(written, dict) and not part.url and not part.file_id:
        return written
    if part.data:
        return {"bytes": part.data}
    if part.url.startswith("s3://"):
        more = own_members(part.native).get("source")
        inner = more.get("s3Location") if isinstance(more, dict) else None
        return {"s3Location": {"uri": part.url, **(inner if isinstance(inner, dict) else {})}}
    if part.url:
        raise losses.refuse(path, words.URL)
    if part.file_id:
        raise losses.refuse(path, words.FILE_ID)
    if own:
        return {"bytes": ""}
    raise losses.refuse(path, words.MEDIA_EMPTY)


def _format(part: Media, path: str, losses: Losses, *, own: bool) -> str | None:
    """Converse's word for the file's type; `None`: the client of this format gave none."""
    mime = part.mime.partition(";")[0].strip().lower()
    name = _FORMATS[part.kind].get(mime)
    if name is None and _OTHER_NAMES.get(mime) in _TYPES[part.kind]:
        name = _OTHER_NAMES[mime]
    if name is not None:
        return name
    if part.kind is MediaKind.DOCUMENT and (mime.startswith("text/") or mime in _AS_TEXT):
        losses.add(f"{path}.format", words.DOCUMENT_TEXT)
        return "txt"
    if mime:
        raise losses.refuse(path, words.MEDIA_TYPE)
    for beginning, found in _MAGIC.get(part.kind, ()):
        if part.data.startswith(beginning):
            return found
    ending = part.url.rpartition(".")[2].lower().replace("jpg", "jpeg").replace("3gp", "three_gp")
    if ending in _TYPES[part.kind]:
        return ending
    if own:
        return None
    raise losses.refuse(path, words.MEDIA_TYPE)
