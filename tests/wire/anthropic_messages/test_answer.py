"""Whole answers of other providers, written for a client of Anthropic's; and what is no answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.wire.anthropic_messages.recorded import ASKED, reply_to
from trunkline.ir.answer import Answer, Choice, Finish
from trunkline.ir.envelope import open_envelope, seal
from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Citation, Foreign, Media, MediaKind, Native, Opaque, Part, Reasoning, Text, ToolCall
from trunkline.ir.usage import Usage
from trunkline.wire.anthropic_messages import losses as why
from trunkline.wire.anthropic_messages.codec import CODEC
from trunkline.wire.codec import Members
from trunkline.wire.natives import ONLY_THERE

THEIRS = Native(Format.OPENAI_CHAT, {"usage": {"prompt_tokens": 1}})
MESSAGE: Members = {"type": "message", "id": "i", "model": "m", "content": [], "stop_reason": "end_turn", "usage": {}}


def encoded(*parts: Part, origin: str = "vertex", **choice: Any) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The body for a client, and the losses; every reason is in the written list."""
    losses = Losses()
    answer = Answer(choices=[Choice(parts=list(parts), **choice)], native=THEIRS)
    body = CODEC.encode_answer(answer, reply_to(provider=origin, deployment="eu" if origin else ""), losses)
    assert {loss.reason for loss in losses.found} <= why.REASONS | {ONLY_THERE}
    return body, [(loss.path, loss.reason) for loss in losses.found]


def back(content: list[Any]) -> list[Part]:
    """The parts that a client's next request with this content has."""
    body = {**ASKED, "messages": [{"role": "assistant", "content": content}]}
    return CODEC.decode_request(body).messages[0].parts


@pytest.mark.parametrize(
    ("finish", "native", "calls", "expected"),
    [
        (Finish.STOP, "stop", False, "end_turn"),
        (Finish.STOP, "STOP", True, "tool_use"),
        (Finish.STOP_SEQUENCE, "stop_sequence", False, "stop_sequence"),
        (Finish.LENGTH, "length", True, "max_tokens"),
        (Finish.TOOL_CALLS, "tool_calls", True, "tool_use"),
        (Finish.CONTENT_FILTER, "SAFETY", False, "refusal"),
        (Finish.REFUSAL, "", False, "refusal"),
        (Finish.PAUSE, "", False, "pause_turn"),
        (Finish.CONTEXT, "", False, "model_context_window_exceeded"),
        (Finish.BAD_CALL, "MALFORMED_FUNCTION_CALL", False, "end_turn"),
        (Finish.OTHER, "novel", False, "end_turn"),
        (None, "", False, "end_turn"),
        (None, "", True, "tool_use"),
    ],
)
def test_stop_reasons_of_others_become_anthropics(
    finish: Finish | None, native: str, calls: bool, expected: str
) -> None:
    """Only Anthropic's words are written, and an answer with calls says so: clients run tools for that word."""
    parts: list[Part] = [ToolCall(id="a", name="f", arguments="{}")] if calls else [Text(text="x")]
    body, _ = encoded(*parts, finish=finish, finish_native=native)
    assert body["stop_reason"] == expected


@pytest.mark.parametrize("word", ["end_turn", "pause_turn", "compaction", "a_novel_reason"])
def test_anthropics_own_word_comes_back(word: str) -> None:
    """Also one that is not known here."""
    answer = CODEC.decode_answer({**MESSAGE, "stop_reason": word})
    assert CODEC.encode_answer(answer, reply_to(), Losses())["stop_reason"] == word


def test_stop_sequence_and_details_come_back() -> None:
    """A refusal's details are a member of the choice."""
    details = {"type": "refusal", "category": "cyber", "explanation": "no"}
    body = {**MESSAGE, "stop_reason": "refusal", "stop_details": details, "stop_sequence": "END"}
    answer = CODEC.decode_answer(body)
    assert answer.choices[0].finish is Finish.REFUSAL
    assert answer.choices[0].stop_sequence == "END"
    again = CODEC.encode_answer(answer, reply_to(), Losses())
    assert again["stop_details"] == details
    assert again["stop_sequence"] == "END"


def test_ids_models_and_usage_are_filled_in() -> None:
    """Ours where the provider has none, and all counts in Anthropic's sense."""
    usage = Usage(100, 20, cache_read=30, cache_write=10, reasoning=5, cache_write_long=4, web_searches=2)
    losses = Losses()
    body = CODEC.encode_answer(Answer(usage=usage, service_tier="default", native=THEIRS), reply_to(), losses)
    assert (body["id"], body["model"], body["type"], body["role"]) == ("msg_1", "m", "message", "assistant")
    assert body["content"] == []
    assert body["usage"] == {
        "input_tokens": 60,
        "cache_read_input_tokens": 30,
        "cache_creation_input_tokens": 10,
        "cache_creation": {"ephemeral_5m_input_tokens": 6, "ephemeral_1h_input_tokens": 4},
        "output_tokens": 20,
        "output_tokens_details": {"thinking_tokens": 5},
        "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 0},
    }
    assert losses.found == []
    named = CODEC.encode_answer(Answer(id="chatcmpl-1", model="gpt", service_tier="priority"), reply_to(), losses)
    assert (named["id"], named["model"]) == ("chatcmpl-1", "gpt")
    assert named["usage"] == {"input_tokens": 0, "output_tokens": 0, "service_tier": "priority"}


def test_state_of_another_provider_is_sealed_and_comes_back() -> None:
    """Thinking has its place; a text's and a call's state follows in a block of its own."""
    state = Opaque("gemini.signature", "blob")
    parts: list[Part] = [
        Reasoning(text="t", opaque=state),
        Text(text="x", opaque=state),
        ToolCall(id="a", name="f", arguments='{"x":1}', opaque=state),
    ]
    body, lost = encoded(*parts)
    assert [block["type"] for block in body["content"]] == [
        "thinking", "text", "redacted_thinking", "tool_use", "redacted_thinking",
    ]  # fmt: skip
    full = Opaque("gemini.signature", "blob", "vertex", "eu")
    assert open_envelope(body["content"][0]["signature"]) == full
    assert open_envelope(body["content"][2]["data"]) == full
    assert [part.opaque for part in back(body["content"]) if not isinstance(part, Foreign)] == [full] * 3
    assert [type(part) for part in back(body["content"])] == [Reasoning, Text, ToolCall]
    assert lost == []


def test_state_of_an_empty_text_stands_for_itself() -> None:
    """An empty text is no block, so its state does not move to another part."""
    state = Opaque("gemini.signature", "blob", "vertex", "eu")
    body, _ = encoded(Text(text="x"), Text(text="", opaque=state))
    assert back(body["content"]) == [Text(text="x"), Reasoning(opaque=state)]


@pytest.mark.parametrize(("kind", "member"), [("anthropic.signature", "signature"), ("anthropic.redacted", "data")])
def test_anthropics_own_state_is_sealed_where_its_origin_is_known(kind: str, member: str) -> None:
    """So the next turn can go where the blob can be read (fidelity.md failure 5); else it goes as it is."""
    part = Reasoning(text="t" if member == "signature" else "", opaque=Opaque(kind, "blob"))
    assert encoded(part, origin="")[0]["content"][0][member] == "blob"
    sealed = encoded(part, origin="anthropic")[0]["content"][0][member]
    assert open_envelope(sealed) == Opaque(kind, "blob", "anthropic", "eu")


def test_state_that_names_its_origin_keeps_it() -> None:
    """The encoder fills in only what is not known."""
    part = Reasoning(text="t", opaque=Opaque("openai.encrypted", "blob", "azure", "us", "rs_1"))
    signature = encoded(part)[0]["content"][0]["signature"]
    assert signature == seal(Opaque("openai.encrypted", "blob", "azure", "us", "rs_1"))


def test_thinking_without_state_never_has_an_empty_signature() -> None:
    """Clients want the member; it comes back as thinking without state."""
    body, _ = encoded(Reasoning(text="t"), Reasoning())
    assert len(body["content"]) == 1
    assert body["content"][0]["signature"]
    assert back(body["content"]) == [Reasoning(text="t")]


def test_arguments_that_are_no_object_do_not_run_the_tool_with_none() -> None:
    """They are wrapped, so that the tool's own check fails, and the change is reported."""
    body, lost = encoded(ToolCall(id="a", name="f", arguments='{"x": '), ToolCall(id="b", name="g", arguments=""))
    assert [block["input"] for block in body["content"]] == [{"arguments": '{"x": '}, {}]
    assert lost == [("content[0].input", why.ARGUMENTS_WRAPPED)]


def test_citations_of_others_are_shown_by_their_url() -> None:
    """Those without one are reported."""
    text = Text(text="x", citations=[Citation(url="https://x", title="T", cited="c"), Citation(source="doc")])
    body, lost = encoded(text)
    assert body["content"] == [
        {
            "type": "text",
            "text": "x",
            "citations": [
                {
                    "type": "web_search_result_location",
                    "url": "https://x",
                    "title": "T",
                    "cited_text": "c",
                    "encrypted_index": "",
                }
            ],
        }
    ]
    assert lost == [("content[0].citations", why.UNCITABLE)]


def test_what_has_no_place_in_an_answer_is_reported() -> None:
    """An answer that was paid for is never refused."""
    losses = Losses()
    parts: list[Part] = [
        Media(kind=MediaKind.IMAGE, data="AA=="),
        Foreign(format=Format.GEMINI, kind="executableCode", data={}),
        Text(text="x", native=Native(Format.GEMINI, {"y": 1})),
        Text(text=""),
    ]
    answer = Answer(choices=[Choice(parts=parts, logprobs={}), Choice()], native=Native(Format.GEMINI, {"z": 1}))
    body = CODEC.encode_answer(answer, reply_to(), losses)
    assert body["content"] == [{"type": "text", "text": "x"}]
    assert [loss.path for loss in losses.found] == [
        "choices", "logprobs", "content[0]", "content[1]", "content[2].y", "z",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"type": "error", "error": {"type": "api_error", "message": "x"}},
        {"content": None},
        {"content": "x"},
        {"content": [5]},
        {"content": [{"type": "text"}]},
        {"content": [{"type": None}]},
        {"content": [{"type": "tool_use", "id": "", "name": "f", "input": {}}]},
        {"content": [{"type": "tool_use", "id": "a", "name": "f", "input": [1]}]},
        {"content": [], "id": 5},
        {"content": [], "stop_sequence": {}},
    ],
)
def test_what_is_no_answer_is_a_bad_shape(body: dict[str, Any]) -> None:
    """Nothing else is raised for what a provider sent."""
    with pytest.raises(BadShape):
        CODEC.decode_answer(body)


def test_unknown_blocks_and_members_come_back() -> None:
    """The API announces that types may be added."""
    body: Members = {
        **MESSAGE,
        "role": "assistant",
        "stop_sequence": None,
        "content": [
            {"type": "novelty", "x": 1},
            {"type": "text", "text": "", "citations": None},
            {"type": "thinking", "thinking": "", "signature": ""},
        ],
        "usage": {"input_tokens": -1, "output_tokens": 2},
        "container": None,
        "diagnostics": {"cache_miss_reason": {}},
    }
    answer = CODEC.decode_answer(body)
    assert answer.usage is None
    assert CODEC.encode_answer(answer, reply_to(), Losses()) == body
