"""Requests of other formats, written for Anthropic."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from trunkline.ir.format import Format
from trunkline.ir.losses import Losses, Untranslatable
from trunkline.ir.parts import (
    CacheHint,
    Citation,
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
from trunkline.wire.anthropic_messages import losses as why
from trunkline.wire.anthropic_messages.codec import CODEC, AnthropicMessagesCodec
from trunkline.wire.natives import ONLY_THERE

SIGNED = Opaque("anthropic.signature", "sig", "anthropic", "main")
HI = Message(role="user", parts=[Text(text="hi")])
PNG = "iVBORw0KGgoAAAA="
WRITTEN_LIST = why.REASONS | {ONLY_THERE}


def user(*parts: Part) -> Message:
    return Message(role="user", parts=list(parts))


def assistant(*parts: Part) -> Message:
    return Message(role="assistant", parts=list(parts))


def body(*messages: Message, codec: AnthropicMessagesCodec = CODEC, **rest: Any) -> tuple[dict[str, Any], list[str]]:
    """The encoded body, and the paths of the losses; every reason is in the written list."""
    losses = Losses()
    encoded = codec.encode_request(Request(model="m", messages=list(messages) or [HI], **rest), losses)
    assert {loss.reason for loss in losses.found} <= WRITTEN_LIST
    return encoded, [loss.path for loss in losses.found]


def content(*messages: Message) -> list[Any]:
    """The encoded messages of a request without losses."""
    encoded, lost = body(*messages)
    assert lost == []
    messages_ = encoded["messages"]
    assert isinstance(messages_, list)
    return messages_


def refused(*messages: Message, **rest: Any) -> tuple[str, str]:
    """Path and reason of the refusal."""
    with pytest.raises(Untranslatable) as caught:
        body(*messages, **rest)
    assert caught.value.reason in WRITTEN_LIST
    return caught.value.path, caught.value.reason


# The conversation


def test_leading_system_messages_become_the_system_prompt() -> None:
    """Messages of `system` and `developer` in front are joined in their order."""
    encoded, lost = body(
        Message(role="system", parts=[Text(text="a", cache=CacheHint())]),
        Message(role="developer", parts=[Text(text=""), Text(text="b")]),
        HI,
    )
    assert encoded["system"] == [
        {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}},
        {"type": "text", "text": "b"},
    ]
    assert encoded["messages"] == [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]
    assert lost == []


def test_a_later_system_message_becomes_a_users_words_and_is_reported() -> None:
    """Most models refuse the role; words that a user seems to say are a loss."""
    encoded, lost = body(HI, Message(role="developer", parts=[Text(text="be brief")]))
    assert encoded["messages"][1] == {"role": "user", "content": [{"type": "text", "text": "be brief"}]}
    assert "system" not in encoded
    assert lost == ["messages[1]"]


def test_a_model_that_takes_system_messages_gets_them() -> None:
    """The codec for such a model leaves them where they stand."""
    codec = AnthropicMessagesCodec(system_messages=True)
    encoded, lost = body(HI, Message(role="system", parts=[Text(text="be brief")]), codec=codec)
    assert encoded["messages"][1]["role"] == "system"
    assert lost == []


@pytest.mark.parametrize("codec", [CODEC, AnthropicMessagesCodec(system_messages=True)])
def test_a_system_prompt_alone_is_said_by_the_user(codec: AnthropicMessagesCodec) -> None:
    """Anthropic needs a message, and some clients put everything into the system prompt."""
    encoded, lost = body(
        Message(role="system", parts=[Text(text="a")]), Message(role="system", parts=[Text(text="b")]), codec=codec
    )
    assert encoded["system"] == [{"type": "text", "text": "a"}]
    assert encoded["messages"] == [{"role": "user", "content": [{"type": "text", "text": "b"}]}]
    assert lost == ["messages[1]"]


def test_a_system_prompt_takes_text_only() -> None:
    """An image there is refused, with its place."""
    system = Message(role="system", parts=[Media(kind=MediaKind.IMAGE, data=PNG)])
    assert refused(system, HI) == ("messages[0]", why.SYSTEM_TEXT_ONLY)


def test_results_of_parallel_calls_stand_in_one_message_in_front() -> None:
    """Separate messages of results, and the user's next words, become one message: results first, in their order."""
    messages = content(
        HI,
        assistant(ToolCall(id="a", name="f", arguments="{}"), ToolCall(id="b", name="f", arguments="{}")),
        user(Text(text="first")),
        user(ToolResult(call_id="a", content=[Text(text="1")])),
        user(Text(text="so?"), ToolResult(call_id="b", content=[Text(text="2")])),
        assistant(Text(text="done")),
    )
    assert [message["role"] for message in messages] == ["user", "assistant", "user", "assistant"]
    assert [block.get("tool_use_id", block.get("text")) for block in messages[2]["content"]] == [
        "a",
        "b",
        "first",
        "so?",
    ]


def test_users_messages_without_results_stay_apart() -> None:
    """Only results need to stand together."""
    assert len(content(HI, HI)) == 2


def test_empty_texts_are_left_out_and_no_message_becomes_empty() -> None:
    """Anthropic refuses both."""
    messages = content(user(Text(text=""), Text(text="x")), assistant(Text(text=" \n")), HI)
    assert messages == [
        {"role": "user", "content": [{"type": "text", "text": "x"}]},
        {"role": "user", "content": [{"type": "text", "text": "hi"}]},
    ]


def test_a_hint_on_an_empty_text_is_reported() -> None:
    """The hint would be refused with the text."""
    _, lost = body(user(Text(text="", cache=CacheHint()), Text(text="x")))
    assert lost == ["messages[0].content[0].cache_control"]


def test_trailing_space_of_a_prefill_is_cut() -> None:
    """Anthropic refuses it at the very end only."""
    encoded, lost = body(HI, assistant(Text(text="so: \n")))
    assert encoded["messages"][1]["content"][0]["text"] == "so:"
    assert lost == ["messages[1]"]
    assert content(HI, assistant(Text(text="so: ")), HI)[1]["content"][0]["text"] == "so: "


def test_thoughts_and_calls_keep_their_order() -> None:
    """`[think, tool, think, tool]` survives (fidelity.md failure 7)."""
    think = Reasoning(text="t", opaque=SIGNED)
    hidden = Reasoning(opaque=Opaque("anthropic.redacted", "r"))
    messages = content(
        HI,
        assistant(think, ToolCall(id="a", name="f", arguments=""), hidden, ToolCall(id="b", name="f", arguments="")),
        user(ToolResult(call_id="a"), ToolResult(call_id="b")),
    )
    assert [block["type"] for block in messages[1]["content"]] == [
        "thinking",
        "tool_use",
        "redacted_thinking",
        "tool_use",
    ]
    assert messages[1]["content"][0] == {"type": "thinking", "thinking": "t", "signature": "sig"}
    assert messages[1]["content"][2] == {"type": "redacted_thinking", "data": "r"}


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (Reasoning(text="t"), why.UNSIGNED_REASONING),
        (Reasoning(text="t", opaque=Opaque("gemini.signature", "g")), why.FOREIGN_REASONING),
        (Reasoning(text="t", opaque=Opaque("bedrock.signature", "g")), why.FOREIGN_REASONING),
    ],
)
def test_thinking_that_anthropic_cannot_check_is_dropped(part: Reasoning, reason: str) -> None:
    """It is reported, never sent as words, and a message with nothing else goes too."""
    losses = Losses()
    request = Request(model="m", messages=[HI, assistant(part), assistant(part, Text(text="x"))])
    encoded: Any = CODEC.encode_request(request, losses)
    assert [message["content"] for message in encoded["messages"]] == [
        [{"type": "text", "text": "hi"}],
        [{"type": "text", "text": "x"}],
    ]
    assert [(loss.path, loss.reason) for loss in losses.found] == [
        ("messages[1].content[0]", reason),
        ("messages[2].content[0]", reason),
    ]


def test_state_of_others_on_texts_and_calls_is_left_out() -> None:
    """The parts go without it, and it is reported."""
    state = Opaque("gemini.signature", "g")
    encoded, lost = body(
        HI,
        assistant(Text(text="x", opaque=state), ToolCall(id="a", name="f", arguments="{}", opaque=state)),
        user(ToolResult(call_id="a", opaque=state)),
    )
    assert "gemini" not in msgspec.json.encode(encoded).decode()
    assert lost == ["messages[1].content[0].opaque", "messages[1].content[1].opaque", "messages[2].content[0].opaque"]


def test_names_of_messages_are_reported() -> None:
    """Anthropic has no `name`."""
    _, lost = body(Message(role="user", name="ann", parts=[Text(text="x")]))
    assert lost == ["messages[0].name"]


# Calls and results


@pytest.mark.parametrize(("text", "value"), [("", {}), (" ", {}), ("{}", {}), ('{"a": [1.5]}', {"a": [1.5]})])
def test_arguments_become_an_object(text: str, value: object) -> None:
    """JSON text is parsed; no text is no arguments."""
    messages = content(HI, assistant(ToolCall(id="a", name="f", arguments=text)), user(ToolResult(call_id="a")))
    assert messages[1]["content"][0] == {"type": "tool_use", "id": "a", "name": "f", "input": value}


@pytest.mark.parametrize("text", ["{", "[1]", '"x"', "null", '{"a": NaN}', "[" * 3000])
def test_arguments_that_are_no_object_are_refused(text: str) -> None:
    """With the place of the call."""
    call = assistant(ToolCall(id="a", name="f", arguments=text))
    assert refused(HI, call) == ("messages[1].content[0].arguments", why.BAD_ARGUMENTS)


@pytest.mark.parametrize("own", ["call.1|x", "f" * 300, "toolu_01-A"])
def test_ids_that_anthropic_refuses_are_mapped_on_both_sides(own: str) -> None:
    """Call and result still pair; a valid id stays."""
    messages = content(HI, assistant(ToolCall(id=own, name="f", arguments="")), user(ToolResult(call_id=own)))
    sent = messages[1]["content"][0]["id"]
    assert messages[2]["content"][0]["tool_use_id"] == sent
    assert (sent == own) == (own == "toolu_01-A")
    assert len(sent) <= 256
    assert sent.replace("_", "").replace("-", "").isalnum()


def test_a_result_may_hold_nothing_text_or_media() -> None:
    """A void result is one too (fidelity.md failure 8)."""
    results = user(
        ToolResult(call_id="a", name="f"),
        ToolResult(call_id="b", is_error=True, content=[Text(text="no"), Text(text="")], cache=CacheHint("1h")),
        ToolResult(call_id="c", content=[Media(kind=MediaKind.IMAGE, data=PNG)]),
    )
    assert content(results)[0]["content"] == [
        {"type": "tool_result", "tool_use_id": "a"},
        {
            "type": "tool_result",
            "tool_use_id": "b",
            "content": [{"type": "text", "text": "no"}],
            "is_error": True,
            "cache_control": {"type": "ephemeral", "ttl": "1h"},
        },
        {
            "type": "tool_result",
            "tool_use_id": "c",
            "content": [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}],
        },
    ]


def test_a_call_of_a_free_text_tool_is_wrapped() -> None:
    """History of such a tool stays readable, and the change is reported."""
    call = ToolCall(id="a", name="f", arguments="free text", custom=True)
    encoded, lost = body(HI, assistant(call), user(ToolResult(call_id="a", custom=True)))
    assert encoded["messages"][1]["content"][0]["input"] == {"input": "free text"}
    assert lost == ["messages[1].content[0].arguments"]


def test_citations_of_others_are_left_out_and_anthropics_go_along() -> None:
    """Anthropic refuses citations that it did not make; the text stays."""
    own = Citation(native=Native(Format.ANTHROPIC_MESSAGES, {"type": "char_location"}))
    encoded, lost = body(HI, assistant(Text(text="x", citations=[Citation(url="https://x"), own])), HI)
    assert encoded["messages"][1]["content"] == [
        {"type": "text", "text": "x", "citations": [{"type": "char_location"}]}
    ]
    assert lost == ["messages[1].content[0].citations"]


def test_foreign_content_is_refused_and_anthropics_goes_along() -> None:
    """What only another format has is never dropped in silence."""
    theirs = Foreign(format=Format.OPENAI_RESPONSES, kind="web_search_call", data={})
    assert refused(assistant(theirs)) == ("messages[0].content[0]", why.FOREIGN_CONTENT)
    ours = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
    own = Foreign(format=Format.ANTHROPIC_MESSAGES, kind="server_tool_use", data=ours)
    assert content(HI, assistant(own))[1]["content"] == [ours]


def test_members_of_other_formats_are_reported() -> None:
    """At the request, a message and a part."""
    native = Native(Format.OPENAI_CHAT, {"x": 1})
    message = Message(role="user", parts=[Text(text="x", native=native)], native=native)
    _, lost = body(message, native=native)
    assert lost == ["messages[0].content[0].x", "messages[0].x", "x"]


# Media


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (
            Media(kind=MediaKind.IMAGE, mime="image/jpg", data="/9j/AA=="),
            {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "/9j/AA=="}},
        ),
        (
            Media(kind=MediaKind.IMAGE, url="https://x/y.png", detail="auto"),
            {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}},
        ),
        (
            Media(kind=MediaKind.DOCUMENT, data="JVBERi0x", name="r.pdf", cache=CacheHint()),
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0x"},
                "title": "r.pdf",
                "cache_control": {"type": "ephemeral"},
            },
        ),
        (
            Media(kind=MediaKind.DOCUMENT, mime="text/markdown", data="IyBow7Y="),
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "# hö"}},
        ),
        (
            Media(kind=MediaKind.DOCUMENT, mime="application/json", data="e30="),
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "{}"}},
        ),
        (
            Media(kind=MediaKind.DOCUMENT, url="https://x/y.pdf"),
            {"type": "document", "source": {"type": "url", "url": "https://x/y.pdf"}},
        ),
    ],
)
def test_media_are_written(part: Media, block: object) -> None:
    """Images and documents, inline and by URL; a type that is not given is told from the data."""
    assert content(user(part))[0]["content"] == [block]


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (Media(kind=MediaKind.AUDIO, data="AA=="), why.NO_SUCH_MEDIUM),
        (Media(kind=MediaKind.VIDEO, url="https://x"), why.NO_SUCH_MEDIUM),
        (Media(kind=MediaKind.IMAGE, url="gs://b/x.png"), why.WEB_URL),
        (Media(kind=MediaKind.IMAGE, file_id="file-1"), why.FOREIGN_FILE),
        (Media(kind=MediaKind.IMAGE, data="AAAA"), why.UNKNOWN_MEDIA_TYPE),
        (Media(kind=MediaKind.IMAGE), why.EMPTY_MEDIUM),
        (Media(kind=MediaKind.DOCUMENT, mime="application/msword", data="AAAA"), why.DOCUMENT_TYPE),
        (Media(kind=MediaKind.DOCUMENT, mime="text/plain", data="/w=="), why.DOCUMENT_TYPE),
    ],
)
def test_media_that_anthropic_does_not_take_are_refused(part: Media, reason: str) -> None:
    """In a message and in a result, with a reason that helps."""
    assert refused(user(part)) == ("messages[0].content[0]", reason)
    assert refused(user(ToolResult(call_id="a", content=[part]))) == ("messages[0].content[0].content[0]", reason)


def test_an_assistants_media_are_refused() -> None:
    """Anthropic takes media from the user only."""
    image = Media(kind=MediaKind.IMAGE, data=PNG)
    assert refused(HI, assistant(image)) == ("messages[1].content[0]", why.ASSISTANT_MEDIA)


def test_details_and_names_of_images_are_reported() -> None:
    """They have no place."""
    _, lost = body(user(Media(kind=MediaKind.IMAGE, data=PNG, detail="high", name="n", opaque=SIGNED)))
    assert lost == ["messages[0].content[0].name", "messages[0].content[0].detail", "messages[0].content[0].opaque"]


# Tools


def test_tools_get_the_schema_that_anthropic_asks_for() -> None:
    """A missing schema is an empty object's, and its type is said."""
    tools = [
        Tool(name="f"),
        Tool(name="g", description="d", schema={"properties": {}}, strict=True, cache=CacheHint("1h")),
    ]
    encoded, lost = body(tools=tools)
    assert encoded["tools"] == [
        {"name": "f", "input_schema": {"type": "object", "properties": {}}},
        {
            "name": "g",
            "description": "d",
            "input_schema": {"type": "object", "properties": {}},
            "strict": True,
            "cache_control": {"type": "ephemeral", "ttl": "1h"},
        },
    ]
    assert lost == []


@pytest.mark.parametrize(
    ("tool", "reason"),
    [
        (Tool(name="code_interpreter", foreign=True, native=Native(Format.OPENAI_RESPONSES, {})), why.FOREIGN_TOOL),
        (Tool(name="apply_patch", custom=True), why.CUSTOM_TOOL),
    ],
)
def test_tools_that_anthropic_cannot_have_are_refused(tool: Tool, reason: str) -> None:
    """Never dropped in silence."""
    assert refused(tools=[Tool(name="f"), tool]) == ("tools[1]", reason)


@pytest.mark.parametrize(
    ("choice", "parallel", "expected"),
    [
        (None, None, None),
        (None, True, None),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (ToolChoice(mode="auto"), None, {"type": "auto"}),
        (ToolChoice(mode="none"), False, {"type": "none"}),
        (ToolChoice(mode="required"), False, {"type": "any", "disable_parallel_tool_use": True}),
        (ToolChoice(mode="required", names=["f"]), None, {"type": "tool", "name": "f"}),
        (ToolChoice(mode="required", names=["f", "g"]), None, {"type": "any"}),
    ],
)
def test_tool_choice(choice: ToolChoice | None, parallel: bool | None, expected: object) -> None:
    """Every mode, with and without parallel calls."""
    tools = [Tool(name="f"), Tool(name="g")]
    encoded, lost = body(tools=tools, tool_choice=choice, parallel_tools=parallel)
    assert encoded.get("tool_choice") == expected
    assert lost == []


@pytest.mark.parametrize("mode", ["auto", "required"])
def test_only_the_allowed_tools_are_sent(mode: Any) -> None:
    """Anthropic's choice names one tool at most, so the others are not offered."""
    tools = [Tool(name="f"), Tool(name="g"), Tool(name="h")]
    encoded, _ = body(tools=tools, tool_choice=ToolChoice(mode=mode, names=["f", "h"]))
    assert [tool["name"] for tool in encoded["tools"]] == ["f", "h"]
    assert refused(tools=tools, tool_choice=ToolChoice(mode=mode, names=["x", "y"]))[1] == why.NO_ALLOWED_TOOL


def test_a_choice_without_tools_says_nothing() -> None:
    """Anthropic refuses it, and OpenAI's clients send it."""
    encoded, lost = body(tool_choice=ToolChoice(mode="auto"), parallel_tools=False)
    assert "tool_choice" not in encoded
    assert lost == []


# Knobs


def test_max_tokens_is_always_there() -> None:
    """Anthropic refuses a request without: the default, above a budget for thinking, or what was asked."""
    assert body()[0]["max_tokens"] == 4096
    assert body(codec=AnthropicMessagesCodec(default_max_tokens=9))[0]["max_tokens"] == 9
    assert body(thinking=Thinking(budget=2000))[0]["max_tokens"] == 6096
    assert body(sampling=Sampling(max_tokens=5))[0]["max_tokens"] == 5


@pytest.mark.parametrize(
    ("thinking", "expected", "effort", "lost"),
    [
        (Thinking(), None, None, 0),
        (Thinking(enabled=False), {"type": "disabled"}, None, 0),
        (Thinking(enabled=True), {"type": "adaptive"}, None, 0),
        (Thinking(budget=0), {"type": "disabled"}, None, 0),
        (Thinking(budget=-1), {"type": "adaptive"}, None, 0),
        (
            Thinking(budget=2048, show=True),
            {"type": "enabled", "budget_tokens": 2048, "display": "summarized"},
            None,
            0,
        ),
        (Thinking(show=True), {"type": "adaptive", "display": "summarized"}, None, 0),
        (Thinking(show=False), None, None, 0),
        (Thinking(enabled=True, show=False), {"type": "adaptive", "display": "omitted"}, None, 0),
        (Thinking(effort="high"), None, "high", 0),
        (Thinking(effort="none"), {"type": "disabled"}, None, 0),
        (Thinking(effort="minimal"), None, "low", 1),
        (Thinking(effort="max", summary="auto"), {"type": "adaptive", "display": "summarized"}, "max", 0),
        (Thinking(summary="detailed"), {"type": "adaptive", "display": "summarized"}, None, 1),
    ],
)
def test_thinking(thinking: Thinking, expected: object, effort: str | None, lost: int) -> None:
    """Switch, budget, display and effort, each where Anthropic has it."""
    encoded, paths = body(thinking=thinking)
    assert encoded.get("thinking") == expected
    assert encoded.get("output_config", {}).get("effort") == effort
    assert len(paths) == lost


def test_an_output_schema_is_native() -> None:
    """A name and `strict` need no place; a description goes into the schema, which the model reads."""
    schema: dict[str, object] = {"type": "object"}
    encoded, lost = body(output=OutputSchema(schema=schema, name="n", strict=True, description="d"))
    assert encoded["output_config"] == {
        "format": {"type": "json_schema", "schema": {"type": "object", "description": "d"}}
    }
    assert lost == []
    assert schema == {"type": "object"}


def test_json_without_a_schema_is_reported() -> None:
    """Anthropic has no such mode; the prompt still asks for JSON."""
    encoded, lost = body(output=OutputSchema())
    assert "output_config" not in encoded
    assert lost == ["output"]


def test_sampling_knobs() -> None:
    """What Anthropic has goes in its range; the rest is reported; what asks for nothing is no loss."""
    sampling = Sampling(
        temperature=1.7, top_p=0.9, top_k=40.0, stop=["END", " "], seed=0, frequency_penalty=0.5, presence_penalty=0.0,
        candidates=2, logprobs=False, top_logprobs=3, logit_bias={}, min_p=0.1,
    )  # fmt: skip
    encoded, lost = body(sampling=sampling)
    assert (encoded["temperature"], encoded["top_p"], encoded["top_k"]) == (1, 0.9, 40)
    assert encoded["stop_sequences"] == ["END"]
    assert sorted(lost) == [
        "frequency_penalty", "min_p", "n", "seed", "stop_sequences", "temperature", "top_logprobs",
    ]  # fmt: skip


def test_the_rest_of_a_request() -> None:
    """User, tier, store, metadata, verbosity and the hint for the whole request."""
    encoded, lost = body(
        user="u", service_tier="default", store=False, stream=True, cache=CacheHint("1h"), modalities=["text"]
    )
    assert encoded["metadata"] == {"user_id": "u"}
    assert encoded["service_tier"] == "standard_only"
    assert encoded["stream"] is True
    assert encoded["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
    assert lost == []
    encoded, lost = body(user="u@example.org", service_tier="flex", store=True, metadata={"a": 1}, verbosity="low")
    assert "metadata" not in encoded
    assert "service_tier" not in encoded
    assert sorted(lost) == ["metadata", "service_tier", "store", "user", "verbosity"]


def test_an_answer_that_is_no_text_is_refused() -> None:
    """A client that waits for sound would get none."""
    assert refused(modalities=["text", "audio"]) == ("modalities", why.MODALITY)


def test_no_model_no_member() -> None:
    """Vertex and Bedrock name the model in the path."""
    assert "model" not in CODEC.encode_request(Request(model="", messages=[HI]), Losses())
