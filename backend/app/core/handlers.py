"""Every exception becomes an `ErrorResponse`; what nobody foresaw is told to the log alone."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from backend.app.api.schemas.errors import ErrorCode
from backend.app.core.errors import AppError, invalid, no_endpoint
from backend.app.core.guard import refusal

log = logging.getLogger(__name__)


def add_handlers(app: FastAPI) -> None:
    """Register them."""
    app.add_exception_handler(AppError, _app_error)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    for kind in (DBAPIError, PoolTimeout, ConnectionError):
        app.add_exception_handler(kind, _database)
    app.add_exception_handler(Exception, _unforeseen)


async def _app_error(_request: Request, error: Exception) -> JSONResponse:
    return refusal(error)


async def _validation(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first: Sequence[Any] = error.errors()
    item = first[0] if first else {"loc": (), "msg": "the request cannot be read"}
    where, *path = [str(part) for part in item["loc"]] or [""]
    message = str(item["msg"]).removeprefix("Value error, ")
    name = ".".join(path) or where
    return refusal(invalid(f"`{name}`: {message}.".replace("..", "."), field=name or None))


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, AppError):
        return refusal(error.__cause__)  # the body was over its limit while FastAPI read it
    match error.status_code:
        case 404:
            return refusal(no_endpoint())
        case 405:
            said = AppError(ErrorCode.INVALID, f"{request.url.path} does not take {request.method}.", status=405)
        case status:
            said = AppError(ErrorCode.INVALID, str(error.detail), status=status)
    answer = refusal(said)
    answer.headers.update(error.headers or {})
    return answer


async def _database(request: Request, error: Exception) -> JSONResponse:
    log.error("%s %s: the database: %s", request.method, request.url.path, getattr(error, "orig", None) or error)
    return refusal(
        AppError(
            ErrorCode.INTERNAL,
            "The application's database does not answer.",
            "Try again; GET /health says since when. Nothing was changed.",
            status=503,
            retry_after_s=5,
        )
    )


async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return refusal(
        AppError(ErrorCode.INTERNAL, "Something failed inside the application.", "The server's log says what.")
    )
