"""Providers without a row: unavailable without the extra `litellm`, with it reached through the SDK."""

from __future__ import annotations

import base64
import json
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import pytest

from trunkline.ir import Endpoint, Secret
from trunkline.providers import Target, bridge, resolve
from trunkline.providers.rows_absent import ABSENT

STAND_IN = Path(__file__).resolve().parents[2] / "support" / "bridge" / "litellm" / "__init__.py"
KEY = "sk-canary-41c7a0"


@pytest.fixture
def with_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is there."""

    def find_spec(name: str) -> ModuleSpec:
        assert name == "litellm"
        return ModuleSpec(name, None, origin=str(STAND_IN), is_package=True)

    monkeypatch.setattr(bridge, "find_spec", find_spec)


@pytest.fixture
def without_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is not there."""

    def find_spec(name: str) -> None:
        assert name == "litellm"

    monkeypatch.setattr(bridge, "find_spec", find_spec)


def _target(**params: object) -> Target:
    resolved = resolve(params, {})
    assert resolved.target is not None, resolved.unavailable
    return resolved.target


def _told(target: Target) -> dict[str, Any]:
    value = dict(target.headers)[bridge.HEADER]
    assert isinstance(value, Secret)
    told: dict[str, Any] = json.loads(base64.b64decode(value.reveal()))
    return told


BRIDGED = [absent.prefixes[0] for absent in ABSENT if absent.bridge]
NOT_BRIDGED = [absent.prefixes[0] for absent in ABSENT if not absent.bridge]


@pytest.mark.usefixtures("without_sdk")
@pytest.mark.parametrize("prefix", BRIDGED)
def test_without_the_extra_the_reason_names_it(prefix: str) -> None:
    """A provider that the SDK reaches is unavailable without it, and the reason says what to install."""
    resolved = resolve({"model": f"{prefix}/m", "api_key": KEY}, {})
    assert resolved.target is None
    assert "`pip install 'trunkline[litellm]'`" in (resolved.unavailable or "")


@pytest.mark.usefixtures("with_sdk")
@pytest.mark.parametrize("prefix", BRIDGED)
def test_with_the_extra_it_is_reached_and_says_so(prefix: str) -> None:
    """With it the deployment has the SDK's process for a target, and a note that tells the operator."""
    resolved = resolve({"model": f"{prefix}/m", "api_key": KEY}, {})
    assert resolved.unavailable is None
    assert resolved.notes == (bridge.NOTE,)
    assert resolved.target is not None
    assert (resolved.target.bridge, resolved.target.embedded) == ("litellm", True)
    assert set(resolved.target.paths) == {Endpoint.CHAT, Endpoint.COMPLETIONS, Endpoint.EMBEDDINGS}
    assert (resolved.provider, resolved.model) == (prefix, "m")


@pytest.mark.usefixtures("with_sdk")
@pytest.mark.parametrize("prefix", NOT_BRIDGED)
def test_what_the_sdk_cannot_serve_stays_unavailable(prefix: str) -> None:
    """Image hosts, logins by hand and closed hosts are refused with the extra too, and it is not recommended."""
    reason = resolve({"model": f"{prefix}/m", "api_key": KEY}, {}).unavailable or ""
    assert f"`{prefix}` is not reached by this version yet" in reason
    assert "pip install" not in reason


@pytest.mark.usefixtures("with_sdk")
def test_a_prefix_that_only_the_sdk_knows() -> None:
    """A member of the SDK's own list is taken as a provider, written as prefix or as `custom_llm_provider`."""
    assert _told(_target(model="nobodys_host/a/b"))["provider"] == "nobodys_host"
    assert resolve({"model": "nobodys_host/a/b"}, {}).model == "a/b"
    assert resolve({"model": "m", "custom_llm_provider": "nobodys_host"}, {}).provider == "nobodys_host"


@pytest.mark.usefixtures("with_sdk")
@pytest.mark.parametrize("prefix", ["elsewhere", "langfuse", "opnai"])
def test_what_is_no_host_of_models_is_no_provider(prefix: str) -> None:
    """Members of other lists, stores of prompts and misspelt names are refused as before."""
    assert "is no provider this version knows" in (resolve({"model": f"{prefix}/m"}, {}).unavailable or "")


@pytest.mark.usefixtures("without_sdk")
def test_an_unknown_prefix_without_the_extra_hears_of_it() -> None:
    """Whether the SDK knows the name cannot be told without it; that it may is said."""
    assert "trunkline[litellm]" in (resolve({"model": "nobodys_host/m"}, {}).unavailable or "")


@pytest.mark.usefixtures("with_sdk")
def test_the_sdk_is_told_what_belongs_to_the_host_only() -> None:
    """Key, address and the provider's own parameters go along; limits, prices and shares of the gateway do not."""
    target = _target(
        model="sagemaker/m", api_key=KEY, api_base="https://h.example", aws_region_name="eu-west-1", scope="x",
        timeout=3, num_retries=4, rpm=5, order=1, input_cost_per_token=1e-6, drop_params=True, tags=["a"],
    )  # fmt: skip
    assert _told(target) == {
        "provider": "sagemaker",
        "params": {"api_key": KEY, "api_base": "https://h.example", "aws_region_name": "eu-west-1", "scope": "x"},
    }


@pytest.mark.usefixtures("with_sdk")
def test_credentials_are_known_as_such_and_never_printed() -> None:
    """Each credential, at any depth, is among the target's secrets; printing the target shows none of them."""
    target = _target(
        model="sagemaker/m", api_key=KEY, aws_secret_access_key="aws-canary", region="eu-west-1",
        extra_headers={"x-who": "header-canary"}, extra={"client_secret": ["deep-canary"]},
    )  # fmt: skip
    secrets = {secret.reveal() for secret in target.secrets}
    assert secrets == {KEY, "aws-canary", "header-canary", "deep-canary"}
    assert not any(secret in repr(target) for secret in secrets)


@pytest.mark.usefixtures("with_sdk")
def test_a_placeholder_is_no_key() -> None:
    """A key that was never filled in makes the deployment unavailable, as with any other provider."""
    assert "placeholder" in (resolve({"model": "sagemaker/m", "api_key": "sk-..."}, {}).unavailable or "")


@pytest.mark.usefixtures("with_sdk")
def test_a_provider_with_a_row_is_not_bridged() -> None:
    """The extra takes nothing over that the gateway reaches itself."""
    assert _target(model="openai/gpt-4.1", api_key=KEY).bridge == ""
