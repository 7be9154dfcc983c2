"""A small OpenID Connect provider that speaks the protocol: discovery, codes with PKCE, signed tokens, rotating keys."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT_ID = "trunkline"
CLIENT_SECRET = "a secret & more"


@cache
def _key(kid: str) -> RSAKey:
    """Keys are made once: they take longer than everything else here."""
    return RSAKey.generate_key(2048, {"kid": kid})


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Provider:
    """What a test changes to see whether the application notices."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.announced = issuer
        self.key = _key("first")
        self.person: dict[str, Any] = {
            "sub": "42", "name": "Ada Lovelace", "email": "Ada@example.org", "email_verified": True,
        }  # fmt: skip
        self.change: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
        """Changes the claims before they are signed."""
        self.sign: Callable[[dict[str, Any]], str] = self.signed
        self.codes: dict[str, dict[str, str]] = {}
        self.broken = False

    def signed(self, claims: dict[str, Any]) -> str:
        """Sign as a provider does."""
        return jwt.encode({"alg": "RS256", "kid": str(self.key.kid)}, claims, self.key)

    def unsigned(self, claims: dict[str, Any]) -> str:
        """`alg: none`, as an attacker would send it."""
        parts = [b'{"alg":"none","typ":"JWT"}', json.dumps(claims).encode()]
        return ".".join(_base64(part) for part in parts) + "."

    def signed_with_public_key(self, claims: dict[str, Any]) -> str:
        """HS256 with the public key as the secret: the confusion of algorithms."""
        parts = [_base64(b'{"alg":"HS256","typ":"JWT"}'), _base64(json.dumps(claims).encode())]
        secret = self.key.as_pem(private=False)
        parts.append(_base64(hmac.digest(secret, ".".join(parts).encode(), "sha256")))
        return ".".join(parts)

    def rotate(self) -> None:
        """Change the key, as providers do."""
        self.key = _key("second")

    async def discovery(self, _request: Request) -> Response:
        """The metadata."""
        return JSONResponse(
            {
                "issuer": self.announced, "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/jwks",
            }
        )  # fmt: skip

    async def authorize(self, request: Request) -> Response:
        """Sign the person in without asking, and send the browser back with a code."""
        asked = dict(request.query_params)
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT_ID
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}", 302)

    async def token(self, request: Request) -> Response:
        """Trade a code, once, for whoever holds the secret and the verifier."""
        if self.broken:
            return Response("<h1>Bad gateway</h1>", 502)
        sent = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        kind, _, credentials = request.headers.get("authorization", "").partition(" ")
        expected = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if kind != "Basic" or credentials != expected:
            return JSONResponse({"error": "invalid_client"}, 401)
        asked = self.codes.pop(sent.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(sent.get("code_verifier", "").encode()).digest())
        if asked is None or asked["code_challenge"] != challenge.decode().rstrip("="):
            return JSONResponse({"error": "invalid_grant"}, 400)
        if asked["redirect_uri"] != sent.get("redirect_uri"):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            **self.person,
        }
        id_token = self.sign(self.change(claims))
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "expires_in": 300, "id_token": id_token})

    async def jwks(self, _request: Request) -> Response:
        """The public key."""
        return JSONResponse({"keys": [{**self.key.as_dict(private=False), "use": "sig", "alg": "RS256"}]})


@asynccontextmanager
async def serving() -> AsyncIterator[Provider]:
    """A provider on a free port of this machine."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    provider = Provider(f"http://127.0.0.1:{listening.getsockname()[1]}")
    routes = [
        Route("/.well-known/openid-configuration", provider.discovery),
        Route("/authorize", provider.authorize),
        Route("/token", provider.token, methods=["POST"]),
        Route("/jwks", provider.jwks),
    ]
    config = uvicorn.Config(Starlette(routes=routes), log_level="warning", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield provider
    finally:
        server.should_exit = True
        await task
        listening.close()
