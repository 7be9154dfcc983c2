"""Hosts of OpenAI's chat format that do not take every tool-call id: known without loading the profiles."""

from __future__ import annotations

import re
from typing import Final

from trunkline.ir.tool_ids import MISTRAL, IdRule
from trunkline.profiles.names import bare_name

_HOSTS: Final = frozenset({"mistral", "codestral"})
_NAMES: Final = ("mistral", "ministral", "codestral", "magistral", "devstral", "pixtral")
"""Mistral's models, for hosts that pass its rule on (Vertex AI)."""


def id_rule(provider: str, model: str) -> IdRule | None:
    """The rule of a host of OpenAI's chat format that is stricter than OpenAI's: `nine letters or digits`."""
    if provider in _HOSTS or (provider.startswith("vertex_ai") and bare_name(model).startswith(_NAMES)):
        return MISTRAL
    return None


def restricted_ids(provider: str, model: str) -> re.Pattern[bytes] | None:
    """The same as a pattern over bytes."""
    rule = id_rule(provider, model)
    return None if rule is None else re.compile(rule.pattern.encode())
