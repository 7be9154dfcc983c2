"""The models of the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Header, Request, Response

from backend.app.api.deps import CurrentUser
from backend.app.api.schemas.models import ModelCard, ModelList
from backend.app.core.errors import not_found
from backend.app.services.catalogue_watch import Catalogue
from backend.app.services.gateway_api import GatewayApi
from backend.app.services.litellm_client import LiteLLMClient

router = APIRouter(prefix="/api/models", tags=["models"])


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Keep the connections to the gateway, and the catalogue fresh while somebody looks at it."""
    state = app.state
    state.client = LiteLLMClient(environment=state.environment)
    state.gateway_api = GatewayApi(state.environment)
    state.catalogue = Catalogue(state.database, state.gateway_api, state.environment)
    await state.catalogue.start()
    warming = asyncio.create_task(state.client.warm())  # half a second that the first question need not wait
    try:
        yield
    finally:
        await asyncio.gather(warming, return_exceptions=True)
        await state.catalogue.close()
        await state.gateway_api.close()
        await state.client.close()


def the_catalogue(request: Request) -> Catalogue:
    """Return the catalogue of this process."""
    found: Catalogue = request.app.state.catalogue
    return found


def the_client(request: Request) -> LiteLLMClient:
    """Return the client of this process."""
    found: LiteLLMClient = request.app.state.client
    return found


def the_gateway(request: Request) -> GatewayApi:
    """Return the connections for small questions."""
    found: GatewayApi = request.app.state.gateway_api
    return found


Models = Annotated[Catalogue, Depends(the_catalogue)]
Client = Annotated[LiteLLMClient, Depends(the_client)]
Gateway = Annotated[GatewayApi, Depends(the_gateway)]


@router.get("", response_model=ModelList, responses={304: {"description": "Unchanged."}})
async def list_models(
    user: CurrentUser, catalogue: Models, response: Response, if_none_match: Annotated[str | None, Header()] = None
) -> ModelList | Response:
    """List the models at once: where the gateway does not answer, the last copy with `stale`."""
    found = await catalogue.list_for(user.id)
    tag = f'"{found.version}-{"s" if found.stale else "f"}"'
    headers = {"etag": tag, "cache-control": "private, no-cache"}
    if if_none_match is not None and tag in {one.strip().removeprefix("W/") for one in if_none_match.split(",")}:
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return found


@router.get("/{model_id:path}")
async def get_model(user: CurrentUser, catalogue: Models, model_id: str) -> ModelCard:
    """Show one model. Its name may contain slashes."""
    found = await catalogue.list_for(user.id)
    card = next((card for card in found.models if card.id == model_id), None)
    if card is None:
        raise not_found("model")
    return card
