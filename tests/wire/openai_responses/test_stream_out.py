"""Streams for clients, read by the official client's own types and accumulator."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from openai import APIError, OpenAI

from tests.wire.openai_responses.made import PARTS, REPLY, STRICT, answer, strict, written
from tests.wire.openai_responses.recorded import datas, read
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
from trunkline.ir.fold import unfold
from trunkline.ir.format import Format
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Citation, Foreign, Media, MediaKind, Opaque, Part, Reasoning, Text, ToolCall
from trunkline.ir.usage import Usage
from trunkline.wire.openai_responses.codec import CODEC
from trunkline.wire.openai_responses.items import BEHIND

START = Started(id="msg_1", model="claude", created=9)
END: list[Event] = [Finished(finish=Finish.STOP), UsageSeen(Usage(10, 5, 2, 1, 3)), Ended()]
TROUBLE = Failure(kind=FailureKind.OVERLOADED, status=529, message="too much to do", code="overloaded_error")


def client(stream: bytes) -> OpenAI:
    """The official client, answered with a stream."""

    def answered(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, content=stream, headers={"content-type": "text/event-stream"})

    http = httpx2.Client(transport=httpx2.MockTransport(answered))
    return OpenAI(api_key="k", base_url="https://example.org/v1", http_client=http, max_retries=0)


def plain(value: Any) -> Any:
    """What came over the wire, without what the official client adds."""
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items() if not name.startswith("parsed")}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def streamed(*parts: Part) -> list[Event]:
    """Parts as a provider streams them: a skeleton, deltas, an end."""
    events: list[Event] = [START]
    for index, part in enumerate(parts):
        match part:
            case Text(text=text):
                begun: Part = Text(text="", refusal=part.refusal)
            case Reasoning(text=text):
                begun = Reasoning(summary=part.summary)
            case ToolCall(arguments=text):
                begun = ToolCall(id=part.id, name=part.name, arguments="", custom=part.custom)
            case _:
                begun, text = part, ""
        events.append(PartStarted(index=index, part=begun))
        events += [TextDelta(index, letter) for letter in text]
        if isinstance(part, Text):
            events += [CitationDelta(index, citation) for citation in part.citations]
        opaque = getattr(part, "opaque", None)
        if opaque is not None:
            events.append(OpaqueDelta(index, opaque))
        events.append(PartEnded(index))
    return [*events, *END]


@pytest.mark.parametrize("events", [streamed(*PARTS), list(unfold(answer(*PARTS)))], ids=["deltas", "whole"])
def test_the_official_client_takes_every_event(events: list[Event]) -> None:
    """Every event passes the strict types, is numbered without a gap, and has its `event:` line; there is no `[DONE]`."""
    stream = written(events)
    told = datas(stream)
    for place, event in enumerate(told):
        STRICT.validate_python(event)
        assert event["sequence_number"] == place
    lines = [line[7:] for line in stream.decode().splitlines() if line.startswith("event: ")]
    assert lines == [event["type"] for event in told]
    assert b"[DONE]" not in stream
    assert [event["type"] for event in told[:2]] == ["response.created", "response.in_progress"]
    assert told[-1]["type"] == "response.completed"


@pytest.mark.parametrize("events", [streamed(*PARTS), list(unfold(answer(*PARTS)))], ids=["deltas", "whole"])
def test_the_official_client_accumulates_the_whole_answer(events: list[Event]) -> None:
    """What the official client gathers from the stream is what it would have got as a whole answer."""
    whole = CODEC.encode_answer(answer(*PARTS), REPLY, Losses())
    with client(written(events)).responses.stream(model="m", input="hi") as stream:
        final = stream.get_final_response()
    expected = strict(whole)
    assert final.output_text == expected.output_text
    assert [plain(item.to_dict()) for item in final.output] == [item.to_dict() for item in expected.output]
    assert final.usage == expected.usage
    assert datas(written(events))[-1]["response"] == whole


def test_deltas_add_up() -> None:
    """Texts and arguments that are gathered from deltas are those of the finished items."""
    texts: dict[tuple[int, int], str] = {}
    told = datas(written(streamed(*PARTS)))
    for event in told:
        if event["type"].endswith(".delta"):
            key = event["output_index"], event.get("content_index", event.get("summary_index", 0))
            texts[key] = texts.get(key, "") + event["delta"]
    output = told[-1]["response"]["output"]
    for (item, content), text in texts.items():
        found = output[item]
        held = found.get("arguments", found.get("input"))
        if held is None:
            part = (found.get("content") or found["summary"])[content]
            held = part.get("text", part.get("refusal"))
        assert held == text
    assert len(texts) == 9


def test_parallel_calls_may_overlap() -> None:
    """Calls that come at the same time are items of their own, each with its arguments (fidelity failure 10)."""
    events: list[Event] = [
        START,
        PartStarted(index=0, part=ToolCall(id="a", name="f", arguments="")),
        PartStarted(index=1, part=ToolCall(id="b", name="g", arguments="")),
        TextDelta(1, '{"b"'), TextDelta(0, '{"a"'), TextDelta(1, ":1}"), TextDelta(0, ":2}"),
        PartEnded(1), PartEnded(0), *END,
    ]  # fmt: skip
    with client(written(events)).responses.stream(model="m", input="hi") as stream:
        final = stream.get_final_response()
    calls = [(item.call_id, item.arguments) for item in final.output if item.type == "function_call"]
    assert calls == [("a", '{"a":2}'), ("b", '{"b":1}')]


def test_a_call_without_arguments_is_closed() -> None:
    """A call of a function without parameters has an empty object, in deltas and items."""
    told = datas(
        written([START, PartStarted(index=0, part=ToolCall(id="a", name="f", arguments="")), PartEnded(0), *END])
    )
    assert [event["delta"] for event in told if event["type"].endswith("arguments.delta")] == ["{}"]
    assert told[-1]["response"]["output"][0]["arguments"] == "{}"


def test_the_end_of_a_part_counts() -> None:
    """What a provider says only with the end is given out before the item is done (fidelity failure 9)."""
    events: list[Event] = [
        START,
        PartStarted(index=0, part=ToolCall(id="a", name="f", arguments="")),
        TextDelta(0, '{"a'),
        PartEnded(0, ToolCall(id="a", name="f", arguments='{"a": 1}')),
        PartStarted(index=1, part=Text(text="")),
        PartEnded(1, Text(text="late", citations=[Citation(url="https://x")])),
        *END,
    ]
    told = datas(written(events))
    assert "".join(e["delta"] for e in told if e["type"] == "response.function_call_arguments.delta") == '{"a": 1}'
    assert "".join(e["delta"] for e in told if e["type"] == "response.output_text.delta") == "late"
    assert told[-1]["response"]["output"][1]["content"][0]["annotations"][0]["url"] == "https://x"


def test_late_state_follows_its_part() -> None:
    """State of a call that comes after its arguments is carried behind it, and the call is done first."""
    state = Opaque("gemini.signature", "s")
    call = ToolCall(id="a", name="f", arguments="{}")
    events = [START, PartStarted(index=0, part=call), OpaqueDelta(0, state), PartEnded(0), *END]
    output = datas(written(events))[-1]["response"]["output"]
    assert [item["type"] for item in output] == ["function_call", "reasoning"]
    sealed = open_envelope(output[1]["encrypted_content"])
    assert sealed == Opaque("gemini.signature", "s", "anthropic", "d1", BEHIND)


def test_the_last_state_counts() -> None:
    """A later blob replaces an earlier one (fidelity failure 12)."""
    events: list[Event] = [
        START, PartStarted(index=0, part=Reasoning(text="t", opaque=Opaque("anthropic.signature", "first"))),
        OpaqueDelta(0, Opaque("anthropic.signature", "last")), PartEnded(0), *END,
    ]  # fmt: skip
    sealed = open_envelope(datas(written(events))[-1]["response"]["output"][0]["encrypted_content"])
    assert sealed is not None
    assert sealed.data == "last"


def test_a_text_after_a_call_is_a_message_of_its_own() -> None:
    """A text that began before a call goes on in its message; the next one opens a new one."""
    events: list[Event] = [
        START, PartStarted(index=0, part=Text(text="a")), PartStarted(index=1, part=ToolCall(id="c", name="f", arguments="")),
        TextDelta(0, "b"), PartEnded(0), PartEnded(1), PartStarted(index=2, part=Text(text="c")), PartEnded(2), *END,
    ]  # fmt: skip
    told = datas(written(events))
    output = told[-1]["response"]["output"]
    assert [item["type"] for item in output] == ["message", "function_call", "message"]
    assert output[0]["content"][0]["text"] == "ab"
    assert sum(event["type"] == "response.output_item.done" for event in told) == 3


@pytest.mark.parametrize(
    ("finish", "last", "status"),
    [(Finish.STOP, "response.completed", "completed"), (Finish.LENGTH, "response.incomplete", "incomplete")],
)
def test_the_last_event_says_how_it_ended(finish: Finish, last: str, status: str) -> None:
    """An answer that was cut off is incomplete, in the item too."""
    told = datas(written(unfold(answer(Text(text="x"), finish=finish))))
    assert (told[-1]["type"], told[-1]["response"]["status"]) == (last, status)
    assert told[-2]["item"]["status"] == status


def test_a_stream_that_breaks_ends_in_a_failed_response() -> None:
    """`response.failed` holds the error and what was done; nothing follows."""
    events: list[Event] = [
        START, PartStarted(index=0, part=ToolCall(id="a", name="f", arguments="{}")), PartEnded(0),
        PartStarted(index=1, part=Text(text="half")), Failed(TROUBLE), *END,
    ]  # fmt: skip
    told = datas(written(events))
    assert told[-1]["type"] == "response.failed"
    response = told[-1]["response"]
    assert (response["status"], response["error"]) == (
        "failed", {"code": "server_is_overloaded", "message": "too much to do"},
    )  # fmt: skip
    assert [item["type"] for item in response["output"]] == ["function_call"]


def test_the_official_client_takes_a_failed_response() -> None:
    """A failed response passes the strict types, with a code of the published list."""
    outage = Failure(kind=FailureKind.UNAVAILABLE, status=502, message="gone")
    told = datas(written([START, Failed(outage)]))[-1]
    STRICT.validate_python(told)
    assert told["response"]["error"] == {"code": "server_error", "message": "gone"}


def test_a_stream_that_never_began_ends_in_an_error() -> None:
    """The official client raises for it."""
    stream = written([Failed(TROUBLE)])
    event = datas(stream)[0]
    assert (event["type"], event["code"], event["message"]) == ("error", "overloaded_error", "too much to do")
    with pytest.raises(APIError, match="too much to do"):
        list(client(stream).responses.create(model="m", input="hi", stream=True))


def test_failures_are_read_back() -> None:
    """Both forms are a failure for the decoder of the same format."""
    streams: list[list[Event]] = [[Failed(TROUBLE)], [START, Failed(TROUBLE)]]
    for events in streams:
        last = read(written(events))[-1]
        assert isinstance(last, Failed)
        assert (last.failure.kind, last.failure.message) == (FailureKind.OVERLOADED, "too much to do")


def test_what_a_stream_cannot_hold_is_said() -> None:
    """Other formats' content, other media and further answers are losses, and leave no trace."""
    encoder = CODEC.stream_encoder(REPLY)
    events: list[Event] = [
        START,
        PartStarted(index=0, part=Foreign(format=Format.GEMINI, kind="x", data={})), PartEnded(0),
        PartStarted(index=1, part=Media(kind=MediaKind.AUDIO, mime="audio/wav")), TextDelta(1, "UklG"), PartEnded(1),
        PartStarted(index=2, part=Text(text="y"), choice=1), TextDelta(2, "z"), PartEnded(2), Finished(finish=None, choice=1),
        *END,
    ]  # fmt: skip
    out = b"".join(encoder.encode(event) for event in events)
    assert [loss.path for loss in encoder.losses.found] == ["content[0]", "content[1]", "choices[1]"]
    assert datas(out)[-1]["response"]["output"] == []


def test_an_image_may_come_in_pieces() -> None:
    """The item has all of it once, at its end."""
    image = Media(kind=MediaKind.IMAGE, mime="image/png")
    told = datas(
        written([START, PartStarted(index=0, part=image), TextDelta(0, "iV"), TextDelta(0, "BOR"), PartEnded(0), *END])
    )
    assert told[-1]["response"]["output"][0]["result"] == "iVBOR"
    assert told[2]["item"]["result"] is None


def test_logprobs_travel_with_their_text() -> None:
    """Deltas and the finished text have them."""
    entry: dict[str, Any] = {"token": "x", "logprob": -0.1, "bytes": [120], "top_logprobs": []}
    events = [
        START,
        PartStarted(index=0, part=Text(text="")),
        TextDelta(0, "x", {"content": [entry]}),
        PartEnded(0),
        *END,
    ]
    told = datas(written(events))
    assert [event["logprobs"] for event in told if event["type"].startswith("response.output_text.")] == [
        [entry],
        [entry],
    ]
    assert told[-1]["response"]["output"][0]["content"][0]["logprobs"] == [entry]


def test_a_sign_of_life_is_a_comment() -> None:
    """Proxies see it, clients do not."""
    assert written([Ping()]) == b": ping\n\n"
