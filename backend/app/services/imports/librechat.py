"""LibreChat's export of a conversation: its messages in a list, or as a tree of `children`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from backend.app.services.imports.draft import (
    MAX_MESSAGES,
    Draft,
    DraftMessage,
    Json,
    Unusable,
    identifier,
    mapping,
    name,
    objects,
    text,
    when,
)

_ROOT: Final = "00000000-0000-0000-0000-000000000000"


def matches(value: object) -> bool:
    """Whether it is this format."""
    return any("conversationId" in item for item in objects(value if isinstance(value, list) else [value]))


def items(value: Any) -> Iterator[Any]:
    """Yield the conversations."""
    yield from value if isinstance(value, list) else [value]


def read(item: Any, now_us: int) -> Draft:
    """Return one. Raises `Unusable`."""
    item = mapping(item)
    source = identifier(item.get("conversationId"))
    tree = item.get("messages") or item.get("messagesTree")
    if source is None or not isinstance(tree, list) or not tree:
        raise Unusable("it has no id or no messages")
    options = mapping(item.get("options"))
    draft = Draft(
        source=f"librechat:{source}",
        title=text(item.get("title")),
        messages=[],
        model=name(options.get("model")) or name(item.get("model")),
        system=text(options.get("promptPrefix")) or None,
        created_us=when(options.get("createdAt"), now_us),
        updated_us=when(item.get("exportAt"), now_us),
    )
    for node, above in _nodes(tree):
        message = _message(node, above, now_us)
        if message is None:
            draft.left_out += 1
        else:
            draft.messages.append(message)
            files = node.get("files")
            draft.left_out += len(files) if isinstance(files, list) else 0
    draft.leaf = draft.messages[-1].id if draft.messages else None
    return draft


def _nodes(tree: list[Any]) -> Iterator[tuple[Json, str | None]]:
    """Yield every message with the one above it; without recursion, because the depth is the file's choice."""
    waiting: list[tuple[Json, str | None]] = [(node, None) for node in objects(tree)]
    waiting.reverse()
    for _ in range(MAX_MESSAGES + 1):
        if not waiting:
            return
        node, above = waiting.pop()
        yield node, above
        here = identifier(node.get("messageId"))
        waiting += [(child, here) for child in objects(node.get("children"))][::-1]


def _message(node: Json, above: str | None, now_us: int) -> DraftMessage | None:
    key = identifier(node.get("messageId"))
    said = text(node.get("text")) or "\n\n".join(filter(None, map(_part, objects(node.get("content")))))
    if key is None or not said:
        return None
    parent = identifier(node.get("parentMessageId")) or above
    mine = node.get("isCreatedByUser") is True
    reasoning = "\n\n".join(filter(None, (text(part.get("think")) for part in objects(node.get("content")))))
    return DraftMessage(
        id=key,
        parent=None if parent == _ROOT else parent,
        role="user" if mine else "assistant",
        content=text(said),
        reasoning=reasoning or None,
        model=None if mine else name(node.get("model")) or name(node.get("sender")),
        created_us=when(node.get("createdAt"), now_us),
    )


def _part(part: Json) -> str:
    """Return a part's text, which is a string or an object with the string in it."""
    found = part.get("text")
    return text(found) or text(mapping(found).get("value"))
