"""The management API: routes for people and tools, on FastAPI.

Loaded on the first request to one of them (240 ms and 15 MB here): a worker that only serves calls never pays.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from trunkline import __version__
from trunkline.access.refusal import Refusal, error_body
from trunkline.admin import model_info, routes
from trunkline.admin.answers import INTERNAL
from trunkline.admin.gateway import Gateway
from trunkline.telemetry.redact import Redactor, known_secrets

router = APIRouter()


class RefusedError(Exception):
    """The caller may not; one handler turns it into the answer, the same on every route."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def the_gateway(request: Request) -> Gateway:
    """The worker that this application stands in."""
    gateway: Gateway = request.app.state.gateway
    return gateway


def require_key(request: Request, gateway: Annotated[Gateway, Depends(the_gateway)]) -> None:
    """Refuse a caller without a valid key."""
    refusal = gateway.check_key(request.scope["headers"], request.scope["query_string"])
    if refusal is not None:
        raise RefusedError(refusal)


Here = Annotated[Gateway, Depends(the_gateway)]
Key = Annotated[None, Depends(require_key)]
"""In a signature: the route asks for a key. A route without it is visibly public."""


class ModelInfo(BaseModel):
    """What is known of a model: the config's own words, else the gateway's list of models, else the price data.

    `null`: nobody knows. More fields as the config and the price list give them.
    """

    model_config = ConfigDict(extra="allow")

    id: str = Field(description="The deployment's id, as in the header `x-litellm-model-id`.")
    mode: str
    litellm_provider: str
    max_tokens: int | None = Field(description="LiteLLM's old name: the output's limit, else the input's.")
    max_input_tokens: int | None = Field(description="Tokens that it can read.")
    max_output_tokens: int | None = Field(description="Tokens that it can answer with.")
    supports_vision: bool | None = Field(description="Takes images.")
    supports_pdf_input: bool | None
    supports_audio_input: bool | None
    supports_video_input: bool | None
    supports_function_calling: bool | None
    supports_reasoning: bool | None = Field(description="Can think before it answers.")
    supports_response_schema: bool | None = Field(description="Keeps to a JSON schema, by itself or by a forced tool.")
    input_cost_per_token: float | None = Field(description="USD. `null` when the model has no price.")
    output_cost_per_token: float | None = Field(description="USD.")
    available: bool
    unavailable_reason: str | None = Field(description="Which variable or setting is missing.")
    retired_model: str | None = Field(None, description="The id that the provider has shut down.")
    successor: str | None = Field(None, description="What is called instead.")
    bridge: str | None = Field(None, description="The library that reaches the provider, where it is not the gateway.")
    bridge_note: str | None = Field(None, description="What that means.")


class ModelRow(BaseModel):
    """One entry of `model_list`."""

    model_name: str = Field(description="What clients ask for.")
    litellm_params: dict[str, object] = Field(description="As configured, every credential masked.")
    model_info: ModelInfo


class ModelList(BaseModel):
    """All entries."""

    data: list[ModelRow]


class ModelPage(ModelList):
    """Some entries."""

    total_count: int
    current_page: int
    total_pages: int
    size: int


class ModelGroup(BaseModel):
    """All deployments of one name, taken together: the largest limit and price of any."""

    model_config = ConfigDict(extra="allow")

    model_group: str
    providers: list[str]
    mode: str
    available: bool
    max_tokens: int | None
    max_input_tokens: int | None
    max_output_tokens: int | None
    supports_vision: bool | None = Field(description="Any of its deployments takes images; so with all abilities.")
    supports_pdf_input: bool | None
    supports_audio_input: bool | None
    supports_video_input: bool | None
    supports_function_calling: bool | None
    supports_reasoning: bool | None
    supports_response_schema: bool | None
    input_cost_per_token: float | None
    output_cost_per_token: float | None
    tpm: int | None
    rpm: int | None


class ModelGroups(BaseModel):
    """All names."""

    data: list[ModelGroup]


class Reloaded(BaseModel):
    """The new configuration serves."""

    status: str = Field(description="`reloaded`.")
    version: str
    notes: list[str] = Field(description="What its author should know; never an error.")


class NotReloaded(BaseModel):
    """The old configuration was kept."""

    error: dict[str, str | None] = Field(description="OpenAI's error object.")
    status: str = Field(description="`refused`.")
    version: str = Field(description="Of the configuration that was kept.")
    problems: list[str] = Field(description="Each with file, line and what to write instead.")


class RouteRow(BaseModel):
    """One path."""

    path: str
    methods: list[str]
    key: bool = Field(description="Whether a key is needed.")


class RouteList(BaseModel):
    """All paths."""

    routes: list[RouteRow]


def answer(value: object, status: int = 200) -> Response:
    """JSON by msgspec: what the config's author wrote under `model_info` may hold anything YAML can say."""
    return Response(msgspec.json.encode(value, enc_hook=str), status, media_type="application/json")


ModelId = Annotated[str | None, Query(description="Only the deployment with this id.")]
FilteredBy = Annotated[str | None, Query(description="Only this name.")]
Size = Annotated[int, Query(ge=1, le=1000)]
Page = Annotated[int, Query(ge=1, le=1_000_000)]


@router.get("/v1/model/info", tags=["Models"], responses={200: {"model": ModelList}}, operation_id="v1_model_info")
@router.get("/model/info", tags=["Models"], responses={200: {"model": ModelList}}, operation_id="model_info")
async def list_models(_: Key, gateway: Here, litellm_model_id: ModelId = None) -> Response:
    """List the configured models with limits, prices per token, and whether they can be called."""
    found = model_info.search(gateway.snapshot, None, None, litellm_model_id)
    if litellm_model_id and not found:
        message = f"`litellm_model_id`: no deployment has the id {litellm_model_id[:100]!r}; `/model/info` lists them"
        return Response(
            error_body(message, "not_found_error", "litellm_model_id", 404), 404, media_type="application/json"
        )
    return answer({"data": model_info.rows(gateway, found)})


@router.get("/v2/model/info", tags=["Models"], responses={200: {"model": ModelPage}}, operation_id="v2_model_info")
async def page_of_models(
    _: Key,
    gateway: Here,
    search: Annotated[str | None, Query(description="Only names that hold this text.")] = None,
    model: FilteredBy = None,
    model_id: Annotated[str | None, Query(alias="modelId", description="Only the deployment with this id.")] = None,
    page: Page = 1,
    size: Size = 50,
) -> Response:
    """The same in pages."""
    found = model_info.search(gateway.snapshot, search, model, model_id)
    some = found[(page - 1) * size : page * size]
    pages = -(-len(found) // size)
    numbers = {"total_count": len(found), "current_page": page, "total_pages": pages, "size": size}
    return answer({"data": model_info.rows(gateway, some)} | numbers)


@router.get(
    "/model_group/info", tags=["Models"], responses={200: {"model": ModelGroups}}, operation_id="model_group_info"
)
async def list_groups(_: Key, gateway: Here, model_group: FilteredBy = None) -> Response:
    """List the names that clients can ask for, each with the limits and prices of all its deployments."""
    return answer({"data": model_info.groups(gateway, model_group)})


@router.post(
    "/config/reload",
    tags=["Configuration"],
    responses={
        200: {"model": Reloaded},
        422: {"model": NotReloaded, "description": "Problems found; nothing changed."},
    },
    operation_id="config_reload",
)
async def reload_config(_: Key, gateway: Here) -> Response:
    """Read the configuration again and swap it whole. A bad one is refused and the old one stays.

    Calls in flight keep the configuration they began with. SIGHUP does the same.
    """
    result = await gateway.reload()
    if result.ok:
        notes = [f"{note.file}:{note.line}: {note.text}" for note in gateway.snapshot.notes]
        return answer({"status": "reloaded", "version": result.version, "notes": notes})
    redact = Redactor(known_secrets(gateway.snapshot))
    problems = [redact(problem) for problem in result.problems]
    message = "The configuration was not reloaded, the old one stays: " + "; ".join(problems)
    error = {"message": message, "type": "invalid_configuration", "param": None, "code": "422"}
    return answer({"error": error, "status": "refused", "version": result.version, "problems": problems}, 422)


@router.get("/routes", tags=["Documentation"], responses={200: {"model": RouteList}}, operation_id="routes")
async def list_routes() -> Response:
    """List every path with its methods."""
    rows: dict[str, dict[str, object]] = {}
    needs: dict[tuple[str, str], bool] = {
        (route.method, route.path): route.access is not routes.Access.PUBLIC for route in routes.ROUTES
    }
    for method, path in [*routes.DATA_PLANE, *needs]:
        row = rows.setdefault(path, {"path": path, "methods": [], "key": needs.get((method, path), True)})
        methods = row["methods"]
        assert isinstance(methods, list)
        methods.append(method)
    return answer({"routes": list(rows.values())})


@router.get(
    "/openapi.json", tags=["Documentation"], responses={200: {"model": dict[str, object]}}, operation_id="openapi"
)
async def openapi_document(request: Request) -> Response:
    """This document, as OpenAPI 3.1: every route of the gateway."""
    from trunkline.admin import openapi

    text = await asyncio.to_thread(openapi.encoded, request.app)
    return Response(text, media_type="application/json")


@router.get(
    "/docs",
    tags=["Documentation"],
    responses={200: {"content": {"text/html": {}}}},
    operation_id="docs",
    response_class=Response,
)
async def docs_page(request: Request) -> Response:
    """The same as a page to read, without anything loaded from elsewhere."""
    from trunkline.admin import docs_page, openapi

    html = await asyncio.to_thread(openapi.page, request.app)
    return Response(html, media_type="text/html", headers={"content-security-policy": docs_page.POLICY})


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)
    refusal = error.refusal
    response = Response(refusal.body, refusal.status, media_type="application/json")
    response.raw_headers.extend(refusal.headers)
    return response


async def _failed(_: Request, __: Exception) -> Response:
    """Starlette raises the error again after this answer, and the root application logs it."""
    return Response(INTERNAL.body, INTERNAL.status, media_type="application/json")


def create_management(gateway: Gateway) -> FastAPI:
    """Make the application; its own documentation pages are off, ours describe the data plane too."""
    from trunkline.admin import ui_session

    app = FastAPI(
        title="Trunkline",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        exception_handlers={RefusedError: _refused, Exception: _failed},
    )
    app.state.gateway = gateway
    app.state.sign_ins = ui_session.Attempts()
    include_all(app)
    return app


def include_all(app: FastAPI) -> None:
    """Give an application every route of this API."""
    from trunkline.admin import anomalies, spend_logs, ui_session, usage_routes

    for part in (router, spend_logs.router, ui_session.router, usage_routes.router, anomalies.router):
        app.include_router(part)
