"""Requests of other formats, written for Bedrock: its rules kept, every loss named, content never dropped in silence."""

from __future__ import annotations

import re
from typing import Any, Literal

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
from trunkline.wire.bedrock_converse import losses as words
from trunkline.wire.bedrock_converse.codec import CODEC
from trunkline.wire.bedrock_converse.losses import REASONS
from trunkline.wire.natives import ONLY_THERE

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
LLAMA = "us.meta.llama4-maverick-17b-instruct-v1:0"
NOVA = "us.amazon.nova-2-lite-v1:0"
CALL = ToolCall(id="t1", name="f", arguments='{"a":1}')
RESULT = ToolResult(call_id="t1", content=[Text(text="r")])
FUNCTION = Tool(name="f", description="d", schema={"type": "object"})


def user(*parts: Part) -> Message:
    return Message(role="user", parts=list(parts))


def assistant(*parts: Part) -> Message:
    return Message(role="assistant", parts=list(parts))


def said(text: str, role: Literal["system", "developer", "user", "assistant"] = "user") -> Message:
    return Message(role=role, parts=[Text(text=text)])


def asked(*messages: Message, model: str = CLAUDE, **more: Any) -> Request:
    return Request(model=model, messages=list(messages) or [said("hi")], **more)


def written(request: Request) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The body and the losses; every reason is on the written list."""
    losses = Losses()
    body = CODEC.encode_request(request, losses)
    found = [(loss.path, loss.reason) for loss in losses.found]
    assert {reason for _, reason in found} <= REASONS | {ONLY_THERE}
    return body, found


def test_a_plain_request() -> None:
    """System text stands apart, knobs in `inferenceConfig`; nothing is lost, and nothing is there that was not said."""
    body, losses = written(
        asked(
            said("s", "system"),
            said("d", "developer"),
            said("hi"),
            sampling=Sampling(max_tokens=9, temperature=0.5, top_p=0.9, stop=["x"]),
        )
    )
    assert body == {
        "system": [{"text": "s"}, {"text": "d"}],
        "messages": [{"role": "user", "content": [{"text": "hi"}]}],
        "inferenceConfig": {"maxTokens": 9, "temperature": 0.5, "topP": 0.9, "stopSequences": ["x"]},
    }
    assert losses == []


def test_roles_take_turns() -> None:
    """Messages of the same side become one, in their order; the tools' results of a turn are one message."""
    body, losses = written(
        asked(
            said("a"),
            said("b"),
            assistant(CALL),
            assistant(ToolCall(id="t2", name="f", arguments="")),
            user(RESULT),
            user(ToolResult(call_id="t2")),
            said("c"),
            tools=[FUNCTION],
        )
    )
    assert body["messages"] == [
        {"role": "user", "content": [{"text": "a"}, {"text": "b"}]},
        {
            "role": "assistant",
            "content": [
                {"toolUse": {"toolUseId": "t1", "name": "f", "input": {"a": 1}}},
                {"toolUse": {"toolUseId": "t2", "name": "f", "input": {}}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"toolResult": {"toolUseId": "t1", "content": [{"text": "r"}]}},
                {"toolResult": {"toolUseId": "t2", "content": []}},
                {"text": "c"},
            ],
        },
    ]
    assert losses == []


def test_results_stand_before_other_content_with_their_cache_points() -> None:
    """Claude refuses a turn whose results stand behind text; a hint stays with its part."""
    result = ToolResult(call_id="t1", content=[Text(text="r", cache=CacheHint("1h"))])
    body, losses = written(asked(said("a"), assistant(CALL), user(Text(text="b"), result), tools=[FUNCTION]))
    assert [next(iter(block)) for block in body["messages"][2]["content"]] == ["toolResult", "cachePoint", "text"]
    assert body["messages"][2]["content"][1] == {"cachePoint": {"type": "default", "ttl": "1h"}}
    assert losses == []


def test_the_user_begins() -> None:
    """A conversation that the assistant begins gets a turn before it, and says so."""
    body, losses = written(asked(said("hello", "assistant"), said("hi")))
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]
    assert losses == [("messages", words.FIRST_USER)]


def test_blank_text_does_not_leave() -> None:
    """Bedrock refuses it: it goes, its cache hint stays, an empty turn of the user gets a dot, the assistant's goes."""
    body, losses = written(
        asked(
            user(Text(text="a"), Text(text=" \n", cache=CacheHint())),
            said("", "assistant"),
            said(" "),
            said("x", "assistant"),
            user(),
        )
    )
    assert body["messages"] == [
        {"role": "user", "content": [{"text": "a"}, {"cachePoint": {"type": "default"}}, {"text": "."}]},
        {"role": "assistant", "content": [{"text": "x"}]},
        {"role": "user", "content": [{"text": "."}]},
    ]
    assert {reason for _, reason in losses} == {words.BLANK, words.PLACEHOLDER}


def test_a_void_result_stays() -> None:
    """No content is content too: dropping it would delete the turn."""
    body, _ = written(
        asked(said("a"), assistant(CALL), user(ToolResult(call_id="t1", content=[Text(text="")], is_error=True)))
    )
    assert body["messages"][2]["content"] == [{"toolResult": {"toolUseId": "t1", "content": [], "status": "error"}}]


def test_nothing_to_say_is_refused() -> None:
    """Without a single message there is no request; with system text alone the user says a dot."""
    with pytest.raises(Untranslatable):
        written(Request(model=CLAUDE, messages=[]))
    body, losses = written(Request(model=CLAUDE, messages=[said("s", "system")]))
    assert body == {"system": [{"text": "s"}], "messages": [{"role": "user", "content": [{"text": "."}]}]}
    assert losses == [("messages", words.FIRST_USER)]


def test_system_text_inside_a_conversation() -> None:
    """It moves to the beginning and says so, but where the model takes it in its place."""
    messages = (said("a"), said("s", "system"), said("b", "assistant"), said("c"))
    body, losses = written(asked(*messages))
    assert body["system"] == [{"text": "s"}]
    assert losses == [("messages[1]", words.SYSTEM_MOVED)]
    body, losses = written(asked(*messages, model="global.anthropic.claude-opus-4-8"))
    assert [message["role"] for message in body["messages"]] == ["user", "system", "assistant", "user"]
    assert losses == []


def test_a_conversation_with_calls_gets_its_tools() -> None:
    """Bedrock refuses tool blocks without `toolConfig`: definitions are made from the calls."""
    body, losses = written(asked(said("a"), assistant(CALL), user(RESULT)))
    assert body["toolConfig"] == {
        "tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": {"type": "object", "properties": {}}}}}]
    }
    assert losses == [("tools", words.TOOLS_MADE)]
    body, _ = written(asked(user(RESULT)))
    assert body["toolConfig"]["tools"][0]["toolSpec"]["name"] == "tool"


def test_tools() -> None:
    """Name, description and schema; a tool without a schema takes any object; hints stand behind the tool."""
    body, losses = written(
        asked(
            tools=[
                Tool(name="f", description="d", schema={"type": "object"}, strict=True, cache=CacheHint()),
                Tool(name="g"),
            ],
            tool_choice=ToolChoice(mode="required", names=["f", "g"]),
        )
    )
    assert body["toolConfig"] == {
        "tools": [
            {
                "toolSpec": {
                    "name": "f",
                    "description": "d",
                    "inputSchema": {"json": {"type": "object"}},
                    "strict": True,
                }
            },
            {"cachePoint": {"type": "default"}},
            {"toolSpec": {"name": "g", "inputSchema": {"json": {"type": "object", "properties": {}}}}},
        ],
        "toolChoice": {"any": {}},
    }
    assert losses == []


@pytest.mark.parametrize(
    ("choice", "config"),
    [
        (ToolChoice(mode="auto"), None),
        (ToolChoice(mode="required"), {"any": {}}),
        (ToolChoice(mode="required", names=["f"]), {"tool": {"name": "f"}}),
    ],
)
def test_tool_choices(choice: ToolChoice, config: dict[str, Any] | None) -> None:
    """`auto` is what happens unasked, and not every model knows the word."""
    body, losses = written(asked(tools=[FUNCTION], tool_choice=choice))
    assert body["toolConfig"].get("toolChoice") == config
    assert losses == []


def test_a_choice_among_some_tools_leaves_the_others_out() -> None:
    """Converse cannot allow some of several: the others are not sent."""
    body, losses = written(
        asked(tools=[FUNCTION, Tool(name="g"), Tool(name="h")], tool_choice=ToolChoice(mode="auto", names=["g", "h"]))
    )
    assert [tool["toolSpec"]["name"] for tool in body["toolConfig"]["tools"]] == ["g", "h"]
    assert losses == []


def test_no_tool_at_all() -> None:
    """Converse has no `none`: the tools stay away, but where the conversation has calls already."""
    body, losses = written(asked(tools=[FUNCTION], tool_choice=ToolChoice(mode="none")))
    assert "toolConfig" not in body
    assert losses == [("tool_choice", words.CHOICE_NONE)]
    body, losses = written(
        asked(said("a"), assistant(CALL), user(RESULT), tools=[FUNCTION], tool_choice=ToolChoice(mode="none"))
    )
    assert "toolChoice" not in body["toolConfig"]
    assert losses == [("tool_choice", words.CHOICE_NONE_HISTORY)]


def test_a_model_that_cannot_be_forced() -> None:
    """The tools go, the choice is named as lost, as are strictness and hints."""
    body, losses = written(
        asked(
            model=LLAMA,
            tools=[Tool(name="f", schema={}, strict=True, cache=CacheHint())],
            tool_choice=ToolChoice(mode="required"),
        )
    )
    assert body["toolConfig"] == {"tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": {}}}}]}
    assert {path for path, _ in losses} == {"tool_choice", "tools[0].strict", "tools[0].cache"}


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        (CLAUDE, {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}),
        ("us.anthropic.claude-3-7-sonnet-20250219-v1:0", None),
        (NOVA, None),
    ],
)
def test_parallel_calls(model: str, sent: dict[str, Any] | None) -> None:
    """Claude 4.5 and later have a switch of their own; it contradicts a forced choice."""
    body, losses = written(asked(model=model, tools=[FUNCTION], parallel_tools=False))
    assert body.get("additionalModelRequestFields") == sent
    assert bool(losses) is (sent is None)
    forced = ToolChoice(mode="required")
    body, losses = written(asked(model=model, tools=[FUNCTION], parallel_tools=False, tool_choice=forced))
    assert "additionalModelRequestFields" not in body
    assert losses == [("parallel_tools", words.PARALLEL)]


@pytest.mark.parametrize(
    "tool",
    [Tool(name="f", custom=True), Tool(name="web", foreign=True, native=Native(Format.OPENAI_RESPONSES, {"a": 1}))],
)
def test_tools_that_converse_does_not_have_are_refused(tool: Tool) -> None:
    """Free-text tools and other providers' own tools."""
    with pytest.raises(Untranslatable):
        written(asked(tools=[tool]))


def test_tool_ids_are_mapped_alike_for_call_and_result() -> None:
    """What Bedrock does not take is mapped the same way on both sides; what it takes stays."""
    odd = "call|" + "x" * 80
    body, _ = written(
        asked(
            said("a"),
            assistant(ToolCall(id=odd, name="f", arguments="{}"), CALL),
            user(ToolResult(call_id=odd), RESULT),
        )
    )
    calls = [block["toolUse"]["toolUseId"] for block in body["messages"][1]["content"]]
    results = [block["toolResult"]["toolUseId"] for block in body["messages"][2]["content"]]
    assert calls == results
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", calls[0])
    assert calls[1] == "t1"


@pytest.mark.parametrize(("arguments", "custom"), [("{broken", False), ("any text", True)])
def test_arguments_that_are_no_json_do_not_wedge_the_conversation(arguments: str, custom: bool) -> None:
    """They are put into an object, and that is said."""
    call = ToolCall(id="t1", name="f", arguments=arguments, custom=custom)
    body, losses = written(asked(said("a"), assistant(call), user(RESULT), tools=[FUNCTION]))
    assert arguments in body["messages"][1]["content"][0]["toolUse"]["input"].values()
    assert len(losses) == 1


@pytest.mark.parametrize(
    "part",
    [
        Reasoning(text="t", opaque=Opaque("anthropic.signature", "x")),
        Reasoning(text="t", opaque=Opaque("gemini.signature", "x")),
        Reasoning(opaque=Opaque("openai.encrypted", "x")),
        Reasoning(text="t"),
    ],
)
def test_thoughts_of_others_are_not_sent_back(part: Reasoning) -> None:
    """Neither as thought nor as text; Anthropic's signatures are not Bedrock's."""
    body, losses = written(asked(said("a"), assistant(part, Text(text="b")), said("c")))
    assert body["messages"][1]["content"] == [{"text": "b"}]
    assert losses == [("messages[1].content[0]", words.REASONING)]


def test_own_thoughts_go_back_in_their_order() -> None:
    """`[think, tool, think, tool]` survives."""
    think = Reasoning(text="t", opaque=Opaque("bedrock.signature", "s", "bedrock", "d"))
    hidden = Reasoning(opaque=Opaque("bedrock.redacted", "cg==", "bedrock", "d"))
    body, losses = written(
        asked(
            said("a"),
            assistant(think, CALL, hidden, ToolCall(id="t2", name="f", arguments="{}")),
            user(RESULT, ToolResult(call_id="t2")),
            tools=[FUNCTION],
        )
    )
    content = body["messages"][1]["content"]
    assert content[0] == {"reasoningContent": {"reasoningText": {"text": "t", "signature": "s"}}}
    assert content[2] == {"reasoningContent": {"redactedContent": "cg=="}}
    assert [next(iter(block)) for block in content] == ["reasoningContent", "toolUse", "reasoningContent", "toolUse"]
    assert losses == []


def test_state_on_a_call_is_lost_and_named() -> None:
    """A signature of another provider on a call does not go into the id."""
    call = ToolCall(id="t1", name="f", arguments="{}", opaque=Opaque("gemini.signature", "x"))
    body, losses = written(asked(said("a"), assistant(call), user(RESULT), tools=[FUNCTION]))
    assert body["messages"][1]["content"] == [{"toolUse": {"toolUseId": "t1", "name": "f", "input": {}}}]
    assert losses == [("messages[1].content[0].opaque", words.OPAQUE)]


@pytest.mark.parametrize(
    ("media", "block"),
    [
        (Media(kind=MediaKind.IMAGE, mime="image/jpg", data="aa"), {"image": {"format": "jpeg", "source": {"bytes": "aa"}}}),
        (Media(kind=MediaKind.IMAGE, mime="", data="iVBORw0KGgo="), {"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}}),
        (Media(kind=MediaKind.IMAGE, url="s3://b/x.JPG"), {"image": {"format": "jpeg", "source": {"s3Location": {"uri": "s3://b/x.JPG"}}}}),
        (Media(kind=MediaKind.AUDIO, mime="audio/wav; rate=1", data="aa"), {"audio": {"format": "wav", "source": {"bytes": "aa"}}}),
        (Media(kind=MediaKind.VIDEO, mime="video/mp4", data="aa"), {"video": {"format": "mp4", "source": {"bytes": "aa"}}}),
        (
            Media(kind=MediaKind.DOCUMENT, mime="application/pdf", data="aa", name="Report (1)"),
            {"document": {"format": "pdf", "name": "Report (1)", "source": {"bytes": "aa"}}},
        ),
    ],
)  # fmt: skip
def test_media(media: Media, block: dict[str, Any]) -> None:
    """Types in other words, without a type, with parameters."""
    body, losses = written(asked(user(Text(text="see"), media)))
    assert body["messages"][0]["content"][1] == block
    assert losses == []


@pytest.mark.parametrize(
    ("media", "reason"),
    [
        (Media(kind=MediaKind.IMAGE, url="https://example.org/x"), words.URL),
        (Media(kind=MediaKind.IMAGE, file_id="file_1"), words.FILE_ID),
        (Media(kind=MediaKind.IMAGE, mime="image/bmp", data="aa"), words.MEDIA_TYPE),
        (Media(kind=MediaKind.IMAGE, mime="image/png"), words.MEDIA_EMPTY),
        (Media(kind=MediaKind.IMAGE, data="????"), words.MEDIA_TYPE),
        (Media(kind=MediaKind.DOCUMENT, mime="application/zip", data="aa"), words.MEDIA_TYPE),
    ],
)
def test_media_that_bedrock_does_not_take_are_refused(media: Media, reason: str) -> None:
    """URLs are not fetched, other providers' files are not known, other types are not read."""
    with pytest.raises(Untranslatable) as caught:
        written(asked(user(Text(text="see"), media)))
    assert (caught.value.path, caught.value.reason) == ("messages[0].content[1]", reason)


def test_document_names() -> None:
    """Letters that Bedrock refuses are replaced, names differ, and a name is the same in the next turn."""
    names = ["report.pdf", "report pdf", "ok", "ok", "", "a  b", "ü", "x" * 300, "report.pdf"]
    parts: list[Part] = [Media(kind=MediaKind.DOCUMENT, mime="application/pdf", data="aa", name=name) for name in names]
    body, losses = written(asked(user(Text(text="see"), *parts)))
    found = [block["document"]["name"] for block in body["messages"][0]["content"][1:]]
    assert len(set(found)) == len(found)
    for name in found:
        assert re.fullmatch(r"[A-Za-z0-9\-()\[\]]+( [A-Za-z0-9\-()\[\]]+)*", name)
        assert len(name) <= 200
    assert found[1:3] == ["report pdf", "ok"]
    again, _ = written(asked(user(Text(text="see"), *parts), said("b", "assistant"), said("more")))
    assert [block["document"]["name"] for block in again["messages"][0]["content"][1:]] == found
    assert {reason for _, reason in losses} == {words.DOCUMENT_NAME}


def test_a_document_gets_text_beside_it() -> None:
    """Bedrock refuses one that stands alone."""
    media = Media(kind=MediaKind.DOCUMENT, mime="text/x-python", data="aa", name="n")
    body, losses = written(asked(user(media)))
    assert body["messages"][0]["content"] == [
        {"document": {"format": "txt", "name": "n", "source": {"bytes": "aa"}}},
        {"text": "."},
    ]
    assert {reason for _, reason in losses} == {words.DOCUMENT_TEXT, words.PLACEHOLDER}


def test_cache_hints_in_are_cache_points_out() -> None:
    """As many as came; five minutes is what happens unasked; a hint for all stands at the end."""
    body, losses = written(
        asked(
            Message(role="system", parts=[Text(text="s", cache=CacheHint("1h"))]),
            user(Text(text="a", cache=CacheHint("5m")), Text(text="b")),
            cache=CacheHint(),
        )
    )
    assert body["system"][1] == {"cachePoint": {"type": "default", "ttl": "1h"}}
    point = {"cachePoint": {"type": "default"}}
    assert body["messages"][0]["content"] == [{"text": "a"}, point, {"text": "b"}, point]
    assert losses == []


def test_a_model_without_a_cache_gets_no_cache_points() -> None:
    """Llama refuses them; Nova takes them but not for tools."""
    body, losses = written(asked(user(Text(text="a", cache=CacheHint())), model=LLAMA, cache=CacheHint()))
    assert body["messages"][0]["content"] == [{"text": "a"}]
    assert {path for path, _ in losses} == {"messages[0].content[0].cache", "cache"}
    body, losses = written(asked(model=NOVA, tools=[Tool(name="f", schema={}, cache=CacheHint())]))
    assert len(body["toolConfig"]["tools"]) == 1
    assert losses == [("tools[0].cache", words.CACHE_TOOLS)]


@pytest.mark.parametrize(
    ("model", "top_k", "fields"),
    [
        (CLAUDE, 5, {"top_k": 5}),
        (NOVA, 5, {"inferenceConfig": {"topK": 5}}),
        ("cohere.command-r-v1:0", 5, {"k": 5}),
        (LLAMA, 5, None),
    ],
)
def test_top_k(model: str, top_k: int, fields: dict[str, Any] | None) -> None:
    """Each family has its own place for it, or none."""
    body, losses = written(asked(model=model, sampling=Sampling(top_k=top_k)))
    assert body.get("additionalModelRequestFields") == fields
    assert losses == ([] if fields else [("top_k", words.TOP_K)])


def test_knobs_that_converse_lacks_are_named() -> None:
    """One loss each; what says nothing is no loss."""
    sampling = Sampling(
        min_p=0.1, seed=1, frequency_penalty=0.1, presence_penalty=0.1, candidates=2, logprobs=True, top_logprobs=2,
        logit_bias={"1": 1.0},
    )  # fmt: skip
    body, losses = written(
        asked(
            sampling=sampling, modalities=["text", "audio"], verbosity="low", user="u", store=True,
            service_tier="scale", metadata={"ok": "x", "bad": {"a": 1}, "umlaut": "ä"},
        )
    )  # fmt: skip
    assert [path for path, _ in losses] == [
        "min_p", "seed", "frequency_penalty", "presence_penalty", "candidates", "logprobs", "top_logprobs", "logit_bias",
        "service_tier", "metadata.bad", "metadata.umlaut", "modalities", "verbosity", "user", "store",
    ]  # fmt: skip
    assert body["requestMetadata"] == {"ok": "x"}
    silent = Sampling(frequency_penalty=0, candidates=1, logprobs=False, logit_bias={}, stop=[])
    body, losses = written(asked(sampling=silent, modalities=["text"], store=False, service_tier="auto", metadata={}))
    assert list(body) == ["messages"]
    assert losses == []


def test_tiers_that_bedrock_has() -> None:
    """`flex` and `priority` mean the same there."""
    body, losses = written(asked(service_tier="flex"))
    assert body["serviceTier"] == {"type": "flex"}
    assert losses == []


def test_output_schemas() -> None:
    """As `outputConfig`, the schema as text; a name that Bedrock refuses is left out."""
    body, losses = written(
        asked(output=OutputSchema(schema={"type": "object"}, name="N", description="d", strict=True))
    )
    assert body["outputConfig"] == {
        "textFormat": {
            "type": "json_schema",
            "structure": {"jsonSchema": {"schema": '{"type":"object"}', "name": "N", "description": "d"}},
        }
    }
    assert losses == []
    body, losses = written(asked(output=OutputSchema(schema={}, name="no spaces", strict=False)))
    assert "name" not in body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]
    assert [path for path, _ in losses] == ["output.name", "output.strict"]
    with pytest.raises(Untranslatable):
        written(asked(output=OutputSchema()))


def test_members_of_other_formats_are_named_as_lost() -> None:
    """On the request, its messages, parts and tools."""
    native = Native(Format.OPENAI_CHAT, {"x": 1})
    _, losses = written(
        asked(
            Message(role="user", parts=[Text(text="a", native=native)], native=native, name="bob"),
            native=native,
            tools=[Tool(name="f", native=native)],
        )
    )
    assert {path for path, _ in losses} == {
        "x",
        "messages[0].x",
        "messages[0].content[0].x",
        "messages[0].name",
        "tools[0].x",
    }


def test_citations_of_other_formats_are_not_sent_back() -> None:
    """The text goes, its sources are named as lost."""
    text = Text(text="a", citations=[Citation(url="https://x")])
    body, losses = written(asked(said("q"), assistant(text), said("b")))
    assert body["messages"][1]["content"] == [{"text": "a"}]
    assert losses == [("messages[1].content[0].citations", words.CITATIONS)]


@pytest.mark.parametrize("where", ["user", "result", "system"])
def test_what_only_another_format_has_is_refused(where: str) -> None:
    """Foreign content is an error wherever it stands."""
    foreign = Foreign(format=Format.GEMINI, kind="executableCode", data={})
    messages = {
        "user": [user(foreign)],
        "result": [user(ToolResult(call_id="t", content=[foreign]))],
        "system": [Message(role="system", parts=[foreign]), said("a")],
    }
    with pytest.raises(Untranslatable):
        written(asked(*messages[where]))


def test_thinking_is_each_familys_own() -> None:
    """Effort, budgets and switches in the words of Claude old and new, Nova, gpt-oss and GPT."""
    new, old = "us.anthropic.claude-sonnet-5", "us.anthropic.claude-3-7-sonnet-20250219-v1:0"
    oss, gpt = "openai.gpt-oss-120b-1:0", "openai.gpt-6-sol"
    cases: list[tuple[str, Thinking, dict[str, Any] | None]] = [
        (new, Thinking(effort="high", show=True), {"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "high"}}),
        (new, Thinking(enabled=True), {"thinking": {"type": "adaptive"}}),
        (new, Thinking(enabled=False), {"thinking": {"type": "disabled"}}),
        (new, Thinking(effort="none"), {"thinking": {"type": "disabled"}}),
        (new, Thinking(budget=-1, show=False), {"thinking": {"type": "adaptive", "display": "omitted"}}),
        (old, Thinking(effort="high"), {"thinking": {"type": "enabled", "budget_tokens": 4096}}),
        (old, Thinking(budget=5000), {"thinking": {"type": "enabled", "budget_tokens": 5000}}),
        (old, Thinking(enabled=True), {"thinking": {"type": "enabled", "budget_tokens": 2048}}),
        (NOVA, Thinking(effort="medium"), {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "medium"}}),
        (NOVA, Thinking(enabled=False), {"reasoningConfig": {"type": "disabled"}}),
        (oss, Thinking(effort="low"), {"reasoning_effort": "low"}),
        (gpt, Thinking(effort="xhigh"), {"reasoning": {"effort": "xhigh"}}),
        (gpt, Thinking(enabled=False), {"reasoning": {"effort": "none"}}),
        (LLAMA, Thinking(enabled=False), None),
        (CLAUDE, Thinking(), None),
    ]  # fmt: skip
    for model, thinking, fields in cases:
        body, losses = written(asked(model=model, thinking=thinking))
        assert body.get("additionalModelRequestFields") == fields, (model, thinking)
        assert losses == [], (model, thinking)


def test_thinking_that_must_be_changed_says_so() -> None:
    """The nearest that the model takes; nothing where there is none."""
    old = "us.anthropic.claude-3-7-sonnet-20250219-v1:0"
    cases: list[tuple[Request, dict[str, Any] | None, str]] = [
        (asked(model=old, thinking=Thinking(budget=100)), {"thinking": {"type": "enabled", "budget_tokens": 1024}}, words.THINKING_CHANGED),
        (
            asked(model=old, thinking=Thinking(budget=5000), sampling=Sampling(max_tokens=2000)),
            {"thinking": {"type": "enabled", "budget_tokens": 1999}}, words.THINKING_CHANGED,
        ),
        (asked(model=old, thinking=Thinking(effort="low"), sampling=Sampling(max_tokens=500)), None, words.THINKING_NO_ROOM),
        (asked(model=NOVA, thinking=Thinking(effort="max")), {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}}, words.THINKING_CHANGED),
        (asked(model=NOVA, thinking=Thinking(budget=2000)), {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "medium"}}, words.THINKING_CHANGED),
        (asked(model="openai.gpt-oss-20b-1:0", thinking=Thinking(effort="none")), {"reasoning_effort": "low"}, words.THINKING_CHANGED),
        (asked(model=LLAMA, thinking=Thinking(effort="low")), None, words.THINKING),
    ]  # fmt: skip
    for request, fields, reason in cases:
        body, losses = written(request)
        assert body.get("additionalModelRequestFields") == fields
        assert [found for _, found in losses] == [reason]
