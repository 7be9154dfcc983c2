"""Google's access tokens, against services on loopback."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.unit.providers.test_registry import reached, refused
from tests.unit.providers.token_server import Asked, TokenServer
from trunkline.providers.google_credentials import SCOPE, Credentials, find
from trunkline.providers.google_tokens import authorizer, fetch
from trunkline.providers.settings import Settings, UnavailableError
from trunkline.providers.target import Authorizer
from trunkline.providers.token_http import ask
from trunkline.providers.tokens import RETRY_SECONDS, TokenSource

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def service_account(pem: str, tokens: TokenServer) -> dict[str, object]:
    return {
        "type": "service_account",
        "project_id": "acme-1",
        "private_key_id": "kid-1",
        "private_key": pem,
        "client_email": "bot@acme-1.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": f"{tokens.url}/token",
    }


def given(info: Mapping[str, object]) -> Credentials:
    return find(Settings({"vertex_credentials": dict(info)}, {}))


def test_service_account(pem: str, tokens: TokenServer) -> None:
    """A signed assertion for the right audience and scope is exchanged for a token."""
    token = fetch(given(service_account(pem, tokens)))
    assert token.value.reveal() == "token-1"
    assert 3500 < token.seconds <= 3600
    (asked,) = tokens.asked
    assert asked.form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    claims = json.loads(base64.urlsafe_b64decode(asked.form["assertion"].split(".")[1] + "=="))
    assert claims["scope"] == SCOPE
    assert claims["iss"] == "bot@acme-1.iam.gserviceaccount.com"
    assert pem not in repr(given(service_account(pem, tokens)))


@pytest.fixture
def users(tokens: TokenServer, monkeypatch: pytest.MonkeyPatch) -> TokenServer:
    """The library knows one token service for users and one for impersonation, whatever the credentials say."""
    monkeypatch.setattr("google.oauth2.credentials._GOOGLE_OAUTH2_TOKEN_ENDPOINT", f"{tokens.url}/token")
    accounts = f"{tokens.url}/v1/projects/-/serviceAccounts/{{}}:generateAccessToken"
    monkeypatch.setattr("google.auth.iam._IAM_ENDPOINT", accounts)
    return tokens


USER = {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r-123456"}


def test_authorized_user(users: TokenServer) -> None:
    """What `gcloud auth application-default login` wrote is refreshed."""
    assert fetch(given(USER)).value.reveal() == "token-1"
    assert users.asked[0].form["refresh_token"] == "r-123456"


def test_impersonation(users: TokenServer) -> None:
    """A login that stands in for a service account gets that account's token."""

    def answer(asked: Asked) -> tuple[int, dict[str, object]]:
        if asked.path == "/token":
            return 200, {"access_token": "of-user", "expires_in": 3600}
        assert asked.headers["authorization"] == "Bearer of-user"
        return 200, {"accessToken": "of-bot", "expireTime": "2099-01-01T00:00:00Z"}

    users.answer = answer
    name = "projects/-/serviceAccounts/bot@acme-1.iam.gserviceaccount.com:generateAccessToken"
    info = {
        "type": "impersonated_service_account",
        "source_credentials": USER,
        "service_account_impersonation_url": f"{users.url}/v1/{name}",
    }
    assert fetch(given(info)).value.reveal() == "of-bot"
    assert users.asked[1].path == f"/v1/{name}"


def test_workload_identity_federation(tokens: TokenServer, tmp_path: Path) -> None:
    """A token of another cloud, from a file, is exchanged; then it stands in for a service account."""
    (tmp_path / "subject").write_text("subject-token")

    def answer(asked: Asked) -> tuple[int, dict[str, object]]:
        if asked.path == "/sts":
            assert asked.form["subject_token"] == "subject-token"
            return 200, {
                "access_token": "federated",
                "expires_in": 3600,
                "token_type": "Bearer",
                "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
            }
        return 200, {"accessToken": "impersonated", "expireTime": "2099-01-01T00:00:00Z"}

    tokens.answer = answer
    info: dict[str, object] = {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{tokens.url}/sts",
        "credential_source": {"file": str(tmp_path / "subject")},
    }
    assert fetch(given(info)).value.reveal() == "federated"
    name = "projects/-/serviceAccounts/bot@acme-1.iam.gserviceaccount.com:generateAccessToken"
    info["service_account_impersonation_url"] = f"{tokens.url}/v1/{name}"
    assert fetch(given(info)).value.reveal() == "impersonated"


def test_metadata_service(tokens: TokenServer) -> None:
    """On a machine of Google's its service account is asked, with the header that proves it is meant."""
    credentials = find(Settings({}, {"GCE_METADATA_HOST": tokens.host}))
    assert fetch(credentials).value.reveal() == "token-1"
    (asked,) = tokens.asked
    assert asked.path.startswith("/computeMetadata/v1/instance/service-accounts/default/token?scopes=https%3A%2F%2F")
    assert asked.headers["metadata-flavor"] == "Google"


def test_a_google_machine_is_known_by_its_name(tmp_path: Path) -> None:
    """Where nothing is configured, the machine's own mark decides whether its service is asked."""
    with pytest.raises(UnavailableError, match="no Google credentials"):
        find(Settings({}, {"HOME": str(tmp_path)}))
    (tmp_path / "product_name").write_text("Google Compute Engine\n")
    assert find(Settings({}, {})).kind == "metadata"
    assert find(Settings({}, {})).where == "http://169.254.169.254"


def test_order(pem: str, tokens: TokenServer, tmp_path: Path) -> None:
    """The entry's credentials come first, then the variables, then gcloud's login."""
    (tmp_path / "gcloud").mkdir()
    login = tmp_path / "gcloud" / "application_default_credentials.json"
    login.write_text(json.dumps({"type": "authorized_user", "quota_project_id": "of-login"}))
    key = tmp_path / "key.json"
    key.write_text(json.dumps(service_account(pem, tokens)))
    environ = {"CLOUDSDK_CONFIG": str(login.parent)}
    assert find(Settings({}, environ)).project == "of-login"
    environ["GOOGLE_APPLICATION_CREDENTIALS"] = str(key)
    assert find(Settings({}, environ)).project == "acme-1"
    environ["VERTEX_CREDENTIALS"] = json.dumps({**service_account(pem, tokens), "project_id": "of-variable"})
    assert find(Settings({}, environ)).project == "of-variable"
    written = {"vertex_credentials": json.dumps({**service_account(pem, tokens), "project_id": "written"})}
    assert find(Settings(written, environ)).project == "written"


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("/nowhere/key.json", "which is not there"),
        ("{not json, private_key: s3cret", "holds no JSON object"),
        ('{"type": "gdch_service_account"}', "has no `type`"),
        ('["a"]', "is not there"),
        ({"private_key": "s3cret"}, "has no `type`"),
        ({"type": object()}, "no JSON"),
        ("a\x00b", "cannot be read"),
        ("~nobody-of-this-name/key.json", "is not there"),
    ],
)
def test_unusable_credentials(written: object, reason: str) -> None:
    """What cannot be used is said when the configuration is read, without the secret in it."""
    said = refused({"model": "vertex_ai/gemini-x", "vertex_project": "p", "vertex_credentials": written})
    assert reason in said
    assert "s3cret" not in said


def test_refusal_says_what_to_mend(pem: str, tokens: TokenServer) -> None:
    """A refused key is explained; neither key nor assertion is quoted."""
    tokens.answer = lambda asked: (400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
    with pytest.raises(UnavailableError, match=r"invalid_grant.*key was deleted") as raised:
        fetch(given(service_account(pem, tokens)))
    text = str(raised.value)
    assert pem.splitlines()[1] not in text
    assert tokens.asked[0].form["assertion"] not in text


@pytest.fixture
def dead() -> Iterator[str]:
    """An address where nobody listens."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{reserved.getsockname()[1]}"


def test_unreachable_services(pem: str, tokens: TokenServer, dead: str) -> None:
    """A service that is not there is named."""
    with pytest.raises(UnavailableError, match="cannot be reached"):
        fetch(find(Settings({}, {"GCE_METADATA_HOST": dead})))
    info = {**service_account(pem, tokens), "token_uri": f"http://{dead}/token"}
    with pytest.raises(UnavailableError, match="gave no access token"):
        fetch(given(info))


def test_no_redirection_is_followed(tokens: TokenServer) -> None:
    """A token service that sends elsewhere is refused: a secret is sent once, to where it was meant to go."""
    tokens.location = f"{tokens.url}/elsewhere"
    assert ask("POST", f"{tokens.url}/token", body=b"secret=1").status == 302
    with pytest.raises(UnavailableError, match="302"):
        fetch(find(Settings({}, {"GCE_METADATA_HOST": tokens.host})))
    assert {asked.path.partition("?")[0] for asked in tokens.asked} == {
        "/token",
        "/computeMetadata/v1/instance/service-accounts/default/token",
    }


async def test_deployments_share_one_token(pem: str, tokens: TokenServer) -> None:
    """Two deployments with the same credentials and fifty calls make one request for a token."""
    info = service_account(pem, tokens)
    callers: list[Authorizer] = []
    for name in ("gemini-3.8-flash", "claude-opus-5-5"):
        _, target = reached({"model": f"vertex_ai/{name}", "vertex_credentials": info})
        assert target.authorizer is not None
        assert "token-1" not in repr(target)
        callers += [target.authorizer] * 25
    await asyncio.gather(*(caller.refresh() for caller in callers))
    assert len(tokens.asked) == 1
    for caller in callers:
        assert caller.headers("POST", "h", "/", b"") == (("authorization", "Bearer token-1"),)


async def test_renewed_from_a_real_service(tokens: TokenServer) -> None:
    """A token that ends is replaced; a service that fails meanwhile is asked again after some seconds only."""
    now = [1_000_000.0]
    credentials = find(Settings({}, {"GCE_METADATA_HOST": tokens.host}))
    source = TokenSource(lambda: fetch(credentials), clock=lambda: now[0])
    await source.refresh()
    now[0] += 3600
    tokens.answer = lambda asked: (503, {"error": "busy"})
    for _ in range(3):
        with pytest.raises(UnavailableError, match="503, busy"):
            await source.refresh()
    assert len(tokens.asked) == 2
    now[0] += RETRY_SECONDS
    tokens.answer = lambda asked: (200, {"access_token": "token-2", "expires_in": 3600})
    await source.refresh()
    found = source.current()
    assert found is not None
    assert found.reveal() == "token-2"


def test_same_source_across_reloads(tmp_path: Path) -> None:
    """A configuration that is read again goes on with the token it has, unless the file holds another account."""
    key = tmp_path / "key.json"
    key.write_text(json.dumps(USER))
    settings = Settings({"vertex_credentials": str(key)}, {})
    first = authorizer(find(settings))
    assert authorizer(find(settings)).source is first.source
    key.write_text(json.dumps({**USER, "client_id": "another"}))
    assert authorizer(find(settings)).source is not first.source


def test_the_library_is_loaded_with_the_first_token_only() -> None:
    """A gateway with a Vertex entry starts without the library; one without such an entry without an event loop too."""
    login = json.dumps(USER)
    code = (
        "import sys; from trunkline.providers import resolve; resolve({'model': 'openai/x', 'api_key': 'k'}, {});"
        "assert 'asyncio' not in sys.modules;"
        f"t = resolve({{'model': 'vertex_ai/gemini-x', 'vertex_project': 'p', 'vertex_credentials': {login!r}}}, {{}});"
        "assert t.target and t.target.authorizer; assert not [n for n in sys.modules if n.startswith('google')]"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
