"""The tables as SQLAlchemy sees them: what queries are written against and `docs/reference/database.md` is made from.

The migrations make them (`migrations/versions/`); a test compares the two on both databases. Money is pico-USD in
BIGINT (10**12 = 1 USD); `spend` is generated from it. Times are UTC: timestamptz on PostgreSQL, ISO 8601 text with
microseconds on SQLite, which compares and sorts as a time does.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import JSON, TypeEngine

if TYPE_CHECKING:
    from typing_extensions import override
else:  # `typing.override` is Python 3.12's

    def override(method: object) -> object:
        return method


METADATA: Final = MetaData()


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC `datetime`; on SQLite the text `2026-11-24 10:03:00.123456+00:00`."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @override
    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text on SQLite."""
        kind: TypeEngine[Any] = String() if dialect.name == "sqlite" else DateTime(timezone=True)
        return dialect.type_descriptor(kind)

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> object:
        """Accept an aware time only."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone: write `datetime.now(UTC)`")
        value = value.astimezone(UTC)
        return value.isoformat(" ", "microseconds") if dialect.name == "sqlite" else value

    @override
    def process_result_value(self, value: object, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return an aware time in UTC."""
        match value:
            case None:
                return None
            case datetime():
                return value.astimezone(UTC)
            case _:
                return datetime.fromisoformat(str(value)).astimezone(UTC)


_Json = JSON().with_variant(JSONB(), "postgresql")
_PICO = "pico-USD"


def _text(name: str, comment: str, *, default: str | None = None) -> Column[str]:
    return Column(
        name, Text, nullable=False, comment=comment, server_default=None if default is None else text(f"'{default}'")
    )


def _count(name: str, comment: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, comment=comment)


def _time(name: str, comment: str, *, nullable: bool = False) -> Column[datetime]:
    return Column(name, UtcTime, nullable=nullable, comment=comment)


def _spend() -> Column[object]:
    made = Computed("spend_pico * 0.000000000001")
    comment = "`spend_pico` in USD: exact NUMERIC on PostgreSQL, REAL on SQLite."
    return Column("spend", Numeric(38, 12), made, comment=comment)


logs: Final = Table(
    "litellm_request_logs",
    METADATA,
    Column("request_id", Text, primary_key=True, comment="Our id (UUID version 7): the `x-litellm-call-id` header."),
    _time("start_time", "When the request was read. On PostgreSQL the table is partitioned by its day (UTC)."),
    _time("end_time", "When the last byte was sent; of a call cut by a crash, its gateway's last sign of life."),
    _time("completion_start_time", "First byte to the client; NULL where none was sent.", nullable=True),
    Column("created_at", UtcTime, nullable=False, server_default=text("now()"), comment="When the row was shipped."),
    _count("request_duration_ms", "`end_time` less `start_time`."),
    _text("call_type", "LiteLLM's: `acompletion`, `atext_completion`, `aembedding`."),
    _text("model_group", "The model that the client asked for."),
    _text("model", "The model that answered, in the provider's words; else what was sent."),
    _text("model_id", "The deployment: the `x-litellm-model-id` header."),
    _text("provider", "The provider of the last attempt."),
    _text("api_base", "Where the last attempt went."),
    Column("stream", Boolean, nullable=False, comment="The client asked for a stream."),
    _text("status", "`success` or `failure`."),
    _text("outcome", "How it ended: `ok`, `client_gone`, `upstream_error`, `stalled`, `truncated`, `timeout`, "
          "`refused`, `shutdown`, or `unknown` where the gateway died during the call."),
    Column("http_status", Integer, nullable=False, comment="What the client was told; 0 where nobody knows."),
    _text("error", "Short, without secrets; empty on success."),
    _text("api_key", "SHA-256 of the caller's key, hex."),
    _text("end_user", "The request's `user`."),
    _text("requester_ip_address", "The client's address."),
    _text("usage_source", "Whose count the tokens are: `provider`, `drained` (read after the client had gone), "
          "`estimated` or `none`."),
    _count("prompt_tokens", "Input, cached included."),
    _count("completion_tokens", "Output, reasoning included."),
    _count("cache_read_tokens", "Of the input: read from the provider's cache."),
    _count("cache_write_tokens", "Of the input: written to it."),
    _count("reasoning_tokens", "Of the output."),
    _count("audio_input_tokens", "Of the input."),
    _count("audio_output_tokens", "Of the output."),
    _count("cost_input_pico", f"Uncached input, {_PICO}."),
    _count("cost_output_pico", f"Output, {_PICO}."),
    _count("cost_cache_read_pico", f"Cache reads, {_PICO}."),
    _count("cost_cache_write_pico", f"Cache writes, {_PICO}."),
    _count("cost_other_pico", f"Searches, queries, images, characters, audio by time, flat parts, estimates, {_PICO}."),
    _count("spend_pico", f"The sum of the five, {_PICO}: the truth about money."),
    _text("price_version", "The price it was charged at (`litellm_prices`); empty where the model has none."),
    Column("attempts", Integer, nullable=False, comment="Attempts that left for a provider; 0 when refused here."),
    _text("provider_request_id", "The provider's own id for the call."),
    _text("config_version", "The configuration it ran under."),
    _text("client_call_id", "`x-litellm-call-id` of the request, kept but never used as an id."),
    _text("user_agent", "The client's."),
    _text("finish_reason", "The model's last word: `stop`, `length`, `tool_calls`, ..."),
    _text("user", "Internal user; empty in this version.", default=""),
    Column("metadata", _Json, nullable=False, server_default=text("'{}'"),
           comment='`{"usage": {...}}` where more was counted and charged: `cache_write_long` (of the cache writes, '
           "for an hour), `web_searches`, `search_units`, `images`, `characters`, `audio_ms`."),
    Column("request_tags", _Json, nullable=False, server_default=text("'[]'"), comment="Empty in this version."),
    _text("cache_hit", "Empty in this version.", default=""),
    _text("cache_key", "Empty in this version.", default=""),
    Column("team_id", Text, comment="NULL in this version."),
    Column("organization_id", Text, comment="NULL in this version."),
    Column("session_id", Text, comment="NULL in this version."),
    _spend(),
    Column("total_tokens", BigInteger, Computed("prompt_tokens + completion_tokens"), comment="Input and output."),
    Column("custom_llm_provider", Text, Computed("provider"), comment="LiteLLM's name for `provider`."),
    Column("litellm_call_id", Text, Computed("request_id"), comment="LiteLLM's name for `request_id`."),
    Column("updated_at", UtcTime, Computed("created_at"), comment="LiteLLM's; rows are never changed."),
    Index("litellm_request_logs_start_time", "start_time"),
    Index("litellm_request_logs_failures", "start_time", sqlite_where=text("status = 'failure'"),
          postgresql_where=text("status = 'failure'")),
    Index("litellm_request_logs_api_key", "api_key", "start_time"),
    Index("litellm_request_logs_end_user", "end_user", sqlite_where=text("end_user <> ''"),
          postgresql_where=text("end_user <> ''")),
    comment="One row a call.",
)  # fmt: skip

attempts: Final = Table(
    "litellm_request_attempts",
    METADATA,
    Column("request_id", Text, primary_key=True, comment="The call's."),
    Column("number", Integer, primary_key=True, autoincrement=False, comment="1 for the first."),
    _time("start_time", "When it left."),
    _count("duration_ms", "Until it had failed."),
    _text("model", "The model id that was sent."),
    _text("model_id", "The deployment."),
    _text("provider", "The provider."),
    _text("api_base", "Where it went."),
    Column("http_status", Integer, nullable=False, comment="The provider's; 0 where none came."),
    _text("error", "Short, without secrets."),
    _text("usage_source", "As in `litellm_request_logs`."),
    _count("prompt_tokens", "Input."),
    _count("completion_tokens", "Output."),
    _count("spend_pico", f"What this attempt cost, {_PICO}."),
    _text("price_version", "As in `litellm_request_logs`."),
    _spend(),
    comment="Attempts before a call's last one. The view `litellm_provider_attempts` adds the last, "
    "so that its rows are what a provider should have seen.",
)


def _sums(name: str, start: Column[datetime], comment: str) -> Table:
    return Table(
        name,
        METADATA,
        start,
        Column("model_group", Text, primary_key=True, comment="The model that was asked for."),
        Column("model", Text, primary_key=True, comment="The model that answered."),
        Column("provider", Text, primary_key=True, comment="The provider."),
        Column("api_key", Text, primary_key=True, comment="SHA-256 of the caller's key, hex."),
        Column("status", Text, primary_key=True, comment="`success` or `failure`."),
        _count("calls", "Rows of `litellm_request_logs`."),
        _count("prompt_tokens", "Sum."),
        _count("completion_tokens", "Sum."),
        _count("cache_read_tokens", "Sum."),
        _count("cache_write_tokens", "Sum."),
        _count("reasoning_tokens", "Sum."),
        _count("audio_input_tokens", "Sum."),
        _count("audio_output_tokens", "Sum."),
        _count("spend_pico", f"Sum, {_PICO}."),
        _count("duration_ms", "Sum of `request_duration_ms`."),
        _count("first_byte_ms", "Sum of the time to the first byte, of the calls that had one."),
        _count("first_byte_calls", "How many had one."),
        _count("unpriced_calls", "Calls that consumed tokens of a model without a price."),
        comment=comment,
    )


rollups: Final = _sums(
    "litellm_usage_rollups",
    Column("bucket_start", UtcTime, primary_key=True, comment="Start of a quarter of an hour (of `start_time`, UTC)."),
    "What the calls of a quarter of an hour come to: sums kept by the transaction that adds the rows.",
)

days: Final = _sums(
    "litellm_usage_days",
    Column("day_start", UtcTime, primary_key=True, comment="Start of a day, UTC."),
    "The same by whole days in UTC, so that a long time needs few rows; the odd ends come from the quarters.",
)

prices: Final = Table(
    "litellm_prices",
    METADATA,
    Column("version", Text, primary_key=True, comment="First 16 hex digits of the rates' SHA-256."),
    _text("source", "`config`, `price-file` or `genai-prices`, and the entry's name."),
    _text("rates_json", "Pico-USD per token by kind: enough to recompute any row."),
    _time("first_seen", "When it was first shipped."),
    comment="Every price that a row was charged at.",
)

journals: Final = Table(
    "ledger_journals",
    METADATA,
    Column("worker_id", Text, primary_key=True, comment="The journal's folder."),
    _count("segment", "The segment that comes next."),
    _count("position", "Bytes of it that are in this database."),
    _count("segment_created", "When the segment was made, microseconds since 1970: tells a reused name apart."),
    _count("shipped_rows", "Rows this journal gave."),
    Column("closed", Boolean, nullable=False, comment="The worker is dead and everything of its journal is here."),
    _time("updated_at", "When it last moved."),
    comment="How far each worker's journal has been shipped; moves in the transaction that adds the rows.",
)

responses: Final = Table(
    "trunkline_responses",
    METADATA,
    Column("id", Text, primary_key=True, comment="The response's id as the client knows it."),
    Column("key_hash", Text, primary_key=True, comment="SHA-256 of the caller's key, hex: nobody else may have it."),
    _time("created", "When the call began."),
    _time("expires", "When it is deleted; later when a conversation goes on from it."),
    _text("model_group", "The model that the client asked for."),
    _text("model_id", "The deployment that answered."),
    _text("provider_response_id", "The provider's own id where the provider keeps the state; else empty."),
    _text("previous_response_id", "The response that this one went on from; else empty."),
    _text("status", "`completed`, `incomplete`, `queued`, `in_progress`, `failed`, `cancelled`."),
    _text("input", "The request's own `input`, JSON; what went before is in the earlier rows."),
    _text("response", "The whole response as the client got it, JSON."),
    Index("trunkline_responses_expires", "expires"),
    comment="Responses of `/v1/responses` that clients may fetch and go on from. Text and not JSONB: the bytes stay, "
    "and JSONB refuses `\\u0000`.",
)

response_items: Final = Table(
    "trunkline_response_items",
    METADATA,
    Column("item_id", Text, primary_key=True, comment="The provider's id of an output item."),
    Column("key_hash", Text, primary_key=True, comment="As in `trunkline_responses`."),
    Column("response_id", Text, primary_key=True, comment="The response that it stands in."),
    Index("trunkline_response_items_response", "response_id"),
    comment="Where an `item_reference` points to; ids that the gateway made say it themselves.",
)

anomalies: Final = Table(
    "trunkline_anomalies",
    METADATA,
    Column("scope", Text, primary_key=True, comment="`model` or `key`."),
    Column("name", Text, primary_key=True, comment="The model group, or SHA-256 of the key, hex."),
    Column("opened", UtcTime, primary_key=True, comment="Start of the first hour outside of the band."),
    _text("direction", "`high` or `low`."),
    _time("last_hour", "Start of the last hour outside of the band, so far."),
    Column("closed", UtcTime, comment="When an hour was inside again; NULL while it goes on."),
    _count("spend_pico", f"The furthest hour's spend, {_PICO}."),
    _count("usual_pico", "The band's median when it began."),
    _count("low_pico", "Its lower end."),
    _count("high_pico", "Its upper end."),
    comment="Hours in which spend left its usual band, one row an excursion. What is here has been said.",
)
