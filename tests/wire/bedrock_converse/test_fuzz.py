"""Whatever JSON comes: `BadShape` at the worst, and what is read is written as it was."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.ir.losses import BadShape, Losses, Untranslatable
from trunkline.ir.request import Request
from trunkline.wire.bedrock_converse.codec import CODEC
from trunkline.wire.codec import Named, Reply

REPLY = Reply(id="1", model="m", created=1, request=Request(model="m", messages=[]))
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4)
)
KEYS = [
    *("text", "image", "document", "video", "audio", "toolUse", "toolResult", "reasoningContent", "cachePoint"),
    *("guardContent", "citationsContent", "searchResult", "format", "source", "bytes", "s3Location", "uri", "name"),
    *("toolUseId", "input", "content", "status", "json", "reasoningText", "signature", "redactedContent", "type"),
    *("ttl", "citations", "location", "title", "toolSpec", "inputSchema", "strict", "description", "auto", "any"),
    *("tool", "thinking", "budget_tokens", "effort", "top_k", "textFormat", "structure", "jsonSchema", "schema"),
]  # fmt: skip
ANY = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=10,
)
WORDS = st.sampled_from(
    ["png", "pdf", "mp4", "success", "error", "default", "1h", "end_turn", "tool_use", "enabled", ""]
)
IDS = st.sampled_from(["t1", "a.b:c-d_e", "x" * 64])
SOURCE = st.fixed_dictionaries({"bytes": WORDS}) | st.fixed_dictionaries({"s3Location": st.fixed_dictionaries({"uri": WORDS})}) | st.fixed_dictionaries({"text": WORDS}) | ANY  # fmt: skip
FILE = st.fixed_dictionaries({"source": SOURCE}, optional={"format": WORDS, "name": WORDS, "context": ANY})
RESULT_ITEM = st.one_of(
    st.fixed_dictionaries({"text": WORDS}, optional={"type": WORDS}), st.fixed_dictionaries({"json": ANY}),
    st.fixed_dictionaries({"document": FILE}), ANY,
)  # fmt: skip
CITATION = st.fixed_dictionaries({}, optional={"title": WORDS, "source": WORDS, "location": ANY, "sourceContent": ANY})
BLOCK = st.one_of(
    st.fixed_dictionaries({"text": WORDS}, optional={"type": WORDS, "x": ANY}),
    st.fixed_dictionaries({"cachePoint": st.fixed_dictionaries({"type": WORDS}, optional={"ttl": WORDS})}),
    *(st.fixed_dictionaries({kind: FILE}) for kind in ("image", "document", "video", "audio")),
    st.fixed_dictionaries({"toolUse": st.fixed_dictionaries({"toolUseId": IDS, "name": WORDS, "input": ANY}, optional={"type": WORDS, "x": ANY})}),
    st.fixed_dictionaries({"toolResult": st.fixed_dictionaries({"toolUseId": IDS, "content": st.lists(RESULT_ITEM, max_size=2)}, optional={"status": WORDS, "type": WORDS})}),
    st.fixed_dictionaries({"reasoningContent": st.fixed_dictionaries({"reasoningText": st.fixed_dictionaries({"text": WORDS}, optional={"signature": st.text(min_size=1, max_size=3)})})}),
    st.fixed_dictionaries({"reasoningContent": st.fixed_dictionaries({"redactedContent": WORDS})}),
    st.fixed_dictionaries({"citationsContent": st.fixed_dictionaries({}, optional={"content": st.lists(st.fixed_dictionaries({"text": WORDS}), max_size=2), "citations": st.lists(CITATION, max_size=2), "x": ANY})}),
    st.fixed_dictionaries({"guardContent": st.fixed_dictionaries({"text": st.fixed_dictionaries({"text": WORDS}, optional={"qualifiers": ANY})}) | ANY}),
    ANY,
)  # fmt: skip
BLOCKS = st.lists(BLOCK, max_size=4)
MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system"]), "content": BLOCKS}, optional={"x": ANY}
)
TOOL = st.one_of(
    st.fixed_dictionaries({"toolSpec": st.fixed_dictionaries({"name": WORDS}, optional={"description": WORDS, "strict": ANY, "inputSchema": st.fixed_dictionaries({"json": st.dictionaries(WORDS, ANY, max_size=1)}) | ANY})}),
    st.fixed_dictionaries({"cachePoint": st.fixed_dictionaries({"type": WORDS})}), ANY,
)  # fmt: skip
THINKING = st.fixed_dictionaries(
    {}, optional={"type": WORDS, "budget_tokens": ANY, "maxReasoningEffort": WORDS, "display": WORDS}
)
REQUEST = st.fixed_dictionaries(
    {},
    optional={
        "messages": st.lists(MESSAGE, max_size=3),
        "system": st.lists(st.fixed_dictionaries({"text": WORDS}), max_size=2) | ANY,
        "inferenceConfig": st.fixed_dictionaries({}, optional={"maxTokens": st.integers(), "topP": st.floats(0, 1), "x": ANY, "stopSequences": st.lists(WORDS, max_size=2)}) | ANY,
        "toolConfig": st.fixed_dictionaries({}, optional={"tools": st.lists(TOOL, max_size=3), "toolChoice": ANY, "x": ANY}) | ANY,
        "additionalModelRequestFields": st.fixed_dictionaries({}, optional={"thinking": THINKING, "reasoningConfig": THINKING, "reasoning_effort": WORDS, "top_k": SCALARS, "inferenceConfig": st.fixed_dictionaries({}, optional={"topK": SCALARS, "x": ANY}), "output_config": st.fixed_dictionaries({}, optional={"effort": WORDS, "x": ANY})}) | ANY,
        "outputConfig": ANY,
        "serviceTier": st.fixed_dictionaries({}, optional={"type": WORDS, "x": ANY}) | ANY,
        "requestMetadata": ANY,
        "x": ANY,
    },
)  # fmt: skip
ANSWER = st.fixed_dictionaries(
    {"output": st.fixed_dictionaries({"message": st.fixed_dictionaries({"role": st.just("assistant"), "content": BLOCKS})})},
    optional={"stopReason": WORDS, "usage": ANY, "metrics": ANY, "trace": ANY, "additionalModelResponseFields": ANY, "serviceTier": ANY},
)  # fmt: skip


@settings(max_examples=300)
@given(REQUEST | st.dictionaries(st.sampled_from(KEYS), ANY, max_size=3))
def test_any_request(body: dict[str, Any]) -> None:
    """It is refused with its place, or it is written as it was read."""
    try:
        request = CODEC.decode_request(body, Named(model="anthropic.claude-sonnet-5"))
    except BadShape:
        return
    losses = Losses()
    assert CODEC.encode_request(request, losses) == body
    assert losses.found == []


@settings(max_examples=300)
@given(ANSWER | ANY.map(lambda value: {"output": {"message": value}}))
def test_any_answer(body: dict[str, Any]) -> None:
    """It is refused with its place, or it is written as it was read."""
    try:
        answer = CODEC.decode_answer(body)
    except BadShape:
        return
    losses = Losses()
    written: Any = CODEC.encode_answer(answer, REPLY, losses)
    body["output"]["message"].setdefault("role", "assistant")
    body["output"]["message"].setdefault("content", [])
    assert written == body
    assert losses.found == []


@settings(max_examples=200)
@given(st.lists(MESSAGE, min_size=1, max_size=4), st.sampled_from(["anthropic.claude-sonnet-5", "meta.llama3", "x"]))
def test_any_conversation_keeps_bedrocks_rules(messages: list[dict[str, Any]], model: str) -> None:
    """Written as if another format had said it: the user first, roles in turn, nothing empty; or it is refused."""
    try:
        request = CODEC.decode_request({"messages": messages}, Named(model=model))
        request.native = None
        body: Any = CODEC.encode_request(request, Losses())
    except (BadShape, Untranslatable):
        return
    turns = [turn["role"] for turn in body["messages"]]
    assert turns[0] == "user"
    assert all(one != two for one, two in pairwise(turns))
    for turn in body["messages"]:
        assert turn["content"]
        assert all(block["text"].strip() for block in turn["content"] if set(block) == {"text"})
    calls = [block["toolUse"] for turn in body["messages"] for block in turn["content"] if "toolUse" in block]
    if any(isinstance(call, dict) and call.keys() == {"toolUseId", "name", "input"} for call in calls):
        assert body["toolConfig"]["tools"]
