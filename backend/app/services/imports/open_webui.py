"""Open WebUI's export: a list of rows, each with its chat; or the chats alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from backend.app.services.imports.draft import (
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


def matches(value: object) -> bool:
    """Whether it is this format."""
    return any("history" in mapping(item.get("chat")) or "history" in item for item in _rows(value))


def items(value: Any) -> Iterator[Any]:
    """Yield the conversations."""
    yield from value if isinstance(value, list) else [value]


def read(item: Any, now_us: int) -> Draft:
    """Return one. Raises `Unusable`."""
    item = mapping(item)
    chat = mapping(item.get("chat")) or item
    history = mapping(chat.get("history"))
    nodes = mapping(history.get("messages"))
    source = identifier(item.get("id")) or identifier(chat.get("id"))
    if source is None or not nodes:
        raise Unusable("it has no id or no messages")
    models = chat.get("models")
    params = mapping(chat.get("params"))
    draft = Draft(
        source=f"open-webui:{source}",
        title=text(item.get("title")) or text(chat.get("title")),
        messages=[],
        leaf=identifier(history.get("currentId")),
        model=name(models[0]) if isinstance(models, list) and models else None,
        system=text(chat.get("system")) or text(params.get("system")) or None,
        pinned=item.get("pinned") is True,
        created_us=when(item.get("created_at") or chat.get("timestamp"), now_us),
        updated_us=when(item.get("updated_at"), now_us),
    )
    for key, node in nodes.items():
        message = _message(key, mapping(node), now_us)
        if message is None:
            draft.left_out += 1
        else:
            draft.messages.append(message)
            files = mapping(node).get("files")
            draft.left_out += len(files) if isinstance(files, list) else 0
    return draft


def _rows(value: object) -> Iterator[Json]:
    yield from objects(value if isinstance(value, list) else [value])


def _message(key: str, node: Json, now_us: int) -> DraftMessage | None:
    role = node.get("role")
    if role not in {"user", "assistant", "system"}:
        return None
    return DraftMessage(
        id=key,
        parent=identifier(node.get("parentId")),
        role=role,
        content=text(node.get("content")),
        model=name(node.get("model")) if role == "assistant" else None,
        created_us=when(node.get("timestamp"), now_us),
    )
