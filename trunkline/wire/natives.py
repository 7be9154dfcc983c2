"""Members of a body that have no place in the representation: put back for their own format, reported for others."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from trunkline.ir.format import Format
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Native

NAMES: Final[Mapping[Format, str]] = {
    Format.OPENAI_CHAT: "OpenAI's chat format",
    Format.OPENAI_RESPONSES: "OpenAI's Responses format",
    Format.ANTHROPIC_MESSAGES: "Anthropic's Messages format",
    Format.GEMINI: "Gemini's format",
    Format.BEDROCK_CONVERSE: "Bedrock's Converse format",
    Format.COHERE_CHAT: "Cohere's chat format",
    Format.REPLICATE: "Replicate's format",
    Format.OLLAMA: "Ollama's format",
}

ONLY_THERE: Final = "a member that only its own format has"
"""The reason of every loss that `put_back` reports."""


def left_over(members: Mapping[str, object], known: AbstractSet[str], own: Format) -> Native | None:
    """The members that are not `known`, to travel along; `None` where there is none."""
    if members.keys() <= known:
        return None
    return Native(own, {name: value for name, value in members.items() if name not in known})


def put_back(
    members: dict[str, object],
    native: Native | None,
    own: Format,
    losses: Losses,
    path: str = "",
) -> None:
    """Add the members of `native` that `members` lacks, where they are of `own`; else report each as a loss."""
    if native is None:
        return
    if native.format is own:
        for name, value in native.members.items():
            members.setdefault(name, value)
        return
    for name in native.members:
        losses.add(f"{path}.{name}" if path else name, ONLY_THERE)
