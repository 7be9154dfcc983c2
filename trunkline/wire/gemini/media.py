"""`inlineData` and `fileData`, both ways."""

from __future__ import annotations

from typing import Final

from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Media, MediaKind
from trunkline.wire.codec import Members
from trunkline.wire.gemini import losses as why
from trunkline.wire.gemini.form import as_object, as_text, left, note, restore, spelled

FILES: Final = "https://generativelanguage.googleapis.com/"
"""URIs of AI Studio's Files API: ids, for nobody else can read them."""

_STANDARD: Final = str.maketrans("-_", "+/")
_URL_SAFE: Final = str.maketrans("+/", "-_")
_USUAL: Final = {
    MediaKind.IMAGE: "image/jpeg",
    MediaKind.AUDIO: "audio/mpeg",
    MediaKind.VIDEO: "video/mp4",
    MediaKind.DOCUMENT: "application/pdf",
}
_ENDINGS: Final = {
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
    "heic": "image/heic", "heif": "image/heif", "bmp": "image/bmp", "svg": "image/svg+xml",
    "mp3": "audio/mpeg", "wav": "audio/wav", "ogg": "audio/ogg", "flac": "audio/flac", "aac": "audio/aac",
    "m4a": "audio/mp4", "aiff": "audio/aiff",
    "mp4": "video/mp4", "mov": "video/quicktime", "webm": "video/webm", "mpeg": "video/mpeg", "mpg": "video/mpeg",
    "avi": "video/x-msvideo", "wmv": "video/x-ms-wmv", "mkv": "video/x-matroska", "3gp": "video/3gpp",
    "pdf": "application/pdf", "txt": "text/plain", "md": "text/markdown", "csv": "text/csv", "html": "text/html",
    "xml": "text/xml", "json": "application/json", "rtf": "text/rtf",
}  # fmt: skip


def kind_of(mime: str, uri: str = "") -> MediaKind:
    """What a MIME type is to the model; a URI without one tells by its host or ending."""
    mime = mime or guess(uri)
    if mime.startswith("image/"):
        return MediaKind.IMAGE
    if mime.startswith("audio/"):
        return MediaKind.AUDIO
    if mime.startswith("video/") or (not mime and _is_youtube(uri)):
        return MediaKind.VIDEO
    return MediaKind.DOCUMENT


def guess(uri: str) -> str:
    """The MIME type that a URI's ending tells, or nothing."""
    path = uri.split("?", 1)[0].split("#", 1)[0]
    return _ENDINGS.get(path.rpartition(".")[2].lower(), "")


def _is_youtube(uri: str) -> bool:
    host = uri.partition("://")[2].partition("/")[0].lower()
    return host in ("youtu.be", "youtube.com") or host.endswith(".youtube.com")


def decode_inline(raw: object, path: str, extra: Members) -> Media:
    """`inlineData`; `extra` are the part's other members.

    Raises:
        BadShape: the data is no text.
    """
    inline = as_object(raw, path)
    data = as_text(inline.get("data"), f"{path}.data")
    mime, name = inline.get("mimeType"), inline.get("displayName")
    known = {"data"}
    how: dict[str, object] = {}
    standard = data
    if "-" in data or "_" in data:
        standard, how["url_safe"] = data.translate(_STANDARD), True
    if len(data) % 4:
        standard, how["unpadded"] = standard + "=" * (-len(data) % 4), True
    if isinstance(mime, str) and mime:
        known.add("mimeType")
    else:
        how["untyped"] = True
    if isinstance(name, str):
        known.add("displayName")
        how["named"] = True
    rest = left(inline, known)
    return Media(
        kind=kind_of(mime if isinstance(mime, str) else ""),
        mime=mime if isinstance(mime, str) else "",
        data=standard,
        name=name if isinstance(name, str) else "",
        native=note({**extra, "inlineData": rest} if rest else extra, how),
    )


def decode_file(raw: object, path: str, extra: Members) -> Media:
    """`fileData`; `extra` are the part's other members.

    Raises:
        BadShape: the URI is no text, or empty.
    """
    file = as_object(raw, path)
    uri = as_text(file.get("fileUri"), f"{path}.fileUri")
    if not uri:
        raise BadShape(f"{path}.fileUri", "must not be empty")
    mime = file.get("mimeType")
    typed = mime if isinstance(mime, str) else ""
    rest = left(file, {"mimeType", "fileUri"} if typed else {"fileUri"})
    native = note({**extra, "fileData": rest} if rest else extra, {"fileData": True})
    if uri.startswith(FILES):
        return Media(kind=kind_of(typed, uri), mime=typed, file_id=uri, native=native)
    return Media(kind=kind_of(typed, uri), mime=typed, url=uri, native=native)


def encode_media(
    part: Media, losses: Losses, path: str, *, vertex: bool, named: bool = False, client: bool = False
) -> Members:
    """The part that holds the medium; `named`: the place takes a file name; `client`: nobody has to fetch a URL.

    Raises:
        Untranslatable: Gemini cannot reach the file.
    """
    native = part.native
    if part.detail and part.detail != "auto":
        losses.add(f"{path}.detail", why.DETAIL)
    out: Members
    if part.url or part.file_id:
        out = {"fileData": _file(part, losses, path, vertex=vertex, known=client)}
        restore(out, native, losses, path)
        return out
    data = part.data
    if spelled(native, "url_safe"):
        data = data.translate(_URL_SAFE)
    if spelled(native, "unpadded"):
        data = data.rstrip("=")
    inline: Members = {"data": data}
    if not spelled(native, "untyped"):
        inline["mimeType"] = part.mime or _USUAL[part.kind]
    if part.name or spelled(native, "named"):
        if vertex or named or client or spelled(native, "named"):
            inline["displayName"] = part.name
        else:
            losses.add(f"{path}.name", why.MEDIA_NAME)
    out = {"inlineData": inline}
    restore(out, native, losses, path)
    return out


def _file(part: Media, losses: Losses, path: str, *, vertex: bool, known: bool) -> Members:
    ours = known or spelled(part.native, "fileData")
    uri = part.url or part.file_id
    if not ours:
        if part.file_id and not uri.startswith((FILES, "gs://")):
            raise losses.refuse(path, why.FILE_ID)
        if not uri.startswith(("https://", "gs://", "http://") if vertex else ("https://", "gs://")):
            raise losses.refuse(path, why.URL)
    mime = part.mime or ("" if ours else guess(uri))
    if vertex and not mime and not ours:
        mime = _USUAL[part.kind]
        losses.add(f"{path}.mime", why.GUESSED_TYPE)
    return {"fileUri": uri, "mimeType": mime} if mime else {"fileUri": uri}
