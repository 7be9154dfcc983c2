"""What a model is sent: the way through the tree down to the question, as messages of OpenAI's chat API.

In a comparison each column has its own past: the questions are common, the answers are the column's own.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from backend.app.api.schemas.messages import Attachment, Loss, LossKind, Message
from backend.app.api.schemas.models import Abilities
from backend.app.services.receipts import MESSAGE_TOKENS, estimated_tokens
from backend.app.services.route import missing

ReadFile = Callable[[Attachment], Awaitable[bytes]]

IMAGE_TOKENS: Final = 1500
"""An image at its usual size, as the gateway counts it."""
PDF_BYTES_PER_TOKEN: Final = 40
"""Of a PDF, most of it fonts and pictures; a guess."""
GO_ON: Final = (
    "Your last answer was cut off. Go on exactly where it ends, in the same language and form, "
    "without repeating anything and without a remark about it."
)
_STAND_IN: Final[Mapping[str, bytes]] = {
    "image": base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
    ),
    "pdf": b"%PDF-1.4\n%%EOF\n",
}
"""What stands for a file's bytes in an estimate: one dot, an empty document."""
_AUDIO: Final[Mapping[str, str]] = {"audio/mpeg": "mp3", "audio/mp3": "mp3", "audio/wav": "wav", "audio/x-wav": "wav"}


@dataclass(slots=True)
class Sent:
    """Messages for the gateway, and what is told about them."""

    messages: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    losses: list[Loss] = field(default_factory=list[Loss])
    tokens: int = 0
    """About."""
    images: int = 0
    files: int = 0


def way_to(tree: Sequence[Message], leaf_id: str, column: int | None = None) -> list[Message]:
    """The messages from the first one down to `leaf_id`; in a comparison with the column's own answers between."""
    by_id = {message.id: message for message in tree}
    way: list[Message] = []
    here = by_id.get(leaf_id)
    while here is not None and len(way) < len(by_id):
        way.append(here)
        here = by_id.get(here.parent_id) if here.parent_id is not None else None
    way.reverse()
    return way if column is None else _of_column(tree, way, column)


def _of_column(tree: Sequence[Message], way: list[Message], column: int) -> list[Message]:
    found: list[Message] = []
    questions = [message for message in way if message.role != "assistant"]
    for question in questions[:-1]:
        found += [question, *_answer(tree, way, question, column)]
    at = way.index(questions[-1])
    return found + way[at:]  # the question alone, or with the answer that is to be gone on from


def _answer(tree: Sequence[Message], way: list[Message], above: Message, column: int) -> list[Message]:
    """The column's answer to a question: the one on the way, else the latest; with the parts that went on from it."""
    children = [m for m in tree if m.parent_id == above.id and m.role == "assistant" and m.column == column]
    if not children:
        return []
    chosen = ([m for m in children if m in way] or children)[-1]
    return [chosen, *_answer(tree, way, chosen, column)]


async def sent(
    way: Sequence[Message],
    *,
    model: str,
    system: str | None,
    abilities: Abilities | None,
    read: ReadFile | None,
    go_on: bool = False,
) -> Sent:
    """Write the way down for a model. What it does not take is left out and named.

    `read` gives the bytes of a file; without it files are counted but not filled in (enough for an estimate).
    """  # fmt: skip
    result = Sent()
    missed: dict[LossKind, list[str]] = {}
    if system and system.strip():
        _add(result, "system", system)
    for message in way:
        path = f"messages[{len(result.messages)}]"
        parts: list[dict[str, Any]] = []
        for at, attachment in enumerate(message.attachments):
            kind = _lost(attachment, abilities)
            if kind is not None:
                missed.setdefault(kind, []).append(f"{path}.content[{at}]")
                parts.append(
                    {"type": "text", "text": f"[{attachment.name} was attached; it could not be shown to you.]"}
                )
            else:
                parts.append(await _part(result, attachment, read))
        _add(result, message.role, [*parts, {"type": "text", "text": message.content}] if parts else message.content)
    if go_on:
        _add(result, "user", GO_ON)
    result.losses = [missing(kind, paths[0], len(paths), model) for kind, paths in missed.items()]
    result.tokens += sum(MESSAGE_TOKENS + _text_tokens(message) for message in result.messages)
    return result


def _add(result: Sent, role: str, content: str | list[dict[str, Any]]) -> None:
    """Add a message; an empty answer says nothing, and answers in a row (one went on from the other) are one."""
    if role == "assistant":
        if not content:
            return
        last = result.messages[-1] if result.messages else None
        if last is not None and last["role"] == "assistant" and isinstance(content, str):
            last["content"] += content
            return
    result.messages.append({"role": role, "content": content})


def _lost(attachment: Attachment, abilities: Abilities | None) -> LossKind | None:
    """What kind of thing is lost with a file that the model does not take."""
    match attachment.kind:
        case "text":
            return None
        case "image":
            return "image" if abilities is not None and not abilities.images else None
        case "pdf":
            return "file" if abilities is not None and not abilities.files else None
        case "audio":
            unknown = attachment.media_type not in _AUDIO
            return "file" if unknown or (abilities is not None and not abilities.files) else None
        case "other":
            return "file"


async def _part(result: Sent, attachment: Attachment, read: ReadFile | None) -> dict[str, Any]:
    data = _STAND_IN.get(attachment.kind, b"") if read is None else await read(attachment)
    match attachment.kind:
        case "image":
            result.images += 1
            result.tokens += IMAGE_TOKENS
            media_type = "image/png" if read is None else attachment.media_type
            return {"type": "image_url", "image_url": {"url": _data_url(media_type, data)}}
        case "audio":
            result.files += 1
            result.tokens += attachment.bytes // PDF_BYTES_PER_TOKEN
            audio = {"data": base64.b64encode(data).decode(), "format": _AUDIO[attachment.media_type]}
            return {"type": "input_audio", "input_audio": audio}
        case "pdf":
            result.files += 1
            result.tokens += attachment.bytes // PDF_BYTES_PER_TOKEN
            file = {"filename": attachment.name, "file_data": _data_url(attachment.media_type, data)}
            return {"type": "file", "file": file}
        case "text" | "other":
            result.files += 1
            if read is None:
                result.tokens += attachment.bytes // 4
            text = data.decode("utf-8-sig", "replace")
            return {"type": "text", "text": f"File {attachment.name}:\n\n{text}\n\nEnd of {attachment.name}."}


def _data_url(media_type: str, data: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def _text_tokens(message: Mapping[str, Any]) -> int:
    content = message["content"]
    if isinstance(content, str):
        return estimated_tokens(content)
    return sum(estimated_tokens(part["text"]) for part in content if part["type"] == "text")
