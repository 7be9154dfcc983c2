"""Amazon Bedrock: the operations of each kind of model. Where and how it is signed: `aws`."""

from __future__ import annotations

import pytest

from tests.unit.providers.test_registry import CANARY, reached, refused, sent
from trunkline.ir import Endpoint
from trunkline.providers import Target

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": CANARY, "AWS_REGION": "eu-west-1"}


def bedrock(model: str) -> Target:
    _, target = reached({"model": model}, KEYS)
    assert CANARY not in repr(target)
    return target


@pytest.mark.parametrize(
    "model",
    [
        "bedrock/anthropic.claude-opus-5-5-v1:0",
        "bedrock/converse/anthropic.claude-opus-5-5-v1:0",
        "bedrock/invoke/anthropic.claude-opus-5-5-v1:0",
    ],
)
def test_converse(model: str) -> None:
    """Every conversation goes through Converse, streams by their own path."""
    target = bedrock(model)
    own = "/model/anthropic.claude-opus-5-5-v1%3A0"
    assert dict(target.paths) == {Endpoint.CONVERSE: f"{own}/converse"}
    assert dict(target.stream_paths) == {Endpoint.CONVERSE: f"{own}/converse-stream"}
    assert target.host == "bedrock-runtime.eu-west-1.amazonaws.com"


async def test_each_request_is_signed() -> None:
    """With AWS keys the authorizer signs; nothing else is sent."""
    target = bedrock("bedrock/amazon.nova-pro-v1:0")
    assert target.headers == ()
    assert target.authorizer is not None
    await target.authorizer.refresh()
    headers = target.authorizer.headers("POST", target.host, target.paths[Endpoint.CONVERSE], b"{}")
    assert headers is not None
    found = {name.lower(): value for name, value in headers}
    assert found["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/")
    assert "/eu-west-1/bedrock/aws4_request" in found["authorization"]


def test_a_bedrock_key_needs_no_signature() -> None:
    """A long-term key is a Bearer token."""
    _, target = reached({"model": "bedrock/amazon.nova-pro-v1:0"}, {"AWS_BEARER_TOKEN_BEDROCK": "k"})
    assert target.authorizer is None
    assert sent(target) == {"authorization": "Bearer k"}


@pytest.mark.parametrize(
    ("model", "endpoint", "wire"),
    [
        ("amazon.titan-embed-text-v1", Endpoint.EMBEDDINGS, "bedrock_titan_v1"),
        ("amazon.titan-embed-text-v2:0", Endpoint.EMBEDDINGS, "bedrock_titan"),
        ("amazon.titan-embed-image-v1", Endpoint.EMBEDDINGS, "bedrock_titan_multimodal"),
        ("amazon.nova-2-multimodal-embeddings-v1:0", Endpoint.EMBEDDINGS, "bedrock_nova"),
        ("us.cohere.embed-v4:0", Endpoint.EMBEDDINGS, "bedrock_cohere"),
        ("amazon.nova-canvas-v1:0", Endpoint.IMAGES, "bedrock_amazon"),
        ("stability.sd3-5-large-v1:0", Endpoint.IMAGES, "bedrock_stability"),
    ],
)
def test_other_operations(model: str, endpoint: Endpoint, wire: str) -> None:
    """Embeddings and images are invoked, each family in its own words."""
    target = bedrock(f"bedrock/{model}")
    assert dict(target.small) == {endpoint: wire}
    assert target.paths[endpoint].endswith("/invoke")


def test_rerank() -> None:
    """Rerank is another host's, and names the model by its ARN."""
    resolved, target = reached({"model": "bedrock/cohere.rerank-v3-5:0"}, KEYS)
    assert target.host == "bedrock-agent-runtime.eu-west-1.amazonaws.com"
    assert resolved.model == "arn:aws:bedrock:eu-west-1::foundation-model/cohere.rerank-v3-5:0"
    assert (target.paths[Endpoint.RERANK], target.small[Endpoint.RERANK]) == ("/rerank", "bedrock")


def test_wildcards() -> None:
    """Where the model is not known yet, the path leaves a place for it."""
    resolved, target = reached({"model": "bedrock/us.*"}, KEYS)
    assert resolved.model == "us.*"
    assert target.paths[Endpoint.CONVERSE] == "/model/{model}/converse"


def test_refusals() -> None:
    """A route that is not taken is said."""
    assert "agents" in refused({"model": "bedrock/agent/x"}, KEYS)


@pytest.mark.parametrize(
    ("model", "paths"),
    [
        ("openai.gpt-oss-120b", {Endpoint.CHAT: "/v1/chat/completions", Endpoint.RESPONSES: "/v1/responses"}),
        ("openai.gpt-5.5", {Endpoint.CHAT: "/openai/v1/chat/completions", Endpoint.RESPONSES: "/openai/v1/responses"}),
        ("anthropic.claude-opus-5-5", {Endpoint.MESSAGES: "/anthropic/v1/messages"}),
    ],
)
def test_mantle(model: str, paths: dict[Endpoint, str]) -> None:
    """Mantle has a path for each maker; without a key its calls are signed."""
    _, target = reached({"model": f"bedrock_mantle/{model}"}, {"AWS_BEARER_TOKEN_BEDROCK": "k"})
    assert dict(target.paths) == paths
    assert sent(target)["authorization"] == "Bearer k"
    assert target.authorizer is None
    _, target = reached({"model": f"bedrock_mantle/{model}"}, KEYS)
    assert target.authorizer is not None
    assert target.host == "bedrock-mantle.eu-west-1.api.aws"
