"""Every key that may stand in `litellm-config.yaml`: what it does, and whether this version does it.

Names and defaults are LiteLLM 1.109.1's; keys under `general_settings.trunkline` are our own. The reference page
(`docs/reference/config.md`) is made from this module, and `trunkline check` suggests from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from trunkline.config.catalogue_models import ENTRY, LITELLM_PARAMS, MODEL_INFO, OPENAI_PARAMS, TOP, Key, Section

__all__ = [
    "CREDENTIAL",
    "ENTRY",
    "GENERAL_SETTINGS",
    "LITELLM_PARAMS",
    "LITELLM_SETTINGS",
    "MODEL_INFO",
    "OPENAI_PARAMS",
    "PREVIOUS_MASTER_KEY",
    "ROUTER_SETTINGS",
    "SECTIONS",
    "TOP",
    "TRUNKLINE",
    "Key",
    "Section",
]


def _each(doc: str, names: str) -> Mapping[str, str]:
    return dict.fromkeys(names.split(), doc)


LITELLM_SETTINGS: Final = Section(
    "litellm_settings",
    "`litellm_settings`",
    {
        "num_retries": "Attempts after the first. Default 2.",
        "request_timeout": "Seconds to the first byte of an answer. Default: `trunkline.first_byte_timeout`.",
        "fallbacks": 'Models to try next: `[{"a": ["b", "c"]}]`.',
        "default_fallbacks": "Models to try next where `fallbacks` names none.",
        "max_fallbacks": "How many fallbacks a call may use. Default 5.",
        "allowed_fails": "Failures in a row before an entry rests. Default: LiteLLM's rules.",
        "model_alias_map": 'Other names for models: `{"alias": "name"}`.',
        "model_cost_map_url": "Path of a price file in LiteLLM's format. Addresses are not fetched.",
        "require_auth_for_metrics_endpoint": "`/metrics` wants a key. Default true.",
        "success_callback": "Who hears of calls that went well: `langfuse`, `sentry`, `prometheus`. "
        "See [observability](../guides/observability.md).",
        "failure_callback": "Who hears of calls that failed: likewise.",
        "callbacks": "Who hears of both.",
        "turn_off_message_logging": "Always so, whatever is written here: what a call says is never kept or sent.",
        "drop_params": "`true`: leave out parameters that a model is known to refuse. `false`, written out: refuse "
        "requests with parameters that are lost in translation. Not written: such are left out and named.",
        "modify_params": "Mend what a provider would refuse: lengths, temperatures, the end of a conversation.",
        "additional_drop_params": "Request parameters to leave out for every model, by name or path.",
    },
    {
        **_each(
            "Callbacks.",
            "service_callback service_callbacks audit_log_callbacks redact_user_api_key_info "
            "redact_messages_in_exceptions langfuse_default_tags "
            "standard_logging_payload_excluded_fields global_disable_no_log_param s3_callback_params datadog_params "
            "gcs_pub_sub_use_v1 log_raw_request_response",
        ),
        **_each("Logs.", "json_logs set_verbose suppress_debug_info"),
        **_each("Fallbacks by kind of error.", "context_window_fallbacks content_policy_fallbacks"),
        **_each(
            "Parameters of requests.",
            "enable_json_schema_validation include_cost_in_streaming_usage forward_traceparent_to_llm_provider "
            "add_function_to_prompt",
        ),
        **_each(
            "Cache of answers.",
            "cache cache_params enable_redis_auth_cache default_in_memory_ttl default_redis_ttl "
            "force_redis_hash_tag_grouping enable_caching_on_provider_specific_optional_params",
        ),
        **_each(
            "Budgets and keys.",
            "max_budget budget_duration max_user_budget max_internal_user_budget internal_user_budget_duration "
            "max_end_user_budget max_end_user_budget_id default_key_generate_params upperbound_key_generate_params "
            "key_generation_settings default_internal_user_params default_team_params default_team_settings "
            "tag_budget_config budget_exceeded_status_code budget_exceeded_throttle_percentage priority_reservation "
            "block_requests_for_models_without_pricing key_alias_pattern",
        ),
        **_each("Discounts and margins.", "cost_discount_config cost_margin_config"),
        **_each(
            "Prometheus details.",
            "prometheus_metrics_config prometheus_exclude_metrics prometheus_exclude_labels "
            "custom_prometheus_metadata_labels custom_prometheus_tags prometheus_latency_buckets "
            "prometheus_initialize_budget_metrics enable_end_user_cost_tracking_prometheus_only",
        ),
        **_each(
            "Network.",
            "ssl_verify ssl_certificate ssl_security_level force_ipv4 http2 use_aiohttp_transport "
            "disable_aiohttp_transport network_mock user_url_validation",
        ),
        **_each(
            "Other.",
            "custom_provider_map public_model_groups mcp_aliases enable_preview_features expose_router_debug_in_errors "
            "telemetry api_key api_base headers organization disable_end_user_cost_tracking "
            "disable_add_prefix_to_prompt return_response_headers check_provider_endpoint credential_list "
            "token_rate_limit_type ui_theme_config",
        ),
    },
)

ROUTER_SETTINGS: Final = Section(
    "router_settings",
    "`router_settings`",
    {
        "routing_strategy": "`simple-shuffle` (default). Others are named at start and shuffled too.",
        "num_retries": "Attempts after the first. Default 2.",
        "fallbacks": 'Models to try next: `[{"a": ["b", "c"]}]`.',
        "default_fallbacks": "Models to try next where `fallbacks` names none.",
        "max_fallbacks": "How many fallbacks a call may use. Default 5.",
        "timeout": "Seconds to the first byte of an answer, where `litellm_settings.request_timeout` is not written.",
        "stream_timeout": "Seconds to the first token of a stream. Default: as `timeout`.",
        "allowed_fails": "Failures in a row before an entry rests. Default: LiteLLM's rules.",
        "cooldown_time": "Seconds an entry rests after failures. Default 5.",
        "disable_cooldowns": "Never let an entry rest.",
        "model_group_alias": "Other names for models: `alias: name`, or `alias: {model: name, hidden: true}`.",
    },
    {
        **_each("Strategies.", "routing_strategy_args routing_groups enable_weighted_failover caching_groups"),
        **_each("Retries by kind of error.", "retry_after retry_policy model_group_retry_policy allowed_fails_policy"),
        **_each(
            "Fallbacks by kind of error.",
            "context_window_fallbacks content_policy_fallbacks enable_mid_stream_fallback_continuation "
            "fallback_on_unsupported_params session_affinity_repin_on_failover",
        ),
        **_each(
            "Checks before a call.",
            "enable_pre_call_checks optional_pre_call_checks enable_tag_filtering tag_filtering_match_any "
            "tag_routing_prefix enable_health_check_routing health_check_staleness_threshold "
            "health_check_ignore_transient_errors ignore_invalid_deployments",
        ),
        **_each(
            "Defaults of entries.",
            "default_litellm_params default_max_parallel_requests default_priority set_verbose debug_level",
        ),
        **_each(
            "Shared state.",
            "redis_host redis_port redis_password redis_url cache_responses cache_kwargs client_ttl "
            "deployment_affinity_ttl_seconds model_group_affinity_config provider_budget_config",
        ),
    },
)

TRUNKLINE: Final = Section(
    "general_settings.trunkline",
    "`general_settings.trunkline`: Trunkline's own",
    {
        "durability": "`process` (default): a record survives the death of the process; `power`: also a power cut.",
        "serve_unmetered": "Go on without records when the disk is full, instead of answering 503. Default false.",
        "segment_bytes": "Size of a journal file. Default 16 MiB.",
        "spool_bytes": "Disk that journals not yet shipped may take; then calls are refused. Default 1 GiB.",
        "on_client_gone": "`cancel` (default): close the upstream and estimate; `drain`: read on to the usage.",
        "response_retention_days": "Days that responses of `/v1/responses` are stored. Default 30; 0: not stored.",
        "egress_allow": "Networks that media may be fetched from although they are not public, for example "
        "`[10.1.0.0/16]`. Default: none.",
        "previous_master_keys": "Former master keys with time left: `[{key: os.environ/NAME, until: "
        "'2026-12-01T18:00:00Z'}]`. See [security](../guides/security.md).",
        "anomaly_detection": "Say when a model's or key's hourly spend leaves its usual band. Default true.",
        "anomaly_sensitivity": "How far it may go, in robust standard deviations. Default 4.",
        "anomaly_floor_usd": "A difference below this many USD an hour is never unusual. Default 1.",
        "anomaly_interval_seconds": "Seconds between two looks. Default 60.",
        "echo_model": "Answer with the model name the client asked for, as LiteLLM does. Default false.",
        "log_calls_per_second": "Above it the log counts successful calls instead of listing them. Default 200.",
        "connect_timeout": "Seconds for TCP and TLS to a provider. Default 5.",
        "first_byte_timeout": "Seconds to the first byte of an answer. Default 600.",
        "idle_timeout": "Seconds without progress inside an answer. Default 60.",
        "total_timeout": "Seconds of a whole call with all its attempts. Default 6000.",
        "write_seconds": "Seconds without progress while sending, to provider or client. Default 30.",
        "header_seconds": "Seconds a client has for a request's headers. Default 10.",
        "body_seconds": "Seconds without progress inside a request's body. Default 30.",
        "keepalive_seconds": "Seconds an idle client connection is kept. Default 75.",
        "header_bytes": "Size of a request's headers. Default 64 KiB.",
        "header_count": "Number of a request's headers. Default 100.",
        "url_bytes": "Length of a request's path and query. Default 16 KiB.",
        "shutdown_seconds": "Seconds that SIGTERM waits for running calls. Default 600.",
        "drain_seconds": "Seconds that readiness says no before the socket closes. Default 0.",
    },
    {},
)

PREVIOUS_MASTER_KEY: Final = Section(
    "general_settings.trunkline.previous_master_keys[]",
    "An entry of `previous_master_keys`",
    {
        "key": "The former key, for example `os.environ/LITELLM_MASTER_KEY_PREVIOUS`. Required.",
        "until": "When it is refused, ISO 8601, UTC where no zone is written. Default: a day from when it is first "
        "seen here.",
    },
    {},
)

GENERAL_SETTINGS: Final = Section(
    "general_settings",
    "`general_settings`",
    {
        "master_key": "The administrator's key. Default: the variable `LITELLM_MASTER_KEY`.",
        "database_url": "`postgresql://...` or `sqlite:///...`. Default: `DATABASE_URL`, else SQLite.",
        "max_request_size_mb": "Largest request body in MiB. Default 32.",
        "alerting": "Where alerts go: `slack` (`SLACK_WEBHOOK_URL`), `webhook` (`WEBHOOK_URL`).",
        "litellm_key_header_name": "One more header in which clients may send their key.",
        "trunkline": "Trunkline's own settings, below.",
    },
    {
        **_each(
            "Database.",
            "database_type database_connection_pool_limit database_connection_timeout database_extra_connection_params "
            "allow_requests_on_db_unavailable disable_spend_logs disable_spend_updates disable_error_logs "
            "disable_adding_master_key_hash_to_db store_model_in_db store_prompts_in_spend_logs supported_db_objects "
            "proxy_batch_write_at proxy_config_reload_interval_seconds proxy_budget_rescheduler_min_time "
            "proxy_budget_rescheduler_max_time use_redis_transaction_buffer maximum_spend_logs_retention_period "
            "maximum_spend_logs_retention_interval maximum_spend_logs_cleanup_cron maximum_spend_logs_size "
            "use_spend_logs_partitioning disable_reset_budget disable_master_key_return",
        ),
        **_each(
            "Limits.",
            "max_parallel_requests global_max_parallel_requests max_response_size_mb max_in_flight_requests_per_worker "
            "max_queued_requests_per_worker admission_queue_timeout_seconds token_rate_limit_type "
            "disable_retry_on_max_parallel_request_limit_error fail_closed_rate_limit_enforcement "
            "fail_closed_budget_enforcement disable_budget_reservation apply_user_budget_to_team_keys "
            "budget_reservation cancel_on_disconnect",
        ),
        **_each(
            "Alerts.",
            "alerting_threshold alerting_args alert_types alert_to_webhook_url spend_report_frequency",
        ),
        **_each(
            "Health checks.",
            "background_health_checks health_check_interval health_check_details use_shared_health_check "
            "enable_health_check_routing allow_public_health_readiness_details enable_drain_endpoint "
            "drain_endpoint_token health_check_concurrency",
        ),
        **_each(
            "Who may call.",
            "custom_auth custom_auth_run_common_checks enable_jwt_auth litellm_jwtauth enable_oauth2_auth "
            "enable_oauth2_proxy_auth oauth2_config_mappings allowed_routes public_routes admin_only_routes "
            "allowed_ips use_x_forwarded_for reject_clientside_metadata_tags user_header_name user_header_mappings "
            "enforce_user_param user_api_key_cache_ttl user_api_key_cache_max_size custom_key_generate custom_sso "
            "dangerously_permit_weak_or_unset_master_key default_team_disabled pass_through_endpoints "
            "forward_client_headers_to_llm_api forward_openai_org_id allow_user_auth allow_client_side_credentials",
        ),
        **_each(
            "Secrets.",
            "key_management_system key_management_settings use_azure_key_vault use_google_kms encryption_algorithm",
        ),
        **_each(
            "Other.",
            "completion_model infer_model_from_keys always_include_stream_usage coordination_redis accounting_capture "
            "accounting_sync_ack* ui_access_mode ui_settings disable_prisma_schema_update enable_public_model_hub "
            "otel alert_email email_settings service_callback role_permissions moderation_model "
            "disable_responses_id_security control_plane_url worker_registry",
        ),
    },
)

CREDENTIAL: Final = Section(
    "credential_list[]",
    "An entry of `credential_list`",
    {
        "credential_name": "The name that `litellm_credential_name` refers to. Required.",
        "credential_values": "Connection parameters: `api_key`, `api_base`, ... Required.",
        "credential_info": "Free text about it.",
    },
    {},
)

SECTIONS: Final = (
    TOP,
    ENTRY,
    LITELLM_PARAMS,
    MODEL_INFO,
    CREDENTIAL,
    LITELLM_SETTINGS,
    ROUTER_SETTINGS,
    GENERAL_SETTINGS,
    TRUNKLINE,
    PREVIOUS_MASTER_KEY,
)
"""In the order of the reference page."""
