"""Requests of `/api/chat` and `/api/generate`, both ways, and what of other formats' requests goes in."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from tests.wire.ollama.samples import GENERATE, PNG, REQUEST
from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape, Losses, Untranslatable
from trunkline.ir.parts import (
    CacheHint,
    Foreign,
    Media,
    MediaKind,
    Message,
    Native,
    Opaque,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.ir.request import OutputSchema, Request, Sampling, Thinking, Tool, ToolChoice
from trunkline.wire.codec import Named
from trunkline.wire.natives import put_back
from trunkline.wire.ollama.codec import CODEC
from trunkline.wire.ollama.losses import REASONS

IMAGE = Media(kind=MediaKind.IMAGE, mime="image/png", data=PNG)


def asked(*parts: Part, role: Any = "user", model: str = "m", **more: Any) -> Request:
    """A request of one message."""
    return Request(model=model, messages=[Message(role=role, parts=list(parts))], **more)


def sent(request: Request) -> tuple[dict[str, Any], list[str]]:
    """The body for the provider, and the paths of the losses, whose reasons must be in the written list."""
    losses = Losses()
    body: dict[str, Any] = CODEC.encode_request(request, losses)
    assert {loss.reason for loss in losses.found} <= REASONS
    return body, [loss.path for loss in losses.found]


def refused(request: Request) -> Untranslatable:
    """Why a request cannot be written."""
    with pytest.raises(Untranslatable) as caught:
        CODEC.encode_request(request, Losses())
    assert caught.value.reason in REASONS
    return caught.value


@pytest.mark.parametrize("body", [REQUEST, GENERATE])
def test_everything_goes_back_as_it_came(body: dict[str, Any]) -> None:
    """A request with every member of the format is the same again, without losses."""
    assert sent(CODEC.decode_request(body)) == (body, [])


def test_another_format_hears_nothing_of_what_says_nothing() -> None:
    """Clients send whole structures: empty members are spelling, and only the others are members of this format."""
    for body, expected in (
        (REQUEST, ["options", "keep_alive"]),
        ({**GENERATE, "template": "", "keep_alive": None, "raw": False}, []),
    ):
        request, losses = CODEC.decode_request(body), Losses()
        put_back({}, request.native, Format.GEMINI, losses)
        assert sorted(loss.path for loss in losses.found) == sorted(expected)


def test_options_get_their_common_names() -> None:
    """`num_predict` is `max_tokens`; what only Ollama knows travels along under `options`."""
    request = CODEC.decode_request(REQUEST)
    sampling = request.sampling
    assert (sampling.max_tokens, sampling.temperature, sampling.min_p, sampling.stop) == (10, 0, 0.1, ["END"])
    assert (sampling.logprobs, sampling.top_logprobs) == (True, 2)
    assert request.native is not None
    assert request.native.members == {"options": {"num_ctx": 4096}, "keep_alive": "5m"}


def test_no_limit_is_no_limit_elsewhere() -> None:
    """`num_predict: -1` is no number of tokens for others, and comes back."""
    body = {**REQUEST, "options": {"num_predict": -1}}
    request = CODEC.decode_request(body)
    assert request.sampling.max_tokens is None
    assert sent(request)[0] == body


def test_without_stream_ollama_streams() -> None:
    """Unless the surface says otherwise; what was not said is not sent."""
    body: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    assert CODEC.decode_request(body).stream is True
    assert CODEC.decode_request(body, Named(stream=False)).stream is False
    assert sent(CODEC.decode_request(body))[0] == body
    assert CODEC.decode_request({**body, "stream": False}).stream is False


def test_calls_without_id_get_one_that_their_results_get_too() -> None:
    """By the tool's name or, without it, in their order; ids that are there are kept."""
    parts = [part for message in CODEC.decode_request(REQUEST).messages for part in message.parts]
    calls = [part.id for part in parts if isinstance(part, ToolCall)]
    results = [part.call_id for part in parts if isinstance(part, ToolResult)]
    assert calls == results == ["call_1", "call_abc"]


def test_results_pair_by_tool_and_then_by_order() -> None:
    """Two open calls of two tools, answered the other way round; a third result belongs to no call."""
    calls: list[object] = [{"function": {"name": name, "arguments": {}}} for name in ("a", "b", "a")]
    results = [{"role": "tool", "content": "r", "tool_name": name} for name in ("b", "a", "a", "a")]
    body: dict[str, Any] = {
        "model": "m",
        "messages": [{"role": "assistant", "content": "", "tool_calls": calls}, *results],
    }
    request = CODEC.decode_request(body)
    assert [part.call_id for part in request.messages[1].parts if isinstance(part, ToolResult)] == [
        *("call_2", "call_1", "call_3", "call_4"),
    ]
    assert sent(request)[0] == body


def test_ids_are_unique_within_a_conversation() -> None:
    """Over turns, and beside ids that the client gave and that look like ours."""
    call: dict[str, Any] = {"function": {"name": "a", "arguments": {}}}
    turn = {"role": "assistant", "content": "", "tool_calls": [{"id": "call_2", **call}, call, call]}
    result = {"role": "tool", "content": "r"}
    messages = [turn, result, result, result, turn]
    request = CODEC.decode_request({"model": "m", "messages": messages})
    ids = [part.id for message in request.messages for part in message.parts if isinstance(part, ToolCall)]
    assert len({*ids}) == 5  # `call_2` is there twice because the client said so
    again = CODEC.decode_request({"model": "m", "messages": messages})
    assert again == request


def test_arguments_are_an_object_and_here_a_text() -> None:
    """Order and numbers stay as they were."""
    call = CODEC.decode_request(REQUEST).messages[2].parts[2]
    assert isinstance(call, ToolCall)
    assert call.arguments == '{"city":"Bern","days":2}'


def test_images_tell_their_kind_by_their_first_bytes() -> None:
    """Other formats need a media type."""
    for data, mime in (
        (PNG, "image/png"),
        ("/9j/4AAQ", "image/jpeg"),
        ("R0lGODlh", "image/gif"),
        ("UklGRg==", "image/webp"),
    ):
        body: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "", "images": [data]}]}
        (part,) = CODEC.decode_request(body).messages[0].parts
        assert isinstance(part, Media)
        assert (part.mime, part.data) == (mime, data)


def test_a_prompt_is_a_conversation() -> None:
    """`system` and `prompt` are messages; what stands behind the prompt, and the memory, have no other format."""
    request = CODEC.decode_request(GENERATE)
    assert [message.role for message in request.messages] == ["system", "user"]
    kinds = [part.kind if isinstance(part, Foreign) else type(part).__name__ for part in request.messages[1].parts]
    assert kinds == ["Media", "Text", "suffix", "context"]
    assert request.output == OutputSchema()


def test_a_prompt_that_grew_into_a_conversation_is_a_chat() -> None:
    """Something on the way may have added messages: then `/api/generate` cannot say it."""
    request = CODEC.decode_request({"model": "m", "prompt": "hi", "stream": False})
    request.messages.append(Message(role="assistant", parts=[Text(text="yes")]))
    body, _ = sent(request)
    assert "prompt" not in body
    assert [message["content"] for message in body["messages"]] == ["hi", "yes"]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"messages": None}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": [3]}, "messages[0]"),
        ({"messages": [{"content": "hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "robot", "content": "hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "images": [3]}]}, "messages[0].images[0]"),
        ({"messages": [{"role": "user", "images": ["https://example.com"]}]}, "messages[0].images[0]"),
        ({"messages": [{"role": "user", "tool_calls": [{}]}]}, "messages[0].tool_calls"),
        ({"messages": [{"role": "assistant", "tool_calls": [{}]}]}, "messages[0].tool_calls[0].function"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        ({"format": "yaml"}, "format"),
        ({"options": {"temperature": "hot"}}, "options.temperature"),
        ({"options": {"stop": "END"}}, "options.stop"),
        ({"options": []}, "options"),
        ({"think": 3}, "think"),
        ({"stream": 1}, "stream"),
    ],
)
def test_a_wrong_shape_is_refused_by_name(change: dict[str, Any], path: str) -> None:
    """The error names the place that is wrong."""
    with pytest.raises(BadShape) as caught:
        CODEC.decode_request({**REQUEST, **change})
    assert caught.value.path == path


def test_a_conversation_of_another_format_goes_in() -> None:
    """Texts are joined, images inline, calls have objects as arguments, results name their tool."""
    call = ToolCall(id="toolu_1", name="f", arguments='{"a": 1.50}')
    request = Request(
        model="m",
        messages=[
            Message(role="developer", parts=[Text(text="s")]),
            Message(role="user", parts=[IMAGE, Text(text="a"), Text(text="b")]),
            Message(role="assistant", parts=[Reasoning(text="hm"), Text(text="c"), call]),
            Message(role="user", parts=[ToolResult(call_id="toolu_1", content=[Text(text="r")]), Text(text="d")]),
        ],
        tools=[Tool(name="f")],
        output=OutputSchema(schema={"type": "object"}, name="n"),
        sampling=Sampling(max_tokens=5, top_k=3),
    )
    body, lost = sent(request)
    assert body == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "s"},
            {"role": "user", "content": "a\nb", "images": [PNG]},
            {
                "role": "assistant",
                "content": "c",
                "thinking": "hm",
                "tool_calls": [{"id": "toolu_1", "function": {"name": "f", "arguments": {"a": 1.5}}}],
            },
            {"role": "tool", "content": "r", "tool_name": "f", "tool_call_id": "toolu_1"},
            {"role": "user", "content": "d"},
        ],
        "stream": False,
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}],
        "format": {"type": "object"},
        "options": {"num_predict": 5, "top_k": 3},
    }
    assert lost == []


def test_arguments_that_are_no_object_do_not_stop_a_conversation() -> None:
    """A model's slip that a client keeps in its history is sent as text, and reported."""
    for arguments in ('{"a":', "[1]", "not json", "[" * 100_000):
        body, lost = sent(asked(ToolCall(id="c", name="f", arguments=arguments), role="assistant"))
        assert body["messages"][0]["tool_calls"][0]["function"]["arguments"] == {"arguments": arguments}
        assert lost == ["messages[0].content[0]"]
    body, lost = sent(asked(ToolCall(id="c", name="f", arguments=""), role="assistant"))
    assert body["messages"][0]["tool_calls"][0]["function"]["arguments"] == {}
    assert lost == []


@pytest.mark.parametrize(
    ("model", "thinking", "think", "lossy"),
    [
        ("gpt-oss:20b", Thinking(effort="medium"), "medium", False),
        ("gpt-oss:20b", Thinking(effort="minimal"), "low", True),
        ("gpt-oss:20b", Thinking(effort="xhigh"), "high", True),
        ("qwen3", Thinking(effort="high"), True, True),
        ("qwen3", Thinking(effort="none"), False, False),
        ("qwen3", Thinking(enabled=False), False, False),
        ("qwen3", Thinking(enabled=True), True, False),
        ("qwen3", Thinking(budget=100), True, True),
        ("qwen3", Thinking(budget=0), False, True),
    ],
)
def test_levels_are_for_models_that_have_them(model: str, thinking: Thinking, think: object, lossy: bool) -> None:
    """The server refuses a level for all models but gpt-oss, so the others are told to think or not to."""
    body, lost = sent(asked(Text(text="x"), model=model, thinking=thinking))
    assert body["think"] == think
    assert bool(lost) is lossy


def test_a_level_that_an_ollama_client_gave_is_its_own_affair() -> None:
    """It goes back as it came, whatever the model."""
    body = {**REQUEST, "model": "qwen3"}
    assert sent(CODEC.decode_request(body)) == (body, [])


def test_reasoning_of_another_provider_is_dropped_and_reported() -> None:
    """Signed or summarised reasoning is not sent; nobody's is sent as thinking (see above)."""
    for part in (Reasoning(text="hm", opaque=Opaque("anthropic.signature", "x")), Reasoning(text="hm", summary=True)):
        body, lost = sent(asked(part, Text(text="x"), role="assistant"))
        assert body["messages"] == [{"role": "assistant", "content": "x"}]
        assert lost == ["messages[0].content[0]"]


def test_tool_choice_is_done_with_the_list_of_tools() -> None:
    """Named tools are the only ones; no calls: no tools; being made to call is reported."""
    tools = [Tool(name="a"), Tool(name="b", strict=True)]
    for choice, names, paths in (
        (ToolChoice(mode="auto"), ["a", "b"], ["tools[1].strict"]),
        (ToolChoice(mode="auto", names=["a"]), ["a"], []),
        (ToolChoice(mode="required", names=["a"]), ["a"], ["tool_choice"]),
        (ToolChoice(mode="none"), [], ["tools"]),
    ):
        body, lost = sent(asked(Text(text="x"), tools=tools, tool_choice=choice))
        assert [tool["function"]["name"] for tool in body.get("tools", [])] == names
        assert lost == paths


def test_text_documents_are_sent_as_text() -> None:
    """With their name above, and reported as what they are no longer."""
    data = b64encode(b"words").decode()
    document = Media(kind=MediaKind.DOCUMENT, mime="text/plain", data=data, name="a.txt")
    body, lost = sent(asked(document, Text(text="?")))
    assert body["messages"][0]["content"] == "a.txt\n\nwords\n?"
    assert lost == ["messages[0].content[0]"]


def test_the_order_of_a_message_is_reported_where_it_is_lost() -> None:
    """Images behind text, text and thinking behind calls."""
    assert sent(asked(Text(text="a"), IMAGE))[1] == ["messages[0].content[1]"]
    call = ToolCall(id="c", name="f", arguments="")
    assert sent(asked(call, Text(text="a"), Reasoning(text="hm"), role="assistant"))[1] == [
        *("messages[0].content[1]", "messages[0].content[2]"),
    ]


@pytest.mark.parametrize(
    "part",
    [
        Media(kind=MediaKind.IMAGE, url="https://example.com/a.png"),
        Media(kind=MediaKind.IMAGE, file_id="file_1"),
        Media(kind=MediaKind.AUDIO, data="AAAA", mime="audio/wav"),
        Media(kind=MediaKind.DOCUMENT, data="AAAA", mime="application/pdf"),
        Media(kind=MediaKind.DOCUMENT, data="/w==", mime="text/plain"),
        Foreign(format=Format.ANTHROPIC_MESSAGES, kind="server_tool_use", data={}),
        ToolCall(id="c", name="f", arguments=""),
        ToolResult(call_id="c", content=[Media(kind=MediaKind.IMAGE, url="https://example.com")]),
    ],
)
def test_content_that_cannot_be_expressed_is_an_error(part: Part) -> None:
    """Nothing of what a user says is left out in silence."""
    assert refused(asked(part)).path.startswith("messages[0].content[0]")


def test_tools_that_cannot_be_expressed_are_an_error() -> None:
    """Free-text tools and tools that another provider runs."""
    native = Native(Format.ANTHROPIC_MESSAGES, {"type": "web_search_20250305"})
    for tool in (Tool(name="f", custom=True), Tool(name="web_search", foreign=True, native=native)):
        assert refused(asked(Text(text="x"), tools=[tool])).path == "tools[0]"
    call = ToolCall(id="c", name="f", arguments="x", custom=True)
    assert refused(asked(call, role="assistant")).path == "messages[0].content[0]"
    assert refused(asked(Text(text="x"), modalities=["image"])).path == "modalities"


def test_what_has_no_place_is_reported() -> None:
    """Every knob and hint that Ollama lacks is in the losses, each under its own path."""
    hint = CacheHint()
    state = Opaque("gemini.signature", "x")
    request = Request(
        model="m",
        messages=[
            Message(role="system", parts=[Text(text="s", cache=hint)], name="me"),
            Message(role="user", parts=[ToolResult(call_id="c", content=[], is_error=True, opaque=state, cache=hint)]),
        ],
        tools=[Tool(name="f", cache=hint)],
        parallel_tools=False,
        output=OutputSchema(description="d"),
        thinking=Thinking(show=False, summary="auto"),
        sampling=Sampling(candidates=2, logit_bias={"1": 1.0}),
        verbosity="low",
        user="u",
        metadata={"a": 1},
        service_tier="flex",
        store=True,
        cache=hint,
        native=Native(Format.OPENAI_CHAT, {"prediction": {}}),
    )
    losses = Losses()
    CODEC.encode_request(request, losses)
    assert {loss.path for loss in losses.found} == {
        *("messages[0].content[0].cache", "messages[0].name", "messages[1].content[0].is_error"),
        *("messages[1].content[0]", "messages[1].content[0].cache", "tools[0].cache", "parallel_tool_calls"),
        *("response_format.description", "thinking.show", "thinking.summary", "n", "logit_bias", "verbosity", "user"),
        *("metadata", "service_tier", "store", "cache_control", "prediction"),
    }
