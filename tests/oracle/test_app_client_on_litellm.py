"""The application's client against the published LiteLLM proxy: the cases of `tests/backend/test_litellm_client.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from tests.backend.litellm_client_cases import CASES, Case, Rig, config
from tests.oracle.proxy import PYTHON, LiteLLM
from tests.support.gateway import Gateway
from tests.support.provider import FakeProvider

pytestmark = [
    pytest.mark.clients,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not PYTHON.exists(), reason="LiteLLM is not installed: `make test-clients`"),
]

LITELLM_DOES_NOT: Final = {
    "cancelling_a_call_stops_the_provider": "the proxy lets the provider finish an answer that is not streamed",
}
"""Case -> why it cannot hold there, whatever the client does. The day it holds, the suite fails and the row goes."""


@pytest.fixture(scope="module")
def rig(provider: FakeProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """LiteLLM's proxy, from the very file that a gateway of this checkout was started with."""
    folder = tmp_path_factory.mktemp("client")
    with Gateway(folder, config(provider)) as gateway, LiteLLM(folder, gateway) as proxy:
        yield Rig(f"http://127.0.0.1:{proxy.port}", proxy.master_key, provider)


def _marks(name: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.xfail(reason=LITELLM_DOES_NOT[name])] if name in LITELLM_DOES_NOT else []


@pytest.mark.parametrize("case", [pytest.param(case, id=name, marks=_marks(name)) for name, case in CASES.items()])
async def test_client_on_litellm(case: Case, rig: Rig) -> None:
    """Each case holds at LiteLLM's proxy."""
    await case(rig)
