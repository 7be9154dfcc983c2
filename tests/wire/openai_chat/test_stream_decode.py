"""Streams as hosts send them: what each delta becomes, and what is no clean end."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wire.openai_chat.recorded import chunk, plain, read, sse
from trunkline.ir.answer import Answer, Choice, Finish
from trunkline.ir.envelope import seal
from trunkline.ir.events import Ended, Event, Failed, Finished, PartStarted, Ping, Started, UsageSeen
from trunkline.ir.failure import FailureKind
from trunkline.ir.fold import fold
from trunkline.ir.grammar import check
from trunkline.ir.losses import BadShape
from trunkline.ir.parts import Citation, Media, MediaKind, Opaque, Part, Reasoning, Text, ToolCall
from trunkline.wire.openai_chat.codec import CODEC, OpenAIChatCodec

STOP = chunk({}, finish_reason="stop")
CALLED = chunk({}, finish_reason="tool_calls")


def decoded(*events: object, done: bool = True) -> list[Event]:
    return check(read(OpenAIChatCodec(), sse(*events, done=done)))


def answer(*events: object) -> Answer:
    return fold(decoded(*events))


def choice(*events: object) -> Choice:
    return answer(*events).choices[0]


def parts(*deltas: dict[str, Any]) -> list[Part]:
    """The parts of a stream of these deltas."""
    return choice(*(chunk(delta) for delta in deltas), STOP).parts


def failure(*events: object, done: bool = True) -> Failed:
    last = decoded(*events, done=done)[-1]
    assert isinstance(last, Failed)
    return last


def call(
    index: int | None, own_id: str | None = None, name: str | None = None, arguments: str | None = None
) -> dict[str, Any]:
    """A delta with a piece of one tool call."""
    function = {key: word for key, word in (("name", name), ("arguments", arguments)) if word is not None}
    entry = {"index": index, "id": own_id, "function": function}
    return {"tool_calls": [{key: value for key, value in entry.items() if value is not None}]}


def test_thinking_then_text_then_calls() -> None:
    """A part ends where another kind begins."""
    found = parts(
        {"role": "assistant", "content": ""},
        {"reasoning_content": "a"}, {"reasoning_content": "b"}, {"content": "c"}, {"content": "d"},
        call(0, "x", "f", ""), call(0, None, None, "{}"),
    )  # fmt: skip
    assert plain(found) == plain([
        Reasoning(text="ab", opaque=Opaque("openai_chat.reasoning", "reasoning_content")),
        Text(text="cd"),
        ToolCall(id="x", name="f", arguments="{}"),
    ])  # fmt: skip


def test_calls_may_interleave() -> None:
    """Pieces go to the call of their index."""
    found = parts(call(0, "x", "f", "1"), call(1, "y", "g", "2"), call(0, arguments="3"), call(1, arguments="4"))
    assert [(part.id, part.arguments) for part in found if isinstance(part, ToolCall)] == [("x", "13"), ("y", "24")]


def test_a_whole_call_in_one_delta_keeps_its_arguments() -> None:
    """Start and payload in one chunk (fidelity.md failure 9)."""
    found = parts(call(0, "x", "f", '{"a":1}'))
    assert plain(found) == plain([ToolCall(id="x", name="f", arguments='{"a":1}')])


def test_calls_that_share_an_index_are_told_apart_by_their_ids() -> None:
    """Google's compatible face numbers all of them 0."""
    found = parts(call(0, "x", "f", "1"), call(0, "y", "g", "2"))
    assert [(part.id, part.arguments) for part in found if isinstance(part, ToolCall)] == [("x", "1"), ("y", "2")]


def test_calls_without_an_index_are_told_apart_too() -> None:
    """A piece without id belongs to the last one."""
    found = parts(call(None, "x", "f", "1"), call(None, None, None, "2"), call(None, "y", "g", "3"))
    assert [(part.id, part.arguments) for part in found if isinstance(part, ToolCall)] == [("x", "12"), ("y", "3")]


def test_a_call_begins_with_its_name() -> None:
    """What came before is kept."""
    found = parts(call(0, "x", None, "1"), call(0, None, "f", "2"))
    assert plain(found) == plain([ToolCall(id="x", name="f", arguments="12")])


def test_a_call_without_a_name_is_a_failure() -> None:
    """Nobody could run it."""
    assert "name" in failure(chunk(call(0, "x", None, "{}")), CALLED).failure.message


def test_a_call_without_an_id_gets_the_id_that_its_whole_answer_would_have() -> None:
    """Stream or not, a retry of the same answer is the same call."""
    streamed = parts(call(0, "", "f", "{}"))[0]
    message = {"tool_calls": [{"id": "", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}
    whole = CODEC.decode_answer({"id": "c1", "choices": [{"index": 0, "message": message}]}).choices[0].parts[0]
    assert isinstance(streamed, ToolCall)
    assert isinstance(whole, ToolCall)
    assert streamed.id == whole.id == "call_c1_0_0"


def test_arguments_behind_the_end_of_their_call_are_a_failure() -> None:
    """Something else has begun: half a call must not look whole."""
    found = failure(chunk(call(0, "x", "f", "{")), chunk({"content": "hm"}), chunk(call(0, arguments="}")), STOP)
    assert "something else" in found.failure.message


def test_a_function_call_of_before_tools() -> None:
    """The older form, and the older word."""
    found = choice(
        chunk({"function_call": {"name": "f", "arguments": ""}}),
        chunk({"function_call": {"arguments": "{}"}}),
        chunk({}, finish_reason="function_call"),
    )
    assert plain(found.parts) == plain([ToolCall(id="call_c1_0", name="f", arguments="{}")])
    assert (found.finish, found.finish_native) == (Finish.TOOL_CALLS, "function_call")


def test_a_custom_call_is_text() -> None:
    """Its input is no JSON."""
    entry = {"index": 0, "id": "x", "type": "custom", "custom": {"name": "c", "input": "ls"}}
    assert plain(parts({"tool_calls": [entry]})) == plain([ToolCall(id="x", name="c", arguments="ls", custom=True)])


def test_a_signature_on_a_call_stays_on_it() -> None:
    """Google's compatible face (fidelity.md failure 4)."""
    delta = call(0, "x", "f", "{}")
    delta["tool_calls"][0]["extra_content"] = {"google": {"thought_signature": "sig"}}
    found = parts(delta)[0]
    assert isinstance(found, ToolCall)
    assert found.opaque == Opaque("gemini.signature", "sig")


def test_a_signature_beside_the_text_belongs_to_it() -> None:
    """As in a whole answer of that face (recorded)."""
    found = parts({"content": "a", "extra_content": {"google": {"thought_signature": "sig"}}})[0]
    assert isinstance(found, Text)
    assert found.opaque == Opaque("gemini.signature", "sig")


def test_entries_of_reasoning_are_joined_and_signed() -> None:
    """OpenRouter: words in pieces, then the signature, all of one index; the string beside them says it twice."""

    def entry(**members: object) -> dict[str, object]:
        return {"type": "reasoning.text", "index": 0, "format": "anthropic-claude-v1", **members}

    found = parts(
        {"reasoning": "a", "reasoning_details": [entry(text="a")]},
        {"reasoning": "b", "reasoning_details": [entry(text="b")]},
        {"reasoning_details": [entry(signature="sig")]},
        {"content": "c"},
    )  # fmt: skip
    assert [type(part) for part in found] == [Reasoning, Text]
    first = found[0]
    assert isinstance(first, Reasoning)
    assert first.text == "ab"
    assert first.opaque is not None
    assert json.loads(first.opaque.data) == entry(signature="sig")


def test_hidden_reasoning_is_a_part_of_its_own() -> None:
    """Encrypted entries come whole."""
    entry = {"type": "reasoning.encrypted", "data": "enc", "id": "rs_1", "format": "openai-responses-v1", "index": 0}
    hidden = parts({"reasoning_details": [entry]}, {"content": "c"})[0]
    assert isinstance(hidden, Reasoning)
    assert hidden.opaque is not None
    assert (hidden.text, hidden.opaque.id) == ("", "rs_1")


def test_litellms_blocks_are_joined_and_signed() -> None:
    """Words and signature in separate deltas; a second block is a part of its own."""
    found = parts(
        {"reasoning_content": "a", "thinking_blocks": [{"type": "thinking", "thinking": "a", "signature": None}]},
        {"reasoning_content": "b", "thinking_blocks": [{"type": "thinking", "thinking": "b", "signature": ""}]},
        {"thinking_blocks": [{"type": "thinking", "thinking": "", "signature": "s1"}]},
        {"reasoning_content": "c", "thinking_blocks": [{"type": "thinking", "thinking": "c", "signature": "s2"}]},
        {"thinking_blocks": [{"type": "redacted_thinking", "data": "blob"}]},
        {"content": "d"},
    )  # fmt: skip
    assert plain(found) == plain([
        Reasoning(text="ab", opaque=Opaque("anthropic.signature", "s1")),
        Reasoning(text="c", opaque=Opaque("anthropic.signature", "s2")),
        Reasoning(opaque=Opaque("anthropic.redacted", "blob")),
        Text(text="d"),
    ])  # fmt: skip


def test_reasoning_that_breaks_off_has_no_signature() -> None:
    """An empty one would wedge the conversation (fidelity.md failure 6)."""
    events = decoded(chunk({"reasoning_content": "hm"}), done=False)
    assert isinstance(events[-1], Failed)
    assert not any(isinstance(event, PartStarted) and isinstance(event.part, Reasoning) and event.part.opaque
                   and not event.part.opaque.data for event in events)  # fmt: skip


def test_envelopes_are_opened() -> None:
    """Another Trunkline upstream: its clients' envelopes are its own business, but they are read."""
    sealed = seal(Opaque("anthropic.signature", "sig", "p", "d"))
    found = parts(
        {"reasoning_content": "a"},
        {"reasoning_details": [{"type": "reasoning.text", "text": "a", "signature": sealed, "index": 0}]},
        {"content": "b"},
    )
    assert plain(found) == plain(
        [Reasoning(text="a", opaque=Opaque("anthropic.signature", "sig", "p", "d")), Text(text="b")]
    )


def test_citations_hang_on_their_text() -> None:
    """`annotations` come beside or behind the text."""
    note = {
        "type": "url_citation",
        "url_citation": {"url": "https://x", "title": "X", "start_index": 0, "end_index": 1},
    }
    found = parts({"content": "a"}, {"annotations": [note]})[0]
    assert isinstance(found, Text)
    assert plain(found.citations) == plain([Citation(url="https://x", title="X", start=0, end=1)])


def test_sound_is_whole_at_its_end() -> None:
    """Base64 in pieces, with the words beside it."""
    found = parts(
        {"audio": {"id": "a1", "transcript": "be"}},
        {"audio": {"data": "AAAA"}},
        {"audio": {"data": "BBBB", "transcript": "ep"}},
    )[0]
    assert isinstance(found, Media)
    assert (found.kind, found.data) == (MediaKind.AUDIO, "AAAABBBB")
    assert found.native is not None
    assert found.native.members == {"id": "a1", "transcript": "beep"}


def test_images_are_parts() -> None:
    """OpenRouter's `images`."""
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}, "index": 0}
    found = parts({"content": "a"}, {"images": [image]})[1]
    assert plain(found) == plain(Media(kind=MediaKind.IMAGE, mime="image/png", data="AAAA"))


def test_log_probabilities_are_joined() -> None:
    """Each beside its text."""
    found = choice(
        chunk({"content": "a"}, logprobs={"content": [{"token": "a"}], "refusal": None}),
        chunk({"content": "b"}, logprobs={"content": [{"token": "b"}], "refusal": None}),
        STOP,
    )
    assert found.logprobs == {"content": [{"token": "a"}, {"token": "b"}], "refusal": None}


def test_the_last_word_counts() -> None:
    """OpenRouter says why it stopped twice; what comes behind the first is not lost."""
    found = choice(chunk({"content": "a"}, finish_reason="length"), chunk({"content": "b"}, finish_reason="stop"))
    assert plain(found.parts) == plain([Text(text="ab")])
    assert found.finish_native == "stop"


def test_an_empty_word_with_calls_means_them() -> None:
    """xAI leaves it empty."""
    assert choice(chunk(call(0, "x", "f", "{}")), chunk({}, finish_reason="")).finish is Finish.TOOL_CALLS


def test_members_of_chunks_travel_along() -> None:
    """What has no place in the events is in `native`, padding is not."""
    first = {**chunk({"content": "a"}), "system_fingerprint": "fp", "obfuscation": "xxxx"}
    last = {
        **STOP,
        "citations": ["https://x"],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
    }
    found = answer(first, last)
    assert found.native is not None
    assert found.native.members == {"system_fingerprint": "fp", "citations": ["https://x"], "usage": last["usage"]}


def test_azures_first_chunk_does_not_begin_the_answer() -> None:
    """It has no id and no choices; what it says of the prompt is kept (recorded)."""
    first = {"id": "", "model": "", "created": 0, "choices": [], "prompt_filter_results": [{"prompt_index": 0}]}
    started = decoded(first, chunk({"content": "a"}), STOP)[0]
    assert isinstance(started, Started)
    assert (started.id, started.model) == ("c1", "m")
    assert started.native is not None
    assert started.native.members == {"prompt_filter_results": [{"prompt_index": 0}]}


def test_usage_may_stand_anywhere() -> None:
    """At the top, in Groq's member, in a choice (Moonshot); counts that cannot be true are none."""
    counts = {"prompt_tokens": 5, "completion_tokens": 6, "total_tokens": 11}
    for place in ({"usage": counts}, {"x_groq": {"usage": counts}}):
        seen = [event for event in decoded(chunk({"content": "a"}), {**STOP, **place}) if isinstance(event, UsageSeen)]
        assert [(event.usage.input_total, event.usage.output_total, event.native) for event in seen] == [(5, 6, counts)]
    assert answer(chunk({"content": "a"}), chunk({}, finish_reason="stop", usage=counts)).usage is not None
    assert answer(chunk({"content": "a"}), {**STOP, "usage": {**counts, "prompt_tokens": -5}}).usage is None


def test_several_choices_are_kept_apart() -> None:
    """Their deltas may alternate."""
    found = answer(chunk({"content": "a"}), chunk({"content": "x"}, index=1), chunk({"content": "b"}),
                   STOP, chunk({}, index=1, finish_reason="length"))  # fmt: skip
    assert [plain(one.parts) for one in found.choices] == [plain([Text(text="ab")]), plain([Text(text="x")])]
    assert [one.finish for one in found.choices] == [Finish.STOP, Finish.LENGTH]


def test_a_reason_and_a_clean_end_suffice() -> None:
    """Hosts without `[DONE]` (recorded: Perplexity, Writer, GPUStack)."""
    assert isinstance(decoded(chunk({"content": "a"}), STOP, done=False)[-1], Ended)


@pytest.mark.parametrize(
    "data",
    [
        sse(chunk({"content": "a"}), done=False),
        sse(chunk({"content": "a"}), chunk({"content": "x"}, index=1), STOP, done=False),
        sse(chunk({"content": "a"}), STOP, done=False)[:-20],
        sse(chunk({"content": "a"}), done=False) + b"data: {",
        sse(chunk({"content": "a"}), done=False) + b"data: not json\n\n",
        sse(chunk({"content": "a"}), done=False) + b"data: 1\n\n",
        sse({"choices": [], "usage": None}),
        b"data: [DONE]\n\n",
        b"",
        b"<html>bad gateway</html>",
        b'{"error":{"message":"no"}}',
    ],
)
def test_what_is_cut_or_no_stream_is_a_failure(data: bytes) -> None:
    """Never a clean end."""
    events = check(read(OpenAIChatCodec(), data))
    assert isinstance(events[-1], Failed)
    assert not any(isinstance(event, Finished | Ended) for event in events)


@pytest.mark.parametrize(
    ("event", "kind", "status", "words"),
    [
        ({"error": {"message": "slow down", "code": 429}}, FailureKind.RATE_LIMIT, 429, "slow down"),
        ({**chunk({"content": ""}, finish_reason="error"), "error": {"code": 502, "message": "gone"}},
         FailureKind.UNAVAILABLE, 502, "gone"),
        ({"error": {"message": "too long", "code": "context_length_exceeded"}}, FailureKind.CONTEXT_WINDOW, 400, "too long"),
        ({"error": "plain words"}, FailureKind.INTERNAL, 500, "plain words"),
        ({"base_resp": {"status_code": 1008, "status_msg": "no balance"}}, FailureKind.PAYMENT, 402, "no balance"),
        ({"object": "error", "message": "flat", "type": "invalid_request_error"}, FailureKind.INVALID_REQUEST, 400, "flat"),
    ],
)  # fmt: skip
def test_an_error_inside_a_stream_ends_it(event: dict[str, Any], kind: FailureKind, status: int, words: str) -> None:
    """In the forms of OpenRouter, Groq, MiniMax and older vLLM; `[DONE]` behind it changes nothing."""
    found = failure(chunk({"content": "a"}), event).failure
    assert (found.kind, found.status, found.message) == (kind, status, words)


def test_nothing_follows_the_end() -> None:
    """Bytes behind `[DONE]` are not read, and the end of the connection says nothing new."""
    decoder = OpenAIChatCodec().stream_decoder()
    assert isinstance(decoder.feed(sse(chunk({"content": "a"}), STOP))[-1], Ended)
    assert decoder.feed(sse(chunk({"content": "b"}))) == []
    assert decoder.end() == []


def test_bytes_that_are_no_utf8_are_replaced() -> None:
    """One bad byte must not cost the answer."""
    data = sse(chunk({"content": "a?b"}), STOP).replace(b"a?b", b"a\xffb")
    assert plain(fold(check(read(OpenAIChatCodec(), data))).choices[0].parts) == plain([Text(text="a�b")])


def test_line_ends_byte_order_marks_and_empty_events_are_understood() -> None:
    """As the WHATWG has them."""
    data = b"\xef\xbb\xbf" + sse(chunk({"content": "a"}), STOP).replace(b"\n", b"\r\n") + b"data:\r\n\r\n"
    assert [type(event) for event in read(OpenAIChatCodec(), data) if isinstance(event, Ended)] == [Ended]
    assert isinstance(read(OpenAIChatCodec(), b"data: \n\n")[0], Ping)


def test_a_tool_calls_host_that_repeats_the_message_is_read_once() -> None:
    """Perplexity and Writer send `message` beside `delta` (recorded)."""
    entry = {"index": 0, "delta": {"content": "a"}, "message": {"content": "a"}, "finish_reason": None}
    assert plain(choice({"id": "c1", "choices": [entry]}, STOP).parts) == plain([Text(text="a")])


def test_a_text_completion_is_read_too() -> None:
    """`text` instead of a delta."""
    entry = {"index": 0, "text": "a", "finish_reason": None}
    assert plain(
        choice({"id": "c1", "choices": [entry]}, {"choices": [{"index": 0, "text": "", "finish_reason": "stop"}]}).parts
    ) == plain([Text(text="a")])


names = st.sampled_from([
    "id", "choices", "delta", "message", "content", "role", "tool_calls", "function", "name", "arguments", "index", "type",
    "reasoning", "reasoning_content", "reasoning_details", "thinking_blocks", "thinking", "signature", "data", "text",
    "summary", "usage", "error", "finish_reason", "logprobs", "annotations", "audio", "images", "function_call", "refusal",
    "extra_content", "google", "thought_signature", "image_url", "url", "code", "status", "base_resp", "custom", "input",
])  # fmt: skip
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | st.floats(allow_nan=False) | st.text(max_size=3)
    | st.sampled_from(["assistant", "tlk1.x", "tlk1o.r.c", "reasoning.text", "thinking", "text", "function", "stop"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=5),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.dictionaries(names, json_values, max_size=6) | json_values, max_size=4), st.booleans())
def test_no_stream_raises(chunks: list[Any], wrapped: bool) -> None:
    """Whatever JSON comes, there are events that keep to the grammar."""
    events = [{"id": "x", "choices": [{"index": 0, "delta": one}]} if wrapped else one for one in chunks]
    check(read(OpenAIChatCodec(), sse(*events, STOP)))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60), st.integers(1, 9))
def test_no_bytes_raise(data: bytes, size: int) -> None:
    """Nor do bytes."""
    check(read(OpenAIChatCodec(), b"data: {" + data + b"\n\n" + data, size))


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(names, json_values, max_size=6), st.booleans())
def test_no_answer_raises_anything_else(members: dict[str, Any], wrapped: bool) -> None:
    """A whole answer is read, or has no shape."""
    entry: dict[str, Any] = {"index": 0, "message": members, "finish_reason": "stop"}
    body: dict[str, Any] = {"choices": [entry]} if wrapped else members
    try:
        CODEC.decode_answer(body)
    except BadShape:
        return


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(names, json_values, max_size=6), st.sampled_from(["user", "assistant", "tool", "system"]))
def test_no_request_raises_anything_else(members: dict[str, Any], role: str) -> None:
    """A client's request is read, or told where it has no shape."""
    try:
        CODEC.decode_request({"model": "m", "messages": [{**members, "role": role}], **members})
    except BadShape:
        return


def test_deep_nesting_is_no_crash() -> None:
    """A thousand brackets are no JSON that anybody reads."""
    data = b"data: " + b'{"choices":' + b"[" * 5000 + b"]" * 5000 + b"}\n\n"
    assert isinstance(read(OpenAIChatCodec(), data)[-1], Failed)
