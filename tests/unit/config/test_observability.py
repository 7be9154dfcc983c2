"""Callbacks, alerts and the watch on spending, as they are written."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.unit.config.written import MODEL, notes, problems, read
from trunkline.telemetry.redact import known_secrets

GUIDE = """
litellm_settings:
  success_callback: ["langfuse", "prometheus"]
  failure_callback: ["sentry"]

environment_variables:
  LANGFUSE_PUBLIC_KEY: ${LANGFUSE_PUBLIC_KEY}
  LANGFUSE_SECRET_KEY: ${LANGFUSE_SECRET_KEY}
  SENTRY_DSN: ${SENTRY_DSN}
"""
"""The guide's last block."""
VARIABLES = {
    "LANGFUSE_PUBLIC_KEY": "pk-lf-0123456789",
    "LANGFUSE_SECRET_KEY": "sk-lf-0123456789",
    "SENTRY_DSN": "https://0123456789abcdef@sentry.example.com/7",
}


def test_the_guides_block_switches_both_on(tmp_path: Path) -> None:
    """With its three variables set there is nothing to note, and every credential is known to the redactor."""
    snapshot = read(tmp_path, GUIDE + MODEL, VARIABLES)
    found = snapshot.observability
    assert (found.success, found.failure) == (("langfuse",), ("sentry",))
    assert found.langfuse_url == "https://cloud.langfuse.com"
    assert snapshot.notes == ()
    assert {VARIABLES["LANGFUSE_SECRET_KEY"], VARIABLES["SENTRY_DSN"]} <= known_secrets(snapshot)
    assert VARIABLES["LANGFUSE_SECRET_KEY"] not in repr(found)
    assert VARIABLES["SENTRY_DSN"] not in repr(found)


@pytest.mark.parametrize("missing", sorted(VARIABLES))
def test_a_missing_variable_turns_its_callback_off_alone(tmp_path: Path, missing: str) -> None:
    """One note says which variable and which callback; the other callback stays on."""
    found = read(tmp_path, GUIDE + MODEL, {name: value for name, value in VARIABLES.items() if name != missing})
    name = "sentry" if missing == "SENTRY_DSN" else "langfuse"
    assert notes(found, "warning") == [
        f"the callback `{name}` is off: `{missing}` is not set; set it in `.env` or the environment"
    ]
    assert found.observability.callbacks == tuple({"langfuse", "sentry"} - {name})


def test_a_missing_package_is_named_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its SDK a callback is off, and the note is the line to type."""
    monkeypatch.setattr(
        "trunkline.config.observability.find_spec", lambda name: None if name == "langfuse" else find_spec(name)
    )
    found = read(tmp_path, GUIDE + MODEL, VARIABLES)
    assert notes(found, "warning") == [
        "the callback `langfuse` is off: its SDK is not installed; `pip install 'trunkline[langfuse]'`"
    ]
    assert found.observability.callbacks == ("sentry",)


def test_callbacks_is_both(tmp_path: Path) -> None:
    """`callbacks` adds to both lists; a name that stands twice is called once."""
    text = "litellm_settings: {callbacks: [sentry], failure_callback: sentry}\n"
    found = read(tmp_path, text + MODEL, VARIABLES).observability
    assert (found.success, found.failure, found.callbacks) == (("sentry",), ("sentry",), ("sentry",))


@pytest.mark.parametrize("name", ["LANGFUSE_BASE_URL", "LANGFUSE_HOST"])
def test_langfuse_may_be_elsewhere(tmp_path: Path, name: str) -> None:
    """Both names of the address are read."""
    variables = VARIABLES | {name: "https://langfuse.example.com/"}
    assert read(tmp_path, GUIDE + MODEL, variables).observability.langfuse_url == "https://langfuse.example.com"


def test_other_callbacks_are_named(tmp_path: Path) -> None:
    """A callback of LiteLLM's that is not here is a note, not an error; `prometheus` is accepted everywhere."""
    text = "litellm_settings: {success_callback: [datadog, prometheus], service_callback: [prometheus]}\n"
    assert notes(read(tmp_path, text + MODEL), "unimplemented") == [
        "`litellm_settings.success_callback`: the callback `datadog` is not implemented by this version"
    ]


def test_a_dsn_that_is_none_is_said(tmp_path: Path) -> None:
    """Sentry's SDK would fail on it; the note shows how one looks and not what was written."""
    found = read(tmp_path, GUIDE + MODEL, VARIABLES | {"SENTRY_DSN": "sk-not-a-dsn-0123456789"})
    (text,) = notes(found, "warning")
    assert text.startswith("the callback `sentry` is off: `SENTRY_DSN` is no DSN")
    assert "sk-not-a-dsn" not in text


def test_alerts_need_their_address(tmp_path: Path) -> None:
    """`alerting` with its variable is on; without it, or under a name that is not here, it is noted."""
    text = "general_settings: {alerting: [slack, webhook, email]}\n"
    found = read(tmp_path, text + MODEL, {"WEBHOOK_URL": "https://example.com/a-secret-path"})
    assert found.observability.alerting == ("webhook",)
    assert notes(found, "warning") == ["alerts to `slack` are off: `SLACK_WEBHOOK_URL` is not set"]
    assert notes(found, "unimplemented") == ["`general_settings.alerting`: `email` is not implemented by this version"]
    assert "https://example.com/a-secret-path" in known_secrets(found)


def test_the_watch_is_on_and_can_be_set(tmp_path: Path) -> None:
    """On by itself; each number is read, and one that makes no sense is a problem."""
    base = read(tmp_path, MODEL).observability
    assert (base.anomalies, base.anomaly_sensitivity, base.anomaly_floor_usd, base.anomaly_interval_seconds) == (
        True, 4.0, 1.0, 60.0,
    )  # fmt: skip
    own = "anomaly_detection: false, anomaly_sensitivity: 6, anomaly_floor_usd: 0.5, anomaly_interval_seconds: 10"
    found = read(tmp_path, f"general_settings: {{trunkline: {{{own}}}}}\n" + MODEL).observability
    assert (found.anomalies, found.anomaly_sensitivity, found.anomaly_floor_usd, found.anomaly_interval_seconds) == (
        False, 6.0, 0.5, 10.0,
    )  # fmt: skip
    assert problems(tmp_path, "general_settings: {trunkline: {anomaly_sensitivity: 0.1}}\n" + MODEL)
