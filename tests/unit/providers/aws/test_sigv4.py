"""Signatures: known ones, botocore's own for a matrix of requests, and what keeps them cheap."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from urllib.parse import urlsplit

import pytest

from trunkline.ir.secret import Secret
from trunkline.providers.aws.sigv4 import AwsCredentials, canonical_path, canonical_query, sign

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
WHEN = datetime(2026, 11, 24, 12, 34, 56, tzinfo=UTC)
RUNTIME = "https://bedrock-runtime.us-east-1.amazonaws.com"


def signed(
    method: str, url: str, headers: dict[str, str], body: bytes, service: str, region: str, token: str | None
) -> dict[str, str]:
    """Our headers for one request."""
    parts = urlsplit(url)
    return dict(
        sign(
            method=method,
            host=parts.netloc,
            path=parts.path,
            query=parts.query,
            headers=headers.items(),
            body=body,
            service=service,
            region=region,
            credentials=AwsCredentials(KEY, Secret(SECRET), Secret(token) if token else None),
            now=WHEN.timestamp(),
        )
    )


# The signatures were made with botocore 1.44.8.
KNOWN = [
    (
        ("POST", f"{RUNTIME}/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse", {}, b'{"messages":[]}', "bedrock", "us-east-1", None),
        "SignedHeaders=host;x-amz-date, Signature=e63ce9b7e5f1f24d60f72a324df7f7792e5947f35c1761957c02996dbcc12b51",
    ),
    (
        (
            "POST",
            "https://bedrock-runtime.eu-central-1.amazonaws.com/model/arn%3Aaws%3Abedrock%3Aeu-central-1%3A123456789012%3Ainference-profile%2Feu.amazon.nova-lite-v1%3A0/converse-stream",
            {"Content-Type": "application/json"}, b"{}", "bedrock", "eu-central-1", "sessiontoken==",
        ),
        "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=fd9308af707d39c8f88564ddbf2a2a8fe853f9bcdcf0b4db928c99e89499ca70",
    ),
    (
        ("GET", "https://example.amazonaws.com/a/../b//c%20d/?b=2&a=1&a=0&c", {"X-Custom": "  a   b "}, b"", "service", "us-west-2", None),
        "SignedHeaders=host;x-amz-date;x-custom, Signature=026eec3616355008b18cb5c00e672b145711246ebdc8213fb80f25e4f18387de",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("request_parts", "ending"), KNOWN, ids=["id", "arn", "query"])
def test_known_signatures(
    request_parts: tuple[str, str, dict[str, str], bytes, str, str, str | None], ending: str
) -> None:
    """Three requests have the signatures that botocore gave them."""
    assert signed(*request_parts)["authorization"].endswith(ending)


PATHS = [
    "/", "/model/us.anthropic.claude-sonnet-4-5-20250929-v1:0/converse",
    "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream",
    "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fabc123/invoke",
    "/model/arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abc/invoke-with-response-stream",
    "/a//b/./c/../d/", "/with%20space/%E2%82%AC/~tilde/plus+and=", "/..",
]  # fmt: skip
QUERIES = ["", "a=1", "b=2&a=1&a=0", "empty&also=", "x=%2F%3D&y=a%20b"]
HEADERS: list[dict[str, str]] = [
    {}, {"Content-Type": "application/json", "X-Amzn-Bedrock-Trace": "ENABLED"},
    {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD", "User-Agent": "x", "X-Spaces": "  a   b  ", "Expect": "100-continue"},
]  # fmt: skip


@pytest.mark.parametrize("token", [None, "a/session+token=="])
@pytest.mark.parametrize("body", [b"", b'{"text":"\xc3\xa4"}'], ids=["empty", "json"])
def test_signatures_equal_botocores(token: str | None, body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths, queries, headers, bodies and session tokens, all with all, are signed as botocore signs them."""
    auth = pytest.importorskip("botocore.auth", reason="botocore is not installed: signatures were not compared")
    requests = pytest.importorskip("botocore.awsrequest")
    credentials = pytest.importorskip("botocore.credentials")
    monkeypatch.setattr(auth, "get_current_datetime", lambda *_args, **_kwargs: WHEN.replace(tzinfo=None))
    for path, query, headers, host in product(PATHS, QUERIES, HEADERS, [RUNTIME, "http://localhost:9000"]):
        url = f"{host}{path}{'?' if query else ''}{query}"
        theirs = requests.AWSRequest(method="POST", url=url, headers=headers, data=body)
        auth.SigV4Auth(credentials.Credentials(KEY, SECRET, token), "bedrock", "us-east-1").add_auth(theirs)
        ours = signed("POST", url, headers, body, "bedrock", "us-east-1", token)
        assert ours["authorization"] == theirs.headers["Authorization"], url
        assert ours["x-amz-date"] == theirs.headers["X-Amz-Date"]
        assert ours.get("x-amz-security-token") == theirs.headers.get("X-Amz-Security-Token")


def test_a_model_id_is_encoded_twice() -> None:
    """What stands as `%3A` in the request line is signed as `%253A`, and a plain colon as `%3A`."""
    assert canonical_path("/model/a%3A0/converse") == "/model/a%253A0/converse"
    assert canonical_path("/model/a:0/converse") == "/model/a%3A0/converse"


def test_a_query_is_sorted_by_name_and_value() -> None:
    """Pairs are sorted, and a name without value gets its `=`."""
    assert canonical_query("b=2&a=1&a=0&c") == "a=0&a=1&b=2&c="


def test_a_header_sent_twice_is_signed_once() -> None:
    """Values of the same header are joined, as a receiver joins them."""
    both = sign(
        method="GET", host="h", path="/", headers=[("X-A", "1"), ("x-a", " 2 ")], service="s", region="r",
        credentials=AwsCredentials(KEY, Secret(SECRET)), now=0,
    )  # fmt: skip
    joined = sign(
        method="GET", host="h", path="/", headers=[("x-a", "1,2")], service="s", region="r",
        credentials=AwsCredentials(KEY, Secret(SECRET)), now=0,
    )  # fmt: skip
    assert both == joined


def test_the_secret_does_not_show() -> None:
    """Neither the credentials' text nor the headers hold the secret key."""
    credentials = AwsCredentials(KEY, Secret(SECRET), Secret("token"))
    assert SECRET not in repr(credentials)
    assert "token" not in repr(credentials).replace("token=", "")
    assert SECRET not in str(signed("GET", f"{RUNTIME}/", {}, b"", "bedrock", "us-east-1", None))
