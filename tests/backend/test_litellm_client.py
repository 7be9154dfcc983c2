"""`LiteLLMClient` against this gateway; `tests/oracle/test_app_client_on_litellm.py` runs the same cases on LiteLLM's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.backend.litellm_client_cases import CASES, Case, Rig, config, said
from tests.support.gateway import Gateway
from tests.support.provider import FakeProvider


@pytest.fixture(scope="module")
def rig(provider: FakeProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A gateway of this checkout for all cases."""
    with Gateway(tmp_path_factory.mktemp("client"), config(provider)) as gateway:
        yield Rig(gateway.base_url, gateway.master_key, provider)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_client_on_this_gateway(case: Case, rig: Rig) -> None:
    """Each case holds at Trunkline."""
    await case(rig)


async def test_money_is_exact_here(rig: Rig) -> None:
    """At Trunkline the cost in text is the ledger's, to the last digit; twelve tokens are $0.000017."""
    async with rig.client() as client:
        response = await client.chat_completion(said(), "plain")
    assert response["usage"]["total_tokens"] == 12
    assert response["cost_usd"] == "0.000017"
