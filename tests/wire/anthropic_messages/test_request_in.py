"""A client's request, read: what it becomes, which spellings survive, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.wire.anthropic_messages.recorded import ASKED, same_json
from trunkline.ir.envelope import seal
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import CacheHint, Foreign, Media, Opaque, Part, Reasoning, Text, ToolCall, ToolResult
from trunkline.ir.request import Thinking, ToolChoice
from trunkline.wire.anthropic_messages.codec import CODEC
from trunkline.wire.codec import Named

GEMINI = Opaque("gemini.signature", "blob", "vertex", "eu", "7")


def user(*blocks: dict[str, Any]) -> dict[str, Any]:
    """A request with these blocks."""
    return {**ASKED, "messages": [{"role": "user", "content": list(blocks)}]}


def said(*blocks: dict[str, Any]) -> list[Part]:
    """The parts of an assistant message with these blocks."""
    body = {**ASKED, "messages": [{"role": "assistant", "content": list(blocks)}]}
    return CODEC.decode_request(body).messages[0].parts


CALL = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"x": 1}}
SAME = {
    "string and list": {**ASKED, "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]},
    "empty content": {**ASKED, "messages": [{"role": "user", "content": []}, {"role": "assistant", "content": ""}]},
    "system string": {**ASKED, "system": "be brief"},
    "system empty": {**ASKED, "system": ""},
    "system no blocks": {**ASKED, "system": []},
    "system blocks": {**ASKED, "system": [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}]},
    "system in messages": {**ASKED, "messages": [{"role": "system", "content": "now"}, *ASKED["messages"]]},  # type: ignore[misc]
    "nulls": {**ASKED, "system": None, "temperature": None, "thinking": None, "metadata": None, "tools": None},
    "stream false": {**ASKED, "stream": False},
    "stream true": {**ASKED, "stream": True},
    "no tools": {**ASKED, "tools": [], "stop_sequences": []},
    "sampling": {**ASKED, "temperature": 0.5, "top_p": 0.9, "top_k": 40, "stop_sequences": ["\n", "END"]},
    "result void": user({"type": "tool_result", "tool_use_id": "a"}),
    "result null": user({"type": "tool_result", "tool_use_id": "a", "content": None}),
    "result empty": user({"type": "tool_result", "tool_use_id": "a", "content": []}),
    "result empty string": user({"type": "tool_result", "tool_use_id": "a", "content": "", "is_error": False}),
    "result string": user({"type": "tool_result", "tool_use_id": "a", "content": "x", "is_error": True}),
    "result list": user({"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text", "text": "x"}]}),
    "result hint": user({"type": "tool_result", "tool_use_id": "a", "cache_control": {"type": "ephemeral"}}),
    "result of a toolset": user({"type": "tool_result", "tool_use_id": "a", "toolset_name": "computer"}),
    "hint with more": user({"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1h", "s": 1}}),
    "hint null": user({"type": "text", "text": "x", "cache_control": None, "citations": None}),
    "no citations": user({"type": "text", "text": "x", "citations": []}),
    "image": user({"type": "image", "source": {"type": "url", "url": "https://x/y.png"}, "transformations": {}}),
    "document text": user(
        {
            "type": "document",
            "source": {"type": "text", "media_type": "text/plain", "data": "wörds\n"},
            "title": "T",
            "context": "C",
            "citations": {"enabled": True},
        }
    ),
    "document words": user({"type": "document", "source": {"type": "content", "content": "words"}, "title": None}),
    "document blocks": user(
        {
            "type": "document",
            "source": {"type": "content", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        }
    ),
    "document pictures": user(
        {
            "type": "document",
            "source": {
                "type": "content",
                "content": [{"type": "image", "source": {"type": "url", "url": "https://x"}}],
            },
        }
    ),
    "document url": user({"type": "document", "source": {"type": "url", "url": "https://x/y.pdf"}}),
    "document file": user({"type": "document", "source": {"type": "file", "file_id": "file_1", "v": 2}}),
    "unknown block": user({"type": "novelty", "x": [1]}, {"type": "search_result", "content": []}),
    "call of a toolset": {
        **ASKED,
        "messages": [{"role": "assistant", "content": [{**CALL, "toolset_name": "browser"}]}],
    },
    "citations": {
        **ASKED,
        "messages": [
            {
                "role": "assistant",
                "content": [
                    {
                        "type": "text",
                        "text": "x",
                        "citations": [{"type": "char_location", "document_index": 0, "document_title": None}],
                    }
                ],
            }
        ],
    },
    "adaptive": {**ASKED, "thinking": {"type": "adaptive", "display": "summarized"}},
    "display to come": {**ASKED, "thinking": {"type": "adaptive", "display": "updates"}},
    "budget": {**ASKED, "thinking": {"type": "enabled", "budget_tokens": 1024, "display": "omitted"}},
    "enabled alone": {**ASKED, "thinking": {"type": "enabled"}},
    "disabled": {**ASKED, "thinking": {"type": "disabled"}, "output_config": {"effort": "low"}},
    "between tools": {**ASKED, "thinking": {"type": "between_tools"}},
    "thinking to come": {**ASKED, "thinking": {"type": "novel", "depth": 3}},
    "output config": {
        **ASKED,
        "output_config": {
            "effort": "xhigh",
            "task_budget": {"total": 5},
            "format": {"type": "json_schema", "schema": {"type": "object"}, "name": "n"},
        },
    },
    "output config null": {**ASKED, "output_config": {"effort": None}},
    "output config empty": {**ASKED, "output_config": {}},
    "output to come": {**ASKED, "output_config": {"format": {"type": "grammar", "text": "x"}}},
    "output of the beta": {**ASKED, "output_format": {"type": "json_schema", "schema": {}}},
    "user": {**ASKED, "metadata": {"user_id": "u@example.org", "more": 1}},
    "user null": {**ASKED, "metadata": {"user_id": None}},
    "choice auto": {**ASKED, "tools": [{"name": "f", "input_schema": {}}], "tool_choice": {"type": "auto"}},
    "choice serial": {**ASKED, "tool_choice": {"type": "any", "disable_parallel_tool_use": True}},
    "choice parallel": {**ASKED, "tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": False}},
    "choice none": {**ASKED, "tool_choice": {"type": "none"}},
    "choice to come": {**ASKED, "tool_choice": {"type": "some", "of": 2}},
    "tools": {
        **ASKED,
        "tools": [
            {"name": "f", "type": "custom", "description": "", "input_schema": {"type": "object"}, "strict": True},
            {"name": "g", "input_schema": {"type": "object"}, "cache_control": {"type": "ephemeral", "ttl": "1h"}},
            {"name": "h", "input_schema": {"type": "object"}, "defer_loading": True, "input_examples": [{"x": 1}]},
            {"type": "web_search_20250305", "name": "web_search", "max_uses": None},
            {"type": "computer_toolset_20260801", "configs": {}},
        ],
    },
    "all else": {
        **ASKED,
        "service_tier": "standard_only",
        "cache_control": {"type": "ephemeral", "ttl": "5m"},
        "container": {"id": "c"},
        "context_management": {"edits": []},
        "mcp_servers": [{"type": "url", "url": "https://m", "name": "m"}],
        "betas": ["x-2026-01-01"],
        "speed": "fast",
    },
    "vertex": {"anthropic_version": "vertex-2023-10-16", "max_tokens": 1, "messages": [], "stream": True},
    "bedrock": {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 1, "messages": [], "anthropic_beta": ["b"]},
}
"""Bodies with what the recordings lack, written from the API reference and the SDK's types."""


@pytest.mark.parametrize("body", SAME.values(), ids=SAME.keys())
def test_every_spelling_comes_back(body: dict[str, Any]) -> None:
    """What was decoded is encoded as the same JSON, with no loss."""
    losses = Losses()
    assert same_json(CODEC.encode_request(CODEC.decode_request(body), losses), body)
    assert losses.found == []


@pytest.mark.parametrize("name", ["string and list", "system string", "nulls", "result string", "stream false"])
def test_a_spelling_is_no_loss_for_another_format(name: str) -> None:
    """Another format's encoder reports the members of `native`: where only a spelling is kept, there are none."""
    request = CODEC.decode_request(SAME[name])
    natives = [request.native, *(message.native for message in request.messages)]
    natives += [getattr(part, "native", None) for message in request.messages for part in message.parts]
    assert not any(native.members for native in natives if native is not None)


BAD: dict[str, dict[str, Any]] = {
    "model": {"model": ""},
    "messages": {"messages": {}},
    "messages[0]": {"messages": ["hi"]},
    "messages[0].role": {"messages": [{"role": "tool", "content": "x"}]},
    "messages[0].content": {"messages": [{"role": "user"}]},
    "messages[0].content[0]": {"messages": [{"role": "user", "content": ["x"]}]},
    "messages[0].content[0].type": {"messages": [{"role": "user", "content": [{"text": "x"}]}]},
    "messages[0].content[1].text": user({"type": "text", "text": "x"}, {"type": "text", "text": None}),
    "messages[0].content[0].cache_control": user({"type": "text", "text": "x", "cache_control": "yes"}),
    "messages[0].content[0].citations": user({"type": "text", "text": "x", "citations": {}}),
    "messages[0].content[0].source": user({"type": "image"}),
    "messages[0].content[0].source.data": user({"type": "image", "source": {"type": "base64"}}),
    "messages[0].content[0].tool_use_id": user({"type": "tool_result"}),
    "messages[0].content[0].is_error": user({"type": "tool_result", "tool_use_id": "a", "is_error": "no"}),
    "messages[0].content[0].content[0].type": user({"type": "tool_result", "tool_use_id": "a", "content": [CALL]}),
    "messages[0].content[0].input": user({**CALL, "input": [1]}),
    "messages[0].content[0].id": user({**CALL, "id": ""}),
    "messages[0].content[0].signature": user({"type": "thinking", "thinking": "", "signature": 1}),
    "system": {"system": 5},
    "system[0].type": {"system": [{"text": "x"}]},
    "max_tokens": {"max_tokens": "9"},
    "temperature": {"temperature": True},
    "top_k": {"top_k": 1.5},
    "stop_sequences": {"stop_sequences": "x"},
    "stop_sequences[1]": {"stop_sequences": ["x", 1]},
    "stream": {"stream": 1},
    "service_tier": {"service_tier": 1},
    "tools": {"tools": {}},
    "tools[0]": {"tools": ["f"]},
    "tools[0].name": {"tools": [{"input_schema": {}}]},
    "tools[0].input_schema": {"tools": [{"name": "f", "input_schema": []}]},
    "tools[0].strict": {"tools": [{"name": "f", "strict": "yes"}]},
    "tool_choice": {"tool_choice": "auto"},
    "tool_choice.name": {"tool_choice": {"type": "tool"}},
    "thinking": {"thinking": True},
    "thinking.budget_tokens": {"thinking": {"type": "enabled", "budget_tokens": "5"}},
    "output_config": {"output_config": []},
    "output_config.format.schema": {"output_config": {"format": {"type": "json_schema"}}},
    "output_format": {"output_format": "json"},
    "metadata": {"metadata": "x"},
    "metadata.user_id": {"metadata": {"user_id": 5}},
}


@pytest.mark.parametrize("path", BAD)
def test_a_bad_shape_is_named_by_its_place(path: str) -> None:
    """The error says where the mistake is."""
    with pytest.raises(BadShape) as caught:
        CODEC.decode_request({**ASKED, **BAD[path]})
    assert caught.value.path == path
    assert caught.value.reason


def test_the_path_names_model_and_stream() -> None:
    """Vertex and Bedrock name them outside the body; a body that names them itself counts."""
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 1, "messages": []}
    request = CODEC.decode_request(body, Named(model="claude", stream=True))
    assert (request.model, request.stream) == ("claude", True)
    request = CODEC.decode_request({**ASKED, "stream": False}, Named(model="other", stream=True))
    assert (request.model, request.stream) == ("m", False)


def test_blocks_become_parts_with_their_hints() -> None:
    """Texts, media, results and what only this format has, each with its cache hint."""
    hint = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
    body = user(
        {"type": "text", "text": "x", **hint},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}, **hint},
        {"type": "document", "source": {"type": "text", "data": "words"}, "title": "T", **hint},
        {"type": "tool_result", "tool_use_id": "a", "content": "r", "is_error": True, **hint},
        {"type": "container_upload", "file_id": "f", **hint},
    )
    text, image, document, result, upload = CODEC.decode_request(body).messages[0].parts
    assert isinstance(text, Text)
    assert isinstance(image, Media)
    assert isinstance(document, Media)
    assert isinstance(result, ToolResult)
    assert isinstance(upload, Foreign)
    assert (image.mime, image.data) == ("image/png", "AA==")
    assert (document.mime, document.data, document.name) == ("text/plain", "d29yZHM=", "T")
    assert result.content == [Text(text="r")]
    assert (result.call_id, result.is_error) == ("a", True)
    assert all(part.cache == CacheHint("1h") for part in (text, image, document, result, upload))


def test_choice_thinking_and_user_find_their_places() -> None:
    """The knobs that other formats have too stand in the representation."""
    request = CODEC.decode_request(
        {
            **ASKED,
            "tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": True},
            "thinking": {"type": "enabled", "budget_tokens": 2048, "display": "summarized"},
            "output_config": {"effort": "high", "format": {"type": "json_schema", "schema": {"type": "object"}}},
            "metadata": {"user_id": "u"},
        }
    )
    assert request.tool_choice == ToolChoice(mode="required", names=["f"])
    assert request.parallel_tools is False
    assert request.thinking == Thinking(enabled=True, budget=2048, effort="high", show=True)
    assert request.output is not None
    assert request.output.schema == {"type": "object"}
    assert request.user == "u"


def test_native_state_is_read_as_anthropics() -> None:
    """A signature without an envelope is Anthropic's, of nobody knows which deployment."""
    thinking, hidden = said(
        {"type": "thinking", "thinking": "t", "signature": "sig"}, {"type": "redacted_thinking", "data": "r"}
    )
    assert thinking == Reasoning(text="t", opaque=Opaque("anthropic.signature", "sig"))
    assert hidden == Reasoning(opaque=Opaque("anthropic.redacted", "r"))


def test_an_envelope_in_a_signature_is_opened() -> None:
    """State of another provider comes back on the part it came on, and says whose it is."""
    assert said({"type": "thinking", "thinking": "t", "signature": seal(GEMINI)}) == [
        Reasoning(text="t", opaque=GEMINI)
    ]


def test_a_carrier_gives_its_state_to_the_part_before_it() -> None:
    """A block behind a call or a text holds that part's state and is no part of its own."""
    carrier = {"type": "redacted_thinking", "data": seal(GEMINI)}
    parts = said({"type": "text", "text": "x"}, carrier, CALL, carrier)
    assert parts == [
        Text(text="x", opaque=GEMINI),
        ToolCall(id="toolu_1", name="f", arguments='{"x":1}', opaque=GEMINI),
    ]


def test_a_carrier_without_its_part_stands_for_itself() -> None:
    """A client that left the part out still sends its state."""
    carrier = {"type": "redacted_thinking", "data": seal(GEMINI)}
    assert said(carrier) == [Reasoning(opaque=GEMINI)]


def test_hidden_thinking_of_others_is_thinking() -> None:
    """Redacted blocks of other Claude hosts travel in the same place and are no carriers."""
    hidden = Opaque("bedrock.redacted", "r", "bedrock", "us")
    parts = said({"type": "text", "text": "x"}, {"type": "redacted_thinking", "data": seal(hidden)})
    assert parts == [Text(text="x"), Reasoning(opaque=hidden)]


def test_a_damaged_envelope_is_dropped() -> None:
    """The words stay, nothing is put in the state's place, and no damaged blob goes on to a provider."""
    broken = seal(GEMINI)[:-9] + "!"
    parts = said(
        {"type": "thinking", "thinking": "t", "signature": broken}, {"type": "redacted_thinking", "data": broken}
    )
    assert parts == [Reasoning(text="t")]


def test_an_empty_signature_is_none() -> None:
    """Clients that were cut off send one; it is never sent on (fidelity.md failure 6)."""
    request = CODEC.decode_request(
        {
            **ASKED,
            "messages": [
                {"role": "user", "content": "hi"},
                {"role": "assistant", "content": [{"type": "thinking", "thinking": "t", "signature": ""}]},
            ],
        }
    )
    losses = Losses()
    assert CODEC.encode_request(request, losses)["messages"] == [{"role": "user", "content": "hi"}]
    assert [loss.path for loss in losses.found] == ["messages[1].content[0]"]


CITED = {
    "type": "web_search_result_location",
    "url": "https://x",
    "title": "T",
    "cited_text": "c",
    "encrypted_index": "",
}


@pytest.mark.parametrize(("text", "left"), [("x", [{"type": "text", "text": "x"}]), ("", None)])
def test_a_citation_that_we_wrote_is_no_native_one(text: str, left: object) -> None:
    """An empty `encrypted_index` marks another provider's citation, which Anthropic would refuse; and a text that was
    there only to show it, too.
    """
    said_ = {"role": "assistant", "content": [{"type": "text", "text": text, "citations": [CITED]}]}
    losses = Losses()
    encoded = CODEC.encode_request(CODEC.decode_request({**ASKED, "messages": [said_]}), losses)
    assert encoded["messages"] == ([] if left is None else [{"role": "assistant", "content": left}])
    assert len(losses.found) == int(left is not None)
