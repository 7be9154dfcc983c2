"""Where Bedrock's calls go."""

from __future__ import annotations

from pathlib import Path

import pytest

from trunkline.ir.secret import Secret
from trunkline.providers.aws.bedrock import ModelName, Operation, Place, Signer, bedrock_place, parse_model
from trunkline.providers.aws.keeper import Keeper
from trunkline.providers.aws.sigv4 import AwsCredentials, sign
from trunkline.providers.aws.source import StaticSource
from trunkline.providers.settings import Settings, UnavailableError
from trunkline.wire.bedrock_converse.families import Family, family

ARN = "arn:aws:bedrock:eu-west-3:123456789012:application-inference-profile/abc"
PROVISIONED = "arn:aws:bedrock:us-east-2:123456789012:provisioned-model/xyz"


def placed(model: str, params: dict[str, object] | None = None, environ: dict[str, str] | None = None) -> Place:
    """For an entry with a key, so that nothing else is looked for."""
    return bedrock_place(Settings({"api_key": "ABSK", **(params or {})}, environ or {}), model)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("anthropic.claude-3-haiku-20240307-v1:0", ModelName(id="anthropic.claude-3-haiku-20240307-v1:0")),
        ("bedrock/us.anthropic.claude-sonnet-5", ModelName(id="us.anthropic.claude-sonnet-5")),
        ("converse/amazon.nova-lite-v1:0", ModelName(id="amazon.nova-lite-v1:0")),
        ("invoke/anthropic.claude-v2", ModelName(id="anthropic.claude-v2", route="invoke")),
        ("bedrock/us-gov-west-1/anthropic.claude-v2", ModelName(id="anthropic.claude-v2", region="us-gov-west-1")),
        (
            "ap-northeast-1/6-month-commitment/anthropic.claude-v2:1",
            ModelName(id="anthropic.claude-v2:1", region="ap-northeast-1"),
        ),
        ("converse/us-west-2/meta.llama3:48k", ModelName(id="meta.llama3:48k", region="us-west-2")),
        (ARN, ModelName(id=ARN, region="eu-west-3")),
        (f"invoke/llama/{ARN}", ModelName(id=ARN, route="invoke", region="eu-west-3", family="meta.llama")),
        (f"us-east-1/{ARN}", ModelName(id=ARN, region="us-east-1")),
    ],
)
def test_model_names(written: str, found: ModelName) -> None:
    """Routes, regions, commitments and families before the id are read off; an ARN says its region."""
    assert parse_model(written) == found


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("", "no model"),
        ("converse/", "no model"),
        ("agent/ABC/DEF", "agents"),
        ("mantle/openai.gpt-oss-20b", "bedrock_mantle"),
        ("nonsense/anthropic.claude-v2", "nonsense"),
        ("arn:aws:s3:::bucket", "ARN"),
    ],
)
def test_model_names_that_are_none(written: str, says: str) -> None:
    """What is not spoken is refused with what to write instead."""
    with pytest.raises(UnavailableError, match=says):
        parse_model(written)


def test_the_path_holds_the_id_as_one_segment() -> None:
    """`:` and `/` are encoded, so an ARN stays one segment."""
    assert placed("us.anthropic.claude-sonnet-4-5-20250929-v1:0").path(Operation.CONVERSE) == (
        "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse"
    )
    assert placed(ARN).path(Operation.CONVERSE_STREAM) == (
        "/model/arn%3Aaws%3Abedrock%3Aeu-west-3%3A123456789012%3Aapplication-inference-profile%2Fabc/converse-stream"
    )
    assert placed("amazon.nova").path(Operation.INVOKE_STREAM).endswith("/invoke-with-response-stream")
    assert placed("amazon.nova").path(Operation.COUNT_TOKENS).endswith("/count-tokens")


@pytest.mark.parametrize(
    ("model", "params", "environ", "host"),
    [
        ("amazon.nova", {}, {}, "bedrock-runtime.us-west-2.amazonaws.com"),
        ("amazon.nova", {"aws_region_name": "eu-west-1"}, {"AWS_REGION": "x-1"}, "bedrock-runtime.eu-west-1.amazonaws.com"),
        ("us-east-1/amazon.nova", {}, {"AWS_REGION": "eu-west-1"}, "bedrock-runtime.us-east-1.amazonaws.com"),
        (ARN, {}, {"AWS_REGION": "us-east-1"}, "bedrock-runtime.eu-west-3.amazonaws.com"),
        ("amazon.nova", {}, {"AWS_DEFAULT_REGION": "b-1", "AWS_REGION": "a-1"}, "bedrock-runtime.a-1.amazonaws.com"),
        ("amazon.nova", {}, {"AWS_REGION_NAME": "c-1", "AWS_REGION": "a-1"}, "bedrock-runtime.c-1.amazonaws.com"),
        ("amazon.nova", {"aws_region_name": "cn-north-1"}, {}, "bedrock-runtime.cn-north-1.amazonaws.com.cn"),
        ("anthropic.claude-v2", {"model_id": PROVISIONED}, {}, "bedrock-runtime.us-east-2.amazonaws.com"),
        ("amazon.nova", {"aws_bedrock_runtime_endpoint": "https://vpce.example/base"}, {}, "vpce.example"),
        ("amazon.nova", {"api_base": "https://proxy.example"}, {"AWS_BEDROCK_RUNTIME_ENDPOINT": "https://x.y"}, "proxy.example"),
        ("amazon.nova", {}, {"AWS_BEDROCK_RUNTIME_ENDPOINT": "https://env.example"}, "env.example"),
    ],
)  # fmt: skip
def test_the_host(model: str, params: dict[str, object], environ: dict[str, str], host: str) -> None:
    """Entry, name, ARN, environment, default: the first that says a region; an address that is written wins."""
    assert placed(model, params, environ).base.host == host


def test_the_region_of_a_profile(tmp_path: Path) -> None:
    """A profile that is named may name the region."""
    (tmp_path / "config").write_text("[profile dev]\nregion = sa-east-1\n")
    place = placed("amazon.nova", {"aws_profile_name": "dev"}, {"AWS_CONFIG_FILE": str(tmp_path / "config")})
    assert place.region == "sa-east-1"


def test_a_base_path_stays_before_the_models() -> None:
    """A proxy's prefix is kept."""
    place = placed("amazon.nova", {"aws_bedrock_runtime_endpoint": "http://localhost:8080/aws"})
    assert (place.base.scheme, place.base.port) == ("http", 8080)
    assert place.path(Operation.CONVERSE) == "/aws/model/amazon.nova/converse"


def test_a_model_id_goes_into_the_path_and_the_name_tells_the_family() -> None:
    """`model_id` is what AWS is asked for; what the model is stands in `model` or `base_model`."""
    place = placed("anthropic.claude-sonnet-5", {"model_id": PROVISIONED})
    assert place.path(Operation.CONVERSE).startswith("/model/arn%3Aaws%3Abedrock%3Aus-east-2")
    assert family(place.model) is Family.CLAUDE
    assert family(placed(ARN, {"base_model": "amazon.nova-pro-v1:0"}).model) is Family.NOVA
    assert family(placed(f"nova-2/{ARN}").model) is Family.NOVA_2
    assert family(placed(ARN).model) is Family.UNKNOWN


def test_a_bearer_key_is_a_header_and_signs_nothing() -> None:
    """With `api_key` there is no signer."""
    place = placed("amazon.nova")
    assert place.authorization() == Secret("Bearer ABSK")
    assert place.signer() is None


@pytest.mark.parametrize("region", ["evil.example/", "a b", ".."])
def test_a_region_cannot_change_the_host(region: str) -> None:
    """Only letters, digits and inner hyphens and dots stand in a host."""
    with pytest.raises(UnavailableError, match="aws_region_name"):
        placed("amazon.nova", {"aws_region_name": region})


async def test_each_request_is_signed_with_what_the_keeper_holds() -> None:
    """Before the first refresh there is nothing; then the signature is the one for host, path, query and body."""
    credentials = AwsCredentials("AKIA", Secret("s"), Secret("t"))
    signer = Signer(Keeper(StaticSource(credentials)), "us-east-1", clock=lambda: 1_700_000_000.0)
    assert signer.headers("POST", "h", "/model/a%3A0/converse", b"{}") is None
    await signer.refresh()
    found = signer.headers("POST", "h", "/model/a%3A0/converse?x=1", b"{}")
    assert found == sign(
        method="POST", host="h", path="/model/a%3A0/converse", query="x=1", body=b"{}", service="bedrock",
        region="us-east-1", credentials=credentials, now=1_700_000_000.0,
    )  # fmt: skip


def test_keys_give_a_signer() -> None:
    """Without a bearer key each request is signed."""
    place = bedrock_place(
        Settings({"aws_access_key_id": "A", "aws_secret_access_key": "s", "aws_region_name": "us-east-1"}, {}),
        "amazon.nova",
    )
    assert place.authorization() is None
    assert place.signer() is not None
