"""What is known of a model, in LiteLLM's words: limits and abilities as `/model/info` states them.

Two sources: the profiles, whose figures stand in `families_*` with their source (providers.md, table D), and the price
data (`PriceBook.facts`). What neither says is unknown, and is said so: a wrong limit is worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from trunkline.ir.parts import MediaKind
from trunkline.profiles.lookup import profile_for
from trunkline.profiles.profile import Profile

Facts = Mapping[str, int | bool]
"""LiteLLM's field -> value; a field that is not there is unknown."""

LIMITS: Final = ("max_input_tokens", "max_output_tokens")
"""Tokens."""
_SENSES: Final[Mapping[str, MediaKind]] = {
    "supports_vision": MediaKind.IMAGE,
    "supports_pdf_input": MediaKind.DOCUMENT,
    "supports_audio_input": MediaKind.AUDIO,
    "supports_video_input": MediaKind.VIDEO,
}
ABILITIES: Final = (*_SENSES, "supports_function_calling", "supports_reasoning", "supports_response_schema")
STATED: Final = ("max_tokens", *LIMITS, *ABILITIES)
"""Every field that a row states, `None` for unknown."""

EMBEDDED_CONTEXT: Final = 8192
"""Tokens of the embedded model's window, prompt and answer together."""
_EMBEDDED: Final[Facts] = {
    **dict.fromkeys(LIMITS, EMBEDDED_CONTEXT),
    **dict.fromkeys(ABILITIES, False),
    "supports_response_schema": True,
}
"""Its template has no tools; a schema is kept to by a grammar."""

_CHATS: Final = frozenset({"", "chat", "completion", "responses"})
_OTHER_USE: Final = re.compile(r"transcri|tts|realtime|image|(?:^|-)live|embed|whisper|native-audio|computer-use")
"""Names of a family's relatives that speak, paint or listen: the family's limits are not theirs."""


def model_facts(provider: str, model: str, *, mode: str = "chat") -> Facts:
    """What the profiles know. For a deployment with a name of its own (Azure) pass its `base_model`."""
    if provider == "local":
        return _EMBEDDED
    if mode not in _CHATS or _OTHER_USE.search(model.lower()):
        return {}
    profile = profile_for(model)
    if profile is None or profile.told == "nothing":
        return {}
    at_home = profile.at is None or provider in profile.at
    return _senses(profile) | (_manners(profile) if at_home and profile.told == "all" else {})


def complete(*sources: Facts) -> dict[str, int | bool | None]:
    """Every field of `STATED` from the first source that has it.

    `max_tokens` is LiteLLM's old name for the output's limit. Without an input limit it stays unknown: many clients
    read it as the size of the window.
    """
    found: dict[str, int | bool | None] = {
        name: next((source[name] for source in sources if name in source), None) for name in STATED
    }
    if found["max_tokens"] is None and found["max_input_tokens"] is not None:
        found["max_tokens"] = found["max_output_tokens"] or found["max_input_tokens"]
    return found


def _senses(profile: Profile) -> dict[str, int | bool]:
    """What holds wherever the model runs: the media that it takes and whether it thinks."""
    found: dict[str, int | bool] = {}
    if profile.sees is not None:
        found |= {name: kind in profile.sees for name, kind in _SENSES.items()}
    if profile.thinking is not None:
        found["supports_reasoning"] = profile.thinking.on or profile.thinking.settable
    return found


def _manners(profile: Profile) -> dict[str, int | bool]:
    """What holds under the maker's rules. A schema counts as kept to where a forced tool call does it, as LiteLLM says.

    A family with a home (`at`) has no word for a schema that nobody checked, so its `native` says nothing. Limits come
    in pairs: an output limit alone is the largest of a family whose members differ.
    """
    found: dict[str, int | bool] = {"supports_function_calling": profile.tools}
    if profile.schema != "native" or profile.at is None:
        found["supports_response_schema"] = profile.schema in {"native", "tool"}
    if profile.max_input is not None and profile.max_output is not None:
        found |= {"max_input_tokens": profile.max_input, "max_output_tokens": profile.max_output}
    return found
