"""Sign-in by OpenID Connect: authorization code with PKCE, state and nonce; signed tokens only."""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from backend.app.api.schemas.errors import ErrorCode
from backend.app.core.errors import AppError
from backend.app.core.settings import Settings, words

ALGORITHMS: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
)
"""Signatures by the provider's private key. Never `none`, and never a shared secret, with which anybody could sign."""
DISCOVERY_SECONDS: Final = 3600.0
LEEWAY: Final = 60
TIMEOUT: Final = 10.0
SCOPE: Final = "openid email profile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What the provider says of somebody."""

    issuer: str
    subject: str
    name: str | None
    email: str | None
    """Only where the provider has verified it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What one sign-in has to remember until the browser comes back."""

    url: str
    state: str
    nonce: str
    verifier: str


class Provider:
    """The provider of the settings. Its metadata and keys are read again after an hour, keys also when one is new."""

    def __init__(self, settings: Settings) -> None:
        assert settings.auth_oidc_issuer is not None
        assert settings.auth_oidc_client_id is not None
        self._issuer: Final = settings.auth_oidc_issuer
        self._client_id: Final = settings.auth_oidc_client_id
        secret = settings.auth_oidc_client_secret
        self._secret: Final = secret.get_secret_value() if secret is not None else None
        self._allowed: Final = words(settings.auth_allowed)
        self._metadata: tuple[float, Mapping[str, Any]] | None = None
        self._keys: tuple[float, Any] | None = None

    async def start(self, redirect_uri: str) -> Flow:
        """Return where to send the browser. Raises `AppError` where the provider cannot be reached."""
        import secrets

        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        metadata = await self._discover()
        nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        state = secrets.token_urlsafe(32)
        url = prepare_grant_uri(
            metadata["authorization_endpoint"],
            client_id=self._client_id,
            response_type="code",
            redirect_uri=redirect_uri,
            scope=SCOPE,
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),  # type: ignore[no-untyped-call]  # authlib has few types
            code_challenge_method="S256",
        )
        return Flow(url=url, state=state, nonce=nonce, verifier=verifier)

    async def finish(self, *, code: str, redirect_uri: str, nonce: str, verifier: str) -> Person:
        """Trade the code for a token, check it, and say who it is. Raises `AppError`."""
        from authlib.integrations.base_client import OAuthError

        metadata = await self._discover()
        try:
            async with self._client(redirect_uri) as client:
                token = await client.fetch_token(
                    metadata["token_endpoint"], code=code, code_verifier=verifier, grant_type="authorization_code"
                )
        except OAuthError as error:
            raise _refused(f"the provider refused the code ({error.error})") from error
        except Exception as error:
            # Whatever it is: authlib sends with httpx2 where that is installed, else with httpx.
            raise self._unreachable(error) from error
        id_token = token.get("id_token")
        if not isinstance(id_token, str):
            raise _refused("the provider sent no ID token")
        return self._person(await self._claims(id_token, nonce))

    def _client(self, redirect_uri: str) -> Any:
        from authlib.integrations.httpx_client import AsyncOAuth2Client

        return AsyncOAuth2Client(
            client_id=self._client_id,
            client_secret=self._secret,
            token_endpoint_auth_method="client_secret_basic" if self._secret else "none",
            scope=SCOPE,
            redirect_uri=redirect_uri,
            timeout=TIMEOUT,
        )

    async def _discover(self) -> Mapping[str, Any]:
        if self._metadata is not None and time.monotonic() - self._metadata[0] < DISCOVERY_SECONDS:
            return self._metadata[1]
        found = await self._get(self._issuer.rstrip("/") + "/.well-known/openid-configuration")
        if str(found.get("issuer", "")).rstrip("/") != self._issuer.rstrip("/"):
            raise _refused("the provider calls itself by another issuer than AUTH_OIDC_ISSUER")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not isinstance(found.get(name), str):
                raise _refused(f"the provider's metadata has no `{name}`")
        self._metadata = (time.monotonic(), found)
        return found

    async def _get(self, url: str) -> Mapping[str, Any]:
        import httpx

        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
            raise _refused("the provider's addresses must begin with https://")
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT) as client:
                answer = await client.get(url)
                answer.raise_for_status()
                value = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise self._unreachable(error) from error
        if not isinstance(value, dict):
            raise _refused("the provider's metadata cannot be read")
        return value

    async def _claims(self, id_token: str, nonce: str) -> Mapping[str, Any]:
        """Check signature, issuer, audience, time and nonce (OpenID Connect Core 3.1.3.7)."""
        from joserfc import jwt
        from joserfc.errors import JoseError

        checks = jwt.JWTClaimsRegistry(
            leeway=LEEWAY,
            iss={"essential": True, "value": str((await self._discover())["issuer"])},
            aud={"essential": True, "value": self._client_id},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            nonce={"essential": True},
        )
        try:
            try:
                token = jwt.decode(id_token, await self._key_set(), algorithms=list(ALGORITHMS))
            except (JoseError, ValueError):
                # The provider may have changed its keys since.
                token = jwt.decode(id_token, await self._key_set(fresh=True), algorithms=list(ALGORITHMS))
            checks.validate(token.claims)
        except (JoseError, ValueError) as error:
            raise _refused(f"the provider's token is not good ({type(error).__name__})") from error
        claims: Mapping[str, Any] = token.claims
        if not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
            raise _refused("the provider's token belongs to another sign-in")
        audience = claims["aud"]
        if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != self._client_id:
            raise _refused("the provider's token was made for another application")
        return claims

    async def _key_set(self, *, fresh: bool = False) -> Any:
        from joserfc.jwk import KeySet

        if fresh or self._keys is None or time.monotonic() - self._keys[0] > DISCOVERY_SECONDS:
            found = await self._get((await self._discover())["jwks_uri"])
            self._keys = (time.monotonic(), KeySet.import_key_set({"keys": list(found.get("keys", []))}))
        return self._keys[1]

    def _person(self, claims: Mapping[str, Any]) -> Person:
        email = claims.get("email")
        verified = isinstance(email, str) and claims.get("email_verified") in {True, "true"}
        address = email.strip().lower() if verified and isinstance(email, str) else None
        if self._allowed and not (
            address is not None and (address in self._allowed or f"@{address.rpartition('@')[2]}" in self._allowed)
        ):
            raise AppError(
                ErrorCode.NOT_PERMITTED,
                f"{address or 'This account, whose address is not verified,'} may not use this application.",
                "Ask whoever runs it to add the address to AUTH_ALLOWED.",
                variable="AUTH_ALLOWED",
            )
        name = claims.get("name") or claims.get("preferred_username")
        return Person(
            issuer=str(claims["iss"]),
            subject=str(claims["sub"]),
            name=name[:200] if isinstance(name, str) else None,
            email=address,
        )

    def _unreachable(self, error: Exception) -> AppError:
        return AppError(
            ErrorCode.TIMEOUT if "Timeout" in type(error).__name__ else ErrorCode.PROVIDER_DOWN,
            f"The sign-in provider at {urlsplit(self._issuer).netloc} does not answer ({type(error).__name__}).",
            "Try again; if it stays so, check AUTH_OIDC_ISSUER.",
            variable="AUTH_OIDC_ISSUER",
        )


def _refused(why: str) -> AppError:
    return AppError(ErrorCode.NOT_PERMITTED, f"Signing in did not work: {why}.", "Start again.", status=401)
