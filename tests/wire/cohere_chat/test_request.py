"""Requests of `/v2/chat`, both ways, and what of other formats' requests goes in."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from msgspec.structs import replace

from tests.wire.cohere_chat.samples import REQUEST, TOOL
from trunkline.ir.envelope import seal
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
from trunkline.wire.cohere_chat.codec import CODEC
from trunkline.wire.cohere_chat.losses import REASONS
from trunkline.wire.natives import put_back

SIGNED = Opaque("gemini.signature", "c2ln", "gemini", "d1")


def asked(*parts: Part, role: Any = "user", **more: Any) -> Request:
    """A request of one message."""
    return Request(model="m", messages=[Message(role=role, parts=list(parts))], **more)


def sent(request: Request) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The body for the provider, and the losses, whose reasons must be in the written list."""
    losses = Losses()
    body: dict[str, Any] = CODEC.encode_request(request, losses)
    assert {loss.reason for loss in losses.found} <= REASONS
    return body, [(loss.path, loss.reason) for loss in losses.found]


def refused(request: Request) -> Untranslatable:
    """Why a request cannot be written."""
    with pytest.raises(Untranslatable) as caught:
        CODEC.encode_request(request, Losses())
    assert caught.value.reason in REASONS
    return caught.value


def test_everything_goes_back_as_it_came() -> None:
    """A request with every member of the format is the same again, without losses."""
    assert sent(CODEC.decode_request(REQUEST)) == (REQUEST, [])


def test_another_format_hears_nothing_of_the_spelling() -> None:
    """What is only a matter of spelling is no member that another format would report as lost."""
    request = CODEC.decode_request({"model": "m", "stream": False, "messages": REQUEST["messages"], "seed": None})
    losses = Losses()
    for native in [request.native, *(message.native for message in request.messages)]:
        put_back({}, native, Format.GEMINI, losses)
    assert losses.found == []


def test_parameters_get_their_common_names() -> None:
    """`p`, `k` and `stop_sequences` are `top_p`, `top_k` and `stop`; unknown members travel along."""
    request = CODEC.decode_request(REQUEST)
    sampling = request.sampling
    assert (sampling.top_p, sampling.top_k, sampling.stop) == (0.5, 5, ["END"])
    assert request.tool_choice == ToolChoice(mode="required")
    assert request.thinking is not None
    assert (request.thinking.enabled, request.thinking.budget) == (True, 100)
    assert request.native is not None
    assert request.native.members == {"citation_options": {"mode": "FAST"}, "safety_mode": "STRICT", "priority": 1}


def test_images_are_inline_or_by_url() -> None:
    """A `data:` URL becomes media type and base64, another URL stays one."""
    parts = CODEC.decode_request(REQUEST).messages[1].parts
    assert [(p.mime, p.data, p.url, p.detail) for p in parts if isinstance(p, Media)] == [
        ("image/png", "iVBORw0KGgo=", "", "low"),
        ("", "", "https://example.com/a.png", ""),
    ]


def test_an_odd_data_url_keeps_its_header() -> None:
    """Parameters and capitals of a `data:` URL come back, and the media type is plain."""
    url = "data:IMAGE/PNG;charset=x;base64,iVBORw0KGgo="
    body: dict[str, Any] = {
        "model": "m",
        "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}],
    }
    request = CODEC.decode_request(body)
    (part,) = request.messages[0].parts
    assert isinstance(part, Media)
    assert part.mime == "image/png"
    assert sent(request)[0] == body


def test_results_that_follow_each_other_are_one_user_message() -> None:
    """Two messages of the role `tool` are two results in one message, and become two messages again."""
    request = CODEC.decode_request(REQUEST)
    results = request.messages[3]
    assert results.role == "user"
    assert [(p.call_id, p.content) for p in results.parts if isinstance(p, ToolResult)][1] == ("c2", [Text(text="20")])


def test_documents_of_results_are_texts() -> None:
    """Other models read a document's only text, or a line for each of its fields."""
    result = CODEC.decode_request(REQUEST).messages[3].parts[0]
    assert isinstance(result, ToolResult)
    assert [part.text for part in result.content if isinstance(part, Text)] == ["12"]


def test_grounding_documents_stand_before_the_question() -> None:
    """`documents` become texts of a user message of their own, right before the last question."""
    messages = CODEC.decode_request(REQUEST).messages
    assert [part.text for part in messages[-2].parts if isinstance(part, Text)] == [
        "a bare text",
        "title: T\ntext: words",
    ]
    assert [part.text for part in messages[-1].parts if isinstance(part, Text)] == ["And now?"]


def test_a_document_whose_text_was_edited_is_sent_edited() -> None:
    """A guardrail that replaced the text of a document is not undone by the document that travels along."""
    request = CODEC.decode_request(REQUEST)
    documents = request.messages[-2]
    documents.parts = [replace(p, text="[removed]") for p in documents.parts if isinstance(p, Text)]
    result = request.messages[3].parts[0]
    assert isinstance(result, ToolResult)
    result.content = [replace(p, text="[secret]") for p in result.content if isinstance(p, Text)]
    body, _ = sent(request)
    assert body["documents"] == ["[removed]", {"id": "d1", "data": {"text": "[removed]"}}]
    assert body["messages"][3]["content"] == [{"type": "document", "document": {"data": {"output": "[secret]"}}}]


def test_a_plan_is_reasoning_and_goes_back_as_a_plan() -> None:
    """`tool_plan` stands between content and calls, and thinking beside it stays thinking."""
    parts = CODEC.decode_request(REQUEST).messages[2].parts
    assert [type(part).__name__ for part in parts] == ["Reasoning", "Text", "Reasoning", "ToolCall", "ToolCall"]
    assert isinstance(parts[2], Reasoning)
    assert parts[2].text == "I will look at the weather."


def test_an_unknown_block_travels_whole() -> None:
    """A block of an unknown type is foreign to other formats and goes back here."""
    block = {"type": "video_url", "video_url": {"url": "https://example.com"}}
    body: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": [block]}]}
    request = CODEC.decode_request(body)
    assert request.messages[0].parts == [Foreign(format=Format.COHERE_CHAT, kind="video_url", data=block)]
    assert sent(request) == (body, [])


def test_empty_texts_beside_calls_are_nothing() -> None:
    """The empty text that clients send beside tool calls is no part (other formats refuse it), and comes back."""
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    for content in ("", [{"type": "text", "text": ""}], None):
        body: dict[str, Any] = {
            "model": "m",
            "messages": [{"role": "assistant", "content": content, "tool_calls": [call]}],
        }
        request = CODEC.decode_request(body)
        assert [type(part) for part in request.messages[0].parts] == [ToolCall]
        assert sent(request)[0] == body


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"messages": None}, "messages"),
        ({"messages": {}}, "messages"),
        ({"messages": ["hi"]}, "messages[0]"),
        ({"messages": [{"content": "hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "robot", "content": "hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 3}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"text": "hi"}]}]}, "messages[0].content[0].type"),
        (
            {"messages": [{"role": "user", "content": [{"type": "thinking", "thinking": "x"}]}]},
            "messages[0].content[0]",
        ),
        ({"messages": [{"role": "tool", "content": "hi"}]}, "messages[0].tool_call_id"),
        ({"messages": [{"role": "assistant", "tool_calls": [{"id": "c"}]}]}, "messages[0].tool_calls[0].function"),
        ({"documents": [3]}, "documents[0]"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
        ({"tool_choice": "auto"}, "tool_choice"),
        ({"response_format": {"type": "json"}}, "response_format.type"),
        ({"temperature": "hot"}, "temperature"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"stop_sequences": "END"}, "stop_sequences"),
        ({"thinking": {"token_budget": -1}}, "thinking.token_budget"),
        ({"stream": "yes"}, "stream"),
    ],
)
def test_a_wrong_shape_is_refused_by_name(change: dict[str, Any], path: str) -> None:
    """The error names the place that is wrong."""
    with pytest.raises(BadShape) as caught:
        CODEC.decode_request({**REQUEST, **change})
    assert caught.value.path == path


def test_an_image_must_be_base64_in_its_data_url() -> None:
    """A percent-encoded `data:` URL is refused with a text that shows the right form."""
    block = {"type": "image_url", "image_url": {"url": "data:image/svg+xml,%3Csvg%3E"}}
    with pytest.raises(BadShape, match="base64"):
        CODEC.decode_request({"model": "m", "messages": [{"role": "user", "content": [block]}]})


def test_the_path_may_name_model_and_stream() -> None:
    """What the body leaves out is taken from outside of it."""
    body: dict[str, Any] = {"messages": [{"role": "user", "content": "hi"}]}
    request = CODEC.decode_request(body, Named(model="command-a", stream=True))
    assert (request.model, request.stream) == ("command-a", True)


def test_state_of_others_is_opened_where_a_client_brings_it_back() -> None:
    """Envelopes on thinking, texts, calls and the plan become the state of their part again."""
    state = seal(SIGNED)
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}, "signature": state}
    content = [
        {"type": "thinking", "thinking": "", "signature": state},
        {"type": "text", "text": "x", "signature": state},
    ]
    message = {
        "role": "assistant",
        "content": content,
        "tool_plan": "p",
        "tool_plan_signature": state,
        "tool_calls": [call],
    }
    parts = CODEC.decode_request({"model": "m", "messages": [message]}).messages[0].parts
    assert len(parts) == 4
    for part in parts:
        assert not isinstance(part, Foreign)
        assert part.opaque == SIGNED


def test_a_damaged_envelope_leaves_nothing() -> None:
    """It is neither state nor a member that a provider would get."""
    content = [{"type": "thinking", "thinking": "x", "signature": "tlk1.broken"}]
    body: dict[str, Any] = {"model": "m", "messages": [{"role": "assistant", "content": content}]}
    request = CODEC.decode_request(body)
    part = request.messages[0].parts[0]
    assert isinstance(part, Reasoning)
    assert part.opaque is None
    assert "tlk1" not in str(sent(request)[0])


def test_reasoning_of_another_provider_is_dropped_and_reported() -> None:
    """Signed or summarised reasoning is not sent, neither as thinking nor as text."""
    for part in (Reasoning(text="hm", opaque=SIGNED), Reasoning(text="hm", summary=True)):
        body, lost = sent(asked(part, Text(text="x"), role="assistant"))
        assert body["messages"] == [{"role": "assistant", "content": "x"}]
        assert [path for path, _ in lost] == ["messages[0].content[0]"]


def test_reasoning_of_nobody_is_a_plan_beside_calls_and_else_dropped() -> None:
    """Reasoning that came through a client without a mark takes the place that every model of Cohere's has for it."""
    thought, call = Reasoning(text="hm"), ToolCall(id="c", name="f", arguments="")
    body, lost = sent(asked(thought, call, role="assistant"))
    assert body["messages"][0]["tool_plan"] == "hm"
    assert "content" not in body["messages"][0]
    assert lost == []
    body, lost = sent(asked(thought, Text(text="x"), role="assistant"))
    assert body["messages"] == [{"role": "assistant", "content": "x"}]
    assert [path for path, _ in lost] == ["messages[0].content[0]"]


def test_what_cannot_stand_in_a_message_of_a_role_is_refused_or_reported() -> None:
    """Images and calls in a system text are an error, reasoning of a user is dropped; text documents stand anywhere."""
    image = Media(kind=MediaKind.IMAGE, url="https://example.com/a.png")
    document = Media(kind=MediaKind.DOCUMENT, mime="text/plain", data=b64encode(b"words").decode())
    for part in (image, ToolCall(id="c", name="f", arguments=""), ToolResult(call_id="c", content=[])):
        assert refused(asked(part, role="system")).path == "messages[0].content[0]"
    assert sent(asked(Reasoning(text="hm"), Text(text="x")))[1] == [
        ("messages[0].content[0]", "reasoning of another provider is not sent to Cohere")
    ]
    assert sent(asked(document, role="system"))[0]["messages"] == [{"role": "system", "content": "words"}]
    body, _ = sent(asked(ToolResult(call_id="c", content=[document])))
    assert body["messages"] == [{"role": "tool", "tool_call_id": "c", "content": "words"}]
    block = {"type": "weird", "x": 1}
    foreign = Foreign(format=Format.COHERE_CHAT, kind="weird", data=block)
    body, _ = sent(asked(ToolResult(call_id="c", content=[foreign])))
    assert body["messages"][0]["content"] == [block]


def test_state_on_other_parts_is_reported() -> None:
    """The part goes, its state stays behind."""
    call = ToolCall(id="c", name="f", arguments='{"a":1}', opaque=SIGNED)
    body, lost = sent(asked(call, role="assistant"))
    assert body["messages"][0]["tool_calls"][0]["function"]["arguments"] == '{"a":1}'
    assert [path for path, _ in lost] == ["messages[0].content[0]"]


def test_text_behind_a_call_is_sent_before_it_and_reported() -> None:
    """The format has no order between texts and calls."""
    parts: list[Part] = [Text(text="a"), ToolCall(id="c", name="f", arguments=""), Text(text="b")]
    body, lost = sent(asked(*parts, role="assistant"))
    assert [block["text"] for block in body["messages"][0]["content"]] == ["a", "b"]
    assert [path for path, _ in lost] == ["messages[0].content[2]"]


def test_results_and_words_of_one_message_keep_their_order() -> None:
    """A user's message of another format becomes tool and user messages, one after the other."""
    parts: list[Part] = [
        ToolResult(call_id="1", content=[]),
        Text(text="a"),
        ToolResult(call_id="2", content=[Text(text="r")]),
    ]
    body, _ = sent(asked(*parts))
    assert body["messages"] == [
        {"role": "tool", "tool_call_id": "1", "content": ""},
        {"role": "user", "content": "a"},
        {"role": "tool", "tool_call_id": "2", "content": "r"},
    ]


def test_text_documents_are_sent_as_text() -> None:
    """With their name above, and reported as what they are no longer."""
    data = b64encode(b"words").decode()
    document = Media(kind=MediaKind.DOCUMENT, mime="text/plain", data=data, name="a.txt")
    body, lost = sent(asked(document, Text(text="?")))
    assert body["messages"][0]["content"][0] == {"type": "text", "text": "a.txt\n\nwords"}
    assert len(lost) == 1


@pytest.mark.parametrize(
    "part",
    [
        Media(kind=MediaKind.AUDIO, data="AAAA", mime="audio/wav"),
        Media(kind=MediaKind.DOCUMENT, data="AAAA", mime="application/pdf"),
        Media(kind=MediaKind.DOCUMENT, data="/w==", mime="text/plain"),
        Media(kind=MediaKind.IMAGE, file_id="file_1"),
        Media(kind=MediaKind.IMAGE, url="gs://bucket/a.png"),
        Media(kind=MediaKind.IMAGE, data="AAAA"),
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
    assert refused(asked(Text(text="x"), modalities=["text", "audio"])).path == "modalities"


def test_a_named_tool_is_the_only_one_that_is_sent() -> None:
    """Cohere cannot name a tool in `tool_choice`; a model cannot call one that it does not know."""
    choice = ToolChoice(mode="required", names=["b"])
    body, lost = sent(asked(Text(text="x"), tools=[Tool(name="a"), Tool(name="b")], tool_choice=choice))
    assert [tool["function"]["name"] for tool in body["tools"]] == ["b"]
    assert body["tools"][0]["function"]["parameters"] == {"type": "object", "properties": {}}
    assert body["tool_choice"] == "REQUIRED"
    assert lost == []


def test_strict_holds_for_all_tools_or_none() -> None:
    """All strict: `strict_tools`; some: reported."""
    both = [Tool(name="a", strict=True), Tool(name="b", strict=True)]
    assert sent(asked(Text(text="x"), tools=both))[0]["strict_tools"] is True
    body, lost = sent(asked(Text(text="x"), tools=[both[0], Tool(name="b")]))
    assert "strict_tools" not in body
    assert [path for path, _ in lost] == ["tools[].strict"]
    assert CODEC.decode_request({**REQUEST, "tools": [TOOL]}).tools[0].strict is True


def test_thinking_is_on_or_off() -> None:
    """Effort levels become on or off and are reported; a budget of any size is no budget."""
    for thinking, expected in (
        (Thinking(effort="none"), {"type": "disabled"}),
        (Thinking(effort="high"), {"type": "enabled"}),
        (Thinking(budget=50), {"type": "enabled", "token_budget": 50}),
        (Thinking(enabled=True, budget=-1), {"type": "enabled"}),
    ):
        body, lost = sent(asked(Text(text="x"), thinking=thinking))
        assert body["thinking"] == expected
        assert bool(lost) is (thinking.effort is not None)
    assert "thinking" not in sent(asked(Text(text="x"), thinking=Thinking()))[0]


@pytest.mark.parametrize(
    "value", [{"type": "json_object"}, {"type": "json_object", "schema": {"type": "object"}}, {"type": "text"}]
)
def test_both_spellings_of_an_output_schema_come_back(value: dict[str, Any]) -> None:
    """`schema` (older) and `json_schema`, none of them, and plain text."""
    body: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "x"}], "response_format": value}
    request = CODEC.decode_request(body)
    assert (request.output is None) is (value["type"] == "text")
    assert sent(request) == (body, [])


def test_an_output_schema_of_another_format_goes_in() -> None:
    """As `json_schema`; what is said about it has no place."""
    output = OutputSchema(schema={"type": "object"}, name="n", description="d", strict=True)
    body, lost = sent(asked(Text(text="x"), output=output))
    assert body["response_format"] == {"type": "json_object", "json_schema": {"type": "object"}}
    assert [path for path, _ in lost] == ["response_format.description"]


def test_what_has_no_place_is_reported() -> None:
    """Every knob and hint that Cohere lacks is in the losses, each under its own path."""
    hint = CacheHint()
    request = Request(
        model="m",
        messages=[
            Message(role="developer", parts=[Text(text="s", cache=hint)], name="me"),
            Message(role="user", parts=[ToolResult(call_id="c", content=[Text(text="r", cache=hint)], is_error=True)]),
        ],
        tools=[Tool(name="f", cache=hint)],
        parallel_tools=False,
        thinking=Thinking(show=False, summary="auto"),
        sampling=Sampling(top_k=1.5, min_p=0.1, candidates=2, top_logprobs=3, logit_bias={"1": 1.0}),
        verbosity="low",
        user="u",
        metadata={"a": 1},
        service_tier="flex",
        store=True,
        cache=hint,
        native=Native(Format.OPENAI_CHAT, {"prediction": {}}),
    )
    losses = Losses()
    body: Any = CODEC.encode_request(request, losses)
    assert body["messages"][0] == {"role": "system", "content": "s"}
    assert body["k"] == 1
    assert {loss.path for loss in losses.found} == {
        *("messages[0].content[0].cache", "messages[0].name", "messages[1].content[0].is_error"),
        *("messages[1].content[0].content[0].cache", "tools[0].cache", "parallel_tool_calls", "thinking.show"),
        *("thinking.summary", "top_k", "min_p", "n", "top_logprobs", "logit_bias", "verbosity", "user", "metadata"),
        *("service_tier", "store", "cache_control", "prediction"),
    }
