"""From `litellm_params.model` to provider and model, the way LiteLLM reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from trunkline.providers import bridge
from trunkline.providers.base_url import BaseUrlError, parse_base
from trunkline.providers.table import PREFIXES, ROWS

# LiteLLM looks an unprefixed name up in its price file; these are the families that file gives a provider.
_FAMILIES: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (
        re.compile(
            r"(?:ft:)?(?:gpt-|chatgpt-|chat-latest|o[1-9](?:-|$)|text-embedding-|davinci-|babbage-|codex-|omni-moderation)"
        ),
        "openai",
    ),
    (re.compile(r"claude-"), "anthropic"),
    (re.compile(r"gemini-|text-bison|chat-bison"), "vertex_ai"),
    (re.compile(r"command-|command$|embed-(?:english|multilingual)"), "cohere"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a `model_list` entry calls."""

    provider: str
    model: str
    problem: str | None = None
    """Why no provider could be told from the name."""


def identify(params: Mapping[str, object]) -> Named:
    """Tell provider and model: `custom_llm_provider`, the prefix, a known host, the name's family, in this order."""
    model = _text(params, "model") or ""
    chosen = _text(params, "custom_llm_provider")
    prefix, slash, rest = model.partition("/")
    if not model:
        return Named(provider=chosen or "", model="", problem="`model` is missing: write it as `provider/model`")
    if chosen is not None:
        if chosen not in PREFIXES and not bridge.knows(chosen):
            return Named(provider=chosen, model=model, problem=_unknown("custom_llm_provider", chosen))
        return Named(provider=chosen, model=rest if slash and prefix == chosen else model)
    if slash and (prefix in PREFIXES or bridge.knows(prefix)):
        return Named(provider=prefix, model=rest)
    base = _text(params, "api_base") or _text(params, "base_url")
    if base is not None:
        return Named(provider=provider_of_base(base) or "openai", model=model)
    return _by_family(model, prefix if slash else None)


def provider_of_base(base: str) -> str | None:
    """The provider whose own address `base` is: same origin, path at or below it.

    Never by substring: that would send a stored key to `https://evil.example/api.openai.com` (LiteLLM's rule).
    """
    try:
        asked = parse_base(base)
    except BaseUrlError:
        return None
    for row in ROWS:
        if row.base is None or row.slots or row.keyless:
            continue
        own = parse_base(row.base)
        if asked.origin == own.origin and (asked.path == own.path or asked.path.startswith(own.path + "/")):
            return row.prefixes[0]
    return None


def _by_family(model: str, prefix: str | None) -> Named:
    for pattern, provider in _FAMILIES:
        if pattern.match(model):
            return Named(provider=provider, model=model)
    if prefix is not None:
        return Named(provider=prefix, model=model, problem=_unknown("model", prefix))
    return Named(
        provider="",
        model=model,
        problem=f"`{model}` names no provider: write it as `provider/{model}`, or add `api_base`",
    )


def _unknown(where: str, name: str) -> str:
    import difflib  # a millisecond that only a misspelt name costs

    near = difflib.get_close_matches(name, sorted(PREFIXES), n=1, cutoff=0.7)
    hint = (
        f"did you mean `{near[0]}`?" if near else "for a server of your own write `custom_openai/...` with `api_base`"
    )
    if not near and not bridge.installed():
        hint += f"; one that LiteLLM's SDK knows needs `{bridge.INSTALL}`"
    return f"`{name}` in `{where}` is no provider this version knows: {hint}"


def _text(params: Mapping[str, object], name: str) -> str | None:
    value = params.get(name)
    return value.strip() or None if isinstance(value, str) else None
