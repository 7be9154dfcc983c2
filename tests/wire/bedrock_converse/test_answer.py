"""Whole answers: from Bedrock, and of other providers for a client of Bedrock's."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import pytest

from trunkline.ir.answer import Answer, Choice, Finish
from trunkline.ir.envelope import open_envelope
from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import (
    Citation,
    Foreign,
    Media,
    MediaKind,
    Native,
    Opaque,
    Part,
    Reasoning,
    Text,
    ToolCall,
)
from trunkline.ir.request import Request
from trunkline.ir.usage import Usage
from trunkline.wire.bedrock_converse import losses as words
from trunkline.wire.bedrock_converse.answer import FINISH, STOP_REASON
from trunkline.wire.bedrock_converse.codec import CODEC
from trunkline.wire.bedrock_converse.usage import decode_usage, encode_usage
from trunkline.wire.codec import Named, Reply

REPLY = Reply(id="1", model="m", created=1, request=Request(model="m", messages=[]), provider="gemini", deployment="d1")
NOBODY = Reply(id="1", model="m", created=1, request=Request(model="m", messages=[]))


def answered(**more: Any) -> dict[str, Any]:
    """An answer's body."""
    return {"output": {"message": {"role": "assistant", "content": [{"text": "a"}]}}, "stopReason": "end_turn", **more}


def foreign(*parts: Part, finish: Finish | None = Finish.STOP, **more: Any) -> Answer:
    """An answer of another format."""
    return Answer(choices=[Choice(parts=list(parts), finish=finish)], native=Native(Format.GEMINI, {}), **more)


def content(answer: Answer, reply: Reply = REPLY) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """The blocks a client gets, and the losses."""
    losses = Losses()
    body: Any = CODEC.encode_answer(answer, reply, losses)
    return body["output"]["message"]["content"], [(loss.path, loss.reason) for loss in losses.found]


def test_a_whole_answer_is_read() -> None:
    """Parts, end, usage, tier, the router's model, and the provider's own words beside them."""
    answer = CODEC.decode_answer(
        answered(
            stopReason="stop_sequence",
            usage={"inputTokens": 3, "outputTokens": 2, "totalTokens": 5},
            serviceTier={"type": "flex"},
            trace={"promptRouter": {"invokedModelId": "anthropic.claude"}},
            additionalModelResponseFields={"stop_sequence": "END"},
        )
    )
    choice = answer.choices[0]
    assert choice.parts == [Text(text="a")]
    assert (choice.finish, choice.finish_native, choice.stop_sequence) == (
        Finish.STOP_SEQUENCE, "stop_sequence", "END",
    )  # fmt: skip
    assert (answer.model, answer.service_tier, answer.usage) == ("anthropic.claude", "flex", Usage(3, 2))
    assert answer.native is not None
    assert answer.native.members["usage"] == {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5}


@pytest.mark.parametrize(
    "body",
    [
        answered(output={"message": {"role": "assistant", "content": None}, "new": 1}),
        answered(output={"message": {"role": "user", "content": [], "new": 1}}),
        answered(stopReason="new_reason", metrics={"latencyMs": 1}, performanceConfig={}),
        answered(usage=None, trace=None),
        answered(usage={"inputTokens": -1, "outputTokens": 1}),
        answered(output={"message": {"role": "assistant", "content": [
            {"citationsContent": {"citations": [{"location": {"web": {"url": "u", "domain": "d"}}}]}},
            {"citationsContent": {"content": [{"text": "a"}, {"text": "b"}], "citations": [{}]}},
            {"citationsContent": {"content": [{"text": ""}], "citations": []}},
            {"citationsContent": {}},
            {"citationsContent": {"content": None, "citations": [], "new": 1}},
            {"image": {"format": "png", "source": {"bytes": "aa"}}},
            {"reasoningContent": {"redactedContent": "aa"}},
            {"newBlock": {"x": [1]}},
        ]}}),
    ],
)  # fmt: skip
def test_answers_are_written_as_they_were_read(body: dict[str, Any]) -> None:
    """Also what Bedrock may send tomorrow."""
    losses = Losses()
    assert CODEC.encode_answer(CODEC.decode_answer(body), NOBODY, losses) == body
    assert losses.found == []


@pytest.mark.parametrize(
    "body",
    [{}, {"output": 1}, {"output": {}}, {"output": {"message": {"content": 1}}}, {"message": "denied"}, answered(stopReason=1)],
)  # fmt: skip
def test_what_is_no_answer_is_said_to_be_none(body: dict[str, Any]) -> None:
    """An error body under 200, a list where an object should be."""
    with pytest.raises(BadShape):
        CODEC.decode_answer(body)


def test_citations_are_read() -> None:
    """Web pages, documents and search results; the places in the source stay with the format."""
    cited = {
        "content": [{"text": "a"}],
        "citations": [
            {"location": {"web": {"url": "https://x/y", "domain": "x"}}},
            {"title": "T", "sourceContent": [{"text": "one "}, {"text": "two"}], "location": {"documentChar": {"start": 1}}},
            {"source": "https://z", "title": "Z"},
            {"source": "doc-1"},
        ],
    }  # fmt: skip
    answer = CODEC.decode_answer(answered(output={"message": {"content": [{"citationsContent": cited}]}}))
    text = answer.choices[0].parts[0]
    assert isinstance(text, Text)
    assert text.text == "a"
    assert [(found.url, found.title, found.cited, found.source) for found in text.citations] == [
        ("https://x/y", "", "", ""), ("", "T", "one two", ""), ("https://z", "Z", "", ""), ("", "", "", "doc-1"),
    ]  # fmt: skip
    assert all(found.start is None for found in text.citations)


def test_an_answer_of_another_format() -> None:
    """Content, end, usage and what SDKs call required; the usage's own numbers stay apart."""
    answer = foreign(
        Text(text="a"),
        ToolCall(id="call_1", name="f", arguments='{"x": 1}'),
        finish=Finish.TOOL_CALLS,
        usage=Usage(input_total=10, output_total=4, cache_read=3, cache_write=2, cache_write_long=1),
        service_tier="priority",
    )
    losses = Losses()
    assert CODEC.encode_answer(answer, REPLY, losses) == {
        "output": {
            "message": {
                "role": "assistant",
                "content": [{"text": "a"}, {"toolUse": {"toolUseId": "call_1", "name": "f", "input": {"x": 1}}}],
            }
        },
        "stopReason": "tool_use",
        "usage": {
            "inputTokens": 5, "outputTokens": 4, "totalTokens": 14, "cacheReadInputTokens": 3,
            "cacheWriteInputTokens": 2,
            "cacheDetails": [{"ttl": "1h", "inputTokens": 1}, {"ttl": "5m", "inputTokens": 1}],
        },
        "serviceTier": {"type": "priority"},
        "metrics": {"latencyMs": 0},
    }  # fmt: skip
    assert losses.found == []


@pytest.mark.parametrize("finish", [*Finish, None])
def test_every_end_has_a_word(finish: Finish | None) -> None:
    """One of the service's own, so that typed SDKs can read it."""
    body = CODEC.encode_answer(foreign(Text(text="a"), finish=finish), REPLY, Losses())
    assert body["stopReason"] in FINISH
    assert set(STOP_REASON.values()) <= set(FINISH)


def test_state_of_another_provider_travels_in_an_envelope_and_comes_back() -> None:
    """Signed and hidden thoughts, and state on texts and calls, which Converse has no place for."""
    parts: list[Part] = [
        Reasoning(text="t", opaque=Opaque("anthropic.signature", "s1")),
        Reasoning(opaque=Opaque("openai.encrypted", "enc", id="rs_1")),
        Reasoning(opaque=Opaque("anthropic.redacted", "red")),
        Text(text="a", opaque=Opaque("gemini.signature", "s2")),
        ToolCall(id="c1", name="f", arguments="{}", opaque=Opaque("gemini.signature", "s3")),
        ToolCall(id="c2", name="f", arguments="{}"),
    ]
    blocks, losses = content(foreign(*parts))
    assert losses == []
    assert [next(iter(block)) for block in blocks] == [
        "reasoningContent", "reasoningContent", "reasoningContent", "text", "reasoningContent", "toolUse",
        "reasoningContent", "toolUse",
    ]  # fmt: skip
    signature = blocks[0]["reasoningContent"]["reasoningText"]["signature"]
    assert open_envelope(signature) == Opaque("anthropic.signature", "s1", "gemini", "d1")
    for number in (1, 2, 4, 6):
        b64decode(blocks[number]["reasoningContent"]["redactedContent"], validate=True)
    assert [block["toolUse"]["toolUseId"] for block in blocks if "toolUse" in block] == ["c1", "c2"]
    back = CODEC.decode_request({"messages": [{"role": "assistant", "content": blocks}]}, Named(model="m"))
    for part, found in zip(parts, back.messages[0].parts, strict=True):
        assert type(part) is type(found)
        assert not isinstance(part, Foreign)
        assert not isinstance(found, Foreign)
        assert (part.opaque is None) == (found.opaque is None)
        if part.opaque is not None and found.opaque is not None:
            assert (found.opaque.kind, found.opaque.data, found.opaque.id) == (
                part.opaque.kind, part.opaque.data, part.opaque.id,
            )  # fmt: skip
            assert (found.opaque.provider, found.opaque.deployment) == ("gemini", "d1")


def test_own_state_is_raw_where_nobody_knows_its_origin() -> None:
    """And sealed where somebody does."""
    part = Reasoning(text="t", opaque=Opaque("bedrock.signature", "sig"))
    assert content(foreign(part), NOBODY)[0] == [
        {"reasoningContent": {"reasoningText": {"text": "t", "signature": "sig"}}}
    ]
    sealed = content(foreign(part), REPLY)[0][0]["reasoningContent"]["reasoningText"]["signature"]
    assert open_envelope(sealed) == Opaque("bedrock.signature", "sig", "gemini", "d1")
    hidden = Reasoning(opaque=Opaque("bedrock.redacted", "cmVk"))
    assert content(foreign(hidden), NOBODY)[0] == [{"reasoningContent": {"redactedContent": "cmVk"}}]


def test_a_thought_without_state_is_told() -> None:
    """With no signature member at all: an empty one wedges a conversation."""
    assert content(foreign(Reasoning(text="t")))[0] == [{"reasoningContent": {"reasoningText": {"text": "t"}}}]


def test_citations_of_another_format() -> None:
    """As web pages, documents and quotes; which stretch they belong to is lost and said."""
    text = Text(
        text="a b", citations=[Citation(url="https://x", title="T", cited="q", start=0, end=1), Citation(source="d")]
    )
    blocks, losses = content(foreign(text))
    assert blocks == [
        {
            "citationsContent": {
                "content": [{"text": "a b"}],
                "citations": [
                    {"title": "T", "source": "https://x", "sourceContent": [{"text": "q"}], "location": {"web": {"url": "https://x"}}},
                    {"source": "d"},
                ],
            }
        }
    ]  # fmt: skip
    assert losses == [("choices[0].parts[0].citations", words.CITED_WHERE)]


def test_what_cannot_be_said_is_left_out_and_named() -> None:
    """The answer is there and paid for: nothing is raised."""
    answer = foreign(
        Text(text="a", native=Native(Format.GEMINI, {"x": 1})),
        Foreign(format=Format.GEMINI, kind="executableCode", data={}),
        Media(kind=MediaKind.IMAGE, url="https://example.org/x.png"),
        ToolCall(id="c", name="f", arguments="{broken"),
    )
    answer.choices.append(Choice())
    answer.choices[0].logprobs = {"content": []}
    answer.native = Native(Format.GEMINI, {"usage": {}, "fingerprint": "f"})
    blocks, losses = content(answer)
    assert blocks == [
        {"text": "a"},
        {"toolUse": {"toolUseId": "c", "name": "f", "input": {"arguments": "{broken"}}},
    ]
    assert [path for path, _ in losses] == [
        "choices", "choices[0].logprobs", "choices[0].parts[0].x", "choices[0].parts[1].executableCode",
        "choices[0].parts[2]", "choices[0].parts[3].input", "fingerprint",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "fields", "usage"),
    [
        ({"inputTokens": 11, "outputTokens": 236, "totalTokens": 1275, "cacheWriteInputTokens": 1028}, None, Usage(1039, 236, 0, 1028)),
        ({"inputTokens": 1, "outputTokens": 2, "cacheReadInputTokenCount": 3}, None, Usage(4, 2, 3)),
        ({"inputTokens": 10, "outputTokens": 2, "totalTokens": 12, "cacheReadInputTokens": 3}, None, Usage(10, 2, 3)),
        (
            {"inputTokens": 1, "outputTokens": 1, "cacheWriteInputTokens": 9, "cacheDetails": [{"ttl": "1h", "inputTokens": 4}, {"ttl": "5m", "inputTokens": 5}]},
            None, Usage(10, 1, 0, 9, cache_write_long=4),
        ),
        (
            {"inputTokens": 1, "outputTokens": 1, "cacheWriteInputTokens": 9, "cacheDetails": [{"ttl": "1h", "inputTokens": 4}]},
            None, Usage(10, 1, 0, 9),
        ),
        (
            {"inputTokens": 1, "outputTokens": 5}, {"usage": {"output_tokens_details": {"thinking_tokens": 3}}},
            Usage(1, 5, reasoning=3),
        ),
        ({"inputTokens": 1}, None, None),
        ({"inputTokens": 1, "outputTokens": 1.5}, None, None),
        ({"inputTokens": -1, "outputTokens": 1}, None, None),
        ({"inputTokens": True, "outputTokens": 1}, None, None),
        ({"inputTokens": 10**9, "outputTokens": 1}, None, None),
        ({"inputTokens": 1, "outputTokens": 1, "cacheReadInputTokens": "x"}, None, None),
        ([], None, None),
        (None, None, None),
    ],
)  # fmt: skip
def test_usage(raw: object, fields: object, usage: Usage | None) -> None:
    """The cache lies outside, reasoning inside; what cannot be true is no usage."""
    assert decode_usage(raw, fields) == usage


@pytest.mark.parametrize("usage", [Usage(), Usage(10, 5), Usage(10, 5, 3, 2, 0, cache_write_long=2)])
def test_usage_there_and_back(usage: Usage) -> None:
    """What is written is read as the same, and adds up."""
    raw: Any = encode_usage(usage)
    assert decode_usage(raw) == usage
    assert raw["totalTokens"] == raw["inputTokens"] + raw["outputTokens"] + raw.get("cacheReadInputTokens", 0) + raw.get("cacheWriteInputTokens", 0)  # fmt: skip
