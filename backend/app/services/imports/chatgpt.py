"""ChatGPT's `conversations.json`: a list of conversations, each a `mapping` of nodes with a parent."""

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

_TEXT = frozenset({"text", "multimodal_text", "code", "execution_output", ""})


def matches(value: object) -> bool:
    """Whether it is this format."""
    return isinstance(value, list) and any("mapping" in item for item in objects(value))


def items(value: Any) -> Iterator[Any]:
    """Yield the conversations."""
    yield from value


def read(item: Any, now_us: int) -> Draft:
    """Return one. Raises `Unusable`."""
    item = mapping(item)
    nodes = {key: mapping(node) for key, node in mapping(item.get("mapping")).items()}
    source = identifier(item.get("conversation_id")) or identifier(item.get("id"))
    if source is None or not nodes:
        raise Unusable("it has no id or no messages")
    draft = Draft(
        source=f"chatgpt:{source}",
        title=text(item.get("title")),
        messages=[],
        leaf=identifier(item.get("current_node")),
        model=name(item.get("default_model_slug")),
        created_us=when(item.get("create_time"), now_us),
        updated_us=when(item.get("update_time"), now_us),
    )
    hidden: dict[str, str | None] = {}
    for key, node in nodes.items():
        parent = identifier(node.get("parent"))
        message = _message(key, parent, mapping(node.get("message")), now_us)
        if message is None:
            hidden[key] = parent
            draft.left_out += mapping(mapping(node.get("message")).get("author")).get("role") in {"tool", "assistant"}
        else:
            draft.messages.append(message)
    for message in draft.messages:
        message.parent = _visible(message.parent, hidden)
    draft.leaf = _visible(draft.leaf, hidden)
    return draft


def _message(key: str, parent: str | None, message: Json, now_us: int) -> DraftMessage | None:
    """Return what a person would see of a node: roots, tools and the model's notes to itself are none of it."""
    role = mapping(message.get("author")).get("role")
    content = mapping(message.get("content"))
    metadata = mapping(message.get("metadata"))
    if role not in {"user", "assistant"} or metadata.get("is_visually_hidden_from_conversation"):
        return None
    if text(content.get("content_type")) not in _TEXT or message.get("recipient") not in {None, "all"}:
        return None
    parts = content.get("parts") if isinstance(content.get("parts"), list) else [content.get("text")]
    said = "\n\n".join(part for part in map(_part, parts or ()) if part)
    if not said:
        return None
    return DraftMessage(
        id=key,
        parent=parent,
        role=role,
        content=text(said),
        model=name(metadata.get("model_slug")) if role == "assistant" else None,
        provider="openai" if role == "assistant" else None,
        created_us=when(message.get("create_time"), now_us),
    )


def _part(part: object) -> str:
    if isinstance(part, str):
        return part
    found = mapping(part)
    if "asset_pointer" in found:
        return "[an image that the export does not contain]"
    return text(found.get("text"))


def _visible(key: str | None, hidden: dict[str, str | None]) -> str | None:
    """Return the nearest ancestor that was taken."""
    for _ in range(len(hidden) + 1):
        if key is None or key not in hidden:
            return key
        key = hidden[key]
    return None  # a ring of hidden nodes
