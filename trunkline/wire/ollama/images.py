"""Images: base64 without a media type, inline only."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from typing import Final

from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Media, MediaKind
from trunkline.wire.ollama import losses as why

_BEGINNINGS: Final = (
    ("iVBORw0KGgo", "image/png"),
    ("/9j/", "image/jpeg"),
    ("R0lGOD", "image/gif"),
    ("UklGR", "image/webp"),
    ("Qk", "image/bmp"),
    ("SUkq", "image/tiff"),
    ("TU0AK", "image/tiff"),
)
"""Base64 of the first bytes of each kind of file; other formats need to know which it is."""


def read_image(value: object, path: str) -> Media:
    """An image.

    Raises:
        BadShape: it is not base64.
    """
    if not isinstance(value, str) or not value:
        raise BadShape(path, "must be a string of base64")
    if value.startswith(("data:", "http:", "https:")):
        raise BadShape(path, "must be base64 alone, neither a URL nor a `data:` URL")
    mime = next((mime for start, mime in _BEGINNINGS if value.startswith(start)), "")
    return Media(kind=MediaKind.IMAGE, mime=mime, data=value)


def write_image(part: Media, losses: Losses, path: str) -> str:
    """The base64 of an image.

    Raises:
        Untranslatable: it is no image, or not inline.
    """
    if part.kind is not MediaKind.IMAGE:
        raise losses.refuse(path, why.NO_MEDIA)
    if part.file_id:
        raise losses.refuse(path, why.NO_FILE_IDS)
    if not part.data:
        raise losses.refuse(path, why.NO_URLS)
    return part.data


def is_text_document(part: Media) -> bool:
    """A document whose words can be sent as text."""
    return part.kind is MediaKind.DOCUMENT and bool(part.data) and part.mime.startswith("text/")


def document_text(part: Media, losses: Losses, path: str) -> str:
    """The words of a text document, below its name."""
    losses.add(path, why.AS_TEXT)
    try:
        words = b64decode(part.data).decode()
    except (Error, ValueError) as error:
        raise losses.refuse(path, why.NOT_TEXT) from error
    return f"{part.name}\n\n{words}" if part.name else words
