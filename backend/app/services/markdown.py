"""A conversation as Markdown: the path that is shown, in a comparison with every column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from backend.app.api.schemas.conversations import ConversationDetail
from backend.app.api.schemas.messages import Message, Receipt

_NANO: Final = 1_000_000_000


def render(conversation: ConversationDetail) -> str:
    """Return the document. What models wrote stays as they wrote it."""
    parts = [f"# {_line(conversation.title) or 'Untitled'}"]
    parts.append(f"{conversation.created_at:%Y-%m-%d %H:%M} UTC · {_line(conversation.model)}")
    if conversation.system:
        parts.append(f"## System prompt\n\n{conversation.system.strip()}")
    for message in shown(conversation):
        parts += _message(message)
    return "\n\n".join(parts) + "\n"


def shown(conversation: ConversationDetail) -> Iterator[Message]:
    """Yield the messages of the shown path; beside an answer of a comparison those of the other columns."""
    by_id = {message.id: message for message in conversation.messages}
    path: list[Message] = []
    at = by_id.get(conversation.leaf_id or "") or (conversation.messages[-1] if conversation.messages else None)
    while at is not None and len(path) <= len(by_id):
        path.append(at)
        at = by_id.get(at.parent_id or "")
    path.reverse()
    if conversation.kind == "chat":
        yield from path
        return
    for message in path:
        if message.role != "assistant":
            yield message
            latest = {m.column: m for m in conversation.messages if m.parent_id == message.id and m.role == "assistant"}
            yield from sorted(latest.values(), key=lambda m: m.column or 0)


def _message(message: Message) -> Sequence[str]:
    parts = [f"## {_who(message)}"]
    parts += [f"*File: {_line(file.name)}, {file.media_type}, {file.bytes} bytes*" for file in message.attachments]
    if message.reasoning:
        quoted = message.reasoning.strip().replace("\n", "\n> ")
        parts.append(f"> Reasoning:\n>\n> {quoted}")
    if message.content.strip():
        parts.append(message.content.strip())
    if message.error is not None:
        parts.append(f"*{_line(message.error.message)}*")
    if message.receipt is not None:
        parts.append(f"*{_receipt(message.receipt)}*")
    return parts


def _who(message: Message) -> str:
    match message.role:
        case "user":
            return "You"
        case "system":
            return "System"
        case "assistant":
            return " · ".join(filter(None, (_line(message.model or "Answer"), _line(message.provider or ""))))


def _receipt(receipt: Receipt) -> str:
    told = []
    if receipt.timing.total_ms is not None:
        told.append(f"{receipt.timing.total_ms / 1000:.1f} s")
    if receipt.usage.input is not None:
        told.append(f"{receipt.usage.input} in")
    if receipt.usage.output is not None:
        told.append(f"{receipt.usage.output} out")
    told.append("no price" if receipt.cost_nano is None else money(receipt.cost_nano, settled=receipt.settled))
    return " · ".join(told)


def money(nano: int, *, settled: bool) -> str:
    """Return nano-dollars exactly, without zeros at the end; `≈` while they are an estimate."""
    whole, rest = divmod(abs(nano), _NANO)
    digits = f"{rest:09d}".rstrip("0").ljust(2, "0")
    return f"{'' if settled else '≈ '}{'-' if nano < 0 else ''}${whole}.{digits}"


def _line(said: str) -> str:
    """Return a name on one line, with nothing that Markdown would take for its own."""
    return re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", " ".join(said.split()))
