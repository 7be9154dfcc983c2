"""From `litellm_params` to a target."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.ir import Endpoint, Secret
from trunkline.providers import Resolved, Target, provider_names, resolve
from trunkline.providers.registry import BUILDERS
from trunkline.providers.row import MAX_COMPLETION_TOKENS, MAX_TOKENS, OPERATIONS, Row
from trunkline.providers.table import PREFIXES, ROWS, TABLE, UNREACHED

CANARY = "sk-canary-7f3e91"


def reached(params: Mapping[str, object], environ: Mapping[str, str] | None = None) -> tuple[Resolved, Target]:
    resolved = resolve(params, environ or {})
    assert resolved.target is not None, resolved.unavailable
    assert resolved.unavailable is None
    return resolved, resolved.target


def refused(params: Mapping[str, object], environ: Mapping[str, str] | None = None) -> str:
    resolved = resolve(params, environ or {})
    assert resolved.target is None
    assert resolved.unavailable is not None
    assert CANARY not in repr(resolved)
    return resolved.unavailable


def sent(target: Target) -> dict[str, str]:
    return {name: value.reveal() if isinstance(value, Secret) else value for name, value in target.headers}


PLAIN_ROWS = [row for row in ROWS if row.gone is None and not row.coded]


@pytest.mark.parametrize("row", PLAIN_ROWS, ids=lambda row: row.prefixes[0])
def test_every_row_resolves(row: Row) -> None:
    """Every host is reached with its own variables, at its own address, with its key and nothing else."""
    environ = {slot.variables[0]: "acct-1" for slot in row.slots} | dict.fromkeys(row.keys[:1], CANARY)
    params: dict[str, object] = {"model": f"{row.prefixes[0]}/some-model"}
    if row.base is None:
        params["api_base"] = "https://host.example/v1"
    _, target = reached(params, environ)
    offered = {endpoint for letter in row.endpoints for endpoint in OPERATIONS[letter]}
    dropped = {Endpoint.MESSAGES} if "M" in row.endpoints else set()  # by model, on some hosts
    assert offered >= set(target.paths) >= offered - dropped
    assert set(target.small) == set(row.small)
    assert CANARY not in repr(target)
    if row.keys:
        assert sent(target)["authorization"] == f"Bearer {CANARY}"
    if row.keyless:
        assert "authorization" not in sent(reached(params)[1])
    elif row.base is not None and row.prefixes[0] != "bedrock_mantle":
        environ.pop(row.keys[0])
        assert f"`{row.keys[0]}` is not set" in refused(params, environ)


def test_names_are_at_least_a_hundred_and_hold_the_best_known() -> None:
    """The providers people use first are there, and many more; a hundred of them can be called."""
    names = provider_names()
    callable_ = {prefix for prefix in PREFIXES if prefix not in UNREACHED}
    gone = {prefix for prefix, row in TABLE.items() if row.gone is not None}
    assert len(callable_ - gone) >= 100
    assert len({row.prefixes[0] for row in ROWS}) >= 100
    assert {prefix for row in ROWS if row.coded for prefix in row.prefixes} <= set(BUILDERS)
    assert names >= {
        "openai",
        "azure",
        "anthropic",
        "gemini",
        "groq",
        "mistral",
        "deepseek",
        "xai",
        "openrouter",
        "local",
    }
    assert names >= {
        "vertex_ai",
        "bedrock",
        "cohere",
        "replicate",
        "ollama",
        "hosted_vllm",
        "lm_studio",
        "litellm_proxy",
    }


@pytest.mark.parametrize(
    ("params", "provider", "model"),
    [
        ({"model": "gpt-4o", "api_key": "k"}, "openai", "gpt-4o"),
        ({"model": "o4-mini", "api_key": "k"}, "openai", "o4-mini"),
        ({"model": "ft:gpt-4o:org::id", "api_key": "k"}, "openai", "ft:gpt-4o:org::id"),
        ({"model": "claude-sonnet-5-5", "api_key": "k"}, "anthropic", "claude-sonnet-5-5"),
        ({"model": "openrouter/anthropic/claude-x", "api_key": "k"}, "openrouter", "anthropic/claude-x"),
        ({"model": "llama-3", "api_base": "http://localhost:8000/v1"}, "openai", "llama-3"),
        ({"model": "meta-llama/Llama-3", "api_base": "http://localhost:8000/v1"}, "openai", "meta-llama/Llama-3"),
        ({"model": "llama-3", "api_base": "https://api.groq.com/openai/v1", "api_key": "k"}, "groq", "llama-3"),
        ({"model": "openai/gpt-x", "custom_llm_provider": "groq", "api_key": "k"}, "groq", "openai/gpt-x"),
        ({"model": "groq/gpt-x", "custom_llm_provider": "groq", "api_key": "k"}, "groq", "gpt-x"),
        ({"model": "openai/*", "api_key": "k"}, "openai", "*"),
        (
            {"model": "fireworks_ai/deepseek-v4", "api_key": "k"},
            "fireworks_ai",
            "accounts/fireworks/models/deepseek-v4",
        ),
        ({"model": "huggingface/together/org/name", "api_key": "k"}, "huggingface", "org/name:together"),
    ],
)
def test_naming(params: dict[str, object], provider: str, model: str) -> None:
    """Provider and model are read from the name as LiteLLM reads it."""
    resolved, target = reached(params)
    assert (resolved.provider, resolved.model, target.provider) == (provider, model, provider)


def test_a_known_host_is_never_recognised_by_substring() -> None:
    """An address that merely contains a provider's is a stranger's, and gets no stored key of that provider."""
    params = {"model": "m", "api_base": "https://evil.example/api.groq.com/openai/v1"}
    resolved, target = reached(params, {"GROQ_API_KEY": CANARY})
    assert resolved.provider == "openai"
    assert sent(target) == {}
    for base in ("https://api.groq.com.evil.example/openai/v1", "https://api.groq.com/openai/v1x"):
        assert resolve({"model": "m", "api_base": base}, {}).provider == "openai"


def test_gemini_without_prefix_is_vertex() -> None:
    """LiteLLM sends a bare `gemini-...` to Vertex AI, which wants a project and credentials."""
    assert resolve({"model": "gemini-2.5-flash"}, {}).provider == "vertex_ai"


@pytest.mark.parametrize("model", ["sagemaker/x", "oci/x", "stability/x", "github_copilot/x"])
def test_known_but_not_reached(model: str) -> None:
    """A provider that needs code this version lacks is known by name and plainly refused."""
    assert f"`{model.split('/', maxsplit=1)[0]}` is not reached by this version yet" in refused(
        {"model": model, "api_key": "k"}
    )


def test_unknown_provider_gets_a_suggestion() -> None:
    """A misspelt prefix is answered with the nearest name."""
    assert "did you mean `openai`?" in refused({"model": "opnai/gpt-4o"})
    assert "names no provider" in refused({"model": "mystery"})
    assert "`model` is missing" in refused({})


def test_precedence_of_key_and_base() -> None:
    """`litellm_params` wins over the environment, the environment over the default; the first variable wins."""
    environ = {
        "OPENAI_API_KEY": "env",
        "OPENAI_BASE_URL": "https://one.example/v1",
        "OPENAI_API_BASE": "https://two.example/v1",
    }
    _, target = reached({"model": "openai/x", "api_key": "own", "api_base": "https://three.example/v1"}, environ)
    assert (target.host, sent(target)["authorization"]) == ("three.example", "Bearer own")
    _, target = reached({"model": "openai/x"}, environ)
    assert (target.host, sent(target)["authorization"]) == ("one.example", "Bearer env")
    _, target = reached({"model": "openai/x"}, {"OPENAI_API_KEY": "env"})
    assert target.base_url == "https://api.openai.com"
    assert target.paths[Endpoint.CHAT] == "/v1/chat/completions"


def test_missing_key_names_the_variable() -> None:
    """Without a key the reason names the variable to set; a placeholder counts as none."""
    assert refused({"model": "openai/x"}).startswith("`OPENAI_API_KEY` is not set")
    assert "`OPENAI_API_KEY` still holds a placeholder" in refused({"model": "openai/x"}, {"OPENAI_API_KEY": "sk-..."})
    assert "`api_key` still holds a placeholder" in refused({"model": "openai/x", "api_key": "sk-..."})


def test_a_key_asked_for_by_name_is_not_replaced() -> None:
    """Where the config names a variable that is not set, another account's key is not taken instead."""
    params = {"model": "openai/x", "api_key": None, "_missing": {"api_key": "TEAM_KEY"}}
    assert "`TEAM_KEY` is not set" in refused(params, {"OPENAI_API_KEY": CANARY})
    params = {"model": "openai/x", "api_key": "k", "_missing": {"api_base": "TEAM_BASE"}}
    assert "`TEAM_BASE` is not set" in refused(params)


def test_placeholder_is_passed_over_for_the_next_variable() -> None:
    """An unfilled first variable does not hide a filled second one."""
    _, target = reached({"model": "gemini/x"}, {"GEMINI_API_KEY": "AIza...", "GOOGLE_API_KEY": "real"})
    assert sent(target)["x-goog-api-key"] == "real"


@pytest.mark.parametrize("key", [f"{CANARY}\nx", f"{CANARY}\r\nEvil: 1", f"{CANARY}ü", f"{CANARY}\x00"])
def test_bad_key_is_refused_unseen(key: str) -> None:
    """A key with a line break or a letter outside ASCII is refused, and never shown."""
    assert "`api_key`" in refused({"model": "openai/x", "api_key": key})
    assert "`OPENAI_API_KEY`" in refused({"model": "openai/x"}, {"OPENAI_API_KEY": key})


@pytest.mark.parametrize(
    "base", [f"https://user:{CANARY}@host/v1", f"https://host/v1?key={CANARY}", "ftp://host", "host/v1"]
)
def test_bad_base_is_refused_unseen(base: str) -> None:
    """An address that cannot be used is refused by where it was written, never by its text."""
    assert refused({"model": "openai/x", "api_key": "k", "api_base": base}).startswith("`api_base` ")
    assert refused({"model": "openai/x", "api_key": "k"}, {"OPENAI_BASE_URL": base}).startswith("`OPENAI_BASE_URL` ")


def test_environment_headers_go_to_the_own_origin_only() -> None:
    """Organisation and attribution headers reach the host they were made for, and no other."""
    environ = {"OPENAI_API_KEY": "k", "OPENAI_ORGANIZATION": "org-1", "OPENAI_PROJECT": "proj-1"}
    _, target = reached({"model": "openai/x"}, environ)
    assert sent(target)["OpenAI-Organization"] == "org-1"
    assert sent(target)["OpenAI-Project"] == "proj-1"
    _, target = reached({"model": "openai/x", "api_base": "https://other.example/v1"}, environ)
    assert "OpenAI-Organization" not in sent(target)
    _, target = reached(
        {"model": "openrouter/x", "api_key": "k"}, {"OR_SITE_URL": "https://me.example", "OR_APP_NAME": "Me"}
    )
    assert (sent(target)["HTTP-Referer"], sent(target)["X-Title"]) == ("https://me.example", "Me")


def test_extra_headers_are_checked() -> None:
    """The operator's headers are sent; those that frame the request, or would split it, are refused."""
    _, target = reached({"model": "openai/x", "api_key": "k", "extra_headers": {"X-Team": "a"}})
    assert sent(target)["X-Team"] == "a"
    _, target = reached({"model": "openai/x", "api_key": "k", "extra_headers": {"Authorization": "Basic b"}})
    assert sent(target) == {"Authorization": "Basic b"}
    assert "X-Team" not in refused({"model": "openai/x", "api_key": "k", "extra_headers": {"Host": CANARY}})
    assert "line break" in refused({"model": "openai/x", "api_key": "k", "extra_headers": {"X-A": f"{CANARY}\r\nB: c"}})
    assert "no header name" in refused({"model": "openai/x", "api_key": "k", "extra_headers": {"X A": "b"}})


def test_a_server_of_ones_own_needs_no_key() -> None:
    """An `openai/...` entry with an address of its own goes out without a key when none is set."""
    _, target = reached({"model": "openai/llama", "api_base": "http://localhost:8000/v1"})
    assert target.headers == ()


def test_plain_http_is_noted_unless_loopback() -> None:
    """Unencrypted calls to another machine are allowed and said."""
    resolved, _ = reached({"model": "hosted_vllm/x", "api_base": "http://10.0.0.7:8000/v1"})
    assert "unencrypted" in resolved.notes[0]
    resolved, _ = reached({"model": "hosted_vllm/x", "api_base": "http://127.0.0.1:8000/v1"})
    assert resolved.notes == ()


def test_closed_hosts_say_why_and_an_own_address_still_works() -> None:
    """A retired host is refused with date and successor; a base URL that is not the retired one is called."""
    assert "2026-07-30" in refused({"model": "github/gpt-4o", "api_key": "k"})
    assert "`meta/...`" in refused({"model": "meta_llama/x", "api_key": "k"})
    assert "write `perplexity/preset/low`" in refused({"model": "perplexity/sonar-pro", "api_key": "k"})
    _, target = reached({"model": "github/gpt-4o", "api_key": "k", "api_base": "https://mine.example/v1"})
    assert target.host == "mine.example"


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"model": "mistral/x", "api_key": "k", "api_base": "https://m.example"}, "/v1/chat/completions"),
        ({"model": "deepseek/x", "api_key": "k"}, "/chat/completions"),
        (
            {"model": "openai/x", "api_key": "k", "api_base": "http://localhost:1/v1/chat/completions"},
            "/v1/chat/completions",
        ),
    ],
)
def test_paths(params: dict[str, object], path: str) -> None:
    """The chat path follows from the base URL, its missing or superfluous tail mended."""
    _, target = reached(params)
    assert target.paths[Endpoint.CHAT] == path


def test_ollama_host_without_scheme() -> None:
    """`OLLAMA_HOST` is read as Ollama writes it."""
    _, target = reached({"model": "ollama/x"}, {"OLLAMA_HOST": "gpu:11434"})
    assert target.base_url == "http://gpu:11434"


def test_slots_are_filled_and_checked() -> None:
    """Account and region are put into the host name only if they are plain."""
    environ = {"CLOUDFLARE_API_KEY": "k", "CLOUDFLARE_ACCOUNT_ID": "abc123"}
    _, target = reached({"model": "cloudflare/@cf/x"}, environ)
    assert target.paths[Endpoint.CHAT] == "/client/v4/accounts/abc123/ai/v1/chat/completions"
    assert "`CLOUDFLARE_ACCOUNT_ID` is not set" in refused({"model": "cloudflare/x"}, {"CLOUDFLARE_API_KEY": "k"})
    environ["CLOUDFLARE_ACCOUNT_ID"] = "../../x"
    assert "letters, digits" in refused({"model": "cloudflare/x"}, environ)
    _, target = reached({"model": "bedrock_mantle/x", "api_key": "k", "aws_region_name": "eu-west-1"})
    assert target.host == "bedrock-mantle.eu-west-1.api.aws"


def test_snowflake_token_kinds() -> None:
    """A `pat/` key is announced as what it is and sent without the mark."""
    _, target = reached({"model": "snowflake/x", "api_key": "pat/abc"}, {"SNOWFLAKE_ACCOUNT_ID": "acme"})
    assert sent(target)["authorization"] == "Bearer abc"
    assert sent(target)["X-Snowflake-Authorization-Token-Type"] == "PROGRAMMATIC_ACCESS_TOKEN"


def test_second_auth_header() -> None:
    """A host that wants the key in a header of its own gets it in both."""
    _, target = reached({"model": "sarvam/x", "api_key": "k"})
    assert sent(target) == {"authorization": "Bearer k", "api-subscription-key": "k"}


def test_renames_of_host_and_family_together() -> None:
    """Old hosts get the old name of the limit, OpenAI's reasoning models the new one."""
    assert reached({"model": "deepseek/x", "api_key": "k"})[0].rename == MAX_TOKENS
    assert reached({"model": "openai/gpt-5.6-sol", "api_key": "k"})[0].rename == MAX_COMPLETION_TOKENS
    assert reached({"model": "openai/gpt-4o", "api_key": "k"})[0].rename == {}
    assert reached({"model": "streamlake/x", "api_key": "k"})[0].rename == MAX_COMPLETION_TOKENS
    assert reached({"model": "mistral/x", "api_key": "k"})[0].rename["seed"] == "random_seed"


def test_responses_only() -> None:
    """LiteLLM's `openai/responses/...` goes to the Responses API whatever the client asked; so do models without tools
    on chat completions.
    """
    resolved, target = reached({"model": "openai/responses/gpt-5", "api_key": "k"})
    assert (resolved.model, dict(target.paths)) == ("gpt-5", {Endpoint.RESPONSES: "/v1/responses"})
    _, target = reached({"model": "openai/responses/gpt-5", "api_base": "http://127.0.0.1:1/v1"})
    assert list(target.paths) == [Endpoint.RESPONSES]
    for model, has_chat in (("gpt-6-astra", False), ("gpt-6.1-sol", False), ("gpt-6-luna", True), ("gpt-4o", True)):
        _, target = reached({"model": f"openai/{model}", "api_key": "k"})
        assert (Endpoint.CHAT in target.paths) is has_chat
        assert Endpoint.RESPONSES in target.paths


def test_a_foreign_host_is_an_openai_compatible_one() -> None:
    """Behind an address of one's own only what every compatible host has is offered; a server named as such has more."""
    _, target = reached({"model": "openai/x", "api_base": "http://127.0.0.1:8000/v1"})
    assert set(target.paths) == {
        Endpoint.CHAT, Endpoint.COMPLETIONS, Endpoint.EMBEDDINGS, Endpoint.MODERATIONS, Endpoint.IMAGES,
        Endpoint.IMAGE_EDITS, Endpoint.SPEECH, Endpoint.TRANSCRIPTIONS, Endpoint.TRANSLATIONS,
    }  # fmt: skip
    _, target = reached({"model": "openai/x", "api_key": "k"})
    assert {Endpoint.RESPONSES, Endpoint.INPUT_TOKENS, Endpoint.COMPACT} <= set(target.paths)
    assert target.paths[Endpoint.INPUT_TOKENS] == "/v1/responses/input_tokens"
    _, target = reached({"model": "hosted_vllm/x", "api_base": "http://127.0.0.1:8000/v1"})
    assert (target.paths[Endpoint.MESSAGES], target.paths[Endpoint.RERANK]) == ("/v1/messages", "/v1/{path}")
    assert target.small == {Endpoint.RERANK: "copies"}


def test_anthropic_faces_of_other_hosts() -> None:
    """A host with an Anthropic face offers it at its own address, with the same key."""
    _, target = reached({"model": "deepseek/x", "api_key": "k"})
    assert target.paths[Endpoint.MESSAGES] == "/anthropic/v1/messages"
    assert sent(target) == {"authorization": "Bearer k"}
    _, target = reached({"model": "deepseek/x", "api_key": "k", "api_base": "https://mine.example/v1"})
    assert Endpoint.MESSAGES not in target.paths
    _, target = reached({"model": "snowflake/claude-x", "api_key": "k"}, {"SNOWFLAKE_ACCOUNT_ID": "acme"})
    assert target.paths[Endpoint.MESSAGES] == "/api/v2/cortex/v1/messages"
    assert sent(target)["anthropic-version"] == "2023-06-01"


def test_perplexity_speaks_responses() -> None:
    """Its own models have its name before them, presets stand in a member of their own."""
    resolved, target = reached({"model": "perplexity/sonar", "api_key": "k"})
    assert resolved.model == "perplexity/sonar"
    assert target.paths[Endpoint.RESPONSES] == "/v1/responses"
    assert Endpoint.CHAT not in target.paths
    _, target = reached({"model": "perplexity/preset/fast", "api_key": "k"})
    assert dict(target.quirks.body) == {"preset": "fast"}
    assert not target.quirks.model_in_body


@pytest.mark.parametrize(
    ("model", "endpoint", "wire"),
    [
        ("voyage/voyage-4", Endpoint.EMBEDDINGS, "voyage"),
        ("voyage/voyage-multimodal-3", Endpoint.EMBEDDINGS, "voyage_multimodal"),
        ("voyage/rerank-2.5", Endpoint.RERANK, "voyage"),
        ("jina_ai/jina-embeddings-v4", Endpoint.EMBEDDINGS, "jina"),
        ("together_ai/x", Endpoint.RERANK, "together"),
        ("mistral/x", Endpoint.MODERATIONS, "mistral"),
        ("xai/grok-imagine", Endpoint.IMAGES, "xai"),
        ("perplexity/pplx-embed", Endpoint.EMBEDDINGS, "perplexity"),
    ],
)
def test_other_wordings(model: str, endpoint: Endpoint, wire: str) -> None:
    """An operation that the host words differently says how, and its path leaves a place for the wording's."""
    _, target = reached({"model": model, "api_key": "k"})
    assert target.small[endpoint] == wire
    assert target.paths[endpoint] == "/v1/{path}"


def test_hugging_face_embeddings() -> None:
    """The router has them by task; an endpoint of one's own runs Text Embeddings Inference."""
    _, target = reached({"model": "huggingface/BAAI/bge-m3", "api_key": "k"})
    assert (target.paths[Endpoint.EMBEDDINGS], target.small[Endpoint.EMBEDDINGS]) == ("/{path}", "huggingface")
    _, target = reached({"model": "huggingface/x", "api_base": "https://x.endpoints.example/v1"})
    assert (target.paths[Endpoint.EMBEDDINGS], target.small[Endpoint.EMBEDDINGS]) == ("/{path}", "tei")


def test_local() -> None:
    """The embedded model needs no key and no address."""
    resolved, target = reached({"model": "local/smollm2"})
    assert (resolved.model, target.embedded, target.host, target.port, target.headers) == (
        "smollm2",
        True,
        "127.0.0.1",
        0,
        (),
    )


_ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=12), st.just("a/b"), st.just("../x"), st.just("k"),
    st.just("https://h.example/v1"), st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=2),
    st.lists(st.text(max_size=4), max_size=2),
)  # fmt: skip
_NAMES = (
    *("api_key", "api_base", "api_version", "extra_headers", "organization", "vertex_project", "vertex_location"),
    *(
        "vertex_credentials",
        "aws_region_name",
        "aws_access_key_id",
        "aws_secret_access_key",
        "aws_role_name",
        "tenant_id",
    ),
    *("client_id", "client_secret", "azure_ad_token", "project_id", "space_id", "watsonx_region_name", "model_id"),
)


@given(
    prefix=st.sampled_from(sorted(PREFIXES)),
    rest=st.one_of(st.text(max_size=20), st.just("*"), st.just("a/b"), st.just("claude-x"), st.just("responses/x")),
    params=st.dictionaries(st.sampled_from(_NAMES), _ODD, max_size=5),
)
def test_whatever_is_written_gives_a_target_or_a_reason(prefix: str, rest: str, params: dict[str, object]) -> None:
    """No parameter of whatever type makes reading a configuration fail; every path is one and starts at the root."""
    resolved = resolve({**params, "model": f"{prefix}/{rest}"}, {})
    assert (resolved.target is None) is (resolved.unavailable is not None)
    if resolved.target is not None:
        for path in (*resolved.target.paths.values(), *resolved.target.stream_paths.values()):
            assert path.startswith("/")
            assert not set(path) & set(" \r\n#")
            assert "/../" not in path
        assert set(resolved.target.stream_paths) <= set(resolved.target.paths)
        assert set(resolved.target.small) <= set(resolved.target.paths)
