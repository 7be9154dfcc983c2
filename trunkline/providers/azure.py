"""Azure OpenAI and Foundry: the classic deployments path, the v1 face, key or token.

Facts: https://learn.microsoft.com/azure/ai-services/openai/reference and LiteLLM 1.109.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from trunkline.ir import Endpoint, Secret
from trunkline.providers import entra
from trunkline.providers.anthropic import VERSION as ANTHROPIC_VERSION
from trunkline.providers.base_url import Base, BaseUrlError, path_segment
from trunkline.providers.reached import Headers, Reached, target_at
from trunkline.providers.row import MAX_COMPLETION_TOKENS
from trunkline.providers.settings import Settings, UnavailableError, checked_base
from trunkline.providers.target import Authorizer, Quirks

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
_RESPONSES_VERSION: Final = "2025-04-01-preview"
"""The dated version that has Responses; later ones are kept. The classic face has them beside the deployments."""

_OFFERED: Final = (
    Endpoint.CHAT,
    Endpoint.COMPLETIONS,
    Endpoint.EMBEDDINGS,
    Endpoint.IMAGES,
    Endpoint.IMAGE_EDITS,
    Endpoint.SPEECH,
    Endpoint.TRANSCRIPTIONS,
    Endpoint.TRANSLATIONS,
)


def azure_target(settings: Settings, provider: str, model: str) -> Reached:
    """For `azure/...` and `azure_text/...`; `azure/responses/...` is served by the Responses API only.

    Raises:
        UnavailableError: address, key or api-version is missing or unusable.
    """
    rename: Mapping[str, str] = {}
    only_responses = model.startswith("responses/")
    model = model.removeprefix("responses/")
    for hint in _HINTS:
        if model.startswith(hint):
            model, rename = model.removeprefix(hint), MAX_COMPLETION_TOKENS
    if not model:
        raise UnavailableError("`model` names no deployment: write it as `azure/<deployment>`")
    base = _resource(settings, _BASES, "azure")
    headers, authorizer = _auth(settings, _KEYS, entra.OPENAI_SCOPE)
    version = settings.text("api_version") or settings.variable(*_VERSIONS) or _DEFAULT_VERSION
    v1 = base.path.endswith("/openai/v1")
    if v1 or version in _V1_VERSIONS:
        prefix = base.path if v1 else base.path.removesuffix("/openai") + "/openai/v1"
        query = f"?api-version={version}" if version in _V1_VERSIONS - {"v1"} else ""
        paths, quirks = _paths(prefix, query, provider), Quirks(rename=rename)
        responses = f"{prefix}/responses{query}"
    else:
        paths, quirks = _classic(base.path, model, version, provider), _classic_quirks(version, rename)
        prefix = base.path if (written := _DEPLOYMENT_PATH.fullmatch(base.path)) is None else written["before"]
        since = max(version.removesuffix("-preview"), _RESPONSES_VERSION.removesuffix("-preview"))
        version = version if version.startswith(since) else _RESPONSES_VERSION
        responses = f"{prefix.removesuffix('/openai')}/openai/responses?api-version={version}"
    if only_responses:
        # The body names the deployment there, on the classic face too.
        paths, quirks = {Endpoint.RESPONSES: responses}, Quirks(rename=rename)
    elif quirks.model_in_body and provider == "azure":
        paths = {**paths, Endpoint.RESPONSES: responses}
    target = target_at(
        base, provider, paths, settings.with_extra_headers(headers), quirks=quirks, authorizer=authorizer
    )
    return Reached(target=target, model=model, rename=rename)


def foundry_target(settings: Settings, provider: str, model: str) -> Reached:
    """For `azure_ai/...`: the `/openai/v1` face, Claude's own, or an older serverless host.

    Raises:
        UnavailableError: address or key is missing.
    """
    base = _resource(settings, ("AZURE_AI_API_BASE",), "azure_ai")
    if base.path.endswith("/models"):
        raise UnavailableError("`api_base` ends in `/models`, which Azure retired on 2026-08-26: write `.../openai/v1`")
    own_key = base.host.endswith((".services.ai.azure.com", ".openai.azure.com", ".cognitiveservices.azure.com"))
    headers, authorizer = _auth(settings, ("AZURE_AI_API_KEY",), entra.FOUNDRY_SCOPE, bearer=not own_key)
    small: Mapping[Endpoint, str] = {}
    if model.startswith("claude"):
        path = (
            base.path.removesuffix("/messages").removesuffix("/v1").removesuffix("/openai").removesuffix("/anthropic")
        )
        paths: Mapping[Endpoint, str] = {Endpoint.MESSAGES: f"{path}/anthropic/v1/messages"}
        headers = (
            *(("x-api-key", value) if name == "api-key" else (name, value) for name, value in headers),
            ("anthropic-version", ANTHROPIC_VERSION),
        )
    else:
        path = base.path or ("/openai/v1" if own_key else "/v1")
        paths = _paths(path, "", provider)
        if own_key:
            paths = {**paths, Endpoint.RESPONSES: f"{path}/responses"}
        else:
            paths, small = {**paths, Endpoint.RERANK: f"{path}/{{path}}"}, {Endpoint.RERANK: "copies"}
    target = target_at(base, provider, paths, settings.with_extra_headers(headers), small=small, authorizer=authorizer)
    return Reached(target=target, model=model)


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


def _auth(
    settings: Settings, variables: tuple[str, ...], scope: str, *, bearer: bool = False
) -> tuple[Headers, Authorizer | None]:
    """A key, a written token, or an identity to sign in with, in this order; what an entry writes comes first."""
    token_wanted = settings.text("azure_ad_token") is not None or settings.missing("azure_ad_token") is not None
    own = settings.text("api_key") is not None or settings.missing("api_key") is not None
    signs_in = any(
        settings.text(name) is not None or settings.missing(name) is not None
        for name in ("tenant_id", "client_id", "client_secret")
    )
    key = None if (token_wanted or signs_in) and not own else settings.key(variables, required=False)
    if key is not None:
        return ((("authorization", Secret(f"Bearer {key}")),) if bearer else (("api-key", Secret(key)),)), None
    token = settings.key(("AZURE_AD_TOKEN",) if not signs_in else (), required=False, param="azure_ad_token")
    if token is not None:
        if token.startswith("oidc/"):
            raise UnavailableError("`azure_ad_token: oidc/...` needs a token exchange that this version does not make")
        return (("authorization", Secret(f"Bearer {token}")),), None
    who = entra.identity(settings, scope)
    if who is not None:
        return (), entra.authorizer(who)
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
    offered = (Endpoint.COMPLETIONS,) if provider == "azure_text" else _OFFERED
    return {endpoint: f"{prefix}/{endpoint.value}{query}" for endpoint in offered}
