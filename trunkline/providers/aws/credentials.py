"""Which credentials a deployment uses, from its parameters and the environment.

The order, first wins:

1. `api_key`: a Bedrock API key, sent as a bearer token;
2. what the entry says of AWS: `aws_role_name` with `aws_web_identity_token`, `aws_role_name` (taken with the entry's
   own keys or profile, else with what 4 finds), `aws_profile_name`, `aws_access_key_id` with `aws_secret_access_key`;
3. `AWS_BEARER_TOKEN_BEDROCK`;
4. AWS's own chain: keys in the environment, the role and token file that Kubernetes sets, the profile `AWS_PROFILE`
   or `default`, the container's role, the instance's.

LiteLLM takes 3 before 2 (providers.md B6); here a key that was asked for by name is never replaced by another one.
Nothing is read or asked for here: a `CredentialSource` does that when it is told to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, cast

from trunkline.ir.secret import Secret
from trunkline.providers.aws.keeper import Keeper, keeper
from trunkline.providers.aws.metadata import container_source, instance_source
from trunkline.providers.aws.profile_files import ProfileSource, environment_keys, files_of
from trunkline.providers.aws.sigv4 import AwsCredentials
from trunkline.providers.aws.source import CredentialSource, FirstOf, NotHereError, StaticSource
from trunkline.providers.aws.sts import SESSION, AssumedRole, Role, TokenPlace, WebIdentityRole
from trunkline.providers.credentials import header_problem, is_placeholder
from trunkline.providers.settings import Settings, UnavailableError

__all__ = [
    "AwsCredentials", "CredentialSource", "Keeper", "NotHereError", "StaticSource", "keeper", "resolve_credentials",
]  # fmt: skip

BEARER: Final = "AWS_BEARER_TOKEN_BEDROCK"
_PARAMS: Final = (
    "aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_session_name", "aws_profile_name",
    "aws_role_name", "aws_web_identity_token", "aws_sts_endpoint", "aws_external_id",
)  # fmt: skip
_NOTHING: Final = (
    "no AWS credentials were found: write `aws_access_key_id` and `aws_secret_access_key` under `litellm_params`, "
    f"set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, or `{BEARER}`, or run where a role is attached"
)


def resolve_credentials(settings: Settings, region: str) -> Secret | CredentialSource:
    """A bearer key, or where the keys for signatures come from. `region`: where roles are asked for.

    Raises:
        UnavailableError: what is written cannot be used; says what to mend.
    """
    if settings.text("api_key") is not None or settings.missing("api_key") is not None:
        return Secret(settings.key((), required=True) or "")
    for name in _PARAMS:
        if (reference := settings.missing(name)) is not None:
            raise UnavailableError(f"`{reference[1]}` is not set, and `{name}` refers to it")
    written = _from_entry(settings, region)
    if written is not None:
        return written
    bearer = settings.key((BEARER,), required=False)
    if bearer is not None:
        return Secret(bearer)
    return default_chain(settings.environ, region)


def _from_entry(settings: Settings, region: str) -> CredentialSource | None:
    arn = _text(settings, "aws_role_name")
    if arn is None:
        return _base(settings, region)
    role = Role(
        arn=arn,
        region=region,
        session=_text(settings, "aws_session_name") or SESSION,
        endpoint=_text(settings, "aws_sts_endpoint") or "",
    )
    token = _text(settings, "aws_web_identity_token")
    if token is not None:
        return WebIdentityRole(role=role, token=_token_place(token, settings.environ))
    base = _base(settings, region)
    if base is None:
        service_account = _service_account(settings.environ, region)
        if service_account is not None and service_account.role.arn == arn:
            return replace(service_account, role=role)  # a pod cannot take its own role a second time
        base = default_chain(settings.environ, region)
    return AssumedRole(
        role=role, base=base, external_id=_text(settings, "aws_external_id") or "", tags=_tags(settings.params)
    )


def _text(settings: Settings, name: str) -> str | None:
    """A parameter, or the variable of its name in capitals, as LiteLLM reads them."""
    return settings.text(name) or settings.variable(name.upper())


def _base(settings: Settings, region: str) -> CredentialSource | None:
    """The entry's own profile or keys."""
    profile = _text(settings, "aws_profile_name")
    if profile is not None:
        return _profile(profile, settings.environ, region, required=True)
    access_key, secret_key = settings.text("aws_access_key_id"), settings.text("aws_secret_access_key")
    if access_key is None and secret_key is None:
        return None
    if access_key is None or secret_key is None:
        missing = "aws_access_key_id" if access_key is None else "aws_secret_access_key"
        raise UnavailableError(f"`{missing}` is missing under `litellm_params`, its other half is there")
    token = settings.text("aws_session_token")
    for name, value in (("aws_access_key_id", access_key), ("aws_secret_access_key", secret_key)):
        if is_placeholder(value):
            raise UnavailableError(f"`{name}` still holds a placeholder: put the real key in its place")
    for name, value in (("aws_access_key_id", access_key), ("aws_session_token", token or "")):
        if (problem := header_problem(value)) is not None:
            raise UnavailableError(f"`{name}` {problem}")
    return StaticSource(AwsCredentials(access_key, Secret(secret_key), Secret(token) if token else None))


def default_chain(environ: Mapping[str, str], region: str) -> CredentialSource:
    """What an AWS SDK would find.

    Raises:
        UnavailableError: the environment holds one half of something.
    """
    keys = environment_keys(environ)
    if keys is not None:
        return StaticSource(keys)
    service_account = _service_account(environ, region)
    if service_account is not None:
        return service_account
    named = environ.get("AWS_PROFILE", "").strip() or environ.get("AWS_DEFAULT_PROFILE", "").strip()
    found = (
        _profile(named or "default", environ, region, required=bool(named)),
        container_source(environ),
        instance_source(environ),
    )
    return FirstOf(tuple(source for source in found if source is not None), _NOTHING)


def _profile(name: str, environ: Mapping[str, str], region: str, *, required: bool) -> ProfileSource:
    kept = tuple(sorted((key, value) for key, value in environ.items() if key.startswith("AWS_")))
    return ProfileSource(profile=name, files=files_of(environ), region=region, environ=kept, required=required)


def _service_account(environ: Mapping[str, str], region: str) -> WebIdentityRole | None:
    """The role that EKS gives a pod's service account."""
    file, arn = environ.get("AWS_WEB_IDENTITY_TOKEN_FILE", "").strip(), environ.get("AWS_ROLE_ARN", "").strip()
    if not file or not arn:
        return None
    session = environ.get("AWS_ROLE_SESSION_NAME", "").strip() or SESSION
    return WebIdentityRole(role=Role(arn=arn, region=region, session=session), token=TokenPlace(file=file))


def _token_place(written: str, environ: Mapping[str, str]) -> TokenPlace:
    """Where `aws_web_identity_token` points: LiteLLM's `oidc/...` words, a file, or the token itself."""
    kind, _, rest = written.removeprefix("oidc/").partition("/")
    if written.startswith("oidc/"):
        match kind:
            case "file":
                return TokenPlace(file=rest if rest.startswith("/") else f"/{rest}")
            case "env" if environ.get(rest):
                return TokenPlace(token=Secret(environ[rest]))
            case "env_path" if environ.get(rest):
                return TokenPlace(file=environ[rest])
            case "env" | "env_path":
                raise UnavailableError(f"`{rest}` is not set, and `aws_web_identity_token` refers to it")
            case _:
                raise UnavailableError(
                    "`aws_web_identity_token: oidc/...` must be `oidc/file/<path>`, `oidc/env/<variable>` or "
                    "`oidc/env_path/<variable>`"
                )
    if written.startswith(("/", "~", "./")):
        return TokenPlace(file=written)
    return TokenPlace(token=Secret(written))


def _tags(params: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """`aws_session_tags`, as LiteLLM writes them: a list of `{Key, Value}`, or an object."""
    written = params.get("aws_session_tags")
    if isinstance(written, Mapping):
        pairs = cast("Mapping[object, object]", written).items()
        return tuple((str(key), str(value)) for key, value in pairs)
    tags = [tag for tag in written if isinstance(tag, Mapping)] if isinstance(written, list) else []
    return tuple((str(tag["Key"]), str(tag["Value"])) for tag in tags if "Key" in tag and "Value" in tag)
