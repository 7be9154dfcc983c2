"""Credentials of a role: AssumeRole and AssumeRoleWithWebIdentity.

Facts: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html and
API_AssumeRoleWithWebIdentity.html; a form goes out, XML comes back.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Final
from urllib.parse import urlencode, urlsplit

from trunkline.ir.secret import Secret
from trunkline.providers.aws.sigv4 import AwsCredentials, sign
from trunkline.providers.aws.source import CredentialSource, fetch_url, now, read_time
from trunkline.providers.settings import UnavailableError

SESSION: Final = "trunkline"
"""The session's name in CloudTrail, where none is written."""
_TIMEOUT: Final = 10.0
_VERSION: Final = "2011-06-15"
_FORM: Final = "application/x-www-form-urlencoded; charset=utf-8"
_FIELDS: Final = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration", "Code", "Message")
_FIELD: Final = re.compile(rf"<({'|'.join(_FIELDS)})>([^<]*)</\1>")
"""The few fields that matter; they hold text only, so no XML parser with its entities is let near the answer."""


def domain(region: str) -> str:
    """What the names of a region's hosts end in."""
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """Which role to take, and where to ask for it."""

    arn: str
    region: str
    session: str = SESSION
    endpoint: str = ""
    """Of STS; empty: the region's own."""
    seconds: int | None = None
    """How long the session is to last; `None`: an hour, STS's default."""

    @property
    def url(self) -> str:
        """Where to ask."""
        return self.endpoint.rstrip("/") or f"https://sts.{self.region}.{domain(self.region)}"

    def form(self, action: str) -> dict[str, str]:
        """What both calls say."""
        fields = {
            "Action": action,
            "Version": _VERSION,
            "RoleArn": self.arn,
            "RoleSessionName": self.session,
        }
        if self.seconds is not None:
            fields["DurationSeconds"] = str(self.seconds)
        return fields


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumedRole:
    """A role that other credentials may take."""

    role: Role
    base: CredentialSource
    external_id: str = ""
    tags: tuple[tuple[str, str], ...] = ()

    async def fetch(self) -> AwsCredentials:
        """Take the role."""
        base = await self.base.fetch()
        fields = self.role.form("AssumeRole")
        if self.external_id:
            fields["ExternalId"] = self.external_id
        for number, (key, value) in enumerate(self.tags, 1):
            fields[f"Tags.member.{number}.Key"] = key
            fields[f"Tags.member.{number}.Value"] = value
        body = urlencode(fields).encode()
        parts = urlsplit(self.role.url)
        headers = {"content-type": _FORM}
        headers.update(
            sign(
                method="POST",
                host=parts.netloc,
                path=parts.path or "/",
                headers=headers.items(),
                body=body,
                service="sts",
                region=self.role.region,
                credentials=base,
                now=now(),
            )
        )
        return await _ask(self.role, headers, body)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPlace:
    """Where a web identity token is: a file, which is read anew each time, or the token itself."""

    file: str = ""
    token: Secret | None = None

    async def read(self) -> str:
        """The token.

        Raises:
            UnavailableError: the file cannot be read.
        """
        if self.token is not None:
            return self.token.reveal()
        try:
            return (await asyncio.to_thread(Path(self.file).read_text)).strip()
        except (OSError, ValueError) as error:
            raise UnavailableError("the file with the web identity token cannot be read") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class WebIdentityRole:
    """A role that the bearer of a token may take (EKS service accounts, GitHub Actions, ...)."""

    role: Role
    token: TokenPlace

    async def fetch(self) -> AwsCredentials:
        """Take the role; the call needs no signature."""
        fields = self.role.form("AssumeRoleWithWebIdentity")
        fields["WebIdentityToken"] = await self.token.read()
        return await _ask(self.role, {"content-type": _FORM}, urlencode(fields).encode())


async def _ask(role: Role, headers: Mapping[str, str], body: bytes) -> AwsCredentials:
    who = "AWS STS"
    answer = await fetch_url(
        f"{role.url}{'' if urlsplit(role.url).path else '/'}",
        who=who,
        method="POST",
        headers=headers,
        body=body,
        timeout=_TIMEOUT,
        proxied=True,
    )
    found = {name: unescape(text).strip() for name, text in _FIELD.findall(answer.body.decode("utf-8", "replace"))}
    if answer.status != 200:
        said = found.get("Message") or f"it answered {answer.status}"
        raise UnavailableError(f"{who} refuses the role `{role.arn}`: {said}")
    access_key, secret_key = found.get("AccessKeyId"), found.get("SecretAccessKey")
    if not access_key or not secret_key:
        raise UnavailableError(f"{who} gave no credentials for the role `{role.arn}`")
    token = found.get("SessionToken")
    return AwsCredentials(
        access_key=access_key,
        secret_key=Secret(secret_key),
        token=Secret(token) if token else None,
        expires=read_time(found.get("Expiration"), who),
    )
