"""Why a model stopped: the words of OpenAI and of the hosts that have their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, assert_never

from trunkline.ir.answer import Finish

WORDS: Final[Mapping[str, Finish]] = {
    "stop": Finish.STOP,
    "length": Finish.LENGTH,
    "tool_calls": Finish.TOOL_CALLS,
    "function_call": Finish.TOOL_CALLS,
    "content_filter": Finish.CONTENT_FILTER,
    # Together and text-generation-inference
    "eos": Finish.STOP,
    "eos_token": Finish.STOP,
    "stop_sequence": Finish.STOP_SEQUENCE,
    # hosts that resell other formats and keep their words
    "end_turn": Finish.STOP,
    "max_tokens": Finish.LENGTH,
    "tool_use": Finish.TOOL_CALLS,
    "refusal": Finish.REFUSAL,
    "pause_turn": Finish.PAUSE,
    "model_length": Finish.CONTEXT,  # Mistral
    "model_context_window_exceeded": Finish.CONTEXT,  # Z.AI
    "sensitive": Finish.CONTENT_FILTER,  # Z.AI
    "blacklist": Finish.CONTENT_FILTER,  # GigaChat
    "STOP": Finish.STOP,
    "MAX_TOKENS": Finish.LENGTH,
    "SAFETY": Finish.CONTENT_FILTER,
    "MALFORMED_FUNCTION_CALL": Finish.BAD_CALL,
    "insufficient_system_resource": Finish.OTHER,  # DeepSeek
    "error": Finish.OTHER,  # OpenRouter, Mistral
    "network_error": Finish.OTHER,  # Z.AI
}
"""What a word means (OpenAI's reference; providers.md Table A; LiteLLM's list, litellm.md section 10)."""


def read_finish(word: object, *, calls: bool) -> tuple[Finish | None, str]:
    """A `finish_reason`, and the word itself. `calls`: the answer has tool calls.

    xAI and Snowflake leave the word empty; with calls it means those (recorded; providers.md Table A).
    """
    if not isinstance(word, str) or not word:
        return (Finish.TOOL_CALLS if calls else Finish.STOP) if word == "" else None, ""
    finish = WORDS.get(word, Finish.OTHER)
    if calls and finish is Finish.STOP:
        finish = Finish.TOOL_CALLS
    return finish, word


def write_finish(finish: Finish | None, *, calls: bool) -> str:
    """The word for a client. OpenAI's clients run tools only where it says so, so calls count more than `stop`."""
    match finish:
        case None | Finish.STOP | Finish.STOP_SEQUENCE | Finish.OTHER | Finish.BAD_CALL:
            return "tool_calls" if calls else "stop"
        case Finish.TOOL_CALLS:
            return "tool_calls"
        case Finish.LENGTH | Finish.CONTEXT | Finish.PAUSE:
            return "length"
        case Finish.CONTENT_FILTER | Finish.REFUSAL:
            return "content_filter"
        case _:
            assert_never(finish)
