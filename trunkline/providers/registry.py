"""From a `model_list` entry to the place its calls go to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from trunkline.ir import Endpoint, Secret
from trunkline.profiles.families import request_edits
from trunkline.providers.azure import azure_target, foundry_target
from trunkline.providers.base_url import Base
from trunkline.providers.credentials import is_placeholder
from trunkline.providers.naming import Named, identify
from trunkline.providers.row import MAX_TOKENS, Row
from trunkline.providers.settings import Settings, UnavailableError
from trunkline.providers.table import AZURE, FOUNDRY, LOCAL, PREFIXES, TABLE, UNREACHED
from trunkline.providers.target import Quirks, Target

__all__ = ["Resolved", "is_placeholder", "provider_names", "resolve"]

_ENDPOINTS: Final = {"C": Endpoint.CHAT, "T": Endpoint.COMPLETIONS, "E": Endpoint.EMBEDDINGS}

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
    if provider in UNREACHED:
        instead = UNREACHED[provider].instead
        raise UnavailableError(f"`{provider}` is not reached by this version yet" + (f"; {instead}" if instead else ""))
    if provider == LOCAL:
        return _available(provider, model, _LOCAL_TARGET, _LOCAL_TARGET.quirks.rename)
    if model.startswith("responses/") and (provider in AZURE or provider == "openai"):
        rest = model.removeprefix("responses/")
        raise UnavailableError(
            f"the bridge to the Responses API is not part of this version: write `{provider}/{rest}`"
        )
    if provider in AZURE:
        target, deployment, rename = azure_target(settings, provider, model)
        return _available(provider, deployment, target, rename)
    if provider == FOUNDRY:
        return _available(provider, model, foundry_target(settings, provider, model), {})
    row = TABLE[provider]
    base, own = settings.base(row)
    _still_there(row, own=own, model=model)
    target = Target(
        provider=provider,
        scheme=base.scheme,
        host=base.host,
        port=base.port,
        paths={_ENDPOINTS[code]: f"{base.path}/{_ENDPOINTS[code].value}" for code in row.endpoints},
        headers=_headers(row, settings, own=own),
        quirks=row.quirks,
    )
    return _available(provider, _model_id(provider, model), target, row.rename)


def _available(provider: str, model: str, target: Target, rename: Mapping[str, str]) -> Resolved:
    notes: tuple[str, ...] = ()
    if target.scheme == "http" and not Base(scheme="http", host=target.host, port=target.port, path="").is_loopback:
        notes = (
            f"calls to `{target.base_url}` travel unencrypted: use `https`, or keep them inside a private network",
        )
    renames = {**rename, **request_edits(provider, model)}
    return Resolved(provider=provider, model=model, target=target, unavailable=None, rename=renames, notes=notes)


def _still_there(row: Row, *, own: bool, model: str) -> None:
    if own and row.gone is not None:
        raise UnavailableError(row.gone)
    if own and "perplexity" in row.prefixes and model.startswith("sonar"):
        raise UnavailableError(
            "Perplexity closed Sonar chat completions on 2026-09-27; its Agent API is not reached by this version yet"
        )


def _headers(row: Row, settings: Settings, *, own: bool) -> tuple[tuple[str, str | Secret], ...]:
    key = settings.key(row.keys, required=own and not row.keyless)
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
