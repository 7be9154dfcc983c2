"""Sizes, aspect ratios and pictures: what image formats call the same things."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error
from typing import Final

from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Media, MediaKind
from trunkline.ir.small_media import File, ImageRequest, Picture
from trunkline.wire.small import losses as why
from trunkline.wire.small.embed_words import media_of_url

THROUGH: Final = frozenset({"openai"})

INTERPRETED: Final = frozenset(
    {
        *("image", "images", "mask", "input_references", "image[]"),
        *("aspect_ratio", "seed", "negative_prompt"),
        "stream",
    }
)
"""Members that are read into the request's own fields and stay in `extra` as they were written, for their own wire."""

OPENAI_ONLY: Final = frozenset({"moderation", "input_fidelity", "partial_images"})
"""Settings of OpenAI's models that no other provider has; they are reported, and not passed on."""

_SIZE: Final = re.compile(r"(\d{1,5})\s*[xX*]\s*(\d{1,5})", re.ASCII)
_RATIO: Final = re.compile(r"(\d{1,4}):(\d{1,4})", re.ASCII)

RATIOS: Final = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
"""What Gemini's image models take; `IMAGEN_RATIOS` is Imagen's list."""
IMAGEN_RATIOS: Final = ("1:1", "3:4", "4:3", "9:16", "16:9")
STABILITY_RATIOS: Final = ("16:9", "1:1", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21")


def report_openai_only(request: ImageRequest, losses: Losses) -> None:
    """Report what only OpenAI's own models have."""
    given = request.extra.members if request.extra is not None else {}
    for name in sorted(OPENAI_ONLY & given.keys()):
        if given[name] is not None:
            losses.add(name, why.KNOB)


def pixels(size: str | None) -> tuple[int, int] | None:
    """Width and height of `1024x1536`; `None` for words."""
    match = _SIZE.fullmatch(size.strip()) if size is not None else None
    found = (int(match[1]), int(match[2])) if match is not None else None
    return found if found is not None and min(found) > 0 else None


def ratio(request: ImageRequest, allowed: tuple[str, ...], losses: Losses) -> str | None:
    """The aspect ratio to ask for: the client's, or the nearest one to its size."""
    if request.aspect_ratio is not None:
        return request.aspect_ratio
    wanted = pixels(request.size)
    if wanted is None:
        match = _RATIO.fullmatch(request.size or "")
        if match is None and request.size not in (None, "auto") and resolution(request) is None:
            losses.add("size", why.SIZE)
        return request.size if match is not None else None
    target = wanted[0] / wanted[1]
    near = min(allowed, key=lambda word: abs(_value(word) / target - 1))
    if abs(_value(near) / target - 1) > 0.02:  # 1792x1024 is 16:9 but for 1.6 percent
        losses.add("size", why.SIZE)
    return near


def resolution(request: ImageRequest) -> str | None:
    """`1K`, `2K`, `4K`, where the client wrote that, or a size that is larger than the usual thousand pixels."""
    if request.size is None:
        return None
    if request.size.upper() in ("1K", "2K", "4K"):
        return request.size.upper()
    wanted = pixels(request.size)
    if wanted is None or max(wanted) < 1800:
        return None
    return "4K" if max(wanted) >= 3600 else "2K"


def _value(word: str) -> float:
    wide, _, high = word.partition(":")
    return int(wide) / int(high)


def as_media(picture: Picture) -> Media:
    """A picture for JSON: an upload becomes base64."""
    if isinstance(picture, Media):
        return picture
    mime = picture.mime or sniffed(picture.data)
    return Media(kind=MediaKind.IMAGE, mime=mime, data=b64encode(picture.data).decode("ascii"), name=picture.name)


def as_file(picture: Picture, name: str) -> File | None:
    """A picture for a form; `None` for a URL or a file id.

    Raises:
        BadShape: its base64 is broken.
    """
    if isinstance(picture, File):
        return picture
    if not picture.data:
        return None
    try:
        data = b64decode(picture.data, validate=True)
    except (Error, ValueError) as error:
        raise BadShape(name, "is no base64") from error
    mime = picture.mime or sniffed(data)
    return File(data=data, name=picture.name or f"{name}.{mime.partition('/')[2] or 'png'}", mime=mime)


def inline(picture: Picture, path: str, losses: Losses) -> Media:
    """A picture with its bytes.

    Raises:
        Untranslatable: it is a URL or a file id.
    """
    media = as_media(picture)
    if not media.data:
        raise losses.refuse(path, why.MEDIA_URL if media.url else why.FILE_ID)
    return media


def url_of(picture: Picture, path: str, losses: Losses) -> str:
    """A URL for a picture: its own, or a `data:` URL.

    Raises:
        Untranslatable: it is a file id.
    """
    media = as_media(picture)
    if media.file_id:
        raise losses.refuse(path, why.FILE_ID)
    return media.url or f"data:{media.mime or 'image/png'};base64,{media.data}"


def of_url(url: str) -> Media:
    """A picture from a `data:` URL or another."""
    return media_of_url(url) or Media(kind=MediaKind.IMAGE, url=url)


def sniffed(data: bytes | memoryview) -> str:
    """The type that the first bytes tell."""
    head = bytes(data[:12])
    if head.startswith(b"\x89PNG"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"GIF8"):
        return "image/gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return "image/png"
