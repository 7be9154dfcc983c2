"""Clients of the admin API, in process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.unit.admin.fakes import FakeGateway
from trunkline.admin.app import create_app


@pytest.fixture
def gateway(tmp_path: Path) -> FakeGateway:
    """A worker with an empty data folder."""
    return FakeGateway(tmp_path)


@pytest.fixture
async def client(gateway: FakeGateway) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a key."""
    transport = httpx.ASGITransport(app=create_app(gateway))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as made:
        yield made
