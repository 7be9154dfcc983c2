"""Why a response ended: `status` with `incomplete_details.reason`.

platform.openai.com/docs/api-reference/responses/object#responses/object-status
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, assert_never

from trunkline.ir.answer import Finish
from trunkline.ir.parts import Part, Text, ToolCall
from trunkline.wire.codec import Members
from trunkline.wire.openai_responses.shape import is_object, some_text

_REASONS: Final[Mapping[str, Finish]] = {
    "max_output_tokens": Finish.LENGTH,
    "max_messages": Finish.LENGTH,
    "content_filter": Finish.CONTENT_FILTER,
    "steered": Finish.PAUSE,
}
_STATUSES: Final = frozenset({"queued", "in_progress"})
"""Of a background response that is not done."""


def read_finish(response: Mapping[str, object], *, called: bool, refused: bool) -> tuple[Finish | None, str]:
    """The finish of a response, and the format's own word for it.

    `called`: it asks for a tool of the client. `refused`: it holds a refusal.
    """
    status = some_text(response.get("status")) or "completed"
    if status == "completed":
        if called:
            return Finish.TOOL_CALLS, status
        return (Finish.REFUSAL if refused else Finish.STOP), status
    if status == "incomplete":
        details = response.get("incomplete_details")
        reason = some_text(details.get("reason")) if is_object(details) else ""
        return _REASONS.get(reason, Finish.OTHER), reason or status
    return (None if status in _STATUSES else Finish.OTHER), status


def flags(parts: Iterable[Part]) -> tuple[bool, bool]:
    """Whether there are tool calls, and whether there is a refusal."""
    called = refused = False
    for part in parts:
        called = called or isinstance(part, ToolCall)
        refused = refused or (isinstance(part, Text) and part.refusal)
    return called, refused


def write_finish(finish: Finish | None) -> tuple[str, Members | None]:
    """`status` and `incomplete_details` for a client."""
    match finish:
        case None | Finish.STOP | Finish.STOP_SEQUENCE | Finish.TOOL_CALLS | Finish.REFUSAL:
            return "completed", None
        case Finish.LENGTH | Finish.CONTEXT:
            return "incomplete", {"reason": "max_output_tokens"}
        case Finish.CONTENT_FILTER:
            return "incomplete", {"reason": "content_filter"}
        case Finish.PAUSE | Finish.BAD_CALL | Finish.OTHER:
            return "incomplete", {"reason": None}
        case _:
            assert_never(finish)
