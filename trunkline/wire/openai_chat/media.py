"""Images, sounds, films and documents: the content parts that hosts of OpenAI's chat format have for them.

`image_url`, `input_audio` and `file` are OpenAI's own; `video_url` (OpenRouter, Alibaba, Z.AI, vLLM), `document_url`
(Mistral), `file_url` (Perplexity) and `audio_url` (vLLM) are those of others (recorded, or the vendors' references).
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from collections.abc import Mapping
from typing import Final, assert_never

from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Media, MediaKind
from trunkline.wire.openai_chat import losses as why
from trunkline.wire.openai_chat.spelling import (
    OWN,
    Json,
    Spelt,
    as_object,
    as_text,
    is_marked,
    is_own,
    read_cache,
    restore,
    spelt,
    under,
)

URL_PARTS: Final[Mapping[str, MediaKind]] = {
    "image_url": MediaKind.IMAGE,
    "video_url": MediaKind.VIDEO,
    "audio_url": MediaKind.AUDIO,
    "document_url": MediaKind.DOCUMENT,
    "file_url": MediaKind.DOCUMENT,
}
"""Parts whose own name is the member that holds a URL, or an object with one."""
MEDIA_PARTS: Final = frozenset({*URL_PARTS, "input_audio", "file"})

AUDIO_FORMATS: Final[Mapping[str, str]] = {
    "wav": "audio/wav", "mp3": "audio/mpeg", "flac": "audio/flac", "opus": "audio/opus", "ogg": "audio/ogg",
    "m4a": "audio/mp4", "aac": "audio/aac", "aiff": "audio/aiff", "pcm16": "audio/pcm", "webm": "audio/webm",
}  # fmt: skip
"""`input_audio.format`: OpenAI takes `wav` and `mp3`; OpenRouter and vLLM the others."""
_AUDIO_NAMES: Final[Mapping[str, str]] = {
    **{mime: name for name, mime in AUDIO_FORMATS.items()},
    "audio/x-wav": "wav", "audio/wave": "wav", "audio/mp3": "mp3", "audio/x-m4a": "m4a", "audio/x-flac": "flac",
}  # fmt: skip
_IMAGE_STARTS: Final = {"/9j/": "image/jpeg", "iVBOR": "image/png", "R0lGOD": "image/gif", "UklGR": "image/webp"}
"""First bytes of each type, in base64: for inline images whose type nobody said."""

_BARE: Final = "bare"
"""The URL is a string and no object; or what stands for a URL is base64 without `data:`."""
_KNOWN: Final = {name: frozenset({"type", name}) for name in MEDIA_PARTS}
_URL_KNOWN: Final = frozenset({"url", "detail"})
_AUDIO_KNOWN: Final = frozenset({"data", "format"})
_FILE_KNOWN: Final = frozenset({"file_data", "file_id", "filename"})


def read_media(part: Json, kind: str, path: str) -> Media:
    """A content part of one of `MEDIA_PARTS`.

    Raises:
        BadShape: it lacks what makes it one.
    """
    inner = part.get(kind)
    if kind == "input_audio":
        media, rest, quiet = _read_audio(as_object(inner, f"{path}.input_audio"), f"{path}.input_audio")
        bare = False
    elif kind == "file":
        media, rest, quiet = _read_file(as_object(inner, f"{path}.file"), f"{path}.file")
        bare = False
    else:
        bare = isinstance(inner, str)
        members: Json = {"url": inner} if bare else as_object(inner, f"{path}.{kind}")
        media, rest, quiet = _read_url(members, kind, f"{path}.{kind}")
    cache, marks = read_cache(part)
    native = spelt(part, _KNOWN[kind] | set(marks), under(kind, quiet), (kind, *marks, *([_BARE] if bare else [])))
    native.members.update(under(kind, rest))
    media.cache, media.native = cache, native
    return media


def _read_audio(members: Json, path: str) -> tuple[Media, Json, Json]:
    data, kind = as_text(members.get("data"), f"{path}.data"), _if_text(members, "format", path)
    native = spelt(members, _AUDIO_KNOWN)
    mime = AUDIO_FORMATS.get(kind, f"audio/{kind}") if kind else ""
    if data.startswith("data:"):
        mime, data, _ = split_data_url(data, f"{path}.data")
        native.quiet["data"] = members["data"]
    if kind:
        native.quiet["format"] = kind
    return Media(kind=MediaKind.AUDIO, mime=mime, data=data), native.members, native.quiet


def _read_file(members: Json, path: str) -> tuple[Media, Json, Json]:
    data, file_id = members.get("file_data"), members.get("file_id")
    native = spelt(members, _FILE_KNOWN)
    media = Media(kind=MediaKind.DOCUMENT, name=_if_text(members, "filename", path))
    if isinstance(data, str) and data:
        if data.startswith("data:"):
            media.mime, media.data, exact = split_data_url(data, f"{path}.file_data")
            if not exact:
                native.quiet["file_data"] = data
        elif "://" in data[:16]:
            media.url = data  # OpenRouter takes a URL here
        else:
            media.data = data
            native.quiet["file_data"] = data
        media.kind = kind_of(media.mime)
    elif isinstance(file_id, str) and file_id:
        media.file_id = file_id
    else:
        raise BadShape(path, "needs `file_data` (a `data:` URL) or `file_id`")
    return media, native.members, native.quiet


def _read_url(members: Json, kind: str, path: str) -> tuple[Media, Json, Json]:
    url = as_text(members.get("url"), f"{path}.url")
    native = spelt(members, _URL_KNOWN)
    media = Media(kind=URL_PARTS[kind], detail=_if_text(members, "detail", path))
    if url.startswith("data:"):
        media.mime, media.data, exact = split_data_url(url, f"{path}.url")
        if not exact:
            native.quiet["url"] = url
    elif "://" in url[:16] or len(url) < 64:
        media.url = url
    else:
        media.data = url  # Perplexity's `file_url` is base64 alone (recorded)
        native.quiet["url"] = url
    return media, native.members, native.quiet


def _if_text(members: Json, name: str, path: str) -> str:
    value = members.get(name)
    return "" if value is None else as_text(value, f"{path}.{name}")


def kind_of(mime: str) -> MediaKind:
    """What a file of this type is to a model."""
    first = mime.partition("/")[0]
    return MediaKind(first) if first in ("image", "audio", "video") else MediaKind.DOCUMENT


def split_data_url(url: str, path: str) -> tuple[str, str, bool]:
    """MIME type and base64 of a `data:` URL, and whether just these two make it again.

    Raises:
        BadShape: it is not base64.
    """
    head, comma, data = url.partition(",")
    mime, *parameters = head[5:].split(";")
    if not comma or "base64" not in parameters:
        raise BadShape(path, "a `data:` URL must have the form `data:<type>;base64,<data>`")
    return mime, data, parameters == ["base64"]


def data_url(media: Media) -> str:
    """The `data:` URL of an inline medium; an image without a type gets the one its first bytes tell."""
    mime = media.mime
    if not mime:
        guess = "image/png" if media.kind is MediaKind.IMAGE else "application/octet-stream"
        mime = next((kind for start, kind in _IMAGE_STARTS.items() if media.data.startswith(start)), guess)
    return f"data:{mime};base64,{media.data}"


def write_media(media: Media, losses: Losses, path: str, dialect: str) -> Json:
    """The content part for a message to a provider.

    Raises:
        Untranslatable: the host takes no such part.
    """
    if is_own(media.native):
        part = _write_as_it_was(media)
    else:
        part = _write_anew(media, losses, path, dialect)
        if media.detail and media.kind is not MediaKind.IMAGE:
            losses.add(f"{path}.detail", why.DETAIL)
        if media.opaque is not None:
            losses.add(path, why.OPAQUE)
    restore(part, media.native, losses, path)
    return part


def _write_as_it_was(media: Media) -> Json:
    kind = next((name for name in MEDIA_PARTS if is_marked(media.native, name)), "image_url")
    quiet: Json = getattr(media.native, "quiet", {})
    if kind == "input_audio":
        data = quiet.get("input_audio.data", media.data)
        name = quiet.get("input_audio.format", _AUDIO_NAMES.get(media.mime))
        return {"type": kind, kind: {"data": data} if name is None else {"data": data, "format": name}}
    if kind == "file":
        inner: Json = {"file_id": media.file_id} if media.file_id else {}
        if not inner:
            inner["file_data"] = quiet.get("file.file_data") or media.url or _data_url_exact(media)
        if media.name:
            inner["filename"] = media.name
        return {"type": kind, kind: inner}
    url = quiet.get(f"{kind}.url") or media.url or _data_url_exact(media)
    if is_marked(media.native, _BARE):
        return {"type": kind, kind: url}
    inner = {"url": url}
    if media.detail:
        inner["detail"] = media.detail
    return {"type": kind, kind: inner}


def _data_url_exact(media: Media) -> str:
    """The `data:` URL without a guess at its type."""
    return f"data:{media.mime};base64,{media.data}" if media.data or media.mime else ""


def _write_anew(media: Media, losses: Losses, path: str, dialect: str) -> Json:
    if media.file_id:
        raise losses.refuse(path, why.MEDIA_FILE)
    if media.url and not media.url.startswith(("https://", "http://")):
        raise losses.refuse(path, why.MEDIA_URL)
    match media.kind:
        case MediaKind.IMAGE:
            inner: Json = {"url": media.url or data_url(media)}
            if media.detail:
                inner["detail"] = media.detail
            return {"type": "image_url", "image_url": inner}
        case MediaKind.AUDIO:
            if media.url:
                raise losses.refuse(path, why.MEDIA_URL)
            name = _AUDIO_NAMES.get(media.mime.partition(";")[0])
            if name is None:
                raise losses.refuse(path, why.AUDIO_FORMAT)
            return {"type": "input_audio", "input_audio": {"data": media.data, "format": name}}
        case MediaKind.VIDEO:
            if dialect == "openai":
                raise losses.refuse(path, why.MEDIA_KIND)
            return {"type": "video_url", "video_url": {"url": media.url or data_url(media)}}
        case MediaKind.DOCUMENT:
            return _write_document(media, losses, path, dialect)
        case _:
            assert_never(media.kind)


def _write_document(media: Media, losses: Losses, path: str, dialect: str) -> Json:
    if media.mime.startswith("text/") and media.data:
        try:
            text = b64decode(media.data).decode()
        except (Error, ValueError):
            raise losses.refuse(path, why.MEDIA_KIND) from None
        if media.name:
            losses.add(f"{path}.name", why.DOCUMENT_NAME)
        return {"type": "text", "text": text}
    if dialect == "mistral":
        return {"type": "document_url", "document_url": media.url or data_url(media)}
    if media.url and dialect != "openrouter":
        raise losses.refuse(path, why.MEDIA_URL)
    name = media.name or f"document.{'pdf' if media.mime == 'application/pdf' else media.mime.rpartition('/')[2]}"
    return {"type": "file", "file": {"filename": name, "file_data": media.url or data_url(media)}}


MADE_IMAGE: Final = "made image"
"""Mark of an image that stood in a message's own member `images`."""


def read_made_image(entry: object) -> Media | None:
    """An image that the model made: an entry of OpenRouter's `message.images`; `None` where it is none."""
    if not isinstance(entry, dict) or entry.get("type") != "image_url":
        return None
    try:
        media = read_media({name: value for name, value in entry.items() if name != "index"}, "image_url", "images")
    except BadShape:
        return None
    assert isinstance(media.native, Spelt)
    media.native.marks += (MADE_IMAGE,)
    if "index" in entry:
        media.native.quiet["index"] = entry["index"]
    return media


def write_made_image(media: Media, place: int) -> Json:
    """An entry of `message.images`."""
    if is_marked(media.native, MADE_IMAGE):
        entry = _write_as_it_was(media)
        restore(entry, media.native, Losses())
        return entry
    return {"type": "image_url", "image_url": {"url": media.url or data_url(media)}, "index": place}


AUDIO_ANSWER: Final = "audio"
"""Mark of a sound that stood in a message's own member `audio`."""
_DATA: Final = frozenset({"data"})
_ID: Final = frozenset({"id"})


def read_spoken(audio: Json, id_only: bool) -> Media | None:
    """The member `audio` of an assistant's message: a sound in an answer, in a request the id of an earlier one.

    `None` where there is nothing in it (Snowflake sends it empty).
    """
    data, own_id = audio.get("data"), audio.get("id")
    if isinstance(data, str) and data:
        return Media(kind=MediaKind.AUDIO, data=data, native=spelt(audio, _DATA, marks=(AUDIO_ANSWER,)))
    if id_only and isinstance(own_id, str) and own_id:
        return Media(kind=MediaKind.AUDIO, file_id=own_id, native=spelt(audio, _ID, marks=(AUDIO_ANSWER,)))
    return None


def write_spoken(media: Media) -> Json:
    """The member `audio`."""
    audio: Json = {"data": media.data} if media.data else {"id": media.file_id}
    if media.native is not None and media.native.format is OWN:
        restore(audio, media.native, Losses())
    else:
        audio.update(id="", expires_at=0, transcript="")
    return audio
