"""Whatever a peer sends: nothing falls over, and what is written keeps to the grammar."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wire.openai_responses.made import REPLY, written
from tests.wire.openai_responses.recorded import read
from trunkline.ir.events import Ended, Failed
from trunkline.ir.fold import unfold
from trunkline.ir.losses import BadShape, Losses, Untranslatable
from trunkline.wire.openai_responses.codec import CODEC

WORDS = st.sampled_from([
    "message", "reasoning", "function_call", "custom_tool_call", "image_generation_call", "function_call_output",
    "item_reference", "output_text", "refusal", "reasoning_text", "summary_text", "input_text", "input_image", "input_file",
    "assistant", "user", "system", "completed", "incomplete", "failed", "x", "", "tlk1.x", "msg_tlk0_resp_1",
])  # fmt: skip
NAMES = st.sampled_from([
    "type", "id", "role", "status", "content", "summary", "text", "refusal", "call_id", "name", "arguments", "input", "output",
    "encrypted_content", "annotations", "logprobs", "result", "error", "usage", "image_url", "file_id", "file_data",
])  # fmt: skip
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2) | st.just(2**70) | st.floats(allow_nan=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)
KINDS = st.sampled_from([
    "response.created", "response.in_progress", "response.completed", "response.incomplete", "response.failed", "error",
    "response.output_item.added", "response.output_item.done", "response.content_part.added",
    "response.output_text.delta", "response.refusal.delta", "response.output_text.annotation.added",
    "response.function_call_arguments.delta", "response.custom_tool_call_input.delta",
    "response.reasoning_summary_part.added", "response.reasoning_summary_text.delta", "response.reasoning_text.delta",
    "response.web_search_call.searching",
])  # fmt: skip
ITEMS = st.sampled_from([
    {"type": "message", "role": "assistant", "content": []},
    {"type": "message", "content": [{"type": "output_text", "text": "abc", "annotations": []}]},
    {"type": "reasoning", "summary": []},
    {"type": "reasoning", "summary": [{"type": "summary_text", "text": "abc"}]},
    {"type": "function_call", "call_id": "c", "name": "n", "arguments": ""},
    {"type": "web_search_call"},
])  # fmt: skip
EVENTS = st.fixed_dictionaries(
    {"type": KINDS},
    optional={
        "item": ITEMS | VALUES,
        "output_index": st.integers(0, 2) | VALUES,
        "content_index": st.integers(0, 1) | VALUES,
        "summary_index": st.integers(0, 1) | VALUES,
        "delta": st.just("ab") | VALUES,
        "part": VALUES,
        "annotation": VALUES,
        "logprobs": VALUES,
        "response": st.dictionaries(NAMES, VALUES, max_size=4) | VALUES,
    },
)


@settings(max_examples=300, deadline=None)
@given(st.lists(EVENTS, max_size=12))
def test_any_events_keep_to_the_grammar(events: list[dict[str, Any]]) -> None:
    """A stream of any events ends or fails, and can be written anew."""
    found = read(b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events))
    assert isinstance(found[-1], Ended | Failed)
    assert isinstance(read(written(found))[-1], Ended | Failed)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_are_a_stream_that_fails(data: bytes) -> None:
    """Bytes that are no events."""
    assert isinstance(read(data)[-1], Failed)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(NAMES, VALUES, max_size=6), st.lists(ITEMS | VALUES, max_size=4))
def test_any_answer_is_read_or_refused(members: dict[str, Any], output: list[Any]) -> None:
    """An answer of any shape is read, or refused by its shape; what is read can be written, whole and as a stream."""
    try:
        found = CODEC.decode_answer({**members, "output": output})
    except BadShape:
        return
    assert len(CODEC.encode_answer(found, REPLY, Losses())["output"]) == len(output)  # type: ignore[arg-type]
    read(written(unfold(found)))


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(NAMES, VALUES, max_size=3), st.lists(VALUES, max_size=4))
def test_any_request_is_read_or_refused(members: dict[str, Any], items: list[Any]) -> None:
    """A request of any shape is read and comes back the same from what is written of it, or is refused by its shape."""
    try:
        request = CODEC.decode_request({**members, "input": items})
        body = CODEC.encode_request(request, Losses())
    except (BadShape, Untranslatable):
        assert members or items, "a request with neither members nor items is no bad shape"
        return
    assert CODEC.decode_request(body) == request
