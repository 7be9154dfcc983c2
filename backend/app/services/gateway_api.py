"""What the application asks of the gateway beside completions: its models, its health, its ledger, its helpers.

Works on LiteLLM's proxy too: what that does not have is `None`. `GET /health` is asked of this gateway only, because
LiteLLM answers it by calling every model.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from backend.app.services.gateway.environment import Environment
from backend.app.services.gateway.errors import GatewayDown

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS: Final = 2.0
READ_SECONDS: Final = 8.0
Row = dict[str, Any]


class NoLedger(Exception):
    """This gateway keeps no rows that can be asked for: LiteLLM without a database."""


class GatewayApi:
    """Connections to the gateway for small questions; belongs to one event loop."""

    def __init__(self, environment: Environment) -> None:
        self._environment: Final = environment
        self._http: httpx.AsyncClient | None = None

    @property
    def url(self) -> str:
        """Where the gateway is."""
        return self._environment.address.base_url

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def _client(self) -> httpx.AsyncClient:
        if self._http is None:
            made = await asyncio.to_thread(_make)
            if self._http is None:
                self._http = made
        return self._http

    async def _ask(self, method: str, path: str, *, params: Any = None, body: Any = None) -> httpx.Response:
        """Raises `GatewayDown`."""
        import httpx

        address = self._environment.address  # the key may have changed since the last question
        client = await self._client()
        try:
            return await client.request(
                method, address.base_url + path, params=params, json=body,
                headers={"authorization": f"Bearer {address.key}"},
            )  # fmt: skip
        except httpx.HTTPError as error:
            raise GatewayDown(address.base_url, str(error) or type(error).__name__) from None

    async def models(self) -> list[Row]:
        """The rows of `GET /model/info`. Raises `GatewayDown`, also where the gateway refuses."""
        answer = await self._ask("GET", "/model/info")
        found = _json(answer)
        if answer.status_code != 200 or not isinstance(found, Mapping) or not isinstance(found.get("data"), list):
            raise GatewayDown(self.url, f"it answered {answer.status_code} to /model/info")
        return [row for row in found["data"] if isinstance(row, dict)]

    async def health(self) -> Mapping[str, Any]:
        """What calls to each deployment did; empty where it is not said. Makes no call. Raises `GatewayDown`."""
        answer = await self._ask("GET", "/health")
        found = _json(answer)
        return found if answer.status_code == 200 and isinstance(found, Mapping) else {}

    async def ledger_row(self, call_id: str) -> Row | None:
        """The row of a call; `None`: not there yet. Raises `GatewayDown`, `NoLedger`."""
        answer = await self._ask("GET", "/spend/logs", params={"request_id": call_id})
        if answer.status_code in {400, 404, 405, 500, 501}:
            raise NoLedger
        found = _json(answer)
        if answer.status_code != 200 or not isinstance(found, list):
            return None
        # LiteLLM answers with an empty object, or with null in the list, where there is no such row.
        return next((row for row in found if isinstance(row, dict) and row.get("request_id") == call_id), None)

    async def count_tokens(self, model: str, messages: Sequence[Mapping[str, Any]]) -> int | None:
        """The gateway's count; `None` where it cannot say. Raises `GatewayDown`."""
        body = {"model": model, "messages": list(messages)}
        answer = await self._ask("POST", "/utils/token_counter", body=body)
        found = _json(answer)
        total = found.get("total_tokens") if answer.status_code == 200 and isinstance(found, Mapping) else None
        return total if isinstance(total, int) else None

    async def translation(self, body: Mapping[str, Any]) -> tuple[list[str], str | None]:
        """(what would be left out of this request, why it would be refused). Raises `GatewayDown`."""
        asked = {"call_type": "completion", "request_body": dict(body)}
        answer = await self._ask("POST", "/utils/transform_request", body=asked)
        found = _json(answer)
        if not isinstance(found, Mapping):
            return [], None
        losses = found.get("losses")
        if answer.status_code == 200:
            return ([str(loss) for loss in losses] if isinstance(losses, list) else []), None
        error = found.get("error")
        refused = error.get("message") if answer.status_code == 400 and isinstance(error, Mapping) else None
        return [], refused if isinstance(refused, str) else None


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _make() -> httpx.AsyncClient:
    import httpx

    limits = httpx.Limits(max_connections=20, max_keepalive_connections=5)
    return httpx.AsyncClient(
        timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS), limits=limits, trust_env=False
    )
