"""AI Studio and Vertex AI: which host, which path, which format."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.unit.providers.test_registry import CANARY, reached, refused, sent
from trunkline.ir import Endpoint
from trunkline.providers import Target

LOGIN = {"type": "authorized_user", "client_id": "c", "client_secret": CANARY, "refresh_token": CANARY}
P = "/v1/projects/acme/locations/"


def vertex(model: str, location: str | None = None, environ: Mapping[str, str] | None = None) -> Target:
    params: dict[str, object] = {"model": model, "vertex_project": "acme", "vertex_credentials": LOGIN}
    if location is not None:
        params["vertex_location"] = location
    _, target = reached(params, environ)
    assert target.authorizer is not None
    assert target.headers == ()
    assert CANARY not in repr(target)
    return target


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"model": "gemini/gemini-2.5-flash"}, "/v1beta/models/{model}:generateContent"),
        ({"model": "gemini/gemini-3.8-flash"}, "/v1beta/models/{model}:generateContent"),
        ({"model": "gemini/gemini-3.8-flash", "api_version": "v1alpha"}, "/v1alpha/models/{model}:generateContent"),
        ({"model": "gemini/*"}, "/v1beta/models/{model}:generateContent"),
        ({"model": "gemini/x", "api_base": "https://g.example/v1"}, "/v1/models/{model}:generateContent"),
        ({"model": "gemini/x", "api_base": "https://g.example/gw"}, "/gw/v1beta/models/{model}:generateContent"),
        (
            {"model": "gemini/x", "api_base": "https://generativelanguage.googleapis.com/v1beta/openai"},
            "/v1beta/models/{model}:generateContent",
        ),
        ({"model": "gemini/tunedModels/x"}, "/v1beta/{model}:generateContent"),
    ],
)
def test_gemini_paths(params: dict[str, object], path: str) -> None:
    """The version follows from model, base or `api_version`; streams are asked for as events."""
    _, target = reached({**params, "api_key": "k"})
    assert target.paths[Endpoint.GENERATE] == path
    stream = path.replace(":generateContent", ":streamGenerateContent?alt=sse")
    assert target.stream_paths[Endpoint.GENERATE] == stream
    assert target.paths[Endpoint.GEMINI_COUNT] == path.replace(":generateContent", ":countTokens")
    assert sent(target) == {"x-goog-api-key": "k"}
    assert Endpoint.CHAT not in target.paths


def test_gemini_embeddings_and_images() -> None:
    """Embedding models have embeddings only, in Google's words and OpenAI's; image models make images."""
    _, target = reached({"model": "gemini/gemini-embedding-2", "api_key": "k"})
    assert dict(target.paths) == {
        Endpoint.EMBEDDINGS: "/v1beta/{path}",
        Endpoint.GEMINI_EMBED: "/v1beta/models/{model}:embedContent",
        Endpoint.GEMINI_BATCH_EMBED: "/v1beta/models/{model}:batchEmbedContents",
    }
    assert target.small == {Endpoint.EMBEDDINGS: "gemini"}
    _, target = reached({"model": "gemini/imagen-4", "api_key": "k"})
    assert (target.paths[Endpoint.IMAGES], target.small[Endpoint.IMAGES]) == ("/v1beta/{path}", "imagen")
    _, target = reached({"model": "gemini/gemini-3-pro-image", "api_key": "k"})
    assert target.small == {Endpoint.IMAGES: "gemini", Endpoint.IMAGE_EDITS: "gemini"}
    assert Endpoint.GENERATE in target.paths


def test_gemini_key() -> None:
    """Without a key the reason names the variable; a base of one's own goes without."""
    assert refused({"model": "gemini/x"}).startswith("`GEMINI_API_KEY` is not set")
    assert sent(reached({"model": "gemini/x", "api_base": "http://localhost:1"})[1]) == {}
    assert "`api_version` must be" in refused({"model": "gemini/x", "api_key": "k", "api_version": "../v1"})


@pytest.mark.parametrize(
    ("location", "host"),
    [
        (None, "aiplatform.googleapis.com"),
        ("global", "aiplatform.googleapis.com"),
        ("europe-west1", "europe-west1-aiplatform.googleapis.com"),
        ("us", "aiplatform.us.rep.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
    ],
)
def test_vertex_hosts(location: str | None, host: str) -> None:
    """Each kind of location has its host."""
    target = vertex("vertex_ai/gemini-3.8-flash", location)
    assert target.host == host
    path = f"{P}{location or 'global'}/publishers/google/models/{{model}}:generateContent"
    assert target.paths[Endpoint.GENERATE] == path
    assert target.quirks.codec_dialect == "vertex"


@pytest.mark.parametrize("location", ["evil.example/", "us-central1.evil.example", "US", "a b", "-x", "x" * 60])
def test_a_location_cannot_steer_the_call(location: str) -> None:
    """The location goes into the host's name, so only a plain one is taken."""
    params = {"model": "vertex_ai/gemini-x", "vertex_project": "p", "vertex_credentials": LOGIN}
    assert "`vertex_location` must be" in refused({**params, "vertex_location": location})


@pytest.mark.parametrize("project", ["a/b", "../x", "A", "a?b", "a..b"])
def test_a_project_is_one_segment(project: str) -> None:
    """The project goes into the path, so only a plain one is taken."""
    params = {"model": "vertex_ai/gemini-x", "vertex_credentials": LOGIN}
    assert "small letters" in refused({**params, "vertex_project": project})
    assert reached({**params, "vertex_project": "example.com:proj-1"})


def test_claude_on_vertex() -> None:
    """Claude speaks Messages; the path names the model, the body the API's version."""
    target = vertex("vertex_ai/claude-opus-5-5", "us-east5")
    own = f"{P}us-east5/publishers/anthropic/models"
    assert dict(target.paths) == {
        Endpoint.MESSAGES: f"{own}/{{model}}:rawPredict",
        Endpoint.COUNT_TOKENS: f"{own}/count-tokens:rawPredict",
    }
    assert target.stream_paths[Endpoint.MESSAGES] == f"{own}/{{model}}:streamRawPredict"
    assert dict(target.quirks.body) == {"anthropic_version": "vertex-2023-10-16"}
    assert target.quirks.leave_out == {"model"}
    assert Endpoint.COUNT_TOKENS not in vertex("vertex_ai/claude-opus-5-5").paths  # `global` has none


@pytest.mark.parametrize(
    ("model", "path", "stream"),
    [
        (
            "mistral-medium-3",
            f"{P}us-central1/publishers/mistralai/models/{{model}}:rawPredict",
            f"{P}us-central1/publishers/mistralai/models/{{model}}:streamRawPredict",
        ),
        ("meta/llama-4-maas", f"{P}us-central1/endpoints/openapi/chat/completions", None),
        ("deepseek-ai/deepseek-v3.2-maas", f"{P}us-central1/endpoints/openapi/chat/completions", None),
        (
            "openai/1234567890",
            "/v1beta1/projects/acme/locations/us-central1/endpoints/1234567890/chat/completions",
            None,
        ),
    ],
)
def test_open_models_on_vertex(model: str, path: str, stream: str | None) -> None:
    """Mistral has its own path, open models share one, endpoints of a garden have theirs; all speak chat completions."""
    target = vertex(f"vertex_ai/{model}")
    assert dict(target.paths) == {Endpoint.CHAT: path}
    assert target.stream_paths.get(Endpoint.CHAT) == stream
    assert target.quirks.model_in_body


@pytest.mark.parametrize("model", ["1234567890", "gemini/1234567890"])
def test_numbers_are_endpoints(model: str) -> None:
    """A tuned Gemini is called by its endpoint's number."""
    target = vertex(f"vertex_ai/{model}")
    assert target.paths[Endpoint.GENERATE] == f"{P}us-central1/endpoints/{{model}}:generateContent"


@pytest.mark.parametrize(
    ("model", "wire"),
    [
        ("text-embedding-005", "vertex"),
        ("text-multilingual-embedding-002", "vertex"),
        ("gemini-embedding-001", "vertex"),
        ("gemini-embedding-2", "vertex_gemini"),
        ("multimodalembedding", "vertex_multimodal"),
    ],
)
def test_vertex_embeddings(model: str, wire: str) -> None:
    """Three generations of embeddings, three wordings."""
    target = vertex(f"vertex_ai/{model}")
    assert target.small == {Endpoint.EMBEDDINGS: wire}
    assert target.paths[Endpoint.EMBEDDINGS] == f"{P}us-central1/publishers/google/{{path}}"


def test_vertex_imagen() -> None:
    """Imagen makes images, in a region."""
    target = vertex("vertex_ai/imagen-4.0-generate-001")
    assert target.small == {Endpoint.IMAGES: "imagen"}
    assert target.host == "us-central1-aiplatform.googleapis.com"


def test_express_mode() -> None:
    """With a key and without a project there is no token."""
    _, target = reached({"model": "vertex_ai/gemini-x", "api_key": "k"})
    assert target.authorizer is None
    assert sent(target) == {"x-goog-api-key": "k"}
    assert target.paths[Endpoint.GENERATE] == "/v1/publishers/google/models/{model}:generateContent"


def test_vertex_environment() -> None:
    """Project and location come from the variables, the project from the credentials as the last resort."""
    environ = {"GOOGLE_CLOUD_PROJECT": "from-env", "VERTEXAI_LOCATION": "europe-west4"}
    params: dict[str, object] = {"model": "vertex_ai/gemini-x", "vertex_credentials": LOGIN}
    _, target = reached(params, environ)
    assert "/projects/from-env/locations/europe-west4/" in target.paths[Endpoint.GENERATE]
    with_project = {**LOGIN, "quota_project_id": "from-login"}
    _, target = reached({**params, "vertex_credentials": with_project})
    assert "/projects/from-login/" in target.paths[Endpoint.GENERATE]
    assert "`GOOGLE_CLOUD_PROJECT` is not set" in refused(params)


def test_missing_references() -> None:
    """What an entry refers to and is not set is not replaced by something else."""
    params: dict[str, object] = {"model": "vertex_ai/gemini-x", "vertex_credentials": LOGIN}
    environ = {"GOOGLE_CLOUD_PROJECT": "other"}
    assert "`MY_PROJECT` is not set" in refused({**params, "_missing": {"vertex_project": "MY_PROJECT"}}, environ)
    assert "`MY_KEY` is not set" in refused(
        {"model": "vertex_ai/gemini-x", "vertex_project": "p", "_missing": {"vertex_credentials": "MY_KEY"}}
    )
    assert "`MY_PLACE` is not set" in refused({**params, "_missing": {"vertex_location": "MY_PLACE"}}, environ)


def test_vertex_base_of_ones_own() -> None:
    """A private endpoint or a proxy is called instead of Google's host."""
    target = vertex("vertex_ai/gemini-x", environ={"VERTEXAI_API_BASE": "https://vertex.internal.example/v1"})
    assert target.base_url == "https://vertex.internal.example"
    assert target.paths[Endpoint.GENERATE].startswith("/v1/projects/acme/")


def test_no_credentials_says_what_to_do() -> None:
    """The two ways to get credentials are named."""
    said = refused({"model": "vertex_ai/gemini-x", "vertex_project": "p"})
    assert "`GOOGLE_APPLICATION_CREDENTIALS`" in said
    assert "gcloud auth application-default login" in said
