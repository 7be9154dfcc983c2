"""What is reached through LiteLLM's SDK (the extra `litellm`): who, and what the SDK is told.

The package is looked for and never imported here: it runs in a process of its own (`trunkline.local.bridge`).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final, cast

from trunkline.ir import Endpoint, Secret
from trunkline.providers.settings import Settings
from trunkline.providers.target import Target

BRIDGE: Final = "litellm"
"""The package, and the value of the header `x-trunkline-bridge`."""
INSTALL: Final = "pip install 'trunkline[litellm]'"
HEADER: Final = "x-trunkline-bridge-params"
"""Carries a deployment's parameters to the SDK's process with each request: JSON in base64."""
OPTIONS: Final = "x-trunkline-bridge-options"
"""What the gateway wants of the SDK besides: time limit in seconds, `drop_params`, `allowed_openai_params`; JSON."""
NOTE: Final = (
    "LiteLLM's SDK reaches it, in a process beside the gateway: what is sent and what comes back is the SDK's wording"
)
_PATHS: Final = {
    endpoint: f"/v1/{endpoint.value}" for endpoint in (Endpoint.CHAT, Endpoint.COMPLETIONS, Endpoint.EMBEDDINGS)
}
_GATEWAYS_OWN: Final = """
    model custom_llm_provider litellm_credential_name timeout stream_timeout num_retries max_retries cooldown_time
    weight rpm tpm itpm otpm rpd tpd order daily_reset_time max_parallel_requests drop_params additional_drop_params
    allowed_openai_params modify_params tags tag_regex max_budget budget_duration tiered_pricing off_peak_pricing
    web_search_billing_unit configurable_clientside_auth_params use_in_pass_through silent_model keepalive_seconds
    timeout_by_service_tier stream_timeout_by_service_tier kubernetes_pod_discovery use_litellm_proxy _missing
"""
_OURS: Final = frozenset(_GATEWAYS_OWN.split())
"""Parameters of an entry that the gateway obeys itself, or does not have: the SDK must not see them."""
_NOT_HOSTS: Final = frozenset(
    {"auto_router", "custom", "dotprompt", "humanloop", "langfuse", "litellm_agent", "milvus", "mongodb", "pg_vector"}
) | frozenset({"aws_textract", "azure_speech", "reducto", "s3_vectors", "valkey"})
"""What the SDK counts among its providers and is no host of chats or embeddings."""
_SECRET_NAME: Final = re.compile(r"key|secret|token|passw|credential|auth|headers", re.IGNORECASE)
_SHORTEST: Final = 6
"""A shorter value would blacken ordinary words where it is masked."""
_MEMBER: Final = re.compile(r'^ +[A-Z0-9_]+ = "([^"]+)"', re.MULTILINE)


def installed() -> bool:
    """The extra is there."""
    return _package() is not None


def knows(prefix: str) -> bool:
    """LiteLLM's SDK is there and has a provider of this name: a member of its `LlmProviders`, read as text."""
    package = _package()
    return package is not None and prefix not in _NOT_HOSTS and prefix in _prefixes(str(package))


def _package() -> Path | None:
    spec = find_spec(BRIDGE)
    if spec is None or spec.origin is None:  # a folder of that name without `__init__.py` is no package
        return None
    return Path(spec.origin).parent


@cache
def _prefixes(package: str) -> frozenset[str]:
    try:
        text = (Path(package) / "types" / "utils.py").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return frozenset()
    members = text.partition("class LlmProviders(")[2].partition("\nclass ")[0]
    return frozenset(_MEMBER.findall(members))


def bridge_target(settings: Settings, provider: str) -> Target:
    """The SDK's process, with what the entry says of the host: `api_key`, `api_base` and the provider's own keys.

    Raises:
        UnavailableError: the key is a placeholder, or was asked for by name and is not set.
    """
    settings.key((), required=False)
    params = {
        name: value
        for name, value in settings.params.items()
        if value is not None and name not in _OURS and "_cost" not in name and not name.startswith("cost_per")
    }
    told = json.dumps({"provider": provider, "params": params}, default=str)
    return Target(
        provider=provider,
        scheme="http",
        host="127.0.0.1",
        port=0,
        paths=_PATHS,
        headers=((HEADER, Secret(base64.b64encode(told.encode("utf-8", "replace")).decode())),),
        embedded=True,
        bridge=BRIDGE,
        secrets=tuple(Secret(text) for text in dict.fromkeys(_secrets(params))),
    )


def _secrets(value: object, *, secret: bool = False) -> Iterator[str]:
    match value:
        case str():
            if secret and len(value) >= _SHORTEST:
                yield value
        case Mapping():
            for name, inner in cast("Mapping[object, object]", value).items():
                yield from _secrets(inner, secret=secret or _SECRET_NAME.search(str(name)) is not None)
        case list() | tuple():
            for inner in cast("list[object]", value):
                yield from _secrets(inner, secret=secret)
        case _:
            return
