"""Credentials of the machine or container that the gateway runs on.

Facts: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html (version 2, with a token;
version 1 answers whoever can make the gateway fetch a URL, so it is not used) and
https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from trunkline.ir.secret import Secret
from trunkline.providers.aws.sigv4 import AwsCredentials
from trunkline.providers.aws.source import NotHereError, fetch_url, read_session
from trunkline.providers.settings import UnavailableError

_TIMEOUT: Final = 2.0
"""Seconds; both services are one hop away, and elsewhere than on AWS nobody answers."""
_INSTANCE: Final = "http://169.254.169.254"
_INSTANCE_V6: Final = "http://[fd00:ec2::254]"
_ROLES: Final = "/latest/meta-data/iam/security-credentials/"
_LIFETIME: Final = "21600"
"""Seconds that a token for the instance service lives."""
_CONTAINER: Final = "http://169.254.170.2"
_CONTAINER_HOSTS: Final = frozenset({"169.254.170.2", "169.254.170.23", "fd00:ec2::23", "localhost"})


@dataclass(frozen=True, slots=True)
class InstanceSource:
    """The role of an EC2 instance."""

    address: str = _INSTANCE

    async def fetch(self) -> AwsCredentials:
        """Ask for a token, the role's name, then its credentials."""
        who = "the instance metadata service"
        try:
            token = await fetch_url(
                f"{self.address}/latest/api/token",
                who=who,
                method="PUT",
                headers={"x-aws-ec2-metadata-token-ttl-seconds": _LIFETIME},
                timeout=_TIMEOUT,
            )
        except UnavailableError as error:
            raise NotHereError(str(error)) from error
        if token.status != 200:
            raise NotHereError(f"{who} answered {token.status} when it was asked for a token")
        headers = {"x-aws-ec2-metadata-token": token.body.decode("ascii", "replace").strip()}
        roles = await fetch_url(self.address + _ROLES, who=who, headers=headers, timeout=_TIMEOUT)
        role = roles.body.decode("utf-8", "replace").strip().partition("\n")[0]
        if roles.status != 200 or not role:
            raise NotHereError("this instance has no role: attach an instance profile")
        found = await fetch_url(
            self.address + _ROLES + quote(role, safe=""), who=who, headers=headers, timeout=_TIMEOUT
        )
        if found.status != 200:
            raise UnavailableError(f"{who} answered {found.status} when it was asked for the role's credentials")
        return read_session(found.body, who)


def instance_source(environ: Mapping[str, str]) -> InstanceSource | None:
    """The source that the environment describes; `None` where it is switched off."""
    if environ.get("AWS_EC2_METADATA_DISABLED", "").strip().lower() == "true":
        return None
    written = environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT", "").strip().rstrip("/")
    if written:
        return InstanceSource(written)
    v6 = environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "").strip().lower() == "ipv6"
    return InstanceSource(_INSTANCE_V6 if v6 else _INSTANCE)


@dataclass(frozen=True, slots=True)
class ContainerSource:
    """The role of an ECS task or an EKS pod."""

    url: str
    token: Secret | None = None
    token_file: str = ""
    """Read anew each time: EKS rotates it."""

    async def fetch(self) -> AwsCredentials:
        """Ask the agent."""
        who = "the container credential service"
        self._check(who)
        token = self.token.reveal() if self.token is not None else ""
        if self.token_file:
            try:
                token = (await asyncio.to_thread(Path(self.token_file).read_text)).strip()
            except (OSError, ValueError) as error:
                raise UnavailableError("`AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE` cannot be read") from error
        if "\r" in token or "\n" in token:
            raise UnavailableError("the token for the container credential service holds a line break")
        headers = {"accept": "application/json", **({"authorization": token} if token else {})}
        found = await fetch_url(self.url, who=who, headers=headers, timeout=_TIMEOUT)
        if found.status != 200:
            raise UnavailableError(f"{who} answered {found.status}")
        return read_session(found.body, who)

    def _check(self, who: str) -> None:
        """The token goes to this machine, to AWS's own addresses, or over TLS."""
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        if parts.scheme == "https" or host in _CONTAINER_HOSTS:
            return
        try:
            if ip_address(host).is_loopback:
                return
        except ValueError:
            pass
        raise UnavailableError(
            f"the address of {who} must be `https://`, this machine, or one of AWS's own: "
            "mend `AWS_CONTAINER_CREDENTIALS_FULL_URI`"
        )


def container_source(environ: Mapping[str, str]) -> ContainerSource | None:
    """The source that the environment describes; `None` where it describes none."""
    relative = environ.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "").strip()
    url = _CONTAINER + relative if relative else environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", "").strip()
    if not url:
        return None
    token = environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")
    return ContainerSource(
        url,
        token=Secret(token) if token else None,
        token_file=environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "").strip(),
    )
