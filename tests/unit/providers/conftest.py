"""What the tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.providers.token_server import TokenServer, token_server
from trunkline.providers import bridge, google_credentials


@pytest.fixture
def tokens() -> Iterator[TokenServer]:
    """A token service."""
    with token_server() as server:
        yield server


@pytest.fixture(autouse=True)
def without_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is installed where the tests run, LiteLLM's SDK is not."""
    monkeypatch.setattr(bridge, "find_spec", lambda _: None)


@pytest.fixture(autouse=True)
def not_on_google(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Wherever the tests run, the machine is none of Google's."""
    monkeypatch.setattr(google_credentials, "PRODUCT_NAME", tmp_path / "product_name")
