"""Streams for a client of Anthropic's, made from what other providers send."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.wire.anthropic_messages.recorded import ASKED, blocks, message_of, payloads, reply_to, written
from trunkline.ir.answer import Finish
from trunkline.ir.envelope import open_envelope
from trunkline.ir.events import (
    CitationDelta,
    Ended,
    Event,
    Failed,
    Finished,
    OpaqueDelta,
    PartEnded,
    PartStarted,
    Ping,
    Started,
    TextDelta,
    UsageSeen,
)
from trunkline.ir.failure import Failure, FailureKind
from trunkline.ir.format import Format
from trunkline.ir.parts import Citation, Foreign, Media, MediaKind, Native, Opaque, Part, Reasoning, Text, ToolCall
from trunkline.ir.usage import Usage
from trunkline.wire.anthropic_messages import losses as why
from trunkline.wire.anthropic_messages.codec import CODEC

START = Started(id="chatcmpl-1", model="gpt", native=Native(Format.OPENAI_CHAT, {}))
END: list[Event] = [Finished(finish=Finish.STOP), Ended()]
STATE = Opaque("gemini.signature", "blob", "vertex", "eu")


def whole(index: int, part: Part, *deltas: Event, ended: Part | None = None) -> list[Event]:
    """The events of one part."""
    return [PartStarted(index=index, part=part), *deltas, PartEnded(index, ended)]


def stream(*parts: list[Event]) -> bytes:
    """A stream with these parts."""
    return written([START, *(event for part in parts for event in part), *END])


def call(index: int, arguments: str = "") -> ToolCall:
    return ToolCall(id=f"c{index}", name="f", arguments=arguments)


def test_overlapping_parts_become_blocks_one_after_another() -> None:
    """Parallel calls whose pieces come mixed are held back until it is their turn (fidelity.md failure 10)."""
    mixed: list[Event] = [
        PartStarted(index=0, part=Text(text="")),
        TextDelta(0, "a"),
        PartStarted(index=1, part=call(1)),
        PartStarted(index=2, part=call(2)),
        TextDelta(2, '{"y"'),
        TextDelta(1, '{"x"'),
        TextDelta(0, "b"),
        TextDelta(2, ":2}"),
        PartEnded(2),
        PartStarted(index=3, part=call(3)),
        PartEnded(0),
        TextDelta(1, ":1}"),
        PartEnded(1),
        PartEnded(3),
    ]
    out = written([START, *mixed, *END])
    assert blocks(out) == [
        {"type": "text", "text": "ab"},
        {"type": "tool_use", "id": "c1", "name": "f", "input": {"x": 1}},
        {"type": "tool_use", "id": "c2", "name": "f", "input": {"y": 2}},
        {"type": "tool_use", "id": "c3", "name": "f", "input": {}},
    ]


def test_the_part_whose_turn_it_is_flows_at_once() -> None:
    """Nothing is held that need not be: the next part begins with the end of the one before."""
    encoder = CODEC.stream_encoder(reply_to())
    encoder.encode(START)
    assert encoder.encode(PartStarted(index=0, part=call(0)))
    assert encoder.encode(PartStarted(index=1, part=call(1))) == b""
    assert encoder.encode(TextDelta(1, '{"x":')) == b""
    assert b"partial_json" in encoder.encode(TextDelta(0, "{}"))
    ended = encoder.encode(PartEnded(0))
    assert [event["type"] for event in payloads(ended)] == [
        "content_block_stop", "content_block_start", "content_block_delta",
    ]  # fmt: skip
    assert b"1}" in encoder.encode(TextDelta(1, "1}"))


def test_a_call_without_arguments_is_a_valid_block() -> None:
    """Clients parse what the deltas add up to."""
    deltas = [event["delta"] for event in payloads(stream(whole(0, call(0)))) if "delta" in event]
    assert deltas[0] == {"type": "input_json_delta", "partial_json": "{}"}


def test_what_a_part_starts_with_is_written() -> None:
    """Providers that send parts whole lose nothing (fidelity.md failure 9)."""
    citation = Citation(url="https://x", title="T", cited="c")
    out = stream(
        whole(0, Reasoning(text="t", opaque=STATE)),
        whole(1, Text(text="x", citations=[citation])),
        whole(2, call(2, '{"x":1}')),
    )
    thinking, text, use = blocks(out)
    assert (thinking["thinking"], open_envelope(thinking["signature"])) == ("t", STATE)
    assert text["citations"][0]["url"] == "https://x"
    assert use["input"] == {"x": 1}


def test_empty_texts_and_thoughts_are_no_blocks() -> None:
    """An empty block would be refused when it comes back."""
    assert blocks(stream(whole(0, Text(text="")), whole(1, Reasoning()), whole(2, Text(text="x")))) == [
        {"type": "text", "text": "x"}
    ]


def test_a_citation_alone_begins_its_text() -> None:
    """The words may come later."""
    text = whole(0, Text(text=""), CitationDelta(0, Citation(url="https://x")), TextDelta(0, "x"))
    assert blocks(stream(text))[0]["text"] == "x"
    assert len(blocks(stream(text))[0]["citations"]) == 1


def test_state_follows_its_part_whenever_it_came() -> None:
    """A text's or a call's state is a block behind it, and comes back on that part."""
    out = stream(
        whole(0, Text(text="x"), OpaqueDelta(0, STATE)),
        whole(1, ToolCall(id="a", name="f", arguments='{"x":1}', opaque=STATE)),
    )
    content = blocks(out)
    assert [block["type"] for block in content] == ["text", "redacted_thinking", "tool_use", "redacted_thinking"]
    body: dict[str, Any] = {**ASKED, "messages": [{"role": "assistant", "content": content}]}
    assert CODEC.decode_request(body).messages[0].parts == [
        Text(text="x", opaque=STATE),
        ToolCall(id="a", name="f", arguments='{"x":1}', opaque=STATE),
    ]


@pytest.mark.parametrize("part", [Text(text=""), Reasoning()])
def test_state_without_words_is_a_block(part: Part) -> None:
    """It stands for itself and is not lost."""
    content = blocks(stream(whole(0, part, OpaqueDelta(0, STATE))))
    assert [(block["type"], open_envelope(block["signature"])) for block in content] == [("thinking", STATE)]


def test_the_last_state_counts() -> None:
    """Of two ciphertexts of the same reasoning the final one is sent, once (fidelity.md failure 12)."""
    first, last = Opaque("openai.encrypted", "1", id="rs"), Opaque("openai.encrypted", "2", id="rs")
    part = whole(0, Reasoning(opaque=first), TextDelta(0, "t"), ended=Reasoning(text="t", opaque=last))
    signatures = [
        event["delta"]["signature"]
        for event in payloads(stream(part))
        if event.get("delta", {}).get("type") == "signature_delta"
    ]
    assert [open_envelope(signature) for signature in signatures] == [last]


def test_hidden_thinking_is_a_redacted_block() -> None:
    """Of Anthropic's own, as it is; of other hosts in an envelope."""
    content = blocks(
        stream(
            whole(0, Reasoning(opaque=Opaque("anthropic.redacted", "r"))),
            whole(1, Reasoning(), OpaqueDelta(1, Opaque("bedrock.redacted", "r", "bedrock"))),
        )
    )
    assert content[0] == {"type": "redacted_thinking", "data": "r"}
    assert open_envelope(content[1]["data"]) == Opaque("bedrock.redacted", "r", "bedrock")


def test_thinking_without_state_gets_a_signature_that_is_known_again() -> None:
    """No client ever gets an empty one in the end."""
    block = blocks(stream(whole(0, Reasoning(), TextDelta(0, "t"))))[0]
    body: dict[str, Any] = {**ASKED, "messages": [{"role": "assistant", "content": [block]}]}
    assert block["signature"]
    assert CODEC.decode_request(body).messages[0].parts == [Reasoning(text="t")]


def test_what_the_repeated_part_has_more_is_written() -> None:
    """The provider's last word on a part counts."""
    citation = Citation(url="https://x")
    out = stream(
        whole(0, Text(text=""), TextDelta(0, "ab"), ended=Text(text="abc", citations=[citation])),
        whole(1, call(1), ended=call(1, '{"x":1}')),
    )
    text, use = blocks(out)
    assert text["text"] == "abc"
    assert len(text["citations"]) == 1
    assert use["input"] == {"x": 1}


def test_usage_stands_in_the_delta_with_all_its_members() -> None:
    """Other providers tell it last; the start has zeros, and only the end counts."""
    usage = Usage(100, 20, cache_read=30, cache_write=10, reasoning=5, web_searches=1)
    sent = payloads(
        written([START, *whole(0, Text(text="x")), Finished(finish=Finish.LENGTH), UsageSeen(usage), Ended()])
    )
    assert sent[0]["message"]["usage"]["input_tokens"] == 0
    assert sent[-2]["usage"] == {
        "input_tokens": 60,
        "cache_creation_input_tokens": 10,
        "cache_read_input_tokens": 30,
        "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 0},
        "output_tokens": 20,
        "output_tokens_details": {"thinking_tokens": 5},
        "server_tool_use": {"web_search_requests": 1, "web_fetch_requests": 0},
    }
    assert sent[-2]["delta"] == {"stop_reason": "max_tokens", "stop_sequence": None}
    assert sent[-1] == {"type": "message_stop"}


def test_the_last_usage_counts_wherever_it_came() -> None:
    """Before the parts, between them, or behind the finish."""
    early, late = UsageSeen(Usage(1, 1)), UsageSeen(Usage(2, 2))
    first: list[Event] = [START, early, late, *whole(0, Text(text="x")), *END]
    last: list[Event] = [START, early, END[0], late, END[1]]
    assert [payloads(written(sent))[-2]["usage"]["output_tokens"] for sent in (first, last)] == [2, 2]


def test_calls_are_said_in_the_stop_reason() -> None:
    """Some providers say only that they stopped."""
    assert message_of(payloads(stream(whole(0, call(0)))))["stop_reason"] == "tool_use"


def test_after_a_failure_comes_the_error_event_and_nothing_more() -> None:
    """Whatever was open or held back (fidelity.md: a truncated stream never ends as a clean one)."""
    failure = Failed(Failure(kind=FailureKind.OVERLOADED, status=529, message="busy"))
    encoder = CODEC.stream_encoder(reply_to())
    sent: list[Event] = [START, PartStarted(index=0, part=call(0)), PartStarted(index=1, part=call(1))]
    for event in sent:
        encoder.encode(event)
    (error,) = payloads(encoder.encode(failure))
    assert error == {
        "type": "error",
        "error": {"type": "overloaded_error", "message": "busy"},
        "request_id": None,
    }
    later: list[Event] = [PartEnded(0), *END, failure, Ping()]
    assert [encoder.encode(event) for event in later] == [b""] * 5


def test_a_failure_may_come_first() -> None:
    """Then the error is all there is."""
    out = written([Failed(Failure(kind=FailureKind.TIMEOUT, status=504, message="slow"))])
    assert [event["error"]["type"] for event in payloads(out)] == ["timeout_error"]


def test_other_choices_and_media_are_reported() -> None:
    """Anthropic's answers hold one choice of text, thinking and calls."""
    encoder = CODEC.stream_encoder(reply_to())
    foreign = Foreign(format=Format.GEMINI, kind="executableCode", data={})
    sent: list[Event] = [
        START,
        PartStarted(index=0, part=Text(text="x")),
        PartStarted(index=1, part=Text(text="y"), choice=1),
        TextDelta(1, "z"),
        PartEnded(1),
        PartEnded(0),
        *whole(2, Media(kind=MediaKind.IMAGE), TextDelta(2, "AA==")),
        *whole(3, foreign),
        Finished(finish=Finish.STOP),
        Finished(finish=Finish.LENGTH, choice=1),
        Ended(),
    ]
    out = b"".join(encoder.encode(event) for event in sent)
    assert message_of(payloads(out))["content"] == [{"type": "text", "text": "x"}]
    assert message_of(payloads(out))["stop_reason"] == "end_turn"
    assert [loss.reason for loss in encoder.losses.found] == [why.ONE_CHOICE, why.ANSWER_MEDIA, why.FOREIGN_ANSWER]


def test_broken_arguments_are_passed_on_and_reported() -> None:
    """They have gone out already when it shows."""
    encoder = CODEC.stream_encoder(reply_to())
    for event in [START, *whole(0, call(0), TextDelta(0, '{"x":'))]:
        encoder.encode(event)
    assert [loss.reason for loss in encoder.losses.found] == [why.BROKEN_ARGUMENTS]


def test_a_free_text_call_is_one_argument() -> None:
    """The text is written when it is whole, inside an object."""
    part = ToolCall(id="a", name="f", arguments="free ", custom=True)
    assert blocks(stream(whole(0, part, TextDelta(0, '"text"'))))[0]["input"] == {"input": 'free "text"'}


def test_text_that_is_no_utf8_is_made_so() -> None:
    """Half a surrogate pair cannot be sent; the rest of the text is."""
    out = stream(whole(0, Text(text=""), TextDelta(0, "a\ud83d")))
    assert json.loads(json.dumps(blocks(out)))[0]["text"] == "a?"


def test_pings_are_written() -> None:
    """In Anthropic's form."""
    assert payloads(CODEC.stream_encoder(reply_to()).encode(Ping())) == [{"type": "ping"}]
