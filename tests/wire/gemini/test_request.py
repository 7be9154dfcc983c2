"""A client's request, read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.wire.gemini.recorded import asked, sent
from trunkline.ir.envelope import seal
from trunkline.ir.losses import BadShape
from trunkline.ir.parts import Foreign, Media, MediaKind, Opaque, Reasoning, Text, ToolCall, ToolResult
from trunkline.wire.codec import Members, Named
from trunkline.wire.gemini.codec import CODEC
from trunkline.wire.gemini.ids import is_made

CALL: Members = {"functionCall": {"name": "f", "args": {"a": 1}}}


def contents(*parts: object, role: str = "user", **more: object) -> Members:
    return {"contents": [{"role": role, "parts": list(parts)}], **more}


def turns(*pairs: tuple[str, list[object]]) -> Members:
    return {"contents": [{"role": role, "parts": parts} for role, parts in pairs]}


def comes_back(body: Members) -> None:
    """The body survives the representation; JSON text tells `1` from `1.0` and `True`."""
    again, lost = sent(asked(body))
    assert json.dumps(again, sort_keys=True) == json.dumps(body, sort_keys=True)
    assert lost == []


def test_model_and_streaming_stand_in_the_path() -> None:
    """The path's model counts; one in the body is written again only for as long as it does not contradict the path."""
    body = contents({"text": "hi"}, model="models/gemini-x")
    request = CODEC.decode_request(body, Named(model="", stream=True))
    assert (request.model, request.stream) == ("gemini-x", True)
    assert CODEC.decode_request(body, Named(model="other")).model == "other"
    assert sent(request)[0] == body
    request.model = "elsewhere"
    assert "model" not in sent(request)[0]


def test_both_spellings_are_read_and_kept() -> None:
    """Snake case, camel case and a mixture mean the same, and come back as they were."""
    camel = contents(
        {"fileData": {"fileUri": "https://a/b.png", "mimeType": "image/png"}, "thoughtSignature": "c2ln"},
        systemInstruction={"parts": [{"text": "s"}]},
        generationConfig={"maxOutputTokens": 5, "thinkingConfig": {"includeThoughts": True}},
        toolConfig={"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
        tools=[{"functionDeclarations": [{"name": "f", "parametersJsonSchema": {"type": "object"}}]}],
    )
    snake = contents(
        {"file_data": {"file_uri": "https://a/b.png", "mimeType": "image/png"}, "thought_signature": "c2ln"},
        system_instruction={"parts": [{"text": "s"}]},
        generation_config={"max_output_tokens": 5, "thinking_config": {"include_thoughts": True}},
        tool_config={"function_calling_config": {"mode": "ANY", "allowed_function_names": ["f"]}},
        tools=[{"function_declarations": [{"name": "f", "parameters_json_schema": {"type": "object"}}]}],
    )
    comes_back(camel)
    comes_back(snake)
    first, second = asked(camel), asked(snake)
    first.native = second.native = None
    assert first == second


def test_names_of_the_client_are_never_respelled() -> None:
    """Arguments, results, labels and schemas may hold names that look like Gemini's."""
    body = turns(
        ("model", [{"functionCall": {"name": "f", "args": {"file_data": {"mime_type": 1}}}}]),
        ("user", [{"functionResponse": {"name": "f", "response": {"inline_data": 2}}}]),
    )
    request = asked({**body, "labels": {"top_p": "x"}})
    call, result = request.messages[0].parts[0], request.messages[1].parts[0]
    assert isinstance(call, ToolCall)
    assert isinstance(result, ToolResult)
    assert call.arguments == '{"file_data":{"mime_type":1}}'
    assert result.content == [Text(text='{"inline_data":2}')]
    comes_back({**body, "labels": {"top_p": "x"}})


def test_messages_may_move_while_the_spelling_is_kept() -> None:
    """A message that was put in front does not lose or break what stands behind it."""
    request = asked(contents({"inline_data": {"mime_type": "image/png", "data": "AAAA"}}))
    request.messages.insert(0, asked(contents({"text": "first"})).messages[0])
    body = sent(request)[0]
    assert body["contents"][0] == {"role": "user", "parts": [{"text": "first"}]}
    assert body["contents"][1]["parts"] == [{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]


@pytest.mark.parametrize(
    "body",
    [
        {"contents": {"parts": {"text": "x"}}},
        {"contents": [{"parts": [{"text": "x"}]}, {"role": "", "parts": []}, {"role": "model"}]},
        {"contents": [{"role": "function", "parts": [{"functionResponse": {"name": "f", "response": {}}}]}]},
        {"contents": [{"role": "model", "parts": None}], "systemInstruction": "words"},
        {"contents": [{"parts": [{"text": "x"}]}], "tools": [], "toolConfig": {}, "generationConfig": {}},
        {"contents": [{"parts": [{"text": "x"}]}], "tools": {"googleSearch": {}}},
        {"contents": [{"parts": [{"text": "x"}]}], "tools": [{}, {"functionDeclarations": [], "urlContext": {}}]},
        {"contents": [{"parts": [{"text": "x", "thought": False, "videoMetadata": {"fps": 1}}]}], "store": False},
        {"contents": [{"parts": [{"thoughtSignature": "c2ln"}]}], "newThing": {"top_p": 1}},
        {"contents": [{"parts": [{"text": "", "thoughtSignature": ""}]}], "serviceTier": "flex"},
        {"contents": [{"parts": [{"functionCall": {"name": "f"}}]}, {"parts": [{"newPart": 1}]}]},
        {"contents": [{"parts": [{"functionCall": {"name": "f", "args": None, "id": None, "x": 1}}]}]},
        {"contents": [{"parts": [{"functionResponse": {"name": "f", "id": "7", "response": None, "parts": []}}]}]},
        {"contents": [{"parts": [{"functionResponse": {"name": "f", "willContinue": True, "scheduling": "SILENT"}}]}]},
        {"contents": [{"parts": [{"inlineData": {"data": "_-8", "displayName": "n", "x": 1}}]}]},
        {"contents": [{"parts": [{"fileData": {"fileUri": "s3://b/k"}, "mediaResolution": {"level": "L"}}]}]},
        {"contents": [{"parts": [{"text": "a"}], "extra": 1}], "cachedContent": "c", "safetySettings": [{"a": 7}]},
    ],
)
def test_odd_bodies_come_back_as_they_were(body: Members) -> None:
    """Absent roles, lone objects for lists, nulls, empty lists, unknown members: all are kept."""
    comes_back(body)


@pytest.mark.parametrize(
    "config",
    [
        {"temperature": 1, "topP": 0.5, "topK": 3.0, "seed": 1, "candidateCount": 2, "stopSequences": []},
        {"maxOutputTokens": "100", "presencePenalty": -1.5, "frequencyPenalty": 0, "logprobs": 3},
        {"responseLogprobs": True, "responseModalities": ["Text", "IMAGE"], "temperature": None},
        {"responseModalities": [1], "speechConfig": {"voiceConfig": {}}, "mediaResolution": "LOW", "imageConfig": {}},
        {"thinkingConfig": {}},
        {"thinkingConfig": {"thinkingLevel": "HIGH", "thinkingBudget": 5, "includeThoughts": False, "new": 1}},
        {"thinkingConfig": {"thinkingLevel": 2}},
        {"responseMimeType": "application/json"},
        {"responseMimeType": "text/x.enum", "responseSchema": {"type": "STRING", "enum": ["a"]}},
        {"responseSchema": {"type": "OBJECT", "propertyOrdering": ["a"], "properties": {"a": {"type": "STRING"}}}},
        {"responseMimeType": "application/json", "responseJsonSchema": {"type": "object"}, "responseSchema": None},
        {"responseMimeType": "application/json", "responseSchema": {"type": "object", "any_of": [{"type": 1}]}},
    ],
)
def test_odd_configs_come_back_as_they_were(config: Members) -> None:
    """Numbers as text, levels in any case, schemas of either dialect."""
    comes_back(contents({"text": "x"}, generationConfig=config))


def test_a_config_is_read() -> None:
    """Every knob that the representation has is in its place."""
    config: Members = {
        "temperature": 0.5, "topP": 0.9, "topK": 40.0, "maxOutputTokens": "100", "stopSequences": ["a"],
        "candidateCount": 2, "seed": 7, "presencePenalty": 0.1, "frequencyPenalty": 0.2, "responseLogprobs": True,
        "logprobs": 3, "responseModalities": ["TEXT", "IMAGE"], "responseMimeType": "application/json",
        "responseSchema": {"type": "OBJECT", "nullable": True},
        "thinkingConfig": {"thinkingBudget": 0, "includeThoughts": True},
    }  # fmt: skip
    request = asked(contents({"text": "x"}, generationConfig=config))
    sampling = request.sampling
    assert (sampling.temperature, sampling.top_p, sampling.max_tokens, sampling.stop) == (0.5, 0.9, 100, ["a"])
    assert (sampling.top_k, type(sampling.top_k)) == (40, int)
    assert (sampling.candidates, sampling.seed, sampling.logprobs, sampling.top_logprobs) == (2, 7, True, 3)
    assert (sampling.presence_penalty, sampling.frequency_penalty) == (0.1, 0.2)
    assert request.modalities == ["text", "image"]
    assert request.output is not None
    assert request.output.schema == {"type": ["object", "null"]}
    assert request.thinking is not None
    assert (request.thinking.budget, request.thinking.enabled, request.thinking.show) == (0, False, True)


def test_parts_are_read_by_what_they_hold() -> None:
    """Text, thoughts, media, code: each becomes its part, in order; what only Gemini has is kept whole."""
    code: Members = {"executableCode": {"language": "PYTHON", "code": "1"}}
    body = contents(
        {"text": "a"},
        {"text": "t", "thought": True, "thoughtSignature": "c2ln"},
        {"inlineData": {"mimeType": "audio/wav", "data": "_-8"}},
        {"fileData": {"fileUri": "https://youtu.be/x"}},
        {"fileData": {"fileUri": "https://generativelanguage.googleapis.com/v1beta/files/x", "mimeType": "image/png"}},
        code,
        {"thought": True, "inlineData": {"mimeType": "image/png", "data": "AAAA"}},
        role="model",
    )
    text, thought, sound, film, file, foreign, imagined = asked(body).messages[0].parts
    assert text == Text(text="a")
    assert thought == Reasoning(text="t", opaque=Opaque("gemini.signature", "c2ln"))
    assert isinstance(sound, Media)
    assert (sound.kind, sound.mime, sound.data) == (MediaKind.AUDIO, "audio/wav", "/+8=")
    assert isinstance(film, Media)
    assert (film.kind, film.url, film.file_id) == (MediaKind.VIDEO, "https://youtu.be/x", "")
    assert isinstance(file, Media)
    assert (file.kind, file.url) == (MediaKind.IMAGE, "")
    assert file.file_id.endswith("/files/x")
    assert isinstance(foreign, Foreign)
    assert (foreign.kind, foreign.data) == ("executableCode", code)
    assert isinstance(imagined, Foreign)
    comes_back(body)


@pytest.mark.parametrize(
    ("response", "text", "is_error"),
    [
        ({"output": "fine"}, "fine", False),
        ({"error": "broken"}, "broken", True),
        ({"error": ""}, None, True),
        ({}, None, False),
        ({"output": ""}, "", False),
        ({"result": 5}, '{"result":5}', False),
        ({"output": {"a": 1}}, '{"output":{"a":1}}', False),
        ({"error": {"code": 1}}, '{"error":{"code":1}}', True),
    ],
)
def test_a_result_is_text_and_comes_back(response: Members, text: str | None, is_error: bool) -> None:
    """Google's `output` and `error` hold the text; any other object is the text itself, as JSON."""
    body = turns(("model", [CALL]), ("user", [{"functionResponse": {"name": "f", "response": response}}]))
    result = asked(body).messages[1].parts[0]
    assert isinstance(result, ToolResult)
    assert result.content == ([] if text is None else [Text(text=text)])
    assert result.is_error is is_error
    comes_back(body)


def test_a_result_may_hold_media() -> None:
    """`functionResponse.parts` are media of the result."""
    parts: list[object] = [{"inlineData": {"mimeType": "image/png", "data": "AAAA", "displayName": "a.png"}}]
    body = turns(
        ("model", [CALL]),
        ("user", [{"functionResponse": {"name": "f", "response": {"output": "see"}, "parts": parts}}]),
    )
    result = asked(body).messages[1].parts[0]
    assert isinstance(result, ToolResult)
    medium = result.content[1]
    assert isinstance(medium, Media)
    assert (medium.mime, medium.name) == ("image/png", "a.png")
    comes_back(body)


def result(name: str, own: str | None = None) -> Members:
    held: Members = {"name": name, "response": {"output": name}}
    return {"functionResponse": {**held, "id": own} if own else held}


def ids_of(body: Members) -> list[str]:
    found = []
    for message in asked(body).messages:
        for part in message.parts:
            if isinstance(part, ToolCall):
                found.append(part.id)
            elif isinstance(part, ToolResult):
                found.append(part.call_id)
    return found


def call(name: str, own: str | None = None) -> Members:
    held: Members = {"name": name, "args": {}}
    return {"functionCall": {**held, "id": own} if own else held}


def test_calls_without_ids_pair_by_name_and_order() -> None:
    """Two calls of one name and one of another, answered in another order, find their results."""
    body = turns(
        ("model", [call("f"), call("g"), call("f")]),
        ("user", [result("g"), result("f"), result("f")]),
        ("model", [call("f")]),
        ("user", [result("f")]),
    )
    first, second, third, *answers, again, last = ids_of(body)
    assert len({first, second, third, again}) == 4
    assert answers == [second, first, third]
    assert last == again
    assert all(map(is_made, (first, second, third, again)))
    comes_back(body)


def test_an_unanswered_call_does_not_take_a_later_result() -> None:
    """A call that was never answered stays so when the same name is called again."""
    body = turns(
        ("model", [call("f")]), ("user", [{"text": "never mind"}]), ("model", [call("f")]), ("user", [result("f")])
    )
    first, second, answered = ids_of(body)
    assert answered == second != first


def test_calls_in_consecutive_contents_are_one_turn() -> None:
    """Parallel calls that a client split into two contents are both answered."""
    body = turns(("model", [call("f")]), ("model", [call("g")]), ("user", [result("f"), result("g")]))
    first, second, *answers = ids_of(body)
    assert answers == [first, second]


def test_ids_that_were_given_are_kept() -> None:
    """Gemini's own ids pair; a result without one, or with another one, still finds its call, and comes back as it was."""
    body = turns(("model", [call("f", "a"), call("f", "b")]), ("user", [result("f", "b"), result("f")]))
    assert ids_of(body) == ["a", "b", "b", "a"]
    comes_back(body)
    body = turns(("model", [call("f")]), ("user", [result("f", "client-made")]))
    made, answered = ids_of(body)
    assert made == answered
    comes_back(body)


def test_made_ids_stay_while_the_conversation_grows() -> None:
    """The same call has the same id in the next request, so a provider's cache still fits."""
    early: list[tuple[str, list[object]]] = [("user", [{"text": "q"}]), ("model", [call("f")]), ("user", [result("f")])]
    later = turns(*early, ("model", [call("f")]), ("user", [result("f")]))
    assert ids_of(later)[:2] == ids_of(turns(*early))
    assert len(set(ids_of(later))) == 2


def test_an_envelope_is_opened_and_a_damaged_one_leaves_nothing() -> None:
    """Another provider's state comes out of its envelope, in either base64 or none; a damaged one is gone."""
    opaque = Opaque("anthropic.signature", "xyz", "anthropic", "one")
    from trunkline.wire.gemini.signature import for_client

    inside = for_client(opaque, "", "")
    for text in (inside, inside.rstrip("="), inside.replace("+", "-").replace("/", "_"), seal(opaque)):
        part = asked(contents({"text": "t", "thought": True, "thoughtSignature": text})).messages[0].parts[0]
        assert isinstance(part, Reasoning)
        assert part.opaque == opaque
    for text in ("tlk1.damaged", inside[:12]):
        part = asked(contents({"text": "t", "thoughtSignature": text})).messages[0].parts[0]
        assert part == Text(text="t")


def test_tools_are_read_with_their_schemas() -> None:
    """Functions have JSON Schema whichever dialect they came in; Gemini's own tools are foreign, in their groups."""
    body = contents(
        {"text": "x"},
        tools=[
            {"googleSearch": {"a": 1}, "functionDeclarations": [{"name": "f", "parameters": {"type": "OBJECT"}}]},
            {"functionDeclarations": [{"name": "g", "description": "", "parametersJsonSchema": {"type": "object"}}]},
            {"codeExecution": {}},
        ],
    )
    search, f, g, code = asked(body).tools
    assert (search.foreign, search.name) == (True, "googleSearch")
    assert code.foreign
    assert f.schema == g.schema == {"type": "object"}
    comes_back(body)


@pytest.mark.parametrize(
    ("config", "mode", "names"),
    [
        ({"mode": "AUTO"}, "auto", []),
        ({"mode": "ANY", "allowedFunctionNames": ["f"]}, "required", ["f"]),
        ({"mode": "NONE"}, "none", []),
        ({"mode": "VALIDATED", "allowedFunctionNames": []}, "auto", []),
        ({"mode": 2}, "required", []),
        ({"mode": "NEW_ONE"}, "auto", []),
        ({"streamFunctionCallArguments": True}, "auto", []),
        ({}, "auto", []),
    ],
)
def test_tool_choices_are_read_and_come_back(config: Members, mode: str, names: list[str]) -> None:
    """Every mode, as a word or as protobuf's number."""
    body = contents(
        {"text": "x"}, toolConfig={"functionCallingConfig": config, "retrievalConfig": {}}, tools=[{"x": {}}]
    )
    choice = asked(body).tool_choice
    assert choice is not None
    assert (choice.mode, choice.names) == (mode, names)
    comes_back(body)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "contents"),
        ({"contents": []}, "contents"),
        ({"contents": "hi"}, "contents"),
        ({"contents": [5]}, "contents[0]"),
        ({"contents": [{"role": "assistant", "parts": []}]}, "contents[0].role"),
        ({"contents": [{"role": ["user"], "parts": []}]}, "contents[0].role"),
        ({"contents": [{"parts": [{}]}]}, "contents[0].parts[0]"),
        ({"contents": [{"parts": [{"text": 5}]}]}, "contents[0].parts[0].text"),
        ({"contents": [{"parts": [{"functionCall": {"args": {}}}]}]}, "contents[0].parts[0].functionCall.name"),
        ({"contents": [{"parts": [{"functionCall": {"name": "f", "args": "{}"}}]}]}, "functionCall.args"),
        (
            {"contents": [{"parts": [{"functionResponse": {"name": "f", "response": "x"}}]}]},
            "functionResponse.response",
        ),
        ({"contents": [{"parts": [{"inlineData": {"mimeType": "a/b"}}]}]}, "inlineData.data"),
        ({"contents": [{"parts": [{"fileData": {"fileUri": ""}}]}]}, "fileData.fileUri"),
        (contents({"text": "x"}, generationConfig={"temperature": "hot"}), "generationConfig.temperature"),
        (contents({"text": "x"}, generationConfig={"seed": 1.5}), "generationConfig.seed"),
        (contents({"text": "x"}, generationConfig={"stopSequences": "a"}), "generationConfig.stopSequences"),
        (contents({"text": "x"}, tools=[{"functionDeclarations": [{}]}]), "tools[0].functionDeclarations[0].name"),
        (contents({"text": "x"}, tools="all"), "tools"),
    ],
)
def test_a_bad_shape_is_named_by_its_place(body: Any, path: str) -> None:
    """What has no sense is refused with the place where it stands."""
    with pytest.raises(BadShape) as caught:
        asked(body)
    assert caught.value.path.endswith(path)


def test_bottomless_bodies_are_refused() -> None:
    """Nesting without end is a bad shape, not a crash."""
    deep: Any = {}
    for _ in range(5000):
        deep = {"a": deep}
    for body in (
        contents({"text": "x"}, generationConfig=deep),
        contents({"functionCall": {"name": "f", "args": deep}}),
    ):
        with pytest.raises(BadShape):
            asked(body)
