"""Azure OpenAI and Foundry: the classic deployments path, the v1 face, key or token.

Facts: https://learn.microsoft.com/azure/ai-services/openai/reference and LiteLLM 1.109.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from trunkline.ir import Endpoint, Secret
from trunkline.providers.base_url import Base, BaseUrlError, path_segment
from trunkline.providers.row import MAX_COMPLETION_TOKENS
from trunkline.providers.settings import Settings, UnavailableError, checked_base
from trunkline.providers.target import Quirks, Target

_DEFAULT_VERSION: Final = "2025-02-01-preview"
"""LiteLLM's default."""
_V1_VERSIONS: Final = frozenset({"v1", "preview", "latest"})
_DATED: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?:-preview)?")
_STREAM_OPTIONS_SINCE: Final = "2024-09-01"
"""Older api-versions answer 400 to `stream_options`."""
_DEPLOYMENT_PATH: Final = re.compile(r"(?P<before>.*)/openai/deployments/(?P<name>[^/]+)")
_HINTS: Final = ("o_series/", "gpt5_series/")
"""LiteLLM's way to say what hides behind a deployment's name."""
_KEYS: Final = ("AZURE_API_KEY", "AZURE_OPENAI_API_KEY")
_BASES: Final = ("AZURE_API_BASE", "AZURE_OPENAI_ENDPOINT")
_VERSIONS: Final = ("AZURE_API_VERSION", "OPENAI_API_VERSION")
_ENTRA: Final = ("tenant_id", "client_id", "client_secret", "azure_username", "azure_password", "azure_scope")

_CLASSIC_ALL: Final = (Endpoint.CHAT, Endpoint.COMPLETIONS, Endpoint.EMBEDDINGS)


def azure_target(settings: Settings, provider: str, model: str) -> tuple[Target, str, Mapping[str, str]]:
    """Target, model id and renames for `azure/...` and `azure_text/...`.

    Raises:
        UnavailableError: address, key or api-version is missing or unusable.
    """
    rename: Mapping[str, str] = {}
    for hint in _HINTS:
        if model.startswith(hint):
            model, rename = model.removeprefix(hint), MAX_COMPLETION_TOKENS
    if not model:
        raise UnavailableError("`model` names no deployment: write it as `azure/<deployment>`")
    base = _resource(settings, _BASES, "azure")
    headers = settings.with_extra_headers(_auth(settings, _KEYS))
    version = settings.text("api_version") or settings.variable(*_VERSIONS) or _DEFAULT_VERSION
    v1 = base.path.endswith("/openai/v1")
    if v1 or version in _V1_VERSIONS:
        prefix = base.path if v1 else base.path.removesuffix("/openai") + "/openai/v1"
        query = f"?api-version={version}" if version in _V1_VERSIONS - {"v1"} else ""
        paths, quirks = _paths(prefix, query, provider), Quirks(rename=rename)
    else:
        paths, quirks = _classic(base.path, model, version, provider), _classic_quirks(version, rename)
    target = Target(
        provider=provider,
        scheme=base.scheme,
        host=base.host,
        port=base.port,
        paths=paths,
        headers=headers,
        quirks=quirks,
    )
    return target, model, rename


def foundry_target(settings: Settings, provider: str, model: str) -> Target:
    """Target for `azure_ai/...`: the `/openai/v1` face, or an older serverless host.

    Raises:
        UnavailableError: address or key is missing, or the model is one without an OpenAI face.
    """
    if model.startswith("claude"):
        raise UnavailableError(
            "Claude on Azure has no OpenAI face and this version does not speak its own: use `anthropic/...`"
        )
    base = _resource(settings, ("AZURE_AI_API_BASE",), "azure_ai")
    if base.path.endswith("/models"):
        raise UnavailableError("`api_base` ends in `/models`, which Azure retired on 2026-08-26: write `.../openai/v1`")
    own_key = base.host.endswith((".services.ai.azure.com", ".openai.azure.com", ".cognitiveservices.azure.com"))
    path = base.path or ("/openai/v1" if own_key else "/v1")
    headers = settings.with_extra_headers(_auth(settings, ("AZURE_AI_API_KEY",), bearer=not own_key))
    return Target(
        provider=provider,
        scheme=base.scheme,
        host=base.host,
        port=base.port,
        paths=_paths(path, "", provider),
        headers=headers,
    )


def _resource(settings: Settings, variables: tuple[str, ...], provider: str) -> Base:
    if (reference := settings.missing("api_base", "base_url")) is not None:
        raise UnavailableError(
            f"`{reference[1]}` is not set: it should hold the resource, `https://<name>.openai.azure.com`"
        )
    written, where = settings.text("api_base", "base_url"), "api_base"
    if written is None:
        where = next((name for name in variables if settings.variable(name) is not None), "")
        written = settings.variable(where) if where else None
    if written is None:
        raise UnavailableError(
            f"`{variables[0]}` is not set: write the resource's address, `https://<name>.openai.azure.com`, "
            f"there or as `api_base` of the `{provider}/...` entry"
        )
    if "?api-version=" in written:
        raise UnavailableError(f"`{where}` has a query: cut it before `?` and write `api_version` beside it")
    return checked_base(written, where)


def _auth(settings: Settings, variables: tuple[str, ...], *, bearer: bool = False) -> tuple[tuple[str, Secret], ...]:
    token_wanted = settings.text("azure_ad_token") is not None or settings.missing("azure_ad_token") is not None
    key = None if token_wanted and settings.text("api_key") is None else settings.key(variables, required=False)
    if key is not None:
        return (("authorization", Secret(f"Bearer {key}")),) if bearer else (("api-key", Secret(key)),)
    token = settings.key(("AZURE_AD_TOKEN",), required=False, param="azure_ad_token")
    if token is not None:
        if token.startswith("oidc/"):
            raise UnavailableError("`azure_ad_token: oidc/...` needs a token exchange that this version does not make")
        return (("authorization", Secret(f"Bearer {token}")),)
    if any(settings.text(name) is not None or settings.missing(name) is not None for name in _ENTRA):
        raise UnavailableError(
            "signing in to Entra with `tenant_id` and `client_id` is not part of this version: "
            "write `api_key` or `azure_ad_token`"
        )
    settings.key(variables, required=True)
    raise AssertionError("unreachable: a required key that is missing raises")


def _classic_quirks(version: str, rename: Mapping[str, str]) -> Quirks:
    return Quirks(stream_options=version >= _STREAM_OPTIONS_SINCE, model_in_body=False, rename=rename)


def _classic(path: str, model: str, version: str, provider: str) -> Mapping[Endpoint, str]:
    if _DATED.fullmatch(version) is None:
        raise UnavailableError("`api_version` must be a date such as `2025-02-01-preview`, or `v1`")
    if "*" in model:
        raise UnavailableError("a classic Azure path names one deployment: with `*` write `api_version: v1`")
    if (written := _DEPLOYMENT_PATH.fullmatch(path)) is not None:
        return _paths(written[0], f"?api-version={version}", provider)
    try:
        deployment = path_segment(model)
    except BaseUrlError as error:
        raise UnavailableError("`model` names a deployment that cannot stand in a path") from error
    prefix = path.removesuffix("/openai")
    return _paths(f"{prefix}/openai/deployments/{deployment}", f"?api-version={version}", provider)


def _paths(prefix: str, query: str, provider: str) -> Mapping[Endpoint, str]:
    offered = (Endpoint.COMPLETIONS,) if provider == "azure_text" else _CLASSIC_ALL
    return {endpoint: f"{prefix}/{endpoint.value}{query}" for endpoint in offered}
