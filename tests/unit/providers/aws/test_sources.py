"""Sources of credentials, against servers that speak the real protocols."""

from __future__ import annotations

import calendar
import time
from pathlib import Path

import pytest

from tests.unit.providers.aws.servers import Answer, Asked, serving, session_json, sts_error, sts_xml
from trunkline.ir.secret import Secret
from trunkline.providers.aws.metadata import ContainerSource, InstanceSource, container_source, instance_source
from trunkline.providers.aws.profile_files import Files, ProfileSource
from trunkline.providers.aws.sigv4 import AwsCredentials, sign
from trunkline.providers.aws.source import FirstOf, NotHereError, StaticSource
from trunkline.providers.aws.sts import AssumedRole, Role, TokenPlace, WebIdentityRole
from trunkline.providers.settings import UnavailableError

BASE = AwsCredentials("AKIA1", Secret("base"), Secret("basetoken"))
ROLE = "arn:aws:iam::123456789012:role/gateway"
FAR = 4_950_000_000
"""Unix seconds before the expiry that the servers say."""


def imds(asked: Asked) -> Answer:
    """An instance with the role `gateway`, version 2 only."""
    if (asked.method, asked.path) == ("PUT", "/latest/api/token"):
        assert asked.headers["x-aws-ec2-metadata-token-ttl-seconds"] == "21600"
        return 200, "text/plain", "imdstoken"
    if asked.headers.get("x-aws-ec2-metadata-token") != "imdstoken":
        return 401, "text/plain", ""
    if asked.path == "/latest/meta-data/iam/security-credentials/":
        return 200, "text/plain", "gateway"
    if asked.path == "/latest/meta-data/iam/security-credentials/gateway":
        return session_json()
    return 404, "text/plain", ""


async def test_an_instance_gives_its_roles_credentials() -> None:
    """A token is asked for, then the role, then its credentials; the expiry is read."""
    with serving(imds) as served:
        found = await InstanceSource(served.url).fetch()
    assert (found.access_key, found.secret_key.reveal()) == ("ASIA1", "secret1")
    assert found.token == Secret("token1")
    assert found.expires is not None
    assert found.expires > FAR
    assert [asked.method for asked in served.asked] == ["PUT", "GET", "GET"]


async def test_no_instance_service_is_not_here() -> None:
    """Elsewhere than on AWS nobody listens, so the next source of a chain is asked."""
    with serving(imds) as served:
        gone = served.url
    with pytest.raises(NotHereError, match="cannot be reached"):
        await InstanceSource(gone).fetch()
    assert await FirstOf((InstanceSource(gone), StaticSource(BASE)), "none").fetch() is BASE


async def test_an_instance_without_a_role_says_so() -> None:
    """The service is there and has no role: that is said, and the chain goes on."""

    def answer(asked: Asked) -> Answer:
        return (200, "text/plain", "t") if asked.method == "PUT" else (404, "text/plain", "")

    with serving(answer) as served, pytest.raises(NotHereError, match="instance profile"):
        await InstanceSource(served.url).fetch()


async def test_an_instance_that_refuses_gives_its_reason() -> None:
    """The service answers 200 with an error in the JSON: its message is passed on."""

    def answer(asked: Asked) -> Answer:
        if asked.path.endswith("gateway"):
            return 200, "application/json", '{"Code":"AssumeRoleUnauthorizedAccess","Message":"EC2 cannot assume"}'
        return imds(asked)

    with serving(answer) as served, pytest.raises(UnavailableError, match="EC2 cannot assume"):
        await InstanceSource(served.url).fetch()


def test_the_environment_moves_the_instance_service_or_switches_it_off() -> None:
    """AWS's three variables are read."""
    assert instance_source({"AWS_EC2_METADATA_DISABLED": "TRUE"}) is None
    assert instance_source({}) == InstanceSource("http://169.254.169.254")
    assert instance_source({"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"}) == InstanceSource(
        "http://[fd00:ec2::254]"
    )
    assert instance_source({"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://h:1/"}) == InstanceSource("http://h:1")


async def test_a_container_sends_its_token_from_the_file_anew(tmp_path: Path) -> None:
    """The token file is read each time, for it is rotated."""
    file = tmp_path / "token"
    file.write_text("one\n")
    with serving(lambda _asked: session_json(2)) as served:
        source = ContainerSource(f"{served.url}/v2/credentials", token_file=str(file))
        assert (await source.fetch()).access_key == "ASIA2"
        file.write_text("two")
        await source.fetch()
    assert [asked.headers["authorization"] for asked in served.asked] == ["one", "two"]
    assert served.asked[0].path == "/v2/credentials"


@pytest.mark.parametrize("url", ["http://example.org/x", "ftp://localhost/x", "http://169.254.169.254/x"])
async def test_a_container_address_elsewhere_is_refused(url: str) -> None:
    """Over plain HTTP the token goes to this machine and AWS's own addresses only."""
    with pytest.raises(UnavailableError):
        await ContainerSource(url, token=Secret("t")).fetch()


def test_the_environment_names_the_container_service() -> None:
    """A relative path means AWS's own address; nothing set means none."""
    assert container_source({}) is None
    relative = container_source({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/x"})
    assert relative == ContainerSource("http://169.254.170.2/v2/x")
    full = container_source(
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "https://h/x", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "t"}
    )
    assert full == ContainerSource("https://h/x", token=Secret("t"))


async def test_a_role_is_taken_with_a_signed_form() -> None:
    """The form has the role, the session, the external id and the tags, and its signature is right."""
    with serving(lambda _asked: sts_xml("AssumeRole")) as served:
        role = Role(arn=ROLE, region="eu-west-1", session="mine", endpoint=served.url, seconds=900)
        source = AssumedRole(
            role=role, base=StaticSource(BASE), external_id="ext", tags=(("team", "a b"), ("env", "x"))
        )
        found = await source.fetch()
    assert (found.access_key, found.secret_key.reveal()) == ("ASIAROLE1", "rolesecret1")
    assert found.token == Secret("role&token1")
    assert found.expires is not None
    asked = served.asked[0]
    assert asked.form == {
        "Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": ROLE, "RoleSessionName": "mine",
        "DurationSeconds": "900", "ExternalId": "ext", "Tags.member.1.Key": "team", "Tags.member.1.Value": "a b",
        "Tags.member.2.Key": "env", "Tags.member.2.Value": "x",
    }  # fmt: skip
    expected = sign(
        method="POST", host=asked.headers["host"], path=asked.path,
        headers=[("content-type", asked.headers["content-type"])], body=asked.body, service="sts",
        region="eu-west-1", credentials=BASE,
        now=calendar.timegm(time.strptime(asked.headers["x-amz-date"], "%Y%m%dT%H%M%SZ")),
    )  # fmt: skip
    assert asked.headers["authorization"] == dict(expected)["authorization"]
    assert asked.headers["x-amz-security-token"] == "basetoken"


async def test_a_refused_role_says_who_and_why_without_a_key() -> None:
    """STS's message is passed on with the role's name; nothing of the keys."""
    with serving(lambda _asked: sts_error("AccessDenied", "User is not authorized &amp; so on")) as served:
        source = AssumedRole(role=Role(arn=ROLE, region="r", endpoint=served.url), base=StaticSource(BASE))
        with pytest.raises(UnavailableError, match="not authorized & so on") as caught:
            await source.fetch()
    assert ROLE in str(caught.value)
    assert "base" not in str(caught.value)


async def test_a_web_identity_takes_a_role_without_a_signature(tmp_path: Path) -> None:
    """The token is sent as it is in the file now, and nothing is signed."""
    file = tmp_path / "jwt"
    file.write_text("ey.one")
    with serving(lambda _asked: sts_xml("AssumeRoleWithWebIdentity")) as served:
        source = WebIdentityRole(role=Role(arn=ROLE, region="r", endpoint=served.url), token=TokenPlace(file=str(file)))
        await source.fetch()
        file.write_text("ey.two")
        await source.fetch()
    assert [asked.form["WebIdentityToken"] for asked in served.asked] == ["ey.one", "ey.two"]
    assert "authorization" not in served.asked[0].headers


async def test_a_redirect_is_not_followed() -> None:
    """A token goes to the address it is for and nowhere else."""
    with serving(lambda _asked: (302, "text/plain", "")) as served, pytest.raises(UnavailableError, match="302"):
        await ContainerSource(f"{served.url}/x", token=Secret("t")).fetch()
    assert len(served.asked) == 1


async def test_an_answer_that_is_no_json_is_said_so() -> None:
    """A captive portal's page is no credential."""
    with (
        serving(lambda _asked: (200, "text/html", "<html>")) as served,
        pytest.raises(UnavailableError, match="no JSON"),
    ):
        await ContainerSource(f"{served.url}/x").fetch()


def profiles(folder: Path, credentials: str = "", config: str = "") -> Files:
    """Two files with these texts."""
    (folder / "credentials").write_text(credentials)
    (folder / "config").write_text(config)
    return Files(folder / "credentials", folder / "config")


async def test_a_profile_has_its_keys_and_the_credentials_file_counts(tmp_path: Path) -> None:
    """Both files are read; where they disagree, the credentials file counts; the keys are read again later."""
    files = profiles(
        tmp_path,
        "[dev]\naws_access_key_id = AKIADEV\naws_secret_access_key = s=ecret\naws_session_token = t\n",
        "[default]\nregion = x\n[profile dev]\naws_access_key_id = OLD\nregion = eu-west-1\ns3 =\n  a = b\n",
    )
    found = await ProfileSource(profile="dev", files=files, region="r").fetch()
    assert (found.access_key, found.secret_key.reveal()) == ("AKIADEV", "s=ecret")
    assert found.token == Secret("t")
    assert found.renew is not None


async def test_a_profile_takes_a_role_with_its_source_profile(tmp_path: Path) -> None:
    """`role_arn` and `source_profile` are followed, over two steps."""
    files = profiles(
        tmp_path,
        "[root]\naws_access_key_id = AKIAROOT\naws_secret_access_key = s\n",
        f"[profile one]\nrole_arn = {ROLE}\nsource_profile = root\nexternal_id = e\nregion = eu-west-1\n"
        "role_session_name = me\nduration_seconds = 1800\n"
        "[profile two]\nrole_arn = arn:aws:iam::2:role/two\nsource_profile = one\n",
    )
    source = ProfileSource(profile="two", files=files, region="us-east-1")
    two = source._source(files.read(), "two", ())
    assert isinstance(two, AssumedRole)
    assert two.role.region == "us-east-1"
    one = two.base
    assert isinstance(one, AssumedRole)
    assert one.role == Role(arn=ROLE, region="eu-west-1", session="me", seconds=1800)
    assert one.external_id == "e"
    assert one.base == StaticSource(AwsCredentials("AKIAROOT", Secret("s")))


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ("[profile p]\nrole_arn = r\nsource_profile = q\n[profile q]\nrole_arn = r\nsource_profile = p\n", "lead back"),
        ("[profile p]\nrole_arn = r\nsource_profile = p\n", "lead back"),
        ("[profile p]\nrole_arn = r\nsource_profile = gone\n", "called `gone`"),
        ("[profile p]\nrole_arn = r\nsource_profile = p\nmfa_serial = m\n", "mfa_serial"),
        ("[profile p]\nsso_session = s\n", "SSO"),
        ("[profile p]\ncredential_process = /bin/x\n", "runs a program"),
        ("[profile p]\nrole_arn = r\ncredential_source = Environment\n", "not there"),
        ("[profile p]\naws_access_key_id = only\n", "one half"),
        ("[profile p]\nregion = x\n", "no `aws_access_key_id`"),
        ("[profile q]\n", "called `p`"),
        ("[profile p\naws_secret_access_key = verysecret\n", "see line 1"),
    ],
)
async def test_a_profile_that_leads_nowhere_says_what_to_mend(tmp_path: Path, config: str, says: str) -> None:
    """Circles, browsers, missing halves and broken files are errors that name their place and show no key."""
    source = ProfileSource(profile="p", files=profiles(tmp_path, config=config), region="r")
    with pytest.raises(UnavailableError, match=says) as caught:
        await source.fetch()
    assert "verysecret" not in str(caught.value)


async def test_a_profile_may_hold_keys_and_the_role_they_take(tmp_path: Path) -> None:
    """A profile that is its own source uses its own keys for the role."""
    files = profiles(
        tmp_path, f"[p]\naws_access_key_id = A\naws_secret_access_key = s\nrole_arn = {ROLE}\nsource_profile = p\n"
    )
    found = ProfileSource(profile="p", files=files, region="r")._source(files.read(), "p", ())
    assert isinstance(found, AssumedRole)
    assert found.base == StaticSource(AwsCredentials("A", Secret("s")))


async def test_the_default_profile_may_be_missing(tmp_path: Path) -> None:
    """Nobody asked for it by name, so the chain goes on."""
    files = Files(tmp_path / "none", tmp_path / "none either")
    with pytest.raises(NotHereError):
        await ProfileSource(profile="default", files=files, region="r", required=False).fetch()
