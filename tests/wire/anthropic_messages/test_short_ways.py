"""The short ways of the codec give what the long ones would."""

from __future__ import annotations

import msgspec
import pytest

from trunkline.ir.events import Event, Failed, TextDelta
from trunkline.ir.losses import Losses
from trunkline.ir.parts import CacheHint, Message, Native, Opaque, Part, Text
from trunkline.ir.request import Request
from trunkline.wire.anthropic_messages import request_out
from trunkline.wire.anthropic_messages.codec import CODEC
from trunkline.wire.anthropic_messages.stream_in import AnthropicStreamDecoder
from trunkline.wire.openai_chat.spelling import OWN as CHAT
from trunkline.wire.openai_chat.spelling import Spelt

_START = [
    {"type": "message_start", "message": {"id": "msg_1", "type": "message", "content": [], "usage": {}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "thinking", "thinking": ""}},
    {
        "type": "content_block_start",
        "index": 2,
        "content_block": {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}},
    },
    {
        "type": "content_block_start",
        "index": 3,
        "content_block": {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}},
    },
]


def _said(role: str, *parts: Part | str, native: Native | None = None, name: str = "") -> Message:
    made = [Text(text=part) if isinstance(part, str) else part for part in parts]
    return Message(role=role, parts=made, native=native, name=name)  # type: ignore[arg-type]  # one of the four


@pytest.mark.parametrize(
    "messages",
    [
        [_said("system", "Be brief."), _said("user", "Hello")],
        [_said("system", "One."), _said("developer", "Two."), _said("user", "a"), _said("assistant", "b")],
        [_said("user", "a", native=Spelt(CHAT, {})), _said("assistant", "b"), _said("user", "c")],
        [_said("user", Text(text="a", native=Spelt(CHAT, {})))],
        [_said("user", Text(text="a", native=Spelt(CHAT, {"odd": 1})))],
        [_said("user", "a", native=Native(CHAT, {"odd": 1}))],
        [_said("user", "a"), _said("assistant", "with a space behind ")],
        [_said("user", "a"), _said("system", "in the middle"), _said("user", "b")],
        [_said("system", "nothing but this")],
        [_said("user", "a"), _said("assistant", " "), _said("user", "")],
        [_said("user", "two", "texts")],
        [_said("user", "a", name="ann")],
        [_said("user", Text(text="a", cache=CacheHint()))],
        [
            _said("user", "a"),
            _said("assistant", Text(text="b", opaque=Opaque("gemini.signature", "x"))),
            _said("user", "c"),
        ],
        [],
    ],
)
def test_a_plain_conversation_is_written_as_the_long_way_writes_it(
    messages: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Body and losses are the same with the short way and without it."""
    request = Request(model="m", messages=messages, native=Spelt(CHAT, {}))
    short, long = Losses(), Losses()
    written = CODEC.encode_request(request, short)
    monkeypatch.setattr(request_out, "_plain_conversation", lambda _: None)
    assert written == CODEC.encode_request(request, long)
    assert short.found == long.found


def _fed(event: object, line_end: bytes) -> list[Event]:
    decoder = AnthropicStreamDecoder()
    for one in _START:
        assert not any(isinstance(made, Failed) for made in decoder.feed(_framed(one, b"\n")))
    return decoder.feed(_framed(event, line_end))


def _framed(event: object, line_end: bytes) -> bytes:
    assert isinstance(event, dict)
    lines = (b"event: " + event["type"].encode(), b"data: " + msgspec.json.encode(event), b"", b"")
    return line_end.join(lines)


@pytest.mark.parametrize(
    ("index", "delta"),
    [
        (0, {"type": "text_delta", "text": "words"}),
        (0, {"type": "text_delta", "text": ""}),
        (0, {"type": "text_delta", "text": "words", "more": 1}),
        (0, {"type": "text_delta", "text": None}),
        (0, {"type": "text_delta"}),
        (0, {"type": "thinking_delta", "thinking": "in a text"}),
        (0, {"type": "citations_delta", "citation": {"type": "char_location", "cited_text": "x"}}),
        (0, {"type": "unheard_of", "text": "x"}),
        (1, {"type": "thinking_delta", "thinking": "hm"}),
        (1, {"type": "signature_delta", "signature": "abc"}),
        (2, {"type": "input_json_delta", "partial_json": '{"a":'}),
        (3, {"type": "input_json_delta", "partial_json": '{"a":'}),
        (7, {"type": "text_delta", "text": "of no block"}),
        (None, {"type": "text_delta", "text": "of no block"}),
        (True, {"type": "text_delta", "text": "of no block"}),
        (0, None),
        (0, []),
    ],
)
def test_more_words_are_read_as_the_long_way_reads_them(index: object, delta: object) -> None:
    """Events in Anthropic's own frame take the short way, those with other line ends the long one."""
    event = {"type": "content_block_delta", "index": index, "delta": delta}
    assert _fed(event, b"\n") == _fed(event, b"\r\n")


def test_two_events_of_one_read_are_both_read() -> None:
    """The short way is for one event: nothing behind it is lost."""
    decoder = AnthropicStreamDecoder()
    for one in _START:
        decoder.feed(_framed(one, b"\n"))
    words = [{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": t}} for t in "ab"]
    found = decoder.feed(b"".join(_framed(one, b"\n") for one in words))
    assert found == [TextDelta(0, "a"), TextDelta(0, "b")]


def test_an_event_whose_type_is_another_than_its_frames_is_read_by_its_type() -> None:
    """The `event:` line is decoration; what counts is the `type` in the data."""
    decoder = AnthropicStreamDecoder()
    for one in _START:
        decoder.feed(_framed(one, b"\n"))
    data = msgspec.json.encode({"type": "content_block_stop", "index": 0})
    short = decoder.feed(b"event: content_block_delta\ndata: " + data + b"\n\n")
    assert [type(event).__name__ for event in short] == ["PartEnded"]
