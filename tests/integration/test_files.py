"""Files and batches through the real gateway: whose they are travels in their ids."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.test_pass_through import row_of, send
from tests.support.gateway import Gateway, GatewayConfig
from tests.support.open_provider import SECRETS, Canned, OpenProvider, Seen, environment, open_provider
from tests.support.raw_http import Answer, exchange, request_bytes

FORM = "multipart/form-data; boundary=limit"
LINES = b'{"custom_id": "1", "method": "POST", "url": "/v1/chat/completions", "body": {}}\n\x00\xff'


def form(*fields: tuple[str, str]) -> bytes:
    """An upload with these fields before its file."""
    parts = [
        f'--limit\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields
    ]
    head = b'--limit\r\nContent-Disposition: form-data; name="file"; filename="in.jsonl"\r\n\r\n'
    return b"".join([*parts, head, LINES, b"\r\n--limit--\r\n"])


def books(seen: Seen) -> Canned:
    """OpenAI's files and batches, as far as clients look."""
    path = seen.path
    if path.endswith("/content"):
        return Canned(content_type="application/octet-stream", body=LINES)
    if path.endswith("/files") and seen.method == "GET":
        rows = [{"id": f"file-{name}", "object": "file", "bytes": 3} for name in "ab"]
        return _json({"object": "list", "data": rows, "first_id": "file-a", "last_id": "file-b", "has_more": False})
    if "/files" in path and seen.method == "DELETE":
        return _json({"id": path.rpartition("/")[2], "object": "file", "deleted": True})
    if "/files" in path:
        return _json({"id": "file-abc", "object": "file", "purpose": "batch", "filename": "in.jsonl"})
    batch = {
        "id": "batch_1", "object": "batch", "endpoint": "/v1/chat/completions", "input_file_id": "file-abc",
        "output_file_id": "file-out", "error_file_id": None, "status": "completed",
    }  # fmt: skip
    if path.endswith("/batches") and seen.method == "GET":
        return _json(
            {"object": "list", "data": [batch], "first_id": "batch_1", "last_id": "batch_1", "has_more": False}
        )
    return _json(batch)


def _json(value: object) -> Canned:
    return Canned(body=json.dumps(value).encode())


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenProvider]:
    """Every account at once."""
    with open_provider() as running:
        running.answer = books
        yield running


@pytest.fixture(scope="module")
def gateway(provider: OpenProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with the environment's account and two more in its configuration."""
    url = provider.url
    models: list[dict[str, object]] = [
        {"model_name": "mine", "model_info": {"id": "first"},
         "litellm_params": {"model": "openai/gpt-4o", "api_base": f"{url}/one/v1", "api_key": "sk-of-one-0123456789"}},
        {"model_name": "azure", "model_info": {"id": "second"},
         "litellm_params": {"model": "azure/gpt", "api_base": f"{url}/two", "api_key": "sk-of-two-0123456789",
                            "api_version": "2024-10-21"}},
        {"model_name": "claude", "litellm_params": {"model": "anthropic/claude-x", "api_base": url, "api_key": "sk-ant-x"}},
    ]  # fmt: skip
    config = GatewayConfig(models=models, environment=environment(provider))
    with Gateway(tmp_path_factory.mktemp("files"), config) as running:
        yield running


def upload(gateway: Gateway, path: str = "/v1/files", *fields: tuple[str, str], **headers: str) -> Answer:
    """Upload the lines."""
    head = {name.replace("_", "-"): value for name, value in headers.items()} | {"Content-Type": FORM}
    return send(gateway, "POST", path, form(("purpose", "batch"), *fields), head)


def text(answer: Answer, name: str = "id") -> str:
    """A member of an answer."""
    assert answer.status == 200, answer.body
    return str(answer.json[name])


ACCOUNTS = [
    ("/v1/files", (), {}, "/v1/files", SECRETS["OPENAI_API_KEY"]),
    ("/files", (), {}, "/v1/files", SECRETS["OPENAI_API_KEY"]),
    ("/openai/v1/files", (), {}, "/v1/files", SECRETS["OPENAI_API_KEY"]),
    ("/v1/files", (("target_model_names", "mine"),), {}, "/one/v1/files", "sk-of-one-0123456789"),
    ("/v1/files", (("model", "azure"),), {}, "/two/openai/files", "sk-of-two-0123456789"),
    ("/v1/files?model=mine", (), {}, "/one/v1/files", "sk-of-one-0123456789"),
    ("/v1/files", (), {"x_litellm_model": "mine"}, "/one/v1/files", "sk-of-one-0123456789"),
    ("/v1/files", (("custom_llm_provider", "mistral"),), {}, "/v1/files", SECRETS["MISTRAL_API_KEY"]),
    ("/v1/files?custom_llm_provider=azure", (), {}, "/openai/files", SECRETS["AZURE_API_KEY"]),
    ("/azure/v1/files", (), {}, "/openai/files", SECRETS["AZURE_API_KEY"]),
]


@pytest.mark.parametrize(("path", "fields", "headers", "sent", "key"), ACCOUNTS)
def test_a_file_goes_to_the_account_that_is_named(
    gateway: Gateway, provider: OpenProvider, path: str, fields: tuple[tuple[str, str], ...], headers: dict[str, str],
    sent: str, key: str,
) -> None:  # fmt: skip
    """A model's deployment, a provider, or OpenAI; and what comes back is asked for there again."""
    own_id = text(upload(gateway, path, *fields, **headers))
    seen = provider.last()
    assert seen.path == sent
    assert key in repr(seen.headers)
    assert LINES in seen.body
    assert b'"purpose"\r\n\r\nbatch' in seen.body
    for name, _ in fields:
        assert name.encode() not in seen.body
    assert own_id.startswith("file-tlk1")
    assert own_id.replace("-", "").replace("_", "").isalnum()
    if "azure" in (sent, path) or sent.endswith("openai/files"):
        assert "api-version=" in seen.target
    assert "model" not in seen.target
    assert text(send(gateway, "GET", f"/v1/files/{own_id}")) == own_id
    assert provider.last().path == f"{sent}/file-abc"
    content = send(gateway, "GET", f"/files/{own_id}/content")
    assert (content.body, content.header("content-type")) == (LINES, "application/octet-stream")
    assert provider.last().path == f"{sent}/file-abc/content"
    assert key in repr(provider.last().headers)
    gone = send(gateway, "DELETE", f"/v1/files/{own_id}")
    assert gone.json == {"id": own_id, "object": "file", "deleted": True}


def test_an_upload_without_fields_of_ours_passes_byte_for_byte(gateway: Gateway, provider: OpenProvider) -> None:
    """The form is only written anew where something in it is for the gateway."""
    upload(gateway)
    assert provider.last().body == form(("purpose", "batch"))
    assert provider.last().header("content-type") == FORM


def test_lists_are_in_the_ids_that_clients_use(gateway: Gateway, provider: OpenProvider) -> None:
    """Each entry and the marks of the page; `after` goes out as the provider knows it."""
    page = send(gateway, "GET", "/v1/files?purpose=batch&model=mine")
    data: Any = page.json["data"]
    ids = [row["id"] for row in data]
    assert (page.json["first_id"], page.json["last_id"]) == (ids[0], ids[1])
    assert provider.last().target == "/one/v1/files?purpose=batch"
    send(gateway, "GET", f"/v1/files?model=mine&after={ids[1]}&limit=2")
    assert provider.last().target == "/one/v1/files?after=file-b&limit=2"
    assert send(gateway, "GET", f"/v1/files?after={ids[1]}").status == 404, "another account's page"


def test_a_batch_runs_where_its_file_is(gateway: Gateway, provider: OpenProvider) -> None:
    """The id in the body is the provider's again; ids in the answer are ours; get, list and cancel go the same way."""
    file_id = text(upload(gateway, "/v1/files", ("target_model_names", "mine")))
    body = {"input_file_id": file_id, "endpoint": "/v1/chat/completions", "completion_window": "24h"}
    made = send(gateway, "POST", "/v1/batches", json.dumps(body).encode())
    seen = provider.last()
    assert (seen.path, json.loads(seen.body)) == ("/one/v1/batches", body | {"input_file_id": "file-abc"})
    assert made.json["input_file_id"] == file_id
    assert made.json["error_file_id"] is None
    batch = text(made)
    assert batch.startswith("batch_tlk1")
    assert text(send(gateway, "GET", f"/v1/batches/{batch}")) == batch
    assert provider.last().path == "/one/v1/batches/batch_1"
    assert text(send(gateway, "POST", f"/batches/{batch}/cancel")) == batch
    assert provider.last().path == "/one/v1/batches/batch_1/cancel"
    out = text(made, "output_file_id")
    assert send(gateway, "GET", f"/v1/files/{out}/content").body == LINES
    assert provider.last().path == "/one/v1/files/file-out/content"
    listed = send(gateway, "GET", "/v1/batches?model=mine")
    data: Any = listed.json["data"]
    assert data[0]["id"] == batch
    for more in ({"model": "azure"}, {"custom_llm_provider": "openai"}):
        before = len(provider.seen)
        refused = send(gateway, "POST", "/v1/batches", json.dumps(body | more).encode())
        assert refused.status == 400
        assert "another account" in str(refused.error_body["message"])
        assert len(provider.seen) == before
    assert send(gateway, "POST", "/v1/batches", json.dumps(body | {"model": "mine"}).encode()).status == 200
    assert "model" not in json.loads(provider.last().body)


def test_a_changed_id_is_not_found(gateway: Gateway, provider: OpenProvider) -> None:
    """Tampering with an id, or with what it holds, is a 404 that no provider hears of."""
    own_id = text(upload(gateway))
    before = len(provider.seen)
    for at in range(9, len(own_id), 7):
        other = "A" if own_id[at] != "A" else "B"
        assert send(gateway, "GET", f"/v1/files/{own_id[:at]}{other}{own_id[at + 1 :]}").status == 404
    for changed in (own_id[:-1], own_id + "A", "file-tlk1", "file-tlk1!!!!", "tlk1" + own_id[9:]):
        assert send(gateway, "GET", f"/v1/files/{changed}").status == 404, changed
    body = json.dumps({"input_file_id": own_id[:-2] + "AA", "endpoint": "/v1/chat/completions"}).encode()
    assert send(gateway, "POST", "/v1/batches", body).status == 404
    assert len(provider.seen) == before


def test_an_id_never_becomes_a_path(gateway: Gateway, provider: OpenProvider) -> None:
    """F03: dots and slashes in a provider's own id stay one encoded segment, or are no id at all."""
    for bad in ("..", ".", "%2e%2e", "a%2f..%2fb", "a%3fb", "a%23b"):
        before = len(provider.seen)
        answer = send(gateway, "GET", f"/v1/files/{bad}")
        assert answer.status == 404, bad
        assert len(provider.seen) == before
    assert text(send(gateway, "GET", "/v1/files/file-of-old")).startswith("file-tlk1")
    assert provider.last().path == "/v1/files/file-of-old"


def test_m25_files_and_batches_are_in_the_ledger(gateway: Gateway) -> None:
    """M25: each operation has a row under LiteLLM's name of it, with no usage and no cost."""
    file_id = text(upload(gateway))
    for method, path, name in (
        ("GET", "/v1/files", "afile_list"), ("GET", f"/v1/files/{file_id}", "afile_retrieve"),
        ("GET", f"/v1/files/{file_id}/content", "afile_content"), ("DELETE", f"/v1/files/{file_id}", "afile_delete"),
        ("GET", "/v1/batches", "alist_batches"),
    ):  # fmt: skip
        row = row_of(gateway, send(gateway, method, path))
        assert (row["call_type"], row["usage_source"], float(str(row["spend"]))) == (name, "none", 0.0)


def test_what_cannot_be_says_why(gateway: Gateway) -> None:
    """No key, no such model, a provider without such files, several accounts, no form, a wrong method."""
    assert exchange(gateway.port, request_bytes("GET", "/v1/files"), method="GET").status == 401
    assert exchange(gateway.port, request_bytes("POST", "/v1/batches", b"{}"), method="POST").status == 401
    for fields, words in (
        ((("model", "nobody"),), "nobody"), ((("model", "claude"),), "claude"),
        ((("target_model_names", "mine,azure"),), "one account"), ((("custom_llm_provider", "nobody"),), "nobody"),
    ):  # fmt: skip
        answer = upload(gateway, "/v1/files", *fields)
        assert answer.status == 400
        assert words in str(answer.error_body["message"])
    assert send(gateway, "POST", "/v1/files", b"{}").status == 400
    assert send(gateway, "POST", "/v1/files", b"--limit", {"Content-Type": FORM}).status == 400
    assert send(gateway, "POST", "/v1/batches", b"{").status == 400
    assert send(gateway, "POST", "/v1/batches", b"{}").status == 400
    wrong = send(gateway, "PUT", "/v1/files", b"{}")
    assert wrong.status == 405
    assert wrong.header("allow")
    assert send(gateway, "GET", "/nobody/v1/files").status == 404
