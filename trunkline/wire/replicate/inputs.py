"""What the members of `input` are called: every model has a schema of its own, and most agree on these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec


class Inputs(msgspec.Struct, frozen=True, kw_only=True):
    """The names that one family of models has."""

    max_tokens: str = "max_tokens"
    system: str = "system_prompt"
    image: str = "image"
    """Where one image goes; empty: see `images`."""
    images: str = ""
    """Where a list of images goes."""
    reason: str
    """Where the fact comes from."""


DEFAULT: Final = Inputs(reason="meta/meta-llama-3-*, anthropic/*, deepseek-ai/*, ibm-granite/*: their input schemas")

_FAMILIES: Final[Mapping[str, Inputs]] = {
    "openai/": Inputs(
        max_tokens="max_completion_tokens",
        image="",
        images="image_input",
        reason="input schema of openai/gpt-4o: `image_input` is a list of files",
    ),
    "google/gemini": Inputs(
        max_tokens="max_output_tokens",
        system="system_instruction",
        image="",
        images="images",
        reason="input schema of google/gemini-2.5-flash",
    ),
    "meta/llama-2": Inputs(max_tokens="max_new_tokens", reason="input schema of meta/llama-2-70b-chat"),
    "meta/codellama-13b": DEFAULT,
    "meta/codellama": Inputs(max_tokens="max_new_tokens", reason="LiteLLM: all but the 13b"),
    "mistralai/": Inputs(max_tokens="max_new_tokens", reason="input schema of mistralai/mistral-7b-instruct-v0.2"),
}
"""By how the model's name begins; the first that fits counts."""

_OLD: Final = Inputs(max_tokens="max_length", reason="LiteLLM: vicuna and flan")

LIMITS: Final = ("max_tokens", "max_new_tokens", "max_completion_tokens", "max_output_tokens", "max_length")
"""All names that the limit of an answer has."""
SYSTEMS: Final = ("system_prompt", "system_instruction")
"""All names that the system text has."""


def inputs_of(model: str) -> Inputs:
    """The names that a model's input has."""
    if "vicuna" in model or "flan" in model:
        return _OLD
    return next((inputs for start, inputs in _FAMILIES.items() if model.startswith(start)), DEFAULT)
