"""Google access tokens: by the library `google-auth`, or from the machine's metadata service."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import import_module
from typing import Final, Protocol
from urllib.parse import quote

from trunkline.ir import Secret
from trunkline.providers.google_credentials import SCOPE, Credentials
from trunkline.providers.settings import UnavailableError
from trunkline.providers.token_http import REQUEST_SECONDS, Answer, ask, ask_token, censored
from trunkline.providers.tokens import FETCH_SECONDS, Token, TokenAuthorizer, shared

_MASKED: Final = ("private_key", "private_key_id", "refresh_token", "client_secret")
_METADATA_PATH: Final = "/computeMetadata/v1/instance/service-accounts/default/token?scopes="


def authorizer(credentials: Credentials) -> TokenAuthorizer:
    """Sends an access token of these credentials; deployments with the same ones share it."""
    identity = (credentials.kind, credentials.where, credentials.mark, SCOPE)
    return TokenAuthorizer(shared(lambda: fetch(credentials), "google", *identity))


def fetch(credentials: Credentials) -> Token:
    """One new access token. Blocks.

    Raises:
        UnavailableError: it cannot be had; says why and what to mend.
    """
    if credentials.kind == "metadata":
        return ask_token(
            "GET",
            credentials.where + _METADATA_PATH + quote(SCOPE, safe=""),
            whose="the metadata service",
            mend="give this machine a service account with the scope `cloud-platform`, "
            "or set `GOOGLE_APPLICATION_CREDENTIALS`",
            headers={"Metadata-Flavor": "Google"},
            direct=True,
        )
    return _by_library(credentials.read(), credentials.named)


def _by_library(info: Mapping[str, object], named: str) -> Token:
    try:
        from google.auth.exceptions import GoogleAuthError
    except ImportError as error:
        raise UnavailableError("the package `google-auth` is missing: run `pip install google-auth`") from error
    try:
        made = _made(info)
        made.refresh(_Transport())
    except UnavailableError:
        raise
    except (GoogleAuthError, ValueError, KeyError, TypeError, AttributeError) as error:
        # Without the cause: the library's messages may quote what was sent.
        secrets = [value for name in _MASKED if isinstance(value := info.get(name), str)]
        text = censored(f"{type(error).__name__}: {error}", secrets)
        raise UnavailableError(f"Google gave no access token for {named} ({text}): {_mend(text)}") from None
    token, expiry = made.token, made.expiry
    if not isinstance(token, str) or not token:
        raise UnavailableError(f"Google gave no access token for {named}: check the credentials")
    seconds = 3600.0 if expiry is None else (expiry.replace(tzinfo=UTC) - datetime.now(UTC)).total_seconds()
    return Token(value=Secret(token), seconds=seconds)


def _mend(text: str) -> str:
    lowered = text.lower()
    if "invalid_grant" in lowered and "reauth" in lowered:
        return "run `gcloud auth application-default login` again"
    if "invalid_grant" in lowered:
        return "the key was deleted, the login has ended, or this machine's clock is wrong"
    if "iam.serviceaccounts.getaccesstoken" in lowered or "403" in lowered:
        return "the account needs the role Service Account Token Creator for the one it stands in for"
    return "check the credentials and that the service can be reached"


class _Refreshing(Protocol):
    """A credential of the library."""

    token: str | None
    expiry: datetime | None
    """UTC, without saying so."""

    def refresh(self, request: object, /) -> None:
        """Get a token."""


_MADE: Final[Mapping[str, tuple[str, str, bool]]] = {
    "service_account": ("google.oauth2.service_account", "from_service_account_info", True),
    "authorized_user": ("google.oauth2.credentials", "from_authorized_user_info", False),
    "impersonated_service_account": (
        "google.auth.impersonated_credentials",
        "from_impersonated_service_account_info",
        True,
    ),
    "external_account_authorized_user": ("google.auth.external_account_authorized_user", "from_info", False),
}
"""Type of credentials -> module of the library, constructor, and whether it takes scopes. By name: the library's
functions have no types, and each module is loaded only by who needs it."""


def _made(info: Mapping[str, object]) -> _Refreshing:
    """The library's object; it makes no request yet."""
    module, constructor, scoped = _MADE.get(str(info.get("type")), (_federated(info), "from_info", True))
    made: _Refreshing = getattr(import_module(module).Credentials, constructor)(
        dict(info), **({"scopes": [SCOPE]} if scoped else {})
    )
    return made


def _federated(info: Mapping[str, object]) -> str:
    """The module for workload identity federation (`external_account`), told by where its subject token comes from."""
    source = info.get("credential_source")
    if isinstance(source, Mapping) and source.get("environment_id"):
        return "google.auth.aws"
    if isinstance(source, Mapping) and "executable" in source:
        return "google.auth.pluggable"
    return "google.auth.identity_pool"


class _Response:
    """An answer as the library reads it."""

    def __init__(self, answer: Answer) -> None:
        self.status = answer.status
        self.headers = answer.headers
        self.data = answer.body


class _Transport:
    """The library's way to make a request, over the standard library, with an end to all of them together."""

    def __init__(self) -> None:
        self._deadline = time.monotonic() + FETCH_SECONDS

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **kwargs: object,
    ) -> _Response:
        del kwargs
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise _transport_error("no time left")
        data = body.encode() if isinstance(body, str) else body
        seconds = min(left, REQUEST_SECONDS, timeout or REQUEST_SECONDS)
        try:
            return _Response(ask(method, url, body=data, headers=headers, seconds=seconds))
        except UnavailableError as error:
            raise _transport_error(str(error)) from error


def _transport_error(text: str) -> Exception:
    made: Exception = import_module("google.auth.exceptions").TransportError(text)
    return made
