"""`GET /spend/logs` in LiteLLM's shape: rows of the ledger, and what whole days came to.

A row is there once the shipper has moved it from the journal into the database: usually within a second of the
answer's end. A client that wants the row of a call asks again until the list is no longer empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Select, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from trunkline.access.credentials import hash_key
from trunkline.access.refusal import error_body
from trunkline.admin.gateway import Gateway
from trunkline.admin.management import Here, Key, answer
from trunkline.profiles.price import PICO_PER_USD
from trunkline.store.engine import connect
from trunkline.store.tables import days, logs

router = APIRouter()

MOST_ROWS: Final = 1000
"""The newest rows of an answer: LiteLLM's 10,000 would hold up the calls of the worker that writes them out."""
QUERY_SECONDS: Final = 10.0
_NAMES: Final = {
    "start_time": "startTime", "end_time": "endTime", "completion_start_time": "completionStartTime",
}  # fmt: skip
"""Our column -> LiteLLM's name."""
_UNDEFINED_TABLE: Final = "42P01"
"""PostgreSQL's SQLSTATE."""
_UNREADABLE: Final = "The ledger cannot be read now: the database does not answer. Calls go on and are recorded."


class SpendRow(BaseModel):
    """One call; more fields are the columns of `litellm_request_logs` by their names."""

    model_config = ConfigDict(extra="allow")

    request_id: str = Field(description="The `x-litellm-call-id` header of the answer.")
    startTime: str = Field(description="When the request was read, UTC.")  # noqa: N815 - LiteLLM's name
    endTime: str  # noqa: N815 - LiteLLM's name
    completionStartTime: str | None  # noqa: N815 - LiteLLM's name
    model_group: str = Field(description="What the client asked for.")
    model: str
    spend: float = Field(description="USD.")
    spend_pico: int = Field(description="The same in pico-USD, exact.")
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    status: str


class SpendDay(BaseModel):
    """One day (UTC)."""

    startTime: str = Field(description="The day.")  # noqa: N815 - LiteLLM's name
    spend: float = Field(description="USD.")
    users: dict[str, float] = Field(description="USD by internal user; empty in this version.")
    models: dict[str, float] = Field(description="USD by model.")


def _refused(status: int, message: str, param: str | None = None) -> Response:
    kind = "invalid_request_error" if status < 500 else "internal_server_error"
    return Response(error_body(message, kind, param, status), status, media_type="application/json")


def _row(found: Mapping[str, object]) -> dict[str, object]:
    """A row under LiteLLM's names; its money as a number too."""
    row = {_NAMES.get(name, name): value for name, value in found.items()}
    pico = found["spend_pico"]
    assert isinstance(pico, int)
    return row | {"spend": pico / PICO_PER_USD}


def _days(found: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    """Sums of a day, the earliest first."""
    by_day: dict[str, dict[str, int]] = {}
    for row in found:
        start, model, pico = row["day_start"], str(row["model"]), row["spend_pico"]
        assert isinstance(start, datetime)
        assert isinstance(pico, int)
        models = by_day.setdefault(start.date().isoformat(), {})
        models[model] = models.get(model, 0) + pico
    return [
        {
            "startTime": day,
            "spend": sum(models.values()) / PICO_PER_USD,
            "users": {},
            "models": {name: pico / PICO_PER_USD for name, pico in models.items()},
        }
        for day, models in sorted(by_day.items())
    ]


async def _ask(gateway: Gateway, question: Select[*tuple[object, ...]]) -> list[dict[str, object]]:
    from trunkline.server.run import database_url

    # A connection for the question: it is asked seldom, and nothing stays open in a worker that only serves calls.
    engine = connect(database_url(gateway.snapshot, gateway.data), pool_size=1, statement_seconds=QUERY_SECONDS)
    try:
        async with engine.connect() as connection:
            return [dict(row) for row in (await connection.execute(question)).mappings()]
    finally:
        await engine.dispose()


def _is_new(error: DBAPIError) -> bool:
    """The shipper has not made the tables yet: the first second of a database's life, and nothing is in it."""
    state = getattr(getattr(error.orig, "__cause__", None) or error.orig, "sqlstate", None)
    return state == _UNDEFINED_TABLE or "no such table" in str(error.orig)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


Day = Annotated[date | None, Query(description="`2026-11-24`, UTC; both dates are needed, both are included.")]


@router.get(
    "/spend/logs",
    tags=["Spend"],
    responses={200: {"model": list[SpendRow] | list[SpendDay]}},
    operation_id="spend_logs",
)
async def spend_logs(
    _: Key,
    gateway: Here,
    request_id: Annotated[str | None, Query(description="Only the row of this call (`x-litellm-call-id`).")] = None,
    api_key: Annotated[str | None, Query(description="Only this key's: the key, or its SHA-256.")] = None,
    user_id: Annotated[str | None, Query(description="Only this internal user's.")] = None,
    start_date: Day = None,
    end_date: Day = None,
    summarize: Annotated[bool, Query(description="With dates: sums by day instead of rows.")] = True,
) -> Response:
    """Read the ledger: the newest 1,000 calls that fit, or with dates what each day came to.

    An empty list where nothing fits; the row of a call comes about a second after its end.
    """
    if (start_date is None) != (end_date is None):
        return _refused(400, "`start_date` and `end_date` go together.", "end_date" if start_date else "start_date")
    key = hash_key(api_key) if api_key is not None and api_key.startswith("sk-") else api_key
    summed = start_date is not None and summarize and request_id is None and user_id is None
    table, start = (days, days.c.day_start) if summed else (logs, logs.c.start_time)
    question: Select[*tuple[object, ...]] = select(table)
    for column, value in (("request_id", request_id), ("api_key", key), ("user", user_id)):
        if value is not None:
            question = question.where(table.c[column] == value)
    if start_date is not None and end_date is not None:
        question = question.where(start >= _midnight(start_date), start < _midnight(end_date) + timedelta(days=1))
    if not summed:
        question = question.order_by(start.desc()).limit(MOST_ROWS)
    try:
        found = await _ask(gateway, question)
    except DBAPIError as error:
        if not _is_new(error):
            return _refused(503, _UNREADABLE)
        found = []
    except (SQLAlchemyError, OSError, TimeoutError):
        return _refused(503, _UNREADABLE)
    return answer(_days(found) if summed else [_row(row) for row in found])
