"""Conversations of two turns whose second goes to another provider, or to the same.

The client sends back what it got, as its SDK would. Calls and results must pair wherever they go; what only the first
provider can read comes back to it as it was, and goes to no other.
"""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from tests.matrix import compare
from tests.matrix.hearing import Client
from tests.matrix.other_clients import CLIENTS
from tests.matrix.scenarios import CALLS, CASES, WORDS, answer
from tests.matrix.wire import Wire, place, whole
from tests.support.stand_in import Called, Item, Scenario, canonical
from trunkline.ir.answer import Answer, Finish
from trunkline.ir.parts import Opaque, Reasoning, Text, ToolCall, ToolResult

UPSTREAMS: Final = ("chat", "responses", "messages", "gemini", "converse", "cohere", "ollama")
CARRIES: Final = frozenset({"chat", "responses", "messages", "gemini"})
"""Client formats that have a place for a provider's state (Cohere's has none)."""
SIGNED: Final = frozenset({"responses", "messages", "gemini", "converse"})
"""Providers that have state."""
TALKERS: Final = [client for client in CLIENTS if client.name != "completions"]
SIGNATURES: Final = ("c2lnLUFBQUE=", "c2lnLUJCQkI=")
FIRST: Final = answer(
    Reasoning(text="First the weather.", opaque=Opaque("any", "sig-AAAA")),
    CALLS[0],
    Reasoning(text="Now the clock.", opaque=Opaque("any", "sig-BBBB")),
    CALLS[1],
    finish=Finish.TOOL_CALLS,
)
RESULTS: Final = (
    ToolResult(call_id="", content=[Text(text="12 degrees")]), ToolResult(call_id="", content=[Text(text="noon")])
)  # fmt: skip


def played(upstream: str) -> Answer:
    """The first answer, with signatures in the provider's alphabet (Google's are base64)."""
    if upstream != "gemini":
        return FIRST
    signed = iter(SIGNATURES)
    parts = [
        Reasoning(text=part.text, opaque=Opaque("any", next(signed))) if isinstance(part, Reasoning) else part
        for part in FIRST.choices[0].parts
    ]
    return answer(*parts, finish=Finish.TOOL_CALLS)


def two_turns(wire: Wire, client: Client, one: str, two: str, *, stream: bool) -> tuple[Answer, Called, dict[str, Any]]:
    """The first answer as it was played, what the second provider got, and the answer the client sent back."""
    first, second = place(client.name, one, "thinking"), place(client.name, two, "thinking")
    told = played(one)
    wire.play(first, Scenario(answer=told))
    got, body = wire.ask(client, first, CASES["thinking"].request, stream=stream)
    assert wire.stand_in.last.complaints == [], wire.stand_in.last.complaints
    native = whole(client, got, stream=stream)
    ids = [item[1] for item in client.hear(native).of("call")]
    results = [ToolResult(call_id=own, content=r.content) for own, r in zip(ids, RESULTS, strict=True)]
    follow = client.follow(body, native, results)
    if "model" in follow:
        follow["model"] = f"up-{second}"
    wire.play(second, Scenario(answer=answer(Text(text=WORDS))))
    last = wire.send(client, second, follow, stream=stream)
    assert last.status == 200, last.body
    called = wire.stand_in.last
    assert called.complaints == [], (called.complaints, called.body)
    compare.no_leak(called.body)
    losses = compare.losses_of(last.header("x-trunkline-losses"))
    compare.heard(
        client.name,
        wire.stand_in.face(two),
        answer(Text(text=WORDS)),
        client.hear(whole(client, last, stream=stream)),
        losses,
    )
    return told, called, native


CELLS: Final = [
    pytest.param(client, one, two, stream, id=f"{client.name}-{one}-{two}-{'stream' if stream else 'whole'}")
    for client in TALKERS
    for one in UPSTREAMS
    for two in UPSTREAMS
    for stream in (False, True)
]


@pytest.mark.parametrize(("client", "one", "two", "stream"), CELLS)
def test_a_conversation_goes_on_elsewhere(wire: Wire, client: Client, one: str, two: str, stream: bool) -> None:
    """Calls and results pair at the second provider; the first one's state is there if it is the same, and nowhere else."""
    told, called, _ = two_turns(wire, client, one, two, stream=stream)
    face, asked = wire.stand_in.face(one), called.asked
    calls = [part for part in told.choices[0].parts if isinstance(part, ToolCall)]
    assert [(item[2], item[3]) for item in asked.of("call")] == [(p.name, canonical(p.arguments)) for p in calls]
    results = asked.of("result")
    assert [item[1] for item in results] == [item[1] for item in asked.of("call")], "results and calls do not pair"
    assert "12 degrees" in str(results[0])
    assert "noon" in str(results[1])
    signatures = ("sig-AAAA", "sig-BBBB", *SIGNATURES)
    if one != two:
        text = json.dumps(called.body)
        assert not any(signature in text for signature in signatures), "state of another provider was sent on"
        if client.name != two:  # what is unsigned passes as bytes where the formats are the same
            assert "First the weather." not in text or two in ("chat", "ollama", "cohere"), (
                "another's thoughts as words"
            )
        return
    if one not in SIGNED or client.name not in CARRIES:
        return
    wanted = [item for item in face.history(told) if item[-1] in signatures]
    found = [item for _, item in asked.items if item[-1] in signatures]
    assert found == _with_ids(wanted, found), "the state is not what and where it was"
    if client.name in compare.ORDERED:
        kinds = [item[0] for item in face.history(told) if item[0] != "think" or item[2]]
        said = [item[0] for role, item in asked.items if role == "assistant" and item[2 if item[0] == "think" else 1]]
        assert said == kinds, "the order of thoughts and calls is not what it was"


def _with_ids(wanted: list[Item], found: list[Item]) -> list[Item]:
    """What is wanted, with the ids that the calls have at the provider."""
    ids = {(item[2], item[3]): item[1] for item in found if item[0] == "call"}
    return [(i[0], ids.get((i[2], i[3]), ""), *i[2:]) if i[0] == "call" else i for i in wanted]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("client", TALKERS, ids=lambda client: client.name)
def test_a_fallback_gets_a_request_of_its_own(wire: Wire, client: Client, stream: bool) -> None:
    """The second turn's provider is down and another answers: it gets the conversation without the first one's state."""
    wire.play("gemini", Scenario(answer=played("gemini")))
    got, body = wire.ask(client, "gemini", CASES["thinking"].request, stream=stream)
    native = whole(client, got, stream=stream)
    ids = [item[1] for item in client.hear(native).of("call")]
    results = [ToolResult(call_id=own, content=r.content) for own, r in zip(ids, RESULTS, strict=True)]
    follow = client.follow(body, native, results)
    if "model" in follow:
        follow["model"] = "up-gemini-falls"
    wire.play("messages", Scenario(answer=answer(Text(text=WORDS))))
    wire.play("gemini-falls", Scenario(answer=answer(Text(text=WORDS)), fault="overloaded"))
    last = wire.send(client, "gemini-falls", follow, stream=stream)
    assert last.status == 200, last.body
    assert last.header("x-litellm-attempted-fallbacks") == "1"
    first, second = wire.stand_in.calls
    assert (first.format, second.format) == ("gemini", "messages")
    assert [first.complaints, second.complaints] == [[], []]
    assert client.name == "cohere" or any(signature in json.dumps(first.body) for signature in SIGNATURES)
    text = json.dumps(second.body)
    assert not any(signature in text for signature in SIGNATURES)
    assert compare.ENVELOPE not in text
    assert [item[1] for item in second.asked.of("result")] == [item[1] for item in second.asked.of("call")]
    assert len(second.asked.of("call")) == 2
    assert client.hear(whole(client, last, stream=stream)).text == WORDS
