"""No secret is ever shown: not in errors, notes, `repr` or what is made public."""

from __future__ import annotations

import json
import string
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trunkline.config import ConfigError, load
from trunkline.config.redact import Redactor, is_sensitive

SLOTS = {
    "api_key": "{model: openai/x, api_key: %s}",
    "misspelt key": "{model: openai/x, api_kye: %s}",
    "unknown token": "{model: openai/x, some_hub_token: %s}",
    "unknown text": "{model: openai/x, qqq_zzz: %s}",
    "header": "{model: openai/x, api_key: sk-0123456789, extra_headers: {X-Any: %s}}",
    "body": "{model: openai/x, api_key: sk-0123456789, extra_body: {nested: {api_key: %s}}}",
    "aws": "{model: bedrock/x, aws_secret_access_key: %s, aws_access_key_id: %s}",
    "azure token": "{model: azure/x, azure_ad_token: %s, api_base: 'https://a.example'}",
    "vertex": "{model: vertex_ai/x, vertex_credentials: %s}",
    "wrong type of number": "{model: openai/x, api_key: %s, timeout: %s}",
    "number of a key": "{model: openai/x, api_key: [%s]}",
    "address with a password": "{model: openai/x, api_base: 'https://u:%s@h.example/v1'}",
    "address with a key": "{model: openai/x, api_base: 'https://h.example/v1?key=%s'}",
    "provider's place": "{model: '%s/x'}",
    "price": "{model: openai/x, api_key: %s, input_cost_per_token: %s}",
    "model_info": "{model: openai/x}, model_info: {api_key: %s, nested: [{password: %s}]}",
    "through a variable": "{model: openai/x, api_key: os.environ/CANARY}",
    "inside a text": "{model: openai/x, extra_headers: {Authorization: 'Bearer ${CANARY}'}}",
    "provider's own variable": "{model: openai/x}",
}
REST = {
    "master key": "general_settings: {master_key: %s}",
    "number of a master key": "general_settings: {master_key: [%s]}",
    "database": "general_settings: {database_url: 'postgresql://u:%s@h/d'}",
    "wrong database": "general_settings: {database_url: 'mysql://u:%s@h/d'}",
    "variables": "environment_variables: {LANGFUSE_SECRET_KEY: %s, ANYTHING: %s}",
    "wrong variables": "environment_variables: {LANGFUSE_SECRET_KEY: [%s]}",
    "credential": "credential_list: [{credential_name: a, credential_values: {api_key: %s}}]",
    "wrong credential": "credential_list: [{credential_name: a, credential_values: %s}]",
    "redis": "router_settings: {redis_password: %s, redis_host: h}",
    "choice": "general_settings: {master_key: %s, trunkline: {durability: %s}}",
    "key of a mapping": "general_settings: {'%s': x, master_key: %s}",
    "guardrail": "guardrails: [{litellm_params: {api_key: %s}}]",
    "syntax": "general_settings: {master_key: %s, : [",
    "alias": "general_settings: {master_key: *%s}",
    "doubled": "general_settings: {master_key: %s, master_key: %s}",
    "tag": "general_settings: {master_key: !%s x}",
}
ENTRY = "model_list: [{model_name: m, litellm_params: %s}]\n"
TEXTS = {name: ENTRY % text for name, text in SLOTS.items()} | REST

CANARY = st.builds("sk-{}".format, st.text(string.ascii_letters + string.digits, min_size=16, max_size=40))


def everything_said(path: Path, environ: dict[str, str]) -> str:
    try:
        snapshot = load(path, environ)
    except ConfigError as error:
        return f"{error!s} {error!r} {error.problems!r}"
    public = [
        json.dumps([dict(deployment.public_params), dict(deployment.model_info)], default=repr)
        for deployment in snapshot.deployments
    ]
    return " ".join([repr(snapshot), str(snapshot), *(note.text for note in snapshot.notes), *public])


@pytest.mark.parametrize("name", TEXTS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(canary=CANARY)
def test_no_secret_is_shown(tmp_path: Path, name: str, canary: str) -> None:
    """Whatever slot a credential stands in, right or wrong, nothing that is said holds it."""
    path = tmp_path / "config.yaml"
    path.write_text(TEXTS[name].replace("%s", canary))
    said = everything_said(path, {"CANARY": canary, "OPENAI_API_KEY": canary, "LITELLM_MASTER_KEY": canary})
    assert canary not in said
    assert canary[3:] not in said


@pytest.mark.parametrize(
    "name",
    [
        "api_key", "OPENAI_API_KEY", "x-api-key", "master_key", "aws_secret_access_key", "aws_access_key_id",
        "hf_token",
        "aws_session_token", "client_secret", "Authorization", "DATABASE_URL", "redis_password", "SENTRY_DSN",
        "vertex_credentials", "credential_values", "LITELLM_SALT_KEY",
    ],
)  # fmt: skip
def test_names_of_secrets(name: str) -> None:
    """Names under which a credential stands."""
    assert is_sensitive(name)


@pytest.mark.parametrize(
    "name",
    [
        "max_tokens", "input_cost_per_token", "output_cost_per_reasoning_token", "cache_read_input_token_cost", "model",
        "prompt_cache_key", "litellm_credential_name", "litellm_key_header_name", "supports_prompt_caching", "api_base",
        "key_management_system", "max_completion_tokens",
    ],
)  # fmt: skip
def test_names_that_only_sound_like_secrets(name: str) -> None:
    """Prices and limits stay readable in `/model/info`."""
    assert not is_sensitive(name)


def test_the_redactor_leaves_short_words_alone() -> None:
    """`EMPTY` or `ollama` as a key must not mask the same word in a model's name; a real key is masked anywhere."""
    redactor = Redactor()
    for secret in ("EMPTY", "ollama", "'sk-long-enough' "):
        redactor.learn(secret)
    assert redactor.scrub("ollama/x EMPTY asked sk-long-enough") == "ollama/x EMPTY asked ***"


def test_short_keys_are_masked_too(tmp_path: Path) -> None:
    """A key too short to be looked for elsewhere is still not shown in its own place."""
    path = tmp_path / "config.yaml"
    path.write_text(ENTRY % "{model: openai/x, api_key: abc, extra_headers: {X-A: d}}, model_info: {token: e}")
    (deployment,) = load(path, {}).deployments
    assert deployment.public_params["api_key"] == "***"
    assert deployment.public_params["extra_headers"] == {"X-A": "***"}
    assert deployment.model_info["token"] == "***"
