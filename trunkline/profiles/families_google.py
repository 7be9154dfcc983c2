"""Gemini and Gemma: providers.md D3, B2."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from trunkline.profiles.profile import (
    BLIND,
    LOGPROBS,
    NO_THINKING,
    PENALTIES,
    SAMPLING,
    SEES_ALL,
    SEES_IMAGES,
    Control,
    Profile,
    Rule,
    rule,
)

_FIXED: Final = "Google's newer models ignore or refuse sampling parameters"
_WORDS: Final = {
    **dict.fromkeys((*SAMPLING, *PENALTIES, *LOGPROBS, "seed"), _FIXED),
    "thinking": "this Gemini always thinks",
    "media_in_results": "before Gemini 3 tool results hold no media",
}
_LEVELS: Final = ("minimal", "low", "medium", "high")
_GEMINI_2: Final = Profile(
    name="Gemini 2.0",
    thinking=NO_THINKING, temperature=(0, 2), max_input=1_048_576, max_output=8192, max_stops=5, sees=SEES_ALL,
    media_in_results=False, reasons=_WORDS,
)  # fmt: skip
_GEMINI_2_5: Final = replace(
    _GEMINI_2, name="Gemini 2.5", max_output=65_536, thinking=Control(budget=(1, 24_576), dynamic=True, on=True)
)
_GEMINI_3: Final = replace(
    _GEMINI_2_5,
    name="Gemini 3",
    thinking=Control(efforts=_LEVELS, can_stop=False, on=True),
    needs_signatures=True,
    media_in_results=True,
)
_GEMINI_3_PRO: Final = replace(
    _GEMINI_3, name="Gemini 3 Pro", thinking=Control(efforts=_LEVELS[1:], can_stop=False, on=True)
)
_NO_KNOBS: Final = SAMPLING | PENALTIES
_GEMINI_3_6: Final = replace(_GEMINI_3, name="Gemini 3.6", lacks=_NO_KNOBS)
_GEMINI_3_7: Final = replace(_GEMINI_3_PRO, name="Gemini 3.7", lacks=_NO_KNOBS)
_GEMINI_4: Final = replace(_GEMINI_3_7, name="Gemini 4", max_output=65_536)

RULES: Final[tuple[Rule, ...]] = (
    rule(r"gemini-(?:1|pro$|pro-vision)", replace(_GEMINI_2, name="Gemini 1", max_input=None)),
    rule(r"gemini-2\.0", _GEMINI_2),
    rule(
        r"gemini-2\.5-flash-image",
        replace(_GEMINI_2, name="Gemini 2.5 Flash Image", max_input=32_768, max_output=32_768),
    ),
    rule(
        r"gemini-2\.5-flash-lite",
        replace(_GEMINI_2_5, name="Gemini 2.5 Flash-Lite", thinking=Control(budget=(512, 24_576), dynamic=True)),
    ),
    rule(r"gemini-2\.5-flash", _GEMINI_2_5),
    rule(
        r"gemini-2\.5",
        replace(
            _GEMINI_2_5,
            name="Gemini 2.5 Pro",
            thinking=Control(budget=(128, 32_768), dynamic=True, on=True, can_stop=False),
        ),
    ),
    rule(r"gemini-3(?:\.\d)?-pro", _GEMINI_3_PRO),
    rule(r"gemini-3\.5-flash-lite|gemini-3\.6", _GEMINI_3_6),
    rule(r"gemini-3\.[789]", _GEMINI_3_7),
    rule(r"gemini-3", _GEMINI_3),
    rule(r"gemini-4-argon", _GEMINI_4),
    rule(r"gemini-(?:[4-9]|pro-latest)", replace(_GEMINI_4, told="nothing")),
    rule(r"gemini-flash(?:-lite)?-latest", _GEMINI_3_6),
    rule(r"gemma-?[12]", replace(_GEMINI_2, name="Gemma 2", sees=BLIND, told="senses")),
    rule(r"gemma", Profile(name="Gemma", sees=SEES_IMAGES, told="senses")),
)
"""A Gemini of version 4 or later that is not listed gets Gemini 4's rules."""
