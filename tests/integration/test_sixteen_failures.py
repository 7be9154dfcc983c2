"""The sixteen failures of other gateways, each as a test against this one: a real gateway, and a strict stand-in behind it.

Each is a row of the list of failures that other gateways' issue trackers show; the numbers are its rows.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import pytest

from tests.matrix import compare
from tests.matrix.hearing import Client
from tests.matrix.other_clients import CLIENTS
from tests.matrix.scenarios import CALLS, CASES, HINT, HISTORY, PLAIN, USAGE, WEATHER, WORDS, answer, asked, user
from tests.matrix.test_switching import FIRST, SIGNATURES, SIGNED, two_turns
from tests.matrix.wire import Wire, failed, whole, wire
from tests.support.stand_in import Called, Scenario, canonical, sse
from trunkline.ir.answer import Finish
from trunkline.ir.parts import Message, Opaque, Reasoning, Text, ToolCall, ToolResult
from trunkline.ir.request import Request

__all__ = ["wire"]

BY_NAME: Final = {client.name: client for client in CLIENTS}
CARRIERS: Final = ("chat", "responses", "messages", "gemini")
UPSTREAMS: Final = ("chat", "responses", "messages", "gemini", "converse", "cohere", "ollama")
SAFE_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
FINE: Final = Scenario(answer=answer(Text(text=WORDS)))


def through(
    wire: Wire, client: str, upstream: str, request: Request, scenario: Scenario = FINE, *, stream: bool = False
) -> tuple[Called, Any]:
    """One call that goes well: what the provider got, and the whole answer of the client."""
    wire.play(upstream, scenario)
    got, _ = wire.ask(BY_NAME[client], upstream, request, stream=stream)
    native = whole(BY_NAME[client], got, stream=stream)
    called = wire.stand_in.last
    assert called.complaints == [], (called.complaints, called.body)
    return called, native


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("second", ["chat", "responses", "messages", "converse"])
@pytest.mark.parametrize("client", CARRIERS)
def test_failure_01_no_signature_in_a_tool_id(wire: Wire, client: str, second: str, stream: bool) -> None:
    """A turn of Gemini's goes on elsewhere: the ids are plain, and no signature is in them or in the request."""
    _, called, native = two_turns(wire, BY_NAME[client], "gemini", second, stream=stream)
    ids = [item[1] for item in BY_NAME[client].hear(native).of("call")]
    assert all(SAFE_ID.fullmatch(own) for own in ids if own)
    assert all(SAFE_ID.fullmatch(item[1]) for item in called.asked.of("call"))
    assert not any(signature in json.dumps(called.body) for signature in SIGNATURES)


IDS: Final = (
    "call_A1b2C3d4E5f6G7h8", "functions.get_weather:0", "x" * 200, "x" * 199 + "y", "a b/ç", "abc123DEF", "toolu_01A",
)  # fmt: skip
RULES: Final = {
    "messages": r"[a-zA-Z0-9_-]+", "converse": r"[a-zA-Z0-9_-]{1,64}", "responses": r".{1,64}", "chat": r".{1,64}",
    "chat-mistral": r"[a-zA-Z0-9]{9}",
}  # fmt: skip


@pytest.mark.parametrize(
    ("client", "upstream"),
    [(client, upstream) for client in ("responses", "messages", "chat") for upstream in RULES if client != upstream],
)
def test_failure_02_ids_pair_whatever_the_provider_takes(wire: Wire, client: str, upstream: str) -> None:
    """Ids of any provider, long ones and such with dots: valid at this one, distinct, the same for call and result, and
    the same as they were where they were valid already.
    """
    calls = [ToolCall(id=own, name="get_weather", arguments='{"city":"x","days":1}') for own in IDS]
    results = [ToolResult(call_id=own, content=[Text(text=f"result {n}")]) for n, own in enumerate(IDS)]
    request = asked(
        user("All?"),
        Message(role="assistant", parts=list(calls)),
        Message(role="user", parts=list(results)),
        tools=(WEATHER,),
    )
    called, _ = through(wire, client, upstream, request)
    found = [item[1] for item in called.asked.of("call")]
    assert len(set(found)) == len(IDS)
    assert [item[1] for item in called.asked.of("result")] == found
    assert [f"result {n}" in str(item) for n, item in enumerate(called.asked.of("result"))] == [True] * len(IDS)
    assert all(re.fullmatch(RULES[upstream], own) for own in found), found
    for own, mapped in zip(IDS, found, strict=True):
        if re.fullmatch(RULES[upstream], own):
            assert mapped == own, "a valid id was changed"


@pytest.mark.parametrize("upstream", sorted(SIGNED))
@pytest.mark.parametrize("client", CARRIERS)
def test_failure_03_signatures_cross_the_bridge_and_return(wire: Wire, client: str, upstream: str) -> None:
    """Two turns for every client and provider with state: the state comes back whole, and as state, not as words."""
    told, called, _ = two_turns(wire, BY_NAME[client], upstream, upstream, stream=False)
    wanted = [i[-1] for i in wire.stand_in.face(upstream).history(told) if i[0] in ("think", "call") and i[-1]]
    assert [i[-1] for i in called.asked.of("think") + called.asked.of("call") if i[-1]] == wanted
    assert not any("First the weather." in item[1] for item in called.asked.of("text"))


PLACES: Final = {
    "thought": [
        {"text": "Hm.", "thought": True, "thoughtSignature": SIGNATURES[0]},
        {"functionCall": {"name": "get_weather", "args": {"city": "x", "days": 1}}},
    ],
    "call": [
        {"text": "Hm.", "thought": True},
        {"functionCall": {"name": "get_weather", "args": {"city": "x", "days": 1}}, "thoughtSignature": SIGNATURES[0]},
    ],
    "text": [
        {"text": "I look.", "thoughtSignature": SIGNATURES[0]},
        {"functionCall": {"name": "get_weather", "args": {"city": "x", "days": 1}}},
    ],
}  # fmt: skip


@pytest.mark.parametrize("place", ["thought", "call", "text"])
@pytest.mark.parametrize("client", ["responses", "messages", "gemini"])
def test_failure_04_a_signature_stays_on_its_part(wire: Wire, client: str, place: str) -> None:
    """Gemini signs thoughts, calls and texts: each signature comes back on the kind of part that it came on."""
    parts = PLACES[place]
    body = wire.stand_in.face("gemini").whole(answer(CALLS[0], finish=Finish.TOOL_CALLS))
    body["candidates"][0]["content"]["parts"] = parts
    wire.play("gemini", Scenario(answer=answer(CALLS[0]), whole=body))
    one = BY_NAME[client]
    got, sent = wire.ask(one, "gemini", CASES["thinking"].request, stream=False)
    native = whole(one, got, stream=False)
    (call,) = one.hear(native).of("call")
    follow = one.follow(sent, native, [ToolResult(call_id=call[1], content=[Text(text="12")])])
    wire.play("gemini", FINE)
    assert wire.send(one, "gemini", follow, stream=False).status == 200
    called = wire.stand_in.last
    assert called.complaints == [], (called.complaints, called.body)
    signed = [p for c in called.body["contents"] for p in c["parts"] if p.get("thoughtSignature")]
    where = [next(k for k in ("functionCall", "thought", "text") if k in p) for p in signed]
    assert [(p["thoughtSignature"], at) for p, at in zip(signed, where, strict=True)] == [
        (SIGNATURES[0], {"thought": "thought", "call": "functionCall", "text": "text"}[place])
    ]


@pytest.mark.parametrize("client", CARRIERS)
def test_failure_05_a_blob_goes_to_no_other_account(wire: Wire, client: str) -> None:
    """OpenAI's encrypted reasoning can be read by the account that made it: another deployment does not get it."""
    one = BY_NAME[client]
    wire.play("responses", Scenario(answer=FIRST))
    got, body = wire.ask(one, "responses", CASES["thinking"].request, stream=False)
    native = whole(one, got, stream=False)
    ids = [item[1] for item in one.hear(native).of("call")]
    follow = one.follow(body, native, [ToolResult(call_id=own, content=[Text(text="x")]) for own in ids])
    for group, kept in (("responses-other", False), ("responses", True)):
        follow["model"] = f"up-{group}"
        wire.play(group, FINE)
        last = wire.send(one, group, follow, stream=False)
        called = wire.stand_in.last
        assert called.complaints == [], called.complaints
        assert last.status == 200
        if client != "responses":  # there the provider's own bytes went to the client, and come back as they are
            assert ("sig-AAAA" in json.dumps(called.body)) is kept, group
        assert [item[1] for item in called.asked.of("result")] == [item[1] for item in called.asked.of("call")]


@pytest.mark.parametrize("upstream", ["messages", "converse", "gemini", "responses", "chat"])
@pytest.mark.parametrize("client", ["messages", "gemini", "chat", "responses"])
def test_failure_06_an_empty_signature_wedges_nothing(wire: Wire, client: str, upstream: str) -> None:
    """A stream was broken off while the model thought: what the client kept has no signature, and the next turn works."""
    if client == upstream:
        return  # the client's own bytes to its own format
    one = BY_NAME[client]
    body = one.body(PLAIN, f"up-{upstream}", stream=False)
    thought = "I was thinking whe"
    if client == "messages":
        block = {"type": "thinking", "thinking": thought, "signature": ""}
        body["messages"] += [
            {"role": "assistant", "content": [block, {"type": "text", "text": "Yes"}]},
            {"role": "user", "content": "Go on."},
        ]
    elif client == "gemini":
        parts = [{"text": thought, "thought": True, "thoughtSignature": ""}, {"text": "Yes"}]
        body["contents"] += [{"role": "model", "parts": parts}, {"role": "user", "parts": [{"text": "Go on."}]}]
    elif client == "chat":
        details = [
            {"type": "reasoning.text", "text": thought, "signature": "", "format": "anthropic-claude-v1", "index": 0}
        ]
        said = {"role": "assistant", "content": "Yes", "reasoning_content": thought, "reasoning_details": details}
        body["messages"] += [said, {"role": "user", "content": "Go on."}]
    else:
        item = {
            "type": "reasoning",
            "id": "rs_tlk0_resp_x",
            "summary": [{"type": "summary_text", "text": thought}],
            "encrypted_content": "",
        }
        said = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Yes"}]}
        body["input"] += [item, said, {"role": "user", "content": "Go on."}]
    wire.play(upstream, FINE)
    got = wire.send(one, upstream, body, stream=False)
    assert got.status == 200, got.body
    called = wire.stand_in.last
    assert called.complaints == [], called.complaints
    assert '"signature": ""' not in json.dumps(called.body)
    assert [item for _, item in called.asked.items if item[0] == "text"][1:] == [("text", "Yes"), ("text", "Go on.")]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("upstream", sorted(SIGNED))
@pytest.mark.parametrize("client", ["chat", "responses", "messages", "gemini"])
def test_failure_07_thoughts_and_calls_keep_their_order(wire: Wire, client: str, upstream: str, stream: bool) -> None:
    """`[think, tool, think, tool]` comes back as `[think, tool, think, tool]`, words and all."""
    told, called, _ = two_turns(wire, BY_NAME[client], upstream, upstream, stream=stream)
    face = wire.stand_in.face(upstream)
    said = [item for role, item in called.asked.items if role == "assistant" and item[0] in ("think", "call")]
    wanted = face.history(told)
    if upstream == "gemini":  # the signature is on the call there; the thought itself need not come back
        said, wanted = [i for i in said if i[0] == "call"], [i for i in wanted if i[0] == "call"]
    assert [(i[0], i[-1]) for i in said] == [(i[0], i[-1]) for i in wanted]
    assert [i[1] for i in said if i[0] == "think"] == [i[1] for i in wanted if i[0] == "think"]


@pytest.mark.parametrize("case", ["results", "bare_error"])
@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize("client", ["chat", "responses", "messages", "gemini", "cohere"])
def test_failure_08_a_result_without_content_is_a_result(wire: Wire, client: str, upstream: str, case: str) -> None:
    """A tool that gave nothing, and one that failed without a word: each is there, and no turn is lost."""
    wire.play(upstream, FINE)
    got, _ = wire.ask(BY_NAME[client], upstream, CASES[case].request, stream=False)
    called = wire.stand_in.last
    if client == upstream == "messages" and case == "bare_error":
        return  # its own bytes; Anthropic's answer is the client's affair
    assert called.complaints == [], called.complaints
    assert got.status == 200
    ids = [item[1] for item in called.asked.of("call")]
    assert [item[1] for item in called.asked.of("result")] == ids
    assert len(ids) == (3 if case == "results" else 1)
    assert called.asked.turns[-1][0] == "user"


@pytest.mark.parametrize("client", ["messages", "chat", "responses", "cohere"])
def test_failure_09_a_chunk_with_start_and_payload(wire: Wire, client: str) -> None:
    """Gemini sends a whole call in one chunk: name and arguments both arrive."""
    told = answer(CALLS[0], finish=Finish.TOOL_CALLS)
    _, native = through(wire, client, "gemini", CASES["tools"].request, Scenario(answer=told), stream=True)
    (call,) = BY_NAME[client].hear(native).of("call")
    assert (call[2], call[3]) == (CALLS[0].name, canonical(CALLS[0].arguments))


def _interleaved() -> list[bytes]:
    """Three calls whose pieces come mixed, as OpenAI's format allows; the second without arguments."""
    head = {"id": "chatcmpl-x", "object": "chat.completion.chunk", "created": 1, "model": "m"}

    def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
        return sse({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    def call(index: int, **function: str) -> bytes:
        own = {"id": CALLS[index].id, "type": "function"} if "name" in function else {}
        return chunk({"tool_calls": [{"index": index, **own, "function": function}]})

    first, last = CALLS[0].arguments, CALLS[2].arguments
    return [
        chunk({"role": "assistant", "content": None}), call(0, name=CALLS[0].name, arguments=""),
        call(1, name=CALLS[1].name, arguments=""), call(0, arguments=first[:9]), call(2, name=CALLS[2].name, arguments=last[:5]),
        call(0, arguments=first[9:]), call(2, arguments=last[5:]), chunk({}, "tool_calls"),
        sse({**head, "choices": [], "usage": {"prompt_tokens": 131, "completion_tokens": 37, "total_tokens": 168}}),
        b"data: [DONE]\n\n",
    ]  # fmt: skip


@pytest.mark.parametrize("client", ["messages", "responses", "gemini", "cohere"])
def test_failure_10_parallel_calls_do_not_overlap(wire: Wire, client: str) -> None:
    """Three calls whose pieces come mixed, one without arguments: three whole calls, each block closed before the next."""
    scenario = Scenario(answer=answer(*CALLS, finish=Finish.TOOL_CALLS), stream=_interleaved())
    wire.play("chat-mistral", scenario)
    got, _ = wire.ask(BY_NAME[client], "chat-mistral", CASES["parallel"].request, stream=True)
    found = BY_NAME[client].hear(whole(BY_NAME[client], got, stream=True)).of("call")
    assert [(i[2], i[3]) for i in found] == [(c.name, canonical(c.arguments)) for c in CALLS]


@pytest.mark.parametrize(
    ("client", "upstream"),
    [("messages", "converse"), ("chat", "messages"), ("chat", "converse"), ("messages", "messages")],
)
def test_failure_11_cache_hints_in_are_cache_hints_out(wire: Wire, client: str, upstream: str) -> None:
    """As many hints go out as came in, on content and on tools."""
    tool = WEATHER
    tools = (tool,)
    wanted = 3
    if client == "messages":
        from msgspec.structs import replace

        tools, wanted = (replace(tool, cache=HINT),), 4
    request = asked(
        Message(role="system", parts=[Text(text="Be brief.", cache=HINT)]), user(Text(text="Long.", cache=HINT), "x"),
        Message(role="assistant", parts=[Text(text="Yes.", cache=HINT)]), user("And?"), tools=tools,
    )  # fmt: skip
    called, _ = through(wire, client, upstream, request)
    assert called.asked.hints == wanted


@pytest.mark.parametrize("client", ["messages", "chat", "gemini"])
def test_failure_12_one_ciphertext_and_the_final_one(wire: Wire, client: str) -> None:
    """Item event and final event hold different ciphertexts of one thought: one comes back, never both."""
    stream = wire.stand_in.face("responses").stream(FIRST)
    stream = [
        event.replace(b"sig-AAAA", b"sig-item") if b"response.output_item" in event[:40] else event for event in stream
    ]
    wire.play("responses", Scenario(answer=FIRST, stream=stream))
    one = BY_NAME[client]
    got, body = wire.ask(one, "responses", CASES["thinking"].request, stream=True)
    native = whole(one, got, stream=True)
    ids = [item[1] for item in one.hear(native).of("call")]
    follow = one.follow(body, native, [ToolResult(call_id=own, content=[Text(text="x")]) for own in ids])
    wire.play("responses", FINE)
    assert wire.send(one, "responses", follow, stream=True).status == 200
    called = wire.stand_in.last
    assert called.complaints == [], called.complaints
    signatures = [item[2] for item in called.asked.of("think")]
    assert signatures in (["sig-AAAA", "sig-BBBB"], ["sig-item", "sig-BBBB"])


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", ["chat", "responses", "messages", "gemini", "cohere"])
def test_failure_13_the_same_format_loses_nothing(wire: Wire, name: str, stream: bool) -> None:
    """Nothing is reported as lost, and members that nobody knows arrive, where the formats are the same."""
    one = BY_NAME[name]
    body = one.body(CASES["results"].request, f"up-{name}", stream=stream)
    if name == "chat":
        body["messages"][1]["name"] = "alice"
    wire.play(name, FINE)
    got = wire.send(one, name, body, stream=stream)
    assert got.status == 200
    assert got.header("x-trunkline-losses") is None
    sent = {**wire.stand_in.last.body, "model": None}
    assert sent == {**body, "model": None} or name == "gemini"
    if name == "gemini":
        assert wire.stand_in.last.body == body


@pytest.mark.parametrize("client", ["chat", "messages", "gemini"])
def test_failure_14_item_id_and_token_travel_together(wire: Wire, client: str) -> None:
    """A reasoning item comes back with the id that it had and the blob that belongs to it."""
    told, called, _ = two_turns(wire, BY_NAME[client], "responses", "responses", stream=False)
    wanted = wire.stand_in.face("responses").whole(told)["output"]
    pairs = [(i["id"], i["encrypted_content"]) for i in wanted if i["type"] == "reasoning"]
    found = [(i.get("id"), i.get("encrypted_content")) for i in called.body["input"] if i.get("type") == "reasoning"]
    assert found == pairs


@pytest.mark.parametrize("first", ["cohere", "ollama", "chat", "messages", "gemini", "converse"])
def test_failure_14_a_minted_id_goes_to_no_provider(wire: Wire, first: str) -> None:
    """Ids of items that the gateway made are not sent to OpenAI, which knows none of them."""
    _, called, _ = two_turns(wire, BY_NAME["responses"], first, "responses", stream=False)
    assert "_tlk" not in json.dumps(called.body)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("upstream", ["chat", "responses", "messages", "gemini", "converse", "cohere"])
@pytest.mark.parametrize("client", ["chat", "responses", "messages", "gemini", "cohere"])
def test_failure_15_cached_tokens_are_counted_once(wire: Wire, client: str, upstream: str, stream: bool) -> None:
    """The provider counts cached tokens inside or outside its input: the client reads them as its own format counts."""
    _, native = through(wire, client, upstream, PLAIN, stream=stream)
    heard = BY_NAME[client].hear(native)
    assert (heard.tokens, heard.cached) == ((USAGE.input_total, USAGE.output_total), USAGE.cache_read)


STRANGE: Final = {"type": "hologram", "hologram": {"data": "AAAA"}}


@pytest.mark.parametrize("upstream", ["chat", "responses", "messages", "gemini", "converse", "cohere", "ollama"])
@pytest.mark.parametrize("client", ["chat", "responses", "messages", "gemini", "cohere"])
def test_failure_16_unknown_content_is_never_skipped(wire: Wire, client: str, upstream: str) -> None:
    """A kind of content that nobody knows is refused by name, or passed where the format is the same."""
    one: Client = BY_NAME[client]
    body = one.body(PLAIN, f"up-{upstream}", stream=False)
    match client:
        case "gemini":
            body["contents"][-1]["parts"].append({"hologram": {"data": "AAAA"}})
        case "responses":
            body["input"][-1]["content"].append(STRANGE)
        case _:
            content = body["messages"][-1]["content"]
            words = [{"type": "text", "text": content}] if isinstance(content, str) else content
            body["messages"][-1]["content"] = [*words, STRANGE]
    wire.play(upstream, FINE)
    got = wire.send(one, upstream, body, stream=False)
    if client == upstream:
        assert "hologram" in json.dumps(wire.stand_in.last.body)
        return
    status, _, message = failed(one, got)
    assert status == 400
    assert "content[" in message or "parts[" in message or "hologram" in message, message
    assert not wire.stand_in.calls


@pytest.mark.parametrize("client", ["chat", "responses", "gemini", "cohere"])
def test_failure_16_an_unknown_block_of_an_answer_is_said(wire: Wire, client: str) -> None:
    """What the provider said and the client's format cannot hold is named as lost."""
    body = wire.stand_in.face("messages").whole(answer(Text(text=WORDS)))
    body["content"].append(STRANGE)
    wire.play("messages", Scenario(answer=answer(Text(text=WORDS)), whole=body))
    got, _ = wire.ask(BY_NAME[client], "messages", PLAIN, stream=False)
    assert compare.losses_of(got.header("x-trunkline-losses")), "skipped without a word"
    assert BY_NAME[client].hear(whole(BY_NAME[client], got, stream=False)).text == WORDS


def test_every_reasoning_is_signed_in_these_tests() -> None:
    """The tests above would prove nothing with unsigned thoughts."""
    assert [p.opaque for p in FIRST.choices[0].parts if isinstance(p, Reasoning)] == [
        Opaque("any", "sig-AAAA"), Opaque("any", "sig-BBBB")
    ]  # fmt: skip
    assert HISTORY
