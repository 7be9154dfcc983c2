"""Requests of Bedrock's own clients: what is read, what goes back as it was, what is refused with a reason."""

from __future__ import annotations

from typing import Any

import pytest

from trunkline.ir.envelope import seal
from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape, Losses, Untranslatable
from trunkline.ir.parts import (
    CacheHint,
    Foreign,
    Media,
    MediaKind,
    Opaque,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.ir.request import Request, ToolChoice
from trunkline.wire.bedrock_converse.codec import CODEC
from trunkline.wire.bedrock_converse.count import (
    decode_count,
    decode_count_request,
    encode_count,
    encode_count_request,
)
from trunkline.wire.codec import Named

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"


def read(body: dict[str, Any], model: str = CLAUDE) -> Request:
    """The request of a body."""
    return CODEC.decode_request(body, Named(model=model))


def blocks(*content: dict[str, Any], role: str = "user", **more: Any) -> dict[str, Any]:
    """A body with one message."""
    return {"messages": [{"role": role, "content": list(content)}], **more}


def same(body: dict[str, Any], model: str = CLAUDE) -> Request:
    """The request of a body that is written as it was read, without loss."""
    request, losses = read(body, model), Losses()
    assert CODEC.encode_request(request, losses) == body
    assert losses.found == []
    return request


def test_path_and_body_together_are_the_request() -> None:
    """The model and whether to stream stand in the path."""
    request = CODEC.decode_request(blocks({"text": "hi"}), Named(model="m", stream=True))
    assert (request.model, request.stream) == ("m", True)
    assert request.messages[0].parts == [Text(text="hi")]


def test_common_knobs_are_read() -> None:
    """`inferenceConfig` is known to all formats; whole numbers stay whole."""
    sampling = same(
        blocks(
            {"text": "hi"},
            inferenceConfig={"maxTokens": 5, "temperature": 1, "topP": 0.5, "stopSequences": ["a"], "new": 1},
        )
    ).sampling
    assert (sampling.max_tokens, sampling.temperature, sampling.top_p, sampling.stop) == (5, 1, 0.5, ["a"])


@pytest.mark.parametrize(
    "more",
    [
        {"system": []},
        {"system": None, "inferenceConfig": None},
        {"inferenceConfig": {}, "toolConfig": {}, "additionalModelRequestFields": {}, "outputConfig": {}},
        {"inferenceConfig": {"temperature": None, "stopSequences": []}},
        {"toolConfig": {"tools": []}},
        {"requestMetadata": {}},
        {"requestMetadata": {"team": "x"}, "serviceTier": {"type": "flex"}},
        {"serviceTier": {}},
        {"guardrailConfig": {"guardrailIdentifier": "g"}, "performanceConfig": {"latency": "optimized"}},
        {"promptVariables": {"a": {"text": "b"}}, "additionalModelResponseFieldPaths": ["/stop_sequence"]},
        {"somethingNew": [1, {"a": None}]},
        {"additionalModelRequestFields": {"top_k": 5, "anthropic_beta": ["x"]}},
        {"additionalModelRequestFields": {"inferenceConfig": {"topK": 10}}},
        {"additionalModelRequestFields": {"inferenceConfig": {"topK": 10, "x": 1}}},
        {"additionalModelRequestFields": {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}},
        {"outputConfig": {"textFormat": {"type": "other"}, "effort": "high"}},
        {"toolConfig": {"tools": [{"toolSpec": {"name": "a"}}], "toolChoice": {"new": {}}, "more": 1}},
    ],
)
def test_what_is_not_common_goes_back_as_it_was(more: dict[str, Any]) -> None:
    """Empty, null and unknown members, and other models' fields."""
    same(blocks({"text": "hi"}, **more))


def test_a_prompt_resource_needs_no_messages() -> None:
    """With a prompt's ARN in the path, variables suffice; an empty list stays one."""
    same({"promptVariables": {"a": {"text": "b"}}})
    same({"messages": [], "system": [{"text": "x"}]})


def test_a_cache_point_is_a_hint_on_the_part_before_it() -> None:
    """In messages, system text and tools; its lifetime is kept."""
    request = same(
        blocks(
            {"text": "a"},
            {"cachePoint": {"type": "default"}},
            {"text": "b"},
            {"cachePoint": {"type": "default", "ttl": "1h"}},
            system=[{"text": "s"}, {"cachePoint": {"type": "default", "ttl": "5m"}}],
            toolConfig={
                "tools": [
                    {"toolSpec": {"name": "t", "inputSchema": {"json": {}}}},
                    {"cachePoint": {"type": "default"}},
                ]
            },
        )
    )
    system, user = request.messages
    assert [part.cache for part in user.parts if isinstance(part, Text)] == [CacheHint(), CacheHint("1h")]
    assert isinstance(system.parts[0], Text)
    assert system.parts[0].cache == CacheHint("5m")
    assert request.tools[0].cache == CacheHint()


def test_cache_points_that_are_no_hints_stay_blocks() -> None:
    """The first of a message, the second in a row, one behind a thought, one of another type."""
    request = same(
        blocks(
            {"cachePoint": {"type": "default"}},
            {"text": "a"},
            {"cachePoint": {"type": "default"}},
            {"cachePoint": {"type": "default"}},
            {"cachePoint": {"type": "new"}},
            toolConfig={"tools": [{"cachePoint": {"type": "default"}}, {"systemTool": {"name": "g"}}]},
        )
    )
    kinds = [type(part) for part in request.messages[0].parts]
    assert kinds == [Foreign, Text, Foreign, Foreign]
    assert [tool.foreign for tool in request.tools] == [True, True]


@pytest.mark.parametrize(
    ("block", "media"),
    [
        ({"image": {"format": "png", "source": {"bytes": "aWc="}}}, Media(kind=MediaKind.IMAGE, mime="image/png", data="aWc=")),
        (
            {"document": {"format": "pdf", "name": "n", "source": {"s3Location": {"uri": "s3://b/k"}}}},
            Media(kind=MediaKind.DOCUMENT, mime="application/pdf", url="s3://b/k", name="n"),
        ),
        ({"video": {"format": "three_gp", "source": {"bytes": "aa"}}}, Media(kind=MediaKind.VIDEO, mime="video/3gpp", data="aa")),
        ({"audio": {"format": "mp3", "source": {"bytes": "aa"}}}, Media(kind=MediaKind.AUDIO, mime="audio/mpeg", data="aa")),
    ],
)  # fmt: skip
def test_media(block: dict[str, Any], media: Media) -> None:
    """The four kinds, inline and on S3."""
    assert same(blocks(block)).messages[0].parts == [media]


@pytest.mark.parametrize(
    "block",
    [
        {"image": {"format": "heic", "source": {"bytes": "aa"}, "error": {"message": "x"}}},
        {"image": {"format": "png", "source": {"bytes": ""}}},
        {"image": {"source": {"bytes": "aa"}}},
        {"image": {"format": "png", "source": {"newSource": {}}}},
        {"document": {"name": "n", "source": {"bytes": "aa"}, "context": "c", "citations": {"enabled": True}}},
        {"document": {"format": "md", "name": "bad/name??", "source": {"text": "# hä"}}},
        {"document": {"name": "n", "source": {"content": [{"text": "a"}, {"text": "b"}]}}},
        {"document": {"format": "pdf", "name": "n", "source": {"s3Location": {"uri": "s3://b/k", "bucketOwner": "1"}}}},
        {"guardContent": {"text": {"text": "a", "qualifiers": ["query"]}}},
        {"guardContent": {"image": {"format": "png", "source": {"bytes": "aa"}}}},
        {"guardContent": {"new": {}}},
        {"searchResult": {"source": "s", "title": "t", "content": [{"text": "x"}]}},
        {"toolAddition": {"tool": {"name": "x"}}},
        {"text": "", "extra": 1},
        {"image": {"format": "png", "source": {"bytes": "aa"}}, "extra": 1},
        {"toolResult": {"toolUseId": "a.b:c", "content": []}},
        {"toolResult": {"toolUseId": "a", "content": [{"text": ""}, {"json": [1, None]}], "status": "success", "type": "x"}},
        {"toolResult": {"toolUseId": "a", "content": [{"searchResult": {}}, {"new": 1}], "status": "error"}},
    ],
)  # fmt: skip
def test_blocks_go_back_as_they_were(block: dict[str, Any]) -> None:
    """Members, sources and blocks that have no place in the representation are kept whole."""
    same(blocks(block))


def test_a_document_that_is_text_is_one_for_other_formats_too() -> None:
    """Its text is there as base64, and its chunks as one."""
    one, two = same(
        blocks(
            {"document": {"format": "txt", "name": "n", "source": {"text": "ab"}}},
            {"document": {"name": "n", "source": {"content": [{"text": "a"}, {"text": "b"}]}}},
        )
    ).messages[0].parts  # fmt: skip
    assert isinstance(one, Media)
    assert isinstance(two, Media)
    assert (one.mime, one.data) == ("text/plain", "YWI=")
    assert (two.mime, two.data) == ("text/plain", "YQpi")


def test_guarded_text_is_text_with_a_mark() -> None:
    """Other formats can send it, and report the mark."""
    part = read(blocks({"guardContent": {"text": {"text": "a", "qualifiers": ["query"]}}})).messages[0].parts[0]
    assert isinstance(part, Text)
    assert part.text == "a"
    assert part.native is not None
    assert part.native.members == {"guardContent": {"qualifiers": ["query"]}}


def test_calls_and_results() -> None:
    """Arguments become JSON text; JSON results become text that is JSON; the status says whether it is an error."""
    request = same(
        {
            "messages": [
                {"role": "user", "content": [{"text": "go"}]},
                {
                    "role": "assistant",
                    "content": [{"toolUse": {"toolUseId": "t1", "name": "f", "input": {"a": [1, 2.5, None]}}}],
                },
                {
                    "role": "user",
                    "content": [
                        {"toolResult": {"toolUseId": "t1", "content": [{"json": {"x": 1}}], "status": "error"}}
                    ],
                },
            ]
        }
    )
    call, result = request.messages[1].parts[0], request.messages[2].parts[0]
    assert call == ToolCall(id="t1", name="f", arguments='{"a":[1,2.5,null]}')
    assert isinstance(result, ToolResult)
    assert (result.call_id, result.is_error) == ("t1", True)
    assert isinstance(result.content[0], Text)
    assert result.content[0].text == '{"x":1}'
    assert result.content[0].native is not None
    assert result.content[0].native.members == {}


def test_a_servers_tool_is_foreign() -> None:
    """What the provider ran itself is not for the client to run, and its result is not the client's."""
    request = same(
        blocks(
            {"toolUse": {"toolUseId": "t", "name": "nova_grounding", "input": {}, "type": "server_tool_use"}},
            {"toolResult": {"toolUseId": "t", "content": [{"text": "x"}], "type": "nova_grounding_result"}},
            role="assistant",
        )
    )
    assert [type(part) for part in request.messages[0].parts] == [Foreign, Foreign]


def test_thoughts_keep_their_signatures() -> None:
    """Signed, hidden and unsigned ones; a client without envelope cannot say whose they are."""
    parts = same(
        blocks(
            {"reasoningContent": {"reasoningText": {"text": "t", "signature": "sig"}}},
            {"reasoningContent": {"redactedContent": "cmVkYWN0ZWQ="}},
            {"reasoningContent": {"reasoningText": {"text": "open"}}},
            {"reasoningContent": {"reasoningText": {"text": "", "signature": "sig"}}},
            {"reasoningContent": {"new": 1}},
            role="assistant",
        )
    ).messages[0].parts  # fmt: skip
    assert parts[:3] == [
        Reasoning(text="t", opaque=Opaque("bedrock.signature", "sig")),
        Reasoning(opaque=Opaque("bedrock.redacted", "cmVkYWN0ZWQ=")),
        Reasoning(text="open"),
    ]


def test_a_thought_with_an_empty_signature_does_not_leave() -> None:
    """An interrupted stream leaves such; sent back it would wedge the conversation for ever."""
    body = blocks(
        {"reasoningContent": {"reasoningText": {"text": "t", "signature": ""}}}, {"text": "a"}, role="assistant"
    )
    losses = Losses()
    written = CODEC.encode_request(read(body), losses)
    assert written["messages"] == [{"role": "assistant", "content": [{"text": "a"}]}]
    assert len(losses.found) == 1


def test_envelopes_are_opened() -> None:
    """State of another provider comes back as it was sealed, in both places, and does not go to Bedrock."""
    from base64 import b64encode

    gemini = Opaque("gemini.signature", "blob", "google", "d1")
    openai = Opaque("openai.encrypted", "enc", "openai", "d2", "rs_1")
    body = blocks(
        {"reasoningContent": {"reasoningText": {"text": "t", "signature": seal(gemini)}}},
        {"reasoningContent": {"redactedContent": b64encode(seal(openai).encode()).decode()}},
        {"text": "a"},
        role="assistant",
    )
    request, losses = read(body), Losses()
    assert request.messages[0].parts[:2] == [Reasoning(text="t", opaque=gemini), Reasoning(opaque=openai)]
    assert CODEC.encode_request(request, losses)["messages"] == [{"role": "assistant", "content": [{"text": "a"}]}]
    assert len(losses.found) == 2


def test_own_state_in_an_envelope_goes_back_raw() -> None:
    """The provider gets what it made, without the envelope."""
    own = Opaque("bedrock.signature", "sig", "bedrock", "d1")
    body = blocks({"reasoningContent": {"reasoningText": {"text": "t", "signature": seal(own)}}}, role="assistant")
    written = CODEC.encode_request(read(body), Losses())
    assert written == blocks(
        {"reasoningContent": {"reasoningText": {"text": "t", "signature": "sig"}}}, role="assistant"
    )


def test_what_other_providers_left_is_mended() -> None:
    """A client that was served by another provider before: its ids are mapped alike, its husks go, a turn stays."""
    from base64 import b64encode

    odd = "call|" + "x" * 80
    carried = b64encode(b"before:" + seal(Opaque("gemini.signature", "blob")).encode()).decode()
    body = {
        "messages": [
            {"role": "user", "content": [{"text": "a"}]},
            {
                "role": "assistant",
                "content": [
                    {"toolUse": {"toolUseId": odd, "name": "f", "input": {}}},
                    {"reasoningContent": {"redactedContent": carried}},
                ],
            },
            {"role": "user", "content": [{"toolResult": {"toolUseId": odd, "content": []}}]},
            {"role": "assistant", "content": [{"text": ""}, {"reasoningContent": {"redactedContent": carried}}]},
            {"role": "user", "content": [{"text": "b"}]},
        ]
    }
    losses = Losses()
    written: Any = CODEC.encode_request(read(body), losses)
    call, result = written["messages"][1]["content"], written["messages"][2]["content"]
    assert len(call) == 1
    assert call[0]["toolUse"]["toolUseId"] == result[0]["toolResult"]["toolUseId"] != odd
    assert written["messages"][3]["content"] == [{"text": "."}]
    assert len(losses.found) == 3


def test_a_damaged_envelope_leaves_nothing() -> None:
    """Neither the state nor the thought that would be without it."""
    sealed = seal(Opaque("gemini.signature", "blob"))
    body = blocks(
        {"reasoningContent": {"reasoningText": {"text": "t", "signature": sealed[:-6]}}},
        {"text": "a"},
        role="assistant",
    )
    assert read(body).messages[0].parts == [Text(text="a")]


def test_roles() -> None:
    """System text may stand among the messages too (Claude 4.8 and later), and stays where it stood."""
    request = same(
        {
            "system": [{"text": "first"}],
            "messages": [
                {"role": "user", "content": [{"text": "a"}]},
                {"role": "system", "content": [{"text": "b"}, {"toolRemoval": {"tool": {"name": "x"}}}]},
                {"role": "assistant", "content": [], "new": 1},
            ],
        }
    )
    assert [message.role for message in request.messages] == ["system", "user", "system", "assistant"]


@pytest.mark.parametrize(
    ("choice", "found"),
    [
        ({"auto": {}}, ToolChoice(mode="auto")),
        ({"any": {}}, ToolChoice(mode="required")),
        ({"tool": {"name": "t"}}, ToolChoice(mode="required", names=["t"])),
    ],
)
def test_tool_choices(choice: dict[str, Any], found: ToolChoice) -> None:
    """The three that Converse has."""
    tools = [
        {"toolSpec": {"name": "t", "description": "", "inputSchema": {"json": {"type": "object"}}, "strict": False}}
    ]
    request = same(blocks({"text": "a"}, toolConfig={"tools": tools, "toolChoice": choice}))
    assert request.tool_choice == found
    assert (request.tools[0].name, request.tools[0].schema, request.tools[0].strict) == ("t", {"type": "object"}, False)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"messages": "x"}, "messages"),
        ({"messages": [1]}, "messages[0]"),
        ({"messages": [{"role": "user", "content": "hi"}]}, "messages[0].content"),
        ({"messages": [{"role": "tool", "content": []}]}, "messages[0].role"),
        (blocks({}), "messages[0].content[0]"),
        (blocks({"text": 1}), "messages[0].content[0].text"),
        (blocks({"image": {"format": "png"}}), "messages[0].content[0].image.source"),
        (blocks({"toolUse": {"name": "f", "input": {}}}), "messages[0].content[0].toolUse.toolUseId"),
        (blocks({"toolResult": {"toolUseId": "a"}}), "messages[0].content[0].toolResult.content"),
        (blocks({"toolResult": {"toolUseId": "a", "content": [], "status": "x"}}), "messages[0].content[0].toolResult.status"),
        (blocks({"reasoningContent": {"reasoningText": {}}}), "messages[0].content[0].reasoningContent.reasoningText.text"),
        (blocks({"text": "a"}, system="x"), "system"),
        (blocks({"text": "a"}, system=[{"image": {"format": "png", "source": {"bytes": "a"}}}]), "system[0]"),
        (blocks({"text": "a"}, inferenceConfig={"maxTokens": "5"}), "inferenceConfig.maxTokens"),
        (blocks({"text": "a"}, inferenceConfig={"maxTokens": True}), "inferenceConfig.maxTokens"),
        (blocks({"text": "a"}, inferenceConfig={"stopSequences": [1]}), "inferenceConfig.stopSequences[0]"),
        (blocks({"text": "a"}, toolConfig={"tools": [{"toolSpec": {}}]}), "toolConfig.tools[0].toolSpec.name"),
        (
            blocks({"text": "a"}, outputConfig={"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": "["}}}}),
            "outputConfig.textFormat.structure.jsonSchema.schema",
        ),
    ],
)  # fmt: skip
def test_bad_shapes_say_where(body: dict[str, Any], path: str) -> None:
    """The client is told the place of what is wrong."""
    with pytest.raises(BadShape) as caught:
        read(body)
    assert caught.value.path == path


def test_a_foreign_block_of_another_format_is_refused() -> None:
    """Content that Converse cannot express is an error, never a silent drop."""
    request = read(blocks({"text": "a"}))
    request.messages[0].parts.append(Foreign(format=Format.ANTHROPIC_MESSAGES, kind="server_tool_use", data={}))
    with pytest.raises(Untranslatable, match="server_tool_use"):
        CODEC.encode_request(request, Losses())


def test_counting_tokens() -> None:
    """The same request, without what does not count; the number comes back alone."""
    body = blocks({"text": "a"}, system=[{"text": "s"}], inferenceConfig={"maxTokens": 5})
    asked = encode_count_request(read(body), Losses())
    assert asked == {"input": {"converse": {"messages": body["messages"], "system": [{"text": "s"}]}}}
    assert decode_count_request(asked).messages[1].parts == [Text(text="a")]
    assert decode_count(encode_count(23)) == 23
    for wrong in ({}, {"inputTokens": -1}, {"inputTokens": True}, {"inputTokens": "1"}):
        with pytest.raises(BadShape):
            decode_count(dict(wrong))
    with pytest.raises(BadShape, match="another format"):
        decode_count_request({"input": {"invokeModel": {"body": "e30="}}})
