"""IBM watsonx.ai: OpenAI's chat shape behind another path, with a token that an API key is exchanged for.

Facts: https://cloud.ibm.com/apidocs/watsonx-ai, https://cloud.ibm.com/docs/account?topic=account-iamtoken_from_apikey
and LiteLLM 1.109.1.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from trunkline.ir import Endpoint, Secret
from trunkline.providers.base_url import BaseUrlError, path_segment
from trunkline.providers.reached import Headers, Reached, target_at
from trunkline.providers.row import MAX_TOKENS
from trunkline.providers.settings import Settings, UnavailableError, checked_base
from trunkline.providers.table import TABLE
from trunkline.providers.target import Authorizer, Quirks

if TYPE_CHECKING:
    from trunkline.providers.tokens import Token

VERSION: Final = "2024-03-13"
"""LiteLLM's `version` parameter."""
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_IAM: Final = "https://iam.cloud.ibm.com/identity/token"
_GRANT: Final = "urn:ibm:params:oauth:grant-type:apikey"
_PROJECT: Final = ("WATSONX_PROJECT_ID", "WX_PROJECT_ID", "WATSONX_PROJECT")
_SPACE: Final = ("WATSONX_DEPLOYMENT_SPACE_ID", "WATSONX_SPACE_ID", "WX_SPACE_ID", "WATSONX_SPACE")


def watsonx_target(settings: Settings, provider: str, model: str) -> Reached:
    """For `watsonx/...` and `watsonx/deployment/<id>`.

    Raises:
        UnavailableError: address, key or project is missing or unusable.
    """
    base, _ = settings.base(TABLE[provider])
    version = settings.text("api_version") or settings.variable("WATSONX_API_VERSION") or VERSION
    if _DATE.fullmatch(version) is None:
        raise UnavailableError("`api_version` must be a date such as `2024-03-13`")
    query = f"?version={version}"
    root = f"{base.path.removesuffix('/ml/v1')}/ml/v1"
    headers, authorizer = _auth(settings)
    body: dict[str, object] = {}
    leave_out = frozenset({"model", "stream", "stream_options"})
    if model.startswith("deployment/"):
        try:
            place = f"{root}/deployments/{path_segment(model.removeprefix('deployment/'))}/text"
        except BaseUrlError as error:
            raise UnavailableError("`model` names no deployment: write it as `watsonx/deployment/<id>`") from error
    else:
        place = f"{root}/text"
        body = {"model_id": model, **_owner(settings)}
        if "*" in model:
            raise UnavailableError("watsonx names the model in a member of its own: `*` cannot stand for it")
    paths = {Endpoint.CHAT: f"{place}/chat{query}"}
    small: dict[Endpoint, str] = {}
    if body:
        small = {Endpoint.EMBEDDINGS: "watsonx", Endpoint.RERANK: "watsonx"}
        paths |= dict.fromkeys(small, f"{root}/{{path}}{query}")
    target = target_at(
        base,
        provider,
        paths,
        settings.with_extra_headers(headers),
        stream_paths={Endpoint.CHAT: f"{place}/chat_stream{query}"},
        small=small,
        quirks=Quirks(
            stream_options=False,
            done_marker=False,
            model_in_body=False,
            rename=MAX_TOKENS,
            body=body,
            leave_out=leave_out,
        ),
        authorizer=authorizer,
    )
    return Reached(target=target, model=model, rename=MAX_TOKENS)


def _owner(settings: Settings) -> dict[str, object]:
    """Who is billed: a project, or a deployment space."""
    for name in ("project_id", "space_id"):
        if (reference := settings.missing(name)) is not None:
            raise UnavailableError(f"`{reference[1]}` is not set, and `{name}` refers to it")
    space = settings.text("space_id")
    project = settings.text("project_id") or (settings.variable(*_PROJECT) if space is None else None)
    if project is not None:
        return {"project_id": project}
    space = space or settings.variable(*_SPACE)
    if space is None:
        raise UnavailableError("`WATSONX_PROJECT_ID` is not set: put the project's id there or into `project_id`")
    return {"space_id": space}


def _auth(settings: Settings) -> tuple[Headers, Authorizer | None]:
    zen = settings.text("zen_api_key") or settings.variable("WATSONX_ZENAPIKEY")
    if zen is not None and settings.text("api_key") is None:
        return (("authorization", Secret(f"ZenApiKey {zen}")),), None
    token = settings.key(("WATSONX_TOKEN",), required=False, param="token")
    if token is not None and settings.text("api_key") is None:
        return (("authorization", Secret(f"Bearer {token}")),), None
    key = settings.key(TABLE["watsonx"].keys, required=True) or ""
    url = settings.variable("WATSONX_IAM_URL") or _IAM
    base = checked_base(url, "WATSONX_IAM_URL")
    if base.scheme != "https" and not base.is_loopback:
        raise UnavailableError("`WATSONX_IAM_URL` is not `https`: the key is sent there")
    from trunkline.providers.tokens import TokenAuthorizer, shared  # asyncio, for those who need a token only

    return (), TokenAuthorizer(shared(lambda: _exchanged(url, key), "watsonx", url, key))


def _exchanged(url: str, key: str) -> Token:
    from trunkline.providers.token_http import ask_token

    return ask_token(
        "POST",
        url,
        whose="IBM Cloud",
        mend="check the API key (`WATSONX_APIKEY`)",
        form={"grant_type": _GRANT, "apikey": key},
    )
