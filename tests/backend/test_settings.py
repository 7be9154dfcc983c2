"""Settings: of the process, documented one by one, and of each person."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from backend.app import openapi, reference
from backend.app.core.ids import new_id
from backend.app.core.settings import Settings, load

ROOT = Path(__file__).resolve().parents[2]


def test_every_setting_is_in_the_guide() -> None:
    """The list of docs/guides/app.md is the one that the settings make."""
    guide = (ROOT / "docs/guides/app.md").read_text()
    assert reference.settings_list() in guide
    assert len(Settings.model_fields) == len(re.findall(r"^- `[A-Z_]+`", guide, re.MULTILINE))


def test_the_contract_of_the_front_end_is_this_one() -> None:
    """frontend/openapi.json is what `python -m backend.app.openapi` prints, and it prints the same each time."""
    assert openapi.text() == openapi.text() == (ROOT / "frontend/openapi.json").read_text()


def test_the_reference_of_the_api_is_this_one() -> None:
    """docs/reference/app-api.md is what `python -m backend.app.reference` prints."""
    assert reference.page() == (ROOT / "docs/reference/app-api.md").read_text()


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`MODEL` from the environment, else from `.env`; an empty variable counts as none."""
    file = tmp_path / ".env"
    file.write_text("MODEL=from-file\nAPP_MAX_FILE_MB=7\n")
    monkeypatch.setenv("TRUNKLINE_ENV_FILE", str(file))
    monkeypatch.setenv("MODEL", "")
    assert (load().model, load().app_max_file_mb) == ("from-file", 7)
    monkeypatch.setenv("MODEL", "from-environment")
    assert load().model == "from-environment"
    monkeypatch.setenv("LITELLM_MODE", "PRODUCTION")
    assert load().app_max_file_mb == 20


def test_the_gateways_database_is_not_taken_for_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`DATABASE_URL` in `.env` is the gateway's; in the environment it is ours; `APP_DATABASE_URL` wins everywhere."""
    file = tmp_path / ".env"
    monkeypatch.setenv("TRUNKLINE_ENV_FILE", str(file))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    file.write_text("DATABASE_URL=postgresql://h/litellm\n")
    assert load(trunkline_data=tmp_path).place.path == tmp_path / "app.db"
    file.write_text("DATABASE_URL=postgresql://h/litellm\nAPP_DATABASE_URL=postgresql://h/mine\n")
    assert load().place.dsn == "postgresql://h/mine"
    file.write_text("")
    monkeypatch.setenv("DATABASE_URL", "postgresql://h/app")
    assert load().place.dsn == "postgresql://h/app"


async def test_a_persons_settings_change_one_by_one(client: httpx.AsyncClient) -> None:
    """What is not sent stays; null gives the server's default model back."""
    before = (await client.get("/api/settings")).json()
    assert before["default_model"] == "fake-model"
    assert before["task_models"]["greeting"] == "gpt-3.5-turbo"
    prompt = {"id": new_id(), "title": "T", "text": "t\0", "pinned": True}
    for body in ({"default_model": "mine"}, {"prompts": [prompt], "zone": "Europe/Berlin"}, {"send_key": "mod_enter"}):
        after = (await client.put("/api/settings", json=body)).json()
        assert after == {**before, **body}
        before = after
    assert (await client.get("/api/settings")).json() == before
    assert (await client.put("/api/settings", json={"default_model": None})).json()["default_model"] == "fake-model"


@pytest.mark.parametrize(
    "body", [{"zone": "Mars/Base"}, {"send_key": "tab"}, {"prompts": None}, {"colour": "red"}, {"pinned_models": [""]}]
)
async def test_settings_that_mean_nothing_are_refused(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    """The answer is 422, and nothing was changed."""
    before = (await client.get("/api/settings")).json()
    assert (await client.put("/api/settings", json=body)).status_code == 422
    assert (await client.get("/api/settings")).json() == before
