"""The same format on both sides: what leaves is what came but for the model, and what comes back passes byte for byte."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.integration.replay import Replayer, Reply
from tests.support.gateway import Gateway, GatewayConfig
from tests.support.raw_http import exchange, json_request
from tests.unit.pipeline.parts import deployment
from tests.wire.across import ABSENT, Recorded, exchanges
from trunkline.ir import Endpoint
from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape
from trunkline.pipeline.codec_relay import Watching
from trunkline.pipeline.relay import Relay
from trunkline.pipeline.request import decode_asked, edit_for, encode_name, prepare
from trunkline.pipeline.same import SameFormat
from trunkline.pipeline.way import Carried, StreamRelay, Whole

ENDPOINTS: Final = {
    Format.OPENAI_CHAT: Endpoint.CHAT, Format.OPENAI_RESPONSES: Endpoint.RESPONSES, Format.GEMINI: Endpoint.GENERATE,
    Format.ANTHROPIC_MESSAGES: Endpoint.MESSAGES, Format.COHERE_CHAT: Endpoint.COHERE_CHAT,
}  # fmt: skip
"""The formats that clients speak."""
READS: Final = (1, 2, 3, 7, 1024)
OURS: Final = frozenset({"timeout", "num_retries"})
NATIVE: Final = [one for one in exchanges() if one.format in ENDPOINTS]


def each(kind: str) -> list[Any]:
    """Parameters: every native exchange that has `kind`."""
    found = [pytest.param(one, id=one.name) for one in NATIVE if getattr(one, kind)]
    return found or [pytest.param(None, marks=pytest.mark.skip(reason=ABSENT), id="absent")]


def raw(value: object) -> bytes:
    """JSON as a client writes it."""
    return json.dumps(value, ensure_ascii=False).encode()


def way(one: Recorded) -> SameFormat:
    """The way of the format."""
    return SameFormat(one.codec, edit_for(deployment(model="sent-model"), ENDPOINTS[one.format]))


@pytest.mark.parametrize("one", each("request"))
def test_a_request_leaves_as_it_came(one: Recorded) -> None:
    """Every member is there as it was; the model is the deployment's, or stands in the path and not in the body."""
    assert one.request is not None
    body = raw(one.request)
    asked = decode_asked(body)
    edit = edit_for(deployment(model="sent-model"), ENDPOINTS[one.format])
    sent = prepare(body, asked, encode_name(asked.model or ""), edit, wants_usage=False)
    expected = {**one.request}
    if one.format is not Format.GEMINI:
        expected["model"] = "sent-model"
    else:
        expected.pop("model", None)
    assert json.loads(sent.body) == expected
    assert sent.losses == ()


@pytest.mark.parametrize("one", each("answer"))
def test_an_answer_passes_as_it_is(one: Recorded) -> None:
    """The provider's own bytes, with the usage that its format says."""
    if one.format is Format.OPENAI_CHAT:
        return  # the call's own path: tests/integration/test_recordings.py
    assert one.answer is not None
    body = raw(one.answer)
    nobody: Any = None
    found = way(one).whole(nobody, Carried(strict=False), 200, {}, body)
    try:
        answer = one.codec.decode_answer(one.answer)
    except BadShape:
        assert not isinstance(found, Whole)
        return
    assert isinstance(found, Whole)
    assert found.body is body
    assert found.usage == answer.usage


@pytest.mark.parametrize("size", READS)
@pytest.mark.parametrize("one", each("stream"))
def test_a_stream_passes_byte_for_byte(one: Recorded, size: int) -> None:
    """Whatever the reads are, what goes on is what came, up to the end; and the end is known as one."""
    relay: StreamRelay = Watching(one.codec.stream_decoder())
    if one.format is Format.OPENAI_CHAT:
        relay = Relay("openai", hide_usage=False, echo=b"")
    stream = one.stream
    out: list[bytes] = []
    for at in range(0, len(stream), size):
        out.append(relay.feed(stream[at : at + size]))
        if relay.done or relay.error:
            break
    told = b"".join(out)
    if relay.error:
        assert stream.startswith(told)
        return
    last = relay.close(needs_marker=False) if not relay.done else b""
    if last is None:
        assert stream.startswith(told)  # recorded without its end
        assert not relay.done
        return
    told += last
    assert told == stream[: len(told)]
    assert stream[len(told) :].strip() in (b"", b"data: [DONE]")


# Through a gateway.

BASES: Final = {
    Format.OPENAI_RESPONSES: ("openai/responses/sent-model", "/v1"), Format.GEMINI: ("gemini/sent-model", ""),
    Format.ANTHROPIC_MESSAGES: ("anthropic/sent-model", ""), Format.COHERE_CHAT: ("cohere/sent-model", ""),
}  # fmt: skip
PATHS: Final = {
    Format.OPENAI_RESPONSES: "/v1/responses", Format.ANTHROPIC_MESSAGES: "/v1/messages", Format.COHERE_CHAT: "/v2/chat",
}  # fmt: skip


@pytest.fixture(scope="module")
def replayer() -> Iterator[Replayer]:
    """The provider behind the gateway."""
    with Replayer() as running:
        yield running


@pytest.fixture(scope="module")
def gateway(replayer: Replayer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A deployment for each format."""
    models: list[dict[str, object]] = [
        {
            "model_name": own.value,
            "litellm_params": {"model": model, "api_base": replayer.url + base, "api_key": "sk-x"},
        }
        for own, (model, base) in BASES.items()
    ]
    with Gateway(tmp_path_factory.mktemp("same"), GatewayConfig(models=models, router={"num_retries": 0})) as running:
        yield running


SAMPLE: Final = [one for one in NATIVE if one.format in BASES and one.request and (one.answer or one.stream)][::4]


@pytest.mark.parametrize("one", [pytest.param(one, id=one.name) for one in SAMPLE] or each("request"))
def test_the_gateway_passes_the_same_format(gateway: Gateway, replayer: Replayer, one: Recorded) -> None:
    """A sample of all of it through a real gateway, streams in pieces of seven bytes."""
    assert one.request is not None
    stream = bool(one.stream)
    body = one.stream if stream else raw(one.answer)
    kind = one.codec.stream_type if stream else "application/json"
    replayer.reply = Reply(200, kind, body, 7 if stream else 0)
    replayer.seen.clear()
    path = PATHS.get(one.format, "")
    asked = {**one.request, "model": one.format.value}
    if one.format is Format.GEMINI:
        del asked["model"]
        path = f"/v1beta/models/{one.format.value}:" + (
            "streamGenerateContent?alt=sse" if stream else "generateContent"
        )
    answer = exchange(gateway.port, json_request(path, asked, gateway.master_key))
    (seen,) = replayer.seen
    sent = json.loads(seen.body)
    expected = {**asked, "model": "sent-model"} if "model" in asked else asked
    assert sent == expected
    assert answer.status == 200, answer.body
    assert answer.header("x-trunkline-losses") is None
    assert answer.body == body[: len(answer.body)]
    assert body[len(answer.body) :].strip() in (b"", b"data: [DONE]")
