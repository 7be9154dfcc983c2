"""`/trunkline/*`: what calls come to, single requests, and failures, read from the ledger's database.

For people at `/ui` (the cookie of a browser that signed in is good for these and nothing else), and for programs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final, TypeVar

from fastapi import APIRouter, Depends, Query
from sqlalchemy.ext.asyncio import AsyncEngine

from trunkline import __version__
from trunkline.access.refusal import refusal
from trunkline.admin import usage_answers as made
from trunkline.admin import usage_models as models
from trunkline.admin.gateway import Gateway
from trunkline.admin.management import Here, RefusedError
from trunkline.admin.ui_session import KeyOrSession
from trunkline.admin.usage_query import Span, bounds, dollars, http_statuses, narrowed, span, word, wrong
from trunkline.store import error_groups, requests, usage
from trunkline.store.error_kinds import ErrorKind
from trunkline.store.errors import SchemaMismatch, StoreError
from trunkline.store.matching import Filter
from trunkline.store.reading import reading
from trunkline.store.url import DatabaseUrl, Kind, parse
from trunkline.store.usage import By
from trunkline.store.zones import Step
from trunkline.telemetry import ledger_state

router: Final = APIRouter(prefix="/trunkline", tags=["Ledger"])

Found = TypeVar("Found")

MAX_ROWS: Final = 1000
MAX_SERIES: Final = 50

Meant = Annotated[Span, Depends(span)]
Narrowed = Annotated[Filter, Depends(narrowed)]
BucketStep = Annotated[Step | None, Query(description="By default what gives a chart 30 to 300 points.")]

_DOWN: Final = refusal(
    503,
    "The ledger's database does not answer. Calls go on and are kept in the journal: ask again, and look at"
    " `/health/readiness/details` for the reason.",
    "service_unavailable",
    retry_after=5,
)


def place_of(gateway: Gateway) -> DatabaseUrl:
    """Where the ledger is: the configured database, else SQLite in the data folder."""
    configured = gateway.snapshot.database_url
    if configured is not None:
        return parse(configured.reveal())
    return DatabaseUrl(kind=Kind.SQLITE, path=Path(gateway.data) / "trunkline.db")


async def ask(gateway: Gateway, question: Callable[[AsyncEngine], Awaitable[Found]], empty: Found) -> Found:
    """Put a question to the ledger; `empty` where it has no tables yet: nothing was ever recorded.

    Raises:
        RefusedError: 503, the database is down.
    """
    try:
        async with reading(place_of(gateway)) as engine:
            return await question(engine)
    except SchemaMismatch:
        return empty
    except StoreError:
        raise RefusedError(_DOWN) from None


@router.get("/usage", operation_id="trunkline_usage")
async def usage_over_time(
    _: KeyOrSession,
    gateway: Here,
    meant: Meant,
    only: Narrowed,
    by: Annotated[By, Query(description="What makes a series.")] = By.MODEL,
    bucket: BucketStep = None,
    top: Annotated[int, Query(ge=1, le=MAX_SERIES, description="The rest is folded into one series.")] = 8,
) -> models.Usage:
    """Sum up calls, tokens and spend over time, by model, name asked for, provider, status or key.

    Read from sums by quarter of an hour, so that a day is a day of `zone`: from local midnight to the next.
    """
    if http_statuses(only.status) is not None:
        raise wrong("status", "sums know `success` and `failure`; `/trunkline/requests` knows HTTP statuses")
    step, at = bounds(meant, bucket)
    question = usage.Question(bounds=at, by=by, top=top, only=only)
    nothing = usage.Usage(total=usage.Sums(), series=())
    found = await ask(gateway, lambda engine: usage.over_time(engine, question), nothing)
    return made.over_time(found, meant, step, at, by)


@router.get("/requests", operation_id="trunkline_requests")
async def list_requests(
    _: KeyOrSession,
    gateway: Here,
    meant: Meant,
    only: Narrowed,
    kind: Annotated[str, Query(description="What went wrong, as `GET /trunkline/errors` names it.")] = "",
    min_cost: Annotated[str, Query(description="USD.")] = "",
    any_id: Annotated[
        str,
        Query(
            alias="id",
            max_length=300,
            description="The gateway's id, the provider's, or the client's own; everything else is ignored then.",
        ),
    ] = "",
    cursor: Annotated[str, Query(max_length=300, description="`next_cursor` of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_ROWS)] = 200,
) -> models.RequestPage:
    """List single requests, the latest first, in pages that stay put while new requests come in."""
    statuses = http_statuses(only.status)
    wanted = requests.Wanted(
        start=meant.start,
        end=meant.end,
        only=replace(only, status="") if statuses else only,
        http_status=statuses,
        kind=word("kind", kind, ErrorKind),
        min_pico=dollars(min_cost),
        id=any_id.strip(),
    )
    nothing = requests.Page(rows=(), next_cursor=None)
    try:
        page = await ask(gateway, lambda engine: requests.page(engine, wanted, limit=limit, cursor=cursor), nothing)
    except requests.CursorError as error:
        raise wrong("cursor", str(error)) from None
    return models.RequestPage(requests=[made.row(each) for each in page.rows], next_cursor=page.next_cursor)


_UNKNOWN: Final = (
    "`request_id`: no request has this id in the ledger. A call is there about a second after its end; ids are those of"
    " the header `x-litellm-call-id`"
)


@router.get("/requests/{request_id}", operation_id="trunkline_request")
async def one_request(_: KeyOrSession, gateway: Here, request_id: str) -> models.RequestDetail:
    """Show one request: every attempt with its cause and its cost, the bill, and the price it was charged at."""
    found = await ask(gateway, lambda engine: requests.whole(engine, request_id), None)
    if found is None:
        raise RefusedError(refusal(404, _UNKNOWN, "not_found_error", "request_id"))
    return made.detail(found)


@router.get("/errors", operation_id="trunkline_errors")
async def list_errors(_: KeyOrSession, gateway: Here, meant: Meant, bucket: BucketStep = None) -> models.Errors:
    """Group what failed by kind, provider and model; failed attempts that were followed by another one count too."""
    step, at = bounds(meant, bucket)
    nothing: list[error_groups.ErrorGroup] = []
    found = await ask(gateway, lambda engine: error_groups.groups(engine, at), nothing)
    return made.errors(found, meant, step, at)


@router.get("/overview", operation_id="trunkline_overview")
async def overview(_: KeyOrSession, gateway: Here) -> models.Overview:
    """Say how the gateway is: its version, its ledger, and which of its models cannot be called and why."""
    snapshot, state = gateway.snapshot, ledger_state.read(gateway.data)
    missing = [
        models.UnavailableModel(model_name=each.group, provider=each.provider, reason=each.unavailable)
        for each in snapshot.deployments
        if each.unavailable is not None
    ]
    return models.Overview(
        version=__version__,
        config_version=snapshot.version,
        models=len({each.group for each in snapshot.deployments}),
        unavailable=missing,
        ledger=state.state,
        ledger_note=state.note,
    )
