"""Databricks model serving: OpenAI's face, Claude's own, and a sign-in for machines.

Facts: https://docs.databricks.com/aws/en/dev-tools/auth/oauth-m2m and LiteLLM 1.109.1.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

from trunkline.ir import Endpoint, Secret
from trunkline.providers.anthropic import VERSION as ANTHROPIC_VERSION
from trunkline.providers.base_url import Base
from trunkline.providers.reached import Headers, Reached, target_at
from trunkline.providers.settings import Settings, UnavailableError, checked_base
from trunkline.providers.table import TABLE
from trunkline.providers.target import Authorizer

if TYPE_CHECKING:
    from trunkline.providers.tokens import Token

_SERVING: Final = "/serving-endpoints"


def databricks_target(settings: Settings, provider: str, model: str) -> Reached:
    """For `databricks/...`.

    Raises:
        UnavailableError: address or key is missing or unusable.
    """
    row = TABLE[provider]
    base = _workspace(settings)
    path = base.path or _SERVING
    headers, authorizer = _auth(settings, base)
    paths: dict[Endpoint, str] = {}
    if "claude" in model and path.endswith(_SERVING):
        paths[Endpoint.MESSAGES] = f"{path}/anthropic/v1/messages"
        headers = (*headers, ("anthropic-version", ANTHROPIC_VERSION))
    paths |= {Endpoint.CHAT: f"{path}/chat/completions", Endpoint.EMBEDDINGS: f"{path}/embeddings"}
    target = target_at(
        base, provider, paths, settings.with_extra_headers(headers), quirks=row.quirks, authorizer=authorizer
    )
    return Reached(target=target, model=model, rename=row.rename)


def _workspace(settings: Settings) -> Base:
    host = settings.variable("DATABRICKS_HOST")
    if (
        settings.text("api_base", "base_url") is None
        and settings.missing("api_base", "base_url") is None
        and settings.variable("DATABRICKS_API_BASE") is None
        and host is not None
    ):
        return checked_base(host if "://" in host else f"https://{host}", "DATABRICKS_HOST")
    base, _ = settings.base(TABLE["databricks"])
    return base


def _auth(settings: Settings, base: Base) -> tuple[Headers, Authorizer | None]:
    client, secret = settings.variable("DATABRICKS_CLIENT_ID"), settings.variable("DATABRICKS_CLIENT_SECRET")
    key = settings.key(TABLE["databricks"].keys, required=client is None or secret is None)
    if key is not None:
        return (("authorization", Secret(f"Bearer {key}")),), None
    if base.scheme != "https" and not base.is_loopback:
        raise UnavailableError("the workspace's address is not `https`: a secret is sent there")
    assert client is not None
    assert secret is not None
    host = f"[{base.host}]" if ":" in base.host else base.host
    url = f"{base.scheme}://{host}:{base.port}/oidc/v1/token"
    basic = base64.b64encode(f"{client}:{secret}".encode()).decode()
    from trunkline.providers.tokens import TokenAuthorizer, shared  # asyncio, for those who sign in only

    return (), TokenAuthorizer(shared(lambda: _signed_in(url, basic), "databricks", url, basic))


def _signed_in(url: str, basic: str) -> Token:
    from trunkline.providers.token_http import ask_token

    return ask_token(
        "POST",
        url,
        whose="Databricks",
        mend="check `DATABRICKS_CLIENT_ID` and `DATABRICKS_CLIENT_SECRET`",
        form={"grant_type": "client_credentials", "scope": "all-apis"},
        headers={"authorization": f"Basic {basic}"},
    )
