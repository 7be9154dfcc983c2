"""What a file is, by its first bytes. What the client says of it decides nothing."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from backend.app.api.schemas.messages import AttachmentKind

HEAD: Final = 65_536
"""Bytes that are looked at. A JPEG's size is behind its thumbnail, which is smaller than this."""
OTHER: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Sniffed:
    """A file's type; for pictures their size in pixels, where it can be read."""

    media_type: str
    kind: AttachmentKind
    width: int | None = None
    height: int | None = None


_MAGIC: Final[tuple[tuple[bytes, int, str, AttachmentKind], ...]] = (
    (b"%PDF-", 0, "application/pdf", "pdf"),
    (b"ID3", 0, "audio/mpeg", "audio"),
    (b"\xff\xfb", 0, "audio/mpeg", "audio"),
    (b"\xff\xf3", 0, "audio/mpeg", "audio"),
    (b"\xff\xf2", 0, "audio/mpeg", "audio"),
    (b"OggS", 0, "audio/ogg", "audio"),
    (b"fLaC", 0, "audio/flac", "audio"),
    (b"ftypM4A", 4, "audio/mp4", "audio"),
    (b"PK\x03\x04", 0, "application/zip", "other"),
    (b"\x1f\x8b", 0, "application/gzip", "other"),
)


def sniff(head: bytes, *, whole: bool) -> Sniffed:
    """Return the type of a file that begins with `head`; `whole`: there is no more of it."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        size = struct.unpack(">II", head[16:24]) if len(head) >= 24 and head[12:16] == b"IHDR" else (None, None)
        return Sniffed("image/png", "image", *size)
    if head[:6] in {b"GIF87a", b"GIF89a"}:
        size = struct.unpack("<HH", head[6:10]) if len(head) >= 10 else (None, None)
        return Sniffed("image/gif", "image", *size)
    if head.startswith(b"\xff\xd8\xff"):
        return Sniffed("image/jpeg", "image", *_jpeg_size(head))
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Sniffed("image/webp", "image", *_webp_size(head))
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return Sniffed("audio/wav", "audio")
    for magic, offset, media_type, kind in _MAGIC:
        if head.startswith(magic, offset):
            return Sniffed(media_type, kind)
    # SVG and HTML are text like any other here: nothing of them is ever shown as what it is.
    return Sniffed("text/plain", "text") if _is_text(head, whole=whole) else Sniffed(OTHER, "other")


def _is_text(head: bytes, *, whole: bool) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False  # UTF-16: rare, and a model is sent UTF-8
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if whole or error.start < len(head) - 3:
            return False
        text = head[: error.start].decode("utf-8")  # cut in the middle of a character
    return not any(char < " " and char not in "\t\n\r\f\x1b" for char in text)


def _jpeg_size(head: bytes) -> tuple[int | None, int | None]:
    at = 2
    while at + 9 < len(head) and head[at] == 0xFF:
        marker, length = head[at + 1], int.from_bytes(head[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", head[at + 5 : at + 9])
            return width, height
        if length < 2:
            break
        at += 2 + length
    return None, None


def _webp_size(head: bytes) -> tuple[int | None, int | None]:
    if len(head) < 30:
        return None, None
    match head[12:16]:
        case b"VP8X":
            return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
        case b"VP8 ":
            width, height = struct.unpack("<HH", head[26:30])
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L":
            bits = int.from_bytes(head[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case _:
            return None, None
