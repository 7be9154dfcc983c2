"""Anthropic's own API: `x-api-key` or Bearer, Messages and their token count.

Facts: https://platform.claude.com/docs/en/api/overview; the rule for `sk-ant-oat` tokens as LiteLLM 1.109.1 has it.
"""

from __future__ import annotations

from typing import Final

from trunkline.ir import Endpoint, Secret
from trunkline.providers.reached import Headers, Reached, target_at
from trunkline.providers.settings import Settings
from trunkline.providers.table import TABLE

VERSION: Final = "2023-06-01"
_OAUTH_BETA: Final = "oauth-2025-04-20"


def anthropic_target(settings: Settings, provider: str, model: str) -> Reached:
    """For `anthropic/...`.

    Raises:
        UnavailableError: key or address is missing or unusable.
    """
    row = TABLE[provider]
    base, own = settings.base(row)
    # As LiteLLM: whatever the base is, `/v1/messages` comes behind it, unless it ends so already.
    path = base.path.removesuffix("/messages").removesuffix("/v1") + "/v1"
    headers = (*_key(settings, own=own), ("anthropic-version", VERSION))
    return Reached(
        target=target_at(
            base,
            provider,
            {Endpoint.MESSAGES: f"{path}/messages", Endpoint.COUNT_TOKENS: f"{path}/messages/count_tokens"},
            settings.with_extra_headers(headers),
        ),
        model=model,
    )


def _key(settings: Settings, *, own: bool) -> Headers:
    key = settings.key(("ANTHROPIC_API_KEY",), required=False)
    if key is None:
        token = settings.key(("ANTHROPIC_AUTH_TOKEN",), required=False)
        if token is None:
            settings.key(("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"), required=own)
            return ()
        key, bearer = token, True
    else:
        bearer = False
    if key.startswith("sk-ant-oat"):
        return (("authorization", Secret(f"Bearer {key}")), ("anthropic-beta", _OAUTH_BETA))
    return (("authorization", Secret(f"Bearer {key}")),) if bearer else (("x-api-key", Secret(key)),)
