"""Hosts with a format of their own."""

from __future__ import annotations

import asyncio

import pytest

from tests.unit.providers.test_registry import CANARY, reached, refused, sent
from tests.unit.providers.token_server import Asked, TokenServer
from trunkline.ir import Endpoint
from trunkline.providers import Target
from trunkline.providers.settings import UnavailableError


def test_anthropic() -> None:
    """Messages and their count, with the key in its header and the version."""
    _, target = reached({"model": "anthropic/claude-opus-5-5"}, {"ANTHROPIC_API_KEY": "k"})
    assert target.base_url == "https://api.anthropic.com"
    assert dict(target.paths) == {
        Endpoint.MESSAGES: "/v1/messages",
        Endpoint.COUNT_TOKENS: "/v1/messages/count_tokens",
    }
    assert sent(target) == {"x-api-key": "k", "anthropic-version": "2023-06-01"}


@pytest.mark.parametrize(
    ("environ", "headers"),
    [
        ({"ANTHROPIC_AUTH_TOKEN": "t"}, {"authorization": "Bearer t"}),
        ({"ANTHROPIC_API_KEY": "k", "ANTHROPIC_AUTH_TOKEN": "t"}, {"x-api-key": "k"}),
        ({"ANTHROPIC_API_KEY": "sk-ant-...", "ANTHROPIC_AUTH_TOKEN": "t"}, {"authorization": "Bearer t"}),
        (
            {"ANTHROPIC_API_KEY": "sk-ant-oat01-x"},
            {"authorization": "Bearer sk-ant-oat01-x", "anthropic-beta": "oauth-2025-04-20"},
        ),
    ],
)
def test_anthropic_tokens(environ: dict[str, str], headers: dict[str, str]) -> None:
    """Tokens go out as Bearer, those of a login with the beta that they need; a key wins."""
    _, target = reached({"model": "anthropic/x"}, environ)
    assert sent(target) == {**headers, "anthropic-version": "2023-06-01"}


@pytest.mark.parametrize(
    ("base", "path"),
    [
        ("https://a.example", "/v1/messages"),
        ("https://a.example/v1", "/v1/messages"),
        ("https://a.example/v1/messages", "/v1/messages"),
        ("https://api.deepseek.com/anthropic", "/anthropic/v1/messages"),
    ],
)
def test_anthropic_base(base: str, path: str) -> None:
    """`/v1/messages` comes behind every base, once, as LiteLLM does it."""
    _, target = reached({"model": "anthropic/x"}, {"ANTHROPIC_BASE_URL": base})
    assert target.paths[Endpoint.MESSAGES] == path


def test_anthropic_needs_a_key() -> None:
    """The reason names the variable, also where it holds the example's placeholder."""
    assert refused({"model": "anthropic/x"}).startswith("`ANTHROPIC_API_KEY` is not set")
    assert "still holds a placeholder" in refused({"model": "anthropic/x"}, {"ANTHROPIC_API_KEY": "sk-ant-..."})
    assert "`TEAM` is not set" in refused(
        {"model": "anthropic/x", "_missing": {"api_key": "TEAM"}}, {"ANTHROPIC_API_KEY": CANARY}
    )


def test_extra_headers_win() -> None:
    """An operator's header replaces the gateway's."""
    params = {"model": "anthropic/x", "api_key": "k", "extra_headers": {"Anthropic-Version": "2099-01-01"}}
    assert sent(reached(params)[1])["Anthropic-Version"] == "2099-01-01"


@pytest.mark.parametrize(
    "base",
    [None, "https://api.cohere.com/v1", "https://api.cohere.com/v2/chat", "https://api.cohere.ai/compatibility/v1"],
)
def test_cohere(base: str | None) -> None:
    """The second version of its API, whatever the base ends in."""
    _, target = reached({"model": "cohere/command-a", "api_key": "k", "api_base": base})
    assert target.paths[Endpoint.COHERE_CHAT] == "/v2/chat"
    assert target.paths[Endpoint.COHERE_EMBED] == "/v2/embed"
    assert target.paths[Endpoint.RERANK] == "/v2/rerank"
    assert (target.paths[Endpoint.EMBEDDINGS], target.small[Endpoint.EMBEDDINGS]) == ("/v2/{path}", "cohere")
    assert sent(target) == {"authorization": "Bearer k"}


@pytest.mark.parametrize("base", ["http://gpu:11434", "http://gpu:11434/v1", "http://gpu:11434/api/chat"])
@pytest.mark.parametrize("prefix", ["ollama", "ollama_chat"])
def test_ollama(base: str, prefix: str) -> None:
    """Its own chat API, for both of LiteLLM's names, without a key."""
    _, target = reached({"model": f"{prefix}/llama3"}, {"OLLAMA_API_BASE": base})
    assert target.paths == {Endpoint.OLLAMA_CHAT: "/api/chat", Endpoint.EMBEDDINGS: "/{path}"}
    assert target.small == {Endpoint.EMBEDDINGS: "ollama"}
    assert target.headers == ()


@pytest.mark.parametrize(
    ("model", "path", "body"),
    [
        ("meta/llama-4", "/v1/models/{model}/predictions", {}),
        ("deployments/acme/mine", "/v1/{model}/predictions", {}),
        ("acme/mine:abc123", "/v1/predictions", {"version": "abc123"}),
        ("a" * 64, "/v1/predictions", {"version": "a" * 64}),
    ],
)
def test_replicate(model: str, path: str, body: dict[str, object]) -> None:
    """Official models by name, deployments by theirs, versions in the body; the answer is waited for."""
    _, target = reached({"model": f"replicate/{model}"}, {"REPLICATE_API_TOKEN": "k"})
    assert dict(target.paths) == {Endpoint.PREDICTIONS: path}
    assert dict(target.quirks.body) == body
    assert not target.quirks.streams
    assert sent(target) == {"authorization": "Bearer k", "prefer": "wait"}


@pytest.mark.parametrize("model", ["llama", "a/b/c", "a/../b", "deployments/x"])
def test_replicate_names(model: str) -> None:
    """A name that is no owner and model is refused with what to write."""
    assert "`replicate/owner/name`" in refused({"model": f"replicate/{model}", "api_key": "k"})


def test_speech_hosts() -> None:
    """Speech both ways, each with its way to carry a key."""
    _, target = reached({"model": "deepgram/nova-3", "api_key": "k"})
    assert sent(target) == {"authorization": "Token k"}
    assert target.paths == {Endpoint.SPEECH: "/v1/{path}", Endpoint.TRANSCRIPTIONS: "/v1/{path}"}
    _, target = reached({"model": "elevenlabs/scribe_v2", "api_key": "k"})
    assert sent(target) == {"xi-api-key": "k"}
    assert set(target.small.values()) == {"elevenlabs"}


# watsonx

WX = {"WATSONX_URL": "https://us-south.ml.cloud.ibm.com", "WATSONX_PROJECT_ID": "p1"}


def test_watsonx() -> None:
    """Chat in OpenAI's shape at its own path, the model and project in members of their own."""
    _, target = reached({"model": "watsonx/ibm/granite-4"}, {**WX, "WATSONX_TOKEN": "t"})
    assert target.paths[Endpoint.CHAT] == "/ml/v1/text/chat?version=2024-03-13"
    assert target.stream_paths[Endpoint.CHAT] == "/ml/v1/text/chat_stream?version=2024-03-13"
    assert target.paths[Endpoint.EMBEDDINGS] == "/ml/v1/{path}?version=2024-03-13"
    assert dict(target.quirks.body) == {"model_id": "ibm/granite-4", "project_id": "p1"}
    assert target.quirks.leave_out == {"model", "stream", "stream_options"}
    assert sent(target) == {"authorization": "Bearer t"}


def test_watsonx_deployment_and_space() -> None:
    """A deployment knows its model and project itself; a space stands for a project."""
    _, target = reached({"model": "watsonx/deployment/d-1"}, {**WX, "WATSONX_ZENAPIKEY": "z"})
    assert target.paths == {Endpoint.CHAT: "/ml/v1/deployments/d-1/text/chat?version=2024-03-13"}
    assert not target.quirks.body
    assert sent(target) == {"authorization": "ZenApiKey z"}
    _, target = reached({"model": "watsonx/x", "space_id": "s1"}, {**WX, "WATSONX_TOKEN": "t"})
    assert dict(target.quirks.body) == {"model_id": "x", "space_id": "s1"}
    said = refused({"model": "watsonx/x"}, {"WATSONX_URL": WX["WATSONX_URL"], "WATSONX_TOKEN": "t"})
    assert "`WATSONX_PROJECT_ID` is not set" in said


def test_watsonx_region() -> None:
    """The region makes the host, and cannot leave it."""
    environ = {"WATSONX_PROJECT_ID": "p", "WATSONX_TOKEN": "t"}
    _, target = reached({"model": "watsonx/x", "watsonx_region_name": "eu-de"}, environ)
    assert target.host == "eu-de.ml.cloud.ibm.com"
    assert "letters, digits" in refused({"model": "watsonx/x"}, {**environ, "WATSONX_REGION": "evil.example/"})


async def got(target: Target) -> str:
    assert target.authorizer is not None
    await asyncio.gather(*(target.authorizer.refresh() for _ in range(5)))
    headers = target.authorizer.headers("POST", "h", "/", b"")
    assert headers is not None
    return dict(headers)["authorization"]


async def test_watsonx_exchanges_its_key(tokens: TokenServer) -> None:
    """The API key is exchanged for a token, once for all callers."""
    environ = {**WX, "WATSONX_APIKEY": CANARY, "WATSONX_IAM_URL": f"{tokens.url}/identity/token"}
    _, target = reached({"model": "watsonx/x"}, environ)
    assert CANARY not in repr(target)
    assert await got(target) == "Bearer token-1"
    (asked,) = tokens.asked
    assert asked.form == {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": CANARY}


async def test_watsonx_refusal_hides_the_key(tokens: TokenServer) -> None:
    """A service that repeats the key in its error is not quoted with it."""
    tokens.answer = lambda asked: (400, {"errorMessage": f"Provided API key {CANARY} could not be found."})
    environ = {**WX, "WATSONX_APIKEY": CANARY, "WATSONX_IAM_URL": f"{tokens.url}/identity/token"}
    _, target = reached({"model": "watsonx/x"}, environ)
    assert target.authorizer is not None
    with pytest.raises(UnavailableError, match="could not be found") as raised:
        await target.authorizer.refresh()
    assert CANARY not in str(raised.value)
    assert "not `https`" in refused(
        {"model": "watsonx/x"}, {**WX, "WATSONX_APIKEY": CANARY, "WATSONX_IAM_URL": "http://10.0.0.1/token"}
    )


# databricks


@pytest.mark.parametrize(
    "environ",
    [
        {"DATABRICKS_API_BASE": "https://dbc.example/serving-endpoints"},
        {"DATABRICKS_API_BASE": "https://dbc.example"},
        {"DATABRICKS_HOST": "dbc.example"},
        {"DATABRICKS_HOST": "https://dbc.example/"},
    ],
)
def test_databricks(environ: dict[str, str]) -> None:
    """The workspace's serving endpoints, with a personal token; Claude in its own format too."""
    _, target = reached({"model": "databricks/dbrx"}, {**environ, "DATABRICKS_TOKEN": "k"})
    assert target.base_url == "https://dbc.example"
    assert target.paths[Endpoint.CHAT] == "/serving-endpoints/chat/completions"
    assert Endpoint.MESSAGES not in target.paths
    assert sent(target) == {"authorization": "Bearer k"}
    _, target = reached({"model": "databricks/databricks-claude-opus-5"}, {**environ, "DATABRICKS_TOKEN": "k"})
    assert target.paths[Endpoint.MESSAGES] == "/serving-endpoints/anthropic/v1/messages"


async def test_databricks_signs_in(tokens: TokenServer) -> None:
    """A machine's id and secret get a token at the workspace."""

    def answer(asked: Asked) -> tuple[int, dict[str, object]]:
        assert asked.path == "/oidc/v1/token"
        assert asked.headers["authorization"] == "Basic aWQ6c2VjcmV0"
        assert asked.form == {"grant_type": "client_credentials", "scope": "all-apis"}
        return 200, {"access_token": "token-1", "expires_in": 3600}

    tokens.answer = answer
    environ = {
        "DATABRICKS_HOST": tokens.url,
        "DATABRICKS_CLIENT_ID": "id",
        "DATABRICKS_CLIENT_SECRET": "secret",
    }
    assert await got(reached({"model": "databricks/dbrx"}, environ)[1]) == "Bearer token-1"
