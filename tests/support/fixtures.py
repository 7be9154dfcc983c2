"""Fixtures of the fault tests, imported by `tests/conftest.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.gateway import Gateway, GatewayConfig, standard_models
from tests.support.provider import FakeProvider
from tests.support.trial import Trial

MakeGateway = Callable[..., Gateway]


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeProvider]:
    """The fake provider, one process for the whole run."""
    with FakeProvider(tmp_path_factory.mktemp("provider")) as running:
        yield running


@pytest.fixture(scope="session")
def shared_gateway(provider: FakeProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One worker with short limits, for all tests that need nothing else."""
    config = GatewayConfig(models=standard_models(provider), environment={"SSL_CERT_FILE": provider.ports.ca_file})
    with Gateway(tmp_path_factory.mktemp("gateway"), config) as running:
        yield running


@pytest.fixture
def trial(provider: FakeProvider, shared_gateway: Gateway) -> Iterator[Trial]:
    """Calls through the shared gateway; the books must agree at the end."""
    running = Trial(provider, shared_gateway)
    yield running
    running.reckon()


@pytest.fixture
def make_gateway(provider: FakeProvider, tmp_path: Path) -> Iterator[MakeGateway]:
    """Start a gateway of one's own: `make_gateway(trunkline={"idle_timeout": 1}, workers=2)`."""
    started: list[Gateway] = []

    def make(**settings: object) -> Gateway:
        settings.setdefault("models", standard_models(provider))
        folder = tmp_path / f"gateway-{len(started)}"
        folder.mkdir()
        gateway = Gateway(folder, GatewayConfig(**settings))  # type: ignore[arg-type]  # the test writes the field's type
        started.append(gateway)
        return gateway

    yield make
    for gateway in started:
        gateway.kill()
