"""Microsoft Entra access tokens: a client's secret, a federated workload, or the machine's managed identity.

Facts: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow and
https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token; names of parameters
and variables as LiteLLM 1.109.1 and Azure's own libraries have them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlencode

from trunkline.providers.base_url import Base, BaseUrlError, slot_value
from trunkline.providers.settings import Settings, UnavailableError, checked_base

if TYPE_CHECKING:
    from trunkline.providers.tokens import Token, TokenAuthorizer

AUTHORITY: Final = "https://login.microsoftonline.com"
OPENAI_SCOPE: Final = "https://cognitiveservices.azure.com/.default"
FOUNDRY_SCOPE: Final = "https://ai.azure.com/.default"
INSTANCE_SERVICE: Final = "http://169.254.169.254"
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_SECRET: Final = ("AZURE_CLIENT_SECRET",)
_MANAGED: Final = frozenset({"ManagedIdentityCredential", "DefaultAzureCredential"})
"""Values of `AZURE_CREDENTIAL` (LiteLLM's) that this reads as: the machine's own identity."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Identity:
    """Who asks, and where. Not shown: it may hold a secret."""

    kind: Literal["secret", "file", "service", "machine"]
    scope: str
    authority: str = ""
    tenant: str = ""
    client: str = ""
    secret: str = ""
    """The client's secret, the path of the workload's token, or the header that App Service wants."""
    extra: str = ""
    """The address of the service that knows the identity."""


def identity(settings: Settings, scope: str) -> Identity | None:
    """The identity to sign in with; `None` where nothing asks for one.

    Raises:
        UnavailableError: it is asked for, and something is missing.
    """
    for name in ("tenant_id", "client_id", "client_secret", "azure_scope"):
        if (reference := settings.missing(name)) is not None:
            raise UnavailableError(f"`{reference[1]}` is not set, and `{name}` refers to it")
    if settings.text("azure_username", "azure_password") is not None:
        raise UnavailableError(
            "signing in to Entra with a user's name and password is not done, Microsoft is ending it: "
            "write `tenant_id`, `client_id` and `client_secret`"
        )
    scope = settings.text("azure_scope") or settings.variable("AZURE_SCOPE") or scope
    tenant = settings.text("tenant_id") or settings.variable("AZURE_TENANT_ID")
    client = settings.text("client_id") or settings.variable("AZURE_CLIENT_ID")
    secret = settings.text("client_secret") or settings.variable(*_SECRET)
    written = any(settings.text(name) is not None for name in ("tenant_id", "client_id", "client_secret"))
    federated = settings.variable("AZURE_FEDERATED_TOKEN_FILE")
    if tenant is not None and client is not None and (secret is not None or federated is not None):
        return Identity(
            kind="secret" if secret is not None else "file",
            scope=scope,
            authority=_authority(settings),
            tenant=_plain(tenant, "tenant_id"),
            client=client,
            secret=secret or federated or "",
        )
    if written or secret is not None:
        lacking = [
            f"`{name}` (`AZURE_{name.upper()}`)"
            for name, value in (("tenant_id", tenant), ("client_id", client), ("client_secret", secret))
            if value is None
        ]
        raise UnavailableError(f"signing in to Entra needs {' and '.join(lacking)} too")
    return _managed(settings, scope, client)


def _managed(settings: Settings, scope: str, client: str | None) -> Identity | None:
    """The machine's identity, where its service is told by the environment or `AZURE_CREDENTIAL` asks for it."""
    endpoint, header = settings.variable("IDENTITY_ENDPOINT"), settings.variable("IDENTITY_HEADER")
    if endpoint is not None and header is not None:
        checked_base(endpoint, "IDENTITY_ENDPOINT")
        return Identity(kind="service", scope=scope, client=client or "", secret=header, extra=endpoint)
    if settings.variable("AZURE_CREDENTIAL") not in _MANAGED:
        return None
    written = settings.variable("AZURE_POD_IDENTITY_AUTHORITY_HOST") or INSTANCE_SERVICE
    checked_base(written, "AZURE_POD_IDENTITY_AUTHORITY_HOST")
    return Identity(kind="machine", scope=scope, client=client or "", extra=written.rstrip("/"))


def _authority(settings: Settings) -> str:
    written = settings.variable("AZURE_AUTHORITY_HOST") or AUTHORITY
    base = checked_base(written if "://" in written else f"https://{written}", "AZURE_AUTHORITY_HOST")
    if base.scheme != "https" and not base.is_loopback:
        raise UnavailableError("`AZURE_AUTHORITY_HOST` is not `https`: a secret is sent there")
    return _url(base)


def _url(base: Base) -> str:
    host = f"[{base.host}]" if ":" in base.host else base.host
    return f"{base.scheme}://{host}:{base.port}{base.path}"


def _plain(value: str, name: str) -> str:
    try:
        return slot_value(value)
    except BaseUrlError as error:
        raise UnavailableError(f"`{name}` {error}") from error


def authorizer(who: Identity) -> TokenAuthorizer:
    """Sends the identity's token; deployments with the same identity and scope share it."""
    from trunkline.providers.tokens import TokenAuthorizer, shared  # asyncio, for those who sign in only

    parts = (who.kind, who.scope, who.authority, who.tenant, who.client, who.secret, who.extra)
    return TokenAuthorizer(shared(fetcher(who), "entra", *parts))


def fetcher(who: Identity) -> Callable[[], Token]:
    """What gets a new token. Blocks; raises `UnavailableError`."""
    return lambda: _signed_in(who) if who.kind in {"secret", "file"} else _of_machine(who)


def _signed_in(who: Identity) -> Token:
    from trunkline.providers.token_http import ask_token

    form = {"grant_type": "client_credentials", "client_id": who.client, "scope": who.scope}
    if who.kind == "secret":
        form["client_secret"] = who.secret
    else:
        try:
            assertion = Path(who.secret).read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UnavailableError("the file of `AZURE_FEDERATED_TOKEN_FILE` cannot be read") from error
        form |= {"client_assertion": assertion, "client_assertion_type": _ASSERTION}
    return ask_token(
        "POST",
        f"{who.authority}/{who.tenant}/oauth2/v2.0/token",
        whose="Microsoft Entra",
        mend="check `tenant_id`, `client_id` and `client_secret`, and the scope",
        form=form,
    )


def _of_machine(who: Identity) -> Token:
    from trunkline.providers.token_http import ask_token

    service = who.kind == "service"
    query = {"api-version": "2019-08-01" if service else "2018-02-01", "resource": who.scope.removesuffix("/.default")}
    if who.client:
        query["client_id"] = who.client
    url = who.extra if service else f"{who.extra}/metadata/identity/oauth2/token"
    return ask_token(
        "GET",
        f"{url}?{urlencode(query)}",
        whose="the managed identity's service",
        mend="give this machine an identity with a role on the resource",
        headers={"X-IDENTITY-HEADER": who.secret} if service else {"Metadata": "true"},
        direct=True,
    )
