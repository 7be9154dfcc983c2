"""The official `openai` package against the gateway: a stand-in that grades its client, and the embedded model."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from typing import Any

import openai
import pytest
from llmock.scenarios import Fail, StreamFault
from llmock.testing import LLMockServer
from openai import AsyncOpenAI, AzureOpenAI, OpenAI

from tests.support.gateway import Gateway, GatewayConfig, model, standard_models
from tests.support.provider import FakeProvider
from trunkline.local import available

HELLO: Any = [{"role": "user", "content": "Say hello."}]


@pytest.fixture(scope="module")
def mock() -> Iterator[LLMockServer]:
    """PyPI `llmock`, whose verdict on its client (the gateway) must be clean at the end."""
    with LLMockServer() as running:
        yield running
        with urllib.request.urlopen(f"{running.url}/_llmock/verdict") as answer:
            verdict = json.load(answer)
        assert not verdict["findings"], verdict["findings"]
        assert verdict["passed"] is True


@pytest.fixture(scope="module")
def gateway(mock: LLMockServer, provider: FakeProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """`mock` and `mock-embed` at the stand-in, `small` embedded, the fault models at the fake provider."""
    models: list[dict[str, object]] = [
        model("mock", "gpt-4o-mini", f"{mock.url}/v1"), model("mock-embed", "text-embedding-3-small", f"{mock.url}/v1"),
        {"model_name": "small", "litellm_params": {"model": "local/smollm2-135m-instruct"}}, *standard_models(provider),
    ]  # fmt: skip
    config = GatewayConfig(
        models=models, litellm={"request_timeout": 60}, trunkline={"first_byte_timeout": 20, "idle_timeout": 5}
    )
    with Gateway(tmp_path_factory.mktemp("openai"), config) as running:
        yield running


@pytest.fixture
def client(gateway: Gateway) -> Iterator[OpenAI]:
    """The synchronous client, without retries of its own."""
    with OpenAI(base_url=f"{gateway.base_url}/v1", api_key=gateway.master_key, max_retries=0, timeout=30) as made:
        yield made


@pytest.fixture
async def aclient(gateway: Gateway) -> AsyncIterator[AsyncOpenAI]:
    """The asynchronous client."""
    async with AsyncOpenAI(base_url=f"{gateway.base_url}/v1", api_key=gateway.master_key, max_retries=0) as made:
        yield made


def test_chat(client: OpenAI) -> None:
    """A whole answer, parsed into the client's types, with usage."""
    answer = client.chat.completions.create(model="mock", messages=HELLO)
    assert answer.choices[0].message.content
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_chat_streamed(client: OpenAI) -> None:
    """A stream has text, a finish reason, and usage where it was asked for, only there."""
    for wanted in (False, True):
        options: Any = {"stream_options": {"include_usage": True}} if wanted else {}
        chunks = list(client.chat.completions.create(model="plain", messages=HELLO, stream=True, **options))
        assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
        assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
        assert any(c.usage for c in chunks) is wanted
        assert all(c.choices for c in chunks) is not wanted


def test_a_stream_of_the_stand_in(client: OpenAI) -> None:
    """`llmock` streams through as well."""
    chunks = list(client.chat.completions.create(model="mock", messages=HELLO, stream=True, user="whole"))
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)


def test_the_stream_helper(client: OpenAI) -> None:
    """The client's own accumulator reads our streams to a whole completion."""
    with client.chat.completions.stream(model="plain", messages=HELLO) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.content


async def test_chat_async(aclient: AsyncOpenAI) -> None:
    """Twenty calls at once, half of them streamed, each with its own answer."""

    async def whole(marker: str) -> str:
        answer = await aclient.chat.completions.create(model="plain", messages=HELLO, user=marker)
        return answer.choices[0].message.content or ""

    async def streamed(marker: str) -> str:
        stream = await aclient.chat.completions.create(model="plain", messages=HELLO, user=marker, stream=True)
        return "".join([c.choices[0].delta.content or "" async for c in stream if c.choices])

    markers = [f"async{number}" for number in range(20)]
    texts = await asyncio.gather(*(streamed(m) if at % 2 else whole(m) for at, m in enumerate(markers)))
    assert all(text.startswith(f"{marker}#0") for marker, text in zip(markers, texts, strict=True))


def test_embeddings(client: OpenAI) -> None:
    """One text and several."""
    assert (
        len(client.embeddings.create(model="mock-embed", input="hello", encoding_format="float").data[0].embedding) > 1
    )
    assert len(client.embeddings.create(model="mock-embed", input=["a", "b"], encoding_format="float").data) == 2


def test_completions(client: OpenAI) -> None:
    """The old text completions, whole and streamed."""
    assert client.completions.create(model="plain", prompt="x").choices[0].text
    chunks = list(client.completions.create(model="plain", prompt="x", stream=True))
    assert "".join(c.choices[0].text for c in chunks)


def test_models(client: OpenAI) -> None:
    """The list, one of it, and the exception for one that is not there."""
    ids = [each.id for each in client.models.list()]
    assert {"mock", "mock-embed", "plain"} <= set(ids)
    assert client.models.retrieve("mock").id == "mock"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("nothing")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("fault:status:code=400", openai.BadRequestError), ("fault:status:code=401", openai.AuthenticationError),
        ("fault:status:code=403", openai.PermissionDeniedError), ("fault:status:code=404", openai.NotFoundError),
        ("fault:status:code=422", openai.UnprocessableEntityError),
        ("fault:status:code=429,retry_after=0", openai.RateLimitError),
        ("fault:status:code=500", openai.InternalServerError),
        ("fault:status:code=503,body=html", openai.InternalServerError),
        ("closed", openai.InternalServerError), ("fault:wrong", openai.InternalServerError),
        ("nothing", openai.BadRequestError),
    ],
)  # fmt: skip
def test_errors_become_the_clients_exceptions(client: OpenAI, name: str, kind: type[openai.APIStatusError]) -> None:
    """Each status gives the exception that programs catch, with a message, and its id for the log."""
    with pytest.raises(kind) as caught:
        client.chat.completions.create(model=name, messages=HELLO, extra_headers={"x-litellm-num-retries": "0"})
    assert caught.value.message
    assert caught.value.response.headers["x-litellm-call-id"]
    assert isinstance(caught.value.body, dict)


def test_a_wrong_key(gateway: Gateway) -> None:
    """`AuthenticationError`, as from OpenAI itself."""
    with (
        OpenAI(base_url=f"{gateway.base_url}/v1", api_key="sk-wrong", max_retries=0) as wrong,
        pytest.raises(openai.AuthenticationError),
    ):
        wrong.chat.completions.create(model="mock", messages=HELLO)


@pytest.mark.parametrize("name", ["fault:error_event:after=0", "fault:stall:after=1", "fault:fin_at:after=1"])
def test_a_broken_stream_never_looks_finished(client: OpenAI, name: str) -> None:
    """An error inside a stream, a stall and a cut raise `APIError` in the loop that reads."""
    with pytest.raises(openai.APIError):
        for _ in client.chat.completions.create(
            model=name, messages=HELLO, stream=True, extra_headers={"x-litellm-num-retries": "0"}
        ):
            pass


def test_the_clients_own_timeout(client: OpenAI, gateway: Gateway, provider: FakeProvider) -> None:
    """The client gives up after half a second: `APITimeoutError`, and the provider is freed within another."""
    began = time.monotonic()
    with pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=0.5).chat.completions.create(model="fault:silent", messages=HELLO, user="impatient")
    gone = time.monotonic()
    assert gone - began < 2
    provider.wait(lambda entries: any(e.marker == "impatient" and e.ended != "open" for e in entries))
    assert time.monotonic() - gone < 1.5
    assert gateway.row("impatient")["outcome"] == "client_gone"


def test_a_cancelled_stream(client: OpenAI, gateway: Gateway, provider: FakeProvider) -> None:
    """Leaving the stream frees the provider within a second and is written down with what was produced."""
    body: Any = {"model": "fault:ok:n=500,delay=0.02", "messages": HELLO, "user": "leaver"}
    with client.chat.completions.create(stream=True, **body) as stream:
        next(iter(stream))
    began = time.monotonic()
    entries = provider.wait(lambda found: any(e.marker == "leaver" and e.ended == "client_closed" for e in found))
    assert any(e.marker == "leaver" and e.ended == "client_closed" for e in entries)
    assert time.monotonic() - began < 1.0
    row = gateway.row("leaver")
    assert (row["outcome"], row["usage_source"]) == ("client_gone", "estimated")


async def test_a_cancelled_task(aclient: AsyncOpenAI, provider: FakeProvider) -> None:
    """Cancelling the task that reads closes the call as well."""
    task = asyncio.create_task(aclient.chat.completions.create(model="fault:silent", messages=HELLO, user="cancelled"))
    await asyncio.to_thread(provider.wait_entry, "cancelled")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    entries = await asyncio.to_thread(
        provider.wait, lambda found: any(e.marker == "cancelled" and e.ended == "client_closed" for e in found)
    )
    assert any(e.marker == "cancelled" and e.ended == "client_closed" for e in entries)


def test_raw_answers(client: OpenAI) -> None:
    """`with_raw_response` shows LiteLLM's headers and the provider's request id under the client's own property."""
    raw = client.chat.completions.with_raw_response.create(model="plain", messages=HELLO)
    assert raw.headers["x-litellm-model-group"] == "plain"
    assert float(raw.headers["x-litellm-response-cost"]) > 0
    assert (raw.request_id or "").startswith("req-")
    assert raw.parse().choices[0].message.content


def test_azures_client(gateway: Gateway) -> None:
    """`AzureOpenAI` with its deployment paths and its `api-key` header."""
    with AzureOpenAI(
        azure_endpoint=gateway.base_url, api_key=gateway.master_key, api_version="2024-10-21", max_retries=0
    ) as azure:
        assert azure.chat.completions.create(model="plain", messages=HELLO).choices[0].message.content
        assert list(azure.chat.completions.create(model="plain", messages=HELLO, stream=True))
        assert azure.embeddings.create(model="mock-embed", input="x", encoding_format="float").data
    with AzureOpenAI(
        azure_endpoint=gateway.base_url, azure_deployment="plain", api_key=gateway.master_key, api_version="2024-10-21"
    ) as azure:
        assert azure.chat.completions.create(model="whatever", messages=HELLO).choices[0].message.content


@pytest.mark.parametrize("status", [429, 500, 503])
def test_the_gateway_retries_as_it_should(client: OpenAI, mock: LLMockServer, status: int) -> None:
    """The stand-in fails once and is asked again, after the time it named: the client sees nothing of it."""
    mock.state.scenarios.add(Fail(status, retry_after=0.3 if status == 429 else None))
    answer = client.chat.completions.with_raw_response.create(model="mock", messages=HELLO, seed=status)
    assert answer.headers["x-litellm-attempted-retries"] == "1"


@pytest.mark.parametrize("status", [400, 401, 404])
def test_the_gateway_does_not_retry_what_no_retry_can_mend(client: OpenAI, mock: LLMockServer, status: int) -> None:
    """The client's mistakes are told at once."""
    mock.state.scenarios.add(Fail(status))
    with pytest.raises(openai.APIStatusError) as caught:
        client.chat.completions.create(model="mock", messages=HELLO, seed=status)
    assert caught.value.status_code == status


@pytest.mark.parametrize("fault", ["truncate", "disconnect"])  # `malformed`: it cannot always tell that we left (P11)
def test_a_fault_inside_a_stream_is_passed_on_as_one(client: OpenAI, mock: LLMockServer, fault: Any) -> None:
    """What the stand-in cuts after some chunks raises at the client, who asks again and gets it whole."""
    mock.state.scenarios.add(StreamFault(fault, after_chunks=3))
    body: Any = {"model": "mock", "messages": HELLO, "stream": True, "user": fault}
    with pytest.raises(openai.APIError):
        list(client.chat.completions.create(**body))
    chunks = list(client.chat.completions.create(**body))
    assert chunks[-1].choices[0].finish_reason == "stop"


@pytest.mark.skipif(available() is not None, reason=str(available()))
def test_the_embedded_model_answers(client: OpenAI, gateway: Gateway) -> None:
    """Chat, streamed and not, and text completion by the model that ships, with usage in the ledger."""
    answer = client.chat.completions.create(
        model="small", messages=HELLO, max_tokens=12, temperature=0, user="embedded"
    )
    assert answer.choices[0].message.content
    chunks = list(client.chat.completions.create(model="small", messages=HELLO, max_tokens=12, stream=True))
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert client.completions.create(model="small", prompt="The sea is", max_tokens=5).choices[0].text
    row = gateway.row("embedded")
    assert answer.usage is not None
    assert (row["prompt_tokens"], row["completion_tokens"]) == (
        answer.usage.prompt_tokens,
        answer.usage.completion_tokens,
    )
