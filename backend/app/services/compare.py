"""The same question to several models at once, for programs: nothing is stored in the application."""

from __future__ import annotations

from typing import Any

from backend.app.api.schemas.compare import CompareReport, CompareRequest, CompareResult
from backend.app.api.schemas.messages import Receipt, Timing, Usage
from backend.app.core.identity import Identity
from backend.app.services import runs_failures
from backend.app.services.catalogue_watch import Catalogue
from backend.app.services.gateway.types import ChatResponse
from backend.app.services.gateway.types import CompareResult as Found
from backend.app.services.litellm_client import LiteLLMClient
from backend.app.services.receipts import dollars_to_nano, estimated_tokens


async def compare(
    client: LiteLLMClient, catalogue: Catalogue, user: Identity, request: CompareRequest
) -> CompareReport:
    """Ask all; a model that fails has its error in its place. The same model twice is asked once."""
    messages: list[dict[str, Any]] = (
        [{"role": "user", "content": request.prompt}]
        if request.messages is None
        else [message.model_dump() for message in request.messages]
    )
    params = {} if request.params is None else request.params.model_dump(exclude_none=True)
    found = await client.compare(messages, request.models, user=user.id, **params)
    tokens = sum(estimated_tokens(str(message["content"])) for message in messages)
    return CompareReport(results=[_result(model, found[model], catalogue, tokens) for model in request.models])


def _result(model: str, found: Found, catalogue: Catalogue, tokens: int) -> CompareResult:
    error, response = found["error"], found["response"]
    if error is not None:
        around = runs_failures.Around(
            model=model, known=catalogue.find(model), models=catalogue.known, tokens=tokens,
            gateway_down_since=catalogue.down_since,
        )  # fmt: skip
        return CompareResult(model=model, content=None, error=runs_failures.explain(error, around), receipt=None)
    assert response is not None
    return CompareResult(model=model, content=response["content"], error=None, receipt=_receipt(model, response))


def _receipt(model: str, response: ChatResponse) -> Receipt:
    """The gateway states the cost of a whole answer, exactly: it is the one that its ledger has."""
    usage, cost = response["usage"], response["cost_usd"]
    return Receipt(
        usage=Usage(
            input=usage["prompt_tokens"], output=usage["completion_tokens"], cached=usage["cached_tokens"],
            reasoning=usage["reasoning_tokens"], total=usage["total_tokens"],
        ),
        cost_nano=None if cost is None else dollars_to_nano(cost),
        settled=cost is not None,
        estimated=False,
        timing=Timing(total_ms=round(response["latency_ms"], 1)),
        call_id=response["call_id"],
        model=model,
        model_answered=response["model"],
        provider=response["provider"],
        deployment=response["deployment"],
    )  # fmt: skip
