"""Calls of functions that stand for free-text tools and for tools in namespaces, on their way back to the client."""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec
import pytest

from trunkline.ir.answer import Answer, Choice, Finish
from trunkline.ir.events import Ended, Event, Finished, PartEnded, PartStarted, Started, TextDelta
from trunkline.ir.fold import fold
from trunkline.ir.format import Format
from trunkline.ir.grammar import check
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Part, ToolCall
from trunkline.wire.codec import Reply
from trunkline.wire.openai_chat.codec import CODEC as CHAT
from trunkline.wire.openai_responses.codec import CODEC as RESPONSES
from trunkline.wire.registry import codec

ASK: Final = {"type": "function", "name": "ask"}
TOOLS: Final[dict[Format, list[dict[str, Any]]]] = {
    Format.OPENAI_CHAT: [
        {"type": "custom", "custom": {"name": "patch"}},
        {"type": "function", "function": {"name": "plain"}},
    ],
    Format.OPENAI_RESPONSES: [
        {"type": "custom", "name": "patch"},
        {**ASK, "name": "plain"},
        {"type": "namespace", "name": "sea", "tools": [ASK, {"type": "custom", "name": "patch"}]},
    ],
}
CLIENTS: Final = pytest.mark.parametrize("client", list(TOOLS))
PATCH: Final = ToolCall(id="c1", name="patch", arguments='{"input": "*** é\\n+1"}')
PLAIN: Final = ToolCall(id="c2", name="plain", arguments='{"input": "x"}')
BEGUN: Final = (Started(id="a", model="m"),)
DONE: Final = (Finished(finish=Finish.TOOL_CALLS), Ended())


def reply(client: Format) -> Reply:
    words = {"input": "hi"} if client is Format.OPENAI_RESPONSES else {"messages": [{"role": "user", "content": "hi"}]}
    request = codec(client).decode_request({"model": "m", "tools": TOOLS[client], **words})
    return Reply(id="r", model="m", created=1, request=request)


def whole(client: Format, *parts: Part) -> list[Part]:
    """What a client reads in a whole answer."""
    answer = Answer(id="a", model="m", choices=[Choice(parts=list(parts), finish=Finish.TOOL_CALLS)])
    members = codec(client).encode_answer(answer, reply(client), Losses())
    return codec(client).decode_answer(msgspec.json.decode(msgspec.json.encode(members))).choices[0].parts


def streamed(client: Format, *events: Event) -> list[Part]:
    """What it reads in a stream, which must be a good one."""
    check(events)
    encoder, decoder = codec(client).stream_encoder(reply(client)), codec(client).stream_decoder()
    found = [read for event in events for read in decoder.feed(encoder.encode(event))] + decoder.end()
    check(found)
    return fold(found).choices[0].parts


def seen(parts: list[Part]) -> list[tuple[str, bool, str]]:
    return [(part.name, part.custom, part.arguments) for part in parts if isinstance(part, ToolCall)]


@CLIENTS
def test_whole(client: Format) -> None:
    """The client of a free-text tool gets text; of a function, its arguments."""
    assert seen(whole(client, PATCH, PLAIN)) == [("patch", True, "*** é\n+1"), ("plain", False, '{"input": "x"}')]


@CLIENTS
def test_streamed(client: Format) -> None:
    """In pieces as small as can be, beside a call of another tool; and all at once."""
    pieces: list[Event] = []
    for one, other in zip(PATCH.arguments, PLAIN.arguments.ljust(len(PATCH.arguments)), strict=True):
        pieces += [TextDelta(0, one), TextDelta(1, other)]
    patch, plain = (msgspec.structs.replace(call, arguments="") for call in (PATCH, PLAIN))
    found = streamed(
        client, *BEGUN, PartStarted(index=0, part=patch), PartStarted(index=1, part=plain), *pieces, PartEnded(0),
        PartEnded(1), *DONE,
    )  # fmt: skip
    assert [(name, free, text.strip()) for name, free, text in seen(found)] == [
        ("patch", True, "*** é\n+1"), ("plain", False, '{"input": "x"}'),
    ]  # fmt: skip
    for end in (PartEnded(0), PartEnded(0, PATCH)):
        found = streamed(client, *BEGUN, PartStarted(index=0, part=PATCH), end, *DONE)
        assert seen(found) == [("patch", True, "*** é\n+1")]


@CLIENTS
@pytest.mark.parametrize("arguments", ['{"input": 1}', '{"other": "x"}', "no json", '["input"]', '{"input": "cut'])
def test_what_a_model_wrote_otherwise_is_the_text(client: Format, arguments: str) -> None:
    """Nothing of it is lost."""
    call = msgspec.structs.replace(PATCH, arguments=arguments)
    assert seen(whole(client, call)) == [("patch", True, arguments)]


@CLIENTS
def test_free_text_of_a_provider_that_has_it_stays(client: Format) -> None:
    """Even where it looks like arguments."""
    call = msgspec.structs.replace(PATCH, custom=True)
    assert seen(whole(client, call)) == [("patch", True, PATCH.arguments)]
    assert seen(streamed(client, *BEGUN, PartStarted(index=0, part=call), PartEnded(0), *DONE)) == [
        ("patch", True, PATCH.arguments)
    ]


def items(name: str, arguments: str) -> list[dict[str, Any]]:
    """The items of a call in a whole Responses answer, and of its stream's start, end and response."""
    call = ToolCall(id="c1", name=name, arguments=arguments)
    answer = Answer(id="a", model="m", choices=[Choice(parts=[call], finish=Finish.TOOL_CALLS)])
    members: Any = RESPONSES.encode_answer(answer, reply(Format.OPENAI_RESPONSES), Losses())
    found: list[dict[str, Any]] = list(members["output"])
    encoder = RESPONSES.stream_encoder(reply(Format.OPENAI_RESPONSES))
    events: list[Event] = [*BEGUN, PartStarted(index=0, part=call), PartEnded(0), *DONE]
    out = b"".join(encoder.encode(event) for event in events)
    for line in out.decode().splitlines():
        if line.startswith("data: "):
            event = json.loads(line[6:])
            found += [event["item"]] if "item" in event else []
            found += event.get("response", {}).get("output", [])
    return found


def test_a_call_of_a_tool_in_a_namespace() -> None:
    """Says name and namespace again, in every item of it; a client sends that back as it is."""
    found = items("sea__ask", '{"a": 1}')
    assert len(found) == 4
    assert {(one["type"], one["name"], one["namespace"]) for one in found} == {("function_call", "ask", "sea")}
    again = RESPONSES.encode_request(RESPONSES.decode_request({"model": "m", "input": found[:1]}), Losses())
    assert "'namespace': 'sea'" in str(again)


def test_free_text_in_a_namespace() -> None:
    """Both at once."""
    found = items("sea__patch", '{"input": "+1"}')
    kinds = {(one["type"], one["name"], one["namespace"]) for one in found}
    assert kinds == {("custom_tool_call", "patch", "sea")}
    assert found[0]["input"] == found[-1]["input"] == "+1"


def test_other_calls_have_no_namespace() -> None:
    """Where the name is no tool of one."""
    assert all("namespace" not in one for one in items("plain", "{}"))


def test_without_such_tools_nothing_stands_between() -> None:
    """The encoder is the format's own."""
    request = CHAT.decode_request({"model": "m", "messages": [{"role": "user", "content": "hi"}]})
    made = CHAT.stream_encoder(Reply(id="r", model="m", created=1, request=request))
    assert type(made).__name__ == "ChatStreamEncoder"
