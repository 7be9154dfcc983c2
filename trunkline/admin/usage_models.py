"""What `/trunkline/*` answers. Money is USD as a decimal in a string, exact to the pico-USD; times are UTC."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pydantic import BaseModel, Field

from trunkline.store.error_kinds import ErrorKind
from trunkline.store.usage import By
from trunkline.store.zones import Step


class Sums(BaseModel):
    """What calls come to."""

    calls: int
    failed: int = Field(description="Of the calls: those that ended in failure, the client's own leaving included.")
    prompt_tokens: int
    completion_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    spend: str = Field(description="USD.")
    unpriced_calls: int = Field(
        description="Calls that consumed tokens of a model without a price: `spend` lacks them."
    )
    mean_duration_ms: float | None = Field(description="Milliseconds from request to last byte; `null` without calls.")
    mean_first_byte_ms: float | None = Field(description="Of the calls that had a first byte.")


class UsageSeries(BaseModel):
    """One group over time; the lists have one entry per bucket."""

    name: str | None = Field(description="`null`: all groups that are not among the largest.")
    members: int = Field(description="How many groups it is made of.")
    total: Sums
    calls: list[int]
    failed: list[int]
    tokens: list[int] = Field(description="Input and output.")
    spend: list[str] = Field(description="USD.")


class Usage(BaseModel):
    """Calls over time and by group."""

    start: datetime = Field(description="`from`, moved back to a whole quarter of an hour.")
    end: datetime = Field(description="`to`, moved on to one; not included.")
    zone: str
    bucket: Step
    by: By
    buckets: list[datetime] = Field(description="Where each begins.")
    total: Sums
    series: list[UsageSeries] = Field(description="The largest first, by spend and then by calls; the rest at the end.")


class RequestRow(BaseModel):
    """One request, as a list shows it."""

    request_id: str
    start_time: datetime
    duration_ms: int
    first_byte_ms: int | None
    status: str = Field(description="`success` or `failure`.")
    kind: ErrorKind | None = Field(description="What went wrong; `null` on success.")
    http_status: int = Field(description="What the client was told; 0 where nobody knows.")
    model_group: str = Field(description="The model that was asked for.")
    model: str = Field(description="The model that answered.")
    provider: str
    api_key: str = Field(description="SHA-256 of the caller's key, hex.")
    end_user: str
    prompt_tokens: int
    completion_tokens: int
    spend: str | None = Field(description="USD; `null` where the model has no price and tokens were consumed.")
    estimated: bool = Field(description="The tokens are the gateway's estimate, not the provider's count.")
    attempts: int = Field(description="Attempts that left for a provider; 0 when refused by the gateway.")
    stream: bool


class RequestPage(BaseModel):
    """Some requests, the latest first."""

    requests: list[RequestRow]
    next_cursor: str | None = Field(description="For `cursor`; `null` when there are no more.")


class Attempt(BaseModel):
    """One attempt at a provider."""

    number: int
    start_time: datetime = Field(
        description="When it left. Of the last one: the end of the one before, or the call's own start."
    )
    duration_ms: int = Field(description="Of the last one, where there was one before: the wait between them included.")
    model: str
    model_id: str = Field(description="The deployment.")
    provider: str
    api_base: str
    http_status: int = Field(
        description="The provider's; 0 where none came. Of the last one: what the client was told."
    )
    kind: ErrorKind | None = Field(description="What went wrong; `null` where it succeeded.")
    error: str
    spend: str = Field(description="USD.")


class CostLine(BaseModel):
    """One line of the bill."""

    what: str = Field(description="`input`, `output`, `cache_read`, `cache_write` or `other`.")
    tokens: int | None = Field(description="`null` where it is not tokens that were charged.")
    spend: str = Field(description="USD.")


class PriceUsed(BaseModel):
    """What the request was charged at."""

    version: str
    source: str = Field(description="Where the price comes from, and its name there.")
    rates: Mapping[str, object] = Field(description="As stored in `litellm_prices`: pico-USD per token by kind.")


class RequestDetail(RequestRow):
    """One request, whole. What was asked and answered is not kept in the ledger."""

    end_time: datetime
    outcome: str
    error: str
    call_type: str
    model_id: str
    api_base: str
    requester_ip_address: str
    user_agent: str
    usage_source: str
    finish_reason: str
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    provider_request_id: str
    client_call_id: str
    config_version: str
    line: list[Attempt] = Field(description="Every attempt, in order; empty when the gateway refused.")
    bill: list[CostLine]
    price: PriceUsed | None


class ErrorGroup(BaseModel):
    """Failures of one kind at one provider with one model."""

    kind: ErrorKind
    title: str
    advice: str = Field(description="What to do about it.")
    provider: str
    model: str
    count: int
    calls: int = Field(description="That ended in failure: what clients saw.")
    attempts: int = Field(description="That failed and were followed by another attempt.")
    new: bool = Field(description="None of it in the stretch of the same length before.")
    first_seen: datetime = Field(description="Within the time asked for.")
    last_seen: datetime
    points: list[int] = Field(description="The count per bucket.")
    request_id: str = Field(description="The latest.")
    error: str = Field(description="What it said.")


class Errors(BaseModel):
    """Everything that failed, grouped."""

    start: datetime
    end: datetime
    zone: str
    bucket: Step
    buckets: list[datetime]
    count: int
    groups: list[ErrorGroup] = Field(description="The most frequent first.")


class UnavailableModel(BaseModel):
    """A configured model that cannot be called."""

    model_name: str
    provider: str
    reason: str = Field(description="Which variable or setting is missing.")


class Overview(BaseModel):
    """How the gateway is."""

    version: str
    config_version: str
    models: int = Field(description="Names that clients can ask for.")
    unavailable: list[UnavailableModel]
    ledger: str = Field(description="As `GET /health/readiness` has it.")
    ledger_note: str
