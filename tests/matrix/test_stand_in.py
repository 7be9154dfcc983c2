"""The stand-in refuses what the real APIs refuse, and the comparisons of the matrix see what is wrong: else it proves nothing."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.matrix import compare
from tests.matrix.hearing import BrokenOff, Heard
from tests.matrix.other_clients import CLIENTS
from tests.matrix.scenarios import CALLS, CASES, PLAIN, WORDS, answer
from tests.matrix.wire import FACES
from trunkline.ir.parts import Text

BY_NAME: Final = {face.name: face for face in FACES}
KEYS: Final = {
    "authorization": "Bearer x", "x-api-key": "x", "anthropic-version": "2023-06-01", "x-goog-api-key": "x",
}  # fmt: skip
USER: Final = {"role": "user", "content": "hi"}
USE: Final = {"type": "tool_use", "id": "t1", "name": "f", "input": {}}
RESULT: Final = {"type": "tool_result", "tool_use_id": "t1"}
CALL: Final = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
ASKING: Final = {"role": "assistant", "content": None, "tool_calls": [CALL]}
G_CALL: Final = {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]}
G_USER: Final = {"role": "user", "parts": [{"text": "hi"}]}
B_USER: Final = {"role": "user", "content": [{"text": "hi"}]}
B_CALL: Final = {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t1", "name": "f", "input": {}}}]}
BAD: Final[list[tuple[str, dict[str, Any], str]]] = [
    ("messages", {"messages": [USER]}, "max_tokens"),
    ("messages", {"max_tokens": 9, "messages": []}, "at least one"),
    ("messages", {"max_tokens": 9, "messages": [{"role": "assistant", "content": "x"}]}, "first message"),
    ("messages", {"max_tokens": 9, "messages": [{"role": "user", "content": [{"type": "text", "text": " "}]}]}, "non-whitespace"),
    ("messages", {"max_tokens": 9, "messages": [USER, {"role": "assistant", "content": [USE]}, USER]}, "without `tool_result`"),
    ("messages", {"max_tokens": 9, "messages": [{"role": "user", "content": [RESULT]}]}, "unexpected"),
    ("messages", {"max_tokens": 9, "messages": [USER, {"role": "assistant", "content": [{**USE, "id": "a.b"}]}]}, "pattern"),
    ("messages", {"max_tokens": 9, "messages": [USER, {"role": "assistant", "content": [USE]}, {"role": "user", "content": [{**RESULT, "is_error": True}]}]}, "cannot be empty"),
    ("messages", {"max_tokens": 9, "messages": [USER, {"role": "assistant", "content": [{"type": "thinking", "thinking": "x", "signature": ""}]}]}, "Field required"),
    ("messages", {"max_tokens": 9, "messages": [USER], "top_logprobs": 1}, "not permitted"),
    ("chat", {"messages": [USER, {**ASKING, "tool_calls": [{**CALL, "id": "x" * 65}]}]}, "65 characters"),
    ("chat", {"messages": [USER, ASKING, USER]}, "have no tool message"),
    ("chat", {"messages": [USER, {"role": "tool", "tool_call_id": "c1", "content": "x"}]}, "answers no call"),
    ("chat", {"messages": [USER, {"role": "assistant", "content": None}]}, "no content"),
    ("chat", {"messages": [USER], "top_k": 1}, "unknown parameter"),
    ("responses", {"input": []}, "empty"),
    ("responses", {"input": [{"type": "reasoning", "id": "rs_1", "summary": []}]}, "not persisted"),
    ("responses", {"input": [{"type": "reasoning", "id": "rs_1", "encrypted_content": "x", "summary": [], "content": [{}]}]}, "array too long"),
    ("responses", {"input": [{"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}]}, "no tool output"),
    ("responses", {"input": [{"type": "message", "role": "user", "content": [{"type": "output_text", "text": "x"}]}]}, "output_text"),
    ("gemini", {"contents": [G_USER, G_CALL, G_USER]}, "function response parts"),
    ("gemini", {"contents": [{"role": "user", "parts": []}]}, "must not be empty"),
    ("gemini", {"contents": [{"role": "assistant", "parts": [{"text": "x"}]}]}, "valid role"),
    ("gemini", {"contents": [{"role": "user", "parts": [{"text": "x", "cache": 1}]}]}, "Unknown name"),
    ("gemini", {"contents": [G_USER], "generationConfig": {"minP": 1}}, "Unknown name"),
    ("converse", {"messages": [B_USER, B_USER]}, "alternate"),
    ("converse", {"messages": [B_CALL]}, "start with a user"),
    ("converse", {"messages": [B_USER, B_CALL, B_USER]}, "toolResult"),
    ("converse", {"messages": [{"role": "user", "content": [{"text": ""}]}]}, "blank"),
    ("converse", {"messages": [B_USER, B_CALL, {"role": "user", "content": [{"toolResult": {"toolUseId": "t1", "content": []}}]}]}, "toolConfig"),
    ("cohere", {"messages": [USER, {"role": "tool", "tool_call_id": "c1", "content": "x"}]}, "not found"),
    ("cohere", {"messages": [USER], "top_p": 1}, "unknown field"),
    ("ollama", {"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "cannot unmarshal"),
    ("ollama", {"messages": [{**USER, "images": ["data:image/png;base64,AAAA"]}]}, "base64"),
    ("replicate", {"input": {}}, "prompt is required"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "body", "why"), BAD)
def test_a_request_that_the_api_would_refuse(name: str, body: dict[str, Any], why: str) -> None:
    """Each of these is a 400 of the real API."""
    headers = KEYS | ({"authorization": "AWS4-HMAC-SHA256 Credential=x"} if name == "converse" else {})
    complaints = list(BY_NAME[name].check(body, headers))
    assert any(why in one for one in complaints), complaints


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_a_client_sees_a_stream_without_its_end(client: Any) -> None:
    """Each client takes the whole stream of its format and refuses it without its last event."""
    face = BY_NAME.get(client.name)
    if face is None:
        return  # text completions: chat's stand-in does not speak them
    events = face.stream(answer(Text(text=WORDS)))
    assert client.hear(client.assemble(b"".join(events))).text == WORDS
    with pytest.raises((AssertionError, KeyError)):
        client.hear(client.assemble(b"".join(events[:-2])))
    if client.name != "cohere":
        with pytest.raises(BrokenOff):
            client.assemble(b"".join(events[:2]) + face.error_event())


@pytest.mark.parametrize(
    "change",
    [
        {"items": [("text", WORDS[:-1])]}, {"finish": "length"}, {"tokens": (131, 38)}, {"id": ""},
        {"items": [("text", WORDS), ("call", "c", "f", "{}", "")]},
    ],
)  # fmt: skip
def test_the_comparison_sees_a_wrong_answer(change: dict[str, Any]) -> None:
    """Words, calls, finish, usage and id: each difference is seen."""
    fine: dict[str, Any] = {"items": [("text", WORDS)], "finish": "stop", "tokens": (131, 37), "model": "m", "id": "x"}
    told = answer(Text(text=WORDS))
    compare.heard("chat", BY_NAME["messages"], told, Heard(**fine), [])
    with pytest.raises(AssertionError):
        compare.heard("chat", BY_NAME["messages"], told, Heard(**(fine | change)), [])


def test_the_comparison_sees_a_wrong_request() -> None:
    """A result that answers another call, a call with other arguments, words that are missing."""
    request = CASES["results"].request
    face = BY_NAME["messages"]
    body = next(c for c in CLIENTS if c.name == "messages").body(request, "m", stream=False)
    compare.sent("messages", "messages", request, face.read(body), [])
    swapped = face.read(body)
    first, second = swapped.turns[2][1][:2]
    swapped.turns[2][1][:2] = [(first[0], second[1], *first[2:]), (second[0], first[1], *second[2:])]
    with pytest.raises(AssertionError, match="answers another call"):
        compare.sent("messages", "messages", request, swapped, [])
    body["messages"][1]["content"][1]["input"] = {"city": "elsewhere"}
    with pytest.raises(AssertionError):
        compare.sent("messages", "messages", request, face.read(body), [])
    short = face.read(next(c for c in CLIENTS if c.name == "messages").body(PLAIN, "m", stream=False))
    short.turns.clear()
    with pytest.raises(AssertionError):
        compare.sent("messages", "messages", PLAIN, short, [])
    assert CALLS


@pytest.mark.parametrize("header", ["top_k", "top_k (because)", "top_k (Gemini has no `min_p`), x (y)"])
def test_a_reason_must_be_a_written_one(header: str) -> None:
    """Losses without a reason, and reasons that stand in no list, are seen."""
    with pytest.raises(AssertionError):
        compare.losses_of(header)
    assert compare.losses_of("a.b (Gemini has no `min_p`), c (Gemini has no `logit_bias`)") == ["a.b", "c"]
