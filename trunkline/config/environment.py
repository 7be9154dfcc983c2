"""Every environment variable that the code reads; `.env.example` and `docs/reference/settings.md` are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable: what it is for, and what `.env.example` shows."""

    name: str
    doc: str
    example: str = ""
    active: bool = False
    """Stands in `.env.example` without a `#` before it."""


CREDENTIALS: Final = (
    Variable("GOOGLE_CLOUD_PROJECT", "Gemini through Vertex AI (a coming version)", "your-project-id", active=True),
    Variable("GEMINI_API_KEY", "Gemini through Google AI Studio: aistudio.google.com/apikey", "AIza...", active=True),
    Variable("OPENAI_API_KEY", "GPT: platform.openai.com/api-keys", "sk-...", active=True),
    Variable("ANTHROPIC_API_KEY", "Claude: platform.claude.com/settings/keys", "sk-ant-...", active=True),
)
"""The keys of the shipped configuration."""

APPLICATION: Final = (Variable("MODEL", "the application's default model", "gemini-2.5-flash", active=True),)

GATEWAY: Final = (
    Variable(
        "LITELLM_MASTER_KEY",
        "the administrator's key; `sk-1234` is let in from this machine only",
        "sk-1234",
        active=True,
    ),
    Variable("TRUNKLINE_DATA", "folder for the database, journals and the embedded model", "./data", active=True),
    Variable(
        "DATABASE_URL",
        "default: SQLite in that folder; `sqlite:///path` or PostgreSQL",
        "postgresql://user:password@localhost:5432/litellm",
    ),
    Variable("TRUNKLINE_LOG", "`DEBUG`, `INFO` (default), `WARNING` or `ERROR`", "INFO"),
    Variable("LITELLM_LOG", "the same, under LiteLLM's name", "INFO"),
    Variable("TRUNKLINE_PRICE_FILE", "price file in LiteLLM's format; wins over the built-in prices", "./prices.json"),
    Variable(
        "LITELLM_MODEL_COST_MAP_URL", "the same, under LiteLLM's name; a path, nothing is fetched", "./prices.json"
    ),
    Variable("LITELLM_MODE", "`PRODUCTION`: do not read `.env`", "PRODUCTION"),
    Variable("CONFIG_FILE_PATH", "the configuration, where `--config` is not given", "litellm-config.yaml"),
    Variable("HOST", "address to listen on, where `--host` is not given", "127.0.0.1"),
    Variable("PORT", "port to listen on, where `--port` is not given", "4000"),
    Variable("NUM_WORKERS", "processes, where `--workers` is not given", "1"),
)

SYSTEM: Final = (
    Variable("SSL_CERT_FILE", "certificates to trust instead of the system's, one file"),
    Variable("SSL_CERT_DIR", "certificates to trust instead of the system's, a folder"),
)
"""Read as every program reads them."""

INTERNAL: Final = (Variable("TRUNKLINE_SHIPPER_DATABASE_URL", "set by the gateway for its own child processes"),)
"""Not for users; kept here so that the check of the code against this list has no exception."""

AZURE: Final = (
    Variable("AZURE_API_KEY", "Azure OpenAI: key"),
    Variable("AZURE_OPENAI_API_KEY", "Azure OpenAI: key, another name"),
    Variable("AZURE_API_BASE", "Azure OpenAI: address of the resource", "https://name.openai.azure.com"),
    Variable("AZURE_OPENAI_ENDPOINT", "Azure OpenAI: address of the resource, another name"),
    Variable("AZURE_API_VERSION", "Azure OpenAI: `api-version`", "2025-02-01-preview"),
    Variable("OPENAI_API_VERSION", "Azure OpenAI: `api-version`, another name"),
    Variable("AZURE_AD_TOKEN", "Azure OpenAI: Entra token instead of a key"),
    Variable("AZURE_AI_API_KEY", "Azure AI Foundry: key"),
    Variable("AZURE_AI_API_BASE", "Azure AI Foundry: address"),
)
"""Hosts whose address is made by code have no row in the provider table."""


def provider_variables() -> tuple[Variable, ...]:
    """Keys, addresses and other variables of every host in the provider table, in its order, each once."""
    from trunkline.providers.table import ROWS

    shown = {variable.name for group in (CREDENTIALS, APPLICATION, GATEWAY, SYSTEM) for variable in group}
    found: dict[str, Variable] = {}
    for row in ROWS:
        slots = [name for slot in row.slots for name in slot.variables]
        headers = [name for _, names in row.env_headers for name in names]
        for names, what in (
            (row.keys, "key"),
            (row.bases, "address"),
            (slots, "part of the address"),
            (headers, "header"),
        ):
            for name in names:
                if name not in shown:
                    found.setdefault(name, Variable(name, f"{row.name}: {what}"))
    for variable in AZURE:
        found.setdefault(variable.name, variable)
    return tuple(found.values())


def all_names() -> frozenset[str]:
    """Every variable that may be read."""
    groups = (CREDENTIALS, APPLICATION, GATEWAY, SYSTEM, INTERNAL, provider_variables())
    return frozenset(variable.name for group in groups for variable in group)
