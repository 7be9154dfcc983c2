"""Why the model stopped, in both directions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from trunkline.ir.answer import Finish

STOP_REASONS: Final[Mapping[str, Finish]] = {
    "end_turn": Finish.STOP,
    "max_tokens": Finish.LENGTH,
    "stop_sequence": Finish.STOP_SEQUENCE,
    "tool_use": Finish.TOOL_CALLS,
    "pause_turn": Finish.PAUSE,
    "compaction": Finish.PAUSE,  # `pause_after_compaction`: send the turn back to go on
    "refusal": Finish.REFUSAL,
    "model_context_window_exceeded": Finish.CONTEXT,
}
"""Anthropic's words (providers.md B1; the SDK's `StopReason`)."""

_WORDS: Final[Mapping[Finish, str]] = {
    Finish.STOP: "end_turn",
    Finish.STOP_SEQUENCE: "stop_sequence",
    Finish.LENGTH: "max_tokens",
    Finish.TOOL_CALLS: "tool_use",
    Finish.CONTENT_FILTER: "refusal",
    Finish.REFUSAL: "refusal",
    Finish.PAUSE: "pause_turn",
    Finish.CONTEXT: "model_context_window_exceeded",
    Finish.BAD_CALL: "end_turn",
    Finish.OTHER: "end_turn",
}


def read_stop_reason(value: object) -> tuple[Finish | None, str]:
    """The reason and Anthropic's own word for it."""
    if not isinstance(value, str):
        return None, ""
    return STOP_REASONS.get(value, Finish.OTHER), value


def write_stop_reason(finish: Finish | None, native: str, *, own: bool, calls: bool) -> str:
    """Anthropic's word: its own again where it was its own.

    `calls`: the answer holds calls; clients run tools for `tool_use` only, and some providers say just `stop`.
    """
    if native and (own or STOP_REASONS.get(native) is finish):
        return native
    if calls and finish in (None, Finish.STOP, Finish.OTHER):
        return "tool_use"
    return "end_turn" if finish is None else _WORDS[finish]
