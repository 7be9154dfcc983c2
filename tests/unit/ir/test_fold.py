"""Events, the whole answer, and the grammar between them."""

from __future__ import annotations

import pytest

from trunkline.ir.answer import Answer, Choice, Finish
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
from trunkline.ir.fold import BrokenStream, fold, unfold
from trunkline.ir.format import Format
from trunkline.ir.grammar import GrammarError, check
from trunkline.ir.parts import Citation, Foreign, Media, MediaKind, Native, Opaque, Reasoning, Text, ToolCall
from trunkline.ir.usage import Usage

FAILURE = Failure(kind=FailureKind.OVERLOADED, status=529, message="busy")
CALL = ToolCall(id="a", name="f", arguments="")
SIGNED = Opaque("x.signature", "blob")


def stream(*middle: Event) -> list[Event]:
    """A stream with `middle` between its start and its end."""
    return [Started(id="i", model="m"), *middle, Finished(finish=Finish.STOP), Ended()]


def test_pieces_become_parts_in_the_order_of_their_start() -> None:
    """Text, thinking, arguments and media grow by deltas, interleaved; opaque state and citations land on their part."""
    cited = Citation(url="https://example.com", start=0, end=2)
    events = stream(
        PartStarted(index=0, part=Reasoning()),
        TextDelta(0, "hm"),
        PartStarted(index=1, part=CALL),
        TextDelta(1, '{"a"'),
        OpaqueDelta(0, Opaque("x.signature", "first")),
        OpaqueDelta(0, SIGNED),
        PartEnded(0),
        PartStarted(index=2, part=Text(text="so ")),
        TextDelta(1, ":1}"),
        TextDelta(2, "it is"),
        CitationDelta(2, cited),
        Ping(),
        PartEnded(2),
        PartEnded(1),
        PartStarted(index=3, part=Media(kind=MediaKind.AUDIO, data="AA")),
        TextDelta(3, "BB"),
        PartEnded(3),
        UsageSeen(Usage(input_total=1)),
        UsageSeen(Usage(input_total=3, output_total=2)),
    )
    assert fold(check(events)) == Answer(
        id="i",
        model="m",
        choices=[
            Choice(
                parts=[
                    Reasoning(text="hm", opaque=SIGNED),
                    ToolCall(id="a", name="f", arguments='{"a":1}'),
                    Text(text="so it is", citations=[cited]),
                    Media(kind=MediaKind.AUDIO, data="AABB"),
                ],
                finish=Finish.STOP,
            )
        ],
        usage=Usage(input_total=3, output_total=2),
    )
    assert CALL.arguments == ""


def test_the_part_that_was_repeated_whole_counts() -> None:
    """Two ciphertexts of one thought: the final one is the one to replay (fidelity.md failure 12)."""
    whole = Reasoning(text="thought", opaque=Opaque("o.encrypted", "final"))
    events = stream(
        PartStarted(index=0, part=Reasoning()),
        TextDelta(0, "thou"),
        OpaqueDelta(0, Opaque("o.encrypted", "draft")),
        PartEnded(0, whole),
    )
    assert fold(check(events)).choices[0].parts == [whole]


def test_what_unfold_makes_folds_back() -> None:
    """A whole answer as a stream keeps to the grammar and is the same answer again, choices and natives included."""
    answer = Answer(
        id="i", model="m", created=5, service_tier="flex", native=Native(Format.GEMINI, {"a": 1}),
        choices=[
            Choice(parts=[Text(text="x"), CALL], finish=Finish.TOOL_CALLS, finish_native="tool_use"),
            Choice(parts=[Foreign(format=Format.GEMINI, kind="k", data={"b": 2})], finish=Finish.STOP_SEQUENCE,
                   stop_sequence="END", native=Native(Format.GEMINI, {"c": 3})),
        ],
        usage=Usage(input_total=1, output_total=1),
    )  # fmt: skip
    assert fold(check(unfold(answer))) == answer


def test_logprobs_are_joined() -> None:
    """Pieces of logprobs become the one list of the whole answer."""
    events = stream(
        PartStarted(index=0, part=Text(text="")),
        TextDelta(0, "a", {"content": [1]}),
        TextDelta(0, "b", {"content": [2], "refusal": None}),
        PartEnded(0),
    )
    assert fold(events).choices[0].logprobs == {"content": [1, 2], "refusal": None}


@pytest.mark.parametrize(
    "events", [[Started(), Failed(FAILURE)], [Started(), PartStarted(index=0, part=Text(text="a"))]]
)
def test_a_broken_stream_is_no_answer(events: list[Event]) -> None:
    """A failure, or no end, raises; what had come is kept."""
    with pytest.raises(BrokenStream) as raised:
        fold(events)
    assert raised.value.answer.choices == [] or raised.value.answer.choices[0].parts == [Text(text="a")]


@pytest.mark.parametrize(
    "events",
    [
        [TextDelta(0, "a")],
        [Started(), Started()],
        [Started(), TextDelta(0, "a")],
        [Started(), PartStarted(index=1, part=Text(text=""))],
        [Started(), PartStarted(index=0, part=Text(text="")), PartStarted(index=0, part=Text(text=""))],
        stream(PartStarted(index=0, part=Text(text=""))),
        stream(PartStarted(index=0, part=Text(text="")), PartEnded(0), TextDelta(0, "a")),
        stream(PartStarted(index=0, part=CALL), PartEnded(0), PartEnded(0)),
        stream(PartStarted(index=0, part=ToolCall(id="", name="f", arguments=""))),
        stream(PartStarted(index=0, part=ToolCall(id="a", name="", arguments=""))),
        stream(PartStarted(index=0, part=CALL), CitationDelta(0, Citation()), PartEnded(0)),
        stream(PartStarted(index=0, part=Reasoning()), OpaqueDelta(0, Opaque("k", "")), PartEnded(0)),
        stream(
            PartStarted(index=0, part=Foreign(format=Format.GEMINI, kind="k", data=1)), TextDelta(0, "a"), PartEnded(0)
        ),
        [*stream(), Ping()],
        [Started(), Failed(FAILURE), Ended()],
        [Started(), Ended()],
        [Started(), Finished(finish=None), Finished(finish=None), Ended()],
        [Started(), Finished(finish=None), PartStarted(index=0, part=Text(text="")), PartEnded(0), Ended()],
        [Started()],
        [Started(), Finished(finish=None)],
    ],
)
def test_the_checker_refuses(events: list[Event]) -> None:
    """Each way to break the grammar is found."""
    with pytest.raises(GrammarError):
        check(events)
