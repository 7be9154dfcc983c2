"""Requests that create predictions, both ways, and what of other formats' requests goes in."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from tests.wire.replicate.samples import REQUEST, VERSION
from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape, Losses, Untranslatable
from trunkline.ir.parts import (
    CacheHint,
    Foreign,
    Media,
    MediaKind,
    Message,
    Native,
    Opaque,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.ir.request import OutputSchema, Request, Sampling, Thinking, Tool, ToolChoice
from trunkline.wire.codec import Named
from trunkline.wire.replicate.codec import CODEC
from trunkline.wire.replicate.losses import REASONS

PHOTO = Media(kind=MediaKind.IMAGE, url="https://example.com/a.png")


def asked(*parts: Part, role: Any = "user", model: str = "meta/meta-llama-3-8b-instruct", **more: Any) -> Request:
    """A request of one message."""
    return Request(model=model, messages=[Message(role=role, parts=list(parts))], **more)


def sent(request: Request) -> tuple[dict[str, Any], list[str]]:
    """The body for the provider, and the paths of the losses, whose reasons must be in the written list."""
    losses = Losses()
    body: dict[str, Any] = CODEC.encode_request(request, losses)
    assert {loss.reason for loss in losses.found} <= REASONS
    return body, [loss.path for loss in losses.found]


def refused(request: Request) -> Untranslatable:
    """Why a request cannot be written."""
    with pytest.raises(Untranslatable) as caught:
        CODEC.encode_request(request, Losses())
    assert caught.value.reason in REASONS
    return caught.value


def test_everything_goes_back_as_it_came() -> None:
    """A request with every member that is known is the same again, without losses."""
    assert sent(CODEC.decode_request(REQUEST)) == (REQUEST, [])


def test_an_input_is_a_conversation() -> None:
    """System text, image and prompt are parts; the limit has its common name, whatever the model calls it."""
    request = CODEC.decode_request(REQUEST)
    assert [(message.role, [type(part) for part in message.parts]) for message in request.messages] == [
        ("system", [Text]),
        ("user", [Media, Text]),
    ]
    sampling = request.sampling
    assert (sampling.max_tokens, sampling.stop, sampling.top_k) == (10, ["END", "STOP"], 5)
    assert request.model == VERSION
    assert request.native is not None
    assert request.native.members == {"webhook": "https://example.com/hook", "input": {"prompt_template": "{prompt}"}}


def test_the_path_names_the_model() -> None:
    """And the body then names none."""
    body: dict[str, Any] = {"input": {"prompt": "hi"}}
    request = CODEC.decode_request(body, Named(model="meta/llama-2-70b-chat"))
    assert request.model == "meta/llama-2-70b-chat"
    assert sent(request)[0] == body


def test_what_a_model_calls_otherwise_is_left_to_it() -> None:
    """A seed that is a text, stop sequences as a list, an image that is no URL: as they came."""
    body: dict[str, Any] = {
        "input": {"prompt": "", "seed": "lucky", "stop_sequences": ["a,b"], "image": "@file", "temperature": None}
    }
    request = CODEC.decode_request(body)
    assert request.sampling.stop == ["a,b"]
    assert request.sampling.seed is None
    assert sent(request) == (body, [])


def test_an_inline_image_is_decoded() -> None:
    """A `data:` URL becomes media type and base64."""
    body: dict[str, Any] = {"input": {"image": "data:IMAGE/png;base64,iVBORw0KGgo="}}
    request = CODEC.decode_request(body)
    (part,) = request.messages[0].parts
    assert isinstance(part, Media)
    assert (part.mime, part.data) == ("image/png", "iVBORw0KGgo=")
    assert sent(request)[0] == body


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "input"),
        ({"input": []}, "input"),
        ({"input": {}, "version": 3}, "version"),
        ({"input": {}, "stream": "yes"}, "stream"),
    ],
)
def test_a_wrong_shape_is_refused_by_name(body: dict[str, Any], path: str) -> None:
    """The error names the place that is wrong."""
    with pytest.raises(BadShape) as caught:
        CODEC.decode_request(body)
    assert caught.value.path == path


def test_a_lone_question_is_the_prompt_itself() -> None:
    """With the system text beside it."""
    request = Request(
        model="meta/meta-llama-3-8b-instruct",
        messages=[
            Message(role="system", parts=[Text(text="Be brief.")]),
            Message(role="developer", parts=[Text(text="Be kind.")]),
            Message(role="user", parts=[Text(text="Why?"), Text(text="How?")]),
        ],
        stream=True,
    )
    assert sent(request) == (
        {"input": {"prompt": "Why?\nHow?", "system_prompt": "Be brief.\n\nBe kind."}, "stream": True},
        [],
    )


def test_a_conversation_is_told_in_turns() -> None:
    """The model's name stands at the end for it to go on; words that it began with are left open."""
    request = asked(Text(text="Hi"))
    request.messages += [
        Message(role="assistant", parts=[Text(text="Hello")]),
        Message(role="user", parts=[Text(text="Why?")]),
    ]
    assert sent(request)[0]["input"]["prompt"] == "User: Hi\n\nAssistant: Hello\n\nUser: Why?\n\nAssistant:"
    request.messages.append(Message(role="assistant", parts=[Text(text="Because")]))
    assert sent(request)[0]["input"]["prompt"].endswith("User: Why?\n\nAssistant: Because")


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("meta/meta-llama-3-8b-instruct", {"system_prompt": "s", "image": PHOTO.url, "max_tokens": 5}),
        ("meta/llama-2-70b-chat", {"system_prompt": "s", "image": PHOTO.url, "max_new_tokens": 5}),
        ("openai/gpt-4o", {"system_prompt": "s", "image_input": [PHOTO.url], "max_completion_tokens": 5}),
        ("google/gemini-2.5-flash", {"system_instruction": "s", "images": [PHOTO.url], "max_output_tokens": 5}),
        ("joehoover/vicuna-13b", {"system_prompt": "s", "image": PHOTO.url, "max_length": 5}),
    ],
)
def test_every_family_has_its_own_names(model: str, expected: dict[str, Any]) -> None:
    """A table knows those of the families that are asked for chats."""
    request = asked(PHOTO, Text(text="?"), model=model, sampling=Sampling(max_tokens=5))
    request.messages.insert(0, Message(role="system", parts=[Text(text="s")]))
    assert sent(request) == ({"input": {"prompt": "?", **expected}}, [])


def test_a_version_in_the_model_s_name_is_in_the_body() -> None:
    """`owner/name:version`; a version that the client named counts only while the model is still that one."""
    body, _ = sent(asked(Text(text="x"), model=f"owner/name:{VERSION}"))
    assert body["version"] == VERSION
    request = CODEC.decode_request({"input": {"prompt": "x"}, "version": VERSION})
    request.model = "meta/meta-llama-3-8b-instruct"
    assert "version" not in sent(request)[0]


def test_stop_sequences_are_one_text() -> None:
    """With commas between; one that holds a comma cannot be said, and is reported."""
    body, lost = sent(asked(Text(text="x"), sampling=Sampling(stop=["a", "b,c", "d"])))
    assert body["input"]["stop_sequences"] == "a,d"
    assert lost == ["stop"]


def test_text_documents_are_sent_as_text() -> None:
    """With their name above, and reported as what they are no longer."""
    data = b64encode(b"words").decode()
    document = Media(kind=MediaKind.DOCUMENT, mime="text/plain", data=data, name="a.txt")
    body, lost = sent(asked(document, Text(text="?")))
    assert body["input"]["prompt"] == "a.txt\n\nwords\n?"
    assert lost == ["messages[0].content[0]"]


@pytest.mark.parametrize(
    "part",
    [
        ToolCall(id="c", name="f", arguments="{}"),
        ToolResult(call_id="c", content=[]),
        Foreign(format=Format.ANTHROPIC_MESSAGES, kind="server_tool_use", data={}),
        Media(kind=MediaKind.AUDIO, data="AAAA", mime="audio/wav"),
        Media(kind=MediaKind.IMAGE, file_id="file_1"),
        Media(kind=MediaKind.IMAGE, url="gs://bucket/a.png"),
        Media(kind=MediaKind.IMAGE, data="AAAA"),
        Media(kind=MediaKind.DOCUMENT, data="/w==", mime="text/plain"),
    ],
)
def test_content_that_cannot_be_expressed_is_an_error(part: Part) -> None:
    """Nothing of what a user says is left out in silence."""
    assert refused(asked(part)).path == "messages[0].content[0]"


def test_two_images_need_a_model_that_takes_a_list() -> None:
    """And an image can only come from the user."""
    assert refused(asked(PHOTO, PHOTO, Text(text="?"))).path == "messages"
    assert (
        sent(asked(PHOTO, PHOTO, Text(text="?"), model="openai/gpt-4o"))[0]["input"]["image_input"] == [PHOTO.url] * 2
    )
    assert refused(asked(PHOTO, role="assistant")).path == "messages[0].content[0]"


def test_tools_and_schemas_are_an_error() -> None:
    """Unless no tool was to be called."""
    tools = [Tool(name="f")]
    assert refused(asked(Text(text="x"), tools=tools)).path == "tools"
    assert refused(asked(Text(text="x"), tool_choice=ToolChoice(mode="required"))).path == "tool_choice"
    assert refused(asked(Text(text="x"), output=OutputSchema())).path == "response_format"
    assert refused(asked(Text(text="x"), modalities=["audio"])).path == "modalities"
    assert sent(asked(Text(text="x"), tools=tools, tool_choice=ToolChoice(mode="none")))[1] == ["tools"]


def test_what_has_no_place_is_reported() -> None:
    """Every knob and hint that Replicate lacks is in the losses, each under its own path."""
    request = Request(
        model="meta/meta-llama-3-8b-instruct",
        messages=[
            Message(role="user", parts=[PHOTO, Text(text="a", cache=CacheHint(), opaque=Opaque("k", "x"))], name="me"),
            Message(role="assistant", parts=[Reasoning(text="hm"), Text(text="b")]),
            Message(role="system", parts=[Text(text="s")]),
            Message(role="user", parts=[Text(text="c")]),
        ],
        thinking=Thinking(effort="high"),
        sampling=Sampling(candidates=2, min_p=0.1, logprobs=True, logit_bias={"1": 1.0}),
        verbosity="low",
        user="u",
        metadata={"a": 1},
        service_tier="flex",
        store=True,
        cache=CacheHint(),
        native=Native(Format.OPENAI_CHAT, {"prediction": {}}),
    )
    losses = Losses()
    CODEC.encode_request(request, losses)
    assert {loss.path for loss in losses.found} == {
        *("messages[0].name", "messages[0].content[1].cache", "messages[0].content[1]", "messages[1].content[0]"),
        *("messages[2]", "messages", "thinking", "n", "min_p", "logprobs", "logit_bias", "verbosity", "user"),
        *("metadata", "service_tier", "store", "cache_control", "prediction"),
    }
