"""Which programs `trunkline up` starts, where they listen, and what they are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from trunkline.cli import services
from trunkline.cli.greeting import key_in_config
from trunkline.cli.options import ServeOptions, quick_serve, serve_options
from trunkline.cli.services import AppOptions


def test_the_gateway_is_started_with_the_same_options(tmp_path: Path) -> None:
    """What `up` was asked reaches `serve` unchanged."""
    options = ServeOptions(config=tmp_path / "c.yaml", host="0.0.0.0", port=4001, workers=2)
    gateway = services.gateway(options)
    (tmp_path / "c.yaml").write_text("")
    raw = quick_serve(gateway.command[4:])
    assert raw is not None
    assert serve_options(raw, {}) == options
    assert gateway.url == "http://127.0.0.1:4001"


def test_the_application_is_told_where_the_gateway_is() -> None:
    """It calls the gateway of the same command, also when that listens on every address, and says both its addresses."""
    options = ServeOptions(config=Path("c.yaml"), host="::", port=4001)
    gateway, app = services.services(options, AppOptions(port=8001, web_port=3001), key="sk-in-the-config")
    assert app.variables == {"LITELLM_BASE_URL": gateway.url, "LITELLM_API_KEY": "sk-in-the-config"}
    assert app.hidden == {"DATABASE_URL"}  # the gateway's own
    assert gateway.url == "http://[::1]:4001"
    assert app.addresses == {"api": "http://127.0.0.1:8001", "frontend": "http://127.0.0.1:3001"}
    assert app.command[-6:] == ("--host", "127.0.0.1", "--port", "8001", "--web-port", "3001")


def test_without_its_source_there_is_no_application(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed wheel has the gateway only."""
    assert services.exists()
    monkeypatch.setattr(services, "exists", lambda: False)
    options = ServeOptions(config=tmp_path / "c.yaml")
    assert [row.name for row in services.services(options, AppOptions(), None)] == ["gateway"]


@pytest.mark.parametrize(
    ("config", "variable", "told"),
    [
        ("general_settings: {master_key: sk-file}", None, "sk-file"),
        ("general_settings: {master_key: sk-file}", "sk-file", None),
        ("general_settings: {}", "sk-env", None),
        ("general_settings: {}", None, None),
        ("general_settings: [", None, None),
    ],
)
def test_only_a_key_that_the_environment_lacks_is_handed_on(
    config: str, variable: str | None, told: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key of the environment is left to the application, which then sees when it changes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LITELLM_MASTER_KEY", raising=False)
    if variable is not None:
        monkeypatch.setenv("LITELLM_MASTER_KEY", variable)
    path = tmp_path / "config.yaml"
    path.write_text(f"model_list: []\n{config}\n")
    assert key_in_config(path) == told
