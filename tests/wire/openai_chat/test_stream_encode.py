"""Streams for clients: chunks as OpenAI's SDKs expect them."""

from __future__ import annotations

from typing import Any

from openai.types.chat import ChatCompletionChunk

from tests.wire.openai_chat.recorded import chunks, reply
from trunkline.ir.answer import Finish
from trunkline.ir.events import (
    CitationDelta,
    Ended,
    Event,
    Failed,
    Finished,
    PartEnded,
    PartStarted,
    Ping,
    Started,
    TextDelta,
    UsageSeen,
)
from trunkline.ir.failure import Failure, FailureKind
from trunkline.ir.format import Format
from trunkline.ir.parts import Citation, Foreign, Media, MediaKind, Part, Text, ToolCall
from trunkline.ir.request import Request
from trunkline.ir.usage import Usage
from trunkline.wire.openai_chat.codec import CODEC
from trunkline.wire.openai_chat.stream_encode import ChatStreamEncoder

END: tuple[Event, ...] = (Finished(finish=Finish.STOP), Ended())


def encoder(*, usage: bool = True) -> ChatStreamEncoder:
    made = CODEC.stream_encoder(reply(Request(model="m", messages=[], stream_usage=usage)))
    assert isinstance(made, ChatStreamEncoder)
    return made


def written(*events: Event, usage: bool = True, typed: bool = True) -> list[dict[str, Any]]:
    """The chunks of a stream; `[DONE]` is `{}`. OpenAI's own types accept every one, unless they are not `typed` yet."""
    made = encoder(usage=usage)
    found = chunks(b"".join(made.encode(event) for event in (Started(id="msg_1", model="claude"), *events)))
    for one in found:
        if typed and one and "error" not in one:
            ChatCompletionChunk.model_validate(one, strict=True)
    return found


def deltas(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one["choices"][0]["delta"] for one in found if one.get("choices")]


def test_the_role_comes_first() -> None:
    """With id, model and time, which every chunk repeats; the provider's id where there is one."""
    found = written(PartStarted(index=0, part=Text(text="")), TextDelta(0, "a"), PartEnded(0), *END)
    assert found[0] == {
        "id": "msg_1", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "claude",
        "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "logprobs": None, "finish_reason": None}],
    }  # fmt: skip
    assert {one["id"] for one in found if one} == {"msg_1"}
    assert deltas(found) == [{"role": "assistant", "content": ""}, {"content": "a"}, {}]
    assert found[-2]["choices"][0]["finish_reason"] == "stop"
    assert found[-1] == {}


def test_a_provider_without_names_gets_ours() -> None:
    """Id and model of the reply."""
    made = encoder()
    first = chunks(made.encode(Started()))[0]
    assert (first["id"], first["model"]) == ("chatcmpl-ours", "asked-for")


def test_calls_are_numbered_and_their_arguments_come_in_pieces() -> None:
    """Id and name once, then arguments; overlapping calls are told apart by their index."""
    found = deltas(written(
        PartStarted(index=0, part=ToolCall(id="a", name="f", arguments="")),
        PartStarted(index=1, part=ToolCall(id="b", name="g", arguments="{")),
        TextDelta(0, "{}"), TextDelta(1, "}"), PartEnded(0), PartEnded(1),
        Finished(finish=Finish.TOOL_CALLS), Ended(),
    ))  # fmt: skip
    assert found[1:] == [
        {"tool_calls": [{"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}]},
        {"tool_calls": [{"index": 1, "id": "b", "type": "function", "function": {"name": "g", "arguments": "{"}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]},
        {"tool_calls": [{"index": 1, "function": {"arguments": "}"}}]},
        {},
    ]


def test_a_call_without_arguments_gets_an_empty_object() -> None:
    """Clients parse what they get (fidelity.md failure 10)."""
    call = ToolCall(id="a", name="f", arguments="")
    found = deltas(written(PartStarted(index=0, part=call), PartEnded(0), *END))
    assert found[2] == {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}


def test_a_custom_call_has_an_input() -> None:
    """Free text. OpenAI's own types for streams know functions only."""
    call = ToolCall(id="a", name="c", arguments="", custom=True)
    found = deltas(written(PartStarted(index=0, part=call), TextDelta(0, "ls"), PartEnded(0), *END, typed=False))
    assert found[2] == {"tool_calls": [{"index": 0, "custom": {"input": "ls"}}]}


def test_calls_count_more_than_stop() -> None:
    """OpenAI's clients run tools only where the reason says so; the provider's own word stands beside it."""
    call = ToolCall(id="a", name="f", arguments="{}")
    found = written(
        PartStarted(index=0, part=call), PartEnded(0), Finished(finish=Finish.STOP, finish_native="STOP"), Ended()
    )
    last = found[-2]["choices"][0]
    assert (last["finish_reason"], last["native_finish_reason"]) == ("tool_calls", "STOP")


def test_usage_comes_only_where_it_was_asked_for() -> None:
    """In a chunk of its own, without choices, before the end."""
    events = (
        PartStarted(index=0, part=Text(text="a")),
        PartEnded(0),
        UsageSeen(Usage(1, 2)),
        UsageSeen(Usage(3, 4)),
        *END,
    )
    found = written(*events)
    assert found[-2]["choices"] == []
    assert (found[-2]["usage"]["prompt_tokens"], found[-2]["usage"]["total_tokens"]) == (3, 7)
    assert not any("usage" in one for one in written(*events, usage=False))


def test_a_broken_stream_ends_in_an_error() -> None:
    """And no `[DONE]`."""
    failure = Failure(kind=FailureKind.OVERLOADED, status=503, message="busy", code="overloaded_error")
    found = written(PartStarted(index=0, part=Text(text="a")), Failed(failure))
    assert found[-1] == {
        "error": {"message": "busy", "type": "internal_server_error", "param": None, "code": "overloaded_error"}
    }


def test_choices_are_kept_apart() -> None:
    """Each with its role, its calls numbered from 0, and its end."""
    call = ToolCall(id="a", name="f", arguments="{}")
    found = written(
        PartStarted(index=0, part=Text(text="a")), PartStarted(index=1, part=call, choice=1), PartEnded(0), PartEnded(1),
        Finished(finish=Finish.STOP), Finished(finish=Finish.TOOL_CALLS, choice=1), Ended(),
    )  # fmt: skip
    second = [one["choices"][0] for one in found if one and one["choices"][0]["index"] == 1]
    assert second[0]["delta"]["role"] == "assistant"
    assert second[1]["delta"]["tool_calls"][0]["index"] == 0
    assert second[-1]["finish_reason"] == "tool_calls"


def test_citations_come_together_with_their_places_in_the_content() -> None:
    """OpenAI's SDKs fail at a second list whose entries have no index; places count from the first text on."""
    note = Citation(url="https://x", title="X", start=0, end=2)
    found = deltas(written(
        PartStarted(index=0, part=Text(text="ab")), PartEnded(0),
        PartStarted(index=1, part=Text(text="cd")), CitationDelta(1, note), PartEnded(1),
        PartStarted(index=2, part=Text(text="ef", citations=[Citation(url="https://y")])), PartEnded(2), *END,
    ))  # fmt: skip
    lists = [delta["annotations"] for delta in found if "annotations" in delta]
    assert [
        [(entry["url_citation"]["start_index"], entry["url_citation"]["end_index"]) for entry in one] for one in lists
    ] == [[(2, 4), (4, 6)]]


def test_log_probabilities_stand_beside_their_text() -> None:
    """As OpenAI has them."""
    found = written(
        PartStarted(index=0, part=Text(text="")),
        TextDelta(0, "a", {"content": [], "refusal": None}),
        PartEnded(0),
        *END,
    )
    assert found[1]["choices"][0]["logprobs"] == {"content": [], "refusal": None}


def test_what_the_format_cannot_say_is_reported() -> None:
    """Parts of other formats are left out, and said."""
    made = encoder()
    made.encode(Started())
    parts: list[Part] = [
        Foreign(format=Format.ANTHROPIC_MESSAGES, kind="web_search_tool_result", data={}),
        Media(kind=MediaKind.VIDEO, data="AAAA"),
    ]
    for index, part in enumerate(parts):
        assert made.encode(PartStarted(index=index, part=part)) == b""
        assert made.encode(PartEnded(index)) == b""
    assert len(made.losses.found) == 2


def test_pings_are_comments() -> None:
    """A sign of life that no client parses."""
    assert encoder().encode(Ping()) == b": ping\n\n"


def test_refusals_have_a_member_of_their_own() -> None:
    """As OpenAI has them."""
    found = deltas(
        written(PartStarted(index=0, part=Text(text="no", refusal=True)), TextDelta(0, "pe"), PartEnded(0), *END)
    )
    assert found[1:3] == [{"refusal": "no"}, {"refusal": "pe"}]
