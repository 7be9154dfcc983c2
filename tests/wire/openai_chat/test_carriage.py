"""What must survive the way through a client: opaque state, and the order of an answer's parts."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import permutations
from typing import Any, Final

import pytest
from openai.lib.streaming._deltas import accumulate_delta

from tests.wire.openai_chat import recorded
from trunkline.ir.answer import Answer, Choice, Finish
from trunkline.ir.envelope import PREFIX, seal
from trunkline.ir.events import (
    Ended,
    Event,
    Finished,
    OpaqueDelta,
    PartEnded,
    PartStarted,
    Started,
    TextDelta,
)
from trunkline.ir.fold import fold
from trunkline.ir.format import Format
from trunkline.ir.grammar import check
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Media, MediaKind, Message, Native, Opaque, Part, Reasoning, Text, ToolCall
from trunkline.ir.request import Request
from trunkline.wire.openai_chat.codec import CODEC, OpenAIChatCodec
from trunkline.wire.openai_chat.reasoning import ORDER_PREFIX

HERE: Final = recorded.reply(provider="anthropic", deployment="east")


def signed(data: str, kind: str = "anthropic.signature") -> Opaque:
    return Opaque(kind, data, "anthropic", "east")


def call(name: str, *, opaque: Opaque | None = None) -> ToolCall:
    return ToolCall(id=f"toolu_{name}", name=name, arguments='{"a":1}', opaque=opaque)


INTERLEAVED: list[Part] = [
    Reasoning(text="first I look", opaque=signed("s1")),
    call("look"),
    Reasoning(text="then I count", opaque=signed("s2")),
    call("count"),
    Text(text="Done."),
]
CONVERSATIONS: dict[str, list[Part]] = {
    "interleaved": INTERLEAVED,
    "usual": [INTERLEAVED[0], Text(text="Let me see."), call("look")],
    "text last": [call("look"), Text(text="I called it.")],
    "two texts": [Text(text="a"), call("look"), Text(text="b")],
    "texts side by side": [Text(text="Grüße "), Text(text="an 🌍"), Text(text="!")],
    "redacted": [Reasoning(opaque=signed("blob", "anthropic.redacted")), Text(text="ok")],
    "redacted between": [call("look"), Reasoning(opaque=signed("blob", "anthropic.redacted")), Text(text="ok")],
    "summary": [Reasoning(text="short", summary=True, opaque=signed("enc", "openai.encrypted")), Text(text="ok")],
    "reasoning without state": [Text(text="a"), Reasoning(text="hm"), Text(text="b")],
    "signed call": [call("look", opaque=signed("sig", "gemini.signature")), call("count")],
    "signed text": [Text(text="hello", opaque=signed("sig", "gemini.signature")), call("look")],
    "signature on an empty text": [Text(text="hello"), Text(text="", opaque=signed("sig", "gemini.signature"))],
    "refusal": [Reasoning(text="no", opaque=signed("s")), Text(text="I will not.", refusal=True)],
    "image": [Text(text="here"), Media(kind=MediaKind.IMAGE, mime="image/png", data="iVBORw0="), Text(text="it is")],
}
conversations = pytest.mark.parametrize("parts", CONVERSATIONS.values(), ids=CONVERSATIONS)


def message_of(parts: list[Part]) -> dict[str, Any]:
    """The message that a client gets."""
    answer = Answer(id="msg_1", model="claude", choices=[Choice(parts=parts, finish=Finish.TOOL_CALLS)])
    sent = CODEC.encode_answer(answer, HERE, Losses())
    message: dict[str, Any] = json.loads(json.dumps(sent))["choices"][0]["message"]
    return message


def parts_of(message: dict[str, Any]) -> list[Part]:
    """What its next request brings back."""
    request = CODEC.decode_request({"model": "m", "messages": [{"role": "user", "content": "go"}, message]})
    return request.messages[1].parts


def events_of(parts: list[Part]) -> list[Event]:
    """The parts as a provider streams them: in pieces, the opaque state last."""
    events: list[Event] = [Started(id="msg_1", model="claude")]
    for index, part in enumerate(parts):
        match part:
            case Text() | Reasoning():
                skeleton: Part = type(part)(text="") if isinstance(part, Text) else Reasoning(summary=part.summary)
                if isinstance(part, Text):
                    skeleton = Text(text="", refusal=part.refusal)
                pieces = [part.text[at : at + 3] for at in range(0, len(part.text), 3)]
            case ToolCall():
                skeleton = ToolCall(id=part.id, name=part.name, arguments="")
                pieces = [part.arguments[at : at + 3] for at in range(0, len(part.arguments), 3)]
            case _:
                skeleton, pieces = part, []
        events.append(PartStarted(index=index, part=skeleton))
        events += [TextDelta(index, piece) for piece in pieces]
        if isinstance(part, Text | Reasoning | ToolCall) and part.opaque is not None:
            events.append(OpaqueDelta(index, part.opaque))
        events.append(PartEnded(index))
    return check([*events, Finished(finish=Finish.TOOL_CALLS), Ended()])


def streamed(parts: list[Part]) -> bytes:
    """The stream that a client gets."""
    encoder = CODEC.stream_encoder(HERE)
    return b"".join(encoder.encode(event) for event in events_of(parts))


def accumulated(data: bytes) -> dict[str, Any]:
    """A stream's message, put together as OpenAI's Python SDK does it."""
    message: dict[object, object] = {}
    for chunk in recorded.chunks(data):
        for choice in chunk.get("choices", []):
            message = accumulate_delta(message, choice["delta"])
    whole: dict[str, Any] = json.loads(json.dumps(message))
    return whole


def collected(data: bytes) -> dict[str, Any]:
    """A stream's message, put together by a client that appends all entries of lists it does not know."""
    message: dict[str, Any] = {"role": "assistant", "content": "", "tool_calls": []}
    for chunk in recorded.chunks(data):
        for choice in chunk.get("choices", []):
            for name, value in choice["delta"].items():
                if name == "tool_calls":
                    for entry in value:
                        if "id" in entry:
                            message["tool_calls"].append({**entry, "function": dict(entry["function"])})
                        else:
                            function = message["tool_calls"][entry["index"]]["function"]
                            function["arguments"] += entry["function"]["arguments"]
                elif isinstance(value, list):
                    message[name] = [*message.get(name, []), *value]
                elif name != "role":
                    message[name] = (message.get(name) or "") + value
    return message


WAYS: dict[str, Callable[[list[Part]], dict[str, Any]]] = {
    "whole": message_of,
    "streamed, the SDK": lambda parts: accumulated(streamed(parts)),
    "streamed, lists appended": lambda parts: collected(streamed(parts)),
}
ways = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


@ways
@conversations
def test_every_part_comes_back_in_its_place(way: Callable[[list[Part]], dict[str, Any]], parts: list[Part]) -> None:
    """Order, words, ids, arguments and opaque state with its origin survive answer, client and next request."""
    assert recorded.plain(parts_of(way(parts))) == recorded.plain(parts)


@ways
@pytest.mark.parametrize("places", list(permutations(range(4))))
def test_every_order_comes_back(way: Callable[[list[Part]], dict[str, Any]], places: tuple[int, ...]) -> None:
    """Whatever the order of reasoning, text and two calls, it is the same in the next request."""
    four: list[Part] = [Reasoning(text="r", opaque=signed("s")), Text(text="t"), call("a"), call("b")]
    parts = [four[place] for place in places]
    assert recorded.plain(parts_of(way(parts))) == recorded.plain(parts)


@conversations
def test_the_stream_itself_has_the_order(parts: list[Part]) -> None:
    """Another gateway that reads our stream sees the same parts in the same order."""
    back = fold(check(recorded.read(OpenAIChatCodec(), streamed(parts)))).choices[0].parts
    expected = [part for part in parts if not isinstance(part, Text) or part.text]
    kinds = [type(part) for part in expected]
    assert [type(part) for part in _joined(back)] == [type(part) for part in _joined(expected)] or kinds == []
    for part, was in zip(_joined(back), _joined(expected), strict=True):
        if isinstance(was, Reasoning) and isinstance(part, Reasoning):
            assert (part.text, part.summary) == (was.text, was.summary)
            if was.opaque is not None:
                assert part.opaque == was.opaque


def _joined(parts: list[Part]) -> list[Part]:
    """Texts side by side are one text in a stream."""
    found: list[Part] = []
    for part in parts:
        last = found[-1] if found else None
        if isinstance(part, Text) and isinstance(last, Text) and part.refusal == last.refusal:
            found[-1] = Text(text=last.text + part.text, refusal=last.refusal)
        else:
            found.append(part)
    return found


def test_words_alone_are_there_for_every_client() -> None:
    """`reasoning_content` holds all the reasoning, and `content` all the text."""
    message = message_of(INTERLEAVED)
    assert message["reasoning_content"] == "first I lookthen I count"
    assert message["content"] == "Done."
    assert [entry["function"]["name"] for entry in message["tool_calls"]] == ["look", "count"]


def test_claudes_reasoning_is_in_litellms_blocks_too() -> None:
    """`thinking_blocks` hold the words and the sealed signature; those of other models have none."""
    blocks = message_of(INTERLEAVED)["thinking_blocks"]
    assert [block["thinking"] for block in blocks] == ["first I look", "then I count"]
    assert all(block["signature"].startswith(PREFIX) for block in blocks)
    assert "thinking_blocks" not in message_of(CONVERSATIONS["summary"])


def test_the_usual_order_is_not_said() -> None:
    """No entry of ours is there where nothing needs it."""
    details = message_of(CONVERSATIONS["usual"])["reasoning_details"]
    assert len(details) == 1
    assert message_of([Text(text="hi")]).keys() == {"role", "content"}


def test_the_index_of_an_entry_is_the_place_of_its_part() -> None:
    """`reasoning_details[].index` counts all parts of the message."""
    details = message_of(INTERLEAVED)["reasoning_details"]
    assert [entry["index"] for entry in details] == [0, 2, 5]
    assert details[2]["data"] == f"{ORDER_PREFIX}r.c.r.c.t5"


def test_a_signature_is_never_in_an_id() -> None:
    """The id of a signed call is the provider's (fidelity.md failure 1)."""
    message = message_of(CONVERSATIONS["signed call"])
    assert message["tool_calls"][0]["id"] == "toolu_look"
    entry = message["reasoning_details"][0]
    assert (entry["type"], entry["id"]) == ("reasoning.encrypted", "toolu_look")
    assert entry["data"].startswith(PREFIX)


@pytest.mark.parametrize("dropped", [("reasoning_details",), ("thinking_blocks",), ("reasoning_content",)])
def test_a_client_may_drop_any_one_of_them(dropped: tuple[str, ...]) -> None:
    """Claude's reasoning comes back with its signature from either list, in the usual order."""
    message = message_of(CONVERSATIONS["usual"])
    for name in dropped:
        del message[name]
    assert recorded.plain(parts_of(message)) == recorded.plain(CONVERSATIONS["usual"])


def test_a_client_that_drops_both_lists_keeps_the_words() -> None:
    """What is left is reasoning whose maker nobody knows: it goes back to the member that it came in, or nowhere."""
    message = message_of(CONVERSATIONS["usual"])
    del message["reasoning_details"], message["thinking_blocks"]
    part = parts_of(message)[0]
    assert isinstance(part, Reasoning)
    assert part.text == "first I look"
    assert part.opaque is not None
    assert (part.opaque.provider, part.opaque.kind) == ("", "openai_chat.reasoning")


def test_a_client_that_changed_the_text_gets_the_usual_order() -> None:
    """The lengths no longer fit, so nobody guesses where which piece stood; nothing is lost."""
    message = message_of(CONVERSATIONS["two texts"])
    message["content"] = "something else"
    assert [type(part) for part in parts_of(message)] == [Text, ToolCall]


def test_a_client_that_dropped_a_call_gets_the_usual_order() -> None:
    """The order names more calls than there are."""
    message = message_of(INTERLEAVED)
    message["tool_calls"].pop()
    assert [type(part) for part in parts_of(message)] == [Reasoning, Reasoning, Text, ToolCall]


@pytest.mark.parametrize("order", ["", ".", "q", "t", "t-1", "t99999999999", "r.r.r.r.r", "c", "tt", "t5.t0.x3"])
def test_a_forged_order_is_harmless(order: str) -> None:
    """What a client writes there cannot hide or invent a part."""
    message = message_of(INTERLEAVED)
    message["reasoning_details"][2]["data"] = ORDER_PREFIX + order
    kinds = [type(part) for part in parts_of(message)]
    assert sorted(kind.__name__ for kind in kinds) == ["Reasoning", "Reasoning", "Text", "ToolCall", "ToolCall"]


def test_a_damaged_envelope_is_dropped_with_nothing_in_its_place() -> None:
    """The words stay; no signature is invented, and nothing of the envelope goes to a provider."""
    message = message_of(CONVERSATIONS["usual"])
    for entry in (*message["reasoning_details"], *message["thinking_blocks"]):
        entry["signature"] = entry["signature"][:-20]
    parts = parts_of(message)
    assert isinstance(parts[0], Reasoning)
    assert parts[0].opaque is None
    message = message_of(CONVERSATIONS["redacted"])
    message["reasoning_details"][0]["data"] = PREFIX + "????"
    del message["thinking_blocks"]
    assert recorded.plain(parts_of(message)) == recorded.plain([Text(text="ok")])


def test_the_origin_is_filled_in_from_the_reply() -> None:
    """A decoder does not know its provider; the envelope does."""
    message = message_of([Reasoning(text="hm", opaque=Opaque("anthropic.signature", "raw")), Text(text="x")])
    part = parts_of(message)[0]
    assert isinstance(part, Reasoning)
    assert part.opaque == Opaque("anthropic.signature", "raw", "anthropic", "east")


def test_state_that_a_client_brought_without_envelope_is_of_the_formats_own_kinds() -> None:
    """Histories from OpenRouter, LiteLLM and Google's compatible face are understood."""
    message: dict[str, Any] = {
        "role": "assistant",
        "content": None,
        "reasoning_details": [
            {"type": "reasoning.text", "text": "hm", "signature": "raw", "format": "anthropic-claude-v1", "index": 0}
        ],
        "tool_calls": [
            {
                "id": "c1",
                "type": "function",
                "function": {"name": "f", "arguments": "{}"},
                "extra_content": {"google": {"thought_signature": "g"}},
            }
        ],
    }
    reasoning, tool_call = parts_of(message)
    assert isinstance(reasoning, Reasoning)
    assert reasoning.opaque is not None
    assert (reasoning.opaque.kind, reasoning.opaque.provider) == ("openrouter.details", "")
    assert isinstance(tool_call, ToolCall)
    assert tool_call.opaque == Opaque("gemini.signature", "g")
    del message["reasoning_details"]
    message["thinking_blocks"] = [
        {"type": "thinking", "thinking": "hm", "signature": "raw"},
        {"type": "redacted_thinking", "data": "blob"},
    ]
    kinds = [part.opaque for part in parts_of(message) if isinstance(part, Reasoning)]
    assert kinds == [Opaque("anthropic.signature", "raw"), Opaque("anthropic.redacted", "blob")]


def test_pieces_that_a_client_kept_are_put_together() -> None:
    """A client may send back the entries of a stream as they came: words in pieces, then the signature."""
    message = {
        "role": "assistant",
        "content": "x",
        "reasoning_details": [
            {"type": "reasoning.text", "text": "a", "format": "f", "index": 0},
            {"type": "reasoning.text", "text": "b", "format": "f", "index": 0},
            {"type": "reasoning.text", "signature": "sig", "format": "f", "index": 0},
            {"type": "reasoning.text", "text": "c", "format": "f", "index": 1},
        ],
    }
    first, second = (part for part in parts_of(message) if isinstance(part, Reasoning))
    assert first.text == "ab"
    assert first.opaque is not None
    assert json.loads(first.opaque.data)["signature"] == "sig"
    assert second.text == "c"


def to_provider(message: Message, dialect: str = "openai") -> tuple[dict[str, Any], list[str]]:
    """A message of a history as a provider gets it, and the paths of what was lost."""
    losses = Losses()
    sent = OpenAIChatCodec(dialect).encode_request(Request(model="m", messages=[message]), losses)
    messages: Any = sent["messages"]
    return messages[0], [loss.path for loss in losses.found]


@pytest.mark.parametrize("kind", ["anthropic.signature", "anthropic.redacted", "bedrock.signature", "openai.encrypted"])
def test_reasoning_of_others_is_not_sent_to_a_provider(kind: str) -> None:
    """Neither its state nor its words, and not as text either."""
    message = Message(role="assistant", parts=[Reasoning(text="secret", opaque=Opaque(kind, "b")), Text(text="ok")])
    sent, lost = to_provider(message)
    assert sent == {"role": "assistant", "content": "ok"}
    assert lost == ["messages[0].content[0]"]


def test_reasoning_that_nobody_signed_is_not_sent_either() -> None:
    """Its maker is not known."""
    sent, lost = to_provider(Message(role="assistant", parts=[Reasoning(text="secret"), Text(text="ok")]))
    assert sent == {"role": "assistant", "content": "ok"}
    assert lost


def test_words_go_back_to_the_member_of_their_host() -> None:
    """DeepSeek's reasoning, through a client of another format, stands in `reasoning_content` again."""
    answer = CODEC.decode_answer({"choices": [{"message": {"content": "x", "reasoning_content": "hm"}}]})
    parts = [part if not isinstance(part, Reasoning) else Reasoning(text=part.text, opaque=part.opaque)
             for part in answer.choices[0].parts]  # fmt: skip
    sent, lost = to_provider(Message(role="assistant", parts=parts))
    assert sent == {"role": "assistant", "content": "x", "reasoning_content": "hm"}
    assert lost == []


def test_entries_go_back_as_openrouter_made_them() -> None:
    """Through a client of another format, which keeps only words and an envelope."""
    details = [
        {"type": "reasoning.summary", "summary": "short", "format": "openai-responses-v1", "index": 0},
        {"type": "reasoning.encrypted", "data": "enc", "id": "rs_1", "format": "openai-responses-v1", "index": 0},
        {"type": "reasoning.text", "text": "hm", "signature": "s", "format": "anthropic-claude-v1", "index": 1},
    ]
    answer = CODEC.decode_answer({"choices": [{"message": {"content": "x", "reasoning_details": details}}]})
    parts = [part if not isinstance(part, Reasoning)
             else Reasoning(text=part.text, summary=part.summary, opaque=part.opaque)
             for part in answer.choices[0].parts]  # fmt: skip
    sent, lost = to_provider(Message(role="assistant", parts=parts), "openrouter")
    assert sent["reasoning_details"] == details
    assert lost == []


@pytest.mark.parametrize("data", ["messages", "tool_calls", "role", "", "["])
def test_a_forged_envelope_cannot_name_any_member(data: str) -> None:
    """What an envelope says stands where the words belong is believed for known members only."""
    if not data:
        return
    for kind in ("openai_chat.reasoning", "openrouter.details"):
        message = {"role": "assistant", "content": "x", "reasoning_details": [
            {"type": "reasoning.text", "text": "hm", "signature": seal(Opaque(kind, data, "p"))}]}  # fmt: skip
        request = CODEC.decode_request({"model": "m", "messages": [message]})
        losses = Losses()
        sent = CODEC.encode_request(request, losses)
        assert sent["messages"] == [{"role": "assistant", "content": "x"}]
        assert losses.found


def test_googles_signature_goes_to_googles_face_only() -> None:
    """`extra_content.google.thought_signature` for the dialect `gemini`; a loss elsewhere."""
    message = Message(role="assistant", parts=[call("look", opaque=Opaque("gemini.signature", "sig"))])
    sent, lost = to_provider(message, "gemini")
    assert sent["tool_calls"][0]["extra_content"] == {"google": {"thought_signature": "sig"}}
    assert lost == []
    sent, lost = to_provider(message)
    assert "extra_content" not in sent["tool_calls"][0]
    assert lost == ["messages[0].content[0]"]


def test_an_order_that_the_format_lacks_is_a_loss_towards_a_provider() -> None:
    """A provider has no entry of ours: text before calls, and said so."""
    sent, lost = to_provider(Message(role="assistant", parts=[call("look"), Text(text="b")]))
    assert sent["content"] == "b"
    assert "messages[0]" in lost


def test_natives_of_another_format_are_reported() -> None:
    """A member that only the answer's own format has is a loss, but not its usage object, which is written anew."""
    losses = Losses()
    native = Native(Format.ANTHROPIC_MESSAGES, {"container": {"id": "x"}, "usage": {"input_tokens": 1}})
    CODEC.encode_answer(Answer(choices=[Choice()], native=native), recorded.reply(), losses)
    assert [loss.path for loss in losses.found] == ["container"]
