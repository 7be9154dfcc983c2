"""`finishReason`, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from trunkline.ir.answer import Finish

UNSAID: Final = "FINISH_REASON_UNSPECIFIED"

_FILTERED: Final = (
    *("SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR"),
    *("IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "NO_IMAGE"),
)
WORDS: Final[Mapping[str, Finish]] = {
    "STOP": Finish.STOP,
    "MAX_TOKENS": Finish.LENGTH,
    "CONTINUATION": Finish.LENGTH,
    **dict.fromkeys(_FILTERED, Finish.CONTENT_FILTER),
    "MALFORMED_FUNCTION_CALL": Finish.BAD_CALL,
    "UNEXPECTED_TOOL_CALL": Finish.BAD_CALL,
    "IMAGE_OTHER": Finish.OTHER,
    "OTHER": Finish.OTHER,
    "TOO_MANY_TOOL_CALLS": Finish.OTHER,
    "MISSING_THOUGHT_SIGNATURE": Finish.OTHER,
    "MALFORMED_RESPONSE": Finish.OTHER,
}
"""Google's words (providers.md B2); a word that is not here is `OTHER`."""

_STUDIO: Final = (
    *(UNSAID, "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT"),
    *("SPII", "MALFORMED_FUNCTION_CALL", "IMAGE_SAFETY", "UNEXPECTED_TOOL_CALL"),
)
_VERTEX: Final = (
    *(UNSAID, "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"),
    *("MALFORMED_FUNCTION_CALL", "MODEL_ARMOR"),
)
"""By protobuf's numbers, which answers have where the client asked for `$alt=json;enum-encoding=int` (recorded)."""

_WRITTEN: Final[Mapping[Finish, str]] = {
    Finish.STOP: "STOP",
    Finish.STOP_SEQUENCE: "STOP",
    Finish.TOOL_CALLS: "STOP",
    Finish.PAUSE: "STOP",
    Finish.LENGTH: "MAX_TOKENS",
    Finish.CONTEXT: "MAX_TOKENS",
    Finish.CONTENT_FILTER: "SAFETY",
    Finish.REFUSAL: "SAFETY",
    Finish.BAD_CALL: "MALFORMED_FUNCTION_CALL",
    Finish.OTHER: "OTHER",
}


def word(raw: object, *, vertex: bool) -> str:
    """The reason as a word; empty where none was said."""
    if isinstance(raw, str):
        return "" if raw == UNSAID else raw
    if isinstance(raw, int) and not isinstance(raw, bool) and raw > 0:
        table = _VERTEX if vertex else _STUDIO
        return table[raw] if raw < len(table) else "OTHER"
    return ""


def finish_of(reason: str, *, calls: bool) -> Finish | None:
    """What a word means; Gemini says `STOP` after tool calls too."""
    if not reason:
        return None
    if reason == "STOP":
        return Finish.TOOL_CALLS if calls else Finish.STOP
    return WORDS.get(reason, Finish.OTHER)


def written(finish: Finish | None) -> str:
    """Google's word for a finish; a stream without any would look cut off, so an unknown one is `OTHER`."""
    return "OTHER" if finish is None else _WRITTEN[finish]
