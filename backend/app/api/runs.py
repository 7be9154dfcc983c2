"""Runs: a turn, its answers, and the stream of their events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from backend.app.api.deps import CurrentUser
from backend.app.api.schemas.events import RunEvents
from backend.app.api.schemas.runs import Run, RunRequest, StopRequest
from backend.app.core.ending import on_signal
from backend.app.services.receipts_settle import Settler
from backend.app.services.runs import Runs

router = APIRouter(prefix="/api/runs", tags=["runs"])


class EventStream(StreamingResponse):
    """Server-sent events."""

    media_type = "text/event-stream"


_HEADERS = {"cache-control": "no-cache, no-transform", "x-accel-buffering": "no"}
"""Nothing on the way may keep events back."""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Own the runs of this process: what runs at its end is ended in order."""
    state = app.state
    settler = Settler(state.database, state.gateway_api)
    runs = state.runs = Runs(state.database, state.settings, state.client, state.catalogue, settler)
    settler.start()
    await runs.start()
    try:
        with on_signal(runs.leave):
            yield
    finally:
        await runs.close()
        await settler.close()


def the_runs(request: Request) -> Runs:
    """Return the runs of this process."""
    found: Runs = request.app.state.runs
    return found


Here = Annotated[Runs, Depends(the_runs)]


@router.post("", status_code=202, responses={200: {"model": Run, "description": "This id is known: the same run."}})
async def create_run(user: CurrentUser, runs: Here, body: RunRequest, response: Response) -> Run:
    """Store the message and start its answers; returns at once. Safe to repeat with the same id."""
    run, is_new = await runs.create(user, body)
    if not is_new:
        response.status_code = 200
    return run


@router.get("/{run_id}")
async def get_run(user: CurrentUser, runs: Here, run_id: str) -> Run:
    """Show a run."""
    return await runs.get(user, run_id)


@router.post("/{run_id}/stop")
async def stop_run(user: CurrentUser, runs: Here, run_id: str, body: StopRequest) -> Run:
    """Stop a run or one of its columns; what was written stays."""
    return await runs.stop(user, run_id, body.column)


@router.get(
    "/{run_id}/events",
    response_class=EventStream,
    responses={200: {"model": RunEvents, "description": "Events; `RunEvents` has the shape of each one's data."}},
)
async def stream_run_events(
    user: CurrentUser,
    runs: Here,
    run_id: str,
    after: Annotated[int, Query(ge=0, description="The last event that arrived.")] = 0,
    last_event_id: Annotated[int | None, Header(ge=0)] = None,
) -> EventStream:
    """Stream the events after `after`, or after the header `Last-Event-ID`, until `end`."""
    # A browser that comes back by itself sends the header and the old address: the later of the two is what it has.
    return EventStream(await runs.events(user, run_id, max(after, last_event_id or 0)), headers=_HEADERS)
