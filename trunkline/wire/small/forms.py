"""Forms as members: what a field's text means, and back, so that one decoder serves JSON and uploads."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from trunkline.ir.small_media import File
from trunkline.wire.small.multipart import Form, Part, field


def read(form: Form, typed: AbstractSet[str]) -> tuple[dict[str, object], dict[str, list[File]]]:
    """Fields as members (one that comes several times is a list) and files by the name of their part.

    Fields named in `typed` are whole numbers or booleans where their text is one; all others are texts.
    """
    members: dict[str, object] = {}
    files: dict[str, list[File]] = {}
    for part in form.parts:
        if part.filename is not None:
            files.setdefault(part.name, []).append(File(data=part.data, name=part.filename, mime=part.content_type))
            continue
        value, before = part.text(), members.get(part.name)
        if part.name not in members:
            members[part.name] = _typed(value) if part.name in typed else value
        elif isinstance(before, list):
            before.append(value)
        else:
            members[part.name] = [before, value]
    return members, files


def fields(members: dict[str, object]) -> list[Part]:
    """Members as fields; what is null is left out."""
    found: list[Part] = []
    for name, value in members.items():
        values = value if isinstance(value, list) else [value]
        found += [field(name, written(one)) for one in values if one is not None]
    return found


def written(value: object) -> str:
    """A field's text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def _typed(text: str) -> object:
    """Only where writing the value again gives the same text."""
    if text in ("true", "false"):
        return text == "true"
    if text.isascii() and text.removeprefix("-").isdigit() and len(text) < 16 and str(int(text)) == text:
        return int(text)
    return text
