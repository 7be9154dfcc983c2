"""Requests to token services: plain, blocking, without redirects (a secret goes where it was meant to, or nowhere)."""

from __future__ import annotations

import http.client
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from functools import cache
from typing import IO, Final
from urllib.parse import urlencode

import msgspec

from trunkline.ir import Secret
from trunkline.providers.settings import UnavailableError
from trunkline.providers.tokens import Token

REQUEST_SECONDS: Final = 10.0
"""For one request; a fetch may make several."""
_MAX_BYTES: Final = 1024 * 1024
_DEFAULT_SECONDS: Final = 3600.0
"""Where a service does not say how long its token lives."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (lower case) and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def members(self) -> Mapping[str, object]:
        """The body as a JSON object; empty where it is none."""
        try:
            return msgspec.json.decode(self.body, type=dict[str, object])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return {}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> None:
        """None: the answer is then an error with its status."""
        del self, req, fp, code, msg, headers, newurl


@cache
def _opener(*, direct: bool) -> urllib.request.OpenerDirector:
    handlers: list[urllib.request.BaseHandler] = [
        _NoRedirect(),
        urllib.request.HTTPSHandler(context=ssl.create_default_context()),
    ]
    if direct:
        handlers.append(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(*handlers)


def ask(
    method: str,
    url: str,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    seconds: float = REQUEST_SECONDS,
    direct: bool = False,
) -> Answer:
    """One request, whatever status comes back.

    `direct`: past every proxy (metadata services are on the machine's own link).

    Raises:
        UnavailableError: no answer; names the host and what went wrong.
    """
    if not url.startswith(("https://", "http://")):
        raise UnavailableError("the token service's address is no http(s) URL")
    request = urllib.request.Request(url, data=body, headers=dict(headers or {}), method=method)  # noqa: S310 - checked above
    try:
        with _opener(direct=direct).open(request, timeout=seconds) as response:
            return Answer(response.status, _lowered(response.headers), response.read(_MAX_BYTES))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, _lowered(error.headers), error.read(_MAX_BYTES))
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise UnavailableError(f"`{_host(url)}` cannot be reached for an access token: {reason}") from error


def _lowered(headers: Message) -> Mapping[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _host(url: str) -> str:
    return url.split("/", 3)[2].rpartition("@")[2]


def ask_token(
    method: str,
    url: str,
    *,
    whose: str,
    mend: str,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    direct: bool = False,
) -> Token:
    """Ask a service that answers as OAuth 2.0 does (`access_token`, `expires_in`; RFC 6749, section 5).

    Args:
        method: `POST` with a `form`, or `GET`.
        url: of the service.
        whose: the service in a sentence, for example "Microsoft Entra".
        mend: what to look at where it refuses, one clause.
        form: what is posted.
        headers: beside the form's content type.
        direct: past every proxy.

    Raises:
        UnavailableError: no token; says why, never what was sent.
    """
    sent = dict(headers or {})
    body = None
    if form is not None:
        body = urlencode(form).encode()
        sent["content-type"] = "application/x-www-form-urlencoded"
    answer = ask(method, url, body=body, headers={"accept": "application/json", **sent}, direct=direct)
    members = answer.members()
    token = members.get("access_token")
    if answer.status >= 300 or not isinstance(token, str) or not token:
        secrets = [value for name, value in (form or {}).items() if name not in _PUBLIC]
        raise UnavailableError(f"{whose} gave no access token ({said(answer, secrets)}): {mend}")
    return Token(value=Secret(token), seconds=_life(members))


_PUBLIC: Final = frozenset({"grant_type", "scope", "client_id", "requested_token_type", "response_type"})


def said(answer: Answer, secrets: list[str] | None = None) -> str:
    """What a refusal says, in a few words, without what was sent."""
    members = answer.members()
    error = members.get("error")
    words = [str(answer.status)]
    if isinstance(error, dict):
        words += [str(error[name]) for name in ("status", "message") if name in error]
    elif isinstance(error, str):
        words.append(error)
    for name in ("error_description", "errorMessage", "message"):
        value = members.get(name)
        if isinstance(value, str):
            words.append(value.splitlines()[0] if value else "")
            break
    text = ", ".join(word for word in words if word)
    return censored(text, secrets or [])


def censored(text: str, secrets: list[str]) -> str:
    """One line of at most 300 characters, without the secrets."""
    for secret in secrets:
        if len(secret) >= 4:
            text = text.replace(secret, "***")
    return " ".join(text.split())[:300]


def _life(members: Mapping[str, object]) -> float:
    """Seconds; some services write a string, and Azure's `IDENTITY_ENDPOINT` gives a moment (`expires_on`)."""
    for name in ("expires_in", "expires_on"):
        value = members.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            continue
        try:
            number = float(value)
        except ValueError:
            continue
        if name == "expires_on":
            number -= time.time()
        if 0 < number < 1e7:
            return number
    return _DEFAULT_SECONDS
