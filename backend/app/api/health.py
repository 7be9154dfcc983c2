"""Health, for people, Compose and load balancers."""

from __future__ import annotations

from fastapi import APIRouter, Request

from backend.app.api.schemas.health import Health
from backend.app.services.health import Monitor

router = APIRouter(tags=["health"])


@router.get("/health", include_in_schema=False)
@router.get("/api/health")
async def get_health(request: Request) -> Health:
    """Answer 200 while the process lives; `status` and `dependencies` say what it can do."""
    monitor: Monitor = request.app.state.monitor
    return await monitor.health()
