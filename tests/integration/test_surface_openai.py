"""OpenAI's surface as clients write it, through the real gateway to the fake provider."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

import trunkline
from tests.support.gateway import INPUT_PRICE, OUTPUT_PRICE, Gateway, GatewayConfig, model
from tests.support.provider import FakeProvider
from tests.support.raw_http import Answer, RawConnection, exchange, json_request, request_bytes

CHAT = "/v1/chat/completions"
TAILS = ("chat/completions", "completions", "embeddings")


@pytest.fixture(scope="module")
def gateway(provider: FakeProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with aliases, wildcards, fallbacks, two deployments of one name, and a model without its key."""
    url = provider.base_url
    lost = model("keyless", "x", url)
    params: Any = lost["litellm_params"]
    params["api_key"] = "os.environ/NOBODY_SET_THIS"
    models = [
        model("plain", "plain", url), model("fault:*", "fault:*", url), model("wild/*", "up-*", url), lost,
        model("two", "fault:status:code=503", url, order=1), model("two", "second", url, order=2),
        model("falls", "fault:status:code=500", url), model("rescue", "rescue", url),
        model("drops", "drops", url, additional_drop_params=["seed", "logit_bias"]),
    ]  # fmt: skip
    router: dict[str, object] = {
        "num_retries": 1, "model_group_alias": {"nick": "plain"}, "fallbacks": [{"falls": ["rescue"]}],
        "cooldown_time": 0,
    }  # fmt: skip
    with Gateway(tmp_path_factory.mktemp("surface"), GatewayConfig(models=models, router=router)) as running:
        yield running


def body(name: str | None, tail: str = "chat/completions", **more: object) -> dict[str, object]:
    """A plausible body of an operation."""
    content: dict[str, dict[str, object]] = {
        "chat/completions": {"messages": [{"role": "user", "content": "hi"}]}, "completions": {"prompt": "hi"},
        "embeddings": {"input": "hi"},
    }  # fmt: skip
    return content[tail] | ({"model": name} if name is not None else {}) | more


def call(gateway: Gateway, value: object, path: str = CHAT, headers: dict[str, str] | None = None) -> Answer:
    """POST a JSON body."""
    return exchange(gateway.port, json_request(path, value, gateway.master_key, headers))


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("prefix", ["/v1/", "/", "/openai/v1/"])
def test_every_path_with_the_model_in_the_body(gateway: Gateway, prefix: str, tail: str) -> None:
    """With and without `/v1`, and in the form of Azure's v1 clients."""
    answer = call(gateway, body("plain", tail), prefix + tail)
    assert answer.status == 200, answer.body
    kinds = {"chat/completions": "chat.completion", "completions": "text_completion", "embeddings": "list"}
    assert answer.json["object"] == kinds[tail]


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("head", ["/openai/deployments", "/engines", "/v1/engines"])
def test_the_path_names_the_model_and_then_decides(
    gateway: Gateway, provider: FakeProvider, head: str, tail: str
) -> None:
    """Azure's deployments and the old engines: the path's model is called, whatever the body says."""
    marker = f"path{head}{tail}"
    for number, inner in enumerate((None, "rescue")):
        answer = call(
            gateway, body(inner, tail, user=f"{marker}{number}"), f"{head}/plain/{tail}?api-version=2024-02-01"
        )
        assert answer.status == 200, answer.body
        assert answer.header("x-litellm-model-group") == "plain"
        assert provider.wait_entry(f"{marker}{number}").model == "plain"


def test_a_slash_in_a_path_model_is_encoded(gateway: Gateway, provider: FakeProvider) -> None:
    """`wild%2Fx` names `wild/x`."""
    answer = call(gateway, body(None, user="encoded"), "/openai/deployments/wild%2Fx/chat/completions")
    assert answer.status == 200
    assert provider.wait_entry("encoded").model == "up-x"


@pytest.mark.parametrize("path", [CHAT, "/completions", "/v1/embeddings", "/openai/deployments/plain/chat/completions"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_wrong_method_is_405(gateway: Gateway, path: str, method: str) -> None:
    """The paths of the data plane take POST; the answer names what they take."""
    head = {"Authorization": f"Bearer {gateway.master_key}"}
    answer = exchange(gateway.port, request_bytes(method, path, headers=head), method=method)
    assert answer.status == 405
    assert "POST" in (answer.header("allow") or "")


@pytest.mark.parametrize(
    "path", ["/v1/nothing", "/v1/chat/completions/", "//v1/chat/completions", "/v1/chat%2Fcompletions"]
)
def test_an_unknown_path_is_404(gateway: Gateway, path: str) -> None:
    """Other spellings are other paths, and those there are not."""
    assert call(gateway, body("plain"), path).status == 404


def test_models(gateway: Gateway) -> None:
    """The list holds what can be called, in OpenAI's shape; one can be asked for; another is a 404 that names it."""
    for path in ("/v1/models", "/models", "/openai/v1/models"):
        listed = gateway.get(path)
        assert listed.status == 200
        data: Any = listed.json["data"]
        assert [row["id"] for row in data] == [
            "plain", "two", "falls", "rescue", "drops", "nick", "fault:*", "wild/*"
        ]  # fmt: skip
        assert all(row["object"] == "model" and row["created"] == 1677610602 for row in data)
    for name in ("plain", "nick", "wild%2Fanything"):
        assert gateway.get(f"/v1/models/{name}").json["id"] == name.replace("%2F", "/")
    missing = gateway.get("/v1/models/nothing")
    assert (missing.status, missing.error_body["code"]) == (404, "model_not_found")
    assert gateway.get("/v1/models", key="").status == 401


@pytest.mark.parametrize(
    ("value", "status", "words"),
    [
        ({"messages": []}, 400, ["`model` is missing"]),
        ({"model": "", "messages": []}, 400, ["`model` is missing"]),
        (
            {"model": "plian", "messages": []},
            400,
            ["Invalid model name passed in model=plian", "Did you mean `plain`?"],
        ),
        ({"model": "keyless", "messages": []}, 503, ["`keyless`", "NOBODY_SET_THIS"]),
        ({"model": 5, "messages": []}, 400, ["model"]),
        ([], 400, ["object"]),
    ],
)
def test_a_model_that_cannot_be_called(gateway: Gateway, value: object, status: int, words: list[str]) -> None:
    """Missing, unknown (with the nearest name), unavailable (with the variable to set), or no name at all."""
    answer = call(gateway, value)
    assert answer.status == status
    assert all(word in str(answer.error_body["message"]) for word in words), answer.body
    assert answer.error_body["code"] == str(status)
    assert answer.header("x-litellm-call-id")


def test_an_alias_and_a_wildcard(gateway: Gateway, provider: FakeProvider) -> None:
    """An alias calls its target; a wildcard fills the model; both are named as the client named them."""
    for name, upstream in (("nick", "plain"), ("wild/gpt-5:x", "up-gpt-5:x")):
        answer = call(gateway, body(name, user=f"named {name}"))
        assert answer.status == 200
        assert answer.header("x-litellm-model-group") == name
        assert provider.wait_entry(f"named {name}").model == upstream
        assert gateway.row(f"named {name}")["model_group"] == name


def test_a_retry_goes_to_the_other_deployment(gateway: Gateway, provider: FakeProvider) -> None:
    """The first deployment fails, the second answers; the header says so, and the row holds both attempts."""
    answer = call(gateway, body("two", user="twice"))
    assert answer.status == 200
    assert answer.header("x-litellm-attempted-retries") == "1"
    assert answer.header("x-litellm-attempted-fallbacks") == "0"
    assert [entry.model for entry in provider.entries("twice")] == ["fault:status:code=503", "second"]
    assert gateway.row("twice")["attempts"] == 2


def test_a_fallback_goes_to_the_other_group(gateway: Gateway, provider: FakeProvider) -> None:
    """All of a group fails: the group named in `fallbacks` answers."""
    answer = call(gateway, body("falls", user="fell"), headers={"x-litellm-num-retries": "0"})
    assert answer.status == 200
    assert answer.header("x-litellm-attempted-fallbacks") == "1"
    assert [entry.model for entry in provider.entries("fell")] == ["fault:status:code=500", "rescue"]


def test_the_client_chooses_its_retries(gateway: Gateway, provider: FakeProvider) -> None:
    """`x-litellm-num-retries: 0` is one attempt, `2` is three."""
    for count in (0, 2):
        answer = call(
            gateway, body("fault:status:code=429,retry_after=0", user=f"tries{count}"),
            headers={"x-litellm-num-retries": str(count)},
        )  # fmt: skip
        assert answer.status == 429
        assert len(provider.entries(f"tries{count}")) == count + 1


def test_the_client_chooses_its_timeout(gateway: Gateway) -> None:
    """`x-litellm-timeout` in seconds bounds the whole call."""
    began = time.monotonic()
    answer = call(gateway, body("fault:silent"), headers={"x-litellm-timeout": "0.4", "x-litellm-num-retries": "3"})
    assert answer.status == 408
    assert 0.35 < time.monotonic() - began < 1.2
    assert "litellm.Timeout" in str(answer.error_body["message"])


def test_dropped_members_are_reported(gateway: Gateway, provider: FakeProvider) -> None:
    """`additional_drop_params` are left out and named in `x-trunkline-losses`, streaming and not."""
    for stream in (False, True):
        answer = call(gateway, body("drops", seed=1, user=f"loss{stream}", stream=stream))
        assert answer.status == 200
        assert answer.header("x-trunkline-losses") == "seed"
    assert call(gateway, body("drops")).header("x-trunkline-losses") is None


def test_headers_of_an_answer(gateway: Gateway) -> None:
    """LiteLLM's headers (litellm.md 4.5) that apply, with true values, and the provider's under their prefix."""
    answer = call(gateway, body("plain", user="headers"))
    usage: Any = answer.json["usage"]
    cost = usage["prompt_tokens"] * Decimal(INPUT_PRICE) + usage["completion_tokens"] * Decimal(OUTPUT_PRICE)
    row = gateway.row("headers")
    assert answer.header("x-litellm-call-id") == row["request_id"]
    assert re.fullmatch(r"[0-9a-f-]{36}", str(answer.header("x-litellm-call-id")))
    assert Decimal(str(answer.header("x-litellm-response-cost"))) == cost
    assert answer.header("x-litellm-model-id") == row["model_id"]
    assert answer.header("x-litellm-model-group") == "plain"
    assert answer.header("x-litellm-model-name") == "openai/plain"
    assert answer.header("x-litellm-version") == trunkline.__version__
    assert str(answer.header("x-litellm-model-api-base")).startswith("http://127.0.0.1:")
    duration, ours = (float(str(answer.header(f"x-litellm-{name}-duration-ms"))) for name in ("response", "overhead"))
    assert 0 <= ours <= duration < 5000
    assert str(answer.header("llm_provider-x-request-id")).startswith("req-")
    assert answer.header("x-request-id") == answer.header("llm_provider-x-request-id")


def test_headers_of_a_stream(gateway: Gateway) -> None:
    """A stream tells the call, not its cost (known at its end only), and asks proxies not to buffer."""
    answer = call(gateway, body("plain", stream=True))
    assert answer.header("x-litellm-call-id")
    assert answer.header("x-litellm-response-cost") is None
    assert answer.header("cache-control") == "no-cache"
    assert answer.header("x-accel-buffering") == "no"
    assert str(answer.header("content-type")).startswith("text/event-stream")
    assert answer.stream.done == 1
    assert answer.stream.usage == []


def test_usage_comes_where_it_was_asked_for(gateway: Gateway) -> None:
    """`stream_options.include_usage` of the client is honoured."""
    answer = call(gateway, body("plain", stream=True, stream_options={"include_usage": True}))
    assert len(answer.stream.usage) == 1


def test_the_answer_names_the_providers_model_or_the_asked_one(provider: FakeProvider, make_gateway: Any) -> None:
    """By default `model` is what the provider said; a setting gives LiteLLM's habit of echoing the asked name."""
    echo = make_gateway(trunkline={"echo_model": True})
    for stream in (False, True):
        answer = call(echo, body("plain", stream=stream))
        names = {event["model"] for event in answer.stream.events} if stream else {answer.json["model"]}
        assert names == {"plain"}


def test_the_provider_sees_its_own_key_and_nothing_of_the_clients_head(
    gateway: Gateway, provider: FakeProvider
) -> None:
    """Headers of the client (keys, cookies, forwarding) do not go on."""
    head = {"Cookie": "a=b", "X-Forwarded-For": "1.2.3.4", "OpenAI-Organization": "org-1", "x-api-key": "sk-other"}
    call(gateway, body("plain", user="hidden"), headers=head)
    entry = provider.wait_entry("hidden")
    assert {name.lower() for name, _ in entry.headers} == {
        "host", "content-type", "accept-encoding", "user-agent", "authorization", "content-length"
    }  # fmt: skip


def test_a_connection_is_kept(gateway: Gateway) -> None:
    """Several calls, good and refused, on one connection."""
    with RawConnection(gateway.port) as connection:
        for name, status in (("plain", 200), ("nothing", 400), ("plain", 200)):
            connection.send(json_request(CHAT, body(name), gateway.master_key))
            answer = connection.answer()
            assert answer.status == status
            assert answer.header("connection") is None
        connection.send(json_request(CHAT, body("plain"), "sk-no"))
        assert connection.answer().status == 401
        connection.send(json_request(CHAT, body("plain", stream=True), gateway.master_key))
        assert connection.answer().stream.done == 1


def test_pipelined_calls_are_answered_in_order(gateway: Gateway) -> None:
    """Requests sent at once wait their turn, whatever their kind."""
    names = ["first", "second", "third"]
    with RawConnection(gateway.port) as connection:
        requests = [json_request(CHAT, body("plain", user=n, stream=n == "second"), gateway.master_key) for n in names]
        requests.insert(1, request_bytes("GET", "/health/liveliness"))
        connection.send(b"".join(requests))
        answers = [connection.answer(method) for method in ("POST", "GET", "POST", "POST")]
    assert [answer.status for answer in answers] == [200] * 4
    assert [name.encode() in answers[at].body for name, at in zip(names, (0, 2, 3), strict=True)] == [True] * 3


def test_http_10(gateway: Gateway) -> None:
    """An old client gets its answer without chunks, and the connection's end."""
    for stream in (False, True):
        data = json_request(CHAT, body("plain", stream=stream), gateway.master_key).replace(b"HTTP/1.1", b"HTTP/1.0", 1)
        with RawConnection(gateway.port) as connection:
            connection.send(data)
            answer = connection.answer()
            assert answer.complete
            assert answer.header("transfer-encoding") is None
            assert (answer.stream.done == 1) if stream else ("choices" in answer.json)
            assert connection.closed_within(2.0) is not None


def test_expect_100_continue(gateway: Gateway) -> None:
    """A client that asks first is told to go on, and is refused before it sends where it would be refused anyway."""
    content = json.dumps(body("plain")).encode()
    for key, interim, status in ((gateway.master_key, [100], 200), ("sk-no", [], 401)):
        head = {"Authorization": f"Bearer {key}", "Expect": "100-continue", "Content-Length": str(len(content))}
        with RawConnection(gateway.port) as connection:
            connection.send(request_bytes("GET", CHAT, headers=head).replace(b"GET", b"POST", 1))
            begun = connection.receive_until(b"\r\n\r\n", 3.0) if interim else b""
            connection.send(content)
            answer = connection.answer(begun=begun)
        assert (answer.interim, answer.status) == (interim, status)


def test_a_body_in_chunks(gateway: Gateway) -> None:
    """A request without a length, sent in chunks, is read whole."""
    content = json.dumps(body("plain")).encode()
    chunks = (
        b"".join(b"%x\r\n%b\r\n" % (len(c), c) for c in (content[:10], content[10:11], content[11:])) + b"0\r\n\r\n"
    )
    head = {"Authorization": f"Bearer {gateway.master_key}", "Transfer-Encoding": "chunked"}
    answer = exchange(gateway.port, request_bytes("GET", CHAT, headers=head).replace(b"GET", b"POST", 1) + chunks)
    assert answer.status == 200
