"""Hosts that speak a format of their own and need a few lines: Cohere, Ollama, Replicate, Deepgram, ElevenLabs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from trunkline.ir import Endpoint, Secret
from trunkline.providers.base_url import Base
from trunkline.providers.reached import Headers, Reached, target_at
from trunkline.providers.settings import Settings, UnavailableError
from trunkline.providers.table import TABLE
from trunkline.providers.target import Quirks

_COHERE_TAIL: Final = re.compile(r"(?:/compatibility)?/v[12](?:/(?:chat|embed|rerank|generate))?$")
_OLLAMA_TAIL: Final = re.compile(r"/(?:v1|api)(?:/(?:chat|generate|embed))?$")
_VERSION_ID: Final = re.compile(r"[0-9a-f]{64}")
_REPLICATE_NAME: Final = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")


def cohere_target(settings: Settings, provider: str, model: str) -> Reached:
    """For `cohere/...`: https://docs.cohere.com/reference/chat, version 2.

    Raises:
        UnavailableError: key or address is missing or unusable.
    """
    base, headers = _bearer(settings, provider)
    path = _COHERE_TAIL.sub("", base.path) + "/v2"
    paths = {
        Endpoint.COHERE_CHAT: f"{path}/chat",
        Endpoint.COHERE_EMBED: f"{path}/embed",
        Endpoint.RERANK: f"{path}/rerank",
        Endpoint.EMBEDDINGS: f"{path}/{{path}}",
        Endpoint.TRANSCRIPTIONS: f"{path}/{{path}}",
    }
    small = {Endpoint.EMBEDDINGS: "cohere", Endpoint.TRANSCRIPTIONS: "cohere"}
    return Reached(target=target_at(base, provider, paths, headers, small=small), model=model)


def ollama_target(settings: Settings, provider: str, model: str) -> Reached:
    """For `ollama/...` and `ollama_chat/...`: https://docs.ollama.com/api.

    Raises:
        UnavailableError: the address is unusable.
    """
    base, headers = _bearer(settings, provider)
    path = _OLLAMA_TAIL.sub("", base.path)
    paths = {Endpoint.OLLAMA_CHAT: f"{path}/api/chat", Endpoint.EMBEDDINGS: f"{path}/{{path}}"}
    return Reached(
        target=target_at(base, provider, paths, headers, small={Endpoint.EMBEDDINGS: "ollama"}),
        model=model,
    )


def replicate_target(settings: Settings, provider: str, model: str) -> Reached:
    """For `replicate/owner/name`, `.../owner/name:version`, `.../deployments/owner/name` or a version's id.

    `Prefer: wait` holds the answer back until it is whole, at most a minute (https://replicate.com/docs/reference/http).

    Raises:
        UnavailableError: key, address or name is missing or unusable.
    """
    base, headers = _bearer(settings, provider)
    root = base.path.removesuffix("/predictions").removesuffix("/v1") + "/v1"
    name, _, version = model.partition(":")
    body: dict[str, object] = {}
    if _VERSION_ID.fullmatch(name) is not None and not version:
        version = name
    elif name != "*" and _REPLICATE_NAME.fullmatch(name.removeprefix("deployments/")) is None:
        raise UnavailableError(
            "`model` must be `replicate/owner/name`, with `:version` behind it for a community model"
        )
    if version:
        path, body = f"{root}/predictions", {"version": version}
    elif name.startswith("deployments/"):
        path = f"{root}/{{model}}/predictions"
    else:
        path = f"{root}/models/{{model}}/predictions"
    quirks = Quirks(model_in_body=False, streams=False, body=body, leave_out=frozenset({"model"}))
    headers = (*headers, ("prefer", "wait"))
    return Reached(
        target=target_at(base, provider, {Endpoint.PREDICTIONS: path}, headers, quirks=quirks), model=name or model
    )


def deepgram_target(settings: Settings, provider: str, model: str) -> Reached:
    """For `deepgram/...`: speech both ways (https://developers.deepgram.com/reference).

    Raises:
        UnavailableError: key or address is missing or unusable.
    """
    return _speech(settings, provider, model, header="authorization", scheme="Token ")


def elevenlabs_target(settings: Settings, provider: str, model: str) -> Reached:
    """For `elevenlabs/...`: speech both ways (https://elevenlabs.io/docs/api-reference).

    Raises:
        UnavailableError: key or address is missing or unusable.
    """
    return _speech(settings, provider, model, header="xi-api-key", scheme="")


def _speech(settings: Settings, provider: str, model: str, *, header: str, scheme: str) -> Reached:
    row = TABLE[provider]
    base, own = settings.base(row)
    key = settings.key(row.keys, required=own)
    headers: Headers = () if key is None else ((header, Secret(scheme + key)),)
    path = (base.path or "/v1") + "/{path}"
    small: Mapping[Endpoint, str] = {Endpoint.SPEECH: provider, Endpoint.TRANSCRIPTIONS: provider}
    paths = dict.fromkeys(small, path)
    return Reached(
        target=target_at(base, provider, paths, settings.with_extra_headers(headers), small=small), model=model
    )


def _bearer(settings: Settings, provider: str) -> tuple[Base, Headers]:
    row = TABLE[provider]
    base, own = settings.base(row)
    key = settings.key(row.keys, required=own and not row.keyless)
    headers: Headers = () if key is None else (("authorization", Secret(f"Bearer {key}")),)
    return base, settings.with_extra_headers(headers)
