"""A request of another format, written for Gemini."""

from __future__ import annotations

from typing import Any

import pytest

from tests.wire.gemini.recorded import asked, saying, sent
from trunkline.ir.format import Format
from trunkline.ir.losses import Untranslatable
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
from trunkline.wire.gemini import losses as why
from trunkline.wire.gemini.request_out import Rules
from trunkline.wire.gemini.signature import PLACEHOLDER

SIGNED = Opaque("gemini.signature", "c2ln")
OTHER = Opaque("anthropic.signature", "xyz")
SCHEMA: dict[str, object] = {"type": "object", "properties": {"a": {"const": 1}}, "additionalProperties": False}
CALL = ToolCall(id="call_1", name="f", arguments='{"a": 1}')


def parts_of(request: Request, rules: Rules | None = None) -> Any:
    """The parts of the last content, which lost nothing."""
    body, lost = sent(request, rules)
    assert lost == []
    return body["contents"][-1]["parts"]


def refused(request: Request, rules: Rules | None = None) -> str:
    with pytest.raises(Untranslatable) as caught:
        sent(request, rules)
    assert caught.value.reason in why.REFUSED
    return caught.value.reason


def conversation(*messages: Message) -> Request:
    return Request(model="m", messages=[Message(role="user", parts=[Text(text="q")]), *messages])


def result(*content: Text | Media | Foreign, call_id: str = "call_1", is_error: bool = False) -> ToolResult:
    return ToolResult(call_id=call_id, content=list(content), is_error=is_error)


def test_a_conversation_is_written() -> None:
    """System text goes into `systemInstruction`, the rest into contents, with ids and the tool's name on its result."""
    request = Request(
        model="m",
        messages=[
            Message(role="system", parts=[Text(text="s")]),
            Message(role="developer", parts=[Text(text="d")]),
            Message(role="user", parts=[Text(text="q")]),
            Message(role="assistant", parts=[Text(text=""), CALL]),
            Message(role="user", parts=[result(Text(text="5"))]),
            Message(role="assistant", parts=[Text(text="done")]),
        ],
    )
    body, lost = sent(request)
    assert lost == []
    assert body == {
        "systemInstruction": {"parts": [{"text": "s"}, {"text": "d"}]},
        "contents": [
            {"role": "user", "parts": [{"text": "q"}]},
            {"role": "model", "parts": [{"functionCall": {"id": "call_1", "name": "f", "args": {"a": 1}}}]},
            {
                "role": "user",
                "parts": [{"functionResponse": {"id": "call_1", "name": "f", "response": {"output": "5"}}}],
            },
            {"role": "model", "parts": [{"text": "done"}]},
        ],
    }


def test_only_system_text_gets_a_turn_of_the_user() -> None:
    """Gemini wants at least one content."""
    body, _ = sent(Request(model="m", messages=[Message(role="system", parts=[Text(text="s")])]))
    assert body["contents"] == [{"role": "user", "parts": [{"text": " "}]}]


def test_a_late_system_message_moves_and_is_reported() -> None:
    """There is one system instruction, ahead of all."""
    body, lost = sent(conversation(Message(role="system", parts=[Text(text="late")])))
    assert body["systemInstruction"] == {"parts": [{"text": "late"}]}
    assert lost == ["messages[1]"]


def test_results_of_one_turn_stand_in_one_content() -> None:
    """Clients that send one message per result get them joined, as Gemini wants as many results as there were calls."""
    second = ToolCall(id="call_2", name="g", arguments="")
    request = conversation(
        Message(role="assistant", parts=[CALL, second]),
        Message(role="user", parts=[result(Text(text="1"))]),
        Message(role="user", parts=[result(Text(text="2"), call_id="call_2"), Text(text="and?")]),
    )
    body, _ = sent(request)
    assert len(body["contents"]) == 3
    names = [part["functionResponse"]["name"] for part in body["contents"][2]["parts"][:2]]
    assert names == ["f", "g"]
    assert body["contents"][2]["parts"][2] == {"text": "and?"}
    assert body["contents"][1]["parts"][1]["functionCall"]["args"] == {}


@pytest.mark.parametrize(
    ("given", "response"),
    [
        (result(Text(text="a")), {"output": "a"}),
        (result(Text(text="a"), is_error=True), {"error": "a"}),
        (result(), {"output": ""}),
        (result(is_error=True), {"error": ""}),
        (result(Text(text="a"), Text(text="b")), {"output": "a\nb"}),
        (result(Text(text='{"a": 1}')), {"output": '{"a": 1}'}),
    ],
)
def test_results_have_googles_names_for_outcomes(given: ToolResult, response: object) -> None:
    """Text goes into `output` or `error` as it is, JSON or not; a void result is a result."""
    request = conversation(Message(role="assistant", parts=[CALL]), Message(role="user", parts=[given]))
    (part,) = parts_of(request)
    assert part["functionResponse"]["response"] == response


def test_media_in_a_result_go_inside_or_behind() -> None:
    """Gemini 3 takes media inside a result; for earlier models they stand behind it, and that is reported."""
    image = Media(kind=MediaKind.IMAGE, mime="image/png", data="AAAA", name="a.png")
    given = result(Text(text="see"), image)
    request = conversation(Message(role="assistant", parts=[CALL]), Message(role="user", parts=[given]))
    blob = {"inlineData": {"mimeType": "image/png", "data": "AAAA", "displayName": "a.png"}}
    (part,) = parts_of(request)
    assert part["functionResponse"]["parts"] == [blob]
    body, lost = sent(request, Rules(media_in_results=False))
    response, beside = body["contents"][-1]["parts"]
    assert "parts" not in response["functionResponse"]
    assert beside == blob
    assert lost == ["messages[2].content[0]"]


def test_a_result_of_nobodys_call_is_refused() -> None:
    """Gemini needs the name of the tool."""
    assert refused(conversation(Message(role="user", parts=[result(call_id="?")]))) == why.NO_NAME


def test_ids_that_were_made_here_are_left_out() -> None:
    """An answer of a model without ids goes back without any; the result pairs by its name."""
    call = ToolCall(id="tlkgem_abc_0", name="f", arguments="{}")
    request = conversation(
        Message(role="assistant", parts=[call]),
        Message(role="user", parts=[result(Text(text="1"), call_id="tlkgem_abc_0")]),
    )
    body, _ = sent(request)
    assert body["contents"][1]["parts"] == [{"functionCall": {"name": "f", "args": {}}}]
    assert body["contents"][2]["parts"] == [{"functionResponse": {"name": "f", "response": {"output": "1"}}}]


@pytest.mark.parametrize("arguments", ["[1]", "{", "text", "[" * 5000])
def test_arguments_that_are_no_object_are_refused(arguments: str) -> None:
    """What another model wrote as arguments and is no JSON object cannot be sent."""
    call = ToolCall(id="1", name="f", arguments=arguments)
    assert refused(conversation(Message(role="assistant", parts=[call]))) == why.ARGUMENTS


def test_signatures_of_gemini_go_back_where_they_were() -> None:
    """Gemini's own state is written raw on the part it came on, in order."""
    parts: list[Part] = [
        Reasoning(text="t", opaque=SIGNED),
        Text(text="a", opaque=SIGNED),
        ToolCall(id="1", name="f", arguments="{}", opaque=SIGNED),
        Reasoning(text="", opaque=SIGNED),
    ]
    written = parts_of(saying(*parts, role="assistant"))
    assert [part.get("thoughtSignature") for part in written] == ["c2ln"] * 4
    assert [sorted(part) for part in written] == [
        ["text", "thought", "thoughtSignature"],
        ["text", "thoughtSignature"],
        ["functionCall", "thoughtSignature"],
        ["text", "thoughtSignature"],
    ]


def test_state_and_thoughts_of_others_are_dropped_and_reported() -> None:
    """Another provider's signature is no use to Gemini, and another model's thinking is not sent on as text."""
    parts: list[Part] = [
        Reasoning(text="secret", opaque=OTHER),
        Reasoning(text="whose?"),
        Text(text="a", opaque=OTHER),
        ToolCall(id="1", name="f", arguments="{}", opaque=Opaque("openai.encrypted", "z")),
    ]
    body, lost = sent(saying(*parts, role="assistant"))
    assert body["contents"][-1]["parts"] == [
        {"text": "a"},
        {"functionCall": {"name": "f", "args": {}, "id": "1"}},
    ]
    assert lost == [f"messages[1].content[{n}]" for n in range(4)]


def test_a_turn_of_thoughts_only_leaves_no_empty_content() -> None:
    """Gemini refuses contents without parts."""
    body, _ = sent(saying(Reasoning(text="secret", opaque=OTHER), role="assistant"))
    assert len(body["contents"]) == 1


def test_calls_of_another_model_get_googles_placeholder_where_asked() -> None:
    """Gemini 3 refuses a turn whose first call has no signature; only that one gets the placeholder."""
    request = saying(CALL, ToolCall(id="2", name="g", arguments="{}"), role="assistant")
    first, second = parts_of(request, Rules(fill_signatures=True))
    assert first["thoughtSignature"] == PLACEHOLDER == "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="
    assert "thoughtSignature" not in second
    signed = saying(ToolCall(id="1", name="f", arguments="{}", opaque=SIGNED), role="assistant")
    assert parts_of(signed, Rules(fill_signatures=True))[0]["thoughtSignature"] == "c2ln"
    assert "thoughtSignature" not in parts_of(request)[0]


@pytest.mark.parametrize(
    ("medium", "part"),
    [
        (
            Media(kind=MediaKind.IMAGE, mime="image/png", data="AAAA"),
            {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
        ),
        (Media(kind=MediaKind.AUDIO, data="AAAA"), {"inlineData": {"mimeType": "audio/mpeg", "data": "AAAA"}}),
        (
            Media(kind=MediaKind.IMAGE, url="https://a/b.webp?x=1#y"),
            {"fileData": {"fileUri": "https://a/b.webp?x=1#y", "mimeType": "image/webp"}},
        ),
        (Media(kind=MediaKind.VIDEO, url="https://youtu.be/x"), {"fileData": {"fileUri": "https://youtu.be/x"}}),
        (
            Media(kind=MediaKind.DOCUMENT, mime="application/pdf", url="gs://b/k"),
            {"fileData": {"fileUri": "gs://b/k", "mimeType": "application/pdf"}},
        ),
        (
            Media(kind=MediaKind.IMAGE, file_id="https://generativelanguage.googleapis.com/v1beta/files/x"),
            {"fileData": {"fileUri": "https://generativelanguage.googleapis.com/v1beta/files/x"}},
        ),
    ],
)
def test_media_are_written(medium: Media, part: object) -> None:
    """Inline, by URL, and by the id of Google's own Files API."""
    assert parts_of(saying(medium)) == [part]


def test_vertex_wants_a_type_and_takes_a_name() -> None:
    """On Vertex AI the usual type of the kind stands in, reported; plain HTTP and file names are fine there."""
    body, lost = sent(saying(Media(kind=MediaKind.IMAGE, url="http://a/b")), Rules(vertex=True))
    assert body["contents"][0]["parts"] == [{"fileData": {"fileUri": "http://a/b", "mimeType": "image/jpeg"}}]
    assert lost == ["messages[0].content[0].mime"]
    named = saying(Media(kind=MediaKind.DOCUMENT, mime="application/pdf", data="AAAA", name="a.pdf"))
    assert parts_of(named, Rules(vertex=True))[0]["inlineData"]["displayName"] == "a.pdf"
    body, lost = sent(named)
    assert "displayName" not in body["contents"][0]["parts"][0]["inlineData"]
    assert lost == ["messages[0].content[0].name"]


@pytest.mark.parametrize(
    ("medium", "reason"),
    [
        (Media(kind=MediaKind.IMAGE, url="s3://b/k"), why.URL),
        (Media(kind=MediaKind.IMAGE, url="http://a/b.png"), why.URL),
        (Media(kind=MediaKind.DOCUMENT, file_id="file-abc"), why.FILE_ID),
    ],
)
def test_files_that_gemini_cannot_reach_are_refused(medium: Media, reason: str) -> None:
    """The text says what to do about it."""
    assert refused(saying(medium)) == reason


@pytest.mark.parametrize(
    "part",
    [
        Foreign(format=Format.ANTHROPIC_MESSAGES, kind="server_tool_use", data={}),
        Foreign(format=Format.GEMINI, kind="part", data="no object"),
    ],
)
def test_content_of_another_format_is_refused(part: Foreign) -> None:
    """It is neither sent nor skipped."""
    assert refused(saying(part)) == why.FOREIGN_PART
    inside = conversation(Message(role="assistant", parts=[CALL]), Message(role="user", parts=[result(part)]))
    assert refused(inside) == why.FOREIGN_PART


def test_custom_tools_are_refused() -> None:
    """Gemini's tools take JSON objects only."""
    assert refused(Request(model="m", messages=[], tools=[Tool(name="f", custom=True)])) == why.CUSTOM_TOOL
    call = ToolCall(id="1", name="f", arguments="x", custom=True)
    assert refused(saying(call, role="assistant")) == why.CUSTOM_TOOL
    answer = ToolResult(call_id="call_1", custom=True)
    assert refused(conversation(Message(role="assistant", parts=[CALL, answer]))) == why.CUSTOM_TOOL


def test_media_in_the_system_instruction_are_refused() -> None:
    """It takes only text."""
    image = Media(kind=MediaKind.IMAGE, mime="image/png", data="AAAA")
    assert refused(saying(image, role="system")) == why.SYSTEM_MEDIA


def test_tools_are_written_in_one_group() -> None:
    """JSON Schemas go out as they are; hints and flags that Gemini lacks are reported."""
    request = saying(Text(text="q"))
    request.tools = [
        Tool(name="f", description="d", schema=SCHEMA, strict=True),
        Tool(name="g", cache=CacheHint(), native=Native(Format.ANTHROPIC_MESSAGES, {"input_examples": []})),
    ]
    body, lost = sent(request)
    assert body["tools"] == [
        {"functionDeclarations": [{"name": "f", "description": "d", "parametersJsonSchema": SCHEMA}, {"name": "g"}]}
    ]
    assert lost == ["tools[0].strict", "tools[1].cache", "tools[1].input_examples"]


def test_the_older_dialect_is_written_where_asked() -> None:
    """Models before 2.5 get `parameters` and `responseSchema`; dropped keywords are reported."""
    rules = Rules(openapi_schemas=True)
    request = saying(Text(text="q"))
    empty: dict[str, object] = {"type": "object", "properties": {}}
    request.tools = [Tool(name="f", schema=SCHEMA), Tool(name="g", schema=empty)]
    request.output = OutputSchema(schema=SCHEMA, description="d")
    body, lost = sent(request, rules)
    parameters = {"type": "OBJECT", "properties": {"a": {"type": "INTEGER"}}}
    assert body["tools"] == [{"functionDeclarations": [{"name": "f", "parameters": parameters}, {"name": "g"}]}]
    assert body["generationConfig"] == {
        "responseMimeType": "application/json",
        "responseSchema": {**parameters, "description": "d"},
    }
    assert lost == [
        *("tools[0].schema.additionalProperties", "tools[0].schema.const"),
        *("output.schema.additionalProperties", "output.schema.const"),
    ]


def test_a_recursive_schema_is_refused_in_the_older_dialect_only() -> None:
    """It cannot be written without references."""
    tree: dict[str, object] = {"type": "object", "properties": {"child": {"$ref": "#"}}}
    request = saying(Text(text="q"))
    request.tools = [Tool(name="f", schema=tree)]
    assert refused(request, Rules(openapi_schemas=True)) == why.RECURSIVE
    assert sent(request)[1] == []


def test_server_tools_of_others_are_refused() -> None:
    """A search that another provider runs is none of Gemini's."""
    native = Native(Format.OPENAI_RESPONSES, {"type": "web_search"})
    request = saying(Text(text="q"))
    request.tools = [Tool(name="web_search", foreign=True, native=native)]
    assert refused(request) == why.FOREIGN_TOOL


@pytest.mark.parametrize(
    ("choice", "config"),
    [
        (ToolChoice(mode="auto"), {"mode": "AUTO"}),
        (ToolChoice(mode="none"), {"mode": "NONE"}),
        (ToolChoice(mode="required"), {"mode": "ANY"}),
        (ToolChoice(mode="required", names=["f"]), {"mode": "ANY", "allowedFunctionNames": ["f"]}),
        (ToolChoice(mode="auto", names=["f"]), {"mode": "VALIDATED", "allowedFunctionNames": ["f"]}),
    ],
)
def test_tool_choices_are_written(choice: ToolChoice, config: object) -> None:
    """Names beside `auto` need the mode that may answer in words and takes names."""
    request = saying(Text(text="q"))
    request.tools, request.tool_choice = [Tool(name="f")], choice
    body, lost = sent(request)
    assert body["toolConfig"] == {"functionCallingConfig": config}
    assert lost == []


def test_a_choice_without_tools_is_left_out() -> None:
    """Gemini refuses it; only one that demands a call is a loss."""
    request = saying(Text(text="q"))
    request.tool_choice = ToolChoice(mode="none")
    assert sent(request) == ({"contents": [{"role": "user", "parts": [{"text": "q"}]}]}, [])
    request.tool_choice = ToolChoice(mode="required")
    assert sent(request)[1] == ["tool_choice"]


def test_knobs_are_written_and_missing_ones_reported() -> None:
    """What Gemini has is sent; the rest is named."""
    request = saying(Text(text="q"))
    request.sampling = Sampling(
        max_tokens=5, temperature=0.5, top_p=0.9, top_k=3, min_p=0.1, stop=["a"], seed=1, frequency_penalty=0.1,
        presence_penalty=0.2, candidates=2, logprobs=True, top_logprobs=3, logit_bias={"1": 1.0},
    )  # fmt: skip
    request.modalities, request.verbosity, request.user = ["text", "image"], "low", "u"
    request.metadata, request.store, request.cache = {"a": "b"}, True, CacheHint()
    request.parallel_tools, request.tools = False, [Tool(name="f")]
    request.native = Native(Format.OPENAI_CHAT, {"prediction": {}})
    body, lost = sent(request)
    assert body["generationConfig"] == {
        "maxOutputTokens": 5, "temperature": 0.5, "topP": 0.9, "topK": 3, "stopSequences": ["a"], "seed": 1,
        "frequencyPenalty": 0.1, "presencePenalty": 0.2, "candidateCount": 2, "responseLogprobs": True, "logprobs": 3,
        "responseModalities": ["TEXT", "IMAGE"],
    }  # fmt: skip
    assert sorted(lost) == [
        *("cache_control", "logit_bias", "metadata", "min_p", "parallel_tool_calls", "prediction"),
        *("store", "user", "verbosity"),
    ]


@pytest.mark.parametrize(
    ("thinking", "config", "lost"),
    [
        (Thinking(effort="low"), {"thinkingLevel": "low"}, []),
        (Thinking(effort="max", show=True), {"thinkingLevel": "high", "includeThoughts": True}, ["thinking.effort"]),
        (Thinking(effort="none"), {"thinkingBudget": 0}, []),
        (Thinking(enabled=False), {"thinkingBudget": 0}, []),
        (Thinking(enabled=True, budget=1024), {"thinkingBudget": 1024, "includeThoughts": True}, []),
        (Thinking(budget=-1, show=False), {"thinkingBudget": -1, "includeThoughts": False}, []),
        (Thinking(effort="high", budget=9), {"thinkingLevel": "high"}, ["thinking.budget"]),
        (Thinking(summary="auto"), {"includeThoughts": True}, []),
        (Thinking(summary="detailed"), {"includeThoughts": True}, ["thinking.summary"]),
        (Thinking(), None, []),
    ],
)
def test_thinking_is_written(thinking: Thinking, config: object, lost: list[str]) -> None:
    """A level or a budget, never both, which is a 400; which of them a model takes is its profile's affair."""
    request = saying(Text(text="q"))
    request.thinking = thinking
    body, found = sent(request)
    assert body.get("generationConfig", {}).get("thinkingConfig") == config
    assert found == lost


@pytest.mark.parametrize(
    ("output", "config"),
    [
        (OutputSchema(), {"responseMimeType": "application/json"}),
        (
            OutputSchema(schema=SCHEMA, name="n", strict=True),
            {"responseMimeType": "application/json", "responseJsonSchema": SCHEMA},
        ),
    ],
)
def test_output_schemas_are_written(output: OutputSchema, config: object) -> None:
    """JSON of any shape, or of a schema; the schema's name is only a label and no loss."""
    request = saying(Text(text="q"))
    request.output = output
    assert sent(request) == ({"contents": [{"role": "user", "parts": [{"text": "q"}]}], "generationConfig": config}, [])


@pytest.mark.parametrize(
    ("tier", "vertex", "written", "lost"),
    [
        ("default", False, "standard", []),
        ("auto", False, None, []),
        ("flex", False, "flex", []),
        ("flex", True, None, ["service_tier"]),
        ("default", True, None, []),
    ],
)
def test_service_tiers_are_written(tier: str, vertex: bool, written: str | None, lost: list[str]) -> None:
    """AI Studio takes the tier in the body; Vertex AI by a header, so there it is reported."""
    request = saying(Text(text="q"))
    request.service_tier = tier
    body, found = sent(request, Rules(vertex=vertex))
    assert body.get("serviceTier") == written
    assert found == lost


def test_small_things_of_content_are_reported() -> None:
    """Names, cache hints, citations and the detail of an image have no place in a request."""
    text = Text(text="a", cache=CacheHint(), citations=[Citation(url="https://a")])
    image = Media(kind=MediaKind.IMAGE, mime="image/png", data="AAAA", detail="high", cache=CacheHint())
    request = saying(text, image)
    request.messages[0].name = "n"
    assert sent(request)[1] == [
        "messages[0].name",
        *("messages[0].content[0].citations", "messages[0].content[0].cache"),
        *("messages[0].content[1].cache", "messages[0].content[1].detail"),
    ]


def test_every_reason_is_in_the_written_list() -> None:
    """Each constant is listed once as dropped or refused, and reads as one clause."""
    constants = {value for name, value in vars(why).items() if name.isupper() and isinstance(value, str)}
    assert constants == why.REASONS
    assert not why.DROPPED & why.REFUSED
    assert all(not reason.endswith(".") for reason in why.REASONS)


def test_a_schema_that_was_put_in_place_of_another_counts() -> None:
    """A pipeline that changes a tool's schema is obeyed, though the tool came in the older dialect."""
    request = asked(
        {
            "contents": [{"parts": [{"text": "x"}]}],
            "tools": [{"functionDeclarations": [{"name": "f", "parameters": {"type": "OBJECT"}}]}],
        }
    )
    request.tools[0].schema = SCHEMA
    assert sent(request)[0]["tools"] == [{"functionDeclarations": [{"name": "f", "parametersJsonSchema": SCHEMA}]}]
