"""What the operator decided about parameters that a model does not take; LiteLLM's names and meanings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the operator decided, as in LiteLLM."""

    drop_params: bool | None = None
    """`True`: drop what the model lacks; `False`, written out: refuse it; not written: drop it and say so."""
    allowed: frozenset[str] = frozenset()
    """`allowed_openai_params`: sent whatever the profile says. OpenAI's names."""
    modify_params: bool = False
    """The gateway may mend what a provider would refuse."""
