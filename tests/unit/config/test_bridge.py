"""An entry that LiteLLM's SDK serves: its parameters are the SDK's, and none of them is shown."""

from __future__ import annotations

from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from tests.unit.config.written import entry, notes, read
from trunkline.providers import bridge
from trunkline.telemetry.redact import known_secrets

CANARY = "canary-2c9e50b1"


@pytest.fixture(autouse=True)
def with_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is there."""
    monkeypatch.setattr(bridge, "find_spec", lambda name: ModuleSpec(name, None, origin="x/litellm/__init__.py"))


def _far(params: str) -> str:
    return f"model_list:\n  - model_name: far\n    litellm_params: {{model: gigachat/GigaChat-2-Max, {params}}}\n"


def test_the_start_says_who_serves_it(tmp_path: Path) -> None:
    """One warning that names the entry and the SDK, and none that it is unavailable."""
    snapshot = read(tmp_path, _far("api_key: k-0123456789"))
    assert snapshot.deployments[0].unavailable is None
    (said,) = notes(snapshot, "warning")
    assert "`far`" in said
    assert "LiteLLM's SDK" in said


def test_parameters_that_only_the_sdk_knows_are_its_own(tmp_path: Path) -> None:
    """They are not called unknown or without effect, are not sent as request parameters, and are masked where shown."""
    snapshot = read(tmp_path, _far(f"scope: {CANARY}, giga_secret: s{CANARY}, s3_bucket: x, extra_body: {{a: 1}}"))
    deployment = snapshot.deployments[0]
    assert notes(snapshot, "unknown-key") == []
    assert notes(snapshot, "unimplemented") == []
    assert deployment.defaults == {}
    assert deployment.public_params["scope"] == "***"
    assert CANARY not in repr(deployment)
    assert f"s{CANARY}" in known_secrets(snapshot)


def test_a_variable_that_is_not_set_is_named(tmp_path: Path) -> None:
    """A parameter unknown here that refers to a missing variable makes the entry unavailable, as a key would."""
    deployment = entry(tmp_path, "{model: gigachat/m, scope: os.environ/NO_SUCH_SCOPE}")
    assert deployment.target is None
    assert "`NO_SUCH_SCOPE`" in (deployment.unavailable or "")
