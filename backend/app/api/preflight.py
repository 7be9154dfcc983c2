"""What would happen to a message."""

from __future__ import annotations

from fastapi import APIRouter

from backend.app.api.deps import CurrentUser, Db
from backend.app.api.models import Gateway, Models
from backend.app.api.schemas.preflight import PreflightReport, PreflightRequest
from backend.app.services import preflight as estimates

router = APIRouter(prefix="/api/preflight", tags=["runs"])


@router.post("")
async def preflight(
    user: CurrentUser, db: Db, catalogue: Models, gateway: Gateway, body: PreflightRequest
) -> PreflightReport:
    """Estimate tokens and cost of a message with its history, and say what the model would not get. Calls no model."""
    return await estimates.report(db, catalogue, gateway, user.id, body)
