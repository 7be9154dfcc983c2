"""Where the providers' own APIs are, which paths stay there, and which headers go along."""

from __future__ import annotations

import pytest

from trunkline.ir import Endpoint, Secret
from trunkline.providers.pass_through import (
    FAMILIES,
    OutsideError,
    family_of,
    files_base,
    passed_headers,
    place_named,
    reach,
    tail_trouble,
)
from trunkline.providers.registry import resolve
from trunkline.providers.settings import UnavailableError
from trunkline.providers.target import Target

ENVIRON = {
    "OPENAI_API_KEY": "sk-7aa01b2c3d4e5f6b7d1f0", "ANTHROPIC_API_KEY": "sk-ant-7aa01b2c3d4e5f6",
    "GEMINI_API_KEY": "AIza7aa01b2c3d4e5f6b7d1f0", "COHERE_API_KEY": "c7aa01b2c3d4e5f6b7d1f0c2a9",
    "MISTRAL_API_KEY": "m7aa01b2c3d4e5f6b7d1f0c2a9", "AZURE_API_KEY": "az7aa01b2c3d4e5f6b7d1f0",
    "AZURE_API_BASE": "https://acme.openai.azure.com", "AWS_ACCESS_KEY_ID": "AKIA7AA01B2C3D4E5F6G",
    "AWS_SECRET_ACCESS_KEY": "s7Aa01b2c3D4e5f6b7d1f0c2a9e84455aa01b2c3", "AWS_REGION": "eu-west-1",
}  # fmt: skip


def target_of(model: str, **params: object) -> Target:
    """The target of a deployment."""
    found = resolve({"model": model, **params}, ENVIRON).target
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("prefix", "tail", "url"),
    [
        ("openai", "/v1/files", "https://api.openai.com/v1/files"),
        ("openai", "/files", "https://api.openai.com/v1/files"),
        ("openai", "/v1", "https://api.openai.com/v1"),
        ("openai_passthrough", "/v1/videos/v/content", "https://api.openai.com/v1/videos/v/content"),
        ("anthropic", "/v1/skills", "https://api.anthropic.com/v1/skills"),
        ("gemini", "/upload/v1beta/files", "https://generativelanguage.googleapis.com/upload/v1beta/files"),
        ("cohere", "/v1/models", "https://api.cohere.com/v1/models"),
        ("azure", "/openai/models", "https://acme.openai.azure.com/openai/models"),
        ("mistral", "/v1/ocr", "https://api.mistral.ai/v1/ocr"),
        ("bedrock", "/model/x/invoke", "https://bedrock-runtime.eu-west-1.amazonaws.com/model/x/invoke"),
        ("bedrock", "/knowledgebases/k/retrieve",
         "https://bedrock-agent-runtime.eu-west-1.amazonaws.com/knowledgebases/k/retrieve"),
    ],
)  # fmt: skip
def test_a_path_goes_to_the_providers_own_origin(prefix: str, tail: str, url: str) -> None:
    """With the environment's credentials and address."""
    family = family_of(prefix)
    assert family is not None
    found = reach(family, place_named(family, tail), ENVIRON, [])
    assert found.target.base_url + found.path(tail) == url


def test_a_deployment_lends_its_address_and_key() -> None:
    """Where the environment has none; one with another kind of path is passed over."""
    family = family_of("anthropic")
    assert family is not None
    other = target_of("openai/gpt-4o")
    lent = target_of("anthropic/claude-x", api_base="https://proxy.example/claude", api_key="sk-ant-of-mine")
    found = reach(family, (), {}, [other, lent])
    assert found.target.base_url + found.path("/v1/models") == "https://proxy.example/claude/v1/models"
    with pytest.raises(UnavailableError, match="ANTHROPIC_API_KEY"):
        reach(family, (), {}, [other])


def test_google_cloud_gets_project_and_location() -> None:
    """From the path, or put before a path that names none; the deployment's own place is its origin."""
    family = family_of("vertex_ai")
    assert family is not None
    target = Target(
        provider="vertex_ai", scheme="https", host="us-central1-aiplatform.googleapis.com", port=443, headers=(),
        paths={Endpoint.GENERATE: "/v1/projects/acme/locations/us-central1/publishers/google/models/{model}:generateContent"},
    )  # fmt: skip
    found = reach(family, (), {}, [target])
    own = "/v1/projects/acme/locations/us-central1"
    for tail in ("/publishers/google/models/g:generateContent", "/v1/publishers/google/models/g:generateContent"):
        assert found.path(tail) == f"{own}/publishers/google/models/g:generateContent"
    assert found.path(f"{own}/endpoints/5:predict") == f"{own}/endpoints/5:predict"
    for bad in ("a.example%2f", "A", "-x", "x@y"):
        with pytest.raises(OutsideError):
            place_named(family, f"/v1/projects/p/locations/{bad}/publishers/google/models/g:generateContent")


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.prefix)
@pytest.mark.parametrize(
    "tail",
    [
        "/..", "/v1/../x", "/v1/%2e%2e/x", "/v1/.%2E/x", "/%2e", "/v1//x", "//x", "/v1/a%2fb", "/v1/a%5cb", "/v1/a\\b",
        "/v1/a b", "/v1/a%", "/v1/a%zz", "/v1/a%00", "/v1/a%0a", "/v1/%252e", "/v1/\xe9", "/v1/a?b", "/v1/a#b", "v1", "",
    ],
)  # fmt: skip
def test_f06_paths_that_mean_two_places_are_refused(family: object, tail: str) -> None:
    """F06: whoever reads a path twice must read the same."""
    assert tail_trouble(tail, family) is not None  # type: ignore[arg-type]  # the parametrised family


def test_ordinary_paths_pass() -> None:
    """Names with dots, colons, encoded spaces and a trailing slash are ordinary."""
    family = FAMILIES[0]
    for tail in (
        "/v1/files",
        "/v1/models/gpt-4.1",
        "/v1/x:generate",
        "/v1/a%20b",
        "/v1/x/",
        "/v1/a..b",
        "/v1/~x!$&'()*+,;=@",
    ):
        assert tail_trouble(tail, family) is None, tail


def test_f08_only_listed_headers_go_along() -> None:
    """F07, F08: the list decides, LiteLLM's mark or not; the operator's secrets win, and lists are joined."""
    target = Target(
        provider="p", scheme="https", host="h", port=443, paths={},
        headers=(
            ("x-api-key", Secret("k")), ("anthropic-version", "2023-06-01"), ("anthropic-beta", "ours"),
            ("openai-beta", Secret("hidden")),
        ),
    )  # fmt: skip
    given = [
        (b"content-type", b"text/plain"), (b"content-type", b"second"), (b"authorization", b"x"), (b"x-api-key", b"x"),
        (b"host", b"x"), (b"cookie", b"x"), (b"x-pass-accept", b"a/b"), (b"x-pass-host", b"x"), (b"x-forwarded-for", b"x"),
        (b"anthropic-version", b"2024-01-01"), (b"anthropic-beta", b"theirs"), (b"openai-beta", b"theirs"),
        (b"range", b"bytes=0-\r\nx: y"), (b"prefer", b"\xff"), (b"x-goog-user-project", b"x"), (b"x-amz-date", b"x"),
    ]  # fmt: skip
    kept, replaced = passed_headers(given, target)
    assert dict(kept) == {
        "content-type": "text/plain", "accept": "a/b", "anthropic-version": "2024-01-01", "anthropic-beta": "ours,theirs",
    }  # fmt: skip
    assert replaced == {"anthropic-version", "anthropic-beta"}


@pytest.mark.parametrize(
    ("model", "params", "base"),
    [
        ("openai/gpt-4o", {}, ("/v1", "")),
        ("openai/gpt-4o", {"api_base": "https://h.example/api/v3"}, ("/api/v3", "")),
        ("azure/gpt", {"api_version": "2024-10-21"}, ("/openai", "api-version=2024-10-21")),
        ("azure/gpt", {"api_version": "v1"}, ("/openai/v1", "")),
        ("mistral/mistral-large", {}, ("/v1", "")),
        ("anthropic/claude-x", {}, None),
        ("gemini/gemini-2.5-flash", {}, None),
        ("cohere/command-a", {}, None),
    ],
)
def test_files_lie_where_the_format_is_spoken(
    model: str, params: dict[str, object], base: tuple[str, str] | None
) -> None:
    """Beside the operations of OpenAI's format, on Azure beside the deployments; other formats have none."""
    assert files_base(target_of(model, **params)) == base
