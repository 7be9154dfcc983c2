"""From a `model_list` entry to the place its calls go to."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from trunkline.ir import Endpoint, Secret
from trunkline.profiles.families import request_edits
from trunkline.providers.anthropic import VERSION as ANTHROPIC_VERSION
from trunkline.providers.anthropic import anthropic_target
from trunkline.providers.azure import azure_target, foundry_target
from trunkline.providers.base_url import Base
from trunkline.providers.bridge import INSTALL, NOTE, bridge_target, installed
from trunkline.providers.credentials import is_placeholder
from trunkline.providers.databricks import databricks_target
from trunkline.providers.google import gemini_target, vertex_target
from trunkline.providers.naming import Named, identify
from trunkline.providers.natives import (
    cohere_target,
    deepgram_target,
    elevenlabs_target,
    ollama_target,
    replicate_target,
)
from trunkline.providers.reached import Reached, target_at
from trunkline.providers.row import MAX_TOKENS, OPERATIONS, OWN_ONLY, Row
from trunkline.providers.settings import Settings, UnavailableError
from trunkline.providers.table import LOCAL, PREFIXES, TABLE, UNREACHED
from trunkline.providers.target import Quirks, Target
from trunkline.providers.watsonx import watsonx_target

__all__ = ["Resolved", "is_placeholder", "provider_names", "resolve"]

_RESPONSES_ONLY: Final = re.compile(r"gpt-6-astra|gpt-6\.1-sol")
"""OpenAI's models that take tools on the Responses API only: all their conversations go there."""
_PERPLEXITY_NOW: Final[Mapping[str, str]] = {
    "sonar-pro": "preset/low",
    "sonar-reasoning": "preset/low",
    "sonar-reasoning-pro": "preset/medium",
    "sonar-deep-research": "preset/high",
}
"""Closed with Sonar chat completions -> what comes nearest; the maker names no successors one to one."""


def _bedrock(settings: Settings, provider: str, model: str) -> Reached:
    from trunkline.providers.bedrock import bedrock_target  # asyncio and ssl, for those who sign only

    return bedrock_target(settings, provider, model)


BUILDERS: Final[Mapping[str, Callable[[Settings, str, str], Reached]]] = {
    "anthropic": anthropic_target,
    "azure": azure_target,
    "azure_ai": foundry_target,
    "azure_text": azure_target,
    "bedrock": _bedrock,
    "bedrock_converse": _bedrock,
    "cohere": cohere_target,
    "cohere_chat": cohere_target,
    "databricks": databricks_target,
    "deepgram": deepgram_target,
    "elevenlabs": elevenlabs_target,
    "gemini": gemini_target,
    "ollama": ollama_target,
    "ollama_chat": ollama_target,
    "replicate": replicate_target,
    "vertex_ai": vertex_target,
    "vertex_ai_beta": vertex_target,
    "watsonx": watsonx_target,
}
"""Prefixes whose targets are made by code."""
_LOCAL_TARGET: Final = Target(
    provider=LOCAL,
    scheme="http",
    host="127.0.0.1",
    port=0,
    paths={Endpoint.CHAT: "/v1/chat/completions", Endpoint.COMPLETIONS: "/v1/completions"},
    headers=(),
    quirks=Quirks(rename=MAX_TOKENS),
    embedded=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """Where one deployment's calls go, or why they cannot."""

    provider: str
    """The prefix as written or inferred; empty where none could be told."""
    model: str
    """The id to send upstream; may hold `*`."""
    target: Target | None
    """`None` exactly when `unavailable` says why."""
    unavailable: str | None
    """One sentence that names the variable or setting to mend; never a credential."""
    rename: Mapping[str, str]
    """Top-level request parameters to rename, the host's and the model family's (`profiles.request_edits`) together."""
    notes: tuple[str, ...] = field(default=())
    """What the operator should know and may well mean so."""


def provider_names() -> frozenset[str]:
    """Every prefix that is known, reachable by this version or not."""
    return PREFIXES


def resolve(params: Mapping[str, object], environ: Mapping[str, str]) -> Resolved:
    """Find provider, model, address and key of a deployment: `litellm_params`, then environment, then the default.

    `params` is a `litellm_params` mapping with environment references already resolved; its key `_missing` maps
    a parameter to the variable that was referred to and is not set. A key or address that was asked for by name
    and is missing makes the deployment unavailable: another account's key is not taken instead. Never raises
    for what a user wrote.
    """
    named = identify(params)
    settings = Settings(params, environ)
    try:
        if named.problem is not None:
            raise UnavailableError(named.problem)
        return _reached(named, settings)
    except UnavailableError as reason:
        return Resolved(provider=named.provider, model=named.model, target=None, unavailable=str(reason), rename={})


def _reached(named: Named, settings: Settings) -> Resolved:
    provider, model = named.provider, named.model
    if not model:
        raise UnavailableError(f"`model` ends after `{provider}/`: write the model's id behind it")
    if provider in UNREACHED or provider not in PREFIXES:
        return _bridged(provider, model, settings)
    if provider == LOCAL:
        return _available(provider, model, _LOCAL_TARGET, _LOCAL_TARGET.quirks.rename)
    build = BUILDERS.get(provider)
    if build is not None:
        built = build(settings, provider, model)
        return _available(provider, built.model, built.target, built.rename)
    row = TABLE[provider]
    base, own = settings.base(row)
    if own and row.gone is not None:
        raise UnavailableError(row.gone)
    only_responses = "openai" in row.prefixes and model.startswith("responses/")
    if only_responses:
        model = model.removeprefix("responses/")
    letters = "R" if only_responses else _offered(row, model, own=own)
    quirks = row.quirks
    if "perplexity" in row.prefixes and own:
        model, quirks = _perplexity(model, quirks)
    headers = _headers(row, settings, own=own)
    if "M" in letters and "snowflake" in row.prefixes:
        headers = (*headers, ("anthropic-version", ANTHROPIC_VERSION))
    endpoints = [endpoint for letter in letters for endpoint in OPERATIONS[letter]]
    target = target_at(
        base,
        provider,
        {endpoint: _path(row, base, endpoint, own=own) for endpoint in endpoints},
        headers,
        small={endpoint: _wire(row, endpoint, model, own=own) for endpoint in endpoints if endpoint in row.small},
        quirks=quirks,
    )
    if "bedrock_mantle" in row.prefixes and own:
        from trunkline.providers.bedrock import mantle_target

        target = mantle_target(settings, target, model)
    return _available(provider, _model_id(provider, model), target, row.rename)


def _bridged(provider: str, model: str, settings: Settings) -> Resolved:
    """A provider that has no row: LiteLLM's SDK reaches it, where it is installed and can."""
    absent = UNREACHED.get(provider)
    if absent is None or (absent.bridge and installed()):
        target = bridge_target(settings, provider)
        return Resolved(provider=provider, model=model, target=target, unavailable=None, rename={}, notes=(NOTE,))
    words = [f"`{provider}` is not reached by this version yet"]
    if absent.instead:
        words.append(absent.instead)
    if absent.bridge:
        words.append(f"`{INSTALL}` reaches it through LiteLLM's SDK")
    raise UnavailableError("; ".join(words))


def _offered(row: Row, model: str, *, own: bool) -> str:
    """The letters of what this host offers for this model."""
    letters = row.endpoints
    if row.base is not None and not own and not row.keyless:
        letters = "".join(letter for letter in letters if letter not in OWN_ONLY)
    if "openai" in row.prefixes and own and _RESPONSES_ONLY.match(model):
        letters = letters.replace("C", "")
    if "snowflake" in row.prefixes and "claude" not in model:
        letters = letters.replace("M", "")
    return letters


def _path(row: Row, base: Base, endpoint: Endpoint, *, own: bool) -> str:
    if endpoint in row.small:
        if row.small_path is not None:
            return row.small_path if own else f"{base.path.removesuffix('/v1')}/{{path}}"
        return f"{base.path}/{{path}}"
    if endpoint is Endpoint.MESSAGES and row.messages:
        return row.messages
    return f"{base.path}/{endpoint.value}"


def _wire(row: Row, endpoint: Endpoint, model: str, *, own: bool) -> str:
    """How the host words an operation: a name in `wire.small`."""
    if endpoint is Endpoint.EMBEDDINGS and model.startswith("voyage-multimodal"):
        return "voyage_multimodal"
    if "huggingface" in row.prefixes and not own:
        return "tei"  # an endpoint of one's own for embeddings runs Text Embeddings Inference
    return row.small[endpoint]


def _perplexity(model: str, quirks: Quirks) -> tuple[str, Quirks]:
    """Perplexity's own models have its name before them; a preset stands in a member of its own."""
    if model in _PERPLEXITY_NOW:
        raise UnavailableError(
            f"Perplexity closed Sonar chat completions on 2026-09-27: write `perplexity/{_PERPLEXITY_NOW[model]}` or "
            "`perplexity/sonar`, which its Agent API serves"
        )
    if model.startswith("preset/"):
        preset = model.removeprefix("preset/")
        body = {"preset": preset}
        return model, replace(quirks, model_in_body=False, body=body, leave_out=frozenset({"model"}))
    return (f"perplexity/{model}" if model == "sonar" else model), quirks


def _available(provider: str, model: str, target: Target, rename: Mapping[str, str]) -> Resolved:
    notes: tuple[str, ...] = ()
    if target.scheme == "http" and not Base(scheme="http", host=target.host, port=target.port, path="").is_loopback:
        notes = (
            f"calls to `{target.base_url}` travel unencrypted: use `https`, or keep them inside a private network",
        )
    renames = {**rename, **request_edits(provider, model)}
    return Resolved(provider=provider, model=model, target=target, unavailable=None, rename=renames, notes=notes)


def _headers(row: Row, settings: Settings, *, own: bool) -> tuple[tuple[str, str | Secret], ...]:
    # Mantle's calls are signed where no key is there.
    key = settings.key(row.keys, required=own and not row.keyless and "bedrock_mantle" not in row.prefixes)
    headers: list[tuple[str, str | Secret]] = []
    if key is not None:
        headers += _auth(row, key)
    organization = settings.text("organization")
    if organization is not None and "openai" in row.prefixes:
        headers.append(("OpenAI-Organization", Secret(organization)))
    if own:
        for header, variables in row.env_headers:
            value = settings.variable(*variables)
            if value is not None and not any(header == name for name, _ in headers):
                headers.append((header, value))
    return settings.with_extra_headers(headers)


def _auth(row: Row, key: str) -> list[tuple[str, str | Secret]]:
    headers: list[tuple[str, str | Secret]] = []
    if "snowflake" in row.prefixes:
        kind = "PROGRAMMATIC_ACCESS_TOKEN" if key.startswith("pat/") else "KEYPAIR_JWT"
        headers.append(("X-Snowflake-Authorization-Token-Type", kind))
        key = key.removeprefix("pat/")
    headers.insert(0, ("authorization", Secret(f"Bearer {key}")))
    if row.extra_auth_header is not None:
        headers.append((row.extra_auth_header, Secret(key)))
    return headers


def _model_id(provider: str, model: str) -> str:
    if provider == "fireworks_ai" and "/" not in model and "*" not in model:
        return f"accounts/fireworks/models/{model}"  # the short form that LiteLLM expands
    if provider == "huggingface" and model.count("/") == 2:
        backend, rest = model.split("/", 1)  # LiteLLM writes the backend first, the router wants it last
        return f"{rest}:{backend}"
    return model
