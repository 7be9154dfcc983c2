"""Our own export."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from backend.app.api.schemas.conversations import ConversationDetail
from backend.app.core.clock import microseconds
from backend.app.services.imports.draft import Draft, DraftMessage, Unusable, mapping, text


def matches(value: object) -> bool:
    """Whether it is this format."""
    return mapping(value).get("format") == "trunkline.conversations"


def items(value: Any) -> Iterator[Any]:
    """Yield the conversations."""
    found = value.get("conversations")
    yield from found if isinstance(found, list) else ()


def read(item: Any, _now_us: int) -> Draft:
    """Return one. Raises `Unusable`."""
    try:
        found = ConversationDetail.model_validate(item)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise Unusable(f"`{where}` is not as an export has it") from None
    return Draft(
        source=f"trunkline:{found.id[:200]}",
        title=found.title,
        messages=[
            DraftMessage(
                id=message.id,
                parent=message.parent_id,
                role=message.role,
                content=text(message.content),
                reasoning=message.reasoning,
                model=message.model,
                provider=message.provider,
                column=message.column,
                status=message.status,
                finish_reason=message.finish_reason,
                receipt=message.receipt,
                created_us=microseconds(message.created_at),
            )
            for message in found.messages
        ],
        leaf=found.leaf_id,
        kind=found.kind,
        model=found.model,
        system=found.system,
        params=found.params.model_dump(mode="json"),
        columns=[column.model for column in found.columns][:4],
        pinned=found.pinned,
        created_us=microseconds(found.created_at),
        updated_us=microseconds(found.updated_at),
        left_out=sum(len(message.attachments) for message in found.messages),
    )
