"""Ids of items that this gateway makes for translated answers.

Such an id says which answer it belongs to, so that an `item_reference` can be looked up; it is taken off again when the
item comes back, because no provider knows it (fidelity.md failure 14).
"""

from __future__ import annotations

import re
from typing import Final

MESSAGE: Final = "msg"
REASONING: Final = "rs"
FUNCTION_CALL: Final = "fc"
CUSTOM_CALL: Final = "ctc"
IMAGE: Final = "ig"
PREFIX_OF: Final = {
    "message": MESSAGE,
    "reasoning": REASONING,
    "function_call": FUNCTION_CALL,
    "function_call_output": "fco",
    "custom_tool_call": CUSTOM_CALL,
    "custom_tool_call_output": "ctco",
    "image_generation_call": IMAGE,
}
"""OpenAI's own prefixes, by item type; the others are `item`."""

RESPONSE: Final = "resp_"
"""What the id of a response begins with; OpenAI refuses another as `previous_response_id`, and clients check it."""

_MINTED: Final = re.compile(r"[a-z]{1,8}_tlk(i?)([0-9]{1,9})_")


def minted(prefix: str, response: str, place: int) -> str:
    """The id of output item number `place` of a response."""
    return f"{prefix}_tlk{place}_{response}"


def minted_input(prefix: str, response: str, place: int) -> str:
    """The id of input item number `place` of the request that a response answers."""
    return f"{prefix}_tlki{place}_{response}"


def is_minted(value: object) -> bool:
    """Whether an id was made here."""
    return isinstance(value, str) and _MINTED.match(value) is not None


def origin(item_id: str) -> tuple[str, bool, int] | None:
    """The response that an id of ours belongs to, whether it is of an input item, and which; `None`: not ours."""
    found = _MINTED.match(item_id)
    if found is None:
        return None
    return item_id[found.end() :], bool(found[1]), int(found[2])
