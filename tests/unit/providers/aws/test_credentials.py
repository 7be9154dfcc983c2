"""Which credentials a deployment uses: the order, and what is wrong said by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from trunkline.ir.secret import Secret
from trunkline.providers.aws.credentials import resolve_credentials
from trunkline.providers.aws.metadata import ContainerSource, InstanceSource
from trunkline.providers.aws.profile_files import ProfileSource
from trunkline.providers.aws.sigv4 import AwsCredentials
from trunkline.providers.aws.source import CredentialSource, FirstOf, StaticSource
from trunkline.providers.aws.sts import AssumedRole, Role, TokenPlace, WebIdentityRole
from trunkline.providers.settings import Settings, UnavailableError

ROLE = "arn:aws:iam::123456789012:role/gateway"
KEYS: dict[str, object] = {"aws_access_key_id": "AKIAENTRY", "aws_secret_access_key": "entry"}
ENVIRON = {"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "env"}
ENTRY = StaticSource(AwsCredentials("AKIAENTRY", Secret("entry")))
BEARER = {"AWS_BEARER_TOKEN_BEDROCK": "ABSKabc"}


def resolved(params: dict[str, object], environ: dict[str, str] | None = None) -> Secret | CredentialSource:
    """For an entry with these parameters."""
    return resolve_credentials(Settings(params, environ or {}), "us-east-1")


def test_a_key_in_the_entry_is_a_bearer_token() -> None:
    """`api_key` comes before everything else."""
    assert resolved({"api_key": "ABSKentry", **KEYS}, BEARER | ENVIRON) == Secret("ABSKentry")


def test_keys_in_the_entry_come_before_the_environment() -> None:
    """What an entry names is not replaced, not by the environment's bearer token either."""
    assert resolved(KEYS, BEARER | ENVIRON) == ENTRY
    assert resolved({**KEYS, "aws_session_token": "t"}) == StaticSource(
        AwsCredentials("AKIAENTRY", Secret("entry"), Secret("t"))
    )


def test_the_environments_bearer_token_comes_before_its_keys() -> None:
    """As AWS's SDKs have it."""
    assert resolved({}, BEARER | ENVIRON) == Secret("ABSKabc")


def test_keys_in_the_environment() -> None:
    """With a session token where there is one."""
    assert resolved({}, ENVIRON) == StaticSource(AwsCredentials("AKIAENV", Secret("env")))
    with_token = resolved({}, {**ENVIRON, "AWS_SESSION_TOKEN": "t"})
    assert with_token == StaticSource(AwsCredentials("AKIAENV", Secret("env"), Secret("t")))


def test_a_role_is_taken_with_the_entrys_keys() -> None:
    """Session name, external id, tags and another STS are passed on."""
    found = resolved(
        {
            **KEYS, "aws_role_name": ROLE, "aws_session_name": "me", "aws_external_id": "e",
            "aws_sts_endpoint": "https://sts.example", "aws_session_tags": [{"Key": "team", "Value": "x"}],
        }
    )  # fmt: skip
    role = Role(arn=ROLE, region="us-east-1", session="me", endpoint="https://sts.example")
    assert found == AssumedRole(role=role, base=ENTRY, external_id="e", tags=(("team", "x"),))


def test_a_role_without_keys_is_taken_with_what_the_environment_has() -> None:
    """The chain that an SDK has stands behind it, but no bearer token: that signs nothing."""
    found = resolved({"aws_role_name": ROLE}, BEARER | ENVIRON)
    assert isinstance(found, AssumedRole)
    assert found.base == StaticSource(AwsCredentials("AKIAENV", Secret("env")))


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("/var/run/token", TokenPlace(file="/var/run/token")),
        ("oidc/file/var/run/token", TokenPlace(file="/var/run/token")),
        ("oidc/env/JWT", TokenPlace(token=Secret("ey.env"))),
        ("oidc/env_path/JWT_FILE", TokenPlace(file="/jwt")),
        ("ey.literal", TokenPlace(token=Secret("ey.literal"))),
    ],
)
def test_a_web_identity_token_is_where_the_entry_says(written: str, place: TokenPlace) -> None:
    """A file, a variable, a variable that names a file, or the token itself."""
    params: dict[str, object] = {"aws_role_name": ROLE, "aws_web_identity_token": written}
    found = resolved(params, {"JWT": "ey.env", "JWT_FILE": "/jwt"})
    assert found == WebIdentityRole(role=Role(arn=ROLE, region="us-east-1"), token=place)


def test_a_service_account_is_used_and_not_taken_twice() -> None:
    """What Kubernetes sets suffices; an entry that names the same role means that one."""
    environ = {"AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_ROLE_ARN": ROLE}
    alone = resolved({}, environ)
    assert alone == WebIdentityRole(role=Role(arn=ROLE, region="us-east-1"), token=TokenPlace(file="/t"))
    assert resolved({"aws_role_name": ROLE}, environ) == alone
    other = resolved({"aws_role_name": "arn:aws:iam::2:role/x"}, environ)
    assert isinstance(other, AssumedRole)
    assert other.base == alone


def test_a_profile_of_the_entry_comes_before_the_environments_keys() -> None:
    """And must exist."""
    found = resolved({"aws_profile_name": "dev"}, {**ENVIRON, "AWS_CONFIG_FILE": "/c"})
    assert isinstance(found, ProfileSource)
    assert (found.profile, found.required, found.files.config) == ("dev", True, Path("/c"))


def test_the_chain_ends_with_container_and_instance() -> None:
    """Where nothing is set: the default profile, then the machine; said in the error if that has none either."""
    found = resolved({}, {"HOME": "/h", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2"})
    assert isinstance(found, FirstOf)
    profile, container, instance = found.sources
    assert isinstance(profile, ProfileSource)
    assert (profile.profile, profile.required) == ("default", False)
    assert profile.files.credentials == Path("/h/.aws/credentials")
    assert container == ContainerSource("http://169.254.170.2/v2")
    assert instance == InstanceSource()
    assert "aws_access_key_id" in found.otherwise


def test_a_profile_named_in_the_environment_must_exist() -> None:
    """`AWS_PROFILE` is asked for by name."""
    found = resolved({}, {"AWS_PROFILE": "p", "AWS_EC2_METADATA_DISABLED": "true"})
    assert isinstance(found, FirstOf)
    assert len(found.sources) == 1
    assert isinstance(found.sources[0], ProfileSource)
    assert found.sources[0].required


@pytest.mark.parametrize(
    ("params", "environ", "says"),
    [
        ({"aws_access_key_id": "A"}, {}, "aws_secret_access_key"),
        ({"aws_access_key_id": "A", "aws_secret_access_key": "<your key>"}, {}, "placeholder"),
        ({"aws_access_key_id": "A\nB", "aws_secret_access_key": "topsecret"}, {}, "line break"),
        ({"_missing": {"aws_access_key_id": "MY_KEY"}}, ENVIRON, "MY_KEY"),
        ({"_missing": {"api_key": "MY_KEY"}}, ENVIRON, "MY_KEY"),
        ({}, {"AWS_ACCESS_KEY_ID": "A"}, "AWS_SECRET_ACCESS_KEY"),
        ({"aws_role_name": ROLE, "aws_web_identity_token": "oidc/env/NOT_SET"}, {}, "NOT_SET"),
        ({"aws_role_name": ROLE, "aws_web_identity_token": "oidc/google/x"}, {}, "oidc/file"),
    ],
)
def test_what_cannot_be_used_is_said_by_name(params: dict[str, object], environ: dict[str, str], says: str) -> None:
    """Halves, placeholders and references to nothing are errors, and never silently something else."""
    with pytest.raises(UnavailableError, match=says) as caught:
        resolved(params, environ)
    assert "topsecret" not in str(caught.value)
