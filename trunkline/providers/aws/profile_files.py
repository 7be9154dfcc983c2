"""Profiles in `~/.aws/credentials` and `~/.aws/config`.

Facts: https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html and feature-assume-role-credentials.html.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from configparser import Error, RawConfigParser
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trunkline.ir.secret import Secret
from trunkline.providers.aws.metadata import container_source, instance_source
from trunkline.providers.aws.sigv4 import AwsCredentials
from trunkline.providers.aws.source import CredentialSource, NotHereError, StaticSource, now
from trunkline.providers.aws.sts import SESSION, AssumedRole, Role, TokenPlace, WebIdentityRole
from trunkline.providers.settings import UnavailableError

REREAD: Final = 300.0
"""Seconds after which a file is read again: tools write new keys into it."""

Profile = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Files:
    """Where the two files are."""

    credentials: Path
    config: Path

    def read(self) -> dict[str, dict[str, str]]:
        """Every profile; what the credentials file says of one counts.

        Raises:
            UnavailableError: a file is there and cannot be read.
        """
        profiles = {
            name.removeprefix("profile ").strip(): dict(values)
            for name, values in _sections(self.config).items()
            if name == "default" or name.startswith("profile ")
        }
        for name, values in _sections(self.credentials).items():
            profiles.setdefault(name, {}).update(values)
        return profiles


def files_of(environ: Mapping[str, str]) -> Files:
    """Where the environment says the files are."""
    home = Path(environ.get("HOME") or "~").expanduser()

    def place(variable: str, name: str) -> Path:
        written = environ.get(variable, "").strip()
        if not written:
            return home / ".aws" / name
        return home / written[2:] if written.startswith("~/") else Path(written)

    return Files(
        place("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
        place("AWS_CONFIG_FILE", "config"),
    )


def _sections(path: Path) -> dict[str, dict[str, str]]:
    parser = RawConfigParser(default_section="\n", strict=False, delimiters=("=",))  # no section is called that
    try:
        parser.read_string(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UnavailableError(f"`{path.name}` of the AWS profiles cannot be read") from error
    except Error as error:
        raise UnavailableError(f"`{path.name}` of the AWS profiles is no profile file: {_where(error)}") from error
    return {name: {key: value or "" for key, value in parser[name].items()} for name in parser.sections()}


def _where(error: Error) -> str:
    """The place of a syntax error, without the line, which may hold a key."""
    line = getattr(error, "lineno", None)
    if line is None and getattr(error, "errors", None):
        line = error.errors[0][0]  # type: ignore[attr-defined] # ParsingError's
    return "see its first line" if line is None else f"see line {line}"


def region_of(environ: Mapping[str, str], profile: str) -> str | None:
    """The region that a profile names."""
    try:
        return files_of(environ).read().get(profile, {}).get("region") or None
    except UnavailableError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileSource:
    """The credentials of a profile, whatever way it gets them."""

    profile: str
    files: Files
    region: str
    """Where to ask for roles, where the profile names no region."""
    environ: tuple[tuple[str, str], ...] = ()
    """What `credential_source` may point to."""
    required: bool = True
    """The profile was asked for by name: that it is missing is an error."""

    async def fetch(self) -> AwsCredentials:
        """Read the files and follow them."""
        profiles = await asyncio.to_thread(self.files.read)
        found = await self._source(profiles, self.profile, ()).fetch()
        if found.expires is None and found.renew is None:
            return AwsCredentials(found.access_key, found.secret_key, found.token, renew=now() + REREAD)
        return found

    def _source(self, profiles: Mapping[str, Profile], name: str, seen: tuple[str, ...]) -> CredentialSource:
        values = profiles.get(name)
        if values is None:
            problem = f"no AWS profile is called `{name}`: see `~/.aws/credentials` and `~/.aws/config`"
            raise UnavailableError(problem) if self.required or seen else NotHereError(problem)
        keys = _keys(values, name)
        arn = values.get("role_arn", "").strip()
        if arn and not (keys is not None and seen and values.get("source_profile") == name):
            return self._role(profiles, name, arn, seen)
        if keys is not None:
            return StaticSource(keys)
        for word, instead in _OTHER_WAYS.items():
            if word in values:
                raise UnavailableError(f"the AWS profile `{name}` {instead}")
        problem = f"the AWS profile `{name}` has no `aws_access_key_id` and no `role_arn`"
        raise UnavailableError(problem) if self.required or seen else NotHereError(problem)

    def _role(self, profiles: Mapping[str, Profile], name: str, arn: str, seen: tuple[str, ...]) -> CredentialSource:
        values = profiles[name]
        seconds = values.get("duration_seconds", "").strip()
        role = Role(
            arn=arn,
            region=values.get("region") or self.region,
            session=values.get("role_session_name") or SESSION,
            seconds=int(seconds) if seconds.isdigit() else None,
        )
        if values.get("web_identity_token_file"):
            return WebIdentityRole(role=role, token=TokenPlace(file=values["web_identity_token_file"]))
        if "mfa_serial" in values:
            raise UnavailableError(f"the AWS profile `{name}` wants a code from a person (`mfa_serial`)")
        source, origin = values.get("source_profile"), values.get("credential_source")
        if origin:
            base = self._named_source(origin, name)
        elif source and source == name and _keys(values, name) is not None:
            base = StaticSource(_required_keys(values, name))
        elif source and source not in (*seen, name):
            base = self._source(profiles, source, (*seen, name))
        else:
            raise UnavailableError(f"the AWS profile `{name}` needs a `source_profile` that does not lead back to it")
        return AssumedRole(role=role, base=base, external_id=values.get("external_id", ""))

    def _named_source(self, origin: str, name: str) -> CredentialSource:
        environ = dict(self.environ)
        found: CredentialSource | None = None
        match origin:
            case "Environment":
                keys = environment_keys(environ)
                found = StaticSource(keys) if keys is not None else None
            case "Ec2InstanceMetadata":
                found = instance_source(environ)
            case "EcsContainer":
                found = container_source(environ)
            case _:
                pass
        if found is None:
            raise UnavailableError(f"the AWS profile `{name}` has `credential_source = {origin}`, which is not there")
        return found


_OTHER_WAYS: Final = {
    "sso_session": "signs in through a browser (SSO): write keys, or a role with `source_profile`",
    "sso_start_url": "signs in through a browser (SSO): write keys, or a role with `source_profile`",
    "login_session": "signs in through a browser: write keys, or a role with `source_profile`",
    "credential_process": "runs a program for its keys, which the gateway does not: write keys, or a role",
}


def _keys(values: Profile, name: str) -> AwsCredentials | None:
    access_key, secret_key = values.get("aws_access_key_id", ""), values.get("aws_secret_access_key", "")
    if not access_key and not secret_key:
        return None
    if not access_key or not secret_key:
        raise UnavailableError(f"the AWS profile `{name}` has one half of its keys only")
    return _credentials(access_key, secret_key, values.get("aws_session_token", ""))


def _required_keys(values: Profile, name: str) -> AwsCredentials:
    keys = _keys(values, name)
    assert keys is not None
    return keys


def _credentials(access_key: str, secret_key: str, token: str) -> AwsCredentials:
    return AwsCredentials(access_key.strip(), Secret(secret_key.strip()), Secret(token.strip()) if token else None)


def environment_keys(environ: Mapping[str, str]) -> AwsCredentials | None:
    """The keys in the environment; `None` where there are none.

    Raises:
        UnavailableError: one half of them is there.
    """
    access_key = environ.get("AWS_ACCESS_KEY_ID", "").strip()
    secret_key = environ.get("AWS_SECRET_ACCESS_KEY", "").strip()
    if not access_key and not secret_key:
        return None
    if not access_key or not secret_key:
        missing = "AWS_SECRET_ACCESS_KEY" if access_key else "AWS_ACCESS_KEY_ID"
        raise UnavailableError(f"`{missing}` is not set, its other half is")
    token = environ.get("AWS_SESSION_TOKEN", "") or environ.get("AWS_SECURITY_TOKEN", "")
    return _credentials(access_key, secret_key, token)
