"""A comparison for programs."""

from __future__ import annotations

from fastapi import APIRouter

from backend.app.api.deps import CurrentUser
from backend.app.api.models import Client, Models
from backend.app.api.schemas.compare import CompareReport, CompareRequest
from backend.app.services.compare import compare

router = APIRouter(prefix="/api/compare", tags=["runs"])


@router.post("")
async def compare_models(user: CurrentUser, client: Client, catalogue: Models, body: CompareRequest) -> CompareReport:
    """Ask two to four models the same in parallel; answers when the last is done. Nothing is stored here."""
    return await compare(client, catalogue, user, body)
