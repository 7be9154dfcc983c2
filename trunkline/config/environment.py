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
    Variable("GOOGLE_CLOUD_PROJECT", "Gemini through Vertex AI: the project that pays", "your-project-id", active=True),
    Variable(
        "GOOGLE_APPLICATION_CREDENTIALS",
        "its credentials: a service account's JSON key; not needed after `gcloud auth application-default login`",
        "./service-account.json",
    ),
    Variable("GEMINI_API_KEY", "Gemini through Google AI Studio: aistudio.google.com/apikey", "AIza...", active=True),
    Variable("OPENAI_API_KEY", "GPT: platform.openai.com/api-keys", "sk-...", active=True),
    Variable("ANTHROPIC_API_KEY", "Claude: platform.claude.com/settings/keys", "sk-ant-...", active=True),
)
"""The keys of the shipped configuration."""

APPLICATION: Final = (
    Variable("MODEL", "the application's default model", "gemini-2.5-flash", active=True),
    Variable("APP_DATABASE_URL", "its database; default: SQLite in the data folder", "postgresql://…/app"),
    Variable("LITELLM_BASE_URL", "where it finds the gateway", "http://127.0.0.1:4000"),
    Variable("LITELLM_API_KEY", "the key it calls the gateway with; default: `LITELLM_MASTER_KEY`", "sk-..."),
    Variable("AUTH_MODE", "`off` (default, this machine only), `password` or `oidc`", "password"),
    Variable("AUTH_PASSWORD", "`password`: the one password of the one person", "..."),
    Variable(
        "AUTH_USERS", "`password`: people; `python -m backend.app.users hash` makes the hash", "'ada@…:$argon2id$…'"
    ),
    Variable("AUTH_ADMINS", "addresses of administrators, with commas between", "ada@example.org"),
    Variable("AUTH_OIDC_ISSUER", "`oidc`: the provider's issuer", "https://id.example.org"),
    Variable("AUTH_OIDC_CLIENT_ID", "`oidc`: this application's id there", "trunkline"),
    Variable("AUTH_OIDC_CLIENT_SECRET", "`oidc`: its secret, where it has one", "..."),
    Variable("AUTH_OIDC_NAME", "`oidc`: the word on the button", "Single sign-on"),
    Variable("AUTH_ALLOWED", "`oidc`: addresses or `@domains` that may sign in; default: all", "@example.org"),
    Variable("AUTH_SESSION_HOURS", "how long a sign-in lasts", "336"),
    Variable("APP_PUBLIC_URL", "its address in the browser, behind a proxy", "https://chat.example.org"),
    Variable("APP_ALLOWED_HOSTS", "further names for this machine while sign-in is off", "box.local"),
    Variable("APP_MAX_FILE_MB", "the largest file", "20"),
    Variable("APP_MAX_IMPORT_MB", "the largest import", "100"),
    Variable("APP_MAX_STORAGE_MB", "all files of one person", "5000"),
    Variable("TRUNKLINE_ENV_FILE", "another file than `.env` in the folder where it starts", "/etc/trunkline/app.env"),
    Variable("APP_FRONTEND", "folder of the built front end", "frontend/chat/dist"),
)
"""Read by `backend/`, which is another program: `tests/backend/test_variables.py` holds the two lists together."""

GATEWAY: Final = (
    Variable(
        "LITELLM_MASTER_KEY",
        "the administrator's key; `sk-1234` is let in from this machine only",
        "sk-1234",
        active=True,
    ),
    Variable(
        "LITELLM_MASTER_KEY_PREVIOUS",
        "the key before this one: let in for another day, or until the time of the next line",
        "sk-...",
    ),
    Variable("LITELLM_MASTER_KEY_PREVIOUS_UNTIL", "when the former key ends", "2026-12-01T18:00:00Z"),
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

OBSERVABILITY: Final = (
    Variable("LANGFUSE_PUBLIC_KEY", "the callback `langfuse`: public key of the project", "pk-lf-..."),
    Variable("LANGFUSE_SECRET_KEY", "its secret key", "sk-lf-..."),
    Variable("LANGFUSE_BASE_URL", "its address", "https://cloud.langfuse.com"),
    Variable("LANGFUSE_HOST", "the same, under its older name", "https://cloud.langfuse.com"),
    Variable("LANGFUSE_TRACING_ENVIRONMENT", "the environment that its traces stand in", "production"),
    Variable("SENTRY_DSN", "the callback `sentry`: DSN of the project", "https://...@o0.ingest.sentry.io/..."),
    Variable("SENTRY_ENVIRONMENT", "the environment that its events stand in", "production"),
    Variable("SLACK_WEBHOOK_URL", '`alerting: ["slack"]`: an incoming webhook of Slack', "https://hooks.slack.com/..."),
    Variable("WEBHOOK_URL", '`alerting: ["webhook"]`: gets alerts as JSON', "https://example.com/alerts"),
)
"""Callbacks and alerts: docs/guides/observability.md."""

COMPOSE: Final = (
    Variable(
        "TRUNKLINE_PUBLISHED_ON",
        "address that ports 4000, 8000 and 3000 are published on; beyond this machine with keys of your own only",
        "127.0.0.1",
    ),
    Variable(
        "TRUNKLINE_UID", "user that the containers run as: the owner of `.env`, if others may not read it", "1000"
    ),
    Variable("TRUNKLINE_GID", "group that the containers run as", "1000"),
    Variable("EMBEDDED_MODEL", "`0`: build the gateway's image without the embedded model", "1"),
    Variable("POSTGRES_PASSWORD", "password of PostgreSQL's superuser, who comes in from its own container only"),
    Variable("APP_DB_PASSWORD", "password of the application in the database `app`: letters and digits"),
    Variable("LITELLM_DB_PASSWORD", "password of the gateway in the database `litellm`: letters and digits"),
    Variable(
        "APP_DATABASE_URL",
        "the application's database, where it is not the container's",
        "postgresql://user:password@db.internal:5432/app",
    ),
    Variable(
        "LITELLM_DATABASE_URL",
        "the gateway's database, where it is not the container's",
        "postgresql://user:password@db.internal:5432/litellm",
    ),
)
"""Read by docker-compose.yml, and the first by the programs in its containers: docs/guides/docker.md."""

SYSTEM: Final = (
    Variable("SSL_CERT_FILE", "certificates to trust instead of the system's, one file"),
    Variable("SSL_CERT_DIR", "certificates to trust instead of the system's, a folder"),
)
"""Read as every program reads them."""

INTERNAL: Final = (
    Variable("TRUNKLINE_SHIPPER_DATABASE_URL", "set by the gateway for its own child processes"),
    Variable("TRUNKLINE_SHIPPER_DOTENV", "likewise: names of the variables that came from `.env`"),
)
"""Not for users; kept here so that the check of the code against this list has no exception."""

CLOUDS: Final = (
    Variable("AZURE_API_KEY", "Azure OpenAI: key"),
    Variable("AZURE_OPENAI_API_KEY", "Azure OpenAI: key, another name"),
    Variable("AZURE_API_BASE", "Azure OpenAI: address of the resource", "https://name.openai.azure.com"),
    Variable("AZURE_OPENAI_ENDPOINT", "Azure OpenAI: address of the resource, another name"),
    Variable("AZURE_API_VERSION", "Azure OpenAI: `api-version`", "2025-02-01-preview"),
    Variable("OPENAI_API_VERSION", "Azure OpenAI: `api-version`, another name"),
    Variable("AZURE_AD_TOKEN", "Azure OpenAI: Entra token instead of a key"),
    Variable("AZURE_AI_API_KEY", "Azure AI Foundry: key"),
    Variable("AZURE_AI_API_BASE", "Azure AI Foundry: address"),
    Variable("AZURE_TENANT_ID", "Azure, signing in to Entra: tenant"),
    Variable(
        "AZURE_CLIENT_ID", "Azure, signing in to Entra: application, or the identity of a machine that has several"
    ),
    Variable("AZURE_CLIENT_SECRET", "Azure, signing in to Entra: the application's secret"),
    Variable("AZURE_SCOPE", "Azure, signing in to Entra: what the token is for, where it is not the default"),
    Variable("AZURE_AUTHORITY_HOST", "Azure, signing in to Entra: another cloud's", "https://login.microsoftonline.us"),
    Variable("AZURE_FEDERATED_TOKEN_FILE", "Azure, signing in to Entra: a workload's token, set by Kubernetes"),
    Variable("AZURE_CREDENTIAL", "Azure: use the machine's managed identity", "ManagedIdentityCredential"),
    Variable("AZURE_POD_IDENTITY_AUTHORITY_HOST", "Azure: address of the managed identity's service"),
    Variable("IDENTITY_ENDPOINT", "Azure: the same, set by App Service"),
    Variable("IDENTITY_HEADER", "Azure: header for it, set by App Service"),
    Variable("CLOUDSDK_CONFIG", "Vertex AI: folder of gcloud's own login"),
    Variable("GCE_METADATA_HOST", "Vertex AI: address of the machine's metadata service"),
    Variable("K_SERVICE", "Vertex AI: set by Cloud Run: the machine has a service account"),
    Variable("GAE_ENV", "Vertex AI: set by App Engine, likewise"),
    Variable("AWS_ACCESS_KEY_ID", "Amazon Bedrock: access key"),
    Variable("AWS_SECRET_ACCESS_KEY", "Amazon Bedrock: its secret"),
    Variable("AWS_SESSION_TOKEN", "Amazon Bedrock: its session"),
    Variable("AWS_SECURITY_TOKEN", "Amazon Bedrock: its session, another name"),
    Variable("AWS_PROFILE", "Amazon Bedrock: profile in the files of the AWS command"),
    Variable("AWS_DEFAULT_PROFILE", "Amazon Bedrock: profile, another name"),
    Variable("AWS_CONFIG_FILE", "Amazon Bedrock: file of profiles"),
    Variable("AWS_SHARED_CREDENTIALS_FILE", "Amazon Bedrock: file of keys"),
    Variable("AWS_ROLE_ARN", "Amazon Bedrock: role of a workload, set by Kubernetes"),
    Variable("AWS_ROLE_SESSION_NAME", "Amazon Bedrock: name of its session"),
    Variable("AWS_WEB_IDENTITY_TOKEN_FILE", "Amazon Bedrock: its token, set by Kubernetes"),
    Variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "Amazon Bedrock: set by ECS"),
    Variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", "Amazon Bedrock: set by EKS"),
    Variable("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Amazon Bedrock: set by ECS"),
    Variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "Amazon Bedrock: set by EKS"),
    Variable("AWS_EC2_METADATA_DISABLED", "Amazon Bedrock: do not ask the machine's metadata service", "true"),
    Variable("AWS_EC2_METADATA_SERVICE_ENDPOINT", "Amazon Bedrock: address of that service"),
    Variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "Amazon Bedrock: `IPv4` or `IPv6`"),
    Variable("WATSONX_PROJECT_ID", "IBM watsonx.ai: project"),
    Variable("WX_PROJECT_ID", "IBM watsonx.ai: project, another name"),
    Variable("WATSONX_PROJECT", "IBM watsonx.ai: project, another name"),
    Variable("WATSONX_DEPLOYMENT_SPACE_ID", "IBM watsonx.ai: deployment space, instead of a project"),
    Variable("WATSONX_SPACE_ID", "IBM watsonx.ai: deployment space, another name"),
    Variable("WX_SPACE_ID", "IBM watsonx.ai: deployment space, another name"),
    Variable("WATSONX_SPACE", "IBM watsonx.ai: deployment space, another name"),
    Variable("WATSONX_API_VERSION", "IBM watsonx.ai: `version` of its API", "2024-03-13"),
    Variable("WATSONX_IAM_URL", "IBM watsonx.ai: where the key is exchanged for a token"),
    Variable("WATSONX_TOKEN", "IBM watsonx.ai: a token instead of a key"),
    Variable("WATSONX_ZENAPIKEY", "IBM watsonx.ai on Cloud Pak: key"),
    Variable("DATABRICKS_CLIENT_ID", "Databricks: sign in as a service principal, instead of a key"),
    Variable("DATABRICKS_CLIENT_SECRET", "Databricks: its secret"),
)
"""What code reads beyond the columns of the provider table."""


def provider_variables() -> tuple[Variable, ...]:
    """Keys, addresses and other variables of every host in the provider table, in its order, then clouds; each once."""
    from trunkline.providers.table import ROWS

    shown = {
        variable.name
        for group in (CREDENTIALS, APPLICATION, GATEWAY, OBSERVABILITY, COMPOSE, SYSTEM)
        for variable in group
    }
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
    for variable in CLOUDS:
        found.setdefault(variable.name, variable)
    return tuple(found.values())


def all_names() -> frozenset[str]:
    """Every variable that may be read."""
    groups = (CREDENTIALS, APPLICATION, GATEWAY, OBSERVABILITY, COMPOSE, SYSTEM, INTERNAL, provider_variables())
    return frozenset(variable.name for group in groups for variable in group)
