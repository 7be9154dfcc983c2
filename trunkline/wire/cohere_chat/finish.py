"""Why the model stopped, in Cohere's words (docs.cohere.com, `finish_reason` of version 2; the `ERROR_` ones are
version 1's, which some hosts still send).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, assert_never

from trunkline.ir.answer import Finish

FINISHES: Final[Mapping[str, Finish]] = {
    "COMPLETE": Finish.STOP,
    "STOP_SEQUENCE": Finish.STOP_SEQUENCE,
    "MAX_TOKENS": Finish.LENGTH,
    "TOOL_CALL": Finish.TOOL_CALLS,
    "ERROR": Finish.OTHER,
    "TIMEOUT": Finish.OTHER,
    "ERROR_TOXIC": Finish.CONTENT_FILTER,
    "ERROR_LIMIT": Finish.CONTEXT,
    "USER_CANCEL": Finish.OTHER,
}
FAILED: Final = frozenset({"ERROR", "TIMEOUT"})
"""The answer is no answer: a stream that ends like this has failed."""


def read_finish(word: str) -> Finish:
    """The reason in the representation's words."""
    return FINISHES.get(word, Finish.OTHER)


def write_finish(finish: Finish | None, own_word: str) -> str:
    """The reason for a client; `own_word` where it is Cohere's and says the same."""
    if own_word and FINISHES.get(own_word) is finish:
        return own_word
    match finish:
        case Finish.STOP | Finish.REFUSAL | Finish.PAUSE | Finish.OTHER | None:
            return "COMPLETE"
        case Finish.STOP_SEQUENCE:
            return "STOP_SEQUENCE"
        case Finish.LENGTH | Finish.CONTEXT:
            return "MAX_TOKENS"
        case Finish.TOOL_CALLS:
            return "TOOL_CALL"
        case Finish.CONTENT_FILTER | Finish.BAD_CALL:
            return "ERROR"
        case _:
            assert_never(finish)
