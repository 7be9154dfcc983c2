"""The ledger's tables.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TIME = {"postgresql": "TIMESTAMPTZ", "sqlite": "TEXT"}
_JSON = {"postgresql": "JSONB", "sqlite": "TEXT"}
_BOOL = {"postgresql": "BOOLEAN", "sqlite": "BOOLEAN"}
_SPEND = {
    # Exact: NUMERIC with twelve decimals. PostgreSQL before 18 has no virtual columns.
    "postgresql": "NUMERIC GENERATED ALWAYS AS (spend_pico * 0.000000000001) STORED",
    "sqlite": "REAL GENERATED ALWAYS AS (spend_pico / 1000000000000.0) VIRTUAL",
}
_STORED = {"postgresql": "STORED", "sqlite": "VIRTUAL"}
_NOW = {"postgresql": "now()", "sqlite": "(strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'))"}
_KEY = {"postgresql": "PRIMARY KEY (request_id, start_time)", "sqlite": "PRIMARY KEY (request_id)"}
_PARTITIONED = {"postgresql": " PARTITION BY RANGE (start_time)", "sqlite": ""}
_WITHOUT_ROWID = {"postgresql": "", "sqlite": " WITHOUT ROWID"}


def _logs(dialect: str) -> str:
    time, json, stored = _TIME[dialect], _JSON[dialect], _STORED[dialect]
    return f"""
CREATE TABLE litellm_request_logs (
    request_id TEXT NOT NULL,
    start_time {time} NOT NULL,
    end_time {time} NOT NULL,
    completion_start_time {time},
    created_at {time} NOT NULL DEFAULT {_NOW[dialect]},
    request_duration_ms BIGINT NOT NULL,
    call_type TEXT NOT NULL,
    model_group TEXT NOT NULL,
    model TEXT NOT NULL,
    model_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    api_base TEXT NOT NULL,
    stream {_BOOL[dialect]} NOT NULL,
    status TEXT NOT NULL,
    outcome TEXT NOT NULL,
    http_status INTEGER NOT NULL,
    error TEXT NOT NULL,
    api_key TEXT NOT NULL,
    end_user TEXT NOT NULL,
    requester_ip_address TEXT NOT NULL,
    usage_source TEXT NOT NULL,
    prompt_tokens BIGINT NOT NULL,
    completion_tokens BIGINT NOT NULL,
    cache_read_tokens BIGINT NOT NULL,
    cache_write_tokens BIGINT NOT NULL,
    reasoning_tokens BIGINT NOT NULL,
    audio_input_tokens BIGINT NOT NULL,
    audio_output_tokens BIGINT NOT NULL,
    cost_input_pico BIGINT NOT NULL,
    cost_output_pico BIGINT NOT NULL,
    cost_cache_read_pico BIGINT NOT NULL,
    cost_cache_write_pico BIGINT NOT NULL,
    cost_other_pico BIGINT NOT NULL,
    spend_pico BIGINT NOT NULL,
    price_version TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    provider_request_id TEXT NOT NULL,
    config_version TEXT NOT NULL,
    client_call_id TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    finish_reason TEXT NOT NULL,
    "user" TEXT NOT NULL DEFAULT '',
    metadata {json} NOT NULL DEFAULT '{{}}',
    request_tags {json} NOT NULL DEFAULT '[]',
    cache_hit TEXT NOT NULL DEFAULT '',
    cache_key TEXT NOT NULL DEFAULT '',
    team_id TEXT,
    organization_id TEXT,
    session_id TEXT,
    spend {_SPEND[dialect]},
    total_tokens BIGINT GENERATED ALWAYS AS (prompt_tokens + completion_tokens) {stored},
    custom_llm_provider TEXT GENERATED ALWAYS AS (provider) {stored},
    litellm_call_id TEXT GENERATED ALWAYS AS (request_id) {stored},
    updated_at {time} GENERATED ALWAYS AS (created_at) {stored},
    {_KEY[dialect]}
){_PARTITIONED[dialect]}"""


def _attempts(dialect: str) -> str:
    return f"""
CREATE TABLE litellm_request_attempts (
    request_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    start_time {_TIME[dialect]} NOT NULL,
    duration_ms BIGINT NOT NULL,
    model TEXT NOT NULL,
    model_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    api_base TEXT NOT NULL,
    http_status INTEGER NOT NULL,
    error TEXT NOT NULL,
    usage_source TEXT NOT NULL,
    prompt_tokens BIGINT NOT NULL,
    completion_tokens BIGINT NOT NULL,
    spend_pico BIGINT NOT NULL,
    price_version TEXT NOT NULL,
    spend {_SPEND[dialect]},
    PRIMARY KEY (request_id, number)
)"""


_ATTEMPTS_VIEW = """
CREATE VIEW litellm_provider_attempts AS
SELECT request_id, number, start_time, duration_ms, model, model_id, provider, api_base, http_status, error,
       usage_source, prompt_tokens, completion_tokens, spend_pico, spend, price_version, FALSE AS is_last
FROM litellm_request_attempts
UNION ALL
SELECT request_id, attempts, start_time, request_duration_ms, model, model_id, provider, api_base, http_status, error,
       usage_source, prompt_tokens, completion_tokens, spend_pico, spend, price_version, TRUE
FROM litellm_request_logs
WHERE attempts >= 1"""


def _sums(table: str, start: str, dialect: str) -> str:
    return f"""
CREATE TABLE {table} (
    {start} {_TIME[dialect]} NOT NULL,
    model_group TEXT NOT NULL,
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    api_key TEXT NOT NULL,
    status TEXT NOT NULL,
    calls BIGINT NOT NULL,
    prompt_tokens BIGINT NOT NULL,
    completion_tokens BIGINT NOT NULL,
    cache_read_tokens BIGINT NOT NULL,
    cache_write_tokens BIGINT NOT NULL,
    reasoning_tokens BIGINT NOT NULL,
    audio_input_tokens BIGINT NOT NULL,
    audio_output_tokens BIGINT NOT NULL,
    spend_pico BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    first_byte_ms BIGINT NOT NULL,
    first_byte_calls BIGINT NOT NULL,
    unpriced_calls BIGINT NOT NULL,
    PRIMARY KEY ({start}, model_group, model, provider, api_key, status)
){_WITHOUT_ROWID[dialect]}"""


def _rollups(dialect: str) -> str:
    return _sums("litellm_usage_rollups", "bucket_start", dialect)


def _days(dialect: str) -> str:
    return _sums("litellm_usage_days", "day_start", dialect)


def _prices(dialect: str) -> str:
    return f"""
CREATE TABLE litellm_prices (
    version TEXT NOT NULL PRIMARY KEY,
    source TEXT NOT NULL,
    rates_json TEXT NOT NULL,
    first_seen {_TIME[dialect]} NOT NULL
)"""


def _journals(dialect: str) -> str:
    return f"""
CREATE TABLE ledger_journals (
    worker_id TEXT NOT NULL PRIMARY KEY,
    segment BIGINT NOT NULL,
    position BIGINT NOT NULL,
    segment_created BIGINT NOT NULL,
    shipped_rows BIGINT NOT NULL,
    closed {_BOOL[dialect]} NOT NULL,
    updated_at {_TIME[dialect]} NOT NULL
)"""


def upgrade() -> None:
    """Make the tables, three indexes and the view."""
    dialect = op.get_bind().dialect.name
    for make in (_logs, _attempts, _rollups, _days, _prices, _journals):
        op.execute(make(dialect))
    # By time: every page of the log, every retention run. By key and time: one customer's page.
    op.execute("CREATE INDEX litellm_request_logs_start_time ON litellm_request_logs (start_time)")
    op.execute("CREATE INDEX litellm_request_logs_api_key ON litellm_request_logs (api_key, start_time)")
    # Most calls name no end user: those stay out of the index.
    op.execute("CREATE INDEX litellm_request_logs_end_user ON litellm_request_logs (end_user) WHERE end_user <> ''")
    op.execute(_ATTEMPTS_VIEW)


def downgrade() -> None:
    """Drop what `upgrade` made."""
    op.execute("DROP VIEW litellm_provider_attempts")
    for table in ("ledger_journals", "litellm_prices", "litellm_usage_days", "litellm_usage_rollups",
                  "litellm_request_attempts", "litellm_request_logs"):  # fmt: skip
        op.execute(f"DROP TABLE {table}")
