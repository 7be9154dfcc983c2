"""Content blocks: text, thinking, images, documents.

Documents (grounding, and results of tools) become text, which every model can read; the document itself travels along
as spelling and is put back as long as its text was not changed on the way.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from typing import Final

import msgspec

from trunkline.ir.envelope import is_envelope, open_envelope
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Foreign, Media, MediaKind, Native, Opaque, Reasoning, Text
from trunkline.wire.codec import Members
from trunkline.wire.cohere_chat import losses as why
from trunkline.wire.cohere_chat.shapes import (
    OWN,
    a_list,
    an_object,
    is_object,
    kept,
    needed_text,
    nested,
    put_nested,
    put_nulls,
    spelled,
    text,
    unsaid,
)
from trunkline.wire.natives import put_back

Block = Text | Reasoning | Media | Foreign

PLAN: Final = "tool_plan"
THINKING: Final = "thinking"
CALL_KIND: Final = "tool_calls/"
"""Begins the kind of a foreign part that stood among the tool calls."""
PLAN_SIGNATURE: Final = "tool_plan_signature"
SIGNATURE: Final = "signature"
"""Where other providers' opaque state stands on a block or a tool call of ours; Cohere has none of its own, and its
clients keep members that they do not know."""

_TEXT: Final = frozenset({"type", "text"})
_THINKING: Final = frozenset({"type", "thinking"})
_IMAGE: Final = frozenset({"type", "image_url"})
_IMAGE_URL: Final = frozenset({"url", "detail"})
_DOCUMENT: Final = frozenset({"type", "document"})
_BASE64: Final = ";base64,"

_encode: Final = msgspec.json.Encoder().encode


def read_content(content: object, path: str) -> list[Block]:
    """The blocks of a message's `content`: a string, a list, or nothing."""
    if content is None:
        return []
    if isinstance(content, str):
        return [Text(text=content)] if content else []
    return [read_block(block, f"{path}[{i}]") for i, block in enumerate(a_list(content, path))]


def read_block(value: object, path: str) -> Block:
    """One block; a kind that is not known travels whole."""
    block = an_object(value, path)
    kind = needed_text(block, "type", path)
    opaque, block = take_opaque(block)
    match kind:
        case "text":
            words = text(block, "text", path)
            return Text(text=words or "", opaque=opaque, native=kept(block, _TEXT, _missing(block, "text")))
        case "thinking":
            words = text(block, "thinking", path)
            spelling = {"place": THINKING, **_missing(block, "thinking")}
            return Reasoning(text=words or "", opaque=opaque, native=kept(block, _THINKING, spelling))
        case "image_url":
            return _read_image(block, opaque, path)
        case "document":
            document = block.get("document")
            if not isinstance(document, str | dict):
                raise BadShape(f"{path}.document", "must be an object or a string")
            native = kept(block, _DOCUMENT, {"document": document})
            return Text(text=document_text(document), opaque=opaque, native=native)
        case _:
            return Foreign(format=OWN, kind=kind, data=value)


def take_opaque(block: Members) -> tuple[Opaque | None, Members]:
    """What an envelope on a block holds, and the block without it. A damaged envelope leaves nothing."""
    held = block.get(SIGNATURE)
    if isinstance(held, str) and is_envelope(held):
        return open_envelope(held), {name: value for name, value in block.items() if name != SIGNATURE}
    return None, block


def write_text(part: Text, losses: Losses, path: str) -> Members:
    """The block of a text, or of the document that it was."""
    document = document_of(part, "document")
    if document is not None:
        return _finish({"type": "document", "document": document}, part.native, losses, path)
    block: Members = {"type": "text"}
    if part.text or not unsaid(part.native, "text"):
        block["text"] = part.text
    return _finish(block, part.native, losses, path)


def write_thinking(part: Reasoning, losses: Losses, path: str) -> Members:
    """The block of a thought."""
    block: Members = {"type": "thinking"}
    if part.text or not unsaid(part.native, "thinking"):
        block["thinking"] = part.text
    return _finish(block, part.native, losses, path)


def write_image(part: Media, losses: Losses, path: str) -> Members:
    """The block of an image, or of a text document as text."""
    if part.kind is MediaKind.DOCUMENT and part.data and part.mime.startswith("text/"):
        losses.add(path, why.AS_TEXT)
        return {"type": "text", "text": _document_words(part, losses, path)}
    if part.kind is not MediaKind.IMAGE:
        raise losses.refuse(path, why.NO_MEDIA)
    if part.file_id:
        raise losses.refuse(path, why.NO_FILE_IDS)
    if part.data:
        header = spelled(part.native, "header")
        if not isinstance(header, str):
            if not part.mime:
                raise losses.refuse(path, why.NO_MIME)
            header = f"data:{part.mime}{_BASE64}"
        url = header + part.data
    elif part.url.startswith(("https://", "http://")):
        url = part.url
    else:
        raise losses.refuse(path, why.NO_SUCH_URL)
    image: Members = {"url": url}
    if part.detail:
        image["detail"] = part.detail
    put_nested(image, part.native, "image_url")
    return _finish({"type": "image_url", "image_url": image}, part.native, losses, path)


def document_of(part: Text, place: str) -> object:
    """The document that a text was; `None` where it was none (of this `place`: a block, or the request's list)."""
    document = spelled(part.native, place)
    return document if document is None or part.text == document_text(document) else _changed(document, part.text)


def document_text(document: object) -> str:
    """The words of a document, as the model gets to read them: its one text, or a line for each of its fields."""
    data = document.get("data") if is_object(document) else document
    if not is_object(data):
        return data if isinstance(data, str) else _encode(data).decode()
    if len(data) == 1:
        (only,) = data.values()
        if isinstance(only, str):
            return only
    return "\n".join(f"{k}: {v if isinstance(v, str) else _encode(v).decode()}" for k, v in data.items())


def _changed(document: object, words: str) -> object:
    """The document with other words: a guardrail edited the text that it had become."""
    if not is_object(document):
        return words
    data = document.get("data")
    name = next(iter(data)) if is_object(data) and len(data) == 1 else "text"
    return {**document, "data": {name: words}}


def _document_words(part: Media, losses: Losses, path: str) -> str:
    try:
        words = b64decode(part.data).decode()
    except (Error, ValueError) as error:
        raise losses.refuse(path, why.NOT_TEXT) from error
    return f"{part.name}\n\n{words}" if part.name else words


def _read_image(block: Members, opaque: Opaque | None, path: str) -> Media:
    image = an_object(block.get("image_url"), f"{path}.image_url")
    url = needed_text(image, "url", f"{path}.image_url")
    detail = text(image, "detail", f"{path}.image_url") or ""
    spelling: dict[str, object] = {}
    found = Media(kind=MediaKind.IMAGE, detail=detail, opaque=opaque)
    if url[:5].lower() == "data:":
        end = url.find(_BASE64, 0, 1000)
        if end < 0:
            raise BadShape(f"{path}.image_url.url", "a `data:` URL must hold base64: `data:image/png;base64,...`")
        end += len(_BASE64)
        header, found.data = url[:end], url[end:]
        found.mime = header[5 : -len(_BASE64)].partition(";")[0].strip().lower()
        if header != f"data:{found.mime}{_BASE64}":
            spelling["header"] = header
        if not found.data:
            raise BadShape(f"{path}.image_url.url", "the image is empty")
    elif url:
        found.url = url
    else:
        raise BadShape(f"{path}.image_url.url", "is empty; it must be a URL")
    rest = {name: value for name, value in image.items() if name not in _IMAGE_URL or not value}
    found.native = nested(kept(block, _IMAGE, spelling), "image_url", rest)
    return found


def _missing(block: Members, name: str) -> dict[str, object]:
    return {} if name in block else {"missing": name}


def _finish(block: Members, native: Native | None, losses: Losses, path: str) -> Members:
    """The members of this format that were on the block."""
    put_back(block, native, OWN, losses, path)
    put_nulls(block, native)
    return block
