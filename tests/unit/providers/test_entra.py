"""Signing in to Entra, against services on loopback."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.unit.providers.test_registry import CANARY, reached, refused, sent
from tests.unit.providers.token_server import TokenServer
from trunkline.providers import Target
from trunkline.providers.settings import UnavailableError

BASE = "https://acme.openai.azure.com"
CLIENT = {"AZURE_TENANT_ID": "tenant-1", "AZURE_CLIENT_ID": "client-1", "AZURE_CLIENT_SECRET": CANARY}


async def got(target: Target) -> str:
    assert target.authorizer is not None
    assert target.headers == ()
    await asyncio.gather(*(target.authorizer.refresh() for _ in range(5)))
    headers = target.authorizer.headers("POST", "h", "/", b"")
    assert headers is not None
    return dict(headers)["authorization"]


async def test_client_secret(tokens: TokenServer) -> None:
    """Tenant, client and secret get a token for Azure OpenAI, one for all callers."""
    _, target = reached({"model": "azure/d", "api_base": BASE}, {**CLIENT, "AZURE_AUTHORITY_HOST": tokens.url})
    assert CANARY not in repr(target)
    assert await got(target) == "Bearer token-1"
    (asked,) = tokens.asked
    assert asked.path == "/tenant-1/oauth2/v2.0/token"
    assert asked.form == {
        "grant_type": "client_credentials",
        "client_id": "client-1",
        "client_secret": CANARY,
        "scope": "https://cognitiveservices.azure.com/.default",
    }


async def test_foundry_scope_and_written_parameters(tokens: TokenServer) -> None:
    """Foundry has a scope of its own; what the entry writes wins over the environment, also over a key there."""
    params = {
        "model": "azure_ai/claude-opus-5-5",
        "api_base": "https://acme.services.ai.azure.com",
        "tenant_id": "t2",
        "client_id": "c2",
        "client_secret": CANARY,
    }
    _, target = reached(params, {"AZURE_AUTHORITY_HOST": tokens.url, "AZURE_AI_API_KEY": "k"})
    assert sent(target) == {"anthropic-version": "2023-06-01"}
    assert target.authorizer is not None
    await target.authorizer.refresh()
    assert tokens.asked[0].form["scope"] == "https://ai.azure.com/.default"
    assert tokens.asked[0].path == "/t2/oauth2/v2.0/token"


async def test_federated_workload(tokens: TokenServer, tmp_path: Path) -> None:
    """A pod's token is exchanged, read anew each time."""
    (tmp_path / "token").write_text("pod-token\n")
    environ = {
        "AZURE_TENANT_ID": "t",
        "AZURE_CLIENT_ID": "c",
        "AZURE_FEDERATED_TOKEN_FILE": str(tmp_path / "token"),
        "AZURE_AUTHORITY_HOST": tokens.url,
    }
    assert await got(reached({"model": "azure/d", "api_base": BASE}, environ)[1]) == "Bearer token-1"
    assert tokens.asked[0].form["client_assertion"] == "pod-token"


async def test_managed_identity(tokens: TokenServer) -> None:
    """The machine's service is asked where `AZURE_CREDENTIAL` says so."""
    environ = {"AZURE_CREDENTIAL": "ManagedIdentityCredential", "AZURE_POD_IDENTITY_AUTHORITY_HOST": tokens.url}
    assert await got(reached({"model": "azure/d", "api_base": BASE}, environ)[1]) == "Bearer token-1"
    (asked,) = tokens.asked
    assert asked.headers["metadata"] == "true"
    assert asked.path == (
        "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fcognitiveservices.azure.com"
    )


async def test_app_service_identity(tokens: TokenServer) -> None:
    """On App Service the environment says whom to ask and with which header; the life may come as a moment."""
    import time

    tokens.answer = lambda asked: (200, {"access_token": "token-1", "expires_on": str(int(time.time()) + 900)})
    environ = {"IDENTITY_ENDPOINT": f"{tokens.url}/msi/token", "IDENTITY_HEADER": "h-1"}
    assert await got(reached({"model": "azure/d", "api_base": BASE}, environ)[1]) == "Bearer token-1"
    assert tokens.asked[0].headers["x-identity-header"] == "h-1"


def test_a_key_wins_over_a_sign_in_from_the_environment() -> None:
    """Variables of both kinds: the key is sent, as LiteLLM does."""
    _, target = reached({"model": "azure/d", "api_base": BASE}, {**CLIENT, "AZURE_API_KEY": "k"})
    assert sent(target) == {"api-key": "k"}
    assert target.authorizer is None


def test_half_a_sign_in_says_what_is_missing() -> None:
    """The missing half is named, the secret is not shown; a user's password is not taken."""
    said = refused({"model": "azure/d", "api_base": BASE, "client_secret": CANARY, "client_id": "c"})
    assert "`tenant_id` (`AZURE_TENANT_ID`)" in said
    said = refused({"model": "azure/d", "api_base": BASE, "azure_username": "u", "azure_password": CANARY})
    assert "name and password" in said
    assert "`AZURE_API_KEY` is not set" in refused({"model": "azure/d", "api_base": BASE})
    assert "`X` is not set" in refused({"model": "azure/d", "api_base": BASE, "_missing": {"client_secret": "X"}})


@pytest.mark.parametrize("tenant", ["a/b", "../x", "a?b"])
def test_a_tenant_is_one_segment(tenant: str) -> None:
    """The tenant goes into the path that the secret is sent to."""
    params = {"model": "azure/d", "api_base": BASE, "client_id": "c", "client_secret": CANARY}
    assert "`tenant_id`" in refused({**params, "tenant_id": tenant})
    assert "not `https`" in refused({**params, "tenant_id": "t"}, {"AZURE_AUTHORITY_HOST": "http://10.0.0.1"})


async def test_refusal(tokens: TokenServer) -> None:
    """Entra's own words are passed on in one line, without the secret."""
    tokens.answer = lambda asked: (
        401,
        {"error": "invalid_client", "error_description": f"AADSTS7000215: wrong secret {CANARY}\r\nTrace ID: 1"},
    )
    _, target = reached({"model": "azure/d", "api_base": BASE}, {**CLIENT, "AZURE_AUTHORITY_HOST": tokens.url})
    assert target.authorizer is not None
    with pytest.raises(UnavailableError, match="AADSTS7000215") as raised:
        await target.authorizer.refresh()
    assert CANARY not in str(raised.value)
    assert "\n" not in str(raised.value)
