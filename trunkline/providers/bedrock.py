"""Amazon Bedrock: which operations a model has there, by whose model it is. Where and how it is signed: `aws`.

Facts: https://docs.aws.amazon.com/bedrock/latest/userguide/inference-invoke.html and LiteLLM 1.109.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from trunkline.ir import Endpoint, Secret
from trunkline.providers.aws.bedrock import Operation, Place, Signer, bedrock_place
from trunkline.providers.aws.credentials import resolve_credentials
from trunkline.providers.aws.keeper import keeper
from trunkline.providers.base_url import Base
from trunkline.providers.reached import Headers, Reached, target_at
from trunkline.providers.settings import Settings
from trunkline.providers.target import Authorizer, Quirks, Target

_EMBEDDINGS: Final[tuple[tuple[str, str], ...]] = (
    ("titan-embed-image", "bedrock_titan_multimodal"),
    ("titan-embed-text-v1", "bedrock_titan_v1"),
    ("titan-embed-g1", "bedrock_titan_v1"),
    ("titan-embed", "bedrock_titan"),
    ("nova-2-multimodal-embeddings", "bedrock_nova"),
    ("cohere.embed", "bedrock_cohere"),
)
"""What stands in a model's id, and how its embeddings are worded in `wire.small`."""
_IMAGES: Final[tuple[tuple[str, str], ...]] = (
    ("titan-image", "bedrock_amazon"),
    ("nova-canvas", "bedrock_amazon"),
    ("stability.", "bedrock_stability"),
)


def bedrock_target(settings: Settings, provider: str, model: str) -> Reached:
    """For `bedrock/...`.

    Raises:
        UnavailableError: model, region, address or credentials cannot be used.
    """
    place = bedrock_place(settings, model)
    known_by = place.model
    if "rerank" in known_by:
        return _rerank(settings, provider, place)
    for operation, table in ((Endpoint.EMBEDDINGS, _EMBEDDINGS), (Endpoint.IMAGES, _IMAGES)):
        found = next((wire for part, wire in table if part in known_by), None)
        if found is not None:
            paths = {operation: _path(place, Operation.INVOKE)}
            return _reached(settings, provider, place, paths, small={operation: found})
    # `bedrock/invoke/...` too: Converse serves the same models, and its streams are read.
    target = {Endpoint.CONVERSE: _path(place, Operation.CONVERSE)}
    stream = {Endpoint.CONVERSE: _path(place, Operation.CONVERSE_STREAM)}
    return _reached(settings, provider, place, target, stream=stream, quirks=Quirks(model_in_body=False))


def _path(place: Place, operation: Operation) -> str:
    if "*" in place.model_id:  # which model comes is not known yet
        return f"{place.base.path}/model/{{model}}/{operation.value}"
    return place.path(operation)


def _rerank(settings: Settings, provider: str, place: Place) -> Reached:
    """Another host of Bedrock's, and the model by its ARN."""
    base = place.base
    if base.host.startswith("bedrock-runtime."):
        base = Base(scheme=base.scheme, host=f"bedrock-agent-runtime.{base.host[16:]}", port=base.port, path=base.path)
    model = place.model_id
    if not model.startswith("arn:"):
        model = f"arn:aws:bedrock:{place.region}::foundation-model/{model}"
    paths = {Endpoint.RERANK: f"{base.path}/rerank"}
    reached = _reached(settings, provider, replace(place, base=base), paths, small={Endpoint.RERANK: "bedrock"})
    return Reached(target=reached.target, model=model)


def _reached(
    settings: Settings,
    provider: str,
    place: Place,
    paths: Mapping[Endpoint, str],
    *,
    stream: Mapping[Endpoint, str] | None = None,
    small: Mapping[Endpoint, str] | None = None,
    quirks: Quirks | None = None,
) -> Reached:
    bearer = place.authorization()
    headers: Headers = () if bearer is None else (("authorization", bearer),)
    target = target_at(
        place.base,
        provider,
        paths,
        settings.with_extra_headers(headers),
        stream_paths=stream,
        small=small,
        quirks=quirks,
        authorizer=place.signer(),
    )
    return Reached(target=target, model=place.model)


def mantle_target(settings: Settings, target: Target, model: str) -> Target:
    """`bedrock_mantle/...`, as its row made it, with the path and the authentication that the model wants.

    Raises:
        UnavailableError: neither a key nor AWS credentials.
    """
    region = target.host.split(".")[1] if target.host.startswith("bedrock-mantle.") else "us-east-1"
    if "claude" in model:
        paths = {Endpoint.MESSAGES: target.paths[Endpoint.MESSAGES]} if Endpoint.MESSAGES in target.paths else {}
    else:
        face = "/openai/v1/" if "gpt-5" in model or "gpt-6" in model or "gemma-4" in model else None
        paths = {
            endpoint: path.replace("/v1/", face, 1) if face is not None and path.startswith("/v1/") else path
            for endpoint, path in target.paths.items()
            if endpoint is not Endpoint.MESSAGES
        }
    headers, authorizer = target.headers, target.authorizer
    if not any(name.lower() == "authorization" for name, _ in headers):
        found = resolve_credentials(settings, region)
        if isinstance(found, Secret):
            headers = (("authorization", Secret(f"Bearer {found.reveal()}")), *headers)
        else:
            signer: Authorizer = Signer(keeper(found), region)
            authorizer = signer
    if Endpoint.MESSAGES in paths:
        headers = (*headers, ("anthropic-version", "2023-06-01"))
    return replace(target, paths=paths, headers=headers, authorizer=authorizer)
