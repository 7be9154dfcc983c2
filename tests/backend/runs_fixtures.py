"""Fixtures of the tests of runs: a gateway before the fake provider, and the application on either database."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import httpx
import pytest

from tests.backend.app_fixtures import new_database
from tests.backend.runs_support import App, app_before
from tests.support.gateway import Gateway, GatewayConfig, model, standard_models
from tests.support.provider import FakeProvider

LONG: dict[str, float] = {"first_byte_timeout": 20.0, "idle_timeout": 20.0}
"""Answers that wait for the test to do something."""


@pytest.fixture(scope="session")
def runs_gateway(provider: FakeProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that is patient and does not retry, with a model whose key is missing."""
    models = standard_models(provider)
    for entry in models:
        entry["litellm_params"] = {**entry["litellm_params"], "max_retries": 0}  # type: ignore[dict-item]  # it is a dict
    models.append(
        {"model_name": "keyless", "litellm_params": {"model": "mistral/m", "api_key": "os.environ/NO_SUCH_API_KEY"}}
    )
    text_only = model("text-only", "plain", provider.base_url)
    text_only["model_info"] = {"supports_vision": False, "supports_pdf_input": False, "max_input_tokens": 1000}
    models.append(text_only)
    config = GatewayConfig(
        models=models, trunkline=dict(LONG), router={"num_retries": 0}, litellm={"request_timeout": 60}
    )
    with Gateway(tmp_path_factory.mktemp("runs-gateway"), config) as running:
        yield running


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> dict[str, str]:
    """Variables that choose the database."""
    if request.param == "sqlite":
        return {}
    return {"APP_DATABASE_URL": new_database(request.getfixturevalue("app_postgres"))}


@pytest.fixture(scope="session")
def app(runs_gateway: Gateway, database: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The application, one for all tests of a database."""
    with app_before(runs_gateway, tmp_path_factory.mktemp("app"), **database) as running:
        yield running


@pytest.fixture
def client(app: App) -> Iterator[httpx.Client]:
    """A client of it."""
    with app.client() as running:
        yield running


@pytest.fixture
def mark() -> str:
    """A mark of one's own for the provider's ledger."""
    return secrets.token_hex(6)
