"""Images, files and sound in the input: `input_image`, `input_file`, `input_audio`.

platform.openai.com/docs/api-reference/responses/create#responses-create-input
"""

from __future__ import annotations

from typing import Final, assert_never

from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Media, MediaKind
from trunkline.wire.codec import Members
from trunkline.wire.openai_responses import losses as reasons
from trunkline.wire.openai_responses.shape import (
    an_object,
    form_of,
    join,
    leftovers,
    needed_text,
    or_none,
    spelled,
    text,
)

_IMAGE: Final = frozenset({"type", "image_url", "file_id", "detail"})
_FILE: Final = frozenset({"type", "file_data", "file_url", "file_id", "filename", "detail"})
_AUDIO: Final = frozenset({"type", "input_audio"})

_FETCHED: Final = ("https://", "http://")
_SNIFFED: Final = (("/9j/", "image/jpeg"), ("iVBOR", "image/png"), ("R0lGOD", "image/gif"), ("UklGR", "image/webp"))
"""How the base64 of an image begins, by its magic number."""
_EXTENSIONS: Final = {
    "application/pdf": "pdf",
    "text/plain": "txt",
    "text/markdown": "md",
    "text/csv": "csv",
    "text/html": "html",
    "application/json": "json",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
}
_MIMES: Final = {extension: mime for mime, extension in _EXTENSIONS.items()}
_SOUNDS: Final = {
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
}


def read_media(part: Members, path: str, hint: frozenset[str]) -> Media:
    """A medium of a client's message. `hint`: members that the caller has read.

    Raises:
        BadShape: it holds none, or in a form that nobody could read.
    """
    match part.get("type"):
        case "input_image":
            return _read_image(part, path, hint)
        case "input_file":
            return _read_file(part, path, hint)
        case _:
            return _read_audio(part, path, hint)


def _read_image(part: Members, path: str, hint: frozenset[str]) -> Media:
    members, put = leftovers(part, _IMAGE | hint)
    form: Members = {}
    url, file_id = text(part, "image_url", path), text(part, "file_id", path)
    media = Media(kind=MediaKind.IMAGE, detail=text(part, "detail", path) or "")
    if url is not None:
        _set_url(media, url, form, join(path, "image_url"))
        if file_id is not None:
            put["file_id"] = file_id
    elif file_id is not None:
        media.file_id = file_id
    else:
        raise BadShape(path, "an image needs `image_url` or `file_id`")
    media.native = or_none(spelled(members, form, put))
    return media


def _read_file(part: Members, path: str, hint: frozenset[str]) -> Media:
    members, put = leftovers(part, _FILE | hint)
    form: Members = {}
    data, url = text(part, "file_data", path), text(part, "file_url", path)
    file_id, name = text(part, "file_id", path), text(part, "filename", path)
    media = Media(kind=MediaKind.DOCUMENT, name=name or "", detail=text(part, "detail", path) or "")
    given = [key for key, value in (("file_data", data), ("file_url", url), ("file_id", file_id)) if value is not None]
    if not given:
        raise BadShape(path, "a file needs `file_data`, `file_url` or `file_id`")
    if data is not None:
        if data.startswith("data:"):
            _set_url(media, data, form, join(path, "file_data"))
        else:
            media.data, form["bare"] = data, True
            media.mime = _MIMES.get((name or "").rpartition(".")[2].lower(), "")
        if name is None:
            form["unnamed"] = True
    elif url is not None:
        _set_url(media, url, form, join(path, "file_url"))
    elif file_id is not None:
        media.file_id = file_id
    for key in given[1:]:
        put[key] = part[key]
    if name == "":
        put["filename"] = ""
    media.native = or_none(spelled(members, form, put))
    return media


def _read_audio(part: Members, path: str, hint: frozenset[str]) -> Media:
    members, put = leftovers(part, _AUDIO | hint)
    inner_path = join(path, "input_audio")
    inner = an_object(part.get("input_audio"), inner_path)
    data, name = needed_text(inner, "data", inner_path), needed_text(inner, "format", inner_path)
    form: Members = {"format": name}
    if len(inner) > 2:
        form["audio"] = {key: value for key, value in inner.items() if key not in {"data", "format"}}
    mime = "audio/mpeg" if name == "mp3" else f"audio/{name}"
    return Media(kind=MediaKind.AUDIO, mime=mime, data=data, native=spelled(members, form, put))


def _set_url(media: Media, url: str, form: Members, path: str) -> None:
    if not url.startswith("data:"):
        media.url = url
        if not url.startswith(_FETCHED):
            form["as_is"] = True
        return
    head, comma, data = url.partition(",")
    if not comma or not head.endswith(";base64"):
        raise BadShape(path, "a `data:` URL must be base64: `data:<media type>;base64,<data>`")
    media.data = data
    media.mime = head[5:-7].partition(";")[0] or sniffed(data)
    if head != f"data:{media.mime};base64":
        form["head"] = head


def sniffed(data: str) -> str:
    """The media type of an image, by how its base64 begins; PNG where nobody can tell."""
    return next((mime for magic, mime in _SNIFFED if data.startswith(magic)), "image/png")


def write_media(media: Media, path: str, losses: Losses) -> Members:
    """A medium as content of a message or tool result; hint and leftovers are the caller's.

    Raises:
        Untranslatable: the format takes no such medium.
    """
    if media.url and not media.url.startswith(_FETCHED) and not form_of(media.native, "as_is"):
        raise losses.refuse(path, reasons.NO_SUCH_URL)
    match media.kind:
        case MediaKind.IMAGE:
            out = _write_image(media)
        case MediaKind.DOCUMENT:
            out = _write_file(media)
        case MediaKind.AUDIO:
            return _write_audio(media, path, losses)
        case MediaKind.VIDEO:
            raise losses.refuse(path, reasons.NO_VIDEO)
        case _:
            assert_never(media.kind)
    if media.detail:
        out["detail"] = media.detail
    return out


def _write_image(media: Media) -> Members:
    if media.data:
        return {"type": "input_image", "image_url": _data_url(media, media.mime or sniffed(media.data))}
    if media.url:
        return {"type": "input_image", "image_url": media.url}
    return {"type": "input_image", "file_id": media.file_id}


def _write_file(media: Media) -> Members:
    out: Members = {"type": "input_file"}
    if media.url:
        out["file_url"] = media.url
    elif media.file_id:
        out["file_id"] = media.file_id
    else:
        mime = media.mime or "application/pdf"
        out["file_data"] = media.data if form_of(media.native, "bare") else _data_url(media, mime)
        if not form_of(media.native, "unnamed"):
            out["filename"] = media.name or f"document.{_EXTENSIONS.get(mime, 'bin')}"
            return out
    if media.name:
        out["filename"] = media.name
    return out


def _write_audio(media: Media, path: str, losses: Losses) -> Members:
    if not media.data:
        raise losses.refuse(path, reasons.AUDIO_INLINE)
    name = form_of(media.native, "format") or _SOUNDS.get(media.mime)
    if name is None:
        raise losses.refuse(path, reasons.AUDIO_FORMAT)
    extra = form_of(media.native, "audio")
    inner: Members = {"data": media.data, "format": name}
    if isinstance(extra, dict):
        inner.update(extra)
    return {"type": "input_audio", "input_audio": inner}


def _data_url(media: Media, mime: str) -> str:
    head = form_of(media.native, "head")
    return f"{head if isinstance(head, str) else f'data:{mime};base64'},{media.data}"
