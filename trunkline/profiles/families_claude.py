"""Claude, on any host: providers.md D2 and B1, traps 2."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from trunkline.profiles.profile import SAMPLING, SEES_IMAGES, SEES_PAGES, Control, Profile, Rule, rule

LEAST_BUDGET: Final = 1024
"""Claude refuses a smaller budget of thinking."""
_TO_MAX: Final = ("low", "medium", "high", "xhigh", "max")
_BUDGETS: Final = (LEAST_BUDGET, 10**9)
_NO_SAMPLING: Final = "Claude 4.7 and later answer 400 to it"
_THINKS: Final = "Claude takes none of it while it thinks"
_WORDS: Final = {
    "temperature": _THINKS,
    "top_p": _THINKS,
    "top_k": _THINKS,
    "forced": "Claude cannot be made to call a tool while it thinks",
    "prefill": "Claude 4.6 and later refuse a beginning of their answer as the last message",
    "system_anywhere": "before Opus 4.8 Claude refuses system messages in the middle of a conversation",
    "not_both": "this Claude takes `temperature` or `top_p`, not both",
}
_NEW_WORDS: Final = {
    **_WORDS,
    **dict.fromkeys(SAMPLING, _NO_SAMPLING),
    "forced": "from 5.5 on Claude answers 400 to a forced tool choice",
    "thinking": "this Claude always thinks",
}

_CLAUDE_3: Final = Profile(
    name="Claude 3",
    thinking=Control(), temperature=(0, 1), max_input=200_000, max_output=4096, sees=SEES_IMAGES, schema="tool",
    system_anywhere=False, reasons=_WORDS,
)  # fmt: skip
_CLAUDE_4: Final = replace(
    _CLAUDE_3,
    name="Claude 4",
    thinking=Control(budget=_BUDGETS),
    thinking_lacks=SAMPLING,
    max_output=32_000,
    sees=SEES_PAGES,
    forced="not_thinking",
)
_CLAUDE_4_5: Final = replace(
    _CLAUDE_4, name="Claude 4.5", schema="native", max_output=64_000, not_both=("temperature", "top_p")
)
_CLAUDE_4_6: Final = replace(
    _CLAUDE_4,
    name="Claude 4.6",
    schema="native",
    max_input=1_000_000,
    max_output=128_000,
    thinking=Control(efforts=("low", "medium", "high", "max"), budget=_BUDGETS, adaptive=True),
    forced="yes",
    prefill=False,
)
_CLAUDE_4_7: Final = replace(
    _CLAUDE_4_6,
    name="Claude 4.7",
    lacks=SAMPLING,
    thinking_lacks=frozenset(),
    thinking=Control(efforts=_TO_MAX, adaptive=True),
    reasons=_NEW_WORDS,
)
_CLAUDE_4_8: Final = replace(_CLAUDE_4_7, name="Claude 4.8", system_anywhere=True)
_CLAUDE_5: Final = replace(_CLAUDE_4_8, name="Claude 5", thinking=Control(efforts=_TO_MAX, adaptive=True, on=True))
_ALWAYS: Final = replace(
    _CLAUDE_5,
    name="Claude that always thinks",
    thinking=Control(efforts=_TO_MAX, adaptive=True, on=True, can_stop=False),
    forced="no",
)
_SONNET_5_5: Final = replace(
    _ALWAYS,
    name="Claude Sonnet 5.5",
    thinking=Control(efforts=_TO_MAX, adaptive=True, on=True, can_stop=False, off_type="between_tools"),
)

_KIND: Final = r"(?:opus|sonnet|haiku|fable|mythos)"

RULES: Final[tuple[Rule, ...]] = (
    rule(r"claude-(?:v?[12](?:-|$)|instant)", replace(_CLAUDE_3, name="Claude 2", max_input=None)),
    rule(
        rf"claude-3-7|claude-{_KIND}-3-7",
        replace(_CLAUDE_4, name="Claude 3.7", max_output=64_000),
    ),
    rule(r"claude-3-5", replace(_CLAUDE_3, name="Claude 3.5", max_output=8192, sees=SEES_PAGES)),
    rule(rf"claude-3(?:-|$)|claude-{_KIND}-3(?:-|$)", _CLAUDE_3),
    rule(r"claude-(?:opus-4-5|4-5-opus)(?:-|$)", replace(_CLAUDE_4_5, not_both=None)),
    rule(rf"claude-(?:{_KIND}-4-5|4-5-{_KIND})(?:-|$)", _CLAUDE_4_5),
    rule(rf"claude-(?:{_KIND}-4-6|4-6-{_KIND})(?:-|$)", _CLAUDE_4_6),
    rule(rf"claude-(?:{_KIND}-4-7|4-7-{_KIND})(?:-|$)", _CLAUDE_4_7),
    rule(rf"claude-(?:{_KIND}-4-[89]|4-[89]-{_KIND})(?:-|$)", _CLAUDE_4_8),
    rule(r"claude-(?:sonnet-4|4-sonnet)(?:-|$)", replace(_CLAUDE_4, max_output=64_000)),
    rule(rf"claude-(?:{_KIND}-4|4-{_KIND})(?:-|$)", _CLAUDE_4),
    rule(r"claude-sonnet-5-5(?:-|$)", _SONNET_5_5),
    rule(r"claude-haiku-5-5(?:-|$)", replace(_CLAUDE_5, name="Claude Haiku 5.5")),
    rule(r"claude-(?:fable|mythos)-|claude-opus-5-[5-9]", _ALWAYS),
    rule(rf"claude-{_KIND}-5(?:-\d{{8}}|-latest)?$", _CLAUDE_5),
    rule(r"claude-", replace(_ALWAYS, told="nothing")),
)
"""Dots in a version are read as dashes. A Claude that is not listed is newer than the list: the newest rules."""
