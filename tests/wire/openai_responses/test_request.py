"""Clients' requests: items to messages, parameters to their places, and what has no sense refused."""

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
    Message,
    Native,
    Opaque,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.ir.request import OutputSchema, Request, Sampling, Thinking, Tool, ToolChoice
from trunkline.wire.codec import Named
from trunkline.wire.openai_responses.codec import CODEC
from trunkline.wire.openai_responses.items import BEHIND
from trunkline.wire.openai_responses.losses import REASONS

CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"a": 1}'}
OUTPUT = {"type": "function_call_output", "call_id": "c1", "output": "42"}
THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "blob"}


def asked(*items: object, **members: object) -> Request:
    return CODEC.decode_request({"model": "m", "input": list(items), **members})


def sent(request: Request, losses: Losses | None = None) -> dict[str, Any]:
    return CODEC.encode_request(request, losses or Losses())


def user(*parts: Any, role: Any = "user", **more: Any) -> Request:
    """A request as another format's client makes it."""
    return Request(model="m", messages=[Message(role=role, parts=list(parts), **more)])


@pytest.mark.parametrize(
    "members",
    [
        {"input": "hi"},
        {"input": [{"role": "user", "content": "hi"}]},
        {"input": [{"type": "message", "role": "user", "content": "hi"}]},
        {"input": [{"role": "user", "content": [{"type": "input_text", "text": "hi"}]}]},
        {"input": [{"role": "system", "content": "be nice"}, {"role": "user", "content": "hi"}]},
        {"instructions": "be nice", "input": [{"role": "developer", "content": "really"}]},
        {"instructions": "", "input": []},
        {"instructions": None, "input": None, "tools": None, "temperature": None},
        {"input": [{"role": "user", "content": []}]},
        {"input": [{"role": "assistant", "content": "a"}, {"role": "assistant", "content": "b"}]},
        {"input": [{"role": "assistant", "content": [{"type": "output_text", "text": "a"}], "phase": "commentary"}]},
        {"input": [{"type": "message", "role": "assistant", "id": "msg_1", "status": "completed", "content": []}]},
        {"input": [{"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]}]},
        {"input": [{"role": "assistant", "content": [{"type": "new", "x": 1}, {"type": "output_text", "text": "a"}]}]},
        {"input": [{"role": "user", "content": [{"type": "input_video", "url": "u"}]}]},
        {"input": [{"id": "msg_1"}]},
        {"input": [{"type": "item_reference", "id": "rs_1"}, {"type": None, "id": "x"}]},
        {"input": [CALL, {**OUTPUT, "output": []}, {**OUTPUT, "output": ""}]},
        {"input": [{**OUTPUT, "output": [{"type": "input_text", "text": "x"}], "status": "completed", "name": "f"}]},
        {"input": [{"type": "function_call_output", "output": "x"}]},
        {"input": [{**CALL, "arguments": ""}, {**CALL, "namespace": "n", "status": None}]},
        {"input": [{"type": "custom_tool_call", "call_id": "c", "name": "n", "input": ""}]},
        {"input": [{"type": "custom_tool_call_output", "call_id": "c", "output": "x"}]},
        {"input": [{"type": "reasoning", "summary": [{"type": "summary_text", "text": t} for t in "ab"]}]},
        {"input": [{**THOUGHT, "content": None}, {"type": "reasoning", "encrypted_content": "x"}]},
        {"input": [{"type": "compaction", "encrypted_content": "x"}, {"type": "compaction_trigger"}]},
        {"input": [{"type": "image_generation_call", "id": "ig_1", "result": "iVBOR", "status": "completed"}]},
        {"input": [{"type": "computer_call_output", "call_id": "c", "output": {}}, {"type": "what_is_this"}]},
        {"text": {}, "reasoning": {}, "tools": [], "include": [], "metadata": {}, "stream": False},
        {"text": {"format": {"type": "text"}, "verbosity": "low"}},
        {"text": {"format": {"type": "grammar", "x": 1}, "later": True}},
        {"text": {"format": {"type": "json_schema", "name": "n", "schema": {}, "strict": None, "description": ""}}},
        {"reasoning": {"effort": "none", "summary": None, "generate_summary": "auto", "mode": "pro"}},
        {"tool_choice": {"type": "function", "name": "f"}},
        {"tool_choice": {"type": "custom", "name": "f"}},
        {"tool_choice": {"type": "mcp", "server_label": "s", "name": "n"}},
        {"tool_choice": {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "f"}]}},
        {"tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "web_search"}]}},
        {"tools": [{"type": "function", "name": "f", "parameters": None, "strict": None, "description": ""}]},
        {"tools": [{"type": "function", "name": "f", "parameters": {}, "async": True}, {"type": "web_search"}]},
        {"tools": [{"type": "custom", "name": "c", "format": {"type": "grammar", "syntax": "lark", "definition": "x"}}]},
        {"tools": [{"type": "namespace", "name": "n", "description": "d", "tools": []}]},
        {"user": "u", "safety_identifier": "s"},
        {"safety_identifier": "s", "prompt_cache_key": "k"},
        {"frequency_penalty": 0.5, "presence_penalty": 0, "top_logprobs": 3, "temperature": 0, "top_p": 0.5},
        {"include": ["message.output_text.logprobs", "web_search_call.action.sources"]},
        {"background": False, "truncation": "disabled", "stream_options": {"include_obfuscation": False}},
        {"conversation": {"id": "c"}, "previous_response_id": "resp_1", "prompt": {"id": "p"}, "store": False},
    ],
)  # fmt: skip
def test_every_spelling_comes_back(members: dict[str, object]) -> None:
    """What can be said in several ways is said in the same way again."""
    body = {"model": "m", **members}
    losses = Losses()
    assert sent(CODEC.decode_request(body), losses) == body
    assert losses.found == []


@pytest.mark.parametrize(
    "part",
    [
        {"type": "input_image", "image_url": "https://x/a.png", "detail": "high"},
        {"type": "input_image", "image_url": "data:image/png;base64,iVBOR"},
        {"type": "input_image", "image_url": "data:IMAGE/png;charset=x;base64,iVBOR"},
        {"type": "input_image", "image_url": "data:;base64,/9j/"},
        {"type": "input_image", "image_url": None, "file_id": "file-1", "detail": "auto"},
        {"type": "input_image", "image_url": "https://x/a.png", "file_id": "file-1"},
        {"type": "input_image", "image_url": "REDACTED"},
        {"type": "input_file", "file_data": "data:application/pdf;base64,JVBER", "filename": "a.pdf"},
        {"type": "input_file", "file_data": "JVBER", "filename": "a.pdf"},
        {"type": "input_file", "file_data": "data:application/pdf;base64,JVBER"},
        {"type": "input_file", "file_url": "https://x/a.pdf", "filename": "", "detail": "low"},
        {"type": "input_file", "file_id": "file-1", "file_url": "https://x"},
        {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}},
        {"type": "input_audio", "input_audio": {"data": "UklG", "format": "opus", "x": 1}},
        {"type": "input_text", "text": "x", "prompt_cache_breakpoint": {"mode": "explicit"}},
        {"type": "input_text", "text": "x", "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}},
        {"type": "input_text", "text": "x", "prompt_cache_breakpoint": {"mode": "later"}, "more": 1},
        {"type": "input_image", "file_id": "f", "prompt_cache_breakpoint": {"mode": "explicit"}},
        {"type": "text", "text": "x"},
    ],
)
def test_every_kind_of_content_comes_back(part: dict[str, object]) -> None:
    """Content of a message and of a tool result is the same again."""
    message = {"role": "user", "content": [part]}
    body: dict[str, object] = {"model": "m", "input": [message, {**OUTPUT, "output": [part]}]}
    losses = Losses()
    assert sent(CODEC.decode_request(body), losses) == body
    assert losses.found == []


def test_media_are_read() -> None:
    """A `data:` URL becomes type and base64, other URLs and file ids stay what they are."""
    request = asked(
        {
            "role": "user",
            "content": [
                {"type": "input_image", "image_url": "data:image/webp;base64,UklGR", "detail": "low"},
                {"type": "input_file", "file_url": "https://x/a.pdf", "filename": "a.pdf"},
                {"type": "input_audio", "input_audio": {"data": "UklG", "format": "mp3"}},
            ],
        }
    )
    image, file, audio = request.messages[0].parts
    assert isinstance(image, Media)
    assert (image.kind, image.mime, image.data, image.detail) == (MediaKind.IMAGE, "image/webp", "UklGR", "low")
    assert isinstance(file, Media)
    assert (file.kind, file.url, file.name) == (MediaKind.DOCUMENT, "https://x/a.pdf", "a.pdf")
    assert isinstance(audio, Media)
    assert (audio.kind, audio.mime, audio.data) == (MediaKind.AUDIO, "audio/mpeg", "UklG")


def test_consecutive_items_of_the_assistant_are_one_message() -> None:
    """Reasoning, text, calls and server tools keep their order in one message; results are the next one."""
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    text = {"role": "assistant", "content": "looking"}
    request = asked(
        {"role": "user", "content": "hi"}, THOUGHT, search, text, CALL, {**CALL, "call_id": "c2"}, OUTPUT, OUTPUT
    )
    assert [message.role for message in request.messages] == ["user", "assistant", "user"]
    kinds = [type(part) for part in request.messages[1].parts]
    assert kinds == [Reasoning, Foreign, Text, ToolCall, ToolCall]
    assert [type(part) for part in request.messages[2].parts] == [ToolResult, ToolResult]


def test_instructions_are_the_first_message() -> None:
    """`instructions` is a system message in front; a system item of the input stands where it stood."""
    request = asked({"role": "system", "content": "b"}, instructions="a")
    assert [message.role for message in request.messages] == ["system", "system"]
    assert [part.text for message in request.messages for part in message.parts if isinstance(part, Text)] == ["a", "b"]


def test_a_result_without_content_stays_a_result() -> None:
    """An empty output is a tool result without content (fidelity failure 8)."""
    result = asked({**OUTPUT, "output": ""}).messages[0].parts[0]
    assert isinstance(result, ToolResult)
    assert (result.call_id, result.content) == ("c1", [])


def test_reasoning_is_read() -> None:
    """The blob travels with the id of its item; the text is the content, else the summaries."""
    summary = [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "b"}]
    content = [{"type": "reasoning_text", "text": "c"}]
    first, second = (
        asked({**THOUGHT, "summary": summary}, {**THOUGHT, "summary": summary, "content": content}).messages[0].parts
    )
    assert isinstance(first, Reasoning)
    assert first.opaque == Opaque("openai.encrypted", "blob", id="rs_1")
    assert (first.text, first.summary) == ("a\n\nb", True)
    assert isinstance(second, Reasoning)
    assert (second.text, second.summary) == ("c", False)


def test_an_edited_text_is_not_undone_by_its_spelling() -> None:
    """Where somebody changed the text of reasoning, the lists that were remembered do not bring the old one back."""
    summary = [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "secret"}]
    request = asked({**THOUGHT, "summary": summary})
    part = request.messages[0].parts[0]
    assert isinstance(part, Reasoning)
    part.text = "edited"
    assert sent(request)["input"][0]["summary"] == [{"type": "summary_text", "text": "edited"}]


def test_parameters_are_read() -> None:
    """Effort, schema, limits and the rest stand where other formats find them."""
    request = CODEC.decode_request({
        "model": "m", "input": "x", "stream": True, "max_output_tokens": 9, "parallel_tool_calls": False, "store": True,
        "service_tier": "flex", "safety_identifier": "u", "metadata": {"a": "b"}, "temperature": 0.5,
        "reasoning": {"effort": "high", "summary": "auto"}, "include": ["message.output_text.logprobs"],
        "text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}}, "verbosity": "low"},
    })  # fmt: skip
    assert (request.stream, request.parallel_tools, request.store, request.service_tier) == (True, False, True, "flex")
    assert (request.user, request.metadata, request.verbosity) == ("u", {"a": "b"}, "low")
    assert (request.sampling.max_tokens, request.sampling.temperature, request.sampling.logprobs) == (9, 0.5, True)
    assert request.thinking is not None
    assert (request.thinking.effort, request.thinking.summary, request.thinking.show) == ("high", "auto", True)
    assert request.output is not None
    assert (request.output.name, request.output.schema) == ("n", {"type": "object"})


def test_what_the_path_names_counts_where_the_body_does_not() -> None:
    """A model and a stream that stand outside of the body."""
    request = CODEC.decode_request({"input": "x"}, Named(model="gpt", stream=True))
    assert (request.model, request.stream) == ("gpt", True)


def test_tool_choice_is_read() -> None:
    """One function, a set of allowed tools, and the three words."""

    def choice(value: object) -> tuple[str, list[str]]:
        read = asked(tool_choice=value).tool_choice
        assert read is not None
        return read.mode, read.names

    assert choice("none") == ("none", [])
    assert choice({"type": "function", "name": "f"}) == ("required", ["f"])
    tools = [{"type": "function", "name": "f"}, {"type": "custom", "name": "g"}]
    assert choice({"type": "allowed_tools", "mode": "auto", "tools": tools}) == ("auto", ["f", "g"])


def test_ids_of_this_gateway_come_off() -> None:
    """Items of a translated answer come back without the ids that no provider knows (fidelity failure 14)."""
    text = {"type": "output_text", "text": "a", "annotations": [], "logprobs": []}
    ours = "_tlk0_resp_1"
    request = asked(
        {"type": "message", "id": "msg" + ours, "status": "completed", "role": "assistant", "content": [text]},
        {**CALL, "id": "fc" + ours, "status": "completed"},
        {**OUTPUT, "id": "fco_tlki3_resp_1", "status": "completed"},
        {"type": "message", "role": "user", "id": "msg_tlki4_resp_1", "content": "b"},
    )
    losses = Losses()
    assert sent(request, losses)["input"] == [
        {"role": "assistant", "content": "a"}, CALL, OUTPUT, {"role": "user", "type": "message", "content": "b"},
    ]  # fmt: skip
    assert losses.found == []
    assert all(getattr(part, "native", None) is None for part in request.messages[0].parts)


def test_the_phase_of_a_message_is_a_member() -> None:
    """What only this format says of a message is there under its own name, for a loss report; ids are not."""
    item = {
        "type": "message",
        "role": "assistant",
        "id": "msg_1",
        "status": "completed",
        "phase": "commentary",
        "content": "x",
    }
    part = asked(item).messages[0].parts[0]
    assert isinstance(part, Text)
    assert part.native is not None
    assert part.native.members == {"phase": "commentary"}


def test_a_reference_to_an_item_of_ours_is_not_sent() -> None:
    """The provider could not know it, so the client is told to send the item itself."""
    with pytest.raises(Untranslatable, match="send the item itself"):
        sent(asked({"type": "item_reference", "id": "msg_tlk0_resp_1"}))


def test_an_envelope_is_opened() -> None:
    """State of another provider comes out of `encrypted_content` with the name of who made it."""
    opaque = Opaque("anthropic.signature", "sig", "anthropic", "d1")
    part = (
        asked({"type": "reasoning", "id": "rs_tlk0_r", "summary": [], "encrypted_content": seal(opaque)})
        .messages[0]
        .parts[0]
    )
    assert part == Reasoning(opaque=opaque)


def test_own_state_in_an_envelope_goes_back_raw() -> None:
    """Encrypted reasoning that came through this gateway reaches its provider as it was, with its id."""
    sealed = seal(Opaque("openai.encrypted", "blob", "openai", "d1", "rs_1"))
    request = asked({**THOUGHT, "encrypted_content": sealed})
    assert sent(request)["input"] == [THOUGHT]


def test_a_damaged_envelope_leaves_nothing() -> None:
    """What cannot be opened is dropped, and the reasoning around it is not sent on as if it were the provider's."""
    request = asked({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "tlk1.damaged"}, CALL)
    assert request.messages[0].parts[0] == Reasoning()
    losses = Losses()
    assert sent(request, losses)["input"] == [CALL]
    assert [loss.path for loss in losses.found] == ["messages[0].content[0]"]


def test_state_comes_back_to_the_part_it_came_on() -> None:
    """The item that carried a call's state disappears, and the call has it again (fidelity failure 4)."""
    carried = Opaque("gemini.signature", "sig", "gemini", "d1", BEHIND)
    carrier = {"type": "reasoning", "id": "rs_tlk1_r", "summary": [], "encrypted_content": seal(carried)}
    request = asked(CALL, carrier, {**CALL, "call_id": "c2"}, OUTPUT)
    first, second = request.messages[0].parts
    assert isinstance(first, ToolCall)
    assert first.opaque == Opaque("gemini.signature", "sig", "gemini", "d1")
    assert isinstance(second, ToolCall)
    assert second.opaque is None


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"model": 1}, "model"),
        ({"input": 1}, "input"),
        ({"input": ["x"]}, "input[0]"),
        ({"input": [{"role": "tool", "content": "x"}]}, "input[0].role"),
        ({"input": [{"role": "user"}]}, "input[0].content"),
        ({"input": [{"role": "assistant", "content": 1}]}, "input[0].content"),
        ({"input": [{"role": "user", "content": [{"text": "x"}]}]}, "input[0].content[0].type"),
        ({"input": [{"role": "user", "content": [{"type": "input_text"}]}]}, "input[0].content[0].text"),
        ({"input": [{"role": "user", "content": [{"type": "input_image"}]}]}, "input[0].content[0]"),
        ({"input": [{"role": "user", "content": [{"type": "input_file"}]}]}, "input[0].content[0]"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "data:image/png,x"}]}]},
            "input[0].content[0].image_url",
        ),
        ({"input": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "input[0].content[0].input_audio"),
        ({"input": [{"type": "function_call", "name": "f", "arguments": "{}"}]}, "input[0].call_id"),
        ({"input": [{**CALL, "arguments": {}}]}, "input[0].arguments"),
        ({"input": [{**CALL, "name": ""}]}, "input[0]"),
        ({"input": [{**OUTPUT, "output": 1}]}, "input[0].output"),
        ({"input": [{**OUTPUT, "call_id": ""}]}, "input[0].call_id"),
        ({"input": [{"type": "reasoning", "summary": "x"}]}, "input[0].summary"),
        ({"input": [{"type": "item_reference"}]}, "input[0].id"),
        ({"instructions": ["x"]}, "instructions"),
        ({"tools": {}}, "tools"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"tools": [{"type": "function", "name": "f", "parameters": []}]}, "tools[0].parameters"),
        ({"tool_choice": "any"}, "tool_choice"),
        ({"tool_choice": {"type": "allowed_tools", "mode": "none", "tools": []}}, "tool_choice.mode"),
        ({"text": {"format": {"type": "json_schema", "schema": {}}}}, "text.format.name"),
        ({"text": {"format": {"type": "json_schema", "name": "x"}}}, "text.format.schema"),
        ({"reasoning": "high"}, "reasoning"),
        ({"max_output_tokens": 1.5}, "max_output_tokens"),
        ({"temperature": True}, "temperature"),
        ({"stream": "yes"}, "stream"),
        ({"metadata": []}, "metadata"),
        ({"include": "x"}, "include"),
    ],
)
def test_what_has_no_sense_is_refused_with_its_place(members: dict[str, object], path: str) -> None:
    """A request without the format's shape says where."""
    with pytest.raises(BadShape) as refused:
        CODEC.decode_request({"model": "m", **members})
    assert refused.value.path == path


# Requests that came in another format.


def test_another_formats_request_is_stateless() -> None:
    """Nothing is stored, and what the next turn needs comes back with the answer."""
    request = user(Text(text="hi"))
    assert sent(request) == {"model": "m", "input": "hi", "store": False}
    request.thinking = Thinking(effort="low", show=True)
    request.sampling = Sampling(logprobs=True, top_logprobs=2)
    body = sent(request)
    assert body["include"] == ["reasoning.encrypted_content", "message.output_text.logprobs"]
    assert body["reasoning"] == {"effort": "low", "summary": "auto"}
    assert body["top_logprobs"] == 2


def test_a_plain_system_message_becomes_instructions() -> None:
    """One text goes into `instructions`; several stay an item, each for itself."""
    request = Request(
        model="m",
        messages=[Message(role="system", parts=[Text(text="a")]), Message(role="user", parts=[Text(text="b")])],
    )
    assert sent(request)["instructions"] == "a"
    assert sent(request)["input"] == "b"
    request.messages[0].parts.append(Text(text="c"))
    assert sent(request)["input"][0] == {
        "role": "system",
        "content": [{"type": "input_text", "text": "a"}, {"type": "input_text", "text": "c"}],
    }


def test_interleaved_turns_keep_their_order() -> None:
    """Thoughts without state stay behind, all else stands in its order, in items of its own (fidelity failure 7)."""
    request = user(
        Text(text="a"), ToolCall(id="c1", name="f", arguments=""), Text(text="b"), Text(text="c"),
        ToolCall(id="c2", name="g", arguments="x", custom=True), role="assistant",
    )  # fmt: skip
    request.messages.append(
        Message(
            role="user",
            parts=[
                ToolResult(call_id="c1"),
                ToolResult(call_id="c2", custom=True, content=[Text(text="r")]),
                Text(text="d"),
            ],
        )
    )
    assert sent(request)["input"] == [
        {"role": "assistant", "content": "a"},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
        {"role": "assistant", "content": [
            {"type": "output_text", "text": "b", "annotations": []}, {"type": "output_text", "text": "c", "annotations": []},
        ]},
        {"type": "custom_tool_call", "call_id": "c2", "name": "g", "input": "x"},
        {"type": "function_call_output", "call_id": "c1", "output": ""},
        {"type": "custom_tool_call_output", "call_id": "c2", "output": "r"},
        {"role": "user", "content": "d"},
    ]  # fmt: skip


def test_call_ids_that_are_too_long_still_pair() -> None:
    """Call and result get the same id of at most 64 characters (fidelity failure 2)."""
    long = "toolu_" + "x" * 90
    request = user(ToolCall(id=long, name="f", arguments="{}"), role="assistant")
    request.messages.append(Message(role="user", parts=[ToolResult(call_id=long)]))
    call, result = sent(request)["input"]
    assert call["call_id"] == result["call_id"]
    assert len(call["call_id"]) <= 64


def test_functions_of_other_formats_are_not_strict() -> None:
    """Functions are strict here unless they say otherwise; elsewhere it is the other way round."""
    request = user(Text(text="x"))
    request.tools = [Tool(name="f", description="d"), Tool(name="g", schema={"type": "object"}, strict=True)]
    assert sent(request)["tools"] == [
        {"type": "function", "name": "f", "description": "d", "parameters": {"type": "object", "properties": {}}, "strict": False},
        {"type": "function", "name": "g", "parameters": {"type": "object"}, "strict": True},
    ]  # fmt: skip


def test_a_grammar_of_the_chat_format_is_flattened() -> None:
    """The chat format has syntax and definition one object deeper."""
    grammar = {"type": "grammar", "grammar": {"syntax": "lark", "definition": "x"}}
    request = user(Text(text="x"))
    request.tools = [Tool(name="c", custom=True, native=Native(Format.OPENAI_CHAT, {"custom.format": grammar}))]
    losses = Losses()
    assert sent(request, losses)["tools"][0]["format"] == {"type": "grammar", "syntax": "lark", "definition": "x"}
    assert losses.found == []


@pytest.mark.parametrize(
    ("choice", "written"),
    [
        (ToolChoice(mode="required"), "required"),
        (ToolChoice(mode="required", names=["f"]), {"type": "function", "name": "f"}),
        (ToolChoice(mode="required", names=["c"]), {"type": "custom", "name": "c"}),
        (
            ToolChoice(mode="auto", names=["f", "c"]),
            {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}, {"type": "custom", "name": "c"}]},
        ),
    ],
)  # fmt: skip
def test_tool_choice_is_written(choice: ToolChoice, written: object) -> None:
    """One tool, a set of them, and tools that take free text by their own type."""
    request = user(Text(text="x"))
    request.tools = [Tool(name="f"), Tool(name="c", custom=True)]
    request.tool_choice = choice
    assert sent(request)["tool_choice"] == written


@pytest.mark.parametrize(
    ("thinking", "options"),
    [
        (Thinking(enabled=False), {"effort": "none"}),
        (Thinking(budget=0), {"effort": "none"}),
        (Thinking(budget=1024), {"effort": "low"}),
        (Thinking(budget=4096), {"effort": "medium"}),
        (Thinking(budget=32000), {"effort": "high"}),
        (Thinking(budget=-1, enabled=True), None),
        (Thinking(effort="max", summary="concise"), {"effort": "max", "summary": "concise"}),
    ],
)
def test_thinking_is_written(thinking: Thinking, options: object) -> None:
    """Budgets become efforts, and that is said."""
    request = user(Text(text="x"))
    request.thinking = thinking
    losses = Losses()
    assert sent(request, losses).get("reasoning") == options
    assert bool(losses.found) == (thinking.budget is not None and thinking.budget >= 0)


def test_output_schemas_are_written() -> None:
    """A schema has a name here, whoever gave none; any JSON is its own type."""
    request = user(Text(text="x"))
    request.output = OutputSchema(schema={"type": "object"}, strict=True)
    assert sent(request)["text"] == {
        "format": {"type": "json_schema", "name": "answer", "schema": {"type": "object"}, "strict": True}
    }
    request.output = OutputSchema()
    assert sent(request)["text"] == {"format": {"type": "json_object"}}


@pytest.mark.parametrize(
    ("media", "written"),
    [
        (
            Media(kind=MediaKind.IMAGE, mime="image/gif", data="R0lGOD", detail="low"),
            {"type": "input_image", "image_url": "data:image/gif;base64,R0lGOD", "detail": "low"},
        ),
        (
            Media(kind=MediaKind.IMAGE, data="/9j/x"),
            {"type": "input_image", "image_url": "data:image/jpeg;base64,/9j/x"},
        ),
        (Media(kind=MediaKind.IMAGE, url="https://x"), {"type": "input_image", "image_url": "https://x"}),
        (
            Media(kind=MediaKind.DOCUMENT, mime="text/plain", data="eA=="),
            {"type": "input_file", "file_data": "data:text/plain;base64,eA==", "filename": "document.txt"},
        ),
        (
            Media(kind=MediaKind.DOCUMENT, url="https://x", name="n"),
            {"type": "input_file", "file_url": "https://x", "filename": "n"},
        ),
        (Media(kind=MediaKind.DOCUMENT, file_id="file-1"), {"type": "input_file", "file_id": "file-1"}),
        (
            Media(kind=MediaKind.AUDIO, mime="audio/x-wav", data="UklG"),
            {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}},
        ),
    ],
)
def test_media_of_other_formats_are_written(media: Media, written: object) -> None:
    """Images, documents and sound, inline, by URL and by id."""
    assert sent(user(Text(text="see"), media))["input"][0]["content"][1] == written


@pytest.mark.parametrize(
    "request_",
    [
        user(Media(kind=MediaKind.VIDEO, data="x")),
        user(Media(kind=MediaKind.IMAGE, url="gs://b/o")),
        user(Media(kind=MediaKind.AUDIO, mime="audio/flac", data="x")),
        user(Media(kind=MediaKind.AUDIO, mime="audio/wav", url="https://x")),
        user(Media(kind=MediaKind.IMAGE, data="x"), role="assistant"),
        user(Foreign(format=Format.ANTHROPIC_MESSAGES, kind="server_tool_use", data={})),
        user(ToolResult(call_id="c", content=[Foreign(format=Format.GEMINI, kind="x", data={})])),
        Request(model="m", messages=[], tools=[Tool(name="google_search", foreign=True, native=Native(Format.GEMINI, {}))]),
        Request(model="m", messages=[], modalities=["text", "audio"]),
    ],
)  # fmt: skip
def test_content_and_tools_that_cannot_be_said_are_refused(request_: Request) -> None:
    """Content, tools and output modes are never left out silently; the reason is of the written list."""
    with pytest.raises(Untranslatable) as refused:
        sent(request_)
    assert refused.value.reason in REASONS
    assert refused.value.path


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        (user(Text(text="x", cache=CacheHint("5m"))), "messages[0].content[0].cache"),
        (user(Text(text="x"), name="bob"), "messages[0].name"),
        (user(Reasoning(text="t"), Text(text="x"), role="assistant"), "messages[0].content[0]"),
        (user(Reasoning(text="t", opaque=Opaque("anthropic.signature", "s")), role="assistant"), "messages[0].content[0]"),
        (user(ToolCall(id="c", name="f", arguments="{}", opaque=Opaque("gemini.signature", "s"))), "messages[0].content[0]"),
        (user(ToolResult(call_id="c", is_error=True)), "messages[0].content[0].is_error"),
        (Request(model="m", messages=[], sampling=Sampling(top_k=3)), "top_k"),
        (Request(model="m", messages=[], sampling=Sampling(stop=["x"])), "stop"),
        (Request(model="m", messages=[], sampling=Sampling(seed=1)), "seed"),
        (Request(model="m", messages=[], sampling=Sampling(candidates=2)), "n"),
        (Request(model="m", messages=[], sampling=Sampling(frequency_penalty=1)), "frequency_penalty"),
        (Request(model="m", messages=[], sampling=Sampling(logit_bias={"1": 2})), "logit_bias"),
        (Request(model="m", messages=[], sampling=Sampling(min_p=0.1)), "min_p"),
        (Request(model="m", messages=[], cache=CacheHint()), "cache"),
        (Request(model="m", messages=[], native=Native(Format.GEMINI, {"safetySettings": []})), "safetySettings"),
    ],
)  # fmt: skip
def test_knobs_and_marks_that_are_left_out_are_said(request_: Request, path: str) -> None:
    """What is dropped is reported with its place, once."""
    losses = Losses()
    sent(request_, losses)
    assert [loss.path for loss in losses.found] == [path]


def test_state_of_another_kind_never_reaches_the_provider() -> None:
    """Neither the blob nor the thought goes out (fidelity failure 3)."""
    request = user(
        Reasoning(text="thought", opaque=Opaque("bedrock.signature", "blob")), Text(text="x"), role="assistant"
    )
    assert "thought" not in str(sent(request))
    assert "blob" not in str(sent(request))
