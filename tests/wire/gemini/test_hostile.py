"""Whatever bytes come: a refusal with a text, or a failure, never a crash."""

from __future__ import annotations

import copy
import json
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wire.gemini.recorded import VERTEX, read, reply_to, written
from trunkline.ir.events import Ended, Failed
from trunkline.ir.fold import unfold
from trunkline.ir.losses import BadShape, Losses, Untranslatable
from trunkline.wire.gemini.codec import CODEC

JUNK: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 10**30, 1.5, "", "x", "\u0000", "STOP", "tlk1.x", "dGxrMS54", [], {}, [None], [{}]),
    *({"a": 1}, [[]], {"text": 1}, {"name": "f"}, {"blockReason": "X"}, "$.a[0]"),
)
NAMES = (
    *(
        "text",
        "thought",
        "thoughtSignature",
        "functionCall",
        "functionResponse",
        "inlineData",
        "fileData",
        "args",
        "id",
    ),
    *("name", "response", "parts", "index", "finishReason", "groundingMetadata", "groundingChunks", "segment", "error"),
    *("groundingSupports", "citationMetadata", "citationSources", "partialArgs", "willContinue", "candidates", "role"),
    *("usageMetadata", "promptFeedback", "logprobsResult", "createTime", "mode", "type", "any_of", "$ref", "nullable"),
)
REQUEST: Any = {
    "contents": [
        {"role": "user", "parts": [{"text": "q"}, {"inlineData": {"mimeType": "image/png", "data": "_-8"}}]},
        {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "c2ln"}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "f", "id": "x", "response": {"output": "1"}}}]},
    ],
    "systemInstruction": {"parts": [{"text": "s"}]},
    "tools": [{"function_declarations": [{"name": "f", "parameters": {"type": "OBJECT"}}]}, {"googleSearch": {}}],
    "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
    "generationConfig": {
        "temperature": 1,
        "stopSequences": ["a"],
        "responseMimeType": "application/json",
        "responseSchema": {"type": "STRING"},
        "thinkingConfig": {"thinkingLevel": "low"},
    },
}
CHUNK: Any = {
    "candidates": [
        {
            "content": {"parts": [{"text": "abc"}, {"functionCall": {"name": "f", "args": {}}}], "role": "model"},
            "index": 0,
            "groundingMetadata": {
                "groundingChunks": [{"web": {"uri": "https://a"}}],
                "groundingSupports": [{"segment": {"endIndex": 2}, "groundingChunkIndices": [0]}],
            },
            "logprobsResult": {"chosenCandidates": [{"token": "a", "logProbability": -1}], "topCandidates": [{}]},
            "finishReason": "STOP",
        }
    ],
    "usageMetadata": {"promptTokenCount": 1, "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 1}]},
    "responseId": "r",
    "createTime": "2026-01-01T00:00:00Z",
}


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every member and element: what holds it, and under which name."""
    held = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = []
    for name, inner in list(held):
        found += [(value, name), *places(inner)]
    return found


@st.composite
def broken(draw: st.DrawFn, whole: Any) -> Any:
    """A copy with a few things wrong."""
    value = copy.deepcopy(whole)
    for _ in range(draw(st.integers(1, 3))):
        spots = places(value)
        if not spots:
            break
        holder, name = draw(st.sampled_from(spots))
        what = copy.deepcopy(draw(st.sampled_from(JUNK)))
        if draw(st.booleans()) and isinstance(holder[name], dict):
            holder[name][draw(st.sampled_from(NAMES))] = what
        else:
            holder[name] = what
    return value


@settings(max_examples=300, deadline=None)
@given(broken(REQUEST), st.sampled_from([CODEC, VERTEX]))
def test_a_broken_request_is_refused_or_written_again(body: Any, codec: Any) -> None:
    """Bad shapes and what cannot be expressed are errors; all else goes through."""
    with suppress(BadShape, Untranslatable):
        codec.encode_request(codec.decode_request(body), Losses())


@settings(max_examples=300, deadline=None)
@given(broken(CHUNK))
def test_a_broken_answer_is_refused_or_written_again(body: Any) -> None:
    """What can be read is written again, whole and as a stream."""
    try:
        answer = CODEC.decode_answer(body)
    except BadShape:
        return
    CODEC.encode_answer(answer, reply_to(), Losses())
    read(written(list(unfold(answer))))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(broken(CHUNK), max_size=3), st.booleans(), st.integers(1, 60), st.binary(max_size=3), st.integers(0, 2000)
)
def test_a_broken_stream_ends_or_fails(chunks: Any, array: bool, size: int, noise: bytes, at: int) -> None:
    """The grammar holds, and the same events come at every cut, up to a failure whose text may differ."""
    data = b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in chunks)
    if array:
        data = json.dumps(chunks).encode()
    data = data[:at] + noise + data[at:]
    events, cut = read(data), read(data, size)
    assert isinstance(events[-1], Ended | Failed)
    assert events[:-1] == cut[:-1]
    assert type(events[-1]) is type(cut[-1])


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 600))
def test_any_bytes_are_some_failure(body: bytes, status: int) -> None:
    """An error answer is read whatever it is."""
    failure = CODEC.decode_failure(status, body)
    assert failure.message
    assert failure.status >= 400
