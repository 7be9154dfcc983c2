"""The part of the catalogue that describes `model_list`, and the shape of its rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final


@dataclass(frozen=True, slots=True)
class Key:
    """One setting."""

    name: str
    """May end in `*`: a family of keys."""
    section: str
    implemented: bool
    """False: known, accepted, listed at start as not implemented."""
    doc: str
    """One line; the default in it where there is one."""


class Section:
    """The keys of one mapping of the file."""

    __slots__ = ("_exact", "_families", "keys", "name", "title")

    def __init__(self, name: str, title: str, done: Mapping[str, str], later: Mapping[str, str]) -> None:
        self.name: Final = name
        self.title: Final = title
        self.keys: Final = tuple(
            [Key(key, name, True, doc) for key, doc in done.items()]
            + [Key(key, name, False, doc) for key, doc in later.items()]
        )
        self._exact: Final = {key.name: key for key in self.keys}
        self._families: Final = tuple(key for key in self.keys if key.name.endswith("*"))

    def find(self, name: str) -> Key | None:
        """The key of this name, by itself or as one of a family."""
        found = self._exact.get(name)
        if found is None:
            found = next((key for key in self._families if fnmatchcase(name, key.name)), None)
        return found

    @property
    def names(self) -> Iterable[str]:
        """Every name, for suggestions; families are left out."""
        return [name for name in self._exact if not name.endswith("*")]


TOP: Final = Section(
    "top level",
    "The file",
    {
        "model_list": "The models: a list of entries, several of one name share its load.",
        "litellm_settings": "Settings of calls.",
        "general_settings": "Settings of the gateway.",
        "router_settings": "Retries, fallbacks, cooldowns, aliases; wins over the same key in `litellm_settings`.",
        "environment_variables": "Variables to set for the gateway, before the rest of the file is read.",
        "include": "Files to read too, relative to this one: lists are appended, everything else is replaced.",
        "credential_list": "Named sets of connection parameters for `litellm_credential_name`.",
    },
    {
        "guardrails": "Checks of what goes in and out.",
        "policies": "Guardrails by policy.",
        "policy_attachments": "Where policies apply.",
        "mcp_servers": "MCP servers behind the gateway.",
        "mcp_tools": "MCP tools written in the file.",
        "agents": "Agents (A2A).",
        "agent_list": "Agents (A2A).",
        "prompts": "Stored prompts.",
        "search_tools": "Web search providers.",
        "sandbox_tools": "Code sandboxes.",
        "vector_store_registry": "Vector stores.",
        "callback_settings": "Parameters of callbacks.",
        "assistant_settings": "OpenAI assistants.",
        "files_settings": "Files API.",
        "finetune_settings": "Fine-tuning API.",
        "default_vertex_config": "Vertex pass-through.",
        "worker_registry": "Control plane and data planes.",
        "pass_through_endpoints": "Paths passed to other hosts.",
    },
)

ENTRY: Final = Section(
    "model_list[]",
    "An entry of `model_list`",
    {
        "model_name": "What clients ask for; may hold `*`. Required.",
        "litellm_params": "Where the model is and how it is called. Required.",
        "model_info": "What is known about it: `id`, `mode`, prices.",
    },
    {},
)

_UNIT_PRICES: Final = {
    "input_cost_per_query": "USD per rerank query.",
    "input_cost_per_character": "USD per character read aloud.",
    "output_cost_per_character": "The same.",
    "input_cost_per_second": "USD per second of audio transcribed.",
    "input_cost_per_audio_per_second": "The same.",
    "output_cost_per_second": "The same.",
    "output_cost_per_image": "USD per image made.",
    "input_cost_per_image": "The same, where `output_cost_per_image` is not written.",
    "output_cost_per_image_token": "USD per output token of calls that make images.",
    "search_context_cost_per_query": "USD per web search, by size: `search_context_size_medium` counts.",
    "web_search_billing_unit": "`per_prompt`: one search is charged a call, however many there were.",
}
"""Prices of what is not counted in tokens."""

LITELLM_PARAMS: Final = Section(
    "litellm_params",
    "`litellm_params` of an entry",
    {
        "model": "`provider/model-id`. Required. `*` is filled from what the client asked for.",
        "api_key": "The provider's key; best as `os.environ/NAME`. Default: the provider's own variable.",
        "api_base": "Address of the host, `https://host/path`. Default: the provider's own.",
        "base_url": "The same as `api_base`.",
        "api_version": "Version of the API, where a host has several (Azure's `api-version`).",
        "organization": "OpenAI organization header.",
        "custom_llm_provider": "Provider, where `model` does not begin with it.",
        "litellm_credential_name": "Entry of `credential_list` that fills what is not written here.",
        "extra_headers": "Headers to send with every call.",
        "headers": "The same as `extra_headers`.",
        "azure_ad_token": "Entra token for Azure, instead of a key.",
        "vertex_project": "Vertex AI: project. Default: `GOOGLE_CLOUD_PROJECT`, else the credentials' own.",
        "vertex_location": "Vertex AI: location, for example `global` or `europe-west1`.",
        "vertex_credentials": "Vertex AI: path of a JSON key, its text or its keys. Default: as every Google program.",
        "aws_*": "Amazon Bedrock: keys, profile, role and region. Default: as every AWS program.",
        "model_id": "Amazon Bedrock: the id or ARN that is called, where `model` says only whose format it speaks.",
        "tenant_id": "Azure: signing in to Entra instead of a key; so are `client_id` and `client_secret`.",
        "client_id": "Azure: the application that signs in.",
        "client_secret": "Azure: its secret.",
        "azure_scope": "Azure: what the token is for, where it is not the default.",
        "watsonx_region_name": "IBM watsonx: region, where `api_base` is not written.",
        "region_name": "The same.",
        "project_id": "IBM watsonx: project.",
        "space_id": "IBM watsonx: deployment space, instead of a project.",
        "timeout": "Seconds to the first byte of the answer. Default: `litellm_settings.request_timeout`.",
        "stream_timeout": "Seconds to the first token of a stream. Default: `timeout`.",
        "num_retries": "Attempts after the first, for this entry.",
        "cooldown_time": "Seconds this entry rests after failures.",
        "weight": "Share of the load among entries of one name.",
        "rpm": "Share of the load where no `weight` is written (as LiteLLM's simple shuffle does); not a limit.",
        "tpm": "Share of the load where neither `weight` nor `rpm` is written; not a limit.",
        "order": "Entries of a lower order are tried first.",
        "drop_params": "As in `litellm_settings`, for this entry.",
        "additional_drop_params": "Request parameters to leave out, by name or path (`tools[*].strict`); reported.",
        "allowed_openai_params": "Parameters that are sent although the model is known to lack them.",
        "modify_params": "As in `litellm_settings`, for this entry.",
        "extra_body": "Request parameters to add where the client sent none.",
        "input_cost_per_token": "USD per input token.",
        "output_cost_per_token": "USD per output token.",
        "cache_read_input_token_cost": "USD per input token read from the provider's cache.",
        "cache_creation_input_token_cost": "USD per input token written to the provider's cache.",
        "output_cost_per_reasoning_token": "USD per reasoning token.",
        "input_cost_per_audio_token": "USD per audio token in.",
        "output_cost_per_audio_token": "USD per audio token out.",
        "input_cost_per_request": "USD per call.",
        "input_cost_per_token_above_*": "USD per input token of calls above a size.",
        "output_cost_per_token_above_*": "USD per output token of calls above a size.",
        "cache_read_input_token_cost_above_*": "USD per cached input token of calls above a size.",
        "cache_creation_input_token_cost_above_*": "USD per input token written to the cache, of calls above a size.",
        "cache_creation_input_token_cost_above_1hr": "USD per input token written to the cache for an hour.",
        **_UNIT_PRICES,
    },
    {
        "vertex_*": "More of Vertex AI.",
        "azure_username": "Entra ID: signing in as a user, which Microsoft is ending.",
        "azure_password": "Entra ID: signing in as a user, which Microsoft is ending.",
        "s3_*": "Files on S3.",
        "gcs_bucket_name": "Files on Google Cloud Storage.",
        "itpm": "Input tokens a minute.",
        "otpm": "Output tokens a minute.",
        "rpd": "Requests a day.",
        "tpd": "Tokens a day.",
        "daily_reset_time": "When days begin.",
        "max_parallel_requests": "Calls at a time.",
        "timeout_by_service_tier": "Time-outs by service tier.",
        "stream_timeout_by_service_tier": "Time-outs by service tier.",
        "max_retries": "Retries inside the provider's SDK; write `num_retries`.",
        "tags": "Tag routing.",
        "tag_regex": "Tag routing by header.",
        "max_budget": "Budget of the entry.",
        "budget_duration": "Budget period.",
        "configurable_clientside_auth_params": "Clients may bring their own key.",
        "use_in_pass_through": "Pass-through with this entry's key.",
        "use_litellm_proxy": "The upstream is a LiteLLM proxy.",
        "use_chat_completions_api": "Responses through chat completions.",
        "merge_reasoning_content_in_choices": "Reasoning inside the content.",
        "keepalive_seconds": "Comments on an idle stream.",
        "mock_response": "Answer without a provider.",
        "silent_model": "Mirror traffic to another model.",
        "auto_router_*": "Semantic router.",
        "complexity_router_*": "Router by difficulty.",
        "adaptive_router_*": "Bandit router.",
        "quality_router_*": "Router by quality.",
        "kubernetes_pod_discovery": "Deployments from pods.",
        "tiered_pricing": "Prices by ranges.",
        "off_peak_pricing": "Prices by hours.",
        "input_cost_*": "A price this version does not count yet.",
        "output_cost_*": "A price this version does not count yet.",
        "cost_per_second": "A price this version does not count yet.",
        "cache_*_cost*": "A price this version does not count yet.",
        "citation_cost_per_token": "A price this version does not count yet.",
    },
)

_OPENAI: Final = """
    audio best_of chat_template_kwargs dimensions echo enable_thinking encoding_format frequency_penalty function_call
    functions logit_bias logprobs max_completion_tokens max_tokens metadata min_p modalities n parallel_tool_calls
    prediction presence_penalty prompt_cache_key prompt_cache_options prompt_cache_retention reasoning reasoning_effort
    repetition_penalty response_format safety_identifier seed service_tier stop store stream_options suffix temperature
    thinking tool_choice tools top_k top_logprobs top_p user verbosity web_search_options
"""
OPENAI_PARAMS: Final[frozenset[str]] = frozenset(_OPENAI.split())
"""Request parameters that may stand in `litellm_params`; they are added where the client sent none."""

MODEL_INFO: Final = Section(
    "model_info",
    "`model_info` of an entry",
    {
        "id": "Id of the entry, the `x-litellm-model-id` header. Default: a stable hash.",
        "mode": "`chat` (default), `completion`, `embedding`, ...",
        "base_model": "The model that an Azure deployment or a name of your own stands for; used for its price.",
        "cooldown_time": "Seconds this entry rests after failures; wins over `litellm_params`.",
        "input_cost_per_token": "USD per input token.",
        "output_cost_per_token": "USD per output token.",
        "cache_read_input_token_cost*": "USD per cached input token.",
        "cache_creation_input_token_cost*": "USD per input token written to the cache.",
        "output_cost_per_reasoning_token": "USD per reasoning token.",
        "input_cost_per_token_above_*": "USD per input token of calls above a size.",
        "output_cost_per_token_above_*": "USD per output token of calls above a size.",
        "input_cost_per_request": "USD per call.",
        **_UNIT_PRICES,
        "max_tokens": "Shown in `/model/info`.",
        "max_input_tokens": "Shown in `/model/info`.",
        "max_output_tokens": "Shown in `/model/info`.",
        "supports_*": "Shown in `/model/info`.",
        "description": "Shown in `/model/info`.",
    },
    {
        "access_groups": "Groups of models that keys may name.",
        "team_id": "Only for one team.",
        "team_public_model_name": "Name inside a team.",
        "access_windows": "Hours of use.",
        "blocked": "Switched off.",
        "discoverable": "Listed or not.",
        "supported_environments": "Where the entry is used.",
        "allowed_fails": "Failures before the entry rests.",
        "allowed_fails_policy": "Failures before the entry rests, by kind.",
        "disable_background_health_check": "Health checks.",
        "health_check_*": "Health checks.",
        "enable_tag_filtering": "Tag routing.",
        "allow_fail_open": "Tag routing.",
        "max_embedding_batch_size": "Embedding batches.",
        "enforce_supported_endpoints": "Endpoints of the entry.",
        "ptu_*": "Provisioned throughput.",
    },
)
