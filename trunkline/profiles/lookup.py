"""Which profile a model has."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from trunkline.profiles import families_claude, families_google, families_open, families_openai
from trunkline.profiles.names import bare_name
from trunkline.profiles.profile import Profile

_RULES: Final = (*families_openai.RULES, *families_google.RULES, *families_open.RULES)


@lru_cache(1024)
def profile_for(model: str) -> Profile | None:
    """The profile of a model, whatever its id looks like at its host; `None` where nobody knows the model."""
    name = bare_name(model)
    if "claude-" in name:
        name = name[name.index("claude-") :].replace(".", "-")
        rules = families_claude.RULES
    else:
        rules = _RULES
    return next((one.profile for one in rules if one.pattern.match(name)), None)
