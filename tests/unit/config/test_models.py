"""Entries of `model_list`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.config.written import entry, notes, problems, read
from trunkline.config.catalogue import LITELLM_PARAMS
from trunkline.profiles.policy import Policy

KEY = "api_key: sk-test-0123456789"


def test_an_entry_becomes_a_deployment(tmp_path: Path) -> None:
    """Name, provider, model, place, defaults, drops and the family's renames."""
    text = """
    model_list:
      - model_name: my-gpt
        litellm_params:
          model: openai/gpt-5.6-sol
          api_key: sk-test-0123456789
          reasoning_effort: none
          additional_drop_params: [temperature, top_p]
          extra_body: {verbosity: low}
          num_retries: 4
          cooldown_time: 9
        model_info: {id: one, mode: chat, owner: me}
    """
    found = read(tmp_path, text).deployments[0]
    assert (found.id, found.group, found.provider, found.model) == ("one", "my-gpt", "openai", "gpt-5.6-sol")
    assert found.litellm_model == "openai/gpt-5.6-sol"
    assert found.target is not None
    assert found.target.base_url == "https://api.openai.com"
    assert dict(found.defaults) == {"reasoning_effort": "none", "verbosity": "low"}
    assert found.drop == {"temperature", "top_p"}
    assert dict(found.rename) == {"max_tokens": "max_completion_tokens"}
    assert (found.num_retries, found.cooldown_seconds, found.line) == (4, 9.0, 3)
    assert found.model_info == {"id": "one", "mode": "chat", "owner": "me"}
    assert found.public_params["api_key"] == "***"
    assert found.public_params["num_retries"] == 4


def test_wildcards_stay_as_they_are(tmp_path: Path) -> None:
    """`*` in both names is kept for routing to fill."""
    text = f"model_list: [{{model_name: 'openai/*', litellm_params: {{model: 'openai/*', {KEY}}}}}]"
    found = read(tmp_path, text).deployments[0]
    assert (found.group, found.model, found.unavailable) == ("openai/*", "*", None)


def test_an_unknown_provider_is_unavailable_with_a_suggestion(tmp_path: Path) -> None:
    """One bad prefix does not stop the other models."""
    found = entry(tmp_path, f"{{model: opneai/gpt-5.6-sol, {KEY}}}")
    assert found.target is None
    assert found.unavailable is not None
    assert "did you mean `openai`?" in found.unavailable


def test_the_embedded_model_needs_nothing(tmp_path: Path) -> None:
    """`local/...` is there without key or address."""
    found = entry(tmp_path, "{model: local/smollm2-135m-instruct}")
    assert found.unavailable is None
    assert found.target is not None
    assert found.target.embedded


def test_a_named_credential_fills_what_the_entry_leaves_out(tmp_path: Path) -> None:
    """`credential_list` gives address and key; what the entry writes itself wins; an unknown name says so."""
    listed = (
        "credential_list:\n  - credential_name: mine\n    credential_values:\n"
        "      {api_key: os.environ/K, api_base: https://a.example/v1, organization: o}\n"
    )
    found = entry(
        tmp_path,
        "{model: openai/x, litellm_credential_name: mine, api_base: 'https://b.example/v1'}",
        {"K": "sk-cred-0123456789"},
        rest=listed,
    )
    assert found.target is not None
    assert found.target.base_url == "https://b.example"
    assert [v.reveal() for n, v in found.target.headers if n == "authorization" and not isinstance(v, str)] == [
        "Bearer sk-cred-0123456789"
    ]
    wrong = entry(
        tmp_path, "{model: openai/x, litellm_credential_name: mime}", {"K": "sk-cred-0123456789"}, rest=listed
    )
    assert wrong.unavailable == "`credential_list` has no entry `mime`: did you mean `mine`?"


def test_a_misspelt_parameter_is_suggested_and_not_sent(tmp_path: Path) -> None:
    """A slip in `api_key` must not travel to the provider as a request parameter, nor be shown."""
    snapshot = read(
        tmp_path, "model_list: [{model_name: m, litellm_params: {model: openai/x, api_kye: sk-slip-0123456789}}]"
    )
    (note,) = notes(snapshot, "unknown-key")
    assert "`api_kye`" in note
    assert "did you mean `api_key`?" in note
    found = snapshot.deployments[0]
    assert dict(found.defaults) == {}
    assert found.public_params["api_kye"] == "***"
    assert "sk-slip" not in repr(snapshot)


def test_unknown_parameters_pass_to_the_provider_as_in_litellm(tmp_path: Path) -> None:
    """A key near no known one is a request parameter, and said once; one that may be a secret is not sent."""
    snapshot = read(
        tmp_path,
        "model_list:\n- model_name: m\n"
        f"  litellm_params: {{model: openai/x, {KEY}, zz_mirostat_eta: 0.1, hub_token: abcdefghij}}",
    )
    assert dict(snapshot.deployments[0].defaults) == {"zz_mirostat_eta": 0.1}
    said = notes(snapshot, "unknown-key")
    assert any("`zz_mirostat_eta`" in text and "sent to the provider" in text for text in said)
    assert any("`hub_token`" in text and "not sent" in text for text in said)


def test_parameters_not_implemented_are_named_once(tmp_path: Path) -> None:
    """Ten entries with `tags` make one note; switched off they make none."""
    one = f"{{model_name: m, litellm_params: {{model: openai/x, {KEY}, tags: [a], use_litellm_proxy: false}}}}"
    snapshot = read(tmp_path, f"model_list: [{', '.join([one] * 10)}]")
    assert notes(snapshot, "unimplemented") == [
        "`litellm_params.tags` is not implemented by this version; it has no effect"
    ]
    assert dict(snapshot.deployments[0].defaults) == {}


def test_ids_are_stable_and_differ(tmp_path: Path) -> None:
    """The id hangs on what is shown: equal entries are told apart, a rotated key and a moved entry keep theirs."""
    a = f"{{model_name: a, litellm_params: {{model: openai/x, {KEY}}}}}"
    b = "{model_name: b, litellm_params: {model: openai/x, api_key: os.environ/K}}"
    first = read(tmp_path, f"model_list: [{a}, {b}, {a}]", {"K": "sk-one-0123456789"})
    second = read(tmp_path, f"model_list:\n- {b}\n- {a.replace('sk-test', 'sk-new')}", {"K": "sk-two-0123456789"})
    ids = [deployment.id for deployment in first.deployments]
    assert len(set(ids)) == 3
    assert [deployment.id for deployment in second.deployments] == [ids[1], ids[0]]
    assert first.deployments[0].model_info["id"] == ids[0]


@pytest.mark.parametrize(
    ("params", "weights"),
    [
        (("weight: 3", "weight: 1"), [3, 1]),
        (("weight: 3, rpm: 9", "rpm: 7"), [3, 0]),
        (("rpm: 10", "rpm: 30"), [10, 30]),
        (("tpm: 10", "tpm: 30"), [10, 30]),
        (("weight: 0.9", "weight: 0.1"), [900, 100]),
        (("timeout: 5", "timeout: 5"), [None, None]),
        (("weight: 0", "rpm: 4"), [0, 4]),
    ],
)
def test_shares_are_litellms(tmp_path: Path, params: tuple[str, ...], weights: list[int | None]) -> None:
    """`weight`, else `rpm`, else `tpm`: the first that any entry of the name has decides for all of them."""
    entries = [f"{{model_name: m, litellm_params: {{model: openai/x, {KEY}, {text}}}}}" for text in params]
    found = read(tmp_path, f"model_list: [{', '.join(entries)}]").deployments
    assert [deployment.weight for deployment in found] == weights


def test_entries_without_an_order_come_last(tmp_path: Path) -> None:
    """As in LiteLLM, and only where another entry of the name has one."""
    entries = [
        f"{{model_name: m, litellm_params: {{model: openai/x, {KEY}{text}}}}}"
        for text in ("", ", order: 2", ", order: 1")
    ]
    assert [d.order for d in read(tmp_path, f"model_list: [{', '.join(entries)}]").deployments] == [3, 2, 1]


def test_a_retired_name_says_who_answers(tmp_path: Path) -> None:
    """`gpt-4` served by its successor has a replacement and a note with the date."""
    snapshot = read(
        tmp_path, f"model_list: [{{model_name: gpt-4, litellm_params: {{model: openai/gpt-5.6-sol, {KEY}}}}}]"
    )
    gone = snapshot.deployments[0].replacement
    assert gone is not None
    assert (gone.retired, gone.successor, gone.since) == ("gpt-4", "gpt-5.6-sol", "2026-10-23")
    assert notes(snapshot, "retired") == ["`gpt-4` was shut down by its provider on 2026-10-23; `gpt-5.6-sol` answers"]


def test_an_entry_that_calls_a_model_that_is_gone_says_so(tmp_path: Path) -> None:
    """A config from last year gets the successor's name."""
    snapshot = read(tmp_path, f"model_list: [{{model_name: m, litellm_params: {{model: openai/gpt-4-turbo, {KEY}}}}}]")
    (note,) = notes(snapshot, "retired")
    assert "has shut `gpt-4-turbo` down on 2026-10-23; write `gpt-5.6-sol`" in note


def test_prices_of_the_config(tmp_path: Path) -> None:
    """Per token in USD, from `model_info` and `litellm_params`, the latter winning; exact to the pico-dollar."""
    text = f"""
    model_list:
      - model_name: m
        litellm_params: {{model: openai/x, {KEY}, input_cost_per_token: 1e-6}}
        model_info: {{input_cost_per_token: 5, output_cost_per_token: 0.0000025}}
    """
    price = read(tmp_path, text).deployments[0].price
    assert price is not None
    assert (price.base.input, price.base.output) == (1_000_000, 2_500_000)
    assert price.source.startswith("config")


def test_timeouts_of_an_entry(tmp_path: Path) -> None:
    """`timeout` bounds the wait and the pauses, `stream_timeout` the wait for a stream's first token."""
    found = entry(tmp_path, f"{{model: openai/x, {KEY}, timeout: 20, stream_timeout: '7.5'}}").timeouts
    assert (found.first_byte, found.stream_first_byte, found.idle, found.total) == (20.0, 7.5, 20.0, 6000.0)


@pytest.mark.parametrize("key", ["api_base", "base_url"])
def test_metadata_addresses_are_refused(tmp_path: Path, key: str) -> None:
    """A key is never sent to a cloud's metadata service; private and loopback hosts are fine."""
    for host in ("169.254.169.254", "[fe80::1]", "metadata.google.internal", "[fd00:ec2::254]"):
        text = f"model_list:\n- model_name: m\n  litellm_params:\n    model: openai/x\n    {key}: 'http://{host}/v1'"
        (problem,) = problems(tmp_path, text)
        assert problem.line == 5
        assert "metadata" in problem.what
    assert entry(tmp_path, f"{{model: openai/x, {KEY}, {key}: 'http://10.0.0.5:8000/v1'}}").unavailable is None


def test_every_known_parameter_is_kept_out_of_the_request(tmp_path: Path) -> None:
    """Settings of the gateway never travel to a provider as request parameters."""
    for key in LITELLM_PARAMS.names:
        if key in {"model", "extra_body", "litellm_credential_name", "custom_llm_provider"} or "cost" in key:
            continue
        value = {"api_base": "https://a.example/v1", "base_url": "https://a.example/v1"}.get(key, "1")
        if key in {"extra_headers", "headers"}:
            value = "{a: b}"
        assert (
            dict(entry(tmp_path, f"{{model: openai/x, {key}: {value!r}}}".replace("'{a: b}'", "{a: b}")).defaults) == {}
        ), key


def test_token_exchange_is_not_sent_as_a_key(tmp_path: Path) -> None:
    """`oidc/...` in LiteLLM stands for a token that is fetched; as a key it would be nonsense to the provider."""
    found = entry(tmp_path, "{model: azure/x, azure_ad_token: oidc/azure/aud, api_base: 'https://a.example'}")
    assert found.target is None
    assert found.unavailable is not None
    assert "`azure_ad_token` asks for a token" in found.unavailable


def test_a_timeout_of_nothing_is_not_written(tmp_path: Path) -> None:
    """As in LiteLLM, where 0 falls through to the next setting."""
    found = entry(tmp_path, f"{{model: openai/x, {KEY}, timeout: 0}}", rest="router_settings: {timeout: 9}\n")
    assert found.timeouts.first_byte == 9.0


def test_parameters_to_leave_out(tmp_path: Path) -> None:
    """Names and LiteLLM's paths, of the entry and of all entries."""
    snapshot = read(
        tmp_path,
        "model_list:\n- model_name: m\n"
        f"  litellm_params: {{model: openai/x, {KEY}, additional_drop_params: [user, 'tools[*].strict']}}\n"
        "litellm_settings: {additional_drop_params: [seed]}",
    )
    assert snapshot.deployments[0].drop == {"user", "seed", "tools[*].strict"}
    assert snapshot.notes == ()


@pytest.mark.parametrize(
    ("settings", "params", "policy"),
    [
        ("{}", "", Policy()),
        ("{drop_params: true, modify_params: true}", "", Policy(drop_params=True, modify_params=True)),
        ("{drop_params: true}", ", drop_params: false", Policy(drop_params=False)),
        ("{drop_params: false}", "", Policy(drop_params=False)),
        (
            "{}",
            ", modify_params: true, allowed_openai_params: [seed]",
            Policy(modify_params=True, allowed=frozenset({"seed"})),
        ),
    ],
)
def test_what_becomes_of_parameters_that_a_model_lacks(
    tmp_path: Path, settings: str, params: str, policy: Policy
) -> None:
    """The entry's word wins; `false` written out is not the same as nothing written."""
    found = entry(tmp_path, f"{{model: openai/x, {KEY}{params}}}", rest=f"litellm_settings: {settings}\n")
    assert found.policy == policy


def test_drop_params_leaves_out_what_the_model_is_known_to_refuse(tmp_path: Path) -> None:
    """By its own name or the model that it stands for; what is allowed stays."""
    params = f"{{model: openai/o3, {KEY}, drop_params: true, allowed_openai_params: [temperature]}}"
    drop = entry(tmp_path, params).drop
    assert {"top_p", "stop", "parallel_tool_calls"} <= drop
    assert "temperature" not in drop
    assert entry(tmp_path, f"{{model: openai/o3, {KEY}}}").drop == frozenset()
    text = f"""
    model_list:
    - model_name: m
      litellm_params: {{model: openai/mine, {KEY}, drop_params: true}}
      model_info: {{base_model: o3}}
    """
    assert "temperature" in read(tmp_path, text).deployments[0].drop


def test_long_model_names_are_shown(tmp_path: Path) -> None:
    """A version hash in a model's name is no credential; a key in its place is, and is refused unshown."""
    name = "custom_openai/owner/model:" + "5c7d5dc6" * 8
    params = f"{{model: '{name}', api_base: 'http://127.0.0.1:1/v1'}}"
    assert entry(tmp_path, params).public_params["model"] == name
    (problem,) = problems(tmp_path, "model_list: [{model_name: m, litellm_params: {model: sk-0123456789abcdef}}]")
    assert "looks like a credential" in problem.what
    assert "0123456789" not in str(problem)


def test_a_key_that_yaml_takes_for_a_number_is_still_the_key(tmp_path: Path) -> None:
    """It is sent as written, not silently replaced by the key of the environment; a list is a mistake."""
    found = entry(tmp_path, "{model: openai/x, api_key: 123456789012}", {"OPENAI_API_KEY": "sk-environment-key"})
    assert found.target is not None
    assert [v.reveal() for _, v in found.target.headers if not isinstance(v, str)] == ["Bearer 123456789012"]
    text = "model_list: [{model_name: m, litellm_params: {model: openai/x, api_key: [a]}}]"
    (problem,) = problems(tmp_path, text, {"OPENAI_API_KEY": "sk-environment-key"})
    assert "`litellm_params.api_key` is a list" in problem.what


def test_an_unset_organization_is_left_out(tmp_path: Path) -> None:
    """The call still goes to the right place with the right key; a note says what is missing."""
    snapshot = read(
        tmp_path,
        f"model_list: [{{model_name: m, litellm_params: {{model: openai/x, {KEY}, organization: os.environ/GONE}}}}]",
    )
    assert snapshot.deployments[0].unavailable is None
    assert notes(snapshot, "warning") == ["`litellm_params.organization` is left out: `GONE` is not set"]
