"""Azure OpenAI and Foundry."""

from __future__ import annotations

import pytest

from tests.unit.providers.test_registry import CANARY, reached, refused, sent
from trunkline.ir import Endpoint

BASE = "https://acme.openai.azure.com"


def test_classic_path() -> None:
    """The classic face names the deployment in the path, the version in the query, the key in `api-key`."""
    _, target = reached({"model": "azure/my gpt", "api_key": "k", "api_base": f"{BASE}/", "api_version": "2024-10-21"})
    assert target.paths[Endpoint.CHAT] == "/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21"
    assert target.paths[Endpoint.EMBEDDINGS] == "/openai/deployments/my%20gpt/embeddings?api-version=2024-10-21"
    assert sent(target) == {"api-key": "k"}
    assert not target.quirks.model_in_body
    assert target.quirks.stream_options


def test_environment() -> None:
    """Address, version and key come from Azure's variables."""
    environ = {"AZURE_API_BASE": BASE, "AZURE_API_KEY": "k", "AZURE_API_VERSION": "2024-06-01"}
    _, target = reached({"model": "azure/d"}, environ)
    assert target.paths[Endpoint.CHAT].endswith("?api-version=2024-06-01")
    assert not target.quirks.stream_options  # before 2024-09 the field is a 400


@pytest.mark.parametrize(
    ("base", "version", "path"),
    [
        (BASE, "v1", "/openai/v1/chat/completions"),
        (BASE, "preview", "/openai/v1/chat/completions?api-version=preview"),
        (f"{BASE}/openai/v1", None, "/openai/v1/chat/completions"),
        (f"{BASE}/openai/v1/", "2024-10-21", "/openai/v1/chat/completions"),
        (f"{BASE}/openai", "v1", "/openai/v1/chat/completions"),
        (f"{BASE}/openai", "2024-10-21", "/openai/deployments/d/chat/completions?api-version=2024-10-21"),
        ("https://gw.example/acme", None, "/acme/openai/deployments/d/chat/completions?api-version=2025-02-01-preview"),
        (
            f"{BASE}/openai/deployments/d2",
            "2024-10-21",
            "/openai/deployments/d2/chat/completions?api-version=2024-10-21",
        ),
    ],
)
def test_faces(base: str, version: str | None, path: str) -> None:
    """Version and address tell which face is meant."""
    _, target = reached({"model": "azure/d", "api_key": "k", "api_base": base, "api_version": version})
    assert target.paths[Endpoint.CHAT] == path
    assert target.quirks.model_in_body is ("/openai/v1" in path)


@pytest.mark.parametrize("name", ["a/../../x", "a?b", "a#b", "a\\b", "a:b", "a@b"])
def test_deployment_stays_one_segment(name: str) -> None:
    """No deployment name leaves its place in the path (F03)."""
    _, target = reached({"model": f"azure/{name}", "api_key": "k", "api_base": BASE})
    path = target.paths[Endpoint.CHAT].removesuffix("?api-version=2025-02-01-preview")
    assert path.count("/") == 5
    assert not set("?#\\:@") & set(path)


def test_dot_deployment_and_bad_version_are_refused() -> None:
    """A deployment `..` and a version that is no date are refused."""
    assert "cannot stand in a path" in refused({"model": "azure/..", "api_key": "k", "api_base": BASE})
    bad = {"model": "azure/d", "api_key": "k", "api_base": BASE, "api_version": "2024&x=1"}
    assert "`api_version` must be a date" in refused(bad)


def test_wildcard_needs_v1() -> None:
    """A wildcard cannot name a classic deployment, and the reason says what to write."""
    assert "write `api_version: v1`" in refused({"model": "azure/*", "api_key": "k", "api_base": BASE})
    _, target = reached({"model": "azure/*", "api_key": "k", "api_base": BASE, "api_version": "v1"})
    assert target.quirks.model_in_body


def test_token_instead_of_key() -> None:
    """An Entra token that is written goes out as Bearer."""
    params: dict[str, object] = {"model": "azure/d", "api_base": BASE}
    _, target = reached({**params, "azure_ad_token": "t"}, {"AZURE_API_KEY": CANARY})
    assert sent(target) == {"authorization": "Bearer t"}
    assert sent(reached(params, {"AZURE_AD_TOKEN": "t"})[1]) == {"authorization": "Bearer t"}
    assert "`AZURE_API_KEY` is not set" in refused(params)
    assert "`MY_TOKEN` is not set" in refused(
        {**params, "_missing": {"azure_ad_token": "MY_TOKEN"}}, {"AZURE_API_KEY": "k"}
    )


def test_missing_base() -> None:
    """Without an address the reason shows what one looks like; a copied target URI is answered with the cut."""
    assert "https://<name>.openai.azure.com" in refused({"model": "azure/d", "api_key": "k"})
    copied = f"{BASE}/openai/deployments/d/chat/completions?api-version=2024-10-21"
    assert "`api_version` beside it" in refused({"model": "azure/d", "api_key": "k", "api_base": copied})


def test_hints_and_text() -> None:
    """LiteLLM's hints about the model behind a name are understood; `azure_text` offers text completions only."""
    resolved, target = reached({"model": "azure/gpt5_series/d", "api_key": "k", "api_base": BASE})
    assert resolved.model == "d"
    assert resolved.rename == {"max_tokens": "max_completion_tokens"}
    assert "/deployments/d/" in target.paths[Endpoint.CHAT]
    _, target = reached({"model": "azure_text/d", "api_key": "k", "api_base": BASE})
    assert list(target.paths) == [Endpoint.COMPLETIONS]


def test_foundry() -> None:
    """Foundry is called at its OpenAI face, with the header each host wants; its retired route is refused."""
    params: dict[str, object] = {"model": "azure_ai/deepseek", "api_key": "k"}
    _, target = reached({**params, "api_base": "https://acme.services.ai.azure.com"})
    assert (target.paths[Endpoint.CHAT], sent(target)) == ("/openai/v1/chat/completions", {"api-key": "k"})
    _, target = reached({**params, "api_base": "https://n.eastus.models.ai.azure.com"})
    assert (target.paths[Endpoint.CHAT], sent(target)) == ("/v1/chat/completions", {"authorization": "Bearer k"})
    assert "2026-08-26" in refused({**params, "api_base": "https://acme.services.ai.azure.com/models"})


@pytest.mark.parametrize("tail", ["", "/anthropic", "/anthropic/v1/messages", "/openai/v1"])
def test_claude_on_foundry(tail: str) -> None:
    """Claude speaks its own format there, with the key in its own header."""
    base = f"https://acme.services.ai.azure.com{tail}"
    _, target = reached({"model": "azure_ai/claude-opus-5-5", "api_key": "k", "api_base": base})
    assert dict(target.paths) == {Endpoint.MESSAGES: "/anthropic/v1/messages"}
    assert sent(target) == {"x-api-key": "k", "anthropic-version": "2023-06-01"}


def test_responses() -> None:
    """The v1 face has Responses beside the rest; `responses/` asks for them alone, with a version that has them."""
    params: dict[str, object] = {"api_key": "k", "api_base": BASE}
    _, target = reached({**params, "model": "azure/d", "api_version": "v1"})
    assert target.paths[Endpoint.RESPONSES] == "/openai/v1/responses"
    _, target = reached({**params, "model": "azure/d", "api_version": "2024-10-21"})
    assert Endpoint.RESPONSES not in target.paths  # the classic path names the deployment, the body would not
    resolved, target = reached({**params, "model": "azure/responses/d", "api_version": "2024-10-21"})
    assert resolved.model == "d"
    assert dict(target.paths) == {Endpoint.RESPONSES: "/openai/responses?api-version=2025-04-01-preview"}
    assert target.quirks.model_in_body


def test_media() -> None:
    """Images and audio are offered on both faces."""
    _, target = reached({"model": "azure/d", "api_key": "k", "api_base": BASE, "api_version": "2024-10-21"})
    assert target.paths[Endpoint.IMAGES] == "/openai/deployments/d/images/generations?api-version=2024-10-21"
    assert target.paths[Endpoint.TRANSLATIONS].startswith("/openai/deployments/d/audio/translations?")
