"""Requests: what the members of a body mean, and how the requests of other formats are written."""

from __future__ import annotations

from typing import Any

import pytest

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
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.ir.request import OutputSchema, Request, Sampling, Thinking, Tool, ToolChoice
from trunkline.wire.codec import Named
from trunkline.wire.natives import ONLY_THERE
from trunkline.wire.openai_chat import losses
from trunkline.wire.openai_chat.codec import CODEC, OpenAIChatCodec
from trunkline.wire.openai_chat.losses import REASONS

PNG = "iVBORw0KGgo="


def read(**members: Any) -> Request:
    return CODEC.decode_request({"model": "m", "messages": [], **members})


def written(request: Request, dialect: str = "openai") -> tuple[Any, list[str]]:
    """The body for a provider, and what was lost, each for a reason of the written list."""
    lost = Losses()
    body = OpenAIChatCodec(dialect).encode_request(request, lost)
    assert {loss.reason for loss in lost.found} <= {*REASONS, ONLY_THERE}
    return body, [loss.path for loss in lost.found]


def asked(*parts: Part, **fields: Any) -> Request:
    """A request of another format, with one message of the user."""
    return Request(model="m", messages=[Message(role="user", parts=list(parts))], **fields)


def sent(*parts: Part, dialect: str = "openai") -> list[dict[str, Any]]:
    """Its messages, for a provider."""
    messages: list[dict[str, Any]] = written(asked(*parts), dialect)[0]["messages"]
    return messages


def test_knobs_are_read() -> None:
    """Every tuning knob stands where the other formats look for it."""
    request = read(
        max_completion_tokens=5, temperature=1, top_p=0.5, top_k=3, min_p=0.1, stop="x", seed=7, n=2, logprobs=True,
        top_logprobs=4, logit_bias={"1": -1}, frequency_penalty=0.1, presence_penalty=0.2,
    )  # fmt: skip
    assert request.sampling == Sampling(
        max_tokens=5, temperature=1, top_p=0.5, top_k=3, min_p=0.1, stop=["x"], seed=7, candidates=2, logprobs=True,
        top_logprobs=4, logit_bias={"1": -1}, frequency_penalty=0.1, presence_penalty=0.2,
    )  # fmt: skip


def test_what_is_no_knob_travels_along() -> None:
    """Members that only this format has are natives, those that say nothing are not."""
    request = read(prediction={"type": "content"}, web_search_options={}, audio=None, temperature=None, stream=False)
    assert request.native is not None
    assert request.native.members == {"prediction": {"type": "content"}, "web_search_options": {}}


@pytest.mark.parametrize(
    ("members", "thinking"),
    [
        ({"reasoning_effort": "high"}, Thinking(effort="high")),
        ({"reasoning_effort": "none"}, Thinking(effort="none", enabled=False)),
        ({"reasoning": {"max_tokens": 2000}}, Thinking(budget=2000)),
        ({"reasoning": {"effort": "low", "exclude": True}}, Thinking(effort="low", show=False)),
        ({"reasoning": {"enabled": True}}, Thinking(enabled=True)),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, Thinking(enabled=True, budget=1024)),
        ({"thinking": {"type": "disabled"}}, Thinking(enabled=False)),
        ({"enable_thinking": False}, Thinking(enabled=False)),
        ({"enable_thinking": True, "thinking_budget": 99}, Thinking(enabled=True, budget=99)),
        ({"include_reasoning": False}, Thinking(show=False)),
        ({"reasoning_effort": {"effort": "low", "summary": "auto"}}, Thinking(effort="low", summary="auto")),
    ],
)
def test_every_way_to_ask_for_thinking_is_read(members: dict[str, Any], thinking: Thinking) -> None:
    """OpenAI's, OpenRouter's, Anthropic's, DeepSeek's, Alibaba's and LiteLLM's."""
    found = read(**members).thinking
    assert found is not None
    found.native = None
    assert found == thinking


@pytest.mark.parametrize(
    ("dialect", "thinking", "members"),
    [
        ("openai", Thinking(effort="high"), {"reasoning_effort": "high"}),
        ("openai", Thinking(budget=3000, enabled=True), {"reasoning_effort": "medium"}),
        ("openai", Thinking(enabled=False), {"reasoning_effort": "none"}),
        ("openai", Thinking(enabled=True), {}),
        ("openrouter", Thinking(budget=3000), {"reasoning": {"max_tokens": 3000}}),
        ("openrouter", Thinking(effort="low", show=False), {"reasoning": {"effort": "low", "exclude": True}}),
        (
            "deepseek",
            Thinking(enabled=True, effort="high"),
            {"thinking": {"type": "enabled"}, "reasoning_effort": "high"},
        ),
        ("moonshot", Thinking(enabled=False), {"thinking": {"type": "disabled"}}),
        ("anthropic", Thinking(budget=2048), {"thinking": {"type": "enabled", "budget_tokens": 2048}}),
        ("databricks", Thinking(effort="low"), {"thinking": {"type": "enabled", "budget_tokens": 1024}}),
        ("alibaba", Thinking(budget=500), {"enable_thinking": True, "thinking_budget": 500}),
        ("alibaba", Thinking(effort="none"), {"enable_thinking": False}),
    ],
)
def test_thinking_is_asked_for_in_the_hosts_words(dialect: str, thinking: Thinking, members: dict[str, Any]) -> None:
    """A request of another format, for hosts that differ."""
    body, _ = written(asked(Text(text="x"), thinking=thinking), dialect)
    del body["model"], body["messages"]
    assert body == members


def test_a_budget_that_became_an_effort_is_a_loss() -> None:
    """The nearest effort is sent, and said."""
    assert written(asked(Text(text="x"), thinking=Thinking(budget=3000)))[1] == ["thinking.budget"]


def test_thinking_that_was_changed_is_not_written_as_it_came() -> None:
    """The client's spelling holds only as long as it says what is meant."""
    request = read(reasoning_effort="high")
    assert request.thinking is not None
    request.thinking.effort = "low"
    assert written(request)[0]["reasoning_effort"] == "low"


@pytest.mark.parametrize(
    ("members", "mode", "names"),
    [
        ({"tool_choice": "auto"}, "auto", []),
        ({"tool_choice": "any"}, "required", []),
        ({"tool_choice": {"type": "function", "function": {"name": "f"}}}, "required", ["f"]),
        ({"tool_choice": {"type": "custom", "custom": {"name": "c"}}}, "required", ["c"]),
        ({"function_call": {"name": "f"}}, "required", ["f"]),
        ({"function_call": "none"}, "none", []),
        (
            {"tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [
                {"type": "function", "function": {"name": "a"}}, {"type": "function", "function": {"name": "b"}}]}}},
            "auto", ["a", "b"],
        ),
    ],
)  # fmt: skip
def test_every_tool_choice_is_read_and_written_as_it_was(members: dict[str, Any], mode: str, names: list[str]) -> None:
    """Words, names, lists and the older form."""
    request = read(**members, tools=[{"type": "function", "function": {"name": "f"}}])
    assert request.tool_choice is not None
    assert (request.tool_choice.mode, request.tool_choice.names) == (mode, names)
    assert written(request)[0].items() >= members.items()


@pytest.mark.parametrize(
    ("dialect", "choice", "expected", "offered"),
    [
        ("openai", ToolChoice(mode="required"), "required", ["a", "b", "c"]),
        ("mistral", ToolChoice(mode="required"), "any", ["a", "b", "c"]),
        ("openai", ToolChoice(mode="required", names=["b"]), {"type": "function", "function": {"name": "b"}},
         ["a", "b", "c"]),
        ("openai", ToolChoice(mode="required", names=["c"]), {"type": "custom", "custom": {"name": "c"}},
         ["a", "b", "c"]),
        ("groq", ToolChoice(mode="auto", names=["a", "b"]), "auto", ["a", "b"]),
    ],
)  # fmt: skip
def test_a_tool_choice_is_written_in_the_hosts_words(
    dialect: str, choice: ToolChoice, expected: object, offered: list[str]
) -> None:
    """A host that cannot be told to use some of the tools is offered only those."""
    tools = [Tool(name="a", schema={}), Tool(name="b", schema={}), Tool(name="c", custom=True)]
    body, _ = written(asked(Text(text="x"), tools=tools, tool_choice=choice), dialect)
    assert body["tool_choice"] == expected
    assert [(tool.get("function") or tool.get("custom"))["name"] for tool in body["tools"]] == offered


def test_tools_are_read() -> None:
    """Function, custom and server tools, with what only this format has in `native`."""
    function, custom, server = read(
        tools=[
            {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"},
                                              "strict": True, "odd": 1}, "cache_control": {"type": "ephemeral"}},
            {"type": "custom", "custom": {"name": "c", "format": {"type": "text"}}},
            {"type": "openrouter:web_search", "parameters": {}},
        ]
    ).tools  # fmt: skip
    assert (function.name, function.schema, function.strict, function.cache) == (
        "f",
        {"type": "object"},
        True,
        CacheHint(),
    )
    assert function.native is not None
    assert function.native.members == {"function.odd": 1}
    assert custom.custom
    assert server.foreign
    assert server.name == "openrouter:web_search"


def test_a_server_tool_of_another_format_is_refused() -> None:
    """Tools are never dropped silently."""
    tool = Tool(name="web_search_20250305", foreign=True, native=Native(Format.ANTHROPIC_MESSAGES, {}))
    with pytest.raises(Untranslatable, match="tools"):
        written(asked(Text(text="x"), tools=[tool]))


def test_a_tool_without_a_schema_gets_an_empty_one() -> None:
    """OpenAI asks for an object."""
    body, _ = written(asked(Text(text="x"), tools=[Tool(name="f")]))
    assert body["tools"][0]["function"]["parameters"] == {"type": "object", "properties": {}}


def test_an_output_schema_is_written_with_a_name() -> None:
    """OpenAI demands one; other formats have none."""
    body, _ = written(asked(Text(text="x"), output=OutputSchema(schema={"type": "object"}, strict=True)))
    inner = {"name": "response", "schema": {"type": "object"}, "strict": True}
    assert body["response_format"] == {"type": "json_schema", "json_schema": inner}
    assert written(asked(Text(text="x"), output=OutputSchema()))[0]["response_format"] == {"type": "json_object"}


def test_a_grammar_is_a_member_that_only_this_format_has() -> None:
    """An output format that nobody else has stays one."""
    request = read(response_format={"type": "grammar", "grammar": "x"})
    assert request.output is None
    assert request.native is not None
    assert "response_format" in request.native.members


def test_the_stream_of_another_formats_client_asks_for_usage() -> None:
    """Other formats always say it."""
    assert written(asked(Text(text="x"), stream=True))[0]["stream_options"] == {"include_usage": True}
    assert not read(stream=True).stream_usage
    assert read(stream=True, stream_options={"include_usage": True}).stream_usage


def test_a_knob_that_openai_lacks_is_a_loss_there_only() -> None:
    """`top_k` goes to hosts that have it, and to any host where the client itself wrote it."""
    assert written(asked(Text(text="x"), sampling=Sampling(top_k=3)))[1] == ["top_k"]
    assert written(asked(Text(text="x"), sampling=Sampling(top_k=3)), "groq")[0]["top_k"] == 3
    assert written(read(top_k=3))[0]["top_k"] == 3


def test_a_seed_is_called_as_the_host_calls_it() -> None:
    """Mistral's name differs."""
    request = asked(Text(text="x"), sampling=Sampling(seed=1, max_tokens=9))
    assert written(request, "mistral")[0].items() >= {"random_seed": 1, "max_tokens": 9}.items()
    assert written(request)[0]["seed"] == 1


def test_natives_of_another_format_are_lost_and_said() -> None:
    """Each by its name."""
    request = asked(Text(text="x"), native=Native(Format.GEMINI, {"safetySettings": []}), service_tier="standard_only")
    assert written(request)[1] == ["service_tier", "safetySettings"]


def test_an_explicit_null_is_no_loss_for_another_format() -> None:
    """It says nothing, so other codecs must not report it."""
    request = read(logit_bias=None, top_logprobs=None, foo=None)
    assert request.native is not None
    assert request.native.members == {}


def test_the_path_may_name_model_and_stream() -> None:
    """Azure's classic face names the deployment in the path."""
    request = CODEC.decode_request({"messages": []}, Named(model="gpt", stream=True))
    assert (request.model, request.stream) == ("gpt", True)


# Messages


def test_results_that_follow_one_another_are_one_message() -> None:
    """Other formats want all results of a turn together."""
    request = read(
        messages=[
            {"role": "user", "content": "go"},
            {"role": "assistant", "tool_calls": [
                {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                {"id": "b", "type": "function", "function": {"name": "g", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "a", "content": "1"},
            {"role": "tool", "tool_call_id": "b", "content": [{"type": "text", "text": "2"}]},
            {"role": "user", "content": "and?"},
        ]
    )  # fmt: skip
    assert [message.role for message in request.messages] == ["user", "assistant", "user", "user"]
    results = request.messages[2].parts
    assert [part.call_id for part in results if isinstance(part, ToolResult)] == ["a", "b"]


def test_legacy_functions_pair() -> None:
    """A function's result has no id: call and result get the same one."""
    request = read(
        messages=[
            {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
            {"role": "function", "name": "f", "content": "1"},
            {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
            {"role": "function", "name": "f", "content": "2"},
        ]
    )
    ids: list[str] = []
    for message in request.messages:
        for part in message.parts:
            if isinstance(part, ToolCall):
                ids.append(part.id)
            elif isinstance(part, ToolResult):
                ids.append(part.call_id)
    assert ids[0] == ids[1] != ids[2] == ids[3]


def test_calls_without_ids_pair() -> None:
    """Google's compatible face leaves ids empty (recorded); so may a client."""
    call = {"id": "", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    request = read(
        messages=[{"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": "", "content": "1"}]
    )
    made, result = request.messages[0].parts[0], request.messages[1].parts[0]
    assert isinstance(made, ToolCall)
    assert isinstance(result, ToolResult)
    assert made.id == result.call_id != ""


def test_a_result_without_content_stays_a_result() -> None:
    """A tool may give nothing back (fidelity.md failure 8)."""
    assert sent(ToolResult(call_id="a")) == [{"role": "tool", "tool_call_id": "a", "content": ""}]
    assert read(messages=[{"role": "tool", "tool_call_id": "a", "content": None}]).messages[0].parts


def test_results_go_first() -> None:
    """An answer to a call must follow it at once, whatever else the message holds."""
    messages = sent(Text(text="by the way"), ToolResult(call_id="a", content=[Text(text="1"), Text(text="2")]))
    assert messages == [
        {"role": "tool", "tool_call_id": "a", "content": "1\n2"},
        {"role": "user", "content": "by the way"},
    ]


def test_images_of_results_follow_in_a_message_of_the_user() -> None:
    """Tool messages hold text only; what follows says whose it is, after all results of the turn."""
    image = Media(kind=MediaKind.IMAGE, mime="image/png", data=PNG)
    messages = sent(ToolResult(call_id="a", content=[Text(text="see"), image]), ToolResult(call_id="b"))
    assert [message["role"] for message in messages] == ["tool", "tool", "user"]
    assert messages[2]["content"] == [
        {"type": "text", "text": "From the result of tool call a:"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
    ]


def test_that_a_call_failed_is_a_loss() -> None:
    """OpenAI has no flag for it."""
    body, lost = written(asked(ToolResult(call_id="a", content=[Text(text="no")], is_error=True, name="f")))
    assert body["messages"] == [{"role": "tool", "tool_call_id": "a", "content": "no"}]
    assert lost == ["messages[0].content[0].is_error"]


def test_one_text_is_a_string_and_several_are_parts() -> None:
    """What every host understands."""
    assert sent(Text(text="a")) == [{"role": "user", "content": "a"}]
    assert sent(Text(text="a"), Text(text="b"))[0]["content"] == [
        {"type": "text", "text": "a"},
        {"type": "text", "text": "b"},
    ]


def test_an_assistants_texts_are_one_string() -> None:
    """Few hosts take a list there: pieces of one text are joined, texts around a call kept apart."""
    call = ToolCall(id="a", name="f", arguments="")
    message = Message(role="assistant", parts=[Text(text="a"), Text(text="b"), call, Text(text="c")])
    body, _ = written(Request(model="m", messages=[message]))
    assert body["messages"][0]["content"] == "ab\n\nc"
    assert body["messages"][0]["tool_calls"][0]["function"] == {"name": "f", "arguments": "{}"}


@pytest.mark.parametrize("dialect", ["openai", "openrouter"])
def test_cache_hints_go_where_they_are_taken(dialect: str) -> None:
    """Anthropic's form for hosts that take it; reported for the others, which cache by themselves."""
    request = asked(Text(text="a", cache=CacheHint("1h")), tools=[Tool(name="f", schema={}, cache=CacheHint())])
    body, lost = written(request, dialect)
    if dialect == "openrouter":
        part = {"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
        assert body["messages"][0]["content"] == [part]
        assert body["tools"][0]["cache_control"] == {"type": "ephemeral"}
        assert lost == []
    else:
        assert body["messages"] == [{"role": "user", "content": "a"}]
        assert sorted(lost) == ["messages[0].content.cache_control", "tools[0].cache_control"]


@pytest.mark.parametrize(
    "message",
    [
        {"role": "user", "content": [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "5m"}}]},
        {"role": "system", "content": "a", "cache_control": {"type": "ephemeral"}},
        {"role": "tool", "tool_call_id": "x", "content": "a", "cache_control": {"type": "ephemeral"}},
        {"role": "user", "content": [{"type": "text", "text": "a", "prompt_cache_breakpoint": {"mode": "explicit"}}]},
        {"role": "assistant", "content": "a", "cache_control": {"type": "ephemeral"}},
        {"role": "assistant", "content": None, "cache_control": {"type": "ephemeral"}, "tool_calls": [
            {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
    ],
)  # fmt: skip
def test_a_cache_hint_is_counted_once_and_written_where_it_was(message: dict[str, Any]) -> None:
    """At a part, beside the content, or in OpenAI's own words (fidelity.md failure 11)."""
    request = read(messages=[message])
    hints = [part.cache for part in request.messages[0].parts if getattr(part, "cache", None) is not None]  # type: ignore[union-attr]
    assert len(hints) == 1
    body, lost = written(request)
    assert body["messages"] == [message]
    assert lost == []


def test_what_an_assistant_cannot_say_is_refused() -> None:
    """Content is never dropped silently."""
    image = Media(kind=MediaKind.IMAGE, data=PNG)
    for part in (image, Foreign(format=Format.ANTHROPIC_MESSAGES, kind="server_tool_use", data={})):
        with pytest.raises(Untranslatable, match=r"messages\[0\]"):
            written(Request(model="m", messages=[Message(role="assistant", parts=[part])]))


def test_state_on_a_text_is_a_loss() -> None:
    """Only Google's compatible face has a place, and only for its own."""
    message = Message(role="assistant", parts=[Text(text="a", opaque=Opaque("gemini.signature", "s"))])
    body, lost = written(Request(model="m", messages=[message]))
    assert body["messages"] == [{"role": "assistant", "content": "a"}]
    assert lost == ["messages[0].content"]
    body, lost = written(Request(model="m", messages=[message]), "gemini")
    assert body["messages"][0]["extra_content"] == {"google": {"thought_signature": "s"}}
    assert lost == []


def test_the_written_list_of_reasons_is_whole() -> None:
    """Every reason of the package stands in it."""
    assert {
        value for value in vars(losses).values() if isinstance(value, str) and " " in value and value != losses.__doc__
    } == REASONS


@pytest.mark.parametrize(
    ("members", "path", "reason"),
    [
        ({"messages": None}, "messages", "array"),
        ({"messages": ["x"]}, "messages[0]", "object"),
        ({"messages": [{"content": "x"}]}, "messages[0].role", "string"),
        ({"messages": [{"role": "bot", "content": "x"}]}, "messages[0].role", "not `bot`"),
        ({"messages": [{"role": "user", "content": 1}]}, "messages[0].content", "string or an array"),
        ({"messages": [{"role": "user", "content": [{"text": "x"}]}]}, "messages[0].content[0].type", "string"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0].text", "string"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id", "`id` of a call"),
        ({"messages": [{"role": "assistant", "tool_calls": [{"id": "a"}]}]}, "messages[0].tool_calls[0].function", "object"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:x"}}]}]},
         "messages[0].content[0].image_url.url", "base64"),
        ({"messages": [{"role": "user", "content": [{"type": "file", "file": {}}]}]}, "messages[0].content[0].file", "file_data"),
        ({"tools": [{"type": "function"}]}, "tools[0].function", "object"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name", "string"),
        ({"temperature": "hot"}, "temperature", "number"),
        ({"max_tokens": 1.5}, "max_tokens", "integer"),
        ({"stop": [1]}, "stop", "strings"),
        ({"stream": "yes"}, "stream", "boolean"),
        ({"logit_bias": {"1": "x"}}, "logit_bias.1", "number"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema", "object"),
    ],
)  # fmt: skip
def test_a_bad_request_is_told_where(members: dict[str, Any], path: str, reason: str) -> None:
    """The path in the client's own words, and what should stand there."""
    with pytest.raises(BadShape) as caught:
        read(**members)
    assert caught.value.path == path
    assert reason in caught.value.reason


# Media


@pytest.mark.parametrize(
    ("part", "media"),
    [
        ({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}", "detail": "low"}},
         Media(kind=MediaKind.IMAGE, mime="image/png", data=PNG, detail="low")),
        ({"type": "image_url", "image_url": "https://x/y.png"}, Media(kind=MediaKind.IMAGE, url="https://x/y.png")),
        ({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
         Media(kind=MediaKind.AUDIO, mime="audio/mpeg", data="AAAA")),
        ({"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "a.pdf"}},
         Media(kind=MediaKind.DOCUMENT, mime="application/pdf", data="AAAA", name="a.pdf")),
        ({"type": "file", "file": {"file_id": "file-1"}}, Media(kind=MediaKind.DOCUMENT, file_id="file-1")),
        ({"type": "video_url", "video_url": {"url": "https://x/y.webm"}}, Media(kind=MediaKind.VIDEO, url="https://x/y.webm")),
        ({"type": "document_url", "document_url": "https://x/y.pdf"}, Media(kind=MediaKind.DOCUMENT, url="https://x/y.pdf")),
        ({"type": "file", "file": {"file_data": "data:image/jpeg;base64,/9j/"}},
         Media(kind=MediaKind.IMAGE, mime="image/jpeg", data="/9j/")),
        ({"type": "image_url", "image_url": {"url": "data:image/png;charset=x;base64,AAAA"}},
         Media(kind=MediaKind.IMAGE, mime="image/png", data="AAAA")),
    ],
)  # fmt: skip
def test_media_are_read_and_written_as_they_were(part: dict[str, Any], media: Media) -> None:
    """Whatever the host calls them."""
    request = read(messages=[{"role": "user", "content": [part]}])
    found = request.messages[0].parts[0]
    assert isinstance(found, Media)
    assert written(request)[0]["messages"][0]["content"] == [part]
    found.native = None
    assert found == media


@pytest.mark.parametrize(
    ("media", "dialect", "part"),
    [
        (Media(kind=MediaKind.IMAGE, data="/9j/AA"), "openai",
         {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,/9j/AA"}}),
        (Media(kind=MediaKind.AUDIO, mime="audio/wav", data="AAAA"), "openai",
         {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}),
        (Media(kind=MediaKind.DOCUMENT, mime="application/pdf", data="AAAA"), "openai",
         {"type": "file", "file": {"filename": "document.pdf", "file_data": "data:application/pdf;base64,AAAA"}}),
        (Media(kind=MediaKind.DOCUMENT, mime="text/plain", data="aGVsbG8="), "openai", {"type": "text", "text": "hello"}),
        (Media(kind=MediaKind.DOCUMENT, url="https://x/y.pdf"), "mistral",
         {"type": "document_url", "document_url": "https://x/y.pdf"}),
        (Media(kind=MediaKind.VIDEO, url="https://x/y.mp4"), "openrouter",
         {"type": "video_url", "video_url": {"url": "https://x/y.mp4"}}),
    ],
)  # fmt: skip
def test_media_of_other_formats_are_written_in_the_hosts_words(
    media: Media, dialect: str, part: dict[str, Any]
) -> None:
    """OpenAI's own parts, and those of the hosts that have more."""
    assert sent(media, dialect=dialect)[0]["content"] == [part]


@pytest.mark.parametrize(
    "media",
    [
        Media(kind=MediaKind.DOCUMENT, file_id="file_011"),
        Media(kind=MediaKind.IMAGE, url="gs://bucket/x.png"),
        Media(kind=MediaKind.VIDEO, url="https://x/y.mp4"),
        Media(kind=MediaKind.AUDIO, url="https://x/y.mp3"),
        Media(kind=MediaKind.AUDIO, mime="audio/x-odd", data="AAAA"),
        Media(kind=MediaKind.DOCUMENT, url="https://x/y.pdf"),
    ],
)
def test_media_that_the_format_cannot_take_are_refused(media: Media) -> None:
    """With the place, for the client."""
    with pytest.raises(Untranslatable, match=r"messages\[0\]\.content"):
        sent(media)
