"""Whole answers: what a translated one looks like, and what comes of its items in the next turn."""

from __future__ import annotations

from typing import Any

import pytest

from tests.wire.openai_responses.made import ASKED, PARTS, REPLY, answer, strict
from trunkline.ir.answer import Answer, Choice, Finish
from trunkline.ir.envelope import open_envelope
from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Citation, Foreign, Media, MediaKind, Opaque, Part, Reasoning, Text, ToolCall
from trunkline.wire.codec import Reply
from trunkline.wire.openai_responses.codec import CODEC
from trunkline.wire.openai_responses.losses import REASONS
from trunkline.wire.openai_responses.stored import continued, items_of


def encoded(told: Answer, reply: Reply = REPLY, losses: Losses | None = None) -> dict[str, Any]:
    return CODEC.encode_answer(told, reply, losses or Losses())


def test_the_official_client_takes_every_part() -> None:
    """A translated answer with every kind of part passes the strict types of OpenAI's own package."""
    losses = Losses()
    response = strict(encoded(answer(*PARTS), losses=losses))
    assert losses.found == []
    assert response.output_text == "Hello thereend"
    assert [item.type for item in response.output] == [
        "reasoning", "reasoning", "message", "function_call", "reasoning", "reasoning", "custom_tool_call",
        "function_call", "message", "reasoning", "message", "image_generation_call",
    ]  # fmt: skip
    assert response.usage is not None
    assert (response.usage.input_tokens, response.usage.total_tokens) == (10, 15)
    assert response.usage.input_tokens_details.cached_tokens == 2
    assert response.usage.output_tokens_details.reasoning_tokens == 3


def test_the_request_is_repeated() -> None:
    """A response says what it was asked for."""
    body = encoded(answer(Text(text="x")))
    for name, value in ASKED.items():
        if name not in {"input", "model", "tools", "reasoning", "service_tier"}:
            assert body[name] == value, name
    assert [tool["name"] for tool in body["tools"]] == ["f", "c"]
    assert body["reasoning"] == {"effort": "low", "summary": None}
    assert (body["id"], body["model"], body["created_at"], body["object"]) == ("resp_abc", "claude", 9, "response")
    assert (body["status"], body["error"], body["incomplete_details"]) == ("completed", None, None)
    assert (body["user"], body["safety_identifier"]) == (None, "u")


def test_an_answer_to_a_bare_request_is_strict_as_well() -> None:
    """Defaults stand where the request said nothing."""
    reply = Reply(id="abc", model="asked", created=5, request=CODEC.decode_request({"model": "m", "input": "x"}))
    body = encoded(Answer(choices=[Choice(parts=[Text(text="x")])]), reply)
    response = strict(body)
    assert (response.model, response.created_at, response.tool_choice, response.tools) == ("asked", 5, "auto", [])
    assert body["text"] == {"format": {"type": "text"}}


@pytest.mark.parametrize(
    ("finish", "status", "reason"),
    [
        (None, "completed", None),
        (Finish.STOP, "completed", None),
        (Finish.STOP_SEQUENCE, "completed", None),
        (Finish.TOOL_CALLS, "completed", None),
        (Finish.REFUSAL, "completed", None),
        (Finish.LENGTH, "incomplete", {"reason": "max_output_tokens"}),
        (Finish.CONTEXT, "incomplete", {"reason": "max_output_tokens"}),
        (Finish.CONTENT_FILTER, "incomplete", {"reason": "content_filter"}),
        (Finish.PAUSE, "incomplete", {"reason": None}),
        (Finish.BAD_CALL, "incomplete", {"reason": None}),
        (Finish.OTHER, "incomplete", {"reason": None}),
    ],
)
def test_how_it_ended(finish: Finish | None, status: str, reason: object) -> None:
    """Every finish has its status, and the last item says it too."""
    body = encoded(answer(Text(text="x"), finish=finish))
    assert (body["status"], body["incomplete_details"]) == (status, reason)
    assert body["output"][0]["status"] == status
    strict(body)


@pytest.mark.parametrize(
    ("members", "finish", "word"),
    [
        ({"status": "completed"}, Finish.STOP, "completed"),
        ({}, Finish.STOP, "completed"),
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, Finish.LENGTH, "max_output_tokens"),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, Finish.CONTENT_FILTER, "content_filter"),
        ({"status": "incomplete", "incomplete_details": None}, Finish.OTHER, "incomplete"),
        ({"status": "failed"}, Finish.OTHER, "failed"),
        ({"status": "queued"}, None, "queued"),
    ],
)  # fmt: skip
def test_why_it_ended_is_read(members: dict[str, object], finish: Finish | None, word: str) -> None:
    """Status and reason become one finish; the word stays."""
    choice = CODEC.decode_answer({"output": [], **members}).choices[0]
    assert (choice.finish, choice.finish_native) == (finish, word)


def test_calls_and_refusals_are_finishes() -> None:
    """The format says `completed` where others say why."""
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    refusal = {"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]}
    assert CODEC.decode_answer({"output": [refusal, call]}).choices[0].finish is Finish.TOOL_CALLS
    assert CODEC.decode_answer({"output": [refusal]}).choices[0].finish is Finish.REFUSAL


def test_what_is_no_response_is_refused() -> None:
    """An object without output is no answer."""
    with pytest.raises(BadShape, match="output"):
        CODEC.decode_answer({"object": "response.input_tokens", "input_tokens": 3})


def test_odd_items_come_whole() -> None:
    """What lacks its type's shape, and what nobody knows, is kept and given back."""
    output = [
        {"type": "function_call", "name": "f"}, {"type": "reasoning", "summary": 1}, {"type": "message", "content": None},
        {"type": "message", "role": "user", "content": []}, "text", 7, {"no": "type"}, {"type": ["x"]},
        {"type": "message", "role": "assistant", "content": [{"type": "new"}, {"type": "output_text", "text": "x"}, 3]},
        {"type": "message", "role": "assistant", "content": "x", "id": "m"},
    ]  # fmt: skip
    body = {"id": "r", "object": "response", "model": "m", "created_at": 1.5, "output": output, "status": "completed"}
    read = CODEC.decode_answer(body)
    assert read.created == 1
    assert sum(isinstance(part, Foreign) for part in read.choices[0].parts) == 10
    assert encoded(read) == body


def test_citations_are_read() -> None:
    """URL and file citations say where the words come from; the annotation itself stays with them."""
    notes = [
        {"type": "url_citation", "url": "https://x", "title": "t", "start_index": 1, "end_index": 3},
        {"type": "file_citation", "file_id": "file-1", "filename": "n", "index": 2},
        {"type": "file_path", "file_id": "file-2", "index": 1},
    ]
    content = [{"type": "output_text", "text": "words", "annotations": notes}]
    part = CODEC.decode_answer({"output": [{"type": "message", "content": content}]}).choices[0].parts[0]
    assert isinstance(part, Text)
    assert [(c.url, c.title, c.source, c.start, c.end) for c in part.citations] == [
        ("https://x", "t", "", 1, 3), ("", "n", "file-1", None, None), ("", "", "file-2", None, None),
    ]  # fmt: skip


def test_citations_are_written() -> None:
    """A document of another format becomes a file citation; what has no place is said."""
    cited = [Citation(url="https://x"), Citation(source="doc", title="n"), Citation(cited="words")]
    losses = Losses()
    body = encoded(answer(Text(text="four", citations=cited)), losses=losses)
    strict(body)
    assert body["output"][0]["content"][0]["annotations"] == [
        {"type": "url_citation", "start_index": 0, "end_index": 4, "title": "", "url": "https://x"},
        {"type": "file_citation", "file_id": "doc", "filename": "n", "index": 0},
    ]
    assert {loss.reason for loss in losses.found} <= REASONS
    assert len(losses.found) == 2


def test_logprobs_of_the_chat_format_are_written() -> None:
    """They stand at the text, with the bytes that the official client demands."""
    told = answer(Text(text="hé"))
    entry = {"token": "hé", "logprob": -0.5, "bytes": None, "top_logprobs": [{"token": "h", "logprob": -1.0}]}
    told.choices[0].logprobs = {"content": [entry]}
    body = encoded(told)
    strict(body)
    assert body["output"][0]["content"][0]["logprobs"] == [{
        "token": "hé", "logprob": -0.5, "bytes": [104, 195, 169],
        "top_logprobs": [{"token": "h", "logprob": -1.0, "bytes": [104]}],
    }]  # fmt: skip


def test_logprobs_are_read() -> None:
    """They are the choice's, in the form of the chat format."""
    content = [{"type": "output_text", "text": "x", "logprobs": [{"token": "x"}]}]
    choice = CODEC.decode_answer({"output": [{"type": "message", "content": content}]}).choices[0]
    assert choice.logprobs == {"content": [{"token": "x"}]}


def test_an_image_is_a_medium() -> None:
    """The result of image generation can go to formats that know images."""
    item = {
        "type": "image_generation_call",
        "id": "ig",
        "result": "/9j/x",
        "status": "completed",
        "output_format": "webp",
    }
    part = CODEC.decode_answer({"output": [item]}).choices[0].parts[0]
    assert isinstance(part, Media)
    assert (part.kind, part.mime, part.data) == (MediaKind.IMAGE, "image/webp", "/9j/x")


@pytest.mark.parametrize(
    "part",
    [
        Foreign(format=Format.ANTHROPIC_MESSAGES, kind="server_tool_use", data={"type": "server_tool_use"}),
        Media(kind=MediaKind.AUDIO, mime="audio/wav", data="UklG"),
        Media(kind=MediaKind.IMAGE, url="https://x/a.png"),
    ],
)
def test_what_an_answer_cannot_hold_is_said(part: Part) -> None:
    """The rest of the answer reaches the client."""
    losses = Losses()
    body = encoded(answer(part, Text(text="x")), losses=losses)
    strict(body)
    assert [item["type"] for item in body["output"]] == ["message"]
    assert [loss.path for loss in losses.found] == ["content[0]"]


def test_further_answers_are_said() -> None:
    """The format holds one answer per request."""
    told = answer(Text(text="x"))
    told.choices.append(Choice(parts=[Text(text="y")]))
    losses = Losses()
    assert len(encoded(told, losses=losses)["output"]) == 1
    assert [loss.path for loss in losses.found] == ["choices[1]"]


def test_state_is_sealed_with_who_made_it() -> None:
    """`encrypted_content` holds an envelope that names provider and deployment."""
    item = encoded(answer(PARTS[0]))["output"][0]
    assert open_envelope(item["encrypted_content"]) == Opaque("anthropic.signature", "sig", "anthropic", "d1")


def test_own_state_is_raw_only_where_nobody_is_known() -> None:
    """Without a provider's name encrypted reasoning stays as it is; with one it is sealed, and keeps its id."""
    thought = Reasoning(opaque=Opaque("openai.encrypted", "blob", id="rs_1"))
    unnamed = Reply(id="abc", model="m", created=5, request=REPLY.request)
    assert encoded(answer(thought), unnamed)["output"][0]["encrypted_content"] == "blob"
    item = encoded(answer(thought))["output"][0]
    assert item["id"] == "rs_1"
    assert open_envelope(item["encrypted_content"]) == Opaque("openai.encrypted", "blob", "anthropic", "d1", "rs_1")


def test_the_next_turn_has_every_part_again() -> None:
    """What a client sends back of a translated answer is the answer: parts, order, state (fidelity failures 3 to 8)."""
    told = [part for part in PARTS if not isinstance(part, Media)]
    body = encoded(answer(*told))
    follow = {"model": "m", "input": "go on", "previous_response_id": body["id"]}
    request = CODEC.decode_request(continued(follow, items_of(body)))
    parts = request.messages[0].parts
    assert [type(part) for part in parts] == [type(part) for part in told]
    for part, before in zip(parts, told, strict=True):
        assert getattr(part, "text", "") == getattr(before, "text", "")
        if isinstance(before, ToolCall):
            assert isinstance(part, ToolCall)
            assert (part.id, part.name, part.custom) == (before.id, before.name, before.custom)
            assert part.arguments == (before.arguments or "{}")
        state, made = getattr(part, "opaque", None), getattr(before, "opaque", None)
        assert (state is None) == (made is None)
        if isinstance(state, Opaque) and isinstance(made, Opaque):
            assert (state.kind, state.data, state.id) == (made.kind, made.data, made.id)
            assert (state.provider, state.deployment) == ("anthropic", "d1")
        assert getattr(part, "native", None) is None
    assert request.messages[1].parts == [Text(text="go on")]


def test_the_same_answer_has_the_same_ids() -> None:
    """Ids are made of the response and the place, so that stored and streamed answers agree."""
    first, second = encoded(answer(*PARTS))["output"], encoded(answer(*PARTS))["output"]
    ids = [item["id"] for item in first]
    assert ids == [item["id"] for item in second]
    assert len(set(ids)) == len(ids)
