"""What would happen to a message: how long it is, what it costs, what the model would not get, who would get it all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from backend.app.api.schemas.messages import Loss
from backend.app.api.schemas.preflight import PreflightReport, PreflightRequest
from backend.app.core.db import Database
from backend.app.services.catalogue import Known, alternatives
from backend.app.services.catalogue_watch import Catalogue
from backend.app.services.gateway.errors import GatewayError
from backend.app.services.gateway_api import GatewayApi
from backend.app.services.route import combined, losses
from backend.app.services.runs_context import Sent, sent, way_to
from backend.app.services.runs_draft import DRAFT, with_draft

TYPICAL_OUTPUT: Final = 500
"""Tokens of an answer of the usual length, where the model may write so many."""
GATEWAY_SECONDS: Final = 1.5
"""The composer waits for this report while somebody types: without the gateway it is an estimate of our own."""
MOST_ALTERNATIVES: Final = 5


async def report(
    db: Database, catalogue: Catalogue, api: GatewayApi, user_id: str, request: PreflightRequest
) -> PreflightReport:
    """Estimate. Calls no model. Raises `AppError`: the conversation or a file is not there."""
    await catalogue.ready()
    known = catalogue.find(request.model)
    async with db.read() as connection:
        tree = await with_draft(
            connection, user_id, conversation_id=request.conversation_id, parent_id=request.parent_id,
            content=request.content, attachment_ids=request.attachment_ids,
        )  # fmt: skip
    draft = await sent(
        way_to(tree, DRAFT), model=request.model, system=request.system,
        abilities=None if known is None else known.card.abilities, read=None,
    )  # fmt: skip
    everything = await sent(
        way_to(tree, DRAFT), model=request.model, system=request.system, abilities=None, read=None
    )  # fmt: skip
    counted, stated = await _ask(api, request.model, draft)
    tokens = draft.tokens if counted is None else max(counted, draft.tokens if draft.files else 0)
    context = None if known is None else known.card.context_tokens
    lost = combined(draft.losses, stated)
    fits = context is None or tokens <= context
    return PreflightReport(
        input_tokens=tokens,
        context_tokens=context,
        fits=fits,
        cost_nano=_cost(known, tokens),
        losses=lost,
        alternatives=_alternatives(catalogue.known, request.model, everything, tokens) if lost or not fits else [],
    )


async def _ask(api: GatewayApi, model: str, draft: Sent) -> tuple[int | None, list[Loss]]:
    """The gateway's count of tokens, and what it would leave out; nothing where it does not answer in time."""
    body: dict[str, Any] = {"model": model, "messages": draft.messages, "stream": True}
    try:
        async with asyncio.timeout(GATEWAY_SECONDS), asyncio.TaskGroup() as group:
            count = group.create_task(api.count_tokens(model, draft.messages))
            translated = group.create_task(api.translation(body))
    except (TimeoutError, ExceptionGroup) as failed:
        if isinstance(failed, ExceptionGroup) and failed.split(GatewayError)[1] is not None:
            raise
        return None, []
    stated, refused = translated.result()
    found = losses(stated)
    if refused is not None:
        found.append(
            Loss(kind="other", path="messages", count=1, message=f"It would be refused: {refused}", action="dropped")
        )  # fmt: skip
    return count.result(), found


def _cost(known: Known | None, tokens: int) -> int | None:
    if known is None or known.rates is None:
        return None
    output = min(TYPICAL_OUTPUT, known.card.max_output_tokens or TYPICAL_OUTPUT)
    return known.rates.cost(input_tokens=tokens, output_tokens=output)


def _alternatives(models: Sequence[Known], model: str, everything: Sent, tokens: int) -> list[str]:
    """Models that would take the message whole, as far as is known."""
    found = alternatives(
        [known.card for known in models], instead_of=model, tokens=tokens, images=bool(everything.images),
        files=_has_documents(everything),
    )  # fmt: skip
    return found[:MOST_ALTERNATIVES]


def _has_documents(everything: Sent) -> bool:
    parts = [part for message in everything.messages if isinstance(message["content"], list)
             for part in message["content"]]  # fmt: skip
    return any(part["type"] in {"file", "input_audio"} for part in parts)
