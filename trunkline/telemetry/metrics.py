"""The catalogue of metrics: what `/metrics` shows, in order, and what the reference page is written from.

LiteLLM's names where the meaning is the same, `trunkline_` where it is ours. Label values come from the
configuration and from fixed lists, never from a client, so the number of series is bounded (X13).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

DEPLOYMENT: Final = ("requested_model", "litellm_model_name", "model_id", "api_base", "api_provider")
MODEL: Final = ("requested_model", "model", "model_id", "api_provider")


@dataclass(frozen=True, slots=True)
class Metric:
    """One family of series."""

    name: str
    """Without `_total`, which counters get in the text."""
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()

    @property
    def exposed(self) -> str:
        """The name as Prometheus reads it."""
        return f"{self.name}_total" if self.kind == "counter" else self.name


METRICS: Final = (
    Metric("litellm_proxy_total_requests_metric", "counter", "Calls answered.", ("route", "status_code")),
    Metric(
        "litellm_proxy_failed_requests_metric",
        "counter",
        "Calls answered with a status of 400 or more.",
        ("route", "exception_status"),
    ),
    Metric("litellm_in_flight_requests", "gauge", "Calls being served now."),
    Metric("litellm_request_total_latency_metric", "histogram", "Seconds from a call's start to its end."),
    Metric("litellm_overhead_latency_metric", "histogram", "Seconds of a call spent in the gateway."),
    Metric("litellm_spend_metric", "counter", "USD spent, by price; calls without a price are not in it.", MODEL),
    Metric("litellm_total_tokens_metric", "counter", "Input and output tokens.", MODEL),
    Metric("litellm_input_tokens_metric", "counter", "Input tokens, cached ones included.", MODEL),
    Metric("litellm_output_tokens_metric", "counter", "Output tokens, reasoning included.", MODEL),
    Metric("litellm_input_cached_tokens_metric", "counter", "Input tokens read from the provider's cache.", MODEL),
    Metric("litellm_output_reasoning_tokens_metric", "counter", "Output tokens spent on reasoning.", MODEL),
    Metric("litellm_llm_api_latency_metric", "histogram", "Seconds from request sent to answer's end.", MODEL),
    Metric("litellm_llm_api_time_to_first_token_metric", "histogram", "Seconds from request to first token.", MODEL),
    Metric(
        "litellm_deployment_state",
        "gauge",
        "0 healthy or not called yet, 1 failing now and then, 2 cooling down or unavailable.",
        DEPLOYMENT,
    ),
    Metric("litellm_deployment_total_requests", "counter", "Attempts that left for the provider.", DEPLOYMENT),
    Metric("litellm_deployment_success_responses", "counter", "Attempts that succeeded.", DEPLOYMENT),
    Metric(
        "litellm_deployment_failure_responses",
        "counter",
        "Attempts that failed, by the provider's status (0: no answer came).",
        (*DEPLOYMENT, "exception_status"),
    ),
    Metric("litellm_deployment_cooled_down", "counter", "Times the deployment was taken out for a while.", DEPLOYMENT),
    Metric("trunkline_deployment_in_flight", "gauge", "Attempts at the provider now.", MODEL),
    Metric("trunkline_unpriced_calls", "counter", "Calls whose model has no price: not in the spend.", MODEL),
    Metric("trunkline_client_gone", "counter", "Calls whose client hung up before the end."),
    Metric("trunkline_journal_records", "counter", "Records appended to the journals."),
    Metric("trunkline_journal_bytes", "counter", "Bytes appended to the journals."),
    Metric("trunkline_refused_unmetered", "counter", "Calls refused because the journal had no room."),
    Metric("trunkline_journal_full", "gauge", "1 while the journal of the scraped worker has no room."),
    Metric("trunkline_log_lines_dropped", "counter", "Log lines lost because nobody read them in time."),
    Metric("trunkline_responses_stored", "counter", "Responses of `/v1/responses` written to the database."),
    Metric("trunkline_responses_lost", "counter", "Responses that were to be stored and could not be."),
    Metric("trunkline_former_key_uses", "counter", "Times that a former master key was let in."),
    Metric("trunkline_ledger_state", "gauge", "1 for the state that holds.", ("state", "database")),
    Metric("trunkline_ledger_backlog_bytes", "gauge", "Journal bytes not in the database yet."),
    Metric("trunkline_ledger_lag_seconds", "gauge", "Age of the oldest record not in the database yet."),
    Metric("trunkline_ledger_rows_shipped", "counter", "Rows brought to the database since the shipper's start."),
    Metric("trunkline_ledger_closed_unknown", "counter", "Rows closed for calls that a killed worker left open."),
    Metric("trunkline_ledger_poisoned", "counter", "Records whose text had to be mended or dropped."),
    Metric("trunkline_ledger_torn_frames", "counter", "Damaged ends of journals."),
    Metric("trunkline_callback_sent", "counter", "Records that a callback's destination took.", ("callback",)),
    Metric("trunkline_callback_failed", "counter", "Records that it refused or did not answer.", ("callback",)),
    Metric(
        "trunkline_callback_dropped",
        "counter",
        "Records that were never handed to it: its queue was full, or the sender died with them.",
        ("callback",),
    ),
    Metric(
        "trunkline_anomalies", "counter", "Times that hourly spend left its usual band, by what it is of.", ("scope",)
    ),
    Metric("trunkline_anomalies_open", "gauge", "How many such excursions go on now.", ("scope",)),
    Metric("trunkline_workers", "gauge", "Workers alive."),
    Metric("trunkline_draining", "gauge", "1 while the scraped worker finishes its calls before it stops."),
    Metric("trunkline_start_time_seconds", "gauge", "When the scraped worker started, seconds since 1970."),
    Metric("trunkline_cpu_seconds", "counter", "CPU time of all workers."),
    Metric("trunkline_resident_memory_bytes", "gauge", "Resident memory of all workers."),
    Metric("trunkline_build_info", "gauge", "Always 1.", ("version", "config_version")),
)
